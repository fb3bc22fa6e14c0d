//! What every store must do, said in verbs only: each fact holds in memory, and on disk with its threads.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod bench;
mod catalogs;
mod collections;
mod folder;
mod lanes;
mod ledger;
mod members;
mod notices;
mod plans;
mod protocol;
mod runs;
mod seals;
mod support;
