//! Stores in memory: copies of one template, made cheap enough for a thousand histories.
//!
//! A store in memory lives inside one transaction that is never committed; its verbs are savepoints in it.
//! When the store is dropped that transaction is rolled back, which leaves the template, with the schema
//! parsed and the statements prepared, for the next store.

use crate::handle::keep_statements;
use crate::schema;
use rusqlite::{Connection, backup::Backup};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Connections that wait for their next store, at most.
const IDLE_MAX: usize = 16;

static IDLE: Mutex<Vec<Connection>> = Mutex::new(Vec::new());

/// A connection to an empty store in memory, given back when dropped.
pub(crate) struct Borrowed(Option<Connection>);

impl Borrowed {
    pub(crate) fn take() -> rusqlite::Result<Self> {
        let idle = lock(&IDLE).pop();
        let connection = idle.map_or_else(copy_of_template, Ok)?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(Some(connection)))
    }

    pub(crate) fn connection(&self) -> &Connection {
        match &self.0 {
            Some(connection) => connection,
            None => unreachable!("it is given back only when dropped"),
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let Some(connection) = self.0.take() else {
            return;
        };
        // Once a backup was made the transaction is over, and the template cannot be had back.
        let emptied = !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_ok();
        let mut idle = lock(&IDLE);
        if emptied && idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// Migrations run once per process; every connection starts as a copy of the result.
fn copy_of_template() -> rusqlite::Result<Connection> {
    static TEMPLATE: OnceLock<Mutex<Connection>> = OnceLock::new();
    let template = match TEMPLATE.get() {
        Some(template) => template,
        None => {
            let made = Mutex::new(template()?);
            TEMPLATE.get_or_init(|| made)
        }
    };
    let mut connection = Connection::open_in_memory()?;
    Backup::new(&lock(template), &mut connection)?.step(-1)?;
    keep_statements(&connection)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA synchronous = OFF;")?;
    Ok(connection)
}

fn template() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    match schema::migrate(&mut connection, "in memory") {
        Ok(()) => Ok(connection),
        Err(e) => unreachable!("an empty store in memory takes the schema: {e}"),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
