//! `almanac sim serve` in a process of its own, and a home folder that knows its tenant.

use super::Home;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

pub const TUNNEL: &str = "tunnels:
  - id: t-1
    name: people
    tenant: contoso
    owner: servicedesk@msp.example
    content: contacts
    sources: [{ directory: { people: members, org_contacts: true } }]
    targets: { everyone: true, mailbox_kinds: [user], folder: Contoso people }
    direction: one-way
    schedule: every 15m
";

/// `almanac sim serve` on a free port.
pub struct Sim {
    process: Child,
    ready: Value,
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sim {
    pub fn start(fleet: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_almanac"));
        command.args([
            "sim",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--time-scale",
            "50",
        ]);
        if let Some(text) = fleet {
            let file = folder.path().join("fleet.yaml");
            std::fs::write(&file, text).unwrap();
            command.arg("--fleet").arg(file);
        }
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            process,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    pub fn text(&self, pointer: &str) -> &str {
        self.ready.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    pub fn mailbox(&self, n: usize) -> &str {
        self.text(&format!("/tenants/0/mailboxes/{n}"))
    }

    /// Somebody does something at the client, past Graph.
    pub fn act(&self, act: &Value) {
        let address = self.text("/graph_url").trim_start_matches("http://");
        let body = act.to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /sim/act HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// A home folder that knows this simulator's tenant, with one tunnel.
    pub fn home(&self) -> Home {
        let home = Home::new();
        home.at_lab(self.text("/graph_url"));
        home.write("secret", self.text("/tenants/0/client_secret"));
        let secret = home.path("secret").display().to_string();
        let told = home.run(&[
            "tenant",
            "add",
            "contoso",
            "--directory",
            self.text("/tenants/0/id"),
            "--client-id",
            self.text("/tenants/0/client_id"),
            "--secret-file",
            &secret,
        ]);
        assert_eq!(told.code, 0, "{}", told.stderr);
        home.write("tunnels/a.yaml", TUNNEL);
        home
    }
}
