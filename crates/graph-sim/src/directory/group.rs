//! Links between objects: members, transitive members, memberships, managers and reports.

use super::schema::Kind;
use super::store::Id;
use super::{Directory, list, permit, refused, show};
use crate::odata::Options;
use crate::{call::Call, done::Done, error, scene::Scene};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The transitive members of a group as of one change of the directory.
#[derive(Clone, Debug)]
pub(super) struct Closure {
    group: Id,
    seq: u64,
    members: Arc<Vec<Id>>,
}

impl Directory {
    /// `…/{id}/{link}`, `…/{cast}`, `…/$count`.
    #[allow(clippy::too_many_arguments)] // one argument for each part of the path
    pub(super) fn linked(
        &mut self,
        kind: Kind,
        call: &Call,
        key: &str,
        link: &str,
        cast: &[&str],
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let id = self.found(kind, key)?.id.clone();
        if link == "manager" && cast.is_empty() {
            return self.manager(call, &id, options, scene);
        }
        let ids = self.linked_ids(&id, link);
        let ids = ids.ok_or_else(|| error::unknown_segment(link))?;
        let (cast, counts) = match cast {
            [] => (None, false),
            ["$count"] => (None, true),
            [cast] => (Some(*cast), false),
            [cast, "$count"] => (Some(*cast), true),
            _ => return Err(error::unknown_segment(cast[cast.len() - 1])),
        };
        let cast = cast.map(kind_of_cast).transpose()?.flatten();
        bind_any(options, cast)?;
        list::check(options, call.eventual())?;
        self.list_of(ids, cast, counts, call, options, scene)
    }

    fn linked_ids(&mut self, id: &Id, link: &str) -> Option<Arc<Vec<Id>>> {
        Some(match link {
            "members" => Arc::new(self.store.get(id)?.current_members().cloned().collect()),
            "transitiveMembers" => self.closure_of(id),
            "memberOf" => Arc::new(
                self.store
                    .parents
                    .get(id)
                    .into_iter()
                    .flatten()
                    .cloned()
                    .collect(),
            ),
            "transitiveMemberOf" => Arc::new(self.ancestors(id)),
            "directReports" => Arc::new(self.reports(id)),
            "owners" => Arc::new(Vec::new()),
            _ => return None,
        })
    }

    fn list_of(
        &self,
        ids: Arc<Vec<Id>>,
        cast: Option<Kind>,
        counts: bool,
        call: &Call,
        options: &Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let is_of_kind = |id: &&Id| {
            let object = self.store.get(id);
            object.is_some_and(|object| cast.is_none_or(|kind| object.kind == kind))
        };
        if counts {
            return self.counted(ids.iter().filter(is_of_kind), call, options, scene);
        }
        let place = self.place(call, options, scene)?;
        let after = place.after.as_deref();
        let start = after.map_or(0, |after| ids.partition_point(|id| **id <= *after));
        let rest = ids[start..].iter().filter(is_of_kind);
        let page = self.page(rest, options, place, call.now_ms, scene);
        let value = page.objects.iter().map(|(object, row)| {
            if !permit::sees(call, object.kind) {
                return json!({"@odata.type": object.kind.odata_type(), "id": &*object.id});
            }
            let mut shown = self.shown(object, row, options, scene.settings, call.now_ms);
            if cast.is_none() {
                shown.insert("@odata.type".to_owned(), object.kind.odata_type());
            }
            Value::Object(shown)
        });
        let value = value.collect();
        let set = cast.map_or("directoryObjects", Kind::set);
        Ok(list::envelope(call, set, options, value, &page))
    }

    fn manager(
        &self,
        call: &Call,
        id: &Id,
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        bind_any(options, None)?;
        let of = self
            .store
            .get(id)
            .and_then(|object| object.manager.as_deref());
        let manager = of.and_then(|id| self.store.get(id));
        let seen = manager.and_then(|found| Some((found, found.shown(call.now_ms)?)));
        let (manager, row) = seen.ok_or_else(|| error::resource_not_found("manager"))?;
        let mut shown = self.shown(manager, row, options, scene.settings, call.now_ms);
        let context = show::context(&call.base, "directoryObjects", options, true);
        shown.insert("@odata.context".to_owned(), context);
        shown.insert("@odata.type".to_owned(), manager.kind.odata_type());
        Ok(Done::ok(shown.into()))
    }

    /// Everything below a group in the order of ids: groups that contain each other end, and nothing
    /// stands twice. The group itself is not among them.
    pub(super) fn closure_of(&mut self, group: &str) -> Arc<Vec<Id>> {
        if let Some(known) = &self.closure
            && *known.group == *group
            && known.seq == self.store.seq
        {
            return known.members.clone();
        }
        let mut found: BTreeSet<Id> = BTreeSet::new();
        let mut open: Vec<&str> = vec![group];
        while let Some(next) = open.pop() {
            let members = self
                .store
                .living(next)
                .into_iter()
                .flat_map(|g| g.current_members());
            for member in members {
                if **member != *group && found.insert(member.clone()) {
                    open.push(member);
                }
            }
        }
        let members: Arc<Vec<Id>> = Arc::new(found.into_iter().collect());
        self.closure = Some(Closure {
            group: group.into(),
            seq: self.store.seq,
            members: members.clone(),
        });
        members
    }

    fn ancestors(&self, id: &str) -> Vec<Id> {
        let mut found: BTreeSet<Id> = BTreeSet::new();
        let mut open: Vec<&str> = vec![id];
        while let Some(next) = open.pop() {
            for parent in self.store.parents.get(next).into_iter().flatten() {
                if found.insert(parent.clone()) {
                    open.push(parent);
                }
            }
        }
        found.into_iter().collect()
    }

    fn reports(&self, id: &str) -> Vec<Id> {
        let living = self.store.living.values().flatten();
        let reports = living.filter(|one| {
            let object = self.store.get(one);
            object.is_some_and(|object| object.manager.as_deref() == Some(id))
        });
        let sorted: BTreeSet<Id> = reports.cloned().collect();
        sorted.into_iter().collect()
    }
}

/// A cast of members: to users, org contacts, groups; others are legal and have no members here.
fn kind_of_cast(cast: &str) -> Result<Option<Kind>, Done> {
    let kinds = [Kind::User, Kind::OrgContact, Kind::Group];
    match kinds
        .into_iter()
        .find(|kind| kind.entity().eq_ignore_ascii_case(cast))
    {
        Some(kind) => Ok(Some(kind)),
        None => Err(error::unknown_segment(cast)),
    }
}

/// Without a cast, properties are those of any directory object.
fn bind_any(options: &mut Options, cast: Option<Kind>) -> Result<(), Done> {
    let kinds = [Kind::User, Kind::OrgContact, Kind::Group];
    let canonical = |name: &str| match cast {
        Some(kind) => kind.canonical(name),
        None => kinds.iter().find_map(|kind| kind.canonical(name)),
    };
    let entity = cast.map_or("microsoft.graph.directoryObject", Kind::entity);
    let bound = options.bind(entity, &canonical);
    bound.map_err(|bad| refused(&bad))
}
