//! A mailbox that was moved: every item bears another id, and each link finds its card again. Pure.
//!
//! Only the shell knows that a mailbox was moved: the folder that it knew bears another id, and none of the linked
//! items is there by its old one. Without that, a second card with a stamp is a user's copy ([`crate::plan`]).

use crate::change::Base;
use crate::compare::same;
use crate::plan::Links;
use crate::settle::ambiguous;
use crate::stamp::{Mark, StampKey, read};
use model::link::{Deviations, Link, Origin, Part};
use model::member::Member;
use model::snapshot::{Here, Seen, Snapshot, Stamp};
use model::{ContentId, Field, Item, ItemId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The linked items whose absence has yet to be proven before a full look at another folder than the known one can mean
/// a move; none where it cannot mean one. One id that is still good is enough against it: ids change together.
pub fn suspects(links: &Links, observed: &Snapshot) -> BTreeSet<ItemId> {
    let cores = links.values().filter(|link| link.part == Part::Core);
    let known: BTreeSet<ItemId> = cores.filter_map(|link| link.item.clone()).collect();
    match known.iter().any(|id| observed.items.contains_key(id)) {
        true => BTreeSet::new(),
        false => known,
    }
}

/// What is known of a mailbox that was moved.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'a> {
    pub member: &'a Member,
    pub links: &'a Links,
    /// Linked items of which it is proven that nothing bears their id any more.
    pub gone: &'a BTreeSet<ItemId>,
    /// A full look with stamps.
    pub observed: &'a Snapshot,
    /// The contents that links agreed on.
    pub contents: &'a BTreeMap<ContentId, Arc<Item>>,
    pub stamp_key: &'a StampKey,
}

/// The links that found their card under its new id. One that finds none stays as it was: the plan then says what a
/// card that is gone means. One that finds several (a user had copied ours) is left alone until only one is there. A
/// user's own card that changed since is unpaired, so that it is adopted anew where it still is somebody's.
pub fn follow(moved: &Moved) -> Vec<Link> {
    let mut claims: BTreeMap<&ItemId, Vec<(&Link, &Here)>> = BTreeMap::new();
    let mut followed = Vec::new();
    for link in moved.links.values().filter(|l| is_lost(moved, l)) {
        match moved.cards_of(link)[..] {
            [(item, here)] => claims.entry(item).or_default().push((link, here)),
            _ if link.origin == Origin::Adopted => followed.push(unpaired(link)),
            [] => {}
            _ => followed.push(indistinct(link)),
        }
    }
    for (item, claims) in claims {
        let [(core, here)] = claims[..] else { continue };
        let photo = moved.links.get(&(core.entry, Part::Photo));
        for link in [Some(core), photo.filter(|p| p.item == core.item)] {
            followed.extend(link.map(|link| renamed(link, item, here)));
        }
    }
    followed
}

fn is_lost(moved: &Moved, link: &Link) -> bool {
    let gone = |item: &ItemId| moved.gone.contains(item);
    link.part == Part::Core && link.item.as_ref().is_some_and(gone)
}

fn renamed(link: &Link, item: &ItemId, here: &Here) -> Link {
    Link {
        item: Some(item.clone()),
        etag: here.etag.clone(),
        ..link.clone()
    }
}

/// Several cards bear the stamp of this link. They count as found, not as known to be over: its generation is not used.
fn indistinct(link: &Link) -> Link {
    ambiguous(&Link {
        generation: link.generation.saturating_sub(1),
        ..unpaired(link)
    })
}

/// What is known of a card that is not known any more: which of its fields we wrote, and how often it was made.
fn unpaired(link: &Link) -> Link {
    Link {
        item: None,
        etag: None,
        agreed: None,
        shown: Deviations::new(),
        sent: None,
        ..link.clone()
    }
}

impl<'a> Moved<'a> {
    /// The cards that may be this link's.
    fn cards_of(&self, link: &Link) -> Vec<(&'a ItemId, &'a Here)> {
        let cards = self.observed.items.iter().filter_map(|(id, seen)| {
            let Seen::Here(here) = seen else { return None };
            self.is_card_of(link, here).then_some((id, &**here))
        });
        cards.collect()
    }

    /// What we made bears our stamp of the link's generation. A user's own card bears none as a rule: it is known by
    /// saying exactly what both sides agreed on.
    fn is_card_of(&self, link: &Link, here: &Here) -> bool {
        match (&here.stamp, link.origin) {
            (Stamp::Text(text), _) => {
                let ours = Mark::Ours {
                    catalog: self.member.catalog,
                    entry: link.entry,
                    generation: link.generation,
                };
                read(text, &self.member.mailbox, self.stamp_key) == ours
            }
            (Stamp::None, Origin::Adopted) => self.says_the_base(link, here),
            _ => false,
        }
    }

    fn says_the_base(&self, link: &Link, here: &Here) -> bool {
        let Some(agreed) = link.agreed.and_then(|id| self.contents.get(&id)) else {
            return false;
        };
        let base = Base {
            agreed,
            shown: &link.shown,
        };
        let covered = Field::ALL.iter().filter(|f| here.fields.covers(**f));
        covered
            .into_iter()
            .all(|f| same(*f, base.get(*f), here.fields.get(*f)))
    }
}
