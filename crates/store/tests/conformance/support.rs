//! A bench for verbs: a clock that stands still until it is moved, chance from a counter, and a few nouns.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file takes what it needs, and a test may fail"
)]

use futures::executor::block_on;
use futures::future::BoxFuture;
use model::catalog::{CatalogChange, EntryChange, EntryWish, MemberChange, MemberWish};
use model::link::{Link, Op, Part, Sent};
use model::run::Trigger;
use model::seam::{Chance, Clock};
use model::{
    BookKey, CatalogId, EntryId, Field, Item, ItemId, MailboxId, MemberId, Millis, RunId,
    TenantName, Timestamp, Value, ViewId,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::{Claim, Fate, Intent, Job, Lease, Mode, Priority, RunStart, Settled, Store};

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn at(now: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now)))
    }

    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }

    pub fn pass(&self, span: Millis) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Timestamp {
        self.now()
    }

    fn sleep_until(&self, _until: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn sleep(&self, _span: Millis) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[derive(Default)]
pub struct Counter(AtomicU64);

impl Chance for Counter {
    fn bits(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::SeqCst)) + 7
    }
}

pub fn tenant() -> TenantName {
    "contoso".into()
}

pub const CATALOG: CatalogId = CatalogId(0xca7a);
pub const NOW: Timestamp = Timestamp(1_795_000_000_000);

pub fn view() -> ViewId {
    "all".into()
}

/// A store on its bench: with the clock that it goes by.
pub struct Bench {
    pub store: Store,
    pub clock: Arc<TestClock>,
}

pub fn in_memory() -> Bench {
    let clock = TestClock::at(NOW.0);
    let store = Store::in_memory(clock.clone(), Arc::new(Counter::default())).unwrap();
    Bench { store, clock }
}

pub fn on_disk(folder: &std::path::Path, mode: Mode) -> Bench {
    let clock = TestClock::at(NOW.0);
    let chance = Arc::new(Counter::default());
    let store = Store::open(folder, clock.clone(), chance, mode).unwrap();
    Bench { store, clock }
}

/// Checks a fact on every kind of store there is.
pub fn on_each(fact: impl Fn(&Bench)) {
    fact(&in_memory());
    let folder = tempfile::tempdir().unwrap();
    fact(&on_disk(folder.path(), Mode::Threaded { readers: 2 }));
}

/// How many rows a verb changes; only a store in memory can say.
pub fn rows_changed(store: &Store, verb: impl FnOnce()) -> u64 {
    let before = store.rows_changed();
    verb();
    store.rows_changed() - before
}

pub fn person(name: &str) -> Item {
    Item::default()
        .with(Field::DisplayName, Value::text(name))
        .with(Field::MobilePhone, Value::text("+41 79 000 00 00"))
}

pub fn live(entry: u128, name: &str) -> EntryChange {
    EntryChange {
        view: view(),
        entry: EntryId(entry),
        to: EntryWish::Live {
            item: person(name),
            photo: None,
        },
    }
}

pub fn entries(changes: Vec<EntryChange>) -> CatalogChange {
    CatalogChange {
        entries: changes,
        ..CatalogChange::default()
    }
}

pub fn joining(mailbox: &str, view: &str) -> MemberChange {
    let wish = MemberWish {
        address: format!("{mailbox}@contoso.example"),
        view: view.into(),
    };
    MemberChange {
        join: [(MailboxId::from(mailbox), wish)].into(),
        ..MemberChange::default()
    }
}

/// Writes a round of the test catalog down.
pub fn round(store: &Store, people: &CatalogChange, members: &MemberChange) -> Vec<MemberId> {
    block_on(store.commit_round(&tenant(), CATALOG, people, members, NOW)).unwrap()
}

/// A member of the test catalog in this mailbox.
pub fn member(store: &Store, mailbox: &str) -> MemberId {
    let change = joining(mailbox, "all");
    round(store, &CatalogChange::default(), &change)[0]
}

/// Mints a version with these people as entries 1, 2, 3 …
pub fn commit(store: &Store, names: &[&str]) -> i64 {
    let changes = (1..).zip(names).map(|(n, name)| live(n, name)).collect();
    round(store, &entries(changes), &MemberChange::default());
    block_on(store.catalog_version(&tenant(), CATALOG)).unwrap()
}

pub fn job(tenant: &str, lane: &str) -> Job {
    Job {
        tenant: tenant.into(),
        lane: lane.to_owned(),
        kind: "look".to_owned(),
        target: lane.to_owned(),
        priority: Priority::Normal,
        attempts: 0,
    }
}

pub fn claim(store: &Store) -> Option<Claim> {
    block_on(store.claim("w1", Millis::minutes(1), 8)).unwrap()
}

pub fn claimed(store: &Store, lane: &str) -> Claim {
    block_on(store.offer(&job("contoso", lane), NOW)).unwrap();
    claim(store).unwrap()
}

pub fn lease(store: &Store, lane: &str) -> Lease {
    block_on(store.offer(&job("contoso", lane), NOW)).unwrap();
    claim(store).unwrap().lease
}

pub fn run(store: &Store) -> RunId {
    let start = RunStart {
        tenant: tenant(),
        book: BookKey::from("Contoso people"),
        trigger: Trigger::Command,
        policy_version: "p1".to_owned(),
    };
    block_on(store.begin_run(&start, NOW)).unwrap().unwrap()
}

pub fn create(entry: u128) -> Intent {
    Intent {
        entry: EntryId(entry),
        part: Part::Core,
        sent: Sent {
            op: Op::Create,
            deadline: NOW + Millis::seconds(30),
            content: None,
            attempt: 1,
            generation: 1,
        },
        item: None,
        prior: None,
        counts: None,
        detail: String::new(),
    }
}

pub fn update(entry: u128, item: &str) -> Intent {
    let mut intent = create(entry);
    intent.sent.op = Op::Update;
    intent.item = Some(ItemId::from(item));
    intent.prior = Some(b"before".to_vec());
    intent
}

pub fn done(member: MemberId, entry: u128, item: &str, op: Op) -> Settled {
    let mut link = Link::new(member, EntryId(entry), Part::Core);
    link.item = Some(ItemId::from(item));
    link.generation = 1;
    Settled {
        entry: EntryId(entry),
        part: Part::Core,
        op,
        fate: Fate::Done,
        link: Some(link),
        item: Some(ItemId::from(item)),
        detail: "201".to_owned(),
    }
}
