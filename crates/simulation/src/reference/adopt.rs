//! What each folder should hold: our cards, the users' cards, and what may have happened between them.

use super::merge::{Book, Card, Presence};
use super::pair::{Relation, as_person, everybody, exact};
use super::select::{Answer, means_mailbox};
use super::world::{
    Folder, Mailbox, NameOrder, Origin, Person, Policy, State, Tunnel, UserCard, World,
};
use std::collections::{BTreeMap, BTreeSet};

/// The end state by mailbox address and folder path.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub folders: BTreeMap<(String, String), ExpectedFolder>,
    pub notes_marks: (String, String),
}

#[derive(Clone, Debug, Default)]
pub struct ExpectedFolder {
    pub cards: Vec<Card>,
    pub users: Vec<ExpectedUserCard>,
    pub edits: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Cards of ours beyond `cards` may be there (copies kept).
    pub leftovers: bool,
    /// Nothing is said about our cards here: the tunnel is stopped, or the mailbox cannot be written to.
    pub free: bool,
    /// Users' copies of our cards that cannot be told from ours any more.
    pub twins: Vec<UserCard>,
    /// The store was lost: which users' cards had been adopted is known only where they still are an exact match.
    pub forgot: bool,
}

#[derive(Clone, Debug)]
pub struct ExpectedUserCard {
    pub card: UserCard,
    pub touch: Touch,
    /// Which of `cards` it may be.
    pub hits: Vec<usize>,
}

/// What we may have done to a user's card.
#[derive(Clone, Debug)]
pub enum Touch {
    /// Byte for byte as the user left it.
    Never,
    /// May stand for a card of ours, or once did; values that we may have left in it.
    Perhaps { kin: Vec<Person> },
    /// Stands for `cards[_]`, which must not be there a second time.
    Adopted(usize),
}

/// The expected end state. Pure: the same world and policy give the same answer.
pub fn expected(world: &World, policy: &Policy) -> Expected {
    let mut all = Expected {
        notes_marks: policy.notes_marks.clone(),
        ..Expected::default()
    };
    let mut paths: BTreeSet<&String> = policy.tunnels.iter().map(|t| &t.folder).collect();
    paths.extend(world.mailboxes.iter().flat_map(|m| m.folders.keys()));
    for path in paths {
        let book = Book::new(path, world, policy);
        for mailbox in &world.mailboxes {
            let place = (mailbox.address.clone(), path.clone());
            all.folders
                .insert(place, expected_folder(mailbox, path, &book));
        }
    }
    all
}

fn expected_folder(mailbox: &Mailbox, path: &str, book: &Book) -> ExpectedFolder {
    let touched = mailbox.folders.get(path).cloned().unwrap_or_default();
    let stuck = book
        .tunnels
        .iter()
        .any(|t| t.state == State::Stopped || t.pending);
    let open = touched.free || stuck || !mailbox.usable || book.doubts(mailbox);
    let free = !book.tunnels.is_empty() && open;
    let mut cards = if free {
        Vec::new()
    } else {
        book.cards(mailbox)
    };
    respect(&mut cards, &touched, book);
    let users = users(&mut cards, &touched, book);
    let copied = |u: &&UserCard| matches!(u.origin, Origin::CopiedFromOurs | Origin::BroughtBack);
    let twins = touched
        .users
        .iter()
        .filter(copied)
        .filter(|u| book.world.store_lost || u.indistinct);
    ExpectedFolder {
        cards,
        users,
        leftovers: touched.kept
            || is_forgotten(book)
            || book.tunnels.iter().any(|t| keeps(t, mailbox, book)),
        free,
        twins: twins.cloned().collect(),
        forgot: book.world.store_lost || touched.kept,
        edits: touched.edits,
    }
}

/// No tunnel's folder, and the store was lost: a user's own folder that we once filled and that is called otherwise
/// since bears no mark of ours, and nobody can know it again.
fn is_forgotten(book: &Book) -> bool {
    book.tunnels.is_empty() && book.world.store_lost
}

fn keeps(tunnel: &Tunnel, mailbox: &Mailbox, book: &Book) -> bool {
    let left = means_mailbox(mailbox, &tunnel.audience, book.world, book.policy) != Answer::In;
    tunnel.keep_copies && (left || tunnel.state == State::Removed)
}

/// `on_user_delete: respect`: what the user deleted does not come back.
fn respect(cards: &mut [Card], folder: &Folder, book: &Book) {
    if !book.tunnels.iter().any(|t| t.options.respect_user_delete) {
        return;
    }
    // A user's own card may have stood for somebody without a change, so that nobody saw it adopted.
    for user in folder.users.iter().filter(|u| u.deleted) {
        let kin = book.kinship.kin(&as_person(&user.id, &user.fields));
        for hit in hits(cards, &kin) {
            cards[hit].presence = Presence::May;
        }
    }
    for deletion in &folder.deleted {
        let kin = book.kinship.kin(&as_person("", &deletion.fields));
        let mut hits = hits(cards, &kin);
        let theirs = |c: &Card| c.who.iter().any(|w| deletion.people.contains(&w.id));
        hits.extend((0..cards.len()).filter(|i| theirs(&cards[*i])));
        hits.sort_unstable();
        hits.dedup();
        let certain = kin.iter().all(|(_, r)| *r >= Relation::ByName);
        let sure = hits.len() == 1 && deletion.settled && certain;
        for hit in hits {
            cards[hit].presence = if sure {
                Presence::Absent
            } else {
                Presence::May
            };
        }
    }
}

/// The cards to which one of these people contributes.
fn hits(cards: &[Card], kin: &[(&Person, Relation)]) -> Vec<usize> {
    let is_kin = |w: &Person| kin.iter().any(|(k, _)| k.id == w.id);
    (0..cards.len())
        .filter(|i| cards[*i].who.iter().any(is_kin))
        .collect()
}

/// A user's card with what it may be to us.
struct Candidate<'a> {
    card: &'a UserCard,
    /// Cards of ours that it may be.
    hits: Vec<usize>,
    /// Everybody whose values it may have received.
    kin: Vec<Person>,
    /// Could be adopted by nothing else than an exact match, and nothing has changed since.
    clear: bool,
}

fn users(cards: &mut [Card], folder: &Folder, book: &Book) -> Vec<ExpectedUserCard> {
    let all: Vec<Candidate> = folder
        .users
        .iter()
        .map(|u| candidate(u, cards, folder, book))
        .collect();
    let settled: Vec<Option<usize>> = all.iter().map(|c| sole(c, &all, cards)).collect();
    for (index, card) in cards.iter_mut().enumerate() {
        let rivals: Vec<&Candidate> = all.iter().filter(|c| c.hits.contains(&index)).collect();
        card.presence = match card.presence {
            Presence::Must => doubt(&rivals, folder, book.world),
            other => other,
        };
    }
    let known = all.into_iter().zip(settled);
    known
        .map(|(c, sole)| judged(c, sole, cards, book.world))
        .collect()
}

/// Everybody who may be on this card: by likeness, and by the stamp.
fn kin<'b>(user: &UserCard, person: &Person, book: &Book<'b>) -> Vec<(&'b Person, Relation)> {
    let mut all = book.kinship.kin(person);
    let is_new = |p: &&Person| user.people.contains(&p.id) && all.iter().all(|(k, _)| k.id != p.id);
    let stamped: Vec<&Person> = everybody(book.world).filter(is_new).collect();
    all.extend(stamped.into_iter().map(|p| (p, Relation::Maybe)));
    all
}

fn candidate<'a>(
    user: &'a UserCard,
    cards: &[Card],
    folder: &Folder,
    book: &Book,
) -> Candidate<'a> {
    let person = as_person(&user.id, &user.fields);
    let kin = if book.tunnels.is_empty() && !is_forgotten(book) {
        Vec::new()
    } else {
        kin(user, &person, book)
    };
    let hits = hits(cards, &kin);
    let only = matches!(hits[..], [hit] if kin.iter().all(|(k, _)| cards[hit].who.iter().any(|w| w.id == k.id)));
    let steady = user.since_start && !user.deleted && !folder.edits.contains_key(&user.id);
    let plain = |t: &&Tunnel| t.options.name_order != NameOrder::LastFirst && !t.rules_changed;
    let clear = only
        && steady
        && book.tunnels.iter().all(plain)
        && hits.iter().all(|h| clearly(&cards[*h], &person));
    let kin = kin.into_iter().map(|(p, _)| p.clone()).collect();
    Candidate {
        card: user,
        hits,
        kin,
        clear,
    }
}

/// Exactly the same, for one contributor whose names, addresses and phones never changed.
fn clearly(card: &Card, user: &Person) -> bool {
    matches!(&card.who[..], [one] if exact(one, user, &card.region) && is_steady(one))
}

/// The names, addresses and numbers of this person never changed.
pub(super) fn is_steady(person: &Person) -> bool {
    let tells = |f: &String| f.contains("name") || f.contains("phone") || f == "emails";
    !person.past.keys().any(tells)
}

/// The card that a clear candidate must have become, when it has no rival.
fn sole(candidate: &Candidate, all: &[Candidate], cards: &[Card]) -> Option<usize> {
    let hit = *candidate.hits.first()?;
    let made = |c: &&Candidate| c.hits.contains(&hit);
    let alone = all.iter().filter(made).count() == 1;
    let fits = candidate.clear && candidate.card.origin == Origin::Made;
    (alone && fits && cards[hit].presence == Presence::Must).then_some(hit)
}

/// Is a card still demanded when these users' cards may be it?
fn doubt(rivals: &[&Candidate], folder: &Folder, world: &World) -> Presence {
    let made = |c: &&&Candidate| c.card.origin == Origin::Made;
    let made: Vec<&&Candidate> = rivals.iter().filter(made).collect();
    let lost = world.store_lost || folder.kept || !folder.deleted.is_empty();
    let mut living = rivals.iter().filter(|c| !c.card.deleted);
    let blurred = living.any(|c| c.card.indistinct);
    let stamped = (lost || blurred) && made.len() < rivals.len();
    let crossed = made.iter().any(|c| c.hits.len() > 1);
    match made.len() {
        // After a loss of the store, of copies that were left to the user, or with our own card gone, a stamped copy is
        // all there is to go by.
        0 | 1 if stamped => Presence::May,
        0 | 1 if !crossed => Presence::Must,
        n if n >= 2 && !stamped && !world.store_lost && made.iter().all(|c| c.clear) => {
            Presence::Absent
        }
        _ => Presence::May,
    }
}

fn judged(
    candidate: Candidate,
    sole: Option<usize>,
    cards: &[Card],
    world: &World,
) -> ExpectedUserCard {
    let ambiguous = candidate.clear
        && candidate
            .hits
            .iter()
            .any(|h| cards[*h].presence == Presence::Absent);
    let touch = match (candidate.card.origin, sole) {
        (_, Some(index)) => Touch::Adopted(index),
        (Origin::BroughtBack, _) => Touch::Perhaps { kin: candidate.kin },
        (Origin::CopiedFromOurs, _) if world.store_lost || candidate.card.indistinct => {
            Touch::Perhaps { kin: candidate.kin }
        }
        (Origin::Made, _) if !candidate.kin.is_empty() && !ambiguous => {
            Touch::Perhaps { kin: candidate.kin }
        }
        _ => Touch::Never,
    };
    ExpectedUserCard {
        card: candidate.card.clone(),
        touch,
        hits: candidate.hits,
    }
}
