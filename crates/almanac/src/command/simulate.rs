//! `almanac simulate`: histories of the whole product under faults, each run twice, or one story from a script.

use crate::cli::Simulate;
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::output::{self, json};
use serde_json::json;
use simulation::Summary;
use simulation::story::{self, Mistake, Played, Script};
use std::path::Path;

/// Histories run side by side.
const THREADS: usize = 2;

pub fn simulate(context: &Context, wanted: &Simulate) -> Ended {
    match &wanted.script {
        Some(file) => play(context, file),
        None => histories(context, wanted),
    }
}

/// Plays a story and prints it with what came of each line.
fn play(context: &Context, file: &Path) -> Ended {
    let text = std::fs::read_to_string(file).map_err(|e| Failure::file("read", file, &e))?;
    let script = Script::read(&text).map_err(|mistake| wrong(file, &mistake))?;
    let played = story::play(&script);
    if context.voice.json {
        json::print(&told(&played));
    } else {
        output::line(played.text.trim_end());
    }
    match (&played.mistake, &played.violation) {
        (Some(mistake), _) => Err(wrong(file, mistake)),
        (None, Some(_)) => Ok(Exit::Failed),
        (None, None) => Ok(Exit::Done),
    }
}

fn wrong(file: &Path, mistake: &Mistake) -> Failure {
    let what = format!("{}:{}: {}", file.display(), mistake.line, mistake.what);
    Failure::configuration(what, "docs/stories.md has every form")
}

fn told(played: &Played) -> serde_json::Value {
    let violation = played.violation.as_ref();
    let violation = violation.map(|v| json!({ "check": v.check, "at": v.at, "what": v.what }));
    json!({
        "text": played.text,
        "trace": format!("{:032x}", played.trace),
        "violation": violation,
        "mistake": played.mistake.as_ref().map(ToString::to_string),
    })
}

fn histories(context: &Context, wanted: &Simulate) -> Ended {
    if !context.voice.json {
        output::line(&format!(
            "{} histories from seed {}, each run twice",
            wanted.seeds, wanted.start
        ));
    }
    let summary = simulation::run_many(wanted.start, wanted.seeds, THREADS, &|_| {});
    if context.voice.json {
        json::print(&document(&summary));
    } else {
        output::line(&summary.to_string());
    }
    Ok(if summary.failures.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn document(summary: &Summary) -> serde_json::Value {
    let failures: Vec<_> = summary
        .failures
        .iter()
        .map(|f| json!({ "seed": f.seed, "check": f.check, "what": f.what, "replay": f.replay() }))
        .collect();
    json!({
        "histories": summary.histories,
        "calls": summary.calls,
        "faults": summary.faults,
        "restarts": summary.restarts,
        "checked": summary.checked,
        "sometimes": summary.sometimes,
        "failures": failures,
    })
}
