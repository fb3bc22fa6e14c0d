//! Writing contacts: packed into batches, each write with its own outcome.

use crate::{Graph, GraphError, TenantRef};
use bytes::Bytes;
use model::plan::Outcome;
use model::{Etag, Field, FolderId, Item, ItemId, MailboxId, Timestamp, Value};
use std::collections::BTreeMap;

/// An item as it goes over the wire, serialised once and shared by every mailbox that gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card(pub(crate) Bytes);

impl Card {
    pub fn new(item: &Item) -> Self {
        let _ = item;
        todo!()
    }
}

/// One thing to do to one contact.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Put a stamped card into the folder.
    Create {
        folder: FolderId,
        card: Card,
        stamp: String,
    },
    /// Change these fields; `None` blanks one. Graph makes up display name and fileAs whenever another
    /// part of a name changes (graph.md Q15), so what they should say goes with every update.
    Update {
        id: ItemId,
        expect: Option<Etag>,
        changes: BTreeMap<Field, Option<Value>>,
        display_name: Option<String>,
        file_as: Option<String>,
    },
    /// Into Deleted Items, or past it.
    Delete {
        id: ItemId,
        expect: Option<Etag>,
        permanent: bool,
    },
    /// A JPEG.
    SetPhoto { id: ItemId, bytes: Bytes },
}

/// What became of the writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// One per write, in the order given.
    pub outcomes: Vec<Outcome>,
    /// The first trouble that is about the mailbox, the tenant or the network rather than one item:
    /// why outcomes are `NotYet`.
    pub trouble: Option<GraphError>,
}

impl Graph {
    /// Sends the writes, none of them after `not_after`. What was turned away without effect (429, 424)
    /// is sent again while there is time.
    pub async fn write(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        writes: Vec<Write>,
        not_after: Timestamp,
    ) -> Written {
        let _ = (tenant, mailbox, writes, not_after);
        todo!()
    }

    /// Puts a prior image back as a new contact, with `stamp` in place of the one it had.
    pub async fn restore_contact(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
        raw: &[u8],
        stamp: Option<&str>,
        not_after: Timestamp,
    ) -> Written {
        let _ = (tenant, mailbox, folder, raw, stamp, not_after);
        todo!()
    }
}
