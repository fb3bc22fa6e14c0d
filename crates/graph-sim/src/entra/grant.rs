//! The client credentials grant (RFC 6749 section 4.4) as Entra answers it.

use super::form::{Url, form};
use super::refusal::{self, Refusal};
use super::{Entra, assertion, tenant_named};
use crate::app::{App, Consent, Secret};
use crate::{done::Done, http::Request, scene::Scene, tenant::Tenant};
use std::collections::BTreeMap;

/// How an app proved itself; the token's `appidacr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Secret,
    Certificate,
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const GRAPH: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.us",
];

impl Entra {
    pub(super) fn token(
        &mut self,
        request: &Request,
        url: &Url,
        tenant_name: &str,
        tenants: &BTreeMap<String, Tenant>,
        now_ms: i64,
        scene: &mut Scene,
    ) -> Result<Done, Refusal> {
        let form = form(&request.body);
        if matches!(tenant_name, "common" | "organizations" | "consumers") {
            return Err(refusal::no_tenant_named());
        }
        let tenant = tenant_named(tenants, tenant_name)
            .ok_or_else(|| refusal::no_such_tenant(tenant_name))?;
        let client_id = asked(&form, tenant, &url.origin)?;
        let app = consented(tenants, tenant, client_id)?;
        let proof = proof(&form, url, tenant, app, now_ms)?;
        Ok(self.mint(tenant, app, proof, now_ms, scene))
    }
}

/// The client id of a well-formed request for Graph's own permissions.
fn asked<'a>(
    form: &'a BTreeMap<String, String>,
    tenant: &Tenant,
    origin: &str,
) -> Result<&'a str, Refusal> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
    let grant = field("grant_type").ok_or_else(|| refusal::missing("grant_type"))?;
    if grant != "client_credentials" {
        return Err(refusal::unsupported_grant(grant));
    }
    let client_id = field("client_id").ok_or_else(|| refusal::missing("client_id"))?;
    let scope = field("scope").ok_or_else(|| refusal::missing("scope"))?;
    let Some(resource) = scope.strip_suffix("/.default") else {
        return Err(refusal::not_default_scope(scope));
    };
    // A simulator that is served under its own name is its own resource.
    if !GRAPH.contains(&resource) && !resource.starts_with(origin) {
        return Err(refusal::no_such_resource(resource, &tenant.id));
    }
    Ok(client_id)
}

fn consented<'a>(
    tenants: &BTreeMap<String, Tenant>,
    tenant: &'a Tenant,
    client_id: &str,
) -> Result<&'a App, Refusal> {
    let key = client_id.to_ascii_lowercase();
    let Some(app) = tenant.apps.get(&key) else {
        let elsewhere = tenants.values().any(|other| other.apps.contains_key(&key));
        return Err(if elsewhere {
            refusal::no_service_principal(client_id, &tenant.id)
        } else {
            refusal::unknown_app(client_id, &tenant.id)
        });
    };
    match app.consent {
        Consent::Granted => Ok(app),
        Consent::Revoked => Err(refusal::no_service_principal(client_id, &tenant.id)),
        Consent::Disabled => Err(refusal::app_disabled(client_id)),
    }
}

fn proof(
    form: &BTreeMap<String, String>,
    url: &Url,
    tenant: &Tenant,
    app: &App,
    now_ms: i64,
) -> Result<Proof, Refusal> {
    if let Some(assertion) = form.get("client_assertion") {
        if form.get("client_assertion_type").map(String::as_str) != Some(ASSERTION_TYPE) {
            return Err(refusal::missing("client_assertion_type"));
        }
        assertion::verify(assertion, url, tenant, app, now_ms)?;
        return Ok(Proof::Certificate);
    }
    let Some(secret) = form.get("client_secret").filter(|s| !s.is_empty()) else {
        return Err(refusal::no_credential());
    };
    let matching: Vec<&Secret> = app.secrets.iter().filter(|s| s.value == *secret).collect();
    let lives = |secret: &&Secret| secret.expires_ms.is_none_or(|end| now_ms < end);
    match matching.iter().any(lives) {
        true => Ok(Proof::Secret),
        false if matching.is_empty() => Err(refusal::wrong_secret(&app.client_id)),
        false => Err(refusal::expired_secret(&app.client_id)),
    }
}
