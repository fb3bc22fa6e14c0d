//! How content lies in the store: every blob of a client passes through a [`Seal`].

use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Seals a tenant's bytes before they are stored and opens them after. Hashes that stand in columns are
/// made here too, so that they can be keyed per tenant.
pub trait Seal: Send + Sync {
    fn seal<'a>(&self, tenant: &str, plain: &'a [u8]) -> Cow<'a, [u8]>;
    /// `None`: these bytes were not sealed for this tenant, or were changed since.
    fn open<'a>(&self, tenant: &str, sealed: &'a [u8]) -> Option<Cow<'a, [u8]>>;
    /// Equal bytes of one tenant have equal hashes.
    fn hash(&self, tenant: &str, plain: &[u8]) -> [u8; 32];
}

/// Stores bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Seal for Plain {
    fn seal<'a>(&self, _tenant: &str, plain: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(plain)
    }

    fn open<'a>(&self, _tenant: &str, sealed: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        Some(Cow::Borrowed(sealed))
    }

    fn hash(&self, _tenant: &str, plain: &[u8]) -> [u8; 32] {
        Sha256::digest(plain).into()
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 0xf)]);
    let both = bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]);
    both.collect()
}
