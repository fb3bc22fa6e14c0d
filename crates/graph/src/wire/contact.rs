//! Contacts as they are read: absent, null and a value stay three different things.

use super::names::{self, Extra};
use super::text::is_date;
use model::snapshot::{Here, Stamp};
use model::{Address, Etag, Field, FolderId, Item, ItemId, Kind, Mail, Sighting, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One contact of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contact {
    pub id: String,
    pub etag: Option<Etag>,
    /// `@removed`: a hint, never a proof.
    pub removed: bool,
    /// When it was last modified, as Graph writes it: comparable as text.
    pub modified: Option<String>,
    pub parent: Option<FolderId>,
    pub fields: Sighting,
    /// The extended properties that the answer carries and that mean something to us.
    pub extras: Vec<(Extra, String)>,
}

/// Could this answer have carried extended properties?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expanded {
    Yes,
    No,
}

impl Contact {
    pub fn item_id(&self) -> ItemId {
        ItemId(self.id.clone())
    }

    /// What was seen. Where extended properties were asked for, one that is missing is blank; where they
    /// could not be carried, they stay absent and the stamp unread.
    pub fn here(mut self, expanded: Expanded) -> Here {
        let mut stamp = Stamp::Unread;
        if expanded == Expanded::Yes {
            stamp = Stamp::None;
            for field in Field::ALL.iter().filter(|f| f.is_extended()) {
                self.fields.0.append(*field, None);
            }
        }
        for (extra, text) in self.extras {
            match extra {
                Extra::Stamp if !text.is_empty() => stamp = Stamp::Text(text),
                Extra::Field(field) => {
                    self.fields.0.append(field, not_blank(Value::text(text)));
                }
                Extra::Stamp | Extra::Hidden => {}
            }
        }
        Here {
            etag: self.etag,
            fields: self.fields,
            stamp,
        }
    }
}

impl<'de> Deserialize<'de> for Contact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ContactVisitor { sent: None })
    }
}

/// Reads the answer to a create: of the fields, only those that do not show what was sent. A fill reads one answer
/// per card, nearly all of which say what we said: those cost no memory.
pub struct Echo<'a>(pub &'a Item);

impl<'de> DeserializeSeed<'de> for Echo<'_> {
    type Value = Contact;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Contact, D::Error> {
        deserializer.deserialize_map(ContactVisitor { sent: Some(self.0) })
    }
}

struct ContactVisitor<'a> {
    sent: Option<&'a Item>,
}

impl<'de> Visitor<'de> for ContactVisitor<'_> {
    type Value = Contact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a contact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Contact, A::Error> {
        let mut contact = Contact::default();
        while let Some(key) = map.next_key::<Key>()? {
            let raw = map.next_value::<&RawValue>()?.get();
            contact.take(key, raw, self.sent);
        }
        if contact.id.is_empty() {
            return Err(serde::de::Error::custom("a contact without id"));
        }
        Ok(contact)
    }
}

impl Contact {
    /// A value of a shape that we do not know leaves its field absent: nothing is concluded from it.
    fn take(&mut self, key: Key, raw: &str, sent: Option<&Item>) {
        match key {
            Key::Id => self.id = text(raw).unwrap_or_default(),
            Key::Etag => self.etag = text(raw).map(Etag),
            Key::Removed => self.removed = raw != "null",
            Key::Field(field) => match sent {
                None => self.see(field, raw, |_| false),
                Some(sent) => {
                    let sent = sent.get(field);
                    if !is_plainly(raw, sent) {
                        self.see(field, raw, |seen| seen == sent);
                    }
                }
            },
            // Nobody asks an echo when it was written, and where.
            Key::Modified | Key::Parent if sent.is_some() => {}
            Key::Modified => self.modified = text(raw),
            Key::Parent => self.parent = text(raw).map(FolderId),
            Key::Extras => self.extras = extras(raw),
            Key::Other => {}
        }
    }

    fn see(&mut self, field: Field, raw: &str, known: impl Fn(Option<&Value>) -> bool) {
        if let Some(seen) = value(field, raw).filter(|seen| !known(seen.as_ref())) {
            self.fields.0.append(field, seen);
        }
    }
}

/// Does `raw` show just what was sent, as far as that can be told without reading it? `false`: it has to be read.
fn is_plainly(raw: &str, sent: Option<&Value>) -> bool {
    match sent {
        None => matches!(raw, "null" | "[]" | "{}" | "\"\""),
        // A text that holds an escaped character never stands in the answer as it is.
        Some(Value::Text(text)) => unquoted(raw) == Some(&**text) && !raw.contains('\\'),
        Some(_) => false,
    }
}

/// The properties that mean something to us; told apart without an allocation.
enum Key {
    Id,
    Etag,
    Removed,
    Modified,
    Parent,
    Extras,
    Field(Field),
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a property name")
            }
            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Key::of(name))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl Key {
    fn of(name: &str) -> Self {
        match name {
            "id" => Self::Id,
            "@odata.etag" => Self::Etag,
            "@removed" => Self::Removed,
            "lastModifiedDateTime" => Self::Modified,
            "parentFolderId" => Self::Parent,
            "singleValueExtendedProperties" => Self::Extras,
            name => names::plain(name).map_or(Self::Other, Self::Field),
        }
    }
}

/// Outer `None`: not understood, so absent. Inner `None`: null or blank.
fn value(field: Field, raw: &str) -> Option<Option<Value>> {
    if raw == "null" {
        return Some(None);
    }
    let value = match field.kind() {
        Kind::Text | Kind::Notes => Value::text(text(raw)?),
        Kind::Slots { .. } | Kind::Set => Value::Texts(texts(raw)?.into()),
        Kind::Mails { .. } => Value::Mails(mails(raw)?.into()),
        Kind::Address => Value::Address(Box::new(address(raw)?)),
        Kind::Date => Value::Date(date(&text(raw)?).into()),
    };
    Some(not_blank(value))
}

fn not_blank(value: Value) -> Option<Value> {
    (!value.is_blank()).then_some(value)
}

/// Most texts have nothing escaped and stand in the answer as they are: `raw` is known to be JSON.
fn text(raw: &str) -> Option<String> {
    match unquoted(raw).filter(|plain| !plain.contains('\\')) {
        Some(plain) => Some(plain.to_owned()),
        None => serde_json::from_str(raw).ok(),
    }
}

fn unquoted(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// Null slots are closed up.
fn texts(raw: &str) -> Option<Vec<String>> {
    let list: Vec<Option<String>> = serde_json::from_str(raw).ok()?;
    let given = list.into_iter().flatten();
    Some(given.filter(|t| !t.trim().is_empty()).collect())
}

#[derive(Deserialize)]
struct WireMail<'a> {
    #[serde(borrow)]
    address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

fn mails(raw: &str) -> Option<Vec<Mail>> {
    let list: Vec<Option<WireMail<'_>>> = serde_json::from_str(raw).ok()?;
    let mail = |wire: WireMail<'_>| {
        let address = wire.address.filter(|a| !a.trim().is_empty())?;
        Some(Mail {
            address: address.into_owned(),
            name: wire.name.map(Cow::into_owned).unwrap_or_default(),
        })
    };
    Some(list.into_iter().flatten().filter_map(mail).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAddress {
    street: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    country_or_region: Option<String>,
}

fn address(raw: &str) -> Option<Address> {
    let wire: WireAddress = serde_json::from_str(raw).ok()?;
    Some(Address {
        street: wire.street.unwrap_or_default(),
        city: wire.city.unwrap_or_default(),
        state: wire.state.unwrap_or_default(),
        postal_code: wire.postal_code.unwrap_or_default(),
        country: wire.country_or_region.unwrap_or_default(),
    })
}

/// The day alone: the hour is Exchange's own business. Year 1 is how "no birthday" comes back.
fn date(text: &str) -> String {
    match text.get(..10) {
        Some(day) if is_date(day) && day != "0001-01-01" => day.to_owned(),
        _ => String::new(),
    }
}

#[derive(Deserialize)]
struct WireProperty<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    value: Option<String>,
}

/// The extended properties among `raw` that mean something to us.
pub fn extras(raw: &str) -> Vec<(Extra, String)> {
    let list: Vec<WireProperty<'_>> = serde_json::from_str(raw).unwrap_or_default();
    let known = |p: WireProperty<'_>| Some((names::extra(&p.id)?, p.value.unwrap_or_default()));
    list.into_iter().filter_map(known).collect()
}
