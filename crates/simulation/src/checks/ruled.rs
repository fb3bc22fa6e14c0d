//! Ruled: what the policy said at any time of a history, as far as the end state depends on it.

use crate::town::{Place, Town};
use crate::wanted::wanted_by_one;
use graph_sim::Response;
use model::seam::Request;
use model::tunnel::{Copies, Policy, Tunnel, TunnelState};
use model::{Millis, Timestamp, TunnelId};
use serde_json::Value;
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
    /// When a mailbox was first said to be none while copies were to be kept.
    none_at: BTreeMap<String, Timestamp>,
    /// Folders whose copies are to be kept now.
    keeping: BTreeSet<String>,
}

impl Ruled {
    /// The truth or the policy changed.
    pub fn update(&mut self, town: &Town, policy: &Policy) {
        let keeps = policy.tunnels.iter().filter(|t| t.copies == Copies::Keep);
        self.keeping = keeps.map(|t| t.folder.name.0.clone()).collect();
        if self.keeping.is_empty() {
            self.none_at.clear();
        }
        for tunnel in &policy.tunnels {
            let rules = format!("{:?} {}", tunnel.fields, tunnel.options.photos);
            self.rules
                .entry(tunnel.id.clone())
                .or_default()
                .insert(rules);
            self.follow(town, policy, tunnel);
        }
    }

    /// We were told that a mailbox is none. Twice, with time between, that is a leaving; what is kept then stays.
    pub fn told_none(&mut self, mailbox: &str, now: Timestamp) {
        const APART: Millis = Millis(3 * 60_000);
        if self.keeping.is_empty() {
            return;
        }
        let first = *self.none_at.entry(mailbox.to_owned()).or_insert(now);
        if now.since(first) >= APART {
            let here = self.keeping.iter().map(|f| (mailbox.to_owned(), f.clone()));
            self.kept.extend(here);
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

/// An answer is read: which mailboxes does it call none?
pub fn told(ruled: &mut Ruled, request: &Request, response: &Response, at: Timestamp) {
    let asks = b"/mailboxSettings";
    let asked = request.body.windows(asks.len()).any(|w| w == asks);
    if !request.url.ends_with("/$batch") || !asked {
        return;
    }
    let read = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let (asked, answered) = (read(&request.body), read(&response.body));
    for step in answered["responses"].as_array().into_iter().flatten() {
        let mut steps = asked["requests"].as_array().into_iter().flatten();
        let of = steps.find(|one| one["id"] == step["id"]);
        let url = of.and_then(|one| one["url"].as_str()).unwrap_or_default();
        let mut parts = url.split('/').skip(1);
        if let (Some("users"), Some(mailbox), 404) = (
            parts.next(),
            parts.next(),
            step["status"].as_u64().unwrap_or_default(),
        ) {
            ruled.told_none(mailbox, at);
        }
    }
}
