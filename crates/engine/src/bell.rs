//! A bell that wakes idle workers of this process when a job was offered. It carries nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    rung: u64,
    waiting: Vec<Waker>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.rung += 1;
        inner.waiting.drain(..).for_each(Waker::wake);
    }

    /// How often it rang so far: taken before looking for work, so that no ring is missed.
    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rung
    }

    /// Resolves once the bell rang more often than `seen`.
    pub(crate) fn after(&self, seen: u64) -> After {
        After {
            bell: self.clone(),
            seen,
        }
    }
}

pub(crate) struct After {
    bell: Bell,
    seen: u64,
}

impl Future for After {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.rung > self.seen {
            return Poll::Ready(());
        }
        inner.waiting.push(cx.waker().clone());
        Poll::Pending
    }
}
