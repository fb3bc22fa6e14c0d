//! Tokens: one per tenant, fetched by one caller at a time.

use crate::answer::{throttle, token};
use crate::error::{GraphError, Place};
use crate::graph::{Inner, TenantRef};
use crate::request;
use crate::send::unanswered;
use futures::lock::Mutex;
use model::seam::{NoAnswer, Request, Response};
use model::{Millis, TenantName, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use token::Token;

/// The tokens of all tenants. Callers of one tenant wait for the one that is fetching.
#[derive(Default)]
pub struct Tokens(Mutex<BTreeMap<TenantName, Arc<Mutex<Cell>>>>);

#[derive(Default)]
struct Cell {
    token: Option<Token>,
    /// Who the token was fetched for: a tenant's app or directory can change under its name.
    identity: (String, String),
    /// The last refusal and until when it is believed: a crowd of waiters must not hammer the endpoint.
    refused: Option<(Timestamp, GraphError)>,
}

/// How long a refusal or a dead endpoint is believed.
const REFUSED_FOR: Millis = Millis::seconds(10);

const DOING: &str = "signing in";

impl Inner {
    /// A token that is good now. `spent`: the one that was just turned away with 401.
    pub async fn token(
        &self,
        tenant: &TenantRef,
        spent: Option<&Token>,
    ) -> Result<Token, GraphError> {
        let cell = {
            let mut all = self.tokens.0.lock().await;
            all.entry(tenant.name.clone()).or_default().clone()
        };
        let mut cell = cell.lock().await;
        let now = self.clock.now();
        let identity = (tenant.directory.clone(), tenant.client_id.clone());
        if cell.identity != identity {
            *cell = Cell {
                identity,
                ..Cell::default()
            };
        }
        if let Some(token) = &cell.token
            && token.good_until > now
            && Some(token) != spent
        {
            return Ok(token.clone());
        }
        if let Some((until, error)) = &cell.refused
            && *until > now
        {
            return Err(error.clone());
        }
        let fetched = self.fetch_token(tenant).await;
        match &fetched {
            Ok(token) => {
                cell.token = Some(token.clone());
                cell.refused = None;
            }
            Err(error) => {
                let until = match error {
                    GraphError::Throttled { until, .. } => *until,
                    _ => self.clock.now() + REFUSED_FOR,
                };
                cell.token = None;
                cell.refused = Some((until, error.clone()));
            }
        }
        fetched
    }

    /// A step of a batch was turned away for its token: the next caller gets a new one.
    pub async fn forget_token(&self, tenant: &TenantRef) {
        let cell = self.tokens.0.lock().await.get(&tenant.name).cloned();
        if let Some(cell) = cell {
            cell.lock().await.token = None;
        }
    }

    async fn fetch_token(&self, tenant: &TenantRef) -> Result<Token, GraphError> {
        let at = || Place {
            tenant: tenant.name.clone(),
            mailbox: None,
            doing: DOING,
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let request = self.token_request(tenant, at())?;
            let not_after = self.clock.now() + self.settings.request_bound;
            let answer = self.exchange.send(request, not_after).await;
            let error = match self.read_token(answer, at()) {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            if !error.passes() || attempt >= self.settings.read_attempts {
                return Err(error);
            }
            match &error {
                GraphError::Throttled { until, .. }
                    if until.since(self.clock.now()) > self.settings.read_patience =>
                {
                    return Err(error);
                }
                GraphError::Throttled { until, .. } => self.clock.sleep_until(*until).await,
                _ => self.back_off(attempt).await,
            }
        }
    }

    /// A new assertion each time: its nonce may be used once only.
    fn token_request(&self, tenant: &TenantRef, at: Place) -> Result<Request, GraphError> {
        let url = request::token::endpoint(&self.endpoints.login, tenant);
        let nonce = self.chance.guid();
        let credential = self
            .signer
            .credential(tenant.name.as_str(), &url, self.clock.now(), &nonce)
            .map_err(|e| GraphError::Credential {
                at,
                reason: e.reason,
            })?;
        let body = request::token::body(&self.endpoints.graph, tenant, &credential);
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("User-Agent", &self.settings.user_agent),
            ("client-request-id", &self.chance.guid()),
        ];
        Ok(Request {
            method: "POST",
            url,
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
            body: body.into(),
        })
    }

    fn read_token(
        &self,
        answer: Result<Response, NoAnswer>,
        at: Place,
    ) -> Result<Token, GraphError> {
        let now = self.clock.now();
        let response = match answer {
            Ok(response) => response,
            Err(none) => return Err(unanswered(none, at)),
        };
        match response.status {
            200 => token::granted(&response.body, now)
                .map_err(|detail| GraphError::Malformed { at, detail }),
            429 | 503 => Err(GraphError::Throttled {
                at,
                until: self.throttled_until(&response),
            }),
            400..=499 => Err(match token::denied(&response.body) {
                Some(reason) => GraphError::SignIn { at, reason },
                None => GraphError::Malformed {
                    at,
                    detail: format!("status {} without a reason", response.status),
                },
            }),
            status => Err(GraphError::NoAnswer {
                at,
                detail: format!("status {status}"),
            }),
        }
    }

    /// Until when this answer tells us to wait.
    pub fn throttled_until(&self, response: &Response) -> Timestamp {
        throttle::until(
            response.header("retry-after"),
            self.clock.now(),
            self.settings.throttle_floor,
            self.settings.throttle_cap,
        )
    }
}
