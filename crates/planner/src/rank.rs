//! Ranks: the sources of a book in order of priority, and the texts of their rules.

use crate::audience::only_for_key;
use crate::identity::digest;
use model::ViewId;
use model::tunnel::{Book, Choice, Source, Tunnel, TunnelState};
use std::collections::{BTreeMap, BTreeSet};

/// One source of a book with its place in the order.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    pub tunnel: &'a Tunnel,
    pub source: &'a Source,
}

impl Ranked<'_> {
    pub fn name(&self) -> String {
        source_name(self.tunnel, self.source)
    }
}

/// The name under which a source's contributions are kept.
pub fn source_name(tunnel: &Tunnel, source: &Source) -> String {
    format!("{}/{}", tunnel.id, source.key)
}

/// The tunnel id in a source's name.
pub fn tunnel_of(source: &str) -> &str {
    source.split_once('/').map_or(source, |(tunnel, _)| tunnel)
}

/// The sources of tunnels that are not removed: by priority (1 is the highest), then tunnel id, then their
/// order in the document.
pub fn ranked(book: &Book) -> Vec<Ranked<'_>> {
    let tunnels = book
        .tunnels
        .iter()
        .filter(|t| t.state != TunnelState::Removed);
    let mut all: Vec<(u32, &str, usize, Ranked)> = tunnels
        .flat_map(|tunnel| {
            tunnel.sources.iter().enumerate().map(move |(i, source)| {
                (
                    source.priority,
                    tunnel.id.as_str(),
                    i,
                    Ranked { tunnel, source },
                )
            })
        })
        .collect();
    all.sort_by_key(|(priority, tunnel, i, _)| (*priority, *tunnel, *i));
    all.into_iter().map(|(_, _, _, ranked)| ranked).collect()
}

/// The rank of each source by name; names that no document has any more come last, in their own order.
#[derive(Clone, Debug, Default)]
pub struct Ranks(BTreeMap<String, usize>);

impl Ranks {
    pub fn of(book: &Book) -> Self {
        Self(
            ranked(book)
                .iter()
                .enumerate()
                .map(|(i, r)| (r.name(), i))
                .collect(),
        )
    }

    pub fn get(&self, source: &str) -> usize {
        self.0.get(source).copied().unwrap_or(usize::MAX)
    }

    /// These sources in order of rank.
    pub fn sorted(&self, sources: &BTreeSet<String>) -> Vec<String> {
        let mut all: Vec<String> = sources.iter().cloned().collect();
        all.sort_by_key(|s| (self.get(s), s.clone()));
        all
    }
}

/// The key among the catalog's rules by which a rule (a source's, or an audience's) is known to have been applied to
/// everyone, since this catalog began.
pub fn whole_key(rule: &str) -> String {
    format!("{rule}?whole")
}

/// Was every source of the book read to its end since this catalog began, and was it known of every mailbox what it
/// may see? Only then is a card of nobody whom the catalog knows, or whom it does not show there, truly nobody's.
pub fn whole(book: &Book, rules: &BTreeMap<String, String>) -> bool {
    let knows = |rule: &str| rules.contains_key(&whole_key(rule));
    let mut sources = ranked(book).into_iter().map(|ranked| ranked.name());
    sources.all(|name| knows(&name) && knows(&only_for_key(&name)))
}

/// The view of exactly these sources, whatever their rank.
pub fn view_id(sources: &BTreeSet<String>) -> ViewId {
    let names: Vec<&str> = sources.iter().map(String::as_str).collect();
    ViewId(digest(&names))
}

/// A hash of a rule with every list it names: changes whenever what it means by itself does.
pub fn rule_hash(parts: &[&str], choice: &Choice, lists: &BTreeMap<String, Choice>) -> String {
    let mut texts: Vec<String> = parts.iter().map(|p| (*p).to_owned()).collect();
    let mut open = vec![choice];
    let mut seen = BTreeSet::new();
    while let Some(choice) = open.pop() {
        texts.push(serde_json::to_string(choice).unwrap_or_default());
        open.extend(choice.exclude.as_deref());
        for name in &choice.lists {
            if seen.insert(name) {
                open.extend(lists.get(name));
            }
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    digest(&texts)
}
