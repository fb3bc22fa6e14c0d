//! Where equal content lies once: the same contact in a thousand mailboxes costs one body.

use crate::chance::hash;
use bytes::Bytes;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// The properties of a contact that are set, in Graph's form. Never changed in place.
pub type Content = Map<String, Value>;

/// A picture.
#[derive(Debug, PartialEq, Eq)]
pub struct Photo {
    pub content_type: String,
    pub bytes: Bytes,
    pub hash: u64,
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
            Arc::new(Photo {
                content_type: content_type.to_owned(),
                hash: hash(&bytes),
                bytes: bytes.clone(),
            })
        };
        self.photos.entry(key).or_insert_with(photo).clone()
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
