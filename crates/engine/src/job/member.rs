//! The job of one member: what its book's open run asks of it now.

use crate::ask::Ask;
use crate::job::{Again, JobError, judge, perform, plan, restore};
use crate::world::{Engine, Tenant};
use graph::GraphError;
use model::member::{Member, MemberState};
use model::run::{Account, MemberRunState, Run, RunState, Trouble};
use model::tunnel::Book;
use model::{MemberId, RunId};
use std::sync::Arc;
use store::{Lease, MemberEnd, RunMember};

/// Where one job of a member stands: everything it may touch.
pub(crate) struct Place<'a> {
    pub engine: &'a Engine,
    pub lease: &'a Lease,
    pub tenant: &'a Tenant,
    pub book: Arc<Book>,
    pub member: Member,
    pub run: Run,
    pub row: RunMember,
    pub ask: Ask,
    /// A person accepted what the guards would have held: guards do not count it again.
    pub approved: bool,
}

/// A member that is to wait again and again is left for the next round at last: a run comes to its end.
const WAITS_MAX: u32 = 10;

pub(crate) async fn run(
    engine: &Engine,
    lease: &Lease,
    id: MemberId,
    attempts: u32,
) -> Result<Again, JobError> {
    let Some(place) = place(engine, lease, id).await? else {
        return Ok(Again::No);
    };
    let done = match (place.run.state, place.row.state) {
        (RunState::Planning, MemberRunState::Waiting) => plan::plan(&place).await,
        (RunState::Performing, MemberRunState::Planned | MemberRunState::Performing) => {
            if place.ask.restore.is_empty() {
                perform::perform(&place).await
            } else {
                restore::restore(&place).await
            }
        }
        _ => Ok(Again::No),
    };
    let again = match done {
        Ok(again) => again,
        // Nothing is wrong: what is being carried out goes on as soon as it may.
        Err(JobError::Graph(GraphError::Throttled { until, .. }))
            if place.run.state == RunState::Performing && attempts < WAITS_MAX =>
        {
            // Said by this machine's clock; jobs are due by the store's.
            Again::At(engine.store().time().await? + until.since(engine.now()))
        }
        Err(JobError::Graph(error)) => defer(&place, &Trouble::from(&error)).await?,
        Err(error) => return Err(error),
    };
    if again == Again::No {
        engine.offer_book(&place.book).await?;
    }
    Ok(again)
}

async fn place<'a>(
    engine: &'a Engine,
    lease: &'a Lease,
    id: MemberId,
) -> Result<Option<Place<'a>>, JobError> {
    let Some(member) = engine.store().member(id).await? else {
        return Ok(None);
    };
    let (Some(tenant), Some(book)) = (engine.tenant(&member.tenant), engine.book(member.catalog))
    else {
        return Ok(None);
    };
    let Some(run) = engine.store().open_run(&member.tenant, &book.key).await? else {
        return Ok(None);
    };
    let Some(row) = engine.store().run_member(run.id, id).await? else {
        return Ok(None);
    };
    if member.state == MemberState::Left {
        leave_run(engine, lease, &book, &run, &row).await?;
        return Ok(None);
    }
    let ask = engine.ask_of(run.id).await?;
    let approved = ask.approved || judge::was_approved(engine, &book, &run).await?;
    Ok(Some(Place {
        engine,
        lease,
        tenant,
        book,
        member,
        run,
        row,
        ask,
        approved,
    }))
}

/// A member that left for good while a run still waited for it: nothing is left to do there.
async fn leave_run(
    engine: &Engine,
    lease: &Lease,
    book: &Book,
    run: &Run,
    row: &RunMember,
) -> Result<(), JobError> {
    use MemberRunState::{Performing, Planned, Waiting};
    if !matches!(row.state, Waiting | Planned | Performing) {
        return Ok(());
    }
    let account = left_over(engine, run, row).await?;
    let state = MemberRunState::Deferred;
    let reason = "it left the audience meanwhile";
    let ended = MemberEnd::new(run.id, row.member, account, state, reason);
    engine.store().member_ended(lease, ended).await?;
    engine.offer_book(book).await?;
    Ok(())
}

/// A mailbox that cannot be read or written now hurts no other: it is left for a later round.
pub(crate) async fn defer(place: &Place<'_>, trouble: &Trouble) -> Result<Again, JobError> {
    let account = left_over(place.engine, &place.run, &place.row).await?;
    let ended = MemberEnd::deferred(place.run.id, place.member.id, account, trouble);
    let store = place.engine.store();
    store.member_ended(place.lease, ended).await?;
    Ok(Again::No)
}

/// A person stopped it, or its policy is no longer in force: what is left waits for a later round.
pub(crate) async fn stop(place: &Place<'_>, reason: &str) -> Result<Again, JobError> {
    let account = left_over(place.engine, &place.run, &place.row).await?;
    let (run, member) = (place.run.id, place.member.id);
    let state = MemberRunState::Deferred;
    let ended = MemberEnd::new(run, member, account, state, reason);
    let store = place.engine.store();
    store.member_ended(place.lease, ended).await?;
    Ok(Again::No)
}

/// What this run's ledger says is done for a member, in all passes together.
pub(crate) async fn done_so_far(
    engine: &Engine,
    run: RunId,
    member: MemberId,
) -> Result<u64, JobError> {
    let row = engine.store().run_member(run, member).await?;
    Ok(row.map_or(0, |row| row.account.done))
}

/// What is left of a plan that stops here: from what happened, so that what was done before stays done.
async fn left_over(engine: &Engine, run: &Run, row: &RunMember) -> Result<Account, JobError> {
    let done = done_so_far(engine, run.id, row.member).await?;
    let judged = row.tally.as_ref().map_or(0, |t| t.writes());
    let deferred = judged.saturating_sub(done);
    Ok(Account {
        planned: done + deferred,
        done,
        deferred,
        ..Account::default()
    })
}
