//! `almanac plan`: what would change, without changing anything.

use crate::cli::PlanArgs;
use crate::command::{Context, block_on, work};
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use crate::output::{self, json};
use crate::plan::print::{self, Detail};
use crate::plan::saved::SavedPlan;
use crate::plan::{BookPlan, csv, html, totals};
use crate::wiring::House;
use engine::Ask;
use model::run::RunState;
use serde_json::json;
use std::path::Path;

/// Lines of each block that are shown without `--all`.
pub const LINES_SHOWN: usize = 8;

pub fn plan(context: &Context, wanted: &PlanArgs) -> Ended {
    let house = House::open(context.settings()?)?;
    let plans = block_on(make(&house, wanted, context.voice.json))??;
    if context.voice.json {
        json::print(&json!({ "plans": plans, "totals": totals(&plans) }));
    } else {
        show(&plans, wanted.all);
    }
    if plans.iter().any(|plan| plan.state != RunState::Incomplete) {
        deliver(&house, &plans, wanted)?;
    } else if wanted.out.is_some() || wanted.csv.is_some() || wanted.html.is_some() {
        context
            .voice
            .say("There is no plan, so no file was written.");
    }
    Ok(exit_of(&plans))
}

async fn make(house: &House, wanted: &PlanArgs, quiet: bool) -> Result<Vec<BookPlan>, Failure> {
    let ask = Ask {
        plan_only: true,
        ..Ask::default()
    };
    work::ask_and_work(house, &wanted.selection, &ask, quiet).await
}

/// Prints the plans and what they come to.
pub fn show(plans: &[BookPlan], all: bool) {
    let detail = if all {
        Detail::All
    } else {
        Detail::First(LINES_SHOWN)
    };
    for plan in plans {
        print::print(plan, detail);
        output::line("");
    }
    output::line(&summary(plans));
}

/// What it all comes to; where nothing could be looked at, that it is no plan.
fn summary(plans: &[BookPlan]) -> String {
    let totals = totals(plans);
    let failed = plans.iter().any(|plan| plan.trouble.is_some());
    match (totals.mailboxes, failed) {
        (0, true) => "No plan could be made.".to_owned(),
        (0, false) => "Nothing to do.".to_owned(),
        _ => print::summary(&totals),
    }
}

fn deliver(house: &House, plans: &[BookPlan], wanted: &PlanArgs) -> Result<(), Failure> {
    if let Some(path) = &wanted.out {
        SavedPlan::of(plans, &wanted.selection).write(path)?;
    }
    if let Some(path) = &wanted.csv {
        let mut text = Vec::new();
        csv::write(plans, &mut text).map_err(|e| Failure::new(Exit::Failed, e.to_string(), ""))?;
        files::replace(path, &text)?;
    }
    if let Some(path) = &wanted.html {
        write_page(house, plans, path)?;
    }
    Ok(())
}

fn write_page(house: &House, plans: &[BookPlan], path: &Path) -> Result<(), Failure> {
    let page = html::page(plans, house.seams.clock.now());
    let page = page.map_err(|e| Failure::new(Exit::Failed, e.to_string(), ""))?;
    files::replace(path, page.as_bytes())
}

/// A plan with changes is 2; one that could not be made completely is 3 or says why.
fn exit_of(plans: &[BookPlan]) -> Exit {
    let worst = plans.iter().map(|plan| match plan.state {
        RunState::Planned | RunState::Done
            if !plan.left_out.is_empty() || plan.trouble.is_some() =>
        {
            work::incomplete(plan)
        }
        RunState::Planned if plan.totals.writes() > 0 => Exit::Changes,
        RunState::Planned | RunState::Done => Exit::Done,
        RunState::Cancelled => Exit::Failed,
        _ => work::incomplete(plan),
    });
    worst.max().unwrap_or(Exit::Done)
}
