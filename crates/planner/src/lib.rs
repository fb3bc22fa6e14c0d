//! Every decision of a sync: who belongs, what a person's card says, what a mailbox needs, whether a run may go.
//!
//! This crate knows facts, rules, catalogs, links and looks. It must never know a clock, a socket, a database or
//! chance: the shell hands in the instant and everything else, and the same input always gives the same output.
//!
//! Two halves meet in the catalog:
//!
//! * **Facts to catalog**, once a round and book: [`compile::compile`] asks [`select`] and [`contribute`] who
//!   belongs and what they say, [`pair`] who is whom, [`merge`] what a view shows, [`audience`] who may see it.
//! * **Catalog to mailbox**, per member: [`plan::plan`] compares link, entry and look; [`tally`] counts,
//!   [`judge::judge`] guards the whole run; [`settle`] says what a link becomes of an outcome.
//!
//! # The table of [`plan::plan`]
//!
//! Guards come first: a write whose fate is not known waits (`AwaitingAnswer`), a refused one waits longer
//! (`Quarantined`). That several cards could be one entry is asked again by full looks only.
//!
//! | link | entry | look | becomes |
//! |---|---|---|---|
//! | copy | any | not answered, absent from a full look, said to be removed | note `Unseen`: prove it ([`plan::to_prove`]) |
//! | copy | live | here, or not mentioned by a look for changes | field by field ([`receive`]): `Update`, `Agree` or nothing; then the photo |
//! | copy | live | gone (proven) | `Create` of the next generation, or `Forget` as refused, by `on_user_delete` |
//! | copy, created | gone | here or not mentioned | `Delete` with its proof |
//! | copy, adopted | gone | here or not mentioned | `Update` that takes our fields back, `Forget`, note `AdoptedKept` |
//! | copy | gone | gone (proven) | `Agree` that it is over (`Forget` an adopted one) |
//! | copy | own card, left out | here or not mentioned | as gone, with the proof `LeftAudience` |
//! | copy | not in this view | here, in a full look, everything read | `Delete` as `Orphan`, and halt |
//! | copy | not in this view | any other | note `Orphan` |
//! | none, refused | live | any | note `UserDeleted` |
//! | none | live | one card with our stamp (the highest generation) | `Agree` with it, `Update` what differs |
//! | none | live | one user's card exactly equal, of one entry | `Agree` as adopted, `Update` what differs |
//! | none | live | several candidates | note `Ambiguous` |
//! | none | live | an equal card whose stamp was not read | note `Unseen`: prove it |
//! | none | live | nothing, and the folder was looked at in full before | `Create` |
//! | none | live | nothing, never looked at in full | note `Unseen` |
//! | none | own card, left out | any | note `OwnCard` |
//! | none | gone or unknown | a card with our stamp, in a full look, everything read | `Agree`, `Delete` as `Orphan`, and halt |
//! | none | gone or unknown | several cards with our stamp | `Agree` that there are several, note `Ambiguous` |
//! | none | gone or unknown | a card with our stamp, else | note `Orphan` |
//! | none | gone or unknown | nothing | nothing |
//!
//! Any further card with a stamp (another mailbox's, another book's, made up, a second one) is a user's copy: note
//! `UserCopy`, never touched. If none of two or more copies is there, the plan is halted (`FolderEmptied`). A
//! leaving member keeps (`Forget`) or gives back (`Delete` with `LeftAudience`) by the same rules.
//!
//! Photos need an item id: after creates and adoptions were settled, plan again (or ask [`photo::photo`]).

pub mod adopt;
pub mod attend;
pub mod audience;
pub mod change;
pub mod compare;
pub mod compile;
pub mod contribute;
pub mod expression;
pub mod identity;
pub mod judge;
pub mod merge;
pub mod moved;
pub mod notes;
pub mod pair;
pub mod phone;
pub mod photo;
pub mod plan;
pub mod rank;
pub mod receive;
pub mod round;
pub mod rules;
pub mod search;
pub mod select;
pub mod settle;
pub mod stamp;
pub mod tally;
pub mod views;
