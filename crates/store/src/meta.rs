//! The store itself: its clock, its identity, and settings.

use crate::db::Db;
use crate::error::Result;
use crate::handle::Store;
use model::Timestamp;
use model::seam::Chance;
use std::collections::BTreeMap;

/// Which store this is. A restored backup has the same instance and a later epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// 32 hex digits, drawn when the store was made.
    pub instance: String,
    /// Grows whenever the store was put back from a backup: what was written since then is not in it.
    pub epoch: i64,
    /// Rows in the ledger.
    pub ledger: i64,
}

const OWN: &str = "store";
const INSTANCE: &str = "instance";
const EPOCH: &str = "epoch";

impl Store {
    /// The store's clock: the one that orders leases and deadlines. A worker whose clock is far from it must
    /// stop sending.
    pub async fn time(&self) -> Result<Timestamp> {
        Ok(self.now())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub async fn identity(&self) -> Result<Identity> {
        self.read(identity).await
    }

    /// One setting of a scope (`tenant:contoso`, `notices`); `None` when it was never set.
    pub async fn setting(&self, scope: &str, key: &str) -> Result<Option<String>> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        self.read(move |db| db.first(ONE, args![&scope, &key], |row| row.text(0)))
            .await
    }

    /// Every setting of a scope.
    pub async fn settings(&self, scope: &str) -> Result<BTreeMap<String, String>> {
        let scope = scope.to_owned();
        let all = self
            .read(move |db| db.rows(ALL, args![&scope], |row| Ok((row.text(0)?, row.text(1)?))))
            .await?;
        Ok(all.into_iter().collect())
    }

    /// Sets or (with `None`) removes a setting. Did anything change?
    pub async fn set_setting(&self, scope: &str, key: &str, value: Option<&str>) -> Result<bool> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        let value = value.map(str::to_owned);
        self.write(move |db| match value {
            Some(value) => Ok(db.run(SET, args![&scope, &key, &value])? > 0),
            None => Ok(db.run(REMOVE, args![&scope, &key])? > 0),
        })
        .await
    }
}

/// Draws the instance of a store that has none yet, and starts its ledger.
pub(crate) fn name_instance(db: &Db, chance: &dyn Chance) -> Result<()> {
    if db.first(ONE, args![OWN, INSTANCE], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let instance = format!("{:032x}", chance.bits());
    db.run(SET, args![OWN, INSTANCE, instance])?;
    db.run(SET, args![OWN, EPOCH, "1"])?;
    crate::ledger::begin(db)
}

fn identity(db: &Db) -> Result<Identity> {
    let own = |key| db.first(ONE, args![OWN, key], |row| row.text(0));
    let instance = own(INSTANCE)?.unwrap_or_default();
    let epoch = own(EPOCH)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    Ok(Identity {
        instance,
        epoch,
        ledger: crate::ledger::head(db)?.seq,
    })
}

/// Moves the epoch on: done to every backup, so that a store put back from one knows itself.
pub(crate) fn next_epoch(db: &Db) -> Result<()> {
    let next = identity(db)?.epoch + 1;
    db.run(SET, args![OWN, EPOCH, next.to_string()]).map(|_| ())
}

statements! {
    ONE = "SELECT value FROM setting WHERE scope = $1 AND key = $2 ORDER BY key";
    ALL = "SELECT key, value FROM setting WHERE scope = $1 ORDER BY key";
    SET = "INSERT INTO setting (scope, key, value) VALUES ($1, $2, $3) \
        ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value \
        WHERE setting.value <> excluded.value";
    REMOVE = "DELETE FROM setting WHERE scope = $1 AND key = $2";
}
