//! Views: the merged catalog as members of equal sight see it, changed only where something changed.

use crate::merge::merge;
use crate::rank::Ranks;
use crate::round::Key;
use model::catalog::{
    Catalog, CatalogChange, Contribution, EntryChange, EntryState, EntryWish, GoneCause, View,
};
use model::plan::{Note, Reason};
use model::{EntryId, Timestamp, ViewId};
use std::collections::{BTreeMap, BTreeSet};

/// What the views are made from.
pub struct Viewing<'a> {
    pub catalog: &'a Catalog,
    /// Every contribution as it is after this round.
    pub contributions: &'a BTreeMap<Key, Contribution>,
    pub ranks: &'a Ranks,
    /// Entries of which a contribution changed, came or went.
    pub touched: &'a BTreeSet<EntryId>,
    /// Why entries went.
    pub lost: &'a BTreeMap<EntryId, GoneCause>,
    /// Views that members need, with their sources.
    pub wanted: &'a BTreeMap<ViewId, BTreeSet<String>>,
    /// Views that members give up for another one, with the cause: (from, to).
    pub moves: &'a BTreeMap<(ViewId, ViewId), GoneCause>,
    pub now: Timestamp,
}

/// Adds to `change` every view and entry that is new or different.
pub fn views(viewing: &Viewing, change: &mut CatalogChange, notes: &mut Vec<Note>) {
    let by_entry = by_entry(viewing);
    for (id, sources) in all_views(viewing) {
        let before = viewing.catalog.views.get(&id);
        let order = viewing.ranks.sorted(&sources);
        let anew = before.is_none_or(|v| v.sources != order);
        let entries: BTreeSet<EntryId> = if anew {
            by_entry.keys().copied().chain(known(before)).collect()
        } else {
            viewing.touched.clone()
        };
        for entry in entries {
            let ranked = visible(by_entry.get(&entry), &sources);
            let wish = wish(viewing, before, entry, &ranked, notes);
            change.entries.extend(wish.map(|to| EntryChange {
                view: id.clone(),
                entry,
                to,
            }));
        }
        if anew {
            change.views.insert(id, order);
        }
    }
    farewells(viewing, &by_entry, change);
}

fn known(view: Option<&View>) -> impl Iterator<Item = EntryId> {
    view.into_iter().flat_map(|v| v.entries.keys().copied())
}

/// The views that there are, and those that are wanted.
fn all_views(viewing: &Viewing) -> BTreeMap<ViewId, BTreeSet<String>> {
    let there = viewing.catalog.views.iter();
    let mut all: BTreeMap<ViewId, BTreeSet<String>> = there
        .map(|(id, view)| (id.clone(), view.sources.iter().cloned().collect()))
        .collect();
    all.extend(viewing.wanted.clone());
    all
}

type ByEntry<'a> = BTreeMap<EntryId, Vec<(usize, &'a Key, &'a Contribution)>>;

/// Contributions by entry in order of rank.
fn by_entry<'a>(viewing: &Viewing<'a>) -> ByEntry<'a> {
    let mut all = ByEntry::new();
    for (key, contribution) in viewing.contributions {
        let rank = viewing.ranks.get(&key.0);
        all.entry(contribution.entry)
            .or_default()
            .push((rank, key, contribution));
    }
    for ranked in all.values_mut() {
        ranked.sort_by_key(|(rank, key, _)| (*rank, *key));
    }
    all
}

fn visible<'a>(
    ranked: Option<&Vec<(usize, &'a Key, &'a Contribution)>>,
    sources: &BTreeSet<String>,
) -> Vec<&'a Contribution> {
    let all = ranked.into_iter().flatten();
    all.filter(|(_, key, _)| sources.contains(&key.0))
        .map(|(_, _, c)| *c)
        .collect()
}

/// What an entry of a view should become, if that is anything new.
fn wish(
    viewing: &Viewing,
    view: Option<&View>,
    entry: EntryId,
    ranked: &[&Contribution],
    notes: &mut Vec<Note>,
) -> Option<EntryWish> {
    let before = view.and_then(|v| v.entries.get(&entry)).map(|e| &e.state);
    if ranked.is_empty() {
        let cause = viewing.lost.get(&entry).copied().unwrap_or(GoneCause::Fact);
        let live = matches!(before, Some(EntryState::Live { .. }));
        return live.then_some(EntryWish::Gone {
            since: viewing.now,
            cause,
        });
    }
    let merged = merge(ranked);
    if let Some(EntryState::Live { item, photo, .. }) = before
        && (**item == merged.item && *photo == merged.photo)
    {
        return None;
    }
    notes.extend(merged.overflow.iter().map(|field| Note {
        entry: Some(entry),
        item: None,
        reason: Reason::Overflow,
        detail: field.as_str().to_owned(),
    }));
    Some(EntryWish::Live {
        item: merged.item,
        photo: merged.photo,
    })
}

/// Members that change to a view of less: what they lose must be said in the new view, for absence is no proof.
fn farewells(viewing: &Viewing, by_entry: &ByEntry, change: &mut CatalogChange) {
    let mut said: BTreeSet<(ViewId, EntryId)> = change
        .entries
        .iter()
        .map(|e| (e.view.clone(), e.entry))
        .collect();
    for ((from, to), cause) in viewing.moves {
        let (Some(sources), Some(old)) = (viewing.wanted.get(to), viewing.catalog.views.get(from))
        else {
            continue;
        };
        let new = viewing.catalog.views.get(to);
        for (entry, was) in &old.entries {
            let lost = viewing.lost.get(entry).copied().unwrap_or(*cause);
            // Whom a changed rule took from the old view may lie in the mailbox still, until a person approves it.
            let cause = match is_by_rule(&was.state) {
                true => GoneCause::Rule,
                false => lost,
            };
            let before = new.and_then(|v| v.entries.get(entry)).map(|e| &e.state);
            let there = before.is_some_and(|said| !is_weaker(said, &was.state, cause));
            let seen = !visible(by_entry.get(entry), sources).is_empty();
            if !there && !seen && said.insert((to.clone(), *entry)) {
                let to_wish = EntryWish::Gone {
                    since: viewing.now,
                    cause,
                };
                change.entries.push(EntryChange {
                    view: to.clone(),
                    entry: *entry,
                    to: to_wish,
                });
            }
        }
    }
}

/// Does the view say only of another member, that lost it by a fact, that this entry is gone? Whoever loses a living one by
/// a changed rule loses it for that reason, which a person approves, and so does who lost it by one before. The other way
/// round the rule stands.
fn is_weaker(said: &EntryState, was: &EntryState, cause: GoneCause) -> bool {
    let gone = matches!(said, EntryState::Gone { .. });
    let living = matches!(was, EntryState::Live { .. });
    gone && !is_by_rule(said) && cause == GoneCause::Rule && (living || is_by_rule(was))
}

fn is_by_rule(state: &EntryState) -> bool {
    matches!(
        state,
        EntryState::Gone {
            cause: GoneCause::Rule,
            ..
        }
    )
}
