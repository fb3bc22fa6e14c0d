//! The published JSON Schema of policy documents. It is also what the reader checks with, so the two agree.

use crate::document::Document;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The schema (draft 2020-12) of one policy file, as `docs/schema/tunnels.schema.json` holds it.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = Value::from(generator.into_root_schema_for::<Document>());
    tidy(&mut schema);
    schema["title"] = json!("Almanac policy");
    schema
}

/// Makes every object strict, and "left out" the only way to say nothing (never `null`).
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            // A blank default belongs to a key that must be written, or says nothing.
            if object.get("default").is_some_and(says_nothing) {
                object.remove("default");
            }
            drop_null(object);
            if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn says_nothing(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `["string", "null"]` becomes `"string"`; `anyOf [X, null]` becomes X.
fn drop_null(object: &mut serde_json::Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
        branches.retain(|branch| branch != &json!({ "type": "null" }));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}
