//! Contacts as they are written: straight into bytes, without a tree in between.

use super::names::{STAMP, Slot, slot};
use super::text::{clean, is_date, strip};
use bytes::Bytes;
use model::mutant::{self, Mutant};
use model::{Address, Field, Item, Kind, Mail, Value, Values};
use std::io::Write as _;
use std::sync::Arc;

/// An item as it goes over the wire, serialised once and shared by every mailbox that gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it says, against which an answer is read: most answers show just this.
    item: Arc<Item>,
    /// `"displayName":"…",…`: the plain fields without braces.
    plain: Bytes,
    /// `{"id":"…","value":"…"},…`: the extended fields without brackets.
    extended: Bytes,
}

impl Card {
    pub fn new(item: Item) -> Self {
        let (mut plain, mut extended) = (Vec::with_capacity(512), Vec::new());
        for (field, value) in &item.0 {
            put(&mut plain, &mut extended, *field, Some(value));
        }
        Self {
            item: Arc::new(item),
            plain: plain.into(),
            extended: extended.into(),
        }
    }

    pub(crate) fn item(&self) -> &Arc<Item> {
        &self.item
    }

    /// The body of a create request.
    pub fn body(&self, stamp: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.plain.len() + self.extended.len() + 256);
        out.push(b'{');
        out.extend_from_slice(&self.plain);
        comma(&mut out);
        out.extend_from_slice(b"\"singleValueExtendedProperties\":[");
        property(&mut out, STAMP, stamp);
        if !self.extended.is_empty() {
            out.push(b',');
            out.extend_from_slice(&self.extended);
        }
        out.extend_from_slice(b"]}");
        out
    }
}

/// The body of an update: exactly these fields, `None` blanks one.
pub fn patch(changes: &Values) -> Vec<u8> {
    let (mut out, mut extended) = (vec![b'{'], Vec::new());
    for (field, value) in changes {
        put(&mut out, &mut extended, *field, value.as_ref());
    }
    if !extended.is_empty() {
        comma(&mut out);
        out.extend_from_slice(b"\"singleValueExtendedProperties\":[");
        out.extend_from_slice(&extended);
        out.push(b']');
    }
    out.push(b'}');
    out
}

/// The body that makes a stamped folder.
pub fn folder(name: &str, stamp: &str) -> Vec<u8> {
    let mut out = b"{\"displayName\":".to_vec();
    string(&mut out, name);
    out.extend_from_slice(b",\"singleValueExtendedProperties\":[");
    property(&mut out, STAMP, stamp);
    out.extend_from_slice(b"]}");
    out
}

/// A JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    let _ = match mutant::on(Mutant::E11) {
        true => serde_json::to_writer(out, &text.bytes().map(char::from).collect::<String>()),
        false => serde_json::to_writer(out, text),
    };
}

fn put(plain: &mut Vec<u8>, extended: &mut Vec<u8>, field: Field, value: Option<&Value>) {
    match slot(field) {
        Slot::Plain(name) => {
            comma(plain);
            let _ = write!(plain, "\"{name}\":");
            plain_value(plain, field, value);
        }
        Slot::Extended(id) => {
            comma(extended);
            // Graph cannot delete an extended property: an empty text is its blank (graph.md 2.6).
            let text = value.and_then(Value::as_text).unwrap_or("");
            property(extended, id, &clean(field, text));
        }
    }
}

fn plain_value(out: &mut Vec<u8>, field: Field, value: Option<&Value>) {
    match (field.kind(), value) {
        (Kind::Slots { max }, Some(Value::Texts(list))) => texts(out, field, list, max),
        (Kind::Set, Some(Value::Texts(list))) => texts(out, field, list, usize::MAX),
        (Kind::Mails { max }, Some(Value::Mails(list))) => mails(out, list, max),
        (Kind::Slots { .. } | Kind::Set | Kind::Mails { .. }, _) => out.extend_from_slice(b"[]"),
        (Kind::Address, Some(Value::Address(it))) => address(out, field, it),
        (Kind::Address, _) => address(out, field, &Address::default()),
        // 11:59 UTC is the hour at which Exchange keeps birthdays: the same day in every zone.
        (Kind::Date, Some(Value::Date(date))) if is_date(date) => {
            let _ = write!(out, "\"{date}T11:59:00Z\"");
        }
        (Kind::Text | Kind::Notes, Some(Value::Text(text))) => text_or_null(out, field, text),
        _ => out.extend_from_slice(b"null"),
    }
}

fn texts(out: &mut Vec<u8>, field: Field, list: &[String], max: usize) {
    out.push(b'[');
    for text in list.iter().filter(|t| !t.trim().is_empty()).take(max) {
        comma(out);
        string(out, &clean(field, text));
    }
    out.push(b']');
}

fn mails(out: &mut Vec<u8>, list: &[Mail], max: usize) {
    let given = list.iter().filter(|m| !m.address.trim().is_empty());
    out.push(b'[');
    for mail in given.take(max) {
        comma(out);
        out.extend_from_slice(b"{\"address\":");
        // An address is never cut, see `text::fit`.
        string(out, &strip(&mail.address, false));
        if !mail.name.is_empty() {
            out.extend_from_slice(b",\"name\":");
            string(out, &clean(Field::Emails, &mail.name));
        }
        out.push(b'}');
    }
    out.push(b']');
}

/// Addresses go whole: a part that is left out of a PATCH is lost or kept as the server likes.
fn address(out: &mut Vec<u8>, field: Field, address: &Address) {
    let parts = [
        ("street", &address.street),
        ("city", &address.city),
        ("state", &address.state),
        ("postalCode", &address.postal_code),
        ("countryOrRegion", &address.country),
    ];
    out.push(b'{');
    for (name, text) in parts {
        comma(out);
        let _ = write!(out, "\"{name}\":");
        text_or_null(out, field, text);
    }
    out.push(b'}');
}

fn text_or_null(out: &mut Vec<u8>, field: Field, text: &str) {
    let text = clean(field, text);
    if text.trim().is_empty() {
        out.extend_from_slice(b"null");
    } else {
        string(out, &text);
    }
}

fn property(out: &mut Vec<u8>, id: &str, value: &str) {
    out.extend_from_slice(b"{\"id\":");
    string(out, id);
    out.extend_from_slice(b",\"value\":");
    string(out, value);
    out.push(b'}');
}

/// A comma, unless this is the first of its object or list.
fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
}
