//! Contact folders: list, create, rename, delete (graph.md 2.3).

use super::{
    answer::doer,
    extended,
    id::is_well_formed,
    list::{expanded, options, page_size},
    show::context,
    store::{CONTACTS, Change, DELETED, Doer, Fate, Folder, Mailbox, PURGED, ROOT},
};
use crate::{
    call::Call,
    done::Done,
    error,
    event::{Event, Operation},
    odata::Row,
    scene::Scene,
};
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc};

/// A folder while a filter looks at it.
struct FolderLine<'a> {
    mailbox: &'a Mailbox,
    number: u32,
    folder: &'a Folder,
}

impl Row for FolderLine<'_> {
    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        let value = match name {
            "displayName" => Value::from(self.folder.name.as_str()),
            "id" => Value::from(self.mailbox.ids.folder(self.number)),
            "parentFolderId" => Value::from(self.mailbox.ids.folder(self.folder.parent)),
            "singleValueExtendedProperties" => {
                let all = self.folder.extended.iter();
                all.map(|e| serde_json::json!({"id": &*e.id, "value": &*e.value}))
                    .collect()
            }
            _ => return None,
        };
        Some(Cow::Owned(value))
    }
}

impl Mailbox {
    /// `top` is `contactFolders` itself, else `childFolders` of a folder.
    pub(super) fn folders_under(
        &mut self,
        parent: u32,
        top: bool,
        rest: &[&str],
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match (call.method.as_str(), rest) {
            ("GET", []) => self.list_folders(parent, top, call, scene),
            ("GET", ["$count"]) => {
                let count = self.children(parent, top, scene).len();
                Ok(Done::bytes("text/plain", count.to_string().into()))
            }
            ("GET", ["delta"]) if top => self.folders_delta(call, scene),
            ("POST", []) => self.create_folder(parent, call, scene),
            (_, [id, tail @ ..]) => {
                let folder = self.find_folder(id, scene)?;
                self.one_folder(folder, tail, call, scene)
            }
            _ => Err(error::method_not_allowed()),
        }
    }

    fn one_folder(
        &mut self,
        folder: u32,
        tail: &[&str],
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match (call.method.as_str(), tail) {
            (_, ["contacts", rest @ ..]) => self.contacts(folder, Some(folder), rest, call, scene),
            (_, ["childFolders", rest @ ..]) => {
                self.folders_under(folder, false, rest, call, scene)
            }
            ("GET", []) => self.get_folder(folder, call),
            ("PATCH", []) => self.patch_folder(folder, call, scene),
            ("DELETE", []) => self.delete_folder(folder, &doer(call), scene),
            ("POST", ["permanentDelete"]) => self.purge_folder(folder, &doer(call), scene),
            (_, [] | ["permanentDelete"]) => Err(error::method_not_allowed()),
            _ => Err(error::unknown_segment(tail.last().unwrap_or(&""))),
        }
    }

    pub(super) fn find_folder(&self, id: &str, scene: &Scene) -> Result<u32, Done> {
        let quirks = &scene.settings.quirks;
        if id == "contacts" && quirks.contacts_alias {
            return Ok(CONTACTS);
        }
        if !is_well_formed(id) {
            return Err(error::malformed_id());
        }
        let number = self
            .ids
            .read_folder(id)
            .filter(|n| self.folders.contains_key(n));
        let number = number.ok_or_else(error::item_not_found)?;
        let gone = self.is_deleted(number) && !quirks.deleted_items_reachable;
        if gone || number == ROOT || self.folders[&number].parent == PURGED {
            return Err(error::item_not_found());
        }
        Ok(number)
    }

    fn children(&self, parent: u32, top: bool, scene: &Scene) -> Vec<u32> {
        let own = top && !scene.settings.quirks.default_folder_unlisted;
        let own = own.then_some(CONTACTS);
        let under = self
            .folders
            .iter()
            .filter(|(n, f)| f.parent == parent && **n > PURGED);
        own.into_iter().chain(under.map(|(n, _)| *n)).collect()
    }

    fn list_folders(
        &self,
        parent: u32,
        top: bool,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let options = options(call, "microsoft.graph.contactFolder", &folder_property)?;
        let expand = expanded(&options.expand)?;
        let mut found = self.children(parent, top, scene);
        if let Some(filter) = &options.filter {
            let mark = filter.extended_property();
            let mark = mark.map(|(id, value)| (extended::normalise(id), value));
            found.retain(|number| {
                let folder = &self.folders[number];
                match &mark {
                    Some((id, value)) => folder.extended.iter().any(|e| {
                        id.as_deref() == Some(&*e.id) && extended::same_value(&e.value, value)
                    }),
                    None => filter.matches(&FolderLine {
                        mailbox: self,
                        number: *number,
                        folder,
                    }),
                }
            });
        }
        let (skip, size) = (options.skip.unwrap_or(0), page_size(&options, call));
        let shown = found.iter().skip(skip).take(size).map(|n| {
            let all = self.show_folder(*n, &expand);
            Value::Object(match &options.select {
                Some(select) => select.project(&all, &["id", "singleValueExtendedProperties"]),
                None => all,
            })
        });
        let mut out = Map::new();
        out.insert("value".to_owned(), shown.collect());
        out.insert(
            "@odata.context".to_owned(),
            self.contacts_context(call, "contactFolders"),
        );
        if options.count {
            out.insert("@odata.count".to_owned(), Value::from(found.len()));
        }
        if found.len() > skip + size && size > 0 {
            let link = call.link(true, "$skip", &(skip + size).to_string());
            out.insert("@odata.nextLink".to_owned(), Value::from(link));
        }
        Ok(Done::ok(Value::Object(out)))
    }

    fn get_folder(&self, folder: u32, call: &Call) -> Result<Done, Done> {
        let options = options(call, "microsoft.graph.contactFolder", &folder_property)?;
        let all = self.show_folder(folder, &expanded(&options.expand)?);
        let mut shown = match &options.select {
            Some(select) => select.project(&all, &["id", "singleValueExtendedProperties"]),
            None => all,
        };
        let of = format!("users('{}')/contactFolders/$entity", self.owner);
        shown.insert("@odata.context".to_owned(), context(call, &of));
        Ok(Done::ok(Value::Object(shown)))
    }

    fn create_folder(&mut self, parent: u32, call: &Call, scene: &mut Scene) -> Result<Done, Done> {
        let body = call.object()?;
        let name = display_name(body)?.ok_or_else(|| error::invalid_property("displayName"))?;
        let extended = extended::read_body(body, scene.shelf)?.unwrap_or_default();
        let number = self.add_folder(parent, &name, &doer(call), scene)?;
        if let Some(folder) = self.folders.get_mut(&number) {
            folder.extended = extended;
        }
        let mut shown = self.show_folder(number, &[]);
        shown.insert(
            "@odata.context".to_owned(),
            self.contacts_context(call, "contactFolders/$entity"),
        );
        let id = self.ids.folder(number);
        let location = format!(
            "{}/users('{}')/contactFolders('{id}')",
            call.base, self.owner
        );
        Ok(Done::created(Value::Object(shown)).with("Location", location))
    }

    pub(super) fn add_folder(
        &mut self,
        parent: u32,
        name: &str,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<u32, Done> {
        if self.has_child(parent, name, None) {
            return Err(error::folder_exists());
        }
        let number = self.next_folder;
        self.next_folder += 1;
        self.folders.insert(number, Folder::new(name, parent));
        self.note_folder(number, Fate::Here, Operation::CreateFolder, doer, scene);
        Ok(number)
    }

    /// Folder names compare without case, among brothers.
    fn has_child(&self, parent: u32, name: &str, except: Option<u32>) -> bool {
        let name = name.to_lowercase();
        self.folders.iter().any(|(n, f)| {
            f.parent == parent && *n > PURGED && Some(*n) != except && f.name.to_lowercase() == name
        })
    }

    fn patch_folder(&mut self, folder: u32, call: &Call, scene: &mut Scene) -> Result<Done, Done> {
        let body = call.object()?;
        let new = extended::read_body(body, scene.shelf)?;
        if let Some(name) = display_name(body)? {
            self.rename_folder(folder, &name, &doer(call), scene)?;
        }
        if let (Some(new), Some(found)) = (new, self.folders.get_mut(&folder)) {
            extended::merge(&mut found.extended, new);
        }
        self.get_folder(folder, call)
    }

    pub(super) fn rename_folder(
        &mut self,
        folder: u32,
        name: &str,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<(), Done> {
        let parent = self.folder(folder).map_or(ROOT, |f| f.parent);
        if folder <= PURGED {
            return Err(error::error(
                400,
                "ErrorInvalidRequest",
                "Distinguished folders cannot be renamed.",
            ));
        }
        if self.has_child(parent, name, Some(folder)) {
            return Err(error::folder_exists());
        }
        if let Some(found) = self.folders.get_mut(&folder) {
            found.name = name.to_owned();
        }
        self.note_folder(folder, Fate::Here, Operation::RenameFolder, doer, scene);
        Ok(())
    }

    /// To Deleted Items, with all that is inside; from there, away for good.
    pub(super) fn delete_folder(
        &mut self,
        folder: u32,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        if folder <= PURGED {
            return Err(error::distinguished_folder());
        }
        if self.is_deleted(folder) {
            return self.purge_folder(folder, doer, scene);
        }
        let name = self.folder(folder).map_or("", |f| f.name.as_str());
        // Q16: a folder of that name already lies in Deleted Items.
        if scene.settings.quirks.folder_delete_name_clash && self.has_child(DELETED, name, None) {
            return match scene.settings.quirks.folder_delete_clash_silent {
                true => Ok(Done::nothing()),
                false => Err(error::folder_exists()),
            };
        }
        if let Some(found) = self.folders.get_mut(&folder) {
            found.parent = DELETED;
        }
        self.note_folder(folder, Fate::Left, Operation::DeleteFolder, doer, scene);
        Ok(Done::nothing())
    }

    pub(super) fn purge_folder(
        &mut self,
        folder: u32,
        doer: &Doer,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        if folder <= PURGED {
            return Err(error::distinguished_folder());
        }
        let below: Vec<u32> = self
            .folders
            .iter()
            .filter(|(_, f)| f.parent == folder)
            .map(|(n, _)| *n)
            .collect();
        for child in below {
            self.purge_folder(child, doer, scene)?;
        }
        let items = self
            .folder(folder)
            .map(|f| f.items.clone())
            .unwrap_or_default();
        for item in items {
            self.purge(item, doer, scene);
        }
        self.note_folder(folder, Fate::Left, Operation::PurgeFolder, doer, scene);
        self.folders.remove(&folder);
        Ok(Done::nothing())
    }

    pub(super) fn note_folder(
        &mut self,
        folder: u32,
        fate: Fate,
        operation: Operation,
        doer: &Doer,
        scene: &mut Scene,
    ) {
        self.sequence += 1;
        let change = Change {
            subject: folder,
            fate,
            at_ms: doer.now_ms,
        };
        if let Some(found) = self.folders.get_mut(&folder) {
            self.folder_changes.remove(&found.change);
            found.change = self.sequence;
        }
        self.folder_changes.insert(self.sequence, change);
        if scene.settings.record_events {
            let id: Arc<str> = Arc::from(self.ids.folder(folder));
            scene.events.push(Event {
                at_ms: doer.now_ms,
                actor: doer.actor.clone(),
                tenant: self.tenant.clone(),
                mailbox: self.owner.clone(),
                folder: id.clone(),
                item: id,
                operation,
                fields: Vec::new(),
            });
        }
    }
}

fn display_name(body: &Map<String, Value>) -> Result<Option<String>, Done> {
    let found = body
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case("displayName"));
    match found.map(|(_, v)| v) {
        None => Ok(None),
        Some(Value::String(name)) if !name.trim().is_empty() => Ok(Some(name.clone())),
        Some(_) => Err(error::invalid_property("displayName")),
    }
}

fn folder_property(name: &str) -> Option<&'static str> {
    [
        "displayName",
        "id",
        "parentFolderId",
        "singleValueExtendedProperties",
    ]
    .into_iter()
    .find(|known| known.eq_ignore_ascii_case(name))
}
