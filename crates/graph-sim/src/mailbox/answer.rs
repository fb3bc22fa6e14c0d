//! The map of a mailbox: which path leads to which call.

use super::store::{CONTACTS, Condition, Doer, Mailbox};
use crate::{call::Call, done::Done, error, event::Actor, scene::Scene};

const READ: &[&str] = &["Contacts.Read", "Contacts.ReadWrite"];
const WRITE: &[&str] = &["Contacts.ReadWrite"];
const READ_SETTINGS: &[&str] = &["MailboxSettings.Read", "MailboxSettings.ReadWrite"];
const WRITE_SETTINGS: &[&str] = &["MailboxSettings.ReadWrite"];

/// Whether what follows `users/{key}` is the mailbox's and not the directory's.
pub fn is_mailbox_path(path: &[&str]) -> bool {
    matches!(
        path.first(),
        Some(
            &("contacts"
                | "contactFolders"
                | "outlook"
                | "mailboxSettings"
                | "translateExchangeIds")
        )
    )
}

impl Mailbox {
    /// Answers a call whose path is `users/{key}/…`; that the app may is checked before.
    pub fn answer(&mut self, call: &Call, scene: &mut Scene) -> Done {
        if let Err(done) = self.reach(call.now_ms) {
            return done;
        }
        let segments = call.segments();
        let path = segments.get(2..).unwrap_or(&[]);
        self.route(path, call, scene).unwrap_or_else(|done| done)
    }

    fn reach(&mut self, now_ms: i64) -> Result<(), Done> {
        match self.condition {
            Condition::Ready => Ok(()),
            Condition::Provisioning { ready_ms } if now_ms >= ready_ms => {
                self.condition = Condition::Ready;
                Ok(())
            }
            Condition::Moving { until_ms } if now_ms >= until_ms => {
                self.condition = Condition::Ready;
                Ok(())
            }
            Condition::Moving { .. } => Err(error::mailbox_moving()),
            _ => Err(error::mailbox_not_enabled()),
        }
    }

    fn route(&mut self, path: &[&str], call: &Call, scene: &mut Scene) -> Result<Done, Done> {
        match path {
            ["contacts", rest @ ..] => self.contacts(CONTACTS, None, rest, call, scene),
            ["contactFolders", rest @ ..] => self.folders_under(CONTACTS, true, rest, call, scene),
            ["outlook", "masterCategories", rest @ ..] => self.categories(rest, call, scene),
            ["mailboxSettings", rest @ ..] => self.settings(rest, call),
            ["translateExchangeIds"] => self.translate(call),
            _ => Err(error::unknown_segment(path.last().unwrap_or(&""))),
        }
    }

    /// `within` is the folder that an item must be in; `/users/{id}/contacts/{id}` reaches all.
    pub(super) fn contacts(
        &mut self,
        folder: u32,
        within: Option<u32>,
        rest: &[&str],
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match (call.method.as_str(), rest) {
            ("GET", []) => self.list_contacts(folder, call, scene),
            ("GET", ["$count"]) => self.count_contacts(folder, call, scene),
            ("GET", ["delta"]) => self.contacts_delta(folder, call, scene),
            ("POST", []) => self.create_contact(folder, call, scene),
            (_, [id, tail @ ..]) => {
                let item = self.find_item(id, within, call.now_ms, scene)?;
                self.contact(item, tail, call, scene)
            }
            _ => Err(error::method_not_allowed()),
        }
    }

    fn contact(
        &mut self,
        item: u32,
        tail: &[&str],
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match (call.method.as_str(), tail) {
            ("GET", []) => self.get_contact(item, call),
            ("PATCH", []) => self.patch_contact(item, call, scene),
            ("DELETE", []) => self.delete_contact(item, call, scene),
            ("POST", ["permanentDelete"]) => self.purge_contact(item, call, scene),
            ("GET", ["photo"]) => self.photo_metadata(item, call),
            ("GET", ["photo", "$value"]) => self.photo_bytes(item),
            ("PUT" | "PATCH", ["photo" | "photos", ..]) => self.put_photo(item, call, scene),
            (_, ["photo" | "photos", ..] | [] | ["permanentDelete"]) => {
                Err(error::method_not_allowed())
            }
            _ => Err(error::unknown_segment(tail.last().unwrap_or(&""))),
        }
    }
}

/// The permissions of which a call needs one; `path` is what follows `users/{key}`.
pub fn permissions(method: &str, path: &[&str]) -> &'static [&'static str] {
    let settings = matches!(path.first(), Some(&("outlook" | "mailboxSettings")));
    match (settings, method == "GET") {
        (true, true) => READ_SETTINGS,
        (true, false) => WRITE_SETTINGS,
        (false, true) => READ,
        (false, false) if path == ["translateExchangeIds"] => READ,
        (false, false) => WRITE,
    }
}

/// The application behind a call.
pub fn doer(call: &Call) -> Doer {
    Doer {
        actor: Actor::App(call.bearer.app.clone()),
        now_ms: call.now_ms,
    }
}
