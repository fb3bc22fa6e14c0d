//! What guards remember: how much was deleted, blanked and created in a catalog lately.

use crate::db::{Db, Row};
use crate::error::Result;
use crate::handle::Store;
use model::{CatalogId, EntryId, MemberId, TenantName, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a write counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    Create,
    Delete,
    /// An update that empties at least one field.
    Blanking,
}

/// How many of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub creates: u64,
    pub deletes: u64,
    pub blankings: u64,
}

impl Counts {
    fn add(&mut self, kind: Counted) {
        match kind {
            Counted::Create => self.creates += 1,
            Counted::Delete => self.deletes += 1,
            Counted::Blanking => self.blankings += 1,
        }
    }
}

/// What was written in a catalog since an instant. An entry written twice counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Entries per member.
    pub members: BTreeMap<MemberId, Counts>,
    /// Distinct entries over all members, by kind: one leaver in 500 mailboxes is one.
    pub entries: BTreeMap<Counted, BTreeSet<EntryId>>,
}

impl Store {
    pub async fn written_since(
        &self,
        tenant: &TenantName,
        catalog: CatalogId,
        since: Timestamp,
    ) -> Result<Written> {
        let tenant = tenant.clone();
        self.read(move |db| {
            let rows = db.rows(SINCE, args![catalog, since, &tenant], |row| {
                Ok((MemberId(row.int(0)?), row.entry(1)?, read_kind(row, 2)?))
            })?;
            Ok(sum(rows))
        })
        .await
    }
}

fn sum(rows: Vec<(MemberId, EntryId, Counted)>) -> Written {
    let mut written = Written::default();
    for (member, entry, kind) in rows {
        written.members.entry(member).or_default().add(kind);
        written.entries.entry(kind).or_default().insert(entry);
    }
    written
}

/// Counts when the write is intended: a crash before its answer must not hide it from the guards.
pub(crate) fn count(
    db: &Db,
    catalog: CatalogId,
    member: MemberId,
    entry: EntryId,
    kind: Counted,
    at: Timestamp,
) -> Result<()> {
    let kind = kind_number(kind);
    db.run(COUNT, args![catalog, member, entry, kind, at])
        .map(|_| ())
}

fn kind_number(kind: Counted) -> i64 {
    match kind {
        Counted::Create => 1,
        Counted::Delete => 2,
        Counted::Blanking => 3,
    }
}

fn read_kind(row: &Row, at: usize) -> Result<Counted> {
    match row.int(at)? {
        1 => Ok(Counted::Create),
        2 => Ok(Counted::Delete),
        3 => Ok(Counted::Blanking),
        _ => Err(row.unreadable("a kind of write")),
    }
}

statements! {
    COUNT = "INSERT INTO written (catalog, member, entry, kind, at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (catalog, member, entry, kind) DO UPDATE SET at = excluded.at WHERE written.at < excluded.at";
    SINCE = "SELECT w.member, w.entry, w.kind FROM written w JOIN member m ON m.id = w.member \
        WHERE w.catalog = $1 AND w.at >= $2 AND m.tenant = $3 ORDER BY w.member, w.entry, w.kind";
}
