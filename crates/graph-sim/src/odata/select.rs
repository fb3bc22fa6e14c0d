//! `$select`: which properties an answer shows.

use super::filter::Visit;
use super::{BadQuery, Clause, PARTS_MAX};
use serde_json::{Map, Value};

/// A parsed `$select`. Paths below a property (`businessAddress/city`) select the whole property, as Graph does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// In the order asked for, each once.
    pub names: Vec<String>,
    /// `*` was among them.
    pub all: bool,
}

impl Select {
    pub fn parse(text: &str) -> Result<Select, BadQuery> {
        let mut select = Select {
            names: Vec::new(),
            all: false,
        };
        for part in text.split(',') {
            let name = part.trim().split('/').next().unwrap_or_default();
            match name {
                "*" => select.all = true,
                _ if is_name(name) => select.add(name),
                _ => {
                    return Err(bad(format!(
                        "Term '{text}' is not valid in a $select or $expand expression."
                    )));
                }
            }
            if select.names.len() > PARTS_MAX {
                return Err(bad("Too many names.".to_owned()));
            }
        }
        Ok(select)
    }

    pub fn shows(&self, name: &str) -> bool {
        self.all || self.names.iter().any(|one| one == name)
    }

    pub fn visit_properties(&mut self, visit: &mut Visit<'_>) -> Result<(), BadQuery> {
        self.names.iter_mut().try_for_each(visit)
    }

    /// The selected properties of `row`, those of `always` too. What `row` lacks is absent from the answer.
    pub fn project(&self, row: &Map<String, Value>, always: &[&str]) -> Map<String, Value> {
        if self.all {
            return row.clone();
        }
        let names = always
            .iter()
            .copied()
            .chain(self.names.iter().map(String::as_str));
        names
            .filter_map(|name| Some((name.to_owned(), row.get(name)?.clone())))
            .collect()
    }

    fn add(&mut self, name: &str) {
        if !self.names.iter().any(|one| one == name) {
            self.names.push(name.to_owned());
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '@'))
}

fn bad(reason: String) -> BadQuery {
    BadQuery::new(Clause::SelectExpand, reason)
}
