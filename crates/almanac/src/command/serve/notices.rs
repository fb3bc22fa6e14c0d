//! Telling people: each trouble once when it begins and once when it is over, by webhook and by mail.

use crate::exit::{Exit, Failure};
use crate::seams::http::{Http, Limits};
use crate::settings::document::{Smtp, SmtpSecurity, Webhook};
use crate::wiring::House;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::Millis;
use model::seam::{Exchange, Request};
use serde_json::json;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Notice;

/// Knows every way to tell.
pub struct Teller {
    house: House,
    http: Http,
    /// What one way has taken while another has not yet: it is not told twice.
    taken: Mutex<BTreeSet<(Way, String)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Webhook,
    Smtp,
}

impl Teller {
    /// # Errors
    /// The machine's certificate authorities cannot be loaded.
    pub fn new(house: &House) -> Result<Self, Failure> {
        let limits = Limits {
            answer: Millis::seconds(30),
            connections: 1,
            only_ca: None,
        };
        let http = Http::new(&limits, Arc::clone(&house.seams.clock)).map_err(|_| {
            let what = "the certificate authorities of this machine cannot be loaded";
            Failure::new(Exit::Configuration, what, "install ca-certificates")
        })?;
        Ok(Self {
            house: house.clone(),
            http,
            taken: Mutex::default(),
        })
    }

    /// Tells what waits to be told. What cannot be told now is tried again on the next round.
    pub async fn tell(&self) {
        let waiting = match self.house.store().untold_notices().await {
            Ok(waiting) => waiting,
            Err(error) => return tracing::error!("cannot read the notices: {error}"),
        };
        for notice in waiting {
            match self.tell_one(&notice).await {
                Ok(()) => self.note_told(&notice).await,
                Err(why) => {
                    tracing::warn!(tenant.id = %notice.tenant, "a notice was not told: {why}")
                }
            }
        }
    }

    async fn note_told(&self, notice: &Notice) {
        let now = self.house.seams.clock.now();
        if let Err(error) = self.house.store().notice_told(notice, now).await {
            tracing::error!("cannot note that a notice was told: {error}");
        }
    }

    /// Every way must take it. A way that took it while another did not sees it again only after a restart, with
    /// the same subject and instant.
    async fn tell_one(&self, notice: &Notice) -> Result<(), String> {
        let ways = &self.house.settings.document.notices;
        tracing::warn!(tenant.id = %notice.tenant, closed = notice.closed_at.is_some(), "notice: {}", notice.subject);
        let posted = match &ways.webhook {
            Some(webhook) if !self.has_taken(Way::Webhook, notice) => {
                self.post(webhook, notice).await
            }
            _ => Ok(()),
        };
        self.note_taken(Way::Webhook, notice, posted.is_ok());
        let mailed = match &ways.smtp {
            Some(smtp) if !self.has_taken(Way::Smtp, notice) => self.mail(smtp, notice).await,
            _ => Ok(()),
        };
        self.note_taken(Way::Smtp, notice, mailed.is_ok());
        posted.and(mailed)?;
        self.forget(notice);
        Ok(())
    }

    fn has_taken(&self, way: Way, notice: &Notice) -> bool {
        self.taken().contains(&(way, name(notice)))
    }

    fn note_taken(&self, way: Way, notice: &Notice, took: bool) {
        if took {
            self.taken().insert((way, name(notice)));
        }
    }

    fn forget(&self, notice: &Notice) {
        let name = name(notice);
        self.taken().retain(|(_, taken)| *taken != name);
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<(Way, String)>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn post(&self, webhook: &Webhook, notice: &Notice) -> Result<(), String> {
        let body = body(notice).to_string();
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(file) = &webhook.secret_file {
            let signature = sign(&secret(&self.path(file))?, body.as_bytes());
            headers.push(("x-almanac-signature".to_owned(), signature));
        }
        let request = Request {
            method: "POST",
            url: webhook.url.clone(),
            headers,
            body: Bytes::from(body),
        };
        let not_after = self.house.seams.clock.now() + Millis::seconds(20);
        match self.http.send(request, not_after).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => Err(format!("the webhook answered {}", answer.status)),
            Err(error) => Err(format!("the webhook did not answer: {error}")),
        }
    }

    async fn mail(&self, smtp: &Smtp, notice: &Notice) -> Result<(), String> {
        let readers = self.readers(smtp, notice);
        if readers.is_empty() {
            tracing::warn!(tenant.id = %notice.tenant, "nobody is to get this by mail: set notices.smtp.to");
            return Ok(());
        }
        let message = letter(smtp, notice, &readers)?;
        let transport = self.transport(smtp)?;
        let sent = transport.send(message).await;
        sent.map(|_| ())
            .map_err(|e| format!("the mail server did not take it: {e}"))
    }

    /// Those who get every notice, and the owners of the tunnels that feed the folder.
    fn readers(&self, smtp: &Smtp, notice: &Notice) -> BTreeSet<String> {
        let books = self.house.engine.books();
        let about = books
            .iter()
            .filter(|b| b.tenant == notice.tenant && is_about(notice, b.key.as_str()));
        let owners = about.flat_map(|b| b.tunnels.iter().map(|t| t.owner.clone()));
        smtp.to
            .iter()
            .cloned()
            .chain(owners.filter(|o| o.contains('@')))
            .collect()
    }

    fn transport(&self, smtp: &Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let said = |e: lettre::transport::smtp::Error| e.to_string();
        let mut builder = match smtp.security {
            SmtpSecurity::Tls => Transport::relay(&smtp.host).map_err(said)?,
            SmtpSecurity::Starttls => Transport::starttls_relay(&smtp.host).map_err(said)?,
            SmtpSecurity::None => Transport::builder_dangerous(&smtp.host),
        };
        if let Some(port) = smtp.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(file)) = (&smtp.user, &smtp.password_file) {
            builder =
                builder.credentials(Credentials::new(user.clone(), secret(&self.path(file))?));
        }
        Ok(builder.build())
    }

    fn path(&self, file: &Path) -> PathBuf {
        self.house.settings.home.join(file)
    }
}

/// A subject is what happened and the folder: `hold Contoso people`.
fn is_about(notice: &Notice, folder: &str) -> bool {
    let subject = notice.subject.split_once(' ');
    subject.is_some_and(|(_, about)| about == folder)
}

/// One beginning or one end of one trouble.
fn name(notice: &Notice) -> String {
    let (tenant, subject, since) = (&notice.tenant, &notice.subject, notice.opened_at);
    format!("{tenant}/{subject}/{since}/{}", notice.closed_at.is_some())
}

fn body(notice: &Notice) -> serde_json::Value {
    json!({
        "type": if notice.closed_at.is_some() { "almanac.trouble.over" } else { "almanac.trouble" },
        "tenant": notice.tenant,
        "subject": notice.subject,
        "detail": notice.detail,
        "since": notice.opened_at.to_string(),
        "until": notice.closed_at.map(|at| at.to_string()),
    })
}

fn letter(smtp: &Smtp, notice: &Notice, readers: &BTreeSet<String>) -> Result<Message, String> {
    let address = |text: &String| {
        text.parse::<Mailbox>()
            .map_err(|e| format!("{text} is no address: {e}"))
    };
    let over = if notice.closed_at.is_some() {
        "over: "
    } else {
        ""
    };
    let mut builder = Message::builder()
        .from(address(&smtp.from)?)
        .subject(format!(
            "[Almanac] {over}{} ({})",
            notice.subject, notice.tenant
        ));
    for reader in readers {
        builder = builder.to(address(reader)?);
    }
    let until = notice
        .closed_at
        .map_or_else(String::new, |at| format!("Over since {at}.\n"));
    let text = format!("{}\n\nSince {}.\n{until}", notice.detail, notice.opened_at);
    builder.body(text).map_err(|e| e.to_string())
}

fn secret(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path);
    text.map(|t| t.trim().to_owned())
        .map_err(|e| format!("cannot read {}: {}", path.display(), e.kind()))
}

fn sign(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap_or_else(|_| unreachable!());
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}
