//! Microsoft Graph and Entra as we believe they behave: a state machine over raw JSON.
//!
//! This crate knows Microsoft's wire forms, limits and quirks, each quirk with its source. It must never
//! know how we speak to Graph or what we sync: it imports none of our crates, so that two readings of one
//! manual check each other.

pub mod fleet;
