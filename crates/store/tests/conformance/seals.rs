//! Sealing: what a tenant's items say lies in the file only as its seal made it.

use crate::support::*;
use futures::executor::block_on;
use model::catalog::{CatalogChange, Contribution, Identity, MemberChange, Standing};
use model::link::Op;
use model::plan::Tally;
use model::{EntryId, Field, Value};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use store::{FILE, Mode, Plain, PriorFilter, Seal, Store};

/// Not a cipher: bytes turned over, under a nonce that differs each time, as a real one has.
#[derive(Default)]
struct Scrambled(AtomicU8);

impl Seal for Scrambled {
    fn seal<'a>(&self, tenant: &str, plain: &'a [u8]) -> Cow<'a, [u8]> {
        let nonce = self.0.fetch_add(1, Ordering::SeqCst) | 0x80;
        let head = [nonce, tenant.len() as u8];
        Cow::Owned(
            head.into_iter()
                .chain(plain.iter().map(|b| b ^ nonce))
                .collect(),
        )
    }

    fn open<'a>(&self, tenant: &str, sealed: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let (&[nonce, of], body) = sealed.split_first_chunk::<2>()?;
        let mine = usize::from(of) == tenant.len();
        mine.then(|| Cow::Owned(body.iter().map(|b| b ^ nonce).collect()))
    }

    fn hash(&self, tenant: &str, plain: &[u8]) -> [u8; 32] {
        Plain.hash(tenant, plain)
    }
}

const SECRET: &str = "Zebulon";

fn change() -> CatalogChange {
    let contribution = Contribution {
        entry: EntryId(1),
        content: person(SECRET),
        photo: None,
        standing: Standing::In,
        identity: Identity::default(),
    };
    let key = ("t-1/directory".to_owned(), "z".to_owned());
    let mut change = entries(vec![live(1, SECRET)]);
    change.contributions.insert(key, Some(contribution));
    change
}

/// Puts the secret wherever content can go.
fn fill(store: &Store) {
    let bytes = SECRET.as_bytes().to_vec();
    round(store, &change(), &MemberChange::default());
    let looked = vec![("z".to_owned(), Some(bytes.clone()))];
    let of = tenant();
    let saved = store.save_collection(&of, "directory", looked, true, None, true, NOW);
    assert_eq!(block_on(saved).unwrap().changed, 1);
    block_on(store.put_blob(&tenant(), &bytes)).unwrap();
    let (member, run, lease) = (member(store, "ada"), run(store), lease(store, "ada"));
    let mut intent = update(1, "item");
    intent.prior = Some(bytes.clone());
    block_on(store.intend(&lease, run, member, vec![intent], NOW)).unwrap();
    let mut settled = done(member, 1, "item", Op::Update);
    let link = settled.link.as_mut().unwrap();
    link.shown.insert(Field::Notes, Some(Value::text(SECRET)));
    block_on(store.settle(&lease, run, member, vec![settled], NOW)).unwrap();
    block_on(store.planned_member(run, member, &Tally::default(), &"f".into(), Some(&bytes)))
        .unwrap();
}

#[test]
fn content_lies_in_the_file_only_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, chance) = (TestClock::at(NOW.0), Arc::new(Counter::default()));
    let seal = Arc::new(Scrambled::default());
    let store = Store::open_sealed(folder.path(), clock, chance, Mode::Inline, seal).unwrap();
    fill(&store);
    let priors = block_on(store.priors(&PriorFilter::of(&tenant()))).unwrap();
    assert_eq!(priors[0].bytes, SECRET.as_bytes());
    let catalog = block_on(store.load_catalog(&tenant(), CATALOG)).unwrap();
    assert_eq!(catalog.contributions.len(), 1);
    drop(store);
    let file = std::fs::read(folder.path().join(FILE)).unwrap();
    let found = file
        .windows(SECRET.len())
        .any(|bytes| bytes == SECRET.as_bytes());
    assert!(!found, "the file shows what should be sealed");
}

#[test]
fn sealing_anew_is_no_change() {
    let (clock, chance) = (TestClock::at(NOW.0), Arc::new(Counter::default()));
    let seal = Arc::new(Scrambled::default());
    let store = Store::in_memory_with(clock, chance, Mode::Inline, seal).unwrap();
    let commit = || round(&store, &change(), &MemberChange::default());
    commit();
    assert_eq!(
        rows_changed(&store, || {
            commit();
        }),
        0
    );
}
