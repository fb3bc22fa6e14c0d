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
