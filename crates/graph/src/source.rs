//! A mailbox's contact folder as a source of people.

use crate::{Graph, GraphError, PersonChange, Round, TenantRef};

impl Graph {
    /// What changed among the contacts of a folder by path (`Contacts`, `Contacts/Suppliers`), with its
    /// children or not, as people. Removals are proven by asking for the item; extended fields are read.
    /// A path that is not there is `Gone`.
    pub async fn source_contacts_round(
        &self,
        tenant: &TenantRef,
        address: &str,
        path: &str,
        children: bool,
        cursor: Option<&str>,
    ) -> Result<Round<PersonChange>, GraphError> {
        let _ = (tenant, address, path, children, cursor);
        todo!()
    }
}
