//! Plans: a printable, storable list of fully specified steps, with notes and perhaps a halt.

use crate::link::{Link, Part};
use crate::{ContentId, EntryId, Etag, ItemId, Sighting, Timestamp, Values};
use serde::{Deserialize, Serialize};

/// What would bring one member and its catalog into agreement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub notes: Vec<Note>,
    pub halt: Option<Halt>,
}

/// One fully specified thing to do. Steps name the content; they never carry it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Put a new card into the folder, stamped with `generation`.
    Create {
        entry: EntryId,
        content: ContentId,
        generation: u32,
    },
    /// Change these fields, and only these; `None` blanks one.
    Update {
        entry: EntryId,
        content: ContentId,
        item: ItemId,
        expect: Option<Etag>,
        /// Apart, so that the steps of a first fill, which has none, are half the size.
        edit: Box<Edit>,
        /// This overwrites a value that a user put there.
        tug: bool,
    },
    /// Remove our copy.
    Delete {
        entry: EntryId,
        item: ItemId,
        expect: Option<Etag>,
        proof: Proof,
    },
    /// Set the photo to these bytes (by hash).
    SetPhoto {
        entry: EntryId,
        item: ItemId,
        photo: String,
    },
    /// Nothing to send: record what both sides agree on.
    Agree { link: Box<Link> },
    /// Nothing to send: this pair is over.
    Forget {
        entry: EntryId,
        part: Part,
        refused: bool,
    },
}

/// What an update does to a card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub changes: Values,
    /// What the item showed in those fields before: the prior image.
    pub before: Values,
    /// Where the base will deviate from the content after the write, if the server stores what we send.
    pub shown: Values,
    /// It takes our fields back from a user's own card: nothing is agreed on afterwards.
    pub back: bool,
}

/// Why a deletion is right. A step of deletion cannot be made without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The person left the selection: a fact that two complete rounds agreed on.
    LeftSelection { since: Timestamp },
    /// The mailbox left the audience, or the tunnel was removed with `copies: remove`.
    LeftAudience,
    /// The person's card moved to another entry (two sources turned out to be one person).
    Superseded,
    /// A card that bears our mark and that nothing we know explains: always held for a person.
    Orphan,
}

impl Step {
    pub fn entry(&self) -> EntryId {
        match self {
            Self::Create { entry, .. }
            | Self::Update { entry, .. }
            | Self::Delete { entry, .. }
            | Self::SetPhoto { entry, .. }
            | Self::Forget { entry, .. } => *entry,
            Self::Agree { link } => link.entry,
        }
    }

    /// The card that this step changes or removes; none for one that is yet to be made, or where nothing is sent.
    pub fn item(&self) -> Option<&ItemId> {
        match self {
            Self::Update { item, .. } | Self::Delete { item, .. } | Self::SetPhoto { item, .. } => {
                Some(item)
            }
            Self::Create { .. } | Self::Agree { .. } | Self::Forget { .. } => None,
        }
    }

    /// Does this step send anything to Microsoft?
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Agree { .. } | Self::Forget { .. })
    }

    /// Whole fields emptied by this step: mass blanking is mass deletion by another name.
    pub fn blanks(&self) -> bool {
        matches!(self, Self::Update { edit, .. } if edit.changes.values().any(Option::is_none))
    }
}

/// What was left alone, and why: shown to people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    pub entry: Option<EntryId>,
    pub item: Option<ItemId>,
    pub reason: Reason,
    /// Detail for people: a field name, a count. Never an address or a name.
    pub detail: String,
}

/// Why something was left alone. One word per idea: the same in plans, tables and `why`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A write may still arrive; we wait until we can know.
    AwaitingAnswer,
    /// Several cards could be this person: reported, never merged.
    Ambiguous,
    /// A card carries a copy of our stamp: a user made it.
    UserCopy,
    /// The user deleted the copy and the tunnel respects that.
    UserDeleted,
    /// Not answered, or only hinted at: nothing is concluded from it.
    Unseen,
    /// A stamped card without a living source.
    Orphan,
    /// Refused by the server before; tried again later.
    Quarantined,
    /// More values than the place has slots.
    Overflow,
    /// Overwritten by us too often; left to the user until the source changes.
    Tugging,
    /// A photo cannot be deleted through Graph.
    PhotoStays,
    /// The tunnel says that a person's own card is left out.
    OwnCard,
    /// A field rule leaves the user's value.
    UserValueKept,
    /// The rule's answer is not known: an expression failed or a fact is missing.
    SelectionUnknown,
    /// Seen leaving once; waits for a second complete round.
    LeavingUnconfirmed,
    /// A phone number could not be understood; kept as it was written.
    PhoneUnreadable,
    /// A card that the user made or that was adopted stays; only our fields were taken back.
    AdoptedKept,
    /// The folder was emptied by someone.
    FolderEmptied,
    /// The mailbox leaves and keeps what it has: the copies are no longer ours.
    CopiesKept,
}

/// A person must look before anything is done here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    pub reason: HaltReason,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltReason {
    /// More deletions than the limits allow.
    TooManyDeletes,
    /// More fields blanked than the limits allow.
    TooManyBlankings,
    /// More creations than the limits allow.
    TooManyCreates,
    /// The first plan of a tunnel, or the first after a widening edit, waits for a person.
    FirstPlan,
    /// The rule changed and people would leave because of it.
    RuleChanged,
    /// A member that had copies shows none at all.
    FolderEmptied,
    /// Stamped cards without a living source were found: a deletion nobody asked for would follow.
    Orphans,
    /// The place strips our stamp: copies could not be told from users' cards.
    StampStripped,
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Acknowledged.
    Done {
        item: Option<ItemId>,
        etag: Option<Etag>,
        /// The server's own representation after the write. A field that is not in it was stored as it was sent.
        seen: Option<Sighting>,
    },
    /// The item changed since we looked: look again.
    Stale,
    /// There is no such item any more.
    Gone,
    /// A definite no about this item: quarantine.
    Refused(String),
    /// Not tried or turned away without effect; may be sent again from then on.
    NotYet { until: Timestamp },
    /// No answer that says what happened.
    Unknown,
}

/// What one member's plan amounts to: what guards and tables need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub creates: u64,
    pub updates: u64,
    pub deletes: u64,
    pub photos: u64,
    /// Updates that blank at least one field.
    pub blankings: u64,
    pub agrees: u64,
    /// Our copies in the member before the plan.
    pub held: u64,
    /// The member has never been filled: its creates are its first fill.
    pub first_fill: bool,
}

impl Tally {
    pub fn writes(&self) -> u64 {
        self.creates + self.updates + self.deletes + self.photos
    }
}

/// The verdict over a whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Go,
    Hold(Vec<Halt>),
}
