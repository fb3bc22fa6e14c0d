//! Graph's JSON and our nouns: which field is called what, how values read and how they are written.

pub mod card;
pub mod contact;
pub mod names;
pub mod person;
pub mod restore;
pub mod text;
