//! Whole conversations with a scripted Microsoft: writes.
#![allow(clippy::unwrap_used)]

mod fake;

use bytes::Bytes;
use expect_test::{Expect, expect};
use fake::{Reply, World, answer, error, error_body, lost, mailbox, ok, tenant};
use graph::{Batching, Card, FolderOutcome, Settings, Write, Written};
use model::plan::Outcome;
use model::{Etag, Field, FolderId, Item, ItemId, Mail, Sighting, Value};

fn card(name: &str) -> Card {
    Card::new(Item::default().with(Field::DisplayName, Value::text(name)))
}

fn create(name: &str) -> Write {
    Write::Create {
        folder: FolderId::from("f1"),
        card: card(name),
        stamp: format!("s-{name}"),
    }
}

fn delete(id: &str) -> Write {
    Write::Delete {
        id: ItemId::from(id),
        expect: Some(Etag::from("W/\"1\"")),
        permanent: false,
    }
}

fn write(world: &World, writes: Vec<Write>) -> Written {
    write_with(world, Settings::default(), writes)
}

fn write_with(world: &World, settings: Settings, writes: Vec<Write>) -> Written {
    let (graph, not_after) = (world.graph_with(settings), world.in_ms(30_000));
    world.run(async move { graph.write(&tenant(), &mailbox(), writes, not_after).await })
}

/// A batch's answer from `(id, status, body)`.
fn steps(answers: &[(usize, u16, &str)]) -> Reply {
    let one = |(id, status, body): &(usize, u16, &str)| {
        format!("{{\"id\":\"{id}\",\"status\":{status},\"headers\":{{}},\"body\":{body}}}")
    };
    let all: Vec<String> = answers.iter().map(one).collect();
    ok(&format!("{{\"responses\":[{}]}}", all.join(",")))
}

/// What an answer shows otherwise than it was sent.
fn shown(seen: &Sighting) -> String {
    match seen.0.is_empty() {
        true => "as sent".to_owned(),
        false => seen.item().label(),
    }
}

/// One line per write, and the trouble if there is one.
fn told(world: &World, written: &Written, expected: Expect) {
    let start = world.now();
    let mut text = String::new();
    for outcome in &written.outcomes {
        let line = match outcome {
            Outcome::Done { item, etag, seen } => format!(
                "done {} {} {}",
                item.as_ref().map_or("-", ItemId::as_str),
                etag.as_ref().map_or("-", Etag::as_str),
                seen.as_ref().map_or("-".to_owned(), shown)
            ),
            Outcome::NotYet { until } => format!("not yet, in {}", until.since(start)),
            other => format!("{other:?}").to_lowercase(),
        };
        text.push_str(&format!("{line}\n"));
    }
    if let Some(trouble) = &written.trouble {
        text.push_str(&format!("{trouble}\n"));
    }
    expected.assert_eq(&text);
}

#[test]
fn every_kind_of_write_goes_into_one_batch_and_answers_may_come_in_any_order() {
    let world = World::new(vec![steps(&[
        (3, 200, "null"),
        (2, 204, "null"),
        (
            0,
            201,
            r#"{"@odata.etag":"W/\"9\"","id":"i9","displayName":"Ann"}"#,
        ),
        (
            1,
            200,
            r#"{"@odata.etag":"W/\"2\"","id":"i1","displayName":"Bob"}"#,
        ),
    ])]);
    let item = Item::default()
        .with(Field::DisplayName, Value::text("Ann"))
        .with(
            Field::Emails,
            Value::Mails(
                [Mail {
                    address: "ann@contoso.example".into(),
                    name: String::new(),
                }]
                .into(),
            ),
        )
        .with(Field::Pager, Value::text("555"));
    let changes = [
        (Field::JobTitle, Some(Value::text("Chief \"A\"\u{7}"))),
        (Field::HomeAddress, None),
        (Field::BusinessPhones, None),
        (Field::Birthday, Some(Value::Date("1974-07-22".into()))),
        (Field::BusinessFax, None),
    ];
    let written = write(
        &world,
        vec![
            Write::Create {
                folder: FolderId::from("f1"),
                card: Card::new(item),
                stamp: "s1".into(),
            },
            Write::Update {
                id: ItemId::from("i1"),
                expect: Some(Etag::from("W/\"1\"")),
                changes: changes.into(),
                display_name: Some("Bob".into()),
                file_as: Some("Builder, Bob".into()),
            },
            Write::Delete {
                id: ItemId::from("i2"),
                expect: None,
                permanent: true,
            },
            Write::SetPhoto {
                id: ItemId::from("i3"),
                bytes: Bytes::from_static(b"jpeg"),
            },
        ],
    );
    told(
        &world,
        &written,
        expect![[r#"
            done i9 W/"9" as sent
            done i1 W/"2" Bob
            done - - -
            done - - -
        "#]],
    );
    expect![[r#"
        POST /$batch
          Content-Type: application/json
          {"requests":[{"id":"0","method":"POST","url":"/users/m1/contactFolders/f1/contacts","headers":{"Prefer":"IdType=\"ImmutableId\"","Content-Type":"application/json"},"body":{"displayName":"Ann","emailAddresses":[{"address":"ann@contoso.example"}],"singleValueExtendedProperties":[{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"s1"},
           {"id":"String 0x3A21","value":"555"}]}},
           {"id":"1","method":"PATCH","url":"/users/m1/contacts/i1","headers":{"Prefer":"IdType=\"ImmutableId\"","If-Match":"W/\"1\"","Content-Type":"application/json"},"body":{"displayName":"Bob","fileAs":"Builder, Bob","jobTitle":"Chief \"A\"","businessPhones":[],"homeAddress":{"street":null,"city":null,"state":null,"postalCode":null,"countryOrRegion":null},"birthday":"1974-07-22T11:59:00Z","singleValueExtendedProperties":[{"id":"String 0x3A24","value":""}]}},
           {"id":"2","method":"POST","url":"/users/m1/contacts/i2/permanentDelete","headers":{"Prefer":"IdType=\"ImmutableId\""}},
           {"id":"3","method":"PUT","url":"/users/m1/contacts/i3/photo/$value","headers":{"Prefer":"IdType=\"ImmutableId\"","Content-Type":"image/jpeg"},"body":"anBlZw=="}]}
    "#]]
    .assert_eq(&world.transcript().replace(",{\"id\"", ",\n   {\"id\""));
}

#[test]
fn a_create_is_unknown_unless_it_was_definitely_turned_away() {
    let world = World::new(vec![steps(&[
        (0, 201, "{}"),
        (1, 409, &error_body("ErrorIrresolvableConflict")),
        (2, 500, "{}"),
        (3, 503, &error_body("ApplicationThrottled")),
        (4, 400, &error_body("ErrorInvalidProperty")),
        (5, 200, "\"<html>\""),
        (7, 507, "{}"),
        (8, 404, &error_body("ErrorItemNotFound")),
    ])]);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let written = write(&world, names.map(create).into());
    told(
        &world,
        &written,
        expect![[r#"
        unknown
        unknown
        unknown
        unknown
        refused("errorinvalidproperty: words")
        unknown
        unknown
        unknown
        not yet, in 15m
        the mailbox is full (tenant contoso, mailbox m1, while writing contacts): make room in it; writing goes on by itself then
    "#]],
    );
}

#[test]
fn updates_and_deletes_tell_stale_and_gone_from_a_mailbox_that_is_not_there() {
    let world = World::new(vec![steps(&[
        (0, 412, &error_body("ErrorIrresolvableConflict")),
        (1, 404, &error_body("ErrorItemNotFound")),
        (2, 404, &error_body("MailboxNotEnabledForRESTAPI")),
        (3, 409, &error_body("ErrorIrresolvableConflict")),
        (4, 204, "null"),
    ])]);
    let ids = ["a", "b", "c", "d", "e"];
    let written = write(&world, ids.map(delete).into());
    told(
        &world,
        &written,
        expect![[r#"
        stale
        gone
        not yet, in 15m
        unknown
        done - - -
        there is no usable mailbox (tenant contoso, mailbox m1, while writing contacts, code MailboxNotEnabledForRESTAPI): check licence and state of the account; a new mailbox answers within about 15 minutes
    "#]],
    );
}

#[test]
fn what_was_throttled_or_not_run_is_sent_again_after_the_throttle() {
    let world = World::new(vec![
        ok(&format!(
            "{{\"responses\":[{{\"id\":\"0\",\"status\":429,\"headers\":{{\"Retry-After\":\"7\"}},\"body\":{}}},{{\"id\":\"1\",\"status\":424}},{{\"id\":\"2\",\"status\":204}}]}}",
            error_body("ApplicationThrottled")
        )),
        steps(&[(0, 204, "null"), (1, 204, "null")]),
    ]);
    let start = world.now();
    let written = write(&world, ["a", "b", "c"].map(delete).into());
    assert!(
        written
            .outcomes
            .iter()
            .all(|o| matches!(o, Outcome::Done { .. }))
    );
    assert!(world.now().since(start).0 >= 7_000);
    assert_eq!(written.trouble, None);
    assert_eq!(world.left(), 0);
}

#[test]
fn a_throttle_beyond_the_deadline_is_not_waited_for() {
    let world = World::new(vec![answer(429, &[("retry-after", "60")], "")]);
    let written = write(&world, vec![create("a")]);
    told(
        &world,
        &written,
        expect![[r#"
            not yet, in 1m
            Microsoft asks us to slow down (tenant contoso, mailbox m1, while writing contacts): nothing to do, we go on at 2026-11-23T18:01:00Z
        "#]],
    );
}

#[test]
fn a_lost_batch_is_unknown_and_is_never_sent_again() {
    for reply in [lost(), ok("<html>"), error(502, ""), error(503, "")] {
        let world = World::new(vec![reply]);
        let written = write(&world, vec![create("a"), delete("b")]);
        assert_eq!(written.outcomes, [Outcome::Unknown, Outcome::Unknown]);
        assert!(written.trouble.is_some());
        assert_eq!(world.left(), 0);
    }
}

#[test]
fn a_batch_that_is_refused_as_a_whole_is_taken_apart_to_find_the_poison() {
    let world = World::new(vec![
        error(400, "BadRequest"),
        steps(&[(0, 204, "null")]),
        error(413, "RequestEntityTooLarge"),
    ]);
    let written = write(&world, vec![delete("a"), delete("b")]);
    told(
        &world,
        &written,
        expect![[r#"
        done - - -
        refused("requestentitytoolarge: words")
    "#]],
    );
}

#[test]
fn a_mailbox_that_forbids_everything_is_asked_once() {
    let forbidden = error_body("ErrorAccessDenied");
    let all: Vec<(usize, u16, &str)> = (0..20).map(|at| (at, 403, forbidden.as_str())).collect();
    let world = World::new(vec![steps(&all)]);
    let ids: Vec<String> = (0..45).map(|at| format!("i{at}")).collect();
    let written = write(&world, ids.iter().map(|id| delete(id)).collect());
    let not_yet = |o: &Outcome| matches!(o, Outcome::NotYet { .. });
    assert_eq!(written.outcomes.len(), 45);
    assert!(written.outcomes.iter().all(not_yet));
    assert_eq!(world.left(), 0);
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    let world = World::new(vec![]);
    let (graph, late) = (world.graph(), world.in_ms(-1));
    let written = world.run(async move {
        let writes = vec![create("a"), create("b")];
        graph.write(&tenant(), &mailbox(), writes, late).await
    });
    assert!(
        written
            .outcomes
            .iter()
            .all(|o| matches!(o, Outcome::NotYet { .. }))
    );
    assert_eq!(world.transcript(), "");
}

#[test]
fn two_writes_to_one_item_are_never_under_way_at_once() {
    let world = World::new(vec![
        steps(&[(0, 200, "{\"id\":\"i1\"}"), (1, 204, "null")]),
        steps(&[(0, 200, "null")]),
    ]);
    let photo = Write::SetPhoto {
        id: ItemId::from("i1"),
        bytes: Bytes::from_static(b"x"),
    };
    let update = Write::Update {
        id: ItemId::from("i1"),
        expect: None,
        changes: [(Field::JobTitle, None)].into(),
        display_name: None,
        file_as: None,
    };
    let written = write(&world, vec![update, delete("i2"), photo]);
    assert!(
        written
            .outcomes
            .iter()
            .all(|o| matches!(o, Outcome::Done { .. }))
    );
    assert_eq!(world.left(), 0);
    assert_eq!(world.most_at_once(), 1);
}

#[test]
fn chains_go_side_by_side_and_each_step_waits_for_the_one_before() {
    let done: Vec<(usize, u16, &str)> = (0..2).map(|at| (at, 204, "null")).collect();
    let world = World::new((0..5).map(|_| steps(&done)).collect());
    let settings = Settings {
        batching: Batching::Chained,
        batch_steps: 2,
        ..Settings::default()
    };
    let ids: Vec<String> = (0..10).map(|at| format!("i{at}")).collect();
    let written = write_with(&world, settings, ids.iter().map(|id| delete(id)).collect());
    assert!(
        written
            .outcomes
            .iter()
            .all(|o| matches!(o, Outcome::Done { .. }))
    );
    assert_eq!(world.most_at_once(), 4);
    assert!(world.transcript().contains("\"dependsOn\":[\"0\"]"));
}

#[test]
fn a_photo_too_big_for_a_batch_goes_by_itself() {
    let world = World::new(vec![ok(""), steps(&[(0, 204, "null")])]);
    let photo = Write::SetPhoto {
        id: ItemId::from("i1"),
        bytes: Bytes::from(vec![b'x'; 3_000_000]),
    };
    let written = write(&world, vec![photo, delete("i2")]);
    assert!(
        written
            .outcomes
            .iter()
            .all(|o| matches!(o, Outcome::Done { .. }))
    );
    let transcript = world.transcript();
    assert!(
        transcript
            .starts_with("PUT /users/m1/contacts/i1/photo/$value\n  Content-Type: image/jpeg\n")
    );
}

#[test]
fn a_prior_image_is_put_back_without_what_the_server_makes_itself() {
    let world = World::new(vec![steps(&[(0, 201, "{\"id\":\"new\"}")])]);
    let raw = br##"{"@odata.context":"x","@odata.etag":"e","id":"old","changeKey":"k","createdDateTime":"t","parentFolderId":"f0","displayName":"Ann","jobTitle":null,"primaryEmailAddress":{"address":"a@b.c"},"emailAddresses":[{"address":"a@b.c"}],"unheardOf":"kept","singleValueExtendedProperties":[{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"old"},{"id":"String 0x3a21","value":"555"}]}"##;
    let (graph, not_after) = (world.graph(), world.in_ms(30_000));
    let written = world.run(async move {
        let folder = FolderId::from("f1");
        graph
            .restore_contact(&tenant(), &mailbox(), &folder, raw, Some("s2"), not_after)
            .await
    });
    told(
        &world,
        &written,
        expect![[r#"
        done new - as sent
    "#]],
    );
    expect![[r#"
        POST /$batch
          Content-Type: application/json
          {"requests":[{"id":"0","method":"POST","url":"/users/m1/contactFolders/f1/contacts","headers":{"Prefer":"IdType=\"ImmutableId\"","Content-Type":"application/json"},"body":{"displayName":"Ann","emailAddresses":[{"address":"a@b.c"}],"singleValueExtendedProperties":[{"id":"String 0x3a21","value":"555"},{"id":"String {b7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215} Name AlmanacStamp","value":"s2"}],"unheardOf":"kept"}}]}
    "#]].assert_eq(&world.transcript());
}

#[test]
fn a_folder_is_made_with_its_stamp_or_its_fate_is_told() {
    let world = World::new(vec![
        ok(r#"{"id":"f2","displayName":"People","parentFolderId":"f1"}"#),
        error(409, "ErrorFolderExists"),
        lost(),
        error(500, ""),
        error(400, "ErrorInvalidProperty"),
    ]);
    let (graph, not_after) = (world.graph(), world.in_ms(30_000));
    let made = world.run(async move {
        let mut all = Vec::new();
        for _ in 0..5 {
            let (tenant, mailbox) = (tenant(), mailbox());
            let made = graph.create_folder(&tenant, &mailbox, "People", "s1", not_after);
            all.push(made.await);
        }
        all
    });
    assert!(
        matches!(&made[0], FolderOutcome::Made(f) if f.id.0 == "f2" && f.stamp.as_deref() == Some("s1"))
    );
    assert_eq!(made[1], FolderOutcome::NameTaken);
    assert_eq!(made[2..4], [FolderOutcome::Unknown, FolderOutcome::Unknown]);
    assert!(matches!(made[4], FolderOutcome::Refused(_)));
}

/// Workers run on many threads: this need not run, only compile.
#[test]
fn every_call_can_move_between_threads() {
    fn sends<T: Send>(_: T) {}
    let (graph, tenant, mailbox) = (World::new(vec![]).graph(), tenant(), mailbox());
    let (folder, item, now) = (
        FolderId::from("f"),
        ItemId::from("i"),
        World::default().now(),
    );
    let (g, t, m) = (&graph, &tenant, &mailbox);
    sends(g.write(t, m, vec![], now));
    sends(g.restore_contact(t, m, &folder, b"", None, now));
    sends(g.create_folder(t, m, "", "", now));
    sends(g.folders(t, m));
    sends(g.default_folder(t, m));
    sends(g.find_folder_by_stamp(t, m, ""));
    sends(g.contacts_full(t, m, &folder).next());
    sends(g.contacts_delta(t, m, &folder, None));
    sends(g.contact(t, m, &item));
    sends(g.contacts_by_id(t, m, &[]));
    sends(g.raw_contact(t, m, &item));
    sends(g.raw_contacts(t, m, &[]));
    sends(g.find_stamp(t, m, &folder, ""));
    sends(g.source_contacts_round(t, "", "", false, None));
    sends(g.people_round(t, graph::Directory::Users, None));
    sends(g.group(t, ""));
    sends(g.group_members(t, ""));
    sends(g.exists(t, graph::Directory::Users, ""));
    sends(g.user_id(t, ""));
    sends(g.mailbox_kinds(t, &[]));
    sends(g.photo_tags(t, &[]));
    sends(g.photo(t, ""));
    sends(g.managers(t));
    sends(g.check(t));
}
