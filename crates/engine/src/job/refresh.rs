//! Refreshing a book: one round over its sources, compiled into catalog and members.

use crate::ask::LEAVERS;
use crate::facts;
use crate::job::JobError;
use crate::job::search;
use crate::needs::Needs;
use crate::observe::{self, Freshness, ObserveError, Reading, Round};
use crate::world::{Engine, Tenant, book_scope};
use model::catalog::{Catalog, Standing};
use model::member::{Member, MemberState};
use model::mutant::{self, Mutant};
use model::run::{Trouble, TroubleKind};
use model::tunnel::Book;
use model::{EntryId, MailboxId, MemberId};
use planner::audience::held;
use planner::compile::{CompileInput, Compiled, compile};
use planner::search::{Search, Terrain};
use std::collections::BTreeSet;
use store::StoreError;

/// What a refresh brought.
#[derive(Debug, Default)]
pub(crate) struct Refreshed {
    /// Members with something to do.
    pub due: BTreeSet<MemberId>,
    /// Whatever is asked for: what was read is not enough to write anything.
    pub is_closed: bool,
    /// Sources that could not be read; what they said before still stands.
    pub troubles: Vec<Trouble>,
}

impl Refreshed {
    /// What a person must act on first.
    pub(crate) fn worst(&self) -> Option<&Trouble> {
        self.troubles.iter().min_by_key(|trouble| trouble.kind)
    }
}

/// Does a person wait for it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    No,
    Yes,
    /// For a full look, at the sources too.
    Full,
}

/// The field rules and options that copies were last compared by.
const RULES: &str = "rules";
/// What only a mutant remembers: access was refused.
const REFUSED: &str = "refused";
/// What a catalog was last compiled from.
const COMPILED: &str = "compiled";

pub(crate) async fn refresh(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    asked: Asked,
) -> Result<Refreshed, JobError> {
    let store = engine.store();
    let needs = Needs::of(book, &engine.lists(&book.tenant))?;
    let waiting = engine.has_leavers(book).await?;
    let compiled = store.setting(&book_scope(book), COMPILED).await?;
    let edited = compiled.as_deref().is_some_and(|c| !is_of(engine, c));
    let reading = match asked {
        Asked::Full => Reading::Whole,
        Asked::No | Asked::Yes => Reading::Changes,
    };
    let freshness = match (waiting, asked != Asked::No || edited) {
        (true, _) => Freshness::Doubted,
        (false, true) => Freshness::Now,
        (false, false) => Freshness::Settled,
    };
    if mutant::on(Mutant::G3) && store.setting(&book_scope(book), REFUSED).await?.is_some() {
        return Ok(Refreshed::default());
    }
    let round = observe::observe(engine, tenant, &needs, freshness, reading).await;
    let worst = match &round {
        Ok(round) => round.troubles.iter().min_by_key(|error| error.kind()),
        Err(ObserveError::Graph(error)) => Some(error),
        Err(ObserveError::Store(_)) => None,
    };
    engine
        .remember_trouble(book, worst.map(Trouble::from))
        .await?;
    let round = round?;
    let refused = |t: &graph::GraphError| matches!(t, graph::GraphError::Permission { .. });
    if mutant::on(Mutant::G3) && round.troubles.iter().any(refused) {
        store
            .set_setting(&book_scope(book), REFUSED, Some("yes"))
            .await?;
    }
    if edited && !(round.complete.users && round.complete.groups) {
        return Ok(closed(&round, UNREAD));
    }
    let sources = signature(engine, book, &needs).await?;
    let stale = waiting || compiled.as_deref() != Some(sources.as_str());
    if stale && !compile_book(engine, tenant, book, &needs, &round, (&sources, edited)).await? {
        return Ok(closed(&round, UNDECIDED));
    }
    let now = store.time().await?;
    let full_before = now - engine.settings().full_look;
    let mut due = store
        .members_due(&book.tenant, book.catalog, full_before, now)
        .await?;
    if !due.is_empty() {
        let members = store.members_of(&due).await?;
        for doubted in members.iter().filter(|m| m.is_doubted()) {
            due.remove(&doubted.id);
        }
    }
    if mutant::on(Mutant::I8) {
        let all = takes_part(store.members(&book.tenant, book.catalog).await?);
        due = all.iter().map(|m| m.id).collect();
    }
    Ok(Refreshed {
        due,
        is_closed: false,
        troubles: round.troubles.iter().map(Trouble::from).collect(),
    })
}

/// What kept the last look from its end.
const TROUBLE: &str = "trouble";

/// Was this catalog compiled by the policy in force?
fn is_of(engine: &Engine, compiled: &str) -> bool {
    policy_of(compiled) == engine.in_force().policy.version
}

/// The policy that a signature begins with.
fn policy_of(compiled: &str) -> &str {
    compiled.split(' ').next().unwrap_or_default()
}

/// Not everything was read by which an edited policy chooses.
const UNREAD: &str = "the policy was edited: nothing is written before all of it was read";
/// All was read, and does not agree with what was read before.
const UNDECIDED: &str = "the policy was edited, and the last two readings of a group differ: nothing is written before \
                         they agree";

/// Nothing is written under an edited policy before everything was read that says whom it leaves out: a mailbox
/// that an edit excludes would otherwise get new cards until the groups can be read again, and a mailbox that joins
/// the cards of people whom it excludes.
fn closed(round: &Round, why: &str) -> Refreshed {
    let mut troubles: Vec<Trouble> = round.troubles.iter().map(Trouble::from).collect();
    troubles.push(Trouble {
        kind: TroubleKind::Passing,
        detail: why.to_owned(),
    });
    Refreshed {
        is_closed: true,
        troubles,
        ..Refreshed::default()
    }
}

impl Engine {
    pub(crate) async fn last_trouble(&self, book: &Book) -> Result<Option<Trouble>, StoreError> {
        let text = self.store().setting(&book_scope(book), TROUBLE).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Written only when it is another one: a quiet round writes nothing.
    async fn remember_trouble(
        &self,
        book: &Book,
        trouble: Option<Trouble>,
    ) -> Result<(), StoreError> {
        if self.last_trouble(book).await? != trouble {
            let text = trouble.and_then(|t| serde_json::to_string(&t).ok());
            self.store()
                .set_setting(&book_scope(book), TROUBLE, text.as_deref())
                .await?;
        }
        Ok(())
    }
}

/// What a compilation depends on: the policy, and when each collection last changed. It is compared with what
/// the last one was made from, so that a crash between reading and compiling loses nothing.
async fn signature(engine: &Engine, book: &Book, needs: &Needs) -> Result<String, JobError> {
    let mut parts = vec![engine.in_force().policy.version.clone()];
    for key in observe::keys(needs) {
        let state = engine.store().collection(&book.tenant, &key).await?;
        parts.push(state.map_or_else(|| "-".to_owned(), |c| c.changed_at.0.to_string()));
    }
    Ok(parts.join(" "))
}

/// False: nothing was kept. The policy was edited, and a group did not show the last time somebody of whom that decides.
async fn compile_book(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    needs: &Needs,
    round: &Round,
    (sources, edited): (&str, bool),
) -> Result<bool, JobError> {
    let store = engine.store();
    let facts = facts::facts(engine, &book.tenant, needs).await?;
    let catalog = store.load_catalog(&book.tenant, book.catalog).await?;
    let members: Vec<Member> = takes_part(store.members(&book.tenant, book.catalog).await?);
    let now = store.time().await?;
    let lists = engine.lists(&book.tenant);
    let with = |known_stamps: &BTreeSet<EntryId>, strays: &BTreeSet<MailboxId>| {
        compile(&CompileInput {
            book,
            lists: &lists,
            facts: &facts,
            complete: &round.complete,
            catalog: &catalog,
            members: &members,
            known_stamps,
            strays,
            round: now.0,
            now,
            apart: engine.settings().bounds.visible,
            keys: &engine.inner.keys,
        })
    };
    let mut compiled = with(&BTreeSet::new(), &BTreeSet::new())?;
    if edited && compiled.undecided {
        return Ok(false);
    }
    let before = search::load(engine, book, catalog.version).await?;
    let (mut next, mut pressing) = (before.clone(), false);
    if !before.is_over() {
        let terrain = Terrain {
            book,
            facts: &facts,
            named: &named(&compiled, &members),
            held: &held(book, &lists, &facts)?,
        };
        let asked = (round.complete.users, now);
        let trove = search::go_on(engine, tenant, &before, &terrain, asked).await?;
        if !trove.stamps.is_empty() || !trove.strays.is_empty() {
            compiled = with(&trove.stamps, &trove.strays)?;
        }
        (pressing, next) = (trove.next.is_pressing(&terrain), trove.next);
        // Before the catalog has a version: a search that was broken off is not forgotten.
        if before == Search::Everywhere {
            search::save(engine, book, &before).await?;
        }
    }
    next.remember(book, &facts, &members, &compiled.members);
    keep(engine, book, &catalog, &members, &compiled).await?;
    if next != before {
        search::save(engine, book, &next).await?;
    }
    compiled_from(engine, book, sources, pressing).await?;
    Ok(true)
}

/// While the search goes on, the next round compiles again. By which policy this one did is known all the same: an edit
/// meanwhile must be seen as one.
async fn compiled_from(
    engine: &Engine,
    book: &Book,
    sources: &str,
    pressing: bool,
) -> Result<(), StoreError> {
    let made_from = match pressing {
        true => policy_of(sources),
        false => sources,
    };
    engine
        .store()
        .set_setting(&book_scope(book), COMPILED, Some(made_from))
        .await?;
    Ok(())
}

/// The mailboxes of the audiences and those that were in them. One that goes with its copies left there is not looked at.
fn named(compiled: &Compiled, members: &[Member]) -> BTreeSet<MailboxId> {
    let stays = |m: &&Member| m.state != MemberState::LeavingKeep;
    let known = members.iter().filter(stays).map(|m| &m.mailbox);
    compiled.members.join.keys().chain(known).cloned().collect()
}

fn takes_part(members: Vec<Member>) -> Vec<Member> {
    members
        .into_iter()
        .filter(|m| m.state != MemberState::Left)
        .collect()
}

async fn keep(
    engine: &Engine,
    book: &Book,
    before: &Catalog,
    members: &[Member],
    compiled: &Compiled,
) -> Result<(), JobError> {
    let store = engine.store();
    let now = store.time().await?;
    let (people, change) = (&compiled.catalog, &compiled.members);
    // Before the doubt itself: should we end between the two, the next round must ask anew, or one answer counts twice.
    let leavers = someone_leaves(before, members, compiled).then_some("yes");
    if leavers.is_some() {
        store
            .set_setting(&book_scope(book), LEAVERS, leavers)
            .await?;
    }
    store
        .commit_round(&book.tenant, book.catalog, people, change, now)
        .await?;
    reset_on_new_rules(engine, book, members).await?;
    if leavers.is_none() {
        store.set_setting(&book_scope(book), LEAVERS, None).await?;
    }
    Ok(())
}

/// Field rules and options say what a copy must look like: when they change, every member is compared anew.
async fn reset_on_new_rules(
    engine: &Engine,
    book: &Book,
    members: &[Member],
) -> Result<(), JobError> {
    let store = engine.store();
    let parts: Vec<_> = book
        .tunnels
        .iter()
        .map(|t| (&t.id, &t.fields, &t.options))
        .collect();
    let now = serde_json::to_string(&parts).unwrap_or_default();
    let before = store.setting(&book_scope(book), RULES).await?;
    if before.as_deref() == Some(now.as_str()) {
        return Ok(());
    }
    for member in members.iter().filter(|_| before.is_some()) {
        store.reset_through(member.id).await?;
    }
    store
        .set_setting(&book_scope(book), RULES, Some(&now))
        .await?;
    Ok(())
}

/// Is anyone in doubt after this round?
fn someone_leaves(before: &Catalog, members: &[Member], compiled: &Compiled) -> bool {
    let mut after = before.contributions.clone();
    for (key, change) in &compiled.catalog.contributions {
        match change {
            Some(contribution) => after.insert(key.clone(), contribution.clone()),
            None => after.remove(key),
        };
    }
    let people = after
        .values()
        .any(|c| matches!(c.standing, Standing::Leaving(_)));
    let change = &compiled.members;
    let still = |m: &&Member| !change.stay.contains(&m.id) && !change.leave.contains_key(&m.id);
    people || !change.doubt.is_empty() || members.iter().filter(still).any(|m| m.leaving.is_some())
}
