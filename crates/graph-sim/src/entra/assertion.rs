//! Certificate assertions (RFC 7523; Entra: certificate-credentials): PS256 with `x5t#S256`, RS256 with `x5t`.

use super::form::Url;
use super::refusal::{self, Refusal};
use crate::app::App;
use crate::tenant::Tenant;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// How far the clocks of app and Entra may be apart.
const SKEW_S: i64 = 300;

/// Accepts the assertion, or says which check failed.
pub(super) fn verify(
    assertion: &str,
    url: &Url,
    tenant: &Tenant,
    app: &App,
    now_ms: i64,
) -> Result<(), Refusal> {
    let header = decode_header(assertion).map_err(|_| refusal::malformed_assertion())?;
    let certificate = certificate(&header, app)?;
    let claims = signed_claims(assertion, &header, certificate)?;
    is_from(&claims, app)?;
    is_for(&claims, url, tenant)?;
    is_timely(&claims, now_ms)
}

/// The registered certificate that the header names. Without a thumbprint Entra finds no key.
fn certificate<'a>(header: &Header, app: &'a App) -> Result<&'a str, Refusal> {
    let named = header.x5t_s256.as_deref().or(header.x5t.as_deref());
    let Some(thumbprint) = named else {
        return Err(refusal::unknown_certificate("", "The key was not found."));
    };
    // MSAL for Python pads what others leave bare.
    let thumbprint = thumbprint.trim_end_matches('=');
    let is_named = |pem: &&String| {
        let Some(der) = der(pem) else { return false };
        match &header.x5t_s256 {
            Some(_) => thumbprint == URL_SAFE_NO_PAD.encode(Sha256::digest(&der)),
            None => thumbprint == URL_SAFE_NO_PAD.encode(Sha1::digest(&der)),
        }
    };
    let found = app.certificates.iter().find(is_named);
    found
        .map(String::as_str)
        .ok_or_else(|| refusal::unknown_certificate(thumbprint, "The key was not found."))
}

/// The bytes between a PEM's lines.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (inside, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let text: String = inside.split_whitespace().collect();
    STANDARD.decode(text).ok()
}

fn signed_claims(assertion: &str, header: &Header, pem: &str) -> Result<Value, Refusal> {
    let allowed = match header.x5t_s256 {
        Some(_) => [Algorithm::PS256, Algorithm::RS256],
        None => [Algorithm::RS256, Algorithm::PS256],
    };
    if !allowed.contains(&header.alg) {
        return Err(refusal::malformed_assertion());
    }
    let key =
        DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| refusal::malformed_assertion())?;
    let mut validation = Validation::new(header.alg);
    // Times are checked here against the simulator's instant, not the machine's.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded = decode::<Value>(assertion, &key, &validation);
    decoded.map(|data| data.claims).map_err(|failure| {
        use jsonwebtoken::errors::ErrorKind;
        match failure.kind() {
            ErrorKind::InvalidSignature => {
                refusal::unknown_certificate("", "The key used is not valid for the signature.")
            }
            _ => refusal::malformed_assertion(),
        }
    })
}

fn is_from(claims: &Value, app: &App) -> Result<(), Refusal> {
    let is_app = |name: &str| {
        let claim = claims[name].as_str().unwrap_or_default();
        claim.eq_ignore_ascii_case(&app.client_id)
    };
    if is_app("iss") && is_app("sub") {
        Ok(())
    } else {
        Err(refusal::wrong_issuer())
    }
}

/// `aud` is the token endpoint, under the login host's name or the one the request went to.
fn is_for(claims: &Value, url: &Url, tenant: &Tenant) -> Result<(), Refusal> {
    let audience = claims["aud"].as_str().unwrap_or_default();
    let origins = ["https://login.microsoftonline.com", &url.origin];
    let path = origins
        .iter()
        .find_map(|origin| audience.strip_prefix(origin))
        .unwrap_or_default();
    let fits = [tenant.id.as_str(), &tenant.domain].iter().any(|name| {
        [
            format!("/{name}/oauth2/v2.0/token"),
            format!("/{name}/v2.0"),
        ]
        .iter()
        .any(|wanted| wanted.eq_ignore_ascii_case(path))
    });
    if fits {
        Ok(())
    } else {
        Err(refusal::wrong_audience(audience))
    }
}

fn is_timely(claims: &Value, now_ms: i64) -> Result<(), Refusal> {
    let now_s = now_ms.div_euclid(1000);
    let expires = claims["exp"].as_i64().unwrap_or(i64::MIN);
    let begins = claims["nbf"].as_i64().unwrap_or(now_s);
    let is_over = expires.saturating_add(SKEW_S) <= now_s;
    let is_early = begins.saturating_sub(SKEW_S) > now_s;
    if is_over || is_early {
        return Err(refusal::outside_time_window(now_ms));
    }
    Ok(())
}
