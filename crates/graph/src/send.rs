//! The driver: signs a request, waits for its turn, sends it, and asks again where that is right.

use crate::answer::fault::{Fault, safe};
use crate::answer::read::{Sense, sense};
use crate::error::{GraphError, Place};
use crate::graph::{Inner, TenantRef};
use crate::pacing::lane::{Cost, Signal};
use crate::pacing::pacer::{LaneKey, Permit};
use crate::request::{Plain, url};
use crate::token::Token;
use model::seam::{NoAnswer, Request, Response};
use model::{MailboxId, Millis, Timestamp};

/// Who asks what of whom: everything that belongs to a call beside its request.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub tenant: &'a TenantRef,
    /// `None`: the directory.
    pub mailbox: Option<&'a MailboxId>,
    pub doing: &'static str,
    pub cost: Cost,
}

impl<'a> Call<'a> {
    /// A question to the directory that costs so many resource units.
    pub fn directory(tenant: &'a TenantRef, doing: &'static str, units: u64) -> Self {
        Self {
            tenant,
            mailbox: None,
            doing,
            cost: Cost { units, ..Cost::ONE },
        }
    }

    pub fn mailbox(tenant: &'a TenantRef, mailbox: &'a MailboxId, doing: &'static str) -> Self {
        Self {
            tenant,
            mailbox: Some(mailbox),
            doing,
            cost: Cost::ONE,
        }
    }

    pub fn place(&self) -> Place {
        Place {
            tenant: self.tenant.name.clone(),
            mailbox: self.mailbox.cloned(),
            doing: self.doing,
        }
    }

    fn lane(&self) -> LaneKey {
        let tenant = self.tenant.name.clone();
        match self.mailbox {
            Some(mailbox) => LaneKey::Mailbox(tenant, mailbox.clone()),
            None => LaneKey::Directory(tenant),
        }
    }
}

/// A read's answer: what was asked for, or a definite word of another kind.
pub type Answer<T> = Result<T, Fault>;

impl Inner {
    /// Asks, and asks again while that can help. `read` makes sense of a success; where it cannot, the
    /// answer is as good as none.
    pub async fn ask<T>(
        &self,
        call: Call<'_>,
        plain: &Plain,
        read: impl Fn(&Response) -> Result<T, String>,
    ) -> Result<Answer<T>, GraphError> {
        let mut spent: Option<Token> = None;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let last = attempt >= self.settings.read_attempts;
            let token = self.token(call.tenant, spent.as_ref()).await?;
            let permit = self.turn(call).await?;
            let not_after = self.clock.now() + self.settings.request_bound;
            let answer = self.send(plain, &token, not_after).await;
            let error = match self.weigh(call, answer, permit, &read) {
                Weighed::Answer(answer) => return Ok(answer),
                Weighed::Unauthorized(fault) if spent.is_some() => {
                    return Err(fault.error(call.place()));
                }
                Weighed::Unauthorized(_) => {
                    spent = Some(token);
                    continue;
                }
                Weighed::Trouble(error) => error,
            };
            if last || !self.is_worth_waiting(&error) {
                return Err(error);
            }
            // A throttle is waited out in the lane, by everyone.
            if !matches!(error, GraphError::Throttled { .. }) {
                self.back_off(attempt).await;
            }
        }
    }

    /// [`Inner::ask`], where every definite word but a success is an error.
    pub async fn get<T>(
        &self,
        call: Call<'_>,
        plain: &Plain,
        read: impl Fn(&Response) -> Result<T, String>,
    ) -> Result<T, GraphError> {
        let answer = self.ask(call, plain, read).await?;
        answer.map_err(|fault| fault.error(call.place()))
    }

    async fn turn(&self, call: Call<'_>) -> Result<Permit, GraphError> {
        let latest = self.clock.now() + self.settings.read_patience;
        let turn = self.pacer.turn(call.lane(), call.cost, 1, latest);
        turn.await.map_err(|until| GraphError::Throttled {
            at: call.place(),
            until,
        })
    }

    /// Sends a write once; only a token that is no longer good is replaced and the write sent again, since
    /// nothing was done then.
    pub async fn write_once(
        &self,
        call: Call<'_>,
        plain: &Plain,
        not_after: Timestamp,
    ) -> Delivery {
        let mut spent: Option<Token> = None;
        loop {
            let token = match self.token(call.tenant, spent.as_ref()).await {
                Ok(token) => token,
                Err(trouble) => return self.not_sent(trouble),
            };
            let permit = match self.turn_to_write(call, not_after).await {
                Ok(permit) => permit,
                Err(until) => {
                    let at = call.place();
                    return self.not_sent(GraphError::Throttled { at, until });
                }
            };
            let answer = self.send(plain, &token, not_after).await;
            match answer {
                Ok(response) if response.status == 401 && spent.is_none() => {
                    permit.settle(Signal::Fine);
                    spent = Some(token);
                }
                Ok(response) => return Delivery::Answered { response, permit },
                Err(none @ NoAnswer::NotSent(_)) => {
                    return self.not_sent(unanswered(none, call.place()));
                }
                Err(none) => return Delivery::Lost(unanswered(none, call.place())),
            }
        }
    }

    /// Nothing was sent: when it is worth trying again.
    fn not_sent(&self, trouble: GraphError) -> Delivery {
        let now = self.clock.now();
        let until = match &trouble {
            GraphError::Throttled { until, .. } => *until,
            error if error.passes() => now + self.settings.throttle_floor,
            _ => now + self.settings.mailbox_retry,
        };
        Delivery::NotSent { until, trouble }
    }

    /// What an answer to a write says about our pace.
    pub fn signal(&self, response: &Response) -> Signal {
        let fault = fault_of(response);
        let advised = response.header("retry-after").is_some();
        match sense(fault.as_ref(), response.status, advised) {
            Sense::Throttled => Signal::Throttled {
                until: self.throttled_until(response),
            },
            Sense::Again => Signal::Silent,
            Sense::Done | Sense::Definite | Sense::Unauthorized => Signal::Fine,
        }
    }

    /// Waits for a turn to write, at most until `latest`.
    pub async fn turn_to_write(
        &self,
        call: Call<'_>,
        latest: Timestamp,
    ) -> Result<Permit, Timestamp> {
        let calls = call.cost.units;
        self.pacer.turn(call.lane(), call.cost, calls, latest).await
    }

    fn weigh<T>(
        &self,
        call: Call<'_>,
        answer: Result<Response, NoAnswer>,
        permit: Permit,
        read: impl Fn(&Response) -> Result<T, String>,
    ) -> Weighed<T> {
        let response = match answer {
            Ok(response) => response,
            Err(none) => return Weighed::Trouble(unanswered(none, call.place())),
        };
        let fault = fault_of(&response);
        let advised = response.header("retry-after").is_some();
        let sense = sense(fault.as_ref(), response.status, advised);
        permit.settle(match sense {
            Sense::Throttled => Signal::Throttled {
                until: self.throttled_until(&response),
            },
            Sense::Again => Signal::Silent,
            Sense::Done | Sense::Definite | Sense::Unauthorized => Signal::Fine,
        });
        let at = call.place();
        match (sense, fault) {
            (Sense::Unauthorized, Some(fault)) => Weighed::Unauthorized(fault),
            (Sense::Definite, Some(fault)) => Weighed::Answer(Err(fault)),
            (Sense::Throttled, _) => Weighed::Trouble(GraphError::Throttled {
                at,
                until: self.throttled_until(&response),
            }),
            (Sense::Again, _) => Weighed::Trouble(GraphError::NoAnswer {
                at,
                detail: format!("status {}", response.status),
            }),
            _ => match read(&response) {
                Ok(value) => Weighed::Answer(Ok(value)),
                Err(detail) => Weighed::Trouble(GraphError::Malformed { at, detail }),
            },
        }
    }

    /// May asking again soon help?
    pub fn is_worth_waiting(&self, error: &GraphError) -> bool {
        match error {
            GraphError::Throttled { until, .. } => {
                until.since(self.clock.now()) <= self.settings.read_patience
            }
            error => error.passes(),
        }
    }

    /// Puts a request on the wire, once.
    pub async fn send(
        &self,
        plain: &Plain,
        token: &Token,
        not_after: Timestamp,
    ) -> Result<Response, NoAnswer> {
        let url = self.address(&plain.path);
        let own = plain.headers().into_iter();
        let mut headers: Vec<_> = own.map(|(n, v)| (n.to_owned(), v.into_owned())).collect();
        let bearer = format!("Bearer {}", token.bearer);
        headers.push(("Authorization".to_owned(), bearer));
        headers.push(("User-Agent".to_owned(), self.settings.user_agent.clone()));
        headers.push(("client-request-id".to_owned(), self.chance.guid()));
        let request = Request {
            method: plain.method,
            url,
            headers,
            body: plain.body.clone(),
        };
        self.exchange.send(request, not_after).await
    }

    fn address(&self, path: &str) -> String {
        if url::is_ours(path, &self.endpoints.graph) {
            return path.to_owned();
        }
        format!("{}/v1.0{path}", self.endpoints.graph)
    }

    /// Exponential, from half a second, with jitter so that a crowd does not come back as one.
    pub async fn back_off(&self, attempt: u32) {
        let most = Millis(500_i64 << attempt.min(6));
        let jitter = (self.chance.bits() % (most.0 as u128 / 2)) as i64;
        self.clock.sleep(Millis(most.0 / 2 + jitter)).await;
    }
}

/// What became of a write on its way.
pub enum Delivery {
    /// The permit is given back by whoever reads the answer: it says something about our pace.
    Answered { response: Response, permit: Permit },
    /// May have arrived.
    Lost(GraphError),
    /// Certain that it never left.
    NotSent {
        until: Timestamp,
        trouble: GraphError,
    },
}

enum Weighed<T> {
    Answer(Answer<T>),
    Unauthorized(Fault),
    Trouble(GraphError),
}

/// `None` for a success.
pub fn fault_of(response: &Response) -> Option<Fault> {
    let is_success = (200..=299).contains(&response.status);
    (!is_success).then(|| Fault::read(response.status, &response.body))
}

/// The error of a request that was not answered.
pub fn unanswered(none: NoAnswer, at: Place) -> GraphError {
    match none {
        NoAnswer::NotSent(detail) => GraphError::Unreachable {
            at,
            detail: safe(&detail),
        },
        NoAnswer::Lost(detail) => GraphError::NoAnswer {
            at,
            detail: safe(&detail),
        },
    }
}
