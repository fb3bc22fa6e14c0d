//! A mailbox that was moved to another place: all its ids are others now, and its links follow their cards.

use crate::job::JobError;
use crate::job::member::Place;
use crate::look::Look;
use graph::Lookup;
use model::ItemId;
use model::snapshot::Reach;
use planner::moved::{Moved, follow, suspects};
use std::collections::BTreeSet;
use store::LinkChange;

/// Looks whether this look can only mean a move, and brings the links along. Without that every card would count as
/// deleted by its user, and everybody would be there twice once they were made again.
pub(crate) async fn follow_cards(place: &Place<'_>, look: &Look) -> Result<(), JobError> {
    let (engine, member) = (place.engine, &place.member);
    let Some(folder) = look.folder.as_ref().filter(|_| is_another(place, look)) else {
        return Ok(());
    };
    let links = engine.store().links(member.id).await?;
    let suspects = suspects(&links, &look.snapshot);
    if suspects.is_empty() {
        return Ok(());
    }
    let gone = gone(place, suspects).await?;
    let agreed: Vec<_> = links.values().filter_map(|link| link.agreed).collect();
    let contents = engine.store().contents(&member.tenant, &agreed).await?;
    let followed = follow(&Moved {
        member,
        links: &links,
        gone: &gone,
        observed: &look.snapshot,
        contents: &contents,
        stamp_key: &engine.inner.keys.stamps,
    });
    if followed.is_empty() {
        return Ok(());
    }
    tracing::info!(tenant.id = %member.tenant, mailbox.id = %member.mailbox, cards = followed.len(), "the mailbox was moved: its cards are known by their new ids");
    let changes = followed.into_iter().map(Box::new).map(LinkChange::Agree);
    let store = engine.store();
    store
        .agree(place.lease, member.id, changes.collect())
        .await?;
    store
        .set_folder(member.id, Some(&folder.id), &folder.name)
        .await?;
    Ok(())
}

/// All of the folder was seen, and it is not the one that we knew.
fn is_another(place: &Place<'_>, look: &Look) -> bool {
    let known = place.member.folder.as_ref();
    let now = look.folder.as_ref().map(|folder| &folder.id);
    look.snapshot.reach == Reach::Full && known.is_some() && known != now
}

/// The items of which Graph says that there is none of that id in the whole mailbox. It must say something of each: a
/// card that is left behind here counts as deleted afterwards.
async fn gone(place: &Place<'_>, ids: BTreeSet<ItemId>) -> Result<BTreeSet<ItemId>, JobError> {
    let ids: Vec<ItemId> = ids.into_iter().collect();
    let mailbox = &place.member.mailbox;
    let answers = place
        .engine
        .graph()
        .contacts_by_id(&place.tenant.at, mailbox, &ids)
        .await?;
    let mut gone = BTreeSet::new();
    for (id, answer) in answers {
        if answer? == Lookup::Gone {
            gone.insert(id);
        }
    }
    Ok(gone)
}
