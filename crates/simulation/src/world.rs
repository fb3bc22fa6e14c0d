//! The world: one simulated tenant, cloud and store, and the workers that come and go over them.

use crate::charter::{Charter, TENANT};
use crate::checks::{Logs, Monitor, base_held, remembered, watched as watched_by};
use crate::executor::{Executor, SkewedClock, TaskId};
use crate::faults::Troubles;
use crate::ground::{Ground, Inner};
use crate::seams::{SecretSigner, Seeded};
use crate::town::{Card, Town, fleet};
use crate::trace::Trace;
use crate::wire::Wire;
use engine::{Engine, Stop, Tenant, Until};
use futures::executor::block_on;
use graph::{Endpoints, Graph, TenantRef};
use graph_sim::chance::{Chance as Dice, mix};
use graph_sim::fleet::FolderContent;
use graph_sim::{Cloud, Settings};
use model::run::Trigger;
use model::tunnel::Policy;
use model::{Millis, TenantName, Timestamp};
use planner::identity::Keys;
use std::sync::Arc;
use store::{Disk, Mode, Plain, Store, StoreError};

/// Where virtual time begins: a Monday morning.
pub const START: Timestamp = Timestamp(1_772_438_400_000);

/// What a world is made from.
pub struct Beginning {
    pub seed: u64,
    pub town: Town,
    /// What lies in the shared mailbox.
    pub cards: Vec<Card>,
    /// What lies in other mailboxes.
    pub content: Vec<FolderContent>,
    pub charter: Charter,
    pub troubles: Troubles,
    pub readable: bool,
}

/// One history's world.
pub struct World {
    pub seed: u64,
    pub executor: Executor,
    pub ground: Ground,
    pub store: Store,
    pub charter: Charter,
    pub policy: Policy,
    pub workers: [Option<Worker>; 2],
    /// The clock of each machine's present life.
    clocks: [Option<SkewedClock>; 2],
    pub logs: Logs,
    pub restarts: u64,
    /// From here on nothing goes wrong any more.
    pub calm_since: Timestamp,
    signer: Arc<SecretSigner>,
    client: String,
    directory: String,
}

/// A running worker: a machine with its own clock and memory, over the shared store.
pub struct Worker {
    pub engine: Engine,
    pub task: TaskId,
}

/// What users have already, and what the cloud will do to us, for the readers of a trace.
fn describe(content: &[FolderContent], settings: &Settings) -> String {
    let mut out = format!(
        "faults {:?}\nquirks {:?}\n",
        settings.faults, settings.quirks
    );
    for folder in content {
        out += &format!("  {} has in {}:", folder.mailbox, folder.folder);
        for card in &folder.contacts {
            out += &format!(" {:?}", card.surname);
        }
        out += "\n";
    }
    out
}

impl World {
    pub fn new(from: Beginning) -> Self {
        let Beginning {
            seed,
            mut town,
            cards,
            content,
            charter,
            troubles,
            readable,
        } = from;
        let executor = Executor::new(START);
        let signer = Arc::new(SecretSigner {
            secret: town.secret.clone(),
            root: [7; 32],
        });
        let settings = Settings {
            quirks: troubles.quirks.clone(),
            faults: troubles.cloud.clone(),
            ..Settings::default()
        };
        let described = readable.then(|| describe(&content, &settings));
        let mut cloud = Cloud::new(&fleet(&town, &cards, content), settings, mix(seed), START.0);
        cloud.events();
        learn_cards(&cloud, &mut town, &cards);
        let policy = charter.policy();
        let keys = Keys::derive(&*signer);
        let mut monitor = Monitor::new(&town, &policy, keys);
        monitor.lived.begin(&cloud, &town);
        monitor.cards.doubled_on_the_way =
            crate::checks::breaks(|name| troubles.cloud.get(name).unwrap_or(0.0));
        let (client, directory) = (town.client.clone(), town.tenant.clone());
        let mut trace = Trace::new(readable);
        trace.say(START, || town.describe());
        trace.say(START, || described.unwrap_or_default());
        trace.say(START, || charter.yaml());
        let ground = Ground::new(Inner {
            cloud,
            town,
            monitor,
            trace,
            dice: Dice::new(mix(seed ^ 0x77)),
            troubles,
            armed: None,
            calm: false,
            disk: Disk::Roomy,
            disk_was_full: false,
            fallen: Vec::new(),
            calls: 0,
            faults: 0,
        });
        let store = new_store(&executor, seed, 0);
        Self {
            seed,
            executor,
            ground,
            store,
            charter,
            policy,
            workers: [None, None],
            clocks: [None, None],
            logs: Logs::default(),
            restarts: 0,
            calm_since: Timestamp::NEVER,
            signer,
            client,
            directory,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.executor.time().now()
    }

    /// An engine on machine `number`; every life of a machine draws other chance.
    pub fn engine(&mut self, number: usize) -> Engine {
        self.restarts += 1;
        let skew = {
            let mut ground = self.ground.lock();
            ground.monitor.pace.forget(number);
            ground.troubles.skew[number]
        };
        let clock = self.executor.time().clock(skew);
        self.clocks[number] = Some(clock.clone());
        self.built(number, clock, mix(self.seed ^ mix(self.restarts)))
    }

    /// An engine of whoever only watches: it needs no worker, and no machine of the workers'.
    fn onlooker(&self) -> Engine {
        let clock = self.executor.time().clock(Millis(0));
        self.built(0, clock, mix(self.seed ^ 0x3a7c))
    }

    fn built(&self, number: usize, clock: SkewedClock, chance: u64) -> Engine {
        let shared: Arc<SkewedClock> = Arc::new(clock.clone());
        let chance = Arc::new(Seeded::new(chance));
        let wire = Wire {
            ground: self.ground.clone(),
            worker: number,
            time: self.executor.time().clone(),
            clock,
            patience: Millis::seconds(100),
        };
        let endpoints = Endpoints::at(
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com",
        );
        let graph = Graph::new(
            Arc::new(wire),
            shared.clone(),
            chance.clone(),
            self.signer.clone(),
            endpoints,
            self.pages(),
        );
        let world = engine::World {
            clock: shared,
            chance,
            signer: self.signer.clone(),
            graph,
            store: self.store.clone(),
        };
        let at = TenantRef {
            name: TenantName::from(TENANT),
            directory: self.directory.clone(),
            client_id: self.client.clone(),
        };
        let tenant = Tenant {
            at,
            region: Some("DE".to_owned()),
        };
        Engine::new(world, vec![tenant], self.policy.clone(), settings())
    }

    fn pages(&self) -> graph::Settings {
        let settings = graph::Settings::default();
        if !self.ground.lock().troubles.small_pages {
            return settings;
        }
        graph::Settings {
            page: 7,
            directory_page: 11,
            ..settings
        }
    }

    /// Starts machine `number`; it works until it is stopped or crashes.
    pub fn start(&mut self, number: usize) {
        let engine = self.engine(number);
        let until = Until::Stopped(Stop::default());
        let task = self.spawn(engine.clone(), number, until, true);
        self.workers[number] = Some(Worker { engine, task });
    }

    /// Lets a worker work as a task; an error that ends it breaks a promise.
    pub fn spawn(&mut self, engine: Engine, number: usize, until: Until, schedule: bool) -> TaskId {
        let (ground, time) = (self.ground.clone(), self.executor.time().clone());
        self.executor.spawn(async move {
            let name = format!("w{number}");
            let work = async {
                if schedule {
                    engine.schedule().await?;
                }
                engine.work(&name, &until).await
            };
            let done: Result<(), StoreError> = work.await;
            let Err(error) = done else { return };
            let mut ground = ground.lock();
            // A machine that stood still reads of the full disk when there is room again.
            if ground.disk_was_full && matches!(error, StoreError::Full { .. }) {
                return ground.fallen.push(number);
            }
            ground
                .monitor
                .check("worker", false, time.now(), || error.to_string());
        })
    }

    /// The clock of machine `number` jumps (F17); what it waits for comes when it would have come.
    pub fn jump(&mut self, number: usize, skew: Millis) {
        let now = self.now();
        let mut ground = self.ground.lock();
        ground.troubles.skew[number] = skew;
        ground.monitor.count("a clock jumped", 1);
        ground.faults += 1;
        let said = || format!("the clock of w{number} is off by {skew} now");
        ground.trace.say(now, said);
        if let Some(clock) = &self.clocks[number] {
            clock.set_skew(skew);
        }
    }

    /// A machine dies where it stands.
    pub fn crash(&mut self, number: usize) {
        if let Some(worker) = self.workers[number].take() {
            self.executor.kill(worker.task);
            let now = self.now();
            let mut ground = self.ground.lock();
            ground.monitor.count("a worker crashed", 1);
            ground.faults += 1;
            ground.trace.say(now, || format!("w{number} crashes"));
        }
    }

    /// The folder with the database is gone; what it said is held against the truth first.
    pub fn lose_store(&mut self) {
        for number in 0..2 {
            self.crash(number);
        }
        self.audit(false);
        let now = self.now();
        let mut ground = self.ground.lock();
        ground.monitor.count("the store was lost", 1);
        ground.monitor.cards.forget_generations(now);
        ground.monitor.standing.forget();
        ground.monitor.cards.writes.clear();
        ground.faults += 1;
        ground.trace.say(now, || "the store is lost".to_owned());
        ground.disk = Disk::Roomy;
        drop(ground);
        self.store = new_store(&self.executor, self.seed, self.restarts + 1);
    }

    /// Holds what the store remembers of each pair against what its card showed; whoever works goes on.
    pub fn audit_pairs(&mut self) {
        let (now, mut ground) = (self.now(), self.ground.lock());
        base_held(&mut ground.monitor, &self.policy, &self.store, now);
    }

    /// The watch looks for what an owner must hear of, as it does beside every worker; on a full disk it cannot.
    pub fn watch(&mut self) {
        let engine = self.onlooker();
        let watched = block_on(async {
            engine.watch().await?;
            self.store.open_notices(None).await
        });
        let (now, policy) = (self.now(), &self.policy);
        match watched {
            Ok(open) => watched_by(&mut self.ground.lock().monitor, policy, &open, now),
            Err(error) => self.broken(&error),
        }
    }

    /// Holds what the store remembers against what happened.
    pub fn audit(&mut self, ended: bool) {
        self.audit_pairs();
        let now = self.now();
        let mut ground = self.ground.lock();
        let Inner { monitor, town, .. } = &mut *ground;
        remembered(
            monitor,
            town,
            &self.policy,
            &self.store,
            &self.logs,
            now,
            ended,
        );
    }

    /// Another policy is in force from now on, for every running worker and for the oracle.
    pub fn set_charter(&mut self, charter: Charter) {
        self.charter = charter;
        self.policy = self.charter.policy();
        let (now, yaml) = (self.now(), self.charter.yaml());
        for worker in self.workers.iter().flatten() {
            worker.engine.set_policy(self.policy.clone());
        }
        let mut ground = self.ground.lock();
        ground.trace.add(&[b"policy", yaml.as_bytes()]);
        ground.trace.say(now, || yaml);
        let Inner { monitor, town, .. } = &mut *ground;
        monitor.edited(town, &self.policy, now);
        monitor.cards.expect_writes();
    }

    /// A person asks for every book to be brought up to date. With it: did a run that was open take an ask's place?
    pub fn apply(&mut self, full: bool) -> (Vec<model::RunId>, bool) {
        let engine = match self.workers.iter().flatten().next() {
            Some(worker) => worker.engine.clone(),
            None => self.engine(0),
        };
        let ask = engine::Ask {
            full,
            ..engine::Ask::default()
        };
        let (mut runs, mut busy) = (Vec::new(), false);
        for book in engine.books() {
            match block_on(engine.ask(&book, Trigger::Command, &ask)) {
                Ok(asked) => {
                    runs.push(asked.run);
                    busy |= asked.busy;
                }
                Err(error) => self.broken(&error),
            }
        }
        (runs, busy)
    }

    /// A person decides every plan that waits. How many there were.
    pub fn decide(&mut self, approve: impl Fn(usize) -> bool) -> usize {
        let holds = match block_on(self.store.waiting_holds(None)) {
            Ok(holds) => holds,
            Err(error) => {
                self.broken(&error);
                return 0;
            }
        };
        let now = self.now();
        for (nth, hold) in holds.iter().enumerate() {
            let (run, print) = (hold.run, &hold.fingerprint);
            let decided = match approve(nth) {
                true => block_on(self.store.approve(run, print, "operator", now)),
                false => block_on(self.store.reject(run, print, "operator", now)),
            };
            if let Err(error) = decided {
                self.broken(&error);
            }
            self.ground
                .lock()
                .trace
                .say(now, || format!("decided on run {run}: {:?}", hold.halts));
        }
        let engines: Vec<Engine> = self
            .workers
            .iter()
            .flatten()
            .map(|w| w.engine.clone())
            .collect();
        if let (Some(engine), false) = (engines.first(), holds.is_empty())
            && let Err(error) = block_on(engine.schedule())
        {
            self.broken(&error);
        }
        holds.len()
    }

    /// A person approves after all what they rejected last: the runs that plan it anew.
    pub fn reconsider(&mut self) -> Vec<model::RunId> {
        let engine = self.engine(0);
        let mut again = Vec::new();
        for book in engine.books() {
            let last = store::RunFilter {
                tenant: Some(book.tenant.clone()),
                book: Some(book.key.clone()),
                limit: Some(1),
                ..store::RunFilter::default()
            };
            let done = block_on(async {
                match self.store.runs(&last).await?.first() {
                    Some(run) if run.state == model::run::RunState::Rejected => {
                        engine.reconsider(run.id, "operator").await
                    }
                    _ => Ok(None),
                }
            });
            match done {
                Ok(run) => again.extend(run),
                Err(error) => self.broken(&error),
            }
        }
        again
    }

    /// What a person asked of the store failed: on a full disk that is life, and the person asks again.
    pub fn broken(&mut self, error: &StoreError) {
        let (now, mut ground) = (self.now(), self.ground.lock());
        let life = ground.disk == Disk::Full && matches!(error, StoreError::Full { .. });
        ground
            .monitor
            .check("store", life, now, || error.to_string());
    }

    /// F41: the disk under the store fills up, or somebody makes room on it.
    pub fn set_disk(&mut self, disk: Disk) {
        self.store.set_disk(disk);
        let (now, mut ground) = (self.now(), self.ground.lock());
        ground.disk = disk;
        ground.disk_was_full |= disk == Disk::Full;
        ground.trace.say(now, || format!("the disk is {disk:?}"));
        if disk == Disk::Full {
            ground.faults += 1;
            ground.monitor.count("the disk was full", 1);
        }
    }

    /// What the store remembers of the books, for the readers of a trace.
    pub fn describe_store(&mut self) -> String {
        let engine = self.engine(0);
        crate::describe::store(&self.store, &TenantName::from(TENANT), engine.books())
    }

    pub fn violated(&self) -> bool {
        self.ground.lock().monitor.violation.is_some()
    }
}

fn new_store(executor: &Executor, seed: u64, life: u64) -> Store {
    let clock = Arc::new(executor.time().clock(Millis(0)));
    let chance = Arc::new(Seeded::new(mix(seed ^ mix(life ^ 0x5705))));
    match Store::in_memory_with(clock, chance, Mode::Stepped, Arc::new(Plain)) {
        Ok(store) => store,
        Err(error) => panic!("a store in memory cannot be made: {error}"),
    }
}

/// The oracle learns the item ids of the shared mailbox from the cloud, in the order in which they were made.
fn learn_cards(cloud: &Cloud, town: &mut Town, cards: &[Card]) {
    let mut left: Vec<&Card> = cards.iter().collect();
    for view in cloud.contacts(&town.tenant, &town.reception) {
        let shown = |name: &str| {
            view.properties
                .get(name)
                .and_then(|v| v.as_str())
                .unwrap_or_default()
        };
        let suppliers = view.folder.name == "Suppliers";
        let same =
            |c: &&Card| c.name == shown("displayName") && (c.folder != "Contacts") == suppliers;
        let at = left.iter().position(same);
        assert!(at.is_some(), "a card that the town does not know");
        if let Some(at) = at {
            town.cards.insert(view.id.clone(), left.remove(at).clone());
        }
    }
}

/// Slow things are as slow as they must be for a history of a day or two to see them.
fn settings() -> engine::Settings {
    engine::Settings {
        photo_census: Millis::hours(12),
        mailbox_census: Millis::hours(12),
        full_look: Millis::days(2),
        poll: Millis::minutes(10),
        ..engine::Settings::default()
    }
}
