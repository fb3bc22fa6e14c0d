//! A sliding budget: never more than `limit` within any `span`.

use model::{Millis, Timestamp};
use std::collections::VecDeque;

/// What was spent lately, kept in grains so that memory does not grow with the number of requests. A grain
/// is given back only when its last instant has left the span: late, never early.
#[derive(Clone, Debug)]
pub struct Window {
    limit: u64,
    span: i64,
    grain: i64,
    used: u64,
    /// Start of each grain with what was spent in it, oldest first.
    spent: VecDeque<(i64, u64)>,
}

/// Grains per span: memory against how late a budget comes back (at most one grain, 0.5 %).
const GRAINS: i64 = 200;

impl Window {
    pub fn new(limit: u64, span: Millis) -> Self {
        Self {
            limit,
            span: span.0,
            grain: (span.0 / GRAINS).max(1),
            used: 0,
            spent: VecDeque::new(),
        }
    }

    /// `None`: `amount` may be spent now. Otherwise the instant at which to ask again. More than the whole
    /// budget at once goes when nothing else is spent.
    pub fn wait(&mut self, now: Timestamp, amount: u64) -> Option<Timestamp> {
        self.forget(now);
        if amount == 0 {
            return None;
        }
        let amount = amount.min(self.limit);
        let mut used = self.used;
        for (start, spent) in &self.spent {
            if used + amount <= self.limit {
                break;
            }
            used -= spent;
            if used + amount <= self.limit {
                return Some(self.back_at(*start));
            }
        }
        None
    }

    pub fn spend(&mut self, now: Timestamp, amount: u64) {
        let start = now.0 - now.0.rem_euclid(self.grain);
        self.used += amount;
        match self.spent.back_mut() {
            // A clock that stepped back counts as standing still.
            Some((last, spent)) if *last >= start => *spent += amount,
            _ => self.spent.push_back((start, amount)),
        }
    }

    pub fn is_empty(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        self.used == 0
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((start, spent)) = self.spent.front().copied() {
            if self.back_at(start) > now {
                return;
            }
            self.used -= spent;
            self.spent.pop_front();
        }
    }

    /// When the last instant of the grain has left the span.
    fn back_at(&self, start: i64) -> Timestamp {
        Timestamp(start + self.grain - 1 + self.span)
    }
}
