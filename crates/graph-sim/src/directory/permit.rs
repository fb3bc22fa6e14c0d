//! Which application permission opens which path of the directory (graph.md 1.7; permissions.json).

use crate::{call::Call, done::Done, error};

const USERS: &[&str] = &[
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const GROUPS: &[&str] = &[
    "Group.Read.All",
    "GroupMember.Read.All",
    "Group.ReadBasic.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const MEMBERS: &[&str] = &[
    "GroupMember.Read.All",
    "GroupMember.ReadBasic.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const MEMBER_OF: &[&str] = &[
    "User.Read.All",
    "GroupMember.Read.All",
    "Group.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const ORG_CONTACTS: &[&str] = &[
    "OrgContact.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const PHOTOS: &[&str] = &[
    "ProfilePhoto.Read.All",
    "ProfilePhoto.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
];
const ORGANIZATION: &[&str] = &[
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "User.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const DOMAINS: &[&str] = &[
    "Domain.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const LICENCES: &[&str] = &[
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const APPLICATIONS: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

/// The permissions of which any one opens `path`; nothing for what is not the directory's.
fn wanted(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        ["users", _, "photo" | "photos", ..] => PHOTOS,
        ["users", _, "memberOf" | "transitiveMemberOf", ..] => MEMBER_OF,
        ["users", ..] | ["directory", "deletedItems", "microsoft.graph.user", ..] => USERS,
        ["groups", _, "members" | "transitiveMembers", ..] => MEMBERS,
        ["groups", ..] | ["directory", "deletedItems", "microsoft.graph.group", ..] => GROUPS,
        ["contacts", ..] => ORG_CONTACTS,
        ["organization", ..] => ORGANIZATION,
        ["domains", ..] => DOMAINS,
        ["subscribedSkus", ..] => LICENCES,
        ["servicePrincipals", ..] => APPLICATIONS,
        _ => return None,
    })
}

/// The 403 of a directory call whose token lacks the permission.
pub(super) fn check(call: &Call, path: &[&str]) -> Result<(), Done> {
    match wanted(path) {
        Some(roles) if !call.may(roles) => Err(error::authorization_denied()),
        _ => Ok(()),
    }
}

/// Whether the caller may see more of a member than its type and id (Graph: permissions-reference,
/// "limited information returned for inaccessible member objects").
pub(super) fn sees(call: &Call, kind: super::schema::Kind) -> bool {
    use super::schema::Kind;
    call.may(match kind {
        Kind::User => USERS,
        Kind::OrgContact => ORG_CONTACTS,
        Kind::Group => GROUPS,
    })
}
