//! The search for copies that the store does not know of.

mod story;

use model::catalog::MemberChange;
use model::person::{Facts, MailboxKind, Person, PersonKind};
use model::tunnel::{Book, Copies};
use model::{Item, MailboxId, MemberId, Millis, Timestamp};
use planner::search::{Left, Looked, Search, Terrain};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use story::{CATALOG, member};

const APART: Millis = Millis(3_600_000);

/// A tenant of a, b, c and d, of whom d's mailbox is none.
struct Town {
    book: Book,
    facts: Facts,
    named: BTreeSet<MailboxId>,
    held: BTreeSet<MailboxId>,
}

impl Town {
    fn new() -> Self {
        let mut facts = Facts::default();
        for key in ["a", "b", "c", "d"] {
            facts.users.insert(key.into(), Arc::new(person(key)));
            let kind = match key {
                "d" => MailboxKind::None,
                _ => MailboxKind::User,
            };
            facts.mailboxes.insert(MailboxId::from(key), kind);
        }
        Self {
            book: Book {
                tenant: "contoso".into(),
                key: "People".into(),
                catalog: CATALOG,
                tunnels: vec![story::tunnel("t1")],
            },
            facts,
            named: BTreeSet::new(),
            held: BTreeSet::new(),
        }
    }

    fn terrain(&self) -> Terrain<'_> {
        Terrain {
            book: &self.book,
            facts: &self.facts,
            named: &self.named,
            held: &self.held,
        }
    }

    fn asks(&self, search: &Search) -> Vec<String> {
        let asked = search.asks(&self.terrain());
        asked.iter().map(|id| id.as_str().to_owned()).collect()
    }

    fn after(&self, search: &Search, looked: Looked) -> Search {
        search.after(&self.terrain(), &looked)
    }
}

fn person(key: &str) -> Person {
    Person {
        key: key.into(),
        kind: PersonKind::Member,
        item: Item::default(),
        upn: String::new(),
        enabled: Some(true),
        listed: None,
        country: String::new(),
        addresses: BTreeSet::new(),
        attributes: BTreeMap::new(),
        has_plan: None,
    }
}

fn ids(text: &str) -> BTreeSet<MailboxId> {
    text.split_whitespace().map(MailboxId::from).collect()
}

fn looked(minutes: i64) -> Looked {
    Looked {
        reads: true,
        now: Timestamp(minutes * 60_000),
        apart: APART,
        ..Looked::default()
    }
}

#[test]
fn who_could_not_be_looked_into_waits_for_its_turn() {
    let mut town = Town::new();
    town.named = ids("a");
    town.facts.mailboxes.remove(&MailboxId::from("c"));
    let search = Search::Everywhere;
    assert_eq!(town.asks(&search), ["b"]);
    let silent = Looked {
        silent: ids("b"),
        ..looked(0)
    };
    let search = town.after(&search, silent);
    assert!(
        search.is_pressing(&town.terrain()),
        "b is there and must be asked again"
    );
    let search = town.after(&search, looked(15));
    assert!(!search.is_over() && !search.is_pressing(&town.terrain()));
    // The census finds them.
    for key in ["c", "d"] {
        let kind = MailboxKind::User;
        town.facts.mailboxes.insert(MailboxId::from(key), kind);
    }
    assert_eq!(town.asks(&search), ["c", "d"]);
    assert!(town.after(&search, looked(30)).is_over());
}

#[test]
fn a_refusal_is_believed_the_second_time_by_a_round_that_reads() {
    let town = Town::new();
    let refused = |minutes, reads| Looked {
        refused: ids("b"),
        reads,
        ..looked(minutes)
    };
    let mut search = town.after(&Search::Everywhere, refused(0, true));
    for (minutes, reads) in [(15, true), (59, true), (90, false)] {
        search = town.after(&search, refused(minutes, reads));
        assert_eq!(town.asks(&search), ["b"], "after {minutes} minutes");
    }
    search = town.after(&search, refused(91, true));
    assert_eq!(town.asks(&search), Vec::<String>::new());
}

#[test]
fn one_late_refusal_of_a_silent_mailbox_is_not_believed() {
    let town = Town::new();
    let silent = Looked {
        silent: ids("b"),
        ..looked(0)
    };
    let search = town.after(&Search::Everywhere, silent);
    let refused = Looked {
        refused: ids("b"),
        ..looked(120)
    };
    assert_eq!(town.asks(&town.after(&search, refused)), ["b"]);
}

#[test]
fn nothing_is_over_before_anybody_was_read_or_the_stamps_are_known() {
    let nobody = Town {
        facts: Facts::default(),
        ..Town::new()
    };
    assert_eq!(
        nobody.after(&Search::Everywhere, looked(0)),
        Search::Everywhere
    );
    let incomplete = Looked {
        incomplete: true,
        ..looked(0)
    };
    assert_eq!(
        Town::new().after(&Search::Everywhere, incomplete),
        Search::Everywhere
    );
}

#[test]
fn what_a_paused_tunnel_means_and_what_is_to_be_kept_waits() {
    let mut town = Town::new();
    town.held = ids("b");
    let search = town.after(&Search::Everywhere, looked(0));
    assert!(!search.is_pressing(&town.terrain()));
    town.held.clear();
    assert_eq!(town.asks(&search), ["b"]);
    town.book.tunnels[0].copies = Copies::Keep;
    assert_eq!(town.asks(&search), Vec::<String>::new());
    assert!(!search.is_pressing(&town.terrain()));
    let search = town.after(&search, looked(15));
    town.book.tunnels[0].copies = Copies::Remove;
    assert_eq!(town.asks(&search), ["b"], "the document says remove again");
}

#[test]
fn copies_of_a_mailbox_that_is_none_any_more_are_looked_for_once_it_is_back() {
    let mut town = Town::new();
    let mut search = Search::Left(Left::default());
    let mut leaver = member();
    leaver.mailbox = MailboxId::from("d");
    let mut change = MemberChange::default();
    change.leave.insert(MemberId(1), Copies::Keep);
    search.remember(&town.book, &town.facts, &[leaver], &change);
    assert_eq!(town.asks(&search), Vec::<String>::new());
    let kind = MailboxKind::User;
    town.facts.mailboxes.insert(MailboxId::from("d"), kind);
    assert_eq!(town.asks(&search), ["d"]);
}
