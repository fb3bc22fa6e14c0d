//! The slow census: what no delta tells (kinds of mailbox, photos, managers), asked 20 to a batch.

use crate::answer::page;
use crate::batches::{Question, Reply};
use crate::error::Place;
use crate::paging::Listing;
use crate::request::Plain;
use crate::request::directory::managers;
use crate::request::mailbox as request;
use crate::send::{Answer, Call};
use crate::{Graph, GraphError, TenantRef};
use bytes::Bytes;
use model::person::MailboxKind;
use model::seam::Response;
use model::{ItemId, MailboxId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What each mailbox is for; an error is about that mailbox alone.
pub type Purposes = BTreeMap<MailboxId, Result<MailboxKind, GraphError>>;

/// The version of each user's photo, `None` where there is none; an error is about that user alone.
pub type PhotoTags = BTreeMap<String, Result<Option<String>, GraphError>>;

/// The version of each contact's photo, `None` where there is none; an error is about that contact alone.
pub type ContactPhotoTags = BTreeMap<ItemId, Result<Option<String>, GraphError>>;

impl Graph {
    /// `mailboxSettings/userPurpose` of each mailbox. [`MailboxKind::None`]: there is no usable mailbox.
    pub async fn mailbox_kinds(
        &self,
        tenant: &TenantRef,
        mailboxes: &[MailboxId],
    ) -> Result<Purposes, GraphError> {
        let questions = questions(mailboxes.iter().map(MailboxId::as_str), request::purpose);
        let doing = "asking what a mailbox is for";
        let replies = self.inner.ask_many(tenant, doing, &questions).await?;
        let kind = |(mailbox, reply): (&MailboxId, Reply)| {
            let place = place(tenant, mailbox.as_str(), doing);
            (
                mailbox.clone(),
                reply.and_then(|answer| purpose(answer, place)),
            )
        };
        Ok(mailboxes.iter().zip(replies).map(kind).collect())
    }

    /// The media etag of each user's photo: it changes whenever the photo does.
    pub async fn photo_tags(
        &self,
        tenant: &TenantRef,
        users: &[String],
    ) -> Result<PhotoTags, GraphError> {
        let questions = questions(users.iter().map(String::as_str), request::photo_tag);
        let doing = "asking for the version of a photo";
        let replies = self.inner.ask_many(tenant, doing, &questions).await?;
        let tag = |(user, reply): (&String, Reply)| {
            let place = place(tenant, user, doing);
            (
                user.clone(),
                reply.and_then(|answer| photo_tag(answer, place)),
            )
        };
        Ok(users.iter().zip(replies).map(tag).collect())
    }

    /// The media etag of the photo of each of these contacts of one mailbox.
    pub async fn contact_photo_tags(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        contacts: &[ItemId],
    ) -> Result<ContactPhotoTags, GraphError> {
        let question = |id: &ItemId| Question {
            mailbox: mailbox.clone(),
            plain: request::contact_photo_tag(mailbox.as_str(), id.as_str()),
        };
        let questions: Vec<Question> = contacts.iter().map(question).collect();
        let doing = "asking for the version of a contact's photo";
        let replies = self.inner.ask_many(tenant, doing, &questions).await?;
        let tag = |(id, reply): (&ItemId, Reply)| {
            let place = place(tenant, mailbox.as_str(), doing);
            (id.clone(), reply.and_then(|a| photo_tag(a, place)))
        };
        Ok(contacts.iter().zip(replies).map(tag).collect())
    }

    /// The photo of a user itself.
    pub async fn photo(&self, tenant: &TenantRef, user: &str) -> Result<Option<Bytes>, GraphError> {
        let mailbox = MailboxId::from(user);
        self.photo_bytes(tenant, &mailbox, &request::photo(user))
            .await
    }

    /// The photo of a contact itself.
    pub async fn contact_photo(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        contact: &ItemId,
    ) -> Result<Option<Bytes>, GraphError> {
        let plain = request::contact_photo(mailbox.as_str(), contact.as_str());
        self.photo_bytes(tenant, mailbox, &plain).await
    }

    async fn photo_bytes(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        plain: &Plain,
    ) -> Result<Option<Bytes>, GraphError> {
        let call = Call::mailbox(tenant, mailbox, "reading a photo");
        let read = |r: &Response| match is_picture(&r.body) {
            true => Ok(r.body.clone()),
            false => Err("a photo that is no picture".to_owned()),
        };
        match self.inner.ask(call, plain, read).await? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) if fault.is_gone() || fault.is_no_mailbox() => Ok(None),
            Err(fault) => Err(fault.error(call.place())),
        }
    }

    /// The display name of every user's manager, by the user's object id: a delta cannot carry it.
    pub async fn managers(
        &self,
        tenant: &TenantRef,
    ) -> Result<BTreeMap<String, String>, GraphError> {
        let call = Call::directory(tenant, "reading who manages whom", 3);
        let mut listing = Listing::new(managers(self.inner.settings.directory_page));
        let mut found = BTreeMap::new();
        while let Some(page) = listing.next::<Managed>(&self.inner, call).await? {
            found.extend(page.into_iter().filter_map(Managed::name));
        }
        Ok(found)
    }
}

#[derive(Deserialize)]
struct Managed {
    id: String,
    manager: Option<Manager>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manager {
    display_name: Option<String>,
}

impl Managed {
    fn name(self) -> Option<(String, String)> {
        let name = self.manager?.display_name?;
        (!name.trim().is_empty()).then_some((self.id, name))
    }
}

fn questions<'a>(
    mailboxes: impl Iterator<Item = &'a str>,
    ask: impl Fn(&str) -> Plain,
) -> Vec<Question> {
    let question = |mailbox: &str| Question {
        mailbox: MailboxId::from(mailbox),
        plain: ask(mailbox),
    };
    mailboxes.map(question).collect()
}

fn place(tenant: &TenantRef, mailbox: &str, doing: &'static str) -> Place {
    Place {
        tenant: tenant.name.clone(),
        mailbox: Some(MailboxId::from(mailbox)),
        doing,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    user_purpose: String,
}

fn purpose(answer: Answer<Response>, at: Place) -> Result<MailboxKind, GraphError> {
    match answer {
        Ok(response) => page::read::<Settings>(&response.body)
            .map(|settings| kind(&settings.user_purpose))
            .map_err(|detail| GraphError::Malformed { at, detail }),
        Err(fault) if fault.is_no_mailbox() || fault.is_gone() => Ok(MailboxKind::None),
        Err(fault) => Err(fault.error(at)),
    }
}

fn kind(purpose: &str) -> MailboxKind {
    match purpose {
        "user" => MailboxKind::User,
        "linked" => MailboxKind::Linked,
        "shared" => MailboxKind::Shared,
        "room" => MailboxKind::Room,
        "equipment" => MailboxKind::Equipment,
        // Graph adds members to enums at any time: `unknownFutureValue` and its like.
        _ => MailboxKind::Others,
    }
}

#[derive(Deserialize)]
struct PhotoInfo {
    #[serde(rename = "@odata.mediaEtag")]
    etag: Option<String>,
}

fn photo_tag(answer: Answer<Response>, at: Place) -> Result<Option<String>, GraphError> {
    let none = "a photo without a version".to_owned();
    match answer {
        Ok(response) => page::read::<PhotoInfo>(&response.body)
            .and_then(|info| info.etag.ok_or(none))
            .map(Some)
            .map_err(|detail| GraphError::Malformed { at, detail }),
        Err(fault) if fault.is_no_mailbox() || fault.is_gone() => Ok(None),
        Err(fault) => Err(fault.error(at)),
    }
}

/// JPEG, PNG, GIF, BMP or WebP. The bytes decide: a proxy's page of trouble comes with status 200, too.
fn is_picture(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM"];
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    is_webp || BEGINNINGS.iter().any(|begin| bytes.starts_with(begin))
}
