//! What a link says after an outcome.

mod story;

use model::link::{Link, Origin, Part, Sent};
use model::plan::{Edit, Outcome, Step};
use model::snapshot::{Here, Reach, Seen, Snapshot, Stamp};
use model::{
    ContentId, EntryId, Etag, Field, Item, ItemId, MemberId, Millis, Timestamp, Value, Values,
};
use planner::settle::{
    Bounds, Fate, Found, Settled, Settling, arrived, intend, knowable_at, resolve, settle, sighted,
};
use story::{item, rules, sighting};

const NOW: Timestamp = Timestamp(1_000_000);
const BOUNDS: Bounds = Bounds {
    request: Millis(60_000),
    commit: Millis(60_000),
    visible: Millis(20_000),
};

fn create() -> Step {
    Step::Create {
        entry: EntryId(1),
        content: ContentId(5),
        generation: 3,
    }
}

fn update(tug: bool, content: i64) -> Step {
    let changes = Values::from([(Field::JobTitle, Some(Value::text("Chief of everything")))]);
    Step::Update {
        entry: EntryId(1),
        content: ContentId(content),
        item: "i1".into(),
        expect: None,
        edit: Box::new(Edit {
            changes,
            before: Values::from([(Field::JobTitle, None)]),
            shown: Values::from([(Field::MobilePhone, Some(Value::text("+491")))]),
            back: false,
        }),
        tug,
    }
}

fn link() -> Link {
    let mut link = Link::new(MemberId(1), EntryId(1), Part::Core);
    link.item = Some(ItemId::from("i1"));
    link.agreed = Some(ContentId(4));
    link.generation = 2;
    link
}

fn done(seen: Option<Item>) -> Outcome {
    Outcome::Done {
        item: Some("i9".into()),
        etag: Some(Etag::from("e9")),
        seen: seen.map(|i| sighting(&i)),
    }
}

fn after(link: &Link, step: &Step, outcome: &Outcome, content: &Item) -> Settled {
    let link = intend(link, step, NOW, &BOUNDS);
    settle(&Settling {
        link: &link,
        step,
        outcome,
        now: NOW,
        content: Some(content),
        rules: &rules(),
    })
}

#[test]
fn a_create_is_remembered_as_the_server_stored_it() {
    let content = item(&["display_name=Anna", "job_title=Chief_of_everything"]);
    let echo = item(&["display_name=Anna", "job_title=Chief", "file_as=made_up"]);
    let Settled { link, fate } = after(&link(), &create(), &done(Some(echo)), &content);
    assert_eq!(fate, Fate::Done);
    assert_eq!(
        (link.item, link.generation, link.sent),
        (Some("i9".into()), 3, None)
    );
    assert_eq!(link.agreed, Some(ContentId(5)));
    let shown = Values::from([
        (Field::JobTitle, Some(Value::text("Chief"))),
        (Field::FileAs, Some(Value::text("made up"))),
    ]);
    assert_eq!(link.shown, shown);
}

#[test]
fn an_update_takes_the_echo_only_of_what_it_wrote() {
    let content = item(&["job_title=Chief_of_everything", "mobile_phone=+491"]);
    // Between our look and our write the user changed the number: still to be seen as an edit.
    let echo = item(&["job_title=Chief", "mobile_phone=+499"]);
    let Settled { link, .. } = after(&link(), &update(false, 5), &done(Some(echo)), &content);
    assert_eq!(
        link.shown,
        Values::from([(Field::JobTitle, Some(Value::text("Chief")))])
    );
}

#[test]
fn an_adopted_card_remembers_what_we_wrote() {
    let before = Link {
        origin: Origin::Adopted,
        ..link()
    };
    let Settled { link, .. } = after(&before, &update(false, 5), &done(None), &Item::default());
    assert_eq!(
        link.wrote.into_iter().collect::<Vec<_>>(),
        [Field::JobTitle]
    );
}

#[test]
fn what_was_taken_back_is_agreed_on_no_more() {
    let Step::Update { mut edit, .. } = update(false, 4) else {
        unreachable!("an update")
    };
    edit.back = true;
    let step = Step::Update {
        entry: EntryId(1),
        content: ContentId(4),
        item: "i1".into(),
        expect: None,
        edit,
        tug: false,
    };
    let adopted = Link {
        origin: Origin::Adopted,
        ..link()
    };
    let Settled { link, fate } = after(&adopted, &step, &done(None), &Item::default());
    assert_eq!((fate, link.agreed), (Fate::Done, None));
    assert!(link.shown.is_empty() && link.item.is_some(), "{link:?}");
}

#[test]
fn tugs_are_counted_within_a_day_and_news_reset_them() {
    let tug = |before: &Link, content| {
        after(
            before,
            &update(true, content),
            &done(None),
            &Item::default(),
        )
        .link
    };
    let once = tug(&link(), 4);
    assert_eq!((once.tugs, once.tugged_at), (1, Some(NOW)));
    let twice = tug(&once, 4);
    assert_eq!(twice.tugs, 2);
    let old = Link {
        tugged_at: Some(Timestamp(NOW.0 - Millis::days(1).0 - 1)),
        ..twice.clone()
    };
    assert_eq!(tug(&old, 4).tugs, 1);
    let news = after(&twice, &update(false, 5), &done(None), &Item::default()).link;
    assert_eq!((news.tugs, news.tugged_at), (0, None));
}

#[test]
fn an_unknown_answer_keeps_the_intent_until_it_can_be_known() {
    let before = Link::new(MemberId(1), EntryId(1), Part::Core);
    let Settled { link, fate } = after(&before, &create(), &Outcome::Unknown, &Item::default());
    assert_eq!(fate, Fate::Unknown);
    let at = knowable_at(&link, &BOUNDS).unwrap();
    assert_eq!(at, NOW + Millis(140_000));
    assert_eq!(
        resolve(&link, &Found::Nothing, at, &BOUNDS),
        None,
        "not a moment too early"
    );
    let again = resolve(&link, &Found::Nothing, at + Millis(1), &BOUNDS).unwrap();
    assert_eq!((again.sent, again.item, again.generation), (None, None, 0));
    let found = Found::Here {
        item: "i7".into(),
        etag: None,
        seen: None,
    };
    let bound = resolve(&link, &found, NOW, &BOUNDS).unwrap();
    assert_eq!(
        (bound.item, bound.generation, bound.agreed),
        (Some("i7".into()), 3, None)
    );
}

#[test]
fn a_create_that_a_look_shows_is_remembered_and_waited_for_all_the_same() {
    let before = Link::new(MemberId(1), EntryId(1), Part::Core);
    let sent = intend(&before, &create(), NOW, &BOUNDS);
    let look = |items: &[&str]| {
        let here = |id: &&str| {
            (
                ItemId::from(*id),
                Seen::Here(Box::new(bearer("stamp of 3"))),
            )
        };
        Snapshot {
            items: items.iter().map(here).collect(),
            ..Snapshot::new(Reach::Full)
        }
    };
    let sighted = |link: &Link, items: &[&str]| {
        let stamp = |_: &Link, sent: &Sent| format!("stamp of {}", sent.generation);
        sighted([link].into_iter(), &look(items), stamp).pop()
    };
    assert_eq!(sighted(&before, &["i7"]), None, "nothing was sent");
    assert_eq!(
        sighted(&sent, &["i7", "i8"]),
        None,
        "which of them is ours?"
    );
    let shown = sighted(&sent, &["i7"]).unwrap();
    assert_eq!((&shown.item, shown.generation), (&Some("i7".into()), 3));
    assert_eq!(shown.sent, sent.sent, "a second one may still arrive");
    assert_eq!(sighted(&shown, &["i7"]), None, "known already");
    let late = NOW + Millis::days(1);
    let taken = resolve(&shown, &Found::Nothing, late, &BOUNDS).unwrap();
    assert_eq!((taken.item, taken.sent), (Some("i7".into()), None));
}

/// A card that nothing but its stamp is known of.
fn bearer(stamp: &str) -> Here {
    Here {
        etag: None,
        fields: sighting(&Item::default()),
        stamp: Stamp::Text(stamp.into()),
    }
}

#[test]
fn where_nobody_looks_it_is_never_known_whether_a_card_is_there() {
    let late = NOW + Millis::days(9);
    let resolved = |step: &Step| {
        let sent = intend(&link(), step, NOW, &BOUNDS);
        resolve(&sent, &Found::Unseen, late, &BOUNDS).map(|link| link.sent)
    };
    assert_eq!(resolved(&create()), None);
    assert_eq!(resolved(&update(false, 5)), Some(None), "no more is asked");
}

#[test]
fn several_bearers_of_one_stamp_are_left_alone() {
    let link = intend(
        &Link::new(MemberId(1), EntryId(1), Part::Core),
        &create(),
        NOW,
        &BOUNDS,
    );
    let late = NOW + Millis::days(1);
    let left = resolve(&link, &Found::Several, late, &BOUNDS).unwrap();
    assert_eq!(left.trouble.unwrap().retry_at, Timestamp::NEVER);
}

#[test]
fn a_refusal_waits_longer_each_time_and_a_day_at_most() {
    let mut link = link();
    let mut waits = Vec::new();
    for _ in 0..9 {
        let refused = Outcome::Refused("ErrorInvalidProperty".into());
        link = after(&link, &update(false, 5), &refused, &Item::default()).link;
        waits.push(
            link.trouble
                .as_ref()
                .unwrap()
                .retry_at
                .since(NOW)
                .to_string(),
        );
    }
    assert_eq!(
        waits,
        ["15m", "30m", "1h", "2h", "4h", "8h", "16h", "1d", "1d"]
    );
    assert_eq!(link.sent, None);
    let calm = after(&link, &update(false, 5), &done(None), &Item::default()).link;
    assert_eq!(calm.trouble, None);
}

#[test]
fn what_is_over_keeps_its_generation() {
    let delete = Step::Delete {
        entry: EntryId(1),
        item: "i1".into(),
        expect: None,
        proof: model::plan::Proof::LeftAudience,
    };
    for outcome in [done(None), Outcome::Gone] {
        let Settled { link, fate } = after(&link(), &delete, &outcome, &Item::default());
        assert_eq!(
            (fate, link.item, link.agreed, link.generation),
            (Fate::Over, None, None, 2)
        );
    }
    let forget = Step::Forget {
        entry: EntryId(1),
        part: Part::Core,
        refused: true,
    };
    assert!(
        after(&link(), &forget, &done(None), &Item::default())
            .link
            .refused
    );
}

#[test]
fn what_moved_is_looked_at_again_and_what_waits_is_sent_later() {
    let step = update(false, 5);
    let fate = |outcome: Outcome| {
        let settled = after(&link(), &step, &outcome, &Item::default());
        assert_eq!(
            (settled.link.sent, settled.link.agreed),
            (None, Some(ContentId(4)))
        );
        settled.fate
    };
    assert_eq!(fate(Outcome::Stale), Fate::LookAgain);
    assert_eq!(fate(Outcome::Gone), Fate::LookAgain);
    assert_eq!(fate(Outcome::NotYet { until: NOW }), Fate::Later);
}

#[test]
fn an_update_without_an_answer_that_is_there_is_ours() {
    let before = item(&["display_name=Anna", "business_phones=1"]);
    let sent = item(&["display_name=Anna", "business_phones=2"]);
    let etag = Etag::from("e2");
    let found = |item: &Item| {
        arrived(
            &link(),
            &before,
            (ContentId(5), &sent),
            (Some(&etag), &sighting(item)),
        )
    };
    let ours = found(&sent).unwrap();
    assert_eq!(
        (ours.agreed, ours.etag),
        (Some(ContentId(5)), Some(etag.clone()))
    );
    assert!(ours.shown.is_empty(), "{:?}", ours.shown);
    // The user wrote a name meanwhile: it is no base of ours, and the version is not known.
    let edited = item(&["display_name=Ann", "business_phones=2"]);
    let ours = found(&edited).unwrap();
    assert_eq!((ours.agreed, ours.etag), (Some(ContentId(5)), link().etag));
    assert!(ours.shown.is_empty(), "{:?}", ours.shown);
    assert_eq!(found(&before), None, "it never arrived");
    // Half of it: the user wrote over the rest, or wrote this half and it never arrived.
    let both = item(&["display_name=Anna", "business_phones=2", "mobile_phone=3"]);
    let half = arrived(
        &link(),
        &before,
        (ContentId(5), &both),
        (None, &sighting(&sent)),
    );
    assert_eq!(half, None);
}
