//! The client: what it is made of.

use crate::pacing::pacer::Pacer;
use crate::token::Tokens;
use crate::{Endpoints, Settings};
use model::TenantName;
use model::seam::{Chance, Clock, Exchange, Signer};
use std::sync::Arc;

/// One client for every tenant. Cheap to clone: clones share tokens and pacing.
#[derive(Clone)]
pub struct Graph {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub exchange: Arc<dyn Exchange>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub signer: Arc<dyn Signer>,
    pub endpoints: Endpoints,
    pub settings: Settings,
    pub tokens: Tokens,
    pub pacer: Arc<Pacer>,
}

/// A tenant as we sign in to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRef {
    pub name: TenantName,
    /// Directory id (GUID) or a verified domain; never `common`.
    pub directory: String,
    pub client_id: String,
}

impl Graph {
    pub fn new(
        exchange: Arc<dyn Exchange>,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        signer: Arc<dyn Signer>,
        endpoints: Endpoints,
        settings: Settings,
    ) -> Self {
        let pacer = Pacer::new(clock.clone(), &settings);
        Self {
            inner: Arc::new(Inner {
                tokens: Tokens::default(),
                pacer,
                exchange,
                clock,
                chance,
                signer,
                endpoints,
                settings,
            }),
        }
    }
}
