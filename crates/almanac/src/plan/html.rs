//! Plans as one page for the client to read: self-contained, printable, no script.

use super::{BookPlan, Group, Totals, sign, verb};
use crate::words::{self, count};
use askama::Template;
use engine::block::{Act, Line};
use model::{Field, Timestamp};
use std::collections::BTreeMap;

/// Steps of one block that are printed; the CSV has all.
const STEPS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "plan.html")]
struct Page<'a> {
    plans: &'a [BookPlan],
    totals: Totals,
    made_at: Timestamp,
}

/// The page's text.
///
/// # Errors
/// Never for the data of a plan; askama's interface can fail.
pub fn page(plans: &[BookPlan], made_at: Timestamp) -> Result<String, askama::Error> {
    let totals = super::totals(plans);
    Page {
        plans,
        totals,
        made_at,
    }
    .render()
}

impl Page<'_> {
    fn shown<'b>(&self, group: &'b Group) -> &'b [Line] {
        &group.block.lines[..group.block.lines.len().min(STEPS_MAX)]
    }

    fn more(&self, group: &Group) -> usize {
        group.block.lines.len().saturating_sub(STEPS_MAX)
    }

    fn heading(&self, group: &Group) -> String {
        match group.mailboxes.as_slice() {
            [one] => one.clone(),
            all => format!("{}, all alike", count(all.len() as u64, "mailbox")),
        }
    }

    fn class(&self, act: &Act) -> &'static str {
        match act {
            Act::Create | Act::Adopt | Act::Photo => "new",
            Act::Update => "change",
            Act::Delete | Act::Forget => "gone",
        }
    }

    /// A field as people write it.
    fn name(&self, field: &Field) -> String {
        field.as_str().replace('_', " ")
    }

    /// `2026-11-23, 19:29 UTC`
    fn day(&self) -> String {
        let text = self.made_at.to_string();
        match (text.get(..10), text.get(11..16)) {
            (Some(day), Some(time)) => format!("{day}, {time} UTC"),
            _ => text,
        }
    }

    fn sign(&self, act: &Act) -> &'static str {
        sign(*act)
    }

    fn verb(&self, act: &Act) -> &'static str {
        verb(*act)
    }

    fn notes(&self, group: &Group) -> Vec<(u64, &'static str)> {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for note in &group.block.notes {
            *counts.entry(note.reason).or_default() += 1;
        }
        counts
            .into_iter()
            .map(|(reason, n)| (n, words::reason(reason)))
            .collect()
    }

    fn halt(&self, group: &Group) -> Option<&'static str> {
        group.block.halt.as_ref().map(|h| words::halt(h.reason))
    }
}
