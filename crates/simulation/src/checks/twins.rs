//! Twins: cards with one mark that nobody can tell apart, because of what a worker was told or could not have seen.

use super::Monitor;
use super::cards::Mark;
use graph_sim::Response;
use model::seam::Request;
use model::{CatalogId, EntryId};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is known of them.
#[derive(Debug, Default)]
pub struct Twins {
    marks: BTreeSet<(String, Mark)>,
    /// Mailboxes that were moved, until we write there again: whichever card a user copies there meanwhile, every id is
    /// another one.
    strange: BTreeSet<String>,
}

impl Twins {
    /// Are there, or were there, several cards of this mark in the mailbox that cannot be told apart?
    pub fn are(&self, mailbox: &str, mark: Mark) -> bool {
        self.marks.contains(&(mailbox.to_owned(), mark))
    }

    pub fn moved(&mut self, mailbox: &str) {
        self.strange.insert(mailbox.to_owned());
    }

    pub fn wrote(&mut self, mailbox: &str) {
        self.strange.remove(mailbox);
    }

    /// A user copied a card of ours.
    pub fn copied(&mut self, mailbox: &str, mark: Mark) {
        if self.strange.contains(mailbox) {
            self.marks.insert((mailbox.to_owned(), mark));
        }
    }
}

/// An answer is read: did a search for one mark find several?
pub fn told(monitor: &mut Monitor, request: &Request, response: &Response) {
    let Some((mailbox, mark)) = sought(&request.url) else {
        return;
    };
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    let rows = body["value"].as_array().into_iter().flatten();
    let found: BTreeSet<&str> = rows.filter_map(|row| row["id"].as_str()).collect();
    if response.status == 200 && found.len() > 1 {
        monitor.twins.marks.insert((mailbox, mark));
    }
}

/// The mailbox and the mark of a search: `…/users/{mailbox}/…/contacts?$filter=… eq 'v1|catalog|entry|generation|…'`.
fn sought(url: &str) -> Option<(String, Mark)> {
    let (path, query) = url.split_once('?')?;
    let mailbox = path.split_once("/users/")?.1.split('/').next()?;
    let mut parts = query.split_once("'v1%7C")?.1.split("%7C");
    let mark = Mark {
        catalog: CatalogId::parse(parts.next()?)?,
        entry: EntryId::parse(parts.next()?)?,
        generation: parts.next()?.parse().ok()?,
    };
    Some((mailbox.to_owned(), mark))
}
