//! Resolving: what became of writes that got no answer, once that can be known.

use crate::job::JobError;
use crate::job::carry::bounds;
use crate::job::member::Place;
use crate::look;
use crate::world::Engine;
use graph::Folder;
use model::link::{Link, Op, Part};
use model::{EntryId, Timestamp};
use planner::settle::{self, Found};
use planner::stamp;
use std::collections::BTreeMap;
use store::LinkChange;

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

/// Searches for every unanswered write of the member. `Some`: too early to know; come back then.
pub(crate) async fn resolve(
    place: &Place<'_>,
    folder: Option<&Folder>,
) -> Result<Option<Timestamp>, JobError> {
    let (engine, store) = (place.engine, place.engine.store());
    let unsettled = store.links_unsettled(place.member.id).await?;
    let now = store.time().await?;
    if let Some(at) = knowable(engine, &unsettled).filter(|at| *at > now) {
        return Ok(Some(at));
    }
    let mut changes = Vec::new();
    for link in unsettled.values() {
        let found = match folder {
            Some(folder) => search(place, folder, link).await?,
            None => Found::Nothing,
        };
        if let Some(resolved) = settle::resolve(link, &found, now, &bounds(engine)) {
            changes.push(LinkChange::Agree(Box::new(resolved)));
        }
    }
    if !changes.is_empty() {
        store.agree(place.lease, place.member.id, changes).await?;
    }
    Ok(None)
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
    let key = &engine.inner.keys.stamps;
    let text = stamp::write(
        key,
        &member.mailbox,
        member.catalog,
        link.entry,
        sent.generation,
    );
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
