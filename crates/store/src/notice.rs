//! Notices: one when trouble begins, one when it is over, and none twice.

use crate::db::Row;
use crate::error::Result;
use crate::handle::Store;
use model::{TenantName, Timestamp};

/// Something that the owner of a tunnel must hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub tenant: TenantName,
    /// What it is about, one notice at a time each: `hold t-7f3k2m`, `silence t-7f3k2m`.
    pub subject: String,
    pub detail: String,
    pub opened_at: Timestamp,
    /// `Some`: it is over.
    pub closed_at: Option<Timestamp>,
}

impl Store {
    /// Trouble begins. `true`: it is new, and waits to be told; `false`: it is already open, and nothing changed.
    pub async fn open_notice(
        &self,
        tenant: &TenantName,
        subject: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (tenant, subject, detail) = (tenant.clone(), subject.to_owned(), detail.to_owned());
        self.write(move |db| {
            let opened = db.first(OPEN, args![&tenant, &subject, &detail, now], |row| {
                row.flag(0)
            })?;
            Ok(opened == Some(true))
        })
        .await
    }

    /// Trouble is over. `true`: that is news. One that nobody was told of goes without a word.
    pub async fn close_notice(
        &self,
        tenant: &TenantName,
        subject: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (tenant, subject) = (tenant.clone(), subject.to_owned());
        self.write(move |db| {
            db.run(DROP_UNTOLD, args![&tenant, &subject])?;
            Ok(db.run(CLOSE, args![&tenant, &subject, now])? > 0)
        })
        .await
    }

    /// Beginnings and ends that wait to be told, in order.
    pub async fn untold_notices(&self) -> Result<Vec<Notice>> {
        self.read(|db| db.rows(UNTOLD, &[], notice_row)).await
    }

    /// Notes that this beginning or end (as `closed_at` says) was told.
    pub async fn notice_told(&self, notice: &Notice, now: Timestamp) -> Result<()> {
        let notice = notice.clone();
        self.write(move |db| {
            let at = args![&notice.tenant, &notice.subject, now, notice.opened_at];
            let told = match notice.closed_at {
                None => TOLD_OPEN,
                Some(_) => TOLD_CLOSE,
            };
            db.run(told, at).map(|_| ())
        })
        .await
    }

    /// Trouble that is not over.
    pub async fn open_notices(&self, tenant: Option<&TenantName>) -> Result<Vec<Notice>> {
        let tenant = tenant.cloned();
        let mut all = self.read(|db| db.rows(STANDING, &[], notice_row)).await?;
        all.retain(|notice| tenant.as_ref().is_none_or(|t| *t == notice.tenant));
        Ok(all)
    }
}

fn notice_row(row: &Row) -> Result<Notice> {
    Ok(Notice {
        tenant: TenantName(row.text(0)?),
        subject: row.text(1)?,
        detail: row.text(2)?,
        opened_at: row.at(3)?,
        closed_at: row.opt_at(4)?,
    })
}

statements! {
    /// One whose end was told begins anew; one whose end nobody heard of yet just goes on.
    OPEN = "INSERT INTO notice (tenant, subject, detail, opened_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, subject) DO UPDATE SET detail = excluded.detail, \
        opened_at = CASE WHEN notice.close_told_at IS NULL THEN notice.opened_at ELSE excluded.opened_at END, \
        open_told_at = CASE WHEN notice.close_told_at IS NULL THEN notice.open_told_at ELSE NULL END, \
        closed_at = NULL, close_told_at = NULL WHERE notice.closed_at IS NOT NULL \
        RETURNING CASE WHEN open_told_at IS NULL THEN 1 ELSE 0 END";
    DROP_UNTOLD = "DELETE FROM notice WHERE tenant = $1 AND subject = $2 AND open_told_at IS NULL";
    CLOSE = "UPDATE notice SET closed_at = $3 WHERE tenant = $1 AND subject = $2 AND closed_at IS NULL";
    UNTOLD = "SELECT tenant, subject, detail, opened_at, closed_at FROM notice \
        WHERE open_told_at IS NULL OR (closed_at IS NOT NULL AND close_told_at IS NULL) \
        ORDER BY opened_at, tenant, subject";
    STANDING = "SELECT tenant, subject, detail, opened_at, closed_at FROM notice WHERE closed_at IS NULL \
        ORDER BY opened_at, tenant, subject";
    TOLD_OPEN = "UPDATE notice SET open_told_at = $3 WHERE tenant = $1 AND subject = $2 AND opened_at = $4 \
        AND open_told_at IS NULL";
    TOLD_CLOSE = "UPDATE notice SET close_told_at = $3 WHERE tenant = $1 AND subject = $2 AND opened_at = $4 \
        AND closed_at IS NOT NULL AND close_told_at IS NULL";
}
