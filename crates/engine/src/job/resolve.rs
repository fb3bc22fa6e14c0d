//! Resolving: what became of writes that got no answer, once that can be known.

use crate::job::JobError;
use crate::job::carry::bounds;
use crate::job::member::Place;
use crate::look::{self, Look};
use crate::world::Engine;
use graph::Folder;
use model::link::{Link, Op, Origin, Part, Sent};
use model::plan::{Plan, Step};
use model::run::RunState;
use model::{EntryId, RunId, Timestamp};
use planner::settle::{self, Found};
use planner::stamp;
use std::collections::BTreeMap;
use store::{Fate, LinkChange, Settled};

/// The instant from which all of these are knowable; `None`: nothing is unsettled.
pub(crate) fn knowable(
    engine: &Engine,
    links: &BTreeMap<(EntryId, Part), Link>,
) -> Option<Timestamp> {
    links
        .values()
        .filter_map(|link| settle::knowable_at(link, &bounds(engine)))
        .max()
}

/// What a search for unanswered writes came to.
pub(crate) enum Resolved {
    /// Nobody can know yet; come back then.
    TooEarly(Timestamp),
    /// Nothing is under way any more. Of these changes only the next plan shows whether they arrived.
    Known(Changes),
}

/// Changes to cards whose fate no search tells: the card is there, and may have been changed by its user, too.
pub(crate) type Changes = BTreeMap<(EntryId, Part), Sent>;

/// Searches for every unanswered write of the member.
pub(crate) async fn resolve(place: &Place<'_>, look: &Look) -> Result<Resolved, JobError> {
    let (engine, store) = (place.engine, place.engine.store());
    let folder = look.folder.as_ref();
    let unsettled = store.links_unsettled(place.member.id).await?;
    let now = store.time().await?;
    if let Some(at) = knowable(engine, &unsettled).filter(|at| *at > now) {
        remember(place, look, &unsettled).await?;
        return Ok(Resolved::TooEarly(at));
    }
    let (mut told, mut silent, mut changes) = (Told::default(), Vec::new(), Changes::new());
    let mut failed = None;
    for (key, link) in &unsettled {
        let Some(sent) = &link.sent else { continue };
        let found = match (folder, &link.item) {
            // What was found so far is known, whatever becomes of the other searches.
            (Some(folder), _) => match search(place, folder, link).await {
                Ok(found) => found,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            },
            (None, Some(_)) if place.keeps() => Found::Unseen,
            (None, _) => Found::Nothing,
        };
        let Some(resolved) = settle::resolve(link, &found, now, &bounds(engine)) else {
            continue;
        };
        if let Some(link) = arrived_as_sent(place, link, &found).await? {
            told.add(place, sent, link, Fate::Done);
            continue;
        }
        match fate(sent.op, &found) {
            Some(fate) => told.add(place, sent, resolved, fate),
            None => silent.push(LinkChange::Agree(Box::new(resolved))),
        }
        if sent.op == Op::Update {
            changes.insert(*key, sent.clone());
        }
    }
    told.record(place, now).await?;
    if let Some(error) = failed {
        return Err(error);
    }
    if !silent.is_empty() {
        store.agree(place.lease, place.member.id, silent).await?;
    }
    Ok(Resolved::Known(changes))
}

/// Remembers the creates that a look shows, while it is too early to know that nothing else arrives: a user who emptied the
/// folder before the waiting is over would be given all of it again, and nobody be asked.
async fn remember(
    place: &Place<'_>,
    look: &Look,
    unsettled: &BTreeMap<(EntryId, Part), Link>,
) -> Result<(), JobError> {
    let stamp = |link: &Link, sent: &Sent| stamp(place, link, sent);
    let all = settle::sighted(unsettled.values(), &look.snapshot, stamp).into_iter();
    let all: Vec<LinkChange> = all.map(|link| LinkChange::Agree(Box::new(link))).collect();
    if !all.is_empty() {
        let store = place.engine.store();
        store.agree(place.lease, place.member.id, all).await?;
    }
    Ok(())
}

/// The link of an update that is there as it was sent. What we wrote into a user's own card is told by the next plan.
async fn arrived_as_sent(
    place: &Place<'_>,
    link: &Link,
    found: &Found,
) -> Result<Option<Link>, JobError> {
    let update = |sent: &&Sent| sent.op == Op::Update && link.origin == Origin::Created;
    let sent = link.sent.as_ref().filter(update);
    let (Some(content), Some(agreed)) = (sent.and_then(|s| s.content), link.agreed) else {
        return Ok(None);
    };
    let Found::Here {
        seen: Some(seen),
        etag,
        ..
    } = found
    else {
        return Ok(None);
    };
    let seen = (etag.as_ref(), seen);
    let (store, ids) = (place.engine.store(), [content, agreed]);
    let items = store.contents(&place.member.tenant, &ids).await?;
    let both = items.get(&agreed).zip(items.get(&content));
    Ok(both.and_then(|(before, after)| settle::arrived(link, before, (content, after), seen)))
}

/// What a search proves; `None`: nothing.
fn fate(op: Op, found: &Found) -> Option<Fate> {
    match (op, found) {
        (Op::Create, Found::Here { .. }) | (Op::Delete, Found::Nothing) => Some(Fate::Done),
        (Op::Create, Found::Nothing) => Some(Fate::NotDone),
        _ => None,
    }
}

/// What was found out, by the run that it is counted in: this one, if it sent it.
#[derive(Default)]
struct Told(BTreeMap<Option<RunId>, Vec<Settled>>);

impl Told {
    fn add(&mut self, place: &Place<'_>, sent: &Sent, link: Link, fate: Fate) {
        let sent_at = sent.deadline - bounds(place.engine).request;
        let ours = place.run.state == RunState::Performing && sent_at >= place.run.started_at;
        let run = ours.then_some(place.run.id);
        self.0.entry(run).or_default().push(row(sent, link, fate));
    }

    async fn record(self, place: &Place<'_>, now: Timestamp) -> Result<(), JobError> {
        let store = place.engine.store();
        for (run, rows) in self.0 {
            store
                .resolve(place.lease, run, place.member.id, rows, now)
                .await?;
        }
        Ok(())
    }
}

fn row(sent: &Sent, link: Link, fate: Fate) -> Settled {
    let detail = match (sent.op, fate) {
        (Op::Delete, _) | (_, Fate::NotDone | Fate::Unknown) => "looked for and not there",
        _ => "looked for and found",
    };
    Settled {
        entry: link.entry,
        part: link.part,
        op: sent.op,
        fate,
        item: link.item.clone(),
        link: Some(link),
        detail: detail.to_owned(),
    }
}

/// Records the changes that did arrive: where a plan only has to agree on what was sent, there it is.
pub(crate) async fn arrived(
    place: &Place<'_>,
    changes: &Changes,
    plan: &Plan,
) -> Result<(), JobError> {
    let mut told = Told::default();
    for step in &plan.steps {
        let Step::Agree { link } = step else { continue };
        let sent = changes.get(&(link.entry, link.part));
        if let Some(sent) = sent.filter(|sent| sent.content == link.agreed) {
            told.add(place, sent, (**link).clone(), Fate::Done);
        }
    }
    told.record(place, place.engine.store().time().await?).await
}

async fn search(place: &Place<'_>, folder: &Folder, link: &Link) -> Result<Found, JobError> {
    let (engine, member) = (place.engine, &place.member);
    let creating = link.sent.as_ref().filter(|sent| sent.op == Op::Create);
    // A card that is made again still has the item of the one before: what is sought is the new one's stamp.
    let Some(sent) = creating else {
        let Some(item) = &link.item else {
            return Ok(Found::Nothing);
        };
        let here =
            look::look_at_item(engine, place.tenant, &member.mailbox, &folder.id, item).await?;
        return Ok(here.map_or(Found::Nothing, |here| Found::Here {
            item: item.clone(),
            etag: here.etag,
            seen: Some(here.fields),
        }));
    };
    let text = stamp(place, link, sent);
    let mut bearers = engine
        .graph()
        .find_stamp(&place.tenant.at, &member.mailbox, &folder.id, &text)
        .await?;
    Ok(match (bearers.pop(), bearers.is_empty()) {
        (None, _) => Found::Nothing,
        (Some((item, here)), true) => Found::Here {
            item,
            etag: here.etag,
            seen: Some(here.fields),
        },
        (Some(_), false) => Found::Several,
    })
}

/// The stamp that a create wrote.
fn stamp(place: &Place<'_>, link: &Link, sent: &Sent) -> String {
    let (key, member) = (&place.engine.inner.keys.stamps, &place.member);
    let generation = sent.generation;
    stamp::write(key, &member.mailbox, member.catalog, link.entry, generation)
}
