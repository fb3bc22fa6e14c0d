//! Application permissions: what Almanac needs, what stands in for it, and what is granted for nothing.

use std::collections::{BTreeMap, BTreeSet};

/// An application permission that Almanac needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    pub name: &'static str,
    /// The app role's GUID in Microsoft Graph (graph.md 1.7).
    pub id: &'static str,
    pub why: &'static str,
    /// May be granted by Exchange (RBAC for Applications) instead, and then a token does not show it.
    pub by_mailbox: bool,
}

/// What contact tunnels need, in the order in which people read it.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        name: "Contacts.ReadWrite",
        id: "6918b873-d17a-4dc1-b314-35f528134491",
        why: "to keep the contact folder of each mailbox, and to read shared folders",
        by_mailbox: true,
    },
    Permission {
        name: "MailboxSettings.Read",
        id: "40f97065-369a-49f4-947c-6a255697ae91",
        why: "to tell people's mailboxes from rooms and shared ones",
        by_mailbox: true,
    },
    Permission {
        name: "User.Read.All",
        id: "df021288-bdef-4463-88db-98f22de89214",
        why: "to read the people of the directory, their photos and managers",
        by_mailbox: false,
    },
    Permission {
        name: "GroupMember.Read.All",
        id: "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        why: "to know who is in the groups that a policy names",
        by_mailbox: false,
    },
    Permission {
        name: "OrgContact.Read.All",
        id: "e1a88a34-94c4-4418-be12-c87b00e26bea",
        why: "to read the organisation's mail contacts",
        by_mailbox: false,
    },
];

const DIRECTORY: &[&str] = &[
    "User.Read.All",
    "GroupMember.Read.All",
    "OrgContact.Read.All",
];

/// Roles that open all that a needed one opens for us, and more: the work goes on, and less would do
/// (graph.md 1.7; permissions-reference, "higher privileged permissions").
pub const WIDER: &[(&str, &[&str])] = &[
    ("Group.Read.All", &["GroupMember.Read.All"]),
    ("Group.ReadWrite.All", &["GroupMember.Read.All"]),
    ("GroupMember.ReadWrite.All", &["GroupMember.Read.All"]),
    ("MailboxSettings.ReadWrite", &["MailboxSettings.Read"]),
    ("User.ReadWrite.All", &["User.Read.All"]),
    ("Directory.Read.All", DIRECTORY),
    ("Directory.ReadWrite.All", DIRECTORY),
];

/// Roles that only read, and nothing of people beyond what the named needed role already reads: many an app
/// registration has them, and there is no reason to take them back.
pub const HARMLESS: &[(&str, &str)] = &[
    ("Contacts.Read", "Contacts.ReadWrite"),
    // Beyond the name: branding and settings of the organisation.
    ("Organization.Read.All", "User.Read.All"),
    // Beyond people's photos: those of groups.
    ("ProfilePhoto.Read.All", "User.Read.All"),
    ("User.ReadBasic.All", "User.Read.All"),
    ("Group.ReadBasic.All", "GroupMember.Read.All"),
    ("GroupMember.ReadBasic.All", "GroupMember.Read.All"),
    // Without it the members of groups that hide them cannot be read.
    ("Member.Read.Hidden", "GroupMember.Read.All"),
];

/// Ids of roles that are not needed, so that a directory that answers in ids reads as names (graph.md 1.7).
const IDS: &[(&str, &str)] = &[
    ("089fe4d0-434a-44c5-8827-41ba8a0b17f5", "Contacts.Read"),
    (
        "498476ce-e0fe-48b0-b801-37ba7e2685c6",
        "Organization.Read.All",
    ),
    ("5b567255-7703-4780-807c-7be8301ae99b", "Group.Read.All"),
    ("658aa5d8-239f-45c4-aa12-864f4fc7e490", "Member.Read.Hidden"),
    (
        "6931bccd-447a-43d1-b442-00a195474933",
        "MailboxSettings.ReadWrite",
    ),
    ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All"),
    (
        "e24d31aa-e1ab-4c80-85fe-23018690335d",
        "ProfilePhoto.Read.All",
    ),
];

/// What a set of granted roles is worth to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Needed permissions that are there, each with the role that gives it.
    pub by: BTreeMap<&'static str, String>,
    /// Needed and not granted. Where `by_mailbox` is set, Exchange may still grant it.
    pub missing: Vec<Permission>,
    /// Granted for nothing, or wider than needed: each with the needed roles that are enough instead.
    pub excess: BTreeMap<String, &'static [&'static str]>,
    /// Granted, not needed, and of no weight beside the named role.
    pub harmless: BTreeMap<String, &'static str>,
}

impl Rights {
    pub fn of(granted: &BTreeSet<String>) -> Self {
        let mut rights = Self::default();
        for permission in PERMISSIONS {
            match giver(granted, permission.name) {
                Some(role) => {
                    rights.by.insert(permission.name, role.to_owned());
                }
                None => rights.missing.push(*permission),
            }
        }
        for role in granted.iter().filter(|role| !is_needed(role)) {
            match beside(role).filter(|needed| rights.by.contains_key(needed)) {
                Some(needed) => {
                    rights.harmless.insert(role.clone(), needed);
                }
                None => {
                    rights.excess.insert(role.clone(), enough(role));
                }
            }
        }
        rights
    }
}

/// The granted role that gives this permission: itself, else a wider one.
fn giver<'a>(granted: &'a BTreeSet<String>, needed: &str) -> Option<&'a str> {
    let wider = WIDER.iter().filter(|(_, gives)| gives.contains(&needed));
    let mut roles = std::iter::once(needed).chain(wider.map(|(role, _)| *role));
    roles.find_map(|role| granted.get(role).map(String::as_str))
}

fn beside(role: &str) -> Option<&'static str> {
    let mut known = HARMLESS.iter().filter(|(name, _)| *name == role);
    known.next().map(|(_, needed)| *needed)
}

fn enough(role: &str) -> &'static [&'static str] {
    let mut known = WIDER.iter().filter(|(name, _)| *name == role);
    known.next().map_or(&[], |(_, gives)| gives)
}

fn is_needed(role: &str) -> bool {
    PERMISSIONS.iter().any(|p| p.name == role)
}

/// The name of an app role; one that we do not know is shown by its id.
pub fn role_name(id: &str) -> String {
    let needed = PERMISSIONS.iter().map(|p| (p.id, p.name));
    let mut known = needed.chain(IDS.iter().copied());
    let found = known.find(|(known, _)| *known == id);
    found.map_or_else(|| id.to_owned(), |(_, name)| name.to_owned())
}
