//! The home folder: `almanac.yaml`, the tenants, the tunnels, and what they mean together.

pub mod document;
pub mod span;
pub mod tenants;
pub mod tunnels;
pub mod yaml;

use crate::exit::Failure;
use crate::seams::http::Limits;
use crate::seams::keys::Identity;
use document::Document;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tenants::{Placed, Tenants};

/// Everything that the documents of one home folder say, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub home: PathBuf,
    pub document: Document,
    pub tenants: Tenants,
}

impl Settings {
    /// Reads and checks settings and tenants; tunnels are read by `policy`.
    ///
    /// # Errors
    /// There is no home folder, or a document in it is wrong.
    pub fn load(home: &Path) -> Result<Self, Failure> {
        let file = settings_file(home);
        if !file.exists() {
            return Err(Failure::configuration(
                format!("there is no {}", file.display()),
                "make a home folder with `almanac init`, or name yours with --config",
            ));
        }
        let document: Document = yaml::read(&file)?;
        check(&document, &file)?;
        Ok(Self {
            home: home.to_owned(),
            document,
            tenants: tenants::read(home)?,
        })
    }

    pub fn keys_folder(&self) -> PathBuf {
        self.home.join(&self.document.keys)
    }

    pub fn data_folder(&self) -> PathBuf {
        self.home.join(&self.document.data)
    }

    pub fn tunnels_folder(&self) -> PathBuf {
        self.home.join("tunnels")
    }

    pub fn endpoints(&self) -> graph::Endpoints {
        match &self.document.lab {
            Some(lab) => graph::Endpoints::at(&lab.login_url, &lab.graph_url),
            None => self.document.cloud.endpoints(),
        }
    }

    /// What the network needs to know.
    ///
    /// # Errors
    /// The laboratory's certificate file cannot be read.
    pub fn limits(&self) -> Result<Limits, Failure> {
        let ca_file = self
            .document
            .lab
            .as_ref()
            .and_then(|lab| lab.ca_file.as_ref());
        let only_ca = ca_file.map(|path| read_ca(&self.home.join(path)));
        Ok(Limits {
            answer: self.document.bounds.answer.0,
            connections: usize::from(self.document.workers) * 4,
            only_ca: only_ca.transpose()?,
        })
    }

    pub fn identities(&self) -> BTreeMap<String, Identity> {
        let pairs = self.tenants.iter();
        pairs
            .map(|(name, placed)| (name.clone(), placed.tenant.identity(&self.home)))
            .collect()
    }

    /// One tenant by name.
    ///
    /// # Errors
    /// There is none of that name; the sentence lists those that are.
    pub fn tenant(&self, name: &str) -> Result<&Placed, Failure> {
        self.tenants.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.tenants.keys().map(String::as_str).collect();
            let remedy = match known.as_slice() {
                [] => "add it with `almanac tenant add`".to_owned(),
                names => format!("known are: {}", names.join(", ")),
            };
            let what = format!("there is no tenant `{name}` in {}", self.home.display());
            Failure::configuration(what, remedy)
        })
    }
}

pub fn settings_file(home: &Path) -> PathBuf {
    home.join("almanac.yaml")
}

/// The YAML files directly in a folder, by name; none when there is no such folder.
///
/// # Errors
/// The folder cannot be listed.
pub fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let failed = |e: std::io::Error| Failure::file("list", folder, &e);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_ca(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::file("read the certificate authority", path, &e))
}

fn check(document: &Document, file: &Path) -> Result<(), Failure> {
    let refuse = |what: &str| Err(yaml::wrong(file, 0, what));
    if !(1..=1024).contains(&document.workers) {
        return refuse("workers must be between 1 and 1024");
    }
    if let Some(lab) = &document.lab
        && !(is_safe_url(&lab.login_url) && is_safe_url(&lab.graph_url))
    {
        return refuse(
            "lab.login_url and lab.graph_url must be https URLs, or http to this machine",
        );
    }
    if let Some(webhook) = &document.notices.webhook
        && !is_safe_url(&webhook.url)
    {
        return refuse("notices.webhook.url must be an https URL, or http to this machine");
    }
    Ok(())
}

/// https to anywhere, or http to this machine.
pub fn is_safe_url(url: &str) -> bool {
    match reqwest::Url::parse(url) {
        Ok(url) if url.scheme() == "https" => url.host_str().is_some(),
        Ok(url) => url.scheme() == "http" && crate::seams::http::is_loopback(&url),
        Err(_) => false,
    }
}
