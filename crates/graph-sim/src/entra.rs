//! Microsoft Entra's token endpoint and what it hands out.

use crate::{call::Bearer, done::Done, error, http::Request, scene::Scene, tenant::Tenant};
use std::collections::BTreeMap;

/// The state of sign-in: which tokens live.
#[derive(Clone, Debug, Default)]
pub struct Entra {}

impl Entra {
    /// Answers a request to the login host (token endpoint, discovery documents); None when it is not
    /// Entra's.
    pub fn answer(
        &mut self,
        _request: &Request,
        _tenants: &BTreeMap<String, Tenant>,
        _now_ms: i64,
        _scene: &mut Scene,
    ) -> Option<Done> {
        None
    }

    /// Who a call is from, by its `Authorization` header; 401 when the token is missing, unknown or over.
    pub fn bearer(&self, _request: &Request, _now_ms: i64) -> Result<Bearer, Done> {
        Err(error::invalid_token())
    }
}
