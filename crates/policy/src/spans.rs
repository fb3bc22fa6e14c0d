//! Spans of time as people write them: `15m`, `24h`, `1h 30m`.

use model::Millis;

const UNITS: [(&str, i64); 5] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
];

/// Longer than any span that a policy may name.
const MAX: i64 = 366 * 86_400_000;

/// Reads whole numbers with a unit each; `None` for anything else, for zero, and for more than a year.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    let mut total: i64 = 0;
    for part in text.split_whitespace() {
        let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let (_, size) = UNITS
            .iter()
            .find(|(unit, _)| *unit == &part[digits.len()..])?;
        let count: i64 = Some(digits)
            .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))?
            .parse()
            .ok()?;
        total = total.checked_add(count.checked_mul(*size)?)?;
    }
    (1..=MAX).contains(&total).then_some(Millis(total))
}

/// Prints a span so that [`parse`] reads the same one back.
pub(crate) fn print(span: Millis) -> String {
    let (mut rest, mut parts) = (span.0, Vec::new());
    for (unit, size) in UNITS.iter().skip(1) {
        if rest >= *size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_printed() {
        assert_eq!(parse("15m"), Some(Millis::minutes(15)));
        assert_eq!(parse("1h 30m"), Some(Millis::minutes(90)));
        assert_eq!(parse("1w"), Some(Millis::days(7)));
        for bad in [
            "",
            "15",
            "m",
            "-5m",
            "1.5h",
            "15 m",
            "99999999999d",
            "0m",
            "5ms",
            "+5m",
            "é",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(print(Millis(90_061_000)), "1d 1h 1m 1s");
        assert_eq!(parse("1d 1h 1m 1s"), Some(Millis(90_061_000)));
    }
}
