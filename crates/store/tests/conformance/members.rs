//! Members: joining, doubting, staying, leaving, coming back.

use crate::support::*;
use futures::executor::block_on;
use model::catalog::{CatalogChange, Leaving, MemberChange};
use model::member::MemberState;
use model::tunnel::Copies;
use model::{FolderId, MemberId};
use store::{Finished, Store};

fn apply(store: &Store, change: &MemberChange) -> Vec<MemberId> {
    round(store, &CatalogChange::default(), change)
}

fn leaving(member: MemberId) -> MemberChange {
    MemberChange {
        leave: [(member, Copies::Remove)].into(),
        ..MemberChange::default()
    }
}

fn read(store: &Store, id: MemberId) -> model::member::Member {
    block_on(store.member(id)).unwrap().unwrap()
}

/// Brings a member to a state in which it has come through something.
fn settle_in(store: &Store, id: MemberId) {
    let lease = lease(store, "lane");
    let finished = Finished {
        through: 9,
        cursor: Some("delta".to_owned()),
        looked_full: true,
        strangers: false,
    };
    block_on(store.finish_member(&lease, id, finished, NOW)).unwrap();
}

#[test]
fn a_new_member_starts_at_the_beginning() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = member(store, "ada");
        let joined = read(store, ada);
        assert_eq!((joined.through, joined.state), (0, MemberState::Active));
        assert_eq!(joined.address, "ada@contoso.example");
        assert_eq!((joined.cursor, joined.folder), (None, None));
        assert_eq!(apply(store, &joining("ada", "all")), []);
        let all = block_on(store.members(&tenant(), CATALOG)).unwrap();
        assert_eq!(all.len(), 1);
        let theirs = block_on(store.members(&"fabrikam".into(), CATALOG)).unwrap();
        assert_eq!(theirs, []);
        let of = block_on(store.members_of_mailbox(&tenant(), &"ada".into())).unwrap();
        assert_eq!(of, all);
    });
}

#[test]
fn another_view_starts_over_but_keeps_the_cursor() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = member(store, "ada");
        settle_in(store, ada);
        assert_eq!(apply(store, &joining("ada", "managers")), [ada]);
        let moved = read(store, ada);
        assert_eq!((moved.through, moved.cursor.as_deref()), (0, Some("delta")));
        assert_eq!(moved.view.as_str(), "managers");
    });
}

#[test]
fn who_comes_back_is_the_same_member_and_is_looked_at_in_full() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = member(store, "ada");
        settle_in(store, ada);
        assert_eq!(apply(store, &leaving(ada)), [ada]);
        assert_eq!(read(store, ada).state, MemberState::LeavingRemove);
        assert_eq!(apply(store, &leaving(ada)), []);
        block_on(store.member_left(ada)).unwrap();
        assert_eq!(apply(store, &leaving(ada)), [], "who has left cannot leave");
        assert_eq!(apply(store, &joining("ada", "all")), [ada]);
        let back = read(store, ada);
        assert_eq!((back.state, back.through), (MemberState::Active, 0));
        assert_eq!(back.cursor, None);
    });
}

#[test]
fn doubt_comes_and_goes() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = member(store, "ada");
        let doubt = Leaving {
            since: NOW,
            round: 3,
            fact: "left group All staff".to_owned(),
        };
        let doubted = MemberChange {
            doubt: [(ada, doubt.clone())].into(),
            ..MemberChange::default()
        };
        assert_eq!(apply(store, &doubted), []);
        assert_eq!(read(store, ada).leaving, Some(doubt));
        let stays = MemberChange {
            stay: vec![ada],
            ..MemberChange::default()
        };
        apply(store, &stays);
        assert_eq!(read(store, ada).leaving, None);
    });
}

#[test]
fn another_folder_needs_a_full_look() {
    on_each(|bench| {
        let store = &bench.store;
        let ada = member(store, "ada");
        let folder = FolderId::from("AAMkF1");
        block_on(store.set_folder(ada, Some(&folder), "People")).unwrap();
        settle_in(store, ada);
        block_on(store.set_folder(ada, Some(&folder), "Renamed")).unwrap();
        let renamed = read(store, ada);
        assert_eq!(renamed.cursor.as_deref(), Some("delta"));
        assert_eq!(renamed.folder_name, "Renamed");
        block_on(store.set_folder(ada, Some(&"AAMkF2".into()), "Renamed")).unwrap();
        assert_eq!(read(store, ada).cursor, None);
    });
}

#[test]
fn applying_a_change_that_is_already_true_changes_no_row() {
    let bench = in_memory();
    let store = &bench.store;
    let ada = member(store, "ada");
    let same = MemberChange {
        stay: vec![ada],
        ..joining("ada", "all")
    };
    assert_eq!(rows_changed(store, || drop(apply(store, &same))), 0);
}
