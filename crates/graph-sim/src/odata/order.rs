//! `$orderby`: by which properties, up or down.

use super::compare::order;
use super::eval::{Row, at_path};
use super::filter::Visit;
use super::{BadQuery, Clause};
use std::cmp::Ordering;

/// One key of an `$orderby`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy {
    pub path: Vec<String>,
    pub descending: bool,
}

/// Graph sorts by few keys; more than this is refused.
const KEYS_MAX: usize = 8;

impl OrderBy {
    pub fn parse(text: &str) -> Result<Vec<OrderBy>, BadQuery> {
        let keys: Vec<OrderBy> = text.split(',').map(one).collect::<Result<_, _>>()?;
        if keys.len() > KEYS_MAX {
            return Err(BadQuery::new(Clause::OrderBy, "Too many keys."));
        }
        Ok(keys)
    }

    pub fn visit_property(&mut self, visit: &mut Visit<'_>) -> Result<(), BadQuery> {
        self.path.first_mut().map_or(Ok(()), visit)
    }

    /// How `a` and `b` stand to each other by `keys`; null comes first, text goes without case.
    pub fn compare(keys: &[OrderBy], a: &dyn Row, b: &dyn Row) -> Ordering {
        keys.iter()
            .map(|key| key.compare_by(a, b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    fn compare_by(&self, a: &dyn Row, b: &dyn Row) -> Ordering {
        let found = order(&at_path(a, &self.path), &at_path(b, &self.path));
        let up = found.unwrap_or(Ordering::Equal);
        if self.descending { up.reverse() } else { up }
    }
}

fn one(text: &str) -> Result<OrderBy, BadQuery> {
    let syntax = || BadQuery::new(Clause::OrderBy, format!("Syntax error in '{text}'."));
    let mut words = text.split_whitespace();
    let path = words.next().ok_or_else(syntax)?;
    let descending = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("asc") => false,
        Some(word) if word.eq_ignore_ascii_case("desc") => true,
        Some(_) => return Err(syntax()),
    };
    let is_path = path
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '.'));
    if words.next().is_some() || !is_path {
        return Err(syntax());
    }
    let path = path.split('/').map(str::to_owned).collect();
    Ok(OrderBy { path, descending })
}
