//! Keys from a folder of files: proves to Microsoft who we are and derives the operator's secrets.
//!
//! `root.key` holds 32 random bytes as 64 hex digits; `NAME.key.pem` and `NAME.cert.pem` are an RSA key and
//! its self-signed certificate. Losing the root key means that our stamps can no longer be read.

use crate::exit::{Exit, Failure};
use crate::files;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use model::seam::{Chance, Credential, SignError, Signer};
use model::{Millis, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// How long one client assertion is good for.
const ASSERTION_SECONDS: i64 = 300;

/// How a tenant's app proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The certificate `NAME` of the key folder.
    Certificate(String),
    /// A client secret in a file: for laboratories.
    SecretFile(PathBuf),
    /// A client secret in an environment variable: for laboratories.
    SecretEnv(String),
}

/// Who we are to one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub client_id: String,
    pub proof: Proof,
}

/// The key folder, opened.
pub struct KeyFolder {
    folder: PathBuf,
    root: [u8; 32],
    identities: BTreeMap<String, Identity>,
}

impl Drop for KeyFolder {
    fn drop(&mut self) {
        self.root.zeroize();
    }
}

impl KeyFolder {
    /// Opens the folder; `identities` are the tenants by name.
    ///
    /// # Errors
    /// The root key is missing, unreadable or not 64 hex digits.
    pub fn open(folder: &Path, identities: BTreeMap<String, Identity>) -> Result<Self, Failure> {
        let root = read_root(&root_path(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            root,
            identities,
        })
    }

    fn assert(&self, identity: &Identity, key: &str, ask: &Ask<'_>) -> Result<String, String> {
        let (path, other) = (
            key_path(&self.folder, key),
            certificate_path(&self.folder, key),
        );
        let (pem, certificate) = (read_secret(&path)?, read_secret(&other)?);
        let signing = jsonwebtoken::EncodingKey::from_rsa_pem(pem.as_bytes())
            .map_err(|_| format!("{} is no RSA key in PEM form", path.display()))?;
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::PS256);
        header.x5t_s256 = Some(thumbprint(&certificate, &other)?);
        let claims = ask.claims(&identity.client_id);
        jsonwebtoken::encode(&header, &claims, &signing)
            .map_err(|_| "the key refuses to sign".to_owned())
    }
}

impl Signer for KeyFolder {
    fn credential(
        &self,
        tenant: &str,
        audience: &str,
        now: Timestamp,
        nonce: &str,
    ) -> Result<Credential, SignError> {
        let fail = |reason: String| SignError {
            tenant: tenant.to_owned(),
            reason,
        };
        let identity = self
            .identities
            .get(tenant)
            .ok_or_else(|| fail("no such tenant in the settings".to_owned()))?;
        let ask = Ask {
            audience,
            now,
            nonce,
        };
        match &identity.proof {
            Proof::Certificate(key) => self.assert(identity, key, &ask).map(Credential::Assertion),
            Proof::SecretFile(path) => {
                read_secret(path).map(|s| Credential::Secret(s.trim().to_owned()))
            }
            Proof::SecretEnv(name) => std::env::var(name)
                .map(Credential::Secret)
                .map_err(|_| format!("the environment variable {name} is not set")),
        }
        .map_err(fail)
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.root).unwrap_or_else(|_| unreachable!());
        mac.update(b"almanac/1/");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// What an assertion is made for.
struct Ask<'a> {
    audience: &'a str,
    now: Timestamp,
    nonce: &'a str,
}

/// The claims that Entra asks for (certificate-credentials).
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: &'a str,
    nbf: i64,
    iat: i64,
    exp: i64,
}

impl<'a> Ask<'a> {
    fn claims(&self, client_id: &'a str) -> Claims<'a>
    where
        Self: 'a,
    {
        let now = self.now.0.div_euclid(1_000);
        Claims {
            aud: self.audience,
            iss: client_id,
            sub: client_id,
            jti: self.nonce,
            nbf: now,
            iat: now,
            exp: now + ASSERTION_SECONDS,
        }
    }
}

/// Makes the root key.
///
/// # Errors
/// It is there already (never overwritten), or the file cannot be written.
pub fn make_root(folder: &Path, chance: &dyn Chance) -> Result<PathBuf, Failure> {
    let path = root_path(folder);
    let text = Zeroizing::new(format!("{:032x}{:032x}\n", chance.bits(), chance.bits()));
    files::create_secret(&path, text.as_bytes())?;
    Ok(path)
}

/// A certificate as it was made or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub path: PathBuf,
    /// Hex SHA-1 of the DER form: what the Entra portal shows as thumbprint.
    pub thumbprint: String,
    pub not_after: Timestamp,
}

/// Makes an RSA key of 2,048 bits with a self-signed certificate.
///
/// # Errors
/// A key of that name is there already (never overwritten), or a file cannot be written.
pub fn make_certificate(
    folder: &Path,
    name: &str,
    now: Timestamp,
    valid: Millis,
) -> Result<Certificate, Failure> {
    let failed =
        |e: rcgen::Error| Failure::new(Exit::Failed, format!("cannot make a key: {e}"), "");
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
        .map_err(failed)?;
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).map_err(failed)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, format!("Almanac {name}"));
    let (first, last) = (day_of(now - Millis::days(1)), day_of(now + valid));
    parameters.not_before = rcgen::date_time_ymd(first.0, first.1, first.2);
    parameters.not_after = rcgen::date_time_ymd(last.0, last.1, last.2);
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    let pem = Zeroizing::new(key.serialize_pem());
    files::create_secret(&key_path(folder, name), pem.as_bytes())?;
    files::create(
        &certificate_path(folder, name),
        certificate.pem().as_bytes(),
    )?;
    read_certificate(folder, name)
}

/// Reads what is known of a certificate of the folder.
///
/// # Errors
/// It is missing or no certificate.
pub fn read_certificate(folder: &Path, name: &str) -> Result<Certificate, Failure> {
    let path = certificate_path(folder, name);
    let text = std::fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))?;
    let broken = || {
        Failure::configuration(
            format!("{} is no certificate in PEM form", path.display()),
            "put it back from where you keep it; to make a new one, move it and the tenant's document away and add the tenant again",
        )
    };
    let der = der_of(&text).ok_or_else(broken)?;
    let not_after = expiry(&der).ok_or_else(broken)?;
    Ok(Certificate {
        thumbprint: sha1_hex(&der),
        not_after,
        path,
    })
}

/// Is there a key of this name?
pub fn has_key(folder: &Path, name: &str) -> bool {
    key_path(folder, name).exists() && certificate_path(folder, name).exists()
}

pub fn root_path(folder: &Path) -> PathBuf {
    folder.join("root.key")
}

fn key_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.key.pem"))
}

fn certificate_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.cert.pem"))
}

fn read_root(path: &Path) -> Result<[u8; 32], Failure> {
    let remedy =
        "put the root key back from where you keep it; a new one cannot read the old stamps";
    if !path.exists() {
        return Err(Failure::configuration(
            format!("the root key {} is missing", path.display()),
            remedy,
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    let text = Zeroizing::new(text);
    parse_root(text.trim()).ok_or_else(|| {
        Failure::configuration(format!("{} is not 64 hex digits", path.display()), remedy)
    })
}

fn parse_root(text: &str) -> Option<[u8; 32]> {
    let high = u128::from_str_radix(text.get(..32)?, 16).ok()?;
    let low = u128::from_str_radix(text.get(32..)?, 16).ok()?;
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut root = [0; 32];
    root[..16].copy_from_slice(&high.to_be_bytes());
    root[16..].copy_from_slice(&low.to_be_bytes());
    Some(root)
}

fn read_secret(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    text.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("{} is missing", path.display()),
        kind => format!("cannot read {}: {kind}", path.display()),
    })
}

fn thumbprint(certificate_pem: &str, path: &Path) -> Result<String, String> {
    let no_pem = || format!("{} is no certificate in PEM form", path.display());
    let der = der_of(certificate_pem).ok_or_else(no_pem)?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(der)))
}

fn der_of(pem: &str) -> Option<Vec<u8>> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    CertificateDer::from_pem_slice(pem.as_bytes())
        .ok()
        .map(|c| c.as_ref().to_vec())
}

fn expiry(der: &[u8]) -> Option<Timestamp> {
    use x509_cert::der::Decode;
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let end = certificate
        .tbs_certificate()
        .validity()
        .not_after
        .to_unix_duration();
    i64::try_from(end.as_millis()).ok().map(Timestamp)
}

fn sha1_hex(der: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, der);
    digest.as_ref().iter().map(|b| format!("{b:02X}")).collect()
}

/// Year, month and day in UTC.
fn day_of(instant: Timestamp) -> (i32, u8, u8) {
    let text = instant.to_string();
    let part = |range: std::ops::Range<usize>| {
        text.get(range)
            .and_then(|t| t.parse::<u16>().ok())
            .unwrap_or(1)
    };
    (i32::from(part(0..4)), part(5..7) as u8, part(8..10) as u8)
}
