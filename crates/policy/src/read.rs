//! Files in, the policy in force out; or everything that is wrong with them.

use crate::document::Document;
use crate::problem::{At, Findings, Problem};
use crate::{books, fingerprint, lists, schema, settle, shape, yaml};
use model::TenantName;
use model::tunnel::{Policy, Tunnel};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A tunnel with the place where it was written.
pub(crate) struct Placed {
    pub at: At,
    pub tunnel: Tunnel,
}

/// Merges the files (name and text), fills in defaults and checks everything.
///
/// `tenants` are those that the configuration knows. The answer does not depend on the order of the files.
/// On failure every problem of every file is returned, in the order of files and lines.
pub fn read(files: &[(&str, &str)], tenants: &[TenantName]) -> Result<Policy, Vec<Problem>> {
    let mut findings = Findings::default();
    let schema = schema();
    let documents: Vec<(At, Document)> = files
        .iter()
        .filter_map(|(name, text)| document(name, text, &schema, &mut findings))
        .collect();
    let lists = lists::gather(&documents, tenants, &mut findings);
    let mut tunnels = Vec::new();
    for (file, document) in documents {
        for (n, written) in document.tunnels.into_iter().enumerate() {
            let at = file.key("tunnels").index(n);
            tunnels.push(settle::tunnel(&written, at, tenants, &mut findings));
        }
    }
    lists.check_uses(&tunnels, &mut findings);
    books::check(&tunnels, &mut findings);
    let problems = findings.into_problems();
    match problems.is_empty() {
        true => Ok(in_force(tunnels, lists::bare(lists))),
        false => Err(problems),
    }
}

fn document(
    name: &str,
    text: &str,
    schema: &Json,
    findings: &mut Findings,
) -> Option<(At, Document)> {
    let at = At {
        file: findings.open(name),
        path: yaml::Path::default(),
    };
    let tree = match yaml::parse(text) {
        Ok(tree) => tree,
        Err(why) => {
            let hint = "nothing of this file was read";
            findings.add_at(&at, why.position, why.message, hint);
            return None;
        }
    };
    let fitting = shape::check(&tree, schema, &at, findings);
    findings.set_tree(at.file, tree);
    match serde_json::from_value(fitting?) {
        Ok(document) => Some((at, document)),
        Err(why) => {
            findings.add(&at, format!("the document cannot be read: {why}"), "");
            None
        }
    }
}

fn in_force(
    tunnels: Vec<Placed>,
    lists: BTreeMap<TenantName, BTreeMap<String, model::tunnel::Choice>>,
) -> Policy {
    let mut tunnels: Vec<Tunnel> = tunnels.into_iter().map(|placed| placed.tunnel).collect();
    tunnels.sort_by(|a, b| a.id.cmp(&b.id));
    let mut policy = Policy {
        version: String::new(),
        tunnels,
        lists,
    };
    policy.version = fingerprint::of(&policy);
    policy
}
