//! The ledger: a chain in which every change shows.

use crate::support::*;
use futures::executor::block_on;
use store::{FILE, LedgerFilter, Mode};

/// Three decisions in a file, then somebody's hand in it, then the check.
fn after_tampering(sql: &str) -> Option<i64> {
    let folder = tempfile::tempdir().unwrap();
    let store = on_disk(folder.path(), Mode::Inline).store;
    for act in ["one", "two", "three"] {
        block_on(store.record(&tenant(), None, act, "detail")).unwrap();
    }
    assert_eq!(block_on(store.verify_ledger()), Ok(None));
    drop(store);
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let hand = format!("DROP TRIGGER ledger_keeps_rows; DROP TRIGGER ledger_keeps_all; {sql}");
    file.execute_batch(&hand).unwrap();
    drop(file);
    let store = on_disk(folder.path(), Mode::Inline).store;
    block_on(store.verify_ledger())
        .unwrap()
        .map(|found| found.seq)
}

#[test]
fn a_changed_row_breaks_the_chain_there() {
    assert_eq!(after_tampering(""), None);
    assert_eq!(
        after_tampering("UPDATE ledger SET act = 'x' WHERE seq = 2"),
        Some(2)
    );
    assert_eq!(
        after_tampering("UPDATE ledger SET tenant = 'x' WHERE seq = 3"),
        Some(3)
    );
    assert_eq!(
        after_tampering("UPDATE ledger SET member = 1 WHERE seq = 1"),
        Some(1)
    );
    assert_eq!(
        after_tampering(
            "UPDATE ledger SET entry = x'00000000000000000000000000000000', part = 0 WHERE seq = 1"
        ),
        Some(1)
    );
}

#[test]
fn removed_and_cut_off_rows_are_missed() {
    assert_eq!(after_tampering("DELETE FROM ledger WHERE seq = 2"), Some(3));
    assert_eq!(after_tampering("DELETE FROM ledger WHERE seq = 3"), Some(3));
}

#[test]
fn the_file_itself_refuses_to_change_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let store = on_disk(folder.path(), Mode::Inline).store;
    block_on(store.record(&tenant(), None, "one", "")).unwrap();
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    for hand in ["DELETE FROM ledger", "UPDATE ledger SET act = 'x'"] {
        let refused = file.execute_batch(hand).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
}

#[test]
fn decisions_are_in_the_ledger_with_who_made_them() {
    on_each(|bench| {
        let store = &bench.store;
        let run = run(store);
        block_on(store.cancel(run, "kim", NOW)).unwrap();
        let filter = LedgerFilter {
            run: Some(run),
            ..LedgerFilter::default()
        };
        let rows = block_on(store.ledger(&filter)).unwrap();
        assert_eq!(
            (rows[0].act.as_str(), rows[0].detail.as_str()),
            ("cancel", "by kim")
        );
        let identity = block_on(store.identity()).unwrap();
        assert_eq!(identity.ledger, rows[0].seq);
    });
}
