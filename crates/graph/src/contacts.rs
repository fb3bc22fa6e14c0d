//! Reading the contacts of a folder: in full, by delta, one by id, by stamp.

use crate::answer::page;
use crate::batches::{Question, Reply};
use crate::error::Place;
use crate::paging::{Count, Listing};
use crate::request::Plain;
use crate::request::mailbox as request;
use crate::send::{Answer, Call};
use crate::wire::contact::{Contact, Expanded};
use crate::{Graph, GraphError, Round, TenantRef};
use bytes::Bytes;
use model::seam::Response;
use model::snapshot::{Here, Stamp};
use model::{FolderId, ItemId, MailboxId};
use std::collections::{BTreeMap, BTreeSet};

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
    graph: Graph,
    tenant: TenantRef,
    mailbox: MailboxId,
    listing: Listing,
    /// Fingerprints of the ids that came: one that comes twice must not hide a missing one.
    seen: BTreeSet<u64>,
}

impl FullLook {
    /// The next page; `None` only when the listing is complete. After an error the same page can be asked
    /// for again, except after `Incomplete`: then begin a new look.
    pub async fn next(&mut self) -> Result<Option<Vec<(ItemId, Here)>>, GraphError> {
        let call = Call::mailbox(&self.tenant, &self.mailbox, "listing a contact folder");
        let inner = &self.graph.inner;
        let Some(page) = self.listing.next::<Contact>(inner, call).await? else {
            let received = self.seen.len() as u64;
            self.listing.check_count(call, Count::IfSaid, received)?;
            return Ok(None);
        };
        self.seen.extend(page.iter().map(|c| fingerprint(&c.id)));
        Ok(Some(page.into_iter().map(seen).collect()))
    }
}

/// FNV-1a: small, and the same everywhere.
fn fingerprint(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn seen(contact: Contact) -> (ItemId, Here) {
    (contact.item_id(), contact.here(Expanded::Yes))
}

impl Graph {
    /// Every contact of the folder, with stamps and extended fields.
    pub fn contacts_full(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
    ) -> FullLook {
        let page = self.inner.settings.page;
        let first = request::contacts(mailbox.as_str(), folder.as_str(), page);
        FullLook {
            graph: self.clone(),
            tenant: tenant.clone(),
            mailbox: mailbox.clone(),
            listing: Listing::new(first),
            seen: BTreeSet::new(),
        }
    }

    /// What changed in the folder since `cursor`; everything when it is `None` or lost. A folder that is
    /// not there is `Gone`.
    pub async fn contacts_delta(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
        cursor: Option<&str>,
    ) -> Result<Round<ContactChange>, GraphError> {
        let call = Call::mailbox(tenant, mailbox, "reading the changes of a contact folder");
        let page = self.inner.settings.page;
        let first = request::contacts_delta(mailbox.as_str(), folder.as_str(), page);
        let delta = self.inner.delta::<Contact>(call, &first, cursor).await?;
        Ok(Round {
            changes: newest(delta.entries),
            cursor: delta.cursor,
            whole: delta.whole,
            restarted: delta.restarted,
        })
    }

    /// One contact by id, with stamp and extended fields.
    pub async fn contact(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        id: &ItemId,
    ) -> Result<Lookup, GraphError> {
        let call = Call::mailbox(tenant, mailbox, LOOKING_UP);
        let plain = request::contact(mailbox.as_str(), id.as_str());
        for _ in 1..GONE_MEANS {
            let answer = self.inner.ask(call, &plain, found).await?;
            match gone_or(answer, Lookup::Gone, call.place())? {
                Lookup::Gone => {}
                there => return Ok(there),
            }
        }
        let answer = self.inner.ask(call, &plain, found).await?;
        gone_or(answer, Lookup::Gone, call.place())
    }

    /// Several contacts by id, 20 to a batch, in the order asked.
    pub async fn contacts_by_id(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        ids: &[ItemId],
    ) -> Result<Vec<(ItemId, Result<Lookup, GraphError>)>, GraphError> {
        let mut all = self.lookups(tenant, mailbox, ids).await?;
        for _ in 1..GONE_MEANS {
            let gone: Vec<ItemId> = all
                .iter()
                .filter(|(_, answer)| matches!(answer, Ok(Lookup::Gone)))
                .map(|(id, _)| id.clone())
                .collect();
            if gone.is_empty() {
                break;
            }
            let again = self.lookups(tenant, mailbox, &gone).await?;
            let mut again: BTreeMap<ItemId, _> = again.into_iter().collect();
            for (id, answer) in &mut all {
                if let Some(newer) = again.remove(id) {
                    *answer = newer;
                }
            }
        }
        Ok(all)
    }

    async fn lookups(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        ids: &[ItemId],
    ) -> Result<Vec<(ItemId, Result<Lookup, GraphError>)>, GraphError> {
        self.many(tenant, mailbox, ids, request::contact, found, Lookup::Gone)
            .await
    }

    /// The contact exactly as Graph shows it, with our extended properties.
    pub async fn raw_contact(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        id: &ItemId,
    ) -> Result<Raw, GraphError> {
        let call = Call::mailbox(tenant, mailbox, LOOKING_UP);
        let plain = request::raw_contact(mailbox.as_str(), id.as_str());
        let answer = self.inner.ask(call, &plain, raw).await?;
        gone_or(answer, Raw::Gone, call.place())
    }

    /// Several contacts as Graph shows them, 20 to a batch, in the order asked.
    pub async fn raw_contacts(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        ids: &[ItemId],
    ) -> Result<Vec<(ItemId, Result<Raw, GraphError>)>, GraphError> {
        self.many(tenant, mailbox, ids, request::raw_contact, raw, Raw::Gone)
            .await
    }

    async fn many<T: Clone>(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        ids: &[ItemId],
        ask: fn(&str, &str) -> Plain,
        read: fn(&Response) -> Result<T, String>,
        gone: T,
    ) -> Result<Vec<(ItemId, Result<T, GraphError>)>, GraphError> {
        let question = |id: &ItemId| Question {
            mailbox: mailbox.clone(),
            plain: ask(mailbox.as_str(), id.as_str()),
        };
        let questions: Vec<Question> = ids.iter().map(question).collect();
        let replies = self.inner.ask_many(tenant, LOOKING_UP, &questions).await?;
        let place = || Call::mailbox(tenant, mailbox, LOOKING_UP).place();
        let one = |(id, reply): (&ItemId, Reply)| {
            let answer = reply.and_then(|answer| match answer {
                Ok(response) => read(&response).map(Ok).map_err(|detail| {
                    let at = place();
                    GraphError::Malformed { at, detail }
                }),
                Err(fault) => Ok(Err(fault)),
            });
            let found = answer.and_then(|answer| gone_or(answer, gone.clone(), place()));
            (id.clone(), found)
        };
        Ok(ids.iter().zip(replies).map(one).collect())
    }

    /// Every contact of the folder that carries exactly this stamp. The server compares without case and
    /// lags behind, so the answer is compared again, and "none" means "none visible yet".
    pub async fn find_stamp(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folder: &FolderId,
        stamp: &str,
    ) -> Result<Vec<(ItemId, Here)>, GraphError> {
        let call = Call::mailbox(tenant, mailbox, "looking for a stamp");
        let first = request::by_stamp(mailbox.as_str(), folder.as_str(), stamp);
        let mut listing = Listing::new(first);
        let mut found = BTreeMap::new();
        while let Some(page) = listing.next::<Contact>(&self.inner, call).await? {
            found.extend(page.into_iter().map(seen));
        }
        found.retain(|_, here| matches!(&here.stamp, Stamp::Text(text) if text == stamp));
        Ok(found.into_iter().collect())
    }
}

/// A read is sometimes answered 404 though all is well (reliability.md 4.2, F14): what follows from a 404 is a
/// removal, so only as many in a row are believed.
pub(crate) const GONE_MEANS: usize = 3;

const LOOKING_UP: &str = "looking a contact up";

/// Only a 404 about the item itself says that it is gone.
fn gone_or<T>(answer: Answer<T>, gone: T, at: Place) -> Result<T, GraphError> {
    match answer {
        Ok(found) => Ok(found),
        Err(fault) if fault.status == 404 && fault.is("ErrorItemNotFound") => Ok(gone),
        Err(fault) => Err(fault.error(at)),
    }
}

fn found(response: &Response) -> Result<Lookup, String> {
    let contact: Contact = page::read(&response.body)?;
    let folder = contact.parent.clone();
    Ok(Lookup::Found {
        folder: folder.ok_or_else(|| "a contact without its folder".to_owned())?,
        here: Box::new(contact.here(Expanded::Yes)),
    })
}

fn raw(response: &Response) -> Result<Raw, String> {
    // What cannot be read back is no prior image.
    page::read::<Contact>(&response.body)?;
    Ok(Raw::Found(response.body.clone()))
}

/// One change per item. An item may come several times, an older copy after a newer one (graph.md Q4): the
/// newest counts. A removal anywhere in the round makes it a hint, which is asked about.
fn newest(entries: Vec<Contact>) -> Vec<ContactChange> {
    let mut by_id: BTreeMap<String, Contact> = BTreeMap::new();
    for entry in entries {
        match by_id.get(&entry.id) {
            Some(known) if known.removed => {}
            Some(known) if !entry.removed && entry.modified < known.modified => {}
            _ => {
                by_id.insert(entry.id.clone(), entry);
            }
        }
    }
    let change = |contact: Contact| {
        let id = contact.item_id();
        match contact.removed {
            true => ContactChange::RemovedHint { id },
            false => ContactChange::Changed {
                id,
                here: Box::new(contact.here(Expanded::No)),
            },
        }
    };
    by_id.into_values().map(change).collect()
}
