//! Audiences: which mailboxes a book targets, and which of its sources each of them may see.

use crate::rank::{rule_hash, source_name};
use crate::select::{SelectError, Selected, Selector, and};
use model::MailboxId;
use model::person::{Facts, MailboxKind, Person, PersonKind};
use model::tunnel::{Book, Choice, Tunnel, TunnelState};
use std::collections::{BTreeMap, BTreeSet};

/// The audiences of a book's active tunnels, compiled once.
#[derive(Debug)]
pub struct Audience<'a> {
    tunnels: Vec<Target<'a>>,
    /// The rules' hashes by key, see [`audience_key`] and [`only_for_key`].
    pub rules: BTreeMap<String, String>,
    /// Every group that an audience names.
    pub groups: BTreeSet<String>,
}

#[derive(Debug)]
struct Target<'a> {
    tunnel: &'a Tunnel,
    selector: Selector,
    /// Source names, each with the part of the audience that it is meant for.
    sources: Vec<(String, Option<Selector>)>,
}

/// The key of a tunnel's audience among the catalog's rules.
pub fn audience_key(tunnel: &str) -> String {
    format!("{tunnel}?audience")
}

/// The key of a source's sub-audience among the catalog's rules.
pub fn only_for_key(source: &str) -> String {
    format!("{source}?only_for")
}

/// What one mailbox may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// The sources that it certainly may see.
    pub sure: BTreeSet<String>,
    /// The sources of which that is not known.
    pub maybe: BTreeSet<String>,
    /// Why it does not see the others, by source.
    pub out: BTreeMap<String, String>,
}

impl<'a> Audience<'a> {
    pub fn compile(book: &'a Book, lists: &BTreeMap<String, Choice>) -> Result<Self, SelectError> {
        let (mut tunnels, mut rules) = (Vec::new(), BTreeMap::new());
        for tunnel in book
            .tunnels
            .iter()
            .filter(|t| t.state == TunnelState::Active)
        {
            let hash = rule_hash(&["audience"], &tunnel.audience, lists);
            rules.insert(audience_key(tunnel.id.as_str()), hash);
            let mut sources = Vec::new();
            for source in &tunnel.sources {
                let name = source_name(tunnel, source);
                let part = source.only_for.as_ref();
                let hash = rule_hash(&["only_for"], part.unwrap_or(&Choice::default()), lists);
                rules.insert(only_for_key(&name), hash);
                sources.push((name, part.map(|c| Selector::compile(c, lists)).transpose()?));
            }
            let selector = Selector::compile(&tunnel.audience, lists)?;
            tunnels.push(Target {
                tunnel,
                selector,
                sources,
            });
        }
        let groups = tunnels.iter().flat_map(Target::groups).collect();
        Ok(Self {
            tunnels,
            rules,
            groups,
        })
    }

    /// What this person's mailbox may see.
    pub fn sight(&self, person: &Person, facts: &Facts) -> Sight {
        let usable = usable(person, facts);
        let mut sight = Sight::default();
        for target in &self.tunnels {
            let taken = and(usable.clone(), || target.selector.judge(person, facts));
            for (source, part) in &target.sources {
                let seen = and(taken.clone(), || match part {
                    None => Selected::In,
                    Some(part) => part.judge(person, facts),
                });
                sight.add(source, seen);
            }
        }
        sight
    }

    /// Is this mailbox in the audience of one tunnel? For `why`.
    pub fn targets(&self, tunnel: &Tunnel, person: &Person, facts: &Facts) -> Selected {
        let target = self.tunnels.iter().find(|t| t.tunnel.id == tunnel.id);
        match target {
            None => Selected::Out("the tunnel is not active".to_owned()),
            Some(target) => and(usable(person, facts), || {
                target.selector.judge(person, facts)
            }),
        }
    }
}

impl Target<'_> {
    fn groups(&self) -> BTreeSet<String> {
        let parts = self.sources.iter().filter_map(|(_, part)| part.as_ref());
        let mut all = self.selector.groups();
        all.extend(parts.flat_map(Selector::groups));
        all
    }
}

impl Sight {
    fn add(&mut self, source: &str, seen: Selected) {
        match seen {
            Selected::In => {
                self.sure.insert(source.to_owned());
            }
            Selected::Unknown(_) => {
                self.maybe.insert(source.to_owned());
            }
            Selected::Out(fact) => {
                self.out.insert(source.to_owned(), fact);
            }
        }
    }
}

/// The fact that says that a mailbox cannot be written to.
pub const NO_MAILBOX: &str = "no usable mailbox";

/// The mailboxes that a paused tunnel means, or may mean: what lies there stays where it is.
///
/// # Errors
/// An expression of an audience cannot be read.
pub fn held(
    book: &Book,
    lists: &BTreeMap<String, Choice>,
    facts: &Facts,
) -> Result<BTreeSet<MailboxId>, SelectError> {
    let tunnels = book.tunnels.iter();
    let paused = tunnels.filter(|t| t.state == TunnelState::Paused);
    let audiences = paused.map(|t| Selector::compile(&t.audience, lists));
    let audiences: Vec<Selector> = audiences.collect::<Result<_, _>>()?;
    let may = |person: &Person| {
        let mut all = audiences.iter();
        all.any(|audience| !matches!(audience.judge(person, facts), Selected::Out(_)))
    };
    let meant = facts.users.iter().filter(|(_, person)| may(person));
    Ok(meant.map(|(id, _)| MailboxId(id.clone())).collect())
}

/// Only members have mailboxes here, and only the census knows whether one can be used.
fn usable(person: &Person, facts: &Facts) -> Selected {
    let out = || Selected::Out(NO_MAILBOX.to_owned());
    if person.kind != PersonKind::Member {
        return out();
    }
    match facts.mailboxes.get(&MailboxId(person.key.clone())) {
        None => Selected::Unknown("the census has not asked for the mailbox yet".to_owned()),
        Some(MailboxKind::None) => out(),
        Some(_) => Selected::In,
    }
}
