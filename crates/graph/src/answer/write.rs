//! What an answer to a write means: done, a definite no, or unknown (reliability.md 3.5).

use super::fault::Fault;
use crate::wire::contact::{Contact, Echo, Expanded};
use model::mutant::{self, Mutant};
use model::plan::Outcome;
use model::seam::Response;
use model::{Item, ItemId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Update,
    Delete,
    Photo,
}

/// What became of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// It changed since we looked.
    Stale,
    /// That very item is not there.
    Gone,
    /// A definite no about this item.
    Refused,
    /// A definite no that says nothing about the item: permission, mailbox, folder.
    Mailbox,
    /// The token was not accepted; nothing was done.
    Unauthorized,
    /// Turned away for our pace; nothing was done.
    Throttled,
    /// A step before it in its chain failed; it was not tried.
    NotRun,
    /// May have happened.
    Unknown,
}

/// The whole table. Only 400, 401, 403, 404, 412, 413, 422, 424 and 429 are a definite no: everything else,
/// 5xx and 409 above all, has been seen for writes that happened.
pub fn fate(verb: Verb, status: u16, fault: &Fault) -> Fate {
    match (status, verb) {
        (200..=299, _) => Fate::Done,
        (400 | 403 | 413 | 422, _) if fault.is_full() => Fate::Mailbox,
        (400 | 413 | 422, _) => Fate::Refused,
        (401, _) => Fate::Unauthorized,
        (403, _) => Fate::Mailbox,
        // For a create it is the folder that is not there: no word about the item.
        (404, Verb::Update | Verb::Delete | Verb::Photo) if fault.is("ErrorItemNotFound") => {
            Fate::Gone
        }
        (404, Verb::Delete) if mutant::on(Mutant::B12) => Fate::Gone,
        (409 | 500..=599, Verb::Create) if mutant::on(Mutant::F6) => Fate::NotRun,
        (429, _) if mutant::on(Mutant::F1) => Fate::Refused,
        (404, _) => Fate::Mailbox,
        (412, Verb::Update | Verb::Delete) => Fate::Stale,
        // Two writers at once: one lost and nothing of it was applied (graph.md 2.8). Looking again is
        // right even if it was ours that won. Not so for a deletion: a card that is gone, and not by us, would have been
        // taken by its user, who is not given it again.
        (409, Verb::Update | Verb::Photo) => Fate::Stale,
        (424, _) => Fate::NotRun,
        (429, _) => Fate::Throttled,
        _ => Fate::Unknown,
    }
}

/// What a success says. A success that does not say what was made is no success. `sent`: the card of a create, of
/// which only what the answer shows otherwise is of interest.
pub fn done(verb: Verb, response: &Response, sent: Option<&Item>) -> Outcome {
    let body = &response.body;
    let contact = |sent: Option<&Item>| match sent {
        Some(item) => super::page::read_by(Echo(item), body),
        None => super::page::read(body),
    };
    match verb {
        Verb::Delete | Verb::Photo => Outcome::Done {
            item: None,
            etag: None,
            seen: None,
        },
        Verb::Create | Verb::Update => match contact(sent) {
            Ok(contact) => echo(contact),
            Err(_) => Outcome::Unknown,
        },
    }
}

/// Extended properties are never echoed (graph.md 2.6): they stay absent.
fn echo(mut contact: Contact) -> Outcome {
    let item = ItemId(std::mem::take(&mut contact.id));
    let here = contact.here(Expanded::No);
    Outcome::Done {
        item: Some(item),
        etag: here.etag,
        seen: Some(here.fields),
    }
}
