//! What a field can hold.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// One e-mail address with the name shown beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mail {
    pub address: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// A postal address in the five parts that Microsoft Graph knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub street: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub city: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub country: String,
}

impl Address {
    pub fn is_blank(&self) -> bool {
        [
            &self.street,
            &self.city,
            &self.state,
            &self.postal_code,
            &self.country,
        ]
        .iter()
        .all(|s| s.is_empty())
    }
}

/// The value of one field. A blank value is never stored: an absent key says blank. Texts are most of what a card holds,
/// and are shared: steps, links and prior images name the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(Arc<str>),
    /// A list whose order is the slot order (phones) or carries no meaning (categories).
    Texts(Arc<[String]>),
    Mails(Arc<[Mail]>),
    Address(Box<Address>),
    /// A civil date, `YYYY-MM-DD`, compared without time or zone.
    Date(Arc<str>),
}

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Blank values (empty text, empty list, empty address) mean "no value".
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(t) | Self::Date(t) => is_white(t),
            Self::Texts(list) => list.iter().all(|t| is_white(t)),
            Self::Mails(list) => list.iter().all(|m| is_white(&m.address)),
            Self::Address(a) => a.is_blank(),
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(t) | Self::Date(t) => Some(t),
            _ => None,
        }
    }
}

/// The first letter tells.
fn is_white(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

impl fmt::Display for Value {
    /// One line for people: lists joined by `, `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(t) | Self::Date(t) => f.write_str(t),
            Self::Texts(list) => f.write_str(&list.join(", ")),
            Self::Mails(list) => {
                let all: Vec<&str> = list.iter().map(|m| m.address.as_str()).collect();
                f.write_str(&all.join(", "))
            }
            Self::Address(a) => {
                let parts = [&a.street, &a.postal_code, &a.city, &a.state, &a.country];
                let all: Vec<&str> = parts
                    .iter()
                    .map(|s| s.as_str())
                    .filter(|s| !s.is_empty())
                    .collect();
                f.write_str(&all.join(", "))
            }
        }
    }
}
