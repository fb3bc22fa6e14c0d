//! Asking for runs and working until they stand: what plan, apply, run and restore share.

use crate::cli::Selection;
use crate::command::choose;
use crate::exit::{Exit, Failure};
use crate::output::progress::Progress;
use crate::plan::{BookPlan, gather};
use crate::seams::signal;
use crate::wiring::{House, store_failure};
use engine::{Ask, Stop, Until};
use model::run::{RunState, Trigger, TroubleKind};
use model::tunnel::Book;
use model::{MailboxId, RunId};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::{RunProgress, StoreError};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Opens a run of every chosen book and works until each stands still.
///
/// # Errors
/// A book is busy with another run, a mailbox is not known, or the store fails.
pub async fn ask_and_work(
    house: &House,
    selection: &Selection,
    ask: &Ask,
    quiet: bool,
) -> Result<Vec<BookPlan>, Failure> {
    let mut runs = Vec::new();
    for book in choose::books(house, selection)? {
        let ask = narrow(house, &book, selection, ask, quiet).await?;
        runs.push(open(house, &book, &ask).await?);
    }
    finish(house, runs, quiet).await
}

/// Goes on with what an earlier process left unfinished because it was killed, or its machine went away.
///
/// # Errors
/// There is no such book, or the store fails.
pub async fn finish_open(house: &House, selection: &Selection, quiet: bool) -> Result<(), Failure> {
    let mut open = Vec::new();
    for book in choose::books(house, selection)? {
        let run = house.store().open_run(&book.tenant, &book.key).await;
        let run = run.map_err(|e| store_failure(&e))?;
        // A plan that waits for a person is overtaken by the next ask.
        let goes_on = |state| !matches!(state, RunState::Planned | RunState::Held);
        open.extend(run.filter(|r| goes_on(r.state)).map(|r| r.id));
    }
    work(house, &open, quiet)
        .await
        .map_err(|e| store_failure(&e))
}

/// Works until these runs stand still, and reads what became of them.
///
/// # Errors
/// The store fails.
pub async fn finish(
    house: &House,
    runs: Vec<RunId>,
    quiet: bool,
) -> Result<Vec<BookPlan>, Failure> {
    work(house, &runs, quiet)
        .await
        .map_err(|e| store_failure(&e))?;
    let mut plans = Vec::new();
    for run in runs {
        plans.push(gather::gather(house, run).await?);
    }
    Ok(plans)
}

/// Opens one run.
///
/// # Errors
/// Another run of the book is under way.
pub async fn open(house: &House, book: &Book, ask: &Ask) -> Result<RunId, Failure> {
    let asked = house
        .engine
        .ask(book, Trigger::Command, ask)
        .await
        .map_err(|e| store_failure(&e))?;
    if asked.busy {
        return Err(Failure::new(
            Exit::Incomplete,
            format!(
                "run {} of {} / {} is still under way",
                asked.run, book.tenant, book.key
            ),
            format!(
                "wait for it (`almanac show {run}`), or give it up with `almanac cancel {run}`",
                run = asked.run
            ),
        ));
    }
    Ok(asked.run)
}

/// The ask for one book. Mailboxes that the store does not know yet are looked up by a look at the sources.
async fn narrow(
    house: &House,
    book: &Arc<Book>,
    selection: &Selection,
    ask: &Ask,
    quiet: bool,
) -> Result<Ask, Failure> {
    let mut known = choose::mailboxes(house, book, selection).await?;
    if known.is_none() {
        let nobody = Ask {
            plan_only: true,
            mailboxes: BTreeSet::from([MailboxId::from("-")]),
            ..Ask::default()
        };
        let run = open(house, book, &nobody).await?;
        work(house, &[run], quiet)
            .await
            .map_err(|e| store_failure(&e))?;
        known = choose::mailboxes(house, book, selection).await?;
    }
    let mailboxes = known.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!(
                "{} is no target of {} / {}",
                selection.mailbox.join(" or "),
                book.tenant,
                book.key
            ),
            "check the address and the audience of the tunnel; `almanac why` tells more",
        )
    })?;
    Ok(Ask {
        mailboxes,
        pilot: selection.pilot.map(|n| n as usize),
        ..ask.clone()
    })
}

/// Works until the runs end or wait for a person. Ctrl-C finishes or hands back what is in flight.
async fn work(house: &House, runs: &[RunId], quiet: bool) -> Result<(), StoreError> {
    let stop = Stop::default();
    let until = Until::Settled(runs.to_vec(), stop.clone());
    let name = format!("command-{}", house.seams.chance.guid());
    let mut progress = Progress::new(1, quiet);
    let mut work = std::pin::pin!(house.engine.work(&name, &until));
    let mut stopped = std::pin::pin!(signal::stopped());
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = &mut stopped, if !stop.is_raised() => {
                progress.doing("finishing what is in flight");
                stop.raise();
            }
            () = tokio::time::sleep(TICK) => show(house, runs, &mut progress).await?,
        }
    }
}

async fn show(house: &House, runs: &[RunId], progress: &mut Progress) -> Result<(), StoreError> {
    let (mut done, mut total, mut doing) = (0, 0, "reading the sources");
    for run in runs {
        let state = house.store().run(*run).await?.map(|r| r.state);
        let at = house.store().run_progress(*run).await?;
        total += at.members();
        done += settled(&at, state);
        match state {
            Some(RunState::Planning) if at.members() > 0 => doing = "looking at mailboxes",
            Some(RunState::Performing) => doing = "writing to mailboxes",
            _ => {}
        }
    }
    progress.doing(doing);
    progress.at(done, total.max(1));
    Ok(())
}

fn settled(at: &RunProgress, state: Option<RunState>) -> u64 {
    match state {
        Some(RunState::Planning) => at.members() - at.waiting,
        _ => at.done + at.deferred + at.stale,
    }
}

/// The exit code of runs that were to be carried out.
pub fn exit_of(plans: &[BookPlan]) -> Exit {
    plans.iter().map(exit_of_one).max().unwrap_or(Exit::Done)
}

fn exit_of_one(plan: &BookPlan) -> Exit {
    match plan.state {
        RunState::Done => Exit::Done,
        RunState::Held | RunState::Rejected => Exit::Held,
        RunState::Stale => Exit::Stale,
        RunState::Cancelled => Exit::Failed,
        _ => incomplete(plan),
    }
}

/// The exit code of a run that left something out: that of its trouble, where one trouble explains all of it.
pub fn incomplete(plan: &BookPlan) -> Exit {
    if let Some(trouble) = &plan.trouble {
        return exit_of_trouble(trouble.kind);
    }
    let kinds: BTreeSet<Option<TroubleKind>> = plan.left_out.iter().map(|l| l.trouble).collect();
    let nothing_else = plan.left_out.len() as u64 == plan.totals.mailboxes;
    match (nothing_else, kinds.first()) {
        (true, Some(Some(kind))) if kinds.len() == 1 => exit_of_trouble(*kind),
        _ => Exit::Incomplete,
    }
}

/// The exit code of a kind of trouble.
pub fn exit_of_trouble(kind: TroubleKind) -> Exit {
    match kind {
        TroubleKind::Credential | TroubleKind::Policy => Exit::Configuration,
        TroubleKind::SignIn | TroubleKind::Permission => Exit::SignIn,
        TroubleKind::Unreachable => Exit::Unreachable,
        TroubleKind::Mailbox | TroubleKind::Refused | TroubleKind::Passing => Exit::Incomplete,
    }
}
