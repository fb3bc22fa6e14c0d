//! Remembered: what the store says of a history, held against what happened (I10, I12, I29, I40, I41).

use super::Monitor;
use super::cards::Deletion;
use super::images::Overwrote;
use super::{logs, patience, refill};
use crate::charter::TENANT;
use crate::town::Town;
use futures::executor::block_on;
use graph_sim::Operation;
use model::run::{Run, RunState};
use model::tunnel::Policy;
use model::{Fingerprint, MemberId, RunId, TenantName, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::{LedgerFilter, LedgerRow, Phase, Prior, PriorFilter, RunFilter, Store, StoreError};

/// Reads the store at the end of its life (of the history, or just before it is lost).
pub fn remembered(
    monitor: &mut Monitor,
    town: &Town,
    policy: &Policy,
    store: &Store,
    logs: &logs::Logs,
    now: Timestamp,
    ended: bool,
) {
    if let Err(error) = block_on(look(monitor, town, policy, store, now, ended)) {
        monitor.check("store", false, now, || error.to_string());
    }
    let leak = logs::leak(&logs.lines(), &town.secrets());
    monitor.check("I41", leak.is_none(), now, || {
        format!("a log line tells: {leak:?}")
    });
}

async fn look(
    monitor: &mut Monitor,
    town: &Town,
    policy: &Policy,
    store: &Store,
    now: Timestamp,
    ended: bool,
) -> Result<(), StoreError> {
    let tenant = TenantName::from(TENANT);
    let broken = store.verify_ledger().await?;
    monitor.check("I40", broken.is_none(), now, || {
        format!("the ledger is broken: {broken:?}")
    });
    let ledger = store.ledger(&LedgerFilter::default()).await?;
    let priors = store.priors(&PriorFilter::of(&tenant)).await?;
    let members = members(store, &tenant, monitor).await?;
    audited(monitor, &ledger, &members, now);
    recoverable(monitor, &priors, &members, now);
    let runs = store.runs(&RunFilter::default()).await?;
    let said = approved_runs(&ledger, &runs);
    guarded(monitor, policy, &ledger, &said, now);
    refill::asked(monitor, &ledger, &said, now);
    approved(monitor, &ledger, &runs, now);
    patience::patient(monitor, &ledger, now);
    accounted(monitor, &runs, &ledger, ended, now);
    discreet(monitor, town, &ledger, now);
    Ok(())
}

/// The mailbox of every member.
async fn members(
    store: &Store,
    tenant: &TenantName,
    monitor: &Monitor,
) -> Result<BTreeMap<MemberId, String>, StoreError> {
    let mut all = BTreeMap::new();
    // A tunnel whose document is gone has left members behind.
    for catalog in monitor.standing.catalogs() {
        for member in store.members(tenant, catalog).await? {
            all.insert(member.id, member.mailbox.0);
        }
    }
    Ok(all)
}

/// I40: every write that changed something was written down before it was sent.
fn audited(
    monitor: &mut Monitor,
    ledger: &[LedgerRow],
    members: &BTreeMap<MemberId, String>,
    now: Timestamp,
) {
    let mut told: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in ledger.iter().filter(|r| r.phase == Phase::Before) {
        let mailbox = row
            .member
            .and_then(|m| members.get(&m))
            .map_or("", String::as_str);
        *told.entry((mailbox, row.act.as_str())).or_default() += 1;
    }
    let mut done: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for (mailbox, _, operation, _) in &monitor.cards.writes {
        let act = match operation {
            Operation::Create => "create",
            Operation::Delete => "delete",
            _ => continue,
        };
        *done.entry((mailbox.clone(), act)).or_default() += 1;
    }
    if monitor.cards.doubled_on_the_way {
        return;
    }
    for ((mailbox, act), times) in done {
        let known = told.get(&(mailbox.as_str(), act)).copied().unwrap_or(0);
        monitor.check("I40", known >= times, now, || {
            format!("{times} {act}s in {mailbox}, {known} in the ledger")
        });
    }
}

/// I12: what was overwritten or deleted can be put back as it was.
fn recoverable(
    monitor: &mut Monitor,
    priors: &[Prior],
    members: &BTreeMap<MemberId, String>,
    now: Timestamp,
) {
    let overwrote = std::mem::take(&mut monitor.images.overwrote);
    for lost in &overwrote {
        let fits = |p: &&Prior| {
            let item = p.item.as_ref().map(|i| i.as_str()) == Some(lost.item.as_str());
            item && members.get(&p.member) == Some(&lost.mailbox)
                && p.at <= lost.at + model::Millis::days(1)
        };
        let kept = priors.iter().filter(fits).any(|p| holds(&p.bytes, lost));
        monitor.check("I12", kept, now, || {
            let near = |p: &&Prior| {
                members.get(&p.member) == Some(&lost.mailbox) && (p.at.0 - lost.at.0).abs() < 60_000
            };
            let found = priors.iter().filter(near).map(|p| {
                format!(
                    "{:?} {:?} {}",
                    p.item,
                    p.at,
                    String::from_utf8_lossy(&p.bytes)
                )
            });
            format!(
                "no prior image of {lost:?}; found {:?}",
                found.collect::<Vec<_>>()
            )
        });
    }
}

/// A deletion keeps the card as Graph shows it; an update keeps the values that it replaced.
fn holds(bytes: &[u8], lost: &Overwrote) -> bool {
    let Ok(kept) = serde_json::from_slice::<Value>(bytes) else {
        return false;
    };
    const OF_THE_ITEM: [&str; 6] = [
        "changeKey",
        "lastModifiedDateTime",
        "createdDateTime",
        "id",
        "parentFolderId",
        "categories",
    ];
    if lost.delete {
        let plain = lost
            .before
            .iter()
            .filter(|(n, _)| !n.starts_with('@') && !OF_THE_ITEM.contains(&n.as_str()));
        return plain
            .into_iter()
            .all(|(name, value)| kept.get(name) == Some(value));
    }
    let text = squeezed(&kept);
    lost.before
        .values()
        .all(|value| texts(value).iter().all(|t| text.contains(t.as_str())))
}

fn squeezed(value: &Value) -> String {
    texts(value).join("\n")
}

/// Every text inside a value, without line ends.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text
            .lines()
            .map(|l| l.trim().to_owned())
            .filter(|l| !l.is_empty())
            .collect(),
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The runs whose very plan a person approved: a run that could not finish is followed by one with the same plan.
fn approved_runs(ledger: &[LedgerRow], runs: &[Run]) -> BTreeSet<RunId> {
    let rows = ledger.iter().filter(|r| r.act == "approve");
    let said: BTreeSet<RunId> = rows.filter_map(|r| r.run).collect();
    let prints: BTreeSet<&Fingerprint> = runs
        .iter()
        .filter(|r| said.contains(&r.id))
        .filter_map(|r| r.fingerprint.as_ref())
        .collect();
    let very = |r: &&Run| r.fingerprint.as_ref().is_some_and(|p| prints.contains(p));
    runs.iter().filter(very).map(|r| r.id).collect()
}

/// I10: beyond the limits nothing is deleted that nobody approved.
fn guarded(
    monitor: &mut Monitor,
    policy: &Policy,
    ledger: &[LedgerRow],
    approved: &BTreeSet<RunId>,
    now: Timestamp,
) {
    let of_item = |item: &str| {
        let rows = ledger
            .iter()
            .filter(|r| r.act == "delete" && r.phase == Phase::Before);
        rows.filter(|r| r.item.as_ref().is_some_and(|i| i.as_str() == item))
            .filter_map(|r| r.run)
            .next_back()
    };
    let deletions = std::mem::take(&mut monitor.cards.deletions);
    let alone: Vec<&Deletion> = deletions
        .iter()
        .filter(|d| of_item(&d.item).is_some_and(|run| !approved.contains(&run)))
        .collect();
    let limits = policy.tunnels.iter().map(|t| t.limits);
    let Some(widest) = limits.max_by_key(|l| (l.items, l.percent)) else {
        return;
    };
    for last in &alone {
        let place = (&last.mailbox, last.catalog);
        let span = last.at_ms - widest.per.0..last.at_ms;
        let day = alone.iter().filter(|d| {
            (&d.mailbox, d.catalog) == place && (d.at_ms == last.at_ms || span.contains(&d.at_ms))
        });
        let whose = |d: &&&Deletion| d.entry.map_or_else(|| d.item.clone(), |e| e.to_string());
        let people: BTreeSet<String> = day.map(|d| whose(&d)).collect();
        let count = people.len() as u64;
        let (held, mailbox) = (last.living + count, &last.mailbox);
        let over = count > widest.items && count * 100 > widest.percent * held;
        monitor.check("I10", !over, now, || format!("{count} of {held} cards were deleted in {mailbox} within a day, and nobody approved"));
    }
}

/// I9: whom a changed rule leaves out is removed only by a plan that somebody approved.
fn approved(monitor: &mut Monitor, ledger: &[LedgerRow], runs: &[Run], now: Timestamp) {
    let prints: BTreeSet<&str> = ledger
        .iter()
        .filter(|r| r.act == "approve")
        .filter_map(|r| r.detail.split(' ').next())
        .collect();
    let approved: BTreeSet<RunId> = runs
        .iter()
        .filter(|r| {
            r.fingerprint
                .as_ref()
                .is_some_and(|f| prints.contains(f.as_str()))
        })
        .map(|r| r.id)
        .collect();
    for (mailbox, item) in std::mem::take(&mut monitor.cards.ruled) {
        let mut rows = ledger.iter().filter(|r| r.act == "delete");
        let row = rows.rfind(|r| r.item.as_ref().is_some_and(|i| i.as_str() == item));
        let holds = row
            .and_then(|r| r.run)
            .is_none_or(|run| approved.contains(&run));
        monitor.check("I9", holds, now, || {
            format!("{item} of {mailbox} was deleted for a changed rule, and nobody approved")
        });
    }
}

/// I29: every run ends, its account balances, and what it says is done is what the ledger says.
fn accounted(
    monitor: &mut Monitor,
    runs: &[Run],
    ledger: &[LedgerRow],
    ended: bool,
    now: Timestamp,
) {
    for run in runs {
        let is_done = |r: &&LedgerRow| {
            r.run == Some(run.id) && r.phase == Phase::After && r.detail.starts_with("done")
        };
        let done = ledger.iter().filter(is_done).count() as u64;
        let counts = !run.state.ended() || run.account.done == done;
        monitor.check("I29", counts, now, || {
            format!(
                "run {} counts {:?}, and {done} are done in the ledger",
                run.id, run.account
            )
        });
        let balances = !run.state.ended() || run.account.balances();
        monitor.check("I29", balances, now, || {
            format!(
                "run {} does not balance: {:?} {:?} {}",
                run.id, run.account, run.state, run.reason
            )
        });
        let open = !run.state.ended() && !matches!(run.state, RunState::Held | RunState::Planned);
        monitor.check("I29", !(ended && open), now, || {
            format!("run {} never ended: {:?}", run.id, run.state)
        });
        if run.state == RunState::Held {
            monitor.count("a hold stood at the end", 1);
        }
    }
}

/// I41: the ledger names things by id.
fn discreet(monitor: &mut Monitor, town: &Town, ledger: &[LedgerRow], now: Timestamp) {
    let details: BTreeSet<String> = ledger.iter().map(|r| r.detail.clone()).collect();
    let leak = logs::leak(&details, &town.secrets());
    monitor.check("I41", leak.is_none(), now, || {
        format!("the ledger tells: {leak:?}")
    });
    for row in ledger {
        let word = match (row.act.as_str(), row.detail.as_str()) {
            (_, "no answer") => "a write got no answer",
            (_, "refused") => "a write was refused",
            (_, "not there") => "a card was gone when we wrote",
            ("hold", _) => "a plan was held",
            ("approve", _) => "a plan was approved",
            ("reject", _) => "a plan was rejected",
            _ => continue,
        };
        monitor.count(word, 1);
    }
}
