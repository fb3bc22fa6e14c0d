//! Due: which members of a catalog have something to do, answered from indexes alone.

use crate::error::Result;
use crate::handle::Store;
use crate::link::{Links, troubled};
use model::{CatalogId, MemberId, TenantName, Timestamp, ViewId};
use std::collections::BTreeSet;

impl Store {
    /// The members that are behind their view, that join or leave, whose last full look is not newer than
    /// `full_before`, or that have a write without an answer or an item to be tried again by `now`.
    pub async fn members_due(
        &self,
        tenant: &TenantName,
        catalog: CatalogId,
        full_before: Timestamp,
        now: Timestamp,
    ) -> Result<BTreeSet<MemberId>> {
        let tenant = tenant.clone();
        self.read(move |db| {
            let id = |row: &crate::db::Row| row.int(0).map(MemberId);
            let mut due: BTreeSet<MemberId> = BTreeSet::new();
            for (view, newest) in db.rows(NEWEST, args![catalog], |row| {
                Ok((row.text(0)?, row.int(1)?))
            })? {
                due.extend(db.rows(BEHIND, args![catalog, &view, newest, &tenant], id)?);
            }
            due.extend(db.rows(NEVER_LOOKED, args![catalog, &tenant], id)?);
            due.extend(db.rows(LONG_UNLOOKED, args![catalog, full_before, &tenant], id)?);
            due.extend(db.rows(LEAVING, args![catalog, &tenant], id)?);
            for member in db.rows(OPEN, args![catalog, &tenant], id)? {
                let links = troubled(db, &tenant, member)?;
                let ripe =
                    |l: &model::link::Link| l.trouble.as_ref().is_none_or(|t| t.retry_at <= now);
                if links.values().any(ripe) {
                    due.insert(member);
                }
            }
            Ok(due)
        })
        .await
    }

    /// The links of a member that wait: a write without an answer, or an item that was refused.
    pub async fn links_troubled(&self, tenant: &TenantName, member: MemberId) -> Result<Links> {
        let tenant = tenant.clone();
        self.read(move |db| troubled(db, &tenant, member)).await
    }

    /// The sources that a view is made of, in order of rank; none for a view that nobody has.
    pub async fn view_sources(&self, catalog: CatalogId, view: &ViewId) -> Result<Vec<String>> {
        let view = view.clone();
        self.read(move |db| {
            let found = db.first(SOURCES, args![catalog, view.as_str()], |row| {
                row.opt_json(0)
            })?;
            Ok(found.flatten().unwrap_or_default())
        })
        .await
    }

    /// How many living entries a view has at most: what percentages of guards refer to.
    pub async fn catalog_size(&self, catalog: CatalogId) -> Result<u64> {
        let count = self.read(move |db| db.number(SIZE, args![catalog])).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

statements! {
    /// Steps from view to view through the index instead of reading every entry.
    NEWEST = "WITH RECURSIVE seen (view) AS ( \
          SELECT min(view) FROM entry WHERE catalog = $1 \
          UNION ALL SELECT (SELECT min(e.view) FROM entry e WHERE e.catalog = $1 AND e.view > seen.view) FROM seen \
          WHERE seen.view IS NOT NULL) \
        SELECT s.view, (SELECT max(e.version) FROM entry e WHERE e.catalog = $1 AND e.view = s.view) \
        FROM seen s WHERE s.view IS NOT NULL ORDER BY s.view";
    BEHIND = "SELECT id FROM member WHERE catalog = $1 AND view = $2 AND through < $3 AND tenant = $4 \
        AND state <> 'left' ORDER BY id";
    NEVER_LOOKED = "SELECT id FROM member WHERE catalog = $1 AND looked_full_at IS NULL AND tenant = $2 \
        AND state <> 'left' ORDER BY id";
    LONG_UNLOOKED = "SELECT id FROM member WHERE catalog = $1 AND looked_full_at <= $2 AND tenant = $3 \
        AND state <> 'left' ORDER BY id";
    LEAVING = "SELECT id FROM member WHERE catalog = $1 AND tenant = $2 \
        AND state <> 'active' AND state <> 'left' ORDER BY id";
    /// Steps from member to member through the index of what waits, which has a row for nobody who waits for nothing.
    OPEN = "WITH RECURSIVE open (member) AS ( \
          SELECT min(member) FROM link WHERE sent_op IS NOT NULL OR trouble IS NOT NULL \
          UNION ALL SELECT (SELECT min(l.member) FROM link l WHERE (l.sent_op IS NOT NULL OR l.trouble IS NOT NULL) \
          AND l.member > open.member) FROM open WHERE open.member IS NOT NULL) \
        SELECT m.id FROM open o CROSS JOIN member m WHERE m.id = o.member AND m.catalog = $1 AND m.tenant = $2 \
        AND m.state <> 'left' ORDER BY m.id";
    SOURCES = "SELECT sources FROM view WHERE catalog = $1 AND id = $2 ORDER BY id";
    SIZE = "SELECT count(DISTINCT entry) FROM entry WHERE catalog = $1 AND gone_since IS NULL";
}
