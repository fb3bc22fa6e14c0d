//! Small worlds, one for each rule.

use super::world::*;
use super::{ActualCard, differences, expected};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "Contoso people";

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(f, v)| ((*f).to_owned(), (*v).to_owned()))
        .collect()
}

/// A member of the directory with a mailbox address and a mobile phone.
fn person(id: &str, phone: &str) -> Person {
    let (mail, name) = (format!("{id}@contoso.example"), format!("{id} Berg"));
    let all = [
        ("display_name", &*name),
        ("given_name", id),
        ("surname", "Berg"),
        ("emails", &mail),
        ("mobile_phone", phone),
    ];
    Person {
        id: id.to_owned(),
        country: "NO".to_owned(),
        fields: fields(&all),
        ..Person::default()
    }
}

/// The same person in a source folder, with one more field.
fn folder_card(id: &str, like: &Person, more: &[(&str, &str)]) -> Person {
    let mut card = like.clone();
    card.id = id.to_owned();
    card.kind = Kind::FolderContact;
    card.fields.extend(fields(more));
    card
}

fn directory() -> Source {
    let place = Place::Directory {
        members: true,
        guests: false,
        org_contacts: false,
    };
    Source {
        place,
        priority: 100,
        only_for: None,
        pick: Choice::default(),
    }
}

fn reception() -> Source {
    let place = Place::Folder {
        address: "reception@contoso.example".into(),
        path: "Contacts".into(),
        children: true,
    };
    Source {
        place,
        priority: 1,
        ..directory()
    }
}

/// One tunnel, one mailbox of `anna`, and what is truly in its folder.
struct Story {
    world: World,
    policy: Policy,
    actual: Vec<ActualCard>,
}

impl Story {
    fn new(people: Vec<Person>) -> Self {
        let tunnel = Tunnel {
            id: "t-1".into(),
            sources: vec![directory()],
            folder: FOLDER.into(),
            rules: documented_rules(),
            options: Options::documented(),
            ..Tunnel::default()
        };
        let mailbox = Mailbox {
            address: "anna@contoso.example".into(),
            owner: "anna".into(),
            kind: Some("user".into()),
            usable: true,
            ..Mailbox::default()
        };
        let marks = ("[[".to_owned(), "]]".to_owned());
        Self {
            world: World {
                people,
                mailboxes: vec![mailbox],
                ..World::default()
            },
            policy: Policy {
                tunnels: vec![tunnel],
                notes_marks: marks,
                ..Policy::default()
            },
            actual: Vec::new(),
        }
    }

    fn tunnel(&mut self) -> &mut Tunnel {
        &mut self.policy.tunnels[0]
    }

    fn folder(&mut self) -> &mut Folder {
        self.world.mailboxes[0]
            .folders
            .entry(FOLDER.into())
            .or_default()
    }

    fn reception(&mut self, cards: Vec<Person>) {
        self.world.folders.insert(
            ("reception@contoso.example".into(), "Contacts".into()),
            cards,
        );
        self.tunnel().sources.push(reception());
    }

    /// A card of ours is in the folder.
    fn ours(&mut self, id: &str, like: &Person, change: &[(&str, &str)]) {
        let mut card = like.fields.clone();
        card.insert(
            "file_as".into(),
            format!("{}, {}", card["surname"], card["given_name"]),
        );
        card.extend(fields(change));
        self.actual.push(actual(id, card, true));
    }

    /// A user's card, and how it is in the folder now.
    fn users(&mut self, card: UserCard, now: &[(&str, &str)]) {
        let mut shown = card.fields.clone();
        shown.extend(fields(now));
        self.actual.push(actual(&card.id, shown, false));
        self.folder().users.push(card);
    }

    fn edit(&mut self, card: &str, field: &str, value: &str) {
        let edits = self.folder().edits.entry(card.into()).or_default();
        edits.entry(field.into()).or_default().push(value.into());
    }

    fn check(&self) -> Vec<String> {
        differences(&expected(&self.world, &self.policy), &self.actual)
    }

    #[track_caller]
    fn right(&self) {
        assert_eq!(self.check(), Vec::<String>::new());
    }

    /// Some difference says this.
    #[track_caller]
    fn wrong(&self, part: &str) {
        let all = self.check();
        assert!(
            all.iter().any(|d| d.contains(part)),
            "{part:?} not in {all:#?}"
        );
    }
}

fn actual(id: &str, fields: Fields, is_ours: bool) -> ActualCard {
    ActualCard {
        mailbox: "anna@contoso.example".into(),
        folder: FOLDER.into(),
        id: id.into(),
        fields,
        photo: None,
        is_ours,
        made_by_user: !is_ours,
        stamp: String::new(),
    }
}

fn made(id: &str, like: &Person) -> UserCard {
    let mut fields = like.fields.clone();
    fields.insert("nick_name".into(), "Bobby".into());
    UserCard {
        id: id.into(),
        fields,
        since_start: true,
        ..UserCard::default()
    }
}

fn bob() -> Person {
    person("bob", "912 34 567")
}

fn set(person: &mut Person, field: &str, value: &str) {
    person.fields.insert(field.into(), value.into());
}

fn was(person: &mut Person, field: &str, value: &str) {
    person
        .past
        .entry(field.into())
        .or_default()
        .insert(value.into());
}

#[test]
fn a_copy_shows_the_source_with_its_phone_in_full() {
    let mut story = Story::new(vec![bob()]);
    story.wrong("bob Berg (bob) is missing");
    story.ours("c1", &bob(), &[("mobile_phone", "+4791234567")]);
    story.right();
    story.actual[0]
        .fields
        .insert("mobile_phone".into(), "+4691234567".into());
    story.wrong("mobile_phone is \"+4691234567\"");
}

#[test]
fn a_second_copy_is_one_too_many() {
    let mut story = Story::new(vec![bob()]);
    story.ours("c1", &bob(), &[]);
    story.ours("c2", &bob(), &[]);
    story.wrong("should not be there");
}

#[test]
fn an_extension_is_not_lost() {
    let mut bob = bob();
    set(&mut bob, "mobile_phone", "+47 22 12 34 56 ext. 12");
    let mut story = Story::new(vec![bob.clone()]);
    story.ours("c1", &bob, &[("mobile_phone", "+4722123456 x12")]);
    story.right();
    story.actual[0]
        .fields
        .insert("mobile_phone".into(), "+4722123456".into());
    story.wrong("mobile_phone");
}

#[test]
fn who_is_disabled_gone_or_a_guest_has_no_copy() {
    let change: [fn(&mut Person); 3] = [
        |p| p.disabled = true,
        |p| p.gone = true,
        |p| p.kind = Kind::Guest,
    ];
    for change in change {
        let mut bob = bob();
        change(&mut bob);
        let mut story = Story::new(vec![bob.clone()]);
        story.right();
        story.ours("c1", &bob, &[]);
        story.wrong("should not be there");
    }
}

#[test]
fn groups_count_members_of_members_and_exclusions_take_them_out() {
    let mut story = Story::new(vec![bob(), person("eve", "")]);
    let group = |ids: &[&str]| ids.iter().map(|i| (*i).to_owned()).collect::<BTreeSet<_>>();
    story
        .world
        .groups
        .insert("All".into(), group(&["eve", "Inner"]));
    story
        .world
        .groups
        .insert("Inner".into(), group(&["bob", "All"]));
    let exclude = Choice {
        addresses: vec!["EVE@contoso.example".into()],
        ..Choice::default()
    };
    story.tunnel().sources[0].pick = Choice {
        groups: vec!["All".into()],
        exclude: Some(Box::new(exclude)),
        ..Choice::default()
    };
    story.ours("c1", &bob(), &[]);
    story.right();
    story.world.groups.insert("Inner".into(), group(&[]));
    story.wrong("should not be there");
}

#[test]
fn nothing_is_concluded_where_an_expression_cannot_be_evaluated() {
    let mut story = Story::new(vec![bob()]);
    let condition = Condition {
        unknown: BTreeSet::from(["bob".to_owned()]),
        ..Condition::default()
    };
    story.tunnel().sources[0].pick.condition = Some(condition);
    story.right();
    story.ours("c1", &bob(), &[]);
    story.right();
}

#[test]
fn an_unusable_mailbox_and_a_stopped_tunnel_leave_copies_as_they_are() {
    let mut story = Story::new(vec![]);
    story.ours("c1", &bob(), &[]);
    story.wrong("should not be there");
    story.world.mailboxes[0].usable = false;
    story.right();
    story.world.mailboxes[0].usable = true;
    story.tunnel().state = State::Stopped;
    story.right();
}

#[test]
fn leaving_the_audience_takes_copies_back_or_keeps_them() {
    let mut story = Story::new(vec![bob()]);
    story.ours("c1", &bob(), &[]);
    story.tunnel().audience = Choice {
        departments: vec!["Board".into()],
        ..Choice::default()
    };
    story.wrong("should not be there");
    story.tunnel().keep_copies = true;
    story.right();
    story.tunnel().audience = Choice::default();
    story.tunnel().state = State::Removed;
    story.right();
    story.tunnel().keep_copies = false;
    story.wrong("should not be there");
}

#[test]
fn the_own_card_is_left_out_if_wished() {
    let anna = person("anna", "");
    let mut story = Story::new(vec![anna.clone()]);
    story.ours("c1", &anna, &[]);
    story.right();
    story.tunnel().options.skip_own_card = true;
    story.wrong("should not be there");
}

#[test]
fn people_without_mail_are_taken_unless_the_tunnel_says_otherwise() {
    let mut bob = bob();
    set(&mut bob, "emails", "");
    let mut story = Story::new(vec![bob.clone()]);
    story.ours("c1", &bob, &[]);
    story.right();
    story.tunnel().options.without_email = false;
    story.wrong("should not be there");
}

#[test]
fn the_source_of_higher_priority_wins_and_blanks_fall_through() {
    let mut story = Story::new(vec![bob()]);
    let card = folder_card(
        "f1",
        &bob(),
        &[("display_name", "Bob of Sales"), ("mobile_phone", "")],
    );
    story.reception(vec![card]);
    story.ours("c1", &bob(), &[("display_name", "Bob of Sales")]);
    story.right();
    story.actual[0]
        .fields
        .insert("display_name".into(), "bob Berg".into());
    story.wrong("display_name");
}

#[test]
fn a_source_for_a_part_of_the_audience_is_seen_by_that_part_only() {
    let mut story = Story::new(vec![bob()]);
    let card = folder_card("f1", &bob(), &[("home_phones", "+47 22 00 00 01")]);
    story.reception(vec![card]);
    let managers = Choice {
        departments: vec!["Board".into()],
        ..Choice::default()
    };
    story.tunnel().sources[1].only_for = Some(managers);
    story.ours("c1", &bob(), &[]);
    story.right();
    story.world.people[0].id = "anna".into();
    set(&mut story.world.people[0], "department", "Board");
    story.wrong("home_phones");
}

#[test]
fn two_cards_of_a_source_for_one_address_are_never_merged() {
    let mut story = Story::new(vec![bob()]);
    let one = folder_card("f1", &bob(), &[("job_title", "One"), ("mobile_phone", "")]);
    let two = folder_card("f2", &bob(), &[("nick_name", "Two"), ("mobile_phone", "")]);
    story.reception(vec![one.clone(), two]);
    story.right();
    story.ours("c1", &one, &[]);
    story.right();
    story.actual[0]
        .fields
        .insert("nick_name".into(), "Two".into());
    story.wrong("should not be there");
}

#[test]
fn a_copy_of_ours_in_a_source_folder_is_no_source() {
    let mut story = Story::new(vec![]);
    let copy = Person {
        bears_our_stamp: true,
        ..folder_card("f1", &bob(), &[])
    };
    story.reception(vec![copy.clone()]);
    story.right();
    story.ours("c1", &copy, &[]);
    story.wrong("should not be there");
}

#[test]
fn tunnels_of_one_folder_feed_one_card() {
    let mut story = Story::new(vec![bob()]);
    let second = Tunnel {
        id: "t-2".into(),
        ..story.tunnel().clone()
    };
    story.policy.tunnels.push(second);
    story.ours("c1", &bob(), &[]);
    story.right();
    story.policy.tunnels[0].state = State::Removed;
    story.right();
}

#[test]
fn an_edit_of_a_copy_is_handled_by_the_rule_of_its_field() {
    let cases = [
        (Present::Always, "Boss", true, false),
        (Present::Never, "", false, true),
        (Present::IfBlank, "Boss", false, true),
    ];
    for (present, untouched, source_wins, user_wins) in cases {
        let mut bob = bob();
        set(&mut bob, "job_title", "Boss");
        let mut story = Story::new(vec![bob.clone()]);
        story.tunnel().rules.insert(
            "job_title".into(),
            Rule {
                present,
                blank: Blank::Keep,
            },
        );
        story.ours("c1", &bob, &[("job_title", untouched)]);
        story.right();
        story.edit("c1", "job_title", "Chief");
        for (value, fine) in [
            ("Boss", source_wins),
            ("Chief", user_wins),
            ("Other", false),
        ] {
            story.actual[0]
                .fields
                .insert("job_title".into(), value.into());
            assert_eq!(story.check().is_empty(), fine, "{present:?} {value}");
        }
    }
}

#[test]
fn a_blank_source_clears_or_keeps() {
    for (blank, values) in [(Blank::Clear, vec![""]), (Blank::Keep, vec!["", "Boss"])] {
        let mut bob = bob();
        was(&mut bob, "job_title", "Boss");
        let mut story = Story::new(vec![bob.clone()]);
        story.tunnel().rules.insert(
            "job_title".into(),
            Rule {
                present: Present::Always,
                blank,
            },
        );
        story.ours("c1", &bob, &[]);
        for value in ["", "Boss", "Other"] {
            story.actual[0]
                .fields
                .insert("job_title".into(), value.into());
            assert_eq!(
                story.check().is_empty(),
                values.contains(&value),
                "{blank:?} {value}"
            );
        }
    }
}

#[test]
fn lists_hold_all_of_the_source_and_what_users_added() {
    let mut bob = bob();
    set(&mut bob, "business_phones", "+47 22 00 00 02");
    was(&mut bob, "business_phones", "+47 22 00 00 01");
    let mut story = Story::new(vec![bob.clone()]);
    story.ours("c1", &bob, &[]);
    story.edit("c1", "business_phones", "+4722000001\n+4722000009");
    for (value, fine) in [
        ("+4722000009\n+4722000002", true),
        ("+4722000002", true),
        ("+4722000009", false),
        ("+4722000001\n+4722000002", false),
    ] {
        story.actual[0]
            .fields
            .insert("business_phones".into(), value.into());
        assert_eq!(story.check().is_empty(), fine, "{value}");
    }
}

#[test]
fn categories_of_the_tunnel_are_on_every_copy() {
    let mut story = Story::new(vec![bob()]);
    story.tunnel().options.categories = vec!["Colleagues".into()];
    story.ours("c1", &bob(), &[]);
    story.wrong("categories");
    story.actual[0]
        .fields
        .insert("categories".into(), "Colleagues".into());
    story.right();
}

#[test]
fn the_users_text_around_our_notes_stays() {
    let mut bob = bob();
    set(&mut bob, "notes", "Desk 4");
    let mut story = Story::new(vec![bob.clone()]);
    story.ours("c1", &bob, &[("notes", "[[Desk 4]]")]);
    story.right();
    story.edit("c1", "notes", "likes tea\n[[Desk 3]]");
    story.wrong("notes");
    for (value, fine) in [
        ("likes tea\n[[Desk 4]]", true),
        ("[[Desk 4]]", false),
        ("likes tea\n[[Desk 3]]", false),
    ] {
        story.actual[0].fields.insert("notes".into(), value.into());
        assert_eq!(story.check().is_empty(), fine, "{value}");
    }
}

#[test]
fn names_are_ordered_as_the_tunnel_says() {
    let mut story = Story::new(vec![bob()]);
    story.tunnel().options.name_order = NameOrder::LastFirst;
    story.ours("c1", &bob(), &[]);
    story.wrong("display_name");
    story.actual[0]
        .fields
        .insert("display_name".into(), "Berg, bob".into());
    story.right();
    story.actual[0]
        .fields
        .insert("file_as".into(), "bob Berg".into());
    story.wrong("file_as");
}

#[test]
fn photos_follow_the_source_and_a_lost_one_may_stay() {
    let mut bob = bob();
    bob.photo = Some("new".into());
    was(&mut bob, "photo", "old");
    let mut story = Story::new(vec![bob.clone()]);
    story.ours("c1", &bob, &[]);
    for (lost, shown, fine) in [
        (false, "new", true),
        (false, "old", false),
        (true, "old", true),
        (true, "else", false),
    ] {
        story.world.people[0].photo = (!lost).then(|| "new".to_owned());
        story.actual[0].photo = Some(shown.into());
        assert_eq!(story.check().is_empty(), fine, "{lost} {shown}");
    }
    story.world.people[0].photo = Some("else".into());
    story.right();
    story.tunnel().options.photos = false;
    story.wrong("photo");
}

#[test]
fn a_users_exact_match_is_adopted_and_not_doubled() {
    let mut bob = bob();
    set(&mut bob, "job_title", "Boss");
    let mut story = Story::new(vec![bob.clone()]);
    story.users(made("u1", &self::bob()), &[]);
    story.wrong("should be adopted");
    story.actual[0]
        .fields
        .extend(fields(&[("job_title", "Boss"), ("file_as", "Berg, bob")]));
    story.right();
    story.ours("c1", &bob, &[]);
    story.wrong("should not be there");
    story.actual.pop();
    story.actual[0].fields.remove("nick_name");
    story.wrong("nick_name");
}

#[test]
fn two_exact_matches_are_left_and_nothing_is_created() {
    let mut story = Story::new(vec![bob()]);
    story.users(made("u1", &bob()), &[]);
    story.users(made("u2", &bob()), &[]);
    story.right();
    story.ours("c1", &bob(), &[]);
    story.wrong("should not be there");
    story.actual.pop();
    story.actual[1]
        .fields
        .insert("file_as".into(), "Berg, bob".into());
    story.wrong("card u2 of a user was changed: file_as");
}

#[test]
fn a_like_card_is_adopted_or_left_but_not_both() {
    let mut story = Story::new(vec![bob()]);
    let mut like = made("u1", &bob());
    like.fields
        .insert("mobile_phone".into(), "+47 99 99 99 99".into());
    story.users(like, &[]);
    story.wrong("bob Berg (bob) is missing");
    story.ours("c1", &bob(), &[]);
    story.right();
    story.actual[0]
        .fields
        .insert("file_as".into(), "Berg, bob".into());
    story.wrong("card u1 of a user was changed");
}

#[test]
fn a_card_that_the_user_made_is_never_touched_or_lost() {
    let mut story = Story::new(vec![bob()]);
    story.ours("c1", &bob(), &[]);
    story.users(made("u1", &person("zoe", "+1 212 555 0100")), &[]);
    story.right();
    story.actual[1]
        .fields
        .insert("nick_name".into(), "bobby".into());
    story.wrong("card u1 of a user was changed: nick_name");
    story.edit("u1", "nick_name", "bobby");
    story.right();
    story.actual.pop();
    story.wrong("card u1 of a user is gone");
}

#[test]
fn a_copy_with_our_stamp_is_the_users() {
    let mut story = Story::new(vec![bob()]);
    story.ours("c1", &bob(), &[]);
    let copy = UserCard {
        origin: Origin::CopiedFromOurs,
        ..made("u1", &bob())
    };
    story.users(copy, &[]);
    story.right();
    story.actual[1]
        .fields
        .insert("mobile_phone".into(), "+4790000000".into());
    story.wrong("card u1 of a user was changed");
    story.actual.remove(0);
    story.actual[0]
        .fields
        .insert("mobile_phone".into(), "912 34 567".into());
    story.wrong("is missing");
}

#[test]
fn a_moved_copy_is_the_users_and_is_made_again_unless_respected() {
    let mut story = Story::new(vec![bob()]);
    let moved = UserCard {
        origin: Origin::MovedAway,
        ..made("c1", &bob())
    };
    let elsewhere = Folder {
        users: vec![moved.clone()],
        ..Folder::default()
    };
    story.world.mailboxes[0]
        .folders
        .insert("Private".into(), elsewhere);
    story.folder().deleted.push(Deletion {
        fields: bob().fields,
        settled: true,
        ..Deletion::default()
    });
    story.actual.push(ActualCard {
        folder: "Private".into(),
        ..actual("c1", moved.fields, true)
    });
    story.wrong("is missing");
    story.ours("c2", &bob(), &[]);
    story.right();
    story.tunnel().options.respect_user_delete = true;
    story.wrong("should not be there");
    story.actual.remove(0);
    story.wrong("Private: card c1 of a user is gone");
}

#[test]
fn a_leavers_adopted_card_stays_without_our_fields() {
    let mut bob = bob();
    set(&mut bob, "job_title", "Boss");
    bob.disabled = true;
    let mut story = Story::new(vec![bob]);
    story.users(made("u1", &self::bob()), &[("mobile_phone", "")]);
    story.right();
    story.actual[0]
        .fields
        .insert("nick_name".into(), "else".into());
    story.wrong("card u1 of a user was changed");
    story.actual.clear();
    story.wrong("card u1 of a user is gone");
}

#[test]
fn cards_of_ours_outside_target_folders_are_found() {
    let mut story = Story::new(vec![]);
    let stray = ActualCard {
        folder: "Contacts".into(),
        ..actual("c1", bob().fields, true)
    };
    story.actual.push(stray);
    story.wrong("anna@contoso.example / Contacts: card c1 of ours should not be there");
}

#[test]
fn every_documented_field_has_a_rule() {
    let rules: BTreeMap<String, Rule> = documented_rules();
    for field in model::Field::ALL {
        assert!(rules.contains_key(field.as_str()), "{field}");
    }
    assert_eq!(rules.len(), model::Field::ALL.len());
}
