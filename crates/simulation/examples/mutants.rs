//! Puts every mutant into the product and searches for the first history that catches it. Prints `docs/mutants.md`:
//! `cargo run -p simulation --example mutants > docs/mutants.md`. Arguments: how many seeds, then rows.

use model::mutant::{Mutant, with};
use simulation::{Options, run};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Seeds tried per mutant when no number is given.
const SEEDS: u64 = 400;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seeds = arguments.first().and_then(|n| n.parse().ok());
    let rows: Vec<&String> = arguments
        .iter()
        .skip(usize::from(seeds.is_some()))
        .collect();
    let wanted = |m: &&Mutant| rows.is_empty() || rows.iter().any(|row| *row == m.row());
    let mutants: Vec<Mutant> = Mutant::ALL.iter().filter(wanted).copied().collect();
    let hunt = Hunt {
        seeds: seeds.unwrap_or(SEEDS),
        sound: Mutex::default(),
    };
    print(&hunt.all(&mutants), hunt.seeds);
}

/// How a mutant was caught.
struct Caught {
    check: &'static str,
    seed: u64,
    /// Histories run with the mutant, this one included; all of them are sound without it.
    histories: u64,
}

struct Hunt {
    seeds: u64,
    /// Whether the history of a seed keeps every promise without a mutant.
    sound: Mutex<BTreeMap<u64, bool>>,
}

impl Hunt {
    /// Hunts them all, on as many threads as there are cores.
    fn all(&self, mutants: &[Mutant]) -> BTreeMap<Mutant, Option<Caught>> {
        let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let caught = self.one(*mutant);
                        say(*mutant, caught.as_ref());
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        found.insert(*mutant, caught);
                    }
                });
            }
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, mutant: Mutant) -> Option<Caught> {
        let sound = (1..=self.seeds).filter(|seed| self.is_sound(*seed));
        for (histories, seed) in (1..).zip(sound) {
            let report = with(mutant, || run(seed, &Options::default()));
            if let Some(violation) = report.violation {
                let check = violation.check;
                return Some(Caught {
                    check,
                    seed,
                    histories,
                });
            }
        }
        None
    }

    fn is_sound(&self, seed: u64) -> bool {
        let known = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sound) = known.get(&seed) {
            return *sound;
        }
        drop(known);
        let sound = run(seed, &Options::default()).violation.is_none();
        let mut known = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(seed, sound);
        sound
    }
}

/// Progress, for whoever waits.
fn say(mutant: Mutant, caught: Option<&Caught>) {
    match caught {
        Some(c) => eprintln!("{}: {} by seed {}", mutant.row(), c.check, c.seed),
        None => eprintln!("{}: not caught", mutant.row()),
    }
}

fn print(found: &BTreeMap<Mutant, Option<Caught>>, seeds: u64) {
    let caught = found.values().flatten().count();
    println!(
        "{caught} of {} mutants are caught, seeds 1 to {seeds}.\n",
        found.len()
    );
    println!("| row | bug put back | check | seed | histories |");
    println!("|---|---|---|---|---|");
    for (mutant, caught) in found {
        let (row, what) = (mutant.row(), mutant.what());
        match caught {
            Some(c) => println!(
                "| {row} | {what} | {} | {} | {} |",
                c.check, c.seed, c.histories
            ),
            None => println!("| {row} | {what} | not caught | | |"),
        }
    }
}
