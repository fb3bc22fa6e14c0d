//! The slow census: what no delta tells (kinds of mailbox, photos, managers), asked 20 to a batch.

use crate::{Graph, GraphError, TenantRef};
use bytes::Bytes;
use model::MailboxId;
use model::person::MailboxKind;
use std::collections::BTreeMap;

/// What each mailbox is for; an error is about that mailbox alone.
pub type Purposes = BTreeMap<MailboxId, Result<MailboxKind, GraphError>>;

/// The version of each user's photo, `None` where there is none; an error is about that user alone.
pub type PhotoTags = BTreeMap<String, Result<Option<String>, GraphError>>;

impl Graph {
    /// `mailboxSettings/userPurpose` of each mailbox. `Ok(None)` as kind: there is no usable mailbox.
    pub async fn mailbox_kinds(
        &self,
        tenant: &TenantRef,
        mailboxes: &[MailboxId],
    ) -> Result<Purposes, GraphError> {
        let _ = (tenant, mailboxes);
        todo!()
    }

    /// The media etag of each user's photo: it changes whenever the photo does.
    pub async fn photo_tags(
        &self,
        tenant: &TenantRef,
        users: &[String],
    ) -> Result<PhotoTags, GraphError> {
        let _ = (tenant, users);
        todo!()
    }

    /// The photo itself.
    pub async fn photo(&self, tenant: &TenantRef, user: &str) -> Result<Option<Bytes>, GraphError> {
        let _ = (tenant, user);
        todo!()
    }

    /// The display name of every user's manager, by the user's object id: a delta cannot carry it.
    pub async fn managers(
        &self,
        tenant: &TenantRef,
    ) -> Result<BTreeMap<String, String>, GraphError> {
        let _ = tenant;
        todo!()
    }
}
