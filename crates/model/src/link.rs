//! Links: what a member and the catalog last agreed on, and what may still arrive.

use crate::{ContentId, EntryId, Etag, Field, ItemId, MemberId, Timestamp, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A part of an item that is agreed on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Core,
    Photo,
}

/// Whose card it was before we came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Created,
    /// The user's own card, found and adopted: it is never deleted, only our fields are taken back.
    Adopted,
}

/// A write that we may have sent and whose fate is not yet known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub op: Op,
    /// The request is never put on the wire after this instant.
    pub deadline: Timestamp,
    /// What the write wanted to reach.
    pub content: Option<ContentId>,
    pub attempt: u32,
    /// The generation that a create carries in its stamp.
    pub generation: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Create,
    Update,
    Delete,
    Photo,
}

/// Why an item is left alone for a while, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub reason: String,
    pub attempts: u32,
    pub retry_at: Timestamp,
}

/// What the member showed where that differs from the agreed content: a lossy server, a field that the
/// rules do not write, the user's own text around our notes. `None`: shown blank.
pub type Deviations = Values;

/// The pair (entry, member item) for one part.
///
/// The base of the three-way merge is the content `agreed` overlaid with `shown`: exactly what the server
/// stored after the last acknowledged write or read, never what we meant to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub member: MemberId,
    pub entry: EntryId,
    pub part: Part,
    /// Counts re-creations of the same person in the same member.
    pub generation: u32,
    /// `None`: nothing of ours is known to exist there.
    pub item: Option<ItemId>,
    pub etag: Option<Etag>,
    pub origin: Origin,
    /// The merged content both sides agreed on; `None` before the first agreement.
    pub agreed: Option<ContentId>,
    pub shown: Deviations,
    /// For [`Origin::Adopted`]: the fields that we have written, so that only they are taken back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub wrote: BTreeSet<Field>,
    /// For [`Part::Photo`]: hash of the photo that was set.
    pub photo: Option<String>,
    pub sent: Option<Sent>,
    pub trouble: Option<Trouble>,
    /// How often we overwrote a user's value, and since when: the brake on endless tugging.
    pub tugs: u32,
    pub tugged_at: Option<Timestamp>,
    /// The user deleted this copy and the tunnel respects that.
    pub refused: bool,
}

impl Link {
    pub fn new(member: MemberId, entry: EntryId, part: Part) -> Self {
        Self {
            member,
            entry,
            part,
            generation: 0,
            item: None,
            etag: None,
            origin: Origin::Created,
            agreed: None,
            shown: Deviations::new(),
            wrote: BTreeSet::new(),
            photo: None,
            sent: None,
            trouble: None,
            tugs: 0,
            tugged_at: None,
            refused: false,
        }
    }
}
