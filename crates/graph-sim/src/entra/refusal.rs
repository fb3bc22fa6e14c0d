//! What the login host refuses, with its AADSTS numbers (graph.md 1.2).

use crate::{done::Done, scene::Scene};
use serde_json::json;

/// One refusal: status, OAuth error (RFC 6749 section 5.2), AADSTS number, text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    status: u16,
    error: &'static str,
    pub(super) code: u32,
    pub(super) text: String,
}

impl Refusal {
    fn new(status: u16, error: &'static str, code: u32, text: impl Into<String>) -> Refusal {
        Refusal {
            status,
            error,
            code,
            text: text.into(),
        }
    }

    pub(super) fn done(self, now_ms: i64, scene: &mut Scene) -> Done {
        let (trace, correlation) = (scene.chance.guid(), scene.chance.guid());
        let timestamp = timestamp(now_ms);
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            self.code, self.text
        );
        Done::json(
            self.status,
            json!({
                "error": self.error,
                "error_description": description,
                "error_codes": [self.code],
                "timestamp": timestamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
            }),
        )
    }
}

/// `2026-11-23 07:00:00Z`.
fn timestamp(now_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(now_ms) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        Err(_) => String::new(),
    }
}

pub(super) fn no_such_tenant(name: &str) -> Refusal {
    Refusal::new(
        400,
        "invalid_request",
        90002,
        format!(
            "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
        ),
    )
}

pub(super) fn no_tenant_named() -> Refusal {
    let text = "No tenant-identifying information found in either the request or implied by any provided credentials.";
    Refusal::new(400, "invalid_request", 50059, text)
}

pub(super) fn missing(parameter: &str) -> Refusal {
    let text = format!("The request body must contain the following parameter: '{parameter}'.");
    Refusal::new(400, "invalid_request", 900_144, text)
}

pub(super) fn unsupported_grant(grant: &str) -> Refusal {
    let text = format!("The app requested an unsupported grant type '{grant}'.");
    Refusal::new(400, "unsupported_grant_type", 70003, text)
}

pub(super) fn no_such_resource(resource: &str, tenant: &str) -> Refusal {
    let text = format!(
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
    );
    Refusal::new(400, "invalid_resource", 500_011, text)
}

pub(super) fn not_default_scope(scope: &str) -> Refusal {
    let text = format!(
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
    );
    Refusal::new(400, "invalid_scope", 1_002_012, text)
}

pub(super) fn unknown_app(client_id: &str, tenant: &str) -> Refusal {
    let text = format!(
        "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
    );
    Refusal::new(400, "unauthorized_client", 700_016, text)
}

pub(super) fn no_service_principal(client_id: &str, tenant: &str) -> Refusal {
    let text = format!(
        "The client application {client_id} is missing service principal in the tenant {tenant}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119"
    );
    Refusal::new(401, "invalid_client", 7_000_229, text)
}

pub(super) fn app_disabled(client_id: &str) -> Refusal {
    let text = format!("Application '{client_id}' is disabled.");
    Refusal::new(400, "unauthorized_client", 7_000_112, text)
}

pub(super) fn no_credential() -> Refusal {
    let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    Refusal::new(401, "invalid_client", 7_000_218, text)
}

pub(super) fn wrong_secret(client_id: &str) -> Refusal {
    let text = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client_id}'."
    );
    Refusal::new(401, "invalid_client", 7_000_215, text)
}

pub(super) fn expired_secret(client_id: &str) -> Refusal {
    let text = format!(
        "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."
    );
    Refusal::new(401, "invalid_client", 7_000_222, text)
}

pub(super) fn malformed_assertion() -> Refusal {
    Refusal::new(
        401,
        "invalid_client",
        50027,
        "JWT token is invalid or malformed.",
    )
}

pub(super) fn unknown_certificate(thumbprint: &str, reason: &str) -> Refusal {
    let text = format!(
        "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']"
    );
    Refusal::new(401, "invalid_client", 700_027, text)
}

pub(super) fn wrong_audience(audience: &str) -> Refusal {
    let text = format!(
        "Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials . Audience: '{audience}'."
    );
    Refusal::new(401, "invalid_client", 700_023, text)
}

pub(super) fn wrong_issuer() -> Refusal {
    let text = "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .";
    Refusal::new(401, "invalid_client", 700_021, text)
}

pub(super) fn outside_time_window(now_ms: i64) -> Refusal {
    let text = format!(
        "Client assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: {}.",
        timestamp(now_ms)
    );
    Refusal::new(401, "invalid_client", 700_024, text)
}

pub(super) fn no_redirect() -> Refusal {
    let text = "The redirect URI specified in the request does not match the redirect URIs configured for the application.";
    Refusal::new(400, "invalid_request", 50011, text)
}
