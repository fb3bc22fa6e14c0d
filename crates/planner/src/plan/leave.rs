//! A mailbox that left the audience, or whose tunnel was removed: copies are taken back or kept.

use super::linked::{bury, let_keep, remove};
use super::unlinked::orphans;
use super::{Input, Sight, forget, note, sight};
use crate::adopt::Strangers;
use crate::photo::waiting;
use crate::settle::is_about_being;
use model::EntryId;
use model::link::Part;
use model::member::MemberState;
use model::plan::{Plan, Proof, Reason};
use std::collections::BTreeSet;

/// The mailbox left the audience, or the tunnel was removed.
pub(super) fn leave(input: &Input, plan: &mut Plan) {
    let keeps = input.member.state == MemberState::LeavingKeep;
    if keeps {
        let fact = input
            .member
            .leaving
            .as_ref()
            .map_or("", |l| l.fact.as_str());
        note(plan, None, None, Reason::CopiesKept, fact);
    }
    for ((entry, part), link) in input.links {
        let Some(item) = &link.item else { continue };
        // Nobody looks into a mailbox that keeps what it has.
        let doubt = link.sent.as_ref().map(|sent| sent.op);
        let unknowable = keeps && doubt.is_some_and(is_about_being);
        if let Some(reason) = waiting(link, input.now).filter(|_| !unknowable) {
            note(plan, Some(*entry), Some(item), reason, "");
            continue;
        }
        match (part, input.member.state, sight(input, item)) {
            (Part::Photo, _, _) => forget(plan, *entry, *part, false),
            (_, MemberState::LeavingKeep, _) => let_keep(link, plan),
            (_, _, Sight::Gone) => bury(link, plan),
            (_, _, Sight::Unseen) => note(plan, Some(*entry), Some(item), Reason::Unseen, ""),
            (_, _, sight) => remove(input, link, item, Proof::LeftAudience, sight, plan),
        }
    }
    if input.member.state == MemberState::LeavingRemove {
        leave_strays(input, plan);
    }
}

/// Cards of ours in a leaving mailbox that nobody remembers: the store was lost since they were made.
fn leave_strays(input: &Input, plan: &mut Plan) {
    let strangers = Strangers::of(input);
    let borne: BTreeSet<EntryId> = strangers.borne().collect();
    for entry in borne {
        let link = input.links.get(&(entry, Part::Core));
        if link.is_none_or(|l| l.item.is_none()) {
            let used = link.map_or(0, |l| l.generation);
            orphans(input, &strangers, entry, used, plan);
        }
    }
}
