//! One mailbox (or one tenant's directory) as a throttled resource.

use super::window::Window;
use crate::Settings;
use model::{Millis, Timestamp};

/// What a request takes from its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Concurrent requests: an unordered batch takes as many as Graph works on at once.
    pub slots: usize,
    /// Requests, or resource units where the directory counts those.
    pub units: u64,
    /// Bytes uploaded.
    pub bytes: u64,
}

impl Cost {
    pub const ONE: Self = Self {
        slots: 1,
        units: 1,
        bytes: 0,
    };
}

/// May this go now?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Go,
    /// Ask again then.
    At(Timestamp),
    /// Ask again when something is given back.
    OnReturn,
}

/// What the answer said about our pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Fine,
    Throttled {
        until: Timestamp,
    },
    /// No word about it.
    Silent,
}

impl Signal {
    /// What two answers for one lane say together: the longest wait, else the later answer.
    pub fn and(self, later: Self) -> Self {
        match (self, later) {
            (Self::Throttled { until: a }, Self::Throttled { until: b }) => {
                Self::Throttled { until: a.max(b) }
            }
            (throttled @ Self::Throttled { .. }, _) => throttled,
            (_, later) => later,
        }
    }
}

/// While a throttle lasts nothing goes; when it is over one request probes, and only its good answer opens
/// the lane again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    Closed { until: Timestamp },
    Probing,
}

#[derive(Clone, Debug)]
pub struct Lane {
    slots: usize,
    busy: usize,
    budget: Window,
    upload: Window,
    gate: Gate,
    /// Throttles without a good answer in between.
    streak: u32,
    floor: Millis,
    cap: Millis,
}

/// What was taken and must be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub cost: Cost,
    probe: bool,
}

impl Lane {
    pub fn mailbox(settings: &Settings) -> Self {
        Self::new(
            settings,
            settings.slots,
            settings.budget,
            settings.budget_span,
        )
    }

    /// The directory counts resource units per app and tenant; the smallest tenants' allowance is taken.
    pub fn directory(settings: &Settings) -> Self {
        Self::new(settings, DIRECTORY_SLOTS, DIRECTORY_UNITS, DIRECTORY_SPAN)
    }

    fn new(settings: &Settings, slots: usize, units: u64, span: Millis) -> Self {
        Self {
            slots,
            busy: 0,
            budget: Window::new(units, span),
            upload: Window::new(settings.upload, settings.upload_span),
            gate: Gate::Open,
            streak: 0,
            floor: settings.throttle_floor,
            cap: settings.throttle_cap,
        }
    }

    pub fn ask(&mut self, now: Timestamp, cost: Cost) -> Ask {
        match self.gate {
            Gate::Closed { until } if until > now => return Ask::At(until),
            Gate::Probing => return Ask::OnReturn,
            Gate::Closed { .. } | Gate::Open => {}
        }
        if self.busy + cost.slots.min(self.slots) > self.slots {
            return Ask::OnReturn;
        }
        let budget = self.budget.wait(now, cost.units);
        match budget.max(self.upload.wait(now, cost.bytes)) {
            Some(at) => Ask::At(at),
            None => Ask::Go,
        }
    }

    /// Takes what [`Lane::ask`] has just allowed.
    pub fn take(&mut self, now: Timestamp, cost: Cost) -> Taken {
        let slots = cost.slots.min(self.slots);
        self.busy += slots;
        self.budget.spend(now, cost.units);
        if cost.bytes > 0 {
            self.upload.spend(now, cost.bytes);
        }
        let probe = self.gate != Gate::Open;
        if probe {
            self.gate = Gate::Probing;
        }
        let cost = Cost { slots, ..cost };
        Taken { cost, probe }
    }

    pub fn give_back(&mut self, now: Timestamp, taken: Taken, signal: Signal) {
        self.busy -= taken.cost.slots;
        match signal {
            Signal::Throttled { until } => self.close(now, until),
            // A throttle that came in after the probe was sent knows more than the probe.
            Signal::Fine if taken.probe && self.gate == Gate::Probing => {
                self.gate = Gate::Open;
                self.streak = 0;
            }
            Signal::Fine if self.gate == Gate::Open => self.streak = 0,
            // The probe's fate is unknown: another one may try after the floor.
            Signal::Silent if taken.probe => self.close_until(now + self.floor),
            Signal::Fine | Signal::Silent => {}
        }
    }

    pub fn is_idle(&mut self, now: Timestamp) -> bool {
        self.busy == 0
            && self.is_forgotten(now)
            && self.budget.is_empty(now)
            && self.upload.is_empty(now)
    }

    /// A throttle that was over long ago says nothing any more.
    fn is_forgotten(&self, now: Timestamp) -> bool {
        match self.gate {
            Gate::Open => true,
            Gate::Closed { until } => until + self.cap < now,
            Gate::Probing => false,
        }
    }

    /// Every throttle in a row doubles the least that we wait: a server that keeps saying "one second"
    /// does not mean it.
    fn close(&mut self, now: Timestamp, until: Timestamp) {
        let doubled = self.floor.0.saturating_mul(1 << self.streak.min(10));
        let least = now + Millis(doubled.min(self.cap.0));
        self.streak = self.streak.saturating_add(1);
        self.close_until(until.max(least));
    }

    fn close_until(&mut self, until: Timestamp) {
        let until = match self.gate {
            Gate::Closed { until: known } => known.max(until),
            Gate::Open | Gate::Probing => until,
        };
        self.gate = Gate::Closed { until };
    }
}

const DIRECTORY_SLOTS: usize = 8;
const DIRECTORY_UNITS: u64 = 3_500;
const DIRECTORY_SPAN: Millis = Millis::seconds(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_throttled_steps_the_longest_wait_counts() {
        let until = |ms| Signal::Throttled {
            until: Timestamp(ms),
        };
        assert_eq!(until(1_000).and(until(600_000)), until(600_000));
        assert_eq!(until(600_000).and(until(1_000)), until(600_000));
        assert_eq!(until(1_000).and(Signal::Fine), until(1_000));
        assert_eq!(Signal::Fine.and(until(1_000)), until(1_000));
        assert_eq!(Signal::Fine.and(Signal::Silent), Signal::Silent);
    }
}
