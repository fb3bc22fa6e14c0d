//! Constants in expressions, and the types that `cast` knows.

use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A guid, written without quotes.
    Guid(String),
    Instant(Timestamp),
}

impl Literal {
    /// Reads an unquoted constant, if `word` is one.
    pub(super) fn of_word(word: &str) -> Option<Literal> {
        match word {
            "null" => return Some(Literal::Null),
            "true" => return Some(Literal::Bool(true)),
            "false" => return Some(Literal::Bool(false)),
            _ => {}
        }
        if is_guid(word) {
            return Some(Literal::Guid(word.to_owned()));
        }
        let first = word.chars().next()?;
        if !first.is_ascii_digit() && first != '-' && first != '+' {
            return None;
        }
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(Literal::Number(number)),
            _ => instant(word).map(Literal::Instant),
        }
    }
}

/// An instant as Graph writes it; a bare date is its first moment in UTC.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

fn is_guid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// The primitive types of `cast(value, Edm.…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdmType {
    Number,
    Text,
    Boolean,
    Instant,
}

impl EdmType {
    pub(super) fn of_name(name: &str) -> Option<EdmType> {
        Some(match name {
            "Edm.Int16" | "Edm.Int32" | "Edm.Int64" | "Edm.Double" | "Edm.Decimal"
            | "Edm.Single" => EdmType::Number,
            "Edm.String" | "Edm.Guid" => EdmType::Text,
            "Edm.Boolean" => EdmType::Boolean,
            "Edm.DateTimeOffset" | "Edm.Date" => EdmType::Instant,
            _ => return None,
        })
    }
}
