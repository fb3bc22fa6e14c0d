//! Stamps: our mark inside a card, bound to the mailbox it was written for.
//!
//! Text: `v1|catalog|entry|generation|mac`, where `mac` is 16 bytes (hex) of an HMAC over mailbox, catalog,
//! entry and generation. A stamp that is found in another mailbox, or that someone made up, does not verify:
//! the card is a user's.

use crate::identity::{hmac, short_hex};
use model::mutant::{self, Mutant};
use model::{CatalogId, EntryId, MailboxId};

/// The key that seals stamps; derived from the operator's root key.
#[derive(Clone)]
pub struct StampKey(pub [u8; 32]);

impl std::fmt::Debug for StampKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StampKey(…)")
    }
}

/// Whose stamp is it?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Ours {
        catalog: CatalogId,
        entry: EntryId,
        generation: u32,
    },
    /// Another mailbox's, another operator's, or made up.
    Foreign,
}

/// The text to put into a card of `mailbox`.
pub fn write(
    key: &StampKey,
    mailbox: &MailboxId,
    catalog: CatalogId,
    entry: EntryId,
    generation: u32,
) -> String {
    let mac = seal(key, mailbox, catalog, entry, generation);
    format!("v1|{catalog}|{entry}|{generation}|{mac}")
}

/// Reads a stamp found in a card of `mailbox`.
pub fn read(text: &str, mailbox: &MailboxId, key: &StampKey) -> Mark {
    parse(text)
        .filter(|(catalog, entry, generation, mac)| {
            same(&seal(key, mailbox, *catalog, *entry, *generation), mac)
        })
        .map_or(Mark::Foreign, |(catalog, entry, generation, _)| {
            Mark::Ours {
                catalog,
                entry,
                generation,
            }
        })
}

fn parse(text: &str) -> Option<(CatalogId, EntryId, u32, &str)> {
    let parts: Vec<&str> = text.trim().split('|').collect();
    let ["v1", catalog, entry, generation, mac] = parts[..] else {
        return None;
    };
    Some((
        CatalogId::parse(catalog)?,
        EntryId::parse(entry)?,
        generation.parse().ok()?,
        mac,
    ))
}

fn seal(
    key: &StampKey,
    mailbox: &MailboxId,
    catalog: CatalogId,
    entry: EntryId,
    generation: u32,
) -> String {
    let bound = if mutant::on(Mutant::A8) {
        ""
    } else {
        mailbox.as_str()
    };
    let parts = [
        bound,
        &catalog.to_string(),
        &entry.to_string(),
        &generation.to_string(),
    ];
    short_hex(&hmac(&key.0, &parts))
}

/// Compares without telling by its duration where the texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StampKey = StampKey([3; 32]);

    #[test]
    fn a_stamp_is_ours_only_in_the_mailbox_it_was_written_for() {
        let (anna, ben) = (MailboxId::from("anna"), MailboxId::from("ben"));
        let text = write(&KEY, &anna, CatalogId(1), EntryId(2), 3);
        let ours = Mark::Ours {
            catalog: CatalogId(1),
            entry: EntryId(2),
            generation: 3,
        };
        assert_eq!(read(&text, &anna, &KEY), ours);
        assert_eq!(read(&text, &ben, &KEY), Mark::Foreign);
        assert_eq!(read(&text, &anna, &StampKey([4; 32])), Mark::Foreign);
    }

    #[test]
    fn a_changed_stamp_is_foreign() {
        let anna = MailboxId::from("anna");
        let text = write(&KEY, &anna, CatalogId(1), EntryId(2), 3);
        for changed in [
            text.replace("|3|", "|4|"),
            text.replace("v1", "v2"),
            format!("{text}|"),
            String::new(),
        ] {
            assert_eq!(read(&changed, &anna, &KEY), Mark::Foreign, "{changed}");
        }
    }
}
