//! Standing: who is wanted where, and who ever was not: the truth behind every deletion.

use crate::charter::TENANT;
use crate::town::Town;
use crate::wanted::{Key, Wanted, humans, named, wanted};
use model::tunnel::Policy;
use model::{BookKey, CatalogId, EntryId, Millis, TenantName, Timestamp};
use planner::identity::Keys;
use std::collections::{BTreeMap, BTreeSet};

/// The wants of a history so far.
pub struct Standing {
    keys: Keys,
    pub now: Wanted,
    /// Wanted at some time, per (mailbox, folder).
    ever: Wanted,
    /// Not wanted any more at some time after having been wanted.
    left: Wanted,
    /// Of those, whom a fact and no edited rule left out.
    left_by_fact: Wanted,
    /// People who were known from several sources at once at some time: their entries may become one.
    paired: BTreeMap<Key, BTreeSet<Key>>,
    folders: BTreeMap<CatalogId, String>,
    people: BTreeMap<(CatalogId, EntryId), Key>,
    /// When somebody was last seen to leave a folder's selection, per (folder, person).
    gone_at: BTreeMap<(String, Key), Timestamp>,
    seen_at: Timestamp,
}

impl Standing {
    pub fn new(keys: Keys) -> Self {
        Self {
            keys,
            now: Wanted::new(),
            ever: Wanted::new(),
            left: Wanted::new(),
            left_by_fact: Wanted::new(),
            paired: BTreeMap::new(),
            folders: BTreeMap::new(),
            people: BTreeMap::new(),
            gone_at: BTreeMap::new(),
            seen_at: Timestamp(0),
        }
    }

    /// The truth changed.
    pub fn update(&mut self, town: &Town, policy: &Policy, now: Timestamp) {
        let before = self.now.clone();
        self.edited(town, policy, now);
        for (place, keys) in before {
            let still = self.now.get(&place);
            let gone = keys
                .into_iter()
                .filter(|k| still.is_none_or(|s| !s.contains(k)));
            self.left_by_fact.entry(place).or_default().extend(gone);
        }
    }

    /// The policy changed.
    pub fn edited(&mut self, town: &Town, policy: &Policy, now: Timestamp) {
        let next = wanted(town, policy);
        self.seen_at = now;
        for (place, before) in &self.now {
            let still = next.get(place);
            let gone = before
                .iter()
                .filter(|k| still.is_none_or(|s| !s.contains(*k)))
                .cloned();
            let gone: Vec<Key> = gone.collect();
            for key in &gone {
                self.gone_at.insert((place.1.clone(), key.clone()), now);
            }
            self.left.entry(place.clone()).or_default().extend(gone);
        }
        for (place, keys) in &next {
            self.ever
                .entry(place.clone())
                .or_default()
                .extend(keys.iter().cloned());
        }
        let named = named(town, policy);
        for (folder, keys) in &named {
            self.learn(folder, keys);
        }
        let everyone: BTreeSet<Key> = named.into_values().flatten().collect();
        for human in humans(town, &everyone)
            .into_iter()
            .filter(|h| h.keys.len() > 1)
        {
            for key in &human.keys {
                let partners = self.paired.entry(key.clone()).or_default();
                partners.extend(human.keys.iter().cloned());
            }
        }
        self.now = next;
    }

    /// Which entries these people are in the catalog of this folder.
    fn learn(&mut self, folder: &str, keys: &BTreeSet<Key>) {
        let catalog = self.catalog(folder);
        self.folders.insert(catalog, folder.to_owned());
        for key in keys {
            let entry = self.keys.entry(catalog, key);
            self.people.insert((catalog, entry), key.clone());
        }
    }

    pub fn catalog(&self, folder: &str) -> CatalogId {
        self.keys
            .catalog(&TenantName::from(TENANT), &BookKey::from(folder))
    }

    pub fn folder(&self, catalog: CatalogId) -> Option<&str> {
        self.folders.get(&catalog).map(String::as_str)
    }

    pub fn person(&self, catalog: CatalogId, entry: EntryId) -> Option<&Key> {
        self.people.get(&(catalog, entry))
    }

    /// The keys whose entries may have been this person's.
    pub fn partners(&self, key: &Key) -> BTreeSet<Key> {
        let alone = || BTreeSet::from([key.clone()]);
        self.paired.get(key).cloned().unwrap_or_else(alone)
    }

    /// Was this person ever wanted in this mailbox?
    pub fn was_wanted(&self, mailbox: &str, catalog: CatalogId, entry: EntryId) -> bool {
        self.holds(&self.ever, mailbox, catalog, entry) || self.is_late(mailbox, catalog, entry)
    }

    /// Somebody left within the last day, which two rounds must agree on first; meanwhile a mailbox joined. Its
    /// first fill has the leaver, too, until the leaving is confirmed.
    fn is_late(&self, mailbox: &str, catalog: CatalogId, entry: EntryId) -> bool {
        let (Some(folder), Some(key)) = (self.folder(catalog), self.person(catalog, entry)) else {
            return false;
        };
        let place = (mailbox.to_owned(), folder.to_owned());
        let lately = |k: &Key| {
            let gone = self.gone_at.get(&(folder.to_owned(), k.clone()));
            gone.is_some_and(|at| self.seen_at.since(*at) <= Millis::days(1))
        };
        self.now.contains_key(&place) && self.partners(key).iter().any(lately)
    }

    /// Is there a truth behind the removal of this person's card?
    pub fn may_leave(&self, mailbox: &str, catalog: CatalogId, entry: EntryId) -> bool {
        let paired = self
            .person(catalog, entry)
            .is_some_and(|key| self.paired.contains_key(key));
        paired
            || !self.holds(&self.now, mailbox, catalog, entry)
            || self.holds(&self.left, mailbox, catalog, entry)
    }

    /// Is an edited rule all that there is behind the removal of this person's card? People of several sources
    /// and a mailbox's own card are left out: their cards may go for other reasons.
    pub fn left_by_rule_alone(&self, mailbox: &str, catalog: CatalogId, entry: EntryId) -> bool {
        let plain = self.person(catalog, entry).is_some_and(|key| {
            !self.paired.contains_key(key) && *key != crate::wanted::object(mailbox)
        });
        plain
            && !self.holds(&self.now, mailbox, catalog, entry)
            && self.holds(&self.left, mailbox, catalog, entry)
            && !self.holds(&self.left_by_fact, mailbox, catalog, entry)
    }

    fn holds(&self, wanted: &Wanted, mailbox: &str, catalog: CatalogId, entry: EntryId) -> bool {
        let (Some(folder), Some(key)) = (self.folder(catalog), self.person(catalog, entry)) else {
            return false;
        };
        let partners = self.partners(key);
        wanted
            .get(&(mailbox.to_owned(), folder.to_owned()))
            .is_some_and(|keys| !keys.is_disjoint(&partners))
    }
}

impl Standing {
    /// Surnames of everybody whom the policy ever wanted in this mailbox, in lower case.
    pub fn names_in(&self, town: &Town, mailbox: &str) -> BTreeSet<String> {
        let here = self.ever.iter().filter(|((m, _), _)| m == mailbox);
        let keys: BTreeSet<Key> = here.flat_map(|(_, keys)| keys.iter().cloned()).collect();
        let all = humans(town, &keys);
        let names = all.iter().flat_map(|h| h.names.iter());
        names
            .filter_map(|n| n.rsplit(' ').next())
            .map(str::to_lowercase)
            .collect()
    }
}
