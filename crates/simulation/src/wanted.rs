//! Who ought to be where: the policy applied to the truth, written from the documents and not from the planner.

use crate::town::{Card, Place, Resident, Town};
use model::TunnelId;
use model::tunnel::{Choice, Policy, Source, SourcePlace, Tunnel, TunnelState};
use std::collections::{BTreeMap, BTreeSet};

/// A person as one source knows them: `oid:<object id>` or `item:<address>/<item id>`, the texts that entry
/// ids are derived from.
pub type Key = String;

/// Where cards ought to be: (mailbox, folder name) to people.
pub type Wanted = BTreeMap<(String, String), BTreeSet<Key>>;

/// Who of these is not among those who are still there.
pub fn missing<'a>(
    before: &'a BTreeSet<Key>,
    still: Option<&'a BTreeSet<Key>>,
) -> impl Iterator<Item = &'a Key> {
    before
        .iter()
        .filter(move |key| still.is_none_or(|all| !all.contains(*key)))
}

pub fn object(id: &str) -> Key {
    format!("oid:{id}")
}

pub fn item(address: &str, id: &str) -> Key {
    format!("item:{address}/{id}")
}

/// Everything that the active (and paused) tunnels want at this moment.
pub fn wanted(town: &Town, policy: &Policy) -> Wanted {
    wanted_by(town, policy, |tunnel| tunnel.state != TunnelState::Removed)
}

/// What one tunnel of the policy wants.
pub fn wanted_by_one(town: &Town, policy: &Policy, id: &TunnelId) -> Wanted {
    wanted_by(town, policy, |tunnel| tunnel.id == *id)
}

fn wanted_by(town: &Town, policy: &Policy, counts: impl Fn(&Tunnel) -> bool) -> Wanted {
    let mut all = Wanted::new();
    for tunnel in policy.tunnels.iter().filter(|t| counts(t)) {
        let sources = tunnel.sources.iter().map(|source| {
            let part = source.only_for.as_ref();
            let part = part.map(|part| Pick::new(town, part));
            (part, people(town, tunnel, source))
        });
        let sources: Vec<(Option<Pick>, BTreeSet<Key>)> = sources.collect();
        for mailbox in audience(town, tunnel) {
            let at = (mailbox.id.clone(), tunnel.folder.name.0.clone());
            let meant = |part: &Option<Pick>| part.as_ref().is_none_or(|part| part.takes(mailbox));
            // Whom no source is meant for is in no audience.
            for (_, keys) in sources.iter().filter(|(part, _)| meant(part)) {
                all.entry(at.clone())
                    .or_default()
                    .extend(keys.iter().cloned());
            }
        }
    }
    skip_own(policy, &mut all);
    all
}

/// Everybody whom the sources of each folder's tunnels name, whoever may see them: entries are minted for all.
pub fn named(town: &Town, policy: &Policy) -> BTreeMap<String, BTreeSet<Key>> {
    let mut all: BTreeMap<String, BTreeSet<Key>> = BTreeMap::new();
    for tunnel in &policy.tunnels {
        let keys = tunnel.sources.iter().flat_map(|s| people(town, tunnel, s));
        all.entry(tunnel.folder.name.0.clone())
            .or_default()
            .extend(keys);
    }
    all
}

/// One tunnel that leaves a person's own card out is enough for the whole folder.
fn skip_own(policy: &Policy, all: &mut Wanted) {
    for ((mailbox, folder), cards) in all {
        let skips = |t: &Tunnel| t.folder.name.as_str() == folder && t.options.skip_own_card;
        if policy.tunnels.iter().any(skips) {
            cards.remove(&object(mailbox));
        }
    }
}

/// The mailboxes that a tunnel writes to.
pub fn audience<'a>(town: &'a Town, tunnel: &Tunnel) -> Vec<&'a Resident> {
    let usable =
        |p: &&Resident| !p.deleted && !p.guest && matches!(p.mailbox, Place::User | Place::Shared);
    let pick = Pick::new(town, &tunnel.audience);
    let usable = town.people.values().filter(usable);
    usable.filter(|p| pick.takes(p)).collect()
}

fn people(town: &Town, tunnel: &Tunnel, source: &Source) -> BTreeSet<Key> {
    match &source.place {
        SourcePlace::Directory {
            members,
            guests,
            org_contacts,
        } => {
            let users = town
                .people
                .values()
                .filter(|p| if p.guest { *guests } else { *members });
            let users = users.filter(|p| p.enabled || tunnel.options.include_disabled);
            let others = town.org_contacts.values().filter(|_| *org_contacts);
            let pick = Pick::new(town, &source.pick);
            let all = users
                .chain(others)
                .filter(|p| !p.deleted && belongs(tunnel, &pick, p));
            all.map(|p| object(&p.id)).collect()
        }
        SourcePlace::Folder {
            address,
            path,
            children,
        } => {
            let lies = |c: &Card| {
                c.folder == *path || (*children && c.folder.starts_with(&format!("{path}/")))
            };
            let all = town.cards.iter().filter(|(_, c)| lies(c));
            let all = all.filter(|(_, c)| tunnel.options.without_email || !c.mail.is_empty());
            all.map(|(id, _)| item(address, id)).collect()
        }
    }
}

fn belongs(tunnel: &Tunnel, pick: &Pick, p: &Resident) -> bool {
    // A directory account with a mailbox has an address whatever its `mail` says.
    let mail = !p.mail.is_empty() || p.mailbox != Place::None;
    (mail || tunnel.options.without_email) && pick.takes(p)
}

/// A choice with the members of its groups looked up. Only the forms that drawn policies and stories use.
struct Pick<'a> {
    choice: &'a Choice,
    groups: Vec<BTreeSet<&'a str>>,
    exclude: Option<Box<Pick<'a>>>,
}

impl<'a> Pick<'a> {
    fn new(town: &'a Town, choice: &'a Choice) -> Self {
        let exclude = choice.exclude.as_deref();
        let exclude = exclude.filter(|e| **e != Choice::default());
        Self {
            choice,
            groups: choice.groups.iter().map(|g| town.transitive(g)).collect(),
            exclude: exclude.map(|e| Box::new(Self::new(town, e))),
        }
    }

    fn takes(&self, p: &Resident) -> bool {
        let choice = self.choice;
        let is_address = |m: &String| m.eq_ignore_ascii_case(&p.mail);
        let named = choice.names_nothing()
            || choice.everyone
            || self.groups.iter().any(|g| g.contains(p.id.as_str()))
            || choice.departments.contains(&p.department)
            || choice.mailboxes.iter().any(is_address);
        let excluded = self.exclude.as_ref().is_some_and(|e| e.takes(p));
        named && holds(choice.where_.as_deref(), p) && !excluded
    }
}

/// The expressions that drawn policies and stories may use: no other is understood here.
pub const EXPRESSIONS: [&str; 3] = ["", "has_phone", "department != 'Test'"];

/// Does an expression of a drawn policy hold for somebody?
pub fn holds(rule: Option<&str>, p: &Resident) -> bool {
    match rule {
        None => true,
        Some("has_phone") => !p.mobile.is_empty() || !p.business.is_empty(),
        Some("department != 'Test'") => p.department != "Test",
        Some(other) => panic!("the oracle cannot read the rule {other}"),
    }
}

/// Everything that is known of one human being.
#[derive(Clone, Debug, Default)]
pub struct Human {
    pub keys: BTreeSet<Key>,
    pub names: BTreeSet<String>,
    pub mails: BTreeSet<String>,
    pub mobiles: BTreeSet<String>,
}

/// The people behind keys, those with a common address (or name and number) taken together.
pub fn humans(town: &Town, keys: &BTreeSet<Key>) -> Vec<Human> {
    let mut all: Vec<Human> = Vec::new();
    for key in keys {
        let mut human = human(town, key);
        let (same, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|h| is_same(h, &human));
        for other in same {
            human.keys.extend(other.keys);
            human.names.extend(other.names);
            human.mails.extend(other.mails);
            human.mobiles.extend(other.mobiles);
        }
        all = others;
        all.push(human);
    }
    all
}

pub fn is_same(a: &Human, b: &Human) -> bool {
    let number = a.mobiles.intersection(&b.mobiles).next().is_some();
    let name = a.names.intersection(&b.names).next().is_some();
    a.mails.intersection(&b.mails).next().is_some() || (number && name)
}

pub fn human(town: &Town, key: &Key) -> Human {
    let set = |text: &str| -> BTreeSet<String> {
        (!text.is_empty())
            .then(|| text.to_owned())
            .into_iter()
            .collect()
    };
    let keys = BTreeSet::from([key.clone()]);
    if let Some(id) = key.strip_prefix("oid:") {
        let found = town.people.get(id).or_else(|| town.org_contacts.get(id));
        return found.map_or_else(Human::default, |p| Human {
            keys,
            names: set(&p.name),
            mails: set(&p.mail.to_lowercase()),
            mobiles: set(&p.mobile),
        });
    }
    let card = key.split_once('/').and_then(|(_, id)| town.cards.get(id));
    card.map_or_else(Human::default, |c| Human {
        keys,
        names: set(&c.name),
        mails: set(&c.mail.to_lowercase()),
        mobiles: set(&c.mobile),
    })
}
