//! What a text must look like before it may leave: no control characters, no more than the place holds.

use model::{Field, Kind, Value};
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// How much of a text is kept, in UTF-16 units as Exchange counts. Declared, so that a cut value compares
/// equal to its source and is never taken for a user's edit.
pub fn cap(field: Field) -> usize {
    match field.kind() {
        Kind::Notes => 30_000,
        Kind::Address => 255,
        _ if field == Field::BusinessHomePage => 2_000,
        _ => 255,
    }
}

/// The value as it will be written: what the place holds of it. Blank means that nothing is left.
pub fn fit(field: Field, value: &Value) -> Value {
    let one = |text: &str| clean(field, text).into_owned();
    match (value, field.kind()) {
        (Value::Text(text), _) => Value::text(one(text)),
        (Value::Texts(list), kind) => {
            let max = slots(kind).unwrap_or(usize::MAX);
            let kept = list.iter().map(|t| one(t)).filter(|t| !t.trim().is_empty());
            Value::Texts(kept.take(max).collect())
        }
        (Value::Mails(list), kind) => {
            let max = slots(kind).unwrap_or(usize::MAX);
            let kept = list.iter().filter(|m| !m.address.trim().is_empty());
            Value::Mails(kept.take(max).map(fit_mail).collect())
        }
        (Value::Address(address), _) => {
            let mut address = address.clone();
            for part in [
                &mut address.street,
                &mut address.city,
                &mut address.state,
                &mut address.postal_code,
                &mut address.country,
            ] {
                *part = one(part);
            }
            Value::Address(address)
        }
        (Value::Date(date), _) => Value::Date(if is_date(date) {
            date.clone()
        } else {
            "".into()
        }),
    }
}

/// An address is never cut: half an address is somebody else's.
fn fit_mail(mail: &model::Mail) -> model::Mail {
    model::Mail {
        address: strip(&mail.address, false).into_owned(),
        name: clean(Field::Emails, &mail.name).into_owned(),
    }
}

fn slots(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Slots { max } | Kind::Mails { max } => Some(max),
        _ => None,
    }
}

/// `YYYY-MM-DD`, digits where digits belong.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, b)| match at {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        })
}

/// Without control characters and cut to the field's cap at a grapheme boundary.
pub fn clean(field: Field, text: &str) -> Cow<'_, str> {
    let lines = matches!(field.kind(), Kind::Notes | Kind::Address);
    match strip(text, lines) {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text, cap(field))),
        Cow::Owned(text) => Cow::Owned(cut(&text, cap(field)).to_owned()),
    }
}

/// Control characters and non-characters are dropped; where lines make no sense a line break is a space.
pub(super) fn strip(text: &str, lines: bool) -> Cow<'_, str> {
    let allowed = |c: char| match c {
        '\n' | '\r' | '\t' => lines,
        '\u{fffe}' | '\u{ffff}' | '\u{7f}' => false,
        c => c >= ' ',
    };
    if text.chars().all(allowed) {
        return Cow::Borrowed(text);
    }
    let space = |c: char| matches!(c, '\n' | '\t').then_some(' ');
    let kept = text
        .chars()
        .filter_map(|c| if allowed(c) { Some(c) } else { space(c) });
    Cow::Owned(kept.collect())
}

/// The longest prefix of whole graphemes within `units` UTF-16 units.
fn cut(text: &str, units: usize) -> &str {
    // A UTF-8 text never has more UTF-16 units than bytes.
    if text.len() <= units {
        return text;
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.encode_utf16().count();
        if used > units {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_never_leave_and_lines_only_where_they_make_sense() {
        assert_eq!(clean(Field::JobTitle, "a\u{0}b\nc\u{1f}"), "ab c");
        assert_eq!(clean(Field::Notes, "a\u{0}b\r\nc\td"), "ab\r\nc\td");
        assert_eq!(clean(Field::JobTitle, "Büro 7"), "Büro 7");
    }

    #[test]
    fn a_cut_never_splits_what_people_see_as_one_character() {
        let family = "👨‍👩‍👧";
        let text = format!("{}{family}", "x".repeat(250));
        assert_eq!(clean(Field::JobTitle, &text), "x".repeat(250));
        let accents = "e\u{301}".repeat(200);
        assert_eq!(clean(Field::JobTitle, &accents).encode_utf16().count(), 254);
    }

    #[test]
    fn slots_are_cut_and_blank_ones_closed() {
        let value = Value::Texts([" ", "1", "2", "3"].map(str::to_owned).into());
        let kept = Value::Texts(["1", "2"].map(str::to_owned).into());
        assert_eq!(fit(Field::BusinessPhones, &value), kept);
    }
}
