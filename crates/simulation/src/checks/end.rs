//! The end state: what every mailbox shows once all is calm, held against the truth (I22, I23).

use super::Monitor;
use super::cards::mark;
use crate::town::Town;
use crate::wanted::{Human, Key, humans, object, wanted};
use graph_sim::Cloud;
use graph_sim::mailbox::ContactView;
use model::Field;
use model::tunnel::{OnUserDelete, Policy, Tunnel, TunnelState, WhenPresent};
use std::collections::BTreeSet;

/// The first difference between what is there and what ought to be; none when all is well.
pub fn end_state(monitor: &Monitor, cloud: &Cloud, town: &Town, policy: &Policy) -> Option<String> {
    for ((mailbox, folder), keys) in wanted(town, policy) {
        let here = cards_of(monitor, cloud, town, &mailbox, &folder);
        if is_lost_folder(monitor, &here, &mailbox, &folder) {
            continue;
        }
        let people = humans(town, &keys);
        let own = object(&mailbox);
        // With the store, the knowledge went which card is ours and which a user's copy: such are left alone.
        let copied = |v: &&ContactView| {
            let card = monitor.cards.all.get(&(mailbox.clone(), v.id.clone()));
            card.is_some_and(|c| c.copy)
        };
        let indistinct = forgot(monitor, &mailbox, &folder) && here.iter().any(|v| copied(&v));
        for person in people
            .iter()
            .filter(|p| !is_left_out(monitor, policy, &folder, p, &own))
        {
            let ours = |v: &ContactView| {
                let card = monitor.cards.all.get(&(mailbox.clone(), v.id.clone()));
                let twin = is_twin(monitor, &here, (&mailbox, &folder), v);
                card.is_some_and(|c| c.ours && !c.excused) && !twin
            };
            // Two cards of this person bear one mark: both stay as they are, whatever the person is called since.
            let of = |v: &ContactView| {
                let key = mark(v).and_then(|m| monitor.standing.person(m.catalog, m.entry));
                key.is_some_and(|key| !person.keys.is_disjoint(&monitor.standing.partners(key)))
            };
            let twin = |v: &ContactView| of(v) && is_twin(monitor, &here, (&mailbox, &folder), v);
            let indistinct = indistinct || here.iter().any(twin);
            if let Some(what) = shown(person, &here, &ours, indistinct, policy, &folder) {
                return Some(format!("{folder} of {mailbox}: {what}"));
            }
        }
        if let Some(what) = surplus(monitor, policy, &people, &here, &folder) {
            return Some(format!("{folder} of {mailbox}: {what}"));
        }
    }
    removed(monitor, cloud, town, policy)
}

/// Living cards with our mark in the mailbox's folder of that book: wherever the user moved the folder to.
fn cards_of(
    monitor: &Monitor,
    cloud: &Cloud,
    town: &Town,
    mailbox: &str,
    folder: &str,
) -> Vec<ContactView> {
    let catalog = monitor.standing.catalog(folder);
    let all = cloud
        .contacts(&town.tenant, mailbox)
        .into_iter()
        .filter(|v| !v.folder.deleted);
    let all: Vec<ContactView> = all.collect();
    let ours = |v: &ContactView| {
        monitor.cards.is_ours(mailbox, &v.id) && mark(v).is_some_and(|m| m.catalog == catalog)
    };
    // The folder in use, where nothing was written, is the one with most of our cards: single ones may have been moved.
    let folders = all.iter().filter(|v| ours(v)).map(|v| v.folder.id.clone());
    let folders: BTreeSet<String> = folders.collect();
    let count = |id: &String| all.iter().filter(|v| v.folder.id == *id && ours(v)).count();
    let most = folders.iter().max_by_key(|id| count(id)).cloned();
    // Where we last wrote, if anything is left there: users may have carried most of our cards elsewhere.
    let written = monitor.lived.written_in.get(&(mailbox.to_owned(), catalog));
    let written = written.filter(|id| all.iter().any(|v| v.folder.id == **id));
    let used = written.cloned().or(most);
    let of_another = |v: &ContactView| mark(v).is_some_and(|m| m.catalog != catalog);
    all.into_iter()
        .filter(|v| used.as_ref().is_none_or(|id| v.folder.id == *id))
        .filter(|v| !of_another(v))
        .collect()
}

/// The store was lost, or the mailbox once left with its copies kept: what had been ours is not remembered.
pub(super) fn forgot(monitor: &Monitor, mailbox: &str, folder: &str) -> bool {
    let place = (mailbox.to_owned(), folder.to_owned());
    monitor.cards.memory_lost || monitor.ruled.kept.contains(&place)
}

/// A folder that was the user's own before we wrote into it bears no mark of ours: renamed, and with the store lost or
/// the mailbox moved, nobody can know it again.
fn is_lost_folder(monitor: &Monitor, here: &[ContactView], mailbox: &str, folder: &str) -> bool {
    let renamed = here.first().is_some_and(|v| v.folder.name != folder);
    renamed && (monitor.cards.memory_lost || monitor.lived.moved.contains(mailbox))
}

/// Several cards here bear this card's mark, and it is not known which of them is ours.
fn is_twin(
    monitor: &Monitor,
    here: &[ContactView],
    (mailbox, folder): (&str, &str),
    view: &ContactView,
) -> bool {
    let Some(of) = mark(view) else { return false };
    let alike = here.iter().filter(|v| mark(v) == Some(of)).count() > 1;
    alike && (forgot(monitor, mailbox, folder) || monitor.twins.are(mailbox, of))
}

/// The mailbox's own person, under whatever key a source knows them, where the tunnels leave that card out.
fn is_left_out(
    monitor: &Monitor,
    policy: &Policy,
    folder: &str,
    person: &Human,
    own: &Key,
) -> bool {
    let skips = |t: &Tunnel| t.folder.name.as_str() == folder && t.options.skip_own_card;
    let partners = |key: &Key| monitor.standing.partners(key).contains(own);
    policy.tunnels.iter().any(skips) && person.keys.iter().any(partners)
}

/// Is this person's card there, and does it say what it ought to?
fn shown(
    person: &Human,
    here: &[ContactView],
    ours: &dyn Fn(&ContactView) -> bool,
    indistinct: bool,
    policy: &Policy,
    folder: &str,
) -> Option<String> {
    let respects = policy.tunnels.iter().any(|t| {
        t.folder.name.as_str() == folder && t.options.on_user_delete == OnUserDelete::Respect
    });
    let named: Vec<&ContactView> = here
        .iter()
        .filter(|v| person.names.contains(text(v, "displayName")))
        .collect();
    // Several sources that know somebody differently, or one that knows two of a name, are not told apart here.
    let Some(card) = named.first() else {
        return (!respects && !indistinct).then(|| format!("no card of {person:?}"));
    };
    // A user's own card that was adopted keeps what the user wrote.
    let plain = person.keys.len() == 1 && ours(card);
    let mails = mails(card);
    let missing = person.mails.iter().find(|m| !mails.contains(*m));
    if let (Some(mail), true, 1) = (missing, plain, named.len()) {
        return Some(format!(
            "{mail} is not on the card of {person:?}: {mails:?}"
        ));
    }
    let strict = policy
        .tunnels
        .iter()
        .filter(|t| t.folder.name.as_str() == folder)
        .all(|t| {
            t.fields
                .get(&Field::MobilePhone)
                .is_some_and(|r| r.when_present == WhenPresent::Always)
        });
    let mobile = text(card, "mobilePhone");
    let wrong = match person.mobiles.is_empty() {
        true => !mobile.is_empty(),
        false => !person.mobiles.contains(mobile),
    };
    (wrong && strict && plain && named.len() == 1)
        .then(|| format!("{mobile:?} is on the card {} of {person:?}", card.id))
}

/// A card of ours, of nobody who is wanted.
fn surplus(
    monitor: &Monitor,
    policy: &Policy,
    people: &[Human],
    here: &[ContactView],
    folder: &str,
) -> Option<String> {
    let keeps = policy
        .tunnels
        .iter()
        .any(|t| t.folder.name.as_str() == folder && t.state == TunnelState::Removed);
    let catalog = monitor.standing.catalog(folder);
    for view in here {
        let Some(mark) = mark(view).filter(|m| m.catalog == catalog) else {
            continue;
        };
        let mailbox = monitor
            .cards
            .all
            .iter()
            .find(|((_, item), _)| *item == view.id);
        let counts = mailbox.is_some_and(|(_, c)| c.ours && !c.excused);
        let key = monitor.standing.person(mark.catalog, mark.entry);
        // An entry that several sources shared lives on with whichever is left.
        let partners = key
            .map(|k| monitor.standing.partners(k))
            .unwrap_or_default();
        let wanted = people.iter().any(|p| !p.keys.is_disjoint(&partners));
        let same = |v: &&ContactView| super::cards::mark(v).is_some_and(|m| m.entry == mark.entry);
        let blurred = |m: &String| {
            forgot(monitor, m, folder) && here.iter().filter(same).count() > 1
                || is_twin(monitor, here, (m, folder), view)
        };
        let indistinct = mailbox.is_some_and(|((m, _), _)| blurred(m));
        if counts && !wanted && !keeps && !indistinct {
            return Some(format!(
                "a card of nobody who is wanted: {:?} {key:?} {} of {} g{}",
                text(view, "displayName"),
                view.id,
                mark.entry,
                mark.generation
            ));
        }
    }
    None
}

/// Removed tunnels that take their copies with them leave none behind.
fn removed(monitor: &Monitor, cloud: &Cloud, town: &Town, policy: &Policy) -> Option<String> {
    let gone = |folder: &str| {
        let mut of_folder = policy
            .tunnels
            .iter()
            .filter(|t| t.folder.name.as_str() == folder);
        of_folder
            .all(|t| t.state == TunnelState::Removed && t.copies == model::tunnel::Copies::Remove)
    };
    let folders: BTreeSet<&str> = policy
        .tunnels
        .iter()
        .map(|t| t.folder.name.as_str())
        .filter(|f| gone(f) && !monitor.standing.gave_up(f))
        .collect();
    for folder in folders {
        for mailbox in town.mailboxes() {
            // Copies that were to be kept when the mailbox left are its user's since.
            let place = (mailbox.clone(), folder.to_owned());
            let left = cards_of(monitor, cloud, town, &mailbox, folder);
            if monitor.ruled.kept.contains(&place)
                || is_lost_folder(monitor, &left, &mailbox, folder)
            {
                continue;
            }
            let catalog = monitor.standing.catalog(folder);
            let left = left.iter().filter(|v| {
                let card = monitor.cards.all.get(&(mailbox.clone(), v.id.clone()));
                // What a user put back is the user's.
                let twin = is_twin(monitor, &left, (&mailbox, folder), v);
                let counts = card.is_some_and(|c| c.ours && !c.excused) && !twin;
                mark(v).is_some_and(|m| m.catalog == catalog) && counts
            });
            if let Some(card) = left.clone().next() {
                return Some(format!(
                    "{} copies of the removed {folder} are left in {mailbox}, one is {} of {:?}",
                    left.count(),
                    card.id,
                    mark(card)
                ));
            }
        }
    }
    None
}

fn text<'a>(view: &'a ContactView, name: &str) -> &'a str {
    view.properties
        .get(name)
        .and_then(|v| v.as_str())
        .unwrap_or_default()
}

fn mails(view: &ContactView) -> BTreeSet<String> {
    let all = view
        .properties
        .get("emailAddresses")
        .and_then(|v| v.as_array());
    let address = |v: &serde_json::Value| v["address"].as_str().map(str::to_lowercase);
    all.into_iter().flatten().filter_map(address).collect()
}
