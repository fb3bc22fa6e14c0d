//! Lanes and jobs: what is to be looked at, one worker per lane at a time, fair across tenants.
//!
//! A job is a key without payload: offering it twice makes it one. A lane (a mailbox, a source) is leased to
//! one worker; each lease has a fence that only grows, and whoever holds an older one can write nothing more.
//! Leases are ordered by the store's own clock, so workers whose clocks differ cannot steal from each other.

use crate::db::{Db, Row};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use model::mutant::{self, Mutant};
use model::{Millis, TenantName, Timestamp};

/// How soon a due job is taken, within its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A person waits for it.
    Urgent,
    Normal,
    /// Slow looks that may wait.
    Idle,
}

const PRIORITIES: [Priority; 3] = [Priority::Urgent, Priority::Normal, Priority::Idle];

/// Look at this again. Two offers with the same tenant, lane, kind and target are one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub tenant: TenantName,
    /// Jobs of one lane never run together.
    pub lane: String,
    pub kind: String,
    pub target: String,
    pub priority: Priority,
    /// How often it was claimed and not finished; ignored when it is offered.
    pub attempts: u32,
}

/// The right to work in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub tenant: TenantName,
    pub lane: String,
    pub fence: i64,
    pub until: Timestamp,
}

/// A leased lane with the jobs that are due in it, the most urgent first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub lease: Lease,
    pub jobs: Vec<Job>,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Gone, unless it was offered again meanwhile.
    Done,
    /// Due again then, with one attempt more.
    Retry(Timestamp),
}

impl Store {
    /// Offers a job, due at `due_at`. A job that already waits keeps the earlier instant and the more urgent
    /// priority; a job that is being worked runs once more afterwards. Did anything change?
    pub async fn offer(&self, job: &Job, due_at: Timestamp) -> Result<bool> {
        Ok(self.offer_all(vec![(job.clone(), due_at)]).await? > 0)
    }

    /// Offers many jobs in one transaction; the answer counts those that changed anything.
    pub async fn offer_all(&self, jobs: Vec<(Job, Timestamp)>) -> Result<usize> {
        self.write(move |db| {
            let mut changed = 0;
            for (job, due_at) in &jobs {
                changed += offer(db, job, *due_at)?;
            }
            Ok(changed)
        })
        .await
    }

    /// Takes the next lane with due work for `lease`. Tenants take turns: the one with the fewest lanes at work
    /// goes first, then the one served longest ago; none has more than `per_tenant_cap` lanes at work.
    /// `None`: nothing to do now.
    pub async fn claim(
        &self,
        worker: &str,
        lease: Millis,
        per_tenant_cap: usize,
    ) -> Result<Option<Claim>> {
        let (worker, now) = (worker.to_owned(), self.now());
        let until = until(now, lease);
        self.write(move |db| claim(db, &worker, now, until, per_tenant_cap))
            .await
    }

    /// Prolongs a lease from now on.
    pub async fn extend(&self, lease: &Lease, by: Millis) -> Result<Lease> {
        let until = until(self.now(), by);
        let mut lease = lease.clone();
        self.write(move |db| {
            let held = db.run(
                EXTEND,
                args![&lease.tenant, &lease.lane, lease.fence, until],
            )?;
            if held == 0 {
                return Err(lost(&lease));
            }
            lease.until = until;
            Ok(lease)
        })
        .await
    }

    /// Ends one job of a claim; the lane stays leased.
    pub async fn finish_job(&self, lease: &Lease, job: &Job, finish: Finish) -> Result<()> {
        let (lease, job) = (lease.clone(), job.clone());
        self.write(move |db| {
            check_lease(db, &lease)?;
            finish_job(db, &lease, &job, finish)
        })
        .await
    }

    /// Gives the lane back. `finish` goes for the jobs of the claim that were not ended one by one.
    pub async fn release(&self, claim: &Claim, finish: Finish) -> Result<()> {
        let claim = claim.clone();
        self.write(move |db| {
            check_lease(db, &claim.lease)?;
            for job in &claim.jobs {
                finish_job(db, &claim.lease, job, finish)?;
            }
            let lease = &claim.lease;
            db.run(FREE, args![&lease.tenant, &lease.lane, lease.fence])
                .map(|_| ())
        })
        .await
    }

    /// Does this lease still hold? Asked before anything slow or irreversible.
    pub async fn holds(&self, lease: &Lease) -> Result<()> {
        let lease = lease.clone();
        self.read(move |db| check_lease(db, &lease)).await
    }

    /// When [`Store::claim`] may next find something, as far as the store knows now: in the past or now when
    /// there is something; `None` when nothing waits at all. Lanes of a tenant at its cap count from the end
    /// of its first lease.
    pub async fn next_due(&self, per_tenant_cap: usize) -> Result<Option<Timestamp>> {
        let now = self.now();
        self.read(move |db| next_due(db, now, per_tenant_cap)).await
    }

    /// How many jobs of a tenant wait, and how many are being worked.
    pub async fn job_counts(&self, tenant: &TenantName) -> Result<(u64, u64)> {
        let (tenant, now) = (tenant.clone(), self.now());
        self.read(move |db| {
            let waiting = db.number(WAITING, args![&tenant, now])?;
            let all = db.number(ALL, args![&tenant])?;
            let count = |n: i64| u64::try_from(n).unwrap_or(0);
            Ok((count(waiting), count(all - waiting)))
        })
        .await
    }

    /// Every job of a tenant with the instant it is due.
    pub async fn jobs(&self, tenant: &TenantName) -> Result<Vec<(Job, Timestamp)>> {
        let tenant = tenant.clone();
        self.read(move |db| {
            db.rows(JOBS, args![&tenant], |row| {
                Ok((job_row(&tenant, row)?, row.at(5)?))
            })
        })
        .await
    }

    /// Takes back offers that nobody works on yet: all those of one kind and target.
    pub async fn withdraw(&self, tenant: &TenantName, kind: &str, target: &str) -> Result<usize> {
        let (tenant, kind, target) = (tenant.clone(), kind.to_owned(), target.to_owned());
        self.write(move |db| db.run(WITHDRAW, args![&tenant, &kind, &target]))
            .await
    }
}

/// Fails unless this lease is the lane's latest and was not given back.
pub(crate) fn check_lease(db: &Db, lease: &Lease) -> Result<()> {
    let held = db.first(HELD, args![&lease.tenant, &lease.lane, lease.fence], |_| {
        Ok(())
    })?;
    held.ok_or_else(|| lost(lease))
}

fn until(now: Timestamp, lease: Millis) -> Timestamp {
    if mutant::on(Mutant::K19) {
        return Timestamp::NEVER;
    }
    now + lease
}

fn lost(lease: &Lease) -> StoreError {
    StoreError::LostLease {
        tenant: lease.tenant.clone(),
        lane: lease.lane.clone(),
    }
}

fn priority_number(priority: Priority) -> i64 {
    match priority {
        Priority::Urgent => 0,
        Priority::Normal => 1,
        Priority::Idle => 2,
    }
}

fn job_row(tenant: &TenantName, row: &Row) -> Result<Job> {
    Ok(Job {
        tenant: tenant.clone(),
        lane: row.text(0)?,
        kind: row.text(1)?,
        target: row.text(2)?,
        priority: match row.int(3)? {
            0 => Priority::Urgent,
            1 => Priority::Normal,
            _ => Priority::Idle,
        },
        attempts: row.small(4)?,
    })
}

fn offer(db: &Db, job: &Job, due_at: Timestamp) -> Result<usize> {
    let priority = priority_number(job.priority);
    db.run(
        OFFER,
        args![
            &job.tenant,
            &job.lane,
            &job.kind,
            &job.target,
            priority,
            due_at
        ],
    )
}

/// The targets of jobs of one kind that an offer, normal and due at `due_at`, would leave as they are.
pub(crate) fn waiting_targets(
    db: &Db,
    tenant: &TenantName,
    kind: &str,
    due_at: Timestamp,
) -> Result<Vec<String>> {
    let normal = priority_number(Priority::Normal);
    db.rows(
        WAITING_TARGETS,
        args![tenant, kind, normal, due_at],
        |row| row.text(0),
    )
}

/// A tenant with jobs, as far as fairness must know it.
struct Queue {
    tenant: TenantName,
    at_work: usize,
    turn: i64,
}

fn queues(db: &Db, now: Timestamp) -> Result<Vec<Queue>> {
    db.rows(QUEUES, args![now], |row| {
        Ok(Queue {
            tenant: TenantName(row.text(0)?),
            at_work: usize::try_from(row.int(1)?).unwrap_or(usize::MAX),
            turn: row.int(2)?,
        })
    })
}

fn claim(
    db: &Db,
    worker: &str,
    now: Timestamp,
    until: Timestamp,
    cap: usize,
) -> Result<Option<Claim>> {
    let mut queues = queues(db, now)?;
    queues.retain(|queue| queue.at_work < cap);
    queues.sort_by(|a, b| (a.at_work, a.turn, &a.tenant).cmp(&(b.at_work, b.turn, &b.tenant)));
    for queue in &queues {
        if let Some(lane) = next_lane(db, &queue.tenant, now)? {
            db.run(TAKE_TURN, args![&queue.tenant])?;
            return take(db, &queue.tenant, lane, worker, now, until).map(Some);
        }
    }
    Ok(None)
}

/// The free lane with the most urgent due job, the longest due first.
fn next_lane(db: &Db, tenant: &TenantName, now: Timestamp) -> Result<Option<String>> {
    for priority in PRIORITIES {
        let number = priority_number(priority);
        let found = db.first(NEXT_LANE, args![tenant, number, now], |row| row.text(0))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn take(
    db: &Db,
    tenant: &TenantName,
    lane: String,
    worker: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Claim> {
    let fence = db.number(LEASE, args![tenant, &lane, until, worker])?;
    db.run(TAKE_JOBS, args![tenant, &lane, now, fence])?;
    let jobs = db.rows(TAKEN, args![tenant, &lane, fence], |row| {
        job_row(tenant, row)
    })?;
    let lease = Lease {
        tenant: tenant.clone(),
        lane,
        fence,
        until,
    };
    Ok(Claim { lease, jobs })
}

/// A job that was offered again while it was worked stays, whatever became of it.
fn finish_job(db: &Db, lease: &Lease, job: &Job, finish: Finish) -> Result<()> {
    let (tenant, lane) = (&lease.tenant, &lease.lane);
    let (kind, target, fence) = (&job.kind, &job.target, lease.fence);
    match finish {
        Finish::Done => {
            db.run(DONE, args![tenant, lane, kind, target, fence])?;
            db.run(AGAIN, args![tenant, lane, kind, target, fence])?;
        }
        Finish::Retry(at) => {
            db.run(RETRY, args![tenant, lane, kind, target, fence, at])?;
        }
    }
    Ok(())
}

fn next_due(db: &Db, now: Timestamp, cap: usize) -> Result<Option<Timestamp>> {
    let mut next: Option<Timestamp> = None;
    let mut sooner = |at: Option<Timestamp>| {
        next = match (next, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    };
    for queue in queues(db, now)? {
        if queue.at_work < cap {
            for priority in PRIORITIES {
                let number = priority_number(priority);
                let due = db.first(NEXT_DUE, args![&queue.tenant, number, now], |row| row.at(0))?;
                sooner(due);
            }
        }
        sooner(db.first(NEXT_EXPIRY, args![&queue.tenant, now], |row| row.at(0))?);
    }
    Ok(next)
}

statements! {
    /// While it is worked (taken <> 0) only again_at moves; a later or less urgent offer changes nothing.
    OFFER = "INSERT INTO job (tenant, lane, kind, target, priority, due_at, attempts, taken) \
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0) ON CONFLICT (tenant, lane, kind, target) DO UPDATE SET \
        priority = CASE WHEN excluded.priority < job.priority THEN excluded.priority ELSE job.priority END, \
        due_at = CASE WHEN job.taken = 0 AND excluded.due_at < job.due_at THEN excluded.due_at ELSE job.due_at END, \
        again_at = CASE WHEN job.taken = 0 THEN job.again_at \
          WHEN job.again_at IS NULL OR excluded.due_at < job.again_at THEN excluded.due_at ELSE job.again_at END \
        WHERE excluded.priority < job.priority OR (job.taken = 0 AND excluded.due_at < job.due_at) \
          OR (job.taken <> 0 AND (job.again_at IS NULL OR excluded.due_at < job.again_at))";
    /// The other side of the condition of OFFER.
    WAITING_TARGETS = "SELECT target FROM job WHERE tenant = $1 AND kind = $2 AND priority <= $3 \
        AND ((taken = 0 AND due_at <= $4) OR (taken <> 0 AND again_at <= $4)) ORDER BY lane, target";
    /// Steps from tenant to tenant through the index instead of reading every job.
    QUEUES = "WITH RECURSIVE busy (tenant) AS ( \
          SELECT min(tenant) FROM job \
          UNION ALL SELECT (SELECT min(j.tenant) FROM job j WHERE j.tenant > busy.tenant) FROM busy \
          WHERE busy.tenant IS NOT NULL) \
        SELECT b.tenant, \
          (SELECT count(*) FROM lane l WHERE l.tenant = b.tenant AND l.lease_until > $1), \
          coalesce((SELECT t.turn FROM turn t WHERE t.tenant = b.tenant), 0) \
        FROM busy b WHERE b.tenant IS NOT NULL ORDER BY b.tenant";
    TAKE_TURN = "INSERT INTO turn (tenant, turn) VALUES ($1, (SELECT coalesce(max(t.turn), 0) + 1 FROM turn t)) \
        ON CONFLICT (tenant) DO UPDATE SET turn = excluded.turn";
    NEXT_LANE = "SELECT j.lane FROM job j WHERE j.tenant = $1 AND j.priority = $2 AND j.due_at <= $3 \
        AND NOT EXISTS (SELECT 1 FROM lane l WHERE l.tenant = j.tenant AND l.lane = j.lane AND l.lease_until > $3) \
        ORDER BY j.due_at, j.lane LIMIT 1";
    NEXT_DUE = "SELECT j.due_at FROM job j WHERE j.tenant = $1 AND j.priority = $2 \
        AND NOT EXISTS (SELECT 1 FROM lane l WHERE l.tenant = j.tenant AND l.lane = j.lane AND l.lease_until > $3) \
        ORDER BY j.due_at, j.lane LIMIT 1";
    NEXT_EXPIRY = "SELECT lease_until FROM lane WHERE tenant = $1 AND lease_until > $2 ORDER BY lease_until LIMIT 1";
    LEASE = "INSERT INTO lane (tenant, lane, fence, lease_until, worker) VALUES ($1, $2, 1, $3, $4) \
        ON CONFLICT (tenant, lane) DO UPDATE SET fence = lane.fence + 1, lease_until = excluded.lease_until, \
        worker = excluded.worker RETURNING fence";
    HELD = "SELECT 1 FROM lane WHERE tenant = $1 AND lane = $2 AND fence = $3 AND lease_until IS NOT NULL \
        ORDER BY lane";
    EXTEND = "UPDATE lane SET lease_until = $4 WHERE tenant = $1 AND lane = $2 AND fence = $3 \
        AND lease_until IS NOT NULL";
    FREE = "UPDATE lane SET lease_until = NULL, worker = NULL WHERE tenant = $1 AND lane = $2 AND fence = $3";
    /// What a lost worker had taken is due as it was, with one attempt more. An offer for later outlives this turn.
    TAKE_JOBS = "UPDATE job SET attempts = CASE WHEN taken = 0 THEN attempts ELSE attempts + 1 END, taken = $4, \
        again_at = CASE WHEN again_at > $3 THEN again_at ELSE NULL END \
        WHERE tenant = $1 AND lane = $2 AND due_at <= $3";
    TAKEN = "SELECT lane, kind, target, priority, attempts FROM job WHERE tenant = $1 AND lane = $2 AND taken = $3 \
        ORDER BY priority, due_at, kind, target";
    DONE = "DELETE FROM job WHERE tenant = $1 AND lane = $2 AND kind = $3 AND target = $4 AND taken = $5 \
        AND again_at IS NULL";
    AGAIN = "UPDATE job SET due_at = again_at, again_at = NULL, taken = 0, attempts = 0 \
        WHERE tenant = $1 AND lane = $2 AND kind = $3 AND target = $4 AND taken = $5 AND again_at IS NOT NULL";
    /// An offer for before the retry is met by the retry.
    RETRY = "UPDATE job SET due_at = $6, again_at = CASE WHEN again_at > $6 THEN again_at ELSE NULL END, \
        taken = 0, attempts = attempts + 1 \
        WHERE tenant = $1 AND lane = $2 AND kind = $3 AND target = $4 AND taken = $5";
    WAITING = "SELECT count(*) FROM job j WHERE j.tenant = $1 AND (j.taken = 0 OR NOT EXISTS (SELECT 1 FROM lane l \
        WHERE l.tenant = j.tenant AND l.lane = j.lane AND l.lease_until > $2))";
    ALL = "SELECT count(*) FROM job WHERE tenant = $1";
    JOBS = "SELECT lane, kind, target, priority, attempts, due_at FROM job WHERE tenant = $1 \
        ORDER BY lane, kind, target";
    WITHDRAW = "DELETE FROM job WHERE tenant = $1 AND kind = $2 AND target = $3 AND taken = 0";
}
