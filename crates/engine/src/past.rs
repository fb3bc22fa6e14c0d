//! Past: who was on a phone once, from what the store still remembers: doubts of the catalog, the ledger, old contents.

use crate::world::Engine;
use model::catalog::Catalog;
use model::{ContentId, EntryId, Field, Item, MemberId, TenantName};
use std::collections::{BTreeMap, BTreeSet};
use store::{LedgerFilter, LedgerRow, Phase, StoreError};

/// Somebody whom no source takes any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Past {
    pub entry: EntryId,
    /// How the person was called when last written.
    pub name: String,
}

/// Finds who went by one of these names or addresses (lower case): among those whom the catalog still holds, then among
/// the cards that were written to this member, the latest first. Old contents are forgotten after their time, and
/// names with them.
pub(crate) async fn past(
    engine: &Engine,
    tenant: &TenantName,
    catalog: &Catalog,
    member: Option<MemberId>,
    wanted: &BTreeSet<String>,
) -> Result<Option<Past>, StoreError> {
    let held = catalog
        .contributions
        .values()
        .find(|c| !c.identity.addresses.is_disjoint(wanted) || goes_by(&c.content, wanted));
    if let Some(held) = held {
        let (entry, name) = (held.entry, held.content.label());
        return Ok(Some(Past { entry, name }));
    }
    let Some(member) = member else {
        return Ok(None);
    };
    let written = written(engine, tenant, member).await?;
    let ids: BTreeSet<ContentId> = written.iter().map(|(_, content)| *content).collect();
    let ids: Vec<ContentId> = ids.into_iter().collect();
    let contents = engine.store().contents(tenant, &ids).await?;
    let named: BTreeMap<ContentId, String> = contents
        .iter()
        .filter(|(_, item)| goes_by(item, wanted))
        .map(|(id, item)| (*id, item.label()))
        .collect();
    let last = written.iter().rev().find_map(|(entry, content)| {
        let (entry, name) = (*entry, named.get(content)?.clone());
        Some(Past { entry, name })
    });
    Ok(last)
}

/// What was ever written to a member, in order: whose card, and which content.
async fn written(
    engine: &Engine,
    tenant: &TenantName,
    member: MemberId,
) -> Result<Vec<(EntryId, ContentId)>, StoreError> {
    let filter = LedgerFilter {
        tenant: Some(tenant.clone()),
        member: Some(member),
        ..LedgerFilter::default()
    };
    let rows = engine.store().ledger(&filter).await?;
    Ok(rows.iter().filter_map(content_of).collect())
}

fn content_of(row: &LedgerRow) -> Option<(EntryId, ContentId)> {
    let told = row.detail.strip_prefix("content ")?;
    let number = told.split(',').next()?.parse().ok()?;
    let intent = row.phase == Phase::Before;
    row.entry
        .filter(|_| intent)
        .map(|entry| (entry, ContentId(number)))
}

fn goes_by(item: &Item, wanted: &BTreeSet<String>) -> bool {
    let mails = item.get(Field::Emails).map(ToString::to_string);
    let mails = mails.unwrap_or_default().to_lowercase();
    wanted.contains(&item.label().to_lowercase())
        || mails.split(", ").any(|mail| wanted.contains(mail))
}
