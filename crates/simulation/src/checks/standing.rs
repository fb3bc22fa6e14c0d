//! Standing: who is wanted where, and who ever was not: the truth behind every deletion.

use super::cards::Mark;
use super::naming::Naming;
use super::silence::Heard;
use crate::charter::TENANT;
use crate::town::Town;
use crate::wanted::{
    Human, Key, Wanted, human, humans, is_same, missing, named, object, wanted, wanted_by_one,
};
use model::tunnel::{Copies, Policy, Tunnel, TunnelState};
use model::{BookKey, CatalogId, EntryId, Millis, TenantName, Timestamp, TunnelId};
use planner::identity::Keys;
use std::collections::{BTreeMap, BTreeSet};

/// The wants of a history so far.
pub struct Standing {
    keys: Keys,
    pub now: Wanted,
    active: Wanted,
    /// Wanted by each tunnel when it was last active: what it has taken. A paused one takes nobody.
    taken: BTreeMap<TunnelId, Wanted>,
    /// What each tunnel wants now, paused ones too.
    wants: BTreeMap<TunnelId, Wanted>,
    /// Wanted at some time, per (mailbox, folder).
    ever: Wanted,
    /// Not wanted any more at some time after having been wanted.
    left: Wanted,
    /// Of those, whom a fact and no edited rule left out.
    left_by_fact: Wanted,
    /// People who were known from several sources at once at some time: their entries may become one.
    paired: BTreeMap<Key, BTreeSet<Key>>,
    folders: BTreeMap<CatalogId, String>,
    /// Whom the sources of a folder name now, whatever mailboxes it goes to.
    named: BTreeMap<String, BTreeSet<Key>>,
    people: BTreeMap<(CatalogId, EntryId), Key>,
    /// Everything that a key was ever known by: a card may be given back after its person is gone for good, and
    /// somebody may turn out to be one with a person who is just leaving.
    known: BTreeMap<Key, Human>,
    /// When somebody was last seen to leave a folder's selection, per (folder, person).
    gone_at: BTreeMap<(String, Key), Timestamp>,
    seen_at: Timestamp,
    /// When a mailbox last left a folder's audience by a fact; an edited policy holds at once.
    left_at: BTreeMap<(String, String), Timestamp>,
    policy: String,
    /// Every policy that was ever in force.
    policies: Vec<Policy>,
    /// When another one came into force.
    pub edited_at: Vec<Timestamp>,
    /// Folders whose copies were once given up: removed tunnels that kept them.
    kept: BTreeSet<String>,
    /// Since when everybody is wanted who is wanted now, per (mailbox, folder).
    since: BTreeMap<(String, String), BTreeMap<Key, Timestamp>>,
    /// Whom each selection wanted while it was in force: a rule that wanted somebody once and does not now is not what
    /// changed.
    chosen_by: BTreeMap<String, Wanted>,
    /// The selection in force.
    selection: String,
    naming: Naming,
    /// Tunnels that are active now.
    going: BTreeSet<TunnelId>,
    /// When we wrote anything, at most once an hour: rounds came to their end.
    written: Vec<Timestamp>,
    /// Whom each tunnel did not want any more at some time, by a fact or a rule: an exclusion is not undone by one reading.
    let_go: BTreeMap<TunnelId, Wanted>,
}

impl Standing {
    pub fn new(keys: Keys) -> Self {
        Self {
            keys,
            now: Wanted::new(),
            active: Wanted::new(),
            taken: BTreeMap::new(),
            wants: BTreeMap::new(),
            ever: Wanted::new(),
            left: Wanted::new(),
            left_by_fact: Wanted::new(),
            paired: BTreeMap::new(),
            folders: BTreeMap::new(),
            named: BTreeMap::new(),
            people: BTreeMap::new(),
            known: BTreeMap::new(),
            gone_at: BTreeMap::new(),
            seen_at: Timestamp(0),
            left_at: BTreeMap::new(),
            policy: String::new(),
            policies: Vec::new(),
            edited_at: Vec::new(),
            kept: BTreeSet::new(),
            since: BTreeMap::new(),
            chosen_by: BTreeMap::new(),
            selection: String::new(),
            naming: Naming::default(),
            going: BTreeSet::new(),
            written: Vec::new(),
            let_go: BTreeMap::new(),
        }
    }

    /// The truth changed.
    pub fn update(&mut self, town: &Town, policy: &Policy, now: Timestamp) {
        let before = self.now.clone();
        let named = self.named.clone();
        let wants = self.wants.clone();
        let by_tunnel = self.naming.now.clone();
        self.edited(town, policy, now);
        self.left_one(&wants);
        self.naming.left(&by_tunnel, &self.going, now);
        self.gone_by_fact(&named, now);
        for (place, keys) in before {
            let still = self.now.get(&place);
            // Who had left by a rule before goes with the mailbox now, by a fact.
            if still.is_none() {
                let all = self.ever.get(&place).cloned().unwrap_or_default();
                self.left_by_fact
                    .entry(place.clone())
                    .or_default()
                    .extend(all);
            }
            let left = self.left_by_fact.entry(place).or_default();
            left.extend(missing(&keys, still).cloned());
        }
    }

    /// Whom one tunnel does not want any more has left it by a fact: when an edited rule takes away what another wanted,
    /// that rule is not all there is behind it.
    fn left_one(&mut self, before: &BTreeMap<TunnelId, Wanted>) {
        for (tunnel, wanted) in before {
            let now = self.wants.get(tunnel);
            for (place, keys) in wanted {
                let still = now.and_then(|now| now.get(place));
                let left = self.left_by_fact.entry(place.clone()).or_default();
                left.extend(missing(keys, still).cloned());
            }
        }
    }

    /// The store was lost, and with it what tunnels took that are paused now.
    pub fn forget(&mut self) {
        self.taken.clear();
    }

    fn let_go(&mut self, before: &BTreeMap<TunnelId, Wanted>) {
        for (tunnel, wanted) in before {
            let now = self.wants.get(tunnel);
            let all = self.let_go.entry(tunnel.clone()).or_default();
            for (place, keys) in wanted {
                let still = now.and_then(|now| now.get(place));
                let here = all.entry(place.clone()).or_default();
                here.extend(missing(keys, still).cloned());
            }
        }
    }

    /// Whom the sources of a folder do not name any more has left by a fact, for a mailbox that is out of the audience
    /// just now, too: it may come back.
    fn gone_by_fact(&mut self, before: &BTreeMap<String, BTreeSet<Key>>, now: Timestamp) {
        let nobody = BTreeSet::new();
        for (folder, keys) in before {
            let still = self.named.get(folder).unwrap_or(&nobody);
            let gone: BTreeSet<&Key> = keys.difference(still).collect();
            for key in &gone {
                self.gone_at.insert((folder.clone(), (*key).clone()), now);
            }
            let places = self.ever.iter().filter(|((_, f), _)| f == folder);
            for (place, had) in places {
                let here = gone.iter().filter(|k| had.contains(**k));
                let left = self.left_by_fact.entry(place.clone()).or_default();
                left.extend(here.map(|k| (*k).clone()));
            }
        }
    }

    /// Nothing changed up to this instant.
    pub fn seen(&mut self, now: Timestamp) {
        self.seen_at = now;
    }

    /// The policy changed.
    pub fn edited(&mut self, town: &Town, policy: &Policy, now: Timestamp) {
        let before = self.wants.clone();
        self.take(town, policy);
        self.let_go(&before);
        let next = union(self.wants.values());
        self.since = since(&self.since, &next, now);
        self.selection = selection(policy);
        add(
            self.chosen_by.entry(self.selection.clone()).or_default(),
            &next,
        );
        self.seen_at = now;
        let gives_up = |t: &&Tunnel| t.state == TunnelState::Removed && t.copies == Copies::Keep;
        let kept = policy.tunnels.iter().filter(gives_up);
        self.kept.extend(kept.map(|t| t.folder.name.0.clone()));
        let edited = std::mem::replace(&mut self.policy, policy.version.clone()) != policy.version;
        self.edited_at.extend(edited.then_some(now));
        if !self.policies.contains(policy) {
            self.policies.push(policy.clone());
        }
        self.work(policy, edited);
        self.naming.learn(town, policy);
        self.named = named(town, policy);
        self.leave(&next, edited, now);
        add(&mut self.ever, &next);
        self.meet(town);
        self.now = next;
        self.naming.linger(&self.going, now);
    }

    /// Somebody who was only ever taken by an active tunnel leaves with that one, whatever a paused one wants.
    fn work(&mut self, policy: &Policy, edited: bool) {
        let tunnels = policy.tunnels.iter();
        let working = tunnels.filter(|t| t.state == TunnelState::Active);
        let active = union(working.filter_map(|t| self.wants.get(&t.id)));
        for (place, before) in self.active.iter().filter(|_| !edited) {
            let gone = missing(before, active.get(place));
            let left = self.left.entry(place.clone()).or_default();
            left.extend(gone.cloned());
        }
        self.active = active;
    }

    /// Whoever is not wanted any more has left.
    fn leave(&mut self, next: &Wanted, edited: bool, now: Timestamp) {
        for (place, before) in &self.now {
            let still = next.get(place);
            let gone: Vec<Key> = missing(before, still).cloned().collect();
            // Somebody whom the sources still name: it is the mailbox that left, or the part of the audience that a
            // source is for.
            let named = self.named.get(&place.1);
            let is_named = |k: &Key| named.is_some_and(|all| all.contains(k));
            if !edited && (still.is_none() || gone.iter().any(is_named)) {
                self.left_at.insert(place.clone(), now);
            }
            for key in &gone {
                self.gone_at.insert((place.1.clone(), key.clone()), now);
            }
            self.left.entry(place.clone()).or_default().extend(gone);
        }
    }

    /// Remembers everybody whom the sources name, and who is one with whom.
    fn meet(&mut self, town: &Town) {
        let named = self.named.clone();
        for (folder, keys) in &named {
            self.learn(folder, keys);
        }
        let everyone: BTreeSet<Key> = named.into_values().flatten().collect();
        for human in humans(town, &everyone) {
            for key in &human.keys {
                self.know(town, key);
            }
            for key in human.keys.iter().filter(|_| human.keys.len() > 1) {
                let partners = self.paired.entry(key.clone()).or_default();
                partners.extend(human.keys.iter().cloned());
            }
        }
    }

    fn take(&mut self, town: &Town, policy: &Policy) {
        self.wants.clear();
        self.going.clear();
        let there = policy.tunnels.iter();
        for tunnel in there.filter(|t| t.state != TunnelState::Removed) {
            let wanted = wanted_by_one(town, policy, &tunnel.id);
            if tunnel.state == TunnelState::Active {
                self.going.insert(tunnel.id.clone());
            }
            self.wants.insert(tunnel.id.clone(), wanted);
        }
    }

    /// We wrote: what active tunnels want by now may have been taken in. Without a write nothing shows that any round
    /// came to its end since somebody was wanted.
    pub fn wrote(&mut self, now: Timestamp) {
        if self
            .written
            .last()
            .is_none_or(|at| now.since(*at) >= Millis::hours(1))
        {
            self.written.push(now);
        }
        for id in &self.going {
            if let Some(wanted) = self.wants.get(id) {
                self.taken.insert(id.clone(), wanted.clone());
            }
        }
    }

    /// Remembers what is said of somebody, and with whom that makes them one.
    fn know(&mut self, town: &Town, key: &Key) {
        let said = human(town, key);
        let same = self
            .known
            .iter()
            .filter(|(k, h)| *k != key && is_same(h, &said));
        let same: Vec<Key> = same.map(|(k, _)| k.clone()).collect();
        for other in same {
            for (a, b) in [(key, &other), (&other, key)] {
                let partners = self.paired.entry(a.clone()).or_default();
                partners.extend([a.clone(), b.clone()]);
            }
        }
        let known = self.known.entry(key.clone()).or_default();
        known.names.extend(said.names);
        known.mails.extend(said.mails);
        known.mobiles.extend(said.mobiles);
    }

    /// Which entries these people are in the catalog of this folder.
    fn learn(&mut self, folder: &str, keys: &BTreeSet<Key>) {
        let catalog = self.catalog(folder);
        self.folders.insert(catalog, folder.to_owned());
        for key in keys {
            let entry = self.keys.entry(catalog, key);
            if self.people.insert((catalog, entry), key.clone()).is_some() {
                continue;
            }
            // Whoever becomes a person of their own while the first id lives on with another source gets the next one.
            for n in 2..=4 {
                let entry = self.keys.entry(catalog, &format!("{key}#{n}"));
                self.people.insert((catalog, entry), key.clone());
            }
        }
    }

    pub fn catalog(&self, folder: &str) -> CatalogId {
        self.keys
            .catalog(&TenantName::from(TENANT), &BookKey::from(folder))
    }

    /// The catalogs of all folders that were ever written to.
    pub fn catalogs(&self) -> impl Iterator<Item = CatalogId> {
        self.folders.keys().copied()
    }

    pub fn folder(&self, catalog: CatalogId) -> Option<&str> {
        self.folders.get(&catalog).map(String::as_str)
    }

    pub fn person(&self, catalog: CatalogId, entry: EntryId) -> Option<&Key> {
        self.people.get(&(catalog, entry))
    }

    /// Were copies in this folder ever given up? They stay, whatever the tunnels say later.
    pub fn gave_up(&self, folder: &str) -> bool {
        self.kept.contains(folder)
    }

    /// The keys whose entries may have been this person's.
    pub fn partners(&self, key: &Key) -> BTreeSet<Key> {
        let alone = || BTreeSet::from([key.clone()]);
        self.paired.get(key).cloned().unwrap_or_else(alone)
    }

    /// Does it refuse somebody that this card was taken away? Only somebody who was wanted there then and ever since:
    /// whoever takes a card that nobody wants refuses nothing. Another person with the same address counts only if wanted
    /// before the card was made.
    pub fn was_refused(
        &self,
        mailbox: &str,
        mark: Mark,
        made: Timestamp,
        taken: Timestamp,
    ) -> bool {
        let folder = self.folder(mark.catalog);
        let own = self.person(mark.catalog, mark.entry);
        let (Some(folder), Some(own)) = (folder, own) else {
            return false;
        };
        let place = (mailbox.to_owned(), folder.to_owned());
        let Some(since) = self.since.get(&place) else {
            return false;
        };
        let before = |key: &Key| if key == own { taken } else { made };
        let wanted = |key: &Key| since.get(key).is_some_and(|from| *from <= before(key));
        self.partners(own).iter().any(wanted)
    }

    /// Was this person ever wanted in this mailbox?
    pub fn was_wanted(
        &self,
        mailbox: &str,
        catalog: CatalogId,
        entry: EntryId,
        heard: &Heard,
    ) -> bool {
        self.holds(&self.ever, mailbox, catalog, entry)
            || self.is_late(mailbox, catalog, entry, heard)
    }

    /// Somebody left within the last days, which two complete rounds must agree on first; meanwhile a mailbox joined. Its
    /// first fill has the leaver, too, until the leaving is confirmed. Days on which nobody could hear of it do not count.
    fn is_late(&self, mailbox: &str, catalog: CatalogId, entry: EntryId, heard: &Heard) -> bool {
        let (Some(folder), Some(key)) = (self.folder(catalog), self.person(catalog, entry)) else {
            return false;
        };
        let place = (mailbox.to_owned(), folder.to_owned());
        // Rounds agree, not days: nothing was written from then until the last day, so that no round need have ended.
        let early = self.seen_at - Millis::hours(25);
        let silent = |at: Timestamp| !self.written.iter().any(|w| *w > at && *w < early);
        let lately = |k: &Key| {
            let gone = self.gone_at.get(&(folder.to_owned(), k.clone()));
            gone.is_some_and(|at| {
                let within = Millis::days(4) + heard.deaf_between(k, *at, self.seen_at);
                self.seen_at.since(*at) <= within || silent(*at)
            })
        };
        let late = self.partners(key).iter().any(lately);
        let joined = self.now.contains_key(&place);
        // The other way round: the mailbox left, and groups are asked once an hour; meanwhile somebody joined.
        let left = self.left_at.get(&place);
        let lagging =
            left.is_some_and(|at| self.seen_at.since(*at) <= Millis::days(1) || silent(*at));
        // Or both: the mailbox joined after somebody had left, and left again before either was known.
        (joined && late) || (lagging && (late || self.is_named(folder, key)))
    }

    /// Is there a truth behind the removal of this person's card?
    pub fn may_leave(&self, mailbox: &str, catalog: CatalogId, entry: EntryId) -> bool {
        let paired = self
            .person(catalog, entry)
            .is_some_and(|key| self.paired.contains_key(key));
        // Only a paused tunnel wants it here, and has not taken it: it came with somebody who was leaving, or for
        // another tunnel.
        let here = |w: &Wanted| self.holds(w, mailbox, catalog, entry);
        let mut wants = self.wants.iter();
        let taken = wants.any(|(id, now)| {
            let let_go = self.let_go.get(id).is_some_and(here);
            let taken = self.going.contains(id) || self.taken.get(id).is_some_and(here);
            here(now) && taken && !let_go
        });
        paired
            || !taken
            || !self.holds(&self.now, mailbox, catalog, entry)
            || self.holds(&self.left, mailbox, catalog, entry)
    }

    fn is_named(&self, folder: &str, key: &Key) -> bool {
        let named = self.named.get(folder);
        named.is_some_and(|keys| !keys.is_disjoint(&self.partners(key)))
    }

    /// Is an edited rule all that there is behind the removal of this person's card? People of several sources
    /// and a mailbox's own card are left out: their cards may go for other reasons.
    pub fn left_by_rule_alone(
        &self,
        town: &Town,
        mailbox: &str,
        catalog: CatalogId,
        entry: EntryId,
    ) -> bool {
        // Whom no policy that was ever in force would want now has left by a fact, too.
        let by_some = |p: &Policy| self.holds(&wanted(town, p), mailbox, catalog, entry);
        let (Some(folder), Some(key)) = (self.folder(catalog), self.person(catalog, entry)) else {
            return false;
        };
        let plain = !self.paired.contains_key(key) && *key != object(mailbox);
        let chosen = self.chosen_by.get(&self.selection);
        let by_this_rule = chosen.is_some_and(|w| self.holds(w, mailbox, catalog, entry));
        let alone = BTreeSet::from([key.clone()]);
        let meant = (mailbox.to_owned(), folder.to_owned());
        let by_these_sources =
            self.now.contains_key(&meant) && self.naming.names_by_these_rules(folder, &alone);
        plain
            && !self.naming.lingers(folder, &alone)
            && !by_this_rule
            && !by_these_sources
            && !self.holds(&self.now, mailbox, catalog, entry)
            && self.holds(&self.left, mailbox, catalog, entry)
            && !self.holds(&self.left_by_fact, mailbox, catalog, entry)
            && self.policies.iter().any(by_some)
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
    pub fn names_in(&self, mailbox: &str) -> BTreeSet<String> {
        let here = self.ever.iter().filter(|((m, _), _)| m == mailbox);
        let keys = here.flat_map(|(_, keys)| keys);
        let names = keys
            .filter_map(|k| self.known.get(k))
            .flat_map(|h| &h.names);
        names
            .filter_map(|n| n.rsplit(' ').next())
            .map(str::to_lowercase)
            .collect()
    }
}

fn union<'a>(all: impl Iterator<Item = &'a Wanted>) -> Wanted {
    let mut union = Wanted::new();
    for (place, keys) in all.flatten() {
        let here = union.entry(place.clone()).or_default();
        here.extend(keys.iter().cloned());
    }
    union
}

fn add(all: &mut Wanted, more: &Wanted) {
    for (place, keys) in more {
        let here = all.entry(place.clone()).or_default();
        here.extend(keys.iter().cloned());
    }
}

/// What of a policy says who is meant.
fn selection(policy: &Policy) -> String {
    let of = |t: &Tunnel| {
        let options = (t.options.include_disabled, t.options.without_email);
        format!(
            "{} {:?} {:?} {:?} {options:?}",
            t.id, t.state, t.sources, t.audience
        )
    };
    let tunnels: Vec<String> = policy.tunnels.iter().map(of).collect();
    format!("{tunnels:?} {:?}", policy.lists)
}

/// Whoever was wanted before is so since then.
fn since(
    before: &BTreeMap<(String, String), BTreeMap<Key, Timestamp>>,
    wanted: &Wanted,
    now: Timestamp,
) -> BTreeMap<(String, String), BTreeMap<Key, Timestamp>> {
    let of_place = |(place, keys): (&(String, String), &BTreeSet<Key>)| {
        let known = before.get(place);
        let began = |key: &Key| known.and_then(|all| all.get(key)).copied().unwrap_or(now);
        let all = keys.iter().map(|key| (key.clone(), began(key)));
        (place.clone(), all.collect())
    };
    wanted.iter().map(of_place).collect()
}
