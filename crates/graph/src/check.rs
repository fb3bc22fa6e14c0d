//! Can we work in this tenant: sign-in, permissions, one harmless call.

use crate::answer::page::{self, Page};
use crate::answer::token;
use crate::paging::Listing;
use crate::request::directory as request;
use crate::send::Call;
use crate::{Graph, GraphError, TenantRef};
use model::seam::Response;
use serde::Deserialize;
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
    /// Signs in, makes one harmless call, and compares what is granted with what is needed. Whether a
    /// mailbox answers is asked apart ([`Graph::mailbox_kinds`]).
    pub async fn check(&self, tenant: &TenantRef) -> Check {
        let token = self.inner.token(tenant, None).await;
        let organization = match &token {
            Ok(_) => self.organization(tenant).await,
            Err(error) => Err(error.clone()),
        };
        let granted = match &token {
            Ok(token) => self.granted(tenant, &token.bearer).await,
            Err(_) => None,
        };
        let missing = |p: &&Permission| granted.as_ref().is_some_and(|all| !all.contains(p.name));
        Check {
            sign_in: token.map(|_| ()),
            organization,
            missing: PERMISSIONS.iter().filter(missing).copied().collect(),
            excess: granted
                .iter()
                .flatten()
                .filter(|r| !is_needed(r))
                .cloned()
                .collect(),
            granted,
        }
    }

    async fn organization(&self, tenant: &TenantRef) -> Result<String, GraphError> {
        let call = Call::directory(tenant, "reading the organisation's name", 1);
        let read = |r: &Response| page::read::<Page<Organization>>(&r.body);
        let page = self.inner.get(call, &request::organization(), read).await?;
        let first = page.value.into_iter().next().and_then(|o| o.display_name);
        first.ok_or_else(|| GraphError::Incomplete {
            at: call.place(),
            detail: "no organisation was named".to_owned(),
        })
    }

    /// What the token tells, else what the directory tells: it does so only to apps that may read
    /// applications, which we do not ask for.
    async fn granted(&self, tenant: &TenantRef, bearer: &str) -> Option<BTreeSet<String>> {
        if let Some(roles) = token::roles(bearer) {
            return Some(roles);
        }
        let call = Call::directory(tenant, "reading our own permissions", 1);
        let mut listing = Listing::new(request::own_app_roles(&tenant.client_id));
        let mut granted = BTreeSet::new();
        while let Some(page) = listing.next::<Grant>(&self.inner, call).await.ok()? {
            granted.extend(page.into_iter().map(Grant::name));
        }
        Some(granted)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grant {
    app_role_id: String,
}

impl Grant {
    /// A role that we do not know is shown by its id.
    fn name(self) -> String {
        let known = PERMISSIONS.iter().find(|p| p.id == self.app_role_id);
        known.map_or(self.app_role_id, |p| p.name.to_owned())
    }
}

fn is_needed(role: &str) -> bool {
    PERMISSIONS.iter().any(|p| p.name == role)
}
