//! Looking at a member's folder: what is there now, by delta or in full.

use crate::world::{Engine, Tenant};
use graph::{ContactChange, Folder, GraphError, Lookup};
use model::member::Member;
use model::mutant::{self, Mutant};
use model::snapshot::{Here, Reach, Seen, Snapshot};
use model::tunnel::Book;
use model::{FolderId, ItemId, MailboxId, MemberId, RunId};
use planner::stamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// One look at one member.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// `None`: there is no such folder yet.
    pub folder: Option<Folder>,
    pub snapshot: Snapshot,
    /// Where the next delta goes on, once this look has been settled.
    pub cursor: Option<String>,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Changes,
    Full,
}

/// Looks between planning and performing, so that one delta round serves both. A lost one is looked again.
#[derive(Default)]
pub(crate) struct Looks(Mutex<BTreeMap<MemberId, (RunId, Look)>>);

/// Larger looks are not kept: looking again is cheaper than the memory.
const LOOK_ITEMS_KEPT: usize = 500;

impl Looks {
    pub(crate) fn keep(&self, run: RunId, member: MemberId, look: Look) {
        if look.snapshot.items.len() <= LOOK_ITEMS_KEPT {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(member, (run, look));
        }
    }

    pub(crate) fn take(&self, run: RunId, member: MemberId) -> Option<Look> {
        let kept = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&member);
        kept.filter(|(of, _)| *of == run).map(|(_, look)| look)
    }
}

impl Look {
    /// There is no folder: nothing is there, and that is complete.
    pub(crate) fn nothing() -> Self {
        Self {
            folder: None,
            snapshot: Snapshot::new(Reach::Full),
            cursor: None,
        }
    }
}

pub(crate) async fn look(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    member: &Member,
    wanted: Wanted,
) -> Result<Look, GraphError> {
    let Some(folder) = find_folder(engine, tenant, book, member, wanted).await? else {
        return Ok(Look::nothing());
    };
    let seen = match (&member.cursor, wanted) {
        (Some(cursor), Wanted::Changes) => {
            changes(engine, tenant, &member.mailbox, &folder.id, cursor).await
        }
        _ => full(engine, tenant, &member.mailbox, &folder.id).await,
    };
    match seen {
        Ok((snapshot, cursor)) => Ok(Look {
            folder: Some(folder),
            snapshot,
            cursor: Some(cursor),
        }),
        // The folder that we knew is gone: was it deleted, or is there another one with our stamp?
        Err(GraphError::Gone { at }) if member.folder.is_some() => {
            let all = engine.graph().folders(&tenant.at, &member.mailbox).await?;
            if all.iter().any(|f| member.folder.as_ref() == Some(&f.id)) {
                // A folder of the user's own bears no stamp: forgotten for one wrong answer, it would be made anew.
                let detail = "one answer says that the folder is gone, another shows it".to_owned();
                return Err(GraphError::NoAnswer { at, detail });
            }
            let forgotten = Member {
                folder: None,
                cursor: None,
                ..member.clone()
            };
            Box::pin(look(engine, tenant, book, &forgotten, Wanted::Full)).await
        }
        Err(_) if mutant::on(Mutant::A26) => Ok(Look {
            folder: Some(folder),
            ..Look::nothing()
        }),
        Err(error) => Err(error),
    }
}

/// The member's folder: known, or found by our stamp wherever it was moved and however it is called,
/// or by its name.
async fn find_folder(
    engine: &Engine,
    tenant: &Tenant,
    book: &Book,
    member: &Member,
    wanted: Wanted,
) -> Result<Option<Folder>, GraphError> {
    if let (Some(id), Wanted::Changes) = (&member.folder, wanted) {
        return Ok(Some(known(member, id)));
    }
    if book.tunnels.iter().any(|t| t.folder.default) {
        let id = engine
            .graph()
            .default_folder(&tenant.at, &member.mailbox)
            .await?;
        return Ok(Some(known(member, &id)));
    }
    let all = engine.graph().folders(&tenant.at, &member.mailbox).await?;
    Ok(choose_folder(engine, book, member, &all))
}

/// The folder of a member that keeps what it has: nothing is read from it and nothing is written to it.
pub(crate) fn left_behind(member: &Member) -> Folder {
    let nowhere = FolderId::from("");
    known(member, member.folder.as_ref().unwrap_or(&nowhere))
}

fn known(member: &Member, id: &FolderId) -> Folder {
    Folder {
        id: id.clone(),
        name: member.folder_name.clone(),
        parent: None,
        stamp: None,
    }
}

/// By id, else by stamp, else by name: in that order, so that a renamed folder is found again.
fn choose_folder(engine: &Engine, book: &Book, member: &Member, all: &[Folder]) -> Option<Folder> {
    let ours = folder_stamp(engine, member);
    let by = |test: &dyn Fn(&Folder) -> bool| all.iter().find(|f| test(f)).cloned();
    if mutant::on(Mutant::A7) {
        return by(&|f| member.folder.as_ref() == Some(&f.id));
    }
    by(&|f| member.folder.as_ref() == Some(&f.id))
        .or_else(|| by(&|f| f.stamp.as_deref() == Some(ours.as_str())))
        .or_else(|| by(&|f| f.name == book.key.as_str()))
}

/// The stamp of a folder is that of an entry that cannot exist.
pub(crate) fn folder_stamp(engine: &Engine, member: &Member) -> String {
    let nobody = model::EntryId(0);
    stamp::write(
        &engine.inner.keys.stamps,
        &member.mailbox,
        member.catalog,
        nobody,
        0,
    )
}

async fn changes(
    engine: &Engine,
    tenant: &Tenant,
    mailbox: &MailboxId,
    folder: &FolderId,
    cursor: &str,
) -> Result<(Snapshot, String), GraphError> {
    let round = engine
        .graph()
        .contacts_delta(&tenant.at, mailbox, folder, Some(cursor))
        .await?;
    if round.whole {
        // The cursor was lost: what is not in this round may be gone, and only a listing with stamps can tell.
        return full(engine, tenant, mailbox, folder).await;
    }
    let mut snapshot = Snapshot::new(Reach::Changes);
    snapshot.items = round.changes.into_iter().map(seen).collect();
    Ok((snapshot, round.cursor))
}

fn seen(change: ContactChange) -> (ItemId, Seen) {
    match change {
        ContactChange::Changed { id, here } => (id, Seen::Here(here)),
        ContactChange::RemovedHint { id } if mutant::on(Mutant::B4) => (id, Seen::Gone),
        ContactChange::RemovedHint { id } => (id, Seen::Unseen),
    }
}

/// The cursor is taken before the listing, so that what changes in between is seen by the next delta. What its round
/// showed and the listing did not is asked for by id: a list can leave something out without a word, and of two equal
/// cards that a user made the other one would be taken for the only one.
async fn full(
    engine: &Engine,
    tenant: &Tenant,
    mailbox: &MailboxId,
    folder: &FolderId,
) -> Result<(Snapshot, String), GraphError> {
    let round = engine
        .graph()
        .contacts_delta(&tenant.at, mailbox, folder, None)
        .await?;
    let mut snapshot = Snapshot::new(Reach::Full);
    let mut listing = engine.graph().contacts_full(&tenant.at, mailbox, folder);
    while let Some(page) = listing.next().await? {
        snapshot.items.extend(
            page.into_iter()
                .map(|(id, here)| (id, Seen::Here(Box::new(here)))),
        );
    }
    let left_out: BTreeSet<ItemId> = round
        .changes
        .into_iter()
        .filter(|change| matches!(change, ContactChange::Changed { .. }))
        .map(|change| change.id().clone())
        .filter(|id| !snapshot.items.contains_key(id))
        .collect();
    prove(engine, tenant, mailbox, folder, &left_out, &mut snapshot).await?;
    Ok((snapshot, round.cursor))
}

/// Asks for single items, where a look alone concludes nothing.
pub(crate) async fn prove(
    engine: &Engine,
    tenant: &Tenant,
    mailbox: &MailboxId,
    folder: &FolderId,
    ids: &BTreeSet<ItemId>,
    snapshot: &mut Snapshot,
) -> Result<(), GraphError> {
    if ids.is_empty() {
        return Ok(());
    }
    let asked: Vec<ItemId> = ids.iter().cloned().collect();
    let answers = engine
        .graph()
        .contacts_by_id(&tenant.at, mailbox, &asked)
        .await?;
    for (id, answer) in answers {
        snapshot.items.insert(id, proven(answer, folder));
    }
    Ok(())
}

/// An item that lies in another folder now has left this one; only a definite answer proves anything.
fn proven(answer: Result<Lookup, GraphError>, folder: &FolderId) -> Seen {
    match answer {
        Ok(Lookup::Found { here, folder: at }) if at == *folder => Seen::Here(here),
        Ok(Lookup::Found { .. } | Lookup::Gone) => Seen::Gone,
        Err(_) if mutant::on(Mutant::B6) => Seen::Gone,
        Err(_) => Seen::Unseen,
    }
}

/// One item by id, as an observation.
pub(crate) async fn look_at_item(
    engine: &Engine,
    tenant: &Tenant,
    mailbox: &MailboxId,
    folder: &FolderId,
    id: &ItemId,
) -> Result<Option<Box<Here>>, GraphError> {
    match engine.graph().contact(&tenant.at, mailbox, id).await? {
        Lookup::Found { here, folder: at } if at == *folder => Ok(Some(here)),
        _ => Ok(None),
    }
}
