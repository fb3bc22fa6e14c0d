//! A map from fields: what items, sightings and changes are made of.

use crate::Field;
use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Field to value, sorted as [`Field::ALL`] is: one piece of memory, however many fields it holds.
///
/// A type of our own around [`LiteMap`] for two of its habits: it writes an empty map as an empty JSON list, where
/// what is stored and printed has always been a map, and it shows its insides to `{:?}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fields<V>(LiteMap<Field, V>);

impl<V> Fields<V> {
    pub const fn new() -> Self {
        Self(LiteMap::new())
    }

    pub fn with_capacity(fields: usize) -> Self {
        Self(LiteMap::with_capacity(fields))
    }

    /// Sets a field. Nothing is searched for where it comes after all that are there, as when fields are walked in
    /// their order.
    pub fn append(&mut self, field: Field, value: V) {
        if let Some((field, value)) = self.0.try_append(field, value) {
            self.0.insert(field, value);
        }
    }

    /// Reads the fields one after the other.
    pub fn walk(&self) -> Walk<'_, V> {
        Walk(self.0.as_slice())
    }
}

/// Answers for fields that are asked for in their order, without a search: several maps are walked in step.
#[derive(Debug)]
pub struct Walk<'a, V>(&'a [(Field, V)]);

impl<'a, V> Walk<'a, V> {
    /// The value of a field. Those before it are over: they are not found any more.
    pub fn at(&mut self, field: Field) -> Option<&'a V> {
        while let [(next, value), rest @ ..] = self.0 {
            if *next > field {
                return None;
            }
            self.0 = rest;
            if *next == field {
                return Some(value);
            }
        }
        None
    }
}

impl<V> Default for Fields<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Deref for Fields<V> {
    type Target = LiteMap<Field, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<V> DerefMut for Fields<V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<V: fmt::Debug> fmt::Debug for Fields<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

impl<V: Serialize> Serialize for Fields<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Fields<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LiteMap::deserialize(deserializer).map(Self)
    }
}

impl<V, const N: usize> From<[(Field, V); N]> for Fields<V> {
    fn from(fields: [(Field, V); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl<V> FromIterator<(Field, V)> for Fields<V> {
    fn from_iter<I: IntoIterator<Item = (Field, V)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl<V> IntoIterator for Fields<V> {
    type Item = (Field, V);
    type IntoIter = std::vec::IntoIter<(Field, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_tuple_vec().into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Fields<V> {
    type Item = (&'a Field, &'a V);
    type IntoIter = <&'a LiteMap<Field, V> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const GIVEN: [(Field, u8); 3] = [
        (Field::Surname, 2),
        (Field::DisplayName, 1),
        (Field::Emails, 3),
    ];

    #[test]
    fn they_are_written_and_shown_as_any_map_of_theirs() {
        for count in 0..=GIVEN.len() {
            let fields: Fields<u8> = GIVEN.into_iter().take(count).collect();
            let map: BTreeMap<Field, u8> = GIVEN.into_iter().take(count).collect();
            let text = serde_json::to_string(&fields).unwrap();
            assert_eq!(text, serde_json::to_string(&map).unwrap());
            assert_eq!(serde_json::from_str::<Fields<u8>>(&text).unwrap(), fields);
            assert_eq!(format!("{fields:?}"), format!("{map:?}"));
            assert_eq!(format!("{fields:#?}"), format!("{map:#?}"));
        }
    }

    #[test]
    fn appended_in_any_order_they_are_sorted_and_the_last_value_holds() {
        let mut fields = Fields::new();
        let given = GIVEN.into_iter().chain([(Field::Surname, 4)]);
        given.for_each(|(field, value)| fields.append(field, value));
        let all: Vec<_> = fields.into_iter().collect();
        let sorted = [
            (Field::DisplayName, 1),
            (Field::Surname, 4),
            (Field::Emails, 3),
        ];
        assert_eq!(all, sorted);
    }

    #[test]
    fn a_walk_answers_what_a_search_would() {
        let fields = Fields::from(GIVEN);
        let mut walk = fields.walk();
        for field in Field::ALL {
            assert_eq!(walk.at(*field), fields.get(field));
        }
    }
}
