//! How directory objects look in answers.

use super::Directory;
use super::schema::{Kind, blank, is_link};
use super::store::{Object, Row, State};
use crate::app::derived_guid;
use crate::odata::{self, Options, Select};
use crate::settings::Settings;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// An object as filters and answers see it: its row, and what is computed from the rest.
pub(super) struct View<'a> {
    pub object: &'a Object,
    pub row: &'a Row,
    /// Whether Exchange's hidden flag shows in `showInAddressList`.
    pub mirrors_hidden: bool,
}

/// Exchange Online Plan 1 and 2 as `assignedPlans` and `subscribedSkus` name them (public service plan ids).
pub(super) const EXCHANGE_PLAN: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";
pub(super) const SKU: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";

impl odata::Row for View<'_> {
    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name {
            "assignedPlans" | "assignedLicenses" | "provisionedPlans" if self.object.licensed => {
                Some(Cow::Owned(self.licence(name)))
            }
            "showInAddressList" if !self.mirrors_hidden && !self.is_guest() => None,
            "deletedDateTime" => match self.object.state {
                State::Deleted(at_ms) => Some(Cow::Owned(super::seed::timestamp(at_ms).into())),
                _ => None,
            },
            _ => self.row.get(name).map(Cow::Borrowed),
        }
    }
}

impl View<'_> {
    fn is_guest(&self) -> bool {
        self.row.get("userType").and_then(Value::as_str) == Some("Guest")
    }

    fn licence(&self, name: &str) -> Value {
        let since = self.row.get("createdDateTime");
        match name {
            "assignedPlans" => json!([{
                "assignedDateTime": since,
                "capabilityStatus": "Enabled",
                "service": "exchange",
                "servicePlanId": EXCHANGE_PLAN,
            }]),
            "assignedLicenses" => json!([{"disabledPlans": [], "skuId": SKU}]),
            _ => json!([{
                "capabilityStatus": "Enabled",
                "provisioningStatus": "Success",
                "service": "exchange",
            }]),
        }
    }

    /// The properties of `select`, or the type's own choice; blank ones are null or empty.
    pub(super) fn whole(&self, select: Option<&Select>) -> Map<String, Value> {
        let names = names(self.object.kind, select).into_iter();
        let shown = names.map(|name| {
            let value = odata::Row::property(self, name);
            let value = value.map_or_else(|| blank(name), Cow::into_owned);
            (name.to_owned(), value)
        });
        shown.collect()
    }
}

/// What to show: the properties of `select` without links, or the type's own choice.
pub(super) fn names(kind: Kind, select: Option<&Select>) -> Vec<&str> {
    match select {
        Some(select) if !select.all => {
            let names = select.names.iter().map(String::as_str);
            names.filter(|name| !is_link(name)).collect()
        }
        _ => kind.defaults().to_vec(),
    }
}

impl Directory {
    pub(super) fn view<'a>(
        &self,
        object: &'a Object,
        row: &'a Row,
        settings: &Settings,
    ) -> View<'a> {
        View {
            object,
            row,
            mirrors_hidden: !settings.quirks.hidden_flag_unmirrored,
        }
    }

    /// One object of a list or on its own, with what `$expand` asks for.
    pub(super) fn shown(
        &self,
        object: &Object,
        row: &Row,
        options: &Options,
        settings: &Settings,
        now_ms: i64,
    ) -> Map<String, Value> {
        let mut shown = self
            .view(object, row, settings)
            .whole(options.select.as_ref());
        for expand in &options.expand {
            if expand.name.eq_ignore_ascii_case("manager") {
                let manager = object.manager.as_deref().and_then(|id| self.store.get(id));
                let seen = manager.and_then(|found| Some((found, found.shown(now_ms)?)));
                if let Some((manager, row)) = seen {
                    let view = self.view(manager, row, settings);
                    let mut whole = view.whole(expand.options.select.as_ref());
                    whole.insert("@odata.type".to_owned(), manager.kind.odata_type());
                    shown.insert("manager".to_owned(), Value::Object(whole));
                }
            }
        }
        shown
    }
}

/// `…/$metadata#users(id,displayName)`, for one object with `/$entity`.
pub(super) fn context(base: &str, set: &str, options: &Options, is_one: bool) -> Value {
    let entity = if is_one { "/$entity" } else { "" };
    let mut parts = Vec::new();
    if let Some(select) = options.select.as_ref().filter(|select| !select.all) {
        parts.extend(select.names.iter().cloned());
    }
    for expand in &options.expand {
        parts.push(format!("{}()", expand.name));
    }
    let of = match parts.is_empty() {
        true => String::new(),
        false => format!("({})", parts.join(",")),
    };
    Value::String(format!("{base}/$metadata#{set}{of}{entity}"))
}

/// The name that a deleted user's userPrincipalName is given: its id without dashes in front.
pub(super) fn deleted_upn(id: &str, upn: &str) -> String {
    format!("{}{upn}", id.replace('-', ""))
}

/// The organization's object id is the tenant's; its parts have ids of their own.
pub(super) fn part_id(tenant: &str, part: &str) -> String {
    derived_guid(&["organization", tenant, part])
}
