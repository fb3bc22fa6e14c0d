//! The ledger: every write of ours, before and after, in one chain of hashes that cannot be changed unseen.

use crate::db::{Arg, Db, Row};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use crate::link::{part_number, read_part};
use crate::seal::hex;
use model::link::Part;
use model::{EntryId, ItemId, MemberId, RunId, TenantName, Timestamp};
use sha2::{Digest, Sha256};

/// When a row was written, seen from what it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Durable before the request could be sent.
    Before,
    /// What became of it.
    After,
    /// A decision of a person, or of the store itself.
    Note,
}

/// One row of the ledger. It holds ids, never content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Counted from 1 without gaps.
    pub seq: i64,
    pub tenant: TenantName,
    pub at: Timestamp,
    pub run: Option<RunId>,
    pub member: Option<MemberId>,
    pub entry: Option<EntryId>,
    pub part: Option<Part>,
    /// `create`, `update`, `delete`, `photo`; or a decision: `approve`, `reject`, `pause`.
    pub act: String,
    pub phase: Phase,
    pub item: Option<ItemId>,
    /// For people and for replay: JSON or a phrase.
    pub detail: String,
    /// SHA-256 over the row before and this one, hex.
    pub hash: String,
}

impl LedgerRow {
    /// Whether this says of a write that nobody knows what became of it.
    pub fn is_unanswered(&self) -> bool {
        self.phase == Phase::After && self.detail.split(' ').next() == Some("unknown")
    }
}

/// The first place where the chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerBreak {
    pub seq: i64,
    pub what: String,
}

/// Which rows of the ledger to read; `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    pub tenant: Option<TenantName>,
    pub run: Option<RunId>,
    pub member: Option<MemberId>,
    pub entry: Option<EntryId>,
    /// Only rows after this one; 0 from the beginning.
    pub after: i64,
    pub limit: Option<usize>,
}

impl Store {
    /// Rows in order.
    pub async fn ledger(&self, filter: &LedgerFilter) -> Result<Vec<LedgerRow>> {
        let filter = filter.clone();
        self.read(move |db| {
            let limit = filter.limit.map_or(i64::MAX, |n| n as i64);
            let tenant = filter.tenant.as_ref().map(TenantName::as_str);
            db.rows(
                FILTERED,
                args![
                    filter.after,
                    tenant,
                    filter.run,
                    filter.member,
                    filter.entry,
                    limit
                ],
                ledger_row,
            )
        })
        .await
    }

    /// What was last done to an entry in a member, the newest first.
    pub async fn last_writes(
        &self,
        member: MemberId,
        entry: EntryId,
        limit: usize,
    ) -> Result<Vec<LedgerRow>> {
        self.read(move |db| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            db.rows(LAST, args![member, entry, limit], ledger_row)
        })
        .await
    }

    /// Records a decision: who did what, where.
    pub async fn record(
        &self,
        tenant: &TenantName,
        run: Option<RunId>,
        act: &str,
        detail: &str,
    ) -> Result<()> {
        let (tenant, act, detail) = (tenant.clone(), act.to_owned(), detail.to_owned());
        let now = self.now();
        self.write(move |db| note(db, &tenant, run, &act, &detail, now))
            .await
    }

    /// Follows the whole chain; `None`: it holds.
    pub async fn verify_ledger(&self) -> Result<Option<LedgerBreak>> {
        self.read(verify).await
    }
}

/// A row to append.
pub(crate) struct NewRow<'a> {
    pub(crate) tenant: &'a TenantName,
    pub(crate) at: Timestamp,
    pub(crate) run: Option<RunId>,
    pub(crate) member: Option<MemberId>,
    pub(crate) entry: Option<(EntryId, Part)>,
    pub(crate) act: &'a str,
    pub(crate) phase: Phase,
    pub(crate) item: Option<&'a ItemId>,
    pub(crate) detail: &'a str,
}

/// Where the chain ends.
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: [u8; 32],
}

/// The end of the chain while rows are appended in one transaction; [`Pen::lift`] makes it stand.
pub(crate) struct Pen<'a> {
    db: &'a Db<'a>,
    head: Head,
}

impl<'a> Pen<'a> {
    /// Takes the head's row first, so that on a shared database writers line up behind it.
    pub(crate) fn take(db: &'a Db<'a>) -> Result<Self> {
        let head = db.first(LOCK_HEAD, &[], read_head)?;
        let head = head.ok_or_else(|| StoreError::damaged(db.place, "the ledger has no head"))?;
        Ok(Self { db, head })
    }

    pub(crate) fn append(&mut self, row: &NewRow) -> Result<()> {
        self.head.seq += 1;
        self.head.hash = row.chain(&self.head);
        self.db.run(
            APPEND,
            &[
                self.head.seq.into(),
                row.tenant.into(),
                row.at.into(),
                row.run.into(),
                row.member.into(),
                row.entry.map(|(entry, _)| entry).into(),
                row.entry.map(|(_, part)| part_number(part)).into(),
                row.act.into(),
                phase_number(row.phase).into(),
                row.item.map(ItemId::as_str).into(),
                row.detail.into(),
                Arg::Bytes(&self.head.hash),
            ],
        )?;
        Ok(())
    }

    pub(crate) fn lift(self) -> Result<()> {
        let head = &self.head;
        self.db
            .run(MOVE_HEAD, args![head.seq, &head.hash[..]])
            .map(|_| ())
    }
}

impl NewRow<'_> {
    /// The hash of this row after `head`: every field in order, each led by its length, so that no two rows
    /// read the same.
    fn chain(&self, head: &Head) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(320);
        bytes.extend_from_slice(&head.hash);
        let number = |bytes: &mut Vec<u8>, n: Option<i64>| {
            bytes.push(u8::from(n.is_some()));
            bytes.extend_from_slice(&n.unwrap_or(0).to_be_bytes());
        };
        number(&mut bytes, Some(head.seq));
        number(&mut bytes, Some(self.at.0));
        number(&mut bytes, self.run.map(|id| id.0));
        number(&mut bytes, self.member.map(|id| id.0));
        number(&mut bytes, self.entry.map(|(_, part)| part_number(part)));
        number(&mut bytes, Some(phase_number(self.phase)));
        bytes.extend_from_slice(&self.entry.map_or([0; 16], |(id, _)| id.0.to_be_bytes()));
        number(&mut bytes, self.item.map(|_| 0));
        let item = self.item.map_or("", ItemId::as_str);
        for text in [self.tenant.as_str(), self.act, item, self.detail] {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Sha256::digest(&bytes).into()
    }
}

/// Appends one decision.
pub(crate) fn note(
    db: &Db,
    tenant: &TenantName,
    run: Option<RunId>,
    act: &str,
    detail: &str,
    at: Timestamp,
) -> Result<()> {
    let mut pen = Pen::take(db)?;
    pen.append(&NewRow {
        tenant,
        at,
        run,
        member: None,
        entry: None,
        act,
        phase: Phase::Note,
        item: None,
        detail,
    })?;
    pen.lift()
}

/// Starts the chain of a new store.
pub(crate) fn begin(db: &Db) -> Result<()> {
    db.run(BEGIN, args![&[0_u8; 32][..]]).map(|_| ())
}

pub(crate) fn head(db: &Db) -> Result<Head> {
    let head = db.first(HEAD, &[], read_head)?;
    head.ok_or_else(|| StoreError::damaged(db.place, "the ledger has no head"))
}

fn read_head(row: &Row) -> Result<Head> {
    let hash = row.bytes(1)?.try_into();
    Ok(Head {
        seq: row.int(0)?,
        hash: hash.map_err(|_| row.unreadable("a hash"))?,
    })
}

fn verify(db: &Db) -> Result<Option<LedgerBreak>> {
    let mut before = Head {
        seq: 0,
        hash: [0; 32],
    };
    let mut broken = None;
    db.each(EVERY, &[], |row| {
        let read = ledger_row(row)?;
        if broken.is_none() {
            broken = compare(&mut before, &read);
        }
        Ok(())
    })?;
    let end = head(db)?;
    if broken.is_none() && (end.seq, end.hash) != (before.seq, before.hash) {
        broken = Some(LedgerBreak {
            seq: before.seq + 1,
            what: format!("rows up to {} are missing or were added", end.seq),
        });
    }
    Ok(broken)
}

/// Moves on to `row` when it follows from the row before.
fn compare(before: &mut Head, row: &LedgerRow) -> Option<LedgerBreak> {
    let wrong = |what: &str| {
        Some(LedgerBreak {
            seq: row.seq,
            what: what.to_owned(),
        })
    };
    if row.seq != before.seq + 1 {
        return wrong("rows before this one are missing");
    }
    before.seq = row.seq;
    before.hash = as_new(row).chain(before);
    if hex(&before.hash) != row.hash {
        return wrong("this row was changed");
    }
    None
}

fn as_new(row: &LedgerRow) -> NewRow<'_> {
    NewRow {
        tenant: &row.tenant,
        at: row.at,
        run: row.run,
        member: row.member,
        entry: row.entry.zip(row.part),
        act: &row.act,
        phase: row.phase,
        item: row.item.as_ref(),
        detail: &row.detail,
    }
}

fn phase_number(phase: Phase) -> i64 {
    match phase {
        Phase::Before => 0,
        Phase::After => 1,
        Phase::Note => 2,
    }
}

fn ledger_row(row: &Row) -> Result<LedgerRow> {
    let part = match row.opt_int(6)? {
        None => None,
        Some(_) => Some(read_part(row, 6)?),
    };
    Ok(LedgerRow {
        seq: row.int(0)?,
        tenant: TenantName(row.text(1)?),
        at: row.at(2)?,
        run: row.opt_int(3)?.map(RunId),
        member: row.opt_int(4)?.map(MemberId),
        entry: row.opt_entry(5)?,
        part,
        act: row.text(7)?,
        phase: match row.int(8)? {
            0 => Phase::Before,
            1 => Phase::After,
            _ => Phase::Note,
        },
        item: row.opt_text(9)?.map(ItemId),
        detail: row.text(10)?,
        hash: hex(row.bytes(11)?),
    })
}

statements! {
    BEGIN = "INSERT INTO ledger_head (one, seq, hash) VALUES (1, 0, $1)";
    HEAD = "SELECT seq, hash FROM ledger_head WHERE one = 1 ORDER BY one";
    LOCK_HEAD = "UPDATE ledger_head SET seq = seq WHERE one = 1 RETURNING seq, hash";
    MOVE_HEAD = "UPDATE ledger_head SET seq = $1, hash = $2 WHERE one = 1";
    APPEND = "INSERT INTO ledger (seq, tenant, at, run, member, entry, part, act, phase, item, detail, hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    EVERY = "SELECT seq, tenant, at, run, member, entry, part, act, phase, item, detail, hash FROM ledger \
        ORDER BY seq";
    FILTERED = "SELECT seq, tenant, at, run, member, entry, part, act, phase, item, detail, hash FROM ledger \
        WHERE seq > $1 AND (CAST($2 AS text) IS NULL OR tenant = $2) AND (CAST($3 AS bigint) IS NULL OR run = $3) \
        AND (CAST($4 AS bigint) IS NULL OR member = $4) AND entry IS NOT DISTINCT FROM coalesce($5, entry) ORDER BY seq LIMIT $6";
    LAST = "SELECT seq, tenant, at, run, member, entry, part, act, phase, item, detail, hash FROM ledger \
        WHERE phase = 1 AND member = $1 AND entry = $2 ORDER BY seq DESC LIMIT $3";
}
