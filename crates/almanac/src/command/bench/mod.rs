//! `almanac bench`: what is promised about cost, measured again, with the goal beside each figure.

mod http;

use crate::cli::{Bench, Measure};
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::output::table::{Mood, Sheet};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use simulation::bench::{self, BenchError, Size, Upkeep};
use std::process::{Command, Stdio};

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Figure {
    what: String,
    value: f64,
    unit: String,
    /// What it should be, and whether it is.
    goal: Option<Goal>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Goal {
    text: String,
    met: bool,
}

/// The figures of one measurement, with everything that was counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Measured {
    measure: String,
    figures: Vec<Figure>,
    counted: serde_json::Value,
}

pub fn bench(context: &Context, wanted: &Bench) -> Ended {
    let all = Measure::value_variants().to_vec();
    let measured = match wanted.only.as_slice() {
        [one] => vec![measure(*one, wanted)?],
        [] => apart(&all, wanted)?,
        some => apart(some, wanted)?,
    };
    if context.voice.json {
        json::print(&measured);
    } else {
        table(&measured);
    }
    let missed = |m: &Measured| {
        m.figures
            .iter()
            .any(|f| f.goal.as_ref().is_some_and(|g| !g.met))
    };
    Ok(if measured.iter().any(missed) {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Each measurement in a process of its own, so that none counts the memory of another.
fn apart(measures: &[Measure], wanted: &Bench) -> Result<Vec<Measured>, Failure> {
    measures
        .iter()
        .map(|one| in_own_process(*one, wanted))
        .collect()
}

fn in_own_process(measure: Measure, wanted: &Bench) -> Result<Measured, Failure> {
    let name = name(measure);
    let failed = |e: String| Failure::new(Exit::Failed, format!("cannot measure {name}: {e}"), "");
    let program = std::env::current_exe().map_err(|e| failed(e.to_string()))?;
    let mut command = Command::new(program);
    command.args(["--json", "bench", &name]);
    let sizes = [
        ("--contacts", wanted.contacts),
        ("--mailboxes", wanted.mailboxes),
    ];
    for (option, number) in sizes {
        command.args(number.map(|n| format!("{option}={n}")));
    }
    command.args(wanted.photos.then_some("--photos"));
    let done = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let done = done.map_err(|e| failed(e.to_string()))?;
    let read: Result<Vec<Measured>, _> = serde_json::from_slice(&done.stdout);
    let first = read.ok().and_then(|all| all.into_iter().next());
    first.ok_or_else(|| failed(String::from_utf8_lossy(&done.stdout).into_owned()))
}

fn name(measure: Measure) -> String {
    measure
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned())
}

fn measure(measure: Measure, wanted: &Bench) -> Result<Measured, Failure> {
    let size = |contacts: u32, mailboxes: u32| Size {
        contacts: wanted.contacts.unwrap_or(contacts) as usize,
        mailboxes: wanted.mailboxes.unwrap_or(mailboxes) as usize,
        photos: wanted.photos,
    };
    let (figures, counted) = match measure {
        Measure::Merges => merges(size(5_000, 1)),
        Measure::Fill => fill(size(5_000, 200)).map_err(|e| failure(&e))?,
        Measure::FillHttp => http::fill(size(5_000, 200))?,
        Measure::Quiet => quiet(size(200, 200)).map_err(|e| failure(&e))?,
        Measure::Changes => changes(size(500, 200)).map_err(|e| failure(&e))?,
        Measure::Cloud => cloud(size(5_000, 1_000)).map_err(|e| failure(&e))?,
        Measure::Fair => fair(size(2_500, 20)).map_err(|e| failure(&e))?,
        Measure::Recover => recover(size(500, 200)).map_err(|e| failure(&e))?,
    };
    Ok(Measured {
        measure: name(measure),
        figures,
        counted,
    })
}

fn failure(error: &BenchError) -> Failure {
    Failure::new(Exit::Failed, error.to_string(), "")
}

type Figures = (Vec<Figure>, serde_json::Value);

fn merges(size: Size) -> Figures {
    let found = bench::merges(size.contacts);
    let figures = vec![
        figure(
            "merges per second and core, copies not read",
            found.changed_per_s,
            "/s",
        )
        .at_least(200_000.0),
        figure(
            "merges per second and core, copies read",
            found.observed_per_s,
            "/s",
        )
        .at_least(200_000.0),
        figure(
            "two sources joined, per second and core",
            found.sources_per_s,
            "/s",
        )
        .at_least(200_000.0),
    ];
    (figures, counted(&found))
}

fn fill(size: Size) -> Result<Figures, BenchError> {
    let found = bench::fill(size)?;
    let figures = vec![
        figure("items written", found.items as f64, ""),
        figure("finish", found.finish_s, "s"),
        figure("finish ÷ bound", found.finish_by_bound(), "").at_most(1.3),
        figure("requests", found.asked.requests as f64, ""),
        figure("requests ÷ minimum", found.requests_by_minimum(), "").at_most(1.05),
        figure(
            "processor time, simulator included",
            found.cpu_ms as f64 / 1_000.0,
            "s",
        ),
        figure(
            "peak memory, simulator included",
            found.usage.peak_kib as f64 / 1_024.0,
            "MiB",
        ),
    ];
    Ok((figures, counted(&found)))
}

/// The same cost for a tenth of the mailboxes.
/// A worker of so few lanes that the large client could hold them all.
const FAIR_LANES: usize = 16;

fn fair(size: Size) -> Result<Figures, BenchError> {
    let found = bench::fair(size, FAIR_LANES)?;
    let figures = vec![
        figure("cards of the large client", found.items as f64, ""),
        figure("a small client's change, alone", found.alone_s, "s"),
        figure("the same beside the fill", found.beside_s, "s").at_most(found.alone_s + 60.0),
    ];
    Ok((figures, counted(&found)))
}

fn quiet(size: Size) -> Result<Figures, BenchError> {
    let few = Size {
        mailboxes: (size.mailboxes / 10).max(1),
        ..size
    };
    let (small, large) = (bench::quiet(few)?, bench::quiet(size)?);
    let requests = |found: &Upkeep| {
        let label = format!("requests, {} mailboxes", found.size.mailboxes);
        figure(&label, found.asked.requests as f64, "").at_most(found.minimum as f64)
    };
    let rows = |found: &Upkeep| {
        let label = format!("rows changed, {} mailboxes", found.size.mailboxes);
        figure(&label, found.rows_changed as f64, "")
    };
    let cost = |found: &Upkeep| {
        let label = format!("processor time, {} mailboxes", found.size.mailboxes);
        figure(&label, found.cpu_us as f64, "µs")
    };
    let same = small.rows_changed as f64;
    let figures = vec![
        requests(&small),
        requests(&large),
        rows(&small),
        rows(&large).at_most(same),
        cost(&small),
        cost(&large),
    ];
    Ok((figures, counted(&(small, large))))
}

fn changes(size: Size) -> Result<Figures, BenchError> {
    let (first, then) = bench::changes(size, 10)?;
    let figures = vec![
        figure("items written", then.items as f64, ""),
        figure("requests", then.asked.requests as f64, ""),
        figure("requests ÷ minimum", then.requests_by_minimum(), "").at_most(1.05),
        figure("finish", then.finish_s, "s"),
        figure("rows changed", then.rows_changed as f64, ""),
        figure(
            "requests ÷ minimum, first run after the fill",
            first.requests_by_minimum(),
            "",
        ),
    ];
    Ok((figures, counted(&(first, then))))
}

fn cloud(size: Size) -> Result<Figures, BenchError> {
    let found = bench::cloud(size)?;
    let figures = vec![
        figure("cards", found.cards as f64, ""),
        figure(
            "memory of the process",
            found.with_kib as f64 / 1_048_576.0,
            "GiB",
        )
        .at_most(8e9 / 1_073_741_824.0),
        figure("bytes per card", found.bytes_per_card(), ""),
        figure("processor time", found.cpu_ms as f64 / 1_000.0, "s"),
    ];
    Ok((figures, counted(&found)))
}

fn recover(size: Size) -> Result<Figures, BenchError> {
    let found = bench::recover(size)?;
    let figures = vec![
        figure("copies out there", found.copies as f64, ""),
        figure("creates", found.creates as f64, "").at_most(0.0),
        figure("deletes", found.deletes as f64, "").at_most(0.0),
        figure("updates", found.updates as f64, "").at_most(0.0),
        figure("photos set again", found.photos as f64, ""),
        figure("finish", found.finish_s, "s"),
        figure("writes of the next run", found.then_writes as f64, "").at_most(0.0),
        figure("requests of the next run", found.then_requests as f64, "").at_most(2.0),
    ];
    Ok((figures, counted(&found)))
}

fn figure(what: &str, value: f64, unit: &str) -> Figure {
    Figure {
        what: what.to_owned(),
        value,
        unit: unit.to_owned(),
        goal: None,
    }
}

impl Figure {
    fn at_least(self, least: f64) -> Self {
        let met = self.value >= least;
        self.with(format!("≥ {}", number(least)), met)
    }

    fn at_most(self, most: f64) -> Self {
        let met = self.value <= most;
        self.with(format!("≤ {}", number(most)), met)
    }

    fn with(self, text: String, met: bool) -> Self {
        Self {
            goal: Some(Goal { text, met }),
            ..self
        }
    }
}

fn counted(found: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(found).unwrap_or_default()
}

fn table(measured: &[Measured]) {
    let mut sheet = Sheet::new(&["Measure", "Figure", "Value", "Goal", ""]).numbers(&[2]);
    for one in measured {
        for figure in &one.figures {
            let value = format!("{} {}", number(figure.value), figure.unit);
            let (goal, word, mood) = match &figure.goal {
                None => ("", "", Mood::Plain),
                Some(goal) if goal.met => (goal.text.as_str(), "met", Mood::Good),
                Some(goal) => (goal.text.as_str(), "missed", Mood::Bad),
            };
            let plain = |text: &str| (text.to_owned(), Mood::Plain);
            let cells = [
                plain(&one.measure),
                plain(&figure.what),
                plain(value.trim()),
                plain(goal),
            ];
            sheet.moody(cells.into_iter().chain([(word.to_owned(), mood)]));
        }
    }
    sheet.print();
}

/// Three digits behind the point where it matters, thousands apart where not.
fn number(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.3}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0.0, 1.0149, 60.0, 1_000_000.4].map(number),
            ["0", "1.015", "60", "1,000,000"]
        );
    }

    #[test]
    fn a_goal_that_is_missed_says_so() {
        let missed = |f: Figure| f.goal.is_some_and(|g| !g.met);
        assert!(missed(figure("x", 1.31, "").at_most(1.3)));
        assert!(!missed(figure("x", 1.3, "").at_most(1.3)));
        assert!(missed(figure("x", 199_999.0, "").at_least(200_000.0)));
    }
}
