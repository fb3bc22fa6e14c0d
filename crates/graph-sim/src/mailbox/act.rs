//! What people (and rival products) do in a mailbox, beside the API.

use super::{
    extended::{self, Extended},
    id::ItemRef,
    names, property,
    store::{CONTACTS, Changed, Condition, Contact, DELETED, Doer, Fate, Mailbox},
};
use crate::{done::Done, error, event::Operation, scene::Scene, shelf::Content};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Items and folders by any id that Graph shows for them; a folder that is None is the default one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxAct {
    /// Graph's properties, as in a POST (extended properties too).
    CreateContact {
        folder: Option<String>,
        properties: Map<String, Value>,
    },
    /// Null clears.
    EditContact {
        item: String,
        properties: Map<String, Value>,
    },
    /// Outlook moves to Deleted Items.
    DeleteContact {
        item: String,
    },
    /// Shift+Delete, or retention.
    PurgeContact {
        item: String,
    },
    /// Out of Deleted Items, into the default folder where None.
    RestoreContact {
        item: String,
        folder: Option<String>,
    },
    MoveContact {
        item: String,
        folder: Option<String>,
    },
    /// A copy with every extended property and the photo (F27).
    CopyContact {
        item: String,
        folder: Option<String>,
    },
    /// Takes extended properties away (F37): all, or the one of that id.
    StripContact {
        item: String,
        property: Option<String>,
    },
    SetPhoto {
        item: String,
        content_type: String,
        bytes: Bytes,
    },
    CreateFolder {
        parent: Option<String>,
        name: String,
    },
    RenameFolder {
        folder: String,
        name: String,
    },
    DeleteFolder {
        folder: String,
    },
    /// Back to where the default folder is.
    RestoreFolder {
        folder: String,
    },
    PurgeFolder {
        folder: String,
    },
    /// All contacts of a folder to Deleted Items.
    EmptyFolder {
        folder: Option<String>,
    },
    EmptyDeletedItems,
    /// The mailbox is migrated: every id changes, cursors are lost (F28).
    RemapIds {
        colliding: bool,
    },
    /// Every delta token is lost (F10).
    LoseCursors,
    /// Licence removed, restored, mailbox being moved (F16).
    SetCondition(Condition),
}

impl Mailbox {
    /// Carries out an act; gives the immutable id of a contact or the id of a folder that it made.
    pub fn act(
        &mut self,
        act: &MailboxAct,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<Option<String>, Done> {
        use MailboxAct as A;
        match act {
            A::CreateContact { folder, properties } => {
                let folder = self.named(folder.as_deref())?;
                return self.create(folder, properties, doer, scene).map(Some);
            }
            A::CopyContact { item, folder } => {
                let folder = self.named(folder.as_deref())?;
                return self.copy(self.item(item)?, folder, doer, scene).map(Some);
            }
            A::CreateFolder { parent, name } => {
                let parent = self.named(parent.as_deref())?;
                let number = self.add_folder(parent, name, doer, scene)?;
                return Ok(Some(self.ids.folder(number)));
            }
            A::EditContact { item, properties } => {
                self.change(self.item(item)?, properties, doer, scene)?;
            }
            A::DeleteContact { item } => {
                self.relocate(self.item(item)?, DELETED, Operation::Delete, doer, scene);
            }
            A::PurgeContact { item } => self.purge(self.item(item)?, doer, scene),
            A::RestoreContact { item, folder } => {
                let folder = self.named(folder.as_deref())?;
                self.relocate(self.item(item)?, folder, Operation::Restore, doer, scene);
            }
            A::MoveContact { item, folder } => {
                let folder = self.named(folder.as_deref())?;
                self.relocate(self.item(item)?, folder, Operation::Move, doer, scene);
            }
            A::StripContact { item, property } => {
                self.strip(self.item(item)?, property.as_deref(), doer, scene);
            }
            A::SetPhoto {
                item,
                content_type,
                bytes,
            } => {
                let photo = Some(scene.shelf.photo(content_type, bytes.clone()));
                let fields = vec!["photo".to_owned()];
                let changed = Changed {
                    photo,
                    fields,
                    ..Changed::default()
                };
                self.update(self.item(item)?, changed, doer, scene);
            }
            _ => return self.act_on_folder(act, doer, scene).map(|()| None),
        }
        Ok(None)
    }

    fn act_on_folder(
        &mut self,
        act: &MailboxAct,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<(), Done> {
        use MailboxAct as A;
        match act {
            A::RenameFolder { folder, name } => {
                let folder = self.named(Some(folder))?;
                self.rename_folder(folder, name, doer, scene)?;
            }
            A::DeleteFolder { folder } => {
                let folder = self.named(Some(folder))?;
                self.delete_folder(folder, doer, scene)?;
            }
            A::PurgeFolder { folder } => {
                let folder = self.named(Some(folder))?;
                self.purge_folder(folder, doer, scene)?;
            }
            A::RestoreFolder { folder } => {
                let folder = self.named(Some(folder))?;
                if let Some(found) = self.folders.get_mut(&folder) {
                    found.parent = CONTACTS;
                }
                self.note_folder(folder, Fate::Back, Operation::Restore, doer, scene);
            }
            A::EmptyFolder { folder } => {
                let folder = self.named(folder.as_deref())?;
                for item in self.items_of(folder) {
                    self.relocate(item, DELETED, Operation::Delete, doer, scene);
                }
            }
            A::EmptyDeletedItems => self.empty_deleted(doer, scene)?,
            A::RemapIds { colliding } => {
                self.ids.epoch += 1;
                self.ids.colliding = *colliding;
                self.generation += 1;
            }
            A::LoseCursors => self.generation += 1,
            A::SetCondition(condition) => self.condition = *condition,
            _ => {}
        }
        Ok(())
    }

    fn empty_deleted(&mut self, doer: &Doer, scene: &mut Scene) -> Result<(), Done> {
        for item in self.items_of(DELETED) {
            self.purge(item, doer, scene);
        }
        let folders = self
            .folders
            .iter()
            .filter(|(n, f)| f.parent == DELETED && **n != DELETED);
        let folders: Vec<u32> = folders.map(|(n, _)| *n).collect();
        for folder in folders {
            self.purge_folder(folder, doer, scene)?;
        }
        Ok(())
    }

    fn items_of(&self, folder: u32) -> Vec<u32> {
        self.folder(folder)
            .map(|f| f.items.iter().copied().collect())
            .unwrap_or_default()
    }

    fn named(&self, folder: Option<&str>) -> Result<u32, Done> {
        let number = match folder {
            None | Some("contacts") => Some(CONTACTS),
            Some(id) => self.ids.read_folder(id),
        };
        number
            .filter(|n| self.folders.contains_key(n))
            .ok_or_else(error::item_not_found)
    }

    fn item(&self, id: &str) -> Result<u32, Done> {
        let found: Option<ItemRef> = self.ids.read_item(id);
        let item = found.map(|f| f.item).filter(|i| self.items.contains_key(i));
        item.ok_or_else(error::item_not_found)
    }

    pub(super) fn create(
        &mut self,
        folder: u32,
        properties: &Map<String, Value>,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<String, Done> {
        let mut content = Content::new();
        property::apply(
            &mut content,
            property::read_body(properties, &scene.settings.quirks)?,
        );
        names::complete(&mut content, &scene.settings.quirks);
        let mut contact = Contact::new(scene.shelf.content(content), folder, doer);
        contact.extended = extended::read_body(properties, scene.shelf)?.unwrap_or_default();
        let item = self.insert(contact, doer, scene);
        Ok(self.ids.immutable(item))
    }

    fn copy(&mut self, item: u32, to: u32, doer: &Doer, scene: &mut Scene) -> Result<String, Done> {
        let original = self.items.get(&item).ok_or_else(error::item_not_found)?;
        let mut contact = Contact::new(original.content.clone(), to, doer);
        contact.extended = original.extended.clone();
        contact.photo = original.photo.clone();
        let item = self.insert(contact, doer, scene);
        Ok(self.ids.immutable(item))
    }

    fn change(
        &mut self,
        item: u32,
        properties: &Map<String, Value>,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<(), Done> {
        let contact = self.items.get(&item).ok_or_else(error::item_not_found)?;
        let mut changes = property::read_body(properties, &scene.settings.quirks)?;
        names::regenerate(&contact.content, &mut changes, &scene.settings.quirks);
        let mut content = (*contact.content).clone();
        let mut fields = property::apply(&mut content, changes);
        let mut all = contact.extended.clone();
        if let Some(new) = extended::read_body(properties, scene.shelf)? {
            fields.extend(extended::merge(&mut all, new));
        }
        let content = Some(scene.shelf.content(content));
        let changed = Changed {
            content,
            extended: Some(all),
            photo: None,
            fields,
        };
        self.update(item, changed, doer, scene);
        Ok(())
    }

    pub(super) fn strip(&mut self, item: u32, id: Option<&str>, doer: &Doer, scene: &mut Scene) {
        let Some(contact) = self.items.get(&item) else {
            return;
        };
        let id = id.map(|id| extended::normalise(id).unwrap_or_default());
        let goes = |e: &Extended| id.as_ref().is_none_or(|id| **id == *e.id);
        let fields = contact.extended.iter().filter(|e| goes(e));
        let fields: Vec<String> = fields.map(|e| format!("extended:{}", e.id)).collect();
        let kept = contact
            .extended
            .iter()
            .filter(|e| !goes(e))
            .cloned()
            .collect();
        let changed = Changed {
            extended: Some(kept),
            fields,
            ..Changed::default()
        };
        self.update(item, changed, doer, scene);
    }
}
