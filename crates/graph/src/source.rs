//! A mailbox's contact folder as a source of people.

use crate::contacts::{ContactChange, Lookup};
use crate::error::{GraphError, Place};
use crate::folders::{DEFAULT_NAME, Folder};
use crate::wire::person::folder_contact;
use crate::{Graph, PersonChange, Round, TenantRef};
use model::person::Person;
use model::snapshot::{Here, Stamp};
use model::{FolderId, ItemId, MailboxId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where every folder of the source goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Cursors(BTreeMap<FolderId, String>);

/// What the rounds of all folders say together.
#[derive(Default)]
struct Gathered {
    cursors: Cursors,
    changed: BTreeSet<ItemId>,
    hinted: BTreeSet<ItemId>,
    /// A folder's cursor was lost: what the others say is not the whole.
    lost: bool,
}

/// From this many changes on, listing the folder costs less than asking one by one.
const LIST_FROM: usize = 400;

impl Graph {
    /// What changed among the contacts of a folder by path (`Contacts`, `Contacts/Suppliers`), with its
    /// children or not, as people. Removals are proven by asking for the item; extended fields and stamps
    /// are read (a stamp shows as the attribute [`STAMP_ATTRIBUTE`](crate::STAMP_ATTRIBUTE)). A path that
    /// is not there is `Gone`.
    pub async fn source_contacts_round(
        &self,
        tenant: &TenantRef,
        address: &str,
        path: &str,
        children: bool,
        cursor: Option<&str>,
    ) -> Result<Round<PersonChange>, GraphError> {
        // By its id, so that a mailbox that is source and target has one lane, and errors no address.
        let mailbox = self.source_mailbox(tenant, address).await?;
        let all = self.folders(tenant, &mailbox).await?;
        let folders =
            chosen(&all, path, children).ok_or_else(|| GraphError::Gone { at: place(tenant) })?;
        // A folder that left the choice took its people along, and no delta says so: read anew.
        let known = cursor
            .and_then(|text| serde_json::from_str::<Cursors>(text).ok())
            .filter(|known| known.0.keys().all(|id| folders.contains(id)));
        let mut whole = known.is_none();
        let known = known.unwrap_or_default();
        let mut gathered = self.gather(tenant, &mailbox, &folders, &known).await?;
        if gathered.lost {
            whole = true;
            let none = Cursors::default();
            gathered = self.gather(tenant, &mailbox, &folders, &none).await?;
        }
        let changes = self
            .people_of(tenant, &mailbox, &folders, &gathered, whole)
            .await?;
        Ok(Round {
            changes,
            cursor: serde_json::to_string(&gathered.cursors).unwrap_or_default(),
            whole,
            restarted: whole && cursor.is_some(),
        })
    }

    /// The mailbox of a source folder, by its id. An address that is nobody's is `Gone`.
    pub async fn source_mailbox(
        &self,
        tenant: &TenantRef,
        address: &str,
    ) -> Result<MailboxId, GraphError> {
        let found = self.user_id(tenant, address).await?;
        found
            .map(MailboxId)
            .ok_or_else(|| GraphError::Gone { at: place(tenant) })
    }

    /// Which of these contacts definitely lie in none of the source's folders any more: gone, moved elsewhere,
    /// or in Deleted Items. For those whom a whole round did not show.
    pub async fn source_contacts_gone(
        &self,
        tenant: &TenantRef,
        address: &str,
        path: &str,
        children: bool,
        ids: &[ItemId],
    ) -> Result<BTreeSet<ItemId>, GraphError> {
        let mailbox = self.source_mailbox(tenant, address).await?;
        let all = self.folders(tenant, &mailbox).await?;
        let folders =
            chosen(&all, path, children).ok_or_else(|| GraphError::Gone { at: place(tenant) })?;
        let mut gone = BTreeSet::new();
        for (id, lookup) in self.contacts_by_id(tenant, &mailbox, ids).await? {
            match lookup? {
                Lookup::Found { folder, .. } if folders.contains(&folder) => {}
                Lookup::Found { .. } | Lookup::Gone => {
                    gone.insert(id);
                }
            }
        }
        Ok(gone)
    }

    async fn gather(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folders: &BTreeSet<FolderId>,
        known: &Cursors,
    ) -> Result<Gathered, GraphError> {
        let mut gathered = Gathered::default();
        for folder in folders {
            let cursor = known.0.get(folder).map(String::as_str);
            let round = self.contacts_delta(tenant, mailbox, folder, cursor).await?;
            gathered.lost |= round.restarted;
            gathered.cursors.0.insert(folder.clone(), round.cursor);
            for change in round.changes {
                match change {
                    ContactChange::Changed { id, .. } => gathered.changed.insert(id),
                    ContactChange::RemovedHint { id } => gathered.hinted.insert(id),
                };
            }
        }
        Ok(gathered)
    }

    /// Every contact that the rounds named, as it is now.
    async fn people_of(
        &self,
        tenant: &TenantRef,
        mailbox: &MailboxId,
        folders: &BTreeSet<FolderId>,
        gathered: &Gathered,
        whole: bool,
    ) -> Result<Vec<PersonChange>, GraphError> {
        let mut people: BTreeMap<ItemId, PersonChange> = BTreeMap::new();
        if gathered.changed.len() >= LIST_FROM {
            for folder in folders {
                let mut look = self.contacts_full(tenant, mailbox, folder);
                while let Some(page) = look.next().await? {
                    let wanted = page
                        .into_iter()
                        .filter(|(id, _)| gathered.changed.contains(id));
                    people.extend(wanted.map(|(id, here)| (id.clone(), person(id, here))));
                }
            }
        }
        let named = gathered.changed.union(&gathered.hinted);
        let missing: Vec<ItemId> = named
            .filter(|id| !people.contains_key(*id))
            .cloned()
            .collect();
        for (id, lookup) in self.contacts_by_id(tenant, mailbox, &missing).await? {
            let change = match lookup? {
                Lookup::Found { here, folder } if folders.contains(&folder) => {
                    person(id.clone(), *here)
                }
                Lookup::Found { .. } | Lookup::Gone => PersonChange::Removed {
                    key: id.0.clone(),
                    permanently: false,
                },
            };
            people.insert(id, change);
        }
        if whole {
            people.retain(|_, change| matches!(change, PersonChange::Here(_)));
        }
        Ok(people.into_values().collect())
    }
}

fn place(tenant: &TenantRef) -> Place {
    Place {
        tenant: tenant.name.clone(),
        mailbox: None,
        doing: "looking for a source folder",
    }
}

fn person(id: ItemId, here: Here) -> PersonChange {
    let stamp = match here.stamp {
        Stamp::Text(text) => Some(text),
        Stamp::None | Stamp::Unread => None,
    };
    let person: Person = folder_contact(id.0, here.fields.item(), stamp);
    PersonChange::Here(Box::new(person))
}

/// The folder that `path` names, with its descendants if wished. `Contacts` as the first part means the
/// default folder, whatever the mailbox's language calls it; without it, the path starts below it.
fn chosen(all: &[Folder], path: &str, children: bool) -> Option<BTreeSet<FolderId>> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    let default = all.iter().find(|f| f.parent.is_none())?;
    if parts
        .peek()
        .is_some_and(|p| p.eq_ignore_ascii_case(DEFAULT_NAME))
    {
        parts.next();
    }
    let mut at = default;
    for part in parts {
        at = all
            .iter()
            .find(|f| f.parent.as_ref() == Some(&at.id) && f.name.eq_ignore_ascii_case(part))?;
    }
    let mut folders: BTreeSet<FolderId> = [at.id.clone()].into();
    if children {
        // Parents come before their children.
        // A folder that bears our stamp is a target of ours: what lies in it are copies, even where a card has lost
        // its own.
        for folder in all.iter().filter(|f| f.stamp.is_none()) {
            if folder.parent.as_ref().is_some_and(|p| folders.contains(p)) {
                folders.insert(folder.id.clone());
            }
        }
    }
    Some(folders)
}
