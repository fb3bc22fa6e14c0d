//! Naming: whom the sources of each tunnel name, by which rules, and since when they do not any more.

use crate::town::Town;
use crate::wanted::{Key, missing, named};
use model::tunnel::{Policy, Tunnel, TunnelState};
use model::{Millis, Timestamp, TunnelId};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a tunnel's sources name, with its folder.
pub type Named = BTreeMap<TunnelId, (String, BTreeSet<Key>)>;

#[derive(Default)]
pub struct Naming {
    /// Whom the sources of each tunnel name now.
    pub now: Named,
    /// Whom each selection of a tunnel's sources named, by folder: an audience or a state that is another one, or another
    /// tunnel's rule, says nothing of them.
    by_rules: BTreeMap<String, BTreeMap<String, BTreeSet<Key>>>,
    /// What the sources of each tunnel select by now.
    in_force: Vec<String>,
    /// When the sources of a tunnel last stopped naming somebody by a fact, by tunnel, folder and person.
    gone_at: BTreeMap<(TunnelId, String, Key), Timestamp>,
    /// Those of whom a tunnel that was paused just then could learn only when it went on, by folder.
    lingering: BTreeMap<String, BTreeSet<Key>>,
}

impl Naming {
    /// Learns whom each tunnel's sources name by its rules in force. A removed one names nobody: its removal is a rule.
    pub fn learn(&mut self, town: &Town, policy: &Policy) {
        self.in_force.clear();
        self.now.clear();
        let living = policy.tunnels.iter();
        for tunnel in living.filter(|t| t.state != TunnelState::Removed) {
            let mut one = policy.clone();
            one.tunnels.retain(|t| t.id == tunnel.id);
            let rules = rules(tunnel, policy);
            let all = self.by_rules.entry(rules.clone()).or_default();
            for (folder, keys) in named(town, &one) {
                let ever = all.entry(folder.clone()).or_default();
                ever.extend(keys.iter().cloned());
                self.now.insert(tunnel.id.clone(), (folder, keys));
            }
            self.in_force.push(rules);
        }
    }

    /// Whom the sources of one tunnel do not name any more, by a fact. A mailbox may join afterwards: while that tunnel is
    /// paused its people are there still.
    pub fn left(&mut self, before: &Named, going: &BTreeSet<TunnelId>, now: Timestamp) {
        for (tunnel, (folder, keys)) in before {
            let still = self.now.get(tunnel).map(|(_, keys)| keys);
            for key in missing(keys, still) {
                let at = (tunnel.clone(), folder.clone(), key.clone());
                self.gone_at.insert(at, now);
            }
        }
        self.linger(going, now);
    }

    /// Some tunnels are going now, and the others are paused.
    pub fn linger(&mut self, going: &BTreeSet<TunnelId>, now: Timestamp) {
        let paused = |id: &TunnelId| self.now.contains_key(id) && !going.contains(id);
        let lately = |at: &Timestamp| now.since(*at) <= Millis::days(3);
        let all = self.gone_at.iter();
        let here = all.filter(|((id, _, _), at)| paused(id) && lately(at));
        for ((_, folder, key), _) in here {
            let keys = self.lingering.entry(folder.clone()).or_default();
            keys.insert(key.clone());
        }
    }

    /// Did a tunnel's sources as they are ruled now name one of these once? Then no rule of theirs is what changed: edited
    /// and edited back before any round, it is all that could be known.
    pub fn names_by_these_rules(&self, folder: &str, people: &BTreeSet<Key>) -> bool {
        let rules = self.in_force.iter().filter_map(|r| self.by_rules.get(r));
        let mut named = rules.filter_map(|all| all.get(folder));
        named.any(|keys| !keys.is_disjoint(people))
    }

    pub fn lingers(&self, folder: &str, people: &BTreeSet<Key>) -> bool {
        let here = self.lingering.get(folder);
        here.is_some_and(|keys| !keys.is_disjoint(people))
    }
}

/// What of a tunnel says which people are meant.
fn rules(tunnel: &Tunnel, policy: &Policy) -> String {
    let options = (
        tunnel.options.include_disabled,
        tunnel.options.without_email,
    );
    format!(
        "{} {:?} {options:?} {:?}",
        tunnel.id, tunnel.sources, policy.lists
    )
}
