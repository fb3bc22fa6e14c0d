//! Shown: what a card in the cloud says, in the words of the reference model.

use crate::reference::world::Fields;
use graph_sim::mailbox::ContactView;
use serde_json::{Map, Value};

/// Graph's property and our field (docs/tunnels.md); a property that is not here keeps its own name.
const NAMES: [(&str, &str); 34] = [
    ("displayName", "display_name"),
    ("title", "title"),
    ("givenName", "given_name"),
    ("middleName", "middle_name"),
    ("surname", "surname"),
    ("generation", "suffix"),
    ("initials", "initials"),
    ("nickName", "nick_name"),
    ("fileAs", "file_as"),
    ("companyName", "company_name"),
    ("department", "department"),
    ("jobTitle", "job_title"),
    ("officeLocation", "office_location"),
    ("profession", "profession"),
    ("manager", "manager"),
    ("assistantName", "assistant_name"),
    ("emailAddresses", "emails"),
    ("mobilePhone", "mobile_phone"),
    ("businessPhones", "business_phones"),
    ("homePhones", "home_phones"),
    ("imAddresses", "im_addresses"),
    ("businessAddress", "business_address"),
    ("homeAddress", "home_address"),
    ("otherAddress", "other_address"),
    ("businessHomePage", "business_home_page"),
    ("birthday", "birthday"),
    ("spouseName", "spouse_name"),
    ("yomiGivenName", "yomi_given_name"),
    ("yomiSurname", "yomi_surname"),
    ("yomiCompanyName", "yomi_company_name"),
    ("categories", "categories"),
    ("personalNotes", "notes"),
    ("children", "children"),
    ("photo", "photo"),
];

/// Extended properties that are fields, by the end of their normalised id.
const EXTENDED: [(&str, &str); 3] = [
    ("0x3a24", "business_fax"),
    ("0x3a1f", "other_phone"),
    ("0x3a21", "pager"),
];

const ADDRESS: [&str; 5] = ["street", "city", "state", "postalCode", "countryOrRegion"];

/// Everything that people see on a card.
pub fn fields(view: &ContactView) -> Fields {
    let plain = NAMES.iter().map(|(graph, ours)| {
        let value = view.properties.get(*graph).unwrap_or(&Value::Null);
        ((*ours).to_owned(), text(value))
    });
    let extended = view.extended.iter().filter_map(|(id, value)| {
        let field = extended_field(id)?;
        Some((field.to_owned(), value.clone()))
    });
    let all = plain.chain(extended);
    all.filter(|(_, text)| !text.is_empty()).collect()
}

/// Our name of a property as an event tells it.
pub fn field(graph: &str) -> Option<&str> {
    if let Some(id) = graph.strip_prefix("extended:") {
        return extended_field(id);
    }
    if graph.ends_with("EmailAddress") {
        return Some("emails");
    }
    let found = NAMES.iter().find(|(name, _)| *name == graph);
    found.map(|(_, field)| *field)
}

fn extended_field(id: &str) -> Option<&'static str> {
    let id = id.to_lowercase();
    let found = EXTENDED.iter().find(|(end, _)| id.ends_with(end));
    found.map(|(_, field)| *field)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => lines(all.iter().map(element)),
        Value::Object(address) => address_lines(address),
        _ => String::new(),
    }
}

fn element(value: &Value) -> String {
    let address = value["address"].as_str();
    address.or(value.as_str()).unwrap_or_default().to_owned()
}

fn address_lines(address: &Map<String, Value>) -> String {
    let part = |name: &&str| address.get(*name).and_then(Value::as_str).unwrap_or("");
    let parts: Vec<&str> = ADDRESS.iter().map(part).collect();
    if parts.iter().all(|p| p.is_empty()) {
        return String::new();
    }
    parts.join("\n")
}

fn lines(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.filter(|l| !l.is_empty()).collect();
    all.join("\n")
}
