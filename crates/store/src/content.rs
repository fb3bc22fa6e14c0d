//! Contents: each merged content of a tenant is kept once, under a number, and never changes.

use crate::db::Db;
use crate::error::{Result, StoreError};
use crate::handle::Store;
use model::{ContentId, Item, TenantName, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Decoded contents kept in memory at most; beyond it the shelf starts anew.
const SHELF_MAX: usize = 200_000;

/// Decoded contents that are known to be committed, shared by every mailbox that reads them.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<BTreeMap<ContentId, (TenantName, Arc<Item>)>>);

impl Shelf {
    fn get(&self, tenant: &TenantName, id: ContentId) -> Option<Arc<Item>> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (owner, item) = shelf.get(&id)?;
        (owner == tenant).then(|| Arc::clone(item))
    }

    fn put(&self, tenant: &TenantName, id: ContentId, item: &Arc<Item>) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.len() >= SHELF_MAX {
            shelf.clear();
        }
        shelf.insert(id, (tenant.clone(), Arc::clone(item)));
    }
}

impl Store {
    /// The contents by these ids; one that is not there has no key.
    pub async fn contents(
        &self,
        tenant: &TenantName,
        ids: &[ContentId],
    ) -> Result<BTreeMap<ContentId, Arc<Item>>> {
        let (tenant, ids) = (tenant.clone(), ids.to_vec());
        self.read(move |db| contents(db, &tenant, ids)).await
    }
}

pub(crate) fn contents(
    db: &Db,
    tenant: &TenantName,
    ids: impl IntoIterator<Item = ContentId>,
) -> Result<BTreeMap<ContentId, Arc<Item>>> {
    let mut found = BTreeMap::new();
    for id in ids {
        if let Some(item) = content(db, tenant, id)? {
            found.insert(id, item);
        }
    }
    Ok(found)
}

/// One content. Only reading verbs come here, so what goes on the shelf is committed: an id that was rolled
/// back may come to mean something else.
pub(crate) fn content(db: &Db, tenant: &TenantName, id: ContentId) -> Result<Option<Arc<Item>>> {
    if let Some(item) = db.shelf.get(tenant, id) {
        return Ok(Some(item));
    }
    let item: Option<Item> = db.first(CONTENT, args![tenant, id], |row| {
        unseal(db, tenant, row.bytes(0)?)
    })?;
    Ok(item.map(|item| {
        let item = Arc::new(item);
        db.shelf.put(tenant, id, &item);
        item
    }))
}

/// Opens and reads a sealed value.
pub(crate) fn unseal<T: serde::de::DeserializeOwned>(
    db: &Db,
    tenant: &TenantName,
    sealed: &[u8],
) -> Result<T> {
    let Some(plain) = db.seal.open(tenant.as_str(), sealed) else {
        return Err(StoreError::damaged(
            db.place,
            format!("content of tenant {tenant} cannot be unsealed"),
        ));
    };
    serde_json::from_slice(&plain).map_err(|e| StoreError::damaged(db.place, e))
}

/// Opens sealed bytes.
pub(crate) fn unseal_bytes(db: &Db, tenant: &TenantName, sealed: &[u8]) -> Result<Vec<u8>> {
    match db.seal.open(tenant.as_str(), sealed) {
        Some(plain) => Ok(plain.into_owned()),
        None => Err(StoreError::damaged(
            db.place,
            format!("bytes of tenant {tenant} cannot be unsealed"),
        )),
    }
}

/// The JSON of a value, as bytes to be sealed.
pub(crate) fn plain_bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|e| unreachable!("plain data is JSON: {e}"))
}

/// The id of this content, which is stored unless it already is.
pub(crate) fn intern(
    db: &Db,
    tenant: &TenantName,
    item: &Item,
    now: Timestamp,
) -> Result<ContentId> {
    let plain = plain_bytes(item);
    let hash = db.seal.hash(tenant.as_str(), &plain);
    let known = db.first(FIND, args![tenant, &hash[..]], |row| row.int(0))?;
    if let Some(id) = known {
        return Ok(ContentId(id));
    }
    let sealed = db.seal.seal(tenant.as_str(), &plain);
    db.number(INSERT, args![tenant, &hash[..], &*sealed, now])
        .map(ContentId)
}

/// Notes that an entry moved off this content just now: links may need it for a while.
pub(crate) fn keep(db: &Db, tenant: &TenantName, id: ContentId, now: Timestamp) -> Result<()> {
    db.run(KEEP, args![tenant, id, now]).map(|_| ())
}

statements! {
    CONTENT = "SELECT bytes FROM content WHERE tenant = $1 AND id = $2 ORDER BY id";
    FIND = "SELECT id FROM content WHERE tenant = $1 AND hash = $2 ORDER BY id";
    INSERT = "INSERT INTO content (tenant, hash, bytes, kept_at) VALUES ($1, $2, $3, $4) RETURNING id";
    KEEP = "UPDATE content SET kept_at = $3 WHERE tenant = $1 AND id = $2 AND kept_at < $3";
}
