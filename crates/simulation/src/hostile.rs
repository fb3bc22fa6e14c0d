//! The hostile phase: people, machines and the faults of a history, each when its dice say.

use crate::actors::{self, Later};
use crate::executor::Stepped;
use crate::faults;
use crate::ground::Inner;
use crate::history::{CALLS_MIN, FAULTS_MIN};
use crate::rare::Rare;
use crate::uncommon::{self, Night};
use crate::world::{START, World};
use graph_sim::chance::{Chance as Dice, mix};
use model::{Millis, Timestamp};
use std::collections::BTreeMap;
use store::Disk;

/// What is going to happen.
enum Due {
    Act,
    Restore(Later),
    /// A person decides what is held and asks for everything once more.
    Operator,
    Start(usize),
    /// A clock jumps.
    Jump,
    /// F28: a mailbox is moved.
    Move,
    /// F41: the disk has no room, or has room again.
    Disk(Disk),
    /// F36: texts that servers rewrite.
    StrangeTexts,
    /// F27, into a source.
    CarriedCopy,
    /// Something falls silent for days, and speaks again.
    Night,
    Morning,
    /// The watch looks.
    Watch,
}

/// The hostile phase.
pub(crate) struct Hostile {
    dice: Dice,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    next: u64,
    acts_per_hour: f64,
    crash: f64,
    freeze: f64,
    store_lost: f64,
    crash_both: f64,
    alone: bool,
    jumps_per_day: f64,
    /// Chance of its own, so that histories without jumps are what they were.
    clocks: Dice,
    moves: Rare,
    disks: Rare,
    texts: Rare,
    copies: Rare,
    nights: Rare,
    /// No machine works, and nobody starts one.
    asleep: bool,
    end: Timestamp,
}

impl Hostile {
    pub(crate) fn of(world: &World) -> Self {
        let mut dice = Dice::new(mix(world.seed ^ 0xdead));
        let ground = world.ground.lock();
        let t = &ground.troubles;
        let nights = Rare::drawn(world.seed, "nobody at work", 1.0);
        let longer = Millis::days(if nights.strikes() { 3 } else { 0 });
        let end = START + Millis::hours(8 + dice.below(24) as i64) + longer;
        Self {
            agenda: BTreeMap::new(),
            next: 0,
            acts_per_hour: t.acts_per_hour,
            crash: t.crash,
            freeze: t.freeze,
            store_lost: t.store_lost,
            crash_both: t.crash_both,
            alone: t.alone,
            jumps_per_day: t.jumps_per_day,
            clocks: Dice::new(mix(world.seed ^ 0xc10c)),
            moves: Rare::drawn(world.seed, "moved mailboxes", 1.0),
            disks: Rare::drawn(world.seed, "no room", 3.0),
            texts: Rare::drawn(world.seed, "strange texts", 20.0),
            copies: Rare::drawn(world.seed, "carried copies", 4.0),
            nights,
            asleep: false,
            end,
            dice,
        }
    }

    fn plan(&mut self, at: Timestamp, due: Due) {
        self.next += 1;
        self.agenda.insert((at, self.next), due);
    }

    pub(crate) fn rage(&mut self, world: &mut World) {
        world.start(0);
        if !self.alone {
            world.start(1);
        }
        world.apply(false);
        self.plan(START + Millis::minutes(20), Due::Operator);
        self.plan(START + Millis::minutes(30), Due::Act);
        self.plan_jump(START);
        self.plan_rare(START);
        while !world.violated() && self.goes_on(world) {
            let Some(((at, _), due)) = self.agenda.pop_first() else {
                return;
            };
            self.run_until(world, at);
            self.happens(world, due);
        }
        if self.nights.strikes() {
            self.morning(world);
        }
    }

    fn plan_jump(&mut self, now: Timestamp) {
        if self.jumps_per_day > 0.0 {
            let mean = 86_400_000.0 / self.jumps_per_day;
            let wait = (2.0 * mean * self.clocks.unit()) as i64;
            self.plan(now + Millis(wait), Due::Jump);
        }
    }

    /// The first of everything that few histories have.
    fn plan_rare(&mut self, now: Timestamp) {
        let first = [
            (self.moves.wait(), Due::Move),
            (self.disks.wait(), Due::Disk(Disk::Full)),
            (self.texts.wait(), Due::StrangeTexts),
            (self.copies.wait(), Due::CarriedCopy),
            (self.nights.wait(), Due::Night),
        ];
        for (wait, due) in first {
            self.plan_after(wait, now, due);
        }
        if self.nights.strikes() {
            self.plan(now, Due::Watch);
        }
    }

    fn plan_after(&mut self, wait: Option<Millis>, now: Timestamp, due: Due) {
        if let Some(wait) = wait {
            self.plan(now + wait, due);
        }
    }

    /// Long enough, or busy enough; but three days are enough for anybody.
    fn goes_on(&self, world: &World) -> bool {
        let ground = world.ground.lock();
        let short = ground.calls < CALLS_MIN || ground.faults < FAULTS_MIN;
        let now = world.now();
        now < self.end || (short && now < START + Millis::days(6))
    }

    fn happens(&mut self, world: &mut World, due: Due) {
        let now = world.now();
        match due {
            Due::Act => {
                if let Some((delay, later)) = actors::act(world) {
                    self.plan(now + Millis(delay), Due::Restore(later));
                }
                let mean = 3_600_000.0 / self.acts_per_hour;
                let wait = (2.0 * mean * self.dice.unit()) as i64;
                self.plan(now + Millis(wait), Due::Act);
            }
            Due::Restore(later) => actors::restore(world, later),
            Due::Operator => {
                world.audit_pairs();
                let mut dice = self.dice.fork(1);
                let yes: Vec<bool> = (0..8).map(|_| dice.happens(0.85)).collect();
                world.decide(|nth| yes[nth % 8]);
                if dice.happens(0.3) {
                    let full = dice.happens(0.2);
                    world.apply(full);
                }
                let wait = Millis::minutes(30 + dice.below(240) as i64);
                self.plan(now + wait, Due::Operator);
            }
            Due::Jump => {
                let (number, skew) = (self.clocks.below(2), faults::skew(&mut self.clocks));
                world.jump(number as usize, skew);
                self.plan_jump(now);
            }
            Due::Start(number) => {
                if world.workers[number].is_none() && !self.asleep {
                    world.start(number);
                }
            }
            rare => self.rarely(world, rare, now),
        }
    }

    /// Steps the world; between any two polls a worker may die or freeze.
    fn run_until(&mut self, world: &mut World, limit: Timestamp) {
        while !world.violated() {
            match world.executor.step(limit) {
                Stepped::Idle => {
                    world.executor.run_until(limit);
                    return;
                }
                Stepped::Advanced => {}
                Stepped::Polled(_) => self.between_polls(world),
            }
        }
    }

    /// What few histories have; each is planned again when it is done.
    fn rarely(&mut self, world: &mut World, due: Due, now: Timestamp) {
        match due {
            Due::Move => {
                let mut ground = world.ground.lock();
                let mailboxes = ground.movable();
                let dice = &mut self.moves.dice;
                if let Some(mailbox) = dice.pick(&mailboxes) {
                    ground.move_mailbox(mailbox, dice.happens(0.3), now);
                }
                drop(ground);
                let wait = self.moves.wait();
                self.plan_after(wait, now, Due::Move);
            }
            Due::Disk(Disk::Full) => {
                world.set_disk(Disk::Full);
                let longest = [300_000, 3_600_000, 43_200_000][self.disks.dice.below(3) as usize];
                let wait = Millis(self.disks.dice.below(longest) as i64);
                self.plan(now + wait, Due::Disk(Disk::Roomy));
            }
            Due::Disk(Disk::Roomy) => {
                world.set_disk(Disk::Roomy);
                let wait = self.disks.wait();
                self.plan_after(wait, now, Due::Disk(Disk::Full));
            }
            Due::StrangeTexts => {
                let dice = &mut self.texts.dice;
                world.ground.lock().write_strange_jobs(dice, now);
                let wait = self.texts.wait();
                self.plan_after(wait, now, Due::StrangeTexts);
            }
            Due::CarriedCopy => {
                let dice = &mut self.copies.dice;
                world.ground.lock().carry_copy_to_source(dice, now);
                let wait = self.copies.wait();
                self.plan_after(wait, now, Due::CarriedCopy);
            }
            Due::Night => {
                let (night, span) = uncommon::fall_silent(world, &mut self.nights.dice);
                self.asleep = night == Night::Machines;
                self.plan(now + span, Due::Morning);
            }
            Due::Morning => {
                self.morning(world);
                let wait = self.nights.wait();
                self.plan_after(wait, now, Due::Night);
            }
            Due::Watch => {
                world.watch();
                self.plan(now + Millis::hours(1), Due::Watch);
                return;
            }
            Due::Act | Due::Restore(_) | Due::Operator | Due::Start(_) | Due::Jump => {}
        }
        let mut ground = world.ground.lock();
        let Inner { monitor, town, .. } = &mut *ground;
        monitor.changed(town, &world.policy, now);
        monitor.cards.expect_writes();
    }

    /// Whatever fell silent speaks again.
    fn morning(&mut self, world: &mut World) {
        let now = world.now();
        self.asleep = false;
        world.ground.lock().close_reception(None, now);
        for number in 0..if self.alone { 1 } else { 2 } {
            self.plan(now, Due::Start(number));
        }
    }

    /// Whoever watches over the processes starts one again that ended.
    fn raise_the_fallen(&mut self, world: &mut World) {
        let fallen = std::mem::take(&mut world.ground.lock().fallen);
        for number in fallen {
            world.crash(number);
            let wait = Millis(self.disks.dice.below(600_000) as i64);
            self.plan(world.now() + wait, Due::Start(number));
        }
    }

    fn between_polls(&mut self, world: &mut World) {
        if self.disks.strikes() {
            self.raise_the_fallen(world);
        }
        if self.dice.happens(self.crash) {
            self.crash(world);
        }
        if self.dice.happens(self.freeze) {
            let number = self.dice.below(2) as usize;
            let longest = [60_000, 600_000, 86_400_000][self.dice.below(3) as usize];
            let until = world.now() + Millis(self.dice.below(longest) as i64);
            if let Some(worker) = &world.workers[number] {
                let task = worker.task;
                world.executor.freeze(task, until);
                let mut ground = world.ground.lock();
                ground.monitor.count("a worker froze", 1);
                ground.faults += 1;
            }
        }
    }

    fn crash(&mut self, world: &mut World) {
        let now = world.now();
        if self.dice.happens(self.store_lost) {
            world.lose_store();
        } else if self.dice.happens(self.crash_both) {
            world.crash(0);
            world.crash(1);
        } else {
            world.crash(self.dice.below(2) as usize);
        }
        for number in 0..if self.alone { 1 } else { 2 } {
            if world.workers[number].is_none() {
                let wait = Millis(self.dice.below(600_000) as i64);
                self.plan(now + wait, Due::Start(number));
            }
        }
    }
}
