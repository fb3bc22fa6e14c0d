//! What a command line means: which books, and which mailboxes in them.

use crate::cli::Selection;
use crate::exit::{Exit, Failure};
use crate::wiring::{House, store_failure};
use model::MailboxId;
use model::tunnel::Book;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The books that a selection means. A book is fed by every tunnel that names its folder.
///
/// # Errors
/// There is no such tunnel or tenant, or there are no tunnels at all.
pub fn books(house: &House, selection: &Selection) -> Result<Vec<Arc<Book>>, Failure> {
    if let Some(tenant) = &selection.tenant {
        house.settings.tenant(tenant)?;
    }
    let all = house.engine.books();
    let chosen: Vec<Arc<Book>> = all
        .iter()
        .filter(|book| is_meant(book, selection))
        .cloned()
        .collect();
    if chosen.is_empty() {
        return Err(nothing(house, selection));
    }
    Ok(chosen)
}

fn is_meant(book: &Book, selection: &Selection) -> bool {
    let tenant = selection
        .tenant
        .as_ref()
        .is_none_or(|t| book.tenant.as_str() == t);
    let of = |wanted: &String| {
        book.tunnels
            .iter()
            .any(|t| t.id.as_str() == wanted || t.name == *wanted)
    };
    tenant && selection.tunnel.as_ref().is_none_or(of)
}

fn nothing(house: &House, selection: &Selection) -> Failure {
    match &selection.tunnel {
        Some(tunnel) => {
            let names: BTreeSet<&str> = house
                .policy
                .tunnels
                .iter()
                .map(|t| t.name.as_str())
                .collect();
            let known = names.into_iter().collect::<Vec<_>>().join(", ");
            Failure::new(
                Exit::Usage,
                format!("there is no tunnel `{tunnel}`"),
                format!("known are: {known}"),
            )
        }
        None if selection.tenant.is_some() => Failure::configuration(
            format!(
                "no tunnel is of tenant `{}`",
                selection.tenant.as_deref().unwrap_or_default()
            ),
            "there is nothing to plan or to carry out for it; write a tunnel if there should be",
        ),
        None => Failure::configuration(
            format!(
                "there are no tunnels in {}",
                house.settings.tunnels_folder().display()
            ),
            "write one (see the .example file there) and run `almanac validate`",
        ),
    }
}

/// The mailboxes of a book that were named by address, as far as the store knows them. `None`: one of them
/// is not a member yet.
///
/// # Errors
/// The store cannot be read.
pub async fn mailboxes(
    house: &House,
    book: &Book,
    selection: &Selection,
) -> Result<Option<BTreeSet<MailboxId>>, Failure> {
    let members = house.store().members(&book.tenant, book.catalog).await;
    let members = members.map_err(|e| store_failure(&e))?;
    let mut found = BTreeSet::new();
    for wanted in &selection.mailbox {
        let same = |m: &&model::member::Member| {
            m.address.eq_ignore_ascii_case(wanted) || m.mailbox.as_str() == wanted
        };
        match members.iter().find(same) {
            Some(member) => found.insert(member.mailbox.clone()),
            None => return Ok(None),
        };
    }
    Ok(Some(found))
}
