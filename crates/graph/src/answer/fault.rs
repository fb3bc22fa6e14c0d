//! Graph's error envelope: the most specific code that we know, and words that are safe to show.

use crate::{GraphError, Place};
use serde::Deserialize;

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub status: u16,
    /// Blank when the body was no error envelope.
    pub code: String,
    /// Without addresses and quoted parts.
    pub message: String,
}

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "innerError", alias = "innererror")]
    inner: Option<Box<Body>>,
}

/// Codes that decide something; an inner one of these beats a general outer one.
const KNOWN: &[&str] = &[
    "erroritemnotfound",
    "errorfoldernotfound",
    "errorinvaliduser",
    "errornonexistentmailbox",
    "mailboxnotenabledforrestapi",
    "mailboxnotsupportedforrestapi",
    "request_resourcenotfound",
    "imagenotfound",
    "erroraccessdenied",
    "authorization_requestdenied",
    "errorquotaexceeded",
    "errorfolderexists",
    "errorirresolvableconflict",
    "syncstatenotfound",
    "syncstateinvalid",
    "resyncrequired",
    "directory_resyncrequired",
    "errorinvalidsyncstatedata",
    "applicationthrottled",
    "toomanyrequests",
    "errortoomanyrequests",
    "activitylimitreached",
];

impl Fault {
    pub fn read(status: u16, body: &[u8]) -> Self {
        let body =
            serde_json::from_slice::<Envelope>(body).map_or_else(|_| Body::default(), |e| e.error);
        let message = safe(body.message.as_deref().unwrap_or(""));
        Self {
            status,
            code: most_specific(&body),
            message,
        }
    }

    pub fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code)
    }

    fn is_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.is(code))
    }

    /// A definite word about the very thing that was asked for: it is not there.
    pub fn is_gone(&self) -> bool {
        self.status == 404
            && self.is_any(&[
                "ErrorItemNotFound",
                "ErrorFolderNotFound",
                "Request_ResourceNotFound",
                "ImageNotFound",
            ])
    }

    /// There is no mailbox that could answer: nothing follows for what is in it (graph.md Q13, Q33).
    pub fn is_no_mailbox(&self) -> bool {
        self.status == 404
            && self.is_any(&[
                "MailboxNotEnabledForRESTAPI",
                "MailboxNotSupportedForRESTAPI",
                "ErrorNonExistentMailbox",
                "ErrorInvalidUser",
            ])
    }

    pub fn is_full(&self) -> bool {
        self.status == 507 || self.is("ErrorQuotaExceeded")
    }

    /// The cursor is no longer known: start again from nothing (graph.md 2.5).
    pub fn is_lost_cursor(&self) -> bool {
        let said = self.is_any(&[
            "syncStateNotFound",
            "syncStateInvalid",
            "resyncRequired",
            "Directory_ResyncRequired",
            "ErrorInvalidSyncStateData",
        ]);
        self.status == 410 || (matches!(self.status, 400 | 404) && said)
    }

    /// The error of a call whose answer this is.
    pub fn error(self, at: Place) -> GraphError {
        let code = if self.code.is_empty() {
            format!("HTTP {}", self.status)
        } else {
            self.code.clone()
        };
        match self.status {
            _ if self.is_full() => GraphError::MailboxFull { at },
            // A new token did not help either: what it stands for was withdrawn.
            401 | 403 => GraphError::Permission { at, code },
            _ if self.is_no_mailbox() => GraphError::NoMailbox { at, code },
            _ if self.is_gone() => GraphError::Gone { at },
            _ if self.is_lost_cursor() => GraphError::Incomplete {
                at,
                detail: format!("its pages were lost on the way ({code})"),
            },
            408 | 500..=599 => GraphError::NoAnswer {
                at,
                detail: format!("status {}", self.status),
            },
            status => GraphError::Refused {
                at,
                status,
                code,
                message: self.message,
            },
        }
    }
}

/// The innermost code that decides something, else the outermost.
fn most_specific(body: &Body) -> String {
    let known = |code: &String| KNOWN.contains(&code.to_ascii_lowercase().as_str());
    let mut found = body.code.clone().unwrap_or_default();
    let mut inner = body.inner.as_deref();
    while let Some(body) = inner {
        if let Some(code) = body.code.as_ref().filter(|code| known(code)) {
            found.clone_from(code);
        }
        inner = body.inner.as_deref();
    }
    found
}

/// Microsoft quotes names and addresses in its messages: quoted parts and words with an `@` are left out,
/// and the rest is kept short.
pub fn safe(message: &str) -> String {
    let mut out = String::new();
    let mut quote: Option<char> = None;
    let mut before = ' ';
    let mut rest = message.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        // The apostrophe of "can't" is no quote.
        let in_word = c == '\'' && before.is_alphanumeric() && after.is_alphanumeric();
        match quote {
            Some(open) if c == open && !in_word => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') && !in_word => {
                quote = Some(c);
                out.push('…');
            }
            None => out.push(c),
        }
        before = c;
    }
    let words = out.split_whitespace();
    let shown: Vec<&str> = words
        .map(|word| if word.contains('@') { "…" } else { word })
        .collect();
    shown.join(" ").chars().take(300).collect()
}
