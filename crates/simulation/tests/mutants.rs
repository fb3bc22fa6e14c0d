//! The simulation sees every old bug that `docs/mutants.md` says it sees, by the very check and seed it names.

use model::mutant::{Mutant, with};
use simulation::{Options, run};
use std::collections::{BTreeMap, BTreeSet};

/// The search that writes the table: `cargo run -p simulation --example mutants > docs/mutants.md`.
const TABLE: &str = include_str!("../../../docs/mutants.md");

/// What the issue asks for.
const CAUGHT_MIN: usize = 30;

/// Row to the check and the seed that catch it; `None`: the table says that nothing does.
fn table() -> BTreeMap<&'static str, Option<(&'static str, u64)>> {
    let lines = TABLE.lines().filter(|l| l.starts_with("| "));
    let cells = lines.map(|l| l.split('|').map(str::trim).collect::<Vec<_>>());
    // A line begins and ends with a bar: its first and last cells are empty.
    let rows = cells.filter(|c| c.len() == 7 && c[1] != "row");
    rows.map(|c| (c[1], c[4].parse().ok().map(|seed| (c[3], seed))))
        .collect()
}

#[test]
fn the_table_names_every_mutant() {
    let named: BTreeSet<&str> = table().into_keys().collect();
    let planted: BTreeSet<&str> = Mutant::ALL.iter().map(|m| m.row()).collect();
    assert_eq!(named, planted);
    let caught = table().values().flatten().count();
    assert!(caught >= CAUGHT_MIN, "only {caught} are caught");
}

#[test]
fn every_mutant_of_the_table_is_caught_by_its_check() {
    let table = table();
    let mut wrong = Vec::new();
    for mutant in Mutant::ALL {
        let Some((check, seed)) = table.get(mutant.row()).copied().flatten() else {
            continue;
        };
        let report = with(*mutant, || run(seed, &Options::default()));
        let found = report.violation.as_ref().map(|v| v.check);
        if found != Some(check) {
            wrong.push(format!(
                "{}: {found:?} and not {check} in seed {seed}",
                mutant.row()
            ));
        }
    }
    assert!(wrong.is_empty(), "write the table again: {wrong:#?}");
}

#[test]
fn without_a_mutant_the_same_seeds_keep_every_promise() {
    let seeds: BTreeSet<u64> = table().values().flatten().map(|(_, seed)| *seed).collect();
    for seed in seeds {
        let violation = run(seed, &Options::default()).violation;
        assert!(violation.is_none(), "seed {seed}: {violation:?}");
    }
}
