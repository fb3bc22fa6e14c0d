//! The directory part of a fleet: people (every kind of mailbox owner), org contacts and groups.

use super::contact::PostalAddress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A user object: a person, or the account behind a shared mailbox, a room or a device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// The object id, a GUID.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Graph's `displayName`; the one thing that must be said.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// User principal name; `given.surname@domain` when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub upn: String,
    /// Primary SMTP address; the user principal name for those who have a mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Further addresses of the mailbox (Graph lists them as `smtp:…` in `proxyAddresses`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Addresses outside the tenant (Graph's `otherMails`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_mails: Vec<String>,
    /// Graph keeps at most one for a user (`businessPhones`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub business_phones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fax_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Graph's `officeLocation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    #[serde(skip_serializing_if = "PostalAddress::is_blank")]
    pub address: PostalAddress,
    /// Two-letter code of where the person's services are used (Graph's `usageLocation`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_location: Option<String>,
    /// For example `de-DE` (Graph's `preferredLanguage`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_type: Option<String>,
    /// `extensionAttribute1` to `15`, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extension_attributes: BTreeMap<u8, String>,
    /// The manager: an id, user principal name, address or name; an id once the fleet is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    #[serde(skip_serializing_if = "PersonKind::is_user")]
    pub kind: PersonKind,
    /// Invited from another tenant (`userType` Guest): no mailbox here.
    #[serde(skip_serializing_if = "is_false")]
    pub guest: bool,
    /// Whether sign-in is allowed (`accountEnabled`); true for people, false for shared mailboxes and rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Hidden from address lists (`showInAddressList` false).
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Whether an Exchange licence is assigned; true for people with a mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licensed: Option<bool>,
    /// Online unless the person is a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<MailboxState>,
    /// Which portrait the person has (see [`crate::fleet::photo`]); none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<u64>,
    /// When the object was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

/// What a mailbox is for (Graph's `userPurpose`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    #[default]
    User,
    Shared,
    Room,
    Equipment,
}

/// Where a person's mailbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxState {
    /// In Exchange Online and ready.
    Online,
    /// There is none.
    None,
    /// On a server of the client's own: Graph answers `MailboxNotEnabledForRESTAPI`.
    OnPremises,
    /// Licensed a moment ago: the same answer, for about 15 minutes.
    Provisioning,
}

/// A mail contact of the organisation (Graph's orgContact).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrgContact {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_fax: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "PostalAddress::is_blank")]
    pub address: PostalAddress,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
}

/// A group and those in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    #[serde(skip_serializing_if = "GroupKind::is_security")]
    pub kind: GroupKind,
    /// The rule of a dynamic group (Graph's `membershipRule`). The simulator shows it; members stay as listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership_rule: Option<String>,
    /// People and org contacts by id, address or name; ids once the fleet is complete.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Nested groups by id or name; ids once the fleet is complete.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    #[default]
    Security,
    Microsoft365,
    /// A distribution list.
    Distribution,
    MailEnabledSecurity,
}

impl Person {
    /// Whether `reference` is this person's id, user principal name, an address of theirs, or their name.
    pub fn is_called(&self, reference: &str) -> bool {
        let same = |s: &str| s.eq_ignore_ascii_case(reference);
        same(&self.id)
            || same(&self.upn)
            || self.mail.as_deref().is_some_and(same)
            || self.aliases.iter().any(|a| same(a))
            || self.name == reference
    }

    /// Where the mailbox is, defaults applied: online, but guests have none.
    pub fn mailbox_state(&self) -> MailboxState {
        match (self.mailbox, self.guest) {
            (Some(state), _) => state,
            (None, true) => MailboxState::None,
            (None, false) => MailboxState::Online,
        }
    }

    /// Whether sign-in is allowed, defaults applied.
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(self.kind == PersonKind::User)
    }

    /// Whether an Exchange licence is assigned, defaults applied.
    pub fn is_licensed(&self) -> bool {
        let has_mailbox = matches!(
            self.mailbox_state(),
            MailboxState::Online | MailboxState::Provisioning
        );
        self.licensed
            .unwrap_or(self.kind == PersonKind::User && has_mailbox)
    }
}

impl PersonKind {
    fn is_user(&self) -> bool {
        *self == PersonKind::User
    }
}

impl GroupKind {
    fn is_security(&self) -> bool {
        *self == GroupKind::Security
    }
}

fn is_false(flag: &bool) -> bool {
    !*flag
}
