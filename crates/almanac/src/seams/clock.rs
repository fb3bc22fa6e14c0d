//! Time from the operating system, waiting by tokio.

use futures::future::BoxFuture;
use model::seam::Clock;
use model::{Millis, Timestamp};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the seam where time enters"
    )]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the seam where time enters"
    )]
    fn steady(&self) -> Timestamp {
        static START: OnceLock<Instant> = OnceLock::new();
        let passed = START.get_or_init(Instant::now).elapsed();
        Timestamp(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
    }

    /// Looks at the clock again after every sleep: the machine may have been suspended or its clock set.
    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'static, ()> {
        let clock = *self;
        Box::pin(async move {
            loop {
                let Millis(left) = until.since(clock.now());
                if left <= 0 {
                    return;
                }
                let step = left.min(Millis::hours(1).0);
                tokio::time::sleep(Duration::from_millis(step.unsigned_abs())).await;
            }
        })
    }

    fn sleep(&self, Millis(span): Millis) -> BoxFuture<'static, ()> {
        let span = Duration::from_millis(span.max(0).unsigned_abs());
        Box::pin(async move { tokio::time::sleep(span).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeping_never_ends_early() {
        let until = MachineClock.now() + Millis(25);
        MachineClock.sleep_until(until).await;
        assert!(MachineClock.now() >= until);
    }
}
