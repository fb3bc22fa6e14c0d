//! Identifiers: one newtype per idea, so that none can stand in another's place.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl $name {
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl From<&str> for $name { fn from(s: &str) -> Self { Self(s.to_owned()) } }
        impl From<String> for $name { fn from(s: String) -> Self { Self(s) } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )*};
}

text_id! {
    /// A tenant's short name in the configuration, for instance `contoso`.
    TenantName;
    /// A tunnel's stable id, for instance `t-7f3k2m`. Its name is only a label.
    TunnelId;
    /// A mailbox, by the directory object id of its user (lower case GUID).
    MailboxId;
    /// An item in a mailbox: Graph's immutable id. Case-sensitive, compared byte by byte.
    ItemId;
    /// A folder in a mailbox. Case-sensitive.
    FolderId;
    /// A version of one item as the server names it (`W/"…"`), opaque.
    Etag;
    /// The name of a target book: what a tunnel's `targets.folder` says.
    BookKey;
    /// A hash (hex) of what a plan would do; approval is of exactly one fingerprint.
    Fingerprint;
    /// Which sources a member may see, as a sorted list of `tunnel/source` keys hashed to hex.
    ViewId;
}

macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0) }
        }
    )*};
}

number_id! {
    /// A member: one collection that takes part in one catalog. Minted by the store.
    MemberId;
    /// One execution of a plan, counted up by the store.
    RunId;
    /// One merged content of an entry, kept once and shared by every mailbox. Minted by the store.
    ContentId;
}

macro_rules! wide_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);
        impl $name {
            /// Reads the 32 hex digits that `Display` prints; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:032x}", self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:032x}", self.0) }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected 32 hex digits"))
            }
        }
    )*};
}

wide_id! {
    /// A catalog: derived from the operator's root key, the tenant and the book, so that it survives the
    /// loss of the store.
    CatalogId;
    /// An entry of a catalog: derived from the identity of the person it was minted for, so that stamps
    /// found in mailboxes lead back to their person after the store was lost.
    EntryId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_ids_print_and_read_back() {
        let id = EntryId(0xabc);
        assert_eq!(EntryId::parse(&id.to_string()), Some(id));
        assert_eq!(EntryId::parse("abc"), None);
    }
}
