//! The writing protocol: what is durable before a request is sent, and what is refused.

use crate::support::*;
use futures::executor::block_on;
use model::link::{Op, Part, Sent};
use model::run::RunState;
use model::{EntryId, Millis};
use store::{Fate, Finished, Phase, PriorFilter, Scope, StoreError};

#[test]
fn an_intent_is_durable_before_it_is_sent_and_taken_once() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        let intents = || vec![create(1), create(2)];
        let taken = block_on(store.intend(&lease, run, member, intents(), NOW)).unwrap();
        assert_eq!(taken, [true, true]);
        let sent = |entry| {
            let links = block_on(store.links_of(member, &[EntryId(entry)])).unwrap();
            links[&(EntryId(entry), Part::Core)].sent.clone()
        };
        assert_eq!(sent(1), Some(create(1).sent));
        let again = block_on(store.intend(&lease, run, member, intents(), NOW)).unwrap();
        assert_eq!(again, [false, false]);

        let settled = vec![done(member, 1, "item-1", Op::Create)];
        block_on(store.settle(&lease, run, member, settled, NOW)).unwrap();
        assert_eq!(sent(1), None);
        assert_eq!(block_on(store.links_unsettled(member)).unwrap().len(), 1);
        assert_eq!(block_on(store.count_copies(member)).unwrap(), 1);
        let next = vec![update(1, "item-1")];
        let taken = block_on(store.intend(&lease, run, member, next, NOW)).unwrap();
        assert_eq!(taken, [true]);
    });
}

#[test]
fn a_write_that_is_found_is_counted_in_the_run_that_sent_it_or_in_none() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        block_on(store.add_run_members(run, &[member])).unwrap();
        let intents = vec![create(1), create(2)];
        block_on(store.intend(&lease, run, member, intents, NOW)).unwrap();
        let found = |entry, item| vec![done(member, entry, item, Op::Create)];
        let ours = store.resolve(&lease, Some(run), member, found(1, "item-1"), NOW);
        block_on(ours).unwrap();
        let earlier = store.resolve(&lease, None, member, found(2, "item-2"), NOW);
        block_on(earlier).unwrap();
        assert_eq!(block_on(store.run(run)).unwrap().unwrap().account.done, 1);
        assert!(block_on(store.links_unsettled(member)).unwrap().is_empty());
        let rows = block_on(store.ledger(&store::LedgerFilter::default())).unwrap();
        let told = rows.iter().filter(|r| r.phase == Phase::After);
        let runs: Vec<_> = told.map(|r| r.run).collect();
        assert_eq!(runs, [Some(run), None]);
    });
}

#[test]
fn links_read_back_as_they_were_settled() {
    use model::link::{Deviations, Link, Origin, Trouble};
    use model::{ContentId, Field, ItemId, Value};
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        let mut link = Link::new(member, EntryId(u128::MAX - 1), Part::Photo);
        link.generation = 3;
        link.item = Some("AAMk=".into());
        link.etag = Some("W/\"x\"".into());
        link.origin = Origin::Adopted;
        link.agreed = Some(ContentId(9));
        link.shown = Deviations::from([
            (Field::Notes, Some(Value::text("mine"))),
            (Field::Title, None),
        ]);
        link.photo = Some("ab".to_owned());
        link.wrote = [Field::Title, Field::Notes].into();
        link.sent = Some(Sent {
            op: Op::Delete,
            deadline: NOW,
            content: Some(ContentId(8)),
            attempt: 2,
            generation: 3,
        });
        link.trouble = Some(Trouble {
            reason: "refused".to_owned(),
            attempts: 4,
            retry_at: NOW,
        });
        (link.tugs, link.tugged_at, link.refused) = (5, Some(NOW), true);
        let mut settled = done(member, 1, "AAMk=", Op::Photo);
        (settled.entry, settled.part) = (link.entry, link.part);
        (settled.link, settled.fate) = (Some(link.clone()), Fate::Unknown);
        block_on(store.settle(&lease, run, member, vec![settled], NOW)).unwrap();
        let key = (link.entry, link.part);
        let whole = [(key, link)].into();
        assert_eq!(block_on(store.links(member)).unwrap(), whole);
        assert_eq!(block_on(store.links_of(member, &[key.0])).unwrap(), whole);
        let items = [ItemId::from("AAMk=")];
        assert_eq!(
            block_on(store.links_by_item(member, &items)).unwrap(),
            whole
        );
        // Ids of Exchange are case-sensitive.
        let items = [ItemId::from("aamk=")];
        assert!(
            block_on(store.links_by_item(member, &items))
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn an_overtaken_worker_can_write_nothing_more() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let old = lease(store, "ada");
        bench.clock.pass(Millis::minutes(2));
        let new = claim(store).unwrap().lease;
        assert_eq!(new.fence, old.fence + 1);
        let lost = |outcome: Result<(), StoreError>| {
            assert!(
                matches!(outcome, Err(StoreError::LostLease { .. })),
                "{outcome:?}"
            );
        };
        let intent = block_on(store.intend(&old, run, member, vec![create(1)], NOW));
        lost(intent.map(|_| ()));
        let settled = vec![done(member, 1, "item", Op::Create)];
        lost(block_on(store.settle(&old, run, member, settled, NOW)));
        let finished = Finished {
            through: 1,
            cursor: None,
            looked_full: true,
            strangers: false,
        };
        lost(block_on(store.finish_member(&old, member, finished, NOW)));
        lost(block_on(store.agree(&old, member, vec![])));
        lost(block_on(store.extend(&old, Millis(1))).map(|_| ()));
        lost(block_on(store.holds(&old)));
        assert!(block_on(store.links(member)).unwrap().is_empty());
        assert!(block_on(store.holds(&new)).is_ok());
    });
}

#[test]
fn a_late_worker_that_nobody_overtook_goes_on() {
    let bench = in_memory();
    let (member, run) = (member(&bench.store, "ada"), run(&bench.store));
    let lease = lease(&bench.store, "ada");
    bench.clock.pass(Millis::hours(1));
    let taken = block_on(
        bench
            .store
            .intend(&lease, run, member, vec![create(1)], NOW),
    );
    assert_eq!(taken, Ok(vec![true]));
}

#[test]
fn an_update_without_its_prior_image_is_refused_whole() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        let mut bare = update(2, "item-2");
        bare.prior = None;
        let refused = block_on(store.intend(&lease, run, member, vec![create(1), bare], NOW));
        assert!(
            matches!(refused, Err(StoreError::Refused { .. })),
            "{refused:?}"
        );
        assert!(block_on(store.links(member)).unwrap().is_empty());
        assert_eq!(block_on(store.verify_ledger()), Ok(None));
    });
}

#[test]
fn prior_images_know_whether_their_write_happened() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        let intents = vec![update(1, "a"), update(2, "b"), update(3, "c")];
        block_on(store.intend(&lease, run, member, intents, NOW)).unwrap();
        let mut refused = done(member, 2, "b", Op::Update);
        refused.fate = Fate::NotDone;
        let mut open = done(member, 3, "c", Op::Update);
        open.fate = Fate::Unknown;
        let settled = vec![done(member, 1, "a", Op::Update), refused, open];
        block_on(store.settle(&lease, run, member, settled, NOW)).unwrap();

        let fates = |filter: PriorFilter| {
            let priors = block_on(store.priors(&filter)).unwrap();
            assert!(priors.iter().all(|prior| prior.bytes == b"before"));
            let fates = priors.iter().map(|prior| (prior.entry.0, prior.fate));
            fates.collect::<Vec<_>>()
        };
        let all = [(1, Some(Fate::Done)), (2, Some(Fate::NotDone)), (3, None)];
        let every = || PriorFilter::of(&tenant());
        assert_eq!(fates(every()), all);
        assert_eq!(
            fates(PriorFilter {
                run: Some(run),
                ..every()
            }),
            all
        );
        let entry = Some(EntryId(2));
        let narrow = PriorFilter {
            member: Some(member),
            entry,
            ..every()
        };
        assert_eq!(fates(narrow), all[1..2]);
        assert_eq!(
            fates(PriorFilter {
                until: Some(NOW),
                ..every()
            }),
            []
        );
        assert_eq!(fates(PriorFilter::of(&"fabrikam".into())), []);
    });
}

#[test]
fn a_pause_or_a_cancelled_run_stops_intents_at_once() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, first) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        let intend = |run| {
            let taken = block_on(store.intend(&lease, run, member, vec![create(1)], NOW));
            taken.map(|_| ())
        };
        let stopped = |scope: &str| {
            Err(StoreError::Stopped {
                scope: scope.to_owned(),
            })
        };
        for scope in [Scope::Tenant(tenant()), Scope::Run(first)] {
            assert!(block_on(store.pause(&tenant(), &scope, "kim", "ticket 7", NOW)).unwrap());
            assert!(!block_on(store.pause(&tenant(), &scope, "kim", "ticket 7", NOW)).unwrap());
            assert_eq!(intend(first), stopped(&scope.to_string()));
            assert_eq!(block_on(store.paused(&scope)).unwrap().unwrap().who, "kim");
            assert!(block_on(store.resume(&tenant(), &scope, "kim", NOW)).unwrap());
        }
        assert_eq!(intend(first), Ok(()));
        assert!(block_on(store.cancel(first, "kim", NOW)).unwrap());
        assert!(!block_on(store.cancel(first, "kim", NOW)).unwrap());
        assert_eq!(intend(first), stopped(&format!("run {first}")));
        let ended = block_on(store.run(first)).unwrap().unwrap();
        assert_eq!(ended.state, RunState::Cancelled);
        // What was sent before still gets its answer recorded.
        let settled = vec![done(member, 1, "item", Op::Create)];
        assert_eq!(
            block_on(store.settle(&lease, first, member, settled, NOW)),
            Ok(())
        );
    });
}

#[test]
fn a_worker_cannot_reach_into_another_tenant() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        block_on(store.offer(&job("fabrikam", "x"), NOW)).unwrap();
        let foreign = claim(store).unwrap().lease;
        assert_eq!(foreign.tenant.as_str(), "fabrikam");
        let taken = block_on(store.intend(&foreign, run, member, vec![create(1)], NOW));
        assert!(
            matches!(taken, Err(StoreError::Refused { .. })),
            "{taken:?}"
        );
    });
}

#[test]
fn the_ledger_speaks_before_and_after_each_write() {
    on_each(|bench| {
        let store = &bench.store;
        let (member, run) = (member(store, "ada"), run(store));
        let lease = lease(store, "ada");
        block_on(store.intend(&lease, run, member, vec![create(1)], NOW)).unwrap();
        let settled = vec![done(member, 1, "item-1", Op::Create)];
        block_on(store.settle(&lease, run, member, settled, NOW)).unwrap();
        let filter = store::LedgerFilter {
            run: Some(run),
            entry: Some(EntryId(1)),
            ..store::LedgerFilter::default()
        };
        let rows = block_on(store.ledger(&filter)).unwrap();
        let said: Vec<_> = rows
            .iter()
            .map(|row| (row.phase, row.act.as_str(), row.detail.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (Phase::Before, "create", ""),
                (Phase::After, "create", "done 201")
            ]
        );
        let last = block_on(store.last_writes(member, EntryId(1), 5)).unwrap();
        assert_eq!(last, rows[1..]);
    });
}

#[test]
fn finishing_a_member_as_it_was_changes_no_row() {
    let bench = in_memory();
    let store = &bench.store;
    let member = member(store, "ada");
    let lease = lease(store, "ada");
    let finish = |through| {
        let finished = Finished {
            through,
            cursor: Some("delta".to_owned()),
            looked_full: false,
            strangers: false,
        };
        block_on(store.finish_member(&lease, member, finished, NOW)).unwrap();
    };
    assert_eq!(rows_changed(store, || finish(4)), 1);
    assert_eq!(rows_changed(store, || finish(4)), 0);
    assert_eq!(block_on(store.member(member)).unwrap().unwrap().through, 4);
}
