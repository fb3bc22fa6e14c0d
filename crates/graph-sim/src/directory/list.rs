//! Lists of directory objects: filter, search, order, count, and pages by `$skiptoken`.

use super::schema::Kind;
use super::store::{Id, Object, Row};
use super::{Directory, bind, refused, show, token};
use crate::odata::{Options, OrderBy};
use crate::{call::Call, done::Done, error, scene::Scene};
use serde_json::{Map, Value};
use std::ops::Bound;

pub(super) const TOP_DEFAULT: usize = 100;
pub(super) const TOP_MAX: usize = 999;
/// How many values the `in` operator takes outside of advanced queries (Graph: filter-query-parameter).
const IN_MAX: usize = 15;

/// The objects that one answer shows, and how to go on.
pub(super) struct Page<'a> {
    pub objects: Vec<(&'a Object, &'a Row)>,
    pub next: Option<token::Page>,
    pub total: Option<usize>,
}

impl Directory {
    pub(super) fn list_all(
        &self,
        kind: Kind,
        call: &Call,
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        bind(options, kind)?;
        check_expand(kind, options)?;
        check(options, call.eventual())?;
        let place = self.place(call, options, scene)?;
        let after = place.after.clone();
        let living = self.store.living.get(&kind);
        let ids = living.into_iter().flat_map(|ids| {
            let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            ids.range::<str, _>((from, Bound::Unbounded))
        });
        let page = self.page(ids, options, place, call.now_ms, scene);
        let value = page.objects.iter().map(|(object, row)| {
            Value::Object(self.shown(object, row, options, scene.settings, call.now_ms))
        });
        let value = value.collect();
        Ok(envelope(call, kind.set(), options, value, &page))
    }

    pub(super) fn count_all(
        &self,
        kind: Kind,
        call: &Call,
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        bind(options, kind)?;
        let ids = self.store.living.get(&kind).into_iter().flatten();
        self.counted(ids, call, options, scene)
    }

    /// `…/$count`: a number in plain text, an advanced query always.
    pub(super) fn counted<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a Id>,
        call: &Call,
        options: &Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        if !call.eventual() {
            return Err(unsupported("$count is not currently supported."));
        }
        let passing = ids.filter(|id| self.passes(id, options, call.now_ms, scene).is_some());
        let text = passing.count().to_string();
        Ok(Done::bytes("text/plain", text.into()))
    }

    /// Where the list goes on, from `$skiptoken`; the first page decides whether the list flaps (F44).
    pub(super) fn place(
        &self,
        call: &Call,
        options: &Options,
        scene: &mut Scene,
    ) -> Result<token::Page, Done> {
        let Some(text) = &options.skiptoken else {
            let halved = scene.flaps(&call.path, call.now_ms);
            let halved = halved.then(|| scene.chance.draw());
            return Ok(token::Page {
                halved,
                ..token::Page::default()
            });
        };
        if scene.strikes(scene.settings.faults.directory_page_expires) {
            return Err(error::error(
                400,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your request.",
            ));
        }
        let read = token::Page::read(text, &self.tenant, &call.path);
        read.ok_or_else(|| {
            error::directory_bad_request("The specified page token value is invalid.")
        })
    }

    /// Cuts one page out of `ids`, which start after `place` and are in the order of lists.
    pub(super) fn page<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a Id>,
        options: &Options,
        place: token::Page,
        now_ms: i64,
        scene: &Scene,
    ) -> Page<'a> {
        let halved = place.halved;
        let passing = ids
            .filter(|id| halved.is_none_or(|salt| token::in_half(id, salt)))
            .filter_map(|id| self.passes(id, options, now_ms, scene));
        let top = options.top.unwrap_or(TOP_DEFAULT);
        if options.orderby.is_empty() {
            let is_first = place.after.is_none();
            return by_id(passing, top, place, options.count && is_first);
        }
        let mut all: Vec<_> = passing.collect();
        all.sort_by(|(a, a_row), (b, b_row)| {
            let (a, b) = (
                self.view(a, a_row, scene.settings),
                self.view(b, b_row, scene.settings),
            );
            OrderBy::compare(&options.orderby, &a, &b)
        });
        by_offset(all, top, place, options.count)
    }

    fn passes<'a>(
        &'a self,
        id: &Id,
        options: &Options,
        now_ms: i64,
        scene: &Scene,
    ) -> Option<(&'a Object, &'a Row)> {
        let object = self.store.get(id)?;
        let row = object.shown(now_ms)?;
        let view = self.view(object, row, scene.settings);
        let holds = options
            .filter
            .as_ref()
            .is_none_or(|filter| filter.matches(&view))
            && options
                .search
                .as_ref()
                .is_none_or(|search| search.matches(&view));
        holds.then_some((object, row))
    }

    /// `/directory/deletedItems/microsoft.graph.user`: what was deleted in the last 30 days.
    pub(super) fn deleted(
        &self,
        call: &Call,
        cast: &str,
        rest: &[&str],
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let kinds = [Kind::User, Kind::Group];
        let kind = kinds.into_iter().find(|kind| kind.entity() == cast);
        let kind = kind.ok_or_else(|| error::unknown_segment(cast))?;
        bind(options, kind)?;
        let mut objects = self.store.objects.values().filter(|object| {
            object.kind == kind && super::admin::is_restorable(object.state, call.now_ms)
        });
        let show = |object: &Object| {
            let mut row = object.row.clone();
            if let Some(Value::String(upn)) = row.get_mut("userPrincipalName") {
                *upn = show::deleted_upn(&object.id, upn);
            }
            Value::Object(
                self.view(object, &row, scene.settings)
                    .whole(options.select.as_ref()),
            )
        };
        if let [id] = rest {
            let found = objects.find(|object| object.id.eq_ignore_ascii_case(id));
            let found = found.ok_or_else(|| error::resource_not_found(id))?;
            return Ok(Done::ok(show(found)));
        }
        let value: Vec<Value> = objects.map(show).collect();
        let page = Page {
            objects: Vec::new(),
            next: None,
            total: None,
        };
        Ok(envelope(call, kind.set(), options, value, &page))
    }
}

fn by_id<'a>(
    passing: impl Iterator<Item = (&'a Object, &'a Row)>,
    top: usize,
    place: token::Page,
    counts: bool,
) -> Page<'a> {
    let mut passing = passing.peekable();
    let objects: Vec<_> = passing.by_ref().take(top).collect();
    let has_more = passing.peek().is_some();
    let last = objects.last().map(|(object, _)| object.id.to_string());
    let next = has_more.then_some(token::Page {
        after: last,
        ..place
    });
    let total = counts.then(|| objects.len() + passing.count());
    Page {
        objects,
        next,
        total,
    }
}

fn by_offset<'a>(
    all: Vec<(&'a Object, &'a Row)>,
    top: usize,
    place: token::Page,
    counts: bool,
) -> Page<'a> {
    let end = place.offset.saturating_add(top);
    let next = (end < all.len()).then_some(token::Page {
        offset: end,
        ..place.clone()
    });
    let total = (counts && place.offset == 0).then_some(all.len());
    let objects = all.into_iter().skip(place.offset).take(top).collect();
    Page {
        objects,
        next,
        total,
    }
}

/// The answer to a list.
pub(super) fn envelope(
    call: &Call,
    set: &str,
    options: &Options,
    value: Vec<Value>,
    page: &Page<'_>,
) -> Done {
    let mut body = Map::new();
    let context = show::context(&call.base, set, options, false);
    body.insert("@odata.context".to_owned(), context);
    if let Some(total) = page.total {
        body.insert("@odata.count".to_owned(), total.into());
    }
    if let Some(next) = &page.next {
        let link = token::next_link(call, next);
        body.insert("@odata.nextLink".to_owned(), link.into());
    }
    body.insert("value".to_owned(), Value::Array(value));
    Done::ok(body.into())
}

/// What the directory refuses of a list's options (graph.md 4.1, 4.5).
pub(super) fn check(options: &Options, is_eventual: bool) -> Result<(), Done> {
    if let Some(top) = options.top.filter(|top| !(1..=TOP_MAX).contains(top)) {
        return Err(unsupported(&format!(
            "Invalid page size specified: '{top}'. Must be between 1 and 999 inclusive."
        )));
    }
    if options.skip.is_some() {
        return Err(error::directory_bad_request(
            "'$skip' is not supported by the service.",
        ));
    }
    let is_advanced = options
        .filter
        .as_ref()
        .is_some_and(|filter| filter.is_advanced())
        || options.search.is_some()
        || (options.filter.is_some() && !options.orderby.is_empty())
        || options.orderby.iter().any(|key| !is_plain_order(key));
    if (is_advanced || options.count) && !is_eventual {
        return Err(unsupported(
            "Unsupported query: the 'ConsistencyLevel:eventual' header is missing. Refer to https://aka.ms/graph-docs/advanced-queries for more information",
        ));
    }
    // Search alone goes without $count (Graph: search-query-parameter).
    if is_advanced && !options.count && options.search.is_none() && options.skiptoken.is_none() {
        return Err(unsupported(
            "Unsupported query: the '$count=true' query parameter is missing. Refer to https://aka.ms/graph-docs/advanced-queries for more information",
        ));
    }
    match options
        .filter
        .as_ref()
        .map_or(0, |filter| filter.longest_list())
    {
        listed if listed > IN_MAX && !is_eventual => Err(unsupported(&format!(
            "Too many child clauses specified in search filter expression containing 'OR' operators: {listed}. Max allowed: {IN_MAX}."
        ))),
        _ => Ok(()),
    }
}

fn is_plain_order(key: &OrderBy) -> bool {
    matches!(key.path.as_slice(), [name] if name == "displayName" || name == "userPrincipalName")
}

/// Users and org contacts may bring their manager along; nothing else is served.
pub(super) fn check_expand(kind: Kind, options: &mut Options) -> Result<(), Done> {
    for expand in &mut options.expand {
        let is_manager = kind != Kind::Group && expand.name.eq_ignore_ascii_case("manager");
        if !is_manager {
            return Err(error::bad_request(&format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{}' on type '{}'.",
                expand.name,
                kind.entity()
            )));
        }
        let bound = expand
            .options
            .bind("microsoft.graph.directoryObject", &|name| {
                Kind::User.canonical(name)
            });
        bound.map_err(|bad| refused(&bad))?;
    }
    Ok(())
}

pub(super) fn unsupported(message: &str) -> Done {
    error::error(400, "Request_UnsupportedQuery", message)
}
