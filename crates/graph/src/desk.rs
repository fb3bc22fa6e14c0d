//! Where writes are packed into batches, sent and sorted by what became of them.

use crate::Batching;
use crate::answer::batch::steps;
use crate::answer::write::{Fate, Verb, done, fate};
use crate::error::GraphError;
use crate::graph::{Inner, TenantRef};
use crate::pacing::lane::{Cost, Signal};
use crate::request::Plain;
use crate::request::batch::{batch, weight};
use crate::send::{Call, Delivery, fault_of};
use crate::writing::{Job, Written};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use model::mutant::{self, Mutant};
use model::plan::Outcome;
use model::seam::Response;
use model::{ItemId, MailboxId, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// How often a write that was turned away without effect is sent again within one call.
const ROUNDS: usize = 6;

/// One call's writes to one mailbox.
pub(crate) struct Desk<'a> {
    pub inner: &'a Inner,
    pub tenant: &'a TenantRef,
    pub mailbox: &'a MailboxId,
    pub jobs: Vec<Job>,
    pub not_after: Timestamp,
}

/// What one sending did for one job.
enum Next {
    Settled(Outcome),
    /// Definitely not executed, for our pace.
    Throttled {
        until: Timestamp,
    },
    /// Definitely not executed, and nothing speaks against sending it again.
    Again,
    /// Definitely not executed, because something in its batch was unacceptable: send it by itself.
    Alone,
}

/// What is known while the writes are under way.
#[derive(Default)]
struct Trouble {
    first: Option<GraphError>,
    /// Nothing more may be sent in this call until then.
    stop: Option<Timestamp>,
}

impl Desk<'_> {
    pub async fn work(&self) -> Written {
        let trouble = Mutex::new(Trouble::default());
        let mut outcomes: Vec<Option<Outcome>> = self.jobs.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..self.jobs.len()).collect();
        let mut alone = BTreeSet::new();
        for _ in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            let batches = self.pack(&open, &alone);
            let mut sending: Vec<BoxFuture<'_, Vec<(usize, Next)>>> = Vec::new();
            for batch in &batches {
                sending.push(self.send(batch, &trouble).boxed());
            }
            let sent = futures::stream::iter(sending).buffered(self.side_by_side());
            let sent: Vec<Vec<(usize, Next)>> = sent.collect().await;
            let now = self.inner.clock.now();
            open.clear();
            for (at, next) in sent.into_iter().flatten() {
                outcomes[at] = Some(match next {
                    Next::Settled(outcome) => outcome,
                    Next::Throttled { until } => {
                        open.push(at);
                        Outcome::NotYet { until }
                    }
                    Next::Again => {
                        open.push(at);
                        Outcome::NotYet { until: now }
                    }
                    Next::Alone => {
                        open.push(at);
                        alone.insert(at);
                        Outcome::NotYet { until: now }
                    }
                });
            }
        }
        self.written(outcomes, locked(&trouble).first.take())
    }

    fn written(&self, outcomes: Vec<Option<Outcome>>, trouble: Option<GraphError>) -> Written {
        let until = self.inner.clock.now();
        let outcomes: Vec<Outcome> = outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or(Outcome::NotYet { until }))
            .collect();
        let open = |o: &Outcome| matches!(o, Outcome::NotYet { .. } | Outcome::Unknown);
        // Trouble that was overcome is none.
        let trouble = trouble.filter(|_| outcomes.iter().any(open));
        Written { outcomes, trouble }
    }

    /// An unordered batch uses every slot by itself. Chains go side by side, unless one item is written
    /// twice: then order matters.
    fn side_by_side(&self) -> usize {
        let items: Vec<&ItemId> = self.jobs.iter().filter_map(|j| j.item.as_ref()).collect();
        let distinct: BTreeSet<&ItemId> = items.iter().copied().collect();
        match self.inner.settings.batching {
            Batching::Chained if distinct.len() == items.len() => self.inner.settings.slots,
            Batching::Chained | Batching::Unordered => 1,
        }
    }

    /// In the order given; a batch ends where it would hold too many steps, too many bytes, or the same
    /// item twice (its steps run at once, so the second would meet a version that it does not expect).
    fn pack(&self, open: &[usize], alone: &BTreeSet<usize>) -> Vec<Vec<usize>> {
        let settings = &self.inner.settings;
        let mut batches: Vec<Vec<usize>> = Vec::new();
        let (mut bytes, mut items, mut closed) = (0, BTreeSet::new(), true);
        for at in open.iter().copied() {
            let job = &self.jobs[at];
            let weight = weight(&job.plain);
            let twice = settings.batching == Batching::Unordered
                && job.item.as_ref().is_some_and(|item| items.contains(item));
            let full = batches
                .last()
                .is_none_or(|batch| batch.len() >= settings.batch_steps)
                || bytes + weight > settings.batch_bytes;
            if closed || full || twice || alone.contains(&at) {
                batches.push(Vec::new());
                (bytes, items) = (0, BTreeSet::new());
            }
            closed = alone.contains(&at);
            bytes += weight;
            items.extend(job.item.as_ref());
            if let Some(batch) = batches.last_mut() {
                batch.push(at);
            }
        }
        batches
    }

    async fn send(&self, batch: &[usize], trouble: &Mutex<Trouble>) -> Vec<(usize, Next)> {
        let stop = locked(trouble).stop;
        let nexts = match stop {
            Some(until) => not_yet(batch.len(), until),
            None => self.send_batch(batch, trouble).await,
        };
        batch.iter().copied().zip(nexts).collect()
    }

    async fn send_batch(&self, batch: &[usize], trouble: &Mutex<Trouble>) -> Vec<Next> {
        let jobs: Vec<&Job> = batch.iter().map(|at| &self.jobs[*at]).collect();
        let heavy = jobs.len() == 1 && weight(&jobs[0].plain) > self.inner.settings.batch_bytes;
        let plain = match heavy {
            true => jobs[0].plain.clone(),
            false => self.batch_of(&jobs),
        };
        let call = self.call(&jobs, plain.body.len());
        match self.inner.write_once(call, &plain, self.not_after).await {
            Delivery::Answered { response, permit } => {
                let nexts = match heavy {
                    true => vec![self.settle(jobs[0], &response, call, trouble).await],
                    false => self.unpack(&jobs, &response, call, trouble).await,
                };
                permit.settle(self.pace(&response, &nexts));
                nexts
            }
            Delivery::Lost(error) => {
                note(trouble, error);
                jobs.iter()
                    .map(|_| Next::Settled(Outcome::Unknown))
                    .collect()
            }
            Delivery::NotSent {
                until,
                trouble: error,
            } => {
                note(trouble, error);
                locked(trouble).stop = Some(until);
                not_yet(jobs.len(), until)
            }
        }
    }

    fn batch_of(&self, jobs: &[&Job]) -> Plain {
        let plains: Vec<&Plain> = jobs.iter().map(|job| &job.plain).collect();
        batch(&plains, self.inner.settings.batching)
    }

    fn call(&self, jobs: &[&Job], bytes: usize) -> Call<'_> {
        let slots = match self.inner.settings.batching {
            Batching::Unordered => jobs.len(),
            Batching::Chained => 1,
        };
        Call {
            cost: Cost {
                slots,
                units: jobs.len() as u64,
                bytes: bytes as u64,
            },
            ..Call::mailbox(self.tenant, self.mailbox, "writing contacts")
        }
    }

    /// The outer answer first: only a success holds answers to the steps.
    async fn unpack(
        &self,
        jobs: &[&Job],
        response: &Response,
        call: Call<'_>,
        trouble: &Mutex<Trouble>,
    ) -> Vec<Next> {
        if response.status != 200 {
            return self.turned_away(jobs, response, call, trouble).await;
        }
        let Ok(answers) = steps(&response.body, jobs.len()) else {
            let detail = "a batch that cannot be read".to_owned();
            note(
                trouble,
                GraphError::Malformed {
                    at: call.place(),
                    detail,
                },
            );
            return jobs
                .iter()
                .map(|_| Next::Settled(Outcome::Unknown))
                .collect();
        };
        let mut nexts = Vec::with_capacity(jobs.len());
        let mut refusals = 0;
        for (job, answer) in jobs.iter().zip(answers) {
            let Some(answer) = answer else {
                nexts.push(Next::Settled(Outcome::Unknown));
                continue;
            };
            if mutant::on(Mutant::F4) && answer.status >= 400 && job.verb != Verb::Create {
                nexts.push(Next::Settled(done(Verb::Delete, &answer, None)));
                continue;
            }
            refusals += usize::from(is_of_mailbox(job.verb, &answer));
            nexts.push(self.settle(job, &answer, call, trouble).await);
        }
        // One item may be forbidden; when all are, it is the mailbox.
        if refusals == jobs.len() {
            let until = self.inner.clock.now() + self.inner.settings.mailbox_retry;
            locked(trouble).stop = Some(until);
        }
        nexts
    }

    /// What an answer says about our pace: throttles hide inside a batch that succeeded.
    fn pace(&self, response: &Response, nexts: &[Next]) -> Signal {
        let throttled = nexts.iter().filter_map(|next| match next {
            Next::Throttled { until } => Some(*until),
            _ => None,
        });
        match throttled.max().max(self.advised(response, nexts)) {
            Some(until) => Signal::Throttled { until },
            None => self.inner.signal(response),
        }
    }

    /// Steps that were answered 503 with a time to wait: the mailbox is left alone that long, whatever became of the
    /// write.
    fn advised(&self, response: &Response, nexts: &[Next]) -> Option<Timestamp> {
        const HEADER: &[u8] = b"Retry-After";
        let is_done = |next: &Next| matches!(next, Next::Settled(Outcome::Done { .. }));
        if nexts.iter().all(is_done) || !response.body.windows(HEADER.len()).any(|w| w == HEADER) {
            return None;
        }
        let answers = steps(&response.body, nexts.len()).ok()?;
        let waits = answers
            .into_iter()
            .flatten()
            .filter(|a| matches!(a.status, 429 | 503) && a.header("retry-after").is_some());
        waits.map(|a| self.inner.throttled_until(&a)).max()
    }

    /// The batch as a whole was answered with something else than answers.
    async fn turned_away(
        &self,
        jobs: &[&Job],
        response: &Response,
        call: Call<'_>,
        trouble: &Mutex<Trouble>,
    ) -> Vec<Next> {
        let fault = fault_of(response);
        let refused = matches!(response.status, 400 | 413 | 422);
        if refused && jobs.len() > 1 {
            return jobs.iter().map(|_| Next::Alone).collect();
        }
        // A throttle is noted with its end, below.
        if !refused
            && response.status != 429
            && let Some(fault) = fault
        {
            note(trouble, fault.error(call.place()));
        }
        let mut nexts = Vec::with_capacity(jobs.len());
        for job in jobs {
            nexts.push(match response.status {
                // No success but 200 holds answers; a redirect or a proxy's page proves nothing.
                201..=299 => Next::Settled(Outcome::Unknown),
                _ => self.settle(job, response, call, trouble).await,
            });
        }
        nexts
    }

    async fn settle(
        &self,
        job: &Job,
        response: &Response,
        call: Call<'_>,
        trouble: &Mutex<Trouble>,
    ) -> Next {
        let now = self.inner.clock.now();
        let Some(fault) = fault_of(response) else {
            return Next::Settled(done(job.verb, response, job.sent.as_deref()));
        };
        let settled = match fate(job.verb, response.status, &fault) {
            Fate::Stale => Outcome::Stale,
            Fate::Gone => Outcome::Gone,
            Fate::Refused => Outcome::Refused(format!("{}: {}", fault.code, fault.message)),
            Fate::Throttled => {
                let until = self.inner.throttled_until(response);
                let at = call.place();
                note(trouble, GraphError::Throttled { at, until });
                return Next::Throttled { until };
            }
            Fate::NotRun => return Next::Again,
            Fate::Unauthorized => {
                self.inner.forget_token(self.tenant).await;
                note(trouble, fault.error(call.place()));
                return Next::Again;
            }
            Fate::Mailbox => {
                note(trouble, fault.error(call.place()));
                let until = now + self.inner.settings.mailbox_retry;
                Outcome::NotYet { until }
            }
            Fate::Done | Fate::Unknown => {
                if fault.is_full() {
                    note(trouble, fault.error(call.place()));
                }
                Outcome::Unknown
            }
        };
        Next::Settled(settled)
    }
}

fn not_yet(count: usize, until: Timestamp) -> Vec<Next> {
    let one = |_| Next::Settled(Outcome::NotYet { until });
    (0..count).map(one).collect()
}

fn is_of_mailbox(verb: Verb, response: &Response) -> bool {
    fault_of(response).is_some_and(|f| fate(verb, response.status, &f) == Fate::Mailbox)
}

fn note(trouble: &Mutex<Trouble>, error: GraphError) {
    locked(trouble).first.get_or_insert(error);
}

fn locked(trouble: &Mutex<Trouble>) -> std::sync::MutexGuard<'_, Trouble> {
    trouble.lock().unwrap_or_else(PoisonError::into_inner)
}
