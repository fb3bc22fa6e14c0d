//! What a changed choice, place or field rule takes more than before, and what less.

use model::TenantName;
use model::tunnel::{Choice, FieldRule, Policy, SourcePlace, WhenBlank, WhenPresent};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What a choice takes that it did not before, and what no longer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shift {
    pub more: bool,
    pub less: bool,
}

/// The two policies that are compared: choices name lists, and mean what their own policy says.
pub(crate) struct Policies<'a> {
    old: &'a Policy,
    new: &'a Policy,
    /// What is known of each list: many may name the same one.
    lists: RefCell<BTreeMap<(TenantName, String), Shift>>,
}

impl<'a> Policies<'a> {
    pub fn new(old: &'a Policy, new: &'a Policy) -> Self {
        Self {
            old,
            new,
            lists: RefCell::default(),
        }
    }

    /// Compares two choices as their policies understand them: a list's edit is an edit of all that name it.
    pub fn choice(&self, tenant: &TenantName, old: &Choice, new: &Choice) -> Shift {
        let mut shift = self.named(tenant, old, new);
        match (&old.where_, &new.where_) {
            (a, b) if a == b => {}
            (None, Some(_)) => shift.less = true,
            _ => shift.more = true,
        }
        let kinds = match (old.mailbox_kinds.is_empty(), new.mailbox_kinds.is_empty()) {
            (true, false) => Shift::LESS,
            (false, true) => Shift::MORE,
            _ => names_shift(&old.mailbox_kinds, &new.mailbox_kinds),
        };
        let excluded = match (&old.exclude, &new.exclude) {
            (None, None) => Shift::default(),
            (None, Some(_)) => Shift::MORE,
            (Some(_), None) => Shift::LESS,
            (Some(old), Some(new)) => self.choice(tenant, old, new),
        };
        Shift {
            more: shift.more || kinds.more || excluded.less,
            less: shift.less || kinds.less || excluded.more,
        }
    }

    /// What the names of two choices take, before `where` and exclusions.
    fn named(&self, tenant: &TenantName, old: &Choice, new: &Choice) -> Shift {
        let all = |choice: &Choice| choice.everyone || choice.names_nothing();
        match (all(old), all(new)) {
            (true, true) => return Shift::default(),
            (true, false) => {
                return Shift::LESS;
            }
            (false, true) => {
                return Shift::MORE;
            }
            (false, false) => {}
        }
        let shared = new.lists.iter().filter(|name| old.lists.contains(name));
        let lists = shared.map(|name| self.list(tenant, name));
        [
            names_shift(&old.groups, &new.groups),
            names_shift(&old.departments, &new.departments),
            names_shift(&old.mailboxes, &new.mailboxes),
            names_shift(&old.lists, &new.lists),
        ]
        .into_iter()
        .chain(lists)
        .fold(Shift::default(), Shift::and)
    }

    /// Both policies were checked: lists that are named exist, and never go round in a circle.
    fn list(&self, tenant: &TenantName, name: &str) -> Shift {
        let key = (tenant.clone(), name.to_owned());
        if let Some(known) = self.lists.borrow().get(&key) {
            return *known;
        }
        let shift = match (find(self.old, tenant, name), find(self.new, tenant, name)) {
            (Some(old), Some(new)) => self.choice(tenant, old, new),
            _ => Shift::MORE.and(Shift::LESS),
        };
        self.lists.borrow_mut().insert(key, shift);
        shift
    }
}

fn find<'a>(policy: &'a Policy, tenant: &TenantName, name: &str) -> Option<&'a Choice> {
    policy.lists.get(tenant)?.get(name)
}

impl Shift {
    pub const MORE: Self = Self {
        more: true,
        less: false,
    };
    pub const LESS: Self = Self {
        more: false,
        less: true,
    };

    pub fn and(self, other: Self) -> Self {
        Self {
            more: self.more || other.more,
            less: self.less || other.less,
        }
    }
}

pub(crate) fn names_shift<T: PartialEq>(old: &[T], new: &[T]) -> Shift {
    Shift {
        more: new.iter().any(|name| !old.contains(name)),
        less: old.iter().any(|name| !new.contains(name)),
    }
}

pub(crate) fn place_shift(old: &SourcePlace, new: &SourcePlace) -> Shift {
    let parts = |place: &SourcePlace| match place {
        SourcePlace::Directory {
            members,
            guests,
            org_contacts,
        } => [*members, *guests, *org_contacts],
        SourcePlace::Folder { children, .. } => [true, *children, false],
    };
    let pairs = parts(old).into_iter().zip(parts(new));
    pairs.fold(Shift::default(), |shift, (old, new)| {
        shift.and(Shift {
            more: !old && new,
            less: old && !new,
        })
    })
}

pub(crate) fn field_shift(old: &FieldRule, new: &FieldRule) -> Shift {
    // How much of what a user wrote each switch may take away.
    let present = |rule: &FieldRule| match rule.when_present {
        WhenPresent::Never => 0,
        WhenPresent::IfBlank => 1,
        WhenPresent::Append => 2,
        WhenPresent::Always => 3,
    };
    let clears = |rule: &FieldRule| rule.when_blank == WhenBlank::Clear;
    Shift {
        more: present(new) > present(old) || (clears(new) && !clears(old)),
        less: present(new) < present(old) || (clears(old) && !clears(new)),
    }
}
