//! Reading contacts: one, a page, a count; `$filter`, `$orderby`, `$select`, `$expand` (graph.md 2.2, 2.6).

use super::{
    extended,
    id::is_well_formed,
    property::canonical,
    show::{Line, Shape, context},
    store::{Contact, Mailbox},
};
use crate::{
    call::Call,
    done::Done,
    error,
    odata::{BadQuery, Expand, Filter, Options, OrderBy},
    scene::Scene,
};
use serde_json::{Map, Value};

/// Outlook's page sizes.
pub const PAGE: usize = 10;
pub const PAGE_MAX: usize = 1000;

/// Where the next page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Items from this number on.
    Item(u32),
    /// After so many rows.
    Row(usize),
}

impl Mailbox {
    pub(super) fn get_contact(&self, item: u32, call: &Call) -> Result<Done, Done> {
        let options = options(call, "microsoft.graph.contact", &canonical)?;
        let shape = shape(&options, call)?;
        let contact = self.items.get(&item).ok_or_else(error::item_not_found)?;
        let mut shown = self.show(item, contact, &shape);
        shown.insert(
            "@odata.context".to_owned(),
            self.contacts_context(call, "contacts/$entity"),
        );
        Ok(Done::ok(Value::Object(shown)))
    }

    pub(super) fn count_contacts(
        &self,
        folder: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let options = options(call, "microsoft.graph.contact", &canonical)?;
        let count = self
            .rows(folder, 0, options.filter.as_ref(), call.now_ms, scene)
            .len();
        Ok(Done::bytes("text/plain", count.to_string().into()))
    }

    pub(super) fn list_contacts(
        &self,
        folder: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let options = options(call, "microsoft.graph.contact", &canonical)?;
        if options.search.is_some() {
            return Err(error::error(
                400,
                "SearchNotSupported",
                "$search is not supported on contacts.",
            ));
        }
        let shape = shape(&options, call)?;
        let start = start(&options)?;
        if start != Start::Item(0) && scene.strikes(scene.settings.faults.page_expired) {
            return Err(error::bad_request("Skip token is not valid."));
        }
        let from = if let Start::Item(from) = start {
            from
        } else {
            0
        };
        let mut rows = self.rows(folder, from, options.filter.as_ref(), call.now_ms, scene);
        if !options.orderby.is_empty() {
            rows.sort_by(|a, b| OrderBy::compare(&options.orderby, a, b));
        }
        let skipped = if let Start::Row(n) = start { n } else { 0 };
        let size = page_size(&options, call);
        let page: Vec<&Line> = rows.iter().skip(skipped).take(size).collect();
        let mut values: Vec<Value> = page
            .iter()
            .map(|l| Value::Object(self.show(l.item, l.contact, &shape)))
            .collect();
        let mut out = Map::new();
        out.insert(
            "@odata.context".to_owned(),
            self.contacts_context(call, "contacts"),
        );
        if options.count {
            let all = self
                .rows(folder, 0, options.filter.as_ref(), call.now_ms, scene)
                .len();
            out.insert(
                "@odata.count".to_owned(),
                Value::from(wrong_count(all, scene)),
            );
        }
        let shown = skipped + page.len();
        if shown < rows.len() && size > 0 && !scene.strikes(scene.settings.faults.page_truncated) {
            let next = match scene.settings.quirks.skip_in_next_links || !options.orderby.is_empty()
            {
                true => call.link(true, "$skip", &self.passed(folder, from, shown).to_string()),
                false => call.link(true, "$skiptoken", &format!("i{}", rows[shown].item)),
            };
            out.insert("@odata.nextLink".to_owned(), Value::from(next));
        }
        if scene.strikes(scene.settings.faults.page_doubled)
            && let Some(one) = values.last().cloned()
        {
            values.push(one);
        }
        out.insert("value".to_owned(), Value::Array(values));
        Ok(Done::ok(Value::Object(out)))
    }

    /// How many rows lie before a page that started at item `from` and showed `shown`.
    fn passed(&self, folder: u32, from: u32, shown: usize) -> usize {
        let before = self
            .folder(folder)
            .map_or(0, |f| f.items.range(..from).count());
        before + shown
    }

    /// What lists and filters of a folder see now, from an item number on.
    fn rows<'a>(
        &'a self,
        folder: u32,
        from: u32,
        filter: Option<&Filter>,
        now_ms: i64,
        scene: &Scene,
    ) -> Vec<Line<'a>> {
        let by_mark = filter.and_then(Filter::extended_property);
        let by_mark = by_mark.map(|(id, value)| (extended::normalise(id), value));
        let passes = |item: u32, contact: &'a Contact| match (&by_mark, filter) {
            (Some((id, value)), _) => id.as_ref().is_some_and(|id| has_mark(contact, id, value)),
            (None, Some(filter)) => filter.matches(&Line {
                mailbox: self,
                item,
                contact,
            }),
            (None, None) => true,
        };
        let Some(found) = self.folder(folder) else {
            return Vec::new();
        };
        let living = found
            .items
            .range(from..)
            .filter_map(|item| Some((*item, self.items.get(item)?)));
        let visible = living.filter(|(item, c)| self.is_visible(*item, c, now_ms, scene));
        let ghosts = self.ghosts.iter().filter(|g| {
            !scene.calm
                && g.until_ms > now_ms
                && g.contact.folder == folder
                && g.item >= from
                && !found.items.contains(&g.item)
        });
        let mut rows: Vec<Line> = visible
            .chain(ghosts.map(|g| (g.item, &g.contact)))
            .filter(|(item, contact)| passes(*item, contact))
            .map(|(item, contact)| Line {
                mailbox: self,
                item,
                contact,
            })
            .collect();
        rows.sort_by_key(|line| line.item);
        rows
    }

    /// Whether lists and filters show the item already (F6).
    pub(super) fn is_visible(
        &self,
        item: u32,
        contact: &Contact,
        now_ms: i64,
        scene: &Scene,
    ) -> bool {
        let lag = self.lag_ms(u64::from(item) | 1 << 40, scene);
        item <= self.settled.item || now_ms >= contact.created_ms + lag
    }

    pub(super) fn find_item(
        &self,
        id: &str,
        within: Option<u32>,
        now_ms: i64,
        scene: &mut Scene,
    ) -> Result<u32, Done> {
        if !is_well_formed(id) {
            return Err(error::malformed_id());
        }
        let found = self.ids.read_item(id).ok_or_else(error::item_not_found)?;
        let contact = self
            .items
            .get(&found.item)
            .ok_or_else(error::item_not_found)?;
        let moved = found.folder.is_some_and(|folder| folder != contact.folder);
        let elsewhere = within.is_some_and(|folder| folder != contact.folder);
        let deleted = self.is_deleted(contact.folder);
        let reachable = scene.settings.quirks.deleted_items_reachable;
        if moved || elsewhere || (deleted && !reachable) {
            return Err(error::item_not_found());
        }
        // Q9: not yet replicated.
        if !self.is_visible(found.item, contact, now_ms, scene)
            && scene.strikes(scene.settings.faults.fresh_item_missing)
        {
            return Err(error::item_not_found());
        }
        Ok(found.item)
    }

    pub(super) fn contacts_context(&self, call: &Call, of: &str) -> Value {
        context(call, &format!("users('{}')/{of}", self.owner))
    }
}

fn has_mark(contact: &Contact, id: &str, value: &str) -> bool {
    contact
        .extended
        .iter()
        .any(|e| *e.id == *id && extended::same_value(&e.value, value))
}

fn wrong_count(count: usize, scene: &mut Scene) -> usize {
    match scene.strikes(scene.settings.faults.wrong_count) {
        true => scene.chance.below(count as u64 + 3) as usize,
        false => count,
    }
}

pub fn page_size(options: &Options, call: &Call) -> usize {
    options
        .top
        .or(call.prefer.max_page_size)
        .unwrap_or(PAGE)
        .min(PAGE_MAX)
}

fn start(options: &Options) -> Result<Start, Done> {
    let Some(token) = &options.skiptoken else {
        return Ok(options.skip.map_or(Start::Item(0), Start::Row));
    };
    let number = token.strip_prefix('i').and_then(|n| n.parse().ok());
    number
        .map(Start::Item)
        .ok_or_else(|| error::bad_request("Skip token is not valid."))
}

/// The options of a call, their names respelled for its type.
pub fn options(
    call: &Call,
    type_name: &str,
    canonical: &dyn Fn(&str) -> Option<&'static str>,
) -> Result<Options, Done> {
    let mut options = Options::parse(&call.query_text).map_err(refuse)?;
    options.bind(type_name, canonical).map_err(refuse)?;
    Ok(options)
}

/// A query that Exchange cannot read.
pub fn refuse(query: BadQuery) -> Done {
    error::error(400, "RequestBroker--ParseUri", &query.message())
}

pub fn shape(options: &Options, call: &Call) -> Result<Shape, Done> {
    Ok(Shape {
        select: options
            .select
            .as_ref()
            .filter(|s| !s.all)
            .map(|s| s.names.clone()),
        expand: expanded(&options.expand)?,
        immutable: call.prefer.immutable_ids,
        typed: false,
    })
}

/// The normalised ids that `$expand=singleValueExtendedProperties($filter=id eq '…')` asks for. All at
/// once cannot be had (graph.md 2.6).
pub fn expanded(expand: &[Expand]) -> Result<Vec<String>, Done> {
    let mut wanted = Vec::new();
    for one in expand {
        if !one
            .name
            .eq_ignore_ascii_case("singleValueExtendedProperties")
        {
            let text = format!(
                "Could not find a property named '{}' on type 'microsoft.graph.contact'.",
                one.name
            );
            return Err(error::error(400, "RequestBroker--ParseUri", &text));
        }
        let ids = one.options.filter.as_ref().and_then(Filter::ids);
        let ids = ids.ok_or_else(|| {
            error::invalid_request("Expand of extended properties needs a filter on their ids.")
        })?;
        for id in ids {
            wanted.push(extended::normalise(id).ok_or_else(|| error::invalid_property(id))?);
        }
    }
    Ok(wanted)
}
