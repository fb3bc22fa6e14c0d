//! Scripts: a text as statements, each with its line, so that every mistake can be pointed at before anything is played.

use super::verb::{self, Verb};
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
    let verb = verb::read(first).map_err(wrong)?;
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
    verb::known_policy(&text).map_err(|(line, what)| Mistake {
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
        wrong("# a story\n\nshow the money\n", expect![[""]]);
        wrong("edit Anna Berg\n", expect![[""]]);
        wrong("wait a bit\n", expect![[""]]);
        wrong("person Anna Berg, shoe size 9\n", expect![[""]]);
        wrong("person Anna\n", expect![[""]]);
        wrong("run\n  tunnels: []\n", expect![[""]]);
        wrong("  run\n", expect![[""]]);
        wrong("policy\nrun\n", expect![[""]]);
        wrong(
            "policy\n  tunnels:\n    - id: t\n      tenat: contoso\n",
            expect![[""]],
        );
        wrong("fault sunspots at rate 1\n", expect![[""]]);
        wrong("fault throttled for the next 2 visits\n", expect![[""]]);
        wrong("fault throttled at rate 3\n", expect![[""]]);
    }
}
