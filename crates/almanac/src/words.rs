//! What codes of the model are called in front of people.

use model::plan::{HaltReason, Reason};
use model::run::{MemberRunState, RunState, Trigger};

/// Why something was left alone, as it reads after "left alone:".
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::AwaitingAnswer => "a write may still arrive; we wait until we can know",
        Reason::Ambiguous => "several cards could be this person",
        Reason::UserCopy => "a copy that a user made",
        Reason::UserDeleted => "the user deleted the copy, and the tunnel respects that",
        Reason::Unseen => "not answered this time",
        Reason::Orphan => "a card of ours whose source is gone",
        Reason::Quarantined => "refused by Microsoft before; tried again later",
        Reason::Overflow => "more values than there are slots",
        Reason::Tugging => "overwritten too often; left to the user until the source changes",
        Reason::PhotoStays => "Graph cannot delete a photo",
        Reason::OwnCard => "the person's own card is left out",
        Reason::UserValueKept => "the rule keeps the user's value",
        Reason::SelectionUnknown => "whether the person is selected is not known",
        Reason::LeavingUnconfirmed => "seen leaving once; the next complete round decides",
        Reason::PhoneUnreadable => "a phone number that could not be understood is kept as written",
        Reason::AdoptedKept => "the user's own card stays; only our fields were taken back",
        Reason::FolderEmptied => "someone emptied the folder",
        Reason::CopiesKept => "the mailbox left; what it has stays and is no longer ours",
    }
}

/// Why a person must look.
pub fn halt(reason: HaltReason) -> &'static str {
    match reason {
        HaltReason::TooManyDeletes => "more deletions than the limits allow",
        HaltReason::TooManyBlankings => "more blanked fields than the limits allow",
        HaltReason::TooManyCreates => "more creations than the limits allow",
        HaltReason::FirstPlan => "the first plan waits for a person",
        HaltReason::RuleChanged => "people would leave because a rule changed",
        HaltReason::FolderEmptied => "a folder that had copies shows none",
        HaltReason::Orphans => "cards of ours without a living source",
        HaltReason::StampStripped => "the mailbox strips our mark",
    }
}

pub fn run_state(state: RunState) -> &'static str {
    match state {
        RunState::Planning => "planning",
        RunState::Planned => "planned",
        RunState::Held => "held",
        RunState::Performing => "performing",
        RunState::Done => "done",
        RunState::Incomplete => "incomplete",
        RunState::Rejected => "rejected",
        RunState::Cancelled => "cancelled",
        RunState::Stale => "stale",
    }
}

pub fn member_state(state: MemberRunState) -> &'static str {
    match state {
        MemberRunState::Waiting => "waiting",
        MemberRunState::Planned => "planned",
        MemberRunState::Performing => "performing",
        MemberRunState::Done => "done",
        MemberRunState::Deferred => "deferred",
        MemberRunState::Stale => "stale",
    }
}

pub fn trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Schedule => "schedule",
        Trigger::Command => "command",
        Trigger::Webhook => "webhook",
        Trigger::FullLook => "full look",
    }
}

/// `1 mailbox`, `25 mailboxes`.
pub fn count(n: u64, noun: &str) -> String {
    match (n, noun.ends_with('x')) {
        (1, _) => format!("1 {noun}"),
        (n, true) => format!("{n} {noun}es"),
        (n, false) => format!("{n} {noun}s"),
    }
}
