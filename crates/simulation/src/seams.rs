//! Chance and keys of a simulated world: seeded, so that every nonce and every stamp is the same in a replay.

use graph_sim::chance::Chance as Dice;
use hmac::{Hmac, Mac};
use model::Timestamp;
use model::seam::{Chance, Credential, SignError, Signer};
use sha2::Sha256;
use std::sync::{Mutex, PoisonError};

/// The seam of chance, drawn from a seed.
pub struct Seeded(Mutex<Dice>);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Dice::new(seed)))
    }
}

impl Chance for Seeded {
    fn bits(&self) -> u128 {
        let mut dice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        u128::from(dice.draw()) << 64 | u128::from(dice.draw())
    }
}

/// Signs in with a secret (RSA would cost more than everything else) and derives keys from a root of its own.
pub struct SecretSigner {
    pub secret: String,
    pub root: [u8; 32],
}

impl Signer for SecretSigner {
    fn credential(
        &self,
        _tenant: &str,
        _audience: &str,
        _now: Timestamp,
        _nonce: &str,
    ) -> Result<Credential, SignError> {
        Ok(Credential::Secret(self.secret.clone()))
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        // HMAC takes keys of any length: this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.root) else {
            return self.root;
        };
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}
