//! Items: what a contact says, and what we saw of one.

use crate::{Field, Fields, Value};
use serde::{Deserialize, Serialize};

/// A contact's content: field to value. A blank field has no key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Item(pub Fields<Value>);

impl Item {
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.0.get(&field)
    }

    /// Sets a field; a blank value removes it.
    pub fn set(&mut self, field: Field, value: Value) {
        if value.is_blank() {
            self.0.remove(&field);
        } else {
            self.0.insert(field, value);
        }
    }

    pub fn with(mut self, field: Field, value: Value) -> Self {
        self.set(field, value);
        self
    }

    pub fn text(&self, field: Field) -> &str {
        self.get(field).and_then(Value::as_text).unwrap_or("")
    }

    /// How people call this item: display name, else company, else first e-mail, else `(no name)`.
    pub fn label(&self) -> String {
        [
            Field::DisplayName,
            Field::FileAs,
            Field::CompanyName,
            Field::Emails,
        ]
        .iter()
        .find_map(|f| self.get(*f))
        .map_or_else(|| "(no name)".to_owned(), ToString::to_string)
    }
}

/// Fields with what they hold; `None`: blank.
pub type Values = Fields<Option<Value>>;

/// What one look showed of an item's fields. Three cases that must never be mixed:
/// no key: not part of the answer (absent); `None`: the answer said null or blank; `Some`: a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sighting(pub Values);

impl Sighting {
    /// The seen fields that have a value, as content.
    pub fn item(&self) -> Item {
        Item(
            self.0
                .iter()
                .filter_map(|(f, v)| v.clone().map(|v| (*f, v)))
                .collect(),
        )
    }

    /// Was this field part of the answer at all?
    pub fn covers(&self, field: Field) -> bool {
        self.0.contains_key(&field)
    }

    pub fn get(&self, field: Field) -> Option<&Value> {
        self.0.get(&field).and_then(Option::as_ref)
    }
}
