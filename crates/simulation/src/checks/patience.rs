//! Patience: an item that is always refused is tried again ever more rarely (I26).

use super::Monitor;
use model::link::Part;
use model::{EntryId, MemberId, Millis, Timestamp};
use std::collections::BTreeMap;
use store::{LedgerRow, Phase};

/// 15 minutes, then twice as long each time: seven refusals in a day, and one for a start in between.
const REFUSALS_MAX: usize = 8;

/// Counts the refusals of every card within a day.
pub fn patient(monitor: &mut Monitor, ledger: &[LedgerRow], now: Timestamp) {
    let mut refused: BTreeMap<(MemberId, EntryId, Option<Part>), Vec<Timestamp>> = BTreeMap::new();
    for row in ledger.iter().filter(|r| is_refusal(r)) {
        if let (Some(member), Some(entry)) = (row.member, row.entry) {
            refused
                .entry((member, entry, row.part))
                .or_default()
                .push(row.at);
        }
    }
    for ((member, entry, part), at) in refused {
        let in_a_day = |end: &Timestamp| {
            // An edited policy may have taken its card out, and in again: that is a start of its own.
            let edits = monitor.standing.edited_at.iter().filter(|t| *t <= end);
            let begin = edits.max().copied().unwrap_or(Timestamp(0));
            let day = at
                .iter()
                .filter(|t| (begin..=*end).contains(t) && end.since(**t) <= Millis::days(1));
            day.count()
        };
        let most = at.iter().map(in_a_day).max().unwrap_or(0);
        monitor.check("I26", most <= REFUSALS_MAX, now, || {
            format!("{part:?} of {entry} was refused {most} times in a day in member {member}")
        });
    }
}

fn is_refusal(row: &LedgerRow) -> bool {
    row.phase == Phase::After && row.detail.ends_with("refused")
}
