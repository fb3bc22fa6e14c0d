//! Collections: what was last seen of each source, with the cursor that says so far; and photos by hash.

use crate::content::unseal_bytes;
use crate::db::Db;
use crate::error::Result;
use crate::handle::Store;
use crate::seal::hex;
use model::{TenantName, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How far the knowledge of one collection reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionState {
    /// Delta link; `None`: the next look must be a full one.
    pub cursor: Option<String>,
    /// Counts the rounds that were complete.
    pub complete_round: i64,
    pub looked_at: Timestamp,
    /// When an item last changed.
    pub changed_at: Timestamp,
}

/// The items of a collection as they were at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionItems {
    /// When one of them last changed; `None` when the collection was never saved.
    pub changed_at: Option<Timestamp>,
    /// By key.
    pub items: BTreeMap<String, Vec<u8>>,
}

/// What saving a look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionSaved {
    /// Items that are new, different or gone.
    pub changed: usize,
}

impl Store {
    /// `None` when the collection was never saved.
    pub async fn collection(
        &self,
        tenant: &TenantName,
        key: &str,
    ) -> Result<Option<CollectionState>> {
        let (tenant, key) = (tenant.clone(), key.to_owned());
        self.read(move |db| {
            db.first(STATE, args![&tenant, &key], |row| {
                Ok(CollectionState {
                    cursor: row.opt_text(0)?,
                    complete_round: row.int(1)?,
                    looked_at: row.at(2)?,
                    changed_at: row.at(3)?,
                })
            })
        })
        .await
    }

    /// Every item of a collection by its key: (hash of the bytes in hex, bytes).
    pub async fn collection_items(
        &self,
        tenant: &TenantName,
        key: &str,
    ) -> Result<BTreeMap<String, (String, Vec<u8>)>> {
        let (tenant, key) = (tenant.clone(), key.to_owned());
        self.read(move |db| {
            let rows = db.rows(ITEMS, args![&tenant, &key], |row| {
                let bytes = unseal_bytes(db, &tenant, row.bytes(2)?)?;
                Ok((row.text(0)?, (hex(row.bytes(1)?), bytes)))
            })?;
            Ok(rows.into_iter().collect())
        })
        .await
    }

    /// Every item of a collection, unless nothing is new: `None` when all of `seen`, of which there is at least one,
    /// last changed at the instants that stand beside them. Whoever concluded something from them then need not
    /// read them again.
    pub async fn items_unless_seen(
        &self,
        tenant: &TenantName,
        key: &str,
        seen: &[(&'static str, Timestamp)],
    ) -> Result<Option<CollectionItems>> {
        let (tenant, key, seen) = (tenant.clone(), key.to_owned(), seen.to_vec());
        self.read(move |db| {
            let changed_at = |key: &str| db.first(CHANGED_AT, args![&tenant, key], |row| row.at(0));
            let mut same = !seen.is_empty();
            for (key, at) in seen {
                same = same && changed_at(key)? == Some(at);
            }
            if same {
                return Ok(None);
            }
            let items = db.rows(ITEMS, args![&tenant, &key], |row| {
                Ok((row.text(0)?, unseal_bytes(db, &tenant, row.bytes(2)?)?))
            })?;
            Ok(Some(CollectionItems {
                changed_at: changed_at(&key)?,
                items: items.into_iter().collect(),
            }))
        })
        .await
    }

    /// Saves one look in one transaction with its cursor: changed items (`None`: gone), or with `replace` all
    /// there are. `complete` counts a complete round. Equal bytes change no row.
    #[expect(clippy::too_many_arguments, reason = "one look is saved as a whole")]
    pub async fn save_collection(
        &self,
        tenant: &TenantName,
        key: &str,
        changes: Vec<(String, Option<Vec<u8>>)>,
        replace: bool,
        cursor: Option<&str>,
        complete: bool,
        now: Timestamp,
    ) -> Result<CollectionSaved> {
        let (tenant, key) = (tenant.clone(), key.to_owned());
        let cursor = cursor.map(str::to_owned);
        self.write(move |db| {
            let mut changed = save_items(db, &tenant, &key, &changes)?;
            if replace {
                changed += remove_others(db, &tenant, &key, &changes)?;
            }
            let moved = changed > 0;
            db.run(
                LOOKED,
                args![&tenant, &key, cursor.as_deref(), complete, now, moved],
            )?;
            Ok(CollectionSaved { changed })
        })
        .await
    }

    /// Forgets a collection with all its items.
    pub async fn remove_collection(&self, tenant: &TenantName, key: &str) -> Result<()> {
        let (tenant, key) = (tenant.clone(), key.to_owned());
        self.write(move |db| {
            db.run(REMOVE_ITEMS, args![&tenant, &key])?;
            db.run(REMOVE, args![&tenant, &key]).map(|_| ())
        })
        .await
    }

    /// The keys of a tenant's collections.
    pub async fn collections(&self, tenant: &TenantName) -> Result<Vec<String>> {
        let tenant = tenant.clone();
        self.read(move |db| db.rows(KEYS, args![&tenant], |row| row.text(0)))
            .await
    }

    /// Keeps the bytes of a photo under their hash (hex), which it answers. Known bytes change no row.
    pub async fn put_blob(&self, tenant: &TenantName, bytes: &[u8]) -> Result<String> {
        let (tenant, bytes, now) = (tenant.clone(), bytes.to_vec(), self.now());
        self.write(move |db| {
            let hash = hex(&db.seal.hash(tenant.as_str(), &bytes));
            if db
                .first(HAS_PHOTO, args![&tenant, &hash], |_| Ok(()))?
                .is_none()
            {
                let sealed = db.seal.seal(tenant.as_str(), &bytes);
                db.run(PUT_PHOTO, args![&tenant, &hash, &*sealed, now])?;
            }
            Ok(hash)
        })
        .await
    }

    /// The bytes of a photo. `None`: never kept, or pruned after nobody had used it for long: read it again
    /// from its source.
    pub async fn blob(&self, tenant: &TenantName, hash: &str) -> Result<Option<Vec<u8>>> {
        let (tenant, hash) = (tenant.clone(), hash.to_owned());
        self.read(move |db| {
            db.first(PHOTO, args![&tenant, &hash], |row| {
                unseal_bytes(db, &tenant, row.bytes(0)?)
            })
        })
        .await
    }
}

fn save_items(
    db: &Db,
    tenant: &TenantName,
    key: &str,
    changes: &[(String, Option<Vec<u8>>)],
) -> Result<usize> {
    let mut changed = 0;
    for (item, bytes) in changes {
        changed += match bytes {
            None => db.run(REMOVE_ITEM, args![tenant, key, item])?,
            Some(bytes) => {
                let hash = db.seal.hash(tenant.as_str(), bytes);
                let sealed = db.seal.seal(tenant.as_str(), bytes);
                db.run(SAVE_ITEM, args![tenant, key, item, &hash[..], &*sealed])?
            }
        };
    }
    Ok(changed)
}

/// A full look: what it does not name is gone.
fn remove_others(
    db: &Db,
    tenant: &TenantName,
    key: &str,
    named: &[(String, Option<Vec<u8>>)],
) -> Result<usize> {
    let named: BTreeSet<&str> = named.iter().map(|(item, _)| item.as_str()).collect();
    let kept = db.rows(ITEM_KEYS, args![tenant, key], |row| row.text(0))?;
    let mut removed = 0;
    for item in kept.iter().filter(|item| !named.contains(item.as_str())) {
        removed += db.run(REMOVE_ITEM, args![tenant, key, item])?;
    }
    Ok(removed)
}

statements! {
    STATE = "SELECT cursor, complete_round, looked_at, changed_at FROM collection \
        WHERE tenant = $1 AND key = $2 ORDER BY key";
    CHANGED_AT = "SELECT changed_at FROM collection WHERE tenant = $1 AND key = $2 ORDER BY key";
    KEYS = "SELECT key FROM collection WHERE tenant = $1 ORDER BY key";
    ITEMS = "SELECT key, hash, bytes FROM collection_item WHERE tenant = $1 AND collection = $2 ORDER BY key";
    ITEM_KEYS = "SELECT key FROM collection_item WHERE tenant = $1 AND collection = $2 ORDER BY key";
    SAVE_ITEM = "INSERT INTO collection_item (tenant, collection, key, hash, bytes) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, collection, key) DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes \
        WHERE collection_item.hash <> excluded.hash";
    REMOVE_ITEM = "DELETE FROM collection_item WHERE tenant = $1 AND collection = $2 AND key = $3";
    REMOVE_ITEMS = "DELETE FROM collection_item WHERE tenant = $1 AND collection = $2";
    REMOVE = "DELETE FROM collection WHERE tenant = $1 AND key = $2";
    /// $4 and $6 are 0 or 1: a complete round; items changed.
    LOOKED = "INSERT INTO collection (tenant, key, cursor, complete_round, looked_at, changed_at) \
        VALUES ($1, $2, $3, $4, $5, $5) \
        ON CONFLICT (tenant, key) DO UPDATE SET cursor = excluded.cursor, \
        complete_round = collection.complete_round + excluded.complete_round, looked_at = excluded.looked_at, \
        changed_at = CASE WHEN CAST($6 AS integer) = 1 THEN excluded.changed_at ELSE collection.changed_at END";
    HAS_PHOTO = "SELECT 1 FROM photo WHERE tenant = $1 AND hash = $2 ORDER BY hash";
    PHOTO = "SELECT bytes FROM photo WHERE tenant = $1 AND hash = $2 ORDER BY hash";
    PUT_PHOTO = "INSERT INTO photo (tenant, hash, bytes, kept_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, hash) DO NOTHING";
}
