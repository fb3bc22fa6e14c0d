//! Guards: may this run go, or must a person look first?

use crate::tally::Distinct;
use model::catalog::Leaving;
use model::member::Member;
use model::mutant::{self, Mutant};
use model::plan::{Halt, HaltReason, Tally, Verdict};
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

/// Starts the fact of a member's leaving that a changed rule caused.
pub const BY_RULE: &str = "rule changed: ";

/// Does this member leave because a rule changed, rather than a fact?
pub fn left_by_rule(member: &Member) -> bool {
    let by_rule = |leaving: &Leaving| leaving.fact.starts_with(BY_RULE);
    member.leaving.as_ref().is_some_and(by_rule)
}

/// Judges a whole run: one fingerprint, one approval.
pub fn judge(input: &JudgeInput) -> Verdict {
    if input.approved == Some(input.fingerprint) {
        return Verdict::Go;
    }
    let mut halts: Vec<Halt> = input.halts.iter().map(|(_, halt)| halt.clone()).collect();
    halts.extend(first_plan(input));
    halts.extend(rule_changed(input));
    halts.extend(MEASURES.iter().filter_map(|m| exceeded(input, m)));
    if halts.is_empty() {
        Verdict::Go
    } else {
        Verdict::Hold(halts)
    }
}

/// By themselves, runs never write for a tunnel that nobody has applied yet; a command is somebody.
fn first_plan(input: &JudgeInput) -> Option<Halt> {
    let waits = input.trigger != Trigger::Command && !input.unapplied.is_empty();
    let writes = input.members.values().any(|t| t.writes() > 0);
    (waits && writes).then(|| Halt {
        reason: HaltReason::FirstPlan,
        detail: format!(
            "nothing was applied yet for {}",
            input
                .unapplied
                .iter()
                .map(TunnelId::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    })
}

fn rule_changed(input: &JudgeInput) -> Option<Halt> {
    let entries = input
        .distinct
        .deleted
        .intersection(input.rule_changed)
        .count();
    let members = input
        .left_by_rule
        .iter()
        .filter(|id| input.members.get(id).is_some_and(|t| t.deletes > 0))
        .count();
    let parts = [
        (entries, counted(entries, "person", "people")),
        (
            members,
            format!(
                "all copies from {}",
                counted(members, "mailbox", "mailboxes")
            ),
        ),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(_, text)| text)
        .collect();
    (!parts.is_empty()).then(|| Halt {
        reason: HaltReason::RuleChanged,
        detail: format!("a changed rule removes {}", parts.join(", and ")),
    })
}

/// `1 mailbox`, `25 mailboxes`.
fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// One thing that is limited.
struct Measure {
    reason: HaltReason,
    word: &'static str,
    /// Of one member in this run.
    now: fn(&Tally) -> u64,
    /// Of one member before.
    before: fn(&Counts) -> u64,
    entries: fn(&Distinct) -> &BTreeSet<EntryId>,
}

const MEASURES: [Measure; 3] = [
    Measure {
        reason: HaltReason::TooManyDeletes,
        word: "deletes",
        now: |t| t.deletes,
        before: |c| c.deletes,
        entries: |d| &d.deleted,
    },
    Measure {
        reason: HaltReason::TooManyBlankings,
        word: "blankings",
        now: |t| t.blankings,
        before: |c| c.blankings,
        entries: |d| &d.blanked,
    },
    Measure {
        reason: HaltReason::TooManyCreates,
        word: "creates",
        // The first fill of a new member is what it is for.
        now: |t| if t.first_fill { 0 } else { t.creates },
        before: |c| c.creates,
        entries: |d| &d.created,
    },
];

/// Is the limit exceeded in any mailbox, or over all of them in distinct entries? What was done before within
/// the same span counts, but a run that does nothing of the kind is never held for it.
fn exceeded(input: &JudgeInput, measure: &Measure) -> Option<Halt> {
    let in_members = input.members.iter().filter(|(id, tally)| {
        let before = input
            .history
            .members
            .get(id)
            .map_or(0, |c| (measure.before)(c));
        let now = (measure.now)(tally);
        now > 0
            && over(
                input.limits,
                now + before,
                tally.held + deleted_before(measure, before),
            )
    });
    let members = in_members.count();
    let (now, before) = (
        (measure.entries)(input.distinct),
        (measure.entries)(&input.history.distinct),
    );
    let entries = now.union(before).count() as u64;
    let too_many = !now.is_empty() && over(input.limits, entries, input.catalog_size);
    let limits = input.limits;
    let limited = !mutant::on(Mutant::B24);
    (limited && (members > 0 || too_many)).then(|| Halt {
        reason: measure.reason,
        detail: format!(
            "{} {} of {}, in {} above the limit of {} {} {} %",
            input.members.values().map(measure.now).sum::<u64>(),
            measure.word,
            counted(now.len(), "person", "people"),
            counted(members, "mailbox", "mailboxes"),
            limits.items,
            if limits.both { "and" } else { "or" },
            limits.percent,
        ),
    })
}

/// What was deleted within the span is no longer held: the percentage is of what the member held before that.
fn deleted_before(measure: &Measure, before: u64) -> u64 {
    if measure.reason == HaltReason::TooManyDeletes {
        before
    } else {
        0
    }
}

/// A limit of n lets n through and holds n + 1.
fn over(limits: &Limits, count: u64, of: u64) -> bool {
    let items = count > limits.items;
    let percent = u128::from(count) * 100 > u128::from(limits.percent) * u128::from(of);
    if limits.both {
        items && percent
    } else {
        items || percent
    }
}
