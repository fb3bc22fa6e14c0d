//! Plans as CSV: one row per mailbox and step, safe to open in a spreadsheet.

use super::{BookPlan, field_phrases, verb};
use std::io::Write;

const HEADING: [&str; 8] = [
    "tenant", "folder", "mailbox", "step", "person", "entry", "fields", "why",
];

/// Writes every step of the plans.
///
/// # Errors
/// The writer fails.
pub fn write(plans: &[BookPlan], out: impl Write) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADING)?;
    for plan in plans {
        for group in &plan.groups {
            for mailbox in &group.mailboxes {
                rows(plan, mailbox, group, &mut writer)?;
            }
        }
        for left_out in &plan.left_out {
            let what = [&plan.tenant, &plan.folder, &left_out.mailbox].map(|t| safe(t));
            let [tenant, folder, mailbox] = what;
            let why = safe(&left_out.reason);
            writer.write_record([&tenant, &folder, &mailbox, "left out", "", "", "", &why])?;
        }
    }
    writer.flush()?;
    Ok(())
}

fn rows<W: Write>(
    plan: &BookPlan,
    mailbox: &str,
    group: &super::Group,
    writer: &mut csv::Writer<W>,
) -> Result<(), csv::Error> {
    for line in &group.block.lines {
        writer.write_record([
            safe(&plan.tenant),
            safe(&plan.folder),
            safe(mailbox),
            verb(line.act).to_owned(),
            safe(&line.label),
            line.entry.to_string(),
            safe(&field_phrases(line).join("; ")),
            safe(&line.why),
        ])?;
    }
    Ok(())
}

/// A spreadsheet must not take a person's name for a formula.
fn safe(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_formula() {
        assert_eq!(safe("=cmd|'/c calc'!A1"), "'=cmd|'/c calc'!A1");
        assert_eq!(safe("Anna"), "Anna");
    }
}
