//! Ruled: what the policy said at any time of a history, as far as the end state depends on it.

use crate::town::{Place, Town};
use crate::wanted::wanted_by_one;
use model::TunnelId;
use model::tunnel::{Copies, Policy, Tunnel, TunnelState};
use std::collections::{BTreeMap, BTreeSet};

/// The rules that were in force, and whose copies were given up by them.
#[derive(Clone, Debug, Default)]
pub struct Ruled {
    /// Every set of rules that a tunnel ever had, as text.
    rules: BTreeMap<TunnelId, BTreeSet<String>>,
    /// Mailboxes that were ever meant, by folder.
    meant: BTreeMap<String, BTreeSet<String>>,
    /// Mailbox and folder that were left, or whose tunnel was removed, while copies were to be kept; and mailboxes that
    /// were gone for a while: nobody can take anything from them. Such cards stay, whatever the policy says later.
    pub kept: BTreeSet<(String, String)>,
}

impl Ruled {
    /// The truth or the policy changed.
    pub fn update(&mut self, town: &Town, policy: &Policy) {
        for tunnel in &policy.tunnels {
            let rules = format!("{:?} {}", tunnel.fields, tunnel.options.photos);
            self.rules
                .entry(tunnel.id.clone())
                .or_default()
                .insert(rules);
            self.follow(town, policy, tunnel);
        }
    }

    /// Were fields or photos ever under other rules?
    pub fn changed(&self, tunnel: &TunnelId) -> bool {
        self.rules.get(tunnel).is_some_and(|all| all.len() > 1)
    }

    fn follow(&mut self, town: &Town, policy: &Policy, tunnel: &Tunnel) {
        let folder = &tunnel.folder.name.0;
        let mut now = BTreeSet::new();
        if tunnel.state != TunnelState::Removed {
            // A mailbox that no source is meant for is in no audience.
            let meant = wanted_by_one(town, policy, &tunnel.id);
            now.extend(meant.into_keys().map(|(mailbox, _)| mailbox));
        }
        let ever = self.meant.entry(folder.clone()).or_default();
        ever.extend(now.iter().cloned());
        let lost = |id: &&String| {
            let person = town.people.get(*id);
            person.is_some_and(|p| p.mailbox == Place::Lost)
        };
        let left = ever
            .difference(&now)
            .filter(|id| tunnel.copies == Copies::Keep || lost(id));
        self.kept
            .extend(left.map(|mailbox| (mailbox.clone(), folder.clone())));
    }
}
