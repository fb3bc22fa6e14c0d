//! What only all tunnels together can show: doubled ids, contradictions within one folder, and loops.

use crate::problem::{At, Findings};
use crate::read::Placed;
use model::Field;
use model::tunnel::{Choice, SourcePlace, Tunnel, TunnelState};
use std::collections::BTreeMap;

pub(crate) fn check(tunnels: &[Placed], findings: &mut Findings) {
    check_ids(tunnels, findings);
    let living: Vec<&Placed> = tunnels
        .iter()
        .filter(|placed| placed.tunnel.state != TunnelState::Removed)
        .collect();
    check_shared_folders(&living, findings);
    check_loops(&living, findings);
}

fn check_ids(tunnels: &[Placed], findings: &mut Findings) {
    let mut seen: BTreeMap<&str, &At> = BTreeMap::new();
    for placed in tunnels
        .iter()
        .filter(|placed| !placed.tunnel.id.as_str().is_empty())
    {
        let id = placed.tunnel.id.as_str();
        let Some(first) = seen.get(id) else {
            seen.insert(id, &placed.at);
            continue;
        };
        let message = format!(
            "the tunnel id `{id}` is used twice, first in {}",
            findings.name_place(first)
        );
        findings.add(
            &placed.at.key("id"),
            message,
            "give each tunnel its own id; ids are never reused",
        );
    }
}

/// Tunnels of a tenant that name the same folder feed one catalog: one person is one card there, so they must
/// agree on how a card is made and kept. Whom they take and how often may differ.
fn check_shared_folders(tunnels: &[&Placed], findings: &mut Findings) {
    let mut first: BTreeMap<(&str, String), &Placed> = BTreeMap::new();
    for placed in tunnels {
        let tunnel = &placed.tunnel;
        let name = tunnel.folder.name.as_str();
        if name.is_empty() {
            continue;
        }
        let book = (tunnel.tenant.as_str(), name.to_lowercase());
        match first.get(&book) {
            None => drop(first.insert(book, placed)),
            Some(other) => check_pair(placed, &other.tunnel, findings),
        }
    }
}

fn check_pair(Placed { at, tunnel }: &Placed, other: &Tunnel, findings: &mut Findings) {
    let folder = &tunnel.folder.name;
    if *folder != other.folder.name {
        let message = format!(
            "`{folder}` and `{}` of tunnel `{}` differ only in their case",
            other.folder.name, other.id
        );
        findings.add(
            &at.key("targets").key("folder"),
            message,
            "spell the folder the same in both tunnels",
        );
        return;
    }
    let fields = Field::ALL
        .iter()
        .filter(|field| tunnel.fields.get(field) != other.fields.get(field));
    let fields = fields.map(|field| {
        (
            at.key("fields").key(field.as_str()),
            format!("the field `{field}`"),
        )
    });
    let options = differing_options(tunnel, other).into_iter();
    let options = options.map(|key| (at.key("options").key(key), format!("`{key}`")));
    let copies = (tunnel.copies != other.copies).then(|| (at.key("copies"), "`copies`".to_owned()));
    for (at, what) in fields.chain(options).chain(copies) {
        let message = format!(
            "tunnels `{}` and `{}` share the folder `{folder}`, but say different things about {what}",
            other.id, tunnel.id
        );
        findings.add(&at, message, "say the same in both, or name another folder");
    }
}

fn differing_options(tunnel: &Tunnel, other: &Tunnel) -> Vec<&'static str> {
    let (a, b) = (&tunnel.options, &other.options);
    let same = [
        ("photos", a.photos == b.photos),
        ("own_card", a.skip_own_card == b.skip_own_card),
        ("categories", a.categories == b.categories),
        ("name_order", a.name_order == b.name_order),
        ("on_user_delete", a.on_user_delete == b.on_user_delete),
        ("permanent_delete", a.permanent_delete == b.permanent_delete),
        (
            "initials_for_lost_photo",
            a.initials_for_lost_photo == b.initials_for_lost_photo,
        ),
    ];
    same.iter()
        .filter(|(_, same)| !same)
        .map(|(key, _)| *key)
        .collect()
}

/// Copies never become sources: a folder that some tunnel writes is not read, unless that very mailbox can be
/// seen to be outside the audience.
fn check_loops(tunnels: &[&Placed], findings: &mut Findings) {
    for Placed { at, tunnel } in tunnels {
        for (n, source) in tunnel.sources.iter().enumerate() {
            let SourcePlace::Folder { address, path, .. } = &source.place else {
                continue;
            };
            let writer = tunnels.iter().map(|placed| &placed.tunnel).find(|writer| {
                writer.tenant == tunnel.tenant
                    && path.to_lowercase() == writer.folder.name.as_str().to_lowercase()
                    && !is_outside(address, &writer.audience)
            });
            if let Some(writer) = writer {
                let at = at.key("sources").index(n).key("mailbox").key("folder");
                let message = format!(
                    "this source reads the folder `{path}` of {address}, which tunnel `{}` may write: copies must never become sources",
                    writer.id
                );
                let hint = format!(
                    "exclude {address} from the targets of `{}`, or read another folder",
                    writer.id
                );
                findings.add(&at, message, hint);
            }
        }
    }
}

/// The mailbox is excluded by its address, or the audience is a plain list of addresses without it.
fn is_outside(address: &str, audience: &Choice) -> bool {
    let holds = |choice: &Choice| choice.mailboxes.iter().any(|other| other == address);
    let excluded = audience.exclude.as_deref().is_some_and(|exclude| {
        exclude.where_.is_none()
            && exclude.mailbox_kinds.is_empty()
            && exclude.exclude.is_none()
            && holds(exclude)
    });
    let only_addresses = !audience.mailboxes.is_empty()
        && !audience.everyone
        && audience.groups.is_empty()
        && audience.departments.is_empty()
        && audience.lists.is_empty();
    excluded || (only_addresses && !holds(audience))
}
