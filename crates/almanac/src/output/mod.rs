//! What people and programs read: tables, JSON, progress.

pub mod json;
pub mod log;
pub mod progress;
pub mod table;

use std::io::{IsTerminal, Write};
use table::Mood;

/// How this process talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// One JSON document instead of text.
    pub json: bool,
}

impl Voice {
    /// Prints one line of text; nothing under `--json`.
    pub fn say(self, text: impl AsRef<str>) {
        if !self.json {
            line(text.as_ref());
        }
    }
}

/// May standard output carry colours? Only a terminal, and not under `NO_COLOR`.
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Writes a line to standard output. A reader that closed the pipe ends the process quietly.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Text in the colour of its mood, where colours are allowed.
pub fn paint(text: &str, mood: Mood) -> String {
    let code = match mood {
        Mood::Plain => return text.to_owned(),
        Mood::Strong => "1",
        Mood::Good => "32",
        Mood::Watch => "33",
        Mood::Bad => "31",
        Mood::Faint => "2",
    };
    match colours() {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

/// Columns of the terminal, or of a page where there is none.
pub fn width() -> usize {
    comfy_table::Table::new().width().map_or(120, usize::from)
}

/// Control characters of foreign text would move the cursor or recolour the terminal: shown as `�`.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
