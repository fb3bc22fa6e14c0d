//! Where equal content lies once: the same contact in a thousand mailboxes costs one body.

use crate::{
    chance::{hash, mix},
    fleet::photo::portrait,
};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// The properties of a contact that are set, in Graph's form. Never changed in place.
pub type Content = Map<String, Value>;

/// A picture; those of a fleet are painted when somebody looks.
#[derive(Debug)]
pub struct Photo {
    pub content_type: String,
    portrait: u64,
    bytes: OnceLock<Bytes>,
}

/// Side of a fleet's portraits in pixels.
const PORTRAIT_SIDE: u16 = 240;

impl Photo {
    pub fn bytes(&self) -> &Bytes {
        self.bytes
            .get_or_init(|| portrait(self.portrait, PORTRAIT_SIDE))
    }

    /// Equal pictures have equal hashes.
    pub fn hash(&self) -> u64 {
        hash(self.bytes())
    }
}

/// Contents and pictures by their hash.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    contents: BTreeMap<u64, Vec<Arc<Content>>>,
    photos: BTreeMap<u64, Arc<Photo>>,
    names: BTreeMap<Arc<str>, ()>,
    kept: usize,
    sweep_at: usize,
}

impl Shelf {
    /// The shared form of `content`.
    pub fn content(&mut self, content: Content) -> Arc<Content> {
        let key = hash_of(&content);
        let same = self.contents.entry(key).or_default();
        if let Some(found) = same.iter().find(|c| ***c == content) {
            return found.clone();
        }
        let content = Arc::new(content);
        same.push(content.clone());
        self.kept += 1;
        self.sweep();
        content
    }

    pub fn photo(&mut self, content_type: &str, bytes: Bytes) -> Arc<Photo> {
        let key = hash(&bytes) ^ hash(content_type.as_bytes());
        let photo = || {
            let photo = Photo {
                content_type: content_type.to_owned(),
                portrait: 0,
                bytes: OnceLock::from(bytes),
            };
            Arc::new(photo)
        };
        self.photos.entry(key).or_insert_with(photo).clone()
    }

    /// The picture of a fleet's portrait number.
    pub fn portrait(&mut self, number: u64) -> Arc<Photo> {
        let photo = || {
            let photo = Photo {
                content_type: "image/jpeg".to_owned(),
                portrait: number,
                bytes: OnceLock::new(),
            };
            Arc::new(photo)
        };
        self.photos
            .entry(mix(number ^ 0x706f_7274))
            .or_insert_with(photo)
            .clone()
    }

    /// The shared form of a name that occurs often, e.g. of an extended property.
    pub fn name(&mut self, name: &str) -> Arc<str> {
        if let Some((found, ())) = self.names.get_key_value(name) {
            return found.clone();
        }
        let name: Arc<str> = Arc::from(name);
        self.names.insert(name.clone(), ());
        name
    }

    /// Lets go of what nobody holds any more, each time the shelf has doubled.
    fn sweep(&mut self) {
        if self.kept < self.sweep_at.max(1024) {
            return;
        }
        self.contents.retain(|_, same| {
            same.retain(|c| Arc::strong_count(c) > 1);
            !same.is_empty()
        });
        self.photos.retain(|_, photo| Arc::strong_count(photo) > 1);
        self.kept = self.contents.values().map(Vec::len).sum();
        self.sweep_at = self.kept * 2;
    }
}

fn hash_of(content: &Content) -> u64 {
    hash(&serde_json::to_vec(content).unwrap_or_default())
}
