//! Microsoft Entra: the token endpoint, admin consent, the discovery documents, and what a token proves.

use crate::{call::Bearer, done::Done, error, http::Request, scene::Scene, tenant::Tenant};
use std::collections::BTreeMap;

mod assertion;
mod consent;
mod discovery;
mod form;
mod grant;
mod refusal;
mod token;

/// The state of sign-in: which tokens are out.
#[derive(Clone, Debug, Default)]
pub struct Entra {
    tokens: BTreeMap<String, Session>,
    key: Option<[u8; 32]>,
    /// The admin who opens a consent link declines it.
    pub consent_declined: bool,
}

#[derive(Clone, Debug)]
struct Session {
    bearer: Bearer,
    expires_ms: i64,
}

impl Entra {
    /// Answers a request to the login host (token endpoint, admin consent, discovery documents); None when
    /// it is not Entra's.
    pub fn answer(
        &mut self,
        request: &Request,
        tenants: &mut BTreeMap<String, Tenant>,
        now_ms: i64,
        scene: &mut Scene,
    ) -> Option<Done> {
        let url = form::Url::read(&request.url);
        let segments: Vec<&str> = url.segments.iter().map(String::as_str).collect();
        Some(match segments.as_slice() {
            [_, "oauth2", "v2.0", "token"]
                if scene.strikes(scene.settings.faults.token_unavailable) =>
            {
                unavailable(scene)
            }
            [tenant, "oauth2", "v2.0", "token"] if request.method == "POST" => {
                let granted = self.token(request, &url, tenant, tenants, now_ms, scene);
                granted.unwrap_or_else(|refusal| refusal.done(now_ms, scene))
            }
            [tenant, "v2.0", "adminconsent"] | [tenant, "adminconsent"] => {
                let asked = self.consent(&url, tenant, tenants, now_ms);
                asked.unwrap_or_else(|refusal| refusal.done(now_ms, scene))
            }
            [tenant, "v2.0", ".well-known", "openid-configuration"]
            | [tenant, ".well-known", "openid-configuration"] => {
                let found = discovery::configuration(&url, tenant, tenants);
                found.unwrap_or_else(|refusal| refusal.done(now_ms, scene))
            }
            [_, "discovery", "instance"] => discovery::instance(&url),
            [_, "discovery", "v2.0", "keys"] => discovery::keys(),
            _ => return None,
        })
    }

    /// Who a call is from, by its `Authorization` header; 401 when the token is missing, unknown or over.
    pub fn bearer(&self, request: &Request, now_ms: i64) -> Result<Bearer, Done> {
        let header = request.header("authorization").unwrap_or_default();
        let token = match header.split_once(' ') {
            Some((kind, token)) if kind.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(challenged(error::invalid_token())),
        };
        match self.tokens.get(token) {
            Some(session) if now_ms < session.expires_ms => Ok(session.bearer.clone()),
            Some(_) => Err(challenged(error::expired_token())),
            None => Err(challenged(unknown_token(token))),
        }
    }

    /// Ends every token of an app in a tenant, as when its sessions are revoked; the next call gets 401.
    pub fn end_tokens(&mut self, tenant: &str, client_id: &str, now_ms: i64) {
        let of_app = self.tokens.values_mut().filter(|session| {
            *session.bearer.tenant == *tenant && session.bearer.app.eq_ignore_ascii_case(client_id)
        });
        of_app.for_each(|session| session.expires_ms = session.expires_ms.min(now_ms));
    }
}

/// The token endpoint has its bad moments too (graph.md 1.2).
fn unavailable(scene: &mut Scene) -> Done {
    let wait_s = 1 + scene.chance.below(30);
    error::unavailable().with("retry-after", wait_s.to_string())
}

/// The tenant that a path names by GUID or domain.
fn tenant_named<'a>(tenants: &'a BTreeMap<String, Tenant>, name: &str) -> Option<&'a Tenant> {
    let by_id = tenants.get(&name.to_ascii_lowercase());
    by_id.or_else(|| {
        let mut all = tenants.values();
        all.find(|tenant| tenant.domain.eq_ignore_ascii_case(name))
    })
}

fn unknown_token(token: &str) -> Done {
    let message = if token.is_empty() {
        "Access token is empty."
    } else if token.matches('.').count() != 2 {
        "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format."
    } else {
        "Access token validation failure. Invalid signature."
    };
    error::error(401, "InvalidAuthenticationToken", message)
}

/// Every 401 of Graph says where to get a token (RFC 6750 section 3).
fn challenged(done: Done) -> Done {
    done.with(
        "www-authenticate",
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"",
    )
}
