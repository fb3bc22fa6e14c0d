//! People as the directory shows them: the facts that selection may ask about.

use crate::{Item, MailboxId};
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
    /// Contacts of source folders: (address, folder path) to key to person.
    pub folders: BTreeMap<(String, String), BTreeMap<String, std::sync::Arc<Person>>>,
}
