//! One round over the sources: who is new, who stays, who is seen leaving, who is gone.

use crate::adopt::numbers;
use crate::compare::name_key;
use crate::compile::CompileInput;
use crate::contribute::{belongs, contribution, identity};
use crate::expression::missed;
use crate::identity as ids;
use crate::pair::Face;
use crate::phone;
use crate::rank::{Ranked, Ranks, ranked, rule_hash, source_name, tunnel_of, whole_key};
use crate::select::{SelectError, Selected, Selector};
use model::catalog::{Contribution, GoneCause, Leaving, Standing};
use model::mutant::{self, Mutant};
use model::person::{FolderSource, Person, PersonKind};
use model::plan::{Note, Reason};
use model::tunnel::{SourcePlace, TunnelState};
use model::{EntryId, Field, Item};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A contribution's key: (source, person key).
pub type Key = (String, String);

/// What a round over the sources found.
#[derive(Debug, Default)]
pub struct Round {
    /// Changed or removed contributions that have an entry.
    pub contributions: BTreeMap<Key, Option<Contribution>>,
    /// New contributions without an entry yet.
    pub fresh: BTreeMap<Key, Contribution>,
    /// What could not be taken of new contributions as it is.
    pub fresh_notes: Vec<(Key, Reason, Field)>,
    /// Entries that lost a contribution, and why.
    pub lost: BTreeMap<EntryId, GoneCause>,
    /// Entries of which a contribution changed what pairs it.
    pub renamed: BTreeSet<EntryId>,
    /// Hashes of the rules that took effect.
    pub rules: BTreeMap<String, String>,
    /// Of somebody of ours a changed rule does not tell yet: a group that it names did not show them the last time.
    pub undecided: bool,
    pub notes: Vec<Note>,
}

/// Looks at every source of the book's active tunnels.
pub fn round(input: &CompileInput) -> Result<Round, SelectError> {
    let mut round = Round::default();
    let sources = ranked(input.book);
    for ranked in sources
        .iter()
        .filter(|r| r.tunnel.state == TunnelState::Active)
    {
        let pick = Selector::compile(&ranked.source.pick, input.lists)?;
        Looking::of(input, ranked, &pick).look(&mut round);
    }
    without_source(input, &mut round);
    Ok(round)
}

/// Contributions whose source no document names any more. A removed tunnel or a removed source is a changed
/// rule; a document that is merely missing stops everything where it stands.
fn without_source(input: &CompileInput, round: &mut Round) {
    let named: BTreeSet<String> = ranked(input.book).iter().map(Ranked::name).collect();
    let mut orphaned = BTreeSet::new();
    for (key, contribution) in input
        .catalog
        .contributions
        .iter()
        .filter(|(k, _)| !named.contains(&k.0))
    {
        let tunnel = input
            .book
            .tunnels
            .iter()
            .find(|t| t.id.as_str() == tunnel_of(&key.0));
        match tunnel.map(|t| t.state) {
            None => {
                orphaned.insert(tunnel_of(&key.0).to_owned());
            }
            Some(TunnelState::Paused) => {}
            Some(TunnelState::Active | TunnelState::Removed) => {
                round.remove(key, contribution.entry, GoneCause::Rule);
            }
        }
    }
    for tunnel in orphaned {
        let detail = format!("tunnel {tunnel} has no document: stopped");
        round.note(None, Reason::Orphan, detail);
    }
}

/// One source being looked at.
struct Looking<'a> {
    input: &'a CompileInput<'a>,
    ranked: &'a Ranked<'a>,
    name: String,
    pick: &'a Selector,
    /// The source was read to its end, with everything that its rule asks for.
    complete: bool,
    rule: String,
    /// The rule is not the one that its people were chosen by.
    rule_changed: bool,
}

impl<'a> Looking<'a> {
    fn of(input: &'a CompileInput<'a>, ranked: &'a Ranked<'a>, pick: &'a Selector) -> Self {
        let name = ranked.name();
        let rule = rule_of(input, ranked);
        let before = input.catalog.rules.get(&name);
        Self {
            input,
            ranked,
            complete: complete(input, &ranked.source.place, pick),
            rule_changed: before.is_some_and(|b| *b != rule),
            name,
            pick,
            rule,
        }
    }

    fn look(&self, round: &mut Round) {
        let people = people(self.input, &self.ranked.source.place);
        let mut unsure = false;
        for (key, person) in &people {
            unsure |= self.person(key, person, round);
        }
        self.note_whole(&people, round);
        for (key, contribution) in self
            .contributions()
            .filter(|(k, _)| !people.contains_key(&k.1))
        {
            unsure |= !self.complete;
            let fact = "no longer in the source".to_owned();
            self.out(key, contribution, fact, round);
        }
        // Until every answer is known, the change of a rule has not taken effect. The first one holds at once:
        // nobody was chosen by any other, and the next edit must be known as one.
        let before = self.input.catalog.rules.get(&self.name);
        let takes_effect = before.is_none() || (self.complete && !unsure);
        if takes_effect && before != Some(&self.rule) {
            round.rules.insert(self.name.clone(), self.rule.clone());
        }
    }

    /// The source was read to its end, and of everyone in it is known whether they belong: two readings of a group that
    /// differ do not tell.
    fn note_whole(&self, people: &BTreeMap<String, Arc<Person>>, round: &mut Round) {
        let key = whole_key(&self.name);
        if !self.complete || self.input.catalog.rules.contains_key(&key) {
            return;
        }
        let unknown = |p: &Person| matches!(self.judge(p), Selected::Unknown(_));
        if !self.input.facts.doubts_a_group() && !people.values().any(|p| unknown(p)) {
            round.rules.insert(key, String::new());
        }
    }

    /// A card that left one folder may lie in another one of the same mailbox that the book reads, too: until that was
    /// read to its end, nobody of the mailbox is gone.
    fn siblings_read(&self) -> bool {
        let SourcePlace::Folder { address, .. } = &self.ranked.source.place else {
            return true;
        };
        let tunnels = self.input.book.tunnels.iter();
        let active = tunnels.filter(|t| t.state == TunnelState::Active);
        let mut places = active.flat_map(|t| &t.sources).map(|s| &s.place);
        places.all(|place| match place {
            SourcePlace::Folder {
                address: other,
                path,
                children,
            } => {
                let read = &self.input.complete.folders;
                other != address || read.contains(&folder_source(other, path, *children))
            }
            SourcePlace::Directory { .. } => true,
        })
    }

    fn judge(&self, person: &Person) -> Selected {
        let options = &self.ranked.tunnel.options;
        belongs(
            self.ranked.source,
            self.pick,
            options,
            person,
            self.input.facts,
        )
    }

    /// Whoever leaves by a changed rule is confirmed by no second round: whom a group did not show the last time is neither
    /// in nor out by it.
    fn is_doubted(&self, person: &Person) -> bool {
        let missed = |name: &String| missed(name, person, self.input.facts);
        self.rule_changed && self.pick.groups().iter().any(missed)
    }

    fn contributions(&self) -> impl Iterator<Item = (&'a Key, &'a Contribution)> + '_ {
        let from = (self.name.clone(), String::new());
        let all = self.input.catalog.contributions.range(from..);
        all.take_while(|(key, _)| key.0 == self.name)
    }

    /// Judges one person; `true`: the answer is not known and somebody of ours depends on it.
    fn person(&self, key: &str, person: &Person, round: &mut Round) -> bool {
        let key: Key = (self.name.clone(), key.to_owned());
        let before = self.input.catalog.contributions.get(&key);
        let doubted = before.is_some() && self.is_doubted(person);
        let judged = match self.judge(person) {
            Selected::Out(_) if doubted => Selected::Unknown(
                "seen once outside of a group, and the rule has changed".to_owned(),
            ),
            judged => judged,
        };
        match (judged, before) {
            (Selected::In, before) => self.take(key, person, before, round),
            (Selected::Out(fact), Some(before)) => {
                self.out(&key, before, fact, round);
                return !self.complete;
            }
            (Selected::Out(_), None) => {}
            (Selected::Unknown(why), before) => {
                round.note(before.map(|b| b.entry), Reason::SelectionUnknown, why);
                round.undecided |= doubted;
                return before.is_some();
            }
        }
        false
    }

    /// The person belongs: content in normal form; a doubt is over.
    fn take(&self, key: Key, person: &Person, before: Option<&Contribution>, round: &mut Round) {
        let options = &self.ranked.tunnel.options;
        let (content, notes) = contribution(person, options);
        let photo = self
            .input
            .facts
            .photos
            .get(&person.key)
            .filter(|_| options.photos)
            .cloned();
        let after = Contribution {
            entry: before.map_or(EntryId(0), |b| b.entry),
            content,
            photo,
            standing: Standing::In,
            identity: identity(person),
        };
        let Some(before) = before else {
            let notes = notes
                .into_iter()
                .map(|(reason, field)| (key.clone(), reason, field));
            round.fresh_notes.extend(notes);
            round.fresh.insert(key, after);
            return;
        };
        if *before == after {
            return;
        }
        for (reason, field) in notes {
            round.note(Some(before.entry), reason, field.as_str().to_owned());
        }
        if before.identity != after.identity
            || name_key(&before.content) != name_key(&after.content)
        {
            round.renamed.insert(before.entry);
        }
        round.contributions.insert(key, Some(after));
    }

    /// A fact says that the person does not belong. What was not read to its end says nothing.
    fn out(&self, key: &Key, before: &Contribution, fact: String, round: &mut Round) {
        if !self.complete {
            return round.note(
                Some(before.entry),
                Reason::Unseen,
                "source not read to its end".to_owned(),
            );
        }
        match &before.standing {
            _ if self.rule_changed && !mutant::on(Mutant::B8) => {
                round.remove(key, before.entry, GoneCause::Rule);
            }
            _ if self.rule_changed || mutant::on(Mutant::B1) || mutant::on(Mutant::B2) => {
                round.remove(key, before.entry, GoneCause::Fact);
            }
            Standing::Leaving(seen) if self.input.confirms(seen) && self.siblings_read() => {
                round.remove(key, before.entry, GoneCause::Fact);
            }
            Standing::Leaving(seen) => {
                round.note(
                    Some(before.entry),
                    Reason::LeavingUnconfirmed,
                    seen.fact.clone(),
                );
            }
            Standing::In => {
                round.note(Some(before.entry), Reason::LeavingUnconfirmed, fact.clone());
                let leaving = Leaving {
                    since: self.input.now,
                    round: self.input.round,
                    fact,
                };
                let after = Contribution {
                    standing: Standing::Leaving(leaving),
                    ..before.clone()
                };
                round.contributions.insert(key.clone(), Some(after));
            }
        }
    }
}

impl Round {
    fn remove(&mut self, key: &Key, entry: EntryId, cause: GoneCause) {
        self.contributions.insert(key.clone(), None);
        // One changed rule is enough to make it a matter for a person.
        let lost = self.lost.entry(entry).or_insert(cause);
        if cause == GoneCause::Rule {
            *lost = cause;
        }
    }

    fn note(&mut self, entry: Option<EntryId>, reason: Reason, detail: String) {
        self.notes.push(Note {
            entry,
            item: None,
            reason,
            detail,
        });
    }
}

/// The text of everything by which a source chooses its people.
fn rule_of(input: &CompileInput, ranked: &Ranked) -> String {
    let options = &ranked.tunnel.options;
    let place = serde_json::to_string(&ranked.source.place).unwrap_or_default();
    let switches = format!("{} {}", options.include_disabled, options.without_email);
    rule_hash(
        &["pick", &place, &switches],
        &ranked.source.pick,
        input.lists,
    )
}

/// Was everything read that a departure from this source rests on?
fn complete(input: &CompileInput, place: &SourcePlace, pick: &Selector) -> bool {
    let complete = input.complete;
    let own = match place {
        SourcePlace::Directory {
            members,
            guests,
            org_contacts,
        } => (complete.users || !(*members || *guests)) && (complete.org_contacts || !org_contacts),
        SourcePlace::Folder {
            address,
            path,
            children,
        } => complete
            .folders
            .contains(&folder_source(address, path, *children)),
    };
    own && (complete.groups || pick.groups().is_empty())
}

/// The people of a place by key.
fn people(input: &CompileInput, place: &SourcePlace) -> BTreeMap<String, Arc<Person>> {
    let facts = input.facts;
    match place {
        SourcePlace::Directory { org_contacts, .. } => {
            let contacts = facts.org_contacts.iter().filter(|_| *org_contacts);
            let all = facts.users.iter().chain(contacts);
            all.map(|(key, person)| (key.clone(), person.clone()))
                .collect()
        }
        SourcePlace::Folder {
            address,
            path,
            children,
        } => {
            let source = folder_source(address, path, *children);
            facts.folders.get(&source).cloned().unwrap_or_default()
        }
    }
}

fn folder_source(address: &str, path: &str, children: bool) -> FolderSource {
    FolderSource {
        address: address.to_owned(),
        path: path.to_owned(),
        children,
    }
}

/// What pairing needs to know of a contribution.
pub fn face(input: &CompileInput, ranks: &Ranks, key: &Key, contribution: &Contribution) -> Face {
    let own = own_text(input, key);
    Face {
        source: key.0.clone(),
        key: key.1.clone(),
        rank: ranks.get(&key.0),
        object: contribution.identity.object.clone(),
        addresses: contribution.identity.addresses.clone(),
        numbers: reachable(&contribution.content),
        name: name_key(&contribution.content),
        texts: ids::texts(&contribution.identity, &own),
    }
}

/// Numbers in contributions are E.164 already; what could not be read pairs nobody.
fn reachable(content: &Item) -> BTreeSet<String> {
    let numbers = numbers(content, None);
    numbers
        .into_iter()
        .filter(|n| phone::normalise(n, None).readable)
        .collect()
}

/// The identity text of a contribution's own place.
fn own_text(input: &CompileInput, key: &Key) -> String {
    let sources = input
        .book
        .tunnels
        .iter()
        .flat_map(|t| t.sources.iter().map(move |s| (t, s)));
    let mut places = sources
        .filter(|(t, s)| source_name(t, s) == key.0)
        .map(|(_, s)| &s.place);
    match places.next() {
        Some(SourcePlace::Folder { address, .. }) => ids::item(address, &key.1),
        Some(SourcePlace::Directory { .. }) => ids::object(&key.1),
        None => format!("{}/{}", key.0, key.1),
    }
}

/// Directory people whose kind tells them apart from contacts of folders.
pub fn is_account(person: &Person) -> bool {
    matches!(person.kind, PersonKind::Member)
}
