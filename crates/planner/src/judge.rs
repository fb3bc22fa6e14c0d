//! Guards: may this run go, or must a person look first?

use crate::tally::Distinct;
use model::plan::{Halt, Tally, Verdict};
use model::run::Trigger;
use model::tunnel::Limits;
use model::{EntryId, Fingerprint, MemberId, TunnelId};
use std::collections::{BTreeMap, BTreeSet};

/// Everything a verdict depends on.
#[derive(Clone, Copy, Debug)]
pub struct JudgeInput<'a> {
    pub members: &'a BTreeMap<MemberId, Tally>,
    /// Halts that single plans ask for.
    pub halts: &'a [(MemberId, Halt)],
    /// Distinct entries over the whole run.
    pub distinct: &'a Distinct,
    /// Living entries of the catalog before the run.
    pub catalog_size: u64,
    pub limits: &'a Limits,
    /// What was done within `limits.per` before this run, without what a person approved.
    pub history: &'a History,
    pub trigger: Trigger,
    /// Tunnels whose first plan, or first plan after a widening edit, was never applied.
    pub unapplied: &'a BTreeSet<TunnelId>,
    /// Entries that this run deletes because a rule changed (`GoneCause::Rule`).
    pub rule_changed: &'a BTreeSet<EntryId>,
    /// Members that leave because a rule changed, with something to delete (see `left_by_rule`).
    pub left_by_rule: &'a BTreeSet<MemberId>,
    /// This run's fingerprint, and the one that a person approved, if any.
    pub fingerprint: &'a Fingerprint,
    pub approved: Option<&'a Fingerprint>,
}

/// What was done before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub members: BTreeMap<MemberId, Counts>,
    pub distinct: Distinct,
}

/// Counts of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub deletes: u64,
    pub blankings: u64,
    /// Without its first fill.
    pub creates: u64,
}

/// Judges a whole run: one fingerprint, one approval.
pub fn judge(input: &JudgeInput) -> Verdict {
    todo!()
}
