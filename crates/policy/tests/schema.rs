//! The published schema is the one that the reader uses.

use serde_json::Value;

#[test]
fn the_published_schema_is_current() {
    let published = include_str!("../../../docs/schema/tunnels.schema.json");
    let published: Value = serde_json::from_str(published).expect("the published schema is JSON");
    assert!(
        published == policy::schema(),
        "write it again: cargo run -p policy --example schema > docs/schema/tunnels.schema.json"
    );
}

#[test]
fn every_object_of_the_schema_is_strict_and_every_key_explained() {
    let schema = policy::schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    for (name, definition) in definitions {
        if definition["type"] == "object" {
            assert_eq!(definition["additionalProperties"], false, "{name}");
            for (key, rule) in definition["properties"].as_object().expect("properties") {
                let explained = rule["description"].is_string() || rule["$ref"].is_string();
                assert!(explained, "{name}.{key} has no description");
            }
        }
    }
}
