//! The store on disk: crashes, damage, newer programs, backups.

use crate::support::*;
use futures::executor::block_on;
use futures::future::join_all;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use store::{FILE, Mode, SCHEMA, Store, StoreError};

fn open(folder: &Path) -> Result<Store, StoreError> {
    let (clock, chance) = (TestClock::at(NOW.0), Arc::new(Counter::default()));
    Store::open(folder, clock, chance, Mode::Inline)
}

const THREADED: Mode = Mode::Threaded { readers: 2 };

/// What a killed process leaves behind: the files as they are at this moment.
fn files_now(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    copy
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_disk(folder.path(), THREADED).store;
    let verbs = (0..200).map(|n| {
        let store = store.clone();
        async move { store.set_setting("s", &format!("{n:03}"), Some("x")).await }
    });
    for done in block_on(join_all(verbs)) {
        assert_eq!(done, Ok(true));
    }
    let left = files_now(folder.path());
    let found = open(left.path()).unwrap();
    assert_eq!(block_on(found.settings("s")).unwrap().len(), 200);
    assert_eq!(block_on(found.integrity()).unwrap(), [""; 0]);
}

/// A stepped verb can be dropped on either side of its transaction: all of it is there, or nothing.
#[test]
fn a_verb_that_is_dropped_has_happened_whole_or_not_at_all() {
    let (clock, chance) = (TestClock::at(NOW.0), Arc::new(Counter::default()));
    let seal = Arc::new(store::Plain);
    let store = Store::in_memory_with(clock, chance, Mode::Stepped, seal).unwrap();
    let mut seen = Vec::new();
    for polls in 0..3 {
        let key = format!("after {polls} polls");
        let mut verb = Box::pin(store.set_setting("s", &key, Some("x")));
        for _ in 0..polls {
            let poll = verb.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
        }
        drop(verb);
        seen.push(block_on(store.setting("s", &key)).unwrap().is_some());
    }
    assert_eq!(seen, [false, false, true]);
}

#[test]
fn an_inline_verb_is_done_at_the_first_poll() {
    let store = in_memory().store;
    let mut verb = Box::pin(store.set_setting("s", "k", Some("x")));
    let poll = verb.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll, Poll::Ready(Ok(true)));
}

#[test]
fn a_store_keeps_its_name_and_its_content_when_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = on_disk(folder.path(), THREADED).store;
    let identity = block_on(first.identity()).unwrap();
    commit(&first, &["Ada"]);
    drop(first);
    let again = open(folder.path()).unwrap();
    assert_eq!(block_on(again.identity()).unwrap(), identity);
    let view = block_on(again.view(&tenant(), CATALOG, &view(), 0)).unwrap();
    assert_eq!(view.entries.len(), 1);
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let newer = SCHEMA + 3;
    file.execute("INSERT INTO schema_version VALUES (?1)", [newer])
        .unwrap();
    drop(file);
    let refused = open(folder.path()).err().unwrap();
    assert!(matches!(&refused, StoreError::NewerSchema { found, .. } if *found == newer));
    assert_eq!(refused.exit_code(), 68);
}

#[test]
fn a_damaged_file_is_recognised_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), vec![7; 9_000]).unwrap();
    let refused = open(folder.path()).err().unwrap();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    assert_eq!(refused.exit_code(), 68);
}

#[test]
fn damage_inside_the_file_is_recognised_by_what_meets_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    commit(&store, &["Ada"; 200]);
    drop(store);
    let path = folder.path().join(FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let from = 4_096 * 2;
    bytes[from..].fill(0xAA);
    std::fs::write(&path, bytes).unwrap();
    let damaged = match open(folder.path()) {
        Err(refused) => refused,
        Ok(store) => block_on(store.load_catalog(&tenant(), CATALOG)).unwrap_err(),
    };
    assert!(matches!(damaged, StoreError::Damaged { .. }), "{damaged}");
}

#[test]
fn a_folder_that_cannot_be_made_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = open(&file.join("below")).err().unwrap();
    assert!(matches!(refused, StoreError::Io { .. }), "{refused}");
    assert!(refused.to_string().contains("below"), "{refused}");
}

#[test]
fn a_backup_is_whole_and_knows_that_it_is_one() {
    on_each(|bench| {
        let store = &bench.store;
        commit(store, &["Ada"]);
        let to = tempfile::tempdir().unwrap();
        let file = block_on(store.backup(to.path())).unwrap();
        assert_eq!(file, to.path().join(FILE));
        let again = block_on(store.backup(to.path()));
        assert!(
            matches!(again, Err(StoreError::Refused { .. })),
            "nothing is overwritten"
        );
        commit(store, &["Ada", "Bob"]);
        let (mine, copy) = (
            block_on(store.identity()).unwrap(),
            open(to.path()).unwrap(),
        );
        let theirs = block_on(copy.identity()).unwrap();
        assert_eq!(
            (&theirs.instance, theirs.epoch),
            (&mine.instance, mine.epoch + 1)
        );
        let view = block_on(copy.view(&tenant(), CATALOG, &view(), 0)).unwrap();
        assert_eq!(view.entries.len(), 1);
        assert_eq!(block_on(copy.integrity()).unwrap(), [""; 0]);
    });
}

#[test]
fn two_programs_can_share_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let (serve, status) = (
        on_disk(folder.path(), THREADED).store,
        open(folder.path()).unwrap(),
    );
    for n in 0..20 {
        let (a, b) = (format!("a{n}"), format!("b{n}"));
        block_on(serve.record(&tenant(), None, &a, "")).unwrap();
        block_on(status.record(&tenant(), None, &b, "")).unwrap();
    }
    assert_eq!(block_on(serve.verify_ledger()), Ok(None));
    assert_eq!(block_on(status.identity()).unwrap().ledger, 40);
}

#[test]
fn stores_in_memory_are_apart_and_begin_alike() {
    let (first, second) = (in_memory().store, in_memory().store);
    commit(&first, &["Ada"]);
    assert_eq!(block_on(second.catalog_version(&tenant(), CATALOG)), Ok(0));
    let instance = |store: &Store| block_on(store.identity()).unwrap().instance;
    assert_eq!(
        instance(&first),
        instance(&second),
        "the same chance, the same name"
    );
}
