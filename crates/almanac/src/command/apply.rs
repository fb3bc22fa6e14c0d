//! `almanac apply` and `almanac run`: carrying plans out.

use crate::cli::{Apply, Run, Selection};
use crate::command::{Context, block_on, choose, plan, work};
use crate::exit::{Ended, Exit, Failure};
use crate::output::{self, json, paint, printable, table::Mood};
use crate::plan::saved::{SavedBook, SavedPlan};
use crate::plan::{BookPlan, totals};
use crate::wiring::{House, store_failure};
use crate::words::count;
use engine::Ask;
use model::run::RunState;
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::path::Path;

pub fn apply(context: &Context, wanted: &Apply) -> Ended {
    let house = House::open(context.settings()?)?;
    let json = context.voice.json;
    let done = match &wanted.plan {
        Some(path) => block_on(apply_saved(&house, path, json))??,
        None => block_on(apply_new(&house, wanted, json))??,
    };
    Ok(report(context, &done))
}

pub fn run(context: &Context, wanted: &Run) -> Ended {
    let house = House::open(context.settings()?)?;
    let ask = Ask {
        full: wanted.full,
        ..Ask::default()
    };
    let (selection, quiet) = (&wanted.selection, context.voice.json);
    let done = block_on(async {
        work::finish_open(&house, selection, quiet).await?;
        work::ask_and_work(&house, selection, &ask, quiet).await
    })??;
    Ok(report(context, &done))
}

/// Plans, shows, asks, and carries out exactly what was shown.
async fn apply_new(house: &House, wanted: &Apply, json: bool) -> Result<Vec<BookPlan>, Failure> {
    let ask = Ask {
        plan_only: true,
        ..Ask::default()
    };
    let plans = work::ask_and_work(house, &wanted.selection, &ask, json).await?;
    if !json {
        plan::show(&plans, false);
    }
    if totals(&plans).writes() == 0 {
        return Ok(plans);
    }
    if !wanted.yes && !confirmed(json)? {
        return Err(Failure::new(Exit::Failed, "nothing was carried out", ""));
    }
    let saved = SavedPlan::of(&plans, &wanted.selection);
    let mut done = carry_out(house, &saved, json).await?;
    // A book that could not be planned is not carried out, and not forgotten.
    let unplanned = |p: &BookPlan| p.fingerprint.is_none() && !is_whole(p);
    done.extend(plans.into_iter().filter(unplanned));
    Ok(done)
}

async fn apply_saved(house: &House, path: &Path, json: bool) -> Result<Vec<BookPlan>, Failure> {
    let saved = SavedPlan::read(path)?;
    if saved
        .books
        .iter()
        .any(|book| book.policy_version != house.policy.version)
    {
        return Err(Failure::new(
            Exit::Stale,
            format!("the policy changed since {} was made", path.display()),
            "plan again with `almanac plan --out`",
        ));
    }
    carry_out(house, &saved, json).await
}

/// Carries out exactly what was planned.
///
/// # Errors
/// A book is busy or gone, or the store fails.
pub async fn carry_out(
    house: &House,
    saved: &SavedPlan,
    json: bool,
) -> Result<Vec<BookPlan>, Failure> {
    let mut done = Vec::new();
    for book in &saved.books {
        done.extend(carry_out_book(house, saved, book, json).await?);
    }
    Ok(done)
}

async fn carry_out_book(
    house: &House,
    saved: &SavedPlan,
    wanted: &SavedBook,
    json: bool,
) -> Result<Vec<BookPlan>, Failure> {
    let books = choose::books(house, &Selection::default())?;
    let book = books
        .into_iter()
        .find(|b| b.tenant == wanted.tenant && b.key == wanted.folder);
    let Some(book) = book else {
        return Err(Failure::new(
            Exit::Stale,
            format!(
                "no tunnel feeds {} / {} any more",
                wanted.tenant, wanted.folder
            ),
            "plan again with `almanac plan --out`",
        ));
    };
    refuse_unknown(house, wanted).await?;
    let selection = Selection {
        tunnel: book.tunnels.first().map(|t| t.id.to_string()),
        tenant: Some(wanted.tenant.to_string()),
        mailbox: saved.mailboxes.clone(),
        pilot: saved.pilot,
    };
    let ask = Ask {
        plan: Some(wanted.run),
        ..Ask::default()
    };
    work::ask_and_work(house, &selection, &ask, json).await
}

/// The plan's details are in the store: without them nothing can be held against it.
async fn refuse_unknown(house: &House, wanted: &SavedBook) -> Result<(), Failure> {
    let run = house
        .store()
        .run(wanted.run)
        .await
        .map_err(|e| store_failure(&e))?;
    let same = |run: &model::run::Run| run.fingerprint.as_ref() == Some(&wanted.fingerprint);
    match run.filter(same) {
        Some(_) => Ok(()),
        None => Err(Failure::new(
            Exit::Stale,
            format!(
                "the plan of {} / {} is not in this store",
                wanted.tenant, wanted.folder
            ),
            "plan again with `almanac plan --out`",
        )),
    }
}

/// Asks on the terminal.
fn confirmed(json: bool) -> Result<bool, Failure> {
    if json || !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "apply would ask, and there is nobody to answer",
            "say --yes, or apply a plan that was saved with `almanac plan --out`",
        ));
    }
    eprint!("Carry this out? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Says what became of the runs.
pub fn report(context: &Context, done: &[BookPlan]) -> Exit {
    if context.voice.json {
        json::print(&json!({ "runs": done, "totals": totals(done) }));
    } else {
        done.iter().for_each(report_one);
    }
    exit_of(done)
}

fn exit_of(done: &[BookPlan]) -> Exit {
    let nothing_to_do =
        |p: &&BookPlan| p.state == RunState::Planned && p.totals.writes() == 0 && is_whole(p);
    let rest: Vec<BookPlan> = done.iter().filter(|p| !nothing_to_do(p)).cloned().collect();
    work::exit_of(&rest)
}

/// Every source and every mailbox could be looked at.
fn is_whole(plan: &BookPlan) -> bool {
    plan.left_out.is_empty() && plan.trouble.is_none()
}

/// One line per run, more where something was left out.
pub fn report_one(plan: &BookPlan) {
    let place = format!("{} / {}", plan.tenant, plan.folder);
    let (text, mood) = outcome(plan);
    output::line(&paint(&printable(&format!("{place}: {text}")), mood));
    for left_out in &plan.left_out {
        let text = format!("  ? {}: {}", left_out.mailbox, left_out.reason);
        output::line(&paint(&printable(&text), Mood::Watch));
    }
}

fn outcome(plan: &BookPlan) -> (String, Mood) {
    let account = &plan.account;
    let numbers = format!(
        "{} planned = {} done + {} deferred + {} quarantined + {} held, in {}",
        account.planned,
        account.done,
        account.deferred,
        account.quarantined,
        account.held,
        count(plan.totals.mailboxes, "mailbox"),
    );
    let run = plan.run;
    match plan.state {
        RunState::Planned | RunState::Done if account.planned == 0 && is_whole(plan) => (
            "nothing to do, everything is up to date".to_owned(),
            Mood::Good,
        ),
        RunState::Done => (format!("done (run {run}): {numbers}"), Mood::Good),
        RunState::Held => {
            let decide = format!(
                "`almanac show {run}`, then `almanac approve {run}` or `almanac reject {run}`"
            );
            (
                format!("held (run {run}): {}; {decide}", plan.reason),
                Mood::Bad,
            )
        }
        RunState::Stale => (format!("stale (run {run}): {}", plan.reason), Mood::Bad),
        state => {
            let word = crate::words::run_state(state);
            (
                format!("{word} (run {run}): {}; {numbers}", plan.reason),
                Mood::Watch,
            )
        }
    }
}
