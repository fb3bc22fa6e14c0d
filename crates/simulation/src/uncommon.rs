//! Uncommon: what people and machines do in few histories only, each drawn from a chance of its own.

use crate::deeds::object;
use crate::ground::Inner;
use crate::world::World;
use graph_sim::Actor;
use graph_sim::chance::Chance as Dice;
use graph_sim::directory::DirectoryAct;
use graph_sim::mailbox::{Condition, ContactView, MailboxAct};
use model::{Millis, Timestamp};
use serde_json::{Value, json};

impl Inner {
    /// F36: somebody writes job titles that Exchange may store in other words: too long, with blanks side by side.
    pub fn write_strange_jobs(&mut self, dice: &mut Dice, now: Timestamp) {
        let living = self.town.people.values().filter(|p| !p.deleted);
        let ids: Vec<String> = living.map(|p| p.id.clone()).collect();
        for _ in 0..5 {
            let number = 1000 + dice.below(9000);
            let job = format!(
                "Lead {number}  of procurement and  supplier relations, north and east regions"
            );
            let Some(id) = dice.pick(&ids).cloned() else {
                return;
            };
            if let Some(person) = self.town.people.get_mut(&id) {
                person.job.clone_from(&job);
            }
            let properties = object(json!({ "jobTitle": job }));
            self.admin(DirectoryAct::EditUser { id, properties }, now);
        }
        self.monitor.count("somebody wrote strange texts", 1);
    }

    /// F27: somebody drags one of our cards, mark and all, into the shared mailbox that is a source.
    pub fn carry_copy_to_source(&mut self, dice: &mut Dice, now: Timestamp) {
        let mailboxes = self.town.mailboxes();
        let Some(mailbox) = dice.pick(&mailboxes).filter(|m| **m != self.town.reception) else {
            return;
        };
        let all = self.cloud.contacts(&self.town.tenant, mailbox);
        let ours = |v: &&ContactView| {
            !v.folder.deleted
                && self.monitor.cards.is_ours(mailbox, &v.id)
                && !v.extended.is_empty()
        };
        let ours: Vec<&ContactView> = all.iter().filter(ours).collect();
        let Some(card) = dice.pick(&ours) else { return };
        let mut properties = card.properties.clone();
        properties.retain(|name, value| {
            let kept = ["displayName", "givenName", "surname", "mobilePhone"];
            kept.contains(&name.as_str()) && !value.is_null()
        });
        let marks = card.extended.iter();
        let marks = marks.map(|(id, value)| json!({ "id": id, "value": value }));
        let marks = Value::Array(marks.collect());
        properties.insert("singleValueExtendedProperties".to_owned(), marks);
        let (reception, folder) = (self.town.reception.clone(), None);
        let act = MailboxAct::CreateContact { folder, properties };
        self.in_mailbox(&reception, Actor::User, act, now);
        self.monitor.count("a copy of ours lay in a source", 1);
    }

    /// The shared mailbox is being moved between servers (423), or is there again.
    pub fn close_reception(&mut self, until: Option<Timestamp>, now: Timestamp) {
        let reception = self.town.reception.clone();
        let condition = match until {
            Some(until) => Condition::Moving { until_ms: until.0 },
            None => Condition::Ready,
        };
        let act = MailboxAct::SetCondition(condition);
        self.in_mailbox(&reception, Actor::Service, act, now);
    }
}

/// What is silent for longer than a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Night {
    /// No machine works, and nothing starts one.
    Machines,
    /// One source answers 423.
    Reception,
}

/// A long silence begins: which, and for how long.
pub fn fall_silent(world: &mut World, dice: &mut Dice) -> (Night, Millis) {
    let span = Millis::hours(27 + dice.below(30) as i64);
    let night = match dice.happens(0.5) {
        true => Night::Machines,
        false => Night::Reception,
    };
    let now = world.now();
    match night {
        Night::Machines => (0..2).for_each(|number| world.crash(number)),
        Night::Reception => {
            let until = Some(now + span);
            world.ground.lock().close_reception(until, now);
        }
    }
    (night, span)
}
