//! Reading YAML so that every mistake names its file, its line and what to do.

use crate::exit::Failure;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a document of type `T`.
///
/// # Errors
/// The file cannot be read, is no YAML, or does not fit `T`; the text names file and line, never content
/// beyond the offending word.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    parse(path, &text)
}

/// Like [`read`], with the text at hand.
///
/// # Errors
/// As [`read`].
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Failure> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or(0, |at| at.line());
        wrong(path, line, &sentence(&error))
    })
}

/// A mistake in a document, at a line (0: the whole file).
pub fn wrong(path: &Path, line: u64, what: &str) -> Failure {
    let place = match line {
        0 => path.display().to_string(),
        line => format!("{}, line {line}", path.display()),
    };
    Failure::configuration(
        format!("{place}: {what}"),
        "correct the file and run `almanac validate`",
    )
}

/// The first line of the parser's words, without its position and its excerpt of the file.
fn sentence(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or("not understood");
    match first.find(" at line ") {
        Some(at) => first[..at].trim_end_matches([',', ':']).to_owned(),
        None => first.to_owned(),
    }
}
