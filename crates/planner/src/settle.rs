//! Settling: what became of a step, and what the link says afterwards. Pure.

use crate::change::{Base, deviations};
use crate::compare::{keys, same};
use crate::receive::fresh;
use crate::rules::Rules;
use model::field::Kind;
use model::link::{Deviations, Link, Op, Origin, Sent, Trouble};
use model::mutant::{self, Mutant};
use model::plan::{Outcome, Step};
use model::snapshot::{Seen, Snapshot, Stamp};
use model::{ContentId, Etag, Field, Item, ItemId, Millis, Sighting, Timestamp, Value, Values};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// How long a write may take until we can know what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A request is never put on the wire later than this after its intent was stored.
    pub request: Millis,
    /// A write that was received is committed within this.
    pub commit: Millis,
    /// A committed write is visible to a search within this.
    pub visible: Millis,
}

/// One step with its outcome.
#[derive(Clone, Copy, Debug)]
pub struct Settling<'a> {
    /// The link before, with the intent in `sent`.
    pub link: &'a Link,
    pub step: &'a Step,
    pub outcome: &'a Outcome,
    pub now: Timestamp,
    /// The merged content that the step names; `None` for steps that name none.
    pub content: Option<&'a Item>,
    pub rules: &'a Rules,
}

/// The link afterwards, and what to make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub link: Link,
    pub fate: Fate,
}

/// Where a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Both sides agree now.
    Done,
    /// The pair is over; the link stays as a tombstone with its generation.
    Over,
    /// The item moved under us: look at it again.
    LookAgain,
    /// Turned away without effect: may be sent again later.
    Later,
    /// Not known: `resolve` after the waiting time.
    Unknown,
    /// Refused: left alone for a while.
    Quarantined,
}

/// The link with the intent to send `step`: to be stored before the request is put on the wire.
pub fn intend(link: &Link, step: &Step, now: Timestamp, bounds: &Bounds) -> Link {
    let (op, content, generation) = match step {
        Step::Create {
            content,
            generation,
            ..
        } => (Op::Create, Some(*content), *generation),
        Step::Update { content, .. } => (Op::Update, Some(*content), link.generation),
        Step::Delete { .. } => (Op::Delete, None, link.generation),
        Step::SetPhoto { .. } => (Op::Photo, None, link.generation),
        Step::Agree { .. } | Step::Forget { .. } => return link.clone(),
    };
    let attempt = link.sent.as_ref().map_or(0, |sent| sent.attempt) + 1;
    let deadline = now + bounds.request;
    Link {
        sent: Some(Sent {
            op,
            deadline,
            content,
            attempt,
            generation,
        }),
        ..link.clone()
    }
}

/// The link after a step and its outcome.
pub fn settle(settling: &Settling) -> Settled {
    let link = settling.link;
    let (link, fate) = match settling.outcome {
        Outcome::Done { item, etag, seen } => {
            done(settling, item.as_ref(), etag.as_ref(), seen.as_ref())
        }
        // What we wanted gone is gone; of anything else the next look must say what happened.
        Outcome::Gone if matches!(settling.step, Step::Delete { .. }) => {
            (over(link, false), Fate::Over)
        }
        Outcome::Gone | Outcome::Stale => (calm(link), Fate::LookAgain),
        Outcome::Refused(_) if mutant::on(Mutant::B20) && is_create(settling.step) => {
            (over(link, true), Fate::Done)
        }
        Outcome::Refused(_) if mutant::on(Mutant::K3) => (unsent(link), Fate::Quarantined),
        Outcome::Refused(reason) => (quarantine(link, reason, settling.now), Fate::Quarantined),
        Outcome::NotYet { .. } => (unsent(link), Fate::Later),
        Outcome::Unknown if mutant::on(Mutant::A1) => (unsent(link), Fate::Later),
        Outcome::Unknown => (link.clone(), Fate::Unknown),
    };
    Settled { link, fate }
}

fn is_create(step: &Step) -> bool {
    matches!(step, Step::Create { .. })
}

/// Acknowledged: the base becomes what the server says it stored.
fn done(
    settling: &Settling,
    item: Option<&ItemId>,
    etag: Option<&Etag>,
    seen: Option<&Sighting>,
) -> (Link, Fate) {
    let mut link = calm(settling.link);
    let seen = seen.filter(|_| !mutant::on(Mutant::E1));
    let nothing = Item::default();
    let wish = settling.content.unwrap_or(&nothing);
    match settling.step {
        Step::Create {
            content,
            generation,
            ..
        } => {
            link.item = item.cloned();
            link.generation = *generation;
            link.origin = Origin::Created;
            link.refused = false;
            link.wrote.clear();
            (link.tugs, link.tugged_at) = (0, None);
            link.shown = created(wish, settling.rules, seen);
            link.agreed = (!mutant::on(Mutant::A6)).then_some(*content);
            link.etag = etag.cloned();
        }
        Step::Update {
            content, edit, tug, ..
        } => {
            count_tug(&mut link, settling, *tug, *content);
            if link.origin == Origin::Adopted {
                link.wrote.extend(brought(&edit.changes, &edit.before));
            }
            link.shown = deviations(wish, &echoed(&edit.changes, &edit.shown, seen));
            link.agreed = Some(*content);
            if edit.back {
                // Whoever is wanted again before the pair is over gets every field again.
                (link.agreed, link.shown) = (None, Deviations::default());
            }
            link.etag = etag.cloned();
        }
        Step::SetPhoto { photo, item, .. } => {
            link.photo = Some(photo.clone());
            link.item = Some(item.clone());
            link.etag = etag.cloned();
        }
        Step::Agree { link } => return ((**link).clone(), Fate::Done),
        Step::Forget { refused, .. } => return (over(settling.link, *refused), Fate::Over),
        Step::Delete { .. } => return (over(settling.link, false), Fate::Over),
    }
    (link, Fate::Done)
}

/// Does a write put anything there that was not there before? What a user had already stays theirs, in whatever form
/// we write it: it is not taken back.
fn says_more(field: Field, before: Option<&Value>, after: &Value) -> bool {
    match field.kind() {
        Kind::Set | Kind::Slots { .. } | Kind::Mails { .. } => {
            let before: BTreeSet<_> = keys(field, before).collect();
            !keys(field, Some(after)).all(|key| before.contains(&key))
        }
        _ => !same(field, before, Some(after)),
    }
}

/// Where the base after a create deviates from the content. The base is the echo, else what was sent, which is nothing
/// where a rule left the field out.
fn created(wish: &Item, rules: &Rules, seen: Option<&Sighting>) -> Deviations {
    let deviation = |f: Field| {
        let wished = wish.get(f);
        let shown = seen.and_then(|seen| seen.0.get(&f));
        // Most fields of a card: nothing was sent and nothing else is shown.
        if wished.is_none() && shown.is_none() {
            return None;
        }
        let base = match shown {
            Some(shown) => shown.as_ref().map(Cow::Borrowed),
            None => fresh(f, wish, rules),
        };
        (!same(f, base.as_deref(), wished)).then(|| (f, base.map(Cow::into_owned)))
    };
    Field::ALL.iter().copied().filter_map(deviation).collect()
}

/// The base after an update: of the fields that were written, the echo; of the others, what it was, so that an
/// edit of the user's between our look and our write is still seen as one.
fn echoed(changes: &Values, shown: &Values, seen: Option<&Sighting>) -> Values {
    let mut base = shown.clone();
    for (field, value) in changes {
        let echo = match seen {
            Some(seen) if seen.covers(*field) => seen.get(*field).cloned(),
            _ => value.clone(),
        };
        base.insert(*field, echo);
    }
    base
}

/// The brake counts within 24 hours; news from the source release it.
fn count_tug(link: &mut Link, settling: &Settling, tug: bool, content: model::ContentId) {
    let window_open = link
        .tugged_at
        .is_some_and(|at| settling.now.since(at) <= Millis::days(1));
    (link.tugs, link.tugged_at) = match (tug, link.agreed == Some(content), window_open) {
        (false, false, _) => (0, None),
        (false, true, _) => (link.tugs, link.tugged_at),
        (true, true, true) => (link.tugs + 1, link.tugged_at),
        (true, _, _) => (1, Some(settling.now)),
    };
}

/// No write is under way and nothing is wrong.
fn calm(link: &Link) -> Link {
    Link {
        sent: None,
        trouble: None,
        ..link.clone()
    }
}

/// Nothing left us: no write is under way; an older trouble stays.
fn unsent(link: &Link) -> Link {
    Link {
        sent: None,
        ..link.clone()
    }
}

/// The pair is over. What stays is the generation, so that a re-creation is told from a zombie.
pub(crate) fn over(link: &Link, refused: bool) -> Link {
    Link {
        generation: link.generation * u32::from(!mutant::on(Mutant::B18)),
        refused,
        ..Link::new(link.member, link.entry, link.part)
    }
}

/// Left alone: 15 minutes, then twice as long each time, a day at most.
fn quarantine(link: &Link, reason: &str, now: Timestamp) -> Link {
    let attempts = link.trouble.as_ref().map_or(0, |t| t.attempts) + 1;
    let attempts = if mutant::on(Mutant::F8) { 1 } else { attempts };
    let wait = Millis(Millis::minutes(15).0 << (attempts - 1).min(10)).min(Millis::days(1));
    Link {
        sent: None,
        trouble: Some(Trouble {
            reason: reason.to_owned(),
            attempts,
            retry_at: now + wait,
        }),
        ..link.clone()
    }
}

/// What a search found of a write whose fate was unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Our stamp (for a create), or the item itself, is there.
    Here {
        item: ItemId,
        etag: Option<Etag>,
        seen: Option<Sighting>,
    },
    /// Several cards carry this very stamp.
    Several,
    /// Not there.
    Nothing,
    /// Nobody looks into the mailbox: it keeps what it has.
    Unseen,
}

/// When the fate of a sent write can be known; `None` when nothing was sent.
pub fn knowable_at(link: &Link, bounds: &Bounds) -> Option<Timestamp> {
    link.sent.as_ref().map(|sent| knowable(sent, bounds))
}

fn knowable(sent: &Sent, bounds: &Bounds) -> Timestamp {
    if mutant::on(Mutant::A16) {
        return sent.deadline - bounds.request;
    }
    sent.deadline + bounds.commit + bounds.visible
}

/// Resolves a write whose fate was unknown. `None`: it is too early to know.
///
/// After this, nothing is under way; the next plan compares what is there with what both sides agreed on and
/// does what is still to be done. Several bearers of one stamp are left alone until a full look shows only one.
pub fn resolve(link: &Link, found: &Found, now: Timestamp, bounds: &Bounds) -> Option<Link> {
    let sent = link.sent.as_ref()?;
    if let Found::Here { item, etag, .. } = found
        && sent.op == Op::Create
    {
        return Some(bound(link, sent, item, etag.as_ref()));
    }
    // Not there, or there as it was, proves something only when the write cannot arrive any more.
    if *found == Found::Unseen && is_about_being(sent.op) {
        return None;
    }
    (now > knowable(sent, bounds)).then(|| match (found, sent.op) {
        (Found::Nothing, Op::Delete) => over(link, false),
        (Found::Several, Op::Create) => ambiguous(link),
        _ => unsent(link),
    })
}

/// Does such a write decide whether a card is there at all? Then nobody knows what became of it who does not look.
pub(crate) fn is_about_being(op: Op) -> bool {
    matches!(op, Op::Create | Op::Delete)
}

/// The creates without an answer that a look shows, while it is too early to say that no second one arrives: those that
/// were not known yet. They are remembered: when such a card is gone afterwards, somebody has taken it.
/// `stamp`: what the create of a link wrote.
pub fn sighted<'a>(
    unsettled: impl Iterator<Item = &'a Link>,
    looked: &Snapshot,
    stamp: impl Fn(&Link, &Sent) -> String,
) -> Vec<Link> {
    let mut bearers: BTreeMap<&str, Vec<&ItemId>> = BTreeMap::new();
    for (id, seen) in &looked.items {
        if let Seen::Here(here) = seen
            && let Stamp::Text(text) = &here.stamp
        {
            bearers.entry(text).or_default().push(id);
        }
    }
    let known = |link: &'a Link| {
        let sent = link.sent.as_ref().filter(|sent| sent.op == Op::Create)?;
        let [item] = bearers.get(stamp(link, sent).as_str())?.as_slice() else {
            return None;
        };
        (link.item.as_ref() != Some(*item)).then(|| Link {
            sent: link.sent.clone(),
            ..bound(link, sent, item, None)
        })
    };
    unsettled.filter_map(known).collect()
}

/// Did a change that got no answer arrive? All of it is there, as it was sent, that was not there before. Then it is ours,
/// and no edit of the user's; of the rest the base stays. Where the user wrote over some of it meanwhile nobody can tell.
/// The version found counts only where nothing else is there: a later look need not show the card again.
pub fn arrived(
    link: &Link,
    agreed: &Item,
    (id, content): (ContentId, &Item),
    (etag, seen): (Option<&Etag>, &Sighting),
) -> Option<Link> {
    let base = Base {
        agreed,
        shown: &link.shown,
    };
    let is_news = |f: &&Field| !same(**f, agreed.get(**f), content.get(**f));
    let is_there = |f: &Field| seen.covers(*f) && same(*f, seen.get(*f), content.get(*f));
    let news: Vec<Field> = Field::ALL.iter().filter(is_news).copied().collect();
    if news.is_empty() || !news.iter().all(is_there) {
        return None;
    }
    let value = |f: Field| match news.contains(&f) {
        true => seen.get(f),
        false => base.get(f),
    };
    let mut covered = Field::ALL.iter().filter(|f| seen.covers(**f));
    let alone = covered.all(|f| same(*f, seen.get(*f), value(*f)));
    let all: Values = Field::ALL
        .iter()
        .map(|f| (*f, value(*f).cloned()))
        .collect();
    Some(Link {
        agreed: Some(id),
        shown: deviations(content, &all),
        etag: match alone {
            true => etag.cloned(),
            false => link.etag.clone(),
        },
        ..calm(link)
    })
}

/// The fields in which a write says more than was there: ours, on a card that is a user's own.
pub(crate) fn brought<'a>(
    writes: &'a Values,
    before: &'a Values,
) -> impl Iterator<Item = Field> + 'a {
    let news = writes.iter().filter(move |(f, v)| {
        let was = before.get(f).and_then(Option::as_ref);
        v.as_ref().is_some_and(|v| says_more(**f, was, v))
    });
    news.map(|(f, _)| *f)
}

/// More than one card carries the stamp: nothing is created until a full look finds exactly one.
pub(crate) fn ambiguous(link: &Link) -> Link {
    Link {
        trouble: Some(Trouble {
            reason: "several cards could be this person".to_owned(),
            attempts: 1,
            retry_at: Timestamp::NEVER,
        }),
        ..unsent(link)
    }
}

/// Our create did happen: the pair stands, without a base until it is compared.
fn bound(link: &Link, sent: &Sent, item: &ItemId, etag: Option<&Etag>) -> Link {
    Link {
        item: Some(item.clone()),
        etag: etag.cloned(),
        generation: sent.generation,
        origin: Origin::Created,
        agreed: None,
        shown: Default::default(),
        refused: false,
        ..calm(link)
    }
}
