//! Single-value extended properties: our callers' own marks on items and folders (graph.md 2.6).

use crate::{done::Done, error, shelf::Shelf};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// One property with its value; the id is normalised: guid and numbers in lower case, the name as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended {
    pub id: Arc<str>,
    pub value: Box<str>,
}

/// Bodies above this are refused; documented as 2 to 64 KB in practice.
const VALUE_BYTES_MAX: usize = 64 * 1024;

const TYPES: &[&str] = &[
    "String",
    "Integer",
    "Boolean",
    "Double",
    "SystemTime",
    "Binary",
    "Short",
    "Long",
    "Float",
    "CLSID",
    "Currency",
    "ApplicationTime",
    "Object",
];

/// The normalised form of `String {GUID} Name Foo`, `Integer {GUID} Id 0x8012` or `String 0x3A24`.
/// The Name part keeps its case: it is the only part whose case counts.
pub fn normalise(id: &str) -> Option<String> {
    let (kind, rest) = id.trim().split_once(' ')?;
    let kind = TYPES.iter().find(|t| t.eq_ignore_ascii_case(kind))?;
    let rest = rest.trim_start();
    if rest.get(..2).is_some_and(|h| h.eq_ignore_ascii_case("0x")) {
        return Some(format!("{kind} {}", number(rest)?));
    }
    let (guid, rest) = rest.split_once(' ')?;
    let guid = guid.trim_matches(['{', '}']).to_ascii_lowercase();
    let is_guid = guid.len() == 36 && guid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let (word, name) = rest.trim_start().split_once(' ')?;
    let name = name.trim();
    match (is_guid, word.to_ascii_lowercase().as_str()) {
        (true, "name") if !name.is_empty() => Some(format!("{kind} {{{guid}}} Name {name}")),
        (true, "id") => Some(format!("{kind} {{{guid}}} Id {}", number(name)?)),
        _ => None,
    }
}

fn number(text: &str) -> Option<String> {
    let digits = text
        .get(2..)
        .filter(|_| text.get(..2).is_some_and(|h| h.eq_ignore_ascii_case("0x")))?;
    u32::from_str_radix(digits, 16)
        .ok()
        .map(|n| format!("0x{n:x}"))
}

/// The properties of a body, or None when it has none.
pub fn read_body(
    body: &Map<String, Value>,
    shelf: &mut Shelf,
) -> Result<Option<Vec<Extended>>, Done> {
    let found = body
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case("singleValueExtendedProperties"));
    let Some((name, value)) = found else {
        return Ok(None);
    };
    let list = value
        .as_array()
        .ok_or_else(|| error::invalid_property(name))?;
    list.iter()
        .map(|one| read_one(one, shelf))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn read_one(one: &Value, shelf: &mut Shelf) -> Result<Extended, Done> {
    let invalid = || error::invalid_property("singleValueExtendedProperties");
    let id = one.get("id").and_then(Value::as_str).ok_or_else(invalid)?;
    let id = normalise(id).ok_or_else(|| error::invalid_property(id))?;
    let value = one
        .get("value")
        .and_then(Value::as_str)
        .ok_or_else(invalid)?;
    let fits = match id.split(' ').next() {
        Some("Integer" | "Short" | "Long") => value.parse::<i64>().is_ok(),
        Some("Boolean") => matches!(
            value.to_ascii_lowercase().as_str(),
            "true" | "false" | "1" | "0"
        ),
        _ => true,
    };
    if !fits || value.len() > VALUE_BYTES_MAX {
        return Err(invalid());
    }
    Ok(Extended {
        id: shelf.name(&id),
        value: Box::from(value),
    })
}

/// Lays `new` over `old`; gives the names (`extended:<id>`) whose value changed.
pub fn merge(old: &mut Vec<Extended>, new: Vec<Extended>) -> Vec<String> {
    let mut changed = Vec::new();
    for one in new {
        let differs = match old.iter_mut().find(|e| e.id == one.id) {
            Some(found) if found.value == one.value => false,
            Some(found) => {
                found.value = one.value;
                true
            }
            None => {
                old.push(one.clone());
                true
            }
        };
        if differs {
            changed.push(format!("extended:{}", one.id));
        }
    }
    changed
}

/// What `$expand=singleValueExtendedProperties($filter=…)` shows of `all`; `wanted` is normalised.
pub fn show(all: &[Extended], wanted: &[String]) -> Vec<Value> {
    all.iter()
        .filter(|e| wanted.iter().any(|w| **w == *e.id))
        .map(|e| json!({"id": &*e.id, "value": &*e.value}))
        .collect()
}

/// Values compare without case (graph.md 2.6).
pub fn same_value(a: &str, b: &str) -> bool {
    match a.is_ascii() && b.is_ascii() {
        true => a.eq_ignore_ascii_case(b),
        false => a.to_lowercase() == b.to_lowercase(),
    }
}
