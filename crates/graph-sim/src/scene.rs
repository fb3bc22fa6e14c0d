//! What a handler may use besides the store it belongs to: dice, switches, budgets, the record.

use crate::{chance::Chance, event::Event, settings::Settings, shelf::Shelf, throttle::Throttle};
use std::collections::BTreeSet;

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
    /// Lists that were halved when they were last read: a directory flaps for one run (F44), not for two.
    pub flapped: &'a mut BTreeSet<Vec<String>>,
    /// Faults are out (the calm switch): rates count as 0.
    pub calm: bool,
}

impl Scene<'_> {
    /// Whether a fault of this rate strikes now: `scene.strikes(scene.settings.faults.group_flaps)`.
    pub fn strikes(&mut self, rate: f64) -> bool {
        !self.calm && self.chance.happens(rate)
    }

    /// Whether the list at `path` shows only half of itself this time (F44): never twice in a row.
    pub fn flaps(&mut self, path: &[String]) -> bool {
        let strikes = self.strikes(self.settings.faults.group_flaps);
        if !strikes || self.flapped.contains(path) {
            self.flapped.remove(path);
            return false;
        }
        self.flapped.insert(path.to_vec())
    }
}
