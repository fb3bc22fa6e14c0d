//! Holds the true folders against what was expected, and says in words what differs.

use super::adopt::{Expected, ExpectedFolder, ExpectedUserCard, Touch, is_steady};
use super::field::{Field, outside_kept};
use super::merge::{Card, Presence, Want};
use super::pair::{Relation, as_person, exact, relation};
use super::value::{covers, same};
use super::world::{Fields, Origin, Person, UserCard};
use std::collections::{BTreeMap, BTreeSet};

/// A card that is truly in a folder.
#[derive(Clone, Debug, Default)]
pub struct ActualCard {
    pub mailbox: String,
    /// The folder's name by the policy, also when a user renamed it.
    pub folder: String,
    pub id: String,
    pub fields: Fields,
    pub photo: Option<String>,
    /// The product created it (the truth, not its stamp).
    pub is_ours: bool,
    pub made_by_user: bool,
    /// Its stamp as text; blank: none.
    pub stamp: String,
}

/// Everything that is not as it should be; empty: all is well.
pub fn differences(expected: &Expected, actual: &[ActualCard]) -> Vec<String> {
    let mut places: BTreeMap<(String, String), Vec<&ActualCard>> = BTreeMap::new();
    for place in expected.folders.keys() {
        places.insert(place.clone(), Vec::new());
    }
    for card in actual {
        places
            .entry((card.mailbox.clone(), card.folder.clone()))
            .or_default()
            .push(card);
    }
    let nothing = ExpectedFolder::default();
    let mut all = Vec::new();
    for (place, cards) in &places {
        let folder = expected.folders.get(place).unwrap_or(&nothing);
        all.extend(
            Look::of(folder, &expected.notes_marks, cards)
                .differences()
                .into_iter()
                .map(|d| format!("{} / {}: {d}", place.0, place.1)),
        );
    }
    all
}

struct Look<'a> {
    folder: &'a ExpectedFolder,
    marks: &'a (String, String),
    cards: &'a [&'a ActualCard],
    /// Which of them a user's copy cannot be told from.
    blurred: Vec<bool>,
}

impl<'a> Look<'a> {
    fn of(
        folder: &'a ExpectedFolder,
        marks: &'a (String, String),
        cards: &'a [&'a ActualCard],
    ) -> Self {
        Self {
            folder,
            marks,
            cards,
            blurred: cards.iter().map(|c| is_blurred(folder, c)).collect(),
        }
    }

    fn differences(&self) -> Vec<String> {
        let owners = self.matched();
        let mut all = Vec::new();
        for user in &self.folder.users {
            all.extend(self.user_card(user, &owners));
        }
        for card in self
            .cards
            .iter()
            .filter(|c| !c.is_ours && self.user(&c.id).is_none())
        {
            all.push(format!("card {} was made by nobody we know", card.id));
        }
        if !self.folder.free {
            all.extend(self.missing(&owners));
            all.extend(self.surplus(&owners));
        }
        all
    }

    fn user(&self, id: &str) -> Option<&ExpectedUserCard> {
        self.folder.users.iter().find(|u| u.card.id == id)
    }

    /// Which expected card each actual one stands for: ours first, then users' cards that may be adopted.
    fn matched(&self) -> BTreeMap<usize, usize> {
        let cards = &self.folder.cards;
        let mut owners = BTreeMap::new();
        let adoptable = self.cards.iter().any(|a| self.user(&a.id).is_some());
        for pool in [false, true].iter().take(1 + usize::from(adoptable)) {
            for must in [Presence::Must, Presence::May] {
                for index in (0..cards.len()).filter(|i| cards[*i].presence == must) {
                    if !owners.values().any(|o| *o == index) {
                        self.place(index, *pool, &mut BTreeSet::new(), &mut owners);
                    }
                }
            }
        }
        owners
    }

    /// Finds an actual card for an expected one, moving others on where that helps.
    fn place(
        &self,
        index: usize,
        users: bool,
        tried: &mut BTreeSet<usize>,
        owners: &mut BTreeMap<usize, usize>,
    ) -> bool {
        for slot in self.likely_first(index) {
            if !self.fits(index, slot, users) || !tried.insert(slot) {
                continue;
            }
            let holder = owners.get(&slot).copied();
            if holder.is_none_or(|h| self.place(h, users, tried, owners)) {
                owners.insert(slot, index);
                return true;
            }
        }
        false
    }

    fn likely_first(&self, index: usize) -> Vec<usize> {
        let name = self.folder.cards[index]
            .fields
            .get("display_name")
            .and_then(|w| w.now.first());
        let (likely, others): (Vec<usize>, Vec<usize>) =
            (0..self.cards.len()).partition(|s| self.cards[*s].fields.get("display_name") == name);
        // A user's card that we changed needs a person to explain it; one that nobody touched needs none.
        let touched = |slot: &usize| {
            let actual = self.cards[*slot];
            self.user(&actual.id).is_some() && !self.changed(actual).is_empty()
        };
        let mut all = [likely, others].concat();
        // One that may be a user's copy may be left over, so that it stands for somebody only where no other does.
        all.sort_by_key(|slot| (!touched(slot), self.blurred[*slot]));
        all
    }

    fn fits(&self, index: usize, slot: usize, users: bool) -> bool {
        let actual = self.cards[slot];
        let adopted = self
            .folder
            .users
            .iter()
            .find(|u| matches!(u.touch, Touch::Adopted(i) if i == index));
        match (self.user(&actual.id), adopted) {
            (None, Some(_)) => false,
            (None, None) if !actual.is_ours => false,
            (Some(user), Some(only)) if user.card.id != only.card.id => false,
            (Some(user), None) if !users || !may_stand_for(user, index) => false,
            (Some(_), _) if !users => false,
            _ => self.is_right(&self.folder.cards[index], actual),
        }
    }

    /// What users wrote into this field of this card, their own original first.
    fn written(&self, actual: &ActualCard, field: &str) -> Vec<String> {
        let first = self.user(&actual.id).and_then(|u| match field {
            "photo" => u.card.photo.clone(),
            _ => u.card.fields.get(field).cloned(),
        });
        let edits = self.folder.edits.get(&actual.id).and_then(|e| e.get(field));
        first
            .into_iter()
            .chain(edits.into_iter().flatten().cloned())
            .collect()
    }

    fn is_right(&self, card: &Card, actual: &ActualCard) -> bool {
        // Two fields that tell most people apart spare the long comparison.
        let quick = ["emails", "surname"]
            .iter()
            .filter_map(|f| card.fields.get_key_value(*f));
        quick.into_iter().all(|(f, w)| self.accepts(f, w, actual))
            && self.faults(card, actual).is_empty()
    }

    fn accepts(&self, name: &str, want: &Want, actual: &ActualCard) -> bool {
        let got = actual.fields.get(name).map_or("", String::as_str);
        let written = self.written(actual, name);
        let user = self.user(&actual.id);
        // Adopted, forgotten and adopted again: nobody knows any more who had written what.
        let forgot = |u: &ExpectedUserCard| self.folder.forgot && u.card.origin == Origin::Made;
        Field {
            name,
            want,
            written: &written,
            adopted: user.is_some(),
            forgot: user.is_some_and(forgot),
            marks: self.marks,
        }
        .accepts(got)
    }

    /// What is wrong when this card stands for that expected one.
    fn faults(&self, card: &Card, actual: &ActualCard) -> Vec<String> {
        let adopted = self.user(&actual.id).is_some();
        let mut all = Vec::new();
        for (field, want) in card
            .fields
            .iter()
            .filter(|(f, w)| !self.accepts(f, w, actual))
        {
            let got = actual.fields.get(field).map_or("", String::as_str);
            all.push(format!(
                "{field} is {got:?}, wanted {:?} ({:?})",
                want.now, want.rule
            ));
        }
        if !photo_fits(card, actual, &self.written(actual, "photo")) {
            all.push(format!(
                "photo is {:?}, wanted {:?}",
                actual.photo, card.photos
            ));
        }
        if adopted {
            // Where the user's card had no photo it may get one; a photo of the user's own stays.
            let bare = self.written(actual, "photo").is_empty();
            let ours = |f: &String| card.fields.contains_key(f) || bare && f == "photo";
            let foreign = |f: &&String| !ours(f);
            all.extend(
                self.changed(actual)
                    .iter()
                    .filter(foreign)
                    .map(|f| format!("{f} of a user was changed")),
            );
        }
        all
    }

    /// The fields that are not byte for byte as users left them.
    fn changed(&self, actual: &ActualCard) -> Vec<String> {
        let user = self.user(&actual.id);
        let keys: BTreeSet<&String> = actual
            .fields
            .keys()
            .chain(user.iter().flat_map(|u| u.card.fields.keys()))
            .collect();
        let differs = |f: &&String| {
            let got = actual.fields.get(*f).map_or("", String::as_str);
            self.written(actual, f).last().map_or("", String::as_str) != got
        };
        let photo = self.written(actual, "photo").last() != actual.photo.as_ref();
        let fields = keys.into_iter().filter(differs).cloned();
        fields.chain(photo.then(|| "photo".to_owned())).collect()
    }

    fn user_card(
        &self,
        user: &ExpectedUserCard,
        owners: &BTreeMap<usize, usize>,
    ) -> Option<String> {
        let id = &user.card.id;
        let slot = self.cards.iter().position(|c| c.id == *id);
        let (Some(slot), false) = (slot, user.card.deleted) else {
            let excused = user.card.deleted || user.card.origin == Origin::BroughtBack;
            return (!excused).then(|| format!("card {id} of a user is gone"));
        };
        let changed = self.changed(self.cards[slot]);
        if owners.contains_key(&slot)
            || changed.is_empty() && !matches!(user.touch, Touch::Adopted(_))
        {
            return None;
        }
        match &user.touch {
            Touch::Adopted(index) => {
                let faults = self.faults(&self.folder.cards[*index], self.cards[slot]);
                Some(format!(
                    "card {id} of a user should be adopted: {}",
                    faults.join("; ")
                ))
            }
            Touch::Perhaps { kin } if self.released(user, slot, &changed, kin, owners) => None,
            _ => Some(format!(
                "card {id} of a user was changed: {}",
                changed.join(", ")
            )),
        }
    }

    /// Could it have been adopted once and be released since, with our values left or taken back?
    fn released(
        &self,
        user: &ExpectedUserCard,
        slot: usize,
        changed: &[String],
        kin: &[Person],
        owners: &BTreeMap<usize, usize>,
    ) -> bool {
        let actual = self.cards[slot];
        let mine: Vec<usize> = (0..self.folder.cards.len())
            .filter(|i| may_stand_for(user, *i))
            .collect();
        // Where a card of ours stands for each person that it could be, nobody had reason to adopt it.
        if !mine.is_empty()
            && mine.iter().all(|i| owners.values().any(|o| o == i))
            && !self.folder.free
        {
            // Unless we forgot that we had, or gave it back, and the person or the user's card is another one since.
            if user.card.origin != Origin::Made {
                return true;
            }
            let lapsed = self.folder.forgot || user.card.given_back;
            // Exactly that person now, and nobody that it could be was ever called or reached otherwise.
            if !lapsed || (self.equals(&mine, actual) && kin.iter().all(is_steady)) {
                return false;
            }
        }
        changed.iter().all(|field| {
            let got = actual.fields.get(field).map_or("", String::as_str);
            let written = self.written(actual, field);
            let said = |p: &Person| {
                let past = p.past.get(field).into_iter().flatten();
                past.chain(p.fields.get(field))
                    .any(|v| covers(field, v, got, &written, ""))
            };
            match field.as_str() {
                "notes" => outside_kept(&written, got, self.marks),
                "display_name" | "file_as" | "photo" | "categories" => true,
                _ => {
                    got.is_empty()
                        || written.iter().any(|w| same(field, w, got, ""))
                        || kin.iter().any(said)
                }
            }
        })
    }

    /// Is this card exactly one of the expected ones?
    fn equals(&self, mine: &[usize], actual: &ActualCard) -> bool {
        let person = as_person(&actual.id, &actual.fields);
        let cards = mine.iter().map(|i| &self.folder.cards[*i]);
        let mut known = cards.flat_map(|c| c.who.iter().map(|w| (w, &c.region)));
        known.any(|(who, region)| exact(who, &person, region))
    }

    fn missing(&self, owners: &BTreeMap<usize, usize>) -> Vec<String> {
        let found = |index: usize| owners.values().any(|o| *o == index);
        let claimed = |index: usize| {
            self.folder
                .users
                .iter()
                .any(|u| matches!(u.touch, Touch::Adopted(i) if i == index))
        };
        let all = self.folder.cards.iter().enumerate();
        all.filter(|(i, c)| c.presence == Presence::Must && !found(*i) && !claimed(*i))
            .map(|(index, card)| match self.nearest(index, card, owners) {
                Some((id, faults)) => format!(
                    "{} is missing; nearest is {id}, where {}",
                    card.label,
                    faults.join("; ")
                ),
                None => format!("{} is missing", card.label),
            })
            .collect()
    }

    fn nearest(
        &self,
        index: usize,
        card: &Card,
        owners: &BTreeMap<usize, usize>,
    ) -> Option<(String, Vec<String>)> {
        let could = |c: &ActualCard| match self.user(&c.id) {
            Some(user) => may_stand_for(user, index),
            None => c.is_ours,
        };
        let all = self.cards.iter().enumerate();
        let open = all.filter(|(slot, c)| could(c) && !owners.contains_key(slot));
        let all = open.map(|(_, c)| (c.id.clone(), self.faults(card, c)));
        all.min_by_key(|(_, faults)| faults.len())
    }

    /// Which expected card it is most like, and what differs: for people.
    fn closest(&self, actual: &ActualCard) -> String {
        let faults = self
            .folder
            .cards
            .iter()
            .map(|card| (card, self.faults(card, actual)));
        match faults.min_by_key(|(_, faults)| faults.len()) {
            Some((card, faults)) if faults.len() <= 3 => {
                format!(
                    "; as {} ({:?}): {}",
                    card.label,
                    card.presence,
                    faults.join("; ")
                )
            }
            _ => String::new(),
        }
    }

    fn surplus(&self, owners: &BTreeMap<usize, usize>) -> Vec<String> {
        if self.folder.leftovers {
            return Vec::new();
        }
        let open = self
            .cards
            .iter()
            .enumerate()
            .filter(|(slot, c)| c.is_ours && !owners.contains_key(slot));
        open.filter(|(slot, c)| self.user(&c.id).is_none() && !self.blurred[*slot])
            .map(|(_, c)| {
                let name = c.fields.get("display_name");
                let closest = self.closest(c);
                format!(
                    "card {} of ours should not be there: {name:?}{closest}",
                    c.id
                )
            })
            .collect()
    }
}

/// Can it not be told from a user's copy that is there, too?
fn is_blurred(folder: &ExpectedFolder, actual: &ActualCard) -> bool {
    let person = as_person(&actual.id, &actual.fields);
    let alike = |t: &UserCard| relation(&as_person(&t.id, &t.fields), &person, "") != Relation::No;
    // One stamp, whatever users made of what either card says.
    let same = |t: &UserCard| !t.stamp.is_empty() && t.stamp == actual.stamp;
    folder.twins.iter().any(|t| alike(t) || same(t))
}

fn may_stand_for(user: &ExpectedUserCard, index: usize) -> bool {
    user.hits.contains(&index) && !matches!(user.touch, Touch::Never)
}

fn photo_fits(card: &Card, actual: &ActualCard, written: &[String]) -> bool {
    let wanted = card.photos.contains(&actual.photo);
    let lost = card.photos.contains(&None) && !card.old_photos.is_empty();
    // Graph cannot delete a contact's photo, and no delta tells of a user's own.
    let stayed = actual.photo.as_ref().is_some_and(|p| {
        written.contains(p) || ((lost || card.any_lost_photo) && card.old_photos.contains(p))
    });
    wanted || stayed || (card.any_lost_photo && !card.old_photos.is_empty())
}
