//! `$batch`, budgets, slots and latencies (graph.md 5.1, 5.2, 5.3).

#![allow(clippy::unwrap_used)]

mod house;

use base64::{Engine, engine::general_purpose::STANDARD};
use graph_sim::*;
use house::*;
use serde_json::{Value, json};

fn create(id: &str, after: Option<&str>) -> Value {
    let mut step = json!({
        "id": id, "method": "POST", "url": format!("/users/{ADA}/contacts"),
        "headers": {"Content-Type": "application/json"}, "body": {"displayName": id},
    });
    if let Some(after) = after {
        step["dependsOn"] = json!([after]);
    }
    step
}

fn parallel(count: usize) -> Value {
    json!({"requests": (0..count).map(|n| create(&n.to_string(), None)).collect::<Vec<_>>()})
}

fn chain(count: usize) -> Value {
    let after = |n: usize| n.checked_sub(1).map(|b| b.to_string());
    let steps = (0..count).map(|n| create(&n.to_string(), after(n).as_deref()));
    json!({"requests": steps.collect::<Vec<_>>()})
}

fn statuses(got: &Got) -> Vec<u64> {
    let all = got.json["responses"].as_array().unwrap();
    all.iter().map(|r| r["status"].as_u64().unwrap()).collect()
}

#[test]
fn a_parallel_batch_goes_four_at_a_time_and_a_chain_one_by_one() {
    let mut house = House::new();
    let start = house.now_ms;
    let got = house.post("/$batch", parallel(20));
    assert_eq!(statuses(&got), vec![201; 20]);
    assert_eq!(got.at_ms - start, 5 * 270 + 20);
    let start = house.now_ms;
    let got = house.post("/$batch", chain(20));
    assert_eq!(statuses(&got), vec![201; 20]);
    assert_eq!(got.at_ms - start, 20 * 270 + 20);
    assert_eq!(house.cloud.contacts(TENANT, ADA).len(), 40);
    assert_eq!(house.cloud.counts(CLIENT, ADA).writes, 40);
}

#[test]
fn what_depends_on_a_failure_is_424_and_not_carried_out() {
    let mut house = House::new();
    let mut body = chain(3);
    body["requests"][1]["body"] = json!({"jobTitle": 5});
    let got = house.post("/$batch", body);
    assert_eq!(statuses(&got), [201, 400, 424]);
    assert_eq!(house.cloud.contacts(TENANT, ADA).len(), 1);
}

#[test]
fn malformed_batches_are_refused_whole() {
    let mut house = House::new();
    let mut twice = parallel(2);
    twice["requests"][1]["id"] = json!("0");
    let mut untyped = parallel(1);
    untyped["requests"][0]
        .as_object_mut()
        .unwrap()
        .remove("headers");
    let mut two = parallel(3);
    two["requests"][2]["dependsOn"] = json!(["0", "1"]);
    let mut mixed = parallel(3);
    mixed["requests"][2]["dependsOn"] = json!(["1"]);
    let mut forward = parallel(2);
    forward["requests"][0]["dependsOn"] = json!(["1"]);
    for body in [
        json!({}),
        json!({"requests": []}),
        parallel(21),
        twice,
        untyped,
        two,
        mixed,
        forward,
    ] {
        let got = house.post("/$batch", body);
        assert_eq!((got.status, got.code()), (400, "BadRequest"));
    }
    assert!(house.cloud.contacts(TENANT, ADA).is_empty());
}

#[test]
fn pictures_are_base64_inside_a_batch() {
    let mut house = House::new();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let photo = format!("/users/{ADA}/contacts/{id}/photo/$value");
    let got = house.post(
        "/$batch",
        json!({"requests": [
            {"id": "put", "method": "PUT", "url": photo, "headers": {"Content-Type": "image/png"},
             "body": STANDARD.encode("png-bytes")},
            {"id": "get", "method": "GET", "url": photo, "dependsOn": ["put"]},
        ]}),
    );
    assert_eq!(statuses(&got), [200, 200]);
    let read = &got.json["responses"][1];
    assert_eq!(read["headers"]["Content-Type"], "image/png");
    assert_eq!(read["body"], STANDARD.encode("png-bytes"));
}

#[test]
fn a_batch_must_not_hold_a_batch() {
    let mut house = House::new();
    let inner = json!({"id": "1", "method": "POST", "url": "/$batch",
                       "headers": {"Content-Type": "application/json"}, "body": {"requests": []}});
    assert_eq!(
        statuses(&house.post("/$batch", json!({"requests": [inner]}))),
        [400]
    );
}

#[test]
fn the_fifth_call_in_flight_is_429_until_one_ends() {
    let mut house = House::new();
    let path = format!("/users/{ADA}/contacts");
    let start = house.now_ms;
    let fire = |house: &mut House, now_ms: i64| {
        let request = house.request("POST", &path, Some(json!({"displayName": "A"})));
        read(house.cloud.answer(request, now_ms)).unwrap()
    };
    let first: Vec<u16> = (0..5).map(|n| fire(&mut house, start + n).status).collect();
    assert_eq!(first, [201, 201, 201, 201, 429]);
    let refused = fire(&mut house, start + 5);
    assert_eq!(refused.code(), "ApplicationThrottled");
    assert!(
        refused.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("MailboxConcurrency")
    );
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert_eq!(fire(&mut house, start + 300).status, 201);
    assert_eq!(house.cloud.counts(CLIENT, ADA).throttled, 2);
}

#[test]
fn four_chains_at_once_are_fine_and_the_fifth_is_throttled() {
    let mut house = House::new();
    let start = house.now_ms;
    let mut codes = Vec::new();
    for n in 0..5 {
        let request = house.request("POST", "/$batch", Some(chain(3)));
        codes.push(statuses(
            &read(house.cloud.answer(request, start + n)).unwrap(),
        ));
    }
    assert_eq!(codes[3], [201, 201, 201]);
    assert_eq!(codes[4], [429, 424, 424]);
}

#[test]
fn ten_thousand_requests_in_ten_minutes_and_not_one_more() {
    let mut house = House::with(|s| {
        s.limits.mailbox_requests = 20;
        s.latency.read_ms = 1;
        s.latency.list_ms = 1;
    });
    let path = format!("/users/{ADA}/contacts");
    let statuses: Vec<u16> = (0..21).map(|_| house.get(&path).status).collect();
    assert_eq!((&statuses[..20], statuses[20]), (&[200u16; 20][..], 429));
    let got = house.get(&path);
    let wait: i64 = got.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    house.now_ms += 610_000;
    assert_eq!(house.get(&path).status, 200);
    assert_eq!(house.get(&format!("/users/{BOB}/contacts")).status, 200);
}

#[test]
fn uploads_are_limited_by_their_bytes() {
    let mut house = House::with(|s| s.limits.upload_bytes = 5_000);
    let path = format!("/users/{ADA}/contacts");
    let body = json!({"personalNotes": "x".repeat(3_000)});
    assert_eq!(house.post(&path, body.clone()).status, 201);
    let got = house.post(&path, body);
    assert!(
        got.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("IncomingBytes")
    );
    assert_eq!(house.get(&path).status, 200);
}

#[test]
fn an_app_has_one_ceiling_over_all_mailboxes() {
    let mut house = House::with(|s| s.limits.app_requests = 4);
    let codes: Vec<u16> = (0..5)
        .map(|_| house.get(&format!("/users/{BOB}/contacts")).status)
        .collect();
    assert_eq!(codes, [200, 200, 200, 200, 429]);
}

#[test]
fn retry_after_takes_the_forms_of_its_quirks() {
    let ask = |fraction: bool, date: bool, unavailable: bool| {
        let mut house = House::with(|s| {
            s.limits.mailbox_requests = 0;
            s.quirks.retry_after_fraction = fraction;
            s.quirks.retry_after_date = date;
            s.quirks.concurrency_is_503 = unavailable;
        });
        let got = house.get(&format!("/users/{ADA}/contacts"));
        (got.status, got.header("Retry-After").unwrap().to_owned())
    };
    assert!(ask(false, false, false).1.parse::<u32>().is_ok());
    assert!(ask(true, false, false).1.contains('.'));
    assert!(ask(false, true, false).1.ends_with("GMT"));
    assert_eq!(ask(false, false, true).0, 503);
}

#[test]
fn nothing_is_throttled_when_limits_are_off() {
    let mut house = House::with(|s| {
        s.limits.enforced = false;
        s.limits.mailbox_requests = 1;
    });
    let start = house.now_ms;
    for n in 0..10 {
        let request = house.request("GET", &format!("/users/{ADA}/contacts"), None);
        assert_eq!(
            read(house.cloud.answer(request, start + n)).unwrap().status,
            200
        );
    }
}

#[test]
fn an_error_says_when_and_which_request() {
    let mut house = House::new();
    house
        .headers
        .push(("client-request-id".to_owned(), "abc".to_owned()));
    let got = house.get(&format!("/users/{ADA}/contacts/AAMkAGxxxxxxxxxxxxxxxxxx"));
    assert_eq!((got.status, got.code()), (404, "ErrorItemNotFound"));
    let inner = &got.json["error"]["innerError"];
    assert_eq!(inner["client-request-id"], "abc");
    assert_eq!(inner["request-id"], got.header("request-id").unwrap());
    assert!(inner["date"].as_str().unwrap().starts_with("2026-11-23T"));
}

#[test]
fn without_the_permission_a_mailbox_is_403() {
    let mut house = House::new();
    let act = |roles: &[&str]| cloud::Act::GrantConsent {
        tenant: TENANT.to_owned(),
        app: CLIENT.to_owned(),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
    };
    house
        .cloud
        .act(&act(&["Contacts.Read"]), house.now_ms)
        .unwrap();
    house.sign_in();
    let path = format!("/users/{ADA}/contacts");
    assert_eq!(house.get(&path).status, 200);
    assert_eq!(
        house.post(&path, json!({"displayName": "A"})).code(),
        "ErrorAccessDenied"
    );
    assert_eq!(
        house.get(&format!("/users/{ADA}/mailboxSettings")).code(),
        "ErrorAccessDenied"
    );
}

#[test]
fn mails_go_to_the_outbox_and_nothing_else_does() {
    let mut house = House::new();
    house.contact("contacts", json!({"displayName": "A"}));
    assert!(house.cloud.outbox().is_empty());
    assert_eq!(
        house
            .post(&format!("/users/{ADA}/sendMail"), json!({"message": {}}))
            .status,
        202
    );
    assert_eq!(house.cloud.outbox().len(), 1);
}
