//! Named lists of all files: unique, known where they are used, and free of cycles.

use crate::choices::{self, IfEmpty};
use crate::document::Document;
use crate::nearest::hint;
use crate::problem::{At, Findings};
use crate::read::Placed;
use model::TenantName;
use model::tunnel::Choice;
use std::collections::{BTreeMap, BTreeSet};

/// More lists than this in one tenant are refused: nesting is followed to its end.
const LISTS_MAX: usize = 1_000;

/// Every tenant's lists, each with the place where it was written.
pub(crate) struct Lists(BTreeMap<TenantName, BTreeMap<String, (At, Choice)>>);

/// Collects the lists of all documents and checks them among themselves.
pub(crate) fn gather(
    documents: &[(At, Document)],
    tenants: &[TenantName],
    findings: &mut Findings,
) -> Lists {
    let mut lists = Lists(BTreeMap::new());
    for (file, document) in documents {
        for (tenant, named) in &document.lists {
            let at = file.key("lists").key(tenant);
            check_tenant(tenant, tenants, &at, findings);
            for (name, written) in named {
                let at = at.key(name);
                let choice = choices::choice(
                    written,
                    &at,
                    IfEmpty::MustBeSaid("the list names"),
                    findings,
                );
                lists.add(tenant, name, at, choice, findings);
            }
        }
    }
    for (tenant, named) in &lists.0 {
        for (at, choice) in named.values() {
            lists.check_names(tenant, choice, at, findings);
        }
    }
    lists.check_cycles(findings);
    lists
}

/// The lists without their places.
pub(crate) fn bare(lists: Lists) -> BTreeMap<TenantName, BTreeMap<String, Choice>> {
    let choices = |named: BTreeMap<String, (At, Choice)>| {
        named
            .into_iter()
            .map(|(name, (_, choice))| (name, choice))
            .collect()
    };
    lists
        .0
        .into_iter()
        .map(|(tenant, named)| (tenant, choices(named)))
        .collect()
}

fn check_tenant(name: &str, tenants: &[TenantName], at: &At, findings: &mut Findings) {
    if !tenants.iter().any(|tenant| tenant.as_str() == name) {
        let hint = hint(name, tenants.iter().map(TenantName::as_str));
        findings.add(at, format!("there is no tenant `{name}`"), hint);
    }
}

impl Lists {
    fn add(&mut self, tenant: &str, name: &str, at: At, choice: Choice, findings: &mut Findings) {
        let named = self.0.entry(tenant.into()).or_default();
        if let Some((first, _)) = named.get(name) {
            let message = format!(
                "the list `{name}` of tenant `{tenant}` is written twice, first in {}",
                findings.name_place(first)
            );
            findings.add(&at, message, "keep one of them or rename it");
            return;
        }
        named.insert(name.to_owned(), (at, choice));
    }

    /// Every list that the tunnels name must be there.
    pub fn check_uses(&self, tunnels: &[Placed], findings: &mut Findings) {
        for Placed { at, tunnel } in tunnels {
            self.check_names(
                &tunnel.tenant,
                &tunnel.audience,
                &at.key("targets"),
                findings,
            );
            for (n, source) in tunnel.sources.iter().enumerate() {
                let kind = match source.place {
                    model::tunnel::SourcePlace::Directory { .. } => "directory",
                    model::tunnel::SourcePlace::Folder { .. } => "mailbox",
                };
                let at = at.key("sources").index(n).key(kind);
                self.check_names(&tunnel.tenant, &source.pick, &at, findings);
                if let Some(only_for) = &source.only_for {
                    self.check_names(&tunnel.tenant, only_for, &at.key("only_for"), findings);
                }
            }
        }
    }

    fn check_names(&self, tenant: &TenantName, choice: &Choice, at: &At, findings: &mut Findings) {
        if findings.any_unread() {
            return;
        }
        let named = self.0.get(tenant);
        for (n, name) in choice.lists.iter().enumerate() {
            if name.is_empty() || named.is_some_and(|named| named.contains_key(name)) {
                continue;
            }
            let known = named.into_iter().flatten().map(|(name, _)| name.as_str());
            let message = format!("tenant `{tenant}` has no list `{name}`");
            findings.add(&at.key("lists").index(n), message, hint(name, known));
        }
        if let Some(exclude) = &choice.exclude {
            self.check_names(tenant, exclude, &at.key("exclude"), findings);
        }
    }

    /// Every cycle is reported once, at its first list in the order of names.
    fn check_cycles(&self, findings: &mut Findings) {
        for (tenant, named) in &self.0 {
            if named.len() > LISTS_MAX {
                let first = named.values().map(|(at, _)| at).next();
                let message = format!(
                    "tenant `{tenant}` has {} lists; {LISTS_MAX} are allowed",
                    named.len()
                );
                first
                    .into_iter()
                    .for_each(|at| findings.add(at, message.clone(), "join some of them"));
                continue;
            }
            let mut done = BTreeSet::new();
            for name in named.keys() {
                let mut way = Vec::new();
                if let Some(cycle) = find_cycle(named, name, &mut way, &mut done) {
                    let message = format!("lists go round in a circle: {}", cycle.join(" → "));
                    findings.add(
                        &named[&cycle[0]].0,
                        message,
                        "take one of them out of the next",
                    );
                }
            }
        }
    }
}

/// Depth first; `done` holds lists that lead to no unreported cycle.
fn find_cycle(
    named: &BTreeMap<String, (At, Choice)>,
    name: &str,
    way: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = way.iter().position(|passed| passed == name) {
        let mut cycle = way[start..].to_vec();
        cycle.push(name.to_owned());
        return Some(cycle);
    }
    if done.contains(name) {
        return None;
    }
    way.push(name.to_owned());
    let mut next = BTreeSet::new();
    if let Some((_, choice)) = named.get(name) {
        names_in(choice, &mut next);
    }
    let found = next
        .iter()
        .find_map(|name| find_cycle(named, name, way, done));
    way.pop();
    done.insert(name.to_owned());
    found
}

/// The lists that a choice names, those that it excludes too.
pub(crate) fn names_in(choice: &Choice, into: &mut BTreeSet<String>) {
    into.extend(choice.lists.iter().cloned());
    if let Some(exclude) = &choice.exclude {
        names_in(exclude, into);
    }
}
