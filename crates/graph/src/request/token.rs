//! The request for a token: client credentials (graph.md 1.1).

use super::url::form;
use crate::TenantRef;
use model::seam::Credential;

/// Where the tenant's tokens come from; also the audience of an assertion.
pub fn endpoint(login: &str, tenant: &TenantRef) -> String {
    let directory = super::url::segment(&tenant.directory);
    format!("{login}/{directory}/oauth2/v2.0/token")
}

/// The form body. App permissions are asked for as a whole: `.default`.
pub fn body(graph: &str, tenant: &TenantRef, credential: &Credential) -> String {
    let scope = form(&format!("{graph}/.default"));
    let client = form(&tenant.client_id);
    let proof = match credential {
        Credential::Secret(secret) => format!("client_secret={}", form(secret)),
        Credential::Assertion(jwt) => format!(
            "client_assertion_type={}&client_assertion={}",
            form("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            form(jwt)
        ),
    };
    format!("client_id={client}&scope={scope}&grant_type=client_credentials&{proof}")
}
