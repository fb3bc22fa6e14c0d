//! Spans of time as settings write them: `30s`, `15m`, `2h`, `1d`, `500ms`.

use model::Millis;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// A positive span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Millis);

impl Span {
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let number: i64 = number.parse().ok()?;
        let unit = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number
            .checked_mul(unit)
            .filter(|n| *n > 0)
            .map(|n| Self(Millis(n)))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
            (1, "ms"),
        ];
        let (size, unit) = units
            .into_iter()
            .find(|(size, _)| self.0.0 % size == 0)
            .unwrap_or((1, "ms"));
        serializer.collect_str(&format_args!("{}{unit}", self.0.0 / size))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no span of time: write 30s, 15m, 2h or 1d"
            ))
        })
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(ms|s|m|h|d)$",
            "description": "A span of time: 500ms, 30s, 15m, 2h, 1d."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        assert_eq!(Span::parse("30s"), Some(Span(Millis::seconds(30))));
        assert_eq!(Span::parse("15m"), Some(Span(Millis::minutes(15))));
        for wrong in ["", "30", "s", "0s", "-1s", "1w", "99999999999999999999d"] {
            assert_eq!(Span::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn spans_write_what_they_read() {
        for text in ["500ms", "90s", "15m", "36h", "2d"] {
            let span = Span::parse(text).unwrap();
            assert_eq!(serde_json::to_string(&span).unwrap(), format!("\"{text}\""));
        }
    }
}
