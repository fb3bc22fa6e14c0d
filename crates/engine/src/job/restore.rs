//! Restoring: puts prior images back, item by item, as a run of its own.
//!
//! A changed card gets its former fields back and stays linked: the base of the merge is then what was
//! restored, so it stays until its source changes again. A deleted card comes back as the user's own.

use crate::desk::Desk;
use crate::job::carry::Hand;
use crate::job::member::Place;
use crate::job::{Again, JobError};
use crate::look;
use model::link::{Op, Part};
use model::plan::{Edit, Outcome, Step};
use model::run::{Account, MemberRunState};
use model::snapshot::Here;
use model::{EntryId, MemberId, Values};
use planner::settle::Fate;
use std::collections::{BTreeMap, BTreeSet};
use store::{MemberEnd, Prior};

pub(crate) async fn restore(place: &Place<'_>) -> Result<Again, JobError> {
    let wanted = wanted(place).await?;
    let mut account = Account {
        planned: wanted.len() as u64,
        ..Account::default()
    };
    for prior in &wanted {
        let done = match prior.op {
            Op::Update => put_fields_back(place, prior).await?,
            Op::Delete => put_card_back(place, prior).await?,
            Op::Create | Op::Photo => true,
        };
        if done {
            account.done += 1
        } else {
            account.deferred += 1
        }
    }
    let state = if account.deferred == 0 {
        MemberRunState::Done
    } else {
        MemberRunState::Deferred
    };
    let reason = if account.deferred == 0 {
        ""
    } else {
        "some items are no longer where they were"
    };
    let ended = MemberEnd::new(place.run.id, place.member.id, account, state, reason);
    let store = place.engine.store();
    store.member_ended(place.lease, ended).await?;
    Ok(Again::No)
}

/// The oldest image of each item that the ask names: what it was before all of it.
async fn wanted(place: &Place<'_>) -> Result<Vec<Prior>, JobError> {
    let all = priors(place.engine, &place.book.tenant, &place.ask.restore).await?;
    let mut first: BTreeMap<(EntryId, Part), Prior> = BTreeMap::new();
    for prior in all.into_iter().filter(|p| p.member == place.member.id) {
        first.entry((prior.entry, prior.part)).or_insert(prior);
    }
    Ok(first.into_values().collect())
}

/// Prior images that the ask names, the oldest first, of writes that happened.
pub(crate) async fn priors(
    engine: &crate::world::Engine,
    tenant: &model::TenantName,
    ids: &BTreeSet<i64>,
) -> Result<Vec<Prior>, JobError> {
    let mut all = engine
        .store()
        .priors(&store::PriorFilter::of(tenant))
        .await?;
    all.retain(|p| ids.contains(&p.id) && p.fate != Some(store::Fate::NotDone));
    all.sort_by_key(|p| p.id);
    Ok(all)
}

/// Members that the ask touches.
pub(crate) async fn members(
    engine: &crate::world::Engine,
    tenant: &model::TenantName,
    ids: &BTreeSet<i64>,
) -> Result<Vec<MemberId>, JobError> {
    let all = priors(engine, tenant, ids).await?;
    Ok(all
        .iter()
        .map(|p| p.member)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect())
}

async fn put_fields_back(place: &Place<'_>, prior: &Prior) -> Result<bool, JobError> {
    let (Some(item), Some(folder)) = (&prior.item, &place.member.folder) else {
        return Ok(false);
    };
    let Ok(former) = serde_json::from_slice::<Values>(&prior.bytes) else {
        return Ok(false);
    };
    let mailbox = &place.member.mailbox;
    let Some(here) = look::look_at_item(place.engine, place.tenant, mailbox, folder, item).await?
    else {
        return Ok(false);
    };
    let desk = Desk::of_entry(place.engine, &place.book, &place.member, prior.entry).await?;
    let link = desk.link(prior.entry, Part::Core);
    let (Some(content), true) = (link.agreed, link.item.as_ref() == Some(item)) else {
        return Ok(false);
    };
    let step = step(prior, content, item, &here, former, &desk);
    let hand = Hand {
        engine: place.engine,
        tenant: place.tenant,
        lease: place.lease,
        run: &place.run,
        desk: &desk,
        folder: folder.clone(),
        approved: true,
    };
    let carried = hand.carry(std::slice::from_ref(&step)).await?;
    Ok(carried.fates.values().all(|fate| *fate == Fate::Done))
}

fn step(
    prior: &Prior,
    content: model::ContentId,
    item: &model::ItemId,
    here: &Here,
    former: Values,
    desk: &Desk,
) -> Step {
    let before = former
        .keys()
        .map(|f| (*f, here.fields.get(*f).cloned()))
        .collect();
    let mut shown = desk.link(prior.entry, Part::Core).shown;
    shown.extend(former.clone());
    Step::Update {
        entry: prior.entry,
        content,
        item: item.clone(),
        expect: here.etag.clone(),
        edit: Box::new(Edit {
            changes: former,
            before,
            shown,
            back: false,
        }),
        tug: false,
    }
}

/// A card that was deleted comes back without our stamp: it is the user's from now on.
async fn put_card_back(place: &Place<'_>, prior: &Prior) -> Result<bool, JobError> {
    let (engine, store) = (place.engine, place.engine.store());
    let Some(folder) = &place.member.folder else {
        return Ok(false);
    };
    // Said before it is sent: a card without a stamp could not be found again, and must not come twice.
    let (scope, key) = (
        format!("restored:{}", place.book.tenant),
        prior.id.to_string(),
    );
    if store.setting(&scope, &key).await?.is_some() {
        return Ok(false);
    }
    store.set_setting(&scope, &key, Some("sent")).await?;
    let not_after = engine.now() + engine.settings().bounds.request;
    let (at, mailbox) = (&place.tenant.at, &place.member.mailbox);
    let written = engine
        .graph()
        .restore_contact(at, mailbox, folder, &prior.bytes, None, not_after)
        .await;
    let done = matches!(written.outcomes.first(), Some(Outcome::Done { .. }));
    let refused = matches!(
        written.outcomes.first(),
        Some(Outcome::Refused(_) | Outcome::NotYet { .. })
    );
    if refused {
        store.set_setting(&scope, &key, None).await?;
    }
    Ok(done)
}
