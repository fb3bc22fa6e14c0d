//! One mailbox: contact folders, contacts, photos, categories, settings.

#[derive(Clone, Debug)]
pub struct Mailbox {}
