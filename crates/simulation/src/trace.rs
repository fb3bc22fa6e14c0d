//! The trace of a history: a hash over everything that happened, and readable lines when they are asked for.

use model::Timestamp;
use sha2::{Digest, Sha256};

/// What went over the wire and what people did, in order.
pub struct Trace {
    hash: Sha256,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub fn new(readable: bool) -> Self {
        Self {
            hash: Sha256::new(),
            lines: readable.then(Vec::new),
        }
    }

    pub fn is_readable(&self) -> bool {
        self.lines.is_some()
    }

    /// Adds to the hash; each part with its length, so that no two histories collide by concatenation.
    pub fn add(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.hash.update((part.len() as u64).to_le_bytes());
            self.hash.update(part);
        }
    }

    /// A line for people; not part of the hash.
    pub fn say(&mut self, at: Timestamp, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{at} {:03} {}", at.0.rem_euclid(1000), line()));
        }
    }

    /// The first 128 bits of the hash so far.
    pub fn hash(&self) -> u128 {
        let bytes = self.hash.clone().finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&bytes[..16]);
        u128::from_be_bytes(first)
    }

    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
