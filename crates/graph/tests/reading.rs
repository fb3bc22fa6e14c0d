//! Whole conversations with a scripted Microsoft: reads.

mod fake;

use expect_test::{Expect, expect};
use fake::{World, answer, error, lost, mailbox, ok, status, tenant};
use graph::{ContactChange, Directory, Graph, GraphError, GroupFound, Lookup, PersonChange};
use model::person::MailboxKind;
use model::{FolderId, ItemId, MailboxId};
use std::future::Future;

fn run<T: 'static, F: Future<Output = T> + Send + 'static>(
    world: &World,
    call: impl FnOnce(Graph) -> F,
) -> T {
    world.run(call(world.graph()))
}

fn asked(world: &World, expected: Expect) {
    expected.assert_eq(&world.transcript());
    assert_eq!(world.left(), 0, "scripted answers were left over");
}

const DELTA: &str = "\"@odata.deltaLink\":\"https://graph.test/v1.0/d?$deltatoken=2\"";
const NEXT: &str = "\"@odata.nextLink\":\"https://graph.test/v1.0/d?$skiptoken=1\"";

#[test]
fn a_round_follows_its_pages_and_the_last_word_on_a_person_counts() {
    let world = World::new(vec![
        ok(&format!("{{\"value\":[],{NEXT}}}")),
        ok(&format!(
            r##"{{"value":[{{"id":"u2","displayName":"Old"}},{{"id":"u1","displayName":"Ann","mail":"Ann@contoso.example","proxyAddresses":["SMTP:Ann@contoso.example","smtp:a@contoso.example","X500:/o=x"],"assignedPlans":[{{"service":"exchange","capabilityStatus":"Enabled"}}],"onPremisesExtensionAttributes":{{"extensionAttribute7":"blue","extensionAttribute8":null}}}},{{"id":"u2","displayName":"New"}},{{"id":"u3","@removed":{{"reason":"changed"}}}}],{DELTA}}}"##
        )),
    ]);
    let round = run(&world, |g| async move {
        let cursor = Some("https://graph.test/v1.0/d?$deltatoken=1");
        g.people_round(&tenant(), Directory::Users, cursor).await
    })
    .unwrap();
    assert!(!round.whole && !round.restarted);
    let shown: Vec<String> = round.changes.iter().map(|c| format!("{c:?}\n")).collect();
    expect![[r#"
        Here(Person { key: "u1", kind: Member, item: Item({DisplayName: Text("Ann"), Emails: Mails([Mail { address: "Ann@contoso.example", name: "" }])}), upn: "", enabled: None, listed: None, country: "", addresses: {"a@contoso.example", "ann@contoso.example"}, attributes: {"extension_attribute7": "blue"}, has_plan: Some(true) })
        Here(Person { key: "u2", kind: Member, item: Item({DisplayName: Text("New")}), upn: "", enabled: None, listed: None, country: "", addresses: {}, attributes: {}, has_plan: None })
        Removed { key: "u3", permanently: false }
    "#]]
    .assert_eq(&shown.concat());
    asked(
        &world,
        expect![[r#"
            GET /d?$deltatoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
            GET /d?$skiptoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
        "#]],
    );
}

#[test]
fn a_lost_cursor_even_in_mid_round_starts_again_from_nothing_once() {
    let world = World::new(vec![
        ok(&format!("{{\"value\":[{{\"id\":\"u9\"}}],{NEXT}}}")),
        error(410, "SyncStateNotFound"),
        ok(&format!("{{\"value\":[{{\"id\":\"u1\"}}],{DELTA}}}")),
    ]);
    let round = run(&world, |g| async move {
        let cursor = Some("https://graph.test/v1.0/d?$deltatoken=1");
        g.people_round(&tenant(), Directory::OrgContacts, cursor)
            .await
    })
    .unwrap();
    assert!(round.whole && round.restarted);
    let keys: Vec<&str> = round.changes.iter().map(PersonChange::key).collect();
    assert_eq!(keys, ["u1"]);
    asked(
        &world,
        expect![[r#"
            GET /d?$deltatoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
            GET /d?$skiptoken=1
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
            GET /contacts/delta?$select=id,displayName,givenName,surname,mail,mailNickname,proxyAddresses,companyName,department,jobTitle,phones,addresses
              Prefer: IdType="ImmutableId", odata.maxpagesize=999
        "#]],
    );
}

#[test]
fn links_to_elsewhere_are_never_followed_and_circles_end() {
    for link in [
        "https://graph.test.evil.example/v1.0/d",
        "https://graph.test/v1.0/d?$skiptoken=1",
    ] {
        let page = format!("{{\"value\":[],\"@odata.nextLink\":\"{link}\"}}");
        let world = World::new(vec![ok(&page), ok(&page)]);
        let round = run(&world, |g| async move {
            g.people_round(&tenant(), Directory::Users, None).await
        });
        assert!(
            matches!(round, Err(GraphError::Malformed { .. })),
            "{round:?}"
        );
    }
}

#[test]
fn a_page_without_value_is_no_empty_page() {
    let world = World::new((0..4).map(|_| ok("{\"error\":{\"code\":\"x\"}}")).collect());
    let round = run(&world, |g| async move {
        g.people_round(&tenant(), Directory::Users, None).await
    });
    assert!(
        matches!(round, Err(GraphError::Malformed { .. })),
        "{round:?}"
    );
}

#[test]
fn members_short_of_the_servers_own_count_are_incomplete() {
    let users = r#"{"@odata.count":3,"value":[{"id":"a"},{"id":"b"},{"id":"b"}]}"#;
    let world = World::new(vec![ok(users)]);
    let members = run(
        &world,
        |g| async move { g.group_members(&tenant(), "g1").await },
    );
    expect![[r#"Microsoft's answer was not complete (tenant contoso, while reading the members of a group): 2 of 3 entries came; nothing was concluded from it and it is asked again later"#]]
    .assert_eq(&members.unwrap_err().to_string());
}

#[test]
fn members_are_users_and_org_contacts() {
    let world = World::new(vec![
        ok(r#"{"@odata.count":2,"value":[{"id":"a"},{"id":"b"}]}"#),
        ok(r#"{"@odata.count":1,"value":[{"id":"c"}]}"#),
    ]);
    let members = run(
        &world,
        |g| async move { g.group_members(&tenant(), "g1").await },
    );
    assert_eq!(members.unwrap().len(), 3);
    asked(
        &world,
        expect![[r#"
            GET /groups/g1/transitiveMembers/microsoft.graph.user?$count=true&$select=id&$top=999
              ConsistencyLevel: eventual
            GET /groups/g1/transitiveMembers/microsoft.graph.orgContact?$count=true&$select=id&$top=999
              ConsistencyLevel: eventual
        "#]],
    );
}

#[test]
fn a_group_is_found_by_name_by_id_or_not_guessed() {
    let world = World::new(vec![
        ok(r#"{"value":[{"id":"g1","displayName":"Bob's & co"}]}"#),
        error(404, "Request_ResourceNotFound"),
        ok(r#"{"value":[{"id":"g1"},{"id":"g2"}]}"#),
    ]);
    let found = run(&world, |g| async move {
        let guid = "6918b873-d17a-4dc1-b314-35f528134491";
        [
            g.group(&tenant(), "Bob's & co").await.unwrap(),
            g.group(&tenant(), guid).await.unwrap(),
            g.group(&tenant(), "All").await.unwrap(),
        ]
    });
    assert!(matches!(&found[0], GroupFound::One { id, .. } if id == "g1"));
    assert_eq!(found[1..], [GroupFound::None, GroupFound::Many(2)]);
    asked(
        &world,
        expect![[r#"
            GET /groups?$filter=displayName%20eq%20'Bob''s%20%26%20co'&$select=id,displayName&$top=100
            GET /groups/6918b873-d17a-4dc1-b314-35f528134491?$select=id,displayName
            GET /groups?$filter=displayName%20eq%20'All'&$select=id,displayName&$top=100
        "#]],
    );
}

#[test]
fn reads_survive_a_throttle_a_spent_token_a_lost_answer_and_a_broken_page() {
    let world = World::new(vec![
        answer(429, &[("retry-after", "2.128")], ""),
        error(401, "InvalidAuthenticationToken"),
        lost(),
        ok(r#"{"id":"u1"}"#),
    ]);
    let start = world.now();
    let here = run(
        &world,
        |g| async move { g.user_exists(&tenant(), "u1").await },
    );
    assert_eq!(here, Ok(graph::Existence::Here));
    assert_eq!(world.tokens(), 2);
    assert!(world.now().since(start).0 > 2_128 + 4 * 100);
}

#[test]
fn a_read_gives_up_and_says_so() {
    let world = World::new((0..4).map(|_| status(500, "<html>")).collect());
    let failed = run(
        &world,
        |g| async move { g.user_exists(&tenant(), "u1").await },
    );
    expect!["Microsoft did not answer (tenant contoso, while asking whether a user still exists): status 500; it is asked again later"]
        .assert_eq(&failed.unwrap_err().to_string());
}

#[test]
fn only_the_item_itself_can_be_gone() {
    let world = World::new(vec![
        error(404, "ErrorItemNotFound"),
        error(404, "MailboxNotEnabledForRESTAPI"),
        error(404, "ErrorInvalidUser"),
        error(404, ""),
        error(403, "ErrorAccessDenied"),
    ]);
    let lookups = run(&world, |g| async move {
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(g.contact(&tenant(), &mailbox(), &ItemId::from("i1")).await);
        }
        all
    });
    assert_eq!(lookups[0], Ok(Lookup::Gone));
    let errors: Vec<String> = lookups[1..]
        .iter()
        .map(|l| format!("{}\n", l.as_ref().unwrap_err()))
        .collect();
    expect![[r#"
        there is no usable mailbox (tenant contoso, mailbox m1, while looking a contact up, code MailboxNotEnabledForRESTAPI): check licence and state of the account; a new mailbox answers within about 15 minutes
        there is no usable mailbox (tenant contoso, mailbox m1, while looking a contact up, code ErrorInvalidUser): check licence and state of the account; a new mailbox answers within about 15 minutes
        Microsoft refused the request (tenant contoso, mailbox m1, while looking a contact up): status 404, code HTTP 404, words
        Microsoft denied access (tenant contoso, mailbox m1, while looking a contact up, code ErrorAccessDenied): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours
    "#]]
    .assert_eq(&errors.concat());
}

#[test]
fn a_contact_shows_absent_null_and_value_apart() {
    let world = World::new(vec![ok(
        r##"{"@odata.etag":"W/\"1\"","id":"i1","parentFolderId":"f1","displayName":"Ann","jobTitle":null,"department":"","homePhones":[],"businessPhones":["1",null,"2"],"birthday":"1974-07-22T00:00:00Z","emailAddresses":[{"name":"Ann","address":"a@b.c"}],"homeAddress":{},"mobilePhone":7,"singleValueExtendedProperties":[{"id":"String {B7C0A3E4-52D1-4C8F-9E6A-3F1D80C7A215} Name AlmanacStamp","value":"s1"},{"id":"String 0x3a21","value":"555"}]}"##,
    )]);
    let found = run(&world, |g| async move {
        g.contact(&tenant(), &mailbox(), &ItemId::from("i1")).await
    });
    expect![[r#"
        Found {
            here: Here {
                etag: Some(
                    Etag(
                        "W/\"1\"",
                    ),
                ),
                fields: Sighting(
                    {
                        DisplayName: Some(
                            Text(
                                "Ann",
                            ),
                        ),
                        Department: None,
                        JobTitle: None,
                        Emails: Some(
                            Mails(
                                [
                                    Mail {
                                        address: "a@b.c",
                                        name: "Ann",
                                    },
                                ],
                            ),
                        ),
                        BusinessPhones: Some(
                            Texts(
                                [
                                    "1",
                                    "2",
                                ],
                            ),
                        ),
                        HomePhones: None,
                        BusinessFax: None,
                        OtherPhone: None,
                        Pager: Some(
                            Text(
                                "555",
                            ),
                        ),
                        HomeAddress: None,
                        Birthday: Some(
                            Date(
                                "1974-07-22",
                            ),
                        ),
                    },
                ),
                stamp: Text(
                    "s1",
                ),
            },
            folder: FolderId(
                "f1",
            ),
        }
    "#]]
    .assert_debug_eq(&found.unwrap());
    asked(
        &world,
        expect![[r#"
            GET /users/m1/contacts/i1?$select=displayName,title,givenName,middleName,surname,generation,initials,nickName,fileAs,companyName,department,jobTitle,officeLocation,profession,manager,assistantName,emailAddresses,mobilePhone,businessPhones,homePhones,imAddresses,businessAddress,homeAddress,otherAddress,businessHomePage,birthday,spouseName,yomiGivenName,yomiSurname,yomiCompanyName,categories,personalNotes,parentFolderId&$expand=singleValueExtendedProperties($filter=id%20eq%20'String%20%7Bb7c0a3e4-52d1-4c8f-9e6a-3f1d80c7a215%7D%20Name%20AlmanacStamp'%20or%20id%20eq%20'String%200x3A24'%20or%20id%20eq%20'String%200x3A1F'%20or%20id%20eq%20'String%200x3A21')
        "#]],
    );
}

#[test]
fn a_delta_takes_the_newest_copy_and_makes_a_removal_a_hint() {
    let world = World::new(vec![ok(&format!(
        r##"{{"value":[
            {{"id":"i1","displayName":"new","lastModifiedDateTime":"2026-11-23T10:00:00Z"}},
            {{"id":"i1","displayName":"old","lastModifiedDateTime":"2026-11-23T09:00:00Z"}},
            {{"id":"i2","@removed":{{"reason":"deleted"}}}},
            {{"id":"i2","displayName":"back","lastModifiedDateTime":"2026-11-23T09:00:00Z"}}],{DELTA}}}"##
    ))]);
    let round = run(&world, |g| async move {
        g.contacts_delta(&tenant(), &mailbox(), &FolderId::from("f1"), None)
            .await
    })
    .unwrap();
    let ContactChange::Changed { here, .. } = &round.changes[0] else {
        panic!("{round:?}");
    };
    assert_eq!(here.fields.item().label(), "new");
    assert_eq!(here.stamp, model::snapshot::Stamp::Unread);
    assert!(!here.fields.covers(model::Field::Pager));
    assert!(matches!(&round.changes[1], ContactChange::RemovedHint { id } if id.0 == "i2"));
}

#[test]
fn a_full_look_ends_only_when_it_is_complete() {
    let page = |count: u64, ids: &[&str], next: &str| {
        let items: Vec<String> = ids
            .iter()
            .map(|id| format!("{{\"id\":\"{id}\"}}"))
            .collect();
        ok(&format!(
            "{{\"@odata.count\":{count},\"value\":[{}]{next}}}",
            items.join(",")
        ))
    };
    let look = |world: &World| {
        run(world, |g| async move {
            let mut look = g.contacts_full(&tenant(), &mailbox(), &FolderId::from("f1"));
            let mut ids = Vec::new();
            while let Some(page) = look.next().await? {
                ids.extend(page.into_iter().map(|(id, _)| id.0));
            }
            Ok::<_, GraphError>(ids)
        })
    };
    let next = format!(",{NEXT}");
    let world = World::new(vec![page(3, &["a", "b"], &next), page(3, &["c"], "")]);
    assert_eq!(look(&world).unwrap(), ["a", "b", "c"]);
    // A repeated item must not stand in for a missing one.
    let world = World::new(vec![page(3, &["a", "b"], &next), page(3, &["b"], "")]);
    assert!(matches!(look(&world), Err(GraphError::Incomplete { .. })));
}

#[test]
fn mailbox_kinds_are_asked_in_one_batch_and_errors_stay_with_their_mailbox() {
    let world = World::new(vec![
        ok(r#"{"responses":[
            {"id":"2","status":403,"body":{"error":{"code":"ErrorAccessDenied","message":"x"}}},
            {"id":"0","status":200,"body":{"userPurpose":"shared"}},
            {"id":"1","status":404,"body":{"error":{"code":"MailboxNotEnabledForRESTAPI","message":"x"}}},
            {"id":"3","status":429,"headers":{"Retry-After":"3"},"body":{}}]}"#),
        ok(r#"{"responses":[{"id":"0","status":200,"body":{"userPurpose":"newKind"}}]}"#),
    ]);
    let ids: Vec<MailboxId> = ["a", "b", "c", "d"].map(MailboxId::from).into();
    let kinds = run(&world, move |g| async move {
        g.mailbox_kinds(&tenant(), &ids).await
    })
    .unwrap();
    assert_eq!(kinds[&MailboxId::from("a")], Ok(MailboxKind::Shared));
    assert_eq!(kinds[&MailboxId::from("b")], Ok(MailboxKind::None));
    assert!(matches!(
        kinds[&MailboxId::from("c")],
        Err(GraphError::Permission { .. })
    ));
    assert_eq!(kinds[&MailboxId::from("d")], Ok(MailboxKind::Others));
    let transcript = world.transcript();
    expect![[r#"
        POST /$batch
          Content-Type: application/json
          {"requests":[{"id":"0","method":"GET","url":"/users/d/mailboxSettings?$select=userPurpose","headers":{"Prefer":"IdType=\"ImmutableId\""}}]}
    "#]]
    .assert_eq(&transcript[transcript.rfind("POST").unwrap()..]);
}

#[test]
fn photos_have_versions_or_are_not_there() {
    let world = World::new(vec![
        ok(r#"{"responses":[
            {"id":"0","status":200,"body":{"@odata.mediaEtag":"\"E1\""}},
            {"id":"1","status":404,"body":{"error":{"code":"ImageNotFound","message":"x"}}}]}"#),
        status(200, "jpeg"),
        error(404, "ErrorItemNotFound"),
    ]);
    let (tags, photos) = run(&world, |g| async move {
        let users = ["a".to_owned(), "b".to_owned()];
        let tags = g.photo_tags(&tenant(), &users).await.unwrap();
        let photos = [
            g.photo(&tenant(), "a").await.unwrap(),
            g.photo(&tenant(), "b").await.unwrap(),
        ];
        (tags, photos)
    });
    assert_eq!(tags["a"], Ok(Some("\"E1\"".to_owned())));
    assert_eq!(tags["b"], Ok(None));
    assert_eq!(photos, [Some("jpeg".into()), None]);
}
