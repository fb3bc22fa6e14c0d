//! Seeds: many histories, each run twice, with a table of what was checked and reached.

use crate::history::{Options, Report, run};
use model::Millis;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What many histories amount to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub histories: u64,
    pub calls: u64,
    pub faults: u64,
    pub restarts: u64,
    /// Virtual time of all histories together.
    pub lasted: Millis,
    pub checked: BTreeMap<&'static str, u64>,
    /// In how many histories it happened at least once.
    pub sometimes: BTreeMap<&'static str, u64>,
    /// The histories that broke a promise, in the order of their seeds.
    pub failures: Vec<Failure>,
}

/// A history that broke a promise, or did not replay.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub check: String,
    pub what: String,
}

impl Failure {
    /// The one line that replays it.
    pub fn replay(&self) -> String {
        format!("almanac simulate --start {} --seeds 1", self.seed)
    }
}

/// Runs the histories `start..start + count` on `threads` threads, each twice; `progress` hears of every one.
pub fn run_many(
    start: u64,
    count: u64,
    threads: usize,
    progress: &(dyn Fn(&Report) + Sync),
) -> Summary {
    let next = AtomicU64::new(start);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= start + count {
                        return;
                    }
                    let (report, failure) = run_twice(seed);
                    progress(&report);
                    let mut all = summary.lock().unwrap_or_else(PoisonError::into_inner);
                    all.add(&report);
                    all.failures.extend(failure);
                }
            });
        }
    });
    let mut all = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.failures.sort_by_key(|f| f.seed);
    all
}

/// A history and its replay: the same seed must give the same trace.
fn run_twice(seed: u64) -> (Report, Option<Failure>) {
    let options = Options::default();
    let (first, second) = (run(seed, &options), run(seed, &options));
    let failure = match &first.violation {
        Some(violation) => Some((violation.check.to_owned(), violation.what.clone())),
        None if first.trace != second.trace => {
            let what = format!("{:032x} and then {:032x}", first.trace, second.trace);
            Some(("replay".to_owned(), what))
        }
        None => None,
    };
    (
        first,
        failure.map(|(check, what)| Failure { seed, check, what }),
    )
}

impl Summary {
    fn add(&mut self, report: &Report) {
        self.histories += 1;
        self.calls += report.calls;
        self.faults += report.faults;
        self.restarts += report.restarts;
        self.lasted = self.lasted + report.lasted;
        for (check, times) in &report.checked {
            *self.checked.entry(check).or_default() += times;
        }
        for what in report
            .sometimes
            .iter()
            .filter(|(_, n)| **n > 0)
            .map(|(w, _)| w)
        {
            *self.sometimes.entry(what).or_default() += 1;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.histories.max(1);
        writeln!(
            f,
            "{} histories of {} each: {} calls, {} faults, {} starts of workers each",
            self.histories,
            Millis(self.lasted.0 / each as i64),
            self.calls / each,
            self.faults / each,
            self.restarts / each
        )?;
        writeln!(f, "\ncheck         held against")?;
        for (check, times) in &self.checked {
            writeln!(f, "{check:<12}  {times:>12}")?;
        }
        writeln!(f, "\nhappened in   of {} histories", self.histories)?;
        for (what, times) in &self.sometimes {
            writeln!(f, "{times:>12}  {what}")?;
        }
        for failure in &self.failures {
            writeln!(
                f,
                "\nseed {}: {} {}\n  {}",
                failure.seed,
                failure.check,
                failure.what,
                failure.replay()
            )?;
        }
        Ok(())
    }
}
