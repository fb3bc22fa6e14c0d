//! Observing: one round over a tenant's sources, kept in the store with its cursors.
//!
//! Nothing is concluded here. What a source says is written down as it says it; a person is only crossed off
//! after being asked for by name. A source that fails leaves what we knew of it as it was.

mod census;
mod photos;

pub(crate) use census::Census;
pub(crate) use photos::PhotoSeen;

use self::census::{Question, Seen};
use crate::needs::Needs;
use crate::world::{Engine, Tenant};
use graph::{Directory, Existence, GraphError, GroupFound, PersonChange, STAMP_ATTRIBUTE};
use model::mutant::{self, Mutant};
use model::person::{FolderSource, Group, MailboxKind, Person};
use model::{ItemId, MailboxId, Millis, Timestamp};
use planner::compile::Complete;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use store::{CollectionItems, StoreError};

/// What one round brought.
#[derive(Debug, Default)]
pub(crate) struct Round {
    pub complete: Complete,
    /// Sources that could not be read; what they said before still stands.
    pub troubles: Vec<GraphError>,
}

/// How far sources are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// What changed since the last round; from time to time everything, because deltas miss deletions
    /// (reliability.md 4.2, F9).
    Changes,
    /// Everything: a person asked for a full look.
    Whole,
}

/// How fresh the slow census must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// As old as the settings allow.
    Settled,
    /// Groups are asked again: someone waits.
    Now,
    /// Someone may be leaving: groups and missing mailboxes are asked again.
    Doubted,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ObserveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sign-in and the like: no source of this tenant can be read.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

type Observed<T> = Result<T, ObserveError>;

/// The kind of a mailbox and when it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KindSeen {
    pub kind: MailboxKind,
    pub asked_at: Timestamp,
}

/// When a collection was last read from its beginning.
const READ_WHOLE: &str = "read_whole";

pub(crate) const USERS: &str = "users";
pub(crate) const ORG_CONTACTS: &str = "org_contacts";
pub(crate) const MAILBOXES: &str = "mailboxes";
pub(crate) const PHOTOS: &str = "photos";
pub(crate) const MANAGERS: &str = "managers";

/// Every collection that these needs are read from.
pub(crate) fn keys(needs: &Needs) -> Vec<String> {
    let fixed = [USERS, ORG_CONTACTS, MAILBOXES, PHOTOS, MANAGERS].map(str::to_owned);
    let groups = needs.groups.iter().map(|name| group_key(name));
    fixed
        .into_iter()
        .chain(groups)
        .chain(needs.folders.iter().map(folder_key))
        .chain(needs.folders.iter().map(folder_photos_key))
        .collect()
}

/// Items without their hashes.
pub(crate) fn bytes(items: BTreeMap<String, (String, Vec<u8>)>) -> BTreeMap<String, Vec<u8>> {
    items
        .into_iter()
        .map(|(key, (_, bytes))| (key, bytes))
        .collect()
}

pub(crate) fn group_key(name: &str) -> String {
    format!("group:{name}")
}

pub(crate) fn folder_key(source: &FolderSource) -> String {
    let below = if source.children { "/*" } else { "" };
    format!("folder:{}/{}{below}", source.address, source.path)
}

pub(crate) fn folder_photos_key(source: &FolderSource) -> String {
    format!("photos:{}", folder_key(source))
}

/// One round over everything that `needs` names.
pub(crate) async fn observe(
    engine: &Engine,
    tenant: &Tenant,
    needs: &Needs,
    freshness: Freshness,
    reading: Reading,
) -> Observed<Round> {
    let mut round = Round::default();
    let observer = Observer {
        engine,
        tenant,
        now: engine.store().time().await?,
        reading,
    };
    round.complete.users = note(&mut round, observer.people(Directory::Users, USERS).await)?;
    if needs.org_contacts {
        let read = observer.people(Directory::OrgContacts, ORG_CONTACTS).await;
        round.complete.org_contacts = note(&mut round, read)?;
    }
    for source in &needs.folders {
        if note(&mut round, observer.folder(source, needs.photos).await)? {
            round.complete.folders.insert(source.clone());
        }
    }
    round.complete.groups = observer
        .groups(&mut round, &needs.groups, freshness)
        .await?;
    note(&mut round, observer.kinds(freshness).await)?;
    if needs.photos {
        note(&mut round, observer.photos().await)?;
    }
    if needs.managers {
        note(&mut round, observer.managers().await)?;
    }
    Ok(round)
}

/// Writes down how one source went. True: it was read to its end.
fn note(round: &mut Round, read: Observed<()>) -> Observed<bool> {
    match read {
        Ok(()) => Ok(true),
        // Without a token nothing else of this tenant can be read either.
        Err(ObserveError::Graph(
            error @ (GraphError::SignIn { .. } | GraphError::Credential { .. }),
        )) => Err(error.into()),
        Err(ObserveError::Graph(error)) => {
            round.troubles.push(error);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

struct Observer<'a> {
    engine: &'a Engine,
    tenant: &'a Tenant,
    now: Timestamp,
    reading: Reading,
}

/// Changes to one collection, as the store takes them.
type Changes = Vec<(String, Option<Vec<u8>>)>;

impl Observer<'_> {
    async fn people(&self, what: Directory, key: &str) -> Observed<()> {
        let cursor = self.cursor(key).await?;
        let round = self
            .engine
            .graph()
            .people_round(&self.tenant.at, what, cursor.as_deref())
            .await;
        if mutant::on(Mutant::B1) && matches!(round, Err(GraphError::Permission { .. })) {
            return self.empty(key).await;
        }
        let round = round?;
        if mutant::on(Mutant::K13) {
            let cursor = Some(round.cursor.clone());
            self.save(key, Changes::new(), cursor).await?;
        }
        let missing = self.missing(key, &round).await?;
        let mut changes: Changes = Vec::new();
        let mut doubtful: BTreeSet<String> = missing;
        for change in &round.changes {
            match change {
                PersonChange::Here(person) => {
                    changes.push((person.key.clone(), Some(encode(person))))
                }
                PersonChange::Removed { key, .. } => {
                    doubtful.insert(key.clone());
                }
            }
        }
        for id in doubtful {
            if mutant::on(Mutant::B3) || self.is_gone(what, &id).await? {
                changes.push((id, None));
            }
        }
        self.note_whole(key, round.whole).await?;
        self.save(key, changes, Some(round.cursor)).await
    }

    /// What only a mutant believes: nobody is there.
    async fn empty(&self, key: &str) -> Observed<()> {
        let (tenant, nobody) = (&self.tenant.at.name, Changes::new());
        let store = self.engine.store();
        store
            .save_collection(tenant, key, nobody, true, None, true, self.now)
            .await?;
        Ok(())
    }

    /// Whom we knew and a whole round did not show.
    async fn missing(
        &self,
        key: &str,
        round: &graph::Round<PersonChange>,
    ) -> Observed<BTreeSet<String>> {
        if !round.whole && !mutant::on(Mutant::B3) {
            return Ok(BTreeSet::new());
        }
        let shown: BTreeSet<&str> = round.changes.iter().map(PersonChange::key).collect();
        let known = self
            .engine
            .store()
            .collection_items(&self.tenant.at.name, key)
            .await?;
        Ok(known
            .into_keys()
            .filter(|k| !shown.contains(k.as_str()))
            .collect())
    }

    /// Absence is no proof: the person is asked for by id.
    async fn is_gone(&self, what: Directory, id: &str) -> Observed<bool> {
        let answer = self
            .engine
            .graph()
            .exists(&self.tenant.at, what, id)
            .await?;
        Ok(answer == Existence::Gone)
    }

    async fn folder(&self, source: &FolderSource, photos: bool) -> Observed<()> {
        let key = folder_key(source);
        let cursor = self.cursor(&key).await?;
        let (address, path) = (source.address.as_str(), source.path.as_str());
        let round = self
            .engine
            .graph()
            .source_contacts_round(
                &self.tenant.at,
                address,
                path,
                source.children,
                cursor.as_deref(),
            )
            .await?;
        let mut changes: Changes = Vec::new();
        for change in &round.changes {
            match change {
                // A copy never becomes a source: the mailbox may be a target too.
                PersonChange::Here(person)
                    if person.attributes.contains_key(STAMP_ATTRIBUTE)
                        && !mutant::on(Mutant::I1) =>
                {
                    changes.push((person.key.clone(), None))
                }
                PersonChange::Here(person) => {
                    changes.push((person.key.clone(), Some(encode(person))))
                }
                PersonChange::Removed { key, .. } => changes.push((key.clone(), None)),
            }
        }
        if mutant::on(Mutant::A18) {
            let one = |(id, person): (String, _)| (id.to_lowercase(), (id, person));
            let by_id: BTreeMap<_, _> = changes.into_iter().map(one).collect();
            changes = by_id.into_values().collect();
        }
        let missing = self.missing(&key, &round).await?;
        let missing: Vec<ItemId> = missing.into_iter().map(ItemId).collect();
        if !missing.is_empty() {
            let (at, children) = (&self.tenant.at, source.children);
            let gone = self
                .engine
                .graph()
                .source_contacts_gone(at, address, path, children, &missing)
                .await?;
            changes.extend(gone.into_iter().map(|id| (id.0, None)));
        }
        if photos {
            // Before the cursor: what a crash loses is asked again.
            self.folder_photos(source, &changes).await?;
        }
        self.note_whole(&key, round.whole).await?;
        self.save(&key, changes, Some(round.cursor)).await
    }

    /// True: every group was asked in this very round.
    async fn groups(
        &self,
        round: &mut Round,
        names: &BTreeSet<String>,
        freshness: Freshness,
    ) -> Observed<bool> {
        let mut all = true;
        for name in names {
            let old = self.age(&group_key(name)).await?;
            if freshness == Freshness::Settled && old < self.engine.settings().group_census {
                all = false;
                continue;
            }
            let read = self.group(name).await;
            all &= note(round, read)?;
        }
        Ok(all)
    }

    async fn group(&self, name: &str) -> Observed<()> {
        let at = &self.tenant.at;
        let found = self.engine.graph().group(at, name).await?;
        let (id, label) = found_one(found, at, name)?;
        let before = match self.known_group(name).await?.filter(|g| g.id == id) {
            Some(before) => before,
            // The first reading has nothing to be held against: two that agree are believed.
            None => Group {
                members: self.members(&id).await?,
                missed: BTreeMap::new(),
                name: label.clone(),
                id: id.clone(),
            },
        };
        let members = self.members(&id).await?;
        let apart = self.engine.settings().bounds.visible;
        let group = Group {
            name: label,
            ..before.read_again(members, self.now, apart)
        };
        let changes = vec![("group".to_owned(), Some(encode(&group)))];
        self.save(&group_key(name), changes, None).await
    }

    async fn members(&self, id: &str) -> Observed<BTreeSet<String>> {
        match self.engine.graph().group_members(&self.tenant.at, id).await {
            Err(_) if mutant::on(Mutant::B2) => Ok(BTreeSet::new()),
            read => Ok(read?),
        }
    }

    async fn known_group(&self, name: &str) -> Observed<Option<Group>> {
        let mut known: BTreeMap<String, Group> = self.items(&group_key(name)).await?;
        Ok(known.remove("group"))
    }

    /// Asks what each mailbox is for: of people whom we never asked, of everyone once in a while, and of those
    /// without a mailbox again when someone may be leaving: one answer must not count for two rounds.
    async fn kinds(&self, freshness: Freshness) -> Observed<()> {
        let seen = match freshness {
            Freshness::Doubted => Seen::new(),
            Freshness::Settled | Freshness::Now => self.seen(Question::Kinds),
        };
        let users = self.unless_seen(USERS, &seen).await?;
        let known = self.unless_seen(MAILBOXES, &seen).await?;
        let (Some(users), Some(known)) = (users, known) else {
            return Ok(());
        };
        let seen = [(USERS, users.changed_at), (MAILBOXES, known.changed_at)];
        let users: BTreeMap<String, Person> = decode_all(users.items);
        let known: BTreeMap<String, KindSeen> = decode_all(known.items);
        let kinds = users
            .values()
            .filter(|p| p.kind == model::person::PersonKind::Member)
            .map(|p| (p, known.get(&p.key)));
        let due: Vec<MailboxId> = kinds
            .clone()
            .filter(|(_, kind)| kind.is_none_or(|k| self.kind_is_due(k, freshness)))
            .map(|(p, _)| MailboxId::from(p.key.as_str()))
            .collect();
        if due.is_empty() {
            let next = kinds.filter_map(|(_, kind)| kind.map(|k| self.kind_due_at(k)));
            self.conclude(Question::Kinds, seen, next.min());
            return Ok(());
        }
        let mut changes: Changes = Vec::new();
        for (mailbox, answer) in self
            .engine
            .graph()
            .mailbox_kinds(&self.tenant.at, &due)
            .await?
        {
            let seen = known.get(mailbox.as_str());
            let was_none = seen.is_some_and(|seen| seen.kind == MailboxKind::None);
            match answer {
                Ok(kind) => {
                    let seen = KindSeen {
                        kind,
                        asked_at: self.now,
                    };
                    changes.push((mailbox.0, Some(encode(&seen))));
                }
                // That it was none, when somebody may be leaving for that, is not known any more: one answer must not
                // count for two rounds.
                Err(_) if was_none && freshness == Freshness::Doubted => {
                    changes.push((mailbox.0, None));
                }
                // Else an error about one mailbox leaves what we knew of it.
                Err(_) => {}
            }
        }
        self.save(MAILBOXES, changes, None).await
    }

    /// A mailbox that is still being set up answers within about 15 minutes (graph.md 4.1).
    fn kind_is_due(&self, seen: &KindSeen, freshness: Freshness) -> bool {
        if seen.kind == MailboxKind::None && freshness == Freshness::Doubted {
            return true;
        }
        self.now >= self.kind_due_at(seen)
    }

    fn kind_due_at(&self, seen: &KindSeen) -> Timestamp {
        let wait = if seen.kind == MailboxKind::None {
            self.engine.settings().group_census
        } else {
            self.engine.settings().mailbox_census
        };
        seen.asked_at + wait
    }

    async fn managers(&self) -> Observed<()> {
        if self.age(MANAGERS).await? < self.engine.settings().photo_census {
            return Ok(());
        }
        let all = self.engine.graph().managers(&self.tenant.at).await?;
        let known = self.raw(MANAGERS).await?;
        let gone = known
            .into_keys()
            .filter(|k| !all.contains_key(k))
            .map(|k| (k, None));
        let changes: Changes = gone
            .chain(all.iter().map(|(k, v)| (k.clone(), Some(encode(v)))))
            .collect();
        self.save(MANAGERS, changes, None).await
    }

    /// Where to go on; `None`: from the beginning.
    async fn cursor(&self, key: &str) -> Observed<Option<String>> {
        if self.reading == Reading::Whole || self.is_stale(key).await? {
            return Ok(None);
        }
        Ok(self
            .engine
            .store()
            .collection(&self.tenant.at.name, key)
            .await?
            .and_then(|c| c.cursor))
    }

    /// Was it too long ago that the collection was read from its beginning?
    async fn is_stale(&self, key: &str) -> Observed<bool> {
        let scope = self.scope(key);
        let at = self.engine.store().setting(&scope, READ_WHOLE).await?;
        let at = at.and_then(|text| text.parse().ok()).map(Timestamp);
        let every = self.engine.settings().full_look;
        Ok(at.is_some_and(|at| self.now.since(at) >= every))
    }

    async fn note_whole(&self, key: &str, whole: bool) -> Observed<()> {
        if whole {
            let (scope, at) = (self.scope(key), self.now.0.to_string());
            let store = self.engine.store();
            store.set_setting(&scope, READ_WHOLE, Some(&at)).await?;
        }
        Ok(())
    }

    fn scope(&self, key: &str) -> String {
        format!("collection:{}/{key}", self.tenant.at.name)
    }

    /// How long ago the collection was last looked at.
    async fn age(&self, key: &str) -> Observed<Millis> {
        let state = self
            .engine
            .store()
            .collection(&self.tenant.at.name, key)
            .await?;
        Ok(state.map_or(Millis(i64::MAX), |c| self.now.since(c.looked_at)))
    }

    async fn save(&self, key: &str, changes: Changes, cursor: Option<String>) -> Observed<()> {
        let (tenant, cursor) = (&self.tenant.at.name, cursor.as_deref());
        self.engine
            .store()
            .save_collection(tenant, key, changes, false, cursor, true, self.now)
            .await?;
        Ok(())
    }

    /// What a conclusion that still may hold rests on.
    fn seen(&self, question: Question) -> Seen {
        let tenant = &self.tenant.at.name;
        self.engine.inner.census.seen(tenant, question, self.now)
    }

    /// Nothing is to be done about `question` until these collections change, or `until`, if there is an end.
    fn conclude<const N: usize>(
        &self,
        question: Question,
        seen: [(&'static str, Option<Timestamp>); N],
        until: Option<Timestamp>,
    ) {
        let seen: Option<Seen> = seen.into_iter().map(|(key, at)| Some((key, at?))).collect();
        // What was never saved has no instant to tell a change by.
        if let Some(seen) = seen {
            let until = until.unwrap_or(Timestamp::NEVER);
            let (census, tenant) = (&self.engine.inner.census, &self.tenant.at.name);
            census.conclude(tenant, question, seen, until);
        }
    }

    /// `None`: as it was when the conclusion was drawn that rests on `seen`.
    async fn unless_seen(&self, key: &str, seen: &Seen) -> Observed<Option<CollectionItems>> {
        let tenant = &self.tenant.at.name;
        let store = self.engine.store();
        Ok(store.items_unless_seen(tenant, key, seen).await?)
    }

    async fn raw(&self, key: &str) -> Observed<BTreeMap<String, Vec<u8>>> {
        Ok(bytes(
            self.engine
                .store()
                .collection_items(&self.tenant.at.name, key)
                .await?,
        ))
    }

    async fn items<T: DeserializeOwned>(&self, key: &str) -> Observed<BTreeMap<String, T>> {
        Ok(decode_all(self.raw(key).await?))
    }
}

/// A policy means exactly one group: none and several are for a person to put right.
fn found_one(
    found: GroupFound,
    at: &graph::TenantRef,
    name: &str,
) -> Result<(String, String), GraphError> {
    let at = graph::Place {
        tenant: at.name.clone(),
        mailbox: None,
        doing: "looking up a group of the policy",
    };
    let wanted = name.to_owned();
    match found {
        GroupFound::One { id, name } => Ok((id, name)),
        GroupFound::None => Err(GraphError::NoGroup { at, name: wanted }),
        GroupFound::Many(count) => Err(GraphError::ManyGroups {
            at,
            name: wanted,
            count,
        }),
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain data with text keys: this cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// What an older version wrote and this one cannot read is asked for again by the next whole round.
pub(crate) fn decode_all<T: DeserializeOwned>(
    raw: BTreeMap<String, Vec<u8>>,
) -> BTreeMap<String, T> {
    raw.into_iter()
        .filter_map(|(k, bytes)| serde_json::from_slice(&bytes).ok().map(|v| (k, v)))
        .collect()
}
