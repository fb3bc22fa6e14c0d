//! Group commit from within: what is shared, what fails alone, and what a full disk leaves.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::*;
use crate::content::Shelf;
use crate::handle::{connect, write_now};
use crate::sql::Statement;
use futures::executor::block_on;
use rusqlite::OptionalExtension;
use std::path::Path;

const PUT: Statement = Statement {
    name: "PUT",
    text: "",
    sqlite: "INSERT INTO setting (scope, key, value) VALUES ('s', ?1, ?2)",
};

fn frame() -> Arc<Frame> {
    Arc::new(Frame {
        place: "here".to_owned(),
        seal: Arc::new(crate::seal::Plain),
        shelf: Shelf::default(),
    })
}

fn opened(folder: &Path) -> Connection {
    let mut connection = connect(&folder.join("t.db"), "here").unwrap();
    crate::schema::migrate(&mut connection, "here").unwrap();
    connection
}

fn put(db: &Db, key: &str, value: &str) -> Result<usize> {
    db.run(PUT, args![key, value])
}

fn has(connection: &Connection, key: &str) -> bool {
    let sql = "SELECT 1 FROM setting WHERE key = ?1";
    let found = connection.query_row(sql, [key], |_| Ok(())).optional();
    found.unwrap().is_some()
}

type Answer<T> = oneshot::Receiver<Result<T>>;

fn waiting<T: Send + 'static>(
    verb: impl FnOnce(&Db) -> Result<T> + Send + 'static,
) -> (Waiting, Answer<T>) {
    let (answer, told) = oneshot::channel();
    (pack(verb, answer), told)
}

#[test]
fn verbs_that_wait_together_share_one_commit_and_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, other) = (opened(folder.path()), opened(folder.path()));
    let (first, told_first) = waiting(|db| put(db, "a", "1"));
    let (spoilt, told_spoilt) = waiting(|db| {
        put(db, "b", "1")?;
        put(db, "b", "2")
    });
    let (broken, told_broken) = waiting(|db| -> Result<()> {
        put(db, "c", "1")?;
        panic!("a defect in a verb")
    });
    let (last, told_last) = waiting(move |db| {
        put(db, "d", "1")?;
        Ok(has(&other, "a"))
    });
    commit_group(&writer, &frame(), vec![first, spoilt, broken, last]);
    assert_eq!(block_on(told_first).unwrap(), Ok(1));
    let refused = block_on(told_spoilt).unwrap();
    assert!(matches!(refused, Err(StoreError::Refused { .. })));
    assert!(
        block_on(told_broken).is_err(),
        "its caller hears that it closed"
    );
    let seen_before_commit = block_on(told_last).unwrap();
    assert_eq!(seen_before_commit, Ok(false));
    let kept = ["a", "b", "c", "d"].map(|key| has(&writer, key));
    assert_eq!(kept, [true, false, false, true]);
}

#[test]
fn a_full_disk_is_told_to_everyone_in_the_group_and_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let writer = opened(folder.path());
    let pages: i64 = writer
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    writer
        .pragma_update(None, "max_page_count", pages + 2)
        .unwrap();
    let (small, told_small) = waiting(|db| put(db, "small", "1"));
    let (big, told_big) = waiting(|db| put(db, "big", &"x".repeat(100_000)));
    commit_group(&writer, &frame(), vec![small, big]);
    let big = block_on(told_big).unwrap();
    assert!(matches!(big, Err(StoreError::Full { .. })), "{big:?}");
    // SQLite may end the statement only or the whole transaction: nobody is told what does not hold.
    let small = block_on(told_small).unwrap();
    assert_eq!(small.is_ok(), has(&writer, "small"));
    assert!(!has(&writer, "big"));
    assert_eq!(big.unwrap_err().exit_code(), 69);
}

#[test]
fn a_group_that_cannot_begin_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, other) = (opened(folder.path()), opened(folder.path()));
    writer.busy_timeout(std::time::Duration::ZERO).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (verb, told) = waiting(|db| put(db, "a", "1"));
    commit_group(&writer, &frame(), vec![verb]);
    let refused = block_on(told).unwrap();
    assert!(
        matches!(refused, Err(StoreError::Busy { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_verb_that_fails_alone_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let writer = opened(folder.path());
    let (verb, told) = waiting(|db| {
        put(db, "a", "1")?;
        put(db, "a", "2")
    });
    commit_group(&writer, &frame(), vec![verb]);
    assert!(block_on(told).unwrap().is_err());
    assert!(!has(&writer, "a"));
    let (verb, told) = waiting(|db| put(db, "a", "3"));
    commit_group(&writer, &frame(), vec![verb]);
    assert!(block_on(told).unwrap().is_ok());
    assert!(has(&writer, "a"));
}

#[test]
fn a_verb_that_fails_inline_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let connection = opened(folder.path());
    let failed = write_now(&connection, TRANSACTION, &frame(), |db| {
        put(db, "a", "1")?;
        put(db, "a", "2")
    });
    assert!(failed.is_err());
    assert!(!has(&connection, "a"));
    assert!(connection.is_autocommit());
}
