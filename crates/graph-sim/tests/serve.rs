//! The server: what goes over the wire, when, and what it says of itself.
#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used)]

use graph_sim::fleet::{Size, generate};
use graph_sim::serve::{Ready, ServeError, ServeOptions, Server, serve};
use graph_sim::settings::{Latency, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{self, pki_types::ServerName};

fn options() -> ServeOptions {
    let mut settings = Settings::default();
    settings.latency.token_ms = 0;
    ServeOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        fleet: generate(1, &Size::default()),
        settings,
        seed: 1,
        start_ms: 1_795_000_000_000,
        time_scale: 1.0,
        tls: None,
    }
}

async fn started(options: ServeOptions) -> (Server, Ready) {
    let server = serve(options).await.unwrap();
    let ready = server.ready.clone();
    (server, ready)
}

fn host(ready: &Ready) -> &str {
    ready.graph_url.split_once("://").unwrap().1
}

/// One exchange over one connection; an empty string when the connection ends without an answer.
async fn exchange(ready: &Ready, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host(ready)).await.unwrap();
    stream
        .write_all(message(ready, head, body).as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap_or_default();
    String::from_utf8(answer).unwrap()
}

fn message(ready: &Ready, head: &str, body: &str) -> String {
    let host = host(ready);
    let length = body.len();
    format!("{head}\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn read(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap()
}

fn sign_in(ready: &Ready) -> (String, String) {
    let tenant = &ready.tenants[0];
    let head = format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
        tenant.id
    );
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        tenant.client_id, tenant.client_secret
    );
    (head, body)
}

#[tokio::test]
async fn the_ready_line_is_what_the_issue_promises() {
    let (server, ready) = started(options()).await;
    let line: Value = serde_json::to_value(&ready).unwrap();
    let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["ca_file", "graph_url", "login_url", "tenants"]);
    let tenant = line["tenants"][0].as_object().unwrap();
    let keys: Vec<&String> = tenant.keys().collect();
    assert_eq!(
        keys,
        ["client_id", "client_secret", "domain", "id", "mailboxes"]
    );
    let mailboxes = tenant["mailboxes"].as_array().unwrap();
    assert!(mailboxes.contains(&Value::from("reception@contoso.example")));
    assert!(!host(&ready).ends_with(":0"));
    let answer = exchange(&ready, "GET /sim/ready HTTP/1.1", "").await;
    assert_eq!(read(&answer), line);
    server.stop().await;
}

#[tokio::test]
async fn sign_in_and_graph_share_the_listener_and_links_lead_back_to_it() {
    let (server, ready) = started(options()).await;
    let (head, body) = sign_in(&ready);
    let signed = exchange(&ready, &head, &body).await;
    assert!(signed.starts_with("HTTP/1.1 200"), "{signed}");
    let token = read(&signed)["access_token"].as_str().unwrap().to_owned();
    let head = format!("GET /v1.0/users?$top=5 HTTP/1.1\r\nAuthorization: Bearer {token}");
    let answer = exchange(&ready, &head, "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let next = read(&answer)["@odata.nextLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        next.starts_with(&format!("{}/v1.0/users", ready.graph_url)),
        "{next}"
    );
    let answer = exchange(&ready, "GET /v1.0/users HTTP/1.1", "").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn answers_wait_for_their_instant_on_the_scaled_clock() {
    let slow = |time_scale| {
        let latency = Latency {
            token_ms: 400,
            ..Latency::default()
        };
        let settings = Settings {
            latency,
            ..Settings::default()
        };
        ServeOptions {
            settings,
            time_scale,
            ..options()
        }
    };
    for (scale, at_least_ms, below_ms) in [(1.0, 400, 5_000), (20.0, 20, 380)] {
        let (server, ready) = started(slow(scale)).await;
        let (head, body) = sign_in(&ready);
        let begun = tokio::time::Instant::now();
        exchange(&ready, &head, &body).await;
        let took = begun.elapsed().as_millis();
        assert!(
            (at_least_ms..below_ms).contains(&took),
            "scale {scale}: {took} ms"
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn stopping_cuts_open_connections_and_frees_the_port() {
    let (server, ready) = started(options()).await;
    let mut idle = TcpStream::connect(host(&ready)).await.unwrap();
    server.stop().await;
    let ended = tokio::time::timeout(Duration::from_secs(5), idle.read(&mut [0; 1])).await;
    assert!(matches!(ended.unwrap(), Ok(0) | Err(_)));
    let again = ServeOptions {
        listen: host(&ready).parse().unwrap(),
        ..options()
    };
    let (server, _) = started(again).await;
    let twice = serve(ServeOptions {
        listen: host(&ready).parse().unwrap(),
        ..options()
    })
    .await;
    assert!(matches!(twice, Err(ServeError::Listen { .. })));
    server.stop().await;
}

#[tokio::test]
async fn https_is_trusted_by_those_who_trust_the_ca_file_and_no_others() {
    let folder = std::env::temp_dir().join(format!("graph-sim-tls-{}", std::process::id()));
    let (server, ready) = started(ServeOptions {
        tls: Some(folder.clone()),
        ..options()
    })
    .await;
    let pem = std::fs::read_to_string(ready.ca_file.as_ref().unwrap()).unwrap();
    assert!(ready.login_url.starts_with("https://127.0.0.1:"));
    let answer = secured(&ready, &pem).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let other = serve(ServeOptions {
        tls: Some(folder.join("other")),
        ..options()
    })
    .await
    .unwrap();
    let stranger = std::fs::read_to_string(other.ready.ca_file.as_ref().unwrap()).unwrap();
    assert!(secured(&ready, &stranger).await.is_err());
    server.stop().await;
    other.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

async fn secured(ready: &Ready, ca_pem: &str) -> std::io::Result<String> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(host(ready)).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = connector.connect(name, stream).await?;
    stream
        .write_all(message(ready, "GET /sim/ready HTTP/1.1", "").as_bytes())
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

async fn posted(ready: &Ready, path: &str, body: &Value) -> (u16, Value) {
    let head = format!("POST {path} HTTP/1.1\r\nContent-Type: application/json");
    let answer = exchange(ready, &head, &body.to_string()).await;
    (answer[9..12].parse().unwrap(), read(&answer))
}

#[tokio::test]
async fn the_side_channel_acts_as_people_and_shows_what_really_is() {
    let (server, ready) = started(options()).await;
    let state = read(&exchange(&ready, "GET /sim/state HTTP/1.1", "").await);
    assert_eq!(state["outbox"], json!([]));
    let tenant = &state["tenants"][0];
    let all = tenant["mailboxes"].as_array().unwrap();
    let reception = all
        .iter()
        .find(|m| m["upn"] == "reception@contoso.example")
        .unwrap();
    let before = reception["contacts"].as_u64().unwrap();
    assert!(before > 0);
    let act = |act: Value| json!({"mailbox": {"tenant": tenant["id"], "mailbox": reception["id"], "by": "user", "act": act}});
    let make =
        act(json!({"create_contact": {"folder": null, "properties": {"displayName": "New"}}}));
    let (status, made) = posted(&ready, "/sim/act", &make).await;
    assert_eq!(status, 200, "{made}");
    let path = format!(
        "/sim/state/{}/{}",
        tenant["id"].as_str().unwrap(),
        reception["id"].as_str().unwrap()
    );
    let contacts = read(&exchange(&ready, &format!("GET {path} HTTP/1.1"), "").await);
    let contacts = contacts.as_array().unwrap();
    assert_eq!(contacts.len() as u64, before + 1);
    let new = contacts.iter().find(|c| c["id"] == made["id"]).unwrap();
    assert_eq!(
        (&new["properties"]["displayName"], &new["created_by"]),
        (&json!("New"), &json!("user"))
    );
    let state = read(&exchange(&ready, "GET /sim/state HTTP/1.1", "").await);
    assert_eq!(state["counts"]["changes"]["user create"], 1);
    let (status, _) = posted(
        &ready,
        "/sim/act",
        &act(json!({"delete_contact": {"item": "no such"}})),
    )
    .await;
    assert!((400..500).contains(&status));
    server.stop().await;
}

#[tokio::test]
async fn faults_are_set_over_the_side_channel_and_a_lost_answer_ends_the_connection() {
    let (server, ready) = started(options()).await;
    let (status, faults) = posted(&ready, "/sim/faults", &json!({"request_lost": 1.0})).await;
    assert_eq!((status, &faults["request_lost"]), (200, &json!(1.0)));
    let (head, body) = sign_in(&ready);
    assert_eq!(exchange(&ready, &head, &body).await, "");
    posted(&ready, "/sim/calm", &json!(true)).await;
    assert!(
        exchange(&ready, &head, &body)
            .await
            .starts_with("HTTP/1.1 200")
    );
    let (status, said) = posted(&ready, "/sim/faults", &json!({"no_such": 1.0})).await;
    assert_eq!(
        (status, said["error"].as_str()),
        (400, Some("there is no fault \"no_such\""))
    );
    assert_eq!(
        posted(&ready, "/sim/faults", &json!({"profile": "hostile"}))
            .await
            .0,
        200
    );
    server.stop().await;
}
