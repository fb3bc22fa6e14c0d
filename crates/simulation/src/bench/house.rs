//! A house to measure in: engine, store and simulated cloud under one virtual time.

use super::Size;
use super::wire::{Asked, Wire, lock};
use crate::executor::Executor;
use engine::{Ask, Engine, Stop, Tenant, Until, World};
use graph::{Endpoints, Graph, TenantRef};
use graph_sim::fleet::{self, generate};
use graph_sim::{Cloud, Fleet};
use model::run::{Run, RunState, Trigger};
use model::seam::{Chance, Clock, Credential, Exchange, SignError, Signer};
use model::{Millis, TenantName, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use store::{Mode, Store, StoreError};

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the bench's own policy is refused: {0}")]
    Policy(String),
    #[error("a run ended as {state:?}: {reason}")]
    Run { state: RunState, reason: String },
    #[error("a run did not end within {0} hours of virtual time")]
    Endless(i64),
    #[error("{0}")]
    Cloud(String),
}

/// 24 November 2026, 10:00 UTC: any instant would do, as long as it is always the same.
pub(super) const START: Timestamp = Timestamp(1_795_514_400_000);
const HOURS_MAX: i64 = 48;

/// What the measured tenants are called: the first is the one that a size speaks of, the other one is small.
const TENANTS: [&str; 2] = ["contoso", "fabrikam"];

/// The tunnels of a bench, one a tenant.
fn policy_text(fleet: &Fleet, size: Size) -> String {
    let mut text = tunnel_text(fleet, size);
    for name in TENANTS.iter().take(fleet.tenants.len()).skip(1) {
        text += &format!(
            "  - id: t-{name}\n    name: {name}\n    tenant: {name}\n    owner: desk@msp.example\n    \
             content: contacts\n    sources:\n      - directory: {{ people: members }}\n    \
             targets: {{ everyone: true, folder: \"People\" }}\n    direction: one-way\n    \
             options: {{ photos: false }}\n    schedule: every 15m\n"
        );
    }
    text
}

/// Everyone into every mailbox, or as many people as there are to be contacts where there are more mailboxes than that.
fn tunnel_text(fleet: &Fleet, size: Size) -> String {
    let photos = size.photos;
    let chosen = match size.contacts < size.mailboxes {
        true => {
            let people = fleet.tenants[0].people.iter().filter(|p| !p.guest);
            let names: Vec<&str> = people.take(size.contacts).map(|p| p.upn.as_str()).collect();
            format!(", mailboxes: {names:?}")
        }
        false => String::new(),
    };
    format!(
        "tunnels:\n  - id: t-bench\n    name: everyone\n    tenant: contoso\n    owner: desk@msp.example\n    \
         content: contacts\n    sources:\n      - directory: {{ people: members, org_contacts: true{chosen} }}\n    \
         targets: {{ everyone: true, folder: \"Contoso people\" }}\n    direction: one-way\n    \
         options: {{ photos: {photos} }}\n    schedule: every 15m\n"
    )
}

/// The secrets of simulated apps by tenant, and keys that only a laboratory may use.
pub struct Keys(pub BTreeMap<TenantName, String>);

impl Signer for Keys {
    fn credential(
        &self,
        tenant: &str,
        _: &str,
        _: Timestamp,
        _: &str,
    ) -> Result<Credential, SignError> {
        let secret = self.0.get(&TenantName::from(tenant));
        Ok(Credential::Secret(secret.cloned().unwrap_or_default()))
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        Sha256::digest(purpose.as_bytes()).into()
    }
}

/// The same numbers in the same order every time (PCG, O'Neill 2014).
struct Dice(Mutex<u128>);

impl Chance for Dice {
    fn bits(&self) -> u128 {
        let mut state = lock(&self.0);
        *state = state
            .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
            .wrapping_add(0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f);
        *state ^ (*state >> 64)
    }
}

/// Everything of one measurement.
pub struct House {
    executor: Executor,
    engine: Engine,
    store: Store,
    size: Size,
    fleet: Fleet,
    pub(super) cloud: Arc<Mutex<Cloud>>,
    asked: Arc<Mutex<Asked>>,
}

impl House {
    /// A client of this size and an empty store in memory.
    ///
    /// # Errors
    /// SQLite gives no memory.
    pub fn new(size: Size) -> Result<Self, BenchError> {
        Self::with(size, client(size), LANES)
    }

    /// The same with these tenants, and a worker of so many lanes.
    ///
    /// # Errors
    /// SQLite gives no memory.
    pub(super) fn with(size: Size, fleet: Fleet, lanes: usize) -> Result<Self, BenchError> {
        let settings = graph_sim::Settings {
            record_events: false,
            ..graph_sim::Settings::default()
        };
        let cloud = Arc::new(Mutex::new(Cloud::new(&fleet, settings, 1, START.0)));
        Self::at(size, fleet, cloud, Executor::new(START), lanes)
    }

    fn at(
        size: Size,
        fleet: Fleet,
        cloud: Arc<Mutex<Cloud>>,
        executor: Executor,
        lanes: usize,
    ) -> Result<Self, BenchError> {
        let clock: Arc<dyn Clock> = Arc::new(executor.time().clock(Millis(0)));
        let chance: Arc<dyn Chance> = Arc::new(Dice(Mutex::new(1)));
        let store = Store::in_memory_with(
            clock.clone(),
            chance.clone(),
            Mode::Inline,
            Arc::new(store::Plain),
        )?;
        let asked: Arc<Mutex<Asked>> = Arc::default();
        let wire = Wire {
            cloud: cloud.clone(),
            time: executor.time().clone(),
            asked: asked.clone(),
        };
        let seams = Seams {
            exchange: Arc::new(wire),
            clock,
            chance,
            endpoints: Endpoints::global(),
            store: store.clone(),
        };
        let engine = joined(seams, &fleet, size, lanes)?;
        Ok(Self {
            executor,
            engine,
            store,
            size,
            fleet,
            cloud,
            asked,
        })
    }

    /// The same client and cloud, with a store that remembers nothing.
    ///
    /// # Errors
    /// SQLite gives no memory.
    pub fn without_memory(self) -> Result<Self, BenchError> {
        let Self {
            executor,
            size,
            fleet,
            cloud,
            ..
        } = self;
        Self::at(size, fleet, cloud, executor, LANES)
    }

    /// Asks for a run and works until it is done.
    ///
    /// # Errors
    /// It ended in another way, or not at all.
    pub fn run(&mut self) -> Result<Run, BenchError> {
        *lock(&self.asked) = Asked::default();
        let engine = self.engine.clone();
        let out: Arc<Mutex<Option<Ended>>> = Arc::default();
        let slot = out.clone();
        let task = self
            .executor
            .spawn(async move { *lock(&slot) = Some(run_once(&engine).await) });
        let limit = self.now() + Millis::hours(HOURS_MAX);
        if !self.executor.run_task(task, limit) {
            return Err(BenchError::Endless(HOURS_MAX));
        }
        let run = lock(&out).take().transpose()?.flatten();
        done(run)
    }

    /// What the last run asked of Graph.
    pub fn asked(&self) -> Asked {
        lock(&self.asked).clone()
    }

    pub fn now(&self) -> Timestamp {
        self.executor.time().now()
    }

    /// Lets time pass with nobody at work.
    pub fn wait(&mut self, span: Millis) {
        let until = self.now() + span;
        self.executor.run_until(until);
    }

    pub fn rows_changed(&self) -> u64 {
        self.store.rows_changed()
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// The tenants in the order of their names, which is that of their books.
    pub(super) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// For what goes on side by side.
    pub(super) fn executor(&mut self) -> &mut Executor {
        &mut self.executor
    }

    pub(super) fn tenant(&self) -> &fleet::Tenant {
        &self.fleet.tenants[0]
    }
}

/// The run that was asked for, if there was a book to run.
type Ended = Result<Option<Run>, StoreError>;

/// Asks for one run of the only book and works until it stands.
///
/// # Errors
/// The store fails.
pub async fn run_once(engine: &Engine) -> Result<Option<Run>, StoreError> {
    let Some(book) = engine.books().into_iter().next() else {
        return Ok(None);
    };
    let asked = engine.ask(&book, Trigger::Command, &Ask::default()).await?;
    let until = Until::Settled(vec![asked.run], Stop::default());
    engine.work("bench", &until).await?;
    engine.store().run(asked.run).await
}

/// The run, if it is done.
///
/// # Errors
/// It is not.
pub fn done(run: Option<Run>) -> Result<Run, BenchError> {
    match run {
        Some(run) if run.state == RunState::Done => Ok(run),
        Some(run) => Err(BenchError::Run {
            state: run.state,
            reason: run.reason,
        }),
        None => Err(BenchError::Cloud("there is no book to run".to_owned())),
    }
}

/// A drawn client with exactly this many mailboxes of people.
pub fn client(size: Size) -> Fleet {
    let drawn = fleet::Size {
        rooms: 0,
        private_contacts: 0,
        reception_contacts: 0,
        ..fleet::Size::of(size.mailboxes, size.contacts)
    };
    generate(1, &drawn)
}

/// What an engine to measure is joined from.
pub struct Seams {
    pub exchange: Arc<dyn Exchange>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub endpoints: Endpoints,
    pub store: Store,
}

/// An engine with the bench's tunnels, for the tenants of the fleet.
///
/// # Errors
/// The policy of the bench is wrong.
pub fn engine(seams: Seams, fleet: &Fleet, size: Size) -> Result<Engine, BenchError> {
    joined(seams, fleet, size, LANES)
}

fn joined(seams: Seams, fleet: &Fleet, size: Size, lanes: usize) -> Result<Engine, BenchError> {
    let all = || TENANTS.iter().zip(&fleet.tenants);
    let names: Vec<TenantName> = all().map(|(name, _)| TenantName::from(*name)).collect();
    let text = policy_text(fleet, size);
    let policy = policy::read(&[("bench.yaml", text.as_str())], &names)
        .map_err(|problems| BenchError::Policy(format!("{problems:?}")))?;
    let tenants = all().map(|(name, tenant)| Tenant {
        at: TenantRef {
            name: TenantName::from(*name),
            directory: tenant.id.clone(),
            client_id: tenant.apps[0].client_id.clone(),
        },
        region: Some("DE".to_owned()),
    });
    let secret = |(name, tenant): (&&str, &fleet::Tenant)| {
        (
            TenantName::from(*name),
            tenant.apps[0].client_secret.clone(),
        )
    };
    let keys = Keys(all().map(secret).collect());
    let world = world(seams, Arc::new(keys));
    Ok(Engine::new(
        world,
        tenants.collect(),
        policy,
        settings(lanes),
    ))
}

/// The defaults of the binary but for the lanes.
fn settings(lanes: usize) -> engine::Settings {
    engine::Settings {
        lanes,
        lanes_per_tenant: lanes,
        ..engine::Settings::default()
    }
}

/// Mailboxes at once: the binary's default.
const LANES: usize = 256;

fn world(seams: Seams, signer: Arc<dyn Signer>) -> World {
    let graph = Graph::new(
        seams.exchange,
        seams.clock.clone(),
        seams.chance.clone(),
        signer.clone(),
        seams.endpoints,
        graph::Settings::default(),
    );
    World {
        clock: seams.clock,
        chance: seams.chance,
        signer,
        graph,
        store: seams.store,
    }
}
