//! The seams: the only ways by which time, the network, chance and keys enter.
//!
//! The fifth seam, memory, is the `store` crate itself: the simulation runs the real one.

use crate::{Millis, Timestamp};
use bytes::Bytes;
use futures::future::BoxFuture;

/// Time. Everything that waits or reads an instant does it here.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    /// An instant that only moves forward, at the pace of real time, however the clock is set. It means nothing but
    /// in comparison with another one of the same process.
    fn steady(&self) -> Timestamp;
    /// Resolves at or after `until`.
    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'static, ()>;
    /// Resolves when so much time has passed, also if the clock is set meanwhile.
    fn sleep(&self, span: Millis) -> BoxFuture<'static, ()>;
}

/// One HTTP request, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Upper case: `GET`, `POST`, `PATCH`, `PUT`, `DELETE`.
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// One HTTP response, complete. Header names are lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

/// No answer came. What happened at the other side is told apart only where it is certain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Certain: no byte of the request left us.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request may have been received and carried out.
    #[error("no answer: {0}")]
    Lost(String),
}

/// The network: one request out, one response or [`NoAnswer`] back. Never retries, never follows redirects.
pub trait Exchange: Send + Sync {
    /// Sends `request` unless the clock is past `not_after` at the moment of the first socket write, in
    /// which case the answer is [`NoAnswer::NotSent`]. The wait for the answer is bounded.
    fn send(
        &self,
        request: Request,
        not_after: Timestamp,
    ) -> BoxFuture<'_, Result<Response, NoAnswer>>;
}

/// Chance: every identifier or nonce that must be unpredictable or unique.
pub trait Chance: Send + Sync {
    fn bits(&self) -> u128;
    /// A random GUID in lower case with dashes, as request ids want it.
    fn guid(&self) -> String {
        let b = self.bits();
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            (b >> 96) as u32,
            (b >> 80) as u16,
            (b >> 64) as u16 & 0xfff,
            (b >> 48) as u16 & 0x3fff | 0x8000,
            b as u64 & 0xffff_ffff_ffff
        )
    }
}

/// Keys: proves who we are and derives the operator's secrets. Never hands a key out except derived ones.
pub trait Signer: Send + Sync {
    /// The credential of `tenant` for the form fields of a token request.
    /// `audience` is the token endpoint, `now` and `nonce` come from the other seams.
    fn credential(
        &self,
        tenant: &str,
        audience: &str,
        now: Timestamp,
        nonce: &str,
    ) -> Result<Credential, SignError>;
    /// A key for `purpose`, derived from the operator's root key; the same for ever.
    fn derive(&self, purpose: &str) -> [u8; 32];
}

/// How one token request authenticates.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    Secret(String),
    /// A signed client assertion (RFC 7523).
    Assertion(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot sign in for tenant {tenant}: {reason}")]
pub struct SignError {
    pub tenant: String,
    pub reason: String,
}
