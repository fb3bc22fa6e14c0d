//! A prior image as the body of a new contact.

use super::names::{Extra, STAMP, extra};
use serde_json::{Map, Value, json};

/// What the server makes itself, and the second forms of what stands elsewhere.
const NOT_OURS: &[&str] = &[
    "id",
    "changeKey",
    "createdDateTime",
    "lastModifiedDateTime",
    "parentFolderId",
    "primaryEmailAddress",
    "secondaryEmailAddress",
    "tertiaryEmailAddress",
    "photo",
    "extensions",
];

const EXTRAS: &str = "singleValueExtendedProperties";

/// `None` when `raw` is not a contact's JSON. Everything that can be written is kept, also fields that we
/// do not know.
pub fn body(raw: &[u8], stamp: Option<&str>) -> Option<Vec<u8>> {
    let image: Map<String, Value> = serde_json::from_slice(raw).ok()?;
    image.get("id")?;
    let mut body: Map<String, Value> = image
        .into_iter()
        .filter(|(name, value)| is_writable(name) && !value.is_null())
        .collect();
    let mut extras = match body.remove(EXTRAS) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    extras.retain(|property| !is_stamp(property));
    extras.extend(stamp.map(|stamp| json!({ "id": STAMP, "value": stamp })));
    if !extras.is_empty() {
        body.insert(EXTRAS.to_owned(), Value::Array(extras));
    }
    serde_json::to_vec(&body).ok()
}

fn is_writable(name: &str) -> bool {
    !name.contains('@') && !NOT_OURS.contains(&name)
}

fn is_stamp(property: &Value) -> bool {
    let id = property.get("id").and_then(Value::as_str);
    id.and_then(extra) == Some(Extra::Stamp)
}
