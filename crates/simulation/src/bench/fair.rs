//! How long one small change of a client waits beside the first fill of a large one.

use super::Size;
use super::house::{BenchError, House, done};
use super::wire::lock;
use crate::executor::VirtualTime;
use engine::{Ask, Engine, Stop, Until};
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use graph_sim::fleet;
use model::Millis;
use model::run::{Run, RunState, Trigger};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use store::StoreError;

/// How long the same change took.
#[derive(Clone, Debug, Serialize)]
pub struct Fair {
    pub size: Size,
    /// Mailboxes that the worker serves at once.
    pub lanes: usize,
    /// Cards that the large client was given meanwhile.
    pub items: u64,
    /// With nobody else at work.
    pub alone_s: f64,
    /// While every lane that one tenant may have was busy with the large client.
    pub beside_s: f64,
}

/// The small client.
const SMALL: usize = 3;
/// How often a client that is served by another's worker looks whether it is done.
const LOOKS_EVERY: Millis = Millis(50);
/// When the fill is well under way.
const UNDER_WAY: Millis = Millis(20_000);
const HOURS_MAX: i64 = 48;

/// One change of a client with three mailboxes: alone, and beside the first fill of one of this size.
///
/// # Errors
/// A run did not end as done.
pub fn fair(size: Size, lanes: usize) -> Result<Fair, BenchError> {
    let mut house = House::with(size, fleet_of(size), lanes)?;
    for _ in 0..3 {
        work(&mut house, SECOND, false)?;
        house.wait(Millis::minutes(30));
    }
    change(&house, "Captain")?;
    house.wait(Millis::minutes(5));
    let alone_s = work(&mut house, SECOND, false)?;
    change(&house, "Major")?;
    house.wait(Millis::minutes(5));
    let large: Out = Arc::default();
    let (engine, slot) = (house.engine(), large.clone());
    let fill = house.executor().spawn(async move {
        *lock(&slot) = Some(run(&engine, FIRST, None).await);
    });
    let begun = house.now() + UNDER_WAY;
    house.executor().run_until(begun);
    let beside_s = work(&mut house, SECOND, true)?;
    let limit = house.now() + Millis::hours(HOURS_MAX);
    if !house.executor().run_task(fill, limit) {
        return Err(BenchError::Endless(HOURS_MAX));
    }
    let filled = done(lock(&large).take().transpose()?.flatten())?;
    Ok(Fair {
        size,
        lanes,
        items: filled.account.done,
        alone_s,
        beside_s,
    })
}

/// The books of the large client and of the small one.
const FIRST: usize = 0;
const SECOND: usize = 1;

type Out = Arc<Mutex<Option<Result<Option<Run>, StoreError>>>>;

fn fleet_of(size: Size) -> fleet::Fleet {
    let of = |size: Size| fleet::Size {
        rooms: 0,
        private_contacts: 0,
        reception_contacts: 0,
        ..fleet::Size::of(size.mailboxes, size.contacts)
    };
    let small = Size {
        contacts: SMALL,
        mailboxes: SMALL,
        photos: false,
    };
    let mut both = fleet::generate(1, &of(size));
    let other = fleet::generate_tenants(2, &["fabrikam.example"], &of(small));
    both.tenants.extend(other.tenants);
    both
}

/// Runs one client until it is done: seconds of virtual time. It has a worker of its own, or is served by the one that is
/// at work, as on one machine.
fn work(house: &mut House, client: usize, beside: bool) -> Result<f64, BenchError> {
    let (engine, start) = (house.engine(), house.now());
    let out: Out = Arc::default();
    let slot = out.clone();
    let time = house.executor().time().clone();
    let task = house.executor().spawn(async move {
        let time = beside.then_some(&time);
        *lock(&slot) = Some(run(&engine, client, time).await);
    });
    let limit = start + Millis::hours(HOURS_MAX);
    if !house.executor().run_task(task, limit) {
        return Err(BenchError::Endless(HOURS_MAX));
    }
    done(lock(&out).take().transpose()?.flatten())?;
    Ok(house.now().since(start).0 as f64 / 1_000.0)
}

async fn run(
    engine: &Engine,
    client: usize,
    served: Option<&VirtualTime>,
) -> Result<Option<Run>, StoreError> {
    let Some(book) = engine.books().into_iter().nth(client) else {
        return Ok(None);
    };
    let asked = engine.ask(&book, Trigger::Command, &Ask::default()).await?;
    let store = engine.store();
    match served {
        None => {
            let until = Until::Settled(vec![asked.run], Stop::default());
            engine.work("bench", &until).await?;
        }
        Some(time) => {
            let ended = |state: Option<RunState>| state.is_none_or(RunState::ended);
            while !ended(store.run_state(asked.run).await?) {
                time.sleep_until(time.now() + LOOKS_EVERY).await;
            }
        }
    }
    store.run(asked.run).await
}

/// One person of the small client has another title.
fn change(house: &House, title: &str) -> Result<(), BenchError> {
    let tenant = &house.fleet().tenants[SECOND];
    let act = Act::Directory {
        tenant: tenant.id.clone(),
        act: DirectoryAct::EditUser {
            id: tenant.people[0].id.clone(),
            properties: [("jobTitle".to_owned(), title.into())]
                .into_iter()
                .collect(),
        },
    };
    let mut cloud = lock(&house.cloud);
    let done = cloud.act(&act, house.now().0);
    done.map(|_| ())
        .map_err(|e| BenchError::Cloud(format!("{e:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_client_does_not_wait_for_the_fill_of_a_large_one() {
        let size = Size {
            contacts: 600,
            mailboxes: 20,
            photos: false,
        };
        let found = fair(size, 16).unwrap();
        assert!(found.items >= 10_000, "{found:?}");
        assert!(found.beside_s <= 2.0 * found.alone_s + 1.0, "{found:?}");
    }
}
