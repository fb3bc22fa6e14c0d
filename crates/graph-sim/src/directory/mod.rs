//! The directory of one tenant: users, org contacts, groups, the organization.

use crate::{call::Call, done::Done, fleet, scene::Scene};

mod act;

pub use act::DirectoryAct;

#[derive(Clone, Debug)]
pub struct Directory {}

impl Directory {
    pub fn new(_tenant: &fleet::Tenant, _now_ms: i64) -> Directory {
        Directory {}
    }

    /// Answers a call of the directory's own (users, contacts, groups, organization, user photos …);
    /// None when the path is not the directory's. Permissions are checked here.
    pub fn answer(&mut self, _call: &Call, _scene: &mut Scene) -> Option<Done> {
        None
    }

    /// The object id of a living user by object id or userPrincipalName, without regard to case.
    pub fn user_id(&self, _key: &str) -> Option<&str> {
        None
    }

    /// What an admin does. Changes are pushed to `scene.events`.
    pub fn act(&mut self, _act: &DirectoryAct, _now_ms: i64, _scene: &mut Scene) {}
}
