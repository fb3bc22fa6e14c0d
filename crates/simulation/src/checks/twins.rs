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
    /// Cards whose creation was answered, or that a search for their mark showed alone.
    known: BTreeSet<String>,
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

    /// A user copied one of these cards of ours: which of the two is ours can only be searched for where no answer told.
    pub fn copied(&mut self, mailbox: &str, mark: Mark, ours: &BTreeSet<String>) {
        let unknown = !ours.iter().any(|item| self.known.contains(item));
        if unknown || self.strange.contains(mailbox) {
            self.marks.insert((mailbox.to_owned(), mark));
        }
    }
}

/// An answer is read: did a search for one mark find several?
pub fn told(monitor: &mut Monitor, request: &Request, response: &Response) {
    let batch = request.url.ends_with("/$batch");
    let sought = sought(&request.url);
    if !batch && sought.is_none() {
        return;
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    let steps = body["responses"].as_array().into_iter().flatten();
    let made = steps.filter(|step| step["status"] == 201);
    let made = made.filter_map(|step| step["body"]["id"].as_str());
    monitor.twins.known.extend(made.map(str::to_owned));
    let Some((mailbox, mark)) = sought else {
        return;
    };
    let rows = body["value"].as_array().into_iter().flatten();
    let found: BTreeSet<&str> = rows.filter_map(|row| row["id"].as_str()).collect();
    match found.len() {
        _ if response.status != 200 => {}
        0 => {}
        1 => monitor
            .twins
            .known
            .extend(found.into_iter().map(str::to_owned)),
        _ => {
            monitor.twins.marks.insert((mailbox, mark));
        }
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
