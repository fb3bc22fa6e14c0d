//! The stage: a world in which a story happens, with what must be remembered to tell it by names.

use super::scene::Scene;
use super::verb::{Trouble, Verb};
use crate::armed::{Armed, Moment, Strike};
use crate::charter::TENANT;
use crate::checks::Violation;
use crate::executor::TaskId;
use crate::faults::BREAKING;
use crate::ground::Inner;
use crate::world::World;
use engine::Engine;
use futures::executor::block_on;
use graph_sim::Settings;
use graph_sim::chance::{Chance as Dice, mix};
use model::link::Origin;
use model::{EntryId, MemberId, TenantName};
use std::collections::{BTreeMap, BTreeSet};

/// What a line says below it, or why it cannot be done.
pub type Said = Result<Vec<String>, String>;

/// A story under way.
pub struct Stage {
    pub world: World,
    /// New people's ids.
    pub dice: Dice,
    pub names: Names,
    /// Commands at work, by the machine that they run on.
    pub commands: BTreeMap<usize, TaskId>,
    /// Polls to go until whoever is polled crashes.
    pub crash_in: Option<u64>,
    /// Rows of the ledger that were shown.
    pub ledger_shown: i64,
}

/// How things are called, once seen: what is gone keeps its name.
#[derive(Default)]
pub struct Names {
    pub items: BTreeMap<(String, String), String>,
    pub entries: BTreeMap<EntryId, String>,
    /// Object ids of their mailboxes.
    pub members: BTreeMap<MemberId, String>,
    pub people: BTreeMap<String, String>,
    /// Item ids of the users' cards that are taken for copies now.
    pub adopted: BTreeSet<String>,
}

impl Stage {
    pub fn new(scene: &Scene) -> Result<Self, String> {
        let world = World::new(scene.beginning()?);
        world.ground.lock().armed = Some(Armed::default());
        let mut stage = Self {
            world,
            dice: Dice::new(mix(0x5709)),
            names: Names::default(),
            commands: BTreeMap::new(),
            crash_in: None,
            ledger_shown: 0,
        };
        stage.learn_names();
        Ok(stage)
    }

    pub fn perform(&mut self, verb: &Verb) -> Said {
        let logs = self.world.logs.clone();
        let said = tracing::subscriber::with_default(logs, || self.carry_out(verb));
        self.learn_names();
        said
    }

    fn carry_out(&mut self, verb: &Verb) -> Said {
        let word = format!("{verb:?}");
        self.world
            .ground
            .lock()
            .trace
            .add(&[b"story", word.as_bytes()]);
        match verb {
            Verb::Person(traits) => self.hire(traits),
            Verb::Card {
                mailbox,
                folder,
                card,
            } => self.write_card(mailbox, folder, card),
            Verb::Policy(text) => self.edit_policy(text),
            Verb::InMailbox(mailbox, act) => self.in_mailbox(mailbox, act),
            Verb::Admin(act) => self.admin(act),
            Verb::Work(work) => self.work(work),
            Verb::Trouble(trouble) => self.trouble(trouble),
            Verb::Show(show) => self.show(show),
            Verb::OrgContact(_) | Verb::Shared(_) | Verb::Group(..) => Err(
                "this describes the town: it stands before the first line that does something"
                    .to_owned(),
            ),
        }
    }

    pub fn is_broken(&self) -> bool {
        self.world.violated()
    }

    /// What is remembered is held against what happened; then the story is over.
    pub fn end(&mut self) -> (u128, Option<Violation>) {
        if !self.is_broken() {
            self.world.audit(false);
        }
        let ground = self.world.ground.lock();
        (ground.trace.hash(), ground.monitor.violation.clone())
    }

    fn trouble(&mut self, trouble: &Trouble) -> Said {
        match trouble {
            Trouble::Strike {
                fault,
                calls,
                times,
            } => {
                let strike = Strike {
                    fault: fault.clone(),
                    calls: *calls,
                    left: *times,
                };
                self.expect_breaking(fault);
                self.armed(|armed| armed.strikes.push(strike));
            }
            Trouble::Rate(fault, rate) => {
                self.expect_breaking(fault);
                self.settings(|settings| {
                    settings.faults.set(fault, *rate);
                });
            }
            Trouble::Over => {
                self.armed(|armed| armed.strikes.clear());
                self.settings(|settings| settings.faults = graph_sim::Faults::none());
            }
            Trouble::Quirk(quirk, on) => self.settings(|settings| {
                settings.quirks.set(quirk, *on);
            }),
            Trouble::CrashAt(moment, calls) => self.lay_crash(*moment, *calls),
            Trouble::FreezeAt(calls, span) => {
                self.armed(|armed| armed.freeze = Some((*calls, *span)));
            }
            Trouble::CrashAtPoll(poll) => self.crash_in = Some(*poll),
            Trouble::Crash(worker) => {
                if self.world.workers[*worker].is_none() {
                    return Err(format!(
                        "worker {} does not work: `start worker {0}`",
                        worker + 1
                    ));
                }
                self.world.crash(*worker);
            }
            Trouble::Freeze(worker, span) => {
                let until = self.world.now() + *span;
                let task = self.world.workers[*worker].as_ref().map(|w| w.task);
                let task = task.ok_or_else(|| format!("worker {} does not work", worker + 1))?;
                self.world.executor.freeze(task, until);
            }
            Trouble::LoseStore => {
                self.world.lose_store();
                self.ledger_shown = 0;
            }
        }
        Ok(Vec::new())
    }

    fn lay_crash(&mut self, moment: Moment, calls: crate::armed::Calls) {
        self.armed(|armed| armed.crash = Some((moment, calls)));
    }

    /// Some faults break the assumptions of uniqueness: the monitors must know.
    fn expect_breaking(&mut self, fault: &str) {
        if BREAKING.contains(&fault) {
            self.world.ground.lock().monitor.cards.doubled_on_the_way = true;
        }
    }

    pub fn armed<T>(&mut self, change: impl FnOnce(&mut Armed) -> T) -> T {
        let mut ground = self.world.ground.lock();
        change(ground.armed.get_or_insert_default())
    }

    fn settings(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut ground = self.world.ground.lock();
        let mut settings = ground.cloud.settings().clone();
        change(&mut settings);
        ground.cloud.set_settings(settings);
    }

    /// An engine to ask or to read with: that of a running worker, or a new one.
    pub fn engine(&mut self) -> Engine {
        let running = self.world.workers.iter().flatten().next();
        match running.map(|w| w.engine.clone()) {
            Some(engine) => engine,
            None => self.world.engine(0),
        }
    }

    /// The truth has changed: other writes are expected from now on.
    pub fn changed(&mut self) {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let Inner { monitor, town, .. } = &mut *ground;
        monitor.changed(town, &self.world.policy, now);
        monitor.cards.expect_writes();
    }

    /// Remembers how cards, entries and members are called now.
    pub fn learn_names(&mut self) {
        let ground = self.world.ground.lock();
        let people = ground
            .town
            .people
            .values()
            .chain(ground.town.org_contacts.values());
        let people = people.map(|p| (p.id.clone(), p.name.clone()));
        self.names.people.extend(people);
        for mailbox in ground.town.people.keys() {
            for view in ground.cloud.contacts(&ground.town.tenant, mailbox) {
                let name = view.properties.get("displayName").and_then(|v| v.as_str());
                let at = (mailbox.clone(), view.id);
                self.names
                    .items
                    .insert(at, name.unwrap_or_default().to_owned());
            }
        }
        drop(ground);
        let tunnels = self.world.policy.tunnels.iter();
        self.names.adopted.clear();
        let folders: BTreeSet<String> = tunnels.map(|t| t.folder.name.0.clone()).collect();
        folders.iter().for_each(|folder| self.learn_book(folder));
    }

    fn learn_book(&mut self, folder: &str) {
        let tenant = &TenantName::from(TENANT);
        let catalog = self.world.ground.lock().monitor.standing.catalog(folder);
        let store = self.world.store.clone();
        let Ok(known) = block_on(store.load_catalog(tenant, catalog)) else {
            return;
        };
        let entries = known.contributions.values();
        let entries = entries.map(|c| (c.entry, c.content.label()));
        self.names.entries.extend(entries);
        let members = block_on(store.members(tenant, catalog)).unwrap_or_default();
        for member in members {
            let links = block_on(store.links(member.id)).unwrap_or_default();
            let adopted = links.into_values().filter(|l| l.origin == Origin::Adopted);
            let items = adopted.filter_map(|l| l.item).map(|item| item.0);
            self.names.adopted.extend(items);
            self.names.members.insert(member.id, member.mailbox.0);
        }
    }
}
