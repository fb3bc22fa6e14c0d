//! What others do to our copies behind our back: rival products and services that strip marks (F37, F38).

use super::store::{Changed, Contact, Doer, Mailbox};
use crate::{event::Actor, scene::Scene, shelf::Content};
use serde_json::Value;

impl Mailbox {
    /// Takes every extended property from the item of that id.
    pub fn strip_by_id(&mut self, id: &str, doer: &Doer, scene: &mut Scene) {
        if let Some(found) = self.ids.read_item(id) {
            self.strip(found.item, None, doer, scene);
        }
    }

    /// Takes every extended property from some contact.
    pub fn strip_some(&mut self, dice: u64, now_ms: i64, scene: &mut Scene) {
        if let Some(item) = self.some_item(dice) {
            self.strip(
                item,
                None,
                &Doer {
                    actor: Actor::Service,
                    now_ms,
                },
                scene,
            );
        }
    }

    /// Another product edits some contact, or adds one of its own.
    pub fn rival(&mut self, dice: u64, now_ms: i64, scene: &mut Scene) {
        let doer = Doer {
            actor: Actor::Rival,
            now_ms,
        };
        match self.some_item(dice).filter(|_| dice >> 60 != 0) {
            Some(item) => self.rival_edit(item, dice, &doer, scene),
            // In a shared mailbox it would be a new supplier: somebody whom a source knows.
            None if self.kind == "shared" => {}
            None => self.rival_create(dice, &doer, scene),
        }
    }

    fn rival_edit(&mut self, item: u32, dice: u64, doer: &Doer, scene: &mut Scene) {
        let Some(contact) = self.items.get(&item) else {
            return;
        };
        let mut content = (*contact.content).clone();
        let (name, value) = match dice >> 32 & 3 {
            0 => ("jobTitle", format!("Synced {}", dice % 100)),
            1 => ("mobilePhone", format!("+49 30 {:06}", dice % 1_000_000)),
            2 => ("companyName", "RivalSync".to_owned()),
            _ => (
                "personalNotes",
                format!("Updated by RivalSync {}", dice % 100),
            ),
        };
        content.insert(name.to_owned(), Value::from(value));
        let content = Some(scene.shelf.content(content));
        let changed = Changed {
            content,
            fields: vec![name.to_owned()],
            ..Changed::default()
        };
        self.update(item, changed, doer, scene);
    }

    fn rival_create(&mut self, dice: u64, doer: &Doer, scene: &mut Scene) {
        let mut content = Content::new();
        let name = format!("Rival Contact {}", dice % 1000);
        content.insert("fileAs".to_owned(), Value::from(name.as_str()));
        content.insert("displayName".to_owned(), Value::from(name));
        let folders: Vec<u32> = self
            .folders
            .keys()
            .copied()
            .filter(|f| !self.is_deleted(*f) && *f != 0)
            .collect();
        let folder = folders[dice as usize % folders.len()];
        let contact = Contact::new(scene.shelf.content(content), folder, doer);
        self.insert(contact, doer, scene);
    }

    fn some_item(&self, dice: u64) -> Option<u32> {
        let living = self
            .items
            .iter()
            .filter(|(_, c)| !self.is_deleted(c.folder));
        let count = living.clone().count();
        living
            .map(|(item, _)| *item)
            .nth(dice as usize % count.max(1))
    }
}
