//! Reading the contacts of a folder: in full, by delta, one by id, by stamp.

use crate::{Graph, GraphError, Round, TenantRef};
use bytes::Bytes;
use model::snapshot::Here;
use model::{FolderId, ItemId, MailboxId};

/// What a delta round says of one contact. It carries no stamp and no extended field.
#[derive(Clone, Debug, PartialEq)]
pub enum ContactChange {
    Changed {
        id: ItemId,
        here: Box<Here>,
    },
    /// Deleted, moved, or nothing at all: a reason to ask for the item, never a proof (graph.md 2.4).
    RemovedHint {
        id: ItemId,
    },
}

impl ContactChange {
    pub fn id(&self) -> &ItemId {
        match self {
            Self::Changed { id, .. } | Self::RemovedHint { id } => id,
        }
    }
}

/// One contact asked for by id.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// `folder` tells a move (Deleted Items is a folder too).
    Found { here: Box<Here>, folder: FolderId },
    /// A definite 404 `ErrorItemNotFound` about this very item.
    Gone,
}

/// The whole JSON of one contact, for a prior image. Content: seal it before it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    Found(Bytes),
    Gone,
}

/// A full listing in progress, page by page, so that memory does not grow with the folder.
pub struct FullLook {
    #[allow(dead_code)]
    graph: Graph,
}

impl FullLook {
    /// The next page; `None` only when the listing is complete.
    pub async fn next(&mut self) -> Result<Option<Vec<(ItemId, Here)>>, GraphError> {
        todo!()
    }
}

impl Graph {
    /// Every contact of the folder, with stamps and extended fields.
    pub fn contacts_full(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
    ) -> FullLook {
        let _ = (tenant, mailbox, folder);
        todo!()
    }

    /// What changed in the folder since `cursor`; everything when it is `None` or lost.
    pub async fn contacts_delta(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
        cursor: Option<&str>,
    ) -> Result<Round<ContactChange>, GraphError> {
        let _ = (tenant, mailbox, folder, cursor);
        todo!()
    }

    /// One contact by id, with stamp and extended fields.
    pub async fn contact(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        id: &ItemId,
    ) -> Result<Lookup, GraphError> {
        let _ = (tenant, mailbox, id);
        todo!()
    }

    /// Several contacts by id, 20 to a batch, in the order asked.
    pub async fn contacts_by_id(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        ids: &[ItemId],
    ) -> Result<Vec<(ItemId, Result<Lookup, GraphError>)>, GraphError> {
        let _ = (tenant, mailbox, ids);
        todo!()
    }

    /// The contact exactly as Graph shows it, with our extended properties.
    pub async fn raw_contact(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        id: &ItemId,
    ) -> Result<Raw, GraphError> {
        let _ = (tenant, mailbox, id);
        todo!()
    }

    /// Several contacts as Graph shows them, 20 to a batch, in the order asked.
    pub async fn raw_contacts(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        ids: &[ItemId],
    ) -> Result<Vec<(ItemId, Result<Raw, GraphError>)>, GraphError> {
        let _ = (tenant, mailbox, ids);
        todo!()
    }

    /// Every contact of the folder that carries exactly this stamp.
    pub async fn find_stamp(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
        stamp: &str,
    ) -> Result<Vec<(ItemId, Here)>, GraphError> {
        let _ = (tenant, mailbox, folder, stamp);
        todo!()
    }
}
