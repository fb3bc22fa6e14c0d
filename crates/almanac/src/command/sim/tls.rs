//! A certificate authority for one run of the simulator, and the server certificate that it signs.

use crate::exit::{Exit, Failure};
use crate::files;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What the server needs, and the file that clients have to trust.
pub struct Tls {
    pub config: Arc<ServerConfig>,
    pub ca_file: PathBuf,
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.ca_file);
    }
}

/// Makes both for `localhost`, the loopback addresses and `ip`.
///
/// # Errors
/// The file cannot be written to the temporary folder.
pub fn make(ip: IpAddr) -> Result<Tls, Failure> {
    let (pem, config) = certificates(ip)
        .map_err(|e| Failure::new(Exit::Failed, format!("cannot make a certificate: {e}"), ""))?;
    let ca_file = std::env::temp_dir().join(format!("almanac-sim-{}-ca.pem", std::process::id()));
    files::replace(&ca_file, pem.as_bytes())?;
    Ok(Tls {
        config: Arc::new(config),
        ca_file,
    })
}

fn certificates(ip: IpAddr) -> Result<(String, ServerConfig), Box<dyn std::error::Error>> {
    let authority_key = rcgen::KeyPair::generate()?;
    let mut authority = rcgen::CertificateParams::new(Vec::new())?;
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name = named("Almanac simulator, this run only");
    let authority_pem = authority.self_signed(&authority_key)?.pem();

    let key = rcgen::KeyPair::generate()?;
    let names = [
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        ip.to_string(),
    ];
    let mut leaf = rcgen::CertificateParams::new(names.to_vec())?;
    leaf.distinguished_name = named("Almanac simulator");
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let certificate = leaf.signed_by(&key, &issuer)?;
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)?;
    Ok((authority_pem, config))
}

fn named(name: &str) -> rcgen::DistinguishedName {
    let mut names = rcgen::DistinguishedName::new();
    names.push(rcgen::DnType::CommonName, name);
    names
}
