//! Catalogs: contributions, views, and entries whose versions only grow.

use crate::content::{content, contents, intern, keep, plain_bytes, unseal};
use crate::db::{Arg, Db, Row, json, word};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use model::catalog::{
    Catalog, CatalogChange, CatalogView, Contribution, EntryChange, EntryState, EntryWish,
    MemberChange, View, ViewEntry,
};
use model::{CatalogId, ContentId, EntryId, MemberId, TenantName, Timestamp, ViewId};
use std::collections::BTreeMap;

impl Store {
    /// Everything the compiler remembers of a catalog; an unknown catalog is empty at version 0.
    pub async fn load_catalog(&self, tenant: &TenantName, catalog: CatalogId) -> Result<Catalog> {
        let tenant = tenant.clone();
        self.read(move |db| load(db, &tenant, catalog)).await
    }

    /// Writes down what one round has found, of people and of mailboxes, in one transaction: a rule that counts as known
    /// while its leavers are not would make them leave by a fact, which nobody is asked about. Entries that really
    /// change get the catalog's next version. The answer: the members that joined, came back, changed their view or
    /// leave now, so need to be looked at.
    pub async fn commit_round(
        &self,
        tenant: &TenantName,
        catalog: CatalogId,
        people: &CatalogChange,
        members: &MemberChange,
        now: Timestamp,
    ) -> Result<Vec<MemberId>> {
        let (tenant, people, members) = (tenant.clone(), people.clone(), members.clone());
        self.write(move |db| {
            if !people.is_empty() {
                commit(db, &tenant, catalog, &people, now)?;
            }
            crate::member::apply(db, &tenant, catalog, &members, now)
        })
        .await
    }

    /// The version a catalog has reached; 0 when it has no entry yet.
    pub async fn catalog_version(&self, tenant: &TenantName, catalog: CatalogId) -> Result<i64> {
        let tenant = tenant.clone();
        self.read(move |db| version(db, &tenant, catalog)).await
    }

    /// The entry that a person of a source contributes to, whatever identity it was minted from.
    pub async fn entry_of(&self, catalog: CatalogId, person: &str) -> Result<Option<EntryId>> {
        let person = person.to_owned();
        self.read(move |db| db.first(ENTRY_OF, args![catalog, &person], |row| row.entry(0)))
            .await
    }

    /// The rules that a catalog's people and members were chosen by, by key.
    pub async fn rules(&self, catalog: CatalogId) -> Result<BTreeMap<String, String>> {
        self.read(move |db| rules(db, catalog)).await
    }

    /// What a view holds that is newer than `newer_than`; 0 reads it whole. `contents` stays empty.
    pub async fn view(
        &self,
        tenant: &TenantName,
        catalog: CatalogId,
        view: &ViewId,
        newer_than: i64,
    ) -> Result<CatalogView> {
        let (tenant, view) = (tenant.clone(), view.clone());
        self.read(move |db| {
            let rows = db.rows(NEWER, args![catalog, view.as_str(), newer_than], entry_row)?;
            view_of(db, &tenant, catalog, rows)
        })
        .await
    }

    /// These entries of a view, whatever their version; an entry the view never had has no key.
    pub async fn view_entries(
        &self,
        tenant: &TenantName,
        catalog: CatalogId,
        view: &ViewId,
        entries: &[EntryId],
    ) -> Result<CatalogView> {
        let (tenant, view, entries) = (tenant.clone(), view.clone(), entries.to_vec());
        self.read(move |db| {
            let mut rows = Vec::new();
            for entry in entries {
                rows.extend(db.first(ONE, args![catalog, view.as_str(), entry], entry_row)?);
            }
            view_of(db, &tenant, catalog, rows)
        })
        .await
    }

    /// What sources say of one entry: (source, person key) to contribution. Shown by `why`.
    pub async fn contributions_of(
        &self,
        tenant: &TenantName,
        catalog: CatalogId,
        entry: EntryId,
    ) -> Result<BTreeMap<(String, String), Contribution>> {
        let tenant = tenant.clone();
        let all = self
            .read(move |db| contributions(db, &tenant, catalog))
            .await?;
        Ok(all.into_iter().filter(|(_, c)| c.entry == entry).collect())
    }
}

/// An entry as its row says it, its content not yet read.
struct EntryRow {
    entry: EntryId,
    version: i64,
    content: Option<ContentId>,
    photo: Option<String>,
    gone_since: Option<Timestamp>,
    gone_cause: Option<String>,
}

fn entry_row(row: &Row) -> Result<EntryRow> {
    Ok(EntryRow {
        entry: row.entry(0)?,
        version: row.int(1)?,
        content: row.opt_int(2)?.map(ContentId),
        photo: row.opt_text(3)?,
        gone_since: row.opt_at(4)?,
        gone_cause: row.opt_text(5)?,
    })
}

impl EntryRow {
    fn read(self, db: &Db, tenant: &TenantName) -> Result<(EntryId, ViewEntry)> {
        let state = match (self.content, self.gone_since, self.gone_cause) {
            (Some(id), _, _) => EntryState::Live {
                content: id,
                item: content(db, tenant, id)?.ok_or_else(|| missing_content(db, id))?,
                photo: self.photo,
            },
            (None, Some(since), Some(cause)) => EntryState::Gone {
                since,
                cause: serde_json::from_value(cause.into())
                    .map_err(|e| StoreError::damaged(db.place, e))?,
            },
            _ => return Err(StoreError::damaged(db.place, "an entry without a state")),
        };
        let version = self.version;
        Ok((self.entry, ViewEntry { version, state }))
    }
}

fn missing_content(db: &Db, id: ContentId) -> StoreError {
    StoreError::damaged(db.place, format!("content {id} of a live entry is missing"))
}

fn read_entries(
    db: &Db,
    tenant: &TenantName,
    rows: Vec<EntryRow>,
) -> Result<BTreeMap<EntryId, ViewEntry>> {
    rows.into_iter().map(|row| row.read(db, tenant)).collect()
}

fn view_of(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
    rows: Vec<EntryRow>,
) -> Result<CatalogView> {
    Ok(CatalogView {
        catalog: Some(catalog),
        version: version(db, tenant, catalog)?,
        entries: read_entries(db, tenant, rows)?,
        contents: contents(db, tenant, [])?,
    })
}

fn version(db: &Db, tenant: &TenantName, catalog: CatalogId) -> Result<i64> {
    let found = db.first(VERSION, args![catalog, tenant], |row| row.int(0))?;
    Ok(found.unwrap_or(0))
}

fn load(db: &Db, tenant: &TenantName, catalog: CatalogId) -> Result<Catalog> {
    let Some(version) = db.first(VERSION, args![catalog, tenant], |row| row.int(0))? else {
        return Ok(Catalog::default());
    };
    Ok(Catalog {
        version,
        contributions: contributions(db, tenant, catalog)?,
        views: views(db, tenant, catalog)?,
        rules: rules(db, catalog)?,
    })
}

fn rules(db: &Db, catalog: CatalogId) -> Result<BTreeMap<String, String>> {
    let rows = db.rows(RULES, args![catalog], |row| {
        Ok((row.text(0)?, row.text(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

fn contributions(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
) -> Result<BTreeMap<(String, String), Contribution>> {
    let rows = db.rows(CONTRIBUTIONS, args![catalog, tenant], |row| {
        let contribution = unseal(db, tenant, row.bytes(2)?)?;
        Ok(((row.text(0)?, row.text(1)?), contribution))
    })?;
    Ok(rows.into_iter().collect())
}

fn views(db: &Db, tenant: &TenantName, catalog: CatalogId) -> Result<BTreeMap<ViewId, View>> {
    let mut views = BTreeMap::new();
    let known = db.rows(VIEWS, args![catalog], |row| {
        Ok((ViewId(row.text(0)?), row.json::<Vec<String>>(1)?))
    })?;
    for (id, sources) in known {
        let rows = db.rows(NEWER, args![catalog, id.as_str(), 0_i64], entry_row)?;
        let entries = read_entries(db, tenant, rows)?;
        views.insert(id, View { sources, entries });
    }
    Ok(views)
}

fn commit(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
    change: &CatalogChange,
    now: Timestamp,
) -> Result<i64> {
    db.run(ENSURE, args![catalog, tenant])?;
    let Some(current) = db.first(VERSION, args![catalog, tenant], |row| row.int(0))? else {
        return Err(StoreError::Refused {
            what: format!("change a catalog that is not of tenant {tenant}"),
        });
    };
    for (key, contribution) in &change.contributions {
        save_contribution(db, tenant, catalog, key, contribution.as_ref())?;
    }
    for (view, sources) in &change.views {
        db.run(SAVE_VIEW, args![catalog, view.as_str(), json(sources)])?;
    }
    for (source, hash) in &change.rules {
        db.run(SAVE_RULE, args![catalog, source, hash])?;
    }
    let mut changed = 0;
    for entry in &change.entries {
        changed += save_entry(db, tenant, catalog, entry, current + 1, now)?;
    }
    if changed == 0 {
        return Ok(current);
    }
    db.run(MINT, args![catalog, current + 1])?;
    Ok(current + 1)
}

fn save_contribution(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
    (source, key): &(String, String),
    contribution: Option<&Contribution>,
) -> Result<()> {
    let Some(contribution) = contribution else {
        return db
            .run(DROP_CONTRIBUTION, args![catalog, source, key])
            .map(|_| ());
    };
    let plain = plain_bytes(contribution);
    let hash = db.seal.hash(tenant.as_str(), &plain);
    let body = db.seal.seal(tenant.as_str(), &plain);
    let photo = contribution.photo.as_deref();
    db.run(
        SAVE_CONTRIBUTION,
        args![
            catalog,
            source,
            key,
            contribution.entry,
            photo,
            &hash[..],
            &*body
        ],
    )
    .map(|_| ())
}

/// One entry of one view; the answer is 0 when it already was as wished, so that no version is minted.
fn save_entry(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
    change: &EntryChange,
    version: i64,
    now: Timestamp,
) -> Result<usize> {
    let (view, entry) = (change.view.as_str(), change.entry);
    let before = db.first(ONE, args![catalog, view, entry], entry_row)?;
    let [content, photo, since, cause] = columns(db, tenant, &change.to, now)?;
    let place = [catalog.into(), view.into(), entry.into(), version.into()];
    let [catalog, view, entry, version] = place;
    let saved = db.run(
        SAVE_ENTRY,
        &[catalog, view, entry, version, content, photo, since, cause],
    )?;
    if let (1.., Some(old)) = (saved, before.and_then(|row| row.content)) {
        keep(db, tenant, old, now)?;
    }
    Ok(saved)
}

/// Content, photo, since, cause: the columns of a state.
fn columns<'a>(
    db: &Db,
    tenant: &TenantName,
    wish: &'a EntryWish,
    now: Timestamp,
) -> Result<[Arg<'a>; 4]> {
    Ok(match wish {
        EntryWish::Live { item, photo } => {
            let content = intern(db, tenant, item, now)?;
            [content.into(), photo.as_ref().into(), Arg::Null, Arg::Null]
        }
        EntryWish::Gone { since, cause } => {
            [Arg::Null, Arg::Null, (*since).into(), word(cause).into()]
        }
    })
}

statements! {
    ENSURE = "INSERT INTO catalog (id, tenant, version) VALUES ($1, $2, 0) ON CONFLICT (id) DO NOTHING";
    VERSION = "SELECT version FROM catalog WHERE id = $1 AND tenant = $2 ORDER BY id";
    MINT = "UPDATE catalog SET version = $2 WHERE id = $1";
    ENTRY_OF = "SELECT entry FROM contribution WHERE catalog = $1 AND key = $2 ORDER BY source LIMIT 1";
    RULES = "SELECT source, hash FROM rule WHERE catalog = $1 ORDER BY source";
    SAVE_RULE = "INSERT INTO rule (catalog, source, hash) VALUES ($1, $2, $3) \
        ON CONFLICT (catalog, source) DO UPDATE SET hash = excluded.hash WHERE rule.hash <> excluded.hash";
    CONTRIBUTIONS = "SELECT c.source, c.key, c.body FROM contribution c JOIN catalog k ON k.id = c.catalog \
        WHERE c.catalog = $1 AND k.tenant = $2 ORDER BY c.source, c.key";
    /// Compared by hash: sealing the same twice need not give the same bytes.
    SAVE_CONTRIBUTION = "INSERT INTO contribution (catalog, source, key, entry, photo, hash, body) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (catalog, source, key) DO UPDATE SET \
        entry = excluded.entry, photo = excluded.photo, hash = excluded.hash, body = excluded.body \
        WHERE contribution.hash <> excluded.hash";
    DROP_CONTRIBUTION = "DELETE FROM contribution WHERE catalog = $1 AND source = $2 AND key = $3";
    VIEWS = "SELECT id, sources FROM view WHERE catalog = $1 ORDER BY id";
    SAVE_VIEW = "INSERT INTO view (catalog, id, sources) VALUES ($1, $2, $3) \
        ON CONFLICT (catalog, id) DO UPDATE SET sources = excluded.sources WHERE view.sources <> excluded.sources";
    NEWER = "SELECT entry, version, content, photo, gone_since, gone_cause FROM entry \
        WHERE catalog = $1 AND view = $2 AND version > $3 ORDER BY version, entry";
    ONE = "SELECT entry, version, content, photo, gone_since, gone_cause FROM entry \
        WHERE catalog = $1 AND view = $2 AND entry = $3 ORDER BY entry";
    /// Content, photo and cause tell states apart; a later `since` of the same state is no change.
    SAVE_ENTRY = "INSERT INTO entry (catalog, view, entry, version, content, photo, gone_since, gone_cause) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (catalog, view, entry) DO UPDATE SET \
        version = excluded.version, content = excluded.content, photo = excluded.photo, \
        gone_since = excluded.gone_since, gone_cause = excluded.gone_cause \
        WHERE entry.content IS DISTINCT FROM excluded.content OR entry.photo IS DISTINCT FROM excluded.photo \
        OR entry.gone_cause IS DISTINCT FROM excluded.gone_cause";
}
