//! A contact or folder as Graph shows it.

use super::{
    extended,
    property::{EMAIL_SLOTS, Kind, PROPERTIES},
    store::{Contact, Mailbox},
};
use crate::{call::Call, instant, odata::Row, shelf::Content};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What of a contact is asked for.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Documented names; None is all.
    pub select: Option<Vec<String>>,
    /// Normalised ids of extended properties to expand.
    pub expand: Vec<String>,
    pub immutable: bool,
    /// `@odata.type` is shown, as in deltas.
    pub typed: bool,
}

impl Shape {
    /// All properties, ids as the call prefers them.
    pub fn whole(call: &Call) -> Shape {
        Shape {
            immutable: call.prefer.immutable_ids,
            ..Shape::default()
        }
    }

    fn shows(&self, name: &str) -> bool {
        self.select
            .as_ref()
            .is_none_or(|names| names.iter().any(|n| n == name))
    }
}

/// A contact while a filter or order looks at it.
pub struct Line<'a> {
    pub mailbox: &'a Mailbox,
    pub item: u32,
    pub contact: &'a Contact,
}

impl Row for Line<'_> {
    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name {
            "emailAddresses" => Some(Cow::Owned(emails(&self.contact.content))),
            "singleValueExtendedProperties" => {
                let all = self.contact.extended.iter();
                let all = all.map(|e| serde_json::json!({"id": &*e.id, "value": &*e.value}));
                Some(Cow::Owned(all.collect()))
            }
            "id" => Some(Cow::Owned(self.mailbox.ids.immutable(self.item).into())),
            "parentFolderId" => Some(Cow::Owned(
                self.mailbox.ids.folder(self.contact.folder).into(),
            )),
            "createdDateTime" => Some(Cow::Owned(instant::rfc3339(self.contact.created_ms).into())),
            "lastModifiedDateTime" => Some(Cow::Owned(
                instant::rfc3339(self.contact.modified_ms).into(),
            )),
            _ => self.contact.content.get(name).map(Cow::Borrowed),
        }
    }
}

impl Mailbox {
    pub(super) fn show(&self, item: u32, contact: &Contact, shape: &Shape) -> Map<String, Value> {
        let mut out = Map::new();
        let key = self.change_key(contact.change);
        out.insert(
            "@odata.etag".to_owned(),
            Value::from(format!("W/\"{key}\"")),
        );
        if shape.typed {
            out.insert(
                "@odata.type".to_owned(),
                Value::from("#microsoft.graph.contact"),
            );
        }
        out.insert(
            "id".to_owned(),
            Value::from(self.item_id(item, contact, shape.immutable)),
        );
        for (name, kind) in PROPERTIES {
            if shape.shows(name) && *kind != Kind::Extended && *name != "id" {
                out.insert((*name).to_owned(), self.value(name, *kind, contact, &key));
            }
        }
        if !shape.expand.is_empty() {
            let shown = extended::show(&contact.extended, &shape.expand);
            if !shown.is_empty() {
                out.insert(
                    "singleValueExtendedProperties".to_owned(),
                    Value::Array(shown),
                );
            }
        }
        out
    }

    fn value(&self, name: &str, kind: Kind, contact: &Contact, key: &str) -> Value {
        match (name, kind) {
            ("changeKey", _) => Value::from(key),
            ("createdDateTime", _) => Value::from(instant::rfc3339(contact.created_ms)),
            ("lastModifiedDateTime", _) => Value::from(instant::rfc3339(contact.modified_ms)),
            ("parentFolderId", _) => Value::from(self.ids.folder(contact.folder)),
            (_, Kind::Emails) => emails(&contact.content),
            (_, Kind::Texts(..)) => contact
                .content
                .get(name)
                .cloned()
                .unwrap_or_else(|| Value::Array(Vec::new())),
            (_, Kind::Address) => contact
                .content
                .get(name)
                .cloned()
                .unwrap_or_else(|| Value::Object(Map::new())),
            _ => contact.content.get(name).cloned().unwrap_or(Value::Null),
        }
    }

    pub(super) fn item_id(&self, item: u32, contact: &Contact, immutable: bool) -> String {
        match immutable {
            true => self.ids.immutable(item),
            false => self.ids.regular(item, contact.folder),
        }
    }

    /// Exchange's change key: opaque, new with every change.
    pub(super) fn change_key(&self, change: u64) -> String {
        let mut bytes = [0u8; 20];
        bytes[..8].copy_from_slice(&[0x11, 0, 0, 0, 0x16, 0, 0, 0]);
        bytes[8..12].copy_from_slice(&self.salt.to_be_bytes()[..4]);
        bytes[12..].copy_from_slice(&change.to_be_bytes());
        STANDARD.encode(bytes)
    }

    pub(super) fn show_folder(&self, folder: u32, expand: &[String]) -> Map<String, Value> {
        let mut out = Map::new();
        let Some(found) = self.folder(folder) else {
            return out;
        };
        out.insert("id".to_owned(), Value::from(self.ids.folder(folder)));
        out.insert("displayName".to_owned(), Value::from(found.name.as_str()));
        out.insert(
            "parentFolderId".to_owned(),
            Value::from(self.ids.folder(found.parent)),
        );
        let shown = extended::show(&found.extended, expand);
        if !shown.is_empty() {
            out.insert(
                "singleValueExtendedProperties".to_owned(),
                Value::Array(shown),
            );
        }
        out
    }
}

/// The compact list: the slots that are filled, in order.
pub fn emails(content: &Content) -> Value {
    EMAIL_SLOTS
        .iter()
        .filter_map(|slot| content.get(*slot).cloned())
        .collect()
}

/// `@odata.context` of an answer.
pub fn context(call: &Call, of: &str) -> Value {
    Value::from(format!("{}/$metadata#{of}", call.base))
}
