//! Snapshots: what we last saw of a collection.

use crate::{Etag, ItemId, Sighting};
use std::collections::BTreeMap;

/// Our mark inside an item, as far as this look could tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// This look cannot carry stamps (delta).
    Unread,
    /// The item carries none.
    None,
    /// The raw text of a stamp; the planner says whose it is.
    Text(String),
}

/// What one look says of one item.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Here(Box<Here>),
    /// Proven: asked for by id, and the mailbox answered that there is no such item.
    Gone,
    /// Said to be removed, or simply not answered: no reason to do anything.
    Unseen,
}

/// An item that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    pub etag: Option<Etag>,
    pub fields: Sighting,
    pub stamp: Stamp,
}

/// How far a look reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every item of the folder, with stamps: what is not in it was not there.
    Full,
    /// What changed since the cursor: what is not in it is as it was.
    Changes,
}

/// One look at a member's folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub reach: Reach,
    pub items: BTreeMap<ItemId, Seen>,
    /// Which users' cards show a photo, of those that were asked: no list and no delta tells.
    pub photos: BTreeMap<ItemId, bool>,
}

impl Snapshot {
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            items: BTreeMap::new(),
            photos: BTreeMap::new(),
        }
    }
}
