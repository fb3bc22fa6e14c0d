//! Forgetting: what nobody needs any more after its time.

use crate::db::Db;
use crate::error::Result;
use crate::handle::Store;
use model::{ContentId, Millis, Timestamp};

/// Prior images can be put back, and old contents compared with, for this long at least.
const KEPT: Millis = Millis::days(31);
/// Ended runs can be shown for this long.
const RUNS_KEPT: Millis = Millis::days(180);
/// Contents removed in one transaction, so that others need not wait.
const CHUNK: usize = 500;

/// How much was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub priors: usize,
    pub contents: usize,
    pub photos: usize,
    pub runs: usize,
    pub counts: usize,
}

impl Store {
    /// Forgets what is past its time: prior images whose write is settled, contents and photos that neither
    /// entries nor links refer to, ended runs, guard counts. The ledger is kept for ever.
    pub async fn prune(&self, now: Timestamp) -> Result<Pruned> {
        let before = now - KEPT;
        let runs_before = now - RUNS_KEPT;
        let mut pruned = self
            .write(move |db| {
                Ok(Pruned {
                    priors: db.run(PRIORS, args![before])?,
                    photos: db.run(PHOTOS, args![before])?,
                    counts: db.run(COUNTS, args![before])?,
                    runs: prune_runs(db, runs_before)?,
                    contents: 0,
                })
            })
            .await?;
        pruned.contents = self.prune_contents(before).await?;
        Ok(pruned)
    }

    /// Looks for idle contents as a reader, since that walks through every link; nothing that was idle for so
    /// long comes to be used between that look and its removal but by an entry, which is asked again.
    async fn prune_contents(&self, before: Timestamp) -> Result<usize> {
        let idle = self
            .read(move |db| db.rows(IDLE, args![before], |row| row.int(0)))
            .await?;
        let mut removed = 0;
        for chunk in idle.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            removed += self
                .write(move |db| remove_contents(db, &chunk, before))
                .await?;
        }
        Ok(removed)
    }
}

fn remove_contents(db: &Db, ids: &[i64], before: Timestamp) -> Result<usize> {
    let mut removed = 0;
    for id in ids {
        removed += db.run(CONTENT, args![ContentId(*id), before])?;
    }
    Ok(removed)
}

fn prune_runs(db: &Db, before: Timestamp) -> Result<usize> {
    db.run(RUN_MEMBERS, args![before])?;
    db.run(BLOCKS, args![before])?;
    db.run(RUNS, args![before])
}

statements! {
    PRIORS = "DELETE FROM prior WHERE at < $1 AND fate IS NOT NULL";
    COUNTS = "DELETE FROM written WHERE at < $1";
    PHOTOS = "DELETE FROM photo WHERE kept_at < $1 \
        AND (tenant, hash) NOT IN (SELECT k.tenant, c.photo FROM contribution c JOIN catalog k ON k.id = c.catalog \
          WHERE c.photo IS NOT NULL) \
        AND (tenant, hash) NOT IN (SELECT k.tenant, e.photo FROM entry e JOIN catalog k ON k.id = e.catalog \
          WHERE e.photo IS NOT NULL)";
    IDLE = "SELECT id FROM content WHERE kept_at < $1 \
        AND id NOT IN (SELECT content FROM entry WHERE content IS NOT NULL) \
        AND id NOT IN (SELECT agreed FROM link WHERE agreed IS NOT NULL) \
        AND id NOT IN (SELECT sent_content FROM link WHERE sent_content IS NOT NULL) ORDER BY id";
    CONTENT = "DELETE FROM content WHERE id = $1 AND kept_at < $2 \
        AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.content = $1)";
    RUN_MEMBERS = "DELETE FROM run_member WHERE run IN (SELECT id FROM run WHERE ended_at < $1)";
    BLOCKS = "DELETE FROM block WHERE run IN (SELECT id FROM run WHERE ended_at < $1)";
    RUNS = "DELETE FROM run WHERE ended_at < $1";
}
