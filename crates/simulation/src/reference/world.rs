//! What the oracle is told: the true world, the policy in plain terms, and what users did.

use std::collections::{BTreeMap, BTreeSet};

/// Field name (as in docs/tunnels.md) to text. Lists (mails, phones, categories) have one element a line; a
/// postal address has five lines: street, city, state, postal code, country. Blank text means no value.
pub type Fields = BTreeMap<String, String>;

/// The truth at the end of a history.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Directory users and org contacts.
    pub people: Vec<Person>,
    /// Group name or id to its direct members: people's ids, or names of groups here.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// Contacts of source folders, by mailbox address and folder path.
    pub folders: BTreeMap<(String, String), Vec<Person>>,
    pub mailboxes: Vec<Mailbox>,
    /// The product lost its memory at some time: it cannot tell its copy from a user's copy of it.
    pub store_lost: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Member,
    Guest,
    OrgContact,
    FolderContact,
}

/// One person of a source.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Directory object id or item id; unique in the world.
    pub id: String,
    pub kind: Kind,
    pub disabled: bool,
    /// Every SMTP address, beside those in `emails`.
    pub addresses: BTreeSet<String>,
    /// Two-letter region, for phone numbers; blank: the tunnel's.
    pub country: String,
    pub fields: Fields,
    /// Hash of the photo.
    pub photo: Option<String>,
    /// Every value that a field (or `photo`) had before, complete.
    pub past: BTreeMap<String, BTreeSet<String>>,
    /// Existed once; never selected, but copies may still show its values where a rule says `keep`.
    pub gone: bool,
    /// Came when the product had looked already: whoever was one before may be one still.
    pub late: bool,
    /// A user's copy of one of our cards: copies never become sources.
    pub bears_our_stamp: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Mailbox {
    pub address: String,
    /// Id of the directory user whose mailbox it is; blank: none.
    pub owner: String,
    /// `user`, `shared`, `room` …; `None`: not known.
    pub kind: Option<String>,
    /// Can be written to. `false`: nothing is concluded about our cards in it.
    pub usable: bool,
    /// Every folder that a tunnel names or that a user touched. A target folder that a user renamed stands here
    /// (and in `ActualCard`) under the name that the policy gives it.
    pub folders: BTreeMap<String, Folder>,
}

/// What users did in one folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    pub users: Vec<UserCard>,
    /// Values that users wrote into a card (theirs or ours; `photo` too), in order, by card id and field.
    pub edits: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Our copies that users deleted or moved out.
    pub deleted: Vec<Deletion>,
    /// Copies in this folder were given up at some time: they stay, whatever the policy says later.
    pub kept: bool,
    /// Nothing is concluded about our cards here.
    pub free: bool,
}

/// A card that is a user's data.
#[derive(Clone, Debug, Default)]
pub struct UserCard {
    pub id: String,
    /// As first made, with every field that must survive byte for byte, also such as no tunnel knows.
    pub fields: Fields,
    pub photo: Option<String>,
    pub origin: Origin,
    /// Whose card it was by its stamp, by id: somebody without address and phone is like nobody.
    pub people: BTreeSet<String>,
    /// Was there, as it is, before the product first looked into this folder.
    pub since_start: bool,
    /// The user deleted it since: not expected, but it may have been adopted or have caused ambiguity.
    pub deleted: bool,
    /// Its stamp as text; blank: none.
    pub stamp: String,
    /// Nobody could tell it from the card of ours that it equals: several were found, or it was made before we came again.
    pub indistinct: bool,
    /// We had adopted it, and the last that we wrote took our fields back.
    pub given_back: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    #[default]
    Made,
    /// A copy of one of our cards, with its stamp.
    CopiedFromOurs,
    /// One of our cards, moved by the user into this folder from its target folder.
    MovedAway,
    /// One of our cards, moved away (or deleted) and brought back: ours again or the user's, both will do.
    BroughtBack,
}

/// A user deleted a copy of ours, or moved it out of the folder.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// What the copy showed.
    pub fields: Fields,
    /// Whose copy it was, by id, where that is known: somebody without address and phone is like nobody.
    pub people: BTreeSet<String>,
    /// The product knew the copy before, and kept its memory since: `respect` can be demanded.
    pub settled: bool,
}

/// The rules at the end of the history, approved and applied.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub tunnels: Vec<Tunnel>,
    pub lists: BTreeMap<String, Choice>,
    /// What stands before and after our part of the notes.
    pub notes_marks: (String, String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Active,
    /// Paused, or its document is gone: nothing is written, nothing is taken back.
    Stopped,
    Removed,
}

#[derive(Clone, Debug, Default)]
pub struct Tunnel {
    pub id: String,
    pub state: State,
    pub keep_copies: bool,
    /// A hold waits for a person: what it would do may be done or not.
    pub pending: bool,
    /// Field rules or photo options were different at some time.
    pub rules_changed: bool,
    pub sources: Vec<Source>,
    pub audience: Choice,
    pub folder: String,
    pub rules: BTreeMap<String, Rule>,
    pub options: Options,
}

#[derive(Clone, Debug)]
pub struct Source {
    pub place: Place,
    /// 1 is the highest.
    pub priority: u32,
    pub only_for: Option<Choice>,
    pub pick: Choice,
}

#[derive(Clone, Debug)]
pub enum Place {
    Directory {
        members: bool,
        guests: bool,
        org_contacts: bool,
    },
    Folder {
        address: String,
        path: String,
        children: bool,
    },
}

/// Who is meant: everything that is named (everybody when nothing is), narrowed, minus `exclude`.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub everyone: bool,
    pub groups: Vec<String>,
    pub departments: Vec<String>,
    pub addresses: Vec<String>,
    pub lists: Vec<String>,
    pub kinds: Vec<String>,
    pub condition: Option<Condition>,
    pub exclude: Option<Box<Choice>>,
}

/// An expression, evaluated beforehand by person id (a mailbox counts as its owner).
#[derive(Clone, Debug, Default)]
pub struct Condition {
    pub holds: BTreeSet<String>,
    /// Could not be evaluated: nothing is concluded about them.
    pub unknown: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    Never,
    IfBlank,
    Always,
    Append,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    Keep,
    Clear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub present: Present,
    pub blank: Blank,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameOrder {
    #[default]
    FirstLast,
    LastFirst,
    AsSource,
}

/// `Options::default()` has `photos` and `without_email` off: start from [`Options::documented`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub photos: bool,
    pub skip_own_card: bool,
    pub categories: Vec<String>,
    pub name_order: NameOrder,
    pub without_email: bool,
    pub respect_user_delete: bool,
    pub include_disabled: bool,
    pub initials_for_lost_photo: bool,
    pub region: String,
}

impl Options {
    /// The defaults of docs/tunnels.md.
    pub fn documented() -> Self {
        Self {
            photos: true,
            without_email: true,
            ..Self::default()
        }
    }
}

const CLEARED: &str = "display_name title given_name middle_name surname suffix initials file_as yomi_given_name \
    yomi_surname yomi_company_name company_name department job_title office_location manager emails mobile_phone \
    business_phones home_phones business_fax other_phone pager business_address categories";
const KEPT: &str = "nick_name profession assistant_name im_addresses home_address other_address business_home_page \
    birthday spouse_name";

/// The field rules that docs/tunnels.md gives as defaults.
pub fn documented_rules() -> BTreeMap<String, Rule> {
    let rule = |present, blank| move |name: &str| (name.to_owned(), Rule { present, blank });
    let cleared = CLEARED
        .split_whitespace()
        .map(rule(Present::Always, Blank::Clear));
    let kept = KEPT
        .split_whitespace()
        .map(rule(Present::Always, Blank::Keep));
    let notes = std::iter::once("notes").map(rule(Present::Append, Blank::Keep));
    cleared.chain(kept).chain(notes).collect()
}
