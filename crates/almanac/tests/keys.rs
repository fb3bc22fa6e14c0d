//! The key folder: assertions that Entra's rules accept, and a root key that never changes.
#![allow(clippy::unwrap_used)]

use almanac::seams::chance::MachineChance;
use almanac::seams::keys::{self, Identity, KeyFolder, Proof};
use model::seam::{Credential, Signer};
use model::{Millis, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;

const NOW: Timestamp = Timestamp(1_795_456_800_000);

fn folder_with(proof: Proof, folder: &Path) -> KeyFolder {
    keys::make_root(folder, &MachineChance).unwrap();
    let identity = Identity {
        client_id: "client-1".to_owned(),
        proof,
    };
    KeyFolder::open(folder, BTreeMap::from([("contoso".to_owned(), identity)])).unwrap()
}

#[test]
fn an_assertion_verifies_against_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let made = keys::make_certificate(folder.path(), "contoso", NOW, Millis::days(365)).unwrap();
    assert_eq!(made.not_after.to_string(), "2027-11-23T00:00:00Z");
    let signer = folder_with(Proof::Certificate("contoso".to_owned()), folder.path());
    let Credential::Assertion(token) = signer
        .credential("contoso", "https://login/token", NOW, "n-1")
        .unwrap()
    else {
        panic!("expected an assertion")
    };
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::PS256);
    assert_eq!(header.x5t_s256.map(|t| t.len()), Some(43));
    let claims = verified(&token, &made.path);
    assert_eq!(claims["iss"], "client-1");
    assert_eq!(claims["sub"], "client-1");
    assert_eq!(claims["jti"], "n-1");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(),
        300
    );
}

fn verified(token: &str, certificate: &Path) -> serde_json::Value {
    use x509_cert::der::{Decode, Encode, pem::PemLabel};
    let pem = std::fs::read_to_string(certificate).unwrap();
    let (label, der) = x509_cert::der::pem::decode_vec(pem.as_bytes()).unwrap();
    assert_eq!(label, x509_cert::Certificate::PEM_LABEL);
    let parsed = x509_cert::Certificate::from_der(&der).unwrap();
    let public = parsed
        .tbs_certificate()
        .subject_public_key_info()
        .subject_public_key
        .raw_bytes()
        .to_vec();
    let _ = parsed.to_der().unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::PS256);
    rules.set_audience(&["https://login/token"]);
    rules.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_rsa_der(&public);
    jsonwebtoken::decode::<serde_json::Value>(token, &key, &rules)
        .unwrap()
        .claims
}

#[test]
fn a_derived_key_is_the_same_for_ever_and_differs_by_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let root = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    std::fs::write(folder.path().join("root.key"), root).unwrap();
    let signer = KeyFolder::open(folder.path(), BTreeMap::new()).unwrap();
    let hex: String = signer
        .derive("stamps")
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    // Computed once with an independent HMAC: changing it would orphan every stamp in every mailbox.
    assert_eq!(
        hex,
        "239cf82a58140e458f318e1746a407ee00450e96a41c13eafef6e76586aa8c1c"
    );
    assert_ne!(signer.derive("stamps"), signer.derive("hashes"));
}

#[test]
fn a_missing_or_broken_root_key_is_told_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let missing = KeyFolder::open(folder.path(), BTreeMap::new())
        .err()
        .unwrap();
    assert!(
        missing.what.contains("root.key") && missing.what.ends_with("is missing"),
        "{missing}"
    );
    std::fs::write(folder.path().join("root.key"), "not hex").unwrap();
    let broken = KeyFolder::open(folder.path(), BTreeMap::new())
        .err()
        .unwrap();
    assert!(broken.what.ends_with("is not 64 hex digits"), "{broken}");
    assert!(keys::make_root(folder.path(), &MachineChance).is_err());
}

#[test]
fn a_secret_comes_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let signer = folder_with(Proof::SecretFile(secret), folder.path());
    let credential = signer
        .credential("contoso", "https://login/token", NOW, "n")
        .unwrap();
    assert_eq!(credential, Credential::Secret("s3cret".to_owned()));
    assert!(signer.credential("adatum", "a", NOW, "n").is_err());
}
