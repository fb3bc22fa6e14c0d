//! Questions to the directory.

use super::Plain;
use super::url::{literal, query, segment};
use crate::Directory;
use crate::wire::person::{ORG_CONTACT_SELECT, USER_SELECT};

/// The first page of a delta round.
pub fn people_delta(what: Directory, page: u32) -> Plain {
    let path = match what {
        Directory::Users => format!("/users/delta?$select={USER_SELECT}"),
        Directory::OrgContacts => format!("/contacts/delta?$select={ORG_CONTACT_SELECT}"),
    };
    Plain::get(path).page_of(page)
}

pub fn group_by_id(id: &str) -> Plain {
    Plain::get(format!("/groups/{}?$select=id,displayName", segment(id)))
}

pub fn group_by_name(name: &str) -> Plain {
    let filter = query(&format!("displayName eq {}", literal(name)));
    Plain::get(format!(
        "/groups?$filter={filter}&$select=id,displayName&$top=100"
    ))
}

/// Members of one type, with the count that the pages must add up to.
pub fn members(group: &str, kind: &str, page: u32) -> Plain {
    let group = segment(group);
    Plain::get(format!(
        "/groups/{group}/transitiveMembers/microsoft.graph.{kind}?$count=true&$select=id&$top={page}"
    ))
    .eventual()
}

pub fn user(id: &str) -> Plain {
    Plain::get(format!("/users/{}?$select=id", segment(id)))
}

pub fn org_contact(id: &str) -> Plain {
    Plain::get(format!("/contacts/{}?$select=id", segment(id)))
}

/// The path form finds principal names only.
pub fn user_by_mail(address: &str) -> Plain {
    let filter = query(&format!("mail eq {}", literal(address)));
    Plain::get(format!("/users?$filter={filter}&$select=id"))
}

pub fn managers(page: u32) -> Plain {
    Plain::get(format!(
        "/users?$select=id&$expand=manager($select=id,displayName)&$top={page}"
    ))
}

pub fn organization() -> Plain {
    Plain::get("/organization?$select=id,displayName".to_owned())
}

/// Our own app roles; readable only where the app may read applications.
pub fn own_app_roles(client_id: &str) -> Plain {
    let key = query(&literal(client_id));
    Plain::get(format!(
        "/servicePrincipals(appId={key})/appRoleAssignments?$select=appRoleId"
    ))
}
