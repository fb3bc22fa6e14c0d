//! What really happened: the ground truth for oracles, told apart from what any answer claimed.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One committed change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at_ms: i64,
    pub actor: Actor,
    pub tenant: Arc<str>,
    /// Object id of the mailbox's owner; empty for a change of the directory.
    pub mailbox: Arc<str>,
    /// Folder id; empty for a change of the directory.
    pub folder: Arc<str>,
    /// Immutable id of the item, folder id, or object id in the directory.
    pub item: Arc<str>,
    pub operation: Operation,
    /// The names of the properties that changed value, sorted; `photo` and `extended:<id>` among them.
    pub fields: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// An application, by client id.
    App(Arc<str>),
    /// The mailbox's owner, in Outlook or on the phone.
    User,
    Admin,
    /// Another sync product.
    Rival,
    /// The service itself (migration, normalising, retention).
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Create,
    Update,
    /// To Deleted Items (soft deletion in the directory).
    Delete,
    /// For good.
    Purge,
    Move,
    Restore,
    CreateFolder,
    RenameFolder,
    DeleteFolder,
    PurgeFolder,
    /// A write that came in and changed nothing.
    Touch,
}
