//! Time from the operating system, waiting by tokio.

use futures::future::BoxFuture;
use model::seam::Clock;
use model::{Millis, Timestamp};
use std::time::Duration;

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
