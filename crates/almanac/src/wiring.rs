//! Joining the seams to the crates that use them.

use crate::exit::{Exit, Failure};
use crate::seams::chance::MachineChance;
use crate::seams::clock::MachineClock;
use crate::seams::http::Http;
use crate::seams::keys::KeyFolder;
use crate::settings::Settings;
use graph::Graph;
use model::seam::{Clock, Signer};
use std::sync::Arc;

/// The seams as one home folder fills them.
#[derive(Clone)]
pub struct Seams {
    pub clock: Arc<dyn Clock>,
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
    let signer: Arc<dyn Signer> = Arc::new(keys);
    let http = Http::new(&settings.limits()?, Arc::clone(&clock)).map_err(|_| {
        Failure::new(
            Exit::Configuration,
            "the certificate authorities to trust cannot be loaded",
            "install ca-certificates, or check lab.ca_file in almanac.yaml",
        )
    })?;
    let graph = Graph::new(
        Arc::new(http),
        Arc::clone(&clock),
        Arc::new(MachineChance),
        Arc::clone(&signer),
        settings.endpoints(),
        graph_settings(settings),
    );
    Ok(Seams {
        clock,
        signer,
        graph,
    })
}

fn graph_settings(settings: &Settings) -> graph::Settings {
    graph::Settings {
        request_bound: settings.document.bounds.answer.0,
        ..graph::Settings::default()
    }
}
