//! `$search` of the directory: `"displayName:anna" AND "mail:a"` (Graph: search-query-parameter).

use super::compare::folded;
use super::eval::Row;
use super::{BadQuery, Clause, PARTS_MAX};

/// A parsed `$search`: any of the inner lists must hold in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub any: Vec<Vec<Term>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub property: String,
    pub text: String,
}

impl Search {
    pub fn parse(text: &str) -> Result<Search, BadQuery> {
        let (mut any, mut all, mut rest, mut parts) = (Vec::new(), Vec::new(), text.trim(), 0);
        loop {
            let (term, after) = term(rest, text)?;
            all.push(term);
            parts += 1;
            if parts > PARTS_MAX {
                return Err(bad("The search is too complex.".to_owned()));
            }
            match joint(after) {
                None if after.trim().is_empty() => break,
                None => return Err(syntax(text, text.len() - after.len())),
                Some((true, next)) => rest = next,
                Some((false, next)) => {
                    any.push(std::mem::take(&mut all));
                    rest = next;
                }
            }
        }
        any.push(all);
        Ok(Search { any })
    }

    pub fn matches(&self, row: &dyn Row) -> bool {
        self.any
            .iter()
            .any(|all| all.iter().all(|term| term.matches(row)))
    }
}

impl Term {
    /// Names and descriptions match by the beginnings of their words, everything else by its own beginning.
    fn matches(&self, row: &dyn Row) -> bool {
        let Some(value) = row.property(&self.property) else {
            return false;
        };
        let by_words = matches!(self.property.as_str(), "displayName" | "description");
        let wanted: String = folded(&self.text).collect();
        let holds = |text: &str| {
            let text: String = folded(text).collect();
            if by_words {
                words_start(&text, &wanted)
            } else {
                text.starts_with(&wanted)
            }
        };
        match value.as_ref() {
            serde_json::Value::String(text) => holds(text),
            serde_json::Value::Array(texts) => texts.iter().filter_map(|t| t.as_str()).any(holds),
            _ => false,
        }
    }
}

fn words_start(text: &str, wanted: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphanumeric());
    wanted
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .all(|part| words().any(|word| word.starts_with(part)))
}

/// `"property:text"`, and what follows it.
fn term<'a>(rest: &'a str, whole: &str) -> Result<(Term, &'a str), BadQuery> {
    let at = whole.len() - rest.len();
    let inside = rest.strip_prefix('"').ok_or_else(|| {
        // What Graph says to `displayName:wa` without its quotes.
        let colon = rest.find(':').map_or(at, |colon| at + colon);
        syntax(whole, colon)
    })?;
    let (inside, after) = inside.split_once('"').ok_or_else(|| syntax(whole, at))?;
    let (property, text) = inside.split_once(':').ok_or_else(|| {
        bad(format!(
            "Property name is missing in search clause '{inside}'."
        ))
    })?;
    let term = Term {
        property: property.trim().to_owned(),
        text: text.trim().to_owned(),
    };
    Ok((term, after))
}

/// `AND` or `OR` and what follows: whether it was AND.
fn joint(after: &str) -> Option<(bool, &str)> {
    let after = after.trim_start();
    if let Some(next) = after.strip_prefix("AND ") {
        return Some((true, next.trim_start()));
    }
    after
        .strip_prefix("OR ")
        .map(|next| (false, next.trim_start()))
}

fn syntax(text: &str, at: usize) -> BadQuery {
    let character = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .unwrap_or(' ');
    bad(format!(
        "Syntax error: character '{character}' is not valid at position {at} in '{text}'."
    ))
}

fn bad(reason: String) -> BadQuery {
    BadQuery::new(Clause::Search, reason)
}
