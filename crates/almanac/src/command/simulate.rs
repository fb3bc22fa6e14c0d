//! `almanac simulate`: histories of the whole product under faults, each run twice.

use crate::cli::Simulate;
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::output::{self, json};
use serde_json::json;
use simulation::Summary;

/// Histories run side by side.
const THREADS: usize = 2;

pub fn simulate(context: &Context, wanted: &Simulate) -> Ended {
    if let Some(file) = &wanted.script {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "{} cannot be played: stories are not understood yet",
                file.display()
            ),
            "run histories from seeds: `almanac simulate --seeds 100`",
        ));
    }
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
