//! Describe: what a store remembers, as text for the readers of a trace.

use futures::executor::block_on;
use model::TenantName;
use model::link::{Link, Part};
use model::member::Member;
use model::tunnel::Book;
use std::sync::Arc;
use store::{LedgerFilter, RunFilter, Store};

/// Deletions, runs and books.
pub fn store(store: &Store, tenant: &TenantName, books: Vec<Arc<Book>>) -> String {
    let mut out = String::from("the store\n");
    out += &deletions(store);
    out += &runs(store);
    for each in books {
        out += &book(store, tenant, &each).unwrap_or_default();
    }
    out
}

fn deletions(store: &Store) -> String {
    let ledger = block_on(store.ledger(&LedgerFilter::default())).unwrap_or_default();
    let rows = ledger.iter().filter(|row| row.act == "delete");
    let line = |row: &store::LedgerRow| {
        format!(
            "  ledger {} run {:?} {:?} {} {:?} {}\n",
            row.at,
            row.run,
            row.phase,
            row.act,
            row.item.as_ref().map(|i| i.as_str()),
            row.detail
        )
    };
    rows.map(line).collect()
}

fn runs(store: &Store) -> String {
    let mut out = String::new();
    for run in block_on(store.runs(&RunFilter::default())).unwrap_or_default() {
        out += &format!(
            "  run {} {} {:?} {:?} from {} {:?} {}\n",
            run.id, run.book, run.trigger, run.state, run.started_at, run.account, run.reason
        );
        for m in block_on(store.run_members(run.id)).unwrap_or_default() {
            out += &format!(
                "    {} {:?} done {} of {} {}\n",
                m.member, m.state, m.account.done, m.account.planned, m.reason
            );
        }
    }
    out
}

/// `None`: it cannot be read.
fn book(store: &Store, tenant: &TenantName, book: &Book) -> Option<String> {
    let catalog = block_on(store.load_catalog(tenant, book.catalog)).ok()?;
    let members = block_on(store.members(tenant, book.catalog)).ok()?;
    let mut out = format!(
        "  {} {} at version {}\n",
        book.key, book.catalog, catalog.version
    );
    out += &format!("    rules {:?}\n", catalog.rules.keys());
    for ((source, key), c) in &catalog.contributions {
        out += &format!("    {source} {key} entry {} {:?}\n", c.entry, c.standing);
    }
    out.extend(members.iter().map(|m| member(store, m)));
    Some(out)
}

fn member(store: &Store, m: &Member) -> String {
    let mut out = format!(
        "    member {} {} {:?} view {} through {} full {:?} {:?}\n",
        m.id, m.mailbox, m.state, m.view.0, m.through, m.looked_full_at, m.leaving
    );
    let links = block_on(store.links(m.id)).unwrap_or_default();
    let cards = links.iter().filter(|((_, part), _)| *part == Part::Core);
    out.extend(cards.map(|(_, l)| link(l)));
    out
}

fn link(l: &Link) -> String {
    format!(
        "      {} {:?} g{} {:?} {:?} agreed {:?} sent {:?} {:?}{}\n",
        l.entry,
        l.part,
        l.generation,
        l.item.as_ref().map(|i| i.as_str()),
        l.origin,
        l.agreed,
        l.sent,
        l.trouble,
        if l.refused { " refused" } else { "" }
    )
}
