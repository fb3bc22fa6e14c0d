//! Sealing content in the store: AES-256-GCM-SIV with one key per tenant, derived from the root key.
//!
//! A sealed blob is a format byte, four bytes that name the key, twelve of nonce, then ciphertext and tag.
//! The tenant's name is bound in: a blob of one tenant does not open as another's.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use hmac::{Hmac, Mac};
use model::seam::{Chance, Signer};
use sha2::Sha256;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::Seal;

const FORMAT: u8 = 1;
const NAME_AT: usize = 1;
const NONCE_AT: usize = 5;
const HEAD: usize = 17;

/// The keys of every tenant that was asked for.
pub struct TenantSeal {
    signer: Arc<dyn Signer>,
    chance: Arc<dyn Chance>,
    keys: Mutex<BTreeMap<String, Arc<TenantKeys>>>,
}

struct TenantKeys {
    name: [u8; 4],
    seal: LessSafeKey,
    hash: [u8; 32],
}

impl TenantSeal {
    pub fn new(signer: Arc<dyn Signer>, chance: Arc<dyn Chance>) -> Self {
        Self {
            signer,
            chance,
            keys: Mutex::default(),
        }
    }

    fn keys(&self, tenant: &str) -> Arc<TenantKeys> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = keys.get(tenant) {
            return Arc::clone(found);
        }
        let made = Arc::new(TenantKeys::derive(&*self.signer, tenant));
        keys.insert(tenant.to_owned(), Arc::clone(&made));
        made
    }
}

impl TenantKeys {
    fn derive(signer: &dyn Signer, tenant: &str) -> Self {
        let secret = signer.derive(&format!("store/seal/{tenant}"));
        let hash = signer.derive(&format!("store/hash/{tenant}"));
        let tag = mac(&hash, b"name of the sealing key");
        let name = [tag[0], tag[1], tag[2], tag[3]];
        // The key is 32 bytes, as the cipher wants it: this cannot fail.
        let key = UnboundKey::new(&AES_256_GCM_SIV, &secret).unwrap_or_else(|_| unreachable!());
        let seal = LessSafeKey::new(key);
        Self { name, seal, hash }
    }
}

fn mac(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

fn nonce_of(sealed: &[u8]) -> Option<Nonce> {
    Nonce::try_assume_unique_for_key(sealed.get(NONCE_AT..HEAD)?).ok()
}

impl Seal for TenantSeal {
    fn seal<'a>(&self, tenant: &str, plain: &'a [u8]) -> Cow<'a, [u8]> {
        let keys = self.keys(tenant);
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + 16);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&keys.name);
        sealed.extend_from_slice(&self.chance.bits().to_be_bytes()[..HEAD - NONCE_AT]);
        let nonce = nonce_of(&sealed).unwrap_or_else(|| unreachable!());
        let mut body = plain.to_vec();
        let aad = Aad::from(tenant.as_bytes());
        // Fails only beyond 64 GiB, which no blob reaches.
        let done = keys.seal.seal_in_place_append_tag(nonce, aad, &mut body);
        assert!(
            done.is_ok(),
            "a blob of {} bytes cannot be sealed",
            plain.len()
        );
        sealed.extend_from_slice(&body);
        Cow::Owned(sealed)
    }

    fn open<'a>(&self, tenant: &str, sealed: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let keys = self.keys(tenant);
        if *sealed.first()? != FORMAT || sealed.get(NAME_AT..NONCE_AT)? != keys.name {
            return None;
        }
        let mut body = sealed.get(HEAD..)?.to_vec();
        let aad = Aad::from(tenant.as_bytes());
        let length = keys
            .seal
            .open_in_place(nonce_of(sealed)?, aad, &mut body)
            .ok()?
            .len();
        body.truncate(length);
        Some(Cow::Owned(body))
    }

    fn hash(&self, tenant: &str, plain: &[u8]) -> [u8; 32] {
        mac(&self.keys(tenant).hash, plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seams::chance::MachineChance;
    use model::Timestamp;
    use model::seam::{Credential, SignError};

    struct Root;

    impl Signer for Root {
        fn credential(
            &self,
            _: &str,
            _: &str,
            _: Timestamp,
            _: &str,
        ) -> Result<Credential, SignError> {
            unreachable!()
        }
        fn derive(&self, purpose: &str) -> [u8; 32] {
            mac(&[7; 32], purpose.as_bytes())
        }
    }

    fn seal() -> TenantSeal {
        TenantSeal::new(Arc::new(Root), Arc::new(MachineChance))
    }

    #[test]
    fn what_is_sealed_opens_again_for_its_tenant_only() {
        let seal = seal();
        let sealed = seal.seal("contoso", b"Anna").into_owned();
        assert!(!sealed.windows(4).any(|w| w == b"Anna"));
        assert_eq!(seal.open("contoso", &sealed).as_deref(), Some(&b"Anna"[..]));
        assert_eq!(seal.open("adatum", &sealed), None);
    }

    #[test]
    fn a_changed_or_cut_blob_does_not_open() {
        let seal = seal();
        let sealed = seal.seal("contoso", b"Anna").into_owned();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open("contoso", &changed), None, "byte {at}");
            assert_eq!(seal.open("contoso", &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn equal_content_hashes_alike_within_a_tenant_only() {
        let seal = seal();
        assert_eq!(seal.hash("contoso", b"x"), seal.hash("contoso", b"x"));
        assert_ne!(seal.hash("contoso", b"x"), seal.hash("adatum", b"x"));
    }
}
