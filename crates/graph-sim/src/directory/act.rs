//! What admins do to a directory.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Object ids throughout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryAct {
    CreateUser {
        id: String,
        properties: Map<String, Value>,
    },
    /// Null clears a property.
    EditUser {
        id: String,
        properties: Map<String, Value>,
    },
    /// Soft deletion, restorable for 30 days.
    DeleteUser {
        id: String,
    },
    RestoreUser {
        id: String,
    },
    /// Deletion for good.
    PurgeUser {
        id: String,
    },
    SetManager {
        id: String,
        manager: Option<String>,
    },
    /// JPEG bytes, or none to take it away.
    SetPhoto {
        id: String,
        photo: Option<Vec<u8>>,
    },
    CreateOrgContact {
        id: String,
        properties: Map<String, Value>,
    },
    EditOrgContact {
        id: String,
        properties: Map<String, Value>,
    },
    DeleteOrgContact {
        id: String,
    },
    CreateGroup {
        id: String,
        properties: Map<String, Value>,
    },
    EditGroup {
        id: String,
        properties: Map<String, Value>,
    },
    DeleteGroup {
        id: String,
    },
    AddMember {
        group: String,
        member: String,
    },
    RemoveMember {
        group: String,
        member: String,
    },
}
