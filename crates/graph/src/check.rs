//! Can we work in this tenant: sign-in, permissions, one harmless call.

use crate::answer::page::{self, Page};
use crate::answer::token;
use crate::paging::Listing;
use crate::permission::{Rights, role_name};
use crate::request::directory as request;
use crate::send::Call;
use crate::{Graph, GraphError, TenantRef};
use model::seam::Response;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What a check of one tenant found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Whether a token was given.
    pub sign_in: Result<(), GraphError>,
    /// One harmless call: the organisation's display name.
    pub organization: Result<String, GraphError>,
    /// The application permissions granted; `None` when neither the token nor the directory says.
    pub granted: Option<BTreeSet<String>>,
    /// What they are worth to us; nothing is said of them when they are not known.
    pub rights: Rights,
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
        Check {
            sign_in: token.map(|_| ()),
            organization,
            rights: granted.as_ref().map(Rights::of).unwrap_or_default(),
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
    fn name(self) -> String {
        role_name(&self.app_role_id)
    }
}
