//! Chance from the operating system.

use model::seam::Chance;

/// Unpredictable bits for identifiers and nonces.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineChance;

impl Chance for MachineChance {
    /// # Panics
    /// When the operating system has no randomness to give: nothing that follows could be trusted.
    fn bits(&self) -> u128 {
        let mut bytes = [0; 16];
        match aws_lc_rs::rand::fill(&mut bytes) {
            Ok(()) => u128::from_ne_bytes(bytes),
            Err(_) => panic!("the operating system gives no random bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(MachineChance.bits(), MachineChance.bits());
    }
}
