//! Which faults a history has: drawn per seed, each absent in at least three seeds of ten.

use graph_sim::chance::Chance as Dice;
use graph_sim::{Faults, Quirks};
use model::Millis;

/// What may go wrong beside the cloud's own faults.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// The cloud's faults.
    pub cloud: Faults,
    pub quirks: Quirks,
    /// F4: no byte leaves us.
    pub not_sent: f64,
    /// F19: share of requests before which the sender stands still, for up to a day.
    pub pause: f64,
    /// F19: share of polls after which a whole worker stands still.
    pub freeze: f64,
    /// F18: share of polls after which a worker crashes.
    pub crash: f64,
    /// F22: share of crashes that take the store with them.
    pub store_lost: f64,
    /// F18: share of crashes that take both workers.
    pub crash_both: f64,
    /// F17: how far the workers' clocks are off.
    pub skew: [Millis; 2],
    /// F17: how often a day a worker's clock jumps, to anywhere within a day of the right time (I38).
    pub jumps_per_day: f64,
    /// F24 to F31, F38: acts of people per hour.
    pub acts_per_hour: f64,
    /// Only one worker.
    pub alone: bool,
    /// Listings come in many small pages: F13 needs more than one.
    pub small_pages: bool,
}

/// Faults after which no engine can promise uniqueness: the mark is lost or the write was doubled on its way.
pub const BREAKING: [&str; 3] = ["marker_missing", "marker_stripped", "delivered_twice"];

/// Draws the faults of one history.
pub fn draw(dice: &mut Dice) -> Troubles {
    let hostile = Faults::hostile();
    let mut cloud = Faults::none();
    for name in Faults::NAMES {
        let rate = hostile.get(name).unwrap_or(0.0);
        let absent = if BREAKING.contains(name) { 0.85 } else { 0.4 };
        if !dice.happens(absent) {
            cloud.set(name, rate * 2.0 * dice.unit());
        }
    }
    let some = |dice: &mut Dice, rate: f64| {
        if dice.happens(0.4) {
            0.0
        } else {
            rate * 2.0 * dice.unit()
        }
    };
    let skew = |dice: &mut Dice| match dice.happens(0.4) {
        true => Millis(0),
        false => skew(dice),
    };
    Troubles {
        cloud,
        quirks: quirks(dice),
        not_sent: some(dice, 0.01),
        pause: some(dice, 0.01),
        freeze: some(dice, 0.0005),
        crash: some(dice, 0.002),
        store_lost: some(dice, 0.05),
        crash_both: some(dice, 0.3),
        skew: [skew(dice), skew(dice)],
        acts_per_hour: 0.5 + 4.0 * dice.unit(),
        alone: dice.happens(0.3),
        small_pages: dice.happens(0.3),
        jumps_per_day: some(dice, 4.0),
    }
}

/// How far a wrong clock is off: up to a day, either way.
pub fn skew(dice: &mut Dice) -> Millis {
    Millis(dice.below(2 * 86_400_000) as i64 - 86_400_000)
}

/// Behaviours of Microsoft's that nobody has measured yet: either way must do.
fn quirks(dice: &mut Dice) -> Quirks {
    let mut quirks = Quirks::default();
    for name in [
        "ids_differ_in_case",
        "retry_after_fraction",
        "retry_after_date",
        "concurrency_is_503",
        "delta_first_page_empty",
        "skip_in_next_links",
        "hidden_folders_listed",
        "last_delete_missing_in_delta",
        "text_trimmed",
        "roles_spread_late",
    ] {
        quirks.set(name, dice.happens(0.3));
    }
    for name in [
        "touch_bumps_change_key",
        "photo_echoes_in_delta",
        "extended_echoes_in_delta",
        "contacts_alias",
    ] {
        quirks.set(name, dice.happens(0.7));
    }
    quirks
}
