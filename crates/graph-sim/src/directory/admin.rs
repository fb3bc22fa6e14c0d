//! What admins do to a directory, and how late others see it.

use super::schema::Kind;
use super::store::{Before, Object, Portrait, Row, State};
use super::{Directory, DirectoryAct, seed};
use crate::event::{Actor, Event, Operation};
use crate::fleet::MailboxState;
use crate::scene::Scene;
use serde_json::{Map, Value, json};

/// Deleted users and Microsoft 365 groups can be restored for 30 days (graph.md 4.2).
const RESTORABLE_MS: i64 = 30 * 86_400_000;

pub(super) fn is_restorable(state: State, now_ms: i64) -> bool {
    matches!(state, State::Deleted(at_ms) if now_ms - at_ms < RESTORABLE_MS)
}

impl Directory {
    /// What an admin does. Changes are pushed to `scene.events`; an act that cannot be done (an unknown id,
    /// a second object of the same id) changes nothing.
    pub fn act(&mut self, act: &DirectoryAct, now_ms: i64, scene: &mut Scene) {
        match act {
            DirectoryAct::CreateUser { id, properties } => {
                self.create(Kind::User, id, properties, now_ms, scene);
            }
            DirectoryAct::CreateOrgContact { id, properties } => {
                self.create(Kind::OrgContact, id, properties, now_ms, scene);
            }
            DirectoryAct::CreateGroup { id, properties } => {
                self.create(Kind::Group, id, properties, now_ms, scene);
            }
            DirectoryAct::EditUser { id, properties }
            | DirectoryAct::EditOrgContact { id, properties }
            | DirectoryAct::EditGroup { id, properties } => {
                self.edit(id, properties, now_ms, scene);
            }
            DirectoryAct::DeleteUser { id } | DirectoryAct::DeleteGroup { id } => {
                self.delete(id, now_ms, scene);
            }
            DirectoryAct::PurgeUser { id } | DirectoryAct::DeleteOrgContact { id } => {
                self.purge(id, now_ms, scene);
            }
            DirectoryAct::RestoreUser { id } => self.restore(id, now_ms, scene),
            DirectoryAct::SetManager { id, manager } => {
                self.set_manager(id, manager.as_deref(), now_ms, scene);
            }
            DirectoryAct::SetPhoto { id, photo } => {
                self.set_photo(id, photo.as_deref(), now_ms, scene);
            }
            DirectoryAct::AddMember { group, member } => {
                self.set_member(group, member, true, now_ms, scene);
            }
            DirectoryAct::RemoveMember { group, member } => {
                self.set_member(group, member, false, now_ms, scene);
            }
        }
    }

    /// Says where a user's mailbox is and whether Exchange is licensed, as `assignedPlans` and photos show it.
    pub fn set_mailbox(&mut self, id: &str, mailbox: MailboxState, licensed: bool) {
        let key = id.to_lowercase();
        let Some(user) = self.store.objects.get_mut(&*key) else {
            return;
        };
        user.mailbox = mailbox;
        if user.licensed != licensed {
            user.licensed = licensed;
            let seq = self.store.touch(&key);
            if let Some(user) = self.store.objects.get_mut(&*key) {
                user.changed.insert("assignedPlans".to_owned(), seq);
                user.changed.insert("assignedLicenses".to_owned(), seq);
            }
        }
    }

    /// Loses every delta token that is out: the next use gets 410.
    pub fn lose_tokens(&mut self) {
        self.epoch += 1;
    }

    fn create(
        &mut self,
        kind: Kind,
        id: &str,
        properties: &Map<String, Value>,
        now_ms: i64,
        scene: &mut Scene,
    ) {
        let id = id.to_lowercase();
        if self.store.get(&id).is_some() {
            return;
        }
        let mut row = defaults(kind, now_ms);
        let given = properties.iter().filter(|(_, value)| !value.is_null());
        for (name, value) in given {
            row.insert(name.clone(), value.clone());
        }
        row.insert("id", Value::from(id.as_str()));
        let is_guest = row.get("userType") == Some(&json!("Guest"));
        let mut object = Object::new(&id, kind, row);
        if kind == Kind::User && !is_guest {
            object.mailbox = MailboxState::Online;
            object.licensed = true;
        }
        self.store.insert(object);
        self.delay(&id, None, now_ms, scene);
        let fields = properties.keys().cloned().collect();
        self.tell(&id, Operation::Create, fields, now_ms, scene);
    }

    fn edit(&mut self, id: &str, properties: &Map<String, Value>, now_ms: i64, scene: &mut Scene) {
        let id = id.to_lowercase();
        let Some(before) = self.store.living(&id).map(|object| object.row.clone()) else {
            return;
        };
        let seq = self.store.seq + 1;
        let mut fields = Vec::new();
        for (name, value) in properties.iter().filter(|(name, _)| *name != "id") {
            let is_empty_list = value.as_array().is_some_and(Vec::is_empty);
            let value = if is_empty_list {
                Value::Null
            } else {
                value.clone()
            };
            if self.store.set(&id, name, value, seq) {
                fields.push(name.clone());
            }
        }
        if fields.is_empty() {
            return self.tell(&id, Operation::Touch, fields, now_ms, scene);
        }
        self.store.touch(&id);
        self.delay(&id, Some(before), now_ms, scene);
        self.tell(&id, Operation::Update, fields, now_ms, scene);
    }

    /// Users and Microsoft 365 groups can come back; other groups are gone.
    fn delete(&mut self, id: &str, now_ms: i64, scene: &mut Scene) {
        let id = id.to_lowercase();
        let Some(object) = self.store.living(&id) else {
            return;
        };
        let types = object.row.get("groupTypes").and_then(Value::as_array);
        let is_unified = types.is_some_and(|types| types.contains(&json!("Unified")));
        if object.kind == Kind::Group && !is_unified {
            return self.purge(&id, now_ms, scene);
        }
        let before = object.row.clone();
        self.leave_groups(&id);
        self.store.set_state(&id, State::Deleted(now_ms));
        self.store.touch(&id);
        self.delay(&id, Some(before), now_ms, scene);
        self.tell(&id, Operation::Delete, Vec::new(), now_ms, scene);
    }

    fn purge(&mut self, id: &str, now_ms: i64, scene: &mut Scene) {
        let id = id.to_lowercase();
        let Some(object) = self.store.get(&id).filter(|o| o.state != State::Purged) else {
            return;
        };
        let before = object.is_live().then(|| object.row.clone());
        self.leave_groups(&id);
        self.store.set_state(&id, State::Purged);
        self.store.touch(&id);
        if let Some(object) = self.store.objects.get_mut(&*id) {
            object.row = Row::new();
            object.former_groups.clear();
        }
        if before.is_some() {
            self.delay(&id, before, now_ms, scene);
        }
        self.tell(&id, Operation::Purge, Vec::new(), now_ms, scene);
    }

    fn restore(&mut self, id: &str, now_ms: i64, scene: &mut Scene) {
        let id = id.to_lowercase();
        let Some(object) = self.store.objects.get_mut(&*id) else {
            return;
        };
        if !is_restorable(object.state, now_ms) {
            return;
        }
        object.before = None;
        let groups = std::mem::take(&mut object.former_groups);
        self.store.set_state(&id, State::Live);
        let seq = self.store.touch(&id);
        if let Some(object) = self.store.objects.get_mut(&*id) {
            object.born = seq;
        }
        for group in groups {
            self.store.set_member(&group, &id, true);
        }
        self.delay(&id, None, now_ms, scene);
        self.tell(&id, Operation::Restore, Vec::new(), now_ms, scene);
    }

    fn leave_groups(&mut self, id: &str) {
        let groups = self.store.parents.get(id).cloned().unwrap_or_default();
        for group in &groups {
            self.store.set_member(group, id, false);
        }
        if let Some(object) = self.store.objects.get_mut(id) {
            object.former_groups.extend(groups);
        }
    }

    fn set_manager(&mut self, id: &str, manager: Option<&str>, now_ms: i64, scene: &mut Scene) {
        let id = id.to_lowercase();
        let manager = manager.map(|manager| manager.to_lowercase().into());
        let Some(object) = self
            .store
            .objects
            .get_mut(&*id)
            .filter(|o| o.manager != manager)
        else {
            return;
        };
        object.former_manager = std::mem::replace(&mut object.manager, manager);
        let seq = self.store.touch(&id);
        if let Some(object) = self.store.objects.get_mut(&*id) {
            object.changed.insert("manager".to_owned(), seq);
        }
        let fields = vec!["manager".to_owned()];
        self.tell(&id, Operation::Update, fields, now_ms, scene);
    }

    /// Photos are no property of the main store: deltas do not tell them.
    fn set_photo(&mut self, id: &str, photo: Option<&[u8]>, now_ms: i64, scene: &mut Scene) {
        let id = id.to_lowercase();
        let Some(object) = self.store.objects.get_mut(&*id) else {
            return;
        };
        let taken = photo.map(|bytes| scene.shelf.photo("image/jpeg", bytes.to_vec().into()));
        object.photo = taken.map(Portrait::Taken);
        let fields = vec!["photo".to_owned()];
        self.tell(&id, Operation::Update, fields, now_ms, scene);
    }

    fn set_member(
        &mut self,
        group: &str,
        member: &str,
        is_member: bool,
        now_ms: i64,
        scene: &mut Scene,
    ) {
        let (group, member) = (group.to_lowercase(), member.to_lowercase());
        if self.store.set_member(&group, &member, is_member) {
            let fields = vec!["members".to_owned()];
            self.tell(&group, Operation::Update, fields, now_ms, scene);
        }
    }

    /// With late visibility (F6, F7), readers see `before` for a while and deltas nothing yet.
    fn delay(&mut self, id: &str, before: Option<Row>, now_ms: i64, scene: &mut Scene) {
        if !scene.strikes(scene.settings.faults.directory_late) {
            return;
        }
        let span = scene.settings.bounds.visibility_ms.max(1) as u64;
        let until_ms = now_ms + 1 + scene.chance.below(span) as i64;
        let Some(object) = self.store.objects.get_mut(id) else {
            return;
        };
        self.store.late.insert(object.seq, until_ms);
        object.before = Some(Box::new(Before {
            until_ms,
            row: before,
        }));
    }

    fn tell(
        &self,
        id: &str,
        operation: Operation,
        mut fields: Vec<String>,
        now_ms: i64,
        scene: &mut Scene,
    ) {
        fields.sort();
        scene.events.push(Event {
            at_ms: now_ms,
            actor: Actor::Admin,
            tenant: self.tenant.clone(),
            mailbox: "".into(),
            folder: "".into(),
            item: id.into(),
            operation,
            fields,
        });
    }
}

/// What a new object has without being told.
fn defaults(kind: Kind, now_ms: i64) -> Row {
    let created = json!(seed::timestamp(now_ms));
    let values = match kind {
        Kind::User => vec![
            ("accountEnabled", json!(true)),
            ("userType", json!("Member")),
            ("createdDateTime", created),
        ],
        Kind::OrgContact => Vec::new(),
        Kind::Group => vec![
            ("mailEnabled", json!(false)),
            ("securityEnabled", json!(true)),
            ("createdDateTime", created),
        ],
    };
    let mut row = Row::new();
    for (name, value) in values {
        row.insert(name, value);
    }
    row
}
