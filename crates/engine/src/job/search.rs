//! Searching for copies that the store does not know of: what [`planner::search`] wants to know is asked, and kept.

use crate::job::JobError;
use crate::recover;
use crate::world::{Engine, Tenant, book_scope};
use model::tunnel::Book;
use model::{EntryId, MailboxId, Timestamp};
use planner::search::{Left, Looked, Search, Terrain};
use std::collections::BTreeSet;
use store::StoreError;

/// How far the search is. A book that never gets a version is not searched for ever.
const SEARCH: &str = "search";
/// It has begun, and must begin again.
const OPEN: &str = "open";

/// What was found.
#[derive(Debug)]
pub(crate) struct Trove {
    /// Entries that stamps speak of.
    pub stamps: BTreeSet<EntryId>,
    /// Mailboxes with copies that no audience names.
    pub strays: BTreeSet<MailboxId>,
    /// Where the search goes on.
    pub next: Search,
}

pub(crate) async fn load(engine: &Engine, book: &Book, version: i64) -> Result<Search, StoreError> {
    let state = engine.store().setting(&book_scope(book), SEARCH).await?;
    Ok(match state.as_deref() {
        None if version == 0 => Search::Everywhere,
        Some(OPEN) => Search::Everywhere,
        None => Search::Left(Left::default()),
        // An older store says in a word that the search is over.
        Some(left) => Search::Left(serde_json::from_str(left).unwrap_or_default()),
    })
}

pub(crate) async fn save(engine: &Engine, book: &Book, search: &Search) -> Result<(), StoreError> {
    let state = match search {
        Search::Everywhere => OPEN.to_owned(),
        Search::Left(left) => serde_json::to_string(left).unwrap_or_default(),
    };
    let store = engine.store();
    store
        .set_setting(&book_scope(book), SEARCH, Some(&state))
        .await?;
    Ok(())
}

/// Looks where it can. `reads`: this round read the people of the tenant.
pub(crate) async fn go_on(
    engine: &Engine,
    tenant: &Tenant,
    search: &Search,
    terrain: &Terrain<'_>,
    (reads, now): (bool, Timestamp),
) -> Result<Trove, JobError> {
    let known = match search {
        Search::Everywhere => {
            let named: Vec<MailboxId> = terrain.named.iter().cloned().collect();
            recover::known_stamps(engine, tenant, terrain.book, &named).await?
        }
        Search::Left(_) => recover::Found::default(),
    };
    let asked = search.asks(terrain);
    let strays = recover::strays(engine, tenant, terrain.book, &asked).await?;
    let looked = Looked {
        silent: strays.silent,
        refused: strays.refused,
        incomplete: known.incomplete,
        reads,
        now,
        apart: engine.settings().group_census,
    };
    Ok(Trove {
        stamps: known.found,
        strays: strays.found,
        next: search.after(terrain, &looked),
    })
}
