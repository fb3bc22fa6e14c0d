//! Moved: after a migration the oracle knows every card and folder of a mailbox by its new id (F28).
//!
//! What is compared with the ledger (deletions, overwritten values) keeps the id under which it was written there.

use super::Monitor;
use super::cards::Cards;
use super::lived::{At, Lived};
use crate::moved::NewIds;
use std::collections::BTreeMap;

impl Monitor {
    pub fn moved(&mut self, mailbox: &str, new: &NewIds) {
        self.cards.moved(mailbox, new);
        self.twins.moved(mailbox);
        self.lived.moved(mailbox, new);
        let begun = std::mem::take(&mut self.begun);
        self.begun = renamed(begun, mailbox, new);
        let blurred = std::mem::take(&mut self.blurred).into_iter();
        let at_new = |(of, id, field): (String, String, String)| {
            let id = if of == mailbox { newest(&id, new) } else { id };
            (of, id, field)
        };
        self.blurred = blurred.map(at_new).collect();
    }
}

impl Cards {
    fn moved(&mut self, mailbox: &str, new: &NewIds) {
        self.all = renamed(std::mem::take(&mut self.all), mailbox, new);
        for ((of, _, _), items) in &mut self.of_entry {
            if of == mailbox {
                *items = items.iter().map(|id| newest(id, new)).collect();
            }
        }
    }
}

impl Lived {
    fn moved(&mut self, mailbox: &str, new: &NewIds) {
        self.cards = renamed(std::mem::take(&mut self.cards), mailbox, new);
        self.unheard.rename(|(of, id)| {
            let id = if of == mailbox { newest(&id, new) } else { id };
            (of, id)
        });
        for ((of, _), life) in &mut self.cards {
            if of == mailbox {
                life.folder = newest(&life.folder, new);
                life.home = newest(&life.home, new);
            }
        }
        for taken in self.taken.iter_mut().filter(|t| t.mailbox == mailbox) {
            taken.folder = newest(&taken.folder, new);
        }
        for left in self.left.iter_mut().filter(|l| l.mailbox == mailbox) {
            left.folder = newest(&left.folder, new);
            left.card.id = newest(&left.card.id, new);
        }
        for ((of, _), folder) in &mut self.written_in {
            if of == mailbox {
                *folder = newest(folder, new);
            }
        }
        self.books = renamed(std::mem::take(&mut self.books), mailbox, new);
        self.moved.insert(mailbox.to_owned());
        // Ids of folders name their mailbox: those of other mailboxes are not among the new ones.
        let made = self.made_folders.iter();
        self.made_folders = made.map(|id| newest(id, new)).collect();
    }
}

fn newest(id: &str, new: &NewIds) -> String {
    new.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

fn renamed<T>(all: BTreeMap<At, T>, mailbox: &str, new: &NewIds) -> BTreeMap<At, T> {
    let rename = |((of, id), what): (At, T)| {
        let id = if of == mailbox { newest(&id, new) } else { id };
        ((of, id), what)
    };
    all.into_iter().map(rename).collect()
}
