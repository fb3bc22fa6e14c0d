//! Scripts: a text as statements, each with its line, so that every mistake can be pointed at before anything is played.

use super::verb::Verb;
use super::{document, table};
use std::fmt;

/// A story that can be played.
#[derive(Clone, Debug)]
pub struct Script {
    pub lines: Vec<Line>,
}

/// One line as it was written, or a statement with the indented lines that belong to it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    pub text: String,
    /// Blank lines and comments say nothing.
    pub verb: Option<Verb>,
}

/// A line that cannot be understood, or cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    /// What is wrong and what is expected.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Script {
    /// Reads a whole script.
    ///
    /// # Errors
    /// The first line that is not written as it ought to be.
    pub fn read(text: &str) -> Result<Self, Mistake> {
        let all: Vec<&str> = text.lines().map(str::trim_end).collect();
        let mut lines = Vec::new();
        let mut at = 0;
        while at < all.len() {
            let block = block(&all, at + 1);
            lines.push(line(&all[at..at + 1 + block], at + 1)?);
            at += 1 + block;
        }
        Ok(Self { lines })
    }
}

/// How many indented lines follow; blank lines within them count, those behind them do not.
fn block(all: &[&str], from: usize) -> usize {
    let rest = all[from..].iter();
    let belongs = rest.take_while(|l| l.is_empty() || l.starts_with(' '));
    let belongs: Vec<&&str> = belongs.collect();
    let blank = belongs.iter().rev().take_while(|l| l.is_empty()).count();
    belongs.len() - blank
}

fn line(written: &[&str], number: usize) -> Result<Line, Mistake> {
    let (text, block) = (written.join("\n"), &written[1..]);
    let first = written[0];
    if first.is_empty() || first.starts_with('#') {
        no_block(block, number, "a comment or a blank line")?;
        let verb = None;
        return Ok(Line { number, text, verb });
    }
    let wrong = |what| Mistake { line: number, what };
    if first.starts_with(' ') {
        return no_block(&written[..1], number - 1, "the beginning").map(|()| Line {
            number,
            text,
            verb: None,
        });
    }
    let verb = table::read(first).map_err(wrong)?;
    let verb = match verb {
        Verb::Policy(_) => Verb::Policy(policy(block, number)?),
        other => {
            no_block(block, number, &format!("`{first}`"))?;
            other
        }
    };
    let verb = Some(verb);
    Ok(Line { number, text, verb })
}

fn no_block(block: &[&str], above: usize, what: &str) -> Result<(), Mistake> {
    let Some(at) = block.iter().position(|l| !l.is_empty()) else {
        return Ok(());
    };
    Err(Mistake {
        line: above + 1 + at,
        what: format!("an indented line belongs to `policy`; this one stands below {what}"),
    })
}

/// The text of a policy, held against the product's own reading of it.
fn policy(block: &[&str], above: usize) -> Result<String, Mistake> {
    let indent = block.iter().filter(|l| !l.is_empty());
    let indent = indent.map(|l| l.len() - l.trim_start().len()).min();
    let Some(indent) = indent else {
        let what = "`policy` is followed by an indented document: `tunnels:` and so on".to_owned();
        return Err(Mistake { line: above, what });
    };
    let cut: Vec<&str> = block
        .iter()
        .map(|l| l.get(indent..).unwrap_or(""))
        .collect();
    let text = format!("{}\n", cut.join("\n"));
    document::known(&text).map_err(|(line, what)| Mistake {
        line: above + line.max(1),
        what,
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn wrong(text: &str, expected: Expect) {
        let mistake = Script::read(text).expect_err("a mistake");
        expected.assert_eq(&mistake.to_string());
    }

    #[test]
    fn mistakes_name_the_line_and_what_is_expected() {
        wrong(
            "# a story\n\nshow the money\n",
            expect![
                "line 3: expected `show folder FOLDER in MAILBOX` or `show folder MAILBOX` or `show run` or `show holds` or `show requests` or `show ledger`"
            ],
        );
        wrong(
            "edit Anna Berg\n",
            expect!["line 1: expected `edit CARD in MAILBOX: FIELDS`"],
        );
        wrong(
            "wait a bit\n",
            expect!["line 1: `a bit` is no span: expected 30s, 15m, 1h 30m or 2d"],
        );
        wrong(
            "person Anna Berg, shoe size 9\n",
            expect![
                "line 1: `shoe size 9` is not understood: expected a word and its value, or `no` and the word, of: mail, mobile, business, job, department, `mailbox`, `guest`, `disabled`"
            ],
        );
        wrong(
            "person Anna\n",
            expect!["line 1: `Anna` is no name: expected a given name and a surname"],
        );
        wrong(
            "run\n  tunnels: []\n",
            expect!["line 2: an indented line belongs to `policy`; this one stands below `run`"],
        );
        wrong(
            "  run\n",
            expect![
                "line 1: an indented line belongs to `policy`; this one stands below the beginning"
            ],
        );
        wrong(
            "policy\nrun\n",
            expect!["line 1: `policy` is followed by an indented document: `tunnels:` and so on"],
        );
        wrong(
            "policy\n  tunnels:\n    - id: t\n      tenat: contoso\n",
            expect![
                "line 3: tunnel `t` has no `tenant` (tenant: The tenant's name in the configuration)"
            ],
        );
        wrong(
            "fault sunspots at rate 1\n",
            expect![
                "line 1: `sunspots` is no fault: expected one of reply_lost, error_after_commit, marker_missing, late_commit, request_lost, delivered_twice, visibility_lag, fresh_item_missing, delta_replayed, delta_doubled, delta_disordered, ghost_removed, delete_missing, cursor_lost, throttled, step_fails, steps_disordered, step_missing, page_truncated, page_expired, page_doubled, wrong_count, body_broken, read_refused, token_expired, consent_flaps, mailbox_flaps, write_conflict, poison_item, text_mangled, marker_stripped, rival_writes, hangs, shape_surprises, group_flaps, directory_late, directory_delta_repeats, directory_delta_replays, directory_delta_resets, directory_page_expires, directory_denied, directory_missing, directory_throttled, token_unavailable"
            ],
        );
        wrong(
            "fault throttled for the next 2 visits\n",
            expect![
                "line 1: `visits` is no kind of call: expected one of call, read, write, sign-in, directory-delta, directory-read, group-read, group-member, photo-read, mailbox-read, folder-read, contact-list, contact-delta, contact-read, folder-create, create, update, delete, photo, batch"
            ],
        );
        wrong(
            "fault throttled at rate 3\n",
            expect!["line 1: `3` is no rate: expected 0 to 1"],
        );
    }
}
