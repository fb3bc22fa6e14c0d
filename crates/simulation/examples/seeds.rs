//! Runs seeds from the command line: `cargo run -p simulation --example seeds -- START COUNT [trace|hashes|once]`.

use simulation::{Options, run, run_many};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(1);
    let (start, count) = (number(0), number(1));
    match args.get(2).map(String::as_str) {
        Some("hashes") => hashes(start, count),
        Some("once") => once(start, count),
        Some(_) => trace(start),
        None => println!("{}", run_many(start, count, 2, &|_| {})),
    }
}

/// What a change that is to change nothing is held against.
fn hashes(start: u64, count: u64) {
    for seed in start..start + count {
        let report = run(seed, &Options::default());
        let (calls, broken) = (report.calls, report.violation.map_or("-", |v| v.check));
        println!("{seed} {:032x} {calls} {broken}", report.trace);
    }
}

/// Every history once: what is broken, and nothing of replaying.
fn once(start: u64, count: u64) {
    for seed in start..start + count {
        if let Some(broken) = run(seed, &Options::default()).violation {
            println!("{seed} {} {} {}", broken.check, broken.at, broken.what);
        }
    }
}

fn trace(seed: u64) {
    let report = run(seed, &Options { readable: true });
    for line in &report.lines {
        println!("{line}");
    }
    println!("{:?}", report.violation);
}
