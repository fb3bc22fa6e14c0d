//! Runs: one execution of a plan for one book, its members and its blocks of equal plans.

use crate::content::unseal_bytes;
use crate::db::{Db, Row, json, word};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use crate::lane::{Lease, check_lease};
use model::plan::Tally;
use model::run::{Account, MemberRunState, Run, RunState, Trigger, Trouble, TroubleKind};
use model::{BookKey, Fingerprint, MemberId, RunId, TenantName, Timestamp};

/// A run that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStart {
    pub tenant: TenantName,
    pub book: BookKey,
    pub trigger: Trigger,
    pub policy_version: String,
}

/// One member of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMember {
    pub member: MemberId,
    pub state: MemberRunState,
    /// Which block its plan is; `None` before it was planned.
    pub block: Option<Fingerprint>,
    pub tally: Option<Tally>,
    pub account: Account,
    pub reason: String,
    /// Of what kind the reason is, where it is trouble.
    pub trouble: Option<TroubleKind>,
}

/// How a member of a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberEnd {
    pub run: RunId,
    pub member: MemberId,
    pub account: Account,
    pub state: MemberRunState,
    pub reason: String,
    /// Of what kind the reason is, where it is trouble.
    pub trouble: Option<TroubleKind>,
}

impl MemberEnd {
    pub fn new(
        run: RunId,
        member: MemberId,
        account: Account,
        state: MemberRunState,
        reason: &str,
    ) -> Self {
        Self {
            run,
            member,
            account,
            state,
            reason: reason.to_owned(),
            trouble: None,
        }
    }

    /// It is left for a later run.
    pub fn deferred(run: RunId, member: MemberId, account: Account, trouble: &Trouble) -> Self {
        Self {
            trouble: Some(trouble.kind),
            ..Self::new(
                run,
                member,
                account,
                MemberRunState::Deferred,
                &trouble.detail,
            )
        }
    }
}

/// A block: a plan that several members share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    pub fingerprint: Fingerprint,
    /// As the engine gave it.
    pub bytes: Vec<u8>,
    pub members: u64,
}

/// How far a run has come: members in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunProgress {
    pub waiting: u64,
    pub planned: u64,
    pub performing: u64,
    pub done: u64,
    pub deferred: u64,
    pub stale: u64,
}

impl RunProgress {
    pub fn members(&self) -> u64 {
        self.waiting + self.planned + self.performing + self.done + self.deferred + self.stale
    }

    fn add(&mut self, state: MemberRunState, count: u64) {
        match state {
            MemberRunState::Waiting => self.waiting += count,
            MemberRunState::Planned => self.planned += count,
            MemberRunState::Performing => self.performing += count,
            MemberRunState::Done => self.done += count,
            MemberRunState::Deferred => self.deferred += count,
            MemberRunState::Stale => self.stale += count,
        }
    }
}

/// Which runs to list; `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    pub tenant: Option<TenantName>,
    pub book: Option<BookKey>,
    /// Only runs that have not ended.
    pub open: bool,
    pub limit: Option<usize>,
}

impl Store {
    /// Begins a run in the state `planning`.
    pub async fn begin_run(&self, start: &RunStart, now: Timestamp) -> Result<Option<RunId>> {
        let start = start.clone();
        self.write(move |db| {
            let (cause, state) = (word(&start.trigger), word(&RunState::Planning));
            let (book, version) = (start.book.as_str(), &start.policy_version);
            let open = db.first(OPEN, args![&start.tenant, book], |row| row.int(0))?;
            if open.is_some() {
                return Ok(None);
            }
            db.number(
                BEGIN,
                args![&start.tenant, book, cause, state, version, now],
            )
            .map(|id| Some(RunId(id)))
        })
        .await
    }

    /// Adds members that are to be planned; a member that is already in the run stays as it is.
    pub async fn add_run_members(&self, run: RunId, members: &[MemberId]) -> Result<()> {
        let members = members.to_vec();
        self.write(move |db| {
            let waiting = word(&MemberRunState::Waiting);
            for member in members {
                db.run(ADD_MEMBER, args![run, member, &waiting])?;
            }
            Ok(())
        })
        .await
    }

    /// Records a member's plan: its tally and its block. The bytes are kept once for each distinct block; `None`:
    /// they were recorded for this run before. What the run has already done for the member stays done.
    pub async fn planned_member(
        &self,
        run: RunId,
        member: MemberId,
        tally: &Tally,
        block: &Fingerprint,
        bytes: Option<&[u8]>,
    ) -> Result<()> {
        let (tally, block) = (tally.clone(), block.clone());
        let bytes = bytes.map(<[u8]>::to_vec);
        self.write(move |db| {
            let tenant = tenant_of(db, run)?;
            let planned = word(&MemberRunState::Planned);
            let block = block.as_str();
            let waiting = word(&MemberRunState::Waiting);
            // A worker that stood still plans again what another has planned, or even done: that stays as it is.
            let (tally, writes) = (json(&tally), tally.writes());
            db.run(
                PLANNED,
                args![run, member, planned, block, tally, writes, waiting],
            )?;
            // A run that ended before its member was planned: left for later.
            db.run(DEFER_LATE, args![run, member])?;
            if let Some(bytes) = bytes {
                let sealed = db.seal.seal(tenant.as_str(), &bytes);
                db.run(ADD_BLOCK, args![run, block, &*sealed])?;
            }
            Ok(())
        })
        .await
    }

    /// Moves a member of a run on to another state, without an account: it is being performed, or could not
    /// be planned.
    pub async fn run_member_state(
        &self,
        run: RunId,
        member: MemberId,
        state: MemberRunState,
        reason: &str,
    ) -> Result<()> {
        let reason = reason.to_owned();
        self.write(move |db| {
            db.run(MEMBER_STATE, args![run, member, word(&state), &reason])
                .map(|_| ())
        })
        .await
    }

    /// Records how a member of a run ended, by whoever holds its lane. `LostLease` otherwise: an older worker would write
    /// over what another one has done since.
    pub async fn member_ended(&self, lease: &Lease, end: MemberEnd) -> Result<()> {
        let lease = lease.clone();
        self.write(move |db| {
            check_lease(db, &lease)?;
            let of = end.account;
            db.run(
                MEMBER_DONE,
                args![
                    end.run,
                    end.member,
                    word(&end.state),
                    of.planned,
                    of.done,
                    of.deferred,
                    of.quarantined,
                    of.held,
                    &end.reason,
                    end.trouble.map(|kind| word(&kind)),
                ],
            )
            .map(|_| ())
        })
        .await
    }

    /// Members of a run by state.
    pub async fn run_progress(&self, run: RunId) -> Result<RunProgress> {
        self.read(move |db| {
            let mut progress = RunProgress::default();
            db.each(PROGRESS, args![run], |row| {
                progress.add(row.word(0)?, row.count(1)?);
                Ok(())
            })?;
            Ok(progress)
        })
        .await
    }

    /// Records what the whole run's plan amounts to, and the state that follows from the verdict.
    pub async fn set_verdict(
        &self,
        run: RunId,
        fingerprint: &Fingerprint,
        state: RunState,
        reason: &str,
    ) -> Result<()> {
        let (fingerprint, reason) = (fingerprint.clone(), reason.to_owned());
        self.write(move |db| {
            db.run(
                VERDICT,
                args![run, fingerprint.as_str(), word(&state), &reason],
            )
            .map(|_| ())
        })
        .await
    }

    /// Moves a run that has not ended to another state. `false`: it has ended.
    pub async fn set_run_state(&self, run: RunId, state: RunState, reason: &str) -> Result<bool> {
        let (reason, now) = (reason.to_owned(), self.now());
        self.write(move |db| set_state(db, run, state, &reason, now))
            .await
    }

    /// Notes that something could not be read for this run. A run that ended stays as it ended.
    pub async fn run_troubled(&self, run: RunId, trouble: &Trouble) -> Result<()> {
        let trouble = json(trouble);
        self.write(move |db| db.run(TROUBLED, args![run, &trouble]).map(|_| ()))
            .await
    }

    /// Ends a run. `false`: it had already ended, and stays as it ended.
    pub async fn finish_run(
        &self,
        run: RunId,
        state: RunState,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let reason = reason.to_owned();
        self.write(move |db| set_state(db, run, state, &reason, now))
            .await
    }

    /// `None` when there is no such run. Its account is the sum of its members'.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>> {
        self.read(move |db| db.first(ONE, args![id], run_row)).await
    }

    /// Runs, the newest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>> {
        let filter = filter.clone();
        self.read(move |db| {
            let tenant = filter.tenant.as_ref().map(TenantName::as_str);
            let book = filter.book.as_ref().map(BookKey::as_str);
            let limit = filter.limit.and_then(|n| i64::try_from(n).ok());
            let limit = limit.unwrap_or(i64::MAX);
            db.rows(LIST, args![tenant, book, filter.open, limit], run_row)
        })
        .await
    }

    /// The newest run of a book that has not ended, without its account: every job of every member asks for it,
    /// and adding all members up each time would cost the square of their number.
    pub async fn open_run(&self, tenant: &TenantName, book: &BookKey) -> Result<Option<Run>> {
        let (tenant, book) = (tenant.clone(), book.clone());
        self.read(move |db| db.first(OPEN_RUN, args![&tenant, book.as_str()], run_row))
            .await
    }

    /// `None` when there is no such run.
    pub async fn run_state(&self, id: RunId) -> Result<Option<RunState>> {
        self.read(move |db| db.first(STATE_OF, args![id], |row| row.word(0)))
            .await
    }

    /// The members of a run that are in one of these states, by id.
    pub async fn run_members_in(
        &self,
        run: RunId,
        states: &[MemberRunState],
    ) -> Result<Vec<MemberId>> {
        let states = states.to_vec();
        self.read(move |db| {
            let mut members = Vec::new();
            for state in states {
                members.extend(db.rows(MEMBERS_IN, args![run, word(&state)], |row| {
                    row.int(0).map(MemberId)
                })?);
            }
            members.sort_unstable();
            Ok(members)
        })
        .await
    }

    /// Every member of a run, by id.
    pub async fn run_members(&self, run: RunId) -> Result<Vec<RunMember>> {
        self.read(move |db| db.rows(MEMBERS, args![run], member_row))
            .await
    }

    /// One member of a run.
    pub async fn run_member(&self, run: RunId, member: MemberId) -> Result<Option<RunMember>> {
        self.read(move |db| db.first(MEMBER, args![run, member], member_row))
            .await
    }

    /// The distinct blocks of a run, those of most members first.
    pub async fn blocks(&self, run: RunId) -> Result<Vec<BlockRow>> {
        self.read(move |db| {
            let tenant = tenant_of(db, run)?;
            db.rows(BLOCKS, args![run], |row| {
                Ok(BlockRow {
                    fingerprint: Fingerprint(row.text(0)?),
                    bytes: unseal_bytes(db, &tenant, row.bytes(1)?)?,
                    members: row.count(2)?,
                })
            })
        })
        .await
    }
}

pub(crate) fn tenant_of(db: &Db, run: RunId) -> Result<TenantName> {
    let found = db.first(TENANT_OF, args![run], |row| row.text(0))?;
    found.map(TenantName).ok_or_else(|| StoreError::Missing {
        what: format!("run {run}"),
    })
}

/// Moves a run on unless it has ended.
pub(crate) fn set_state(
    db: &Db,
    run: RunId,
    state: RunState,
    reason: &str,
    now: Timestamp,
) -> Result<bool> {
    let ended = state.ended().then_some(now);
    let moved = db.run(STATE, args![run, word(&state), reason, ended])? > 0;
    // What was planned and never begun is held where a person stood in its way, else left for later.
    if moved && state.ended() {
        let stopped = matches!(state, RunState::Rejected | RunState::Cancelled);
        db.run(if stopped { HOLD_REST } else { DEFER_REST }, args![run])?;
    }
    Ok(moved)
}

fn run_row(row: &Row) -> Result<Run> {
    Ok(Run {
        id: RunId(row.int(0)?),
        tenant: TenantName(row.text(1)?),
        book: BookKey(row.text(2)?),
        trigger: row.word(3)?,
        state: row.word(4)?,
        policy_version: row.text(5)?,
        fingerprint: row.opt_text(6)?.map(Fingerprint),
        started_at: row.at(7)?,
        ended_at: row.opt_at(8)?,
        reason: row.text(9)?,
        account: account(row, 10)?,
        trouble: row.opt_json(15)?,
    })
}

fn member_row(row: &Row) -> Result<RunMember> {
    Ok(RunMember {
        member: MemberId(row.int(0)?),
        state: row.word(1)?,
        block: row.opt_text(2)?.map(Fingerprint),
        tally: row.opt_json(3)?,
        reason: row.text(4)?,
        account: account(row, 5)?,
        trouble: row.opt_word(10)?,
    })
}

fn account(row: &Row, from: usize) -> Result<Account> {
    Ok(Account {
        planned: row.count(from)?,
        done: row.count(from + 1)?,
        deferred: row.count(from + 2)?,
        quarantined: row.count(from + 3)?,
        held: row.count(from + 4)?,
    })
}

statements! {
    TENANT_OF = "SELECT tenant FROM run WHERE id = $1 ORDER BY id";
    OPEN = "SELECT id FROM run WHERE tenant = $1 AND book = $2 AND ended_at IS NULL ORDER BY id LIMIT 1";
    BEGIN = "INSERT INTO run (tenant, book, cause, state, policy_version, started_at, reason) \
        VALUES ($1, $2, $3, $4, $5, $6, '') RETURNING id";
    ADD_MEMBER = "INSERT INTO run_member (run, member, state, planned, done, deferred, quarantined, held, reason) \
        VALUES ($1, $2, $3, 0, 0, 0, 0, 0, '') ON CONFLICT (run, member) DO NOTHING";
    PLANNED = "INSERT INTO run_member (run, member, state, block, tally, planned, done, deferred, quarantined, held, \
        reason) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, '') ON CONFLICT (run, member) DO UPDATE SET \
        state = excluded.state, block = excluded.block, tally = excluded.tally, \
        planned = excluded.planned + run_member.done, deferred = 0, quarantined = 0, held = 0, reason = '', \
        trouble = NULL WHERE run_member.state = $7";
    ADD_BLOCK = "INSERT INTO block (run, fingerprint, bytes) VALUES ($1, $2, $3) \
        ON CONFLICT (run, fingerprint) DO NOTHING";
    MEMBER_STATE = "UPDATE run_member SET state = $3, reason = $4 WHERE run = $1 AND member = $2";
    MEMBER_DONE = "UPDATE run_member SET state = $3, planned = $4, done = $5, deferred = $6, quarantined = $7, \
        held = $8, reason = $9, trouble = $10 WHERE run = $1 AND member = $2";
    PROGRESS = "SELECT state, count(*) FROM run_member WHERE run = $1 GROUP BY state ORDER BY state";
    VERDICT = "UPDATE run SET fingerprint = $2, state = $3, reason = $4 WHERE id = $1 AND ended_at IS NULL";
    TROUBLED = "UPDATE run SET trouble = $2 WHERE id = $1 AND ended_at IS NULL";
    STATE = "UPDATE run SET state = $2, reason = $3, ended_at = $4 WHERE id = $1 AND ended_at IS NULL";
    HOLD_REST = "UPDATE run_member SET held = planned - done - deferred - quarantined \
        WHERE run = $1 AND planned > done + deferred + quarantined + held";
    DEFER_REST = "UPDATE run_member SET deferred = planned - done - quarantined - held \
        WHERE run = $1 AND planned > done + deferred + quarantined + held";
    DEFER_LATE = "UPDATE run_member SET deferred = planned - done - quarantined - held \
        WHERE run = $1 AND member = $2 AND planned > done + deferred + quarantined + held \
        AND EXISTS (SELECT 1 FROM run r WHERE r.id = $1 AND r.ended_at IS NOT NULL)";
    ONE = "SELECT r.id, r.tenant, r.book, r.cause, r.state, r.policy_version, r.fingerprint, r.started_at, r.ended_at, \
        r.reason, CAST(coalesce(sum(m.planned), 0) AS bigint), CAST(coalesce(sum(m.done), 0) AS bigint), \
        CAST(coalesce(sum(m.deferred), 0) AS bigint), CAST(coalesce(sum(m.quarantined), 0) AS bigint), \
        CAST(coalesce(sum(m.held), 0) AS bigint), r.trouble FROM run r LEFT JOIN run_member m ON m.run = r.id \
        WHERE r.id = $1 GROUP BY r.id ORDER BY r.id";
    LIST = "WITH picked AS (SELECT * FROM run WHERE (CAST($1 AS text) IS NULL OR tenant = $1) \
          AND (CAST($2 AS text) IS NULL OR book = $2) AND (CAST($3 AS integer) = 0 OR ended_at IS NULL) \
          ORDER BY id DESC LIMIT $4) \
        SELECT r.id, r.tenant, r.book, r.cause, r.state, r.policy_version, r.fingerprint, r.started_at, r.ended_at, \
        r.reason, CAST(coalesce(sum(m.planned), 0) AS bigint), CAST(coalesce(sum(m.done), 0) AS bigint), \
        CAST(coalesce(sum(m.deferred), 0) AS bigint), CAST(coalesce(sum(m.quarantined), 0) AS bigint), \
        CAST(coalesce(sum(m.held), 0) AS bigint), r.trouble FROM picked r LEFT JOIN run_member m ON m.run = r.id \
        GROUP BY r.id, r.tenant, r.book, r.cause, r.state, r.policy_version, r.fingerprint, r.started_at, r.ended_at, \
        r.reason, r.trouble ORDER BY r.id DESC";
    OPEN_RUN = "SELECT id, tenant, book, cause, state, policy_version, fingerprint, started_at, ended_at, reason, \
        0, 0, 0, 0, 0, trouble FROM run WHERE tenant = $1 AND book = $2 AND ended_at IS NULL ORDER BY id DESC LIMIT 1";
    STATE_OF = "SELECT state FROM run WHERE id = $1 ORDER BY id";
    MEMBERS_IN = "SELECT member FROM run_member WHERE run = $1 AND state = $2 ORDER BY member";
    MEMBERS = "SELECT member, state, block, tally, reason, planned, done, deferred, quarantined, held, \
        trouble FROM run_member WHERE run = $1 ORDER BY member";
    MEMBER = "SELECT member, state, block, tally, reason, planned, done, deferred, quarantined, held, \
        trouble FROM run_member WHERE run = $1 AND member = $2 ORDER BY member";
    BLOCKS = "SELECT b.fingerprint, b.bytes, (SELECT count(*) FROM run_member m WHERE m.run = b.run \
          AND m.block = b.fingerprint) AS members FROM block b WHERE b.run = $1 ORDER BY members DESC, b.fingerprint";
}
