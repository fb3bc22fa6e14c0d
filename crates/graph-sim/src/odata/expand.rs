//! `$expand`: which related things come along, each with options of its own.

use super::{BadQuery, Clause, Options, PARTS_MAX};

/// One name of an `$expand`, with the options in its parentheses.
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    pub name: String,
    pub options: Options,
}

/// How deep `$expand` may nest; Graph allows one level in most places.
const NESTING_MAX: usize = 3;

impl Expand {
    pub fn parse(text: &str) -> Result<Vec<Expand>, BadQuery> {
        Expand::parse_at(text, 0)
    }

    pub(super) fn parse_at(text: &str, nesting: usize) -> Result<Vec<Expand>, BadQuery> {
        if nesting >= NESTING_MAX {
            return Err(bad("The expression is too complex.".to_owned()));
        }
        let parts = split(text, ',')?;
        if parts.len() > PARTS_MAX {
            return Err(bad("Too many names.".to_owned()));
        }
        parts.into_iter().map(|part| one(part, nesting)).collect()
    }
}

fn one(part: &str, nesting: usize) -> Result<Expand, BadQuery> {
    let part = part.trim();
    let (name, inside) = match part.split_once('(') {
        None => (part, ""),
        Some((name, rest)) => match rest.strip_suffix(')') {
            Some(inside) => (name, inside),
            None => return Err(term(part)),
        },
    };
    if name.is_empty()
        || !name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '*'))
    {
        return Err(term(part));
    }
    let mut pairs = Vec::new();
    for option in split(inside, ';')? {
        if option.trim().is_empty() {
            continue;
        }
        let (key, value) = option.split_once('=').ok_or_else(|| term(part))?;
        pairs.push((key.trim().to_owned(), value.to_owned()));
    }
    Ok(Expand {
        name: name.to_owned(),
        options: Options::of_pairs(pairs, nesting + 1)?,
    })
}

/// Cuts at `mark`, but not inside parentheses or quotes.
fn split(text: &str, mark: char) -> Result<Vec<&str>, BadQuery> {
    let (mut parts, mut start, mut depth, mut in_text) = (Vec::new(), 0, 0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => in_text = !in_text,
            _ if in_text => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(|| term(text))?,
            _ if c == mark && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + mark.len_utf8();
            }
            _ => {}
        }
    }
    if in_text || depth != 0 {
        return Err(term(text));
    }
    parts.push(&text[start..]);
    Ok(parts)
}

fn term(text: &str) -> BadQuery {
    bad(format!(
        "Term '{text}' is not valid in a $select or $expand expression."
    ))
}

fn bad(reason: String) -> BadQuery {
    BadQuery::new(Clause::SelectExpand, reason)
}
