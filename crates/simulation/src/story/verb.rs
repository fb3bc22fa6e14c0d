//! Verbs: what a statement asks for.

use super::traits::Traits;
use crate::armed::{Calls, Moment};
use model::Millis;

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// The town at the beginning; later on: somebody comes, somebody writes a card.
    Person(Traits),
    OrgContact(Traits),
    Shared(String),
    Group(String, Vec<String>),
    Card {
        mailbox: String,
        folder: String,
        card: Traits,
    },
    /// The policy in force from here on.
    Policy(String),
    InMailbox(String, InMailbox),
    Admin(Admin),
    Work(Work),
    Trouble(Trouble),
    Show(Show),
}

/// What somebody does in a mailbox.
#[derive(Clone, Debug, PartialEq)]
pub enum InMailbox {
    Edit(String, Traits),
    Move(String, String),
    Copy(String, String),
    /// To another mailbox, mark and all.
    Carry(String, String),
    Delete(String),
    Purge(String),
    Restore(String),
    RenameFolder(String, String),
    DeleteFolder(String),
    EmptyFolder(String),
    LoseCursors,
}

/// What admins and operators do.
#[derive(Clone, Debug, PartialEq)]
pub enum Admin {
    Change(String, Traits),
    Rename(String, String),
    Enable(String, bool),
    Remove(String),
    BringBack(String),
    Erase(String),
    Join(String, String),
    Leave(String, String),
    CloseMailbox(String),
    OpenMailbox(String),
    Consent(bool),
    Pause(String),
    Resume(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    Run { full: bool, workers: usize },
    Plan,
    Approve,
    Reject,
    Start(usize),
    Wait(Millis),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    Strike {
        fault: String,
        calls: Calls,
        times: u64,
    },
    Rate(String, f64),
    Over,
    Quirk(String, bool),
    Crash(usize),
    Freeze(usize, Millis),
    FreezeAt(Calls, Millis),
    CrashAt(Moment, Calls),
    CrashAtPoll(u64),
    LoseStore,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    Folder(String, Option<String>),
    Run,
    Holds,
    Requests,
    Ledger,
    Why(String, String),
    /// Holds the end state against the directory and the policy.
    Check,
}
