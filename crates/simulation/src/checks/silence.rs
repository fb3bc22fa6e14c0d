//! Silence: when a source was last read to its end, and whether the owner hears of it when that is too long ago (I30).

use super::Monitor;
use crate::town::Town;
use crate::world::START;
use graph_sim::Response;
use model::seam::Request;
use model::tunnel::{Policy, SourcePlace, Tunnel, TunnelState};
use model::{Millis, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::Notice;

/// The watch looks once an hour.
const SEEN_WITHIN: Millis = Millis(2 * 3_600_000);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Directory,
    Reception,
}

/// When a worker last read each source to its end.
#[derive(Debug, Default)]
pub struct Heard {
    read: BTreeMap<Source, Timestamp>,
    /// From when until when nobody read a source to its end, a day or longer.
    deaf: Vec<(Source, Timestamp, Timestamp)>,
    /// When the watch first saw an active tunnel of a folder, with this store.
    seen: BTreeMap<String, Timestamp>,
}

/// An answer is read: is it the last page of a round?
pub fn told(
    monitor: &mut Monitor,
    town: &Town,
    request: &Request,
    response: &Response,
    at: Timestamp,
) {
    let path = request.url.split('?').next().unwrap_or_default();
    let source = match path.ends_with("/users/delta") {
        true => Source::Directory,
        false if path.contains(&town.reception) && path.ends_with("/contacts/delta") => {
            Source::Reception
        }
        false => return,
    };
    let last = b"@odata.deltaLink";
    let ended = response.body.windows(last.len()).any(|w| w == last);
    if response.status == 200 && ended {
        let before = monitor.heard.read.insert(source, at);
        let long = before.filter(|before| at.since(*before) >= Millis::days(1));
        let deaf = long.map(|before| (source, before, at));
        monitor.heard.deaf.extend(deaf);
    }
}

impl Heard {
    /// How long between nobody could hear that somebody has left: the source that knows the person was not read.
    pub fn deaf_between(&self, person: &str, then: Timestamp, now: Timestamp) -> Millis {
        let source = match person.starts_with("item:") {
            true => Source::Reception,
            false => Source::Directory,
        };
        let last = self.read.get(&source).copied().unwrap_or(START);
        let still = (now.since(last) >= Millis::days(1)).then_some((last, now));
        let here = self.deaf.iter().filter(|(s, _, _)| *s == source);
        let here = here.map(|(_, from, until)| (*from, *until)).chain(still);
        let spans = here.map(|(from, until)| until.since(then.max(from)));
        Millis(spans.map(|span| span.0.max(0)).sum())
    }
}

/// The watch has just looked: every book whose sources were silent for too long has a notice.
pub fn watched(monitor: &mut Monitor, policy: &Policy, open: &[Notice], now: Timestamp) {
    let folders: BTreeSet<&str> = policy
        .tunnels
        .iter()
        .map(|t| t.folder.name.as_str())
        .collect();
    for folder in folders {
        let of_book = |t: &&Tunnel| t.folder.name.as_str() == folder;
        let active = |t: &&Tunnel| t.state == TunnelState::Active;
        let tunnels: Vec<&Tunnel> = policy
            .tunnels
            .iter()
            .filter(of_book)
            .filter(active)
            .collect();
        let Some(limit) = tunnels.iter().map(|t| t.stale_after).min() else {
            continue;
        };
        let told = ["silence", "failure", "hold"].map(|kind| format!("{kind} {folder}"));
        let told = open.iter().any(|notice| told.contains(&notice.subject));
        // Whoever lost the store knows nothing of what was before.
        let lost = monitor.cards.lost_at().unwrap_or(START);
        let seen = monitor.heard.seen.entry(folder.to_owned()).or_insert(now);
        if *seen < lost {
            *seen = now;
        }
        let seen = *seen;
        for source in sources(&tunnels) {
            let heard = monitor.heard.read.get(&source).copied();
            let heard = heard.filter(|at| *at >= lost).unwrap_or(seen);
            let silent = now.since(heard) > limit + SEEN_WITHIN;
            if silent {
                monitor.count("a source was silent for too long", 1);
            }
            monitor.check("I30", !silent || told, now, || {
                format!("{source:?} of {folder} was last heard {heard}, and nobody is told")
            });
        }
    }
}

/// The directory is always read: it says who has a mailbox.
fn sources(tunnels: &[&Tunnel]) -> BTreeSet<Source> {
    let folder = |t: &&Tunnel| {
        let mut places = t.sources.iter().map(|s| &s.place);
        places.any(|p| matches!(p, SourcePlace::Folder { .. }))
    };
    let reception = tunnels.iter().any(folder).then_some(Source::Reception);
    [Source::Directory].into_iter().chain(reception).collect()
}
