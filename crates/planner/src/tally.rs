//! Tallies: what a plan amounts to, and its fingerprints.

use model::plan::{Plan, Tally};
use model::{EntryId, Fingerprint, MemberId};
use std::collections::{BTreeMap, BTreeSet};

/// The distinct entries that a run touches: one leaver in 500 mailboxes is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    pub deleted: BTreeSet<EntryId>,
    pub blanked: BTreeSet<EntryId>,
    /// Without the first fill of new members.
    pub created: BTreeSet<EntryId>,
}

impl Distinct {
    /// Adds what one member's plan touches.
    pub fn add(&mut self, plan: &Plan, tally: &Tally) {
        todo!()
    }
}

/// Counts a plan. `held`: our copies in the member before; `first_fill`: it was never filled.
pub fn tally(plan: &Plan, held: u64, first_fill: bool) -> Tally {
    todo!()
}

/// Equal for members whose plans are equal but for item ids, etags and generations: they read as one block.
pub fn block(plan: &Plan) -> Fingerprint {
    todo!()
}

/// Names exactly this plan of this member, ids and etags included.
pub fn exact(plan: &Plan) -> Fingerprint {
    todo!()
}

/// The fingerprint of a whole run, of its members' exact ones: approval is of this.
pub fn run(plans: &BTreeMap<MemberId, Fingerprint>) -> Fingerprint {
    todo!()
}
