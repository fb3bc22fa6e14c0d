//! What a first fill, a quiet run and a few changes cost, counted under virtual time.

use super::house::{BenchError, House};
use super::wire::{Asked, lock};
use super::{Size, Usage, usage};
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use model::run::Run;
use model::{Millis, Timestamp};
use serde::Serialize;

/// Concurrent requests and requests per span that Graph grants one app in one mailbox (graph.md 5.2).
const SLOTS: f64 = 4.0;
const BUDGET: u64 = 10_000;
const BUDGET_SPAN_S: u64 = 600;
/// The simulator's latencies.
const WRITE_S: f64 = 0.270;
const PHOTO_S: f64 = 0.300;
/// Items of a directory page.
const PAGE: u64 = 999;

/// What a first fill took.
#[derive(Clone, Debug, Serialize)]
pub struct Filled {
    pub size: Size,
    /// Mailboxes that were filled: people's and shared ones.
    pub mailboxes: u64,
    /// Cards and photos written.
    pub items: u64,
    pub finish_s: f64,
    /// What slots and budget of a mailbox allow at best.
    pub bound_s: f64,
    pub asked: Asked,
    /// One write per item, one folder and one delta round per mailbox, the pages of the sources, and one
    /// request per photo there.
    pub minimum: u64,
    /// Of the whole process: engine, store and simulator together.
    pub cpu_ms: u64,
    pub usage: Usage,
}

impl Filled {
    pub fn finish_by_bound(&self) -> f64 {
        self.finish_s / self.bound_s
    }

    pub fn requests_by_minimum(&self) -> f64 {
        self.asked.requests as f64 / self.minimum as f64
    }
}

/// Fills every mailbox of a client of this size.
///
/// # Errors
/// The run did not end as done.
pub fn fill(size: Size) -> Result<Filled, BenchError> {
    Ok(filled(size)?.1)
}

pub(super) fn filled(size: Size) -> Result<(House, Filled), BenchError> {
    let mut house = House::new(size)?;
    let (before, start) = (usage(), house.now());
    let run = house.run()?;
    let figures = figures(&house, &run, start, &before);
    Ok((house, figures))
}

fn figures(house: &House, run: &Run, start: Timestamp, before: &Usage) -> Filled {
    let (asked, size, usage) = (house.asked(), house.size(), usage());
    let mailboxes = asked.folders_made().max(1);
    let photos = asked.of("PUT");
    let cards = run.account.done - photos;
    let directory = &house.tenant();
    let pages = |n: usize| (n as u64).div_ceil(PAGE).max(1);
    let sources = pages(directory.people.len()) + pages(directory.org_contacts.len());
    let portraits = if size.photos {
        directory
            .people
            .iter()
            .filter(|p| p.photo.is_some())
            .count() as u64
    } else {
        0
    };
    Filled {
        size,
        mailboxes,
        items: run.account.done,
        finish_s: house.now().since(start).0 as f64 / 1_000.0,
        bound_s: bound_s(cards.div_ceil(mailboxes), photos.div_ceil(mailboxes)),
        minimum: run.account.done + 2 * mailboxes + sources + portraits,
        asked,
        cpu_ms: usage.cpu_us_since(before) / 1_000,
        usage,
    }
}

/// The longest of what four slots allow and what the budget of a mailbox allows.
fn bound_s(cards: u64, photos: u64) -> f64 {
    let slots = (cards as f64 * WRITE_S + photos as f64 * PHOTO_S) / SLOTS;
    let spans = (cards + photos).saturating_sub(1) / BUDGET;
    let rest = (cards + photos - spans * BUDGET) as f64 * WRITE_S / SLOTS;
    slots.max((spans * BUDGET_SPAN_S) as f64 + if spans > 0 { rest } else { 0.0 })
}

/// What a run after the fill cost.
#[derive(Clone, Debug, Serialize)]
pub struct Upkeep {
    pub size: Size,
    /// Entries that changed at the source.
    pub changed: u64,
    pub items: u64,
    pub asked: Asked,
    /// One delta round per source; with changes also one per mailbox and a write per change and mailbox.
    pub minimum: u64,
    pub rows_changed: u64,
    pub cpu_us: u64,
    pub finish_s: f64,
}

impl Upkeep {
    pub fn requests_by_minimum(&self) -> f64 {
        self.asked.requests as f64 / self.minimum as f64
    }
}

/// Delta rounds of a directory with people and org contacts.
const SOURCES: u64 = 2;

/// Quiet runs, of which the middle one by processor time is told: a single one takes less than a thousandth of a second,
/// and the first after a fill is slower than the others, in part because its pages are in no cache yet.
const QUIET_RUNS: usize = 9;

/// Fills, settles, and runs again with nothing to do.
///
/// # Errors
/// A run did not end as done.
pub fn quiet(size: Size) -> Result<Upkeep, BenchError> {
    let (mut house, _) = filled(size)?;
    settle(&mut house)?;
    let mut runs = Vec::with_capacity(QUIET_RUNS);
    for _ in 0..QUIET_RUNS {
        runs.push(upkeep(&mut house, 0, 0)?);
        house.wait(Millis::minutes(15));
    }
    runs.sort_by_key(|run| run.cpu_us);
    Ok(runs.swap_remove(QUIET_RUNS / 2))
}

/// Fills, settles, changes `count` people at the source and runs; then once more. The first run after a fill
/// has to read every folder once, to have a cursor there: the second shows what a change costs from then on.
///
/// # Errors
/// A run did not end as done.
pub fn changes(size: Size, count: usize) -> Result<(Upkeep, Upkeep), BenchError> {
    let (mut house, filled) = filled(size)?;
    settle(&mut house)?;
    edit(&house, count, "Captain")?;
    house.wait(Millis::minutes(5));
    let first = upkeep(&mut house, count as u64, filled.mailboxes)?;
    house.wait(Millis::minutes(10));
    edit(&house, count, "Major")?;
    house.wait(Millis::minutes(5));
    Ok((first, upkeep(&mut house, count as u64, filled.mailboxes)?))
}

/// The source's own delta has settled after another round.
fn settle(house: &mut House) -> Result<(), BenchError> {
    house.wait(Millis::minutes(15));
    house.run()?;
    house.wait(Millis::minutes(15));
    Ok(())
}

fn upkeep(house: &mut House, changed: u64, mailboxes: u64) -> Result<Upkeep, BenchError> {
    let (rows, before, start) = (house.rows_changed(), usage(), house.now());
    let run = house.run()?;
    Ok(Upkeep {
        size: house.size(),
        changed,
        items: run.account.done,
        minimum: SOURCES + mailboxes + run.account.done,
        rows_changed: house.rows_changed() - rows,
        cpu_us: usage().thread_us_since(&before),
        finish_s: house.now().since(start).0 as f64 / 1_000.0,
        asked: house.asked(),
    })
}

fn edit(house: &House, count: usize, title: &str) -> Result<(), BenchError> {
    let tenant = house.tenant();
    let staff = tenant.people.iter().filter(|p| !p.guest).take(count);
    for (at, person) in staff.enumerate() {
        let act = Act::Directory {
            tenant: tenant.id.clone(),
            act: DirectoryAct::EditUser {
                id: person.id.clone(),
                properties: [("jobTitle".to_owned(), format!("{title} {at}").into())]
                    .into_iter()
                    .collect(),
            },
        };
        lock(&house.cloud)
            .act(&act, house.now().0)
            .map_err(|done| BenchError::Cloud(format!("an edit was refused: {done:?}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_bound_a_fill_until_the_budget_does() {
        assert_eq!(bound_s(5_000, 0).round(), 338.0);
        assert_eq!(bound_s(5_000, 5_000).round(), 713.0);
        assert_eq!(bound_s(20_000, 0).round(), 1_350.0);
    }
}
