//! JSON for programs: one document, or one line per thing.

use crate::exit::Failure;
use serde::Serialize;
use serde_json::{Value, json};

/// Prints one document, indented for people when standard output is a terminal.
pub fn print(value: &impl Serialize) {
    use std::io::IsTerminal;
    let text = if std::io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    super::line(&text.unwrap_or_else(|_| "null".to_owned()));
}

/// Prints one line of a stream.
pub fn print_line(value: &impl Serialize) {
    super::line(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
}

/// A failure as programs read it.
pub fn failure(failure: &Failure) -> Value {
    json!({
        "error": {
            "code": failure.exit.code(),
            "kind": failure.exit.word(),
            "message": failure.what,
            "remedy": failure.remedy,
        }
    })
}
