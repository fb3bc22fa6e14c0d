//! Folders as people see them, with whose each card is.

use super::stage::{Said, Stage};
use graph_sim::mailbox::ContactView;
use serde_json::Value;
use std::collections::BTreeMap;

impl Stage {
    /// One folder, or every folder of the mailbox that has cards.
    pub fn show_folder(&self, mailbox: &str, folder: Option<&str>) -> Said {
        let id = self.mailbox(mailbox)?;
        if let Some(name) = folder {
            self.folder(&id, name)?;
        }
        let ground = self.world.ground.lock();
        let mut folders: BTreeMap<String, Vec<[String; 3]>> = BTreeMap::new();
        for view in ground.cloud.contacts(&ground.town.tenant, &id) {
            let name = place(&view);
            if folder.is_none_or(|wanted| wanted == name) {
                let card = [name_of(&view), self.whose(&ground, &id, &view), says(&view)];
                folders.entry(name).or_default().push(card);
            }
        }
        drop(ground);
        if folders.is_empty() {
            return Ok(vec![match folder {
                Some(name) => format!("{name}: no cards"),
                None => "no cards".to_owned(),
            }]);
        }
        let shown = folders.into_iter().flat_map(|(name, mut cards)| {
            cards.sort();
            std::iter::once(format!("{name}:")).chain(table(&cards))
        });
        Ok(shown.collect())
    }

    fn whose(&self, ground: &crate::ground::Inner, mailbox: &str, view: &ContactView) -> String {
        let card = ground
            .monitor
            .cards
            .all
            .get(&(mailbox.to_owned(), view.id.clone()));
        let (ours, copy) = card.map_or((false, false), |c| (c.ours, c.copy));
        match (ours, copy) {
            (true, _) => "ours",
            (_, true) => "the user's copy",
            _ if self.names.adopted.contains(&view.id) => "the user's, adopted",
            _ => "the user's",
        }
        .to_owned()
    }
}

fn place(view: &ContactView) -> String {
    match view.folder.deleted {
        true if view.folder.name != "Deleted Items" => {
            format!("Deleted Items/{}", view.folder.name)
        }
        _ => view.folder.name.clone(),
    }
}

fn name_of(view: &ContactView) -> String {
    text(view, "displayName")
}

fn text(view: &ContactView, name: &str) -> String {
    let text = view.properties.get(name).and_then(Value::as_str);
    text.unwrap_or_default().replace("\r\n", " / ")
}

/// What the card says beside the name, in a fixed order.
fn says(view: &ContactView) -> String {
    let listed = |name: &str| view.properties.get(name).and_then(Value::as_array).cloned();
    let mails = listed("emailAddresses").unwrap_or_default();
    let mails = mails.iter().filter_map(|m| m["address"].as_str());
    let mut parts: Vec<String> = mails.map(str::to_owned).collect();
    parts.push(text(view, "mobilePhone"));
    for name in ["businessPhones", "homePhones"] {
        let all = listed(name).unwrap_or_default();
        parts.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    for (name, word) in [
        ("jobTitle", ""),
        ("department", ""),
        ("companyName", ""),
        ("nickName", "called "),
        ("spouseName", "with "),
        ("personalNotes", "notes: "),
    ] {
        let said = text(view, name);
        if !said.is_empty() {
            parts.push(format!("{word}{said}"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// Columns as wide as they must be.
fn table(rows: &[[String; 3]]) -> Vec<String> {
    let width = |at: usize| {
        rows.iter()
            .map(|r| r[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (names, whose) = (width(0), width(1));
    let line = |[name, of, says]: &[String; 3]| format!("  {name:names$}  {of:whose$}  {says}");
    rows.iter().map(line).collect()
}
