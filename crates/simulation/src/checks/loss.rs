//! Loss: what the product does after it lost its memory: whoever has a living card of ours gets no second one (I34).

use super::Monitor;
use super::cards::Mark;
use super::lived::Life;
use graph_sim::{Event, Operation};
use model::{Millis, Timestamp};

/// What was sent before the loss may be committed so long after it.
const COMMITTED_WITHIN: Millis = Millis(150_000);

/// One committed change, which the lives of the cards know already.
pub fn event(monitor: &mut Monitor, event: &Event, ours: bool) {
    let Some(lost) = monitor.cards.lost_at() else {
        return;
    };
    let now = Timestamp(event.at_ms);
    if !ours || event.operation != Operation::Create || now.since(lost) <= COMMITTED_WITHIN {
        return;
    }
    let at = (event.mailbox.to_string(), event.item.to_string());
    let Some(mark) = monitor.lived.cards.get(&at).and_then(|l| l.mark) else {
        return;
    };
    let known = |l: &Life| {
        l.was_made_before(lost) && l.lies_in(&event.folder) && is_of(l, mark) && l.is_in_place()
    };
    let here = monitor.lived.cards.iter().filter(|((m, _), _)| *m == at.0);
    let known = here.filter(|(_, l)| known(l)).map(|((_, item), _)| item);
    let known: Option<String> = known.min().cloned();
    monitor.check("I34", known.is_none(), now, || {
        format!(
            "{} was made though {known:?} was there when the store was lost",
            at.1
        )
    });
}

fn is_of(life: &Life, mark: Mark) -> bool {
    life.mark
        .is_some_and(|m| (m.catalog, m.entry) == (mark.catalog, mark.entry))
}
