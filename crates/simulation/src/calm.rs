//! Calm: convergence within few rounds, and then a quiet one.

use crate::checks::{end_state, model_differences};
use crate::world::{START, World};
use engine::{Stop, Until};
use model::Millis;
use store::Disk;

/// Calm: no faults, no people but the one who approves.
pub(crate) struct Calm;

/// Rounds within which all must be well (reliability.md section 3.8).
const ROUNDS: u32 = 3;

impl Calm {
    pub(crate) fn settle(world: &mut World) {
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
