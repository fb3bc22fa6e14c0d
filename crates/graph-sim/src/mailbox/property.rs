//! The properties of a contact (v1.0 CSDL 2026-08) and what Exchange makes of a value written to one.

use crate::{done::Done, error, instant, quirk::Quirks, shelf::Content};
use serde_json::{Map, Value};

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A list of texts; the service's own name of it, and the most entries it takes (graph.md 2.2).
    Texts(&'static str, usize),
    Address,
    /// The compact list of e-mail addresses.
    Emails,
    /// One typed slot of the list.
    Email,
    Date,
    /// Written by the service alone; ignored in bodies.
    Service,
    Extended,
}

/// Every property, sorted by name.
pub const PROPERTIES: &[(&str, Kind)] = &[
    ("assistantName", Kind::Text),
    ("birthday", Kind::Date),
    ("businessAddress", Kind::Address),
    ("businessHomePage", Kind::Text),
    ("businessPhones", Kind::Texts("BusinessPhones", 2)),
    ("categories", Kind::Texts("Categories", usize::MAX)),
    ("changeKey", Kind::Service),
    ("children", Kind::Texts("Children", usize::MAX)),
    ("companyName", Kind::Text),
    ("createdDateTime", Kind::Service),
    ("department", Kind::Text),
    ("displayName", Kind::Text),
    ("emailAddresses", Kind::Emails),
    ("fileAs", Kind::Text),
    ("generation", Kind::Text),
    ("givenName", Kind::Text),
    ("homeAddress", Kind::Address),
    ("homePhones", Kind::Texts("HomePhones", 2)),
    ("id", Kind::Service),
    ("imAddresses", Kind::Texts("ImAddresses", 3)),
    ("initials", Kind::Text),
    ("jobTitle", Kind::Text),
    ("lastModifiedDateTime", Kind::Service),
    ("manager", Kind::Text),
    ("middleName", Kind::Text),
    ("mobilePhone", Kind::Text),
    ("nickName", Kind::Text),
    ("officeLocation", Kind::Text),
    ("otherAddress", Kind::Address),
    ("parentFolderId", Kind::Service),
    ("personalNotes", Kind::Text),
    ("primaryEmailAddress", Kind::Email),
    ("profession", Kind::Text),
    ("secondaryEmailAddress", Kind::Email),
    ("singleValueExtendedProperties", Kind::Extended),
    ("spouseName", Kind::Text),
    ("surname", Kind::Text),
    ("tertiaryEmailAddress", Kind::Email),
    ("title", Kind::Text),
    ("yomiCompanyName", Kind::Text),
    ("yomiGivenName", Kind::Text),
    ("yomiSurname", Kind::Text),
];

/// The typed slots of `emailAddresses`, in its order.
pub const EMAIL_SLOTS: [&str; 3] = [
    "primaryEmailAddress",
    "secondaryEmailAddress",
    "tertiaryEmailAddress",
];

const ADDRESS_PARTS: [&str; 5] = ["city", "countryOrRegion", "postalCode", "state", "street"];

/// A property by its name in any case, with the documented spelling.
pub fn property(name: &str) -> Option<(&'static str, Kind)> {
    match PROPERTIES.binary_search_by(|(n, _)| (*n).cmp(name)) {
        Ok(at) => Some(PROPERTIES[at]),
        Err(_) => PROPERTIES
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .copied(),
    }
}

/// The documented spelling of a property name, for queries.
pub fn canonical(name: &str) -> Option<&'static str> {
    property(name).map(|(name, _)| name)
}

/// A body as the service understands it: known names, checked values, null for what is cleared.
/// E-mail addresses are in their slots.
pub fn read_body(body: &Map<String, Value>, quirks: &Quirks) -> Result<Content, Done> {
    let mut changes = Content::new();
    let mut list = None;
    for (name, value) in body {
        if name.contains('@') {
            continue;
        }
        let (name, kind) = property(name)
            .ok_or_else(|| error::unknown_property(name, "microsoft.graph.contact"))?;
        match kind {
            Kind::Service | Kind::Extended => {}
            Kind::Emails => list = Some(read_emails(value, quirks)?),
            _ => {
                changes.insert(name.to_owned(), read_value(name, kind, value, quirks)?);
            }
        }
    }
    if let Some(list) = list {
        spread(list, &mut changes, quirks);
    }
    Ok(changes)
}

/// Which form wins when a body has both the list and slots is undocumented (graph.md 2.2): a quirk.
fn spread(list: Vec<Value>, changes: &mut Content, quirks: &Quirks) {
    let mut list = list.into_iter();
    for slot in EMAIL_SLOTS {
        let value = list.next().unwrap_or(Value::Null);
        if !(quirks.email_slots_win && changes.contains_key(slot)) {
            changes.insert(slot.to_owned(), value);
        }
    }
}

fn read_value(name: &str, kind: Kind, value: &Value, quirks: &Quirks) -> Result<Value, Done> {
    match (kind, value) {
        (Kind::Texts(..), Value::Null) => Ok(Value::Array(Vec::new())),
        (_, Value::Null) => Ok(Value::Null),
        (Kind::Text, Value::String(text)) => Ok(Value::String(stored_text(name, text, quirks))),
        (Kind::Texts(label, max), Value::Array(list)) => read_texts(name, label, max, list),
        (Kind::Address, Value::Object(address)) => read_address(name, address),
        (Kind::Email, Value::Object(_)) => read_email(value, quirks),
        (Kind::Date, Value::String(text)) => read_date(name, text, quirks),
        _ => Err(error::invalid_property(name)),
    }
}

fn stored_text(name: &str, text: &str, quirks: &Quirks) -> String {
    let mut text = text.to_owned();
    if quirks.notes_crlf && name == "personalNotes" && text.contains('\n') {
        text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if quirks.text_trimmed && name != "personalNotes" && text.ends_with(' ') {
        text.truncate(text.trim_end_matches(' ').len());
    }
    text
}

fn read_texts(name: &str, label: &str, max: usize, list: &[Value]) -> Result<Value, Done> {
    if list.len() > max {
        return Err(error::too_many_values(label, list.len(), max));
    }
    match list.iter().all(Value::is_string) {
        true => Ok(Value::Array(list.to_vec())),
        false => Err(error::invalid_property(name)),
    }
}

/// The whole of the object replaces what was there.
fn read_address(name: &str, address: &Map<String, Value>) -> Result<Value, Done> {
    let mut parts = Map::new();
    for (part, value) in address {
        if part.contains('@') {
            continue;
        }
        let known = ADDRESS_PARTS.iter().find(|p| p.eq_ignore_ascii_case(part));
        let known = known
            .ok_or_else(|| error::unknown_property(part, "microsoft.graph.physicalAddress"))?;
        match value {
            Value::Null => {}
            Value::String(_) => {
                parts.insert((*known).to_owned(), value.clone());
            }
            _ => return Err(error::invalid_property(name)),
        }
    }
    Ok(if parts.is_empty() {
        Value::Null
    } else {
        Value::Object(parts)
    })
}

fn read_emails(value: &Value, quirks: &Quirks) -> Result<Vec<Value>, Done> {
    let list = match value {
        Value::Null => &[][..],
        Value::Array(list) => list,
        _ => return Err(error::invalid_property("emailAddresses")),
    };
    if list.len() > EMAIL_SLOTS.len() {
        return Err(error::too_many_values(
            "EmailAddresses",
            list.len(),
            EMAIL_SLOTS.len(),
        ));
    }
    list.iter().map(|email| read_email(email, quirks)).collect()
}

fn read_email(value: &Value, quirks: &Quirks) -> Result<Value, Done> {
    let invalid = || error::invalid_property("emailAddresses");
    let object = value.as_object().ok_or_else(invalid)?;
    let text = |wanted: &str| {
        object
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(wanted))
            .and_then(|(_, v)| v.as_str())
    };
    let (address, name) = (text("address").unwrap_or(""), text("name"));
    if address.is_empty() && name.is_none_or(str::is_empty) {
        return Ok(Value::Null);
    }
    let mut email = Map::new();
    email.insert("name".to_owned(), Value::from(name.unwrap_or(address)));
    let vanishes = quirks.invalid_address_vanishes && address.contains([',', ';', ' ', '<', '>']);
    if !address.is_empty() && !vanishes {
        email.insert("address".to_owned(), Value::from(address));
    }
    Ok(Value::Object(email))
}

fn read_date(name: &str, text: &str, quirks: &Quirks) -> Result<Value, Done> {
    let date = instant::date_of(text).ok_or_else(|| error::invalid_property(name))?;
    let time = if quirks.birthday_at_noon {
        "T11:59:00Z"
    } else {
        "T00:00:00Z"
    };
    Ok(Value::from(date + time))
}

/// Lays `changes` over `content`; gives the names whose value changed, sorted.
pub fn apply(content: &mut Content, changes: Content) -> Vec<String> {
    let mut changed = Vec::new();
    for (name, value) in changes {
        let blank = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let differs = match blank {
            true => content.remove(&name).is_some(),
            false if content.get(&name) == Some(&value) => false,
            false => {
                content.insert(name.clone(), value);
                true
            }
        };
        if differs {
            changed.push(name);
        }
    }
    changed
}
