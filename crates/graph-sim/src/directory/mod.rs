//! The directory of one tenant: users, org contacts, groups, the organization.

use crate::odata::{BadQuery, Options};
use crate::{call::Call, done::Done, error, fleet, scene::Scene};
use schema::Kind;
use std::sync::Arc;
use store::{Object, Store};

mod act;
mod admin;
mod company;
mod delta;
mod group;
mod list;
mod permit;
mod photo;
mod row;
mod schema;
mod seed;
mod show;
mod store;
mod token;
mod units;

pub use act::DirectoryAct;
pub use units::Units;

#[derive(Clone, Debug)]
pub struct Directory {
    tenant: Arc<str>,
    domain: String,
    name: String,
    country: String,
    created: String,
    store: Store,
    /// Delta tokens of an earlier epoch are lost.
    epoch: u64,
    /// The transitive members that were asked for last, and at which change.
    closure: Option<group::Closure>,
}

impl Directory {
    pub fn new(tenant: &fleet::Tenant, now_ms: i64) -> Directory {
        let name = if tenant.name.is_empty() {
            &tenant.domain
        } else {
            &tenant.name
        };
        Directory {
            tenant: tenant.id.to_ascii_lowercase().into(),
            domain: tenant.domain.clone(),
            name: name.clone(),
            country: tenant.country.clone(),
            created: seed::timestamp(now_ms),
            store: seed::store(tenant, now_ms),
            epoch: 1,
            closure: None,
        }
    }

    /// Answers a call of the directory's own (users, contacts, groups, organization, user photos …);
    /// None when the path is not the directory's. Permissions and resource units are checked here.
    pub fn answer(&mut self, call: &Call, scene: &mut Scene) -> Option<Done> {
        let path = call.segments();
        if !is_own(&path) {
            return None;
        }
        let options = match Options::parse(&call.query_text) {
            Ok(options) => options,
            Err(bad) => return Some(refused(&bad)),
        };
        let is_read = call.method == "GET";
        let units = units::cost(&path, &options, is_read);
        let people = self.store.count(Kind::User);
        let (app, tenant) = (&call.bearer.app, &call.bearer.tenant);
        let taken = match scene.settings.limits.enforced {
            true => scene
                .throttle
                .directory(app, tenant, people, units, !is_read, call.now_ms),
            false => Ok(0.0),
        };
        let share = match taken {
            Ok(share) => share,
            Err(done) => return Some(done),
        };
        let done = self.permitted(call, &path, options, scene);
        let done = done.unwrap_or_else(|refusal| refusal);
        Some(units::dressed(done, units, share))
    }

    /// The object id of a living user by object id or userPrincipalName, without regard to case.
    pub fn user_id(&self, key: &str) -> Option<&str> {
        self.user(key).map(|user| &*user.id)
    }

    /// How many living users there are, guests among them.
    pub fn people(&self) -> usize {
        self.store.count(Kind::User)
    }

    /// A property of a living object, as it stands; for oracles and mailboxes.
    pub fn property(&self, id: &str, name: &str) -> Option<&serde_json::Value> {
        self.store.living(id)?.row.get(name)
    }

    /// The members of a group, through nested groups; for oracles.
    pub fn transitive_members(&mut self, group: &str) -> Vec<String> {
        let all = self.closure_of(group);
        all.iter().map(|id| id.to_string()).collect()
    }

    fn user(&self, key: &str) -> Option<&Object> {
        let key = key.to_lowercase();
        let id = self.store.by_upn.get(&key).map_or(key.as_str(), |id| id);
        let found = self.store.living(id);
        found.filter(|object| object.kind == Kind::User)
    }

    fn permitted(
        &mut self,
        call: &Call,
        path: &[&str],
        mut options: Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        permit::check(call, path)?;
        if call.method != "GET" {
            return Err(
                match call.may(&["User.ReadWrite.All", "Directory.ReadWrite.All"]) {
                    true => error::method_not_allowed(),
                    false => error::authorization_denied(),
                },
            );
        }
        struck(call, path, scene)?;
        self.route(call, path, &mut options, scene)
    }

    fn route(
        &mut self,
        call: &Call,
        path: &[&str],
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match path {
            ["users", rest @ ..] => match rest {
                [key, "photo" | "photos", ..] => self.photo(call, key, &rest[1..], scene),
                _ => self.objects(Kind::User, call, rest, options, scene),
            },
            ["contacts", rest @ ..] => self.objects(Kind::OrgContact, call, rest, options, scene),
            ["groups", rest @ ..] => self.objects(Kind::Group, call, rest, options, scene),
            ["directory", "deletedItems", cast, rest @ ..] => {
                self.deleted(call, cast, rest, options, scene)
            }
            _ => self.company(call, path, options),
        }
    }

    fn objects(
        &mut self,
        kind: Kind,
        call: &Call,
        rest: &[&str],
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match rest {
            [] => self.list_all(kind, call, options, scene),
            ["$count"] => self.count_all(kind, call, options, scene),
            ["delta"] => self.delta(kind, call, options, scene),
            [key] => self.one(kind, call, key, options, scene),
            [key, link, cast @ ..] => self.linked(kind, call, key, link, cast, options, scene),
        }
    }

    fn one(
        &self,
        kind: Kind,
        call: &Call,
        key: &str,
        options: &mut Options,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        bind(options, kind)?;
        list::check_expand(kind, options)?;
        let object = self.found(kind, key)?;
        let row = object
            .shown(call.now_ms)
            .ok_or_else(|| error::resource_not_found(key))?;
        let mut shown = self.shown(object, row, options, scene.settings, call.now_ms);
        let context = show::context(&call.base, kind.set(), options, true);
        shown.insert("@odata.context".to_owned(), context);
        Ok(Done::ok(shown.into()))
    }

    /// The living object that a path names; users also by userPrincipalName.
    fn found(&self, kind: Kind, key: &str) -> Result<&Object, Done> {
        let found = match kind {
            Kind::User => self.user(key),
            _ => self.store.living(&key.to_lowercase()),
        };
        found
            .filter(|object| object.kind == kind)
            .ok_or_else(|| error::resource_not_found(key))
    }
}

/// Whether the directory answers this path; everything else below a user is the mailbox's.
fn is_own(path: &[&str]) -> bool {
    match path {
        ["users", _, link, ..] => matches!(
            *link,
            "photo" | "photos" | "manager" | "memberOf" | "transitiveMemberOf" | "directReports"
        ),
        ["groups", _, link, ..] => matches!(
            *link,
            "members" | "transitiveMembers" | "memberOf" | "transitiveMemberOf" | "owners"
        ),
        ["directory", "deletedItems", _, ..] => true,
        [first, ..] => matches!(
            *first,
            "users"
                | "groups"
                | "contacts"
                | "organization"
                | "domains"
                | "subscribedSkus"
                | "servicePrincipals"
                | "me"
        ),
        [] => false,
    }
}

/// Faults that strike listings before anything is looked at: absence that proves nothing.
fn struck(call: &Call, path: &[&str], scene: &mut Scene) -> Result<(), Done> {
    let is_listing = matches!(
        path,
        [_] | [_, "delta"] | ["groups", _, "members" | "transitiveMembers", ..]
    );
    if !is_listing {
        return Ok(());
    }
    if scene.strikes(scene.settings.faults.directory_throttled) {
        return Err(units::sudden(call, scene.chance));
    }
    if scene.strikes(scene.settings.faults.directory_denied) {
        return Err(error::authorization_denied());
    }
    if scene.strikes(scene.settings.faults.directory_missing) {
        return Err(error::resource_not_found(path.last().unwrap_or(&"")));
    }
    Ok(())
}

fn bind(options: &mut Options, kind: Kind) -> Result<(), Done> {
    let bound = options.bind(kind.entity(), &|name| kind.canonical(name));
    bound.map_err(|bad| refused(&bad))
}

fn refused(bad: &BadQuery) -> Done {
    error::error(400, bad.code(), &bad.message())
}
