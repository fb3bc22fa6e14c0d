//! The real binary against the simulator in a process of its own, and what it says when things are wrong.
#![allow(clippy::unwrap_used)]

mod binary;

use binary::{Home, Told};
use expect_test::expect;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// `almanac sim serve` on a free port.
struct Sim {
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
    fn start(fleet: Option<&str>) -> Self {
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

    fn text(&self, pointer: &str) -> &str {
        self.ready.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    fn mailbox(&self, n: usize) -> &str {
        self.text(&format!("/tenants/0/mailboxes/{n}"))
    }

    /// A home folder that knows this simulator's tenant, with one tunnel.
    fn home(&self) -> Home {
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

const TUNNEL: &str = "tunnels:
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

fn json(told: &Told) -> Value {
    serde_json::from_str(&told.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", told.stdout, told.stderr))
}

/// The last line is the failure; lines before it tell progress.
fn failure(told: &Told) -> &str {
    told.stderr.lines().last().unwrap_or("")
}

#[test]
fn a_saved_plan_is_applied_and_the_next_run_is_quiet() {
    let sim = Sim::start(None);
    let home = sim.home();
    let plan = home.run(&[
        "plan",
        "--out",
        &home.text("p.json"),
        "--csv",
        &home.text("p.csv"),
        "--html",
        &home.text("p.html"),
        "--json",
    ]);
    assert_eq!(plan.code, 2, "{}", plan.stderr);
    let creates = json(&plan)["totals"]["creates"].as_u64().unwrap();
    assert!(creates > 100);
    let csv = std::fs::read_to_string(home.path("p.csv")).unwrap();
    assert_eq!(csv.lines().count() as u64, creates + 1);
    assert!(
        std::fs::read_to_string(home.path("p.html"))
            .unwrap()
            .contains("Planned changes")
    );
    let applied = home.run(&["apply", &home.text("p.json"), "--json"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    let account = &json(&applied)["runs"][0]["account"];
    assert_eq!(account["planned"], account["done"]);
    let again = home.run(&["plan", "--json"]);
    assert_eq!(
        (again.code, &json(&again)["totals"]["creates"]),
        (0, &Value::from(0))
    );
    let why = home.run(&[
        "why",
        "--person",
        sim.mailbox(1),
        "--mailbox",
        sim.mailbox(0),
        "--json",
    ]);
    assert_eq!(json(&why)["answers"][0]["why"]["answer"], "there");
    let backup = home.run(&["backup", &home.text("copy")]);
    assert_eq!(backup.code, 0, "{}", backup.stderr);
    assert_eq!(
        home.list("copy"),
        ["almanac.yaml", "data", "tenants", "tunnels"]
    );
}

#[test]
fn a_pilot_touches_only_its_mailboxes() {
    let sim = Sim::start(None);
    let home = sim.home();
    let two = home.run(&["plan", "--pilot", "2", "--json"]);
    assert_eq!(json(&two)["totals"]["mailboxes"], 2, "{}", two.stderr);
    let one = home.run(&["plan", "--mailbox", sim.mailbox(0), "--json"]);
    assert_eq!(
        json(&one)["plans"][0]["groups"][0]["mailboxes"][0],
        sim.mailbox(0)
    );
    let nobody = home.run(&["plan", "--mailbox", "nobody@contoso.example"]);
    assert_eq!(nobody.code, 64);
    assert!(
        failure(&nobody).contains("nobody@contoso.example is no target"),
        "{}",
        nobody.stderr
    );
}

#[test]
fn a_paused_tunnel_writes_nothing_until_it_is_resumed() {
    let sim = Sim::start(None);
    let home = sim.home();
    assert_eq!(home.run(&["pause", "--tunnel", "people"]).code, 0);
    let status = home.run(&["status", "--json"]);
    assert!(
        json(&status)["books"][0]["state"]
            .as_str()
            .unwrap()
            .starts_with("paused by")
    );
    assert_eq!(home.run(&["resume", "--tunnel", "people"]).code, 0);
    assert_eq!(home.run(&["pause", "--tunnel", "nope"]).code, 64);
}

#[test]
fn a_wrong_secret_says_so_with_66() {
    let sim = Sim::start(None);
    let home = sim.home();
    home.write("secret", "wrong");
    let check = home.run(&["tenant", "check", "contoso"]);
    assert_eq!(check.code, 66);
    assert!(
        check.stdout.contains("the client secret is wrong"),
        "{}",
        check.stdout
    );
    let plan = home.run(&["plan"]);
    assert_eq!(plan.code, 66, "{}", plan.stdout);
    assert!(
        plan.stdout.contains("the client secret is wrong"),
        "{}",
        plan.stdout
    );
}

#[test]
fn a_missing_permission_is_named_with_66() {
    let fleet = "tenants:
  - domain: contoso.example
    apps: [{ client_secret: s, roles: [Contacts.ReadWrite, MailboxSettings.Read] }]
    people: [{ name: Anna Berg }, { name: Bo Dahl }]
";
    let sim = Sim::start(Some(fleet));
    let home = sim.home();
    let check = home.run(&["tenant", "check", "contoso", "--json"]);
    assert_eq!(check.code, 66, "{}", check.stdout);
    let missing = &json(&check)["tenants"][0]["missing"];
    assert!(
        missing
            .as_array()
            .unwrap()
            .contains(&Value::from("User.Read.All")),
        "{missing}"
    );
    let plan = home.run(&["plan"]);
    assert_eq!(plan.code, 66, "{}{}", plan.stdout, plan.stderr);
    assert!(
        plan.stdout.contains("Microsoft denied access"),
        "{}",
        plan.stdout
    );
}

#[test]
fn an_unreachable_host_ends_with_67() {
    let sim = Sim::start(None);
    let home = sim.home();
    drop(sim);
    let check = home.run(&["tenant", "check", "contoso"]);
    assert_eq!(check.code, 67, "{}", check.stdout);
    assert!(
        check.stdout.contains("could not be reached"),
        "{}",
        check.stdout
    );
}

#[test]
fn an_unknown_group_is_named() {
    let sim = Sim::start(None);
    let home = sim.home();
    home.write(
        "tunnels/a.yaml",
        &TUNNEL.replace("everyone: true", "groups: [Nobody's group]"),
    );
    let plan = home.run(&["plan"]);
    assert_ne!(plan.code, 0);
    assert!(
        plan.stdout.contains("not there"),
        "{}{}",
        plan.stdout,
        plan.stderr
    );
}

#[test]
fn a_damaged_store_is_told_and_left_as_it_is() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.write("tunnels/a.yaml", TUNNEL);
    let file = home.path("data").join(store::FILE);
    std::fs::write(
        &file,
        "this is no database, but it is long enough to be taken for one".repeat(99),
    )
    .unwrap();
    let told = home.run(&["status"]);
    assert_eq!(told.code, 68, "{}{}", told.stdout, told.stderr);
    assert!(told.stderr.contains("is damaged"), "{}", told.stderr);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("this is no database")
    );
}

#[test]
fn a_full_disk_ends_with_69_and_leaves_a_store_that_opens() {
    let home = Home::new();
    home.add_tenant("contoso");
    home.write("tunnels/a.yaml", TUNNEL);
    // A small disk of its own, in a mount namespace of its own.
    let small = format!("mount -t tmpfs -o size=64k none {} &&", home.text("data"));
    let Some(told) = home.run_alone(&small, &["status"]) else {
        eprintln!("skipped: this machine allows no mount namespaces");
        return;
    };
    assert_eq!(told.code, 69, "{}{}", told.stdout, told.stderr);
    assert_eq!(home.run(&["status"]).code, 0);
}

#[test]
fn a_run_that_is_not_there_is_told() {
    let home = Home::new();
    home.run(&["show", "7"]).is(
        64,
        expect!["almanac: there is no run 7: list what there is and check the name"],
    );
}

#[cfg(unix)]
#[test]
fn serve_works_answers_health_checks_and_stops_when_asked() {
    let sim = Sim::start(None);
    let home = sim.home();
    let mut serving = home
        .command(&["serve", "--listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut told = BufReader::new(serving.stdout.take().unwrap());
    told.read_line(&mut line).unwrap();
    let url: Value = serde_json::from_str(&line).unwrap();
    let address = url["health_url"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .trim_end_matches("/healthz");
    assert!(
        health(address).starts_with("HTTP/1.1 200"),
        "{}",
        health(address)
    );
    let asked = Command::new("kill")
        .arg(serving.id().to_string())
        .status()
        .unwrap();
    assert!(asked.success());
    assert_eq!(serving.wait().unwrap().code(), Some(0));
    // The first plan of a tunnel waits for a person: serve wrote nothing.
    let runs = json(&home.run(&["runs", "--json"]));
    let done: u64 = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|r| r["account"]["done"].as_u64())
        .sum();
    assert_eq!(done, 0, "{runs}");
}

/// Asks until the first round of the watch is over.
#[cfg(unix)]
fn health(address: &str) -> String {
    use std::io::{Read, Write};
    let mut answer = String::new();
    for _ in 0..50 {
        answer.clear();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .unwrap();
        stream.read_to_string(&mut answer).unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        let _ = Command::new("sleep").arg("0.1").status();
    }
    answer
}
