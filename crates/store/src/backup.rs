//! Backups while the store works, and the check of its soundness.

use crate::db::Db;
use crate::error::{Result, StoreError};
use crate::handle::{FILE, Store};
use crate::meta::next_epoch;
use rusqlite::{Connection, backup::Backup};
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Store {
    /// Copies the store into another folder, whole and consistent, while it works; answers the file. The copy
    /// has the next epoch, so that a store put back from it knows that it was.
    pub async fn backup(&self, to: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(to).map_err(|e| StoreError::io(to, &e))?;
        let file = to.join(FILE);
        if file.exists() {
            return Err(StoreError::Refused {
                what: format!(
                    "overwrite {}: name an empty folder for the backup",
                    file.display()
                ),
            });
        }
        let (target, frame) = (file.clone(), std::sync::Arc::clone(&self.inner.frame));
        self.read(move |db| {
            let place = target.display().to_string();
            let failed = |e: rusqlite::Error| StoreError::sqlite(&place, &e);
            let copy = copy_to(db.connection, &target).map_err(failed)?;
            next_epoch(&frame.db(&copy))?;
            copy.close().map_err(|(_, e)| failed(e))
        })
        .await?;
        Ok(file)
    }

    /// Every defect that the engine finds in its file; empty: it is sound. Reads all of it.
    pub async fn integrity(&self) -> Result<Vec<String>> {
        self.read(integrity).await
    }
}

fn copy_to(from: &Connection, target: &Path) -> rusqlite::Result<Connection> {
    let mut copy = Connection::open(target)?;
    if !from.is_autocommit() && from.path().is_none_or(str::is_empty) {
        // A store in memory lives in one transaction, and SQLite makes no backup from inside it.
        from.execute_batch("COMMIT")?;
    }
    Backup::new(from, &mut copy)?.run_to_completion(4_096, Duration::ZERO, None)?;
    // A copy that is moved about must be one file, and durable before its name is given to anybody.
    copy.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")?;
    Ok(copy)
}

/// SQLite's own check; PostgreSQL has its tools for it.
fn integrity(db: &Db) -> Result<Vec<String>> {
    let check = || {
        let mut prepared = db.connection.prepare("PRAGMA integrity_check(100)")?;
        let rows = prepared.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<String>>>()
    };
    let mut found = check().map_err(|e| StoreError::sqlite(db.place, &e))?;
    found.retain(|line| line != "ok");
    Ok(found)
}
