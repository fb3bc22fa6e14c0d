//! Lanes and jobs: one worker at a time, one job for many offers, every tenant in its turn.

use crate::support::*;
use futures::executor::block_on;
use model::{Millis, Timestamp};
use store::{Claim, Finish, Job, Priority, Store, StoreError};

fn offer(store: &Store, job: &Job, at: Timestamp) -> bool {
    block_on(store.offer(job, at)).unwrap()
}

fn release(store: &Store, claim: &Claim, finish: Finish) {
    block_on(store.release(claim, finish)).unwrap();
}

fn due(store: &Store) -> Option<Timestamp> {
    block_on(store.next_due(8)).unwrap()
}

#[test]
fn two_workers_never_have_one_lane() {
    on_each(|bench| {
        let store = &bench.store;
        offer(store, &job("contoso", "ada"), NOW);
        let first = claim(store).unwrap();
        assert_eq!(claim(store), None);
        bench.clock.pass(Millis::seconds(59));
        assert_eq!(claim(store), None);
        bench.clock.pass(Millis::seconds(1));
        let second = claim(store).expect("an expired lease can be taken over");
        assert_eq!(second.lease.fence, first.lease.fence + 1);
        assert_eq!(second.jobs[0].attempts, 1);
        let late = block_on(store.release(&first, Finish::Done));
        assert!(matches!(late, Err(StoreError::LostLease { .. })));
        release(store, &second, Finish::Done);
        assert_eq!((claim(store), due(store)), (None, None));
    });
}

#[test]
fn an_extended_lease_is_not_taken_over() {
    on_each(|bench| {
        let store = &bench.store;
        let lease = lease(store, "ada");
        bench.clock.pass(Millis::seconds(50));
        let longer = block_on(store.extend(&lease, Millis::minutes(1))).unwrap();
        bench.clock.pass(Millis::seconds(50));
        assert_eq!(claim(store), None);
        assert_eq!(due(store), Some(longer.until));
    });
}

#[test]
fn offers_become_one_job_that_keeps_the_earlier_instant() {
    on_each(|bench| {
        let store = &bench.store;
        let mut ada = job("contoso", "ada");
        assert!(offer(store, &ada, NOW + Millis(50)));
        assert!(!offer(store, &ada, NOW + Millis(90)));
        assert!(offer(store, &ada, NOW + Millis(10)));
        assert_eq!(due(store), Some(NOW + Millis(10)));
        assert_eq!(claim(store), None, "not due yet");
        ada.priority = Priority::Urgent;
        assert!(offer(store, &ada, NOW + Millis(99)));
        bench.clock.pass(Millis(10));
        let claimed = claim(store).unwrap();
        assert_eq!(claimed.jobs, [ada]);
        release(store, &claimed, Finish::Done);
        assert_eq!(block_on(store.jobs(&tenant())).unwrap(), []);
    });
}

#[test]
fn an_offer_that_adds_nothing_changes_no_row() {
    let bench = in_memory();
    let store = &bench.store;
    offer(store, &job("contoso", "ada"), NOW);
    let changed = rows_changed(store, || {
        offer(store, &job("contoso", "ada"), NOW);
    });
    assert_eq!(changed, 0);
}

#[test]
fn a_job_offered_while_it_is_worked_runs_once_more() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = job("contoso", "ada");
        offer(store, &ada, NOW);
        let claimed = claim(store).unwrap();
        assert!(offer(store, &ada, NOW));
        assert!(!offer(store, &ada, NOW), "once more, not twice");
        assert_eq!(claim(store), None, "not beside the one that is worked");
        release(store, &claimed, Finish::Done);
        let again = claim(store).expect("the second look");
        assert_eq!(again.jobs[0].attempts, 0);
        release(store, &again, Finish::Done);
        assert_eq!(claim(store), None);
    });
}

#[test]
fn an_offer_for_later_outlives_a_retry_and_a_lost_worker() {
    on_each(|bench| {
        let store = &bench.store;
        let (ada, later) = (job("contoso", "ada"), NOW + Millis::hours(1));
        offer(store, &ada, NOW);
        let claimed = claim(store).unwrap();
        offer(store, &ada, later);
        release(store, &claimed, Finish::Retry(NOW + Millis(5)));
        bench.clock.pass(Millis(5));
        assert_eq!(claim(store).unwrap().jobs[0].attempts, 1);
        bench.clock.pass(Millis::minutes(2));
        let taken_over = claim(store).unwrap();
        release(store, &taken_over, Finish::Done);
        assert_eq!(due(store), Some(later));
    });
}

#[test]
fn a_retry_waits_whatever_is_offered_meanwhile() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = job("contoso", "ada");
        offer(store, &ada, NOW);
        let claimed = claim(store).unwrap();
        offer(store, &ada, NOW);
        release(store, &claimed, Finish::Retry(NOW + Millis(500)));
        assert_eq!(claim(store), None);
        assert_eq!(due(store), Some(NOW + Millis(500)));
    });
}

#[test]
fn jobs_of_a_lane_are_claimed_together_and_can_end_apart() {
    on_each(|bench| {
        let store = &bench.store;
        let (look, mut census) = (job("contoso", "ada"), job("contoso", "ada"));
        census.kind = "census".to_owned();
        census.priority = Priority::Idle;
        offer(store, &census, NOW);
        offer(store, &look, NOW);
        let claimed = claim(store).unwrap();
        assert_eq!(claimed.jobs, [look.clone(), census.clone()]);
        block_on(store.finish_job(&claimed.lease, &look, Finish::Done)).unwrap();
        release(store, &claimed, Finish::Retry(NOW + Millis(7)));
        let left = block_on(store.jobs(&tenant())).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(
            (left[0].0.kind.as_str(), left[0].1),
            ("census", NOW + Millis(7))
        );
    });
}

#[test]
fn what_a_person_waits_for_goes_first() {
    on_each(|bench| {
        let store = &bench.store;
        let mut urgent = job("contoso", "zoe");
        urgent.priority = Priority::Urgent;
        offer(store, &job("contoso", "ada"), NOW - Millis(100));
        offer(store, &urgent, NOW);
        assert_eq!(claim(store).unwrap().lease.lane, "zoe");
    });
}

/// A big tenant's backlog gets its share of turns, not the share of its backlog.
#[test]
fn one_big_tenant_among_twenty_gets_one_turn_in_twenty() {
    on_each(|bench| {
        let store = &bench.store;
        let mut jobs: Vec<(Job, Timestamp)> = Vec::new();
        for n in 0..400 {
            jobs.push((
                job("a-big-one", &format!("box-{n:03}")),
                NOW - Millis::days(1),
            ));
        }
        for small in 0..19 {
            for n in 0..20 {
                jobs.push((job(&format!("small-{small:02}"), &format!("box-{n}")), NOW));
            }
        }
        block_on(store.offer_all(jobs)).unwrap();
        let mut big = 0;
        for _ in 0..200 {
            let claimed = claim(store).unwrap();
            big += usize::from(claimed.lease.tenant.as_str() == "a-big-one");
            release(store, &claimed, Finish::Done);
        }
        assert_eq!(big, 10);
    });
}

#[test]
fn a_tenant_has_no_more_lanes_at_work_than_its_cap() {
    on_each(|bench| {
        let store = &bench.store;
        for lane in ["a", "b", "c"] {
            offer(store, &job("contoso", lane), NOW);
        }
        let take = || block_on(store.claim("w", Millis::minutes(1), 2)).unwrap();
        let first = take().unwrap();
        assert!(take().is_some());
        assert_eq!(take(), None);
        let next = block_on(store.next_due(2)).unwrap();
        assert_eq!(next, Some(first.lease.until), "a capped worker sleeps");
        release(store, &first, Finish::Done);
        assert_eq!(take().unwrap().lease.lane, "c");
    });
}

#[test]
fn withdrawn_offers_are_gone_unless_they_are_worked() {
    on_each(|bench| {
        let store = &bench.store;
        offer(store, &job("contoso", "ada"), NOW);
        let claimed = claim(store).unwrap();
        offer(store, &job("contoso", "bob"), NOW);
        let withdraw = |target| block_on(store.withdraw(&tenant(), "look", target)).unwrap();
        assert_eq!((withdraw("ada"), withdraw("bob")), (0, 1));
        assert_eq!(block_on(store.job_counts(&tenant())).unwrap(), (0, 1));
        release(store, &claimed, Finish::Done);
    });
}

#[test]
fn a_member_is_unoffered_exactly_when_an_offer_would_change_something() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = member(store, "ada");
        let its_job = Job {
            kind: "member".to_owned(),
            target: ada.to_string(),
            ..job("contoso", "mailbox:ada")
        };
        let unoffered = |at| {
            let (of, ids) = (tenant(), [ada].into());
            let members = store.members_unoffered(&of, &ids, "member", at);
            block_on(members).unwrap().len()
        };
        let agrees = |at| {
            let (named, changed) = (unoffered(at), offer(store, &its_job, at));
            assert_eq!(named, usize::from(changed));
            changed
        };
        assert!(agrees(NOW));
        assert!(!agrees(NOW));
        assert!(!agrees(NOW + Millis(5)));
        assert!(agrees(NOW - Millis(5)));
        let claimed = claim(store).unwrap();
        assert!(agrees(NOW), "worked on: it runs once more");
        assert!(!agrees(NOW + Millis(5)));
        release(store, &claimed, Finish::Done);
        assert!(!agrees(NOW), "offered meanwhile: it waits");
    });
}
