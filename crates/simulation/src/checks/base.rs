//! Base: what the store remembers as agreed on in each pair is what the server showed of that card, never what we
//! meant to write (I16).

use super::lived::Life;
use super::{Monitor, shown};
use crate::charter::TENANT;
use futures::executor::block_on;
use graph_sim::{Actor, Event};
use model::link::{Link, Part};
use model::tunnel::Policy;
use model::{ContentId, Field, Item, TenantName, Timestamp, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Store, StoreError};

/// Fields of cards (mailbox, item, our name of the field) that another product changed while a request of ours was being
/// answered: what stood there in between, and was answered, the oracle has not seen.
pub type Blurred = BTreeSet<(String, String, String)>;

/// The brake on tugging leaves a user's value, and the base as if ours were there.
const TUGS: u32 = 3;

/// One committed change.
pub fn event(blurred: &mut Blurred, event: &Event) {
    if event.actor != Actor::Rival {
        return;
    }
    for field in event.fields.iter().filter_map(|name| shown::field(name)) {
        let at = (event.mailbox.to_string(), event.item.to_string());
        blurred.insert((at.0, at.1, field.to_owned()));
    }
}

/// Reads every pair that the store remembers, at any moment.
pub fn held(monitor: &mut Monitor, policy: &Policy, store: &Store, now: Timestamp) {
    if let Err(error) = block_on(look(monitor, policy, store, now)) {
        monitor.check("store", false, now, || error.to_string());
    }
}

async fn look(
    monitor: &mut Monitor,
    policy: &Policy,
    store: &Store,
    now: Timestamp,
) -> Result<(), StoreError> {
    let tenant = TenantName::from(TENANT);
    let folders: BTreeSet<String> = policy
        .tunnels
        .iter()
        .map(|t| t.folder.name.0.clone())
        .collect();
    for folder in folders {
        let catalog = monitor.standing.catalog(&folder);
        for member in store.members(&tenant, catalog).await? {
            let links = store.links(member.id).await?;
            let agreed: Vec<ContentId> = links.values().filter_map(|link| link.agreed).collect();
            let contents = store.contents(&tenant, &agreed).await?;
            for link in links.values().filter(|link| link.part == Part::Core) {
                pair(monitor, member.mailbox.as_str(), link, &contents, now);
            }
        }
    }
    Ok(())
}

fn pair(
    monitor: &mut Monitor,
    mailbox: &str,
    link: &Link,
    contents: &BTreeMap<ContentId, Arc<Item>>,
    now: Timestamp,
) {
    let agreed = link.agreed.and_then(|id| contents.get(&id));
    let (Some(agreed), Some(item)) = (agreed, link.item.as_ref()) else {
        return;
    };
    let at = (mailbox.to_owned(), item.as_str().to_owned());
    let Some(life) = monitor.lived.cards.get(&at).filter(|_| link.tugs < TUGS) else {
        return;
    };
    let blurred = |field: Field| {
        let of = (at.0.clone(), at.1.clone(), field.as_str().to_owned());
        monitor.blurred.contains(&of)
    };
    let base = |field: Field| match link.shown.get(&field) {
        Some(shown) => shown.as_ref(),
        None => agreed.get(field),
    };
    let unseen = Field::ALL
        .iter()
        .filter(|field| !blurred(**field))
        .map(|field| (*field, base(*field)))
        .find(|(field, value)| match value {
            Some(value) => !was_shown(life, *field, value),
            None => life.was_never_blank(field.as_str()),
        });
    let unseen = unseen.map(|(field, value)| (field, value.map(ToString::to_string)));
    monitor.check("I16", unseen.is_none(), now, || {
        format!("{item} of {mailbox} never showed what is remembered of it: {unseen:?}")
    });
}

/// Did the card ever show this value? Lists are compared by what they hold: in which form a number is kept does not
/// matter.
fn was_shown(life: &Life, field: Field, value: &Value) -> bool {
    let name = field.as_str();
    let past = life.past.get(name).into_iter().flatten();
    let mut shown = past.chain(life.now.fields.get(name));
    let said = said(value);
    match value {
        Value::Text(_) => shown.any(|text| text.trim() == said.trim()),
        _ => said.is_empty() || shown.any(|text| elements(text) == elements(&said)),
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Date(text) => text.to_string(),
        Value::Texts(all) => all.join("\n"),
        Value::Mails(all) => {
            let all: Vec<&str> = all.iter().map(|mail| mail.address.as_str()).collect();
            all.join("\n")
        }
        Value::Address(a) => {
            let parts = [&a.street, &a.city, &a.state, &a.postal_code, &a.country];
            parts.map(String::as_str).join("\n")
        }
    }
}

fn elements(text: &str) -> BTreeSet<String> {
    let plain = |line: &str| -> String {
        let kept = line.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let all = text.lines().map(plain);
    all.filter(|line| !line.is_empty()).collect()
}
