//! What really is in the cloud, for oracles: everything, without lag, budget or chance.

use super::world::{Inner, Names};
use crate::Cloud;
use crate::mailbox::{ContactView, Mailbox};
use serde_json::{Value, json};

/// The whole cloud at a glance.
pub(super) fn overview(inner: &Inner, names: &Names, now_ms: i64) -> Value {
    let cloud = &inner.cloud;
    let tenants = cloud.tenants().values().map(|tenant| {
        let mailboxes = tenant.mailboxes.iter().map(|(id, mailbox)| {
            json!({
                "id": id,
                "upn": names.get(id),
                "contacts": mailbox.len(),
                "folders": folders(mailbox),
            })
        });
        json!({ "id": tenant.id, "domain": tenant.domain, "mailboxes": mailboxes.collect::<Value>() })
    });
    let calls = cloud
        .all_counts()
        .map(|(app, mailbox, counts)| json!({ "app": app, "mailbox": mailbox, "counts": counts }));
    json!({
        "now_ms": now_ms,
        "late_until_ms": cloud.late_until_ms(),
        "counts": inner.counts,
        "outbox": cloud.outbox().iter().map(|mail| json!({ "from": mail.from, "app": mail.app, "at_ms": mail.at_ms })).collect::<Value>(),
        "calls": calls.collect::<Value>(),
        "tenants": tenants.collect::<Value>(),
    })
}

/// Every folder of a mailbox and how many contacts lie in it.
fn folders(mailbox: &Mailbox) -> Value {
    let shown = mailbox
        .folder_counts()
        .into_iter()
        .map(|(folder, contacts)| {
            json!({
                "id": folder.id,
                "name": folder.name,
                "parent": folder.parent,
                "deleted": folder.deleted,
                "contacts": contacts,
            })
        });
    shown.collect()
}

/// Every contact of one mailbox, Deleted Items too.
pub(super) fn mailbox(cloud: &Cloud, tenant: &str, mailbox: &str) -> Value {
    cloud
        .contacts(tenant, mailbox)
        .into_iter()
        .map(contact)
        .collect()
}

fn contact(view: ContactView) -> Value {
    json!({
        "id": view.id,
        "regular_id": view.regular_id,
        "folder": view.folder.id,
        "folder_name": view.folder.name,
        "deleted": view.folder.deleted,
        "properties": view.properties,
        "extended": view.extended,
        "photo": view.photo.map(|hash| format!("{hash:016x}")),
        "created_by": view.created_by,
        "written_by": view.written_by,
        "created_ms": view.created_ms,
        "modified_ms": view.modified_ms,
    })
}
