//! Contact folders: found by id, by stamp, as the default one, and made.

use crate::answer::page::{self, Page};
use crate::answer::write::{Fate, Verb, fate};
use crate::graph::Inner;
use crate::paging::Listing;
use crate::request::mailbox as request;
use crate::send::{Call, Delivery, fault_of};
use crate::wire::card;
use crate::wire::contact::{self, Contact};
use crate::wire::names::Extra;
use crate::{Graph, GraphError, TenantRef};
use model::seam::Response;
use model::{FolderId, MailboxId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::VecDeque;

/// One contact folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub id: FolderId,
    pub name: String,
    pub parent: Option<FolderId>,
    /// Our mark on the folder, if it carries one.
    pub stamp: Option<String>,
}

/// What became of making a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderOutcome {
    Made(Folder),
    /// A folder of that name is there already.
    NameTaken,
    /// Turned away without effect; may be tried again from then on.
    NotYet {
        until: Timestamp,
        trouble: GraphError,
    },
    /// A definite no.
    Refused(GraphError),
    /// May exist: look for its stamp after the commit and visibility bounds have passed.
    Unknown,
}

impl Graph {
    /// Every contact folder of the mailbox, the default one first (if it could be told), each parent
    /// before its children; hidden folders are left out.
    pub async fn folders(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
    ) -> Result<Vec<Folder>, GraphError> {
        let call = Call::mailbox(tenant, mailbox, "listing contact folders");
        let top = self.children(call, mailbox, None).await?;
        let default = self.default_of(call, mailbox, &top).await?;
        let mut found: Vec<Folder> = default.map(Folder::default_one).into_iter().collect();
        let mut open: VecDeque<Folder> = top.into();
        while let Some(folder) = open.pop_front() {
            // A folder that is moved while we look may show up twice.
            if found.iter().any(|known| known.id == folder.id) {
                continue;
            }
            let parent = Some(folder.id.as_str());
            open.extend(self.children(call, mailbox, parent).await?);
            found.push(folder);
        }
        Ok(found)
    }

    /// The folder that carries this stamp, wherever it was moved and however it is called now.
    pub async fn find_folder_by_stamp(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        stamp: &str,
    ) -> Result<Option<Folder>, GraphError> {
        let all = self.folders(tenant, mailbox).await?;
        Ok(all.into_iter().find(|f| f.stamp.as_deref() == Some(stamp)))
    }

    /// The mailbox's own Contacts folder, which Graph does not list (graph.md 2.3).
    pub async fn default_folder(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
    ) -> Result<FolderId, GraphError> {
        let call = Call::mailbox(tenant, mailbox, "looking for the default contact folder");
        let top = self.children(call, mailbox, None).await?;
        let found = self.default_of(call, mailbox, &top).await?;
        found.ok_or_else(|| GraphError::Incomplete {
            at: call.place(),
            detail: "Graph names the default folder only when it holds a contact or a folder"
                .into(),
        })
    }

    /// Makes a stamped folder below the default one.
    pub async fn create_folder(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        name: &str,
        stamp: &str,
        not_after: Timestamp,
    ) -> FolderOutcome {
        let call = Call::mailbox(tenant, mailbox, "making a contact folder");
        let plain = request::create_folder(mailbox.as_str(), card::folder(name, stamp));
        match self.inner.write_once(call, &plain, not_after).await {
            Delivery::Answered { response, permit } => {
                permit.settle(self.inner.signal(&response));
                made(&self.inner, call, stamp, &response)
            }
            Delivery::Lost(_) => FolderOutcome::Unknown,
            Delivery::NotSent { until, trouble } => FolderOutcome::NotYet { until, trouble },
        }
    }

    /// By the parent of a listed folder, by the parent of a contact, by its well-known name: whatever
    /// answers first. `None`: the mailbox is there, but none of the three told.
    async fn default_of(
        &self,
        call: Call<'_>,
        mailbox: &MailboxId,
        top: &[Folder],
    ) -> Result<Option<FolderId>, GraphError> {
        if let Some(parent) = top.iter().find_map(|folder| folder.parent.clone()) {
            return Ok(Some(parent));
        }
        let plain = request::default_by_contact(mailbox.as_str());
        let contacts = self
            .inner
            .get(call, &plain, |r| page::read::<Page<Contact>>(&r.body));
        let contact = contacts.await?.value.into_iter().next();
        if let Some(parent) = contact.and_then(|contact| contact.parent) {
            return Ok(Some(parent));
        }
        let plain = request::default_by_alias(mailbox.as_str());
        let alias = |r: &Response| page::read::<WireFolder>(&r.body);
        match self.inner.ask(call, &plain, alias).await? {
            Ok(folder) => Ok(Some(FolderId(folder.id))),
            Err(fault) if matches!(fault.status, 400 | 404) && !fault.is_no_mailbox() => Ok(None),
            Err(fault) => Err(fault.error(call.place())),
        }
    }

    async fn children(
        &self,
        call: Call<'_>,
        mailbox: &MailboxId,
        parent: Option<&str>,
    ) -> Result<Vec<Folder>, GraphError> {
        let mut listing = Listing::new(request::folders(mailbox.as_str(), parent));
        let mut found = Vec::new();
        while let Some(page) = listing.next::<WireFolder>(&self.inner, call).await? {
            found.extend(page.into_iter().filter_map(WireFolder::visible));
        }
        Ok(found)
    }
}

impl Folder {
    fn default_one(id: FolderId) -> Self {
        Self {
            id,
            name: DEFAULT_NAME.to_owned(),
            parent: None,
            stamp: None,
        }
    }
}

/// How policies call the default folder; mailboxes call it in their own language.
pub const DEFAULT_NAME: &str = "Contacts";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFolder {
    id: String,
    display_name: Option<String>,
    parent_folder_id: Option<String>,
    #[serde(rename = "singleValueExtendedProperties")]
    extras: Option<Box<RawValue>>,
}

impl WireFolder {
    fn visible(self) -> Option<Folder> {
        let extras = self.extras.map(|raw| contact::extras(raw.get()));
        let extras = extras.unwrap_or_default();
        let mut stamp = None;
        for (extra, value) in extras {
            match extra {
                Extra::Hidden if value.eq_ignore_ascii_case("true") => return None,
                Extra::Stamp if !value.is_empty() => stamp = Some(value),
                _ => {}
            }
        }
        Some(Folder {
            id: FolderId(self.id),
            name: self.display_name.unwrap_or_default(),
            parent: self.parent_folder_id.map(FolderId),
            stamp,
        })
    }
}

fn made(inner: &Inner, call: Call<'_>, stamp: &str, response: &Response) -> FolderOutcome {
    let fault = fault_of(response);
    let Some(fault) = fault else {
        // The stamp is never echoed.
        return match page::read::<WireFolder>(&response.body).map(WireFolder::visible) {
            Ok(Some(folder)) => FolderOutcome::Made(Folder {
                stamp: Some(stamp.to_owned()),
                ..folder
            }),
            _ => FolderOutcome::Unknown,
        };
    };
    // Our own lost create may be the one that took the name: the caller looks for the stamp first.
    if fault.status == 409 && fault.is("ErrorFolderExists") {
        return FolderOutcome::NameTaken;
    }
    match fate(Verb::Create, response.status, &fault) {
        Fate::Throttled => {
            let until = inner.throttled_until(response);
            let at = call.place();
            FolderOutcome::NotYet {
                until,
                trouble: GraphError::Throttled { at, until },
            }
        }
        Fate::Unauthorized => FolderOutcome::NotYet {
            until: inner.clock.now(),
            trouble: fault.error(call.place()),
        },
        Fate::Mailbox => FolderOutcome::NotYet {
            until: inner.clock.now() + inner.settings.mailbox_retry,
            trouble: fault.error(call.place()),
        },
        Fate::Refused => FolderOutcome::Refused(fault.error(call.place())),
        _ => FolderOutcome::Unknown,
    }
}
