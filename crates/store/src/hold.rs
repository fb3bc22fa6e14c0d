//! Holds: plans that wait for a person, remembered by fingerprint with who decided and when.

use crate::db::{Db, Row, json, word};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use crate::ledger::note;
use crate::run::{set_state, tenant_of};
use model::plan::Halt;
use model::run::RunState;
use model::{BookKey, Fingerprint, RunId, TenantName, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person decided about a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approved,
    Rejected,
}

/// A plan that was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub tenant: TenantName,
    pub book: BookKey,
    pub fingerprint: Fingerprint,
    /// The latest run that came to this very plan.
    pub run: RunId,
    pub halts: Vec<Halt>,
    pub held_at: Timestamp,
    /// `None`: it waits. With who decided, and when.
    pub decision: Option<(Decision, String, Timestamp)>,
}

impl Store {
    /// Parks a run's plan until a person decides about exactly this fingerprint, and answers how that stands:
    /// a plan that was rejected stays rejected, one that was approved may go, however often it is made again.
    /// The run becomes held only where no decision is known.
    pub async fn hold(
        &self,
        run: RunId,
        fingerprint: &Fingerprint,
        halts: &[Halt],
        now: Timestamp,
    ) -> Result<Hold> {
        let (fingerprint, halts) = (fingerprint.clone(), halts.to_vec());
        self.write(move |db| hold(db, run, &fingerprint, &halts, now))
            .await
    }

    /// How a plan stands; `None`: it was never held.
    pub async fn held(
        &self,
        tenant: &TenantName,
        book: &BookKey,
        fingerprint: &Fingerprint,
    ) -> Result<Option<Hold>> {
        let (tenant, book) = (tenant.clone(), book.clone());
        let fingerprint = fingerprint.clone();
        self.read(move |db| {
            let args = args![&tenant, book.as_str(), fingerprint.as_str()];
            db.first(ONE, args, hold_row)
        })
        .await
    }

    /// The holds of runs that still wait for a person.
    pub async fn waiting_holds(&self, tenant: Option<&TenantName>) -> Result<Vec<Hold>> {
        let tenant = tenant.cloned();
        let mut all = self.read(|db| db.rows(WAITING, &[], hold_row)).await?;
        all.retain(|hold| tenant.as_ref().is_none_or(|t| *t == hold.tenant));
        Ok(all)
    }

    /// Approves the held plan of a run: it goes on performing exactly this fingerprint. `false`: the run has
    /// another plan by now, or does not wait.
    pub async fn approve(
        &self,
        run: RunId,
        fingerprint: &Fingerprint,
        who: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.decide(run, fingerprint, Decision::Approved, who, now)
            .await
    }

    /// Rejects the held plan of a run, until somebody reconsiders it. `false` as in [`Store::approve`].
    pub async fn reject(
        &self,
        run: RunId,
        fingerprint: &Fingerprint,
        who: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.decide(run, fingerprint, Decision::Rejected, who, now)
            .await
    }

    /// Approves after all what was rejected: the same plan may go when it is made again. `false`: this run's plan was
    /// not rejected, or a later run has come to it.
    pub async fn reconsider(
        &self,
        run: RunId,
        fingerprint: &Fingerprint,
        who: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (fingerprint, who) = (fingerprint.clone(), who.to_owned());
        self.write(move |db| {
            let tenant = tenant_of(db, run)?;
            let print = fingerprint.as_str();
            let changed = db.run(RECONSIDER, args![run, print, &who, now])? > 0;
            if changed {
                let detail = format!("{print} by {who}");
                note(db, &tenant, Some(run), "approve", &detail, now)?;
            }
            Ok(changed)
        })
        .await
    }

    async fn decide(
        &self,
        run: RunId,
        fingerprint: &Fingerprint,
        decision: Decision,
        who: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (fingerprint, who) = (fingerprint.clone(), who.to_owned());
        self.write(move |db| decide(db, run, &fingerprint, decision, &who, now))
            .await
    }

    /// Cancels a run: no intent of it is taken any more. `false`: it had ended.
    pub async fn cancel(&self, run: RunId, who: &str, now: Timestamp) -> Result<bool> {
        let who = who.to_owned();
        self.write(move |db| {
            let tenant = tenant_of(db, run)?;
            let reason = format!("cancelled by {who}");
            let cancelled = set_state(db, run, RunState::Cancelled, &reason, now)?;
            if cancelled {
                note(db, &tenant, Some(run), "cancel", &format!("by {who}"), now)?;
            }
            Ok(cancelled)
        })
        .await
    }
}

fn hold(
    db: &Db,
    run: RunId,
    fingerprint: &Fingerprint,
    halts: &[Halt],
    now: Timestamp,
) -> Result<Hold> {
    let tenant = tenant_of(db, run)?;
    let print = fingerprint.as_str();
    db.run(HOLD, args![run, print, json(&halts), now])?;
    let found = db.first(OF_RUN, args![run, print], hold_row)?;
    let found = found.ok_or_else(|| StoreError::damaged(db.place, "a hold is missing"))?;
    if found.decision.is_none() {
        // Many mailboxes may halt for one reason.
        let reasons: BTreeSet<&str> = halts.iter().map(|h| h.detail.as_str()).collect();
        let reason = reasons.into_iter().collect::<Vec<_>>().join("; ");
        db.run(HELD, args![run, print, reason])?;
        note(db, &tenant, Some(run), "hold", print, now)?;
    }
    Ok(found)
}

fn decide(
    db: &Db,
    run: RunId,
    fingerprint: &Fingerprint,
    decision: Decision,
    who: &str,
    now: Timestamp,
) -> Result<bool> {
    let tenant = tenant_of(db, run)?;
    let print = fingerprint.as_str();
    let decided = db.run(DECIDE, args![run, print, word(&decision), who, now])? > 0;
    if decided {
        let (act, state) = match decision {
            Decision::Approved => ("approve", RunState::Performing),
            Decision::Rejected => ("reject", RunState::Rejected),
        };
        set_state(
            db,
            run,
            state,
            &format!("{} by {who}", word(&decision)),
            now,
        )?;
        note(
            db,
            &tenant,
            Some(run),
            act,
            &format!("{print} by {who}"),
            now,
        )?;
    }
    Ok(decided)
}

fn hold_row(row: &Row) -> Result<Hold> {
    let decision = match (row.opt_text(6)?, row.opt_text(7)?, row.opt_at(8)?) {
        (Some(_), Some(who), Some(at)) => Some((row.word(6)?, who, at)),
        _ => None,
    };
    Ok(Hold {
        tenant: TenantName(row.text(0)?),
        book: BookKey(row.text(1)?),
        fingerprint: Fingerprint(row.text(2)?),
        run: RunId(row.int(3)?),
        halts: row.json(4)?,
        held_at: row.at(5)?,
        decision,
    })
}

statements! {
    /// The same plan made again by a later run keeps the instant it was first held, and its decision.
    HOLD = "INSERT INTO hold (tenant, book, fingerprint, run, halts, held_at) \
        SELECT r.tenant, r.book, $2, r.id, $3, $4 FROM run r WHERE r.id = $1 \
        ON CONFLICT (tenant, book, fingerprint) DO UPDATE SET run = excluded.run, halts = excluded.halts";
    HELD = "UPDATE run SET fingerprint = $2, state = 'held', reason = $3 WHERE id = $1 AND ended_at IS NULL";
    ONE = "SELECT tenant, book, fingerprint, run, halts, held_at, decision, who, decided_at FROM hold \
        WHERE tenant = $1 AND book = $2 AND fingerprint = $3 ORDER BY fingerprint";
    OF_RUN = "SELECT tenant, book, fingerprint, run, halts, held_at, decision, who, decided_at FROM hold \
        WHERE run = $1 AND fingerprint = $2 ORDER BY fingerprint";
    WAITING = "SELECT h.tenant, h.book, h.fingerprint, h.run, h.halts, h.held_at, h.decision, h.who, h.decided_at \
        FROM hold h JOIN run r ON r.id = h.run WHERE h.decision IS NULL AND r.state = 'held' \
        ORDER BY h.held_at, h.tenant, h.book, h.fingerprint";
    RECONSIDER = "UPDATE hold SET decision = 'approved', who = $3, decided_at = $4 \
        WHERE tenant = (SELECT tenant FROM run WHERE id = $1) AND book = (SELECT book FROM run WHERE id = $1) \
        AND fingerprint = $2 AND run = $1 AND decision = 'rejected'";
    DECIDE = "UPDATE hold SET decision = $3, who = $4, decided_at = $5 WHERE run = $1 AND fingerprint = $2 \
        AND decision IS NULL AND EXISTS (SELECT 1 FROM run r WHERE r.id = $1 AND r.state = 'held' AND r.fingerprint = $2)";
}
