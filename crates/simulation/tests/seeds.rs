//! Histories by seed: they replay, they are rough enough to mean something, and they break no promise.

use simulation::{Options, run, run_many};

const QUIET: &(dyn Fn(&simulation::Report) + Sync) = &|_| {};

#[test]
fn the_same_seed_gives_the_same_trace() {
    let summary = run_many(1, 12, 2, QUIET);
    let unlike: Vec<_> = summary
        .failures
        .iter()
        .filter(|f| f.check == "replay")
        .collect();
    assert!(unlike.is_empty(), "{unlike:?}");
}

#[test]
fn other_seeds_give_other_traces() {
    let options = Options::default();
    assert_ne!(run(1, &options).trace, run(2, &options).trace);
}

#[test]
fn a_history_has_hundreds_of_calls_and_dozens_of_faults() {
    for seed in 1..6 {
        let report = run(seed, &Options::default());
        assert!(
            report.calls >= 300 || report.violation.is_some(),
            "seed {seed}: {} calls",
            report.calls
        );
        assert!(
            report.faults >= 30 || report.violation.is_some(),
            "seed {seed}: {} faults",
            report.faults
        );
    }
}

/// Ignored while findings are open: see the crate's documentation for what it found last.
#[test]
#[ignore = "open findings"]
fn no_seed_breaks_a_promise() {
    let summary = run_many(1, 300, 2, QUIET);
    assert!(summary.failures.is_empty(), "{summary}");
}
