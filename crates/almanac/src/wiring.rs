//! Joining the seams to the crates that use them: what one home folder amounts to when it runs.

use crate::exit::{Exit, Failure};
use crate::seams::chance::MachineChance;
use crate::seams::clock::MachineClock;
use crate::seams::http::Http;
use crate::seams::keys::KeyFolder;
use crate::seams::seal::TenantSeal;
use crate::settings::{Settings, tunnels};
use engine::{Engine, World};
use graph::Graph;
use model::Millis;
use model::seam::{Chance, Clock, Exchange, Signer};
use model::tunnel::Policy;
use std::path::Path;
use std::sync::Arc;
use store::{Mode, Store, StoreError};

/// Threads that read the store beside the one that writes it.
const READERS: usize = 2;

/// The seams as one home folder fills them.
#[derive(Clone)]
pub struct Seams {
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub signer: Arc<dyn Signer>,
    pub graph: Graph,
}

/// Opens network and keys.
///
/// # Errors
/// The root key or a certificate file cannot be read.
pub fn seams(settings: &Settings) -> Result<Seams, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(MachineClock);
    let keys = KeyFolder::open(&settings.keys_folder(), settings.identities())?;
    let http = Http::new(&settings.limits()?, Arc::clone(&clock)).map_err(|_| {
        Failure::new(
            Exit::Configuration,
            "the certificate authorities to trust cannot be loaded",
            "install ca-certificates, or check lab.ca_file in almanac.yaml",
        )
    })?;
    Ok(join(settings, clock, Arc::new(keys), Arc::new(http)))
}

fn join(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    signer: Arc<dyn Signer>,
    exchange: Arc<dyn Exchange>,
) -> Seams {
    let chance: Arc<dyn Chance> = Arc::new(MachineChance);
    let graph = Graph::new(
        exchange,
        Arc::clone(&clock),
        Arc::clone(&chance),
        Arc::clone(&signer),
        settings.endpoints(),
        graph::Settings {
            request_bound: settings.document.bounds.answer.0,
            ..graph::Settings::default()
        },
    );
    Seams {
        clock,
        chance,
        signer,
        graph,
    }
}

/// An installation that is ready to work.
#[derive(Clone)]
pub struct House {
    pub settings: Settings,
    pub policy: Policy,
    pub engine: Engine,
    pub seams: Seams,
}

impl House {
    /// Reads every document and opens keys and store.
    ///
    /// # Errors
    /// A document is wrong, or keys or store cannot be opened.
    pub fn open(settings: Settings) -> Result<Self, Failure> {
        let seams = seams(&settings)?;
        Self::with(settings, seams)
    }

    /// Like [`House::open`], over another network: the demo's cloud in a box.
    ///
    /// # Errors
    /// As [`House::open`].
    pub fn over(settings: Settings, exchange: Arc<dyn Exchange>) -> Result<Self, Failure> {
        let keys = KeyFolder::open(&settings.keys_folder(), settings.identities())?;
        let seams = join(&settings, Arc::new(MachineClock), Arc::new(keys), exchange);
        Self::with(settings, seams)
    }

    /// Like [`House::open`], over seams that were made before.
    ///
    /// # Errors
    /// As [`House::open`].
    pub fn with(settings: Settings, seams: Seams) -> Result<Self, Failure> {
        let policy = tunnels::require(&settings)?;
        let store = open_store(&settings.data_folder(), &seams)?;
        let world = World {
            clock: Arc::clone(&seams.clock),
            chance: Arc::clone(&seams.chance),
            signer: Arc::clone(&seams.signer),
            graph: seams.graph.clone(),
            store,
        };
        let engine = Engine::new(
            world,
            tenants(&settings),
            policy.clone(),
            engine_settings(&settings),
        );
        Ok(Self {
            settings,
            policy,
            engine,
            seams,
        })
    }

    pub fn store(&self) -> &Store {
        self.engine.store()
    }
}

fn open_store(folder: &Path, seams: &Seams) -> Result<Store, Failure> {
    let seal = TenantSeal::new(Arc::clone(&seams.signer), Arc::clone(&seams.chance));
    let (clock, chance) = (Arc::clone(&seams.clock), Arc::clone(&seams.chance));
    let mode = Mode::Threaded { readers: READERS };
    Store::open_sealed(folder, clock, chance, mode, Arc::new(seal)).map_err(|e| store_failure(&e))
}

/// A store's own words, with the exit code of their kind.
pub fn store_failure(error: &StoreError) -> Failure {
    let exit = match error.exit_code() {
        69 => Exit::Disk,
        64 => Exit::Usage,
        4 => Exit::Held,
        _ => Exit::Store,
    };
    Failure::new(exit, error.to_string(), "")
}

fn tenants(settings: &Settings) -> Vec<engine::Tenant> {
    let placed = settings.tenants.values().map(|placed| &placed.tenant);
    placed
        .map(|tenant| engine::Tenant {
            at: tenant.tenant_ref(),
            region: tenant.region.clone(),
        })
        .collect()
}

fn engine_settings(settings: &Settings) -> engine::Settings {
    let bounds = &settings.document.bounds;
    let lanes = usize::from(settings.document.workers);
    engine::Settings {
        bounds: engine::Bounds {
            request: bounds.request.0,
            commit: bounds.commit.0,
            visible: bounds.visible.0,
        },
        lanes,
        lanes_per_tenant: lanes,
        // Longer than a write of ours may be under way; five minutes by default.
        lease: Millis(2 * (bounds.request.0 + bounds.commit.0).0),
        ..engine::Settings::default()
    }
}
