//! What oracles may read of a mailbox: everything, as it is, without lag or chance.

use super::{
    show::Shape,
    store::{Contact, Mailbox, PURGED},
};
use crate::event::Actor;
use serde_json::{Map, Value};

/// A contact as it really is.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactView {
    /// The immutable id.
    pub id: String,
    /// The id without `Prefer: IdType="ImmutableId"`.
    pub regular_id: String,
    pub folder: FolderView,
    /// Graph's properties, ids immutable.
    pub properties: Map<String, Value>,
    /// Normalised id and value, sorted.
    pub extended: Vec<(String, String)>,
    pub photo: Option<u64>,
    pub created_by: Actor,
    pub written_by: Actor,
    pub created_ms: i64,
    pub modified_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderView {
    pub id: String,
    pub name: String,
    pub parent: String,
    /// In Deleted Items, or it is Deleted Items.
    pub deleted: bool,
}

impl Mailbox {
    /// Every contact, those in Deleted Items too, in the order of their making.
    pub fn contacts_view(&self) -> Vec<ContactView> {
        self.items
            .iter()
            .map(|(item, contact)| self.view(*item, contact))
            .collect()
    }

    /// One contact by any of its ids; none when it is gone for good.
    pub fn contact_view(&self, id: &str) -> Option<ContactView> {
        let item = self.ids.read_item(id)?.item;
        self.items
            .get(&item)
            .filter(|contact| contact.folder != PURGED)
            .map(|contact| self.view(item, contact))
    }

    /// Every folder that people see: the default one first; Deleted Items too.
    pub fn folders_view(&self) -> Vec<FolderView> {
        self.folders
            .keys()
            .filter(|n| **n != 0 && **n != PURGED)
            .map(|n| self.folder_view(*n))
            .collect()
    }

    /// How many contacts lie in each of these folders; costs nothing per contact.
    pub fn folder_counts(&self) -> Vec<(FolderView, usize)> {
        let seen = self
            .folders
            .iter()
            .filter(|(n, _)| **n != 0 && **n != PURGED);
        seen.map(|(n, folder)| (self.folder_view(*n), folder.items.len()))
            .collect()
    }

    /// How many contacts, Deleted Items too.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn view(&self, item: u32, contact: &Contact) -> ContactView {
        let shape = Shape {
            immutable: true,
            ..Shape::default()
        };
        let mut extended: Vec<(String, String)> = contact
            .extended
            .iter()
            .map(|e| (e.id.to_string(), e.value.to_string()))
            .collect();
        extended.sort();
        ContactView {
            id: self.ids.immutable(item),
            regular_id: self.ids.regular(item, contact.folder),
            folder: self.folder_view(contact.folder),
            properties: self.show(item, contact, &shape),
            extended,
            photo: contact.photo.as_ref().map(|p| p.hash()),
            created_by: contact.creator.clone(),
            written_by: contact.writer.clone(),
            created_ms: contact.created_ms,
            modified_ms: contact.modified_ms,
        }
    }

    fn folder_view(&self, folder: u32) -> FolderView {
        let found = self.folder(folder);
        FolderView {
            id: self.ids.folder(folder),
            name: found.map_or(String::new(), |f| f.name.clone()),
            parent: self.ids.folder(found.map_or(0, |f| f.parent)),
            deleted: self.is_deleted(folder),
        }
    }
}
