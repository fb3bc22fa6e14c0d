//! What a fleet puts into a mailbox before the first request.

use super::{
    extended::Extended,
    store::{CONTACTS, Changed, Doer, Folder, Mailbox, Settled},
};
use crate::{fleet::FolderContent, scene::Scene};
use std::sync::Arc;

/// PR_ATTR_HIDDEN.
const HIDDEN_MARK: &str = "Boolean 0x10f4";

impl Mailbox {
    /// Makes the folder where it is missing, and its contacts. What Graph would refuse is left out.
    pub fn fill(&mut self, content: &FolderContent, doer: &Doer, scene: &mut Scene) {
        let mut folder = CONTACTS;
        for name in content.segments() {
            folder = self.child_or_new(folder, name, doer, scene);
        }
        for contact in &content.contacts {
            for category in &contact.categories {
                let known = self
                    .categories
                    .iter()
                    .any(|c| c.get("displayName").is_some_and(|n| n == category));
                if !known {
                    self.add_category(category);
                }
            }
            let Ok(id) = self.create(folder, &contact.to_graph(), doer, scene) else {
                continue;
            };
            let item = self.ids.read_item(&id).map(|found| found.item);
            if let (Some(item), Some(portrait)) = (item, contact.photo) {
                let photo = Some(scene.shelf.portrait(portrait));
                let fields = vec!["photo".to_owned()];
                self.update(
                    item,
                    Changed {
                        photo,
                        fields,
                        ..Changed::default()
                    },
                    doer,
                    scene,
                );
            }
        }
    }

    /// The world begins: whatever is there has been there for long.
    pub fn settle(&mut self) {
        self.settled = Settled {
            sequence: self.sequence,
            item: self.items.keys().copied().max().unwrap_or(0),
        };
    }

    fn child_or_new(&mut self, parent: u32, name: &str, doer: &Doer, scene: &mut Scene) -> u32 {
        let found = self
            .folders
            .iter()
            .find(|(_, f)| f.parent == parent && f.name.eq_ignore_ascii_case(name));
        match found.map(|(number, _)| *number) {
            Some(number) => number,
            None => self
                .add_folder(parent, name, doer, scene)
                .unwrap_or(CONTACTS),
        }
    }

    /// Hidden folders that Exchange keeps for itself (graph.md 2.3).
    pub(super) fn add_hidden_folders(&mut self, names: &[&str]) {
        for name in names {
            let number = self.next_folder;
            self.next_folder += 1;
            let mut folder = Folder::new(name, CONTACTS);
            folder.extended.push(Extended {
                id: Arc::from(HIDDEN_MARK),
                value: Box::from("true"),
            });
            self.folders.insert(number, folder);
        }
    }
}
