//! The token endpoint's answers (graph.md 1.1, 1.2).

use crate::SignInReason;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Millis, Timestamp};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A token and how long we use it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub bearer: String,
    pub good_until: Timestamp,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(… until {})", self.good_until)
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Seconds,
}

/// Some clouds say the number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

/// Reads a grant. It is used until five minutes before its end, or for half its life if that is shorter.
pub fn granted(body: &[u8], now: Timestamp) -> Result<Token, String> {
    let granted: Granted = super::page::read(body)?;
    let seconds = match granted.expires_in {
        Seconds::Number(seconds) => seconds,
        Seconds::Text(text) => text.parse().map_err(|_| "no expiry".to_owned())?,
    };
    let life = Millis::seconds(seconds.clamp(0, 86_400));
    let used = Millis((life.0 - Millis::minutes(5).0).max(life.0 / 2));
    Ok(Token {
        bearer: granted.access_token,
        good_until: now + used,
    })
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_codes: Vec<u64>,
    #[serde(default)]
    error_description: String,
}

/// Reads a refusal; `None` when the body is not one, so that a proxy's page is never taken for a verdict.
pub fn denied(body: &[u8]) -> Option<SignInReason> {
    let denied: Denied = serde_json::from_slice(body).ok()?;
    let code = denied
        .error_codes
        .first()
        .copied()
        .or_else(|| described(&denied.error_description))
        .unwrap_or(0);
    Some(reason(denied.error, code))
}

fn reason(error: String, code: u64) -> SignInReason {
    match code {
        7_000_229 | 700_016 | 650_052 | 65_001 => SignInReason::ConsentRequired,
        90_002 | 900_023 => SignInReason::TenantUnknown,
        7_000_215 => SignInReason::BadSecret,
        7_000_222 => SignInReason::ExpiredSecret,
        700_027 => SignInReason::BadAssertion,
        700_024 => SignInReason::ClockSkew,
        7_000_112 => SignInReason::AppDisabled,
        53_003 => SignInReason::BlockedByPolicy,
        500_011 | 70_011 | 1_002_012 => SignInReason::BadScope,
        code => SignInReason::Other { error, code },
    }
}

/// The number in `AADSTS7000215: Invalid client secret …`.
fn described(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("AADSTS")?;
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().ok()
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    roles: BTreeSet<String>,
}

/// The roles that the token itself tells. For a report to people only: a token is opaque, and Exchange may
/// grant what it does not show (graph.md 1.6).
pub fn roles(bearer: &str) -> Option<BTreeSet<String>> {
    let payload = bearer.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Some(claims.roles)
}
