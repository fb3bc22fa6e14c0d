//! What an edit of the policy lets each tunnel do: more than before, less, or the same.
//!
//! `serve` never writes for a tunnel after a widening edit until a person has applied it. So what cannot be
//! shown to do less counts as more: a changed expression, a changed folder, a changed priority.

use crate::settle::DEFAULT_FOLDER;
use crate::shift::{Policies, Shift, field_shift, names_shift, place_shift};
use model::tunnel::{
    Choice, Copies, Limits, OnUserDelete, Options, Policy, Source, Tunnel, TunnelState,
};
use model::{TenantName, TunnelId};
use std::collections::{BTreeMap, BTreeSet};

/// What an edit does to one tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub tunnel: TunnelId,
    pub effect: Effect,
    /// One short sentence for each difference, in a fixed order.
    pub differences: Vec<Difference>,
}

/// One difference, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub effect: Effect,
    pub text: String,
}

/// From harmless to what a person must apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing that is written to any mailbox: a label, an owner, a schedule.
    Cosmetic,
    /// Only less than before.
    Narrows,
    /// More people, targets or fields, weaker limits, or something that cannot be told.
    Widens,
}

/// The tunnels that differ between two policies, in the order of their ids. Equal tunnels are left out.
pub fn changes(old: &Policy, new: &Policy) -> Vec<Change> {
    let by_id = |policy: &Policy| -> BTreeMap<TunnelId, Tunnel> {
        policy
            .tunnels
            .iter()
            .map(|tunnel| (tunnel.id.clone(), tunnel.clone()))
            .collect()
    };
    let (before, after) = (by_id(old), by_id(new));
    let ids: BTreeSet<&TunnelId> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .filter_map(|id| {
            let mut comparison = Comparison {
                policies: Policies::new(old, new),
                differences: Vec::new(),
            };
            comparison.tunnel(before.get(id), after.get(id));
            comparison.into_change(id)
        })
        .collect()
}

struct Comparison<'a> {
    policies: Policies<'a>,
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn into_change(self, id: &TunnelId) -> Option<Change> {
        let effect = self
            .differences
            .iter()
            .map(|difference| difference.effect)
            .max()?;
        Some(Change {
            tunnel: id.clone(),
            effect,
            differences: self.differences,
        })
    }

    fn say(&mut self, effect: Effect, text: impl Into<String>) {
        let text = text.into();
        self.differences.push(Difference { effect, text });
    }

    /// Says the first sentence if there is more, the second if there is less.
    fn shift(&mut self, shift: Shift, more: &str, less: &str) {
        match shift {
            Shift { more: true, .. } => self.say(Effect::Widens, more),
            Shift { less: true, .. } => self.say(Effect::Narrows, less),
            _ => {}
        }
    }

    fn switch(&mut self, old: bool, new: bool, name: &str) {
        let shift = Shift {
            more: !old && new,
            less: old && !new,
        };
        self.shift(
            shift,
            &format!("{name}: now yes"),
            &format!("{name}: now no"),
        );
    }

    fn tunnel(&mut self, old: Option<&Tunnel>, new: Option<&Tunnel>) {
        match (old, new) {
            (Some(old), Some(new)) => self.edited(old, new),
            (None, Some(_)) => self.say(Effect::Widens, "the tunnel is new"),
            (Some(_), None) => self.say(
                Effect::Narrows,
                "its document is gone: it stops, and its copies stay",
            ),
            (None, None) => {}
        }
    }

    fn edited(&mut self, old: &Tunnel, new: &Tunnel) {
        if old.tenant != new.tenant {
            self.say(Effect::Widens, "another tenant");
        }
        self.labels(old, new);
        self.state(old, new);
        self.sources(old, new);
        let audience = self
            .policies
            .choice(&new.tenant, &old.audience, &new.audience);
        self.shift(
            audience,
            "more mailboxes may receive",
            "fewer mailboxes receive",
        );
        self.folder(old, new);
        for (field, rule) in &new.fields {
            let before = old.fields.get(field);
            let shift = before.map_or(Shift::MORE, |before| field_shift(before, rule));
            self.shift(
                shift,
                &format!("{field}: more is overwritten or cleared"),
                &format!("{field}: less is overwritten or cleared"),
            );
        }
        self.options(&old.options, &new.options);
        self.limits(&old.limits, &new.limits);
    }

    fn labels(&mut self, old: &Tunnel, new: &Tunnel) {
        let same = [
            ("name", old.name == new.name),
            ("owner", old.owner == new.owner),
            ("schedule", old.every == new.every),
            ("stale_after", old.stale_after == new.stale_after),
        ];
        for (what, _) in same.iter().filter(|(_, same)| !same) {
            self.say(Effect::Cosmetic, format!("{what} changed"));
        }
    }

    fn state(&mut self, old: &Tunnel, new: &Tunnel) {
        use TunnelState::*;
        match (old.state, new.state) {
            (before, after) if before == after => {}
            (_, Active) => self.say(Effect::Widens, "it is active again"),
            (_, Paused) => self.say(Effect::Narrows, "it is paused"),
            (_, Removed) if new.copies == Copies::Remove => {
                self.say(Effect::Widens, "it is removed, and its copies with it")
            }
            (_, Removed) => self.say(Effect::Narrows, "it is removed, and its copies stay"),
        }
        match (old.copies, new.copies) {
            (Copies::Keep, Copies::Remove) => {
                self.say(Effect::Widens, "copies are removed when a mailbox leaves")
            }
            (Copies::Remove, Copies::Keep) => {
                self.say(Effect::Narrows, "copies stay when a mailbox leaves")
            }
            _ => {}
        }
    }

    fn folder(&mut self, old: &Tunnel, new: &Tunnel) {
        if old.folder != new.folder {
            let name = match new.folder.default {
                true => DEFAULT_FOLDER,
                false => new.folder.name.as_str(),
            };
            self.say(Effect::Widens, format!("another folder: {name}"));
        }
    }

    fn sources(&mut self, old: &Tunnel, new: &Tunnel) {
        for source in &new.sources {
            match old.sources.iter().find(|before| before.key == source.key) {
                Some(before) => self.source(&new.tenant, before, source),
                None => self.say(Effect::Widens, format!("source {}: new", source.key)),
            }
        }
        for source in &old.sources {
            if !new.sources.iter().any(|after| after.key == source.key) {
                self.say(Effect::Narrows, format!("source {}: gone", source.key));
            }
        }
        if order(old, new) != order(new, old) {
            self.say(
                Effect::Widens,
                "sources are in another order, so other values may win",
            );
        }
    }

    fn source(&mut self, tenant: &TenantName, old: &Source, new: &Source) {
        let key = &new.key;
        let place = place_shift(&old.place, &new.place);
        let pick = self.policies.choice(tenant, &old.pick, &new.pick);
        let everyone = Choice::default();
        let old_part = old.only_for.as_ref().unwrap_or(&everyone);
        let part =
            self.policies
                .choice(tenant, old_part, new.only_for.as_ref().unwrap_or(&everyone));
        self.shift(
            place,
            &format!("source {key}: more kinds of people or folders"),
            &format!("source {key}: fewer kinds of people or folders"),
        );
        self.shift(
            pick,
            &format!("source {key}: more people may be taken"),
            &format!("source {key}: fewer people are taken"),
        );
        self.shift(
            part,
            &format!("source {key}: meant for more of the audience"),
            &format!("source {key}: meant for less of the audience"),
        );
        if old.priority != new.priority {
            self.say(
                Effect::Widens,
                format!("source {key}: another priority, so other values may win"),
            );
        }
    }

    fn options(&mut self, old: &Options, new: &Options) {
        self.switch(old.photos, new.photos, "photos");
        self.switch(!old.skip_own_card, !new.skip_own_card, "own card");
        self.switch(
            old.without_email,
            new.without_email,
            "people without e-mail",
        );
        self.switch(
            old.include_disabled,
            new.include_disabled,
            "disabled accounts",
        );
        self.switch(
            old.permanent_delete,
            new.permanent_delete,
            "permanent deletion",
        );
        self.switch(
            old.initials_for_lost_photo,
            new.initials_for_lost_photo,
            "initials for a lost photo",
        );
        let recreate = |options: &Options| options.on_user_delete == OnUserDelete::Recreate;
        self.switch(recreate(old), recreate(new), "deleted copies come back");
        let categories = names_shift(&old.categories, &new.categories);
        self.shift(categories, "more categories", "fewer categories");
        if old.name_order != new.name_order {
            self.say(Effect::Widens, "names are written in another order");
        }
        if old.region != new.region {
            self.say(Effect::Widens, "phone numbers are read for another region");
        }
    }

    fn limits(&mut self, old: &Limits, new: &Limits) {
        let shift = Shift {
            more: new.items > old.items
                || new.percent > old.percent
                || new.per < old.per
                || (new.both && !old.both),
            less: old != new,
        };
        self.shift(shift, "limits are weaker", "limits are stricter");
    }
}

/// The keys of the sources that both have, in the order of the first.
fn order<'a>(one: &'a Tunnel, other: &Tunnel) -> Vec<&'a str> {
    let shared = |source: &&Source| other.sources.iter().any(|o| o.key == source.key);
    one.sources
        .iter()
        .filter(shared)
        .map(|source| source.key.as_str())
        .collect()
}
