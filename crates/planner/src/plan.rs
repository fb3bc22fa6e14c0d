//! The heart: one visible match over (link, entry, observation).

use crate::rules::Rules;
use crate::stamp::StampKey;
use model::catalog::CatalogView;
use model::link::{Link, Part};
use model::member::Member;
use model::plan::Plan;
use model::snapshot::Snapshot;
use model::{EntryId, ItemId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The links of one member, by entry and part.
pub type Links = BTreeMap<(EntryId, Part), Link>;

/// Everything that one decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Effective rules of the member's view.
    pub rules: &'a Rules,
    pub member: &'a Member,
    /// The shell read the clock once.
    pub now: Timestamp,
    /// Entries of interest: those newer than the member's `through`, and those whose member side was
    /// observed. With a full look, and for a leaving member: all of them, gone ones too.
    pub catalog: &'a CatalogView,
    pub observed: &'a Snapshot,
    /// Links of the entries of interest. With a full look, and for a leaving member: all of them.
    pub links: &'a Links,
    /// How many of our copies the member holds in all (links with an item), of interest or not.
    pub held: u64,
    /// The entry of the mailbox's own person, if it is in the catalog.
    pub own: Option<EntryId>,
    pub stamp_key: &'a StampKey,
    pub brakes: Brakes,
}

/// Where our patience ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brakes {
    /// How often a user's value may be overwritten within 24 hours before we leave it until the source changes.
    pub tugs: u32,
}

impl Default for Brakes {
    fn default() -> Self {
        Self { tugs: 3 }
    }
}

/// Decides what would bring the member into agreement with its catalog. Changes nothing.
pub fn plan(input: &Input) -> Plan {
    todo!()
}

/// The items that must be asked for by id (with stamp) before anything can be concluded from this look: linked
/// items that a full look did not show or that were said to be removed, and unlinked ones that may be a copy
/// of ours or an exact match but whose stamp was not read.
pub fn to_prove(input: &Input) -> BTreeSet<ItemId> {
    todo!()
}
