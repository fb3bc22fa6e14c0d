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

/// Histories that still break a promise, with the promise: not yet told apart into a fault of the product and one of
/// the oracle. Each is told in the closing note of its issue. A seed leaves when it is mended;
/// one enters only when a sharper check, another fault or another order of calls finds it. None is left among these.
const OPEN: &[(u64, &str)] = &[];

#[test]
fn histories_break_no_promise_but_the_open_ones() {
    let summary = run_many(1, 120, 2, QUIET);
    let broken: Vec<_> = summary
        .failures
        .iter()
        .filter(|f| !OPEN.contains(&(f.seed, f.check.as_str())))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Histories beyond the first that showed a fault of the product, and what it was about. They say something only as long
/// as the generator and the order of calls stay as they are.
const MENDED: &[(u64, &str)] = &[
    (
        257,
        "copies in a mailbox that left before a loss were not looked for",
    ),
    (
        374,
        "after a loss, a card was nobody's when a group could not be read",
    ),
    (
        911,
        "a run by command wrote into a folder that its documents pause",
    ),
    (
        457,
        "a moved mailbox of which one card was gone was doubled",
    ),
    (
        317,
        "a generation was used again after copies had been kept",
    ),
    (
        198,
        "a mailbox left while cards with our mark were unexplained",
    ),
    (
        195,
        "a removed tunnel's mailboxes were searched in every round",
    ),
    (
        298,
        "a single card in a deleted folder was never made again",
    ),
    (330, "a renamed folder was forgotten for one wrong answer"),
    (402, "an adopted card got no photo"),
    (478, "a throttle ended when the clock was set"),
    (1093, "two workers, and a look from before the other began"),
    (
        454,
        "an update without an answer was taken for the user's edit",
    ),
    (
        1740,
        "a delete without an answer counted as done, unlooked for",
    ),
    (
        3142,
        "one broken search threw away what the others had found",
    ),
    (
        2224,
        "a worker that had lost its lane wrote over an account",
    ),
    (
        782,
        "a mailbox whose kind was not known counted as searched",
    ),
    (
        1882,
        "what a paused tunnel had put there was taken back after a loss",
    ),
    (
        1997,
        "a folder of which one card was younger than the look was refilled",
    ),
    (1720, "a card moved between two source folders was deleted"),
    (
        3084,
        "twins of somebody who was out were forgotten, and a third made",
    ),
    (
        793,
        "a deletion answered by a conflict was taken for the user's",
    ),
    (
        6250,
        "a changed rule removed somebody whom a group had missed once",
    ),
    (
        6467,
        "cards that were taken for one person stayed one when a source had both",
    ),
    (
        7062,
        "a create that a look had shown was forgotten when the folder was emptied",
    ),
    (
        6457,
        "an edit that excludes somebody took effect on half of a group",
    ),
    (
        6338,
        "who left by a rule was deleted unasked once a mailbox saw less",
    ),
    (
        210,
        "a create in doubt was taken for undone in a mailbox that nobody looks into",
    ),
    (
        2861,
        "a text that the server changed was written again beside a card that failed",
    ),
    (
        2636,
        "fields that were taken back stayed blank when their person came back",
    ),
];

#[test]
fn what_was_mended_stays_mended() {
    for (seed, what) in MENDED {
        let violation = run(*seed, &Options::default()).violation;
        assert!(violation.is_none(), "{what}: {violation:?}");
    }
}

/// Long: each twice, a quarter of an hour on two cores. `cargo test --workspace --test seeds -- --ignored`
#[test]
#[ignore = "a quarter of an hour"]
fn two_thousand_histories_break_no_promise() {
    let summary = run_many(1, 2_000, 2, QUIET);
    assert!(summary.failures.is_empty(), "{summary}");
}
