//! Catalogs: the agreed content of a book, each entry with a version that only grows.

use crate::{CatalogId, ContentId, EntryId, Item, MailboxId, MemberId, Timestamp, ViewId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything the compiler of a catalog remembers between rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub version: i64,
    /// Keyed by (source, person key). A source is named `<tunnel id>/<source key>`.
    pub contributions: BTreeMap<(String, String), Contribution>,
    /// What each view holds, with the sources that make it up in order of rank.
    pub views: BTreeMap<ViewId, View>,
    /// Hash of each source's selection rule when it was last compiled: tells a changed rule from a changed fact.
    pub rules: BTreeMap<String, String>,
}

/// What one source says of one person, kept in full so that blanking one source falls back to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    pub entry: EntryId,
    /// Normalised content before the merge.
    pub content: Item,
    /// Hash of the photo, when the source has one.
    pub photo: Option<String>,
    pub standing: Standing,
    /// What pairs it with contributions of other sources: directory object id, lower-case addresses.
    pub identity: Identity,
}

/// How a contribution is recognised in another source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub object: Option<String>,
    pub addresses: BTreeSet<String>,
}

/// Does the person still belong? Leaving takes two complete rounds that agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    In,
    Leaving(Leaving),
}

/// Seen leaving once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    pub since: Timestamp,
    /// The complete round (of the tenant's sources) in which it was first seen.
    pub round: i64,
    /// One phrase for people: `account disabled`, `left group All staff`.
    pub fact: String,
}

/// The merged catalog as members of equal sight see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Source names in order of rank, the highest first.
    pub sources: Vec<String>,
    pub entries: BTreeMap<EntryId, ViewEntry>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ViewEntry {
    pub version: i64,
    pub state: EntryState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EntryState {
    Live {
        content: ContentId,
        /// The merged content itself, shared.
        item: Arc<Item>,
        photo: Option<String>,
    },
    Gone {
        since: Timestamp,
        cause: GoneCause,
    },
}

/// Why an entry is no longer in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneCause {
    /// A fact changed, and two complete rounds agreed.
    Fact,
    /// The rule changed: always waits for approval.
    Rule,
    /// Two entries turned out to be one person.
    Superseded,
}

/// What a compilation wants to change in a catalog: written in one transaction, which mints the versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogChange {
    /// `None` removes the contribution.
    pub contributions: BTreeMap<(String, String), Option<Contribution>>,
    pub entries: Vec<EntryChange>,
    /// Views that are new, with their sources in order of rank.
    pub views: BTreeMap<ViewId, Vec<String>>,
    pub rules: BTreeMap<String, String>,
}

impl CatalogChange {
    pub fn is_empty(&self) -> bool {
        self.contributions.is_empty()
            && self.entries.is_empty()
            && self.views.is_empty()
            && self.rules.is_empty()
    }
}

/// One entry of one view changes.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryChange {
    pub view: ViewId,
    pub entry: EntryId,
    pub to: EntryWish,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EntryWish {
    Live { item: Item, photo: Option<String> },
    Gone { since: Timestamp, cause: GoneCause },
}

/// A target that the audience asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberWish {
    pub address: String,
    pub view: ViewId,
}

/// What a compilation wants to change among the members of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// New members, and members whose view changed or that came back.
    pub join: BTreeMap<MailboxId, MemberWish>,
    /// Seen leaving for the first time in this round.
    pub doubt: BTreeMap<MemberId, Leaving>,
    /// Doubt is over: still there after all.
    pub stay: Vec<MemberId>,
    /// Leave now: two complete rounds agreed, or the tunnel was removed.
    pub leave: BTreeMap<MemberId, crate::tunnel::Copies>,
}

/// A view as a planner reads it: entries of interest, contents shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogView {
    pub catalog: Option<CatalogId>,
    /// The catalog's version when this was read.
    pub version: i64,
    pub entries: BTreeMap<EntryId, ViewEntry>,
    /// Contents that links have agreed on earlier, by id.
    pub contents: BTreeMap<ContentId, Arc<Item>>,
}
