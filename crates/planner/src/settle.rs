//! Settling: what became of a step, and what the link says afterwards. Pure.

use crate::rules::Rules;
use model::link::Link;
use model::plan::{Outcome, Step};
use model::{Etag, Item, ItemId, Millis, Sighting, Timestamp};

/// How long a write may take until we can know what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A request is never put on the wire later than this after its intent was stored.
    pub request: Millis,
    /// A write that was received is committed within this.
    pub commit: Millis,
    /// A committed write is visible to a search within this.
    pub visible: Millis,
}

/// One step with its outcome.
#[derive(Clone, Copy, Debug)]
pub struct Settling<'a> {
    /// The link before, with the intent in `sent`.
    pub link: &'a Link,
    pub step: &'a Step,
    pub outcome: &'a Outcome,
    pub now: Timestamp,
    /// The merged content that the link agreed on before, if any.
    pub before: Option<&'a Item>,
    /// The merged content that the step names, if it names one.
    pub content: Option<&'a Item>,
    pub rules: &'a Rules,
}

/// The link afterwards, and what to make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub link: Link,
    pub fate: Fate,
}

/// Where a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Both sides agree now.
    Done,
    /// The pair is over; the link stays as a tombstone with its generation.
    Over,
    /// The item moved under us: look at it again.
    LookAgain,
    /// Turned away without effect: may be sent again later.
    Later,
    /// Not known: `resolve` after the waiting time.
    Unknown,
    /// Refused: left alone for a while.
    Quarantined,
}

/// The link with the intent to send `step`: to be stored before the request is put on the wire.
pub fn intend(link: &Link, step: &Step, now: Timestamp, bounds: &Bounds) -> Link {
    todo!()
}

/// The link after a step and its outcome.
pub fn settle(settling: &Settling) -> Settled {
    todo!()
}

/// What a search found of a write whose fate was unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Our stamp (for a create), or the item itself, is there.
    Here {
        item: ItemId,
        etag: Option<Etag>,
        seen: Option<Sighting>,
    },
    /// Several cards carry this very stamp.
    Several,
    /// Not there.
    Nothing,
}

/// When the fate of a sent write can be known; `None` when nothing was sent.
pub fn knowable_at(link: &Link, bounds: &Bounds) -> Option<Timestamp> {
    link.sent
        .as_ref()
        .map(|sent| sent.deadline + bounds.commit + bounds.visible)
}

/// Resolves a write whose fate was unknown. `None`: it is too early to know.
pub fn resolve(link: &Link, found: &Found, now: Timestamp, bounds: &Bounds) -> Option<Link> {
    todo!()
}
