//! What a handler may use besides the store it belongs to: dice, switches, budgets, the record.

use crate::{chance::Chance, event::Event, settings::Settings, shelf::Shelf, throttle::Throttle};
use std::collections::BTreeMap;

/// Lent to a handler for the length of one call.
pub struct Scene<'a> {
    pub chance: &'a mut Chance,
    pub settings: &'a Settings,
    /// The cloud's seed, for what must be the same at every look.
    pub seed: u64,
    pub throttle: &'a mut Throttle,
    /// Where equal content is kept once.
    pub shelf: &'a mut Shelf,
    /// Every committed change is pushed here.
    pub events: &'a mut Vec<Event>,
    /// When lists were last halved: a directory flaps for one run (F44), not for two, whatever became of the answers.
    pub flapped: &'a mut BTreeMap<Vec<String>, i64>,
    /// Faults are out (the calm switch): rates count as 0.
    pub calm: bool,
}

impl Scene<'_> {
    /// Whether a fault of this rate strikes now: `scene.strikes(scene.settings.faults.group_flaps)`.
    pub fn strikes(&mut self, rate: f64) -> bool {
        !self.calm && self.chance.happens(rate)
    }

    /// Whether the list at `path` shows only half of itself this time (F44): never twice in a row.
    pub fn flaps(&mut self, path: &[String], now_ms: i64) -> bool {
        const APART_MS: i64 = 30 * 60_000;
        let strikes = self.strikes(self.settings.faults.group_flaps);
        let last = self.flapped.get(path);
        if !strikes || last.is_some_and(|at| now_ms - at < APART_MS) {
            return false;
        }
        self.flapped.insert(path.to_vec(), now_ms);
        true
    }
}
