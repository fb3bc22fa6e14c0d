//! How a fleet is drawn from a seed: choices from lists, digits for patterns.

use crate::chance::Chance;

pub(super) struct Draw(Chance);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(Chance::new(seed))
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn seed(&mut self) -> u64 {
        // Short enough to be a plain number in YAML and JSON everywhere.
        self.0.draw() >> 32
    }

    /// One of a list of ours, which is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// The pattern with every `#` replaced by a digit.
    pub fn digits(&mut self, pattern: &str) -> String {
        let mut digit = || char::from(b'0' + self.below(10) as u8);
        pattern
            .chars()
            .map(|c| if c == '#' { digit() } else { c })
            .collect()
    }
}
