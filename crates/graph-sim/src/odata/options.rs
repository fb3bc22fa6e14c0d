//! The query options of one request, each parsed and each at most once.

use super::filter::Visit;
use super::{BadQuery, Clause, Expand, Filter, OrderBy, QUERY_BYTES_MAX, Search, Select};
use std::collections::BTreeMap;

/// What stands behind the `?` of a request, with or without the `$` of its names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    pub filter: Option<Filter>,
    pub select: Option<Select>,
    pub expand: Vec<Expand>,
    pub orderby: Vec<OrderBy>,
    pub search: Option<Search>,
    pub top: Option<usize>,
    pub skip: Option<usize>,
    pub count: bool,
    pub skiptoken: Option<String>,
    pub deltatoken: Option<String>,
    /// Every other parameter as it came (`startDateTime`, `$format`), by its name.
    pub others: BTreeMap<String, String>,
}

impl Options {
    /// Parses a query string as it stands in a URL: percent-encoded, without the `?`.
    pub fn parse(query: &str) -> Result<Options, BadQuery> {
        if query.len() > QUERY_BYTES_MAX {
            return Err(bad("The query string is too long."));
        }
        let pairs = query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        Options::of_pairs(pairs, 0)
    }

    /// From parameters that are decoded already, as a `Call` holds them.
    pub fn of_query(query: &BTreeMap<String, String>) -> Result<Options, BadQuery> {
        let bytes: usize = query
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > QUERY_BYTES_MAX {
            return Err(bad("The query string is too long."));
        }
        let pairs = query
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        Options::of_pairs(pairs.collect(), 0)
    }

    pub(super) fn of_pairs(
        pairs: Vec<(String, String)>,
        nesting: usize,
    ) -> Result<Options, BadQuery> {
        let mut options = Options::default();
        let mut seen = Vec::new();
        for (name, value) in pairs {
            let plain = name.strip_prefix('$').unwrap_or(&name).to_ascii_lowercase();
            if is_option(&plain) {
                if seen.contains(&plain) {
                    return Err(bad(format!(
                        "Query option '${plain}' was specified more than once, but it must be specified at most once."
                    )));
                }
                options.take(&plain, &value, nesting)?;
                seen.push(plain);
            } else {
                options.others.insert(name, value);
            }
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, value: &str, nesting: usize) -> Result<(), BadQuery> {
        match name {
            "filter" => self.filter = Some(Filter::parse(value)?),
            "select" => self.select = Some(Select::parse(value)?),
            "expand" => self.expand = Expand::parse_at(value, nesting)?,
            "orderby" => self.orderby = OrderBy::parse(value)?,
            "search" => self.search = Some(Search::parse(value)?),
            "top" => self.top = Some(number("$top", value)?),
            "skip" => self.skip = Some(number("$skip", value)?),
            "count" => self.count = boolean(value)?,
            "skiptoken" => self.skiptoken = Some(value.to_owned()),
            _ => self.deltatoken = Some(value.to_owned()),
        }
        Ok(())
    }

    /// Respells every property name that belongs to the row itself as `canonical` says, and refuses those
    /// it does not know. Graph reads names without case.
    pub fn bind(
        &mut self,
        type_name: &str,
        canonical: &dyn Fn(&str) -> Option<&'static str>,
    ) -> Result<(), BadQuery> {
        if let Some(filter) = &mut self.filter {
            filter.visit_properties(&mut respell(Clause::Filter, type_name, canonical))?;
        }
        if let Some(select) = &mut self.select {
            select.visit_properties(&mut respell(Clause::SelectExpand, type_name, canonical))?;
        }
        let mut visit = respell(Clause::OrderBy, type_name, canonical);
        self.orderby
            .iter_mut()
            .try_for_each(|key| key.visit_property(&mut *visit))?;
        let mut visit = respell(Clause::Search, type_name, canonical);
        let terms = self
            .search
            .iter_mut()
            .flat_map(|search| search.any.iter_mut().flatten());
        terms
            .map(|term| &mut term.property)
            .try_for_each(visit.as_mut())
    }
}

fn respell<'a>(
    clause: Clause,
    type_name: &'a str,
    canonical: &'a dyn Fn(&str) -> Option<&'static str>,
) -> Box<Visit<'a>> {
    Box::new(move |name: &mut String| match canonical(name) {
        Some(known) => {
            known.clone_into(name);
            Ok(())
        }
        None => Err(BadQuery::new(
            clause,
            format!("Could not find a property named '{name}' on type '{type_name}'."),
        )),
    })
}

fn is_option(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "filter",
        "select",
        "expand",
        "orderby",
        "search",
        "top",
        "skip",
        "count",
        "skiptoken",
        "deltatoken",
    ];
    NAMES.contains(&name)
}

fn number(name: &str, value: &str) -> Result<usize, BadQuery> {
    value.trim().parse().map_err(|_| {
        bad(format!(
            "Invalid value '{value}' for {name} query option found. The {name} query option requires a non-negative integer value."
        ))
    })
}

fn boolean(value: &str) -> Result<bool, BadQuery> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(bad(format!(
            "Invalid value '{value}' for $count query option found. Valid values are 'true' or 'false'."
        ))),
    }
}

/// Undoes percent-encoding and `+`. What is not UTF-8 afterwards becomes the replacement character.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match (first, after) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            _ => {
                bytes.push(if first == b'+' { b' ' } else { first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn nibble(hex: u8) -> u8 {
    (hex as char).to_digit(16).unwrap_or_default() as u8
}

fn bad(reason: impl Into<String>) -> BadQuery {
    BadQuery::new(Clause::Option, reason)
}
