//! Collections: a look is saved with its cursor, and equal bytes change nothing.

use crate::support::*;
use futures::executor::block_on;
use model::Timestamp;
use store::{CollectionSaved, Store};

type Change = (&'static str, Option<&'static str>);

fn save(store: &Store, changes: &[Change], replace: bool, cursor: &str, at: i64) -> usize {
    let changes = changes
        .iter()
        .map(|(key, bytes)| ((*key).to_owned(), bytes.map(|b| b.as_bytes().to_vec())))
        .collect();
    let (of, at) = (tenant(), Timestamp(at));
    let saved = store.save_collection(&of, "directory", changes, replace, Some(cursor), true, at);
    let CollectionSaved { changed } = block_on(saved).unwrap();
    changed
}

fn keys(store: &Store) -> Vec<String> {
    let items = block_on(store.collection_items(&tenant(), "directory")).unwrap();
    items.into_keys().collect()
}

#[test]
fn a_look_is_saved_with_its_cursor() {
    on_each(|bench| {
        let store = &bench.store;
        assert_eq!(block_on(store.collection(&tenant(), "directory")), Ok(None));
        let both = [("ada", Some("A")), ("bob", Some("B"))];
        assert_eq!(save(store, &both, false, "c1", 10), 2);
        assert_eq!(
            save(store, &[("bob", None), ("cyd", None)], false, "c2", 20),
            1
        );
        assert_eq!(keys(store), ["ada"]);
        let state = block_on(store.collection(&tenant(), "directory"))
            .unwrap()
            .unwrap();
        assert_eq!(state.cursor.as_deref(), Some("c2"));
        assert_eq!((state.complete_round, state.changed_at), (2, Timestamp(20)));
        assert_eq!(save(store, &[], false, "c3", 30), 0);
        let state = block_on(store.collection(&tenant(), "directory"))
            .unwrap()
            .unwrap();
        assert_eq!(
            (state.looked_at, state.changed_at),
            (Timestamp(30), Timestamp(20))
        );
    });
}

#[test]
fn a_full_look_removes_what_it_does_not_name() {
    on_each(|bench| {
        let store = &bench.store;
        save(
            store,
            &[("ada", Some("A")), ("bob", Some("B"))],
            false,
            "c1",
            10,
        );
        let full = [("bob", Some("B")), ("cyd", Some("C"))];
        assert_eq!(save(store, &full, true, "c2", 20), 2);
        assert_eq!(keys(store), ["bob", "cyd"]);
    });
}

#[test]
fn equal_bytes_change_no_item() {
    let bench = in_memory();
    let store = &bench.store;
    let look = [("ada", Some("A")), ("bob", Some("B"))];
    save(store, &look, true, "c1", 10);
    let changed = rows_changed(store, || {
        assert_eq!(save(store, &look, true, "c2", 20), 0);
    });
    assert_eq!(changed, 1, "the collection's own row, for its cursor");
}

#[test]
fn collections_of_tenants_are_apart() {
    on_each(|bench| {
        let store = &bench.store;
        save(store, &[("ada", Some("A"))], false, "c1", 10);
        let other = "fabrikam".into();
        assert!(
            block_on(store.collection_items(&other, "directory"))
                .unwrap()
                .is_empty()
        );
        assert_eq!(block_on(store.collections(&other)).unwrap(), [""; 0]);
        block_on(store.remove_collection(&tenant(), "directory")).unwrap();
        assert!(keys(store).is_empty());
    });
}

#[test]
fn photos_are_kept_once_by_their_hash() {
    let bench = in_memory();
    let store = &bench.store;
    let hash = block_on(store.put_blob(&tenant(), b"jpeg")).unwrap();
    assert_eq!(hash.len(), 64);
    let again = rows_changed(store, || {
        assert_eq!(block_on(store.put_blob(&tenant(), b"jpeg")).unwrap(), hash);
    });
    assert_eq!(again, 0);
    assert_eq!(
        block_on(store.blob(&tenant(), &hash)).unwrap().unwrap(),
        b"jpeg"
    );
    assert_eq!(
        block_on(store.blob(&"fabrikam".into(), &hash)).unwrap(),
        None
    );
}

#[test]
fn what_has_not_changed_since_is_not_read_again() {
    on_each(|bench| {
        let store = &bench.store;
        let read = |seen: &[(&'static str, Timestamp)]| {
            let items = block_on(store.items_unless_seen(&tenant(), "directory", seen)).unwrap();
            items.map(|items| (items.changed_at, items.items.len()))
        };
        assert_eq!(read(&[]), Some((None, 0)));
        let never = [("directory", Timestamp(10))];
        assert_eq!(read(&never), Some((None, 0)));
        save(store, &[("ada", Some("A"))], false, "c1", 10);
        let seen = [("directory", Timestamp(10))];
        assert_eq!(read(&[]), Some((Some(Timestamp(10)), 1)));
        assert_eq!(read(&seen), None);
        save(store, &[("ada", Some("A"))], false, "c2", 20);
        assert_eq!(read(&seen), None, "looked at, and nothing changed");
        let other = [("directory", Timestamp(10)), ("other", Timestamp(10))];
        assert_eq!(read(&other), Some((Some(Timestamp(10)), 1)));
        save(store, &[("ada", None)], false, "c3", 30);
        assert_eq!(read(&seen), Some((Some(Timestamp(30)), 0)));
    });
}
