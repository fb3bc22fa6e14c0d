//! Guards at their exact boundaries.

use model::plan::{Halt, HaltReason, Plan, Proof, Step, Tally, Verdict};
use model::run::Trigger;
use model::tunnel::Limits;
use model::{ContentId, EntryId, Etag, Fingerprint, ItemId, MemberId, Millis, TunnelId};
use planner::judge::{Counts, History, JudgeInput, judge};
use planner::tally::{Distinct, block, exact, tally};
use std::collections::{BTreeMap, BTreeSet};

/// One run with limits of 25 items and 10 %, over a catalog of 1,000.
struct Run {
    members: BTreeMap<MemberId, Tally>,
    distinct: Distinct,
    limits: Limits,
    history: History,
    trigger: Trigger,
    unapplied: BTreeSet<TunnelId>,
    rule_changed: BTreeSet<EntryId>,
    left_by_rule: BTreeSet<MemberId>,
    halts: Vec<(MemberId, Halt)>,
    approved: Option<Fingerprint>,
}

impl Run {
    fn new() -> Self {
        Self {
            members: BTreeMap::new(),
            distinct: Distinct::default(),
            limits: Limits {
                items: 25,
                percent: 10,
                both: true,
                per: Millis::days(1),
            },
            history: History::default(),
            trigger: Trigger::Schedule,
            unapplied: BTreeSet::new(),
            rule_changed: BTreeSet::new(),
            left_by_rule: BTreeSet::new(),
            halts: Vec::new(),
            approved: None,
        }
    }

    fn member(mut self, id: i64, tally: Tally) -> Self {
        let entries = |n: u64| (0..n).map(|e| EntryId(e.into()));
        self.distinct.deleted.extend(entries(tally.deletes));
        self.distinct.blanked.extend(entries(tally.blankings));
        if !tally.first_fill {
            self.distinct.created.extend(entries(tally.creates));
        }
        self.members.insert(MemberId(id), tally);
        self
    }

    fn reasons(&self) -> Vec<HaltReason> {
        let verdict = judge(&JudgeInput {
            members: &self.members,
            halts: &self.halts,
            distinct: &self.distinct,
            catalog_size: 1_000,
            limits: &self.limits,
            history: &self.history,
            trigger: self.trigger,
            unapplied: &self.unapplied,
            rule_changed: &self.rule_changed,
            left_by_rule: &self.left_by_rule,
            fingerprint: &"this".into(),
            approved: self.approved.as_ref(),
        });
        match verdict {
            Verdict::Go => Vec::new(),
            Verdict::Hold(halts) => halts.iter().map(|h| h.reason).collect(),
        }
    }
}

fn deletes(deletes: u64, held: u64) -> Tally {
    Tally {
        deletes,
        held,
        ..Tally::default()
    }
}

#[test]
fn a_limit_of_n_lets_n_through_and_holds_one_more() {
    assert_eq!(Run::new().member(1, deletes(25, 30)).reasons(), []);
    assert_eq!(
        Run::new().member(1, deletes(26, 30)).reasons(),
        [HaltReason::TooManyDeletes]
    );
}

#[test]
fn both_limits_must_be_exceeded_or_either_one() {
    // 26 of 260 are exactly 10 %.
    assert_eq!(Run::new().member(1, deletes(26, 260)).reasons(), []);
    assert_eq!(
        Run::new().member(1, deletes(26, 259)).reasons(),
        [HaltReason::TooManyDeletes]
    );
    let mut either = Run::new().member(1, deletes(26, 260));
    either.limits.both = false;
    assert_eq!(either.reasons(), [HaltReason::TooManyDeletes]);
}

#[test]
fn one_leaver_in_500_mailboxes_is_one() {
    let mut run = Run::new();
    for id in 0..500 {
        run = run.member(id, deletes(1, 5));
    }
    assert_eq!(run.reasons(), []);
}

#[test]
fn many_leavers_hold_even_if_no_mailbox_has_many() {
    let mut run = Run::new();
    for id in 0..101 {
        run.members.insert(MemberId(id), deletes(1, 500));
        run.distinct.deleted.insert(EntryId(id as u128));
    }
    assert_eq!(run.reasons(), [HaltReason::TooManyDeletes]);
    run.distinct.deleted.pop_last();
    assert_eq!(run.reasons(), [], "100 of 1,000 are exactly 10 %");
}

#[test]
fn what_was_done_within_the_span_counts_but_never_holds_a_run_that_adds_nothing() {
    let mut run = Run::new().member(1, deletes(1, 30));
    run.history.members.insert(
        MemberId(1),
        Counts {
            deletes: 25,
            ..Counts::default()
        },
    );
    assert_eq!(run.reasons(), [HaltReason::TooManyDeletes]);
    run.members.insert(MemberId(1), deletes(0, 30));
    run.distinct.deleted.clear();
    assert_eq!(run.reasons(), []);
}

#[test]
fn blankings_and_creates_are_held_like_deletes_but_not_a_first_fill() {
    let blank = Tally {
        blankings: 30,
        updates: 30,
        held: 30,
        ..Tally::default()
    };
    assert_eq!(
        Run::new().member(1, blank).reasons(),
        [HaltReason::TooManyBlankings]
    );
    let create = Tally {
        creates: 200,
        held: 30,
        ..Tally::default()
    };
    assert_eq!(
        Run::new().member(1, create.clone()).reasons(),
        [HaltReason::TooManyCreates]
    );
    let fill = Tally {
        first_fill: true,
        held: 0,
        ..create
    };
    assert_eq!(Run::new().member(1, fill).reasons(), []);
}

#[test]
fn a_first_plan_waits_for_a_person_unless_a_person_asked() {
    let mut run = Run::new().member(1, deletes(1, 30));
    run.unapplied.insert("t-1".into());
    assert_eq!(run.reasons(), [HaltReason::FirstPlan]);
    run.trigger = Trigger::Command;
    assert_eq!(run.reasons(), []);
    run.trigger = Trigger::Schedule;
    run.members.insert(MemberId(1), Tally::default());
    assert_eq!(run.reasons(), [], "nothing to write");
}

#[test]
fn a_changed_rule_always_holds_however_little_it_removes() {
    let mut run = Run::new().member(1, deletes(1, 500));
    run.trigger = Trigger::Command;
    run.rule_changed.insert(EntryId(0));
    assert_eq!(run.reasons(), [HaltReason::RuleChanged]);
    run.rule_changed = BTreeSet::from([EntryId(77)]);
    assert_eq!(run.reasons(), [], "an entry that this run does not delete");
    run.left_by_rule.insert(MemberId(1));
    assert_eq!(run.reasons(), [HaltReason::RuleChanged]);
}

#[test]
fn an_approval_is_of_exactly_one_fingerprint() {
    let mut run = Run::new().member(1, deletes(300, 300));
    run.halts.push((
        MemberId(1),
        Halt {
            reason: HaltReason::Orphans,
            detail: String::new(),
        },
    ));
    run.approved = Some("another".into());
    assert_eq!(
        run.reasons(),
        [HaltReason::Orphans, HaltReason::TooManyDeletes]
    );
    run.approved = Some("this".into());
    assert_eq!(run.reasons(), []);
}

fn plan(item: &str, etag: &str, entry: u128) -> Plan {
    let steps = vec![
        Step::Delete {
            entry: EntryId(entry),
            item: ItemId::from(item),
            expect: Some(Etag::from(etag)),
            proof: Proof::LeftAudience,
        },
        Step::Create {
            entry: EntryId(7),
            content: ContentId(7),
            generation: 1,
        },
    ];
    Plan {
        steps,
        ..Plan::default()
    }
}

#[test]
fn equal_plans_read_as_one_block_whatever_their_item_ids() {
    assert_eq!(block(&plan("a", "1", 1)), block(&plan("b", "2", 1)));
    assert_ne!(block(&plan("a", "1", 1)), block(&plan("a", "1", 2)));
    assert_ne!(exact(&plan("a", "1", 1)), exact(&plan("b", "1", 1)));
}

#[test]
fn a_first_fill_is_tallied_but_not_among_the_created_entries() {
    let mut distinct = Distinct::default();
    let plan = plan("a", "1", 1);
    distinct.add(&plan, &tally(&plan, 0, true));
    assert_eq!((distinct.deleted.len(), distinct.created.len()), (1, 0));
    distinct.add(&plan, &tally(&plan, 3, false));
    assert_eq!(distinct.created.len(), 1);
    assert_eq!(tally(&plan, 3, false).writes(), 2);
}
