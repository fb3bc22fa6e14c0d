//! Contact photos: metadata, bytes, and a PUT that changes the change key (graph.md 2.7).

use super::{
    answer::doer,
    store::{Changed, Mailbox},
};
use crate::{call::Call, done::Done, error, scene::Scene, shelf::Photo};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

/// Graph: "the total size of a request is limited to 4 MB".
const BYTES_MAX: usize = 4 * 1024 * 1024;

impl Mailbox {
    fn photo(&self, item: u32) -> Result<&Photo, Done> {
        let contact = self.items.get(&item).ok_or_else(error::item_not_found)?;
        contact.photo.as_deref().ok_or_else(error::item_not_found)
    }

    pub(super) fn photo_metadata(&self, item: u32, call: &Call) -> Result<Done, Done> {
        let photo = self.photo(item)?;
        let (width, height) = size(photo.bytes()).unwrap_or((240, 240));
        Ok(Done::ok(json!({
            "@odata.context": self.contacts_context(call, "contacts/photo/$entity"),
            "@odata.mediaContentType": photo.content_type,
            "@odata.mediaEtag": format!("\"{:016X}\"", photo.hash()),
            "id": format!("{width}X{height}"),
            "width": width,
            "height": height,
        })))
    }

    pub(super) fn photo_bytes(&self, item: u32) -> Result<Done, Done> {
        let photo = self.photo(item)?;
        let etag = format!("\"{:016X}\"", photo.hash());
        Ok(Done::bytes(&photo.content_type, photo.bytes().clone()).with("ETag", etag))
    }

    /// The body is the picture. Inside a `$batch` it comes as a base64 string.
    pub(super) fn put_photo(
        &mut self,
        item: u32,
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        let bytes = match &call.json {
            Some(Value::String(text)) => Bytes::from(
                STANDARD
                    .decode(text)
                    .map_err(|_| error::unreadable_body())?,
            ),
            Some(_) => return Err(error::unreadable_body()),
            None => call.body.clone(),
        };
        if bytes.is_empty() {
            return Err(error::body_required());
        }
        if bytes.len() > BYTES_MAX {
            return Err(error::body_too_large());
        }
        let kind = call.header("content-type").unwrap_or("image/jpeg");
        let kind = kind.split(';').next().unwrap_or(kind).trim();
        let kind = match kind.starts_with("image/") {
            true => kind,
            // Microsoft's SDKs say application/octet-stream (msgraph-sdk 1.65): the bytes decide.
            false => image_type(&bytes).ok_or_else(|| {
                error::error(400, "ErrorInvalidImage", "The content is not an image.")
            })?,
        };
        let photo = scene.shelf.photo(kind, bytes);
        let same = self
            .items
            .get(&item)
            .is_some_and(|c| c.photo.as_ref().is_some_and(|p| p.bytes() == photo.bytes()));
        let fields = if same {
            Vec::new()
        } else {
            vec!["photo".to_owned()]
        };
        let changed = Changed {
            photo: Some(photo),
            fields,
            ..Changed::default()
        };
        self.update(item, changed, &doer(call), scene);
        Ok(Done::empty(200))
    }
}

/// What kind of picture the bytes are.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        _ => None,
    }
}

/// Width and height of a PNG or JPEG.
pub fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.starts_with(b"\x89PNG") {
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        return Some((number(16)?, number(20)?));
    }
    let mut at = 2;
    while bytes.starts_with(&[0xff, 0xd8]) && at + 9 < bytes.len() {
        let (mark, kind) = (bytes[at], bytes[at + 1]);
        let number = |at: usize| u32::from(bytes[at]) << 8 | u32::from(bytes[at + 1]);
        if mark != 0xff {
            return None;
        }
        if matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
            return Some((number(at + 7), number(at + 5)));
        }
        at += 2 + number(at + 2) as usize;
    }
    None
}
