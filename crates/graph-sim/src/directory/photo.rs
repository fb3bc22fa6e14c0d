//! Photos of users: metadata and bytes (graph.md 2.7).

use super::Directory;
use super::store::{Object, Portrait};
use crate::fleet::{MailboxState, photo};
use crate::shelf::Photo;
use crate::{call::Call, done::Done, error, scene::Scene};
use serde_json::{Value, json};
use std::sync::Arc;

/// The sizes that Graph keeps; a picture is as large as the largest that fits what was uploaded.
const SIZES: [u16; 9] = [48, 64, 96, 120, 240, 360, 432, 504, 648];
/// How large the portraits of a fleet are.
const FULL: u16 = 240;

impl Directory {
    /// `/users/{key}/photo…`, where `path` begins with `photo` or `photos`.
    pub(super) fn photo(
        &mut self,
        call: &Call,
        key: &str,
        path: &[&str],
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let id = match self.user(key) {
            Some(user) => user.id.clone(),
            None => return Err(error::resource_not_found(key)),
        };
        let Some(user) = self.store.objects.get_mut(&id) else {
            return Err(error::resource_not_found(key));
        };
        if user.mailbox != MailboxState::Online {
            return Err(error::non_existent_mailbox());
        }
        match path {
            ["photo"] => Ok(Done::ok(one(call, &id, user, FULL, scene)?)),
            ["photo", "$value"] => value(user, FULL, scene),
            ["photos"] => list(call, &id, user, scene),
            ["photos", size] => Ok(Done::ok(one(call, &id, user, named(size)?, scene)?)),
            ["photos", size, "$value"] => value(user, named(size)?, scene),
            _ => Err(error::unknown_segment(path[path.len() - 1])),
        }
    }
}

fn one(
    call: &Call,
    id: &str,
    user: &mut Object,
    size: u16,
    scene: &mut Scene,
) -> Result<Value, Done> {
    let mut shown = metadata(user, size, scene)?;
    let context = format!("{}/$metadata#users('{id}')/photo/$entity", call.base);
    shown["@odata.context"] = context.into();
    Ok(shown)
}

fn list(call: &Call, id: &str, user: &mut Object, scene: &mut Scene) -> Result<Done, Done> {
    let kept = SIZES.into_iter().filter(|size| *size <= FULL);
    let value: Vec<Value> = kept
        .map(|size| metadata(user, size, scene))
        .collect::<Result<_, _>>()?;
    let context = format!("{}/$metadata#users('{id}')/photos", call.base);
    Ok(Done::ok(json!({"@odata.context": context, "value": value})))
}

fn metadata(user: &mut Object, size: u16, scene: &mut Scene) -> Result<Value, Done> {
    let picture = picture(user, FULL, scene)?;
    Ok(json!({
        "@odata.mediaContentType": picture.content_type,
        "@odata.mediaEtag": format!("\"{:016X}\"", picture.hash()),
        "id": format!("{size}x{size}"),
        "height": size,
        "width": size,
    }))
}

fn value(user: &mut Object, size: u16, scene: &mut Scene) -> Result<Done, Done> {
    let picture = picture(user, size, scene)?;
    let etag = format!("\"{:016X}\"", picture.hash());
    Ok(Done::bytes(&picture.content_type, picture.bytes().clone()).with("etag", etag))
}

/// The picture at a size. A fleet's portrait is drawn at the first look and then kept; what an admin set is
/// served as it came at every size.
fn picture(user: &mut Object, size: u16, scene: &mut Scene) -> Result<Arc<Photo>, Done> {
    let (seed, kept) = match &mut user.photo {
        None => return Err(error::image_not_found()),
        Some(Portrait::Taken(photo)) => return Ok(photo.clone()),
        Some(Portrait::Seed(seed, kept)) => (*seed, kept),
    };
    match kept {
        Some(photo) if size == FULL => Ok(photo.clone()),
        _ => {
            let photo = scene.shelf.photo("image/jpeg", photo::portrait(seed, size));
            if size == FULL {
                *kept = Some(photo.clone());
            }
            Ok(photo)
        }
    }
}

/// `120x120`, in either case, of the sizes there are.
fn named(size: &str) -> Result<u16, Done> {
    let size = size.to_ascii_lowercase();
    let known = SIZES.into_iter().filter(|known| *known <= FULL);
    let mut known = known.filter(|known| size == format!("{known}x{known}"));
    known.next().ok_or_else(error::image_not_found)
}
