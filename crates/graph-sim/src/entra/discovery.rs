//! The documents by which libraries find the endpoints: OpenID configuration and instance discovery.

use super::form::Url;
use super::refusal::{self, Refusal};
use super::tenant_named;
use crate::{done::Done, tenant::Tenant};
use serde_json::json;
use std::collections::BTreeMap;

/// `/{tenant}/v2.0/.well-known/openid-configuration`, with endpoints under the name that was asked.
pub(super) fn configuration(
    url: &Url,
    tenant: &str,
    tenants: &BTreeMap<String, Tenant>,
) -> Result<Done, Refusal> {
    let is_shared = matches!(tenant, "common" | "organizations" | "consumers");
    let (path, issuer) = match tenant_named(tenants, tenant) {
        Some(tenant) => (tenant.id.clone(), tenant.id.clone()),
        None if is_shared => (tenant.to_owned(), "{tenantid}".to_owned()),
        None => return Err(refusal::no_such_tenant(tenant)),
    };
    let at = |rest: &str| format!("{}/{path}/{rest}", url.origin);
    Ok(Done::ok(json!({
        "token_endpoint": at("oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": at("discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{}/{issuer}/v2.0", url.origin),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": at("oauth2/v2.0/logout"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    })))
}

/// `/common/discovery/instance`: which hosts are one cloud.
pub(super) fn instance(url: &Url) -> Done {
    let host = url.origin.rsplit('/').next().unwrap_or_default();
    let mut aliases = vec![
        "login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
    ];
    if !aliases.contains(&host) {
        aliases.push(host);
    }
    let network = if host.is_empty() {
        "login.microsoftonline.com"
    } else {
        host
    };
    Done::ok(json!({
        "tenant_discovery_endpoint":
            format!("{}/common/v2.0/.well-known/openid-configuration", url.origin),
        "api-version": "1.1",
        "metadata": [{
            "preferred_network": network,
            "preferred_cache": "login.windows.net",
            "aliases": aliases,
        }],
    }))
}

/// Access tokens are opaque to clients; the key set is there for libraries that look, and empty.
pub(super) fn keys() -> Done {
    Done::ok(json!({"keys": []}))
}
