//! The desk: everything that planning one member needs, laid out from one look and the store.

use crate::look::{self, Look};
use crate::world::{Engine, Tenant};
use graph::GraphError;
use model::catalog::{CatalogView, EntryState};
use model::link::Part;
use model::member::{Member, MemberState};
use model::mutant::{self, Mutant};
use model::plan::Plan;
use model::snapshot::{Reach, Snapshot};
use model::tunnel::{Book, Tunnel};
use model::{ContentId, EntryId, FolderId, Item, ItemId, Timestamp};
use planner::plan::{Brakes, Input, Links};
use planner::rules::Rules;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What a plan of one member is made from.
pub(crate) struct Desk {
    pub member: Member,
    pub rules: Arc<Rules>,
    pub catalog: CatalogView,
    pub links: Links,
    pub snapshot: Snapshot,
    pub held: u64,
    pub own: Option<EntryId>,
    /// Every source of the book was read to its end since its catalog began.
    pub whole: bool,
}

impl Desk {
    /// Lays out what the look and the catalog say must be considered: with a full look, a new rule or a
    /// leaving member everything, else what is newer than the member and what was observed.
    pub(crate) async fn lay(
        engine: &Engine,
        tenant: &Tenant,
        book: &Book,
        member: &Member,
        look: &Look,
    ) -> Result<Self, DeskError> {
        let rules = Arc::new(rules(engine, book, member).await?);
        let own = own(engine, member, &rules).await?;
        let mut desk = Self {
            member: member.clone(),
            rules,
            catalog: CatalogView::default(),
            links: Links::new(),
            snapshot: look.snapshot.clone(),
            held: engine.store().count_copies(member.id).await?,
            own,
            whole: false,
        };
        desk.fill(engine).await?;
        if desk.is_whole() {
            let rules = engine.store().rules(member.catalog).await?;
            desk.whole = planner::rank::whole(book, &rules);
        }
        // Where the folder is gone its cards are in no folder of ours, wherever they lie now. What is made again for that
        // is part of the plan, so that one approval is enough.
        let nowhere = FolderId::from("");
        match &look.folder {
            Some(folder) => {
                desk.prove(engine, tenant, &folder.id).await?;
                desk.ask_photos(engine, tenant).await?;
            }
            None if member.state == MemberState::Active => {
                desk.prove(engine, tenant, &nowhere).await?;
            }
            None => {}
        }
        Ok(desk)
    }

    /// A desk for one entry, with nothing observed.
    pub(crate) async fn of_entry(
        engine: &Engine,
        book: &Book,
        member: &Member,
        entry: EntryId,
    ) -> Result<Self, StoreError> {
        let mut desk = Self {
            member: member.clone(),
            rules: Arc::new(rules(engine, book, member).await?),
            catalog: CatalogView::default(),
            links: engine.store().links_of(member.id, &[entry]).await?,
            snapshot: Snapshot::new(Reach::Changes),
            held: 0,
            own: None,
            whole: false,
        };
        desk.add_entries(engine, &[entry]).await?;
        desk.fill_contents(engine).await?;
        Ok(desk)
    }

    async fn fill(&mut self, engine: &Engine) -> Result<(), StoreError> {
        if self.is_whole() {
            self.fill_whole(engine).await?;
        } else {
            self.fill_changes(engine).await?;
        }
        self.fill_contents(engine).await
    }

    fn is_whole(&self) -> bool {
        self.snapshot.reach == Reach::Full || self.member.state != MemberState::Active
    }

    async fn fill_whole(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let m = self.member.clone();
        self.links = engine.store().links(m.id).await?;
        self.catalog = engine
            .store()
            .view(&m.tenant, m.catalog, &m.view, 0)
            .await?;
        if mutant::on(Mutant::A10) && m.looked_full_at.is_some() {
            self.links.clear();
            self.snapshot.items.clear();
        }
        // A copy whose entry another view held: the member changed its view since.
        let known: BTreeSet<EntryId> = self.catalog.entries.keys().copied().collect();
        let strange: Vec<EntryId> = self
            .links
            .keys()
            .map(|(e, _)| *e)
            .filter(|e| !known.contains(e))
            .collect();
        self.add_entries(engine, &strange).await
    }

    async fn fill_changes(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let m = self.member.clone();
        self.catalog = engine
            .store()
            .view(&m.tenant, m.catalog, &m.view, m.through)
            .await?;
        let seen: Vec<ItemId> = self.snapshot.items.keys().cloned().collect();
        let observed = engine.store().links_by_item(m.id, &seen).await?;
        let troubled = engine.store().links_troubled(&m.tenant, m.id).await?;
        let others: BTreeSet<EntryId> = observed
            .keys()
            .chain(troubled.keys())
            .map(|(entry, _)| *entry)
            .filter(|e| !self.catalog.entries.contains_key(e))
            .collect();
        self.add_entries(engine, &others.into_iter().collect::<Vec<_>>())
            .await?;
        let entries: Vec<EntryId> = self.catalog.entries.keys().copied().collect();
        self.links = engine.store().links_of(m.id, &entries).await?;
        self.links.extend(observed);
        self.links.extend(troubled);
        Ok(())
    }

    async fn add_entries(&mut self, engine: &Engine, ids: &[EntryId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let m = &self.member;
        let more = engine
            .store()
            .view_entries(&m.tenant, m.catalog, &m.view, ids)
            .await?;
        self.catalog.entries.extend(more.entries);
        Ok(())
    }

    /// The contents that links agreed on earlier and that no living entry carries any more.
    async fn fill_contents(&mut self, engine: &Engine) -> Result<(), StoreError> {
        for entry in self.catalog.entries.values() {
            if let EntryState::Live { content, item, .. } = &entry.state {
                self.catalog.contents.insert(*content, item.clone());
            }
        }
        let missing: Vec<ContentId> = self
            .links
            .values()
            .filter_map(|l| l.agreed)
            .filter(|c| !self.catalog.contents.contains_key(c))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let more = engine
            .store()
            .contents(&self.member.tenant, &missing)
            .await?;
        self.catalog.contents.extend(more);
        Ok(())
    }

    /// Asks by id for what this look alone cannot tell.
    async fn prove(
        &mut self,
        engine: &Engine,
        tenant: &Tenant,
        folder: &FolderId,
    ) -> Result<(), DeskError> {
        let ids = planner::plan::to_prove(&self.input(engine, engine.now()));
        look::prove(
            engine,
            tenant,
            &self.member.mailbox,
            folder,
            &ids,
            &mut self.snapshot,
        )
        .await?;
        Ok(())
    }

    /// Asks users' cards that are to get a photo whether they show one. Who does not answer gets none now.
    async fn ask_photos(&mut self, engine: &Engine, tenant: &Tenant) -> Result<(), DeskError> {
        let ids = planner::photo::to_ask(&self.input(engine, engine.now()));
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<ItemId> = ids.into_iter().collect();
        let mailbox = &self.member.mailbox;
        let tags = engine
            .graph()
            .contact_photo_tags(&tenant.at, mailbox, &ids)
            .await?;
        for (id, tag) in tags {
            if let Ok(tag) = tag {
                self.snapshot.photos.insert(id, tag.is_some());
            }
        }
        Ok(())
    }

    pub(crate) fn input<'a>(&'a self, engine: &'a Engine, now: Timestamp) -> Input<'a> {
        Input {
            rules: &self.rules,
            member: &self.member,
            now,
            catalog: &self.catalog,
            observed: &self.snapshot,
            links: &self.links,
            held: self.held,
            own: self.own,
            stamp_key: &engine.inner.keys.stamps,
            whole: self.whole,
            brakes: Brakes::default(),
        }
    }

    pub(crate) fn plan(&self, engine: &Engine, now: Timestamp) -> Plan {
        planner::plan::plan(&self.input(engine, now))
    }

    /// The photos that follow the plan once its cards are there.
    pub(crate) fn following(
        &self,
        engine: &Engine,
        plan: &Plan,
        now: Timestamp,
    ) -> BTreeMap<EntryId, String> {
        planner::photo::following(&self.input(engine, now), plan)
    }

    /// The member never held anything of ours.
    pub(crate) fn first_fill(&self) -> bool {
        self.held == 0 && self.member.written_at.is_none()
    }

    /// Does the look show a card that is no copy of ours?
    pub(crate) fn sees_strangers(&self) -> bool {
        planner::adopt::sees_strangers(&self.snapshot, &self.links)
    }

    pub(crate) fn content(&self, id: ContentId) -> Option<&Arc<Item>> {
        self.catalog.contents.get(&id)
    }

    pub(crate) fn link(&self, entry: EntryId, part: Part) -> model::link::Link {
        self.links
            .get(&(entry, part))
            .cloned()
            .unwrap_or_else(|| model::link::Link::new(self.member.id, entry, part))
    }
}

/// The card of the mailbox's own person, when the rules leave it out: by what the catalog says, for the entry may
/// have been minted from another source's card of the same person.
async fn own(
    engine: &Engine,
    member: &Member,
    rules: &Rules,
) -> Result<Option<EntryId>, StoreError> {
    if !rules.options.skip_own_card {
        return Ok(None);
    }
    let store = engine.store();
    store
        .entry_of(member.catalog, member.mailbox.as_str())
        .await
}

/// The rules of the tunnels whose sources the member's view is made of.
async fn rules(engine: &Engine, book: &Book, member: &Member) -> Result<Rules, StoreError> {
    let sources = engine
        .store()
        .view_sources(member.catalog, &member.view)
        .await?;
    let feeds = |t: &&Tunnel| {
        sources
            .iter()
            .any(|s| s.split('/').next() == Some(t.id.as_str()))
    };
    let tunnels: Vec<&Tunnel> = book.tunnels.iter().filter(feeds).collect();
    Ok(Rules::of(&tunnels))
}
