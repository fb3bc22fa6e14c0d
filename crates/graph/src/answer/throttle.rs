//! How long a throttle lasts: `Retry-After` as a whole number, a fraction or a date (graph.md Q31).

use model::mutant::{self, Mutant};
use model::{Millis, Timestamp};

/// The instant until which we were told to wait. Missing, zero, past or senseless: `floor` from now;
/// nothing is believed beyond `cap`.
pub fn until(retry_after: Option<&str>, now: Timestamp, floor: Millis, cap: Millis) -> Timestamp {
    let retry_after = retry_after.map(|told| if mutant::on(Mutant::F3) { "1" } else { told });
    let told = retry_after.and_then(|text| {
        let text = text.trim();
        seconds(text, now).or_else(|| date(text))
    });
    let least = now + floor;
    told.unwrap_or(least).clamp(least, (now + cap).max(least))
}

fn seconds(text: &str, now: Timestamp) -> Option<Timestamp> {
    let seconds: f64 = text.parse().ok()?;
    // `as` saturates, so that an absurd number meets the cap.
    (seconds >= 0.0).then(|| now + Millis((seconds * 1_000.0).ceil() as i64))
}

fn date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}
