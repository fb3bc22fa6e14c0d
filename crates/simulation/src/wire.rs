//! The wire: the network seam over the simulated cloud, under virtual time.

use crate::executor::{SkewedClock, VirtualTime};
use crate::ground::Ground;
use crate::requests;
use futures::future::BoxFuture;
use graph_sim::Reply;
use model::seam::{Clock, Exchange, NoAnswer, Request, Response};
use model::{Millis, Timestamp};

/// One worker's way to the cloud.
pub struct Wire {
    pub ground: Ground,
    pub worker: usize,
    pub time: VirtualTime,
    /// What this worker's machine believes the time to be.
    pub clock: SkewedClock,
    /// How long an answer is waited for.
    pub patience: Millis,
}

impl Exchange for Wire {
    fn send(
        &self,
        request: Request,
        not_after: Timestamp,
    ) -> BoxFuture<'_, Result<Response, NoAnswer>> {
        Box::pin(self.exchange(request, not_after))
    }
}

impl Wire {
    async fn exchange(&self, request: Request, not_after: Timestamp) -> Result<Response, NoAnswer> {
        if let Some(pause) = self.pause(&request) {
            self.time.sleep_until(self.time.now() + pause).await;
        }
        // From here to the hand-over nothing gives way: this is the moment of the first socket write.
        if self.clock.now() > not_after {
            let writes = requests::writes(&request);
            self.ground.lock().note_write_refused(&writes);
            return Err(NoAnswer::NotSent("too late to be sent".to_owned()));
        }
        if self.ground.lock().falls_before(self.worker, &request) {
            return futures::future::pending().await;
        }
        let answer = {
            let mut ground = self.ground.lock();
            let rate = ground.troubles.not_sent;
            if ground.strikes(rate) {
                return Err(NoAnswer::NotSent("no connection".to_owned()));
            }
            ground.hand_over(self.worker, &request, self.time.now())
        };
        let patient_until = self.time.now() + self.patience;
        let at = Timestamp(answer.at_ms);
        let lost = |why: &str| Err(NoAnswer::Lost(why.to_owned()));
        match answer.reply {
            Reply::Response(response) if at <= patient_until => {
                self.time.sleep_until(at).await;
                // Whoever gave up meanwhile, or was ended, was told nothing.
                self.ground
                    .lock()
                    .tell(self.worker, &request, &response, at);
                Ok(received(response))
            }
            Reply::Lost if at <= patient_until => {
                self.time.sleep_until(at).await;
                lost("connection closed")
            }
            _ => {
                self.time.sleep_until(patient_until).await;
                lost("no answer in time")
            }
        }
    }

    /// F19: the sender stands still between having decided to send and sending.
    fn pause(&self, request: &Request) -> Option<Millis> {
        let mut ground = self.ground.lock();
        if let Some(span) = ground.freezes_before(self.worker, request) {
            return Some(span);
        }
        let rate = ground.troubles.pause;
        if !ground.strikes(rate) {
            return None;
        }
        ground.monitor.count("sender stood still", 1);
        let longest = [20_000, 400_000, 86_400_000][ground.dice.below(3) as usize];
        Some(Millis(ground.dice.below(longest) as i64))
    }
}

fn received(response: graph_sim::Response) -> Response {
    let headers = response
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_lowercase(), value));
    Response {
        status: response.status,
        headers: headers.collect(),
        body: response.body,
    }
}
