//! One card of ours in the making: whose value wins in each field, and what else may stand there.

use super::merge::{Card, Contribution, Node, Presence, Verdict, Want};
use super::pair::Kinship;
use super::select::{Answer, addresses};
use super::value::{IDENTITY, calling_code, elements, squash};
use super::world::{Mailbox, NameOrder, Person, Present, Rule, Tunnel};

/// Everybody who makes up one card.
pub struct Draft<'d, 'a> {
    /// The highest priority first; equal ones by the order of tunnel ids, then of the document.
    part: Node<'a>,
    /// Whose values may have been merged in, too, since nobody can tell.
    rivals: Node<'a>,
    verdict: Verdict,
    /// The first of the tunnels: those of one folder agree on rules and on most options.
    tunnel: &'a Tunnel,
    kinship: &'d Kinship<'a>,
}

impl<'d, 'a> Draft<'d, 'a> {
    /// `None` where nobody contributes.
    pub fn new(
        mut part: Node<'a>,
        rivals: Node<'a>,
        verdict: Verdict,
        kinship: &'d Kinship<'a>,
    ) -> Option<Self> {
        part.sort_by_key(|c| (c.tunnel.sources[c.source].priority, &c.tunnel.id, c.source));
        let tunnel = part.iter().map(|c| c.tunnel).min_by_key(|t| &t.id)?;
        Some(Self {
            part,
            rivals,
            verdict,
            tunnel,
            kinship,
        })
    }

    pub fn card(&self, mailbox: &Mailbox) -> Option<Card> {
        let presence = self.presence(mailbox)?;
        let rules = self.tunnel.rules.iter();
        Some(Card {
            label: format!("{} ({})", self.said("display_name"), self.part[0].person.id),
            presence,
            fields: rules
                .map(|(f, rule)| (f.clone(), self.want(f, *rule)))
                .collect(),
            photos: self.photos(),
            old_photos: self.old_photos().into_iter().collect(),
            any_lost_photo: self.rules_changed() || self.tunnel.options.initials_for_lost_photo,
            who: self.part.iter().map(|c| c.person.clone()).collect(),
            region: self.tunnel.options.region.clone(),
        })
    }

    fn presence(&self, mailbox: &Mailbox) -> Option<Presence> {
        let skip = self.tunnel.options.skip_own_card;
        let own_address = mailbox.address.to_lowercase();
        if skip && self.part.iter().any(|c| c.person.id == mailbox.owner) {
            return None;
        }
        let sure = self.verdict == Verdict::One && self.part.iter().any(|c| c.answer == Answer::In);
        let own = skip
            && self
                .part
                .iter()
                .any(|c| addresses(c.person).contains(&own_address));
        Some(if sure && !own {
            Presence::Must
        } else {
            Presence::May
        })
    }

    /// Could another source have its say here?
    fn doubtful(&self) -> bool {
        !self.rivals.is_empty() || self.part.iter().any(|c| c.answer == Answer::Unknown)
    }

    fn rules_changed(&self) -> bool {
        self.part.iter().any(|c| c.tunnel.rules_changed)
    }

    /// The first contribution that has a value here.
    fn speaker(&self, field: &str) -> Option<&Contribution<'a>> {
        let speaks = |c: &&Contribution| {
            c.person
                .fields
                .get(field)
                .is_some_and(|v| !squash(v).is_empty())
        };
        self.part.iter().find(speaks)
    }

    fn said(&self, field: &str) -> String {
        let speaker = self.speaker(field).and_then(|c| c.person.fields.get(field));
        speaker.cloned().unwrap_or_default()
    }

    fn want(&self, field: &str, rule: Rule) -> Want {
        let (mut now, mut any) = match field {
            "display_name" | "file_as" => self.named(field, rule),
            _ => (vec![self.said(field)], false),
        };
        if self.doubtful() {
            let others = self.part.iter().chain(&self.rivals);
            now.extend(others.map(|c| c.person.fields.get(field).cloned().unwrap_or_default()));
        }
        if field == "categories" {
            let added = &self.tunnel.options.categories;
            now = now
                .into_iter()
                .map(|v| format!("{v}\n{}", added.join("\n")))
                .collect();
            any |= self
                .part
                .iter()
                .any(|c| c.tunnel.options.categories != *added);
        }
        Want {
            rule,
            now,
            extra: self.extra(field),
            past: self.values(field),
            any,
            loose: self.rules_changed(),
            code: self.code(field),
        }
    }

    fn code(&self, field: &str) -> &'static str {
        let speaker = self.speaker(field).filter(|_| !self.doubtful());
        speaker.map_or("", |c| {
            calling_code(&c.person.country, &c.tunnel.options.region)
        })
    }

    /// Display name and fileAs by the name order; where a name is missing, the server and we may improvise.
    fn named(&self, field: &str, rule: Rule) -> (Vec<String>, bool) {
        let [given, surname, display] = IDENTITY.map(|f| squash(&self.said(f)));
        let middle = squash(&self.said("middle_name"));
        let complete = !given.is_empty() && !surname.is_empty();
        let turned = vec![
            format!("{surname}, {given}"),
            format!("{surname}, {given} {middle}"),
        ];
        let source = self.said(field);
        // Exchange makes both fields itself from the names where we write none.
        let improvised = self.doubtful() || rule.present != Present::Always;
        match (field, self.tunnel.options.name_order) {
            ("display_name", NameOrder::FirstLast) | (_, NameOrder::AsSource) => {
                let blank = source.is_empty();
                (vec![source], improvised || blank)
            }
            _ => (turned, improvised || !complete || display.is_empty()),
        }
    }

    fn extra(&self, field: &str) -> Vec<String> {
        let lower = self
            .part
            .iter()
            .filter_map(|c| c.person.fields.get(field))
            .flat_map(|v| elements(field, v));
        let mailed = self.part.iter().filter(|_| field == "emails");
        lower
            .chain(mailed.flat_map(|c| addresses(c.person)))
            .collect()
    }

    /// Everything that anybody who may be this person says or said in a field.
    fn values(&self, field: &str) -> Vec<String> {
        let is_own = |p: &Person| self.part.iter().any(|c| c.person.id == p.id);
        let kin = self
            .part
            .iter()
            .flat_map(|c| self.kinship.of(c.person))
            .map(|(p, _)| *p);
        // Those who are never merged leave nothing in each other's cards.
        let kin = kin.filter(|p| self.verdict != Verdict::Apart || p.gone || is_own(p));
        kin.flat_map(|p| said_ever(p, field))
            .filter(|v| !v.trim().is_empty())
            .cloned()
            .collect()
    }

    /// None ever came from a tunnel without photos.
    fn old_photos(&self) -> Vec<String> {
        let copied = self.tunnel.options.photos || self.rules_changed();
        if copied {
            self.values("photo")
        } else {
            Vec::new()
        }
    }

    fn photos(&self) -> Vec<Option<String>> {
        if !self.tunnel.options.photos {
            return vec![None];
        }
        let mut all = vec![self.part.iter().find_map(|c| c.person.photo.clone())];
        if self.doubtful() {
            all.push(None);
            all.extend(
                self.part
                    .iter()
                    .chain(&self.rivals)
                    .map(|c| c.person.photo.clone()),
            );
        }
        all
    }
}

fn said_ever<'p>(person: &'p Person, field: &str) -> impl Iterator<Item = &'p String> + use<'p> {
    let now = match field {
        "photo" => person.photo.as_ref(),
        _ => person.fields.get(field),
    };
    person.past.get(field).into_iter().flatten().chain(now)
}
