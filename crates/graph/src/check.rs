//! Can we work in this tenant: sign-in, permissions, one harmless call.

use crate::{Graph, GraphError, TenantRef};
use std::collections::BTreeSet;

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

/// What a check of one tenant found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Whether a token was given.
    pub sign_in: Result<(), GraphError>,
    /// One harmless call: the organisation's display name.
    pub organization: Result<String, GraphError>,
    /// The application permissions granted; `None` when neither the token nor the directory says.
    pub granted: Option<BTreeSet<String>>,
    /// Needed and not granted. Where `by_mailbox` is set, Exchange may still grant it.
    pub missing: Vec<Permission>,
    /// Granted and not needed.
    pub excess: BTreeSet<String>,
}

impl Graph {
    pub async fn check(&self, tenant: &TenantRef) -> Check {
        let _ = tenant;
        todo!()
    }
}
