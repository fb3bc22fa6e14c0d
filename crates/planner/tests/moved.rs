//! Stories of a mailbox that was moved: which card is whose under its new id.

mod story;

use expect_test::{Expect, expect};
use model::link::{Link, Part};
use planner::moved::{Moved, follow, suspects};
use story::{KEY, Story};

/// Every linked item that a move may explain is gone by its old id.
fn check(story: &str, expect: Expect) {
    let story = Story::parse(story);
    let gone = suspects(&story.links, &story.observed);
    let followed = follow(&Moved {
        member: &story.member,
        links: &story.links,
        gone: &gone,
        observed: &story.observed,
        contents: &story.catalog.contents,
        stamp_key: &KEY,
    });
    expect.assert_eq(&followed.iter().map(print).collect::<String>());
}

fn print(link: &Link) -> String {
    let mut out = format!("E{}", link.entry.0);
    if link.part == Part::Photo {
        out += " photo";
    }
    match &link.item {
        Some(item) => out += &format!(" is {item} now"),
        None => out += &format!(" is left, generation {}", link.generation),
    }
    if let Some(trouble) = &link.trouble {
        out += &format!(": {}", trouble.reason);
    }
    out + "\n"
}

#[test]
fn a_card_of_ours_is_known_by_its_stamp_and_takes_its_photo_along() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1
         photo E1 i1 hash
         seen n1 stamp=E1.1 display_name=Anna_whom_the_user_renamed",
        expect![[r#"
            E1 is n1 now
            E1 photo is n1 now
        "#]],
    );
}

#[test]
fn another_generation_is_another_card() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1 gen=2
         seen n1 stamp=E1.1 display_name=Anna",
        expect![""],
    );
}

#[test]
fn of_a_card_and_its_copy_neither_is_taken_and_no_third_is_made() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1
         seen n1 stamp=E1.1 display_name=Anna
         seen n2 stamp=E1.1 display_name=Anna",
        expect![[r#"
            E1 is left, generation 0: several cards could be this person
        "#]],
    );
}

#[test]
fn an_adopted_card_is_known_by_what_both_sides_agreed_on() {
    check(
        r"content c1 display_name=Anna mobile_phone=+491
         link E1 i1 c1 adopted shown.nick_name=Nan
         seen n1 display_name=Anna mobile_phone=+491
         seen n2 display_name=Anna mobile_phone=+491 nick_name=Nan",
        expect![[r#"
            E1 is n2 now
        "#]],
    );
}

#[test]
fn what_is_not_there_stays_gone() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1
         seen n1 display_name=Bruno",
        expect![""],
    );
}

#[test]
fn an_adopted_card_that_changed_since_is_to_be_adopted_anew() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1 adopted
         seen n1 display_name=Anna job_title=Buyer",
        expect![[r#"
            E1 is left, generation 1
        "#]],
    );
}

#[test]
fn where_one_id_is_still_good_nothing_was_moved() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1
         link E2 i2 c1
         seen i2 stamp=E2.1 display_name=Anna
         seen n1 stamp=E1.1 display_name=Anna",
        expect![""],
    );
}
