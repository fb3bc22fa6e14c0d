//! One thread, virtual time: runs futures in a fixed order and drops any of them at any await.

use futures::future::BoxFuture;
use futures::task::{ArcWake, waker};
use model::seam::Clock;
use model::{Millis, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A task of the executor; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(u64);

/// Runs tasks until nothing is left to do or virtual time has reached an instant.
pub struct Executor {
    time: VirtualTime,
    ready: Arc<Mutex<VecDeque<TaskId>>>,
    tasks: BTreeMap<TaskId, Task>,
    next: u64,
    polls: u64,
    frozen: BTreeMap<TaskId, Timestamp>,
}

struct Task {
    future: BoxFuture<'static, ()>,
    wake: Arc<Wake>,
}

struct Wake {
    id: TaskId,
    queued: AtomicBool,
    ready: Arc<Mutex<VecDeque<TaskId>>>,
}

impl ArcWake for Wake {
    fn wake_by_ref(wake: &Arc<Self>) {
        if !wake.queued.swap(true, Ordering::Relaxed) {
            lock(&wake.ready).push_back(wake.id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one step of the executor did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    Polled(TaskId),
    /// Nothing was ready; time moved to the next timer.
    Advanced,
    /// Nothing is ready and no timer is set before the limit.
    Idle,
}

impl Executor {
    pub fn new(start: Timestamp) -> Self {
        Self {
            time: VirtualTime::new(start),
            ready: Arc::default(),
            tasks: BTreeMap::new(),
            next: 0,
            polls: 0,
            frozen: BTreeMap::new(),
        }
    }

    pub fn time(&self) -> &VirtualTime {
        &self.time
    }

    /// How many polls there were: the coordinate of a crash.
    pub fn polls(&self) -> u64 {
        self.polls
    }

    pub fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) -> TaskId {
        let id = TaskId(self.next);
        self.next += 1;
        let wake = Arc::new(Wake {
            id,
            queued: AtomicBool::new(true),
            ready: self.ready.clone(),
        });
        self.tasks.insert(
            id,
            Task {
                future: Box::pin(future),
                wake,
            },
        );
        lock(&self.ready).push_back(id);
        id
    }

    /// Crashes a task: its future is dropped where it stands, and nothing of it survives.
    pub fn kill(&mut self, id: TaskId) {
        self.tasks.remove(&id);
        self.frozen.remove(&id);
    }

    /// Freezes a task where it stands (F19): whatever it waits for comes, but it is not polled before `until`.
    pub fn freeze(&mut self, id: TaskId, until: Timestamp) {
        self.frozen.insert(id, until);
    }

    pub fn is_alive(&self, id: TaskId) -> bool {
        self.tasks.contains_key(&id)
    }

    /// Polls one ready task, else moves time to the next timer at or before `limit`.
    pub fn step(&mut self, limit: Timestamp) -> Stepped {
        let next = lock(&self.ready).pop_front();
        if let Some(id) = next {
            self.poll(id);
            return Stepped::Polled(id);
        }
        if self.time.advance(limit) {
            Stepped::Advanced
        } else {
            Stepped::Idle
        }
    }

    fn poll(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        task.wake.queued.store(false, Ordering::Relaxed);
        if let Some(until) = self.frozen.get(&id).copied() {
            if until > self.time.now() {
                self.time.wake_at(until, waker(task.wake.clone()));
                return;
            }
            self.frozen.remove(&id);
        }
        self.polls += 1;
        let waker = waker(task.wake.clone());
        if task
            .future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            self.tasks.remove(&id);
        }
    }

    /// Steps until `limit`; leaves time at `limit` when everything is idle before it.
    pub fn run_until(&mut self, limit: Timestamp) {
        while self.step(limit) != Stepped::Idle {}
        self.time.jump_to(limit);
    }

    /// Steps until the task has ended, or time has passed `limit`. True: it ended.
    pub fn run_task(&mut self, id: TaskId, limit: Timestamp) -> bool {
        while self.is_alive(id) && self.step(limit) != Stepped::Idle {}
        !self.is_alive(id)
    }
}

/// The time of one simulated world.
#[derive(Clone)]
pub struct VirtualTime(Arc<TimeInner>);

struct TimeInner {
    now: AtomicI64,
    timers: Mutex<Timers>,
}

#[derive(Default)]
struct Timers {
    next: u64,
    set: BTreeMap<(Timestamp, u64), Waker>,
}

impl VirtualTime {
    fn new(start: Timestamp) -> Self {
        Self(Arc::new(TimeInner {
            now: AtomicI64::new(start.0),
            timers: Mutex::default(),
        }))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.now.load(Ordering::Relaxed))
    }

    /// Fires the earliest timer at or before `limit`. False: there is none.
    fn advance(&self, limit: Timestamp) -> bool {
        let mut timers = lock(&self.0.timers);
        match timers.set.first_key_value() {
            Some((&(at, _), _)) if at <= limit => {
                self.0.now.fetch_max(at.0, Ordering::Relaxed);
                let due = timers.set.pop_first();
                drop(timers);
                if let Some((_, waker)) = due {
                    waker.wake();
                }
                true
            }
            _ => false,
        }
    }

    /// Wakes `waker` at `until`, whoever still wants it then.
    fn wake_at(&self, until: Timestamp, waker: Waker) {
        let mut timers = lock(&self.0.timers);
        timers.next += 1;
        let key = (until, timers.next);
        timers.set.insert(key, waker);
    }

    fn jump_to(&self, instant: Timestamp) {
        self.0.now.fetch_max(instant.0, Ordering::Relaxed);
    }

    /// Resolves when virtual time has reached `until`.
    pub fn sleep_until(&self, until: Timestamp) -> Sleep {
        Sleep {
            time: self.clone(),
            until,
            timer: None,
        }
    }

    /// A clock of a machine in this world, off by `skew`.
    pub fn clock(&self, skew: Millis) -> SkewedClock {
        SkewedClock {
            time: self.clone(),
            skew_ms: Arc::new(AtomicI64::new(skew.0)),
        }
    }
}

pub struct Sleep {
    time: VirtualTime,
    until: Timestamp,
    timer: Option<(Timestamp, u64)>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.until {
            return Poll::Ready(());
        }
        let time = self.time.clone();
        let mut timers = lock(&time.0.timers);
        let until = self.until;
        let key = *self.timer.get_or_insert_with(|| {
            timers.next += 1;
            (until, timers.next)
        });
        timers.set.insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.timer {
            lock(&self.time.0.timers).set.remove(&key);
        }
    }
}

/// What one machine believes the time to be.
#[derive(Clone)]
pub struct SkewedClock {
    time: VirtualTime,
    skew_ms: Arc<AtomicI64>,
}

impl SkewedClock {
    /// The clock jumps: fault F17.
    pub fn set_skew(&self, skew: Millis) {
        self.skew_ms.store(skew.0, Ordering::Relaxed);
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        self.time.now() + Millis(self.skew_ms.load(Ordering::Relaxed))
    }

    fn steady(&self) -> Timestamp {
        self.time.now()
    }

    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(
            self.time
                .sleep_until(until - Millis(self.skew_ms.load(Ordering::Relaxed))),
        )
    }

    fn sleep(&self, span: Millis) -> BoxFuture<'static, ()> {
        Box::pin(self.time.sleep_until(self.time.now() + span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (
        Arc<Mutex<Vec<String>>>,
        impl Fn(&str) + Clone + Send + 'static,
    ) {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = lines.clone();
        (lines, move |line: &str| lock(&sink).push(line.to_owned()))
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_instants() {
        let mut executor = Executor::new(Timestamp(0));
        let (lines, say) = log();
        for (name, at) in [("late", 50), ("early", 10), ("also early", 10)] {
            let (time, say) = (executor.time().clone(), say.clone());
            executor.spawn(async move {
                time.sleep_until(Timestamp(at)).await;
                say(&format!("{} {name}", time.now().0));
            });
        }
        executor.run_until(Timestamp(100));
        assert_eq!(*lock(&lines), ["10 early", "10 also early", "50 late"]);
        assert_eq!(executor.time().now(), Timestamp(100));
    }

    #[test]
    fn a_killed_task_does_nothing_more() {
        let mut executor = Executor::new(Timestamp(0));
        let (lines, say) = log();
        let time = executor.time().clone();
        let id = executor.spawn(async move {
            say("before");
            time.sleep_until(Timestamp(10)).await;
            say("after");
        });
        executor.step(Timestamp(100));
        executor.kill(id);
        executor.run_until(Timestamp(100));
        assert_eq!(*lock(&lines), ["before"]);
    }

    #[test]
    fn a_frozen_task_wakes_late() {
        let mut executor = Executor::new(Timestamp(0));
        let (lines, say) = log();
        let time = executor.time().clone();
        let id = executor.spawn(async move {
            time.sleep_until(Timestamp(10)).await;
            say(&time.now().0.to_string());
        });
        executor.step(Timestamp(100));
        executor.freeze(id, Timestamp(70));
        executor.run_until(Timestamp(100));
        assert_eq!(*lock(&lines), ["70"]);
    }

    #[test]
    fn a_skewed_clock_sleeps_as_long_as_a_right_one() {
        let mut executor = Executor::new(Timestamp(1_000));
        let clock = executor.time().clock(Millis(-400));
        assert_eq!(clock.now(), Timestamp(600));
        let id = executor.spawn(clock.sleep(Millis(50)));
        assert!(executor.run_task(id, Timestamp(2_000)));
        assert_eq!(executor.time().now(), Timestamp(1_050));
    }
}
