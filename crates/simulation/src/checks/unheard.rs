//! Unheard: cards of ours that no answer has told us of yet. That such a card was ever there, and was taken, nobody can
//! know.

use super::lived::At;
use graph_sim::Response;
use model::seam::Request;
use std::collections::BTreeSet;

/// Cards whose creation got no answer, until a look or a search shows them.
#[derive(Clone, Debug, Default)]
pub struct Unheard {
    cards: BTreeSet<At>,
    /// Those that a listing has shown which still goes on: half a listing is no look.
    paged: BTreeSet<At>,
}

impl Unheard {
    /// We made a card; the answer is still under way.
    pub fn made(&mut self, at: &At) {
        self.cards.insert(at.clone());
    }

    pub fn has(&self, at: &At) -> bool {
        self.cards.contains(at)
    }

    /// The mailbox was moved: its cards have other ids now.
    pub fn rename(&mut self, new: impl Fn(At) -> At) {
        self.cards = std::mem::take(&mut self.cards)
            .into_iter()
            .map(&new)
            .collect();
        self.paged = std::mem::take(&mut self.paged)
            .into_iter()
            .map(&new)
            .collect();
    }

    /// An answer is read: which of them does it show?
    pub fn told(&mut self, request: &Request, response: &Response) {
        let url = request.url.as_str();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        // A delta round carries no marks: what it shows may be anybody's.
        if self.cards.is_empty()
            || response.status != 200 && response.status != 201
            || path.ends_with("/delta")
        {
            return;
        }
        let body = String::from_utf8_lossy(&response.body);
        let shown = self
            .cards
            .iter()
            .filter(|(_, item)| body.contains(item.as_str()));
        let mut shown: Vec<At> = shown.cloned().collect();
        let lists = path.ends_with("/contacts") && !query.starts_with("$filter");
        if lists {
            let here = |(mailbox, _): &At| path.contains(mailbox.as_str());
            let begins = !query.contains("$skip");
            self.paged.retain(|at| !(begins && here(at)));
            if body.contains("\"@odata.nextLink\"") {
                return self.paged.extend(shown);
            }
            shown.extend(self.paged.iter().filter(|at| here(at)).cloned());
        }
        for at in shown {
            self.cards.remove(&at);
            self.paged.remove(&at);
        }
    }
}
