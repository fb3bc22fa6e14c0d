//! Images: what a card said before we wrote to it (I12, I14, I15).

use super::{Cards, Monitor};
use crate::requests::Write;
use crate::town::Town;
use graph_sim::Cloud;
use model::Timestamp;
use serde_json::{Map, Value};

/// A card before a write.
pub type Image = Option<Before>;

#[derive(Clone, Debug)]
pub struct Before {
    pub properties: Map<String, Value>,
}

/// A write of ours that overwrote or removed something, and what was there.
#[derive(Clone, Debug)]
pub struct Overwrote {
    pub mailbox: String,
    pub item: String,
    pub at: Timestamp,
    pub delete: bool,
    /// The properties that the write replaced, or all of them.
    pub before: Map<String, Value>,
}

#[derive(Debug, Default)]
pub struct Images {
    pub overwrote: Vec<Overwrote>,
}

pub fn before(cloud: &Cloud, town: &Town, writes: &[Write]) -> Vec<Image> {
    let image = |write: &Write| {
        let item = write.item.as_ref().filter(|_| write.method != "PUT")?;
        let view = cloud.contact(&town.tenant, &write.mailbox, item)?;
        (!view.folder.deleted).then_some(Before {
            properties: view.properties,
        })
    };
    writes.iter().map(image).collect()
}

/// At this point the request has been carried out, or will be later, or never.
pub fn after(
    monitor: &mut Monitor,
    cloud: &Cloud,
    town: &Town,
    writes: &[Write],
    before: Vec<Image>,
    now: Timestamp,
) {
    for (write, image) in writes.iter().zip(before) {
        let (Some(item), Some(image)) = (&write.item, image) else {
            continue;
        };
        let conditional = write.if_match.is_some();
        monitor.check("I14", conditional, now, || {
            format!("{} of {item} without If-Match", write.method)
        });
        let etag = image.properties.get("@odata.etag").and_then(Value::as_str);
        let current = etag.is_some() && etag == write.if_match.as_deref();
        if !current {
            continue;
        }
        minimal(monitor, write, &image, now);
        let view = cloud.contact(&town.tenant, &write.mailbox, item);
        let still = view
            .as_ref()
            .filter(|v| !v.folder.deleted)
            .map(|v| &v.properties);
        note(&mut monitor.images, write, item, image, still, now);
    }
}

/// I15: only what differs is sent. Names are told again, because Graph would derive them anew (Q15).
fn minimal(monitor: &mut Monitor, write: &Write, image: &Before, now: Timestamp) {
    const TOLD_AGAIN: [&str; 3] = ["displayName", "fileAs", "singleValueExtendedProperties"];
    let needless = write.body.iter().find(|(name, value)| {
        !TOLD_AGAIN.contains(&name.as_str()) && image.properties.get(*name) == Some(*value)
    });
    monitor.check("I15", needless.is_none(), now, || {
        format!(
            "{:?} was written though it was so already",
            needless.map(|(n, _)| n)
        )
    });
}

fn note(
    images: &mut Images,
    write: &Write,
    item: &str,
    image: Before,
    still: Option<&Map<String, Value>>,
    now: Timestamp,
) {
    let delete = write.method == "DELETE";
    let mut before = image.properties;
    if !delete {
        let changed =
            |name: &String, value: &Value| still.is_some_and(|now| now.get(name) != Some(value));
        before.retain(|name, value| write.body.contains_key(name) && changed(name, value));
    }
    let happened = if delete {
        still.is_none()
    } else {
        !before.is_empty()
    };
    if happened {
        let (mailbox, item) = (write.mailbox.clone(), item.to_owned());
        images.overwrote.push(Overwrote {
            mailbox,
            item,
            at: now,
            delete,
            before,
        });
    }
}

impl Cards {
    /// Was this item one of ours at any time?
    pub fn is_ours(&self, mailbox: &str, item: &str) -> bool {
        self.all
            .get(&(mailbox.to_owned(), item.to_owned()))
            .is_some_and(|c| c.ours)
    }
}
