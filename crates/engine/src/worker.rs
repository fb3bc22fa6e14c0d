//! The worker: claims lanes, runs their jobs, gives them back. Many lanes at once, one job at a time in each.

use crate::job::{Again, JobError, Target, book, member};
use crate::world::Engine;
use futures::future::{BoxFuture, Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use model::{Millis, RunId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Claim, Finish, Job, Lease, StoreError};

/// How long a worker works.
#[derive(Clone)]
pub enum Until {
    /// Until the flag is raised; what is in flight is finished or handed back first.
    Stopped(Stop),
    /// Until none of these runs goes on by itself: they ended, or wait for a person.
    Settled(Vec<RunId>, Stop),
}

/// Asks a worker to stop. Clones are the same flag.
#[derive(Clone, Default)]
pub struct Stop {
    raised: Arc<AtomicBool>,
    bell: crate::bell::Bell,
}

impl Stop {
    pub fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        self.bell.ring();
    }

    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }
}

impl Until {
    fn stop(&self) -> &Stop {
        match self {
            Self::Stopped(stop) | Self::Settled(_, stop) => stop,
        }
    }
}

/// Of so many lanes one is kept for tenants with little at work: a first fill holds its lanes for minutes, and one change
/// of another client's must not wait for that.
const KEPT: usize = 8;
/// Whoever has so many lanes already gets none of those.
const OF_KEPT: usize = 4;

impl Engine {
    /// Works until told to stop. An error of one job hurts no other; only a store that fails ends the worker.
    pub async fn work(&self, worker: &str, until: &Until) -> Result<(), StoreError> {
        let mut busy: FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>> =
            FuturesUnordered::new();
        loop {
            let rung = self.inner.bell.count();
            let stopping = until.stop().is_raised() || self.is_settled(until).await?;
            if !stopping {
                self.take_lanes(worker, &mut busy).await?;
            }
            if stopping && busy.is_empty() {
                return Ok(());
            }
            self.wait(&mut busy, rung, until).await?;
        }
    }

    async fn take_lanes(
        &self,
        worker: &str,
        busy: &mut FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>>,
    ) -> Result<(), StoreError> {
        let settings = self.settings();
        while busy.len() < settings.lanes {
            let cap = self.cap(busy.len());
            let Some(claim) = self.store().claim(worker, settings.lease, cap).await? else {
                break;
            };
            let engine = self.clone();
            busy.push(Box::pin(async move { engine.run_claim(claim).await }));
        }
        Ok(())
    }

    /// How many lanes a tenant may have to be given one more, with so many busy here.
    fn cap(&self, busy: usize) -> usize {
        let settings = self.settings();
        let free = settings.lanes.saturating_sub(busy);
        match free > settings.lanes / KEPT {
            true => settings.lanes_per_tenant,
            false => settings.lanes_per_tenant.min(OF_KEPT),
        }
    }

    /// Waits for a lane to finish, a job to be offered, a stop, or the next job to be due.
    async fn wait(
        &self,
        busy: &mut FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>>,
        rung: u64,
        until: &Until,
    ) -> Result<(), StoreError> {
        let stop_seen = until.stop().bell.count();
        if until.stop().is_raised() && busy.is_empty() {
            return Ok(());
        }
        let idle = self.idle_until(busy.len()).await?;
        let timer = self.inner.world.clock.sleep_until(idle);
        let bells = select(
            self.inner.bell.after(rung),
            until.stop().bell.after(stop_seen),
        );
        let outside = select(timer, bells);
        if busy.is_empty() {
            outside.await;
            return Ok(());
        }
        match select(busy.next(), outside).await {
            Either::Left((Some(done), _)) => done,
            _ => Ok(()),
        }
    }

    /// When to look for work again, on this machine's clock.
    async fn idle_until(&self, busy: usize) -> Result<Timestamp, StoreError> {
        let settings = self.settings();
        let poll = self.now() + settings.poll;
        if busy >= settings.lanes {
            return Ok(poll);
        }
        let (store_now, due) = (
            self.store().time().await?,
            self.store().next_due(self.cap(busy)).await?,
        );
        let Some(due) = due else { return Ok(poll) };
        let wait = Millis(due.since(store_now).0.max(1));
        Ok((self.now() + wait).min(poll))
    }

    async fn is_settled(&self, until: &Until) -> Result<bool, StoreError> {
        use model::run::RunState::Held;
        let Until::Settled(runs, _) = until else {
            return Ok(false);
        };
        for id in runs {
            let going = self
                .store()
                .run_state(*id)
                .await?
                .is_some_and(|state| !state.ended() && state != Held);
            if going {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs the jobs of one lane in turn and gives the lane back. Someone else holds it by now: let go.
    async fn run_claim(&self, claim: Claim) -> Result<(), StoreError> {
        let done = self.run_jobs(&claim).await;
        let released = match done {
            Ok(()) => {
                self.store()
                    .release(
                        &Claim {
                            jobs: Vec::new(),
                            ..claim
                        },
                        Finish::Done,
                    )
                    .await
            }
            Err(error) => Err(error),
        };
        match released {
            Err(StoreError::LostLease { .. }) => Ok(()),
            other => other,
        }
    }

    async fn run_jobs(&self, claim: &Claim) -> Result<(), StoreError> {
        for job in &claim.jobs {
            let finish = match self.keep_leased(&claim.lease, job).await {
                Ok(Again::No) => Finish::Done,
                Ok(Again::At(at)) => Finish::Retry(at),
                Err(JobError::Store(error)) if is_fatal(&error) => return Err(error),
                Err(error) => self.later(job, &error).await?,
            };
            self.store().finish_job(&claim.lease, job, finish).await?;
        }
        Ok(())
    }

    /// Runs a job while its lease is prolonged; a lease that was lost ends the job where it stands.
    async fn keep_leased(&self, lease: &Lease, job: &Job) -> Result<Again, JobError> {
        let job: BoxFuture<'_, Result<Again, JobError>> = Box::pin(self.run_job(lease, job));
        let keeper: BoxFuture<'_, StoreError> = Box::pin(self.prolong(lease));
        match select(job, keeper).await {
            Either::Left((done, _)) => done,
            Either::Right((lost, _)) => Err(lost.into()),
        }
    }

    /// Ends only when the lease is lost.
    async fn prolong(&self, lease: &Lease) -> StoreError {
        loop {
            let third = Millis(self.settings().lease.0 / 3);
            self.inner.world.clock.sleep(third).await;
            if let Err(error) = self.store().extend(lease, self.settings().lease).await {
                return error;
            }
        }
    }

    async fn run_job(&self, lease: &Lease, job: &Job) -> Result<Again, JobError> {
        match Target::parse(&job.kind, &job.target) {
            Some(Target::Book(id)) => book::run(self, id).await,
            Some(Target::Member(id)) => member::run(self, lease, id, job.attempts).await,
            // Offered by a newer version: left to it.
            None => Ok(Again::No),
        }
    }

    /// A job that failed is tried again later, each time a little later.
    async fn later(&self, job: &Job, error: &JobError) -> Result<Finish, StoreError> {
        tracing::warn!(tenant.id = %job.tenant, job.kind = %job.kind, attempts = job.attempts, "job failed: {error}");
        let wait = Millis(self.settings().retry.0 / 15 * (1 << job.attempts.min(6)));
        Ok(Finish::Retry(self.store().time().await? + wait))
    }
}

/// Without a store nothing can be promised: the worker ends. A lost lease only ends the claim.
fn is_fatal(error: &StoreError) -> bool {
    !matches!(
        error,
        StoreError::Refused { .. } | StoreError::Missing { .. } | StoreError::Stopped { .. }
    )
}
