//! Many small questions, asked 20 at a time; a step that gets no answer is asked again by itself.

use crate::Batching;
use crate::answer::batch;
use crate::answer::fault::safe;
use crate::answer::read::{Sense, sense};
use crate::error::{GraphError, Place};
use crate::graph::{Inner, TenantRef};
use crate::pacing::lane::{Cost, Signal};
use crate::pacing::pacer::{LaneKey, Permit};
use crate::request::Plain;
use crate::request::batch::batch as batch_of;
use crate::send::{Answer, Call, fault_of};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use model::MailboxId;
use model::mutant::{self, Mutant};
use model::seam::{NoAnswer, Response};
use std::collections::BTreeMap;

/// One question of many: the mailbox it is put to, and the request.
pub struct Question {
    pub mailbox: MailboxId,
    pub plain: Plain,
}

/// The answer to one question: a success, a definite word, or why there is neither.
pub type Reply = Result<Answer<Response>, GraphError>;

/// Questions with their place in the whole.
type Asked<'a> = Vec<(usize, &'a Question)>;

type Replies = Vec<(usize, Reply)>;

/// Batches under way at once for one tenant.
const SIDE_BY_SIDE: usize = 4;

impl Inner {
    /// Asks all, and returns the replies in the order of the questions. An error of the whole (no sign-in)
    /// ends it; an error of one question is its reply.
    pub async fn ask_many(
        &self,
        tenant: &TenantRef,
        doing: &'static str,
        questions: &[Question],
    ) -> Result<Vec<Reply>, GraphError> {
        let mut replies: BTreeMap<usize, Reply> = BTreeMap::new();
        for attempt in 1..=self.settings.read_attempts.max(1) {
            let open: Asked<'_> = questions
                .iter()
                .enumerate()
                .filter(|(at, _)| self.is_open(replies.get(at)))
                .collect();
            if open.is_empty() {
                break;
            }
            if attempt > 1 {
                self.back_off(attempt).await;
            }
            replies.extend(self.ask_round(tenant, doing, open).await?);
        }
        // At this point every question has been asked at least once.
        Ok(replies.into_values().collect())
    }

    async fn ask_round(
        &self,
        tenant: &TenantRef,
        doing: &'static str,
        open: Asked<'_>,
    ) -> Result<Replies, GraphError> {
        let mut batches: Vec<BoxFuture<'_, Result<Replies, GraphError>>> = Vec::new();
        for chunk in open.chunks(self.settings.batch_steps) {
            batches.push(self.ask_batch(tenant, doing, chunk).boxed());
        }
        let mut batches = futures::stream::iter(batches).buffered(SIDE_BY_SIDE);
        let mut replies = Replies::new();
        while let Some(answered) = batches.next().await {
            replies.extend(answered?);
        }
        Ok(replies)
    }

    /// Not asked yet, or asked without an answer that will stay.
    fn is_open(&self, reply: Option<&Reply>) -> bool {
        match reply {
            None => true,
            Some(Err(error)) => self.is_worth_waiting(error),
            Some(Ok(_)) => false,
        }
    }

    /// One batch. Only a failed sign-in is an error of the whole.
    async fn ask_batch(
        &self,
        tenant: &TenantRef,
        doing: &'static str,
        asked: &[(usize, &Question)],
    ) -> Result<Replies, GraphError> {
        let mut replies = Replies::new();
        let (permits, going) = self.turns(tenant, doing, asked, &mut replies).await;
        if going.is_empty() {
            return Ok(replies);
        }
        let steps: Vec<&Plain> = going.iter().map(|(_, question)| &question.plain).collect();
        let plain = batch_of(&steps, Batching::Unordered);
        let outer = self.send_renewing(tenant, &plain).await?;
        let mut signals: BTreeMap<&MailboxId, Signal> = BTreeMap::new();
        let mut unauthorized = false;
        for ((at, question), answer) in going.iter().zip(unpack(outer, steps.len())) {
            unauthorized |= matches!(&answer, Ok(response) if response.status == 401);
            let place = Call::mailbox(tenant, &question.mailbox, doing).place();
            let (reply, signal) = self.reply(answer, place);
            replies.push((*at, reply));
            let known = signals.entry(&question.mailbox).or_insert(signal);
            *known = known.and(signal);
        }
        for (mailbox, permit) in permits {
            permit.settle(signals.remove(&mailbox).unwrap_or(Signal::Silent));
        }
        if unauthorized {
            self.forget_token(tenant).await;
        }
        Ok(replies)
    }

    /// A turn in the lane of every mailbox that is asked, taken in the order of the mailboxes, so that two
    /// batches can never wait for each other. A mailbox that is throttled too long is left out: that is its
    /// reply.
    async fn turns<'q>(
        &self,
        tenant: &TenantRef,
        doing: &'static str,
        asked: &[(usize, &'q Question)],
        replies: &mut Replies,
    ) -> (Vec<(MailboxId, Permit)>, Asked<'q>) {
        let mut by_mailbox: BTreeMap<&MailboxId, Asked<'q>> = BTreeMap::new();
        for (at, question) in asked {
            let steps = by_mailbox.entry(&question.mailbox).or_default();
            steps.push((*at, question));
        }
        let latest = self.clock.now() + self.settings.read_patience;
        let (mut permits, mut going) = (Vec::new(), Vec::new());
        for (mailbox, steps) in by_mailbox {
            let cost = Cost {
                slots: steps.len(),
                units: steps.len() as u64,
                bytes: 0,
            };
            let key = LaneKey::Mailbox(tenant.name.clone(), mailbox.clone());
            match self.pacer.turn(key, cost, cost.units, latest).await {
                Ok(permit) => {
                    permits.push((mailbox.clone(), permit));
                    going.extend(steps);
                }
                Err(until) => replies.extend(steps.into_iter().map(|(at, _)| {
                    let place = Call::mailbox(tenant, mailbox, doing).place();
                    (at, Err(GraphError::Throttled { at: place, until }))
                })),
            }
        }
        (permits, going)
    }

    /// Sends what may be sent again, with a new token if the old one was turned away.
    async fn send_renewing(
        &self,
        tenant: &TenantRef,
        plain: &Plain,
    ) -> Result<Result<Response, NoAnswer>, GraphError> {
        let not_after = self.clock.now() + self.settings.request_bound;
        let token = self.token(tenant, None).await?;
        let answer = self.send(plain, &token, not_after).await;
        if !matches!(&answer, Ok(response) if response.status == 401) {
            return Ok(answer);
        }
        let token = self.token(tenant, Some(&token)).await?;
        Ok(self.send(plain, &token, not_after).await)
    }

    fn reply(&self, answer: Result<Response, String>, at: Place) -> (Reply, Signal) {
        let response = match answer {
            Ok(response) => response,
            Err(detail) => return (Err(GraphError::NoAnswer { at, detail }), Signal::Silent),
        };
        let fault = fault_of(&response);
        let advised = response.header("retry-after").is_some();
        match (sense(fault.as_ref(), response.status, advised), fault) {
            (Sense::Throttled, _) => {
                let until = self.throttled_until(&response);
                let error = GraphError::Throttled { at, until };
                (Err(error), Signal::Throttled { until })
            }
            (Sense::Again | Sense::Unauthorized, _) => {
                let detail = format!("status {}", response.status);
                (Err(GraphError::NoAnswer { at, detail }), Signal::Silent)
            }
            (_, Some(fault)) => (Ok(Err(fault)), Signal::Fine),
            (_, None) => (Ok(Ok(response)), Signal::Fine),
        }
    }
}

/// The answers of the steps; where the batch as a whole was turned away, that answer is every step's.
fn unpack(outer: Result<Response, NoAnswer>, count: usize) -> Vec<Result<Response, String>> {
    let all = |answer: Result<Response, String>| vec![answer; count];
    let response = match outer {
        Ok(response) => response,
        Err(none) => return all(Err(safe(&none.to_string()))),
    };
    if response.status != 200 {
        return all(Ok(response));
    }
    let silent = "a batch did not answer every step";
    match batch::steps(&response.body, count) {
        Ok(answers) => answers
            .into_iter()
            .map(|answer| answer.or_else(not_there))
            .map(|answer| answer.ok_or_else(|| silent.to_owned()))
            .collect(),
        Err(detail) => all(Err(detail)),
    }
}

/// What only a mutant hears in silence.
fn not_there() -> Option<Response> {
    mutant::on(Mutant::K1).then(|| Response {
        status: 404,
        headers: Vec::new(),
        body: br#"{"error":{"code":"ErrorItemNotFound"}}"#.as_slice().into(),
    })
}
