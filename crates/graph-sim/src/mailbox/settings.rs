//! Master categories, mailbox settings with userPurpose, and translateExchangeIds (graph.md 2.8, 4.1).

use super::store::Mailbox;
use crate::{
    call::Call,
    chance::{hash, mix},
    done::Done,
    error,
    scene::Scene,
};
use serde_json::{Map, Value, json};

/// translateExchangeIds takes so many at once.
const TRANSLATE_MAX: usize = 1000;

/// The categories of a new mailbox and their colours (Graph: the sample of outlookuser-list-mastercategories).
const FIRST_CATEGORIES: [(&str, u64); 6] = [
    ("Red category", 0),
    ("Orange category", 1),
    ("Yellow category", 3),
    ("Green category", 4),
    ("Blue category", 7),
    ("Purple category", 8),
];

impl Mailbox {
    pub(super) fn categories(
        &mut self,
        rest: &[&str],
        call: &Call,
        scene: &mut Scene,
    ) -> Result<Done, Done> {
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Done::ok(json!({
                "@odata.context": self.contacts_context(call, "outlook/masterCategories"),
                "value": self.categories,
            }))),
            ("POST", []) => self.create_category(call, scene),
            ("GET", [id]) => {
                let found = self.categories[self.category(id)?].clone();
                Ok(Done::ok(self.one_category(found, call)))
            }
            ("PATCH", [id]) => self.recolour(self.category(id)?, call),
            ("DELETE", [id]) => {
                let at = self.category(id)?;
                self.categories.remove(at);
                Ok(Done::nothing())
            }
            _ => Err(error::method_not_allowed()),
        }
    }

    fn category(&self, id: &str) -> Result<usize, Done> {
        let found = self
            .categories
            .iter()
            .position(|c| c.get("id").and_then(Value::as_str) == Some(id));
        found.ok_or_else(error::item_not_found)
    }

    fn create_category(&mut self, call: &Call, scene: &mut Scene) -> Result<Done, Done> {
        let body = call.object()?;
        let name = body
            .get("displayName")
            .and_then(Value::as_str)
            .filter(|n| !n.is_empty());
        let name = name.ok_or_else(|| error::invalid_property("displayName"))?;
        let color = read_color(body)?.unwrap_or_else(|| "none".to_owned());
        let same = |c: &Value| {
            c.get("displayName")
                .and_then(Value::as_str)
                .is_some_and(|n| n.eq_ignore_ascii_case(name))
        };
        if self.categories.iter().any(same) {
            return Err(error::category_exists());
        }
        let category = json!({"id": scene.chance.guid(), "displayName": name, "color": color});
        self.categories.push(category.clone());
        Ok(Done::created(self.one_category(category, call)))
    }

    /// displayName cannot be changed after create.
    fn recolour(&mut self, at: usize, call: &Call) -> Result<Done, Done> {
        let body = call.object()?;
        if body.contains_key("displayName") {
            return Err(error::invalid_property("displayName"));
        }
        if let Some(color) = read_color(body)? {
            self.categories[at]["color"] = Value::from(color);
        }
        Ok(Done::ok(
            self.one_category(self.categories[at].clone(), call),
        ))
    }

    fn one_category(&self, mut category: Value, call: &Call) -> Value {
        category["@odata.context"] =
            self.contacts_context(call, "outlook/masterCategories/$entity");
        category
    }

    pub(super) fn settings(&mut self, rest: &[&str], call: &Call) -> Result<Done, Done> {
        let context = self.contacts_context(call, "mailboxSettings");
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                let mut all = self.all_settings();
                all.insert("@odata.context".to_owned(), context);
                Ok(Done::ok(Value::Object(all)))
            }
            ("GET", [name]) => {
                let all = self.all_settings();
                let found = all.get(*name).ok_or_else(|| error::unknown_segment(name))?;
                Ok(Done::ok(match found {
                    Value::Object(inner) => {
                        let of = format!("mailboxSettings/{name}");
                        let mut inner = inner.clone();
                        inner.insert(
                            "@odata.context".to_owned(),
                            self.contacts_context(call, &of),
                        );
                        Value::Object(inner)
                    }
                    other => json!({"@odata.context": context, "value": other}),
                }))
            }
            ("PATCH", []) => {
                let body = call.object()?;
                let known = self.all_settings();
                if let Some(name) = body
                    .keys()
                    .find(|n| !n.contains('@') && !known.contains_key(*n))
                {
                    return Err(error::unknown_property(
                        name,
                        "microsoft.graph.mailboxSettings",
                    ));
                }
                self.settings
                    .extend(body.iter().map(|(n, v)| (n.clone(), v.clone())));
                Ok(Done::ok(Value::Object(self.all_settings())))
            }
            _ => Err(error::method_not_allowed()),
        }
    }

    fn all_settings(&self) -> Map<String, Value> {
        let defaults = json!({
            "archiveFolder": self.ids.folder(super::store::DELETED),
            "automaticRepliesSetting": {
                "status": "disabled",
                "externalAudience": "none",
                "internalReplyMessage": "",
                "externalReplyMessage": "",
                "scheduledStartDateTime": {"dateTime": "2026-11-23T07:00:00.0000000", "timeZone": "UTC"},
                "scheduledEndDateTime": {"dateTime": "2026-11-24T07:00:00.0000000", "timeZone": "UTC"},
            },
            "dateFormat": "yyyy-MM-dd",
            "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
            "language": {"locale": "en-US", "displayName": "English (United States)"},
            "timeFormat": "HH:mm",
            "timeZone": "UTC",
            "userPurpose": self.kind,
            "workingHours": {
                "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
                "startTime": "08:00:00.0000000",
                "endTime": "17:00:00.0000000",
                "timeZone": {"name": "UTC"},
            },
        });
        let Value::Object(mut all) = defaults else {
            return Map::new();
        };
        all.extend(self.settings.clone());
        all.insert("userPurpose".to_owned(), Value::from(self.kind.as_str()));
        all
    }

    /// Turns ids of one format into the other; ids that are not ours are left out, as Graph does.
    pub(super) fn translate(&self, call: &Call) -> Result<Done, Done> {
        let ids = call.parameter("inputIds").and_then(Value::as_array);
        let ids = ids.ok_or_else(|| error::invalid_property("inputIds"))?;
        if ids.len() > TRANSLATE_MAX {
            return Err(error::invalid_request("Too many ids in one request."));
        }
        let target = call
            .parameter("targetIdType")
            .and_then(Value::as_str)
            .unwrap_or("");
        let immutable = match target {
            "restImmutableEntryId" => true,
            "restId" => false,
            _ => return Err(error::invalid_property("targetIdType")),
        };
        let one = |id: &Value| {
            let source = id.as_str()?;
            let item = self.ids.read_item(source)?.item;
            let contact = self.items.get(&item)?;
            Some(json!({"sourceId": source, "targetId": self.item_id(item, contact, immutable)}))
        };
        let value: Vec<Value> = ids.iter().filter_map(one).collect();
        Ok(Done::ok(json!({
            "@odata.context": format!("{}/$metadata#Collection(microsoft.graph.convertIdResult)", call.base),
            "value": value,
        })))
    }

    /// A stable colour for a category that a fleet names.
    pub(super) fn add_category(&mut self, name: &str) {
        let color = mix(hash(name.as_bytes()) ^ self.salt) % 25;
        self.push_category(name, color);
    }

    /// What every mailbox has from the start.
    pub(super) fn add_first_categories(&mut self) {
        for (name, color) in FIRST_CATEGORIES {
            self.push_category(name, color);
        }
    }

    fn push_category(&mut self, name: &str, color: u64) {
        let dice = mix(hash(name.as_bytes()) ^ self.salt);
        self.categories.push(json!({
            "id": crate::chance::Chance::new(dice).guid(),
            "displayName": name,
            "color": format!("preset{color}"),
        }));
    }
}

fn read_color(body: &Map<String, Value>) -> Result<Option<String>, Done> {
    let Some(color) = body.get("color") else {
        return Ok(None);
    };
    let text = color.as_str().unwrap_or("");
    let preset = text
        .strip_prefix("preset")
        .and_then(|n| n.parse::<u8>().ok())
        .is_some_and(|n| n < 25);
    match preset || text == "none" {
        true => Ok(Some(text.to_owned())),
        false => Err(error::invalid_property("color")),
    }
}
