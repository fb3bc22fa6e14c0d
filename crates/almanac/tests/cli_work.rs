//! The real binary against the simulator in a process of its own.
#![allow(clippy::unwrap_used)]

mod binary;

use binary::sim::Sim;
use binary::{Home, Told};
use expect_test::expect;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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
    let photos = json(&plan)["totals"]["photos"].as_u64().unwrap();
    assert!(
        photos > 100,
        "photos of cards that are not there yet are planned with them"
    );
    let csv = std::fs::read_to_string(home.path("p.csv")).unwrap();
    assert_eq!(csv.lines().count() as u64, creates + photos + 1);
    assert!(
        std::fs::read_to_string(home.path("p.html"))
            .unwrap()
            .contains("Planned changes")
    );
    let applied = home.run(&["apply", &home.text("p.json"), "--json"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    let account = &json(&applied)["runs"][0]["account"];
    assert_eq!(account["planned"], account["done"]);
    assert_eq!(
        account["planned"],
        creates + photos,
        "what was done is what was shown"
    );
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
    let run = home.run(&["run", "--json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let left_out = &json(&run)["runs"][0]["left_out"][0];
    let reason = left_out["reason"].as_str().unwrap();
    let paused = "not written: tunnel t-1 is paused by the command line";
    assert!(reason.starts_with(paused), "{reason}");
    assert_eq!(json(&run)["runs"][0]["account"]["done"], 0);
    assert_eq!(home.run(&["resume", "--tunnel", "people"]).code, 0);
    assert_eq!(home.run(&["pause", "--tunnel", "nope"]).code, 64);
}

#[test]
fn restore_says_whose_card_and_what_would_be_there_again() {
    let fleet = "tenants: [{ domain: contoso.example, people: [{ id: 5f0c9a52-3b8a-4a3b-9d4e-0a1b2c3d4e5f, name: Anna Berg, mobile_phone: '+49 151 1234567' }] }]";
    let sim = Sim::start(Some(fleet));
    let home = sim.home();
    assert_eq!(home.run(&["run"]).code, 0);
    sim.act(&serde_json::json!({ "directory": { "tenant": sim.text("/tenants/0/id"), "act": {
        "edit_user": { "id": "5f0c9a52-3b8a-4a3b-9d4e-0a1b2c3d4e5f", "properties": { "mobilePhone": "+49 170 7777777" } } } } }));
    let changed = home.run(&["run", "--json"]);
    let run = json(&changed)["runs"][0]["run"].to_string();
    let told = home.run(&["restore", "--run", &run, "--json"]);
    assert_eq!(told.code, 2, "{}{}", told.stdout, told.stderr);
    let shown = &json(&told)["would_put_back"][0];
    assert_eq!(shown["person"], "Anna Berg");
    assert_eq!(shown["puts_back"], "mobile_phone +491511234567");
    home.run(&["restore", "--run", "99"]).is(
        64,
        expect!["almanac: there is no run 99: list what there is and check the name"],
    );
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
