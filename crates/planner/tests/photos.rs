//! Photos that follow a plan: what is set in the next pass is counted and shown with the plan that leads to it.
#![allow(clippy::unwrap_used)]

mod story;

use expect_test::{Expect, expect};
use model::Millis;
use model::link::Trouble;
use planner::{photo, tally};
use story::{Story, print};

fn check(story: &str, expect: Expect) {
    let story = Story::parse(story);
    let (input, plan) = (story.input(), story.plan());
    let mut told = print(&plan);
    for (entry, photo) in photo::following(&input, &plan) {
        told += &format!("then photo {entry} {photo}\n", entry = entry.0);
    }
    expect.assert_eq(&told);
}

#[test]
fn a_new_card_gets_its_photo_in_the_same_run() {
    check(
        r"entry E1 c1 photo=p1 display_name=Anna
         entry E2 c2 display_name=Ben",
        expect![[r#"
            create E1 c1 gen 1
            create E2 c2 gen 1
            then photo 1 p1
        "#]],
    );
}

#[test]
fn no_photo_follows_where_the_tunnel_wants_none() {
    check(
        r"option no_photos
         entry E1 c1 photo=p1 display_name=Anna",
        expect![[r#"
            create E1 c1 gen 1
        "#]],
    );
}

#[test]
fn a_card_of_ours_that_was_found_again_gets_its_photo_too() {
    check(
        r"entry E1 c1 photo=p1 display_name=Anna
         seen i1 stamp=E1.1 display_name=Anna",
        expect![[r#"
            agree E1 i1 c1 Created gen 1
            then photo 1 p1
        "#]],
    );
}

#[test]
fn a_card_that_is_linked_already_has_its_photo_as_a_step_and_not_twice() {
    check(
        r"entry E1 c1 photo=p1 display_name=Anna
         content c0 display_name=Ann
         link E1 i1 c0
         seen i1 stamp=E1.1 display_name=Anna",
        expect![[r#"
            agree E1 i1 c1 Created gen 1
            photo E1 i1 p1
        "#]],
    );
}

#[test]
fn a_photo_that_was_refused_does_not_follow_before_its_time() {
    let text = "entry E1 c1 photo=p1 display_name=Anna\nphoto E1 i1 p0";
    let mut story = Story::parse(text);
    for link in story.links.values_mut() {
        link.trouble = Some(Trouble {
            reason: "refused".to_owned(),
            attempts: 1,
            retry_at: story::NOW + Millis::hours(1),
        });
    }
    assert!(photo::following(&story.input(), &story.plan()).is_empty());
}

#[test]
fn a_users_card_that_shows_no_photo_gets_one() {
    let text = "entry E1 c1 photo=p1 display_name=Anna emails=anna@contoso.example
        link E1 i1 c1 adopted
        look changes";
    check(
        text,
        expect![[r#"
        nothing
    "#]],
    );
    assert_eq!(asked(text), ["i1"]);
    check(
        &format!("{text}\nshows i1 none"),
        expect![[r#"
            photo E1 i1 p1
        "#]],
    );
}

#[test]
fn a_photo_of_the_users_own_stays_and_is_not_asked_for_again() {
    let text = "entry E1 c1 photo=p1 display_name=Anna emails=anna@contoso.example
        link E1 i1 c1 adopted
        look changes";
    check(
        &format!("{text}\nshows i1 photo"),
        expect![[r#"
            agree E1 i1 - Created gen 0
            note UserValueKept E1 i1: photo
        "#]],
    );
    let known = format!("{text}\nphoto E1 i1 own");
    check(
        &known,
        expect![[r#"
            note UserValueKept E1 i1: photo
        "#]],
    );
    assert!(asked(&known).is_empty());
}

#[test]
fn who_has_a_photo_of_ours_or_needs_none_is_not_asked() {
    let cards = "entry E1 c1 photo=p1 display_name=Anna emails=anna@contoso.example
        link E1 i1 c1 adopted
        photo E1 i1 p0
        entry E2 c2 display_name=Ben emails=ben@contoso.example
        link E2 i2 c2 adopted
        entry E3 c3 photo=p3 display_name=Cy emails=cy@contoso.example
        link E3 i3 c3
        look changes";
    assert!(asked(cards).is_empty());
    let switched_off = "option no_photos
        entry E1 c1 photo=p1 display_name=Anna emails=anna@contoso.example
        link E1 i1 c1 adopted";
    assert!(asked(switched_off).is_empty());
}

/// The cards that are asked whether they show a photo.
fn asked(story: &str) -> Vec<String> {
    let ids = photo::to_ask(&Story::parse(story).input());
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

/// Who approves a plan approves the photos that follow it.
#[test]
fn another_photo_is_another_plan() {
    let print = |photo: &str| {
        let text = format!("entry E1 c1 {photo} display_name=Anna");
        let story = Story::parse(&text);
        let (input, plan) = (story.input(), story.plan());
        (
            tally::block_with(&plan, &photo::following(&input, &plan)),
            tally::block(&plan),
        )
    };
    let (one, plain) = print("photo=p1");
    assert_eq!(print("photo=p1").0, one);
    assert_ne!(print("photo=p2").0, one);
    // A plan without photos keeps the fingerprint that it always had.
    assert_eq!(print("").0, plain);
}
