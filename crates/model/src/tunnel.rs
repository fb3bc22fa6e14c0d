//! Tunnels as they take effect: policy after defaults, lists and inheritance, already checked.

use crate::{BookKey, CatalogId, Fields, Millis, TenantName, TunnelId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A rule: which people, from where, to whom, how far we may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    pub id: TunnelId,
    /// A label; changing it changes nothing else.
    pub name: String,
    pub tenant: TenantName,
    /// Who is asked when something is wrong.
    pub owner: String,
    pub state: TunnelState,
    /// What becomes of our copies when a mailbox leaves the audience or the tunnel is removed.
    pub copies: Copies,
    pub sources: Vec<Source>,
    pub audience: Choice,
    pub folder: TargetFolder,
    /// Every field has a rule here: defaults are filled in.
    pub fields: Fields<FieldRule>,
    pub options: Options,
    pub limits: Limits,
    /// How often the sources are looked at.
    pub every: Millis,
    /// Silence beyond this is told to the owner.
    pub stale_after: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TunnelState {
    Active,
    /// Nothing is read or written for it.
    Paused,
    /// Explicitly removed: members leave as `copies` says.
    Removed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copies {
    Keep,
    Remove,
}

/// The folder in every mailbox of the audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFolder {
    /// Also the key of the book: tunnels of a tenant that name the same folder feed one catalog.
    pub name: BookKey,
    /// Write into the mailbox's default Contacts folder instead of an own one.
    pub default: bool,
}

/// One source of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Stable within the tunnel: `directory`, `mailbox:reception@contoso.example/Contacts`, with `#2` for a twin.
    pub key: String,
    pub place: SourcePlace,
    /// 1 is the highest. Equal priorities: the order in the document decides.
    pub priority: u32,
    /// Meant for this part of the audience only; `None`: for all of it.
    pub only_for: Option<Choice>,
    /// Which of its people are taken.
    pub pick: Choice,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourcePlace {
    Directory {
        members: bool,
        guests: bool,
        org_contacts: bool,
    },
    /// A contact folder by path (`Contacts`, `Contacts/Suppliers`), with its children or not.
    Folder {
        address: String,
        path: String,
        children: bool,
    },
}

/// A choice of people or mailboxes: the union of what it names (everything when it names nothing),
/// narrowed by `where_`, minus what it excludes. Sources, audiences and lists all use it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub everyone: bool,
    /// Group names (unique in the tenant) or object ids; members transitive.
    pub groups: Vec<String>,
    pub departments: Vec<String>,
    /// Addresses.
    pub mailboxes: Vec<String>,
    /// Named lists; checked to exist and to be free of cycles.
    pub lists: Vec<String>,
    /// A CEL expression that must be true. An evaluation error is Unknown.
    pub where_: Option<String>,
    /// Kinds of mailbox; empty: any.
    pub mailbox_kinds: Vec<crate::person::MailboxKind>,
    pub exclude: Option<Box<Choice>>,
}

impl Choice {
    /// Names nothing to pick from, so means everything (still narrowed and minus exclusions).
    pub fn names_nothing(&self) -> bool {
        !self.everyone
            && self.groups.is_empty()
            && self.departments.is_empty()
            && self.mailboxes.is_empty()
            && self.lists.is_empty()
    }
}

/// The two switches of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    pub when_present: WhenPresent,
    pub when_blank: WhenBlank,
}

/// What happens when the source has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenPresent {
    Never,
    IfBlank,
    Always,
    /// Notes only: our text between delimiters, the user's own text outside them stays.
    Append,
}

/// What happens when the source is blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenBlank {
    Keep,
    Clear,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    pub photos: bool,
    /// Leave a person's own card out of their own mailbox.
    pub skip_own_card: bool,
    /// Categories put on every copy, beside those of the source.
    pub categories: Vec<String>,
    pub name_order: NameOrder,
    /// Take people who have no e-mail address.
    pub without_email: bool,
    pub on_user_delete: OnUserDelete,
    /// Bypass Deleted Items when we delete our own copies.
    pub permanent_delete: bool,
    /// ISO 3166 region for phone numbers of people who have no country.
    pub region: Option<String>,
    /// Take disabled accounts too.
    pub include_disabled: bool,
    /// Overwrite a photo that vanished at the source with initials (Graph cannot delete it).
    pub initials_for_lost_photo: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            photos: true,
            skip_own_card: false,
            categories: Vec::new(),
            name_order: NameOrder::FirstLast,
            without_email: true,
            on_user_delete: OnUserDelete::Recreate,
            permanent_delete: false,
            region: None,
            include_disabled: false,
            initials_for_lost_photo: false,
        }
    }
}

/// How display name and fileAs are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameOrder {
    /// Display name as the source has it; fileAs `Last, First`.
    FirstLast,
    /// Display name and fileAs both `Last, First`.
    LastFirst,
    /// Leave both as the source says.
    AsSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUserDelete {
    Recreate,
    Respect,
}

/// How much a run may do before a person must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub items: u64,
    pub percent: u64,
    /// `true`: both must be exceeded; `false`: either one.
    pub both: bool,
    pub per: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            items: 25,
            percent: 10,
            both: true,
            per: Millis::days(1),
        }
    }
}

/// A target book with the tunnels that feed it, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    pub tenant: TenantName,
    pub key: BookKey,
    pub catalog: CatalogId,
    pub tunnels: Vec<Tunnel>,
}

impl Book {
    /// Do the documents of all its tunnels say `state: paused`? Then nobody works on it, whoever asks.
    pub fn is_paused(&self) -> bool {
        self.tunnels.iter().all(|t| t.state == TunnelState::Paused)
    }
}

/// The policy in force: what all documents together mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Changes whenever anything in it does.
    pub version: String,
    pub tunnels: Vec<Tunnel>,
    /// Named lists per tenant.
    pub lists: BTreeMap<TenantName, BTreeMap<String, Choice>>,
}
