//! Writing contacts: packed into batches, each write with its own outcome.

use crate::answer::write::Verb;
use crate::desk::Desk;
use crate::request::Plain;
use crate::request::mailbox as request;
use crate::wire::card::{self, Card};
use crate::wire::restore;
use crate::{Graph, GraphError, TenantRef};
use bytes::Bytes;
use model::mutant::{self, Mutant};
use model::plan::Outcome;
use model::{Etag, Field, FolderId, Item, ItemId, MailboxId, Timestamp, Value, Values};
use std::sync::Arc;

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
        changes: Values,
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
    /// why outcomes are `NotYet` or `Unknown`. `Gone`: the folder of a create is not there.
    pub trouble: Option<GraphError>,
}

impl Graph {
    /// Sends the writes, none of them after `not_after`. What was turned away without effect (429, 424)
    /// is sent again while there is time. Writes to one item are never under way at once.
    pub async fn write(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        writes: Vec<Write>,
        not_after: Timestamp,
    ) -> Written {
        let jobs = writes.iter().map(|write| Job::new(mailbox, write));
        let desk = Desk {
            inner: &self.inner,
            tenant,
            mailbox,
            jobs: jobs.collect(),
            not_after,
        };
        desk.work().await
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
        let Some(body) = restore::body(raw, stamp) else {
            return Written {
                outcomes: vec![Outcome::Refused(
                    "the prior image is damaged: it is not a contact's JSON".to_owned(),
                )],
                trouble: None,
            };
        };
        let path = request::in_folder(mailbox.as_str(), folder.as_str());
        let desk = Desk {
            inner: &self.inner,
            tenant,
            mailbox,
            jobs: vec![Job {
                verb: Verb::Create,
                plain: Plain::post(path, body),
                item: None,
                sent: None,
            }],
            not_after,
        };
        desk.work().await
    }
}

/// One write, ready to be sent.
pub(crate) struct Job {
    pub verb: Verb,
    pub plain: Plain,
    /// `None`: a create.
    pub item: Option<ItemId>,
    /// The card of a create, against which its answer is read; `None`: the answer is read whole.
    pub sent: Option<Arc<Item>>,
}

impl Job {
    fn new(mailbox: &MailboxId, write: &Write) -> Self {
        let mailbox = mailbox.as_str();
        match write {
            Write::Create {
                folder,
                card,
                stamp,
            } => Self {
                verb: Verb::Create,
                plain: Plain::post(
                    request::in_folder(mailbox, folder.as_str()),
                    card.body(stamp),
                ),
                item: None,
                sent: Some(card.item().clone()),
            },
            Write::Update {
                id,
                expect,
                changes,
                display_name,
                file_as,
            } => {
                let whole = with_names(changes, display_name.as_deref(), file_as.as_deref());
                Self {
                    verb: Verb::Update,
                    plain: request::update(mailbox, id.as_str(), etag(expect), card::patch(&whole)),
                    item: Some(id.clone()),
                    sent: None,
                }
            }
            Write::Delete {
                id,
                expect,
                permanent,
            } => Self {
                verb: Verb::Delete,
                plain: request::delete(mailbox, id.as_str(), etag(expect), *permanent),
                item: Some(id.clone()),
                sent: None,
            },
            Write::SetPhoto { id, bytes } => Self {
                verb: Verb::Photo,
                plain: request::set_photo(mailbox, id.as_str(), bytes.clone()),
                item: Some(id.clone()),
                sent: None,
            },
        }
    }
}

fn etag(expect: &Option<Etag>) -> Option<String> {
    let expect = expect.as_ref().filter(|_| !mutant::on(Mutant::H3));
    expect.map(|etag| etag.0.clone())
}

/// The changes with the names that must be said again; a change of a name itself wins.
fn with_names(changes: &Values, display_name: Option<&str>, file_as: Option<&str>) -> Values {
    let mut whole = changes.clone();
    let names = [(Field::DisplayName, display_name), (Field::FileAs, file_as)];
    for (field, name) in names {
        if let Some(name) = name {
            whole
                .entry(field)
                .or_insert_with(|| Some(Value::text(name)));
        }
    }
    whole
}
