//! Stable hashes: of the whole policy, and of what decides who is in a tunnel.

use crate::lists::names_in;
use model::tunnel::{Choice, Policy, Tunnel};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The version of a policy: changes whenever anything in it does. Ignores `policy.version` itself.
pub(crate) fn of(policy: &Policy) -> String {
    hash(&(&policy.tunnels, &policy.lists))
}

/// Changes whenever the rule of who is taken, from where, and for whom does, including the lists it names,
/// and never otherwise: neither for a label nor for a limit. Two equal hashes mean that whoever leaves does
/// so because of a changed fact, not because of a changed rule.
pub fn rule_hash(policy: &Policy, tunnel: &Tunnel) -> String {
    hash(&(
        &tunnel.tenant,
        &tunnel.sources,
        &tunnel.audience,
        tunnel.options.without_email,
        tunnel.options.include_disabled,
        tunnel.options.skip_own_card,
        lists_of(policy, tunnel),
    ))
}

/// The lists that a tunnel names, directly or through other lists.
fn lists_of<'a>(policy: &'a Policy, tunnel: &Tunnel) -> BTreeMap<String, &'a Choice> {
    let mut open = BTreeSet::new();
    names_in(&tunnel.audience, &mut open);
    for source in &tunnel.sources {
        names_in(&source.pick, &mut open);
        source
            .only_for
            .iter()
            .for_each(|choice| names_in(choice, &mut open));
    }
    let mut found = BTreeMap::new();
    while let Some(name) = open.pop_first() {
        let choice = policy
            .lists
            .get(&tunnel.tenant)
            .and_then(|named| named.get(&name));
        if let Some(choice) = choice
            && found.insert(name, choice).is_none()
        {
            names_in(choice, &mut open);
        }
    }
    found
}

/// The first 128 bits of SHA-256 over the value as JSON, whose order is that of the structs and maps.
fn hash(value: &impl Serialize) -> String {
    let mut hasher = Sha256::new();
    // Plain data with text keys always serializes; were it not so, the text of the error is hashed.
    match serde_json::to_vec(value) {
        Ok(bytes) => hasher.update(bytes),
        Err(error) => hasher.update(error.to_string()),
    }
    hasher
        .finalize()
        .iter()
        .take(16)
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
