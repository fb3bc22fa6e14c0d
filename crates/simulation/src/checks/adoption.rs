//! Adoption: at the first sync of a folder, a card that equals somebody exactly becomes theirs; of two, none (I3).

use super::Monitor;
use super::cards::mark;
use crate::town::Town;
use crate::world::START;
use graph_sim::mailbox::ContactView;
use graph_sim::{Cloud, Event};
use model::{Millis, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// When we first wrote into a folder: by mailbox and folder.
pub type Begun = BTreeMap<(String, String), Timestamp>;

/// A first fill is over long before that; what is made later is not of the first sync.
const FIRST_SYNC: Millis = Millis::minutes(30);

/// A card that we just made: was there an equal one of the user's?
pub fn made(monitor: &mut Monitor, cloud: &Cloud, town: &Town, event: &Event) {
    let Some(twins) = twins(monitor, cloud, town, event) else {
        return;
    };
    monitor.check("I3", twins != 1, Timestamp(event.at_ms), || {
        let written = cloud.contact(&town.tenant, &event.mailbox, &event.item);
        let name = written.map(|v| name(&v));
        format!(
            "{} {name:?} was made beside an equal card of the user's",
            event.item
        )
    });
}

/// A user's card that we just changed: was it the only one of its kind?
pub fn adopted(monitor: &mut Monitor, cloud: &Cloud, town: &Town, event: &Event) {
    let Some(twins) = twins(monitor, cloud, town, event) else {
        return;
    };
    monitor.check("I3", twins == 0, Timestamp(event.at_ms), || {
        format!(
            "{} was taken of {} equal cards of the user's",
            event.item,
            twins + 1
        )
    });
}

/// How many other cards of the user's, there from the beginning, are equal to the one that we wrote. `None`: it
/// is not the first sync of its folder.
fn twins(monitor: &mut Monitor, cloud: &Cloud, town: &Town, event: &Event) -> Option<usize> {
    let now = Timestamp(event.at_ms);
    let mailbox = event.mailbox.to_string();
    let place = (mailbox.clone(), event.folder.to_string());
    let begun = *monitor.begun.entry(place).or_insert(now);
    if now.since(begun) > FIRST_SYNC {
        return None;
    }
    let written = cloud.contact(&town.tenant, &mailbox, &event.item)?;
    let all = cloud.contacts(&town.tenant, &mailbox);
    let is_twin = |v: &&ContactView| {
        !monitor.cards.is_ours(&mailbox, &v.id)
            && mark(v).is_none()
            && v.id != written.id
            && v.folder.id == written.folder.id
            && Timestamp(v.modified_ms) <= START
            && alike(v, &written)
    };
    Some(all.iter().filter(is_twin).count())
}

/// The same name, the same addresses, the same numbers; and any of the latter.
fn alike(a: &ContactView, b: &ContactView) -> bool {
    let reach = reach(a);
    !reach.is_empty() && reach == self::reach(b) && name(a) == name(b)
}

fn name(view: &ContactView) -> (String, String) {
    let text = |name| {
        let text = view.properties.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_lowercase()
    };
    (text("givenName"), text("surname"))
}

fn reach(view: &ContactView) -> BTreeSet<String> {
    let listed = |name, of: &dyn Fn(&Value) -> Option<String>| -> Vec<String> {
        let all = view.properties.get(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(of).collect()
    };
    let mobile = view.properties.get("mobilePhone").and_then(Value::as_str);
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let address = |v: &Value| v["address"].as_str().map(str::to_lowercase);
    mobile
        .map(str::to_owned)
        .into_iter()
        .chain(listed("businessPhones", &text))
        .chain(listed("homePhones", &text))
        .chain(listed("emailAddresses", &address))
        .filter(|t| !t.is_empty())
        .collect()
}
