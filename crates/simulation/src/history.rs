//! One history: a hostile phase, then calm, convergence, and one quiet round.

use crate::calm::Calm;
use crate::checks::Violation;
use crate::faults;
use crate::hostile::Hostile;
use crate::town::{self, Card, contact};
use crate::world::{Beginning, START, World};
use crate::{charter, charter::Charter};
use graph_sim::chance::{Chance as Dice, mix};
use graph_sim::fleet::FolderContent;
use model::Millis;
use std::collections::BTreeMap;

/// Less than this is no history.
pub(crate) const CALLS_MIN: u64 = 300;
pub(crate) const FAULTS_MIN: u64 = 30;

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
