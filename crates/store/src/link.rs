//! Links: one narrow row for each pair of entry and mailbox item.

use crate::content::{plain_bytes, unseal};
use crate::db::{Arg, Db, Row, json};
use crate::error::Result;
use crate::handle::Store;
use crate::lane::{Lease, check_lease};
use crate::member::catalog_of;
use model::link::{Deviations, Link, Op, Origin, Part, Sent};
use model::{ContentId, EntryId, Etag, ItemId, MemberId, TenantName};
use std::collections::BTreeMap;

/// A link that is recorded or ended without anything being sent.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkChange {
    Agree(Box<Link>),
    Forget(EntryId, Part),
}

/// Links of one member, by entry and part.
pub type Links = BTreeMap<(EntryId, Part), Link>;

/// The links that wait for an answer or for another try.
pub(crate) fn troubled(db: &Db, tenant: &TenantName, member: MemberId) -> Result<Links> {
    collect(db.rows(TROUBLED, args![member], |row| link_row(db, tenant, row))?)
}

impl Store {
    /// Every link of a member.
    pub async fn links(&self, member: MemberId) -> Result<BTreeMap<(EntryId, Part), Link>> {
        self.read(move |db| {
            let tenant = tenant_of(db, member)?;
            collect(db.rows(OF_MEMBER, args![member], |row| link_row(db, &tenant, row))?)
        })
        .await
    }

    /// The links of these entries, with all their parts.
    pub async fn links_of(
        &self,
        member: MemberId,
        entries: &[EntryId],
    ) -> Result<BTreeMap<(EntryId, Part), Link>> {
        let entries = entries.to_vec();
        self.read(move |db| {
            let tenant = tenant_of(db, member)?;
            let mut found = Vec::new();
            for entry in entries {
                found.extend(db.rows(OF_ENTRY, args![member, entry], |row| {
                    link_row(db, &tenant, row)
                })?);
            }
            collect(found)
        })
        .await
    }

    /// The links that point at these items.
    pub async fn links_by_item(
        &self,
        member: MemberId,
        items: &[ItemId],
    ) -> Result<BTreeMap<(EntryId, Part), Link>> {
        let items = items.to_vec();
        self.read(move |db| {
            let tenant = tenant_of(db, member)?;
            let mut found = Vec::new();
            for item in items {
                found.extend(db.rows(BY_ITEM, args![member, item.as_str()], |row| {
                    link_row(db, &tenant, row)
                })?);
            }
            collect(found)
        })
        .await
    }

    /// The links with a write whose fate is not known.
    pub async fn links_unsettled(
        &self,
        member: MemberId,
    ) -> Result<BTreeMap<(EntryId, Part), Link>> {
        self.read(move |db| {
            let tenant = tenant_of(db, member)?;
            collect(db.rows(UNSETTLED, args![member], |row| link_row(db, &tenant, row))?)
        })
        .await
    }

    /// How many of our copies are in a member: cores that have an item.
    pub async fn count_copies(&self, member: MemberId) -> Result<u64> {
        let count = self.read(move |db| db.number(COUNT, args![member])).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Records what both sides agree on, and ends pairs that are over: nothing is sent for it, so the ledger
    /// does not speak of it.
    pub async fn agree(
        &self,
        lease: &Lease,
        member: MemberId,
        changes: Vec<LinkChange>,
    ) -> Result<()> {
        let lease = lease.clone();
        self.write(move |db| {
            check_lease(db, &lease)?;
            catalog_of(db, &lease.tenant, member)?;
            changes
                .iter()
                .try_for_each(|change| apply(db, &lease.tenant, member, change))
        })
        .await
    }
}

fn apply(db: &Db, tenant: &TenantName, member: MemberId, change: &LinkChange) -> Result<()> {
    match change {
        LinkChange::Agree(link) => save_link(db, tenant, member, link),
        LinkChange::Forget(entry, part) => forget_link(db, member, *entry, *part),
    }
}

fn collect(links: Vec<Link>) -> Result<BTreeMap<(EntryId, Part), Link>> {
    Ok(links.into_iter().map(|l| ((l.entry, l.part), l)).collect())
}

/// The tenant of a member; blank for a member that is not there, which has no links.
fn tenant_of(db: &Db, member: MemberId) -> Result<TenantName> {
    let found = db.first(TENANT_OF, args![member], |row| row.text(0))?;
    Ok(TenantName(found.unwrap_or_default()))
}

pub(crate) fn part_number(part: Part) -> i64 {
    match part {
        Part::Core => 0,
        Part::Photo => 1,
    }
}

pub(crate) fn read_part(row: &Row, at: usize) -> Result<Part> {
    match row.int(at)? {
        0 => Ok(Part::Core),
        1 => Ok(Part::Photo),
        _ => Err(row.unreadable("a part")),
    }
}

pub(crate) fn op_number(op: Op) -> i64 {
    match op {
        Op::Create => 1,
        Op::Update => 2,
        Op::Delete => 3,
        Op::Photo => 4,
    }
}

pub(crate) fn read_op(row: &Row, at: usize) -> Result<Option<Op>> {
    Ok(Some(match row.opt_int(at)? {
        None => return Ok(None),
        Some(1) => Op::Create,
        Some(2) => Op::Update,
        Some(3) => Op::Delete,
        Some(4) => Op::Photo,
        Some(_) => return Err(row.unreadable("an operation")),
    }))
}

fn link_row(db: &Db, tenant: &TenantName, row: &Row) -> Result<Link> {
    let shown = match row.opt_bytes(8)? {
        None => Deviations::new(),
        Some(sealed) => unseal(db, tenant, sealed)?,
    };
    Ok(Link {
        member: MemberId(row.int(0)?),
        entry: row.entry(1)?,
        part: read_part(row, 2)?,
        generation: row.small(3)?,
        item: row.opt_text(4)?.map(ItemId),
        etag: row.opt_text(5)?.map(Etag),
        origin: match row.int(6)? {
            0 => Origin::Created,
            _ => Origin::Adopted,
        },
        agreed: row.opt_int(7)?.map(ContentId),
        shown,
        photo: row.opt_text(9)?,
        sent: sent_columns(row)?,
        trouble: row.opt_json(15)?,
        tugs: row.small(16)?,
        tugged_at: row.opt_at(17)?,
        refused: row.flag(18)?,
        wrote: row.opt_json(19)?.unwrap_or_default(),
    })
}

fn sent_columns(row: &Row) -> Result<Option<Sent>> {
    let Some(op) = read_op(row, 10)? else {
        return Ok(None);
    };
    Ok(Some(Sent {
        op,
        deadline: row.at(11)?,
        content: row.opt_int(12)?.map(ContentId),
        attempt: row.small(13)?,
        generation: row.small(14)?,
    }))
}

/// The five columns of a write that may be under way.
pub(crate) fn sent_args(sent: Option<&Sent>) -> [Arg<'static>; 5] {
    match sent {
        None => [Arg::Null, Arg::Null, Arg::Null, Arg::Null, Arg::Null],
        Some(sent) => [
            op_number(sent.op).into(),
            sent.deadline.into(),
            sent.content.into(),
            sent.attempt.into(),
            sent.generation.into(),
        ],
    }
}

/// Writes a link whole. The member is the caller's, whatever the link says.
pub(crate) fn save_link(db: &Db, tenant: &TenantName, member: MemberId, link: &Link) -> Result<()> {
    let shown = (!link.shown.is_empty()).then(|| plain_bytes(&link.shown));
    let shown = shown.as_ref().map(|s| db.seal.seal(tenant.as_str(), s));
    let [op, deadline, content, attempt, generation] = sent_args(link.sent.as_ref());
    let adopted = link.origin == Origin::Adopted;
    db.run(
        SAVE,
        &[
            member.into(),
            link.entry.into(),
            part_number(link.part).into(),
            link.generation.into(),
            link.item.as_ref().map(ItemId::as_str).into(),
            link.etag.as_ref().map(Etag::as_str).into(),
            adopted.into(),
            link.agreed.into(),
            shown.as_deref().into(),
            link.photo.as_ref().into(),
            op,
            deadline,
            content,
            attempt,
            generation,
            link.trouble.as_ref().map(json).into(),
            link.tugs.into(),
            link.tugged_at.into(),
            link.refused.into(),
            (!link.wrote.is_empty()).then(|| json(&link.wrote)).into(),
        ],
    )
    .map(|_| ())
}

pub(crate) fn forget_link(db: &Db, member: MemberId, entry: EntryId, part: Part) -> Result<()> {
    db.run(FORGET, args![member, entry, part_number(part)])
        .map(|_| ())
}

statements! {
    TENANT_OF = "SELECT tenant FROM member WHERE id = $1 ORDER BY id";
    OF_MEMBER = "SELECT member, entry, part, generation, item, etag, origin, agreed, shown, photo, sent_op, \
        sent_deadline, sent_content, sent_attempt, sent_generation, trouble, tugs, tugged_at, refused, wrote \
        FROM link WHERE member = $1 ORDER BY entry, part";
    OF_ENTRY = "SELECT member, entry, part, generation, item, etag, origin, agreed, shown, photo, sent_op, \
        sent_deadline, sent_content, sent_attempt, sent_generation, trouble, tugs, tugged_at, refused, wrote \
        FROM link WHERE member = $1 AND entry = $2 ORDER BY entry, part";
    /// The sign before `member` keeps SQLite from walking through all of a member's links instead.
    BY_ITEM = "SELECT member, entry, part, generation, item, etag, origin, agreed, shown, photo, sent_op, \
        sent_deadline, sent_content, sent_attempt, sent_generation, trouble, tugs, tugged_at, refused, wrote \
        FROM link WHERE item = $2 AND +member = $1 ORDER BY item, entry, part";
    UNSETTLED = "SELECT member, entry, part, generation, item, etag, origin, agreed, shown, photo, sent_op, \
        sent_deadline, sent_content, sent_attempt, sent_generation, trouble, tugs, tugged_at, refused, wrote \
        FROM link WHERE member = $1 AND sent_op IS NOT NULL ORDER BY entry, part";
    COUNT = "SELECT count(*) FROM link WHERE member = $1 AND part = 0 AND item IS NOT NULL";
    SAVE = "INSERT INTO link (member, entry, part, generation, item, etag, origin, agreed, shown, photo, sent_op, \
        sent_deadline, sent_content, sent_attempt, sent_generation, trouble, tugs, tugged_at, refused, wrote) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
        ON CONFLICT (member, entry, part) DO UPDATE SET generation = excluded.generation, item = excluded.item, \
        etag = excluded.etag, origin = excluded.origin, agreed = excluded.agreed, shown = excluded.shown, \
        photo = excluded.photo, sent_op = excluded.sent_op, sent_deadline = excluded.sent_deadline, \
        sent_content = excluded.sent_content, sent_attempt = excluded.sent_attempt, \
        sent_generation = excluded.sent_generation, trouble = excluded.trouble, tugs = excluded.tugs, \
        tugged_at = excluded.tugged_at, refused = excluded.refused, wrote = excluded.wrote";
    TROUBLED = "SELECT member, entry, part, generation, item, etag, origin, agreed, shown, photo, sent_op, \
        sent_deadline, sent_content, sent_attempt, sent_generation, trouble, tugs, tugged_at, refused, wrote \
        FROM link WHERE member = $1 AND (sent_op IS NOT NULL OR trouble IS NOT NULL) ORDER BY entry, part";
    FORGET = "DELETE FROM link WHERE member = $1 AND entry = $2 AND part = $3";
}
