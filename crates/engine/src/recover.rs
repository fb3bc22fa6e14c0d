//! Recovery: a catalog that the store does not know may still have copies out there, with stamps that say whose.
//!
//! Entry ids are derived from people, so almost every stamp leads home by itself. Only a person whose entry was
//! minted under another of their identities needs the stamps before the first compilation; a few folders tell.

use crate::job::JobError;
use crate::world::{Engine, Tenant};
use graph::GraphError;
use model::member::{Member, MemberState};
use model::snapshot::Stamp;
use model::tunnel::Book;
use model::{CatalogId, EntryId, MailboxId, MemberId, ViewId};
use planner::stamp::{self, Mark};
use std::collections::BTreeSet;

/// Folders with copies that are read, and mailboxes that are asked at most.
const FOLDERS: usize = 3;
const MAILBOXES: usize = 20;

/// The entries that stamps in some of these mailboxes speak of.
pub(crate) async fn known_stamps(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    mailboxes: &[MailboxId],
) -> Result<BTreeSet<EntryId>, JobError> {
    let (mut known, mut folders) = (BTreeSet::new(), 0);
    for mailbox in mailboxes.iter().take(MAILBOXES) {
        let found = match stamps(engine, tenant, book, mailbox).await {
            Ok(found) => found,
            // One mailbox that does not answer tells nothing; the next may.
            Err(error @ (GraphError::SignIn { .. } | GraphError::Credential { .. })) => {
                return Err(error.into());
            }
            Err(_) => continue,
        };
        folders += usize::from(!found.is_empty());
        known.extend(found);
        if folders == FOLDERS {
            break;
        }
    }
    Ok(known)
}

/// What a search for forgotten copies found.
#[derive(Debug, Default)]
pub(crate) struct Strays {
    pub mailboxes: BTreeSet<MailboxId>,
    /// A mailbox did not answer: search again.
    pub incomplete: bool,
}

/// Which of these mailboxes hold copies of the book: one folder list each, and a listing where there is a folder.
pub(crate) async fn strays(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    mailboxes: &[MailboxId],
) -> Result<Strays, JobError> {
    let mut strays = Strays::default();
    for mailbox in mailboxes {
        match stamps(engine, tenant, book, mailbox).await {
            Ok(found) if found.is_empty() => {}
            Ok(_) => {
                strays.mailboxes.insert(mailbox.clone());
            }
            Err(GraphError::SignIn { at, reason }) => {
                return Err(GraphError::SignIn { at, reason }.into());
            }
            Err(_) => strays.incomplete = true,
        }
    }
    Ok(strays)
}

async fn stamps(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    mailbox: &MailboxId,
) -> Result<BTreeSet<EntryId>, GraphError> {
    let stranger = stranger(book, mailbox);
    let look =
        crate::look::look(engine, tenant, book, &stranger, crate::look::Wanted::Full).await?;
    let key = &engine.inner.keys.stamps;
    let ours = |text: &str| match stamp::read(text, mailbox, key) {
        Mark::Ours { catalog, entry, .. } if catalog == book.catalog => Some(entry),
        _ => None,
    };
    let items = look.snapshot.items.values();
    Ok(items
        .filter_map(|seen| {
            if let model::snapshot::Seen::Here(here) = seen {
                Some(here)
            } else {
                None
            }
        })
        .filter_map(|here| {
            if let Stamp::Text(text) = &here.stamp {
                ours(text)
            } else {
                None
            }
        })
        .collect())
}

/// A mailbox that the store does not know as a member.
fn stranger(book: &Book, mailbox: &MailboxId) -> Member {
    Member {
        id: MemberId(0),
        tenant: book.tenant.clone(),
        catalog: CatalogId(book.catalog.0),
        mailbox: mailbox.clone(),
        address: String::new(),
        folder: None,
        folder_name: String::new(),
        view: ViewId(String::new()),
        through: 0,
        cursor: None,
        state: MemberState::Active,
        leaving: None,
        looked_full_at: None,
        strangers: true,
        written_at: None,
    }
}
