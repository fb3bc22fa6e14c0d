//! Instants as text, in the forms that Graph writes and reads.

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};

/// `2026-11-23T07:00:00Z`, as Graph shows instants of items.
pub fn rfc3339(ms: i64) -> String {
    timestamp(ms).to_string()
}

/// `2026-11-23T07:00:00`, as `innerError` has it.
pub fn plain(ms: i64) -> String {
    let mut text = timestamp(ms - ms.rem_euclid(1000)).to_string();
    text.pop();
    text
}

/// `Mon, 23 Nov 2026 07:00:00 GMT` (RFC 9110 section 5.6.7).
pub fn http_date(ms: i64) -> String {
    let zoned = timestamp(ms).to_zoned(TimeZone::UTC);
    strtime::format("%a, %d %b %Y %H:%M:%S GMT", &zoned).unwrap_or_default()
}

/// The date part of an RFC 3339 instant or of a bare date; None when it is neither.
pub fn date_of(text: &str) -> Option<String> {
    let date: jiff::civil::Date = match text.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(TimeZone::UTC).date(),
        Err(_) => text.parse().ok()?,
    };
    Some(date.to_string())
}

fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
