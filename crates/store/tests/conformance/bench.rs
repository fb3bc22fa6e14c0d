//! What verbs cost. `cargo test -p store --release --test conformance -- --ignored --nocapture bench`

use crate::support::*;
use futures::executor::block_on;
use model::link::Op;
use store::{Finish, Mode, Store};

const BATCH: u128 = 20;
const ITEM: &str = "AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiLTU1OGY5OTZhYmY4OABGAAAAAAAiQ8W967B7TKBjgx9rVEURBwAiIsqMbYjsT5e-T7KzowPTAAAAAAEOAAAiIsqMbYjsT5e-T7KzowPTAAA=";

/// Time that this thread was on a processor since it began, in µs: other work on the machine does not count.
fn on_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
}

/// Fills one member with creates in batches, as the engine does: µs per item.
fn fill(store: &Store, items: u128, op: Op) -> f64 {
    let (member, run) = (member(store, "ada"), run(store));
    let lease = lease(store, "ada");
    let began = on_cpu();
    for batch in 0..items / BATCH {
        let entries = batch * BATCH..(batch + 1) * BATCH;
        let intents = entries.clone().map(|n| match op {
            Op::Create => create(n),
            _ => update(n, &format!("{ITEM}{n}")),
        });
        let taken = block_on(store.intend(&lease, run, member, intents.collect(), NOW)).unwrap();
        assert!(taken.iter().all(|taken| *taken));
        let settled = entries.map(|n| done(member, n, &format!("{ITEM}{n}"), op));
        block_on(store.settle(&lease, run, member, settled.collect(), NOW)).unwrap();
    }
    (on_cpu() - began) / items as f64
}

#[test]
#[ignore = "a measurement"]
fn bench_of_verbs() {
    let began = on_cpu();
    let kept: Vec<_> = (0..200).map(|_| in_memory()).collect();
    println!(
        "a store in memory, new: {:.0} µs",
        (on_cpu() - began) / 200.0
    );
    drop(kept);
    let began = on_cpu();
    for _ in 0..2_000 {
        run(&in_memory().store);
    }
    println!(
        "a store in memory, used again, and its first verb: {:.0} µs",
        (on_cpu() - began) / 2_000.0
    );
    for op in [Op::Create, Op::Update] {
        let memory = fill(&in_memory().store, 20_000, op);
        let folder = tempfile::tempdir().unwrap();
        let disk = fill(&on_disk(folder.path(), Mode::Inline).store, 5_000, op);
        println!("intend and settle, {op:?}: {memory:.1} µs an item in memory, {disk:.1} on disk");
    }

    let store = in_memory().store;
    let jobs = (0..20_000).map(|n| (job("contoso", &format!("box-{n:05}")), NOW));
    block_on(store.offer_all(jobs.collect())).unwrap();
    let began = on_cpu();
    for _ in 0..2_000 {
        let claimed = claim(&store).unwrap();
        block_on(store.release(&claimed, Finish::Done)).unwrap();
    }
    println!(
        "claim and release among 20,000: {:.0} µs",
        (on_cpu() - began) / 2_000.0
    );

    let names: Vec<String> = (0..5_000).map(|n| format!("Person {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let began = on_cpu();
    commit(&store, &names);
    println!("commit 5,000 entries: {:.1} ms", (on_cpu() - began) / 1e3);
    for round in ["cold", "warm"] {
        let began = on_cpu();
        let read = block_on(store.view(&tenant(), CATALOG, &view(), 0)).unwrap();
        let took = (on_cpu() - began) / 1e3;
        println!(
            "read a view of {}, {round}: {took:.1} ms",
            read.entries.len()
        );
    }
}
