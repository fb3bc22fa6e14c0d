//! `tenants.yaml` and `tenants/*.yaml`: the clients, and how we sign in to each.

use crate::exit::Failure;
use crate::seams::keys::{Identity, Proof};
use crate::settings::yaml;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A document with tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantsDocument {
    #[serde(default)]
    pub tenants: Vec<Tenant>,
}

/// One client's Microsoft 365 tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// A short name: lower-case letters, digits and dashes. Tunnels refer to it.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub name: String,
    /// The tenant's directory id (GUID) or one of its verified domains.
    pub directory: String,
    /// The application (client) id that was consented to there.
    pub client_id: String,
    /// ISO 3166 region for phone numbers of people who have no country, for example `DE`.
    #[serde(default)]
    pub region: Option<String>,
    /// How we prove who we are.
    #[serde(default)]
    pub credential: CredentialDocument,
    /// `removed` stops every tunnel of the tenant and treats our copies as `copies` says.
    #[serde(default)]
    pub state: TenantState,
    /// What becomes of our copies once the tenant is removed.
    #[serde(default)]
    pub copies: Option<CopiesWish>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TenantState {
    #[default]
    Active,
    Removed,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum CopiesWish {
    /// The copies stay in the mailboxes and are no longer ours.
    Keep,
    /// The copies are taken back.
    Remove,
}

impl CopiesWish {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
        }
    }
}

/// How we prove who we are in a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialDocument {
    /// The certificate that bears the tenant's name in the key folder. The default.
    #[default]
    Certificate,
    /// A certificate of the key folder that several tenants share.
    SharedCertificate(String),
    /// A file that holds a client secret: for laboratories only.
    SecretFile(PathBuf),
    /// An environment variable that holds a client secret: for laboratories only.
    SecretEnv(String),
}

impl Tenant {
    /// Who we are to this tenant; `home` is what relative paths start from.
    pub fn identity(&self, home: &Path) -> Identity {
        let proof = match &self.credential {
            CredentialDocument::Certificate => Proof::Certificate(self.name.clone()),
            CredentialDocument::SharedCertificate(name) => Proof::Certificate(name.clone()),
            CredentialDocument::SecretFile(path) => Proof::SecretFile(home.join(path)),
            CredentialDocument::SecretEnv(name) => Proof::SecretEnv(name.clone()),
        };
        Identity {
            client_id: self.client_id.clone(),
            proof,
        }
    }

    /// The key in the key folder that signs for this tenant, if it is a certificate.
    pub fn key_name(&self) -> Option<&str> {
        match &self.credential {
            CredentialDocument::Certificate => Some(&self.name),
            CredentialDocument::SharedCertificate(name) => Some(name),
            _ => None,
        }
    }

    pub fn tenant_ref(&self) -> graph::TenantRef {
        graph::TenantRef {
            name: model::TenantName(self.name.clone()),
            directory: self.directory.clone(),
            client_id: self.client_id.clone(),
        }
    }
}

/// A tenant with the file that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub tenant: Tenant,
    pub file: PathBuf,
}

/// Every tenant of the home folder, by name.
pub type Tenants = BTreeMap<String, Placed>;

/// Reads `tenants.yaml` and `tenants/*.yaml`, in the order of their names.
///
/// # Errors
/// A document is wrong, or two name the same tenant.
pub fn read(home: &Path) -> Result<Tenants, Failure> {
    let mut tenants = Tenants::new();
    for file in documents(home)? {
        let document: TenantsDocument = yaml::read(&file)?;
        for tenant in document.tenants {
            check(&tenant, &file)?;
            add(&mut tenants, tenant, &file)?;
        }
    }
    Ok(tenants)
}

fn documents(home: &Path) -> Result<Vec<PathBuf>, Failure> {
    let single = home.join("tenants.yaml");
    let mut files: Vec<PathBuf> = single.exists().then_some(single).into_iter().collect();
    files.extend(super::yaml_files(&home.join("tenants"))?);
    Ok(files)
}

fn add(tenants: &mut Tenants, tenant: Tenant, file: &Path) -> Result<(), Failure> {
    if let Some(other) = tenants.get(&tenant.name) {
        let what = format!(
            "the tenant `{}` is already in {}",
            tenant.name,
            other.file.display()
        );
        return Err(yaml::wrong(file, 0, &what));
    }
    let placed = Placed {
        file: file.to_owned(),
        tenant,
    };
    tenants.insert(placed.tenant.name.clone(), placed);
    Ok(())
}

fn check(tenant: &Tenant, file: &Path) -> Result<(), Failure> {
    match mistake(tenant) {
        Some(what) => Err(yaml::wrong(
            file,
            0,
            &format!("tenant `{}`: {what}", tenant.name),
        )),
        None => Ok(()),
    }
}

/// What is wrong with a tenant, if anything.
pub fn mistake(tenant: &Tenant) -> Option<&'static str> {
    let region_fits = |r: &String| r.len() == 2 && r.bytes().all(|b| b.is_ascii_uppercase());
    if !is_name(&tenant.name) {
        Some("this is no tenant name, use lower-case letters, digits and dashes")
    } else if !is_guid(&tenant.client_id) {
        Some("client_id is no GUID; take the application (client) id from the app registration")
    } else if !is_guid(&tenant.directory) && !is_domain(&tenant.directory) {
        Some("directory is neither a GUID nor a verified domain (`common` does not work for apps)")
    } else if !tenant.region.iter().all(region_fits) {
        Some("region is no ISO 3166 code such as DE")
    } else if tenant.state == TenantState::Removed && tenant.copies.is_none() {
        Some("state is removed, but `copies: keep` or `copies: remove` is missing")
    } else {
        None
    }
}

pub fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| plain(b) || b == b'-')
        && text.bytes().next().is_some_and(plain)
}

pub fn is_guid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

pub fn is_domain(text: &str) -> bool {
    let label =
        |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.contains('.') && text.len() <= 253 && text.split('.').all(label)
}
