//! Questions to a mailbox: folders, contacts, photos.

use super::Plain;
use super::url::{literal, query, segment};
use crate::wire::names::{self, STAMP};
use bytes::Bytes;

/// A listing of folders: those below the default one, or the children of `parent`.
pub fn folders(mailbox: &str, parent: Option<&str>) -> Plain {
    let mailbox = segment(mailbox);
    let place = match parent {
        Some(parent) => format!("contactFolders/{}/childFolders", segment(parent)),
        None => "contactFolders".to_owned(),
    };
    let expand = query(names::expand_folder());
    Plain::get(format!(
        "/users/{mailbox}/{place}?$select=id,displayName,parentFolderId&$expand={expand}&$top=100"
    ))
}

/// Any contact of the default folder: its parent is the default folder (graph.md 2.3).
pub fn default_by_contact(mailbox: &str) -> Plain {
    let mailbox = segment(mailbox);
    Plain::get(format!(
        "/users/{mailbox}/contacts?$top=1&$select=parentFolderId"
    ))
}

/// The well-known name, which some say works and some say does not (graph.md 2.3).
pub fn default_by_alias(mailbox: &str) -> Plain {
    let mailbox = segment(mailbox);
    Plain::get(format!(
        "/users/{mailbox}/contactFolders/contacts?$select=id,displayName,parentFolderId"
    ))
}

pub fn create_folder(mailbox: &str, body: Vec<u8>) -> Plain {
    Plain::post(format!("/users/{}/contactFolders", segment(mailbox)), body)
}

/// Every contact of a folder, with stamps and extended fields.
pub fn contacts(mailbox: &str, folder: &str, page: u32) -> Plain {
    let expand = query(names::expand());
    Plain::get(format!(
        "{}?$select={}&$expand={expand}&$count=true&$top={page}",
        in_folder(mailbox, folder),
        names::select()
    ))
}

/// The first page of a delta round over a folder.
pub fn contacts_delta(mailbox: &str, folder: &str, page: u32) -> Plain {
    Plain::get(format!(
        "{}/delta?$select={},lastModifiedDateTime",
        in_folder(mailbox, folder),
        names::select()
    ))
    .page_of(page)
}

/// The contacts that carry one stamp.
pub fn by_stamp(mailbox: &str, folder: &str, stamp: &str) -> Plain {
    let filter = format!(
        "singleValueExtendedProperties/Any(ep: ep/id eq {} and ep/value eq {})",
        literal(STAMP),
        literal(stamp)
    );
    Plain::get(format!(
        "{}?$filter={}&$select={}&$expand={}",
        in_folder(mailbox, folder),
        query(&filter),
        names::select(),
        query(names::expand())
    ))
}

/// One contact by id, wherever it is in the mailbox.
pub fn contact(mailbox: &str, id: &str) -> Plain {
    Plain::get(format!(
        "{}?$select={},parentFolderId&$expand={}",
        item(mailbox, id),
        names::select(),
        query(names::expand())
    ))
}

/// One contact with everything that Graph shows of it.
pub fn raw_contact(mailbox: &str, id: &str) -> Plain {
    let expand = query(names::expand());
    Plain::get(format!("{}?$expand={expand}", item(mailbox, id)))
}

/// Changes a contact; `etag`: only if it is still at that version.
pub fn update(mailbox: &str, id: &str, etag: Option<String>, body: Vec<u8>) -> Plain {
    Plain {
        method: "PATCH",
        if_match: etag,
        ..Plain::post(item(mailbox, id), body)
    }
}

/// Into Deleted Items, or past it: a deletion through Graph leaves litter there (graph.md Q16).
pub fn delete(mailbox: &str, id: &str, etag: Option<String>, permanent: bool) -> Plain {
    let item = item(mailbox, id);
    let (method, path) = match permanent {
        true => ("POST", format!("{item}/permanentDelete")),
        false => ("DELETE", item),
    };
    Plain {
        method,
        if_match: etag,
        ..Plain::get(path)
    }
}

pub fn set_photo(mailbox: &str, id: &str, jpeg: Bytes) -> Plain {
    Plain {
        method: "PUT",
        content_type: Some("image/jpeg"),
        body: jpeg,
        ..Plain::get(format!("{}/photo/$value", item(mailbox, id)))
    }
}

pub fn purpose(mailbox: &str) -> Plain {
    Plain::get(format!(
        "/users/{}/mailboxSettings?$select=userPurpose",
        segment(mailbox)
    ))
}

pub fn photo_tag(user: &str) -> Plain {
    Plain::get(format!("/users/{}/photo", segment(user)))
}

pub fn photo(user: &str) -> Plain {
    Plain::get(format!("/users/{}/photo/$value", segment(user)))
}

pub fn contact_photo_tag(mailbox: &str, id: &str) -> Plain {
    Plain::get(format!("{}/photo", item(mailbox, id)))
}

pub fn contact_photo(mailbox: &str, id: &str) -> Plain {
    Plain::get(format!("{}/photo/$value", item(mailbox, id)))
}

pub fn in_folder(mailbox: &str, folder: &str) -> String {
    let (mailbox, folder) = (segment(mailbox), segment(folder));
    format!("/users/{mailbox}/contactFolders/{folder}/contacts")
}

pub fn item(mailbox: &str, id: &str) -> String {
    format!("/users/{}/contacts/{}", segment(mailbox), segment(id))
}
