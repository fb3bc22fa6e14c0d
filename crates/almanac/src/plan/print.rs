//! Plans on a terminal: equal mailboxes read as one block with a count.

use super::{BookPlan, Group, Totals, field_phrases, sign};
use crate::output::{self, paint, printable, table::Mood};
use crate::words::{self, count};
use engine::block::{Act, Line};
use model::plan::{Note, Reason};
use std::collections::BTreeMap;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How much of each block is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    First(usize),
    All,
}

impl Detail {
    fn limit(self) -> usize {
        match self {
            Self::First(n) => n,
            Self::All => usize::MAX,
        }
    }
}

/// Prints one book's plan.
pub fn print(plan: &BookPlan, detail: Detail) {
    let tunnels = match plan.tunnels.as_slice() {
        [] => String::new(),
        names => format!("  ({})", names.join(", ")),
    };
    let title = format!("{} / {}{tunnels}", plan.tenant, plan.folder);
    output::line(&paint(&printable(&title), Mood::Strong));
    for group in &plan.groups {
        print_group(group, detail);
    }
    for left_out in &plan.left_out {
        let text = format!("  ? {}: {}", left_out.mailbox, left_out.reason);
        output::line(&paint(&printable(&text), Mood::Watch));
    }
    if !plan.reason.is_empty() {
        output::line(&paint(
            &format!("  ! {}", printable(&plan.reason)),
            Mood::Watch,
        ));
    }
}

fn print_group(group: &Group, detail: Detail) {
    let who = mailboxes(&group.mailboxes, detail);
    if group.is_quiet() {
        return output::line(&paint(&format!("  = {who}: up to date"), Mood::Faint));
    }
    output::line(&format!("  {who}"));
    let shown = detail.limit();
    for line in group.block.lines.iter().take(shown) {
        print_line(line);
    }
    if group.block.lines.len() > shown {
        let more = group.block.lines.len() - shown;
        output::line(&paint(
            &format!("      and {more} more: {}", tally(group)),
            Mood::Faint,
        ));
    }
    for (reason, notes) in by_reason(&group.block.notes) {
        let text = format!("      left alone: {notes} × {}", words::reason(reason));
        output::line(&paint(&text, Mood::Faint));
    }
    if let Some(halt) = &group.block.halt {
        let text = format!(
            "      ! {}: {}",
            words::halt(halt.reason),
            printable(&halt.detail)
        );
        output::line(&paint(&text, Mood::Bad));
    }
}

/// `24 mailboxes alike: a@x, b@x, c@x and 21 more`
fn mailboxes(all: &[String], detail: Detail) -> String {
    if let [one] = all {
        return printable(one);
    }
    let shown = if detail == Detail::All { all.len() } else { 3 };
    let names: Vec<String> = all.iter().take(shown).map(|a| printable(a)).collect();
    let rest = match all.len().saturating_sub(shown) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "{} alike: {}{rest}",
        count(all.len() as u64, "mailbox"),
        names.join(", ")
    )
}

fn print_line(line: &Line) {
    let mood = match line.act {
        Act::Create | Act::Adopt | Act::Photo => Mood::Good,
        Act::Update => Mood::Watch,
        Act::Delete | Act::Forget => Mood::Bad,
    };
    let what = match line.act {
        Act::Photo => "photo".to_owned(),
        Act::Adopt => "already there: becomes the copy".to_owned(),
        Act::Create => in_short(line),
        _ => field_phrases(line).join(", "),
    };
    let why = if line.why.is_empty() {
        String::new()
    } else {
        format!("  ({})", line.why)
    };
    let text = format!(
        "      {} {} {what}{why}",
        sign(line.act),
        padded(&line.label)
    );
    output::line(&paint(&fit(printable(&text).trim_end()), mood));
}

/// What people look for in a new card; CSV and page have every field.
fn in_short(line: &Line) -> String {
    use model::Field::{BusinessPhones, CompanyName, Department, Emails, MobilePhone};
    let told = [Department, CompanyName, Emails, MobilePhone, BusinessPhones];
    let values = told
        .iter()
        .filter_map(|field| line.fields.get(field)?.1.clone());
    values.collect::<Vec<_>>().join(", ")
}

/// The label in a column of its own, whatever script it is in.
fn padded(label: &str) -> String {
    let label = printable(label);
    let room = LABEL_COLUMNS.saturating_sub(label.width());
    format!("{label}{}", " ".repeat(room))
}

const LABEL_COLUMNS: usize = 28;

/// One line stays one line.
fn fit(text: &str) -> String {
    let width = output::width();
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| {
        let needs = c.width().unwrap_or(0);
        let room = needs <= left;
        left = left.saturating_sub(needs);
        room
    };
    let cut: String = text.chars().take_while(fits).collect();
    format!("{cut}…")
}

fn tally(group: &Group) -> String {
    let mut totals = Totals::default();
    totals.add(&group.tally);
    phrase(&totals)
}

fn by_reason(notes: &[Note]) -> BTreeMap<Reason, u64> {
    let mut counts = BTreeMap::new();
    for note in notes {
        *counts.entry(note.reason).or_default() += 1;
    }
    counts
}

/// `30 to create, 2 to update, 0 to delete, 12 photos`
pub fn phrase(totals: &Totals) -> String {
    format!(
        "{} to create, {} to update, {} to delete, {}",
        totals.creates,
        totals.updates,
        totals.deletes,
        count(totals.photos, "photo"),
    )
}

/// The last line of every plan.
pub fn summary(totals: &Totals) -> String {
    if totals.writes() == 0 {
        return format!(
            "Nothing to do: {} up to date.",
            count(totals.mailboxes, "mailbox")
        );
    }
    format!(
        "Plan: {}, in {} of {}.",
        phrase(totals),
        totals.changing,
        count(totals.mailboxes, "mailbox"),
    )
}
