//! Faults: each alone at full rate does what its name says, and calm ends them (reliability.md 4.2).

#![allow(clippy::unwrap_used)]

mod house;

use graph_sim::{mailbox::MailboxAct, *};
use house::*;
use serde_json::{Value, json};

fn with(change: impl FnOnce(&mut Faults)) -> House {
    House::with(|s| change(&mut s.faults))
}

fn contacts() -> String {
    format!("/users/{ADA}/contacts")
}

/// One create that may stay without answer.
fn create(house: &mut House) -> Option<Got> {
    let body = json!({"displayName": "A", "singleValueExtendedProperties": stamp("x")});
    let request = house.request("POST", &contacts(), Some(body));
    house.take(request)
}

fn stored(house: &House) -> usize {
    house.cloud.contacts(TENANT, ADA).len()
}

#[test]
fn a_lost_request_changes_nothing() {
    let mut house = with(|f| f.request_lost = 1.0);
    assert!(create(&mut house).is_none());
    assert_eq!(stored(&house), 0);
}

#[test]
fn a_lost_reply_leaves_the_write_done() {
    let mut house = with(|f| f.reply_lost = 1.0);
    assert!(create(&mut house).is_none());
    assert_eq!(stored(&house), 1);
}

#[test]
fn an_error_after_commit_leaves_the_write_done_perhaps_without_its_mark() {
    for (missing, marks) in [(0.0, 1), (1.0, 0)] {
        let mut house = with(|f| {
            f.error_after_commit = 1.0;
            f.marker_missing = missing;
        });
        assert!(create(&mut house).unwrap().status >= 409);
        assert_eq!(house.cloud.contacts(TENANT, ADA)[0].extended.len(), marks);
    }
}

#[test]
fn a_late_write_commits_within_the_bound_even_after_calm() {
    let mut house = with(|f| f.late_commit = 1.0);
    let answer = create(&mut house);
    assert!(answer.is_none_or(|got| got.status == 504));
    assert_eq!(stored(&house), 0);
    house.cloud.set_calm(true);
    let due_ms = house.cloud.late_until_ms().unwrap();
    assert!(due_ms <= NOW + house.cloud.settings().bounds.commit_ms + 1_000);
    house.cloud.advance(due_ms - 1);
    assert_eq!(stored(&house), 0);
    house.cloud.advance(due_ms);
    assert_eq!(stored(&house), 1);
    assert_eq!(house.cloud.events()[0].at_ms, due_ms);
}

#[test]
fn a_write_delivered_twice_is_there_twice() {
    let mut house = with(|f| f.delivered_twice = 1.0);
    assert_eq!(create(&mut house).unwrap().status, 201);
    assert_eq!(stored(&house), 2);
}

#[test]
fn lists_filters_and_deltas_lag_within_the_bound() {
    let mut house = with(|f| f.visibility_lag = 1.0);
    for n in 0..8 {
        house.contact(
            "contacts",
            json!({"displayName": n.to_string(), "singleValueExtendedProperties": stamp("x")}),
        );
    }
    let delta = format!("/users/{ADA}/contacts/delta");
    let seen = |house: &mut House| {
        let list = house.get(&contacts()).column("id").len();
        let found = house.get(&search("contacts", "x")).column("id").len();
        (list, found, house.round(&delta).0.len())
    };
    let (list, found, changed) = seen(&mut house);
    assert!(
        list < 8 && found < 8 && changed < 8,
        "{list} {found} {changed}"
    );
    house.now_ms += house.cloud.settings().bounds.visibility_ms;
    assert_eq!(seen(&mut house), (8, 8, 8));
}

#[test]
fn a_lagging_delta_loses_nothing() {
    let mut house = with(|f| f.visibility_lag = 0.7);
    let ids: Vec<String> = (0..20)
        .map(|n| house.contact("contacts", json!({"displayName": n.to_string()})))
        .collect();
    let (mut seen, mut at) = (Vec::new(), format!("/users/{ADA}/contacts/delta"));
    for _ in 0..30 {
        let (rows, link) = house.round(&at);
        seen.extend(rows.iter().map(|r| r["id"].as_str().unwrap().to_owned()));
        (at, house.now_ms) = (link, house.now_ms + 1_000);
    }
    assert_eq!(seen, ids);
}

#[test]
fn a_deleted_contact_stays_listed_for_a_while() {
    let mut house = with(|f| f.visibility_lag = 1.0);
    let id = house.contact("contacts", json!({"displayName": "A"}));
    house.now_ms += 20_000;
    house.delete(&format!("{}/{id}", contacts()));
    assert_eq!(house.get(&contacts()).column("displayName"), ["A"]);
    house.now_ms += 20_000;
    assert!(house.get(&contacts()).column("displayName").is_empty());
}

#[test]
fn a_fresh_contact_may_be_missing_by_id() {
    let mut house = with(|f| {
        f.visibility_lag = 1.0;
        f.fresh_item_missing = 1.0;
    });
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let path = format!("{}/{id}", contacts());
    assert_eq!(house.get(&path).code(), "ErrorItemNotFound");
    house.now_ms += 20_000;
    assert_eq!(house.get(&path).status, 200);
}

/// Ten contacts, a finished round, then the rows of a round with the fault.
fn after(change: impl FnOnce(&mut Faults)) -> (House, Vec<Value>) {
    let mut house = House::new();
    let ids: Vec<String> = (0..10)
        .map(|n| house.contact("contacts", json!({"displayName": n.to_string()})))
        .collect();
    let (_, link) = house.round(&format!("/users/{ADA}/contacts/delta"));
    for id in &ids[..2] {
        house.patch(&format!("{}/{id}", contacts()), json!({"jobTitle": "Chef"}));
    }
    let mut settings = house.cloud.settings().clone();
    change(&mut settings.faults);
    house.cloud.set_settings(settings);
    let got = house.get(&link);
    let rows = got.json["value"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![json!(got.code())]);
    (house, rows)
}

#[test]
fn delta_pages_replay_double_disorder_and_show_ghosts() {
    let plain = after(|_| {}).1;
    assert_eq!(plain.len(), 2);
    assert!(after(|f| f.delta_replayed = 1.0).1.len() > 2);
    let doubled = after(|f| f.delta_doubled = 1.0).1;
    assert_eq!(doubled.len(), 3);
    let turned = after(|f| f.delta_disordered = 1.0).1;
    assert_eq!(turned, plain.iter().rev().cloned().collect::<Vec<_>>());
    let ghosts = after(|f| f.ghost_removed = 1.0).1;
    assert!(ghosts[2].get("@removed").is_some());
    assert_eq!(
        after(|f| f.cursor_lost = 1.0).1,
        [json!("SyncStateNotFound")]
    );
}

#[test]
fn a_delete_may_have_no_event() {
    let mut house = with(|f| f.delete_missing = 1.0);
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let (_, link) = house.round(&format!("/users/{ADA}/contacts/delta"));
    house.delete(&format!("{}/{id}", contacts()));
    assert!(house.round(&link).0.is_empty());
}

#[test]
fn storms_throttle_without_cause_and_take_every_form_of_retry_after() {
    let mut house = with(|f| f.throttled = 1.0);
    let mut forms = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let got = house.get(&contacts());
        assert!(matches!(got.status, 429 | 503));
        let form = got.header("Retry-After").map_or("none", |t| match t {
            _ if t.ends_with("GMT") => "date",
            _ if t.contains('.') => "fraction",
            "0" => "zero",
            "600" => "huge",
            _ => "one",
        });
        forms.insert(form);
    }
    assert_eq!(forms.len(), 6, "{forms:?}");
    assert!(create(&mut house).unwrap().status != 201);
    assert_eq!(stored(&house), 0);
}

fn batch(house: &mut House) -> Got {
    let step = |n: usize| {
        json!({"id": n.to_string(), "method": "POST", "url": contacts(),
               "headers": {"Content-Type": "application/json"}, "body": {"displayName": n.to_string()}})
    };
    house.post(
        "/$batch",
        json!({"requests": (0..6).map(step).collect::<Vec<_>>()}),
    )
}

#[test]
fn batch_steps_fail_change_places_and_go_missing() {
    let mut house = with(|f| f.step_fails = 1.0);
    let got = batch(&mut house);
    assert_eq!(got.status, 200);
    let steps = got.json["responses"].as_array().unwrap();
    assert!(steps.iter().all(|r| r["status"].as_u64().unwrap() >= 429));
    assert_eq!(stored(&house), 0);
    let mut house = with(|f| f.steps_disordered = 1.0);
    let got = batch(&mut house);
    let ids: Vec<&str> = got.json["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap())
        .collect();
    assert!(ids != ["0", "1", "2", "3", "4", "5"] && ids.len() == 6);
    let mut house = with(|f| f.step_missing = 1.0);
    assert_eq!(batch(&mut house).json["responses"], json!([]));
    assert_eq!(stored(&house), 6);
}

#[test]
fn list_pages_end_early_double_a_row_and_miscount() {
    let many = |change: fn(&mut Faults)| {
        let mut house = with(change);
        for n in 0..12 {
            house.contact("contacts", json!({"displayName": n.to_string()}));
        }
        house.get(&format!("{}?$top=5&$count=true", contacts()))
    };
    assert!(many(|_| {}).link("@odata.nextLink").is_some());
    assert!(
        many(|f| f.page_truncated = 1.0)
            .link("@odata.nextLink")
            .is_none()
    );
    let doubled = many(|f| f.page_doubled = 1.0).column("id");
    assert_eq!((doubled.len(), &doubled[4]), (6, &doubled[5]));
    assert_ne!(many(|f| f.wrong_count = 1.0).json["@odata.count"], 12);
}

#[test]
fn a_next_link_may_have_expired() {
    let mut house = with(|f| f.page_expired = 1.0);
    for n in 0..3 {
        house.contact("contacts", json!({"displayName": n.to_string()}));
    }
    let first = house.get(&format!("{}?$top=2", contacts()));
    assert_eq!(
        house.get(&first.link("@odata.nextLink").unwrap()).status,
        400
    );
}

#[test]
fn bodies_break_and_shapes_surprise() {
    let mut house = with(|f| f.body_broken = 1.0);
    for _ in 0..10 {
        let got = house.get(&contacts());
        assert_eq!((got.status, got.json), (200, Value::Null));
    }
    let mut house = with(|f| f.shape_surprises = 1.0);
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let path = format!("{}/{id}", contacts());
    let strange = house.get(&path).json;
    house.cloud.set_calm(true);
    assert_ne!(strange, house.get(&path).json);
}

#[test]
fn reads_are_refused_for_no_reason() {
    let mut house = with(|f| f.read_refused = 1.0);
    assert!(matches!(house.get(&contacts()).status, 403 | 404));
    assert_eq!(create(&mut house).unwrap().status, 201);
}

#[test]
fn a_token_ends_early_and_a_new_one_works() {
    let mut house = with(|f| f.token_expired = 1.0);
    assert_eq!(house.get(&contacts()).code(), "InvalidAuthenticationToken");
    house.cloud.set_calm(true);
    assert_eq!(house.get(&contacts()).status, 401);
    house.sign_in();
    assert_eq!(house.get(&contacts()).status, 200);
}

#[test]
fn consent_and_mailbox_flap_for_at_most_ten_minutes() {
    for (consent, code) in [
        (1.0, "ErrorAccessDenied"),
        (0.0, "MailboxNotEnabledForRESTAPI"),
    ] {
        let mut house = with(|f| {
            f.consent_flaps = consent;
            f.mailbox_flaps = 1.0 - consent;
        });
        assert_eq!(house.get(&contacts()).code(), code);
        let mut settings = house.cloud.settings().clone();
        settings.faults = Faults::none();
        house.cloud.set_settings(settings);
        assert_eq!(house.get(&contacts()).code(), code);
        house.now_ms += 601_000;
        assert_eq!(house.get(&contacts()).status, 200);
    }
}

#[test]
fn a_conflict_applies_nothing() {
    let mut house = House::new();
    let id = house.contact("contacts", json!({"displayName": "A"}));
    let mut settings = house.cloud.settings().clone();
    settings.faults.write_conflict = 1.0;
    house.cloud.set_settings(settings);
    let path = format!("{}/{id}", contacts());
    assert_eq!(house.patch(&path, json!({"jobTitle": "Chef"})).status, 409);
    assert_eq!(house.delete(&path).status, 409);
    assert_eq!(house.get(&path).json["jobTitle"], Value::Null);
}

#[test]
fn poison_is_refused_always_and_everywhere_until_calm() {
    let mut house = with(|f| f.poison_item = 0.5);
    let refused = |house: &mut House, owner: &str| -> Vec<u16> {
        let path = format!("/users/{owner}/contacts");
        (0..20)
            .map(|n| {
                house
                    .post(&path, json!({"displayName": format!("P{n}")}))
                    .status
            })
            .collect()
    };
    let (ada, bob) = (refused(&mut house, ADA), refused(&mut house, BOB));
    assert_eq!(ada, bob);
    assert!(ada.contains(&201) && ada.iter().any(|s| *s >= 400));
    house.cloud.set_calm(true);
    assert_eq!(refused(&mut house, ADA), [201; 20]);
}

#[test]
fn mangled_texts_are_mangled_alike() {
    let mut house = with(|f| f.text_mangled = 1.0);
    let long = format!(" two  blanks {}\u{200b}", "x".repeat(80));
    let body = json!({"displayName": "A", "jobTitle": long, "department": long});
    let id = house.contact("contacts", body.clone());
    let got = house.get(&format!("{}/{id}", contacts()));
    assert_ne!(got.json["jobTitle"], long.as_str());
    assert_eq!(got.json["jobTitle"], got.json["department"]);
    let again = house.contact("contacts", body);
    assert_eq!(
        house.get(&format!("{}/{again}", contacts())).json["jobTitle"],
        got.json["jobTitle"]
    );
}

#[test]
fn marks_are_stripped_and_rivals_write_beside_us() {
    let mut house = with(|f| f.marker_stripped = 1.0);
    create(&mut house);
    assert!(house.cloud.contacts(TENANT, ADA)[0].extended.is_empty());
    let mut house = with(|f| f.rival_writes = 1.0);
    for _ in 0..5 {
        create(&mut house);
    }
    let rivals = house
        .cloud
        .events()
        .into_iter()
        .filter(|e| e.actor == Actor::Rival)
        .count();
    assert_eq!(rivals, 5);
}

#[test]
fn a_hang_gives_no_answer_and_may_have_written() {
    let mut done = 0;
    for seed in 0..20 {
        let mut house = House::seeded(seed, |s| s.faults.hangs = 1.0);
        assert!(create(&mut house).is_none());
        done += stored(&house);
    }
    assert!((1..20).contains(&done), "{done}");
}

fn trace(seed: u64) -> Vec<String> {
    let mut house = House::seeded(seed, |s| s.faults = Faults::hostile());
    let mut lines = Vec::new();
    for n in 0..150 {
        let request = match n % 5 {
            0..3 => house.request(
                "POST",
                &contacts(),
                Some(json!({"displayName": format!("P{n}")})),
            ),
            3 => house.request("GET", &format!("/users/{ADA}/contacts/delta"), None),
            _ => house.request("GET", &contacts(), None),
        };
        lines.push(format!("{:?}", house.cloud.answer(request, house.now_ms)));
        house.now_ms += 700;
        if n % 20 == 19 {
            house.cloud.set_calm(true);
            house.sign_in();
            house.cloud.set_calm(false);
        }
    }
    lines
}

#[test]
fn the_same_seed_gives_the_same_answers_and_another_seed_others() {
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn calm_ends_every_fault() {
    let mut house = House::with(|s| {
        s.faults = Faults::default();
        for name in Faults::NAMES {
            s.faults.set(name, 1.0);
        }
    });
    house.cloud.set_calm(true);
    let id = house.contact("contacts", json!({"displayName": "A"}));
    assert_eq!(
        house.get(&contacts()).column("id"),
        std::slice::from_ref(&id)
    );
    assert_eq!(
        house.round(&format!("/users/{ADA}/contacts/delta")).0.len(),
        1
    );
    assert_eq!(
        batch(&mut house).json["responses"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    house.ada(MailboxAct::PurgeContact { item: id });
    assert_eq!(stored(&house), 6);
}
