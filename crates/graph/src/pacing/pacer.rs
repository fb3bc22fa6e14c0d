//! Lets futures wait for their lane, first come, first served.

use super::lane::{Ask, Cost, Lane, Signal, Taken};
use super::window::Window;
use crate::Settings;
use futures::future::BoxFuture;
use model::seam::Clock;
use model::{MailboxId, TenantName, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What is throttled by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneKey {
    Directory(TenantName),
    Mailbox(TenantName, MailboxId),
}

/// All lanes of the app, and its ceiling over all tenants. Within, every instant is a steady one: who was told to wait
/// for a minute waits for a minute, also if the clock of the machine is set meanwhile.
pub struct Pacer {
    clock: Arc<dyn Clock>,
    settings: Settings,
    state: Mutex<State>,
}

struct State {
    lanes: BTreeMap<LaneKey, Queue>,
    ceiling: Window,
    tickets: u64,
    /// When this many lanes are known, idle ones are dropped.
    sweep_at: usize,
}

struct Queue {
    lane: Lane,
    waiting: VecDeque<Waiter>,
}

struct Waiter {
    ticket: u64,
    waker: Option<Waker>,
}

const SWEEP_MIN: usize = 1_024;

impl Pacer {
    pub fn new(clock: Arc<dyn Clock>, settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            clock,
            settings: settings.clone(),
            state: Mutex::new(State {
                lanes: BTreeMap::new(),
                ceiling: Window::new(settings.ceiling, settings.ceiling_span),
                tickets: 0,
                sweep_at: SWEEP_MIN,
            }),
        })
    }

    /// Waits in line for a turn; `calls` is what the ceiling counts. An instant instead of a permit: it
    /// cannot go before then, and that is after `latest`.
    pub fn turn(self: &Arc<Self>, key: LaneKey, cost: Cost, calls: u64, latest: Timestamp) -> Turn {
        let ticket = self.enter(&key);
        let latest = self.steady_of(latest);
        Turn {
            pacer: self.clone(),
            key,
            cost,
            calls,
            latest,
            ticket,
            sleep: None,
        }
    }

    fn enter(&self, key: &LaneKey) -> u64 {
        let now = self.clock.steady();
        let mut state = self.lock();
        state.sweep(now);
        state.tickets += 1;
        let waiter = Waiter {
            ticket: state.tickets,
            waker: None,
        };
        let queue = state
            .lanes
            .entry(key.clone())
            .or_insert_with(|| Queue::new(key, &self.settings));
        queue.waiting.push_back(waiter);
        state.tickets
    }

    /// The steady instant of what the clock calls `at` now.
    fn steady_of(&self, at: Timestamp) -> Timestamp {
        let left = at.since(self.clock.now());
        self.clock.steady() + left
    }

    /// What the clock calls a steady instant now.
    fn on_the_clock(&self, at: Timestamp) -> Timestamp {
        self.clock.now() + at.since(self.clock.steady())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between calls; a panic elsewhere must not stop every tenant.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sweep(&mut self, now: Timestamp) {
        if self.lanes.len() < self.sweep_at {
            return;
        }
        self.lanes
            .retain(|_, queue| !queue.waiting.is_empty() || !queue.lane.is_idle(now));
        self.sweep_at = SWEEP_MIN.max(self.lanes.len() * 2);
    }
}

impl Queue {
    fn new(key: &LaneKey, settings: &Settings) -> Self {
        let lane = match key {
            LaneKey::Directory(_) => Lane::directory(settings),
            LaneKey::Mailbox(..) => Lane::mailbox(settings),
        };
        Self {
            lane,
            waiting: VecDeque::new(),
        }
    }

    fn wake_first(&mut self) {
        if let Some(waker) = self.waiting.front_mut().and_then(|w| w.waker.take()) {
            waker.wake();
        }
    }

    fn leave(&mut self, ticket: u64) {
        let first = self.waiting.front().map(|w| w.ticket);
        self.waiting.retain(|w| w.ticket != ticket);
        if first == Some(ticket) {
            self.wake_first();
        }
    }
}

/// A place in the line. Dropping it leaves the line.
pub struct Turn {
    pacer: Arc<Pacer>,
    key: LaneKey,
    cost: Cost,
    calls: u64,
    latest: Timestamp,
    ticket: u64,
    sleep: Option<(Timestamp, BoxFuture<'static, ()>)>,
}

impl Future for Turn {
    type Output = Result<Permit, Timestamp>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let now = self.pacer.clock.steady();
            let until = match self.try_take(now, cx.waker()) {
                Tried::Taken(permit) => return Poll::Ready(Ok(permit)),
                Tried::Late(at) => return Poll::Ready(Err(self.pacer.on_the_clock(at))),
                Tried::Wait(until) => until,
            };
            if self.poll_sleep(until, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

enum Tried {
    Taken(Permit),
    Late(Timestamp),
    /// Woken by the line, or at the latest then.
    Wait(Timestamp),
}

impl Turn {
    fn try_take(&self, now: Timestamp, waker: &Waker) -> Tried {
        let mut state = self.pacer.lock();
        let State { lanes, ceiling, .. } = &mut *state;
        // A waiting ticket keeps its queue from being swept.
        let Some(queue) = lanes.get_mut(&self.key) else {
            return Tried::Late(now);
        };
        let is_first = queue.waiting.front().map(|w| w.ticket) == Some(self.ticket);
        let ask = match is_first {
            true => both(
                queue.lane.ask(now, self.cost),
                ceiling.wait(now, self.calls),
            ),
            false => Ask::OnReturn,
        };
        match ask {
            Ask::Go => {
                ceiling.spend(now, self.calls);
                let taken = queue.lane.take(now, self.cost);
                queue.leave(self.ticket);
                Tried::Taken(Permit {
                    pacer: self.pacer.clone(),
                    key: self.key.clone(),
                    taken,
                    signal: Signal::Silent,
                })
            }
            Ask::At(at) if at > self.latest => Tried::Late(at),
            Ask::At(at) => Tried::Wait(at),
            Ask::OnReturn if now >= self.latest => Tried::Late(now),
            Ask::OnReturn => {
                let mine = queue.waiting.iter_mut().find(|w| w.ticket == self.ticket);
                if let Some(waiter) = mine {
                    waiter.waker = Some(waker.clone());
                }
                Tried::Wait(self.latest)
            }
        }
    }

    fn poll_sleep(&mut self, until: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        let clock = &self.pacer.clock;
        let sleep = match &mut self.sleep {
            Some((at, sleep)) if *at == until => sleep,
            other => {
                let left = until.since(clock.steady());
                &mut other.insert((until, clock.sleep(left))).1
            }
        };
        let polled = sleep.as_mut().poll(cx);
        if polled.is_ready() {
            self.sleep = None;
        }
        polled
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.pacer.lock();
        if let Some(queue) = state.lanes.get_mut(&self.key) {
            queue.leave(self.ticket);
        }
    }
}

/// The later of what the lane and the ceiling say.
fn both(lane: Ask, ceiling: Option<Timestamp>) -> Ask {
    match (lane, ceiling) {
        (Ask::Go, Some(at)) => Ask::At(at),
        (Ask::At(lane), Some(at)) => Ask::At(lane.max(at)),
        (ask, _) => ask,
    }
}

/// The right to have one request under way. Dropping it without a word gives it back as
/// [`Signal::Silent`].
pub struct Permit {
    pacer: Arc<Pacer>,
    key: LaneKey,
    taken: Taken,
    signal: Signal,
}

impl Permit {
    /// Gives it back with what the answer said about our pace.
    pub fn settle(mut self, signal: Signal) {
        self.signal = match signal {
            Signal::Throttled { until } => Signal::Throttled {
                until: self.pacer.steady_of(until),
            },
            other => other,
        };
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = self.pacer.clock.steady();
        let mut state = self.pacer.lock();
        if let Some(queue) = state.lanes.get_mut(&self.key) {
            queue.lane.give_back(now, self.taken, self.signal);
            queue.wake_first();
        }
    }
}
