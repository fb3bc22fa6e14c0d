//! Pairing: which contributions of several sources are one person.
//!
//! First by directory object, then by the very card that two sources read: these are certain. Then by exact e-mail
//! address, then by exact number and name. Within one source everybody is a person of their own, also where others
//! were taken for one before that source was read. More than one candidate, or several claims to the same one, is
//! reported and never merged.

use model::EntryId;
use std::collections::{BTreeMap, BTreeSet};

/// What pairing knows of one contribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    pub source: String,
    /// The key within the source.
    pub key: String,
    /// Rank of the source, 0 is the highest.
    pub rank: usize,
    /// Directory object id.
    pub object: Option<String>,
    /// Lower-case addresses.
    pub addresses: BTreeSet<String>,
    /// Keys of telephone numbers.
    pub numbers: BTreeSet<String>,
    /// The name in normal form; blank pairs with nobody.
    pub name: String,
    /// Identity texts from which an entry id may be derived, the first preferred.
    pub texts: Vec<String>,
}

/// What pairing decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paired {
    /// The entry of every new contribution, by (source, key).
    pub entries: BTreeMap<(String, String), EntryId>,
    /// Entries that turned out to be another one: loser to winner.
    pub superseded: BTreeMap<EntryId, EntryId>,
    /// Entries that may be the same person as another and were left apart.
    pub ambiguous: BTreeSet<EntryId>,
}

/// Everything that a pairing depends on.
pub struct Pairing<'a> {
    /// Contributions that have an entry.
    pub settled: Vec<(EntryId, Face)>,
    /// New contributions.
    pub fresh: Vec<Face>,
    /// Settled entries of which something in the identity changed: they may turn out to be another one.
    pub changed: BTreeSet<EntryId>,
    /// Entries that there were before, and those of stamps that were found while a lost store is recovered.
    pub known: &'a BTreeSet<EntryId>,
    /// Derives an entry id from an identity text.
    pub derive: &'a dyn Fn(&str) -> EntryId,
}

/// One person, as far as is known: contributions that belong together.
#[derive(Default)]
struct Group {
    entry: Option<EntryId>,
    faces: Vec<Face>,
    ambiguous: bool,
}

#[derive(Default)]
struct Groups {
    all: Vec<Group>,
    objects: BTreeMap<String, BTreeSet<usize>>,
    /// By identity text: two sources that read one folder read the same cards.
    texts: BTreeMap<String, BTreeSet<usize>>,
    addresses: BTreeMap<String, BTreeSet<usize>>,
    numbers: BTreeMap<(String, String), BTreeSet<usize>>,
}

/// Pairs new contributions with settled ones and with each other.
pub fn pair(pairing: Pairing) -> Paired {
    let mut groups = Groups::default();
    let mut by_entry: BTreeMap<EntryId, usize> = BTreeMap::new();
    for (entry, face) in pairing.settled {
        let at = *by_entry
            .entry(entry)
            .or_insert_with(|| groups.open(Some(entry)));
        groups.join(at, face);
    }
    let superseded = supersede(&mut groups, &by_entry, &pairing.changed);
    for batch in by_source(pairing.fresh) {
        groups.place(batch);
    }
    groups.name(pairing.known, pairing.derive, superseded)
}

/// The same directory object, or the very same card.
fn is_same(one: &Face, other: &Face) -> bool {
    let object = one.object.is_some() && one.object == other.object;
    object || one.texts.iter().any(|text| other.texts.contains(text))
}

/// New contributions of one source at a time, the highest rank first, in the order of their keys.
fn by_source(fresh: Vec<Face>) -> Vec<Vec<Face>> {
    let mut sources: BTreeMap<(usize, String), Vec<Face>> = BTreeMap::new();
    for face in fresh {
        sources
            .entry((face.rank, face.source.clone()))
            .or_default()
            .push(face);
    }
    sources
        .into_values()
        .map(|mut faces| {
            faces.sort_by(|a, b| a.key.cmp(&b.key));
            faces
        })
        .collect()
}

impl Groups {
    fn open(&mut self, entry: Option<EntryId>) -> usize {
        self.all.push(Group {
            entry,
            ..Group::default()
        });
        self.all.len() - 1
    }

    fn join(&mut self, at: usize, face: Face) {
        if let Some(object) = &face.object {
            self.objects.entry(object.clone()).or_default().insert(at);
        }
        for text in &face.texts {
            self.texts.entry(text.clone()).or_default().insert(at);
        }
        for address in &face.addresses {
            self.addresses
                .entry(address.clone())
                .or_default()
                .insert(at);
        }
        for number in face.numbers.iter().filter(|_| !face.name.is_empty()) {
            let key = (number.clone(), face.name.clone());
            self.numbers.entry(key).or_default().insert(at);
        }
        self.all[at].faces.push(face);
    }

    /// Groups that may be this person, by the strongest kind of identity that finds any; never `own`.
    fn candidates(&self, face: &Face, own: Option<usize>) -> BTreeSet<usize> {
        let certain = self.certain(face, own);
        match certain.is_empty() {
            true => self.likely(face, own),
            false => certain,
        }
    }

    /// Groups of the same directory object, else of the very same card.
    fn certain(&self, face: &Face, own: Option<usize>) -> BTreeSet<usize> {
        let object = face.object.iter().filter_map(|o| self.objects.get(o));
        let same: BTreeSet<usize> = object
            .flatten()
            .copied()
            .filter(|at| Some(*at) != own)
            .collect();
        if !same.is_empty() {
            return same;
        }
        let here = face.texts.iter().filter_map(|t| self.texts.get(t));
        self.compatible(face, own, here.flatten())
    }

    /// Groups that share an address, else a number and the name.
    fn likely(&self, face: &Face, own: Option<usize>) -> BTreeSet<usize> {
        let mailed = face.addresses.iter().filter_map(|a| self.addresses.get(a));
        let mailed = self.compatible(face, own, mailed.flatten());
        if !mailed.is_empty() {
            return mailed;
        }
        let keys = face.numbers.iter().map(|n| (n.clone(), face.name.clone()));
        let called: Vec<&BTreeSet<usize>> = keys.filter_map(|k| self.numbers.get(&k)).collect();
        self.compatible(face, own, called.into_iter().flatten())
    }

    /// Two directory objects are two people, whatever they share.
    fn compatible<'a>(
        &self,
        face: &Face,
        own: Option<usize>,
        found: impl Iterator<Item = &'a usize>,
    ) -> BTreeSet<usize> {
        let other = |at: &usize| {
            let objects = self.all[*at].faces.iter().filter_map(|f| f.object.as_ref());
            face.object.is_some() && objects.into_iter().any(|o| Some(o) != face.object.as_ref())
        };
        found
            .copied()
            .filter(|at| Some(*at) != own && !other(at))
            .collect()
    }

    fn has_source(&self, at: usize, source: &str) -> bool {
        self.all[at].faces.iter().any(|f| f.source == source)
    }

    /// Places the new contributions of one source. Who is certain goes first: a namesake's claim to the same person
    /// takes nothing from that.
    fn place(&mut self, batch: Vec<Face>) {
        let known = |f: &Face| !self.certain(f, None).is_empty();
        let (certain, others): (Vec<Face>, Vec<Face>) = batch.into_iter().partition(known);
        self.part(&certain);
        self.place_by(certain, Self::certain);
        self.place_by(others, Self::likely);
    }

    /// This source knows as two people whom others were taken for one: each goes their own way with all that is
    /// certainly theirs. Whom this source knew before stays, else who has the best source.
    fn part(&mut self, batch: &[Face]) {
        let mut claims: BTreeMap<usize, Vec<&Face>> = BTreeMap::new();
        for face in batch {
            let found = self.certain(face, None);
            if let (Some(at), 1) = (found.first(), found.len()) {
                claims.entry(*at).or_default().push(face);
            }
        }
        for (at, mut faces) in claims {
            let rank = |face: &Face| {
                let own = self.all[at].faces.iter().filter(|f| is_same(f, face));
                own.map(|f| f.rank).min()
            };
            faces.sort_by_key(|face| (rank(face), &face.key));
            let stays = usize::from(!self.has_source(at, &faces[0].source));
            for face in faces.into_iter().skip(stays) {
                self.split(at, face);
            }
        }
    }

    /// What is certainly this person leaves the group for one of its own.
    fn split(&mut self, at: usize, face: &Face) {
        let faces = std::mem::take(&mut self.all[at].faces);
        let by_text = [&mut self.objects, &mut self.texts, &mut self.addresses];
        let indexed = by_text.into_iter().flat_map(|index| index.values_mut());
        for groups in indexed.chain(self.numbers.values_mut()) {
            groups.remove(&at);
        }
        let own = self.open(None);
        self.all[own].ambiguous = true;
        for known in faces {
            let to = if is_same(&known, face) { own } else { at };
            self.join(to, known);
        }
    }

    /// All look before one is placed, so their order is no matter.
    fn place_by(
        &mut self,
        batch: Vec<Face>,
        look: fn(&Self, &Face, Option<usize>) -> BTreeSet<usize>,
    ) {
        let found: Vec<BTreeSet<usize>> = batch.iter().map(|f| look(self, f, None)).collect();
        let mut claims: BTreeMap<usize, usize> = BTreeMap::new();
        for at in found.iter().flatten() {
            *claims.entry(*at).or_default() += 1;
        }
        for (face, candidates) in batch.into_iter().zip(found) {
            let only = (candidates.len() == 1)
                .then(|| candidates.first().copied())
                .flatten();
            let clear =
                |at: &usize| claims.get(at) == Some(&1) && !self.has_source(*at, &face.source);
            let at = only.filter(clear).unwrap_or_else(|| self.open(None));
            self.all[at].ambiguous |= self.all[at].faces.is_empty() && !candidates.is_empty();
            self.join(at, face);
        }
    }

    /// Gives every new group its entry id: one that it had before, or whose stamp was found, else the first that is free.
    fn name(
        self,
        known: &BTreeSet<EntryId>,
        derive: &dyn Fn(&str) -> EntryId,
        superseded: BTreeMap<EntryId, EntryId>,
    ) -> Paired {
        let mut taken: BTreeSet<EntryId> = self.all.iter().filter_map(|g| g.entry).collect();
        let mut paired = Paired {
            superseded,
            ..Paired::default()
        };
        for group in self.all {
            let entry = group
                .entry
                .unwrap_or_else(|| entry_id(&group, known, derive, &taken));
            taken.insert(entry);
            if group.ambiguous {
                paired.ambiguous.insert(entry);
            }
            for face in group.faces {
                paired.entries.insert((face.source, face.key), entry);
            }
        }
        paired
    }
}

fn entry_id(
    group: &Group,
    known: &BTreeSet<EntryId>,
    derive: &dyn Fn(&str) -> EntryId,
    taken: &BTreeSet<EntryId>,
) -> EntryId {
    let texts: Vec<&String> = group.faces.iter().flat_map(|f| &f.texts).collect();
    let free = |id: &EntryId| !taken.contains(id);
    let known_before = |id: &EntryId| known.contains(id);
    let ids = || texts.iter().map(|t| derive(t)).filter(free);
    // Which number was given depended on who was there then: only one that is known is given again.
    let numbered = texts
        .iter()
        .filter(|_| !known.is_empty())
        .flat_map(|t| (2..=NUMBERED_MAX).map(move |n| derive(&format!("{t}#{n}"))));
    let stamped = ids()
        .find(known_before)
        .or_else(|| numbered.filter(free).find(known_before));
    if let Some(id) = stamped.or_else(|| ids().next()) {
        return id;
    }
    let first = texts.first().map_or("", |t| t.as_str());
    (2..)
        .map(|n| derive(&format!("{first}#{n}")))
        .find(free)
        .unwrap_or_else(|| derive(first))
}

/// How often one identity text is expected to have been used anew.
const NUMBERED_MAX: u32 = 4;

/// Settled entries that turn out to be one person: the one with the better source stays.
fn supersede(
    groups: &mut Groups,
    by_entry: &BTreeMap<EntryId, usize>,
    changed: &BTreeSet<EntryId>,
) -> BTreeMap<EntryId, EntryId> {
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for at in changed.iter().filter_map(|entry| by_entry.get(entry)) {
        let mut others = BTreeSet::new();
        for face in &groups.all[*at].faces {
            others.extend(groups.candidates(face, Some(*at)));
        }
        match others.iter().next() {
            Some(other) if others.len() == 1 && apart(groups, *at, *other) => {
                pairs.insert(((*at).min(*other), (*at).max(*other)));
            }
            Some(_) => groups.all[*at].ambiguous = true,
            None => {}
        }
    }
    let mut superseded = BTreeMap::new();
    for (a, b) in &pairs {
        let claims = pairs
            .iter()
            .filter(|p| [p.0, p.1].iter().any(|x| x == a || x == b))
            .count();
        if claims > 1 {
            groups.all[*a].ambiguous = true;
            groups.all[*b].ambiguous = true;
            continue;
        }
        let rank = |at: usize| groups.all[at].faces.iter().map(|f| f.rank).min();
        let (winner, loser) = if rank(*a) <= rank(*b) {
            (*a, *b)
        } else {
            (*b, *a)
        };
        if let (Some(kept), Some(lost)) = (groups.all[winner].entry, groups.all[loser].entry) {
            superseded.insert(lost, kept);
            for face in std::mem::take(&mut groups.all[loser].faces) {
                groups.join(winner, face);
            }
        }
    }
    superseded
}

/// One source never says two things of one person.
fn apart(groups: &Groups, a: usize, b: usize) -> bool {
    groups.all[a]
        .faces
        .iter()
        .all(|f| !groups.has_source(b, &f.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// `source key object|- addresses|- numbers|- name`, in front of it `E<n>` for a settled one.
    fn face(text: &str) -> Face {
        let w: Vec<&str> = text.split_whitespace().collect();
        let set = |t: &str| {
            t.split(',')
                .filter(|t| *t != "-")
                .map(str::to_owned)
                .collect()
        };
        Face {
            source: w[0].into(),
            key: w[1].into(),
            rank: w[0]
                .chars()
                .last()
                .and_then(|c| c.to_digit(10))
                .unwrap_or(0) as usize,
            object: (w[2] != "-").then(|| w[2].to_owned()),
            addresses: set(w[3]),
            numbers: set(w[4]),
            name: w.get(5).unwrap_or(&"").to_string(),
            texts: vec![format!("{}", w[1])],
        }
    }

    fn check(story: &str, stamps: &[u128], changed: &[u128], expect: Expect) {
        let (mut settled, mut fresh) = (Vec::new(), Vec::new());
        for line in story.lines().map(str::trim).filter(|l| !l.is_empty()) {
            match line.strip_prefix('E').and_then(|l| l.split_once(' ')) {
                Some((n, rest)) => settled.push((EntryId(n.parse().unwrap()), face(rest))),
                None => fresh.push(face(line)),
            }
        }
        let known: BTreeSet<EntryId> = stamps.iter().map(|n| EntryId(*n)).collect();
        // `a7` derives 7; with `#2` 1007.
        let derive = |t: &str| {
            let (head, more) = t.split_once('#').unwrap_or((t, "0"));
            let n: u128 = head
                .trim_start_matches(char::is_alphabetic)
                .parse()
                .unwrap();
            EntryId(n + 1000 * u128::from(more != "0"))
        };
        let paired = pair(Pairing {
            settled,
            fresh,
            changed: changed.iter().map(|n| EntryId(*n)).collect(),
            known: &known,
            derive: &derive,
        });
        let mut text = String::new();
        for ((source, key), entry) in &paired.entries {
            text += &format!("{source} {key} = {}\n", entry.0);
        }
        for (lost, kept) in &paired.superseded {
            text += &format!("{} is {}\n", lost.0, kept.0);
        }
        for entry in &paired.ambiguous {
            text += &format!("{} ambiguous\n", entry.0);
        }
        expect.assert_eq(&text);
    }

    #[test]
    fn a_stamp_of_an_id_that_was_given_anew_is_known_again() {
        let story = "s0 a1 o1 x@y - anna";
        check(
            story,
            &[1001],
            &[],
            expect![[r#"
            s0 a1 = 1001
        "#]],
        );
        check(
            story,
            &[1, 1001],
            &[],
            expect![[r#"
            s0 a1 = 1
        "#]],
        );
    }

    #[test]
    fn one_person_in_two_sources_is_one_entry() {
        check(
            "s0 a1 o1 x@y - anna
             s1 b2 - x@y,w@y - other
             s1 b3 - z@y - anna",
            &[],
            &[],
            expect![[r#"
                s0 a1 = 1
                s1 b2 = 1
                s1 b3 = 3
            "#]],
        );
    }

    #[test]
    fn one_card_that_two_sources_read_is_one_entry_whatever_it_says() {
        check(
            "s0 b4 - - - anna
             s1 b4 - - - anna",
            &[],
            &[],
            expect![[r#"
                s0 b4 = 4
                s1 b4 = 4
            "#]],
        );
    }

    #[test]
    fn the_very_same_card_pairs_also_beside_a_namesake() {
        check(
            "s0 a1 o1 x@y - anna
             s1 b2 - x@y - anna
             s2 b2 - x@y - anna
             s2 b3 - x@y - anna",
            &[],
            &[],
            expect![[r#"
                s0 a1 = 1
                s1 b2 = 1
                s2 b2 = 1
                s2 b3 = 3
                3 ambiguous
            "#]],
        );
    }

    #[test]
    fn cards_that_were_taken_for_one_part_when_one_source_reads_both() {
        check(
            "E2 s1 b2 - x@y - anna
             E2 s2 b1 - x@y - anna
             s0 b1 - x@y - anna
             s0 b2 - x@y - anna",
            &[],
            &[],
            expect![[r#"
                s0 b1 = 1
                s0 b2 = 2
                s1 b2 = 2
                s2 b1 = 1
                1 ambiguous
            "#]],
        );
    }

    #[test]
    fn a_card_parts_from_the_one_that_its_second_source_knew_before() {
        check(
            "E1 s1 b1 - x@y - anna
             E1 s0 b2 - x@y - anna
             s1 b2 - x@y - anna",
            &[],
            &[],
            expect![[r#"
                s0 b2 = 2
                s1 b1 = 1
                s1 b2 = 2
                2 ambiguous
            "#]],
        );
    }

    #[test]
    fn several_claims_to_one_person_are_reported_and_left_apart() {
        check(
            "s0 a1 o1 x@y - anna
             s1 b2 - x@y - anna
             s1 b3 - x@y - anna",
            &[],
            &[],
            expect![[r#"
                s0 a1 = 1
                s1 b2 = 2
                s1 b3 = 3
                2 ambiguous
                3 ambiguous
            "#]],
        );
    }

    #[test]
    fn number_and_name_pair_when_no_address_does() {
        check(
            "s0 a1 o1 - +491 anna
             s1 b2 - - +491 anna
             s1 b3 - - +491 ben",
            &[],
            &[],
            expect![[r#"
                s0 a1 = 1
                s1 b2 = 1
                s1 b3 = 3
            "#]],
        );
    }

    #[test]
    fn a_found_stamp_of_any_paired_identity_names_the_entry() {
        check(
            "s0 a1 o1 x@y - anna
             s1 b2 - x@y - anna",
            &[2],
            &[],
            expect![[r#"
                s0 a1 = 2
                s1 b2 = 2
            "#]],
        );
    }

    #[test]
    fn entries_that_turn_out_to_be_one_person_become_the_better_ranked_one() {
        check(
            "E7 s1 b7 - x@y - anna
             E1 s0 a1 o1 x@y - anna",
            &[],
            &[1],
            expect![[r#"
                s0 a1 = 1
                s1 b7 = 1
                7 is 1
            "#]],
        );
    }

    #[test]
    fn two_directory_objects_are_two_people_whatever_they_share() {
        check(
            "E1 s0 a1 o1 info@y - anna
             s1 b2 o2 info@y - anna",
            &[],
            &[],
            expect![[r#"
                s0 a1 = 1
                s1 b2 = 2
            "#]],
        );
    }
}
