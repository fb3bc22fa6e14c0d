//! The engine and what it is made of: the seams, the client, the store, and the policy in force.

use crate::bell::Bell;
use crate::block::Blocks;
use crate::look::Looks;
use crate::observe::Census;
use crate::settings::Settings;
use graph::{Graph, TenantRef};
use model::seam::{Chance, Clock, Signer};
use model::tunnel::{Book, Choice, Policy};
use model::{CatalogId, ContentId, Item, TenantName, Timestamp, ViewId};
use planner::identity::Keys;
use planner::rules::Rules;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use store::Store;

/// Everything outside that the engine may touch.
#[derive(Clone)]
pub struct World {
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub signer: Arc<dyn Signer>,
    pub graph: Graph,
    pub store: Store,
}

/// A tenant as the engine knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub at: TenantRef,
    /// ISO 3166 region for phone numbers where neither person nor tunnel says one.
    pub region: Option<String>,
}

/// The only loop of Almanac. Cheap to clone; clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub world: World,
    pub settings: Settings,
    pub tenants: BTreeMap<TenantName, Tenant>,
    pub keys: Keys,
    pub bell: Bell,
    pub looks: Looks,
    pub blocks: Blocks,
    pub census: Census,
    policy: RwLock<Arc<InForce>>,
    cards: Mutex<Cards>,
}

/// The policy in force with what follows from it.
pub(crate) struct InForce {
    pub policy: Policy,
    pub books: BTreeMap<CatalogId, Arc<Book>>,
}

/// The scope of a book's settings in the store.
pub(crate) fn book_scope(book: &Book) -> String {
    format!("catalog:{}", book.catalog)
}

impl Engine {
    pub fn new(world: World, tenants: Vec<Tenant>, policy: Policy, settings: Settings) -> Self {
        let keys = Keys::derive(&*world.signer);
        let tenants: BTreeMap<_, _> = tenants
            .into_iter()
            .map(|t| (t.at.name.clone(), t))
            .collect();
        let in_force = in_force(policy, &tenants, &keys);
        Self {
            inner: Arc::new(Inner {
                world,
                settings,
                tenants,
                keys,
                bell: Bell::default(),
                looks: Looks::default(),
                blocks: Blocks::default(),
                census: Census::default(),
                policy: RwLock::new(Arc::new(in_force)),
                cards: Mutex::default(),
            }),
        }
    }

    /// Puts another policy in force. Work under way notices before its next write.
    pub fn set_policy(&self, policy: Policy) {
        let next = in_force(policy, &self.inner.tenants, &self.inner.keys);
        *self
            .inner
            .policy
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        self.inner.bell.ring();
    }

    /// The books of the policy in force, in the order of tenant and folder.
    pub fn books(&self) -> Vec<Arc<Book>> {
        let mut books: Vec<_> = self.in_force().books.values().cloned().collect();
        books.sort_by(|a, b| (&a.tenant, &a.key).cmp(&(&b.tenant, &b.key)));
        books
    }

    pub fn store(&self) -> &Store {
        &self.inner.world.store
    }

    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.inner
            .policy
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn book(&self, catalog: CatalogId) -> Option<Arc<Book>> {
        self.in_force().books.get(&catalog).cloned()
    }

    pub(crate) fn lists(&self, tenant: &TenantName) -> BTreeMap<String, Choice> {
        self.in_force()
            .policy
            .lists
            .get(tenant)
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn tenant(&self, name: &TenantName) -> Option<&Tenant> {
        self.inner.tenants.get(name)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.world.clock.now()
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.inner.world.graph
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The card of a content: serialised once, shared by every mailbox that gets it.
    pub(crate) fn card(
        &self,
        id: ContentId,
        view: &ViewId,
        item: &Item,
        rules: &Rules,
    ) -> graph::Card {
        let in_force = self.in_force();
        let cards = &self.inner.cards;
        let mut cards = cards.lock().unwrap_or_else(PoisonError::into_inner);
        let of_view = cards.of_view(view, &in_force.policy.version);
        of_view
            .entry(id)
            .or_insert_with(|| graph::Card::new(planner::receive::card(item, rules)))
            .clone()
    }
}

/// Cards of one policy by view and content: the rules of a view decide what a fresh card carries.
#[derive(Default)]
struct Cards {
    policy: String,
    views: BTreeMap<ViewId, BTreeMap<ContentId, graph::Card>>,
}

impl Cards {
    fn of_view(&mut self, view: &ViewId, policy: &str) -> &mut BTreeMap<ContentId, graph::Card> {
        let kept: usize = self.views.values().map(BTreeMap::len).sum();
        if kept > CARDS_KEPT || self.policy != policy {
            self.views.clear();
            policy.clone_into(&mut self.policy);
        }
        self.views.entry(view.clone()).or_default()
    }
}

/// About 1 KB each.
const CARDS_KEPT: usize = 20_000;

/// Groups tunnels by the book they feed, and fills in what the tenant knows.
fn in_force(policy: Policy, tenants: &BTreeMap<TenantName, Tenant>, keys: &Keys) -> InForce {
    let mut books: BTreeMap<CatalogId, Book> = BTreeMap::new();
    for tunnel in &policy.tunnels {
        let mut tunnel = tunnel.clone();
        if tunnel.options.region.is_none() {
            tunnel.options.region = tenants.get(&tunnel.tenant).and_then(|t| t.region.clone());
        }
        let catalog = keys.catalog(&tunnel.tenant, &tunnel.folder.name);
        let book = books.entry(catalog).or_insert_with(|| Book {
            tenant: tunnel.tenant.clone(),
            key: tunnel.folder.name.clone(),
            catalog,
            tunnels: Vec::new(),
        });
        book.tunnels.push(tunnel);
    }
    books
        .values_mut()
        .for_each(|b| b.tunnels.sort_by(|a, b| a.id.cmp(&b.id)));
    InForce {
        policy,
        books: books
            .into_iter()
            .map(|(id, book)| (id, Arc::new(book)))
            .collect(),
    }
}
