//! The cloud as a server: HTTP or HTTPS on one listener, in real time.
//!
//! Sign-in and Graph share the listener, as their paths differ (`/{tenant}/oauth2/…`, `/v1.0/…`). Beside
//! them lies `/sim/…`, through which tests and demos act as people and admins and see what really happened.
//! This module is the only one that does I/O; the instant it starts at is given, never read.

mod admin;
mod listen;
mod state;
mod tls;
mod world;

use crate::{fleet::Fleet, fleet::FleetError, settings::Settings};
use serde::{Deserialize, Serialize};
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use world::World;

/// What to serve, and where.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub fleet: Fleet,
    pub settings: Settings,
    pub seed: u64,
    /// The instant the cloud's clock starts at, in milliseconds since 1970.
    pub start_ms: i64,
    /// How many times faster than real time the cloud's clock runs; 1.0 is real time.
    pub time_scale: f64,
    /// Serve HTTPS by a certificate of a CA of our own, whose certificate is written into this folder.
    pub tls: Option<PathBuf>,
}

/// Where the server is and how to sign in: one line of JSON on standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// Stands for `https://login.microsoftonline.com`.
    pub login_url: String,
    /// Stands for `https://graph.microsoft.com`; the version is the client's to add.
    pub graph_url: String,
    /// The CA's certificate in PEM; null without TLS.
    pub ca_file: Option<PathBuf>,
    pub tenants: Vec<ReadyTenant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadyTenant {
    pub id: String,
    pub domain: String,
    pub client_id: String,
    pub client_secret: String,
    /// User principal names of those whose mailbox answers.
    pub mailboxes: Vec<String>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error("cannot make the server's certificate: {0}")]
    Certificate(String),
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("the time scale must be above 0, not {0}")]
    TimeScale(f64),
}

/// A running server; it stops when this is dropped or [`Server::stop`]ped.
#[derive(Debug)]
pub struct Server {
    pub ready: Ready,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Starts the server; it answers from the moment this returns. Must be called inside a tokio runtime.
pub async fn serve(options: ServeOptions) -> Result<Server, ServeError> {
    let mut options = options;
    options.fleet.complete()?;
    if options.time_scale.is_nan() || options.time_scale <= 0.0 {
        return Err(ServeError::TimeScale(options.time_scale));
    }
    let failed = |source| ServeError::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let tls = options
        .tls
        .as_ref()
        .map(|folder| tls::make(folder, address))
        .transpose()?;
    let ready = ready(
        &options.fleet,
        address,
        tls.as_ref().map(|t| t.ca_file.clone()),
    );
    let world = Arc::new(World::new(&options, ready.clone()));
    let (stop, stopped) = watch::channel(false);
    let acceptor = tls.map(|t| t.acceptor);
    let accepting = tokio::spawn(listen::accept(listener, acceptor, world, stopped));
    Ok(Server {
        ready,
        stop,
        accepting,
    })
}

impl Server {
    /// Stops accepting and cuts every connection.
    pub async fn stop(self) {
        // Nobody listens any more when the accepting task has ended: nothing is left to stop.
        let _ = self.stop.send(true);
        let _ = self.accepting.await;
    }
}

fn ready(fleet: &Fleet, address: SocketAddr, ca_file: Option<PathBuf>) -> Ready {
    let scheme = if ca_file.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    Ready {
        login_url: url.clone(),
        graph_url: url,
        ca_file,
        tenants: fleet.tenants.iter().map(ready_tenant).collect(),
    }
}

fn ready_tenant(tenant: &crate::fleet::Tenant) -> ReadyTenant {
    let app = tenant.apps.first();
    ReadyTenant {
        id: tenant.id.clone(),
        domain: tenant.domain.clone(),
        client_id: app.map(|a| a.client_id.clone()).unwrap_or_default(),
        client_secret: app.map(|a| a.client_secret.clone()).unwrap_or_default(),
        mailboxes: tenant.mailboxes().map(|p| p.upn.clone()).collect(),
    }
}
