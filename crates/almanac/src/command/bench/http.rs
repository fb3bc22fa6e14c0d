//! The first fill over loopback HTTP: the simulator is another process, so that what is measured is ours alone.

use super::{Figures, counted, failure, figure};
use crate::command::block_on;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::seams::chance::MachineChance;
use crate::seams::clock::MachineClock;
use crate::seams::http::{Http, Limits};
use crate::seams::seal::TenantSeal;
use crate::wiring::store_failure;
use graph::Endpoints;
use graph_sim::Fleet;
use model::Millis;
use model::seam::{Chance, Clock};
use serde::Serialize;
use simulation::bench::{self, Keys, Seams, Size, Usage, usage};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use store::{Mode, Store};

/// A tenth of the usual latencies: processor time is measured, not patience.
const BEHAVIOUR: &str = "latency:\n  token_ms: 5\n  read_ms: 8\n  list_ms: 12\n  write_ms: 27\n  photo_ms: 30\n  \
                         directory_ms: 6\n  batch_ms: 2\n  throttled_ms: 1\nrecord_events: false\n";

#[derive(Debug, Serialize)]
struct Filled {
    size: Size,
    items: u64,
    finish_s: f64,
    cpu_us_per_item: f64,
    usage: Usage,
    store_bytes: u64,
}

pub fn fill(size: Size) -> Result<Figures, Failure> {
    let folder = Folder::make()?;
    let fleet = bench::client(size);
    let simulator = Simulator::start(&folder.0, &fleet)?;
    let found = block_on(filled(size, &folder.0, &fleet, &simulator.url))??;
    let figures = vec![
        figure("items written", found.items as f64, ""),
        figure("finish", found.finish_s, "s"),
        figure("processor time per item", found.cpu_us_per_item, "µs").at_most(60.0),
        figure("peak memory", found.usage.peak_kib as f64 / 1_024.0, "MiB").at_most(512.0),
        figure("store", found.store_bytes as f64 / 1_048_576.0, "MiB"),
    ];
    Ok((figures, counted(&found)))
}

async fn filled(size: Size, folder: &Path, fleet: &Fleet, url: &str) -> Result<Filled, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(MachineClock);
    let chance: Arc<dyn Chance> = Arc::new(MachineChance);
    let store = open_store(&folder.join("data"), &clock, &chance)?;
    let limits = Limits {
        answer: Millis::seconds(100),
        connections: 1_024,
        only_ca: None,
    };
    let http = Http::new(&limits, Arc::clone(&clock)).map_err(|e| failed(&e.to_string()))?;
    let seams = Seams {
        exchange: Arc::new(http),
        clock: Arc::clone(&clock),
        chance,
        endpoints: Endpoints::at(url, url),
        store,
    };
    let engine = bench::engine(seams, fleet, size).map_err(|e| failure(&e))?;
    let (before, start) = (usage(), clock.now());
    let run = bench::run_once(&engine)
        .await
        .map_err(|e| store_failure(&e))?;
    let run = bench::done(run).map_err(|e| failure(&e))?;
    let usage = usage();
    Ok(Filled {
        size,
        items: run.account.done,
        finish_s: clock.now().since(start).0 as f64 / 1_000.0,
        cpu_us_per_item: usage.cpu_us_since(&before) as f64 / run.account.done.max(1) as f64,
        usage,
        store_bytes: std::fs::metadata(folder.join("data").join(store::FILE))
            .map_or(0, |m| m.len()),
    })
}

/// As in production: sealed, with a writer thread and two readers.
fn open_store(
    folder: &Path,
    clock: &Arc<dyn Clock>,
    chance: &Arc<dyn Chance>,
) -> Result<Store, Failure> {
    let keys = Arc::new(Keys(BTreeMap::new()));
    let seal = Arc::new(TenantSeal::new(keys, Arc::clone(chance)));
    let mode = Mode::Threaded { readers: 2 };
    Store::open_sealed(folder, Arc::clone(clock), Arc::clone(chance), mode, seal)
        .map_err(|e| store_failure(&e))
}

/// A folder that goes with the measurement.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("almanac-bench-{}", std::process::id()));
        files::make_secret_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind it does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `almanac sim serve` in a process of its own; it ends with this.
struct Simulator {
    process: Child,
    url: String,
}

impl Simulator {
    fn start(folder: &Path, fleet: &Fleet) -> Result<Self, Failure> {
        let (people, behaviour) = (folder.join("fleet.yaml"), folder.join("behaviour.yaml"));
        let text = fleet.to_yaml().map_err(|e| failed(&e.to_string()))?;
        for (path, text) in [(&people, text.as_str()), (&behaviour, BEHAVIOUR)] {
            std::fs::write(path, text).map_err(|e| Failure::file("write", path, &e))?;
        }
        let program = std::env::current_exe().map_err(|e| failed(&e.to_string()))?;
        let mut process = Command::new(program)
            .args([
                "--json",
                "sim",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--fleet",
            ])
            .arg(&people)
            .arg("--faults")
            .arg(&behaviour)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| failed(&e.to_string()))?;
        let url = ready_url(&mut process);
        let simulator = Self {
            process,
            url: url.unwrap_or_default(),
        };
        if simulator.url.is_empty() {
            return Err(failed("it did not say where it is"));
        }
        Ok(simulator)
    }
}

/// The one line that the server prints when it answers.
fn ready_url(process: &mut Child) -> Option<String> {
    let mut line = String::new();
    BufReader::new(process.stdout.take()?)
        .read_line(&mut line)
        .ok()?;
    let ready: graph_sim::serve::Ready = serde_json::from_str(&line).ok()?;
    Some(ready.graph_url)
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn failed(why: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("cannot measure against the simulator: {why}"),
        "",
    )
}
