//! The documents as people write them; their doc comments become the published JSON Schema's descriptions.

use model::Field;
use model::person::MailboxKind;
use model::tunnel::{Copies, Limits, NameOrder, OnUserDelete, Options, TunnelState};
use model::tunnel::{WhenBlank, WhenPresent};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The documents of Almanac's policy: tunnels, and lists that they may name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Document {
    pub tunnels: Vec<TunnelDocument>,
    /// Named choices of people and mailboxes: tenant, then list name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, BTreeMap<String, ChoiceDocument>>,
}

/// A rule: which people, from where, to whom, how far it may go.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["id", "tenant", "owner", "sources", "targets"]))]
pub(crate) struct TunnelDocument {
    /// The stable id (letters, digits, `.`, `_`, `-`). Never reuse or change it; rename `name` instead.
    pub id: String,
    /// A label for people. Left out: the id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The tenant's name in the configuration.
    pub tenant: String,
    /// Who is asked when something is wrong: an address.
    pub owner: String,
    /// What the tunnel carries.
    #[schemars(schema_with = "content")]
    pub content: String,
    /// `paused`: nothing is read or written. `removed`: the copies are dealt with as `copies` says.
    #[schemars(schema_with = "state")]
    pub state: TunnelState,
    /// What becomes of the copies when a mailbox leaves the audience or the tunnel is removed.
    #[schemars(schema_with = "copies")]
    pub copies: Copies,
    /// Where the people come from.
    pub sources: Vec<SourceDocument>,
    /// Which mailboxes receive them, and in which folder.
    pub targets: TargetsDocument,
    /// Who publishes and who receives.
    #[schemars(schema_with = "direction")]
    pub direction: String,
    /// The two switches per field. A field that is left out has its default.
    #[schemars(schema_with = "field_rules")]
    pub fields: BTreeMap<Field, FieldRuleDocument>,
    pub options: OptionsDocument,
    pub limits: LimitsDocument,
    /// How often the sources are looked at: `every` and a span (`15m`, `1h 30m`, `1d`).
    pub schedule: String,
    /// Silence beyond this span is told to the owner. Left out: a day, or three turns of the schedule if longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<String>,
}

impl Default for TunnelDocument {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            tenant: String::new(),
            owner: String::new(),
            content: "contacts".to_owned(),
            state: TunnelState::Active,
            copies: Copies::Remove,
            sources: Vec::new(),
            targets: TargetsDocument::default(),
            direction: "one-way".to_owned(),
            fields: BTreeMap::new(),
            options: OptionsDocument::default(),
            limits: LimitsDocument::default(),
            schedule: "every 15m".to_owned(),
            stale_after: None,
        }
    }
}

/// One source: either the tenant's directory or a contact folder of a mailbox.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct SourceDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<FolderDocument>,
}

/// The people of the tenant's directory. Without a choice: all of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct DirectoryDocument {
    /// Which users: the tenant's own, its guests, both, or none.
    #[schemars(schema_with = "people")]
    pub people: People,
    /// Take organisational contacts too.
    pub org_contacts: bool,
    #[serde(flatten)]
    pub pick: ChoiceDocument,
    /// 1 is the highest: its values win where several sources know the same person.
    #[schemars(range(min = 1))]
    pub priority: u32,
    /// Meant for this part of the audience only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_for: Option<ChoiceDocument>,
}

/// The contacts in a folder of a mailbox. Without a choice: all of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["address"]))]
pub(crate) struct FolderDocument {
    /// The mailbox's address.
    pub address: String,
    /// The folder's path: `Contacts`, `Contacts/Suppliers`.
    pub folder: String,
    /// Take the folders below it too.
    pub children: bool,
    #[serde(flatten)]
    pub pick: ChoiceDocument,
    /// 1 is the highest: its values win where several sources know the same person.
    #[schemars(range(min = 1))]
    pub priority: u32,
    /// Meant for this part of the audience only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_for: Option<ChoiceDocument>,
}

/// Below every priority that people write by hand.
pub(crate) const PRIORITY: u32 = 100;

impl Default for DirectoryDocument {
    fn default() -> Self {
        Self {
            people: People::Members,
            org_contacts: false,
            pick: ChoiceDocument::default(),
            priority: PRIORITY,
            only_for: None,
        }
    }
}

impl Default for FolderDocument {
    fn default() -> Self {
        Self {
            address: String::new(),
            folder: "Contacts".to_owned(),
            children: false,
            pick: ChoiceDocument::default(),
            priority: PRIORITY,
            only_for: None,
        }
    }
}

/// Users of the directory by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum People {
    Members,
    Guests,
    All,
    None,
}

/// The mailboxes that receive, and the folder in each. Only those with a usable mailbox are written to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct TargetsDocument {
    #[serde(flatten)]
    pub choice: ChoiceDocument,
    /// The folder's name: created where it is missing. Tunnels that name the same folder share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Write into the mailbox's own Contacts folder instead of a named one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
}

/// A choice of people or mailboxes: all that it names together, narrowed by `where` and `mailbox_kinds`,
/// minus what it excludes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ChoiceDocument {
    /// Everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
    /// Group names (unique in the tenant) or object ids; members of members count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Departments, as the directory spells them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<String>,
    /// Addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mailboxes: Vec<String>,
    /// Names from `lists` of the same tenant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// A CEL expression that must be true.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub where_: Option<String>,
    /// Kinds of mailbox. Left out: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "mailbox_kinds")]
    pub mailbox_kinds: Vec<MailboxKind>,
    /// Left out again: a list of addresses, or a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<ExcludeDocument>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ExcludeDocument {
    Addresses(Vec<String>),
    Choice(Box<ChoiceDocument>),
}

/// The two switches of a field.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct FieldRuleDocument {
    /// When the source has a value. `append` is for notes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "when_present")]
    pub when_present: Option<WhenPresent>,
    /// When the source is blank. Left out: `keep`, unless `when_present` is `always` and the field's default is `clear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "when_blank")]
    pub when_blank: Option<WhenBlank>,
}

/// How copies are made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct OptionsDocument {
    /// Copy photos.
    pub photos: bool,
    /// A person's own card in their own mailbox.
    #[schemars(schema_with = "own_card")]
    pub own_card: OwnCard,
    /// Categories put on every copy, beside those of the source.
    pub categories: Vec<String>,
    /// How display name and fileAs are made.
    #[schemars(schema_with = "name_order")]
    pub name_order: NameOrder,
    /// Take people who have no e-mail address.
    pub without_email: bool,
    /// What to do when a user deletes a copy.
    #[schemars(schema_with = "on_user_delete")]
    pub on_user_delete: OnUserDelete,
    /// Bypass Deleted Items when our own copies are deleted.
    pub permanent_delete: bool,
    /// ISO 3166 region (two letters) for phone numbers of people who have no country. Left out: the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Take disabled accounts too.
    pub include_disabled: bool,
    /// Overwrite a photo that vanished at the source with initials (Graph cannot delete it).
    pub initials_for_lost_photo: bool,
}

impl Default for OptionsDocument {
    fn default() -> Self {
        Self::from(&Options::default())
    }
}

impl From<&Options> for OptionsDocument {
    fn from(options: &Options) -> Self {
        Self {
            photos: options.photos,
            own_card: match options.skip_own_card {
                true => OwnCard::Skip,
                false => OwnCard::Include,
            },
            categories: options.categories.clone(),
            name_order: options.name_order,
            without_email: options.without_email,
            on_user_delete: options.on_user_delete,
            permanent_delete: options.permanent_delete,
            region: options.region.clone(),
            include_disabled: options.include_disabled,
            initials_for_lost_photo: options.initials_for_lost_photo,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OwnCard {
    Include,
    Skip,
}

/// How far a run may go before a person must look.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct LimitsDocument {
    /// A run that would create, blank or delete more than this waits for approval.
    pub hold_above: HoldAboveDocument,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct HoldAboveDocument {
    /// Items: per mailbox, and distinct people per tunnel.
    pub items: u64,
    /// Percent of what is there.
    #[schemars(range(min = 0, max = 100))]
    pub percent: u64,
    /// `true`: hold only when both are exceeded. `false`: when either is.
    pub both: bool,
    /// The span over which it is counted.
    pub per: String,
}

impl Default for HoldAboveDocument {
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}

impl From<&Limits> for HoldAboveDocument {
    fn from(limits: &Limits) -> Self {
        Self {
            items: limits.items,
            percent: limits.percent,
            both: limits.both,
            per: crate::spans::print(limits.per),
        }
    }
}

macro_rules! words {
    ($($name:ident: $($word:literal)*;)*) => {$(
        fn $name(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "enum": [$($word),*] })
        }
    )*};
}

words! {
    content: "contacts";
    direction: "one-way";
    state: "active" "paused" "removed";
    copies: "keep" "remove";
    people: "members" "guests" "all" "none";
    when_present: "never" "if_blank" "always" "append";
    when_blank: "keep" "clear";
    own_card: "include" "skip";
    name_order: "first_last" "last_first" "as_source";
    on_user_delete: "recreate" "respect";
    mailbox_kind: "user" "linked" "shared" "room" "equipment" "others" "none";
}

fn mailbox_kinds(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": mailbox_kind(generator) })
}

/// A map whose keys are exactly the fields that there are.
fn field_rules(generator: &mut SchemaGenerator) -> Schema {
    let rule = generator.subschema_for::<FieldRuleDocument>();
    let fields: serde_json::Map<String, serde_json::Value> = Field::ALL
        .iter()
        .map(|field| (field.as_str().to_owned(), rule.clone().into()))
        .collect();
    json_schema!({ "type": "object", "properties": fields })
}
