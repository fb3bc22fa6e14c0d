//! One history: a hostile phase, then calm, convergence, and one quiet round.

use crate::actors::{self, Later};
use crate::checks::{Violation, end_state, model_differences};
use crate::executor::Stepped;
use crate::faults;
use crate::rare::Rare;
use crate::town::{self, Card, contact};
use crate::uncommon::{self, Night};
use crate::world::{Beginning, START, World};
use crate::{charter, charter::Charter};
use engine::{Stop, Until};
use graph_sim::chance::{Chance as Dice, mix};
use graph_sim::fleet::FolderContent;
use model::{Millis, Timestamp};
use std::collections::BTreeMap;
use store::Disk;

/// How a history is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Keep a readable trace.
    pub readable: bool,
}

/// What became of a history.
#[derive(Clone, Debug)]
pub struct Report {
    pub seed: u64,
    pub violation: Option<Violation>,
    /// The first 128 bits of a hash over everything that happened.
    pub trace: u128,
    pub calls: u64,
    pub faults: u64,
    pub restarts: u64,
    pub polls: u64,
    /// Virtual time that passed.
    pub lasted: Millis,
    pub checked: BTreeMap<&'static str, u64>,
    pub sometimes: BTreeMap<&'static str, u64>,
    pub lines: Vec<String>,
}

/// Less than this is no history.
const CALLS_MIN: u64 = 300;
const FAULTS_MIN: u64 = 30;

/// Runs the history of a seed.
pub fn run(seed: u64, options: &Options) -> Report {
    let mut world = World::new(beginning(seed, options));
    let logs = world.logs.clone();
    tracing::subscriber::with_default(logs, || {
        Hostile::of(&world).rage(&mut world);
        if !world.violated() {
            Calm::settle(&mut world);
        }
    });
    if options.readable && world.violated() {
        let (now, text) = (world.now(), world.describe_store());
        world.ground.lock().trace.say(now, || text);
    }
    report(world)
}

fn beginning(seed: u64, options: &Options) -> Beginning {
    let mut dice = Dice::new(mix(seed));
    let mut town = town::draw(&mut dice);
    let cards: Vec<Card> = (0..3 + dice.below(4))
        .map(|_| town.new_card(&mut dice))
        .collect();
    let charter = charter::draw(&mut dice);
    let content = own_cards(&town, &charter, &mut dice);
    let troubles = faults::draw(&mut dice);
    Beginning {
        seed,
        town,
        cards,
        content,
        charter,
        troubles,
        readable: options.readable,
    }
}

/// What users have in their mailboxes before we come: nothing, or a folder of ours with cards that they made.
fn own_cards(town: &town::Town, charter: &Charter, dice: &mut Dice) -> Vec<FolderContent> {
    let mut all = Vec::new();
    for mailbox in town.mailboxes() {
        if mailbox == town.reception || !dice.happens(0.4) {
            continue;
        }
        let some: Vec<&town::Resident> = town
            .people
            .values()
            .filter(|_| dice.happens(0.15))
            .collect();
        let card = |p: &&town::Resident| Card {
            given: p.given.clone(),
            surname: p.surname.clone(),
            name: p.name.clone(),
            mail: p.mail.clone(),
            mobile: p.mobile.clone(),
            ..Card::default()
        };
        // Now and then somebody is in there twice.
        let times = |nth: usize| if nth % 3 == 2 { 2 } else { 1 };
        let all_times = |(nth, p)| vec![contact(&card(p)); times(nth)];
        let contacts = some.iter().enumerate().flat_map(all_times).collect();
        let folder = charter
            .tunnels
            .first()
            .map(|t| t.folder.clone())
            .unwrap_or_default();
        all.push(FolderContent {
            mailbox,
            folder,
            contacts,
        });
    }
    all
}

fn report(world: World) -> Report {
    let ground = world.ground.lock();
    Report {
        seed: world.seed,
        violation: ground.monitor.violation.clone(),
        trace: ground.trace.hash(),
        calls: ground.calls,
        faults: ground.faults,
        restarts: world.restarts,
        polls: world.executor.polls(),
        lasted: world.now().since(START),
        checked: ground.monitor.checked.clone(),
        sometimes: ground.monitor.sometimes.clone(),
        lines: ground.trace.lines().to_vec(),
    }
}

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
struct Hostile {
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
    fn of(world: &World) -> Self {
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

    fn rage(&mut self, world: &mut World) {
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
                let mut ground = world.ground.lock();
                ground.write_strange_jobs(&mut self.texts.dice, now);
                drop(ground);
                let wait = self.texts.wait();
                self.plan_after(wait, now, Due::StrangeTexts);
            }
            Due::CarriedCopy => {
                let mut ground = world.ground.lock();
                ground.carry_copy_to_source(&mut self.copies.dice, now);
                drop(ground);
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
        let crate::ground::Inner { monitor, town, .. } = &mut *ground;
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

/// Calm: no faults, no people but the one who approves.
struct Calm;

/// Rounds within which all must be well (reliability.md section 3.8).
const ROUNDS: u32 = 3;

impl Calm {
    fn settle(world: &mut World) {
        Self::begin(world);
        for round in 1..=ROUNDS + 1 {
            let before = Self::writes(world);
            Self::round(world);
            if world.violated() {
                return;
            }
            let (open, wrote) = (Self::difference(world), Self::writes(world) - before);
            let (now, mut ground) = (world.now(), world.ground.lock());
            match open {
                // The oracle does not see every field: only a round that wrote nothing says that all is done, and not
                // the first one, which may see somebody leaving whom the second one confirms.
                None if round > 1 && wrote == 0 => break,
                Some(what) if round >= ROUNDS => {
                    return ground.monitor.check("I23", false, now, || what);
                }
                None if round > ROUNDS => {
                    let what = || format!("{wrote} writes in a round after all was well");
                    return ground.monitor.check("I24", false, now, what);
                }
                _ => {}
            }
        }
        world
            .ground
            .lock()
            .monitor
            .check("I23", true, START, String::new);
        Self::quiet(world);
        Self::model(world);
        world.audit(true);
    }

    fn begin(world: &mut World) {
        for number in 0..2 {
            world.crash(number);
        }
        world.set_disk(Disk::Roomy);
        let mut ground = world.ground.lock();
        ground.calm = true;
        ground.cloud.set_calm(true);
        drop(ground);
        let now = world.now();
        world.calm_since = now;
        world.executor.run_until(now + Millis::hours(1));
        Self::restore_access(world);
        let mut charter = world.charter.clone();
        for tunnel in charter.tunnels.iter_mut().filter(|t| t.state == "paused") {
            tunnel.state = "active";
        }
        world.set_charter(charter);
    }

    /// Whatever was taken away is given back; groups stay as they are.
    fn restore_access(world: &mut World) {
        use crate::town::Place;
        use graph_sim::cloud::Act;
        let now = world.now();
        let mut ground = world.ground.lock();
        let (tenant, app) = (ground.town.tenant.clone(), ground.town.client.clone());
        let lost: Vec<String> = ground
            .town
            .people
            .values()
            .filter(|p| p.mailbox == Place::Lost)
            .map(|p| p.id.clone())
            .collect();
        for mailbox in lost {
            let kind = "user".to_owned();
            ground.act(
                &Act::CreateMailbox {
                    tenant: tenant.clone(),
                    mailbox: mailbox.clone(),
                    kind,
                },
                now,
            );
            if let Some(person) = ground.town.people.get_mut(&mailbox) {
                person.mailbox = Place::User;
            }
        }
        let roles = graph_sim::fleet::ALL_ROLES
            .iter()
            .map(|r| (*r).to_owned())
            .collect();
        ground.act(&Act::GrantConsent { tenant, app, roles }, now);
        let crate::ground::Inner { monitor, town, .. } = &mut *ground;
        monitor.changed(town, &world.policy, now);
    }

    /// One full round of every book, with everything approved.
    fn round(world: &mut World) {
        let now = world.now();
        world.executor.run_until(now + Millis::hours(25));
        world.ground.lock().monitor.cards.expect_writes();
        // A run that is still open takes no ask: it ends first.
        let open = Self::open_runs(world);
        Self::work_through(world, open);
        for _ in 0..3 {
            let (runs, busy) = world.apply(true);
            Self::work_through(world, runs);
            if !busy {
                return;
            }
        }
    }

    /// Works, and approves whatever is held, until nothing waits for anybody.
    fn work_through(world: &mut World, mut runs: Vec<model::RunId>) {
        for _ in 0..6 {
            Self::work(world, &runs);
            if world.violated() || world.decide(|_| true) + world.reconsider().len() == 0 {
                return;
            }
            runs.extend(Self::open_runs(world));
        }
    }

    fn open_runs(world: &World) -> Vec<model::RunId> {
        let filter = store::RunFilter {
            open: true,
            ..store::RunFilter::default()
        };
        let runs = futures::executor::block_on(world.store.runs(&filter));
        runs.map(|all| all.iter().map(|r| r.id).collect())
            .unwrap_or_default()
    }

    /// Works until these runs are settled; two days must do.
    fn work(world: &mut World, runs: &[model::RunId]) {
        let engine = world.engine(0);
        let stop = Stop::default();
        let task = world.spawn(engine, 0, Until::Settled(runs.to_vec(), stop), true);
        let limit = world.now() + Millis::days(2);
        let ended = world.executor.run_task(task, limit);
        let now = world.now();
        world
            .ground
            .lock()
            .monitor
            .check("I29", ended, now, || "a round never settled".to_owned());
        world.executor.kill(task);
    }

    fn writes(world: &World) -> usize {
        world.ground.lock().monitor.cards.writes.len()
    }

    /// The second oracle: every folder as the reference model has it.
    fn model(world: &World) {
        let (now, mut ground) = (world.now(), world.ground.lock());
        let crate::ground::Inner {
            monitor,
            cloud,
            town,
            ..
        } = &mut *ground;
        let all = model_differences(monitor, cloud, town, &world.policy);
        monitor.check("model", all.is_empty(), now, || all.join("\n"));
    }

    /// None when all is as it should be.
    fn difference(world: &World) -> Option<String> {
        let ground = world.ground.lock();
        end_state(&ground.monitor, &ground.cloud, &ground.town, &world.policy)
    }

    /// One more round of the schedule: nothing is written, and nothing is remembered but that we looked. The round
    /// before it may still put away what the last change left, such as the member row of a mailbox that is done.
    fn quiet(world: &mut World) {
        Self::quiet_round(world, false);
        Self::quiet_round(world, true);
    }

    fn quiet_round(world: &mut World, by_rows: bool) {
        let (before, rows) = (Self::writes(world), world.store.rows_changed());
        let engine = world.engine(0);
        let stop = Stop::default();
        let task = world.spawn(engine, 0, Until::Stopped(stop.clone()), true);
        let limit = world.now() + Millis::minutes(10);
        world.executor.run_until(limit);
        stop.raise();
        world.executor.run_task(task, limit + Millis::hours(1));
        let (now, after) = (world.now(), Self::writes(world));
        let changed = world.store.rows_changed() - rows;
        let mut ground = world.ground.lock();
        ground.monitor.check("I24", after == before, now, || {
            format!("{} writes in a quiet round", after - before)
        });
        let allowed = Self::allowed_rows(&world.policy);
        ground
            .monitor
            .check("I24 rows", !by_rows || changed <= allowed, now, || {
                format!("{changed} rows changed in a quiet round, {allowed} are allowed")
            });
    }

    /// Cursor and last-looked instant per source, lane and job per book.
    fn allowed_rows(policy: &model::tunnel::Policy) -> u64 {
        let sources: usize = policy.tunnels.iter().map(|t| t.sources.len()).sum();
        (sources * 4 + policy.tunnels.len() * 12 + 20) as u64
    }
}
