//! People as the directory shows them: the facts that selection may ask about.

use crate::{Item, MailboxId, Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of thing a directory object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    Member,
    Guest,
    OrgContact,
    /// A contact read from a mailbox folder.
    FolderContact,
}

/// What a mailbox is for (Graph: mailboxSettings/userPurpose), or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxKind {
    User,
    Linked,
    Shared,
    Room,
    Equipment,
    Others,
    /// Microsoft answered that there is no usable mailbox.
    None,
}

/// One person of a source: facts for selection, content for the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The key within its collection: directory object id, or item id of a folder contact.
    pub key: String,
    pub kind: PersonKind,
    /// Raw content as the source says it; the planner normalises.
    pub item: Item,
    /// The user principal name; blank for org contacts and folder contacts.
    #[serde(default)]
    pub upn: String,
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Graph's own (unreliable) flag; `None` where it is not said.
    #[serde(default)]
    pub listed: Option<bool>,
    /// ISO 3166 region or country name, as the directory says.
    #[serde(default)]
    pub country: String,
    /// Every SMTP address, lower case, without its prefix.
    #[serde(default)]
    pub addresses: BTreeSet<String>,
    /// Employee id, type, extension attributes and the like: what expressions may name.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Does the directory say that an Exchange plan is enabled? `None`: not said.
    #[serde(default)]
    pub has_plan: Option<bool>,
}

/// A group that a policy names, with its transitive members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: String,
    pub name: String,
    /// Directory object ids of users and org contacts, transitive.
    pub members: BTreeSet<String>,
    /// Those whom an earlier reading showed and the last ones did not, with the instant of the first that did
    /// not: until a later reading confirms it, they count as members wherever that keeps something back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missed: BTreeMap<String, Timestamp>,
}

impl Group {
    /// What a new reading makes of this group. Who has been missing for `apart` is believed to have left.
    pub fn read_again(&self, members: BTreeSet<String>, now: Timestamp, apart: Millis) -> Self {
        let fresh = self.members.iter().map(|id| (id.clone(), now));
        let old = self.missed.iter().map(|(id, since)| (id.clone(), *since));
        let missed = old
            .filter(|(_, since)| now.since(*since) < apart)
            .chain(fresh)
            .filter(|(id, _)| !members.contains(id));
        Self {
            id: self.id.clone(),
            name: self.name.clone(),
            missed: missed.collect(),
            members,
        }
    }
}

/// Everything that selection knows of one tenant at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Directory users by object id.
    pub users: BTreeMap<String, std::sync::Arc<Person>>,
    pub org_contacts: BTreeMap<String, std::sync::Arc<Person>>,
    /// Groups by the name or id that the policy uses. A missing key means: not known, so Unknown.
    pub groups: BTreeMap<String, Group>,
    /// What the census found; a missing key means: not yet asked.
    pub mailboxes: BTreeMap<MailboxId, MailboxKind>,
    /// Hash of each person's photo bytes, where the census saw one.
    pub photos: BTreeMap<String, String>,
    /// Contacts of source folders by key. The same folder with and without what lies below it are two.
    pub folders: BTreeMap<FolderSource, BTreeMap<String, std::sync::Arc<Person>>>,
}

impl Facts {
    /// Did the last readings of a group differ, so that somebody may be in it or not?
    pub fn doubts_a_group(&self) -> bool {
        self.groups.values().any(|group| !group.missed.is_empty())
    }
}

/// A contact folder that is read as a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FolderSource {
    pub address: String,
    pub path: String,
    /// With every folder below it.
    pub children: bool,
}
