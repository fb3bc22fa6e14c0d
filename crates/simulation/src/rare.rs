//! Rare: faults that only some histories have. Each draws from a chance of its own, so that a history without it is,
//! call for call, what it was before the fault was known.

use graph_sim::chance::{Chance as Dice, hash, mix};
use model::Millis;

/// Share of histories that have a rare fault.
const SHARE: f64 = 0.15;

/// When one rare fault strikes, and everything else about it that is drawn.
pub struct Rare {
    pub dice: Dice,
    /// 0 in a history without it.
    per_day: f64,
}

impl Rare {
    /// `name` sets its chance apart from that of every other fault; `per_day` is its mean where it strikes at all.
    pub fn drawn(seed: u64, name: &str, per_day: f64) -> Self {
        let mut dice = Dice::new(mix(seed ^ hash(name.as_bytes())));
        let per_day = match dice.happens(SHARE) {
            true => per_day * 2.0 * dice.unit(),
            false => 0.0,
        };
        Self { dice, per_day }
    }

    pub fn strikes(&self) -> bool {
        self.per_day > 0.0
    }

    /// How long it is until it strikes next; `None`: it never does.
    pub fn wait(&mut self) -> Option<Millis> {
        let mean = 86_400_000.0 / self.per_day;
        self.strikes()
            .then(|| Millis((2.0 * mean * self.dice.unit()) as i64))
    }
}
