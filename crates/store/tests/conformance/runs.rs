//! Runs and holds: exact accounts, blocks kept once, decisions that stick.

use crate::support::*;
use futures::executor::block_on;
use model::plan::{Halt, HaltReason, Tally};
use model::run::{Account, MemberRunState, RunState, Trigger, Trouble, TroubleKind};
use model::{EntryId, Fingerprint, MemberId, Millis, RunId};
use store::{Counted, Decision, Finish, MemberEnd, RunFilter, RunStart, Store, StoreError};

fn plan(store: &Store, run: RunId, member: MemberId, block: &str) {
    let tally = Tally {
        creates: 2,
        agrees: 5,
        ..Tally::default()
    };
    let block = Fingerprint::from(block);
    let bytes = block.as_str().as_bytes();
    block_on(store.planned_member(run, member, &tally, &block, Some(bytes))).unwrap();
}

/// Whoever holds the lane says how a member ended.
fn end(store: &Store, ended: MemberEnd) -> Result<(), StoreError> {
    let lane = format!("member {}", ended.member.0);
    let claim = claimed(store, &lane);
    let said = block_on(store.member_ended(&claim.lease, ended));
    block_on(store.release(&claim, Finish::Done)).unwrap();
    said
}

fn halts() -> Vec<Halt> {
    vec![Halt {
        reason: HaltReason::TooManyDeletes,
        detail: "31 of 40".to_owned(),
    }]
}

fn state(store: &Store, run: RunId) -> RunState {
    block_on(store.run(run)).unwrap().unwrap().state
}

#[test]
fn what_is_planned_or_done_is_not_planned_again_by_a_worker_that_stood_still() {
    on_each(|bench| {
        let store = &bench.store;
        let (run, member) = (run(store), member(store, "a"));
        block_on(store.add_run_members(run, &[member])).unwrap();
        plan(store, run, member, "block-1");
        let account = Account {
            planned: 2,
            done: 2,
            ..Account::default()
        };
        end(
            store,
            MemberEnd::new(run, member, account, MemberRunState::Done, ""),
        )
        .unwrap();
        plan(store, run, member, "block-2");
        let row = block_on(store.run_member(run, member)).unwrap().unwrap();
        assert_eq!((row.state, row.account), (MemberRunState::Done, account));
        assert_eq!(row.block, Some(Fingerprint::from("block-1")));
    });
}

#[test]
fn who_lost_the_lane_does_not_write_over_what_was_done_since() {
    on_each(|bench| {
        let store = &bench.store;
        let (run, member) = (run(store), member(store, "a"));
        block_on(store.add_run_members(run, &[member])).unwrap();
        plan(store, run, member, "block-1");
        let old = claimed(store, "lane");
        block_on(store.release(&old, Finish::Done)).unwrap();
        let new = claimed(store, "lane");
        let done = Account {
            planned: 2,
            done: 2,
            ..Account::default()
        };
        let ended = |account| MemberEnd::new(run, member, account, MemberRunState::Done, "");
        block_on(store.member_ended(&new.lease, ended(done))).unwrap();
        let late = block_on(store.member_ended(&old.lease, ended(Account::default())));
        assert!(
            matches!(late, Err(StoreError::LostLease { .. })),
            "{late:?}"
        );
        let row = block_on(store.run_member(run, member)).unwrap().unwrap();
        assert_eq!(row.account, done);
    });
}

#[test]
fn a_run_says_how_far_it_has_come() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        let [a, b, c] = ["a", "b", "c"].map(|name| member(store, name));
        block_on(store.add_run_members(run, &[a, b, c])).unwrap();
        plan(store, run, a, "block-1");
        plan(store, run, b, "block-1");
        block_on(store.add_run_members(run, &[a])).unwrap();
        let progress = block_on(store.run_progress(run)).unwrap();
        assert_eq!(
            (progress.planned, progress.waiting, progress.members()),
            (2, 1, 3)
        );
        let account = Account {
            planned: 2,
            done: 1,
            quarantined: 1,
            ..Account::default()
        };
        end(
            store,
            MemberEnd::new(run, a, account, MemberRunState::Done, ""),
        )
        .unwrap();
        block_on(store.run_member_state(run, c, MemberRunState::Deferred, "no mailbox")).unwrap();
        let read = block_on(store.run(run)).unwrap().unwrap();
        assert_eq!((read.account.planned, read.account.done), (4, 1));
        let members = block_on(store.run_members(run)).unwrap();
        assert_eq!(members.len(), 3);
        assert_eq!(members[2].reason, "no mailbox");
        assert_eq!(
            block_on(store.run_member(run, a)).unwrap().unwrap(),
            members[0]
        );
    });
}

#[test]
fn what_kept_a_run_from_its_end_is_kept_with_its_kind() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        let [a, b] = ["a", "b"].map(|name| member(store, name));
        block_on(store.add_run_members(run, &[a, b])).unwrap();
        let trouble = |kind| Trouble {
            kind,
            detail: "denied".to_owned(),
        };
        let (denied, none) = (trouble(TroubleKind::Permission), Account::default());
        end(store, MemberEnd::deferred(run, a, none, &denied)).unwrap();
        block_on(store.run_troubled(run, &denied)).unwrap();
        block_on(store.finish_run(run, RunState::Incomplete, "denied", NOW)).unwrap();
        block_on(store.run_troubled(run, &trouble(TroubleKind::Passing))).unwrap();
        let read = block_on(store.run(run)).unwrap().unwrap();
        assert_eq!(read.trouble.as_ref(), Some(&denied), "it had ended");
        let listed = block_on(store.runs(&RunFilter::default())).unwrap();
        assert_eq!(listed[0].trouble, Some(denied));
        let members = block_on(store.run_members(run)).unwrap();
        let kinds: Vec<_> = members.iter().map(|m| m.trouble).collect();
        assert_eq!(kinds, [Some(TroubleKind::Permission), None]);
        assert_eq!(
            (members[0].state, members[0].reason.as_str()),
            (MemberRunState::Deferred, "denied")
        );
    });
}

#[test]
fn a_distinct_block_is_kept_once() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        let [a, b, c] = ["a", "b", "c"].map(|name| member(store, name));
        plan(store, run, a, "rare");
        plan(store, run, b, "usual");
        plan(store, run, c, "usual");
        let blocks = block_on(store.blocks(run)).unwrap();
        let said: Vec<_> = blocks
            .iter()
            .map(|b| (b.fingerprint.as_str(), b.members))
            .collect();
        assert_eq!(said, [("usual", 2), ("rare", 1)]);
        assert_eq!(blocks[0].bytes, b"usual");
    });
}

#[test]
fn a_run_ends_once() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        assert!(block_on(store.set_run_state(run, RunState::Performing, "")).unwrap());
        assert!(block_on(store.finish_run(run, RunState::Done, "", NOW)).unwrap());
        assert!(!block_on(store.finish_run(run, RunState::Incomplete, "late", NOW)).unwrap());
        let ended = block_on(store.run(run)).unwrap().unwrap();
        assert_eq!((ended.state, ended.ended_at), (RunState::Done, Some(NOW)));
        assert_eq!(block_on(store.run(RunId(99))).unwrap(), None);
        let blocks = block_on(store.blocks(RunId(99)));
        assert!(matches!(blocks, Err(StoreError::Missing { .. })));
    });
}

#[test]
fn runs_are_listed_newest_first() {
    on_each(|bench| {
        let store = &bench.store;
        let first = run(store);
        block_on(store.finish_run(first, RunState::Done, "", NOW)).unwrap();
        let second = run(store);
        let list = |filter: RunFilter| {
            let runs = block_on(store.runs(&filter)).unwrap();
            runs.iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(list(RunFilter::default()), [second, first]);
        let open = RunFilter {
            open: true,
            ..RunFilter::default()
        };
        assert_eq!(list(open), [second]);
        let theirs = RunFilter {
            tenant: Some("fabrikam".into()),
            ..RunFilter::default()
        };
        assert_eq!(list(theirs), []);
        let book = "Contoso people".into();
        let open = block_on(store.open_run(&tenant(), &book)).unwrap().unwrap();
        assert_eq!(open.id, second);
    });
}

#[test]
fn a_book_has_at_most_one_open_run() {
    on_each(|bench| {
        let store = &bench.store;
        let first = run(store);
        let start = RunStart {
            tenant: tenant(),
            book: "Contoso people".into(),
            trigger: Trigger::Schedule,
            policy_version: "p1".to_owned(),
        };
        assert_eq!(block_on(store.begin_run(&start, NOW)).unwrap(), None);
        block_on(store.finish_run(first, RunState::Done, "", NOW)).unwrap();
        assert!(block_on(store.begin_run(&start, NOW)).unwrap().is_some());
    });
}

#[test]
fn a_plan_waits_until_a_named_person_approves_that_very_plan() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        let (this, other) = (Fingerprint::from("f1"), Fingerprint::from("f2"));
        let hold = block_on(store.hold(run, &this, &halts(), NOW)).unwrap();
        assert_eq!((hold.decision, hold.halts), (None, halts()));
        assert_eq!(state(store, run), RunState::Held);
        assert_eq!(
            block_on(store.waiting_holds(Some(&tenant())))
                .unwrap()
                .len(),
            1
        );
        assert!(!block_on(store.approve(run, &other, "kim", NOW)).unwrap());
        assert!(block_on(store.approve(run, &this, "kim", NOW + Millis(1))).unwrap());
        assert!(
            !block_on(store.reject(run, &this, "lee", NOW)).unwrap(),
            "decided once"
        );
        assert_eq!(state(store, run), RunState::Performing);
        assert_eq!(block_on(store.waiting_holds(None)).unwrap(), []);
        let told = block_on(store.held(&tenant(), &"Contoso people".into(), &this)).unwrap();
        let decided = (Decision::Approved, "kim".to_owned(), NOW + Millis(1));
        assert_eq!(told.unwrap().decision, Some(decided));
    });
}

#[test]
fn a_rejected_plan_stays_rejected_when_it_is_made_again() {
    on_each(|bench| {
        let store = &bench.store;
        let print = Fingerprint::from("f1");
        let first = run(store);
        block_on(store.hold(first, &print, &halts(), NOW)).unwrap();
        assert!(block_on(store.reject(first, &print, "kim", NOW)).unwrap());
        assert_eq!(state(store, first), RunState::Rejected);
        let second = run(store);
        let hold = block_on(store.hold(second, &print, &halts(), NOW + Millis(9))).unwrap();
        let (decision, who, _) = hold.decision.unwrap();
        assert_eq!((decision, who.as_str()), (Decision::Rejected, "kim"));
        assert_eq!((hold.held_at, hold.run), (NOW, second));
        assert_eq!(
            state(store, second),
            RunState::Planning,
            "not held: nobody need be asked"
        );
    });
}

#[test]
fn guards_count_distinct_entries_and_what_may_have_been_written() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        let [a, b] = ["a", "b"].map(|name| member(store, name));
        let lease = lease(store, "lane");
        let intend = |member, entry, kind, at| {
            let mut intent = update(entry, "item");
            intent.counts = Some(kind);
            block_on(store.intend(&lease, run, member, vec![intent], at)).unwrap();
        };
        intend(a, 1, Counted::Delete, NOW);
        intend(b, 1, Counted::Delete, NOW);
        intend(b, 2, Counted::Blanking, NOW);
        intend(b, 3, Counted::Create, NOW - Millis::days(2));
        let since = NOW - Millis::days(1);
        let written = block_on(store.written_since(&tenant(), CATALOG, since)).unwrap();
        let distinct = |kind| {
            written
                .entries
                .get(&kind)
                .map_or(0, |entries| entries.len())
        };
        assert_eq!(
            distinct(Counted::Delete),
            1,
            "one leaver in two mailboxes is one"
        );
        assert_eq!(
            (distinct(Counted::Blanking), distinct(Counted::Create)),
            (1, 0)
        );
        assert_eq!(
            (written.members[&a].deletes, written.members[&b].deletes),
            (1, 1)
        );
        let theirs = block_on(store.written_since(&"fabrikam".into(), CATALOG, since)).unwrap();
        assert!(theirs.members.is_empty());
        assert_eq!(block_on(store.links_of(a, &[EntryId(1)])).unwrap().len(), 1);
    });
}

#[test]
fn a_tunnel_remembers_the_rule_that_was_applied() {
    on_each(|bench| {
        let store = &bench.store;
        let id = "t-1".into();
        let read = || block_on(store.tunnel_state(&tenant(), &id)).unwrap();
        let apply = |rule, at| block_on(store.tunnel_applied(&tenant(), &id, rule, at)).unwrap();
        assert_eq!(read().applied_rule, None);
        apply("r1", NOW);
        apply("r1", NOW + Millis(5));
        assert_eq!(read().applied_at, Some(NOW));
        apply("r2", NOW + Millis(9));
        let state = read();
        assert_eq!(state.applied_rule.as_deref(), Some("r2"));
        assert_eq!(
            (state.first_applied_at, state.applied_at),
            (Some(NOW), Some(NOW + Millis(9)))
        );
    });
}
