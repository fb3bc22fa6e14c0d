//! Moved: a mailbox is migrated to another place: every id in it is another one afterwards, and cursors are void (F28).

use crate::ground::Inner;
use graph_sim::Actor;
use graph_sim::mailbox::MailboxAct;
use model::Timestamp;
use std::collections::BTreeMap;

/// What an item or a folder was called before, and what it is called now.
pub type NewIds = BTreeMap<String, String>;

impl Inner {
    /// The mailboxes of which everything can be known again after a move. Of a card and a user's copy of it nobody can
    /// tell which is which; and the people of a source folder are known by the ids of their cards, so that for us they
    /// are other people afterwards.
    pub fn movable(&self) -> Vec<String> {
        let mut all = self.town.mailboxes();
        all.retain(|m| *m != self.town.reception && !self.monitor.lived.has_doubles(m));
        all
    }

    /// Moves a mailbox; `colliding`: some of its new ids differ in case only.
    pub fn move_mailbox(&mut self, mailbox: &str, colliding: bool, now: Timestamp) {
        let service = |inner: &mut Self, act| inner.in_mailbox(mailbox, Actor::Service, act, now);
        // What was committed until now is seen under the ids that it was committed under.
        service(self, MailboxAct::LoseCursors);
        let before = self.ids(mailbox);
        service(self, MailboxAct::RemapIds { colliding });
        let after = self.ids(mailbox);
        let new: NewIds = before.into_iter().zip(after).collect();
        self.monitor.moved(mailbox, &new);
        self.monitor.count("a mailbox was moved", 1);
        self.faults += 1;
    }

    /// Every id in a mailbox, always in the same order.
    fn ids(&self, mailbox: &str) -> Vec<String> {
        let folders = self.cloud.folders(&self.town.tenant, mailbox).into_iter();
        let cards = self.cloud.contacts(&self.town.tenant, mailbox).into_iter();
        folders.map(|f| f.id).chain(cards.map(|c| c.id)).collect()
    }
}
