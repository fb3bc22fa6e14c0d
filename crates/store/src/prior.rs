//! Prior images: what an item showed before we changed or removed it, kept so that it can be put back.

use crate::content::unseal_bytes;
use crate::db::{Db, Row};
use crate::error::Result;
use crate::handle::Store;
use crate::link::{op_number, part_number, read_op, read_part};
use crate::write::{Fate, Intent};
use model::link::{Op, Part};
use model::{EntryId, ItemId, MemberId, RunId, TenantName, Timestamp};

/// One prior image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    pub id: i64,
    pub tenant: TenantName,
    pub run: RunId,
    pub member: MemberId,
    pub entry: EntryId,
    pub part: Part,
    pub item: Option<ItemId>,
    pub at: Timestamp,
    pub op: Op,
    /// As the engine gave it.
    pub bytes: Vec<u8>,
    /// `None`: not yet known whether the write happened.
    pub fate: Option<Fate>,
}

/// Which prior images to read, always of one tenant; `None` does not narrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorFilter {
    pub tenant: TenantName,
    pub run: Option<RunId>,
    pub member: Option<MemberId>,
    pub entry: Option<EntryId>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl PriorFilter {
    /// Every prior image of a tenant.
    pub fn of(tenant: &TenantName) -> Self {
        Self {
            tenant: tenant.clone(),
            run: None,
            member: None,
            entry: None,
            since: None,
            until: None,
        }
    }

    fn takes(&self, prior: &Prior) -> bool {
        prior.tenant == self.tenant
            && self.run.is_none_or(|run| run == prior.run)
            && self.member.is_none_or(|member| member == prior.member)
            && self.entry.is_none_or(|entry| entry == prior.entry)
            && self.since.is_none_or(|since| prior.at >= since)
            && self.until.is_none_or(|until| prior.at < until)
    }
}

impl Store {
    /// Prior images in the order in which they were taken.
    pub async fn priors(&self, filter: &PriorFilter) -> Result<Vec<Prior>> {
        let filter = filter.clone();
        self.read(move |db| {
            let mut all = candidates(db, &filter)?;
            all.retain(|prior| filter.takes(prior));
            Ok(all)
        })
        .await
    }
}

/// Reads by the narrowest index that the filter allows.
fn candidates(db: &Db, filter: &PriorFilter) -> Result<Vec<Prior>> {
    let tenant = &filter.tenant;
    let read = |row: &Row| prior_row(db, tenant, row);
    match (filter.run, filter.member) {
        (Some(run), _) => db.rows(OF_RUN, args![tenant, run], read),
        (None, Some(member)) => db.rows(OF_MEMBER, args![tenant, member], read),
        (None, None) => {
            let since = filter.since.unwrap_or(Timestamp(i64::MIN));
            let until = filter.until.unwrap_or(Timestamp(i64::MAX));
            db.rows(OF_TIME, args![tenant, since, until], read)
        }
    }
}

fn prior_row(db: &Db, tenant: &TenantName, row: &Row) -> Result<Prior> {
    Ok(Prior {
        id: row.int(0)?,
        tenant: tenant.clone(),
        run: RunId(row.int(1)?),
        member: MemberId(row.int(2)?),
        entry: row.entry(3)?,
        part: read_part(row, 4)?,
        item: row.opt_text(5)?.map(ItemId),
        at: row.at(6)?,
        op: read_op(row, 7)?.ok_or_else(|| row.unreadable("an operation"))?,
        bytes: unseal_bytes(db, tenant, row.bytes(8)?)?,
        fate: match row.opt_text(9)? {
            None => None,
            Some(_) => Some(row.word(9)?),
        },
    })
}

/// Stores one image, before its write is sent.
pub(crate) fn keep(
    db: &Db,
    tenant: &TenantName,
    run: RunId,
    member: MemberId,
    intent: &Intent,
    bytes: &[u8],
    at: Timestamp,
) -> Result<()> {
    let item = intent.item.as_ref().map(ItemId::as_str);
    let (part, op) = (part_number(intent.part), op_number(intent.sent.op));
    let sealed = db.seal.seal(tenant.as_str(), bytes);
    db.run(
        KEEP,
        args![
            tenant,
            run,
            member,
            intent.entry,
            part,
            item,
            at,
            op,
            &*sealed
        ],
    )
    .map(|_| ())
}

/// Notes whether the write happened that an image was taken for.
pub(crate) fn settle(
    db: &Db,
    member: MemberId,
    entry: EntryId,
    part: Part,
    fate: Fate,
) -> Result<()> {
    let part = part_number(part);
    db.run(SETTLE, args![member, entry, part, fate.as_str()])
        .map(|_| ())
}

statements! {
    KEEP = "INSERT INTO prior (tenant, run, member, entry, part, item, at, op, bytes) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    SETTLE = "UPDATE prior SET fate = $4 WHERE member = $1 AND entry = $2 AND part = $3 AND fate IS NULL";
    OF_RUN = "SELECT id, run, member, entry, part, item, at, op, bytes, fate FROM prior \
        WHERE tenant = $1 AND run = $2 ORDER BY id";
    OF_MEMBER = "SELECT id, run, member, entry, part, item, at, op, bytes, fate FROM prior \
        WHERE member = $2 AND EXISTS (SELECT 1 FROM member m WHERE m.id = $2 AND m.tenant = $1) ORDER BY id";
    OF_TIME = "SELECT id, run, member, entry, part, item, at, op, bytes, fate FROM prior \
        WHERE tenant = $1 AND at >= $2 AND at < $3 ORDER BY id";
}
