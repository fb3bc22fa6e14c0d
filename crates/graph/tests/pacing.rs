//! What pacing promises: never too many at once, never too many in any span, first come first served.

mod fake;

use fake::World;
use futures::FutureExt as _;
use graph::Settings;
use graph::pacing::lane::{Ask, Cost, Lane, Signal};
use graph::pacing::pacer::{LaneKey, Pacer};
use graph::pacing::window::Window;
use model::{MailboxId, Millis, TenantName, Timestamp};
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

fn settings() -> Settings {
    Settings {
        budget: 50,
        budget_span: Millis(1_000),
        upload: 900,
        upload_span: Millis(500),
        ceiling: 60,
        ceiling_span: Millis(1_000),
        throttle_floor: Millis(100),
        ..Settings::default()
    }
}

#[derive(Clone, Debug)]
enum Event {
    Wait(i64),
    Ask {
        slots: usize,
        units: u64,
        bytes: u64,
    },
    /// The nth request under way comes back.
    Return {
        nth: usize,
        signal: u8,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0_i64..400).prop_map(Event::Wait),
        (1_usize..6, 1_u64..21, 0_u64..300).prop_map(|(slots, units, bytes)| Event::Ask {
            slots,
            units,
            bytes
        }),
        (1_usize..6, 1_u64..21, 0_u64..300).prop_map(|(slots, units, bytes)| Event::Ask {
            slots,
            units,
            bytes
        }),
        (0_usize..4, 0_u8..5).prop_map(|(nth, signal)| Event::Return { nth, signal }),
    ]
}

/// The most that was spent within any span.
fn most_within(spent: &[(i64, u64)], span: i64) -> u64 {
    let within = |start: i64| {
        let inside = spent
            .iter()
            .filter(|(at, _)| (start..start + span).contains(at));
        inside.map(|(_, amount)| amount).sum()
    };
    spent.iter().map(|(at, _)| within(*at)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn a_window_never_gives_more_than_its_limit_in_any_span_and_never_starves(
        steps in proptest::collection::vec((0_i64..200, 1_u64..30), 1..80),
    ) {
        let mut window = Window::new(50, Millis(1_000));
        let (mut now, mut spent) = (Timestamp(0), Vec::new());
        for (wait, amount) in steps {
            now = now + Millis(wait);
            if let Some(at) = window.wait(now, amount) {
                prop_assert!(at > now && at.since(now) <= Millis(1_010), "{at:?} from {now:?}");
                now = at;
                prop_assert_eq!(window.wait(now, amount), None, "told to ask again then");
            }
            window.spend(now, amount);
            spent.push((now.0, amount));
        }
        prop_assert!(most_within(&spent, 1_000) <= 50);
    }

    #[test]
    fn a_lane_keeps_its_slots_its_budget_and_every_throttle(
        events in proptest::collection::vec(event(), 1..120),
    ) {
        let settings = settings();
        let mut lane = Lane::mailbox(&settings);
        let (mut now, mut under_way) = (Timestamp(1_000_000), Vec::new());
        let (mut spent, mut uploaded) = (Vec::new(), Vec::new());
        // Until when nothing may go; `Some` until a good answer after it.
        let mut closed: Option<Timestamp> = None;
        let mut probing = false;
        for event in events {
            match event {
                Event::Wait(ms) => now = now + Millis(ms),
                Event::Ask { slots, units, bytes } => {
                    let cost = Cost { slots, units, bytes };
                    if lane.ask(now, cost) != Ask::Go {
                        continue;
                    }
                    if let Some(until) = closed {
                        prop_assert!(now >= until, "went while throttled");
                        prop_assert!(!probing, "a second probe");
                        probing = true;
                    }
                    let taken = lane.take(now, cost);
                    spent.push((now.0, units));
                    uploaded.push((now.0, bytes));
                    under_way.push((taken, closed.is_some()));
                    let busy: usize = under_way.iter().map(|(t, _)| t.cost.slots).sum();
                    prop_assert!(busy <= 4);
                }
                Event::Return { nth, signal } if nth < under_way.len() => {
                    let (taken, probe) = under_way.remove(nth);
                    let until = now + Millis(250);
                    let signal = match signal {
                        0 => Signal::Throttled { until },
                        1 => Signal::Silent,
                        _ => Signal::Fine,
                    };
                    lane.give_back(now, taken, signal);
                    match signal {
                        Signal::Throttled { .. } => {
                            closed = Some(closed.map_or(until, |c| c.max(until)));
                            probing = false;
                        }
                        Signal::Fine if probe && probing => {
                            closed = None;
                            probing = false;
                        }
                        Signal::Silent if probe && probing => probing = false,
                        _ => {}
                    }
                }
                Event::Return { .. } => {}
            }
        }
        prop_assert!(most_within(&spent, 1_000) <= 50);
        prop_assert!(most_within(&uploaded, 500) <= 900);
    }

    #[test]
    fn turns_are_taken_in_the_order_of_arrival_whoever_gives_up(
        costs in proptest::collection::vec((1_usize..5, 1_u64..8, any::<bool>()), 1..40),
    ) {
        let world = World::new(vec![]);
        let pacer = Pacer::new(Arc::new(world.clone()), &settings());
        let served = Rc::new(RefCell::new(Vec::new()));
        let mut all = Vec::new();
        for (nth, (slots, units, gives_up)) in costs.iter().copied().enumerate() {
            let latest = world.in_ms(1_000_000);
            let cost = Cost { slots, units, bytes: 0 };
            let mut turn = pacer.turn(key("m1"), cost, 1, latest);
            let (served, clock) = (served.clone(), world.clone());
            if gives_up {
                // Stands in the line once, then walks away.
                let _ = (&mut turn).now_or_never();
                continue;
            }
            all.push(async move {
                let permit = turn.await.expect("in time");
                served.borrow_mut().push(nth);
                model::seam::Clock::sleep(&clock, Millis(37 * (nth as i64 % 5))).await;
                permit.settle(Signal::Fine);
            });
        }
        world.run(async move { futures::future::join_all(all).await });
        let served = served.borrow();
        prop_assert!(served.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", served);
        prop_assert_eq!(served.len(), costs.iter().filter(|c| !c.2).count());
    }
}

fn key(mailbox: &str) -> LaneKey {
    LaneKey::Mailbox(TenantName::from("contoso"), MailboxId::from(mailbox))
}

#[test]
fn the_ceiling_holds_over_all_mailboxes() {
    let world = World::new(vec![]);
    let pacer = Pacer::new(Arc::new(world.clone()), &settings());
    let times = Rc::new(RefCell::new(Vec::new()));
    let mut all = Vec::new();
    for nth in 0..20 {
        let cost = Cost {
            units: 10,
            ..Cost::ONE
        };
        let turn = pacer.turn(key(&format!("m{nth}")), cost, 10, world.in_ms(60_000));
        let (times, world) = (times.clone(), world.clone());
        all.push(async move {
            turn.await.expect("in time").settle(Signal::Fine);
            times.borrow_mut().push((world.now().0, 10));
        });
    }
    world.run(async move { futures::future::join_all(all).await });
    assert_eq!(times.borrow().len(), 20);
    assert_eq!(most_within(&times.borrow(), 1_000), 60);
}

#[test]
fn a_turn_that_cannot_come_in_time_says_when_it_could() {
    let world = World::new(vec![]);
    let pacer = Pacer::new(Arc::new(world.clone()), &settings());
    let until = world.in_ms(5_000);
    let told = world.run({
        let world = world.clone();
        async move {
            let first = pacer
                .turn(key("m1"), Cost::ONE, 1, world.in_ms(1_000))
                .await;
            first.expect("free").settle(Signal::Throttled { until });
            let second = pacer
                .turn(key("m1"), Cost::ONE, 1, world.in_ms(1_000))
                .await;
            let other = pacer
                .turn(key("m2"), Cost::ONE, 1, world.in_ms(1_000))
                .await;
            (second.err(), other.is_ok())
        }
    });
    assert_eq!(told, (Some(until), true));
}

#[test]
fn a_server_that_keeps_throttling_is_asked_ever_more_slowly() {
    let mut lane = Lane::mailbox(&settings());
    let mut now = Timestamp(0);
    let mut waits = Vec::new();
    for _ in 0..5 {
        let taken = lane.take(now, Cost::ONE);
        lane.give_back(now, taken, Signal::Throttled { until: now });
        let Ask::At(at) = lane.ask(now, Cost::ONE) else {
            panic!("not throttled");
        };
        waits.push(at.since(now).0);
        now = at;
    }
    assert_eq!(waits, [100, 200, 400, 800, 1_600]);
}
