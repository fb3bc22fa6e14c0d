//! Microsoft's published schema (CSDL), read as far as an answer can be checked against it.
#![allow(dead_code, clippy::unwrap_used)]

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Schema {
    enums: BTreeMap<String, Enum>,
    types: BTreeMap<String, Type>,
}

#[derive(Default)]
struct Enum {
    members: Vec<String>,
    flags: bool,
}

#[derive(Default)]
struct Type {
    base: Option<String>,
    open: bool,
    properties: BTreeMap<String, Property>,
}

struct Property {
    kind: String,
    nullable: bool,
    navigation: bool,
}

impl Schema {
    pub fn read(xml: &str) -> Schema {
        let mut schema = Schema::default();
        let mut reader = Reader::from_str(xml);
        let mut namespace = String::new();
        let mut aliases = BTreeMap::new();
        let mut within = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                    "Schema" => {
                        namespace = attribute(&tag, "Namespace").unwrap();
                        let alias = attribute(&tag, "Alias").unwrap_or_else(|| namespace.clone());
                        aliases.insert(alias, namespace.clone());
                    }
                    "EnumType" => {
                        within = format!("{namespace}.{}", attribute(&tag, "Name").unwrap());
                        let flags = attribute(&tag, "IsFlags").as_deref() == Some("true");
                        schema.enums.insert(
                            within.clone(),
                            Enum {
                                members: vec![],
                                flags,
                            },
                        );
                    }
                    "Member" => {
                        let name = attribute(&tag, "Name").unwrap();
                        schema.enums.get_mut(&within).unwrap().members.push(name);
                    }
                    "EntityType" | "ComplexType" => {
                        within = format!("{namespace}.{}", attribute(&tag, "Name").unwrap());
                        let base = attribute(&tag, "BaseType").map(|b| whole(&b, &aliases));
                        let open = attribute(&tag, "OpenType").as_deref() == Some("true");
                        let kind = Type {
                            base,
                            open,
                            properties: BTreeMap::new(),
                        };
                        schema.types.insert(within.clone(), kind);
                    }
                    name @ ("Property" | "NavigationProperty") => {
                        let property = Property {
                            kind: whole(&attribute(&tag, "Type").unwrap(), &aliases),
                            nullable: attribute(&tag, "Nullable").as_deref() != Some("false"),
                            navigation: name == "NavigationProperty",
                        };
                        let name = attribute(&tag, "Name").unwrap();
                        schema
                            .types
                            .get_mut(&within)
                            .unwrap()
                            .properties
                            .insert(name, property);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        schema
    }

    /// What is wrong with `value` as a `kind` (`microsoft.graph.user`, `Collection(…)`, `Edm.String`).
    pub fn faults(&self, kind: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(kind, value, "", &mut faults);
        faults
    }

    fn check(&self, kind: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(inner) = kind
            .strip_prefix("Collection(")
            .and_then(|k| k.strip_suffix(')'))
        {
            match value {
                Value::Array(items) => {
                    let numbered = items.iter().enumerate();
                    numbered.for_each(|(n, item)| {
                        self.check(inner, item, &format!("{at}[{n}]"), faults)
                    });
                }
                other => faults.push(format!("{at}: {other} where a {kind} is due")),
            }
        } else if let Some(known) = self.enums.get(kind) {
            if !known.accepts(value) {
                faults.push(format!("{at}: {value} is no {kind}"));
            }
        } else if self.types.contains_key(kind) {
            match value {
                Value::Object(object) => self.check_object(kind, object, at, faults),
                other => faults.push(format!("{at}: {other} where a {kind} is due")),
            }
        } else if !is_primitive(kind, value) {
            faults.push(format!("{at}: {value} is no {kind}"));
        }
    }

    fn check_object(
        &self,
        declared: &str,
        object: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let said = object.get("@odata.type").and_then(Value::as_str);
        let kind = said.map_or(declared, |said| said.trim_start_matches('#'));
        if !self.derives(kind, declared) {
            faults.push(format!("{at}: {kind} is no {declared}"));
            return;
        }
        for (name, value) in object {
            let at = format!("{at}/{name}");
            match name.split_once('@') {
                Some(("", annotation)) => check_annotation(annotation, value, &at, faults),
                Some((property, "delta")) => match self.property(kind, property) {
                    // A list even where the property is one object: `manager@delta` (Graph: user-delta).
                    Some(p) if p.kind.starts_with("Collection(") => {
                        self.check(&p.kind, value, &at, faults)
                    }
                    Some(p) => self.check(&format!("Collection({})", p.kind), value, &at, faults),
                    None => faults.push(format!("{at}: {kind} has no {property}")),
                },
                Some((property, annotation)) => {
                    if self.property(kind, property).is_none() || !annotation.starts_with("odata.")
                    {
                        faults.push(format!("{at}: no such annotation"));
                    }
                }
                None => self.check_property(kind, name, value, &at, faults),
            }
        }
    }

    fn check_property(
        &self,
        kind: &str,
        name: &str,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        match self.property(kind, name) {
            None => faults.push(format!("{at}: {kind} has no such property")),
            // OData 4.01 JSON 7: a null is allowed where the property is nullable; collections are never null.
            Some(p) if value.is_null() => {
                if !p.nullable || p.kind.starts_with("Collection(") {
                    faults.push(format!("{at}: null is not allowed"));
                }
            }
            Some(p) => self.check(&p.kind, value, at, faults),
        }
    }

    fn property(&self, kind: &str, name: &str) -> Option<&Property> {
        let known = self.types.get(kind)?;
        let own = known.properties.get(name);
        own.or_else(|| self.property(known.base.as_deref()?, name))
    }

    fn derives(&self, kind: &str, from: &str) -> bool {
        let base = || self.types.get(kind)?.base.as_deref();
        kind == from && self.types.contains_key(kind)
            || base().is_some_and(|base| self.derives(base, from))
    }
}

impl Enum {
    fn accepts(&self, value: &Value) -> bool {
        let known = |name: &str| self.members.iter().any(|m| m == name);
        match value.as_str() {
            Some(names) if self.flags => names.split(',').all(|n| known(n.trim())),
            Some(name) => known(name),
            None => false,
        }
    }
}

/// Control information that answers may carry (OData 4.01 JSON section 4.6, and Graph's `@removed`).
fn check_annotation(name: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
    let is_fine = match name {
        "odata.context"
        | "odata.nextLink"
        | "odata.deltaLink"
        | "odata.etag"
        | "odata.type"
        | "odata.id"
        | "odata.editLink"
        | "odata.mediaContentType"
        | "odata.mediaEtag"
        | "odata.mediaReadLink"
        | "odata.mediaEditLink" => value.is_string(),
        "odata.count" => value.is_u64(),
        "removed" => matches!(value["reason"].as_str(), Some("changed" | "deleted")),
        _ => false,
    };
    if !is_fine {
        faults.push(format!("{at}: {value} is not known here"));
    }
}

fn is_primitive(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        "Edm.String" | "Edm.Binary" | "Edm.Stream" | "Edm.Duration" => text.is_some(),
        "Edm.Boolean" => value.is_boolean(),
        "Edm.Int16" | "Edm.Int32" | "Edm.Int64" | "Edm.Byte" => value.is_i64(),
        "Edm.Double" | "Edm.Single" | "Edm.Decimal" => value.is_number(),
        "Edm.Guid" => text.is_some_and(|t| fits(t, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh")),
        "Edm.Date" => text.is_some_and(|t| fits(t, "dddd-dd-dd")),
        "Edm.TimeOfDay" => text.is_some_and(|t| fits(t.split('.').next().unwrap_or(t), "dd:dd:dd")),
        "Edm.DateTimeOffset" => text.is_some_and(is_instant),
        _ => false,
    }
}

/// `2026-11-23T07:00:00Z`, with a fraction or an offset if it likes.
fn is_instant(text: &str) -> bool {
    let Some((start, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let zoned = zone == "Z" || fits(zone, "+dd:dd") || fits(zone, "-dd:dd");
    fits(start, "dddd-dd-ddTdd:dd:dd") && zoned
}

fn fits(text: &str, pattern: &str) -> bool {
    let fit = |(c, p): (char, char)| match p {
        'd' => c.is_ascii_digit(),
        'h' => c.is_ascii_hexdigit(),
        p => c == p,
    };
    text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(fit)
}

fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).unwrap()?;
    Some(found.value.into_owned())
}

/// `Collection(graph.user)` with the alias replaced by its namespace.
fn whole(kind: &str, aliases: &BTreeMap<String, String>) -> String {
    let (before, inner, after) = match kind.strip_prefix("Collection(") {
        Some(rest) => ("Collection(", rest.trim_end_matches(')'), ")"),
        None => ("", kind, ""),
    };
    let (alias, name) = inner.rsplit_once('.').unwrap();
    let namespace = aliases.get(alias).map_or(alias, String::as_str);
    format!("{before}{namespace}.{name}{after}")
}
