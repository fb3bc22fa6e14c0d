//! `almanac schema`: the published JSON Schemas.

use crate::cli::SchemaOf;
use crate::exit::{Ended, Exit};
use crate::output;
use crate::settings::document::Document;
use crate::settings::tenants::TenantsDocument;
use serde_json::Value;

pub fn schema(of: SchemaOf) -> Ended {
    output::line(&text(of));
    Ok(Exit::Done)
}

/// The schema as text, indented.
pub fn text(of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Settings => titled(schemars::schema_for!(Document), "Almanac settings"),
        SchemaOf::Tenants => titled(schemars::schema_for!(TenantsDocument), "Almanac tenants"),
        SchemaOf::Tunnels => policy::schema(),
    };
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

fn titled(schema: schemars::Schema, title: &str) -> Value {
    let mut value = Value::from(schema);
    value["title"] = title.into();
    value
}
