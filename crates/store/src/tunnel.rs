//! Tunnels as the store knows them: which rule was last applied, and what people paused.

use crate::db::{Db, Row};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use crate::ledger::note;
use model::{RunId, TenantName, Timestamp, TunnelId};
use std::fmt;

/// What is remembered of a tunnel beside its document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelState {
    /// Hash of the rule whose plan a person last applied; `None`: never. `serve` writes nothing for a tunnel
    /// whose rule is wider than that.
    pub applied_rule: Option<String>,
    pub first_applied_at: Option<Timestamp>,
    pub applied_at: Option<Timestamp>,
}

/// What can be paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Tenant(TenantName),
    Tunnel(TunnelId),
    Run(RunId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(name) => write!(f, "tenant {name}"),
            Self::Tunnel(id) => write!(f, "tunnel {id}"),
            Self::Run(id) => write!(f, "run {id}"),
        }
    }
}

/// Who paused, why and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// As [`Scope`] prints: `tunnel t-7f3k2m`.
    pub scope: String,
    pub tenant: TenantName,
    pub who: String,
    pub reason: String,
    pub at: Timestamp,
}

impl Store {
    /// What is known of a tunnel; nothing is known of one that was never applied.
    pub async fn tunnel_state(&self, tenant: &TenantName, id: &TunnelId) -> Result<TunnelState> {
        let (tenant, id) = (tenant.clone(), id.clone());
        let found = self
            .read(move |db| {
                db.first(STATE, args![&tenant, id.as_str()], |row| {
                    Ok(TunnelState {
                        applied_rule: row.opt_text(0)?,
                        first_applied_at: row.opt_at(1)?,
                        applied_at: row.opt_at(2)?,
                    })
                })
            })
            .await?;
        Ok(found.unwrap_or_default())
    }

    /// Notes that the plan of this rule was applied. The same rule again changes no row.
    pub async fn tunnel_applied(
        &self,
        tenant: &TenantName,
        id: &TunnelId,
        rule: &str,
        now: Timestamp,
    ) -> Result<()> {
        let (tenant, id, rule) = (tenant.clone(), id.clone(), rule.to_owned());
        self.write(move |db| {
            db.run(APPLIED, args![&tenant, id.as_str(), &rule, now])
                .map(|_| ())
        })
        .await
    }

    /// Stops writing in a scope, durably: no intent is taken there any more. Did it go on until now?
    /// For a tunnel, ask [`Store::paused`] before each batch: intents know the tenant and the run only.
    pub async fn pause(
        &self,
        tenant: &TenantName,
        scope: &Scope,
        who: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (tenant, scope) = (tenant.clone(), scope.to_string());
        let (who, reason) = (who.to_owned(), reason.to_owned());
        self.write(move |db| {
            let paused = db.run(PAUSE, args![&scope, &tenant, &who, &reason, now])? > 0;
            if paused {
                note(
                    db,
                    &tenant,
                    None,
                    "pause",
                    &format!("{scope} by {who}: {reason}"),
                    now,
                )?;
            }
            Ok(paused)
        })
        .await
    }

    /// Lets a scope go on. Was it paused?
    pub async fn resume(
        &self,
        tenant: &TenantName,
        scope: &Scope,
        who: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (tenant, scope, who) = (tenant.clone(), scope.to_string(), who.to_owned());
        self.write(move |db| {
            let resumed = db.run(RESUME, args![&scope, &tenant])? > 0;
            if resumed {
                note(
                    db,
                    &tenant,
                    None,
                    "resume",
                    &format!("{scope} by {who}"),
                    now,
                )?;
            }
            Ok(resumed)
        })
        .await
    }

    /// Who paused this scope; `None`: it goes on. A wider scope is asked for by itself.
    pub async fn paused(&self, scope: &Scope) -> Result<Option<Pause>> {
        let scope = scope.to_string();
        self.read(move |db| db.first(PAUSED, args![&scope], pause_row))
            .await
    }

    /// Everything that is paused.
    pub async fn pauses(&self) -> Result<Vec<Pause>> {
        self.read(|db| db.rows(PAUSES, &[], pause_row)).await
    }
}

fn pause_row(row: &Row) -> Result<Pause> {
    Ok(Pause {
        scope: row.text(0)?,
        tenant: TenantName(row.text(1)?),
        who: row.text(2)?,
        reason: row.text(3)?,
        at: row.at(4)?,
    })
}

/// Fails when a person paused the tenant or the run, or when the run is over (a cancelled one is).
pub(crate) fn check_going(db: &Db, tenant: &TenantName, run: RunId) -> Result<()> {
    let (by_tenant, by_run) = (Scope::Tenant(tenant.clone()), Scope::Run(run));
    let stopped = db.first(
        STOPPED,
        args![by_tenant.to_string(), by_run.to_string(), run],
        |row| row.text(0),
    )?;
    match stopped {
        None => Ok(()),
        Some(scope) => Err(StoreError::Stopped { scope }),
    }
}

statements! {
    STATE = "SELECT applied_rule, first_applied_at, applied_at FROM tunnel WHERE tenant = $1 AND id = $2 ORDER BY id";
    APPLIED = "INSERT INTO tunnel (id, tenant, applied_rule, first_applied_at, applied_at) VALUES ($2, $1, $3, $4, $4) \
        ON CONFLICT (id) DO UPDATE SET applied_rule = excluded.applied_rule, applied_at = excluded.applied_at, \
        first_applied_at = coalesce(tunnel.first_applied_at, excluded.first_applied_at) \
        WHERE tunnel.applied_rule IS DISTINCT FROM excluded.applied_rule";
    PAUSE = "INSERT INTO pause (scope, tenant, who, reason, at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (scope) DO NOTHING";
    RESUME = "DELETE FROM pause WHERE scope = $1 AND tenant = $2";
    PAUSED = "SELECT scope, tenant, who, reason, at FROM pause WHERE scope = $1 ORDER BY scope";
    PAUSES = "SELECT scope, tenant, who, reason, at FROM pause ORDER BY at, scope";
    STOPPED = "SELECT scope FROM pause WHERE scope = $1 OR scope = $2 \
        UNION ALL SELECT CAST($2 AS text) FROM run WHERE id = $3 AND ended_at IS NOT NULL ORDER BY 1";
}
