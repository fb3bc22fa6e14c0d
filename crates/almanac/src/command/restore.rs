//! `almanac restore`: puts items back as they were before we changed or deleted them.

use crate::cli::Restore;
use crate::command::{Context, apply, block_on, work};
use crate::exit::{Ended, Exit, Failure};
use crate::output::json;
use crate::output::table::Sheet;
use crate::plan::BookPlan;
use crate::wiring::{House, store_failure};
use engine::Ask;
use model::link::Op;
use model::member::Member;
use model::tunnel::Book;
use model::{EntryId, RunId, Values};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Prior, PriorFilter, StoreError};

pub fn restore(context: &Context, wanted: &Restore) -> Ended {
    if wanted.run.is_none() && wanted.person.is_none() && wanted.mailbox.is_none() {
        return Err(Failure::new(
            Exit::Usage,
            "restore needs to know what",
            "name --run, --person or --mailbox",
        ));
    }
    let house = House::open(context.settings()?)?;
    if let Some(run) = wanted.run {
        super::decide::existing(&house, run)?;
    }
    let found = block_on(find(&house, wanted))?.map_err(|e| store_failure(&e))?;
    if found.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "there is nothing to put back for that",
            "`almanac runs` lists what was done",
        ));
    }
    if !wanted.yes {
        show(context, &found);
        return Ok(Exit::Changes);
    }
    let done = block_on(put_back(&house, found, context.voice.json))??;
    Ok(apply::report(context, &done))
}

/// Prior images of one book.
struct Found {
    book: Arc<Book>,
    priors: Vec<(Prior, String)>,
    /// What people call the entries that are still in the sources.
    labels: BTreeMap<EntryId, String>,
}

async fn find(house: &House, wanted: &Restore) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for book in house.engine.books() {
        let members = house.store().members(&book.tenant, book.catalog).await?;
        let members: BTreeMap<_, Member> = members.into_iter().map(|m| (m.id, m)).collect();
        let entries = entries(house, &book, wanted).await?;
        let filter = PriorFilter {
            run: wanted.run.map(RunId),
            ..PriorFilter::of(&book.tenant)
        };
        let all = house.store().priors(&filter).await?.into_iter();
        let priors: Vec<(Prior, String)> = all
            .filter(|p| matches!(p.op, Op::Update | Op::Delete))
            .filter(|p| is_person(p, wanted, &entries))
            .filter_map(|p| Some((members.get(&p.member)?.address.clone(), p)))
            .filter(|(address, _)| {
                wanted
                    .mailbox
                    .as_ref()
                    .is_none_or(|m| m.eq_ignore_ascii_case(address))
            })
            .map(|(address, prior)| (prior, address))
            .collect();
        if !priors.is_empty() {
            let labels = labels(house, &book).await?;
            found.push(Found {
                book,
                priors,
                labels,
            });
        }
    }
    Ok(found)
}

async fn labels(house: &House, book: &Book) -> Result<BTreeMap<EntryId, String>, StoreError> {
    let catalog = house.store().load_catalog(&book.tenant, book.catalog);
    let contributions = catalog.await?.contributions.into_values();
    Ok(contributions
        .map(|c| (c.entry, c.content.label()))
        .collect())
}

/// The entries of a person who is still in the sources.
async fn entries(
    house: &House,
    book: &Book,
    wanted: &Restore,
) -> Result<BTreeSet<EntryId>, StoreError> {
    let Some(person) = wanted.person.as_ref().map(|p| p.to_lowercase()) else {
        return Ok(BTreeSet::new());
    };
    let catalog = house
        .store()
        .load_catalog(&book.tenant, book.catalog)
        .await?;
    let named = catalog.contributions.iter().filter(|((_, key), c)| {
        *key == person
            || c.identity.addresses.contains(&person)
            || c.content.label().to_lowercase() == person
    });
    Ok(named.map(|(_, contribution)| contribution.entry).collect())
}

/// A leaver is no longer in the sources, but named in the card that was deleted.
fn is_person(prior: &Prior, wanted: &Restore, entries: &BTreeSet<EntryId>) -> bool {
    let Some(person) = &wanted.person else {
        return true;
    };
    let text = String::from_utf8_lossy(&prior.bytes).to_lowercase();
    entries.contains(&prior.entry)
        || (prior.op == Op::Delete && text.contains(&format!("\"{}\"", person.to_lowercase())))
}

/// As the card that was deleted says, else as the sources say.
fn name_of(prior: &Prior, labels: &BTreeMap<EntryId, String>) -> String {
    let document: Option<Value> = serde_json::from_slice(&prior.bytes).ok();
    let name = document.and_then(|d| {
        d.get("displayName")
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    let label = || labels.get(&prior.entry).cloned();
    name.or_else(label)
        .unwrap_or_else(|| "(no longer in the sources)".to_owned())
}

/// What would be there again: the card, or the fields as they were.
fn again(prior: &Prior) -> String {
    let former: Option<Values> = serde_json::from_slice(&prior.bytes).ok();
    match former.filter(|_| prior.op == Op::Update) {
        None => "the card".to_owned(),
        Some(former) => {
            let fields = former.iter().map(|(field, value)| match value {
                Some(value) => format!("{field} {value}"),
                None => format!("{field} (blank)"),
            });
            fields.collect::<Vec<_>>().join(", ")
        }
    }
}

fn act(prior: &Prior) -> &'static str {
    match prior.op {
        Op::Delete => "deleted",
        _ => "changed",
    }
}

fn show(context: &Context, found: &[Found]) {
    let all = found
        .iter()
        .flat_map(|f| f.priors.iter().map(move |p| (f, p)));
    if context.voice.json {
        let documents: Vec<Value> = all
            .map(|(found, (prior, address))| {
                json!({ "tenant": found.book.tenant, "folder": found.book.key, "mailbox": address,
                    "was": act(prior), "at": prior.at.to_string(), "run": prior.run,
                    "person": name_of(prior, &found.labels), "puts_back": again(prior) })
            })
            .collect();
        return json::print(&json!({ "would_put_back": documents }));
    }
    let mut sheet =
        Sheet::new(&["mailbox", "person", "was", "puts back", "at", "run"]).numbers(&[5]);
    for (found, (prior, address)) in all {
        sheet.row([
            address.clone(),
            name_of(prior, &found.labels),
            act(prior).to_owned(),
            again(prior),
            prior.at.to_string(),
            prior.run.to_string(),
        ]);
    }
    sheet.print();
    context
        .voice
        .say("\nNothing was put back yet: say --yes to do it.");
}

async fn put_back(house: &House, found: Vec<Found>, quiet: bool) -> Result<Vec<BookPlan>, Failure> {
    let mut runs = Vec::new();
    for Found { book, priors, .. } in found {
        let ask = Ask {
            restore: priors.iter().map(|(prior, _)| prior.id).collect(),
            ..Ask::default()
        };
        runs.push(work::open(house, &book, &ask).await?);
    }
    work::finish(house, runs, quiet).await
}
