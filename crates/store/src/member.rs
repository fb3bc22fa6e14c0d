//! Members: the target folders of a catalog, and how far each has come.

use crate::db::{Db, Row, json, word};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use crate::lane::waiting_targets;
use crate::ledger::{NewRow, Pen, Phase};
use model::catalog::{Leaving, MemberChange, MemberWish};
use model::member::{Member, MemberState};
use model::tunnel::Copies;
use model::{CatalogId, FolderId, MailboxId, MemberId, TenantName, Timestamp, ViewId};
use std::collections::BTreeSet;

impl Store {
    /// Every member of a catalog, also those that left, by id.
    pub async fn members(&self, tenant: &TenantName, catalog: CatalogId) -> Result<Vec<Member>> {
        let tenant = tenant.clone();
        self.read(move |db| db.rows(OF_CATALOG, args![&tenant, catalog], member_row))
            .await
    }

    /// These members, by id; one that is not there is left out.
    pub async fn members_of(&self, ids: &BTreeSet<MemberId>) -> Result<Vec<Member>> {
        let ids = ids.clone();
        self.read(move |db| these(db, &ids)).await
    }

    /// Those of these members for whom offering a job of this kind, normal and due at `due_at`, would change
    /// anything: all but those for whom one waits already.
    pub async fn members_unoffered(
        &self,
        tenant: &TenantName,
        ids: &BTreeSet<MemberId>,
        kind: &str,
        due_at: Timestamp,
    ) -> Result<Vec<Member>> {
        let (tenant, mut ids, kind) = (tenant.clone(), ids.clone(), kind.to_owned());
        self.read(move |db| {
            for target in waiting_targets(db, &tenant, &kind, due_at)? {
                if let Ok(id) = target.parse() {
                    ids.remove(&MemberId(id));
                }
            }
            these(db, &ids)
        })
        .await
    }

    /// `None` when there is no such member.
    pub async fn member(&self, id: MemberId) -> Result<Option<Member>> {
        self.read(move |db| db.first(ONE, args![id], member_row))
            .await
    }

    /// Every member in one mailbox: the books it takes part in.
    pub async fn members_of_mailbox(
        &self,
        tenant: &TenantName,
        mailbox: &MailboxId,
    ) -> Result<Vec<Member>> {
        let (tenant, mailbox) = (tenant.clone(), mailbox.clone());
        self.read(move |db| db.rows(OF_MAILBOX, args![&tenant, mailbox.as_str()], member_row))
            .await
    }

    /// Notes which folder a member's is, by id and by the name it shows; `None`: it is not there any more,
    /// so that the next look must find or make it, and be a full one.
    pub async fn set_folder(
        &self,
        member: MemberId,
        folder: Option<&FolderId>,
        name: &str,
    ) -> Result<()> {
        let (folder, name) = (folder.cloned(), name.to_owned());
        self.write(move |db| {
            let folder = folder.as_ref().map(FolderId::as_str);
            db.run(SET_FOLDER, args![member, folder, &name]).map(|_| ())
        })
        .await
    }

    /// Forgets the cursor, so that the next look is a full one.
    pub async fn want_full_look(&self, member: MemberId) -> Result<()> {
        self.write(move |db| db.run(FORGET_CURSOR, args![member]).map(|_| ()))
            .await
    }

    /// Starts over at `through` 0, so that the next look compares everything.
    pub async fn reset_through(&self, member: MemberId) -> Result<()> {
        self.write(move |db| db.run(RESET, args![member]).map(|_| ()))
            .await
    }

    /// Has the catalog anybody for this member who was not brought there yet?
    pub async fn has_newcomers(&self, member: MemberId) -> Result<bool> {
        self.read(move |db| Ok(db.number(NEWCOMERS, args![member])? > 0))
            .await
    }

    /// Ends a member's life, after its copies were taken back or left.
    pub async fn member_left(&self, member: MemberId) -> Result<()> {
        self.write(move |db| {
            db.run(SET_STATE, args![member, word(&MemberState::Left)])
                .map(|_| ())
        })
        .await
    }
}

fn these(db: &Db, ids: &BTreeSet<MemberId>) -> Result<Vec<Member>> {
    let found = ids.iter().map(|id| db.first(ONE, args![*id], member_row));
    found.filter_map(Result::transpose).collect()
}

pub(crate) fn member_row(row: &Row) -> Result<Member> {
    Ok(Member {
        id: MemberId(row.int(0)?),
        tenant: TenantName(row.text(1)?),
        catalog: row.catalog(2)?,
        mailbox: MailboxId(row.text(3)?),
        address: row.text(4)?,
        folder: row.opt_text(5)?.map(FolderId),
        folder_name: row.text(6)?,
        view: ViewId(row.text(7)?),
        through: row.int(8)?,
        cursor: row.opt_text(9)?,
        state: row.word(10)?,
        leaving: row.opt_json(11)?,
        looked_full_at: row.opt_at(12)?,
        written_at: row.opt_at(13)?,
        strangers: row.int(14)? != 0,
    })
}

/// The catalog of a member, which must be of this tenant.
pub(crate) fn catalog_of(db: &Db, tenant: &TenantName, member: MemberId) -> Result<CatalogId> {
    let found = db.first(CATALOG_OF, args![member, tenant], |row| row.catalog(0))?;
    found.ok_or_else(|| StoreError::Refused {
        what: format!("touch member {member}, which is not of tenant {tenant}"),
    })
}

/// Carries out a change among members, and answers which of them need to be looked at.
pub(crate) fn apply(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
    change: &MemberChange,
    now: Timestamp,
) -> Result<Vec<MemberId>> {
    let mut moved = Vec::new();
    for (mailbox, wish) in &change.join {
        moved.extend(join(db, tenant, catalog, mailbox, wish)?);
    }
    note_members(db, tenant, &moved, "join", now)?;
    for (member, leaving) in &change.doubt {
        set_leaving(db, tenant, *member, Some(leaving))?;
    }
    for member in &change.stay {
        set_leaving(db, tenant, *member, None)?;
    }
    let mut left = Vec::new();
    for (member, copies) in &change.leave {
        left.extend(leave(db, tenant, *member, *copies)?);
    }
    note_members(db, tenant, &left, "leave", now)?;
    moved.extend(left);
    Ok(moved)
}

/// The ledger says who joined and who left: it explains the writes that follow.
fn note_members(
    db: &Db,
    tenant: &TenantName,
    members: &[MemberId],
    act: &str,
    at: Timestamp,
) -> Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let mut pen = Pen::take(db)?;
    for member in members {
        pen.append(&NewRow {
            tenant,
            at,
            run: None,
            member: Some(*member),
            entry: None,
            act,
            phase: Phase::Note,
            item: None,
            detail: "",
        })?;
    }
    pen.lift()
}

/// A member that is new, came back or sees another view starts at the beginning. `None`: it already was
/// there like this.
fn join(
    db: &Db,
    tenant: &TenantName,
    catalog: CatalogId,
    mailbox: &MailboxId,
    wish: &MemberWish,
) -> Result<Option<MemberId>> {
    db.run(
        ADDRESS,
        args![tenant, catalog, mailbox.as_str(), &wish.address],
    )?;
    let joined = db.first(
        JOIN,
        args![
            tenant,
            catalog,
            mailbox.as_str(),
            &wish.address,
            wish.view.as_str()
        ],
        |row| row.int(0),
    )?;
    Ok(joined.map(MemberId))
}

fn set_leaving(
    db: &Db,
    tenant: &TenantName,
    member: MemberId,
    leaving: Option<&Leaving>,
) -> Result<()> {
    db.run(LEAVING, args![tenant, member, leaving.map(json)])
        .map(|_| ())
}

fn leave(
    db: &Db,
    tenant: &TenantName,
    member: MemberId,
    copies: Copies,
) -> Result<Option<MemberId>> {
    let state = match copies {
        Copies::Keep => MemberState::LeavingKeep,
        Copies::Remove => MemberState::LeavingRemove,
    };
    let left = db.run(LEAVE, args![tenant, member, word(&state)])?;
    Ok((left > 0).then_some(member))
}

statements! {
    ONE = "SELECT id, tenant, catalog, mailbox, address, folder, folder_name, view, through, cursor, state, \
        leaving, looked_full_at, written_at, strangers FROM member WHERE id = $1 ORDER BY id";
    OF_CATALOG = "SELECT id, tenant, catalog, mailbox, address, folder, folder_name, view, through, cursor, state, \
        leaving, looked_full_at, written_at, strangers FROM member WHERE tenant = $1 AND catalog = $2 ORDER BY id";
    OF_MAILBOX = "SELECT id, tenant, catalog, mailbox, address, folder, folder_name, view, through, cursor, state, \
        leaving, looked_full_at, written_at, strangers FROM member WHERE tenant = $1 AND mailbox = $2 ORDER BY id";
    CATALOG_OF = "SELECT catalog FROM member WHERE id = $1 AND tenant = $2 ORDER BY id";
    ADDRESS = "UPDATE member SET address = $4 \
        WHERE tenant = $1 AND catalog = $2 AND mailbox = $3 AND address <> $4";
    /// Coming back from outside needs a full look; another view only needs another comparison.
    JOIN = "INSERT INTO member (tenant, catalog, mailbox, address, folder_name, view, through, state) \
        VALUES ($1, $2, $3, $4, '', $5, 0, 'active') \
        ON CONFLICT (catalog, mailbox) DO UPDATE SET view = excluded.view, through = 0, leaving = NULL, \
        cursor = CASE WHEN member.state = 'active' THEN member.cursor ELSE NULL END, state = 'active' \
        WHERE member.tenant = excluded.tenant AND (member.view <> excluded.view OR member.state <> 'active') \
        RETURNING id";
    LEAVING = "UPDATE member SET leaving = $3 \
        WHERE tenant = $1 AND id = $2 AND leaving IS DISTINCT FROM $3";
    LEAVE = "UPDATE member SET state = $3 \
        WHERE tenant = $1 AND id = $2 AND state <> $3 AND state <> 'left'";
    SET_FOLDER = "UPDATE member SET folder = $2, folder_name = $3, \
        cursor = CASE WHEN folder IS DISTINCT FROM $2 THEN NULL ELSE cursor END \
        WHERE id = $1 AND (folder IS DISTINCT FROM $2 OR folder_name <> $3)";
    FORGET_CURSOR = "UPDATE member SET cursor = NULL WHERE id = $1 AND cursor IS NOT NULL";
    /// Living entries newer than the member that have no copy there yet.
    NEWCOMERS = "SELECT count(*) FROM entry e JOIN member m ON m.catalog = e.catalog AND m.view = e.view \
        WHERE m.id = $1 AND e.version > m.through AND e.content IS NOT NULL AND e.gone_since IS NULL \
        AND NOT EXISTS (SELECT 1 FROM link l WHERE l.member = m.id AND l.entry = e.entry AND l.item IS NOT NULL)";
    RESET = "UPDATE member SET through = 0 WHERE id = $1 AND through <> 0";
    SET_STATE = "UPDATE member SET state = $2, leaving = NULL WHERE id = $1 AND state <> $2";
}
