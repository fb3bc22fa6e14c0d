//! The charter: the policy of a history, drawn as documents, edited by admins, read by the `policy` crate.

use crate::town::{DOMAIN, SUPPLIERS};
use graph_sim::chance::Chance as Dice;
use model::TenantName;
use model::tunnel::Policy;
use std::fmt::Write;

pub const TENANT: &str = "contoso";

/// Every tunnel of the operator.
#[derive(Clone, Debug, Default)]
pub struct Charter {
    pub tunnels: Vec<Draft>,
    /// In place of the tunnels: what somebody wrote, word for word.
    pub written: Option<String>,
}

/// One tunnel document before it is written down.
#[derive(Clone, Debug)]
pub struct Draft {
    pub id: String,
    pub state: &'static str,
    pub copies: &'static str,
    pub directory: Option<Directory>,
    pub reception: Option<Reception>,
    pub targets: Targets,
    pub folder: String,
    pub options: Options,
    pub mobile_rule: &'static str,
    pub limits: (u64, u64, bool),
    pub minutes: u64,
}

#[derive(Clone, Debug)]
pub struct Directory {
    pub people: &'static str,
    pub org_contacts: bool,
    pub group: Option<&'static str>,
    pub where_: Option<&'static str>,
    pub exclude_no_list: bool,
    pub priority: u64,
}

#[derive(Clone, Debug)]
pub struct Reception {
    pub children: bool,
    pub suppliers_only: bool,
    pub only_for: Option<&'static str>,
    pub priority: u64,
}

#[derive(Clone, Debug)]
pub struct Targets {
    pub group: Option<&'static str>,
    pub exclude: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub photos: bool,
    pub skip_own: bool,
    pub without_email: bool,
    pub respect: bool,
    pub permanent: bool,
    pub include_disabled: bool,
}

/// One to three tunnels into one or two folders.
pub fn draw(dice: &mut Dice) -> Charter {
    let count = 1 + dice.below(2) + u64::from(dice.happens(0.2));
    let limits = if dice.happens(0.5) {
        (25, 10, true)
    } else {
        (2 + dice.below(4), 10, true)
    };
    let two_folders = dice.happens(0.4);
    let minutes = [15, 30, 60, 120][dice.below(4) as usize];
    let tunnels = (0..count)
        .map(|n| {
            let folder = if two_folders && n % 2 == 1 {
                "Suppliers list"
            } else {
                "Team"
            };
            Draft {
                limits,
                minutes,
                ..draft(dice, n, folder)
            }
        })
        .collect();
    let mut charter = Charter {
        tunnels,
        written: None,
    };
    for folder in ["Team", "Suppliers list"] {
        if let Some(at) = charter.tunnels.iter().position(|t| t.folder == folder) {
            charter.agree(at);
        }
    }
    charter
}

fn draft(dice: &mut Dice, n: u64, folder: &str) -> Draft {
    let directory = (n == 0 || dice.happens(0.5)).then(|| directory(dice));
    let reception = (directory.is_none() || dice.happens(0.5)).then(|| reception(dice));
    Draft {
        id: format!("t-{n}"),
        state: "active",
        copies: if dice.happens(0.3) { "keep" } else { "remove" },
        directory,
        reception,
        targets: Targets {
            group: [None, Some("Staff"), Some("Staff"), Some("Sales team")][dice.below(4) as usize],
            exclude: Vec::new(),
        },
        folder: folder.to_owned(),
        options: Options {
            photos: dice.happens(0.3),
            skip_own: dice.happens(0.3),
            without_email: dice.happens(0.7),
            respect: dice.happens(0.3),
            permanent: dice.happens(0.2),
            include_disabled: dice.happens(0.15),
        },
        mobile_rule: ["always", "always", "always", "if_blank", "never"][dice.below(5) as usize],
        limits: (25, 10, true),
        minutes: 15,
    }
}

fn directory(dice: &mut Dice) -> Directory {
    Directory {
        people: if dice.happens(0.3) { "all" } else { "members" },
        org_contacts: dice.happens(0.5),
        group: [None, None, Some("Staff"), Some("Managers")][dice.below(4) as usize],
        where_: [None, None, Some("has_phone"), Some("department != 'Test'")]
            [dice.below(4) as usize],
        exclude_no_list: dice.happens(0.4),
        priority: 1 + dice.below(3),
    }
}

fn reception(dice: &mut Dice) -> Reception {
    Reception {
        children: dice.happens(0.5),
        suppliers_only: dice.happens(0.2),
        only_for: dice.happens(0.3).then_some("Managers"),
        priority: 1 + dice.below(3),
    }
}

impl Charter {
    /// As an operator would have written it.
    pub fn yaml(&self) -> String {
        if let Some(text) = &self.written {
            return text.clone();
        }
        let mut out = "tunnels:\n".to_owned();
        for tunnel in &self.tunnels {
            tunnel.write(&mut out);
        }
        if self.tunnels.is_empty() {
            out = "tunnels: []\n".to_owned();
        }
        out
    }

    /// Tunnels of one folder say the same about its copies: what the one at `at` says.
    pub fn agree(&mut self, at: usize) {
        let Some(like) = self.tunnels.get(at).cloned() else {
            return;
        };
        for tunnel in self.tunnels.iter_mut().filter(|t| t.folder == like.folder) {
            tunnel.copies = like.copies;
            tunnel.options = like.options.clone();
            tunnel.mobile_rule = like.mobile_rule;
        }
    }

    /// The policy in force. A charter that the `policy` crate refuses is a mistake of this crate.
    pub fn policy(&self) -> Policy {
        read(&self.yaml())
    }
}

pub fn read(yaml: &str) -> Policy {
    match policy::read(&[("charter.yaml", yaml)], &[TenantName::from(TENANT)]) {
        Ok(policy) => policy,
        Err(problems) => panic!("the drawn policy is refused: {problems:?}\n{yaml}"),
    }
}

impl Draft {
    fn write(&self, out: &mut String) {
        let t = self;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "  - id: {}\n    name: {}\n    tenant: {TENANT}\n    owner: it@msp.example\n    content: contacts\n    state: {}\n    copies: {}\n    sources:\n",
            t.id, t.id, t.state, t.copies
        );
        t.write_sources(out);
        t.write_targets(out);
        let o = &t.options;
        let (own, user) = (
            if o.skip_own { "skip" } else { "include" },
            if o.respect { "respect" } else { "recreate" },
        );
        let _ = write!(
            out,
            "    fields: {{ mobile_phone: {{ when_present: {} }}, spouse_name: {{ when_present: never }}, nick_name: {{ when_present: never }} }}\n    options: {{ photos: {}, own_card: {own}, without_email: {}, on_user_delete: {user}, permanent_delete: {}, include_disabled: {} }}\n    limits: {{ hold_above: {{ items: {}, percent: {}, both: {}, per: 24h }} }}\n    schedule: every {}m\n",
            t.mobile_rule,
            o.photos,
            o.without_email,
            o.permanent,
            o.include_disabled,
            t.limits.0,
            t.limits.1,
            t.limits.2,
            t.minutes
        );
    }

    fn write_sources(&self, out: &mut String) {
        if let Some(d) = &self.directory {
            let mut keys = format!(
                "people: {}, org_contacts: {}, priority: {}",
                d.people, d.org_contacts, d.priority
            );
            if let Some(group) = d.group {
                let _ = write!(keys, ", groups: [\"{group}\"]");
            }
            if let Some(rule) = d.where_ {
                let _ = write!(keys, ", where: \"{rule}\"");
            }
            if d.exclude_no_list {
                keys.push_str(", exclude: { groups: [\"Nobody's list\"] }");
            }
            let _ = writeln!(out, "      - directory: {{ {keys} }}");
        }
        if let Some(r) = &self.reception {
            let folder = if r.suppliers_only {
                SUPPLIERS
            } else {
                "Contacts"
            };
            let mut keys = format!(
                "address: reception@{DOMAIN}, folder: {folder}, children: {}, priority: {}",
                r.children, r.priority
            );
            if let Some(group) = r.only_for {
                let _ = write!(keys, ", only_for: {{ groups: [\"{group}\"] }}");
            }
            let _ = writeln!(out, "      - mailbox: {{ {keys} }}");
        }
    }

    fn write_targets(&self, out: &mut String) {
        let mut keys = match self.targets.group {
            Some(group) => format!("groups: [\"{group}\"]"),
            None => "everyone: true".to_owned(),
        };
        if !self.targets.exclude.is_empty() {
            let _ = write!(keys, ", exclude: [{}]", self.targets.exclude.join(", "));
        }
        let _ = writeln!(
            out,
            "    targets: {{ {keys}, folder: \"{}\" }}",
            self.folder
        );
    }
}
