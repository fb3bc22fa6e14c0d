//! Catalogs: versions only grow, contents are kept once, and nothing happens when nothing changed.

use crate::support::*;
use futures::executor::block_on;
use model::catalog::{
    CatalogChange, Contribution, EntryChange, EntryState, EntryWish, GoneCause, Identity,
    MemberChange, Standing,
};
use model::{ContentId, EntryId, Millis, Timestamp};
use std::sync::Arc;
use store::Store;

fn versions(store: &Store, newer_than: i64) -> Vec<(u128, i64)> {
    let read = block_on(store.view(&tenant(), CATALOG, &view(), newer_than)).unwrap();
    let pairs = read.entries.iter().map(|(id, e)| (id.0, e.version));
    pairs.collect()
}

fn content_of(store: &Store, entry: u128) -> ContentId {
    let read = block_on(store.view_entries(&tenant(), CATALOG, &view(), &[EntryId(entry)]));
    match &read.unwrap().entries[&EntryId(entry)].state {
        EntryState::Live { content, .. } => *content,
        EntryState::Gone { .. } => panic!("entry {entry} is gone"),
    }
}

fn gone(entry: u128) -> EntryChange {
    EntryChange {
        view: view(),
        entry: EntryId(entry),
        to: EntryWish::Gone {
            since: NOW,
            cause: GoneCause::Fact,
        },
    }
}

fn change(store: &Store, change: &CatalogChange, at: Timestamp) -> i64 {
    let nobody = MemberChange::default();
    block_on(store.commit_round(&tenant(), CATALOG, change, &nobody, at)).unwrap();
    block_on(store.catalog_version(&tenant(), CATALOG)).unwrap()
}

#[test]
fn each_commit_that_changes_an_entry_mints_one_version() {
    on_each(|bench| {
        let store = &bench.store;
        assert_eq!(commit(store, &["Ada", "Bob"]), 1);
        assert_eq!(commit(store, &["Ada", "Bo"]), 2);
        assert_eq!(versions(store, 0), [(1, 1), (2, 2)]);
        assert_eq!(versions(store, 1), [(2, 2)]);
        assert_eq!(commit(store, &["Ada", "Bo"]), 2);
        assert_eq!(change(store, &entries(vec![gone(1)]), NOW), 3);
        assert_eq!(versions(store, 2), [(1, 3)]);
        assert_eq!(
            block_on(store.catalog_version(&tenant(), CATALOG)).unwrap(),
            3
        );
    });
}

#[test]
fn committing_what_is_there_changes_no_row() {
    let bench = in_memory();
    let store = &bench.store;
    let mut all = full_change();
    change(store, &all, NOW);
    let again = rows_changed(store, || {
        change(store, &all, NOW + Millis::days(1));
    });
    assert_eq!(again, 0);
    all.entries.push(live(7, "Gus"));
    assert!(
        rows_changed(store, || {
            change(store, &all, NOW);
        }) > 0
    );
}

fn full_change() -> CatalogChange {
    let key = ("t-1/directory".to_owned(), "ada".to_owned());
    let contribution = Contribution {
        entry: EntryId(1),
        content: person("Ada"),
        photo: Some("ab12".to_owned()),
        standing: Standing::In,
        identity: Identity::default(),
    };
    CatalogChange {
        contributions: [(key.clone(), Some(contribution))].into(),
        entries: vec![live(1, "Ada"), gone(2)],
        views: [(view(), vec![key.0.clone()])].into(),
        rules: [(key.0, "rule-hash".to_owned())].into(),
    }
}

#[test]
fn a_catalog_reads_back_as_it_was_committed() {
    on_each(|bench| {
        let store = &bench.store;
        let wanted = full_change();
        change(store, &wanted, NOW);
        let read = block_on(store.load_catalog(&tenant(), CATALOG)).unwrap();
        assert_eq!(read.version, 1);
        let (key, contribution) = read.contributions.first_key_value().unwrap();
        assert_eq!(wanted.contributions[key].as_ref(), Some(contribution));
        assert_eq!(read.rules, wanted.rules);
        let held = &read.views[&view()];
        assert_eq!(held.sources, wanted.views[&view()]);
        assert_eq!(held.entries.len(), 2);
        let of = block_on(store.contributions_of(&tenant(), CATALOG, EntryId(1))).unwrap();
        assert_eq!(of.len(), 1);
        let mut less = CatalogChange::default();
        less.contributions.insert(key.clone(), None);
        change(store, &less, NOW);
        let read = block_on(store.load_catalog(&tenant(), CATALOG)).unwrap();
        assert!(read.contributions.is_empty());
    });
}

#[test]
fn a_catalog_belongs_to_one_tenant() {
    on_each(|bench| {
        let store = &bench.store;
        commit(store, &["Ada"]);
        let other = "fabrikam".into();
        let theirs = block_on(store.load_catalog(&other, CATALOG)).unwrap();
        assert_eq!(theirs, model::catalog::Catalog::default());
        let joins = joining("eve", "all");
        let eve = entries(vec![live(9, "Eve")]);
        let taken = block_on(store.commit_round(&other, CATALOG, &eve, &joins, NOW));
        assert!(taken.is_err());
        // What is refused is not kept in part.
        assert!(block_on(store.members(&other, CATALOG)).unwrap().is_empty());
        let content = content_of(store, 1);
        assert!(
            block_on(store.contents(&other, &[content]))
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn equal_contents_are_one_and_shared_in_memory() {
    on_each(|bench| {
        let store = &bench.store;
        commit(store, &["Ada", "Ada", "Bob"]);
        assert_eq!(content_of(store, 1), content_of(store, 2));
        assert_ne!(content_of(store, 1), content_of(store, 3));
        let id = content_of(store, 1);
        let read = || block_on(store.contents(&tenant(), &[id])).unwrap()[&id].clone();
        assert!(Arc::ptr_eq(&read(), &read()));
        assert_eq!(*read(), person("Ada"));
    });
}

#[test]
fn old_contents_stay_while_links_refer_to_them_and_a_month_longer() {
    on_each(|bench| {
        let store = &bench.store;
        commit(store, &["Ada"]);
        let (linked, idle) = (content_of(store, 1), ContentId(2));
        let (member, run) = (member(store, "m"), run(store));
        let mut settled = done(member, 1, "item", model::link::Op::Create);
        settled.link.as_mut().unwrap().agreed = Some(linked);
        let lease = lease(store, "m");
        block_on(store.settle(&lease, run, member, vec![settled], NOW)).unwrap();
        commit(store, &["Adele"]);
        assert_eq!(content_of(store, 1), idle);
        change(
            store,
            &entries(vec![live(1, "Adelina")]),
            NOW + Millis::days(10),
        );
        let early = block_on(store.prune(NOW + Millis::days(40))).unwrap();
        assert_eq!(early.contents, 0, "idle for 30 days only");
        let pruned = block_on(store.prune(NOW + Millis::days(50))).unwrap();
        assert_eq!(pruned.contents, 1);
        let again = block_on(store.prune(NOW + Millis::days(50))).unwrap();
        assert_eq!(again.contents, 0, "the linked one and the living one stay");
    });
}
