//! Forms: how a statement is written, with words as they stand and slots in capitals: `move CARD in MAILBOX to FOLDER`.

use std::collections::BTreeMap;

/// What stood in the slots of a statement.
pub type Found<'a> = BTreeMap<&'static str, &'a str>;

/// Reads a text by a form. A slot takes everything up to the next word of the form, one word before another slot, and
/// `SLOT:` everything up to the next colon.
pub fn read<'a>(form: &'static str, text: &'a str) -> Option<Found<'a>> {
    let mut found = Found::new();
    let mut rest = text;
    let mut words = form.split(' ').peekable();
    while let Some(word) = words.next() {
        if !is_slot(word) {
            rest = after(rest, word)?;
            continue;
        }
        let (slot, end) = match (word.strip_suffix(':'), words.peek()) {
            (Some(slot), _) => (slot, rest.find(':')?),
            (None, Some(next)) if is_slot(next) => (word, rest.find(' ')?),
            (None, Some(next)) => (word, place(rest, next)?),
            (None, None) => (word, rest.len()),
        };
        let value = rest[..end].trim();
        if value.is_empty() {
            return None;
        }
        found.insert(slot, value);
        rest = rest[end..].trim_start_matches(':').trim_start();
    }
    rest.is_empty().then_some(found)
}

/// How many words of the form the text begins with: what was probably meant.
pub fn likeness(form: &str, text: &str) -> usize {
    let words = form.split(' ').zip(text.split_whitespace());
    words.take_while(|(a, b)| a == b).count()
}

fn is_slot(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
}

/// What follows a word at the beginning of a text.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    let ends = rest.is_empty() || rest.starts_with(' ');
    ends.then(|| rest.trim_start())
}

/// Where a word stands by itself in a text.
fn place(text: &str, word: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find(word).map(|at| at + from) {
        let end = at + word.len();
        let alone =
            text[..at].ends_with(' ') && (end == text.len() || text[end..].starts_with(' '));
        if alone {
            return Some(at);
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_take_what_stands_between_words() {
        let found = read(
            "move CARD in MAILBOX to FOLDER",
            "move Inga Tonning in Anna Berg to My people",
        );
        let found = found.expect("it is written so");
        assert_eq!(found["CARD"], "Inga Tonning");
        assert_eq!(found["MAILBOX"], "Anna Berg");
        assert_eq!(found["FOLDER"], "My people");
    }

    #[test]
    fn a_colon_ends_a_slot() {
        let found = read(
            "change PERSON: FIELDS",
            "change Anna Berg: mobile +49 151 1",
        );
        let found = found.expect("it is written so");
        assert_eq!(
            (found["PERSON"], found["FIELDS"]),
            ("Anna Berg", "mobile +49 151 1")
        );
    }

    #[test]
    fn what_is_left_out_or_left_over_is_not_read() {
        assert_eq!(read("delete CARD in MAILBOX", "delete Anna Berg"), None);
        assert_eq!(read("delete CARD in MAILBOX", "delete in Anna"), None);
        assert_eq!(read("show run", "show run now"), None);
        assert_eq!(read("run", "runs"), None);
    }
}
