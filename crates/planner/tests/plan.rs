//! Stories of the plan: every row of the table, and the rules of fields.

mod story;

use expect_test::{Expect, expect};
use story::{Story, print};

fn check(story: &str, expect: Expect) {
    expect.assert_eq(&print(&Story::parse(story).plan()));
}

#[test]
fn a_new_person_is_created() {
    check(
        r"entry E1 c1 display_name=Anna mobile_phone=+491",
        expect![[r#"
            create E1 c1 gen 1
        "#]],
    );
}

#[test]
fn nothing_is_created_before_the_folder_was_seen_in_full() {
    check(
        r"member active new
         look changes
         entry E1 c1 display_name=Anna",
        expect![[r#"
            note Unseen E1: full look needed
        "#]],
    );
}

#[test]
fn what_agrees_makes_no_step() {
    check(
        r"entry E1 c1 display_name=Anna mobile_phone=+491
         link E1 i1 c1
         seen i1 stamp=E1.1 display_name=Anna mobile_phone=+491",
        expect![[r#"
            nothing
        "#]],
    );
}

#[test]
fn only_changed_fields_are_written_and_the_prior_image_is_kept() {
    check(
        r"content c1 display_name=Anna mobile_phone=+491 department=A
         entry E1 c2 display_name=Anna mobile_phone=+492 department=A
         link E1 i1 c1
         look changes",
        expect![[r#"
            update E1 i1 if old: mobile_phone=+492 (was mobile_phone=+491)
        "#]],
    );
}

#[test]
fn a_name_change_takes_the_display_name_along() {
    check(
        r"content c1 display_name=Anna given_name=Anna surname=A
         entry E1 c2 display_name=Anna given_name=Anna surname=B
         link E1 i1 c1
         look changes",
        expect![[r#"
            update E1 i1 if old: display_name=Anna; surname=B (was display_name=Anna; surname=A)
        "#]],
    );
}

#[test]
fn a_lossy_server_is_compared_with_its_echo_and_never_fought() {
    check(
        r"entry E1 c1 display_name=Anna job_title=A_very_long_title
         link E1 i1 c1 shown.job_title=A_very
         seen i1 display_name=Anna job_title=A_very",
        expect![[r#"
            nothing
        "#]],
    );
}

#[test]
fn a_users_edit_is_taken_back_where_the_rule_says_always() {
    check(
        r"entry E1 c1 display_name=Anna mobile_phone=+491
         link E1 i1 c1
         look changes
         seen i1 stamp=unread display_name=Anna mobile_phone=+499",
        expect![[r#"
            update E1 i1 if new tug: mobile_phone=+491 (was mobile_phone=+499)
        "#]],
    );
}

#[test]
fn after_three_tugs_the_users_value_stays_until_the_source_changes() {
    check(
        r"entry E1 c1 display_name=Anna mobile_phone=+491
         link E1 i1 c1 tugs=3
         seen i1 display_name=Anna mobile_phone=+499",
        expect![[r#"
            agree E1 i1 c1 Created gen 1 shown mobile_phone=+499
            note Tugging E1 i1: mobile_phone
        "#]],
    );
}

#[test]
fn news_from_the_source_release_the_brake() {
    check(
        r"content c1 display_name=Anna mobile_phone=+491
         entry E1 c2 display_name=Anna mobile_phone=+492
         link E1 i1 c1 tugs=3
         seen i1 display_name=Anna mobile_phone=+499",
        expect![[r#"
            update E1 i1 if new: mobile_phone=+492 (was mobile_phone=+499)
        "#]],
    );
}

#[test]
fn if_blank_fills_and_never_overwrites() {
    check(
        r"rule mobile_phone if_blank keep
         rule department if_blank keep
         entry E1 c2 display_name=Anna mobile_phone=+492 department=B
         content c1 display_name=Anna
         link E1 i1 c1
         seen i1 display_name=Anna mobile_phone=+499",
        expect![[r#"
            update E1 i1 if new: department=B (was department=∅)
            note UserValueKept E1 i1: mobile_phone
        "#]],
    );
}

#[test]
fn never_leaves_a_field_whatever_it_holds() {
    check(
        r"rule mobile_phone never clear
         content c1 display_name=Anna mobile_phone=+491
         entry E1 c2 display_name=Anna mobile_phone=+492
         link E1 i1 c1
         seen i1 display_name=Anna mobile_phone=+499",
        expect![[r#"
            agree E1 i1 c2 Created gen 1 shown mobile_phone=+499
        "#]],
    );
}

#[test]
fn a_blank_source_clears_or_keeps_by_the_rule() {
    check(
        r"rule department always keep
         content c1 display_name=Anna mobile_phone=+491 department=A
         entry E1 c2 display_name=Anna
         link E1 i1 c1
         seen i1 display_name=Anna mobile_phone=+491 department=A",
        expect![[r#"
            update E1 i1 if new: mobile_phone=∅ (was mobile_phone=+491)
        "#]],
    );
}

#[test]
fn a_rule_that_became_stricter_takes_effect_without_news_from_the_source() {
    let left = r"entry E1 c1 display_name=Anna mobile_phone=+491
         link E1 i1 c1 shown.mobile_phone=
         seen i1 display_name=Anna";
    check(
        &format!("member active anew\n{left}"),
        expect![[r#"
            update E1 i1 if new tug: mobile_phone=+491 (was mobile_phone=∅)
        "#]],
    );
    check(
        left,
        expect![[r#"
            nothing
        "#]],
    );
}

#[test]
fn what_was_left_to_the_user_is_known_where_no_look_shows_it() {
    let filled = r"rule mobile_phone if_blank keep
         content c1 display_name=Anna
         entry E1 c2 display_name=Anna mobile_phone=+491 notes=Floor_3
         link E1 i1 c1 shown.mobile_phone=+499 shown.notes=Oslo
         look changes";
    check(
        filled,
        expect![[r#"
            update E1 i1 if old: notes=Oslo\n-- Almanac begin --\nFloor 3\n-- Almanac end -- (was notes=Oslo)
            note UserValueKept E1 i1: mobile_phone
        "#]],
    );
}

#[test]
fn the_users_own_categories_and_addresses_stay() {
    check(
        r"content c1 display_name=Anna emails=a@x categories=Staff,Old
         entry E1 c2 display_name=Anna emails=a2@x categories=Staff
         link E1 i1 c1
         seen i1 display_name=Anna emails=own@y,A@x categories=Golf,Old,Staff",
        expect![[r#"
            update E1 i1 if new: emails=a2@x, own@y; categories=Staff, Golf (was emails=own@y, A@x; categories=Golf, Old, Staff)
        "#]],
    );
}

#[test]
fn of_notes_only_our_part_is_replaced() {
    check(
        r"content c1 display_name=Anna notes=Floor_3
         entry E1 c2 display_name=Anna notes=Floor_4
         link E1 i1 c1 shown.notes=hi\n--_Almanac_begin_--\nFloor_3\n--_Almanac_end_--
         seen i1 display_name=Anna notes=hi\n--_Almanac_begin_--\nFloor_3\n--_Almanac_end_--\nmore",
        expect![[r#"
            update E1 i1 if new: notes=hi\n-- Almanac begin --\nFloor 4\n-- Almanac end --\nmore (was notes=hi\n-- Almanac begin --\nFloor 3\n-- Almanac end --\nmore)
        "#]],
    );
}

#[test]
fn a_field_that_the_look_does_not_carry_is_as_its_base() {
    check(
        r"entry E1 c1 display_name=Anna pager=12
         link E1 i1 c1
         look changes",
        expect![[r#"
            nothing
        "#]],
    );
}

#[test]
fn a_leavers_copy_is_deleted_with_its_proof() {
    check(
        r"content c1 display_name=Anna
         entry E1 gone
         entry E2 superseded
         link E1 i1 c1
         link E2 i2 c1
         seen i1 display_name=Anna
         seen i2 display_name=Anna",
        expect![[r#"
            delete E1 i1 if new: LeftSelection { since: Timestamp(0) }
            delete E2 i2 if new: Superseded
        "#]],
    );
}

#[test]
fn an_adopted_card_is_never_deleted_only_our_fields_are_taken_back() {
    check(
        r"content c1 display_name=Anna job_title=Chief department=D categories=Staff
         entry E1 gone
         link E1 i1 c1 adopted wrote=display_name,job_title,department,categories
         seen i1 display_name=Anna job_title=Chief department=Mine categories=Golf,staff spouse_name=Bo",
        expect![[r#"
            update E1 i1 if new: job_title=∅; categories=Golf (was job_title=Chief; categories=Golf, staff)
            note AdoptedKept E1 i1
        "#]],
    );
}

#[test]
fn an_adopted_card_is_forgotten_once_nothing_of_ours_is_left() {
    check(
        r"content c1 display_name=Anna job_title=Chief
         entry E1 gone
         link E1 i1 c1 adopted wrote=job_title shown.job_title=
         photo E1 i1 p1
         seen i1 display_name=Anna",
        expect![[r#"
            forget E1 Core
            forget E1 Photo
            note AdoptedKept E1 i1
        "#]],
    );
}

#[test]
fn absence_from_a_full_look_proves_nothing() {
    check(
        r"entry E1 c1 display_name=Anna
         entry E2 c2 display_name=Ben
         link E1 i1 c1
         link E2 i2 c2
         seen i2 display_name=Ben",
        expect![[r#"
            note Unseen E1 i1
        "#]],
    );
}

#[test]
fn said_to_be_removed_proves_nothing() {
    check(
        r"entry E1 c1 display_name=Anna
         link E1 i1 c1
         look changes
         seen i1 unseen",
        expect![[r#"
            note Unseen E1 i1
        "#]],
    );
}

#[test]
fn a_copy_that_the_user_deleted_is_made_again_in_the_next_generation() {
    check(
        r"entry E1 c1 display_name=Anna
         link E1 i1 c1 gen=4
         look changes
         seen i1 gone",
        expect![[r#"
            create E1 c1 gen 5
            note UserDeleted E1 i1: made again
        "#]],
    );
}

#[test]
fn or_the_deletion_is_respected() {
    check(
        r"option respect
         entry E1 c1 display_name=Anna
         link E1 i1 c1
         look changes
         seen i1 gone",
        expect![[r#"
            forget E1 Core refused
            note UserDeleted E1 i1
        "#]],
    );
}

#[test]
fn and_stays_respected() {
    check(
        r"option respect
         entry E1 c1 display_name=Anna
         link E1 refused",
        expect![[r#"
            note UserDeleted E1
        "#]],
    );
}

#[test]
fn gone_on_both_sides_is_forgotten() {
    check(
        r"entry E1 gone
         link E1 i1 c1
         look changes
         seen i1 gone",
        expect![[r#"
            agree E1 - - Created gen 1
        "#]],
    );
}

#[test]
fn a_tombstone_of_someone_gone_is_quiet_and_of_someone_back_is_the_next_generation() {
    check(
        r"entry E1 gone
         entry E2 c2 display_name=Ben
         link E1 gen=2
         link E2 gen=2",
        expect![[r#"
            create E2 c2 gen 3
        "#]],
    );
}

#[test]
fn a_lost_store_finds_its_copies_by_their_stamps() {
    check(
        r"entry E1 c1 display_name=Anna
         entry E2 c2 display_name=Ben mobile_phone=+491
         seen i1 stamp=E1.3 display_name=Anna
         seen i2 stamp=E2.1 display_name=Ben mobile_phone=+490",
        expect![[r#"
            agree E1 i1 c1 Created gen 3
            agree E2 i2 - Created gen 1
            update E2 i2 if new: mobile_phone=+491 (was mobile_phone=+490)
        "#]],
    );
}

#[test]
fn a_lost_store_agrees_without_a_write_with_what_the_server_made_up() {
    check(
        r"entry E1 c1 given_name=Anna surname=Berg emails=anna@x categories=Staff,Oslo notes=Floor_3 department=D
         seen i1 stamp=E1.1 given_name=Anna surname=Berg display_name=Anna_Berg file_as=Berg,_Anna emails=anna@x|anna@x categories=Oslo,Staff notes=--_Almanac_begin_--\nFloor_3\n--_Almanac_end_-- department=D",
        expect![[r#"
            agree E1 i1 c1 Created gen 1 shown display_name=Anna Berg; file_as=Berg, Anna; notes=-- Almanac begin --\nFloor 3\n-- Almanac end --
        "#]],
    );
}

#[test]
fn of_several_stamped_copies_the_highest_generation_is_ours() {
    check(
        r"entry E1 c1 display_name=Anna
         seen i1 stamp=E1.1 display_name=Anna
         seen i2 stamp=E1.2 display_name=Anna",
        expect![[r#"
            agree E1 i2 c1 Created gen 2
            note UserCopy E1 i1
        "#]],
    );
}

#[test]
fn two_copies_of_one_generation_are_ambiguous_and_left() {
    check(
        r"entry E1 c1 display_name=Anna
         seen i1 stamp=E1.1 display_name=Anna
         seen i2 stamp=E1.1 display_name=Anna",
        expect![[r#"
            agree E1 - - Created gen 0
            note Ambiguous E1: 2
        "#]],
    );
}

#[test]
fn of_two_copies_a_look_for_changes_does_not_tell_which_is_ours() {
    let story = r"entry E1 c1 display_name=Anna
         link E1 gen=0 ambiguous
         seen i2 stamp=E1.1 display_name=Anna";
    check(
        &format!("{story}\nlook changes"),
        expect![[r#"
            note Quarantined E1
        "#]],
    );
    check(
        &format!("{story}\nlook full"),
        expect![[r#"
            agree E1 i2 c1 Created gen 1
        "#]],
    );
}

#[test]
fn an_exact_match_is_adopted() {
    check(
        r"entry E1 c1 display_name=Anna_A emails=a@x mobile_phone=+4930123456
         seen i1 display_name=anna_a emails=A@x mobile_phone=+49_30_123456 spouse_name=Bo",
        expect![[r#"
            agree E1 i1 - Adopted gen 0
            update E1 i1 if new: display_name=Anna A; mobile_phone=+4930123456 (was display_name=anna a; mobile_phone=+49 30 123456)
        "#]],
    );
}

#[test]
fn a_number_that_is_never_copied_makes_nobody_another_person() {
    check(
        r"rule mobile_phone never keep
         entry E1 c1 display_name=Anna emails=a@x mobile_phone=+491
         entry E2 c2 display_name=Ben emails=b@x mobile_phone=+492
         seen i1 display_name=Anna emails=a@x
         seen i2 display_name=Ben emails=b@x mobile_phone=+492",
        expect![[r#"
            agree E1 i1 c1 Adopted gen 0 shown mobile_phone=∅
            agree E2 i2 c2 Adopted gen 0
        "#]],
    );
}

#[test]
fn an_adopted_card_gets_what_it_lacks() {
    check(
        r"rule spouse_name always keep
         rule display_name always keep
         entry E1 c1 display_name=Anna_A emails=a@x department=D
         seen i1 display_name=Anna_A emails=a@x spouse_name=Bo",
        expect![[r#"
            agree E1 i1 - Adopted gen 0
            update E1 i1 if new: department=D (was department=∅)
        "#]],
    );
}

#[test]
fn two_cards_like_one_person_are_ambiguous() {
    check(
        r"entry E1 c1 display_name=Anna emails=a@x
         seen i1 display_name=Anna emails=a@x
         seen i2 display_name=Anna emails=a@x",
        expect![[r#"
            agree E1 - - Created gen 0
            note Ambiguous E1: 2
        "#]],
    );
}

#[test]
fn one_card_like_two_people_is_ambiguous() {
    check(
        r"entry E1 c1 display_name=Anna emails=a@x
         entry E2 c2 display_name=Anna emails=a@x
         seen i1 display_name=Anna emails=a@x",
        expect![[r#"
            agree E1 - - Created gen 0
            agree E2 - - Created gen 0
            note Ambiguous E1: 1
            note Ambiguous E2: 1
        "#]],
    );
}

#[test]
fn a_name_alone_is_nobody() {
    check(
        r"entry E1 c1 display_name=Anna
         seen i1 display_name=Anna",
        expect![[r#"
            create E1 c1 gen 1
        "#]],
    );
}

#[test]
fn a_likeness_whose_stamp_was_not_read_is_proven_first() {
    check(
        r"entry E1 c1 display_name=Anna emails=a@x
         look changes
         seen i1 stamp=unread display_name=Anna emails=a@x",
        expect![[r#"
            note Unseen E1 i1: stamp
        "#]],
    );
}

#[test]
fn copies_that_users_made_of_stamped_cards_are_never_touched() {
    check(
        r"entry E1 c1 display_name=Anna
         link E1 i1 c1
         seen i1 stamp=E1.1 display_name=Anna
         seen i2 stamp=E1.1 display_name=Anna_private
         seen i3 stamp=foreign display_name=Anna
         seen i4 stamp=E1.1@c9 display_name=Anna",
        expect![[r#"
            note UserCopy i3
            note UserCopy i4
            note UserCopy E1 i2
        "#]],
    );
}

#[test]
fn a_stamped_card_without_a_living_source_halts() {
    check(
        r"entry E1 gone
         entry E2 c2 display_name=Ben
         seen i1 stamp=E1.1 display_name=Anna
         seen i9 stamp=E9.1 display_name=Zoe",
        expect![[r#"
            agree E1 i1 - Created gen 1
            delete E1 i1 if new: Orphan
            create E2 c2 gen 1
            agree E9 i9 - Created gen 1
            delete E9 i9 if new: Orphan
            note Orphan E1 i1
            note Orphan E9 i9
            halt Orphans: 2 cards bear our mark, and no source explains them
        "#]],
    );
}

#[test]
fn an_emptied_folder_halts_and_says_what_would_be_done() {
    check(
        r"entry E1 c1 display_name=Anna
         entry E2 c2 display_name=Ben
         link E1 i1 c1
         link E2 i2 c2
         seen i1 gone
         seen i2 gone",
        expect![[r#"
            create E1 c1 gen 2
            create E2 c2 gen 2
            note FolderEmptied: 2
            note UserDeleted E1 i1: made again
            note UserDeleted E2 i2: made again
            halt FolderEmptied: none of our 2 copies is there
        "#]],
    );
}

#[test]
fn one_lost_copy_of_one_is_no_emptied_folder() {
    check(
        r"entry E1 c1 display_name=Anna
         link E1 i1 c1
         seen i1 gone",
        expect![[r#"
            create E1 c1 gen 2
            note UserDeleted E1 i1: made again
        "#]],
    );
}

#[test]
fn a_write_on_its_way_waits() {
    check(
        r"content c0 display_name=A
         entry E1 c1 display_name=Anna
         link E1 i1 c0 sent
         seen i1 display_name=A",
        expect![[r#"
            note AwaitingAnswer E1 i1
        "#]],
    );
}

#[test]
fn a_refused_item_waits_and_others_go_on() {
    check(
        r"content c0 display_name=A
         entry E1 c1 display_name=Anna
         entry E2 c2 display_name=Ben
         link E1 i1 c0 trouble
         seen i1 display_name=A",
        expect![[r#"
            create E2 c2 gen 1
            note Quarantined E1 i1
        "#]],
    );
}

#[test]
fn the_own_card_is_left_out() {
    check(
        r"option skip_own_card
         own E1
         entry E1 c1 display_name=Me
         entry E2 c2 display_name=Ben",
        expect![[r#"
            create E2 c2 gen 1
            note OwnCard E1
        "#]],
    );
}

#[test]
fn an_own_card_that_is_there_is_taken_back() {
    check(
        r"option skip_own_card
         own E1
         entry E1 c1 display_name=Me
         link E1 i1 c1
         seen i1 display_name=Me",
        expect![[r#"
            delete E1 i1 if new: LeftAudience
        "#]],
    );
}

#[test]
fn a_leaving_member_gives_our_copies_back() {
    check(
        r"member leaving_remove
         content c2 display_name=Anna job_title=Chief
         entry E1 c1 display_name=Anna
         link E1 i1 c1
         link E2 i2 c2 adopted wrote=job_title
         link E3 i3 c1
         photo E1 i1 p1
         seen i1 display_name=Anna
         seen i2 display_name=Anna job_title=Chief",
        expect![[r#"
            delete E1 i1 if new: LeftAudience
            forget E1 Photo
            update E2 i2 if new: job_title=∅ (was job_title=Chief)
            note AdoptedKept E2 i2
            note Unseen E3 i3
        "#]],
    );
}

#[test]
fn a_leaving_member_may_keep_them() {
    check(
        r"member leaving_keep
         content c1 display_name=Anna
         entry E1 c1 display_name=Anna
         link E1 i1 c1
         seen i1 display_name=Anna",
        expect![[r#"
            forget E1 Core
            note CopiesKept
        "#]],
    );
}

#[test]
fn what_was_being_deleted_when_they_are_kept_may_be_gone() {
    check(
        r"member leaving_keep
         content c1 display_name=Anna
         entry E1 c1 display_name=Anna
         link E1 i1 c1 deleting
         link E2 i2 c1 sent",
        expect![[r#"
            agree E1 - - Created gen 1
            note CopiesKept
            note AwaitingAnswer E2 i2
        "#]],
    );
}

#[test]
fn a_photo_is_set_once_the_card_exists() {
    check(
        r"entry E1 c1 photo=p2 display_name=Anna
         entry E2 c2 photo=p2 display_name=Ben
         entry E3 c3 photo=p2 display_name=Cy
         link E1 i1 c1
         link E2 i2 c2
         photo E1 i1 p1
         photo E2 i2 p2
         look changes",
        expect![[r#"
            photo E1 i1 p2
            create E3 c3 gen 1
        "#]],
    );
}

#[test]
fn a_photo_on_an_earlier_card_does_not_count() {
    check(
        r"entry E1 c1 photo=p1 display_name=Anna
         link E1 i2 c1 gen=2
         photo E1 i1 p1
         look changes",
        expect![[r#"
            photo E1 i2 p1
        "#]],
    );
}

#[test]
fn a_lost_photo_stays_or_gives_way_to_initials() {
    check(
        r"option initials
         entry E1 c1 display_name=Anna_Berg
         link E1 i1 c1
         photo E1 i1 p1
         look changes",
        expect![[r#"
            photo E1 i1 initials:AB
        "#]],
    );
}

#[test]
fn a_lost_photo_stays() {
    check(
        r"entry E1 c1 display_name=Anna_Berg
         link E1 i1 c1
         photo E1 i1 p1
         look changes",
        expect![[r#"
            note PhotoStays E1 i1: photo
        "#]],
    );
}

#[test]
fn the_same_edit_on_both_sides_agrees_without_a_write() {
    check(
        r"content c1 display_name=Anna mobile_phone=+491
         entry E1 c2 display_name=Anna mobile_phone=+492
         link E1 i1 c1
         seen i1 display_name=Anna mobile_phone=+492",
        expect![[r#"
            agree E1 i1 c2 Created gen 1
        "#]],
    );
}

#[test]
fn a_link_whose_entry_the_view_does_not_know_is_left() {
    check(
        r"content c1 display_name=Anna
         link E1 i1 c1
         seen i1 display_name=Anna",
        expect![[r#"
            delete E1 i1 if new: Orphan
            note Orphan E1 i1
            halt Orphans: 1 card bears our mark, and no source explains it
        "#]],
    );
}
