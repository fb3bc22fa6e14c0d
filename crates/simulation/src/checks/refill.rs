//! Refill: a folder that somebody emptied is filled again only by a plan that a person approved (I10).

use super::Monitor;
use super::cards::Mark;
use super::lived::{At, Taken};
use graph_sim::{Cloud, Event};
use model::{EntryId, Millis, RunId, Timestamp};
use std::collections::BTreeSet;
use store::{LedgerRow, Phase};

/// The first card that we made again in a folder in which none of several was left.
pub struct Refill {
    mailbox: String,
    item: String,
    missed: usize,
    since: Timestamp,
    at: Timestamp,
}

/// What was taken so long ago is seen by every look (lists lag by three minutes).
const SEEN_AFTER: Millis = Millis(15 * 60_000);
/// What was taken longer ago may have been decided on since.
const RECENT: Millis = Millis(8 * 3_600_000);

/// A card that we just made.
pub fn made(monitor: &mut Monitor, cloud: &Cloud, event: &Event, at: &At, mark: Mark) {
    let now = Timestamp(event.at_ms);
    let mut living = monitor.lived.cards.iter().filter(|(card, life)| {
        let here = card.0 == at.0 && card.1 != at.1 && life.lies_in(&event.folder);
        here && (life.ours || life.adopted)
    });
    if living.next().is_some() {
        return;
    }
    // Where the mailbox was out of the audience meanwhile, this is no refill: it begins anew.
    // So it may be for us where a group that says who is meant showed half of its members for one read (F44).
    let flaps = cloud.settings().faults.group_flaps > 0.0 && monitor.by_group;
    if flaps || monitor.standing.may_leave(&at.0, mark.catalog, mark.entry) {
        return;
    }
    let known = |taken: &&Taken| {
        let remembered = monitor
            .cards
            .lost_at()
            .is_none_or(|lost| lost < taken.made_at);
        taken.mailbox == at.0 && remembered && now.since(taken.at) < RECENT
    };
    let taken = monitor.lived.taken.iter().filter(known);
    let taken = taken.filter_map(|t| t.mark.map(|mark| (mark, t)));
    let taken: Vec<(Mark, &Taken)> = taken.filter(|(m, _)| m.catalog == mark.catalog).collect();
    let settled = taken.iter().all(|(_, t)| now.since(t.at) > SEEN_AFTER);
    let heard = taken.iter().filter(|(_, t)| !t.unheard);
    let missed: BTreeSet<EntryId> = heard.map(|(mark, _)| mark.entry).collect();
    let since = taken.iter().map(|(_, t)| t.at).max().unwrap_or(now);
    // Whoever wrote there since has seen the folder, and has asked or had no reason to.
    let mut writes = monitor.cards.writes.iter();
    let wrote = writes
        .any(|(mailbox, item, _, at_ms)| *mailbox == at.0 && *item != at.1 && *at_ms > since.0);
    if settled && !wrote && missed.len() >= 2 {
        monitor.count("a folder was emptied and filled again", 1);
        monitor.refills.push(Refill {
            mailbox: at.0.clone(),
            item: at.1.clone(),
            missed: missed.len(),
            since,
            at: now,
        });
    }
}

/// Which run made it, and did anybody approve that run?
pub fn asked(
    monitor: &mut Monitor,
    ledger: &[LedgerRow],
    approved: &BTreeSet<RunId>,
    now: Timestamp,
) {
    for refill in std::mem::take(&mut monitor.refills) {
        let made = |r: &&LedgerRow| {
            let item = r.item.as_ref().map(|item| item.as_str());
            r.act == "create" && r.phase == Phase::After && item == Some(refill.item.as_str())
        };
        let run = ledger.iter().filter(made).find_map(|r| r.run);
        // A plan that moves while it is carried out is followed by another one: the person has decided all the same.
        let mut decisions = ledger.iter().filter(|r| r.act == "approve");
        let decided = decisions.any(|r| r.at > refill.since && r.at <= refill.at);
        let holds = decided || run.is_none_or(|run| approved.contains(&run));
        monitor.check("I10", holds, now, || {
            let Refill { mailbox, item, missed, .. } = &refill;
            format!("{missed} cards of {mailbox} had been taken, and {item} was made again without asking")
        });
    }
}
