//! Members: a contact folder of one mailbox that takes part in a catalog.

use crate::{CatalogId, FolderId, MailboxId, MemberId, TenantName, Timestamp, ViewId};
use serde::{Deserialize, Serialize};

/// Where a member stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// In the audience.
    Active,
    /// Left the audience or the tunnel is removed: our copies are taken back.
    LeavingRemove,
    /// Left the audience or the tunnel is removed: copies stay and are no longer ours.
    LeavingKeep,
    /// Nothing more to do here.
    Left,
}

/// One target folder and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: MemberId,
    pub tenant: TenantName,
    pub catalog: CatalogId,
    pub mailbox: MailboxId,
    /// An address to show to people; never part of identity.
    pub address: String,
    /// `None` until the folder was found or created.
    pub folder: Option<FolderId>,
    /// The display name of the folder when last seen.
    pub folder_name: String,
    pub view: ViewId,
    /// Everything up to this catalog version has been settled here.
    pub through: i64,
    /// Delta link of the folder; `None`: a full look is due.
    pub cursor: Option<String>,
    pub state: MemberState,
    /// Seen leaving the audience once; waits for a second complete round.
    pub leaving: Option<crate::catalog::Leaving>,
    /// When a complete listing with stamps was last settled.
    pub looked_full_at: Option<Timestamp>,
    /// When anything was last written and settled here.
    pub written_at: Option<Timestamp>,
    /// Cards that are not copies of ours were in the folder at the last full look, or were seen since: somebody new
    /// may be among them.
    pub strangers: bool,
}

impl Member {
    /// Seen outside of its audience once: nothing is written to it before a second round has decided.
    pub fn is_doubted(&self) -> bool {
        self.state == MemberState::Active && self.leaving.is_some()
    }
}
