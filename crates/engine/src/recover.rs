//! Recovery: a catalog that the store does not know may still have copies out there, with stamps that say whose.
//!
//! Entry ids are derived from people, so almost every stamp leads home by itself. Only a person whose entry was
//! minted under another of their identities needs the stamps before the first compilation; a few folders tell.

use crate::job::JobError;
use crate::world::{Engine, Tenant};
use futures::FutureExt;
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

/// Mailboxes that are searched at the same time.
const SIDE_BY_SIDE: usize = 16;

/// The entries that stamps speak of.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub found: BTreeSet<EntryId>,
    /// A mailbox did not answer: search again.
    pub incomplete: bool,
}

/// What a search of mailboxes found.
#[derive(Debug, Default)]
pub(crate) struct Strays {
    /// Where copies are.
    pub found: BTreeSet<MailboxId>,
    /// Those that did not answer.
    pub silent: BTreeSet<MailboxId>,
    /// Those that are none of ours to read.
    pub refused: BTreeSet<MailboxId>,
}

/// What one mailbox says of its copies.
enum Answer {
    Stamps(BTreeSet<EntryId>),
    /// It is no mailbox, it says.
    None,
    /// It is none of ours to read.
    Refused,
    /// Nothing can be said yet.
    Silent,
}

/// The entries that stamps in some of these mailboxes speak of. Incomplete when nothing was found and one of them
/// did not answer.
pub(crate) async fn known_stamps(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    mailboxes: &[MailboxId],
) -> Result<Found, JobError> {
    let (mut known, mut folders, mut silent) = (BTreeSet::new(), 0, false);
    for mailbox in mailboxes.iter().take(MAILBOXES) {
        // One mailbox that does not answer tells nothing; the next may.
        let found = match answer(stamps(engine, tenant, book, mailbox).await)? {
            Answer::Stamps(found) => found,
            Answer::None | Answer::Refused => continue,
            Answer::Silent => {
                silent = true;
                continue;
            }
        };
        folders += usize::from(!found.is_empty());
        known.extend(found);
        if folders == FOLDERS {
            break;
        }
    }
    Ok(Found {
        incomplete: silent && known.is_empty(),
        found: known,
    })
}

/// Which of these mailboxes hold copies of the book: one folder list each, and a listing where there is a folder.
/// Where the audience shows no copies, such a mailbox may still have some: it left, or was taken out of the policy,
/// before the store was lost.
pub(crate) async fn strays(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    mailboxes: &[MailboxId],
) -> Result<Strays, JobError> {
    let mut strays = Strays::default();
    for group in mailboxes.chunks(SIDE_BY_SIDE) {
        let asked = group
            .iter()
            .map(|mailbox| stamps(engine, tenant, book, mailbox).boxed());
        let answers = futures::future::join_all(asked).await;
        for (mailbox, stamps) in group.iter().zip(answers) {
            match answer(stamps)? {
                Answer::Stamps(found) if found.is_empty() => continue,
                Answer::Stamps(_) => &mut strays.found,
                Answer::Refused => &mut strays.refused,
                // Only mailboxes are asked that the census calls so: it tells when one is none any more.
                Answer::None | Answer::Silent => &mut strays.silent,
            }
            .insert(mailbox.clone());
        }
    }
    Ok(strays)
}

/// A mailbox that is not usable, or that we may not read, holds nothing that we could take back.
fn answer(stamps: Result<BTreeSet<EntryId>, GraphError>) -> Result<Answer, JobError> {
    match stamps {
        Ok(found) => Ok(Answer::Stamps(found)),
        Err(error @ (GraphError::SignIn { .. } | GraphError::Credential { .. })) => {
            Err(error.into())
        }
        Err(GraphError::NoMailbox { .. }) => Ok(Answer::None),
        Err(GraphError::Permission { .. }) => Ok(Answer::Refused),
        Err(_) => Ok(Answer::Silent),
    }
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
