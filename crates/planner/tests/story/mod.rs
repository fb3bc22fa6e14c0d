//! Stories: a catalog, links and a look in a small text notation, and the plan as text. `_` stands for a space;
//! an address may have its name behind a `|`.
//!
//! ```text
//! member active|leaving_remove|leaving_keep [new] [anew]   new: never looked at in full; anew: rules may have changed
//! rule mobile_phone if_blank keep                      else every field is `always clear`, notes `append clear`
//! option respect|skip_own_card|initials|no_photos
//! own E1
//! content c0 display_name=Anna mobile_phone=+491      a content that links agreed on
//! entry E1 c1 [photo=p1] display_name=Anna …           a living entry
//! entry E1 gone|superseded
//! link E1 i1 c0 [gen=2] [adopted] [tugs=3] [sent] [trouble|ambiguous] [refused] [shown.notes=x] [wrote=notes]
//! photo E1 i1 p1|own                                  own: the user's, found there before
//! shows i1 photo|none                                 a user's card was asked for its photo
//! look full|changes
//! seen i1 [stamp=E1.1|stamp=E1.1@c9|stamp=foreign|stamp=unread] display_name=Anna …
//! seen i1 gone|unseen
//! ```
#![allow(dead_code, clippy::unwrap_used)]

use model::catalog::{CatalogView, EntryState, GoneCause, ViewEntry};
use model::field::Kind;
use model::link::{Link, Op, Origin, Part, Sent, Trouble};
use model::member::{Member, MemberState};
use model::plan::{Plan, Step};
use model::snapshot::{Here, Reach, Seen, Snapshot, Stamp};
use model::tunnel::{
    Choice, Copies, FieldRule, Limits, NameOrder, OnUserDelete, Options, TargetFolder, Tunnel,
    TunnelState, WhenBlank, WhenPresent,
};
use model::{
    CatalogId, ContentId, EntryId, Etag, Field, Item, ItemId, Mail, MailboxId, MemberId, Millis,
    Sighting, Timestamp, Value, Values,
};
use planner::plan::{Brakes, Input, Links, plan};
use planner::rules::Rules;
use planner::stamp::{self, StampKey};
use std::sync::Arc;

pub const KEY: StampKey = StampKey([9; 32]);
pub const CATALOG: CatalogId = CatalogId(0xc);
pub const NOW: Timestamp = Timestamp(1_000_000_000);

/// Everything a plan is made from, owned.
pub struct Story {
    pub rules: Rules,
    pub member: Member,
    pub catalog: CatalogView,
    pub observed: Snapshot,
    pub links: Links,
    pub own: Option<EntryId>,
}

pub fn member() -> Member {
    Member {
        id: MemberId(1),
        tenant: "contoso".into(),
        catalog: CATALOG,
        mailbox: MailboxId::from("mailbox"),
        address: "mailbox@contoso.example".into(),
        folder: Some("folder".into()),
        folder_name: "People".into(),
        view: "view".into(),
        through: 1,
        cursor: None,
        state: MemberState::Active,
        leaving: None,
        looked_full_at: Some(Timestamp(0)),
        strangers: false,
        written_at: None,
    }
}

pub fn rules() -> Rules {
    let mut rules = Rules::default();
    for field in Field::ALL {
        let when_present = if *field == Field::Notes {
            WhenPresent::Append
        } else {
            WhenPresent::Always
        };
        rules.fields.insert(
            *field,
            FieldRule {
                when_present,
                when_blank: WhenBlank::Clear,
            },
        );
    }
    rules
}

/// A tunnel for everyone, with no source yet.
pub fn tunnel(id: &str) -> Tunnel {
    Tunnel {
        id: id.into(),
        name: id.into(),
        tenant: "contoso".into(),
        owner: "desk@msp.example".into(),
        state: TunnelState::Active,
        copies: Copies::Remove,
        sources: Vec::new(),
        audience: Choice {
            everyone: true,
            ..Choice::default()
        },
        folder: TargetFolder {
            name: "People".into(),
            default: false,
        },
        fields: rules().fields,
        options: Options {
            name_order: NameOrder::AsSource,
            ..Options::default()
        },
        limits: Limits::default(),
        every: Millis::minutes(15),
        stale_after: Millis::days(1),
    }
}

pub fn value(field: Field, text: &str) -> Value {
    let text = text.replace('_', " ").replace("\\n", "\n");
    let list = || text.split(',').map(str::to_owned);
    match field.kind() {
        Kind::Slots { .. } | Kind::Set => Value::Texts(list().collect()),
        Kind::Mails { .. } => Value::Mails(
            list()
                .map(|mail| {
                    let (address, name) = mail.split_once('|').unwrap_or((&mail, ""));
                    Mail {
                        address: address.to_owned(),
                        name: name.to_owned(),
                    }
                })
                .collect(),
        ),
        Kind::Date => Value::Date(text.into()),
        Kind::Address => panic!("no addresses in stories"),
        Kind::Text | Kind::Notes => Value::text(text),
    }
}

pub fn item(words: &[&str]) -> Item {
    let mut item = Item::default();
    for (name, text) in words.iter().filter_map(|w| w.split_once('=')) {
        if let Some(field) = Field::parse(name) {
            item.set(field, value(field, text));
        }
    }
    item
}

/// What a look shows of a card: every field, blank or not.
pub fn sighting(item: &Item) -> Sighting {
    Sighting(
        Field::ALL
            .iter()
            .map(|f| (*f, item.get(*f).cloned()))
            .collect(),
    )
}

fn word<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|w| w.strip_prefix(key))
}

pub fn entry_id(word: &str) -> EntryId {
    EntryId(word.trim_start_matches('E').parse().unwrap())
}

pub fn content_id(word: &str) -> ContentId {
    ContentId(word.trim_start_matches('c').parse().unwrap())
}

impl Story {
    pub fn parse(text: &str) -> Self {
        let mut story = Self {
            rules: rules(),
            member: member(),
            catalog: CatalogView::default(),
            observed: Snapshot::new(Reach::Full),
            links: Links::new(),
            own: None,
        };
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            story.line(&words);
        }
        story
    }

    fn line(&mut self, words: &[&str]) {
        match words {
            ["member", state, rest @ ..] => {
                self.member.state = match *state {
                    "leaving_remove" => MemberState::LeavingRemove,
                    "leaving_keep" => MemberState::LeavingKeep,
                    _ => MemberState::Active,
                };
                if rest.contains(&"anew") {
                    self.member.through = 0;
                }
                if rest.contains(&"new") {
                    self.member.looked_full_at = None;
                }
            }
            ["rule", field, present, blank] => self.rule(field, present, blank),
            ["option", option] => self.option(option),
            ["own", entry] => self.own = Some(entry_id(entry)),
            ["content", id, fields @ ..] => {
                self.catalog
                    .contents
                    .insert(content_id(id), Arc::new(item(fields)));
            }
            ["entry", entry, rest @ ..] => self.entry(entry_id(entry), rest),
            ["link", entry, rest @ ..] => self.link(entry_id(entry), rest),
            ["shows", item, what] => {
                let shows = *what == "photo";
                self.observed.photos.insert(ItemId::from(*item), shows);
            }
            ["photo", entry, item, hash] => {
                let mut link = Link::new(MemberId(1), entry_id(entry), Part::Photo);
                link.item = Some(ItemId::from(*item));
                link.refused = *hash == "own";
                link.photo = (*hash != "own").then(|| (*hash).to_owned());
                self.links.insert((link.entry, Part::Photo), link);
            }
            ["look", reach] => {
                self.observed.reach = if *reach == "full" {
                    Reach::Full
                } else {
                    Reach::Changes
                };
            }
            ["seen", id, rest @ ..] => self.seen(id, rest),
            other => panic!("not understood: {other:?}"),
        }
    }

    fn rule(&mut self, field: &str, present: &str, blank: &str) {
        let when_present = match present {
            "never" => WhenPresent::Never,
            "if_blank" => WhenPresent::IfBlank,
            "append" => WhenPresent::Append,
            _ => WhenPresent::Always,
        };
        let when_blank = if blank == "keep" {
            WhenBlank::Keep
        } else {
            WhenBlank::Clear
        };
        let field = Field::parse(field).unwrap();
        self.rules.fields.insert(
            field,
            FieldRule {
                when_present,
                when_blank,
            },
        );
    }

    fn option(&mut self, option: &str) {
        match option {
            "respect" => self.rules.options.on_user_delete = OnUserDelete::Respect,
            "skip_own_card" => self.rules.options.skip_own_card = true,
            "initials" => self.rules.options.initials_for_lost_photo = true,
            "no_photos" => self.rules.options.photos = false,
            other => panic!("no option {other}"),
        }
    }

    fn entry(&mut self, entry: EntryId, words: &[&str]) {
        let gone = |cause| EntryState::Gone {
            since: Timestamp(0),
            cause,
        };
        let state = match words {
            ["gone"] => gone(GoneCause::Fact),
            ["superseded"] => gone(GoneCause::Superseded),
            [content, fields @ ..] => {
                let item = Arc::new(item(fields));
                self.catalog
                    .contents
                    .insert(content_id(content), item.clone());
                let photo = word(fields, "photo=").map(str::to_owned);
                EntryState::Live {
                    content: content_id(content),
                    item,
                    photo,
                }
            }
            [] => panic!("an entry needs a state"),
        };
        self.catalog
            .entries
            .insert(entry, ViewEntry { version: 1, state });
    }

    fn link(&mut self, entry: EntryId, words: &[&str]) {
        let mut link = Link::new(MemberId(1), entry, Part::Core);
        link.generation = word(words, "gen=").map_or(1, |g| g.parse().unwrap());
        link.item = words
            .iter()
            .find(|w| w.starts_with('i'))
            .map(|w| ItemId::from(*w));
        link.etag = link.item.as_ref().map(|_| Etag::from("old"));
        link.agreed = words
            .iter()
            .find(|w| w.starts_with('c'))
            .map(|w| content_id(w));
        link.origin = if words.contains(&"adopted") {
            Origin::Adopted
        } else {
            Origin::Created
        };
        link.tugs = word(words, "tugs=").map_or(0, |t| t.parse().unwrap());
        link.refused = words.contains(&"refused");
        let op = words.iter().find_map(|w| match *w {
            "sent" => Some(Op::Update),
            "deleting" => Some(Op::Delete),
            _ => None,
        });
        link.sent = op.map(|op| Sent {
            op,
            deadline: NOW,
            content: None,
            attempt: 1,
            generation: 1,
        });
        let ambiguous = words.contains(&"ambiguous");
        link.trouble = (ambiguous || words.contains(&"trouble")).then(|| Trouble {
            reason: "no".into(),
            attempts: 1,
            retry_at: if ambiguous {
                Timestamp::NEVER
            } else {
                Timestamp(NOW.0 + 1)
            },
        });
        for (name, text) in words
            .iter()
            .filter_map(|w| w.strip_prefix("shown.")?.split_once('='))
        {
            let field = Field::parse(name).unwrap();
            link.shown
                .insert(field, Some(value(field, text)).filter(|v| !v.is_blank()));
        }
        let wrote = word(words, "wrote=").unwrap_or("");
        link.wrote = wrote.split(',').filter_map(Field::parse).collect();
        self.links.insert((entry, Part::Core), link);
    }

    fn seen(&mut self, id: &str, words: &[&str]) {
        let seen = match words {
            ["gone"] => Seen::Gone,
            ["unseen"] => Seen::Unseen,
            fields => Seen::Here(Box::new(Here {
                etag: Some(Etag::from("new")),
                fields: sighting(&item(fields)),
                stamp: self.stamp(word(fields, "stamp=")),
            })),
        };
        self.observed.items.insert(ItemId::from(id), seen);
    }

    fn stamp(&self, text: Option<&str>) -> Stamp {
        match text {
            None => Stamp::None,
            Some("unread") => Stamp::Unread,
            Some("foreign") => Stamp::Text(stamp::write(
                &KEY,
                &MailboxId::from("another"),
                CATALOG,
                EntryId(1),
                1,
            )),
            Some(text) => {
                let (text, catalog) = match text.split_once('@') {
                    Some((text, _)) => (text, CatalogId(0xff)),
                    None => (text, CATALOG),
                };
                let (entry, generation) = text.split_once('.').unwrap();
                let (entry, generation) = (entry_id(entry), generation.parse().unwrap());
                Stamp::Text(stamp::write(
                    &KEY,
                    &self.member.mailbox,
                    catalog,
                    entry,
                    generation,
                ))
            }
        }
    }

    pub fn held(&self) -> u64 {
        self.links
            .values()
            .filter(|l| l.part == Part::Core && l.item.is_some())
            .count() as u64
    }

    pub fn input<'a>(&'a self) -> Input<'a> {
        Input {
            rules: &self.rules,
            member: &self.member,
            now: NOW,
            catalog: &self.catalog,
            observed: &self.observed,
            links: &self.links,
            held: self.held(),
            own: self.own,
            stamp_key: &KEY,
            whole: true,
            brakes: Brakes::default(),
        }
    }

    pub fn plan(&self) -> Plan {
        plan(&self.input())
    }
}

fn values(values: &Values) -> String {
    let one = |(f, v): (&Field, &Option<Value>)| match v {
        Some(v) => format!("{f}={}", v.to_string().replace('\n', "\\n")),
        None => format!("{f}=∅"),
    };
    values.iter().map(one).collect::<Vec<_>>().join("; ")
}

pub fn print(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        text += &print_step(step);
        text.push('\n');
    }
    for note in &plan.notes {
        let entry = note.entry.map_or(String::new(), |e| format!(" E{}", e.0));
        let item = note
            .item
            .as_ref()
            .map_or(String::new(), |i| format!(" {i}"));
        let detail = if note.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", note.detail)
        };
        text += &format!("note {:?}{entry}{item}{detail}\n", note.reason);
    }
    if let Some(halt) = &plan.halt {
        text += &format!("halt {:?}: {}\n", halt.reason, halt.detail);
    }
    if text.is_empty() {
        text.push_str("nothing\n");
    }
    text
}

pub fn print_step(step: &Step) -> String {
    match step {
        Step::Create {
            entry,
            content,
            generation,
        } => {
            format!("create E{} c{content} gen {generation}", entry.0)
        }
        Step::Update {
            entry,
            item,
            expect,
            edit,
            tug,
            ..
        } => {
            let etag = expect.as_ref().map_or("-", Etag::as_str);
            let tug = if *tug { " tug" } else { "" };
            format!(
                "update E{} {item} if {etag}{tug}: {} (was {})",
                entry.0,
                values(&edit.changes),
                values(&edit.before)
            )
        }
        Step::Delete {
            entry,
            item,
            expect,
            proof,
        } => {
            let etag = expect.as_ref().map_or("-", Etag::as_str);
            format!("delete E{} {item} if {etag}: {proof:?}", entry.0)
        }
        Step::SetPhoto { entry, item, photo } => format!("photo E{} {item} {photo}", entry.0),
        Step::Agree { link } => {
            let agreed = link.agreed.map_or("-".to_owned(), |c| format!("c{c}"));
            let item = link.item.as_ref().map_or("-", ItemId::as_str);
            let shown = if link.shown.is_empty() {
                String::new()
            } else {
                format!(" shown {}", values(&link.shown))
            };
            let gen_ = link.generation;
            format!(
                "agree E{} {item} {agreed} {:?} gen {gen_}{shown}",
                link.entry.0, link.origin
            )
        }
        Step::Forget {
            entry,
            part,
            refused,
        } => {
            let refused = if *refused { " refused" } else { "" };
            format!("forget E{} {part:?}{refused}", entry.0)
        }
    }
}
