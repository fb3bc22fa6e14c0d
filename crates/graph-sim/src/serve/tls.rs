//! HTTPS by a certificate authority of our own, made at every start.

use super::ServeError;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use std::{fs, net::SocketAddr, path::Path, path::PathBuf, sync::Arc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer, version};

pub(super) struct Tls {
    pub acceptor: TlsAcceptor,
    pub ca_file: PathBuf,
}

/// Makes a CA and a certificate for `address` and `localhost`; writes the CA's certificate to `folder/ca.pem`.
pub(super) fn make(folder: &Path, address: SocketAddr) -> Result<Tls, ServeError> {
    let made = certificates(address).map_err(|e| ServeError::Certificate(e.to_string()))?;
    let ca_file = folder.join("ca.pem");
    let failed = |source| ServeError::Write {
        path: ca_file.clone(),
        source,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    fs::write(&ca_file, &made.ca_pem).map_err(failed)?;
    let config = config(made).map_err(|e| ServeError::Certificate(e.to_string()))?;
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca_file,
    })
}

struct Certificates {
    ca_pem: String,
    server: rcgen::Certificate,
    key: KeyPair,
}

fn certificates(address: SocketAddr) -> Result<Certificates, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "Simulated Microsoft cloud CA");
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let names = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        address.ip().to_string(),
    ];
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Simulated Microsoft cloud");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let server = params.signed_by(&key, &ca)?;
    Ok(Certificates {
        ca_pem: ca.pem(),
        server,
        key,
    })
}

fn config(made: Certificates) -> Result<ServerConfig, tokio_rustls::rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(made.key.serialize_der().into());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(vec![made.server.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
