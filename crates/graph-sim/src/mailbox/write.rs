//! Writing contacts: create, PATCH, delete (graph.md 2.2, 2.8).

use super::{
    answer::doer,
    extended, names, property,
    show::Shape,
    store::{Changed, Contact, DELETED, Mailbox, PURGED},
};
use crate::{
    call::Call,
    chance::{hash, mix},
    done::Done,
    error,
    event::Operation,
    scene::Scene,
    shelf::Content,
};
use serde_json::{Map, Value};

impl Mailbox {
    pub(super) fn create_contact(
        &mut self,
        folder: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let body = call.object()?;
        self.refuse_poison(body, scene)?;
        if self.items.len() >= scene.settings.limits.mailbox_items {
            return Err(error::quota_exceeded());
        }
        let quirks = &scene.settings.quirks;
        let mut content = Content::new();
        property::apply(&mut content, property::read_body(body, quirks)?);
        names::complete(&mut content, quirks);
        let extended = extended::read_body(body, scene.shelf)?.unwrap_or_default();
        mangle(&mut content, scene);
        let doer = doer(call);
        let mut contact = Contact::new(scene.shelf.content(content), folder, &doer);
        contact.extended = extended;
        let item = self.insert(contact, &doer, scene);
        self.created(item, call)
    }

    fn created(&self, item: u32, call: &Call) -> Result<Done, Done> {
        let contact = self.items.get(&item).ok_or_else(error::internal)?;
        let mut shown = self.show(item, contact, &Shape::whole(call));
        shown.insert(
            "@odata.context".to_owned(),
            self.contacts_context(call, "contacts/$entity"),
        );
        let id = self.item_id(item, contact, call.prefer.immutable_ids);
        let location = format!("{}/users('{}')/contacts('{id}')", call.base, self.owner);
        Ok(Done::created(Value::Object(shown)).with("Location", location))
    }

    pub(super) fn patch_contact(
        &mut self,
        item: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let body = call.object()?;
        self.check_etag(item, call, scene)?;
        self.refuse_poison(body, scene)?;
        let new = extended::read_body(body, scene.shelf)?;
        let changes = property::read_body(body, &scene.settings.quirks)?;
        self.edit(item, changes, new, call, scene)?;
        let contact = self.items.get(&item).ok_or_else(error::item_not_found)?;
        let mut shown = self.show(item, contact, &Shape::whole(call));
        shown.insert(
            "@odata.context".to_owned(),
            self.contacts_context(call, "contacts/$entity"),
        );
        Ok(Done::ok(Value::Object(shown)))
    }

    fn edit(
        &mut self,
        item: u32,
        mut changes: Content,
        new: Option<Vec<extended::Extended>>,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<(), Done> {
        let contact = self.items.get(&item).ok_or_else(error::item_not_found)?;
        names::regenerate(&contact.content, &mut changes, &scene.settings.quirks);
        mangle(&mut changes, scene);
        let mut changed = Changed::default();
        if !changes.is_empty() {
            let mut content = (*contact.content).clone();
            changed.fields = property::apply(&mut content, changes);
            changed.content = (!changed.fields.is_empty()).then(|| scene.shelf.content(content));
        }
        if let Some(new) = new {
            let mut all = contact.extended.clone();
            let names = extended::merge(&mut all, new);
            changed.extended = (!names.is_empty()).then_some(all);
            changed.fields.extend(names);
            changed.fields.sort();
        }
        self.update(item, changed, &doer(call), scene);
        Ok(())
    }

    /// DELETE moves to Deleted Items; from there, to where Graph no longer reaches.
    pub(super) fn delete_contact(
        &mut self,
        item: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        self.check_etag(item, call, scene)?;
        let folder = self.items.get(&item).map_or(PURGED, |c| c.folder);
        match self.is_deleted(folder) {
            true => self.purge(item, &doer(call), scene),
            false => self.relocate(item, DELETED, Operation::Delete, &doer(call), scene),
        }
        Ok(Done::nothing())
    }

    pub(super) fn purge_contact(
        &mut self,
        item: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        self.purge(item, &doer(call), scene);
        Ok(Done::nothing())
    }

    /// `If-Match` against the change key; weak comparison, `*` is any.
    pub(super) fn check_etag(&self, item: u32, call: &Call, scene: &mut Scene) -> Result<(), Done> {
        // Q10: somebody else is writing at this moment.
        if scene.strikes(scene.settings.faults.write_conflict) {
            return Err(error::conflict());
        }
        let Some(wanted) = call
            .header("if-match")
            .filter(|_| scene.settings.quirks.if_match_honoured)
        else {
            return Ok(());
        };
        let contact = self.items.get(&item).ok_or_else(error::item_not_found)?;
        let key = self.change_key(contact.change);
        let matches = wanted.split(',').any(|one| {
            let one = one.trim();
            one == "*" || one.trim_start_matches("W/").trim_matches('"') == key
        });
        if matches {
            Ok(())
        } else {
            Err(error::precondition_failed())
        }
    }

    /// F35: contents that this service never swallows, the same ones in every mailbox.
    fn refuse_poison(&self, body: &Map<String, Value>, scene: &Scene) -> Result<(), Done> {
        let rate = scene.settings.faults.poison_item;
        let name = body
            .get("displayName")
            .and_then(Value::as_str)
            .unwrap_or("");
        if scene.calm || rate <= 0.0 || name.is_empty() {
            return Ok(());
        }
        let dice = mix(hash(name.as_bytes()) ^ scene.seed);
        if (dice % 1_000_000) as f64 >= rate * 1_000_000.0 {
            return Ok(());
        }
        match dice >> 32 & 3 {
            0 => Err(error::invalid_property("displayName")),
            1 => Err(error::internal()),
            2 => Err(error::gateway_timeout()),
            _ => Err(error::error(
                400,
                "ErrorPropertyValidationFailure",
                "Property validation failed.",
            )),
        }
    }
}

/// F36: the service rewrites texts; the same text always in the same way.
fn mangle(content: &mut Content, scene: &Scene) {
    let rate = scene.settings.faults.text_mangled;
    if scene.calm || rate <= 0.0 {
        return;
    }
    for value in content.values_mut() {
        let Value::String(text) = value else { continue };
        let dice = mix(hash(text.as_bytes()) ^ scene.seed);
        if ((dice % 1_000_000) as f64) < rate * 1_000_000.0 {
            *text = mangled(text, dice >> 40);
        }
    }
}

fn mangled(text: &str, dice: u64) -> String {
    match dice % 4 {
        0 => text.trim().to_owned(),
        1 => text
            .split(' ')
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        2 => text.chars().take(64).collect(),
        _ => text
            .replace('\u{2019}', "'")
            .replace(['\u{200b}', '\u{feff}'], ""),
    }
}
