//! Delta of users, org contacts and groups (graph.md 4.2, 4.4): a first round over everything, then changes.

use super::schema::{Kind, is_link};
use super::store::{Id, Object, State};
use super::token::{self, Delta};
use super::{Directory, bind, list, show};
use crate::odata::{self, Options, Select};
use crate::{call::Call, done::Done, error, scene::Scene};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::ops::Bound;

/// Objects on a page where `Prefer: odata.maxpagesize` does not say.
const PAGE: usize = 200;
/// Members that one appearance of a group tells at most in the first round.
const MEMBERS: usize = 200;
/// Directory tokens live seven days (graph.md 4.2).
const TOKEN_LIFE_MS: i64 = 7 * 86_400_000;
/// How many ids a `$filter` of a delta may name.
const IDS_MAX: usize = 50;
/// How far back a replay goes, in changes.
const REPLAY_MAX: u64 = 20;

/// What one page of a delta tells, and where the next one begins.
struct Told {
    value: Vec<Value>,
    next: Option<Delta>,
}

impl Directory {
    pub(super) fn delta(
        &mut self,
        kind: Kind,
        call: &Call,
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let until = self.store.horizon(call.now_ms);
        let place = match options
            .skiptoken
            .clone()
            .or_else(|| options.deltatoken.clone())
        {
            Some(text) if text.eq_ignore_ascii_case("latest") => {
                let begun = self.begun(kind, call, options, until)?;
                return Ok(self.last_page(call, kind, &begun, Vec::new()));
            }
            Some(text) if !text.is_empty() => {
                self.resumed(kind, call, &text, until, options, scene)?
            }
            _ => {
                let begun = self.begun(kind, call, options, until)?;
                if scene.settings.quirks.delta_first_page_empty {
                    return Ok(self.other_page(call, kind, &begun, Vec::new()));
                }
                begun
            }
        };
        Ok(self.round(kind, call, place, scene))
    }

    fn round(&self, kind: Kind, call: &Call, place: Delta, scene: &mut Scene) -> Done {
        let mut told = match &place.initial {
            Some(_) => self.everything(kind, call, &place, scene),
            None => self.changes(kind, call, &place, scene),
        };
        // The same object may stand in a round more than once (Q4).
        if scene.strikes(scene.settings.faults.directory_delta_repeats) {
            told.value.extend(told.value.first().cloned());
        }
        match told.next {
            Some(next) => self.other_page(call, kind, &next, told.value),
            None => self.last_page(call, kind, &place, told.value),
        }
    }

    /// A new first round.
    fn begun(
        &self,
        kind: Kind,
        call: &Call,
        options: &mut Options,
        until: u64,
    ) -> Result<Delta, Done> {
        bind(options, kind)?;
        if options.top.is_some() || !options.orderby.is_empty() || !options.expand.is_empty() {
            return Err(list::unsupported(
                "The query parameters $top, $orderby and $expand are not supported for change tracking.",
            ));
        }
        let ids = match &options.filter {
            None => Vec::new(),
            Some(filter) => match filter.ids() {
                Some(ids) if ids.len() <= IDS_MAX => {
                    ids.iter().map(|id| id.to_lowercase()).collect()
                }
                _ => {
                    return Err(list::unsupported(
                        "Change tracking supports $filter by up to 50 ids only.",
                    ));
                }
            },
        };
        let select = options.select.as_ref().filter(|select| !select.all);
        Ok(Delta {
            from: 0,
            at: 0,
            until,
            initial: Some(String::new()),
            member: String::new(),
            issued_ms: call.now_ms,
            epoch: self.epoch,
            select: select.map(|select| select.names.join(",")),
            ids,
        })
    }

    /// The round that a token stands for, unless the token is lost.
    fn resumed(
        &self,
        kind: Kind,
        call: &Call,
        text: &str,
        until: u64,
        options: &Options,
        scene: &mut Scene,
    ) -> Result<Delta, Done> {
        let Some(mut place) = Delta::read(text, &self.tenant, &call.path) else {
            return Err(error::bad_request("Badly formed token."));
        };
        let is_old = call.now_ms - place.issued_ms > TOKEN_LIFE_MS || place.epoch != self.epoch;
        if is_old || scene.strikes(scene.settings.faults.directory_delta_resets) {
            return Err(lost(kind, call, &place, scene));
        }
        let is_new_round = options.skiptoken.is_none();
        if is_new_round {
            place.until = until;
            place.issued_ms = call.now_ms;
            if scene.strikes(scene.settings.faults.directory_delta_replays) {
                let back = scene.chance.below(REPLAY_MAX + 1);
                place.from = place.from.saturating_sub(back);
                place.at = place.from;
            }
        }
        Ok(place)
    }

    fn everything(&self, kind: Kind, call: &Call, place: &Delta, scene: &Scene) -> Told {
        let select = selected(place);
        let size = page_size(call);
        let after = place.initial.clone().unwrap_or_default();
        let living = self.store.living.get(&kind);
        let ids = living.into_iter().flat_map(|ids| {
            ids.range::<str, _>((Bound::Excluded(after.as_str()), Bound::Unbounded))
        });
        let mut told = Told {
            value: Vec::new(),
            next: None,
        };
        let mut last = after.clone();
        let mut member = place.member.as_str();
        for id in ids.filter(|id| is_asked(place, id)) {
            let seen = self
                .store
                .get(id)
                .and_then(|o| Some((o, o.shown(call.now_ms)?)));
            let Some((object, row)) = seen else { continue };
            if told.value.len() >= size {
                let initial = Some(last);
                told.next = Some(Delta {
                    initial,
                    member: String::new(),
                    ..place.clone()
                });
                return told;
            }
            let view = self.view(object, row, scene.settings);
            let mut shown = present(&view, select.as_ref(), |_| true, |_| false);
            if kind == Kind::Group && tells(select.as_ref(), "members") {
                let (list, more) = self.some_members(object, member);
                shown.insert("members@delta".to_owned(), list);
                if let Some(member) = more {
                    told.value.push(shown.into());
                    let initial = Some(last);
                    told.next = Some(Delta {
                        initial,
                        member,
                        ..place.clone()
                    });
                    return told;
                }
            }
            self.add_manager(object, select.as_ref(), 0, &mut shown);
            told.value.push(shown.into());
            last = id.to_string();
            member = "";
        }
        told
    }

    fn changes(&self, kind: Kind, call: &Call, place: &Delta, scene: &Scene) -> Told {
        let select = selected(place);
        let size = page_size(call);
        let log = self.store.logs.get(&kind);
        let after = (Bound::Excluded(place.at), Bound::Unbounded);
        let entries = log.into_iter().flat_map(|log| log.range(after));
        let mut told = Told {
            value: Vec::new(),
            next: None,
        };
        let mut last = place.at;
        for (seq, id) in entries.filter(|(_, id)| is_asked(place, id)) {
            let is_late = self
                .store
                .late
                .get(seq)
                .is_some_and(|until| call.now_ms < *until);
            let object = self.store.get(id).filter(|_| !is_late);
            let Some(change) = object
                .and_then(|object| self.change(object, select.as_ref(), place.from, call, scene))
            else {
                continue;
            };
            if told.value.len() >= size {
                told.next = Some(Delta {
                    at: last,
                    ..place.clone()
                });
                return told;
            }
            told.value.push(change.into());
            last = *seq;
        }
        told
    }

    /// What is told of an object that changed after `from`; nothing when the change is none of the asked.
    fn change(
        &self,
        object: &Object,
        select: Option<&Select>,
        from: u64,
        call: &Call,
        scene: &Scene,
    ) -> Option<Map<String, Value>> {
        if let Some(reason) = removed(object.state) {
            let gone = json!({"id": &*object.id, "@removed": {"reason": reason}});
            return gone.as_object().cloned();
        }
        let is_new = object.born > from;
        let is_changed = |name: &str| object.changed.get(name).is_some_and(|seq| *seq > from);
        let members = self.changed_members(object, from);
        let is_told = is_new
            || object
                .changed
                .keys()
                .any(|name| is_changed(name) && tells(select, name))
            || (!members.is_empty() && tells(select, "members"));
        if !is_told {
            return None;
        }
        let view = self.view(object, &object.row, scene.settings);
        let is_minimal = call.prefer.minimal() && !is_new;
        let keeps = |name: &str| !is_minimal || is_changed(name);
        let mut shown = present(&view, select, keeps, is_changed);
        if object.kind == Kind::Group && !members.is_empty() && tells(select, "members") {
            shown.insert("members@delta".to_owned(), Value::Array(members));
        }
        self.add_manager(object, select, if is_new { 0 } else { from }, &mut shown);
        Some(shown)
    }

    /// The next members of a group after `member`, and where to go on if there are more.
    fn some_members(&self, group: &Object, member: &str) -> (Value, Option<String>) {
        let from = (Bound::Excluded(member), Bound::Unbounded);
        let current = group
            .members
            .range::<str, _>(from)
            .filter(|(_, m)| m.is_member);
        let mut ids = current.map(|(id, _)| id).peekable();
        let chunk: Vec<&Id> = ids.by_ref().take(MEMBERS).collect();
        let more = ids.peek().and(chunk.last()).map(|id| id.to_string());
        let list = chunk.iter().map(|id| self.pointer(id)).collect();
        (Value::Array(list), more)
    }

    fn changed_members(&self, group: &Object, from: u64) -> Vec<Value> {
        // A group that appears for the first time tells all of its members, and none that left.
        let is_new = group.born > from;
        let told = group.members.iter().filter(|(_, m)| match is_new {
            true => m.is_member,
            false => m.seq > from,
        });
        let told = told.map(|(id, membership)| {
            let mut pointer = self.pointer(id);
            if !membership.is_member {
                pointer["@removed"] = json!({"reason": "deleted"});
            }
            pointer
        });
        told.collect()
    }

    /// `manager@delta`, where it is asked for and set or changed after `from`.
    fn add_manager(
        &self,
        object: &Object,
        select: Option<&Select>,
        from: u64,
        shown: &mut Map<String, Value>,
    ) {
        let is_asked = select.is_some_and(|select| select.shows("manager"));
        let seq = object.changed.get("manager").copied().unwrap_or_default();
        if !is_asked || (from > 0 && seq <= from) {
            return;
        }
        let mut told = Vec::new();
        if let Some(manager) = &object.manager {
            told.push(self.pointer(manager));
        } else if seq > 0
            && let Some(former) = &object.former_manager
        {
            let mut pointer = self.pointer(former);
            pointer["@removed"] = json!({"reason": "deleted"});
            told.push(pointer);
        }
        if !told.is_empty() {
            shown.insert("manager@delta".to_owned(), Value::Array(told));
        }
    }

    fn pointer(&self, id: &Id) -> Value {
        let kind = self.store.get(id).map_or(Kind::User, |object| object.kind);
        json!({"@odata.type": kind.odata_type(), "id": &**id})
    }

    fn last_page(&self, call: &Call, kind: Kind, place: &Delta, value: Vec<Value>) -> Done {
        let next = Delta {
            from: place.until,
            at: place.until,
            initial: None,
            member: String::new(),
            issued_ms: call.now_ms,
            ..place.clone()
        };
        let link = ["@odata.deltaLink", "$deltatoken"];
        self.envelope(call, kind, &next, link, value)
    }

    fn other_page(&self, call: &Call, kind: Kind, next: &Delta, value: Vec<Value>) -> Done {
        let link = ["@odata.nextLink", "$skiptoken"];
        self.envelope(call, kind, next, link, value)
    }

    fn envelope(
        &self,
        call: &Call,
        kind: Kind,
        next: &Delta,
        [name, parameter]: [&str; 2],
        value: Vec<Value>,
    ) -> Done {
        let select = selected(next);
        let options = Options {
            select,
            ..Options::default()
        };
        let token = next.text(&self.tenant, &call.path);
        let mut body = Map::new();
        let context = show::context(&call.base, kind.set(), &options, false);
        body.insert("@odata.context".to_owned(), context);
        let link = format!("{}?{parameter}={token}", token::here(call));
        body.insert(name.to_owned(), link.into());
        body.insert("value".to_owned(), Value::Array(value));
        Done::ok(body.into())
    }
}

/// The properties that are set, and those that were cleared; never the ones that never were.
fn present(
    view: &show::View<'_>,
    select: Option<&Select>,
    keeps: impl Fn(&str) -> bool,
    is_changed: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("id".to_owned(), Value::from(&*view.object.id));
    for name in show::names(view.object.kind, select) {
        match odata::Row::property(view, name).map(Cow::into_owned) {
            Some(value) if keeps(name) => {
                shown.insert(name.to_owned(), value);
            }
            None if is_changed(name) => {
                shown.insert(name.to_owned(), super::schema::blank(name));
            }
            _ => {}
        }
    }
    shown
}

/// Whether a change of this property is one that the round tells.
fn tells(select: Option<&Select>, name: &str) -> bool {
    match select {
        Some(select) => select.shows(name),
        None => name == "members" || !is_link(name),
    }
}

fn removed(state: State) -> Option<&'static str> {
    match state {
        State::Live => None,
        State::Deleted(_) => Some("changed"),
        State::Purged => Some("deleted"),
    }
}

fn selected(place: &Delta) -> Option<Select> {
    let text = place.select.as_ref()?;
    Select::parse(text).ok()
}

fn is_asked(place: &Delta, id: &Id) -> bool {
    place.ids.is_empty() || place.ids.iter().any(|one| **one == **id)
}

fn page_size(call: &Call) -> usize {
    call.prefer
        .max_page_size
        .unwrap_or(PAGE)
        .clamp(1, list::TOP_MAX)
}

/// A lost token: 410 with the place to start again, or the 400 that some see.
fn lost(kind: Kind, call: &Call, place: &Delta, scene: &Scene) -> Done {
    if scene.settings.quirks.directory_resync_as_400 {
        let message = "Resync required. The delta token is no longer valid.";
        return error::error(400, "Directory_ResyncRequired", message);
    }
    let select = place
        .select
        .as_ref()
        .map_or(String::new(), |select| format!("$select={select}&"));
    let again = format!("{}/{}/delta?{select}$deltatoken=", call.base, kind.set());
    error::resync_required().with("location", again)
}
