//! Facts: what the store remembers of a tenant's sources, as selection reads it.

use crate::needs::Needs;
use crate::observe::{
    KindSeen, MAILBOXES, MANAGERS, ORG_CONTACTS, PHOTOS, PhotoSeen, USERS, bytes, decode_all,
    folder_key, group_key,
};
use crate::world::Engine;
use model::person::{Facts, FolderSource, Group, Person};
use model::{Field, MailboxId, TenantName, Value};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;

pub(crate) async fn facts(
    engine: &Engine,
    tenant: &TenantName,
    needs: &Needs,
) -> Result<Facts, StoreError> {
    let reader = Reader { engine, tenant };
    let managers: BTreeMap<String, String> = reader.items(MANAGERS).await?;
    let users: BTreeMap<String, Person> = reader.items(USERS).await?;
    let mut facts = Facts {
        users: users
            .into_iter()
            .map(|(k, p)| (k, Arc::new(with_manager(p, &managers))))
            .collect(),
        mailboxes: reader.mailboxes().await?,
        photos: reader.photos().await?,
        ..Facts::default()
    };
    if needs.org_contacts {
        facts.org_contacts = shared(reader.items(ORG_CONTACTS).await?);
    }
    for name in &needs.groups {
        if let Some(group) = reader.group(name).await? {
            facts.groups.insert(name.clone(), group);
        }
    }
    for source in &needs.folders {
        if let Some(people) = reader.folder(source).await? {
            facts.folders.insert(source.clone(), people);
        }
    }
    Ok(facts)
}

/// The delta of users cannot carry the manager; the census can.
fn with_manager(mut person: Person, managers: &BTreeMap<String, String>) -> Person {
    if let Some(name) = managers.get(&person.key) {
        person.item.set(Field::Manager, Value::text(name.as_str()));
    }
    person
}

fn shared(people: BTreeMap<String, Person>) -> BTreeMap<String, Arc<Person>> {
    people.into_iter().map(|(k, p)| (k, Arc::new(p))).collect()
}

struct Reader<'a> {
    engine: &'a Engine,
    tenant: &'a TenantName,
}

impl Reader<'_> {
    async fn items<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<BTreeMap<String, T>, StoreError> {
        Ok(decode_all(bytes(
            self.engine
                .store()
                .collection_items(self.tenant, key)
                .await?,
        )))
    }

    async fn mailboxes(
        &self,
    ) -> Result<BTreeMap<MailboxId, model::person::MailboxKind>, StoreError> {
        let seen: BTreeMap<String, KindSeen> = self.items(MAILBOXES).await?;
        Ok(seen
            .into_iter()
            .map(|(k, v)| (MailboxId(k), v.kind))
            .collect())
    }

    async fn photos(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let seen: BTreeMap<String, PhotoSeen> = self.items(PHOTOS).await?;
        Ok(seen
            .into_iter()
            .filter_map(|(k, v)| v.hash.map(|h| (k, h)))
            .collect())
    }

    /// `None`: never read, so nothing is known of its members.
    async fn group(&self, name: &str) -> Result<Option<Group>, StoreError> {
        let mut items: BTreeMap<String, Group> = self.items(&group_key(name)).await?;
        Ok(items.remove("group"))
    }

    /// `None`: never read, which is not the same as empty.
    async fn folder(
        &self,
        source: &FolderSource,
    ) -> Result<Option<BTreeMap<String, Arc<Person>>>, StoreError> {
        let key = folder_key(source);
        if self
            .engine
            .store()
            .collection(self.tenant, &key)
            .await?
            .is_none()
        {
            return Ok(None);
        }
        Ok(Some(shared(self.items(&key).await?)))
    }
}
