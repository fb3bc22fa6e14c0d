//! The objects of a directory and the order of their changes.
//!
//! Every change gets the next sequence number, and each object stands in the log once, at its latest: a
//! delta reads the log from where the last one ended and costs what has changed.

use super::schema::Kind;
use crate::fleet::MailboxState;
use crate::shelf::Photo;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) type Id = Arc<str>;
pub(super) use super::row::Row;

#[derive(Clone, Debug)]
pub(super) struct Object {
    pub id: Id,
    pub kind: Kind,
    pub state: State,
    /// What is set; blank properties are absent.
    pub row: Row,
    /// By property: the number of its last change after creation.
    pub changed: BTreeMap<String, u64>,
    /// The number of the object's latest change.
    pub seq: u64,
    /// The number of its creation or restoration.
    pub born: u64,
    pub manager: Option<Id>,
    pub former_manager: Option<Id>,
    /// Of a group: every member it ever had.
    pub members: BTreeMap<Id, Membership>,
    /// The groups that a deleted object was in.
    pub former_groups: BTreeSet<Id>,
    pub licensed: bool,
    pub mailbox: MailboxState,
    pub photo: Option<Portrait>,
    /// What readers still see in place of the current state, and until when.
    pub before: Option<Box<Before>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live,
    /// In the directory's deleted items since then.
    Deleted(i64),
    Purged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub seq: u64,
    pub is_member: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Portrait {
    /// Drawn when somebody looks; what was drawn in full is kept.
    Seed(u64, Option<Arc<Photo>>),
    Taken(Arc<Photo>),
}

/// A state that readers see for a while after it was left (late visibility).
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub until_ms: i64,
    /// Nothing: the object is not seen yet.
    pub row: Option<Row>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub objects: BTreeMap<Id, Object>,
    /// Living users by userPrincipalName in lower case.
    pub by_upn: BTreeMap<String, Id>,
    /// The groups that an object is a direct member of.
    pub parents: BTreeMap<Id, BTreeSet<Id>>,
    /// Living objects of a kind, in the order of lists.
    pub living: BTreeMap<Kind, BTreeSet<Id>>,
    /// Each object of a kind at its latest change.
    pub logs: BTreeMap<Kind, BTreeMap<u64, Id>>,
    /// Changes that deltas do not show before an instant.
    pub late: BTreeMap<u64, i64>,
    pub seq: u64,
}

impl Object {
    pub(super) fn new(id: &str, kind: Kind, row: Row) -> Object {
        Object {
            id: id.into(),
            kind,
            state: State::Live,
            row,
            changed: BTreeMap::new(),
            seq: 0,
            born: 0,
            manager: None,
            former_manager: None,
            members: BTreeMap::new(),
            former_groups: BTreeSet::new(),
            licensed: false,
            mailbox: MailboxState::None,
            photo: None,
            before: None,
        }
    }

    /// The properties that a reader sees now: late visibility shows what was before, or nothing.
    pub(super) fn shown(&self, now_ms: i64) -> Option<&Row> {
        match &self.before {
            Some(before) if now_ms < before.until_ms => before.row.as_ref(),
            _ => (self.state == State::Live).then_some(&self.row),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// Members as they stand, in the order of ids.
    pub(super) fn current_members(&self) -> impl Iterator<Item = &Id> {
        let members = self.members.iter();
        members.filter(|(_, m)| m.is_member).map(|(id, _)| id)
    }
}

impl Store {
    pub(super) fn get(&self, id: &str) -> Option<&Object> {
        self.objects.get(id)
    }

    pub(super) fn living(&self, id: &str) -> Option<&Object> {
        self.get(id).filter(|object| object.is_live())
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        self.living.get(&kind).map_or(0, BTreeSet::len)
    }

    /// Puts a new object in, as the next change. An id that is taken stays with who has it.
    pub(super) fn insert(&mut self, object: Object) {
        let (id, kind) = (object.id.clone(), object.kind);
        if self.objects.contains_key(&id) {
            return;
        }
        if let Some(upn) = upn(&object.row) {
            self.by_upn.insert(upn, id.clone());
        }
        for member in object.members.keys() {
            self.parents
                .entry(member.clone())
                .or_default()
                .insert(id.clone());
        }
        self.living.entry(kind).or_default().insert(id.clone());
        self.objects.insert(id.clone(), object);
        let seq = self.touch(&id);
        if let Some(object) = self.objects.get_mut(&id) {
            object.born = seq;
        }
    }

    /// Gives the object's latest change the next number.
    pub(super) fn touch(&mut self, id: &str) -> u64 {
        let Some(object) = self.objects.get_mut(id) else {
            return self.seq;
        };
        self.seq += 1;
        let log = self.logs.entry(object.kind).or_default();
        log.remove(&object.seq);
        self.late.remove(&object.seq);
        object.seq = self.seq;
        log.insert(self.seq, object.id.clone());
        self.seq
    }

    /// Makes an object known under its own name again, or no longer.
    pub(super) fn set_state(&mut self, id: &str, state: State) {
        let Some(object) = self.objects.get_mut(id) else {
            return;
        };
        object.state = state;
        let living = self.living.entry(object.kind).or_default();
        let upn = upn(&object.row);
        if state == State::Live {
            living.insert(object.id.clone());
            self.by_upn.extend(upn.map(|upn| (upn, object.id.clone())));
        } else {
            living.remove(id);
            // Somebody else may bear the name by now.
            if let Some(upn) = upn.filter(|upn| self.by_upn.get(upn) == Some(&object.id)) {
                self.by_upn.remove(&upn);
            }
        }
    }

    /// Changes one property; null clears it. Whether anything changed.
    pub(super) fn set(&mut self, id: &str, name: &str, value: Value, seq: u64) -> bool {
        let Some(object) = self.objects.get_mut(id) else {
            return false;
        };
        if object.row.get(name).unwrap_or(&Value::Null) == &value {
            return false;
        }
        if name == "userPrincipalName" {
            if let Some(old) = upn(&object.row) {
                self.by_upn.remove(&old);
            }
            let new = value.as_str().map(str::to_lowercase);
            self.by_upn.extend(new.map(|upn| (upn, object.id.clone())));
        }
        match value {
            Value::Null => object.row.remove(name),
            value => object.row.insert(name.to_owned(), value),
        };
        object.changed.insert(name.to_owned(), seq);
        true
    }

    /// Records that `member` joined or left `group`. Whether anything changed.
    pub(super) fn set_member(&mut self, group: &str, member: &str, is_member: bool) -> bool {
        let Some(member) = self.objects.get(member).map(|object| object.id.clone()) else {
            return false;
        };
        let Some(object) = self
            .objects
            .get_mut(group)
            .filter(|g| g.kind == Kind::Group)
        else {
            return false;
        };
        let was = object.members.get(&member).is_some_and(|m| m.is_member);
        if was == is_member {
            return false;
        }
        let seq = self.seq + 1;
        let group = object.id.clone();
        object
            .members
            .insert(member.clone(), Membership { seq, is_member });
        let parents = self.parents.entry(member).or_default();
        match is_member {
            true => parents.insert(group.clone()),
            false => parents.remove(&group),
        };
        self.touch(&group);
        true
    }

    /// Up to which change everything is visible to deltas.
    pub(super) fn horizon(&mut self, now_ms: i64) -> u64 {
        self.late.retain(|_, until_ms| now_ms < *until_ms);
        self.late.keys().next().map_or(self.seq, |first| first - 1)
    }
}

fn upn(row: &Row) -> Option<String> {
    Some(row.get("userPrincipalName")?.as_str()?.to_lowercase())
}
