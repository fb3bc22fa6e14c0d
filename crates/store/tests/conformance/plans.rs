//! How SQLite answers each statement: through an index, or by reading a whole table.

use crate::support::*;
use store::{FILE, Mode, all_statements};

/// What may read whole tables: small ones (holds, notices, pauses), listings for people that stop at their
/// limit, the check of the ledger, and the daily broom.
const WHOLE: &str = "\
DECIDE: hold
EVERY: ledger
IDLE: content, link, link
LIST: run
OF_RUN: hold
PAUSES: pause
PHOTOS: photo, c, e
RUNS: run
RUN_MEMBERS: run
BLOCKS: run
COUNTS: written
STANDING: notice
UNTOLD: notice
WAITING: h";

/// Names of queues and steps inside a statement, which are not tables.
const INNER: [&str; 7] = ["busy", "b", "r", "seen", "s", "open", "o"];

/// The lines of a statement's plan.
fn plan(file: &rusqlite::Connection, text: &str) -> Vec<String> {
    let mut explained = file.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut rows = explained.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get(3).unwrap());
    }
    lines
}

/// The tables that a statement reads whole.
fn scanned(file: &rusqlite::Connection, text: &str) -> Vec<String> {
    let lines = plan(file, text);
    let tables = lines.iter().filter_map(|line| line.strip_prefix("SCAN "));
    let names = tables.filter_map(|table| table.split(' ').next());
    names
        .filter(|name| !INNER.contains(name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_is_asked_often_never_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let _store = on_disk(folder.path(), Mode::Inline);
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    for statement in all_statements() {
        let tables = scanned(&file, statement.text);
        let line = format!("{}: {}", statement.name, tables.join(", "));
        let allowed = tables.is_empty() || WHOLE.lines().any(|allowed| allowed == line);
        assert!(allowed, "{line}\n{}", statement.text);
    }
}

#[test]
fn links_of_an_item_are_found_by_their_index() {
    let folder = tempfile::tempdir().unwrap();
    let _store = on_disk(folder.path(), Mode::Inline);
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let by_item = all_statements().find(|s| s.name == "BY_ITEM").unwrap();
    let lines = plan(&file, by_item.text).join("; ");
    assert!(lines.contains("link_by_item"), "{lines}");
}
