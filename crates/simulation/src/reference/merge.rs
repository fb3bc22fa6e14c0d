//! From sources to cards: who contributes to a folder, and who is one person.

use super::draft::Draft;
use super::pair::{Kinship, Relation};
use super::select::{Answer, means_mailbox, taken};
use super::world::{Choice, Mailbox, Person, Policy, Rule, State, Tunnel, World};
use std::collections::{BTreeMap, BTreeSet};

/// How firmly a card of ours is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Must,
    /// Ambiguous or unknown: there or not.
    May,
    /// Ambiguous for certain: must not have been created.
    Absent,
}

/// What one field of a card may show.
#[derive(Clone, Debug)]
pub struct Want {
    pub rule: Rule,
    /// What the sources say now; several where one of them is not known. Blank is `""`.
    pub now: Vec<String>,
    /// Elements that a list may hold besides: of sources with a lower priority, secondary addresses.
    pub extra: Vec<String>,
    pub past: Vec<String>,
    /// Nothing can be said.
    pub any: bool,
    /// The rule was another one before.
    pub loose: bool,
    pub code: &'static str,
}

/// A card of ours, as it should be.
#[derive(Clone, Debug)]
pub struct Card {
    pub label: String,
    pub presence: Presence,
    pub fields: BTreeMap<String, Want>,
    /// Photos that the sources show now; `None`: none.
    pub photos: Vec<Option<String>>,
    pub old_photos: BTreeSet<String>,
    /// A lost photo may have been replaced by initials; or photo options changed.
    pub any_lost_photo: bool,
    /// Whose it is, as the sources say.
    pub who: Vec<Person>,
    /// For tunnels with a region.
    pub region: String,
}

#[derive(Clone)]
pub struct Contribution<'a> {
    pub person: &'a Person,
    pub tunnel: &'a Tunnel,
    pub source: usize,
    pub answer: Answer,
}

/// One person of the sources (one id), with every source that shows it.
pub type Node<'a> = Vec<Contribution<'a>>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    One,
    /// Several people by one address: never merged.
    Apart,
    /// Depends on what came first: merged or not.
    Vague,
}

/// What is true of one target folder in every mailbox.
pub struct Book<'a> {
    pub tunnels: Vec<&'a Tunnel>,
    pub world: &'a World,
    pub policy: &'a Policy,
    pub kinship: Kinship<'a>,
    groups: Vec<(Vec<Node<'a>>, Verdict)>,
}

impl<'a> Book<'a> {
    pub fn new(folder: &str, world: &'a World, policy: &'a Policy) -> Self {
        let tunnels: Vec<&Tunnel> = policy
            .tunnels
            .iter()
            .filter(|t| t.folder == folder)
            .collect();
        let region = tunnels.first().map_or("", |t| t.options.region.as_str());
        let kinship = Kinship::new(world, region);
        let groups = groups(nodes(&tunnels, world, policy), &kinship);
        Self {
            tunnels,
            world,
            policy,
            kinship,
            groups,
        }
    }

    /// The cards of ours that this mailbox should hold.
    pub fn cards(&self, mailbox: &Mailbox) -> Vec<Card> {
        let mut all = Vec::new();
        for (group, verdict) in &self.groups {
            let seen: Vec<Node> = group.iter().map(|n| self.visible(n, mailbox)).collect();
            let parts: Vec<Node> = match verdict {
                Verdict::One => vec![seen.concat()],
                Verdict::Apart | Verdict::Vague => seen.clone(),
            };
            for part in parts.into_iter().filter(|p| !p.is_empty()) {
                let rivals = if *verdict == Verdict::Vague {
                    seen.concat()
                } else {
                    Vec::new()
                };
                all.extend(
                    Draft::new(part, rivals, *verdict, &self.kinship).and_then(|d| d.card(mailbox)),
                );
            }
        }
        all
    }

    /// What of a person this mailbox may see.
    fn visible(&self, node: &Node<'a>, mailbox: &Mailbox) -> Node<'a> {
        let means = |choice: &Choice| means_mailbox(mailbox, choice, self.world, self.policy);
        let sight = |c: &Contribution| {
            let part = c.tunnel.sources[c.source].only_for.as_ref();
            means(&c.tunnel.audience).and(part.map_or(Answer::In, means))
        };
        let seen = node.iter().map(|c| Contribution {
            answer: c.answer.and(sight(c)),
            ..c.clone()
        });
        seen.filter(|c| c.answer != Answer::Out).collect()
    }

    /// Does a tunnel leave open whether this mailbox is meant?
    pub fn doubts(&self, mailbox: &Mailbox) -> bool {
        let answer = |t: &&Tunnel| means_mailbox(mailbox, &t.audience, self.world, self.policy);
        self.tunnels.iter().any(|t| answer(t) == Answer::Unknown)
    }
}

fn nodes<'a>(tunnels: &[&'a Tunnel], world: &'a World, policy: &Policy) -> Vec<Node<'a>> {
    let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
    for tunnel in tunnels.iter().filter(|t| t.state == State::Active) {
        for source in 0..tunnel.sources.len() {
            for (person, answer) in taken(tunnel, source, world, policy) {
                let one = Contribution {
                    person,
                    tunnel,
                    source,
                    answer,
                };
                nodes.entry(&person.id).or_default().push(one);
            }
        }
    }
    nodes.into_values().collect()
}

/// People who may be one, together.
fn groups<'a>(mut nodes: Vec<Node<'a>>, kinship: &Kinship) -> Vec<(Vec<Node<'a>>, Verdict)> {
    let mut all = Vec::new();
    while let Some(first) = nodes.pop() {
        let mut group = vec![first];
        while let Some(next) = nodes
            .iter()
            .position(|n| group.iter().any(|g| link(g, n, kinship) != Relation::No))
        {
            group.push(nodes.remove(next));
        }
        let verdict = verdict(&group, kinship);
        all.push((group, verdict));
    }
    all
}

/// People of the same source are never one.
fn link(a: &Node, b: &Node, kinship: &Kinship) -> Relation {
    let same =
        |x: &Contribution, y: &Contribution| x.tunnel.id == y.tunnel.id && x.source == y.source;
    if a.iter().any(|x| b.iter().any(|y| same(x, y))) {
        return Relation::No;
    }
    kinship.between(a[0].person, b[0].person)
}

fn verdict(group: &[Node], kinship: &Kinship) -> Verdict {
    let mut links = Vec::new();
    for (i, a) in group.iter().enumerate() {
        links.extend(group[i + 1..].iter().map(|b| link(a, b, kinship)));
    }
    let sure = |r: &Relation| *r >= Relation::ByName;
    if links.iter().all(sure) {
        match claimed(group, kinship) {
            true => Verdict::Vague,
            false => Verdict::One,
        }
    } else if links
        .iter()
        .all(|r| matches!(r, Relation::No | Relation::ByMail))
        && rivals(group)
    {
        Verdict::Apart
    } else {
        Verdict::Vague
    }
}

/// Does, or did, somebody else claim to be one of several people here? While it was so they were apart; DESIGN.md says
/// that ambiguity is never merged, and is silent on whether two cards become one when it is over.
fn claimed(group: &[Node], kinship: &Kinship) -> bool {
    let inside = |id: &str| group.iter().any(|n| n[0].person.id == id);
    let others = |n: &Node| {
        let kin = kinship.of(n[0].person).iter();
        kin.clone().any(|(p, _)| !inside(&p.id))
    };
    group.len() > 1 && group.iter().any(others)
}

/// Every unlinked pair comes from one source, so there is no chain that could be merged in part; and all were there from
/// the beginning, so that nobody was merged before a rival came.
fn rivals(group: &[Node]) -> bool {
    let source = |n: &Node| (n[0].tunnel.id.clone(), n[0].source);
    let count: BTreeSet<_> = group.iter().map(source).collect();
    let steady = |n: &Node| n.len() == 1 && !n[0].person.late;
    count.len() == 2 && group.iter().all(steady)
}
