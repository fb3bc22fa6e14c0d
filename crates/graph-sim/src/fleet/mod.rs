//! A fleet: the tenants, people, mailboxes and groups a simulated cloud starts with, as plain data.
//!
//! A fleet is written by hand (YAML), drawn from a seed ([`generate`]) or imported from real exports.
//! By hand only names are needed; [`Fleet::from_yaml`] fills in the rest and resolves references to ids,
//! so that whoever builds a cloud from a fleet finds every id, address and default in place.

mod complete;
mod contact;
pub mod csv;
mod directory;
mod draw;
mod generate;
mod generate_content;
mod generate_people;
pub mod photo;
mod places;
mod text;
pub mod vcard;

pub use complete::FleetError;
pub use contact::{Contact, EmailAddress, FolderContent, PostalAddress};
pub use directory::{Group, GroupKind, MailboxState, OrgContact, Person, PersonKind};
pub use generate::{Size, generate, generate_tenants};

use serde::{Deserialize, Serialize};

/// Everything a simulated cloud starts with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// What ids are derived from, together with names: another seed gives other ids for the same people.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seed: u64,
    pub tenants: Vec<Tenant>,
}

/// One client's Microsoft 365 tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The tenant's GUID; derived from seed and domain when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The default verified domain, for example `contoso.example`.
    pub domain: String,
    /// The organisation's display name; the domain when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// ISO 3166 two-letter code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// Applications the tenant's admin has consented to; one with a secret and every role when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<App>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub org_contacts: Vec<OrgContact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Contacts that lie in mailboxes from the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<FolderContent>,
}

/// An application registration as one tenant sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The application's GUID; derived from the seed alone when empty, so that it is one app over all tenants.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_secret: String,
    /// Certificates in PEM whose keys may sign this app's assertions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Granted application permissions, for example `Contacts.ReadWrite`; [`ALL_ROLES`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// The application permissions an app gets when its fleet does not say (reference: permissions.json).
pub const ALL_ROLES: [&str; 8] = [
    "Contacts.ReadWrite",
    "User.Read.All",
    "GroupMember.Read.All",
    "Group.Read.All",
    "OrgContact.Read.All",
    "MailboxSettings.ReadWrite",
    "ProfilePhoto.Read.All",
    "Organization.Read.All",
];

impl Fleet {
    /// Reads a fleet file and completes it. Errors name the line or the reference that is wrong.
    pub fn from_yaml(text: &str) -> Result<Fleet, FleetError> {
        // The operator's own file, of any size: the library's bounds are for what strangers send.
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_nodes: 100_000_000,
                max_events: 400_000_000,
                max_total_scalar_bytes: 4 << 30,
            },
        };
        let mut fleet: Fleet = serde_saphyr::from_str_with_options(text, options)
            .map_err(|e| FleetError::Yaml(e.to_string()))?;
        fleet.complete()?;
        Ok(fleet)
    }

    /// Writes the fleet as a fleet file that [`Fleet::from_yaml`] reads back to the same fleet.
    pub fn to_yaml(&self) -> Result<String, FleetError> {
        serde_saphyr::to_string(self).map_err(|e| FleetError::Yaml(e.to_string()))
    }
}

impl Tenant {
    /// The person with this id, user principal name, mail address or display name.
    pub fn person(&self, reference: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.is_called(reference))
    }

    /// Every person whose mailbox can be reached through Graph, in fleet order.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Person> {
        self.people
            .iter()
            .filter(|p| p.mailbox_state() == MailboxState::Online)
    }
}

fn is_zero(seed: &u64) -> bool {
    *seed == 0
}
