//! Runs seeds from the command line: `cargo run -p simulation --example seeds -- START COUNT [trace]`.

use simulation::{Options, run, run_many};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(1);
    if args.get(2).is_some() {
        let report = run(number(0), &Options { readable: true });
        for line in &report.lines {
            println!("{line}");
        }
        println!("{:?}", report.violation);
        return;
    }
    let summary = run_many(number(0), number(1), 2, &|_| {});
    println!("{summary}");
}
