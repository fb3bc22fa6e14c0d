//! Contact folders: found by id, by stamp, as the default one, and made.

use crate::{Graph, GraphError, TenantRef};
use model::{FolderId, MailboxId, Timestamp};

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
    /// Every contact folder of the mailbox below the default one, with the default one first; hidden
    /// folders are left out.
    pub async fn folders(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
    ) -> Result<Vec<Folder>, GraphError> {
        let _ = (tenant, mailbox);
        todo!()
    }

    /// The folder that carries this stamp, wherever it was moved and however it is called now.
    pub async fn find_folder_by_stamp(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        stamp: &str,
    ) -> Result<Option<Folder>, GraphError> {
        let _ = (tenant, mailbox, stamp);
        todo!()
    }

    /// The mailbox's own Contacts folder, which Graph does not list (graph.md 2.3).
    pub async fn default_folder(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
    ) -> Result<FolderId, GraphError> {
        let _ = (tenant, mailbox);
        todo!()
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
        let _ = (tenant, mailbox, name, stamp, not_after);
        todo!()
    }
}
