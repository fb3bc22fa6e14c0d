//! Selection: lists, expressions, three-valued answers; and contributions in normal form.
#![allow(clippy::unwrap_used)]

mod story;

use expect_test::{Expect, expect};
use model::person::{Facts, Group, MailboxKind, Person, PersonKind};
use model::tunnel::{Choice, NameOrder, Options};
use model::{Field, Item, MailboxId, Value};
use planner::contribute::contribution;
use planner::merge::merge;
use planner::select::{SelectError, Selected, Selector};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use story::item;

fn person(words: &str) -> Person {
    let words: Vec<&str> = words.split_whitespace().collect();
    let item = item(&words);
    Person {
        key: "u1".into(),
        kind: PersonKind::Member,
        addresses: planner::adopt::addresses(&item),
        item,
        upn: "Anna@contoso.example".into(),
        enabled: Some(true),
        listed: None,
        country: "DE".into(),
        attributes: BTreeMap::from([("room".to_owned(), "4.11".to_owned())]),
        has_plan: None,
    }
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    let group = |members: &[&str]| Group {
        id: String::new(),
        name: String::new(),
        members: members.iter().map(|m| (*m).to_owned()).collect(),
        missed: BTreeMap::new(),
    };
    facts.groups.insert("Staff".into(), group(&["u1"]));
    facts.groups.insert("Board".into(), group(&[]));
    facts
        .mailboxes
        .insert(MailboxId::from("u1"), MailboxKind::User);
    facts
}

fn judge(choice: &Choice, words: &str) -> Selected {
    Selector::compile(choice, &BTreeMap::new())
        .unwrap()
        .judge(&person(words), &facts())
}

fn expression(text: &str) -> Choice {
    Choice {
        where_: Some(text.into()),
        ..Choice::default()
    }
}

fn check(text: &str, expect: Expect) {
    let answer = match Selector::compile(&expression(text), &BTreeMap::new()) {
        Ok(selector) => {
            let anna = person(
                "display_name=Anna department=Sales emails=anna@Contoso.example mobile_phone=+491",
            );
            format!("{:?}", selector.judge(&anna, &facts()))
        }
        Err(error) => error.to_string(),
    };
    expect.assert_eq(&answer);
}

#[test]
fn expressions_ask_for_the_facts_of_a_person() {
    check(
        "has_phone && department != 'Test' && domain == 'contoso.example'",
        expect!["In"],
    );
    check(
        "enabled && !guest && kind == 'member' && mailbox_kind == 'user'",
        expect!["In"],
    );
    check("job_title == '' && country == 'DE'", expect!["In"]);
    check("'Staff' in groups && !('Board' in groups)", expect!["In"]);
    check(
        "attributes.room.startsWith('4.') && attributes['nothing'] == ''",
        expect!["In"],
    );
    check(
        "addresses.exists(a, a.endsWith('@contoso.example'))",
        expect!["In"],
    );
    check("department.matches('^S.*s$')", expect!["In"]);
}

#[test]
fn what_cannot_be_answered_is_unknown() {
    check(
        "'No such group' in groups",
        expect![[r#"Unknown("group No such group is not known")"#]],
    );
    check(
        "int(department) > 3",
        expect![[r#"Unknown("the expression cannot be evaluated")"#]],
    );
    check(
        "[1, 2][size(department)] == 1",
        expect![[r#"Unknown("the expression cannot be evaluated")"#]],
    );
}

#[test]
fn an_expression_that_can_never_be_answered_is_refused() {
    check(
        "depratment == 'Sales'",
        expect![
            "the expression `depratment == 'Sales'` cannot be used: there is nothing called `depratment`"
        ],
    );
    check(
        "department ==",
        expect![
            "the expression `department ==` cannot be used: ERROR: <input>:1:14: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
        ],
    );
    check(
        "department",
        expect!["the expression `department` cannot be used: it does not say yes or no"],
    );
    check(
        &format!("{}true{}", "(".repeat(60), ")".repeat(60)),
        expect![
            "the expression `((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((true))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))` cannot be used: it is nested too deeply"
        ],
    );
    check(
        &format!("true || {}", "department == 'x' || ".repeat(200)),
        expect![
            "the expression `true || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || department == 'x' || ` cannot be used: it is longer than 2000 characters"
        ],
    );
    check(
        "groups.exists(a, groups.exists(b, groups.exists(c, groups.exists(d, groups.exists(e, a == e)))))",
        expect![
            "the expression `groups.exists(a, groups.exists(b, groups.exists(c, groups.exists(d, groups.exists(e, a == e)))))` cannot be used: it is nested too deeply"
        ],
    );
}

#[test]
fn a_choice_is_a_union_narrowed_minus_exclusions() {
    let staff = Choice {
        groups: vec!["Staff".into()],
        ..Choice::default()
    };
    assert_eq!(judge(&staff, ""), Selected::In);
    let board = Choice {
        groups: vec!["Board".into()],
        ..Choice::default()
    };
    assert_eq!(
        judge(&board, ""),
        Selected::Out("not in group Board".into())
    );
    let either = Choice {
        departments: vec!["SALES".into()],
        ..board.clone()
    };
    assert_eq!(judge(&either, "department=Sales"), Selected::In);
    let listed = Choice {
        mailboxes: vec!["ANNA@contoso.example".into()],
        ..board
    };
    assert_eq!(judge(&listed, ""), Selected::In);
    let minus = Choice {
        exclude: Some(Box::new(staff)),
        ..Choice::default()
    };
    assert_eq!(
        judge(&minus, ""),
        Selected::Out("excluded by the rule".into())
    );
    let rooms = Choice {
        mailbox_kinds: vec![MailboxKind::Room],
        ..Choice::default()
    };
    assert_eq!(
        judge(&rooms, ""),
        Selected::Out("mailbox is of another kind".into())
    );
}

#[test]
fn an_unknown_group_decides_nothing_unless_the_rest_decides_without_it() {
    let unknown = Choice {
        groups: vec!["?".into()],
        ..Choice::default()
    };
    let why = "group ? is not known".to_owned();
    assert_eq!(judge(&unknown, ""), Selected::Unknown(why.clone()));
    let or_staff = Choice {
        groups: vec!["?".into(), "Staff".into()],
        ..Choice::default()
    };
    assert_eq!(judge(&or_staff, ""), Selected::In);
    let and_not = Choice {
        where_: Some("false".into()),
        ..unknown.clone()
    };
    assert!(matches!(judge(&and_not, ""), Selected::Out(_)));
    let minus = Choice {
        exclude: Some(Box::new(unknown)),
        ..Choice::default()
    };
    assert_eq!(judge(&minus, ""), Selected::Unknown(why));
}

#[test]
fn lists_nest_and_may_not_go_in_circles() {
    let named = |names: &[&str]| Choice {
        lists: names.iter().map(|n| (*n).to_owned()).collect(),
        ..Choice::default()
    };
    let staff = Choice {
        groups: vec!["Staff".into()],
        ..Choice::default()
    };
    let lists = BTreeMap::from([
        ("a".to_owned(), named(&["b", "c"])),
        ("b".to_owned(), named(&["c"])),
        ("c".to_owned(), staff),
        ("x".to_owned(), named(&["y"])),
        ("y".to_owned(), named(&["x"])),
    ]);
    let selector = Selector::compile(&named(&["a"]), &lists).unwrap();
    assert_eq!(selector.judge(&person(""), &facts()), Selected::In);
    assert_eq!(selector.groups(), BTreeSet::from(["Staff".to_owned()]));
    assert_eq!(
        Selector::compile(&named(&["x"]), &lists).err(),
        Some(SelectError::Cycle("x".into()))
    );
    assert_eq!(
        Selector::compile(&named(&["z"]), &lists).err(),
        Some(SelectError::NoSuchList("z".into()))
    );
}

fn normal(words: &str, options: &Options) -> String {
    let (item, notes) = contribution(&person(words), options);
    let fields: Vec<String> = item.0.iter().map(|(f, v)| format!("{f}={v}")).collect();
    let notes: Vec<String> = notes.iter().map(|(r, f)| format!("{r:?} {f}")).collect();
    format!("{} | {}", fields.join("; "), notes.join("; "))
}

#[test]
fn names_are_ordered_as_the_tunnel_says() {
    let ordered = |name_order| {
        normal(
            "given_name=Anna surname=Berg display_name=Anna_Berg_(IT)",
            &Options {
                name_order,
                ..Options::default()
            },
        )
    };
    expect!["display_name=Anna Berg (IT); given_name=Anna; surname=Berg; file_as=Berg, Anna | "]
        .assert_eq(&ordered(NameOrder::FirstLast));
    expect!["display_name=Berg, Anna; given_name=Anna; surname=Berg; file_as=Berg, Anna | "]
        .assert_eq(&ordered(NameOrder::LastFirst));
    expect!["display_name=Anna Berg (IT); given_name=Anna; surname=Berg | "]
        .assert_eq(&ordered(NameOrder::AsSource));
    expect!["display_name=info@x; file_as=info@x; emails=info@x | "]
        .assert_eq(&normal("emails=info@x", &Options::default()));
}

#[test]
fn numbers_slots_and_categories_come_in_normal_form() {
    let options = Options {
        categories: vec!["Company".into(), "staff".into()],
        name_order: NameOrder::AsSource,
        ..Options::default()
    };
    expect!["emails=a@x, b@x, c@x; business_phones=+4930123456, 4711; categories=Staff, Company | Overflow emails; PhoneUnreadable business_phones; Overflow business_phones"].assert_eq(&normal("business_phones=030_123456,4711,030/123456,+41446681800 categories=Staff emails=a@x,A@x,b@x,c@x,d@x", &options));
}

fn words() -> impl Strategy<Value = Item> {
    let field = prop::sample::select(vec![
        Field::Title,
        Field::Categories,
        Field::BusinessPhones,
        Field::Emails,
    ]);
    let word = prop::sample::select(vec!["a", "b,c", "c,a", "d"]);
    prop::collection::vec((field, word), 0..5).prop_map(|all| {
        let mut item = Item::default();
        for (field, word) in all {
            item.set(field, story::value(field, word));
        }
        item
    })
}

proptest! {
    #[test]
    fn no_text_makes_compiling_or_judging_panic(text in "[a-z_ .()!'\"<>=&|+0-9\\[\\]{}?:,-]{0,40}") {
        if let Ok(selector) = Selector::compile(&expression(&text), &BTreeMap::new()) {
            selector.judge(&person("department=Sales"), &facts());
        }
    }

    /// The first source that has a value gives it; of sets nothing is lost but what has no slot.
    #[test]
    fn a_merge_takes_from_the_first_and_unites_sets(items in prop::collection::vec(words(), 0..4)) {
        let all: Vec<_> = items.into_iter().map(|content| model::catalog::Contribution {
            entry: model::EntryId(1),
            content,
            photo: None,
            standing: model::catalog::Standing::In,
            identity: Default::default(),
        }).collect();
        let ranked: Vec<_> = all.iter().collect();
        let merged = merge(&ranked);
        prop_assert_eq!(&merged, &merge(&ranked));
        let first = ranked.iter().find_map(|c| c.content.get(Field::Title));
        prop_assert_eq!(merged.item.get(Field::Title), first);
        let united: BTreeSet<&String> = ranked.iter().filter_map(|c| match c.content.get(Field::Categories) {
            Some(Value::Texts(list)) => Some(list.iter()),
            _ => None,
        }).flatten().collect();
        let kept: BTreeSet<&String> = match merged.item.get(Field::Categories) {
            Some(Value::Texts(list)) => list.iter().collect(),
            _ => BTreeSet::new(),
        };
        prop_assert_eq!(kept, united);
    }
}
