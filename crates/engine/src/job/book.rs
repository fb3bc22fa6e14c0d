//! The job of one book: open runs go on, else its sources are looked at.

use crate::ask::Ask;
use crate::job::refresh::{Asked, Refreshed};
use crate::job::{Again, JobError, MEMBER, judge, mailbox_lane, refresh, restore, stop};
use crate::world::{Engine, Tenant};
use model::member::Member;
use model::mutant::{self, Mutant};
use model::run::{Run, RunState, Trigger, Trouble};
use model::tunnel::Book;
use model::{CatalogId, MemberId, Millis, Timestamp};
use std::collections::BTreeSet;
use store::{Job, Priority, RunFilter, RunProgress};

pub(crate) async fn run(engine: &Engine, id: CatalogId) -> Result<Again, JobError> {
    let Some(book) = engine.book(id) else {
        return Ok(Again::No);
    };
    let Some(tenant) = engine.tenant(&book.tenant) else {
        return Ok(Again::No);
    };
    match engine.store().open_run(&book.tenant, &book.key).await? {
        Some(run) => go_on(engine, tenant, &book, &run).await,
        None => scheduled(engine, tenant, &book).await,
    }
}

/// What an open run asks for next.
async fn go_on(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    run: &Run,
) -> Result<Again, JobError> {
    let progress = engine.store().run_progress(run.id).await?;
    match run.state {
        RunState::Planning if progress.members() == 0 => begin(engine, tenant, book, run).await,
        RunState::Planning if progress.waiting == 0 => judge::judge(engine, book, run).await,
        RunState::Performing if progress.planned + progress.performing == 0 => {
            finish(engine, book, run, &progress).await
        }
        RunState::Planning | RunState::Performing => {
            // A crash may have taken an offer with it: what waits is offered again.
            offer_members(engine, book, &waiting(engine, run).await?).await?;
            Ok(Again::No)
        }
        // A person decides; the schedule goes on looking meanwhile.
        RunState::Held => held(engine, tenant, book, run).await,
        _ => Ok(Again::No),
    }
}

async fn waiting(engine: &Engine, run: &Run) -> Result<Vec<MemberId>, JobError> {
    use model::run::MemberRunState::{Performing, Planned, Waiting};
    let states: &[_] = match run.state {
        RunState::Planning => &[Waiting],
        _ => &[Planned, Performing],
    };
    Ok(engine.store().run_members_in(run.id, states).await?)
}

/// A run that was asked for: look at the sources first, then at every member it is for.
async fn begin(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    run: &Run,
) -> Result<Again, JobError> {
    let ask = engine.ask_of(run.id).await?;
    if !ask.restore.is_empty() {
        return begin_restore(engine, book, run, &ask).await;
    }
    let asked = if ask.full { Asked::Full } else { Asked::Yes };
    let refreshed = match refresh::refresh(engine, tenant, book, asked).await {
        Ok(refreshed) => refreshed,
        Err(JobError::Graph(error)) => {
            let trouble = Trouble::from(&error);
            engine.store().run_troubled(run.id, &trouble).await?;
            let now = engine.store().time().await?;
            engine
                .store()
                .finish_run(run.id, RunState::Incomplete, &trouble.detail, now)
                .await?;
            return next_round(engine, book, now).await;
        }
        Err(error) => return Err(error),
    };
    if let Some(trouble) = refreshed.worst() {
        engine.store().run_troubled(run.id, trouble).await?;
    }
    let members = chosen(engine, book, &ask, &refreshed).await?;
    if members.is_empty() {
        let now = engine.store().time().await?;
        let (state, reason) = match refreshed.worst() {
            Some(trouble) => (RunState::Incomplete, trouble.detail.clone()),
            None => (RunState::Done, "nothing to do".to_owned()),
        };
        engine
            .store()
            .finish_run(run.id, state, &reason, now)
            .await?;
        return next_round(engine, book, now).await;
    }
    engine.store().add_run_members(run.id, &members).await?;
    offer_members(engine, book, &members).await?;
    Ok(Again::No)
}

/// A restore reads no source: it is done in the mailboxes whose prior images it names.
async fn begin_restore(
    engine: &Engine,
    book: &Book,
    run: &Run,
    ask: &Ask,
) -> Result<Again, JobError> {
    use model::run::MemberRunState::Planned;
    let store = engine.store();
    let members = restore::members(engine, &book.tenant, &ask.restore).await?;
    if members.is_empty() {
        let now = store.time().await?;
        store
            .finish_run(run.id, RunState::Done, "nothing to restore", now)
            .await?;
        return Ok(Again::No);
    }
    store.add_run_members(run.id, &members).await?;
    for member in &members {
        store.run_member_state(run.id, *member, Planned, "").await?;
    }
    store
        .set_run_state(run.id, RunState::Performing, "restoring")
        .await?;
    offer_members(engine, book, &members).await?;
    Ok(Again::No)
}

/// The members an ask is for: named ones, a pilot, all with a full look, or those with something to do.
async fn chosen(
    engine: &Engine,
    book: &Book,
    ask: &Ask,
    refreshed: &Refreshed,
) -> Result<Vec<MemberId>, JobError> {
    let store = engine.store();
    let all = if ask.full && !refreshed.is_closed {
        store.members(&book.tenant, book.catalog).await?
    } else {
        store.members_of(&refreshed.due).await?
    };
    let takes_part = |m: &&Member| m.state != model::member::MemberState::Left && !m.is_doubted();
    let named = |m: &&Member| ask.mailboxes.is_empty() || ask.mailboxes.contains(&m.mailbox);
    let picked = all.iter().filter(takes_part).filter(named).map(|m| m.id);
    Ok(picked.take(ask.pilot.unwrap_or(usize::MAX)).collect())
}

/// Nobody asked: one round over the sources, and a run only if someone has something to do.
async fn scheduled(engine: &Engine, tenant: &Tenant, book: &Book) -> Result<Again, JobError> {
    let now = engine.store().time().await?;
    if book.is_paused() || engine.pause_of(book.catalog, None).await?.is_some() {
        return next_round(engine, book, now).await;
    }
    let refreshed = refresh::refresh(engine, tenant, book, Asked::No).await?;
    if !refreshed.due.is_empty() {
        if let Some(until) = rests(engine, book, now).await? {
            return Ok(Again::At(until));
        }
        let ask = Ask::default();
        let Some(run) = engine.begin(book, Trigger::Schedule, &ask).await? else {
            // Somebody asked for a run meanwhile: it does what there is to do.
            return next_round(engine, book, engine.store().time().await?).await;
        };
        if let Some(trouble) = refreshed.worst() {
            engine.store().run_troubled(run, trouble).await?;
        }
        let members: Vec<MemberId> = refreshed.due.into_iter().collect();
        engine.store().add_run_members(run, &members).await?;
        offer_members(engine, book, &members).await?;
    }
    next_round(engine, book, engine.store().time().await?).await
}

/// What a person rejected is not planned again before the next round is due: it would come out as it was.
async fn rests(
    engine: &Engine,
    book: &Book,
    now: Timestamp,
) -> Result<Option<Timestamp>, JobError> {
    let last = RunFilter {
        tenant: Some(book.tenant.clone()),
        book: Some(book.key.clone()),
        limit: Some(1),
        ..RunFilter::default()
    };
    let runs = engine.store().runs(&last).await?;
    let rejected = runs.iter().find(|r| r.state == RunState::Rejected);
    let until = rejected
        .and_then(|r| r.ended_at)
        .map(|ended| ended + every(book));
    Ok(until.filter(|until| *until > now))
}

/// While a plan waits for a person, the sources are still looked at; a plan that would differ is made anew
/// when the person has decided.
async fn held(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    _run: &Run,
) -> Result<Again, JobError> {
    if engine.pause_of(book.catalog, None).await?.is_none() {
        refresh::refresh(engine, tenant, book, Asked::No).await?;
    }
    next_round(engine, book, engine.store().time().await?).await
}

async fn finish(
    engine: &Engine,
    book: &Book,
    run: &Run,
    progress: &RunProgress,
) -> Result<Again, JobError> {
    let now = engine.store().time().await?;
    let left = progress.deferred + progress.stale;
    let pause = engine.pause_of(book.catalog, Some(run.id)).await?;
    let (state, reason) = match (left, progress.members()) {
        (0, _) => match &run.trouble {
            // Every mailbox has what is known, but not all could be read.
            Some(trouble) => (RunState::Incomplete, trouble.detail.clone()),
            None => (RunState::Done, String::new()),
        },
        (_, all) if progress.stale == all => (
            RunState::Stale,
            "every mailbox changed since the plan was made".to_owned(),
        ),
        (n, all) => {
            let until = match &pause {
                Some(pause) => format!(": {}", stop::words(pause)),
                None => " for the next round".to_owned(),
            };
            let reason = format!("{n} of {all} mailboxes wait{until}");
            (RunState::Incomplete, reason)
        }
    };
    engine
        .store()
        .finish_run(run.id, state, &reason, now)
        .await?;
    judge::note_applied(engine, book, run).await?;
    engine.inner.bell.ring();
    let soon = if left > 0 {
        now + engine.settings().retry
    } else {
        Timestamp::NEVER
    };
    Ok(match next_round(engine, book, now).await? {
        Again::At(at) => Again::At(at.min(soon)),
        Again::No => Again::No,
    })
}

/// As the schedule says; sooner when someone was seen leaving once and a second look decides.
pub(crate) async fn next_round(
    engine: &Engine,
    book: &Book,
    now: Timestamp,
) -> Result<Again, JobError> {
    let every = every(book);
    let soon = if engine.has_leavers(book).await? {
        engine.settings().bounds.visible
    } else {
        every
    };
    Ok(Again::At(now + every.min(soon)))
}

/// The pace of a book is that of its quickest tunnel.
fn every(book: &Book) -> Millis {
    let all = book.tunnels.iter().map(|t| t.every);
    all.min().unwrap_or(Millis::hours(1))
}

/// Says that these members want to be looked at now.
pub(crate) async fn offer_members(
    engine: &Engine,
    book: &Book,
    ids: &[MemberId],
) -> Result<(), JobError> {
    let now = engine.store().time().await?;
    let wanted: BTreeSet<MemberId> = ids.iter().copied().collect();
    let (store, tenant) = (engine.store(), &book.tenant);
    let members = if mutant::on(Mutant::A17) {
        store.members_of(&wanted).await?
    } else {
        store
            .members_unoffered(tenant, &wanted, MEMBER, now)
            .await?
    };
    let jobs = members.iter().map(|m| (member_job(m, now), now)).collect();
    engine.store().offer_all(jobs).await?;
    engine.inner.bell.ring();
    Ok(())
}

fn member_job(member: &Member, now: Timestamp) -> Job {
    let lane = mailbox_lane(&member.mailbox);
    Job {
        tenant: member.tenant.clone(),
        lane: if mutant::on(Mutant::A17) {
            format!("{lane}@{now}")
        } else {
            lane
        },
        kind: MEMBER.to_owned(),
        target: member.id.to_string(),
        priority: Priority::Normal,
        attempts: 0,
    }
}
