//! Gathering a run's plan from the store.

use super::{BookPlan, Group, LeftOut, Totals};
use crate::exit::Failure;
use crate::wiring::{House, store_failure};
use crate::words;
use engine::block::{Act, Block};
use model::run::{MemberRunState, Run};
use model::tunnel::Book;
use model::{EntryId, Fingerprint, MemberId, RunId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{RunMember, StoreError};

/// Reads one run.
///
/// # Errors
/// There is no such run, or the store cannot be read.
pub async fn gather(house: &House, id: RunId) -> Result<BookPlan, Failure> {
    let found = house.store().run(id).await.map_err(|e| store_failure(&e))?;
    let Some(run) = found else {
        let missing = StoreError::Missing {
            what: format!("run {id}"),
        };
        return Err(store_failure(&missing));
    };
    read(house, run).await.map_err(|e| store_failure(&e))
}

async fn read(house: &House, run: Run) -> Result<BookPlan, StoreError> {
    let book = book_of(house, &run);
    let members = house.store().run_members(run.id).await?;
    let addresses = addresses(house, book.as_deref(), &members).await?;
    let blocks = blocks(house, run.id).await?;
    let mut totals = Totals::default();
    for member in &members {
        totals.add(&member.tally.clone().unwrap_or_default());
    }
    Ok(BookPlan {
        run: run.id,
        tenant: run.tenant.0,
        folder: run.book.0,
        tunnels: book
            .iter()
            .flat_map(|b| b.tunnels.iter().map(|t| t.name.clone()))
            .collect(),
        trigger: run.trigger,
        state: run.state,
        reason: run.reason,
        trouble: run.trouble,
        fingerprint: run.fingerprint,
        policy_version: run.policy_version,
        started_at: run.started_at,
        ended_at: run.ended_at,
        totals,
        account: run.account,
        groups: groups(&members, &addresses, &blocks),
        left_out: left_out(&members, &addresses),
    })
}

fn book_of(house: &House, run: &Run) -> Option<Arc<Book>> {
    let mut books = house.engine.books().into_iter();
    books.find(|book| book.tenant == run.tenant && book.key == run.book)
}

type Addresses = BTreeMap<MemberId, String>;

async fn addresses(
    house: &House,
    book: Option<&Book>,
    members: &[RunMember],
) -> Result<Addresses, StoreError> {
    let mut known = Addresses::new();
    if let Some(book) = book {
        let all = house.store().members(&book.tenant, book.catalog).await?;
        known.extend(all.into_iter().map(|m| (m.id, m.address)));
    }
    // A book that is no longer in the policy: one by one.
    for member in members {
        if let std::collections::btree_map::Entry::Vacant(place) = known.entry(member.member)
            && let Some(found) = house.store().member(member.member).await?
        {
            place.insert(found.address);
        }
    }
    Ok(known)
}

async fn blocks(house: &House, run: RunId) -> Result<BTreeMap<Fingerprint, Block>, StoreError> {
    let rows = house.store().blocks(run).await?.into_iter();
    let read =
        rows.filter_map(|row| Some((row.fingerprint, serde_json::from_slice(&row.bytes).ok()?)));
    Ok(read.collect())
}

fn address(addresses: &Addresses, member: MemberId) -> String {
    addresses
        .get(&member)
        .cloned()
        .unwrap_or_else(|| format!("member {member}"))
}

fn groups(
    members: &[RunMember],
    addresses: &Addresses,
    blocks: &BTreeMap<Fingerprint, Block>,
) -> Vec<Group> {
    let mut groups: BTreeMap<&Fingerprint, Group> = BTreeMap::new();
    for member in members {
        let Some((print, block)) = member
            .block
            .as_ref()
            .and_then(|p| Some((p, blocks.get(p)?)))
        else {
            continue;
        };
        let group = groups.entry(print).or_insert_with(|| Group {
            mailboxes: Vec::new(),
            tally: member.tally.clone().unwrap_or_default(),
            block: block.clone(),
        });
        group.mailboxes.push(address(addresses, member.member));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        group.mailboxes.sort();
        drop_echoes(&mut group.block);
        group
            .block
            .lines
            .sort_by(|a, b| (a.act, &a.label).cmp(&(b.act, &b.label)));
    }
    groups.sort_by_key(|g| {
        (
            g.is_quiet(),
            std::cmp::Reverse(g.mailboxes.len()),
            g.mailboxes.first().cloned(),
        )
    });
    groups
}

/// The photo of a card that goes is let go with it: no news.
fn drop_echoes(block: &mut Block) {
    let lines = block.lines.iter();
    let deleted: BTreeSet<EntryId> = lines
        .filter(|l| l.act == Act::Delete)
        .map(|l| l.entry)
        .collect();
    block
        .lines
        .retain(|line| line.act != Act::Forget || !deleted.contains(&line.entry));
}

fn left_out(members: &[RunMember], addresses: &Addresses) -> Vec<LeftOut> {
    let out = |m: &&RunMember| matches!(m.state, MemberRunState::Deferred | MemberRunState::Stale);
    let rows = members.iter().filter(out);
    rows.map(|m| LeftOut {
        mailbox: address(addresses, m.member),
        state: words::member_state(m.state),
        reason: m.reason.clone(),
        trouble: m.trouble,
    })
    .collect()
}
