//! Isolation: a request goes to nobody but Microsoft, and asks of nobody but the people of its tenant (I21).

use super::Monitor;
use crate::requests;
use crate::town::Town;
use model::Timestamp;
use model::seam::Request;

const GRAPH: &str = "https://graph.microsoft.com/v1.0/";

/// A request is handed over: who can read its secret or its token, and of whom does it speak?
pub fn asked(monitor: &mut Monitor, town: &Town, request: &Request, now: Timestamp) {
    let sign_in = requests::is_sign_in(request);
    let place = match sign_in {
        true => format!("https://login.microsoftonline.com/{}/", town.tenant),
        false => GRAPH.to_owned(),
    };
    monitor.check("I21", request.url.starts_with(&place), now, || {
        format!(
            "a request of another tenant or to another host: {}",
            request.url
        )
    });
    let writes = requests::writes(request);
    let lived = &monitor.lived;
    let stranger = writes
        .iter()
        .find(|w| !lived.people.contains_key(&w.mailbox));
    let stranger = stranger.map(|w| w.mailbox.clone());
    monitor.check("I21", stranger.is_none(), now, || {
        format!("a write to a mailbox of nobody here: {stranger:?}")
    });
}
