//! The records of a mailbox and the log of their changes; every mutation passes through here.

use super::{extended::Extended, id::Ids};
use crate::{
    chance::{hash, mix},
    event::{Actor, Event, Operation},
    quirk::Quirks,
    scene::Scene,
    shelf::{Content, Photo},
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// The folder above all others; never shown.
pub const ROOT: u32 = 0;
/// The default Contacts folder.
pub const CONTACTS: u32 = 1;
pub const DELETED: u32 = 2;
/// The Recoverable Items folder: gone for every API that is served here.
pub const PURGED: u32 = 3;

/// Folders that Exchange keeps for itself and some listings show (graph.md 2.3).
const HIDDEN: [&str; 5] = [
    "Recipient Cache",
    "GAL Contacts",
    "Organizational Contacts",
    "Companies",
    "PeopleCentricConversation Buddies",
];

#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Tenant id.
    pub tenant: Arc<str>,
    /// The owner's object id.
    pub owner: Arc<str>,
    /// Graph's userPurpose.
    pub kind: String,
    pub condition: Condition,
    pub(super) ids: Ids,
    pub(super) salt: u64,
    pub(super) folders: BTreeMap<u32, Folder>,
    pub(super) items: BTreeMap<u32, Contact>,
    /// What folders themselves went through, for `contactFolders/delta`.
    pub(super) folder_changes: BTreeMap<u64, Change>,
    /// Copies of items that lists still show after they left (F6).
    pub(super) ghosts: VecDeque<Ghost>,
    pub(super) categories: Vec<Value>,
    pub(super) settings: Map<String, Value>,
    pub(super) next_folder: u32,
    pub(super) next_item: u32,
    pub(super) sequence: u64,
    /// What was there before the world began: long since seen by every list.
    pub(super) settled: Settled,
    /// Cursors of older generations are lost (410).
    pub(super) generation: u64,
}

/// Whether Graph reaches the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Ready,
    /// A licence was assigned a moment ago; ready at that instant (graph.md 4.1).
    Provisioning {
        ready_ms: i64,
    },
    /// Licence removed, soft-deleted, or on a server of the client's own.
    Unreachable,
    /// Being moved between servers until then (423).
    Moving {
        until_ms: i64,
    },
}

#[derive(Clone, Debug)]
pub struct Folder {
    pub name: String,
    pub parent: u32,
    pub items: BTreeSet<u32>,
    /// By sequence: the last change of every item that is here, and of those that left.
    pub changes: BTreeMap<u64, Change>,
    pub extended: Vec<Extended>,
    pub change: u64,
}

/// A contact's own record; what it says is shared.
#[derive(Clone, Debug)]
pub struct Contact {
    pub content: Arc<Content>,
    pub extended: Vec<Extended>,
    pub photo: Option<Arc<Photo>>,
    pub folder: u32,
    /// Sequence of the last change: the change key.
    pub change: u64,
    pub created_ms: i64,
    pub modified_ms: i64,
    pub creator: Actor,
    pub writer: Actor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// An item, or a folder in the log of folders.
    pub subject: u32,
    pub fate: Fate,
    pub at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Here,
    /// Here again after it had left (Q8).
    Back,
    Left,
}

#[derive(Clone, Debug)]
pub struct Ghost {
    pub item: u32,
    pub until_ms: i64,
    pub contact: Contact,
}

/// What differs in an update; nothing is a touch.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    pub content: Option<Arc<Content>>,
    pub extended: Option<Vec<Extended>>,
    pub photo: Option<Arc<Photo>>,
    pub fields: Vec<String>,
}

/// Who does something, and when.
#[derive(Clone, Debug)]
pub struct Doer {
    pub actor: Actor,
    pub now_ms: i64,
}

/// How far a mailbox had come when the world began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settled {
    pub sequence: u64,
    pub item: u32,
}

impl Mailbox {
    pub fn new(tenant: Arc<str>, owner: Arc<str>, kind: &str, quirks: &Quirks) -> Mailbox {
        let salt = hash(owner.as_bytes()) ^ mix(hash(tenant.as_bytes()));
        let mut mailbox = Mailbox {
            ids: Ids::new(salt, quirks.ids_differ_in_case),
            salt,
            tenant,
            owner,
            kind: kind.to_owned(),
            condition: Condition::Ready,
            folders: BTreeMap::new(),
            items: BTreeMap::new(),
            folder_changes: BTreeMap::new(),
            ghosts: VecDeque::new(),
            categories: Vec::new(),
            settings: Map::new(),
            next_folder: PURGED + 1,
            next_item: 1,
            sequence: 0,
            settled: Settled::default(),
            generation: 100 + salt % 50,
        };
        let own = [
            (ROOT, "Top"),
            (CONTACTS, "Contacts"),
            (DELETED, "Deleted Items"),
            (PURGED, "Purges"),
        ];
        for (number, name) in own {
            mailbox.folders.insert(number, Folder::new(name, ROOT));
        }
        mailbox.add_first_categories();
        if quirks.hidden_folders_listed {
            mailbox.add_hidden_folders(&HIDDEN);
        }
        mailbox
    }

    pub(super) fn folder(&self, folder: u32) -> Option<&Folder> {
        self.folders.get(&folder)
    }

    /// Whether a folder is somewhere below Deleted Items (or is it, or is gone).
    pub(super) fn is_deleted(&self, folder: u32) -> bool {
        let mut at = folder;
        while at != CONTACTS && at != ROOT {
            match self.folders.get(&at) {
                Some(found) if at != DELETED && at != PURGED => at = found.parent,
                _ => return true,
            }
        }
        false
    }

    /// Adds a contact; gives its number.
    pub(super) fn insert(&mut self, mut contact: Contact, doer: &Doer, scene: &mut Scene) -> u32 {
        let item = self.next_item;
        self.next_item += 1;
        let folder = contact.folder;
        contact.change = self.log(folder, item, Fate::Here, doer.now_ms);
        let fields = names_of(&contact, scene);
        self.place(folder, item);
        self.items.insert(item, contact);
        self.record(Operation::Create, folder, item, fields, doer, scene);
        item
    }

    pub(super) fn update(&mut self, item: u32, changed: Changed, doer: &Doer, scene: &mut Scene) {
        let Some(contact) = self.items.get_mut(&item) else {
            return;
        };
        let (folder, before) = (contact.folder, contact.change);
        let photo_only = changed.content.is_none() && changed.extended.is_none();
        let extended_only = changed.content.is_none() && changed.photo.is_none();
        let touched = changed.fields.is_empty();
        contact.content = changed.content.unwrap_or_else(|| contact.content.clone());
        contact.extended = changed
            .extended
            .unwrap_or_else(|| std::mem::take(&mut contact.extended));
        contact.photo = changed.photo.or_else(|| contact.photo.take());
        contact.writer = doer.actor.clone();
        contact.modified_ms = doer.now_ms;
        let quirks = &scene.settings.quirks;
        let silent = match touched {
            true => !quirks.touch_bumps_change_key,
            false => {
                (photo_only && !extended_only && !quirks.photo_echoes_in_delta)
                    || (extended_only && !photo_only && !quirks.extended_echoes_in_delta)
            }
        };
        if !silent {
            self.forget(folder, before);
            let change = self.log(folder, item, Fate::Here, doer.now_ms);
            if let Some(contact) = self.items.get_mut(&item) {
                contact.change = change;
            }
        }
        let operation = if touched {
            Operation::Touch
        } else {
            Operation::Update
        };
        self.record(operation, folder, item, changed.fields, doer, scene);
    }

    /// Moves a contact to another folder: an arrival there, a departure here.
    pub(super) fn relocate(
        &mut self,
        item: u32,
        to: u32,
        operation: Operation,
        doer: &Doer,
        scene: &mut Scene,
    ) {
        let Some(contact) = self.items.get(&item) else {
            return;
        };
        let (from, before) = (contact.folder, contact.change);
        self.leave(from, item, before, doer, scene);
        let back = self.folders.get(&to).is_some_and(|f| {
            f.changes
                .values()
                .any(|c| c.subject == item && c.fate == Fate::Left)
        });
        let change = self.log(
            to,
            item,
            if back { Fate::Back } else { Fate::Here },
            doer.now_ms,
        );
        self.place(to, item);
        if let Some(contact) = self.items.get_mut(&item) {
            contact.folder = to;
            contact.change = change;
            contact.modified_ms = doer.now_ms;
            contact.writer = doer.actor.clone();
        }
        self.record(operation, from, item, Vec::new(), doer, scene);
    }

    /// Takes a contact away for good.
    pub(super) fn purge(&mut self, item: u32, doer: &Doer, scene: &mut Scene) {
        let Some(contact) = self.items.get(&item) else {
            return;
        };
        let (folder, before) = (contact.folder, contact.change);
        self.leave(folder, item, before, doer, scene);
        self.items.remove(&item);
        self.record(Operation::Purge, folder, item, Vec::new(), doer, scene);
    }

    fn leave(&mut self, folder: u32, item: u32, before: u64, doer: &Doer, scene: &mut Scene) {
        self.forget(folder, before);
        self.keep_ghost(item, doer.now_ms, scene);
        let Some(found) = self.folders.get_mut(&folder) else {
            return;
        };
        found.items.remove(&item);
        // Q7: the delete that empties a folder has no delta event. F9: any delete may miss its event.
        let last = found.items.is_empty() && scene.settings.quirks.last_delete_missing_in_delta;
        if last || scene.strikes(scene.settings.faults.delete_missing) {
            return;
        }
        self.log(folder, item, Fate::Left, doer.now_ms);
    }

    fn keep_ghost(&mut self, item: u32, now_ms: i64, scene: &Scene) {
        let lag = self.lag_ms(self.sequence ^ 0x6057, scene);
        if lag > 0
            && let Some(contact) = self.items.get(&item)
        {
            self.ghosts.retain(|g| g.until_ms > now_ms);
            self.ghosts.push_back(Ghost {
                item,
                until_ms: now_ms + lag,
                contact: contact.clone(),
            });
        }
    }

    fn place(&mut self, folder: u32, item: u32) {
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.items.insert(item);
        }
    }

    fn forget(&mut self, folder: u32, change: u64) {
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.changes.remove(&change);
        }
    }

    fn log(&mut self, folder: u32, item: u32, fate: Fate, at_ms: i64) -> u64 {
        self.sequence += 1;
        let change = Change {
            subject: item,
            fate,
            at_ms,
        };
        if let Some(folder) = self.folders.get_mut(&folder) {
            folder.changes.insert(self.sequence, change);
        }
        self.sequence
    }

    /// How long the change of that sequence stays out of lists, filters and deltas (F6, F7): a property
    /// of the change, so that every look agrees.
    pub(super) fn lag_ms(&self, sequence: u64, scene: &Scene) -> i64 {
        let rate = scene.settings.faults.visibility_lag;
        if scene.calm || rate <= 0.0 || sequence <= self.settled.sequence {
            return 0;
        }
        let dice = mix(self.salt ^ sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if (dice >> 11) as f64 / (1u64 << 53) as f64 >= rate {
            return 0;
        }
        (mix(dice) % scene.settings.bounds.visibility_ms.max(1) as u64) as i64
    }

    pub(super) fn record(
        &self,
        operation: Operation,
        folder: u32,
        item: u32,
        fields: Vec<String>,
        doer: &Doer,
        scene: &mut Scene,
    ) {
        if scene.settings.record_events {
            scene.events.push(Event {
                at_ms: doer.now_ms,
                actor: doer.actor.clone(),
                tenant: self.tenant.clone(),
                mailbox: self.owner.clone(),
                folder: Arc::from(self.ids.folder(folder)),
                item: Arc::from(self.ids.immutable(item)),
                operation,
                fields,
            });
        }
    }
}

/// All that a new contact says.
fn names_of(contact: &Contact, scene: &Scene) -> Vec<String> {
    if !scene.settings.record_events {
        return Vec::new();
    }
    let mut names: Vec<String> = contact.content.keys().cloned().collect();
    names.extend(
        contact
            .extended
            .iter()
            .map(|e| format!("extended:{}", e.id)),
    );
    if contact.photo.is_some() {
        names.push("photo".to_owned());
    }
    names.sort();
    names
}

impl Folder {
    pub fn new(name: &str, parent: u32) -> Folder {
        Folder {
            name: name.to_owned(),
            parent,
            items: BTreeSet::new(),
            changes: BTreeMap::new(),
            extended: Vec::new(),
            change: 0,
        }
    }
}

impl Contact {
    pub fn new(content: Arc<Content>, folder: u32, doer: &Doer) -> Contact {
        Contact {
            content,
            extended: Vec::new(),
            photo: None,
            folder,
            change: 0,
            created_ms: doer.now_ms,
            modified_ms: doer.now_ms,
            creator: doer.actor.clone(),
            writer: doer.actor.clone(),
        }
    }
}
