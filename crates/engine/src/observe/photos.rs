//! Photos: of the directory's people by a slow census, of a folder's contacts whenever the contact changes.

use super::census::Question;
use super::{
    Changes, ObserveError, Observed, Observer, PHOTOS, USERS, encode, folder_key, folder_photos_key,
};
use bytes::Bytes;
use graph::GraphError;
use model::person::FolderSource;
use model::person::Person;
use model::{ItemId, MailboxId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The photo of a person: Microsoft's tag of it, our hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PhotoSeen {
    pub tag: Option<String>,
    pub hash: Option<String>,
}

impl PhotoSeen {
    /// The photo may have changed and could not be read: what we knew of it stands meanwhile, and it is asked again.
    fn is_doubtful(&self) -> bool {
        self.tag.is_some() != self.hash.is_some()
    }

    /// A tag and no photo: one of the two answers was wrong. What we knew stands until they agree.
    fn settled(self, before: Option<&Self>) -> Self {
        if self.tag.is_none() || self.hash.is_some() {
            return self;
        }
        match before.and_then(|seen| seen.hash.clone()) {
            Some(hash) => Self {
                tag: None,
                hash: Some(hash),
            },
            None => self,
        }
    }
}

impl Observer<'_> {
    pub(super) async fn photos(&self) -> Observed<()> {
        if self.age(PHOTOS).await? < self.engine.settings().photo_census
            && !self.has_new_people().await?
        {
            return Ok(());
        }
        let users: BTreeMap<String, Person> = self.items(USERS).await?;
        let known: BTreeMap<String, PhotoSeen> = self.items(PHOTOS).await?;
        let ids: Vec<String> = users.into_keys().collect();
        let mut changes: Changes = Vec::new();
        for (user, tag) in self
            .engine
            .graph()
            .photo_tags(&self.tenant.at, &ids)
            .await?
        {
            let Ok(tag) = tag else { continue };
            let before = known.get(&user);
            if before.is_some_and(|seen| seen.tag == tag && !seen.is_doubtful()) {
                continue;
            }
            let hash = match self.fetch_photo(&user, tag.is_some()).await {
                // One photo that cannot be read hurts nobody else.
                Err(ObserveError::Graph(GraphError::Malformed { .. })) => None,
                read => read?,
            };
            let seen = PhotoSeen { tag, hash }.settled(before);
            changes.push((user, Some(encode(&seen))));
        }
        self.save(PHOTOS, changes, None).await
    }

    async fn has_new_people(&self) -> Observed<bool> {
        let seen = self.seen(Question::Photos);
        let users = self.unless_seen(USERS, &seen).await?;
        let photos = self.unless_seen(PHOTOS, &seen).await?;
        let (Some(users), Some(photos)) = (users, photos) else {
            return Ok(false);
        };
        let asked = |key| photos.items.contains_key(key);
        let new = users.items.keys().any(|key| !asked(key));
        if !new {
            let seen = [(USERS, users.changed_at), (PHOTOS, photos.changed_at)];
            self.conclude(Question::Photos, seen, None);
        }
        Ok(new)
    }

    async fn fetch_photo(&self, user: &str, there: bool) -> Observed<Option<String>> {
        if !there {
            return Ok(None);
        }
        let photo = self.engine.graph().photo(&self.tenant.at, user).await?;
        self.keep(photo).await
    }

    /// Asks for the photos of contacts that this round says have changed, of those never asked, and of all
    /// once in a while: setting a photo changes the contact (graph.md 2.7), but nobody documents it.
    pub(super) async fn folder_photos(
        &self,
        source: &FolderSource,
        changes: &Changes,
    ) -> Observed<()> {
        let key = folder_photos_key(source);
        let known: BTreeMap<String, PhotoSeen> = self.items(&key).await?;
        let mut here: BTreeSet<String> = self.raw(&folder_key(source)).await?.into_keys().collect();
        let (mut due, mut saved) = (BTreeSet::new(), Changes::new());
        for (id, person) in changes {
            match person {
                Some(_) => {
                    here.insert(id.clone());
                    due.insert(id.clone());
                }
                None => {
                    here.remove(id);
                    saved.extend(known.get(id).map(|_| (id.clone(), None)));
                }
            }
        }
        let old = self.age(&key).await? >= self.engine.settings().photo_census;
        let ask = |id: &&String| known.get(*id).is_none_or(|seen| old || seen.is_doubtful());
        due.extend(here.iter().filter(ask).cloned());
        if due.is_empty() && saved.is_empty() {
            return Ok(());
        }
        saved.extend(self.contact_photos(source, &due, &known).await?);
        self.save(&key, saved, None).await
    }

    async fn contact_photos(
        &self,
        source: &FolderSource,
        due: &BTreeSet<String>,
        known: &BTreeMap<String, PhotoSeen>,
    ) -> Observed<Changes> {
        let mut changes = Changes::new();
        if due.is_empty() {
            return Ok(changes);
        }
        let (graph, at) = (self.engine.graph(), &self.tenant.at);
        let mailbox = graph.source_mailbox(at, &source.address).await?;
        let ids: Vec<ItemId> = due.iter().map(|id| ItemId::from(id.as_str())).collect();
        for (id, tag) in graph.contact_photo_tags(at, &mailbox, &ids).await? {
            let before = known.get(id.as_str());
            let seen = match tag {
                Ok(tag) if before.is_some_and(|seen| seen.tag == tag && !seen.is_doubtful()) => {
                    continue;
                }
                Ok(tag) => unless_it_fails(self.contact_photo(&mailbox, &id, tag).await)?
                    .map(|seen| seen.settled(before)),
                Err(_) => None,
            };
            changes.push((
                id.0,
                seen.or_else(|| doubt(before)).map(|seen| encode(&seen)),
            ));
        }
        Ok(changes)
    }

    async fn contact_photo(
        &self,
        mailbox: &MailboxId,
        id: &ItemId,
        tag: Option<String>,
    ) -> Observed<PhotoSeen> {
        let (graph, at) = (self.engine.graph(), &self.tenant.at);
        let bytes = match &tag {
            Some(_) => graph.contact_photo(at, mailbox, id).await?,
            None => None,
        };
        Ok(PhotoSeen {
            hash: self.keep(bytes).await?,
            tag,
        })
    }

    async fn keep(&self, photo: Option<Bytes>) -> Observed<Option<String>> {
        let Some(bytes) = photo else {
            return Ok(None);
        };
        let store = self.engine.store();
        Ok(Some(store.put_blob(&self.tenant.at.name, &bytes).await?))
    }
}

/// One photo that cannot be read hurts no other.
fn unless_it_fails(read: Observed<PhotoSeen>) -> Observed<Option<PhotoSeen>> {
    match read {
        Ok(seen) => Ok(Some(seen)),
        Err(ObserveError::Graph(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What stands until the photo can be asked for; where none was known, nothing does.
fn doubt(before: Option<&PhotoSeen>) -> Option<PhotoSeen> {
    let hash = before?.hash.clone()?;
    Some(PhotoSeen {
        tag: None,
        hash: Some(hash),
    })
}
