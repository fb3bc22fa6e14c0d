//! Delta: what changed in a folder since a token (graph.md 2.4, 2.5).
//!
//! A round walks the folder's change log in order; a token is a place in that log. What changes during a
//! round moves to the end of the log, so it may come twice. Tokens carry the query options.

use super::{
    list::refuse,
    property::canonical,
    show::Shape,
    store::{Change, Fate, Mailbox},
};
use crate::{
    call::Call,
    done::Done,
    error,
    odata::{BadQuery, Clause, Select},
    scene::Scene,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Rows per page when `odata.maxpagesize` does not say.
const PAGE: usize = 10;
const PAGE_MAX: usize = 1000;

/// What a token holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    /// 0 is the log of folders.
    folder: u32,
    /// Everything up to here was shown.
    after: u64,
    /// Tombstones up to here belong to before the first round and are not shown.
    born: u64,
    generation: u64,
    epoch: u32,
    /// The empty first page has been given.
    opened: bool,
    /// `$select` of the first request.
    select: Option<String>,
}

/// One page of a log.
struct Page {
    shown: Vec<(u64, Change)>,
    /// Where the next page or round starts.
    after: u64,
    more: bool,
}

impl Mailbox {
    pub(super) fn contacts_delta(
        &self,
        folder: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        if call.option("$expand").is_some() {
            // reliability.md 4.3: extended properties on a delta are an error of the server.
            return Err(error::internal());
        }
        refuse_options(call)?;
        let mut cursor = self.cursor(folder, call, scene)?;
        let shape = shape(&cursor, call)?;
        if self.opens_empty(&cursor, scene) {
            cursor.opened = true;
            return Ok(self.delta_answer(call, "contact", Vec::new(), "$skiptoken", &cursor));
        }
        let log = self.folder(folder).map(|f| &f.changes);
        let page = self.page(log.ok_or_else(error::item_not_found)?, &cursor, call, scene);
        let mut values: Vec<Value> = page
            .shown
            .iter()
            .filter_map(|(_, c)| self.show_change(folder, *c, &shape, scene))
            .collect();
        self.disturb(&mut values, folder, &shape, scene);
        cursor.after = page.after;
        cursor.opened = true;
        let option = if page.more {
            "$skiptoken"
        } else {
            "$deltatoken"
        };
        Ok(self.delta_answer(call, "contact", values, option, &cursor))
    }

    pub(super) fn folders_delta(&self, call: &Call, scene: &mut Scene) -> Result<Done, Done> {
        let mut cursor = self.cursor(0, call, scene)?;
        let page = self.page(&self.folder_changes, &cursor, call, scene);
        let show = |change: &Change| match change.fate {
            Fate::Left => {
                json!({"id": self.ids.folder(change.subject), "@removed": {"reason": "deleted"}})
            }
            _ => Value::Object(self.show_folder(change.subject, &[])),
        };
        let values = page.shown.iter().map(|(_, c)| show(c)).collect();
        cursor.after = page.after;
        let option = if page.more {
            "$skiptoken"
        } else {
            "$deltatoken"
        };
        Ok(self.delta_answer(call, "contactFolder", values, option, &cursor))
    }

    fn opens_empty(&self, cursor: &Cursor, scene: &Scene) -> bool {
        scene.settings.quirks.contact_delta_first_page_empty && cursor.after == 0 && !cursor.opened
    }

    /// Where the request wants to go on; 410 when that place is lost.
    fn cursor(&self, folder: u32, call: &Call, scene: &mut Scene) -> Result<Cursor, Done> {
        let token = call.option("$skiptoken").or(call.option("$deltatoken"));
        let Some(token) = token.filter(|t| !t.is_empty()) else {
            return Ok(Cursor {
                folder,
                after: 0,
                born: self.sequence,
                generation: self.generation,
                epoch: self.ids.epoch,
                opened: false,
                select: call.option("$select").map(str::to_owned),
            });
        };
        if token.eq_ignore_ascii_case("latest") {
            return Err(error::bad_sync_state());
        }
        let cursor = Cursor::read(token).ok_or_else(error::bad_sync_state)?;
        if cursor.folder != folder {
            return Err(error::bad_sync_state());
        }
        let lost = cursor.generation != self.generation || cursor.epoch != self.ids.epoch;
        if lost || scene.strikes(scene.settings.faults.cursor_lost) {
            return Err(error::sync_state_not_found(
                cursor.generation,
                self.generation.max(cursor.generation + 2),
            ));
        }
        Ok(cursor)
    }

    fn page(
        &self,
        log: &BTreeMap<u64, Change>,
        cursor: &Cursor,
        call: &Call,
        scene: &mut Scene,
    ) -> Page {
        let size = call.prefer.max_page_size.unwrap_or(PAGE).min(PAGE_MAX);
        let mut page = Page {
            shown: Vec::new(),
            after: cursor.after,
            more: false,
        };
        // F7: replay of what was already shown.
        let replay = scene.strikes(scene.settings.faults.delta_replayed);
        let start = if replay {
            cursor.after.saturating_sub(3)
        } else {
            cursor.after
        };
        for (sequence, change) in log.range(start + 1..) {
            if call.now_ms < change.at_ms + self.lag_ms(*sequence, scene) {
                break;
            }
            let before_birth = change.fate == Fate::Left && *sequence <= cursor.born;
            if !before_birth && page.shown.len() == size {
                page.more = true;
                break;
            }
            if !before_birth {
                page.shown.push((*sequence, *change));
            }
            page.after = page.after.max(*sequence);
        }
        page
    }

    fn show_change(
        &self,
        folder: u32,
        change: Change,
        shape: &Shape,
        scene: &Scene,
    ) -> Option<Value> {
        let contact = self.items.get(&change.subject);
        // Q8: with immutable ids, a contact that came back is reported as removed only.
        let lost = change.fate == Fate::Back
            && shape.immutable
            && scene.settings.quirks.return_shown_as_removed;
        match (change.fate, contact) {
            (Fate::Left, _) => Some(self.removed(folder, change.subject, shape)),
            _ if lost => Some(self.removed(folder, change.subject, shape)),
            (_, contact) => Some(Value::Object(self.show(change.subject, contact?, shape))),
        }
    }

    fn removed(&self, folder: u32, item: u32, shape: &Shape) -> Value {
        let id = match shape.immutable {
            true => self.ids.immutable(item),
            false => self.ids.regular(item, folder),
        };
        json!({
            "@odata.type": "#microsoft.graph.contact",
            "id": id,
            "@removed": {"reason": "deleted"},
        })
    }

    /// F7 and F8: duplicates and disorder inside a page, tombstones for what is still there.
    fn disturb(&self, values: &mut Vec<Value>, folder: u32, shape: &Shape, scene: &mut Scene) {
        if scene.strikes(scene.settings.faults.delta_doubled)
            && let Some(one) = scene.chance.pick(values).cloned()
        {
            values.push(one);
        }
        if scene.strikes(scene.settings.faults.delta_disordered) {
            values.reverse();
        }
        if scene.strikes(scene.settings.faults.ghost_removed)
            && let Some(items) = self.folder(folder).map(|f| &f.items)
        {
            let at = scene.chance.below(items.len() as u64) as usize;
            values.extend(
                items
                    .iter()
                    .nth(at)
                    .map(|item| self.removed(folder, *item, shape)),
            );
        }
    }

    fn delta_answer(
        &self,
        call: &Call,
        kind: &str,
        values: Vec<Value>,
        option: &str,
        cursor: &Cursor,
    ) -> Done {
        let mut out = Map::new();
        out.insert(
            "@odata.context".to_owned(),
            Value::from(format!("{}/$metadata#Collection({kind})", call.base)),
        );
        let name = if option == "$deltatoken" {
            "@odata.deltaLink"
        } else {
            "@odata.nextLink"
        };
        out.insert(
            name.to_owned(),
            Value::from(call.link(false, option, &cursor.write())),
        );
        out.insert("value".to_owned(), Value::Array(values));
        Done::ok(Value::Object(out)).with("Preference-Applied", "odata.track-changes")
    }
}

fn shape(cursor: &Cursor, call: &Call) -> Result<Shape, Done> {
    let select = cursor
        .select
        .as_deref()
        .map(Select::parse)
        .transpose()
        .map_err(refuse)?;
    let select = match select.filter(|s| !s.all) {
        None => None,
        Some(select) => Some(
            select
                .names
                .iter()
                .map(|n| known(n))
                .collect::<Result<_, _>>()?,
        ),
    };
    Ok(Shape {
        select,
        expand: Vec::new(),
        immutable: call.prefer.immutable_ids,
        typed: true,
    })
}

fn known(name: &str) -> Result<String, Done> {
    canonical(name).map(str::to_owned).ok_or_else(|| {
        let text =
            format!("Could not find a property named '{name}' on type 'microsoft.graph.contact'.");
        refuse(BadQuery::new(Clause::SelectExpand, text))
    })
}

fn refuse_options(call: &Call) -> Result<(), Done> {
    let refused = ["$filter", "$orderby", "$search", "$top", "$skip"];
    match refused.iter().any(|o| call.option(o).is_some()) {
        false => Ok(()),
        true => Err(error::error(
            400,
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'Contacts' resource: '$orderby, $filter, $expand, $search, $top'.",
        )),
    }
}

impl Cursor {
    fn write(&self) -> String {
        let text = format!(
            "{}.{}.{}.{}.{}.{}.{}",
            self.folder,
            self.after,
            self.born,
            self.generation,
            self.epoch,
            u8::from(self.opened),
            self.select.as_deref().unwrap_or("*"),
        );
        URL_SAFE_NO_PAD.encode(text)
    }

    fn read(token: &str) -> Option<Cursor> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.splitn(7, '.');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (folder, after, born) = (number()?, number()?, number()?);
        let (generation, epoch, opened) = (number()?, number()?, number()?);
        let select = parts.next()?;
        Some(Cursor {
            folder: u32::try_from(folder).ok()?,
            after,
            born,
            generation,
            epoch: u32::try_from(epoch).ok()?,
            opened: opened == 1,
            select: (select != "*").then(|| select.to_owned()),
        })
    }
}
