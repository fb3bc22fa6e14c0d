//! `almanac status`, `runs` and `show`: how everything stands, from the store alone.

use crate::cli::{RunTarget, Runs, Status};
use crate::command::{Context, apply, block_on};
use crate::exit::{Ended, Exit, Failure};
use crate::output::table::{Mood, Sheet};
use crate::output::{self, json};
use crate::plan::print::{self, Detail};
use crate::plan::{BookPlan, gather};
use crate::wiring::{House, store_failure};
use crate::words;
use model::member::MemberState;
use model::run::{Run, RunState};
use model::tunnel::{Book, TunnelState};
use model::{RunId, TenantName, Timestamp};
use serde_json::{Value, json};
use store::{RunFilter, StoreError};

pub fn status(context: &Context, wanted: &Status) -> Ended {
    let house = House::open(context.settings()?)?;
    let lines = block_on(gather_status(&house, wanted))?.map_err(|e| store_failure(&e))?;
    if context.voice.json {
        json::print(&json!({ "books": lines.iter().map(Line::json).collect::<Vec<_>>() }));
    } else if lines.is_empty() {
        context
            .voice
            .say("There are no tunnels yet; see `almanac init` for an example.");
    } else {
        print_status(&lines);
    }
    let held = lines.iter().any(|line| line.mood == Mood::Bad);
    Ok(if held { Exit::Held } else { Exit::Done })
}

/// How one book stands.
struct Line {
    tenant: String,
    folder: String,
    tunnels: String,
    mailboxes: usize,
    last: Option<Run>,
    state: String,
    mood: Mood,
    looked_at: Option<Timestamp>,
    notices: Vec<String>,
}

impl Line {
    fn json(&self) -> Value {
        json!({
            "tenant": self.tenant,
            "folder": self.folder,
            "tunnels": self.tunnels,
            "mailboxes": self.mailboxes,
            "state": self.state,
            "last_run": self.last,
            "sources_looked_at": self.looked_at,
            "notices": self.notices,
        })
    }
}

async fn gather_status(house: &House, wanted: &Status) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::new();
    for book in house.engine.books() {
        if wanted
            .tenant
            .as_ref()
            .is_none_or(|t| book.tenant.as_str() == t)
        {
            lines.push(line(house, &book).await?);
        }
    }
    Ok(lines)
}

async fn line(house: &House, book: &Book) -> Result<Line, StoreError> {
    let store = house.store();
    let filter = RunFilter {
        tenant: Some(book.tenant.clone()),
        book: Some(book.key.clone()),
        open: false,
        limit: Some(1),
    };
    let last = store.runs(&filter).await?.pop();
    let members = store.members(&book.tenant, book.catalog).await?;
    let (state, mood) = state(house, book, last.as_ref()).await?;
    let notices = store.open_notices(Some(&book.tenant)).await?;
    Ok(Line {
        tenant: book.tenant.to_string(),
        folder: book.key.to_string(),
        tunnels: book
            .tunnels
            .iter()
            .map(|t| t.name.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        mailboxes: members
            .iter()
            .filter(|m| m.state != MemberState::Left)
            .count(),
        looked_at: store
            .collection(&book.tenant, "users")
            .await?
            .map(|c| c.looked_at),
        notices: notices
            .into_iter()
            .map(|n| format!("{}: {}", n.subject, n.detail))
            .collect(),
        last,
        state,
        mood,
    })
}

async fn state(
    house: &House,
    book: &Book,
    last: Option<&Run>,
) -> Result<(String, Mood), StoreError> {
    let paused = house.store().pauses().await?.into_iter().find(|pause| {
        pause.scope == format!("tenant {}", book.tenant)
            || book
                .tunnels
                .iter()
                .any(|t| pause.scope == format!("tunnel {}", t.id))
    });
    if let Some(pause) = paused {
        return Ok((format!("paused by {}", pause.who), Mood::Watch));
    }
    if book.tunnels.iter().all(|t| t.state == TunnelState::Paused) {
        return Ok(("paused in its document".to_owned(), Mood::Watch));
    }
    Ok(match last {
        None => ("never planned".to_owned(), Mood::Faint),
        Some(run) if run.state == RunState::Held => {
            (format!("run {} is held: {}", run.id, run.reason), Mood::Bad)
        }
        Some(run) if run.state == RunState::Done => ("up to date".to_owned(), Mood::Good),
        Some(run) => (
            format!("run {} is {}", run.id, words::run_state(run.state)),
            Mood::Watch,
        ),
    })
}

fn print_status(lines: &[Line]) {
    let heading = [
        "tenant",
        "folder",
        "tunnels",
        "mailboxes",
        "state",
        "last run",
        "sources seen",
    ];
    let mut sheet = Sheet::new(&heading).numbers(&[3]);
    for line in lines {
        let last = line
            .last
            .as_ref()
            .map_or_else(String::new, |r| r.started_at.to_string());
        let looked = line.looked_at.map_or_else(String::new, |at| at.to_string());
        sheet.moody([
            (line.tenant.as_str(), Mood::Plain),
            (line.folder.as_str(), Mood::Plain),
            (line.tunnels.as_str(), Mood::Plain),
            (line.mailboxes.to_string().as_str(), Mood::Plain),
            (line.state.as_str(), line.mood),
            (last.as_str(), Mood::Faint),
            (looked.as_str(), Mood::Faint),
        ]);
    }
    sheet.print();
    for notice in lines.iter().flat_map(|line| &line.notices) {
        output::line(&output::paint(
            &format!("! {}", output::printable(notice)),
            Mood::Watch,
        ));
    }
}

pub fn runs(context: &Context, wanted: &Runs) -> Ended {
    let house = House::open(context.settings()?)?;
    let filter = RunFilter {
        tenant: wanted.tenant.clone().map(TenantName),
        book: None,
        open: false,
        limit: Some(wanted.last as usize),
    };
    let runs = block_on(house.store().runs(&filter))?.map_err(|e| store_failure(&e))?;
    if context.voice.json {
        json::print(&json!({ "runs": runs }));
    } else if runs.is_empty() {
        context
            .voice
            .say("There are no runs yet: begin with `almanac plan`.");
    } else {
        print_runs(&runs);
    }
    Ok(Exit::Done)
}

fn print_runs(runs: &[Run]) {
    let heading = [
        "run", "tenant", "folder", "by", "started", "state", "planned", "done", "left", "reason",
    ];
    let mut sheet = Sheet::new(&heading).numbers(&[0, 6, 7, 8]);
    for run in runs {
        let account = &run.account;
        let mood = match run.state {
            RunState::Done => Mood::Good,
            RunState::Held | RunState::Stale => Mood::Bad,
            RunState::Incomplete => Mood::Watch,
            _ => Mood::Plain,
        };
        sheet.moody([
            (run.id.to_string(), Mood::Plain),
            (run.tenant.to_string(), Mood::Plain),
            (run.book.to_string(), Mood::Plain),
            (words::trigger(run.trigger).to_owned(), Mood::Faint),
            (run.started_at.to_string(), Mood::Faint),
            (words::run_state(run.state).to_owned(), mood),
            (account.planned.to_string(), Mood::Plain),
            (account.done.to_string(), Mood::Plain),
            (
                (account.planned - account.done.min(account.planned)).to_string(),
                Mood::Plain,
            ),
            (run.reason.clone(), Mood::Plain),
        ]);
    }
    sheet.print();
}

pub fn show(context: &Context, wanted: &RunTarget) -> Ended {
    let house = House::open(context.settings()?)?;
    let plan: Result<BookPlan, Failure> = block_on(gather::gather(&house, RunId(wanted.run)))?;
    let plan = plan?;
    if context.voice.json {
        json::print(&plan);
        return Ok(Exit::Done);
    }
    print::print(&plan, Detail::First(super::plan::LINES_SHOWN));
    output::line("");
    apply::report_one(&plan);
    if let Some(fingerprint) = &plan.fingerprint {
        output::line(&output::paint(
            &format!("fingerprint {fingerprint}"),
            Mood::Faint,
        ));
    }
    Ok(Exit::Done)
}
