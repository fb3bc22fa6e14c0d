//! Identifiers derived from the operator's root key, so that they survive the loss of the store.

use crate::stamp::StampKey;
use hmac::{Hmac, Mac};
use model::catalog::Identity;
use model::seam::Signer;
use model::{BookKey, CatalogId, EntryId, TenantName};
use sha2::Sha256;

/// The derived keys that the planner needs. The same operator has the same ones for ever.
#[derive(Clone)]
pub struct Keys {
    /// Derives catalog and entry ids.
    pub ids: [u8; 32],
    /// Seals the stamps.
    pub stamps: StampKey,
}

impl Keys {
    pub fn derive(signer: &dyn Signer) -> Self {
        Self {
            ids: signer.derive("almanac/ids/v1"),
            stamps: StampKey(signer.derive("almanac/stamps/v1")),
        }
    }

    /// The catalog of a target book.
    pub fn catalog(&self, tenant: &TenantName, book: &BookKey) -> CatalogId {
        CatalogId(wide(
            &self.ids,
            &["catalog", tenant.as_str(), book.as_str()],
        ))
    }

    /// The entry that would be minted for `identity` (see [`object`], [`item`]) in this catalog.
    pub fn entry(&self, catalog: CatalogId, identity: &str) -> EntryId {
        EntryId(wide(&self.ids, &["entry", &catalog.to_string(), identity]))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// The identity text of a directory object.
pub fn object(id: &str) -> String {
    format!("oid:{}", id.to_lowercase())
}

/// The identity text of a contact in a source folder. Item ids are case-sensitive.
pub fn item(address: &str, id: &str) -> String {
    format!("item:{}/{id}", address.to_lowercase())
}

/// Every identity text under which a contribution may have been minted: its directory object first,
/// then its own place.
pub fn texts(identity: &Identity, own: &str) -> Vec<String> {
    let mut all: Vec<String> = identity.object.iter().map(|id| object(id)).collect();
    if !all.iter().any(|t| t == own) {
        all.push(own.to_owned());
    }
    all
}

/// 128 bits of HMAC-SHA256 over length-prefixed parts, so that no two lists of parts collide.
fn wide(key: &[u8; 32], parts: &[&str]) -> u128 {
    let bytes = hmac(key, parts);
    let mut first = [0u8; 16];
    first.copy_from_slice(&bytes[..16]);
    u128::from_be_bytes(first)
}

/// HMAC-SHA256 over length-prefixed parts.
pub(crate) fn hmac(key: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    // HMAC takes keys of any length: this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// A stable hash in hex of length-prefixed parts; not secret.
pub(crate) fn digest(parts: &[&str]) -> String {
    short_hex(&hmac(&[0; 32], parts))
}

/// The first half of a hash in hex: one number, so that no text is made for each byte of it.
pub(crate) fn short_hex(hash: &[u8; 32]) -> String {
    let half = hash.iter().take(16);
    let number = half.fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys {
            ids: [7; 32],
            stamps: StampKey([8; 32]),
        }
    }

    #[test]
    fn ids_are_the_same_for_ever_and_differ_by_book() {
        let (tenant, book) = (TenantName::from("contoso"), BookKey::from("People"));
        let id = keys().catalog(&tenant, &book);
        assert_eq!(id.to_string(), "9a9b83f8e6f2bad7dd7347c318deceba");
        assert_ne!(id, keys().catalog(&tenant, &BookKey::from("people")));
        assert_ne!(
            keys().catalog(&"ab".into(), &"c".into()),
            keys().catalog(&"a".into(), &"bc".into())
        );
    }

    #[test]
    fn item_ids_that_differ_only_by_case_are_different_people() {
        let catalog = CatalogId(1);
        assert_ne!(
            keys().entry(catalog, &item("R@x.y", "AAa")),
            keys().entry(catalog, &item("r@x.y", "AAA"))
        );
        assert_eq!(object("ABC"), object("abc"));
    }
}
