//! What planning costs: one merge is one entry and one member's copy of it in which twelve fields change.

use super::usage;
use model::catalog::{CatalogView, Contribution, EntryState, Identity, Standing, ViewEntry};
use model::link::{Link, Part};
use model::member::{Member, MemberState};
use model::plan::Step;
use model::snapshot::{Here, Reach, Seen, Snapshot, Stamp};
use model::tunnel::{FieldRule, WhenBlank, WhenPresent};
use model::value::Mail;
use model::{
    CatalogId, ContentId, EntryId, Etag, Field, FolderId, Item, ItemId, MailboxId, MemberId,
    Sighting, TenantName, Timestamp, Value, ViewId,
};
use planner::plan::{Brakes, Input, Links, plan};
use planner::rules::Rules;
use planner::stamp::StampKey;
use serde::Serialize;
use std::hint::black_box;
use std::sync::Arc;

/// Merges per second of one core, by what is merged.
#[derive(Clone, Debug, Serialize)]
pub struct Merged {
    /// Entries of the measured member.
    pub entries: usize,
    /// The source changed, the copy was not touched: what a run after a change does.
    pub changed_per_s: f64,
    /// The source changed and every copy was read: a three-way merge of all sides, field by field.
    pub observed_per_s: f64,
    /// Two sources of twelve fields joined into one item.
    pub sources_per_s: f64,
}

/// Measures for about a second of processor time each, with a member of `entries` changed entries.
pub fn merges(entries: usize) -> Merged {
    let quiet = Stage::new(entries, Reach::Changes);
    let seen = Stage::new(entries, Reach::Full);
    let (high, low) = (contribution(&item(1)), contribution(&item(2)));
    Merged {
        entries,
        changed_per_s: rate(entries, || quiet.plan()),
        observed_per_s: rate(entries, || seen.plan()),
        sources_per_s: rate(entries, || {
            for _ in 0..entries {
                black_box(planner::merge::merge(black_box(&[&high, &low])));
            }
        }),
    }
}

const SPAN_US: u64 = 1_000_000;

/// Work of `size` pieces, again and again: pieces per second of this thread's own time.
fn rate(size: usize, work: impl Fn()) -> f64 {
    work();
    let start = usage();
    let mut done = 0;
    loop {
        work();
        done += size;
        let spent = usage().thread_us_since(&start);
        // Where the machine does not tell processor time, one round must do.
        if spent >= SPAN_US || spent == 0 {
            return done as f64 * 1e6 / spent.max(1) as f64;
        }
    }
}

/// One member, all of whose entries changed in twelve fields since it last agreed.
struct Stage {
    member: Member,
    rules: Rules,
    catalog: CatalogView,
    snapshot: Snapshot,
    links: Links,
    key: StampKey,
}

impl Stage {
    fn new(entries: usize, reach: Reach) -> Self {
        let mut stage = Self {
            member: member(),
            rules: rules(),
            catalog: CatalogView {
                version: 2,
                ..CatalogView::default()
            },
            snapshot: Snapshot::new(reach),
            links: Links::new(),
            key: StampKey([7; 32]),
        };
        (1..=entries as u32).for_each(|n| stage.add(n));
        stage
    }

    fn add(&mut self, n: u32) {
        let (before, after) = (2 * i64::from(n), 2 * i64::from(n) + 1);
        let (old, new) = (item(before), item(after));
        let entry = EntryId(n.into());
        let id = ItemId::from(format!("AAMk{n:060}").as_str());
        if self.snapshot.reach == Reach::Full {
            let here = here(&self.key, &old, entry);
            self.snapshot.items.insert(id.clone(), Seen::Here(here));
        }
        let link = Link {
            generation: 1,
            item: Some(id),
            etag: Some(Etag::from("W/\"1\"")),
            agreed: Some(ContentId(before)),
            ..Link::new(MemberId(1), entry, Part::Core)
        };
        let state = EntryState::Live {
            content: ContentId(after),
            item: Arc::new(new),
            photo: None,
        };
        self.links.insert((entry, Part::Core), link);
        self.catalog
            .contents
            .insert(ContentId(before), Arc::new(old));
        self.catalog
            .entries
            .insert(entry, ViewEntry { version: 2, state });
    }

    /// Every entry must come out as an update of twelve fields, or the figure is of something else.
    fn plan(&self) {
        let plan = plan(&Input {
            rules: &self.rules,
            member: &self.member,
            now: Timestamp(1_795_514_400_000),
            catalog: &self.catalog,
            observed: &self.snapshot,
            links: &self.links,
            held: self.links.len() as u64,
            own: None,
            stamp_key: &self.key,
            whole: true,
            brakes: Brakes::default(),
        });
        let whole =
            |s: &&Step| matches!(s, Step::Update { edit, .. } if edit.changes.len() == FIELDS);
        let updates = plan.steps.iter().filter(whole).count();
        assert_eq!(
            updates,
            self.links.len(),
            "every entry changes in every field"
        );
        black_box(plan);
    }
}

fn here(key: &StampKey, item: &Item, entry: EntryId) -> Box<Here> {
    let member = member();
    let stamp = planner::stamp::write(key, &member.mailbox, member.catalog, entry, 1);
    let fields = item.0.iter().map(|(f, v)| (*f, Some(v.clone()))).collect();
    Box::new(Here {
        etag: Some(Etag::from("W/\"1\"")),
        fields: Sighting(fields),
        stamp: Stamp::Text(stamp),
    })
}

fn member() -> Member {
    Member {
        id: MemberId(1),
        tenant: TenantName::from("contoso"),
        catalog: CatalogId(1),
        mailbox: MailboxId::from("a6a1d0f1-0000-4000-8000-000000000001"),
        address: "ada@contoso.example".to_owned(),
        folder: Some(FolderId::from("F1")),
        folder_name: "Contoso people".to_owned(),
        view: ViewId::from("v1"),
        through: 1,
        cursor: Some("c1".to_owned()),
        state: MemberState::Active,
        leaving: None,
        looked_full_at: Some(Timestamp(1)),
        strangers: false,
        written_at: Some(Timestamp(1)),
    }
}

fn rules() -> Rules {
    let always = FieldRule {
        when_present: WhenPresent::Always,
        when_blank: WhenBlank::Clear,
    };
    Rules {
        fields: Field::ALL.iter().map(|f| (*f, always)).collect(),
        ..Rules::default()
    }
}

const FIELDS: usize = 12;

/// A card of twelve fields, no value of which is that of another number.
fn item(n: i64) -> Item {
    let text = |word: &str| Value::text(format!("{word} {n}"));
    let mail = Mail {
        address: format!("p{n}@contoso.example"),
        name: format!("Person {n}"),
    };
    let fields: [(Field, Value); FIELDS] = [
        (Field::DisplayName, text("Person")),
        (Field::GivenName, text("Given")),
        (Field::Surname, text("Name")),
        (Field::FileAs, text("File")),
        (Field::CompanyName, text("Contoso")),
        (Field::Department, text("Department")),
        (Field::JobTitle, text("Engineer")),
        (Field::OfficeLocation, text("Building")),
        (Field::Emails, Value::Mails([mail].into())),
        (Field::MobilePhone, Value::text(format!("+49170{n:07}"))),
        (
            Field::BusinessPhones,
            Value::Texts([format!("+4930{n:07}")].into()),
        ),
        (Field::Manager, text("Manager")),
    ];
    Item(fields.into())
}

fn contribution(item: &Item) -> Contribution {
    Contribution {
        entry: EntryId(1),
        content: item.clone(),
        photo: None,
        standing: Standing::In,
        identity: Identity::default(),
    }
}
