//! What can go wrong between us and Microsoft, each case with one sentence for people.

use model::run::{Trouble, TroubleKind};
use model::{MailboxId, TenantName, Timestamp};
use std::fmt;

/// Where and at what we were: part of every error. Never an address, a name or content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub tenant: TenantName,
    pub mailbox: Option<MailboxId>,
    /// What we were doing, as it reads after "while": `reading the people of the directory`.
    pub doing: &'static str,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant {}", self.tenant)?;
        if let Some(mailbox) = &self.mailbox {
            write!(f, ", mailbox {mailbox}")?;
        }
        write!(f, ", while {}", self.doing)
    }
}

/// Why a call could not be done. Nothing here says that an item is gone: that is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Our own key could not sign; nothing was sent.
    #[error(
        "we cannot sign in ({at}): {reason}; put the key back from where you keep it, or make and upload a new one"
    )]
    Credential { at: Place, reason: String },
    #[error("Microsoft refused our sign-in ({at}): {reason}")]
    SignIn { at: Place, reason: SignInReason },
    /// 403: consent lacks a permission, or the app is limited to other mailboxes. New grants need up to
    /// two hours to take effect (graph.md 1.6).
    #[error(
        "Microsoft denied access ({at}, code {code}): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours"
    )]
    Permission { at: Place, code: String },
    /// Unlicensed, soft-deleted, on premises, still being set up, or no such user.
    #[error(
        "there is no usable mailbox ({at}, code {code}): check licence and state of the account; a new mailbox answers within about 15 minutes"
    )]
    NoMailbox { at: Place, code: String },
    /// 507 or a quota code: nothing can be written until someone makes room.
    #[error("the mailbox is full ({at}): make room in it; writing goes on by itself then")]
    MailboxFull { at: Place },
    #[error("Microsoft asks us to slow down ({at}): nothing to do, we go on at {until}")]
    Throttled { at: Place, until: Timestamp },
    /// The folder, group or user that was named is not there (a definite 404).
    #[error(
        "what was asked for is not there ({at}): it was deleted or never existed; check the name or id in the policy"
    )]
    Gone { at: Place },
    /// No group of the tenant has the name or id that the policy gives: the policy's own words.
    #[error(
        "there is no group {name:?} ({at}): check the name in the tunnels, or give the group's object id"
    )]
    NoGroup { at: Place, name: String },
    /// Which of them is meant cannot be told from the name.
    #[error(
        "there are {count} groups {name:?} ({at}): give the object id of the one that is meant instead of the name, or rename the others"
    )]
    ManyGroups {
        at: Place,
        name: String,
        count: usize,
    },
    /// The answer ended short of what Microsoft itself had announced; nothing may be concluded from it.
    #[error(
        "Microsoft's answer was not complete ({at}): {detail}; nothing was concluded from it and it is asked again later"
    )]
    Incomplete { at: Place, detail: String },
    /// Certain that nothing was sent.
    #[error(
        "Microsoft could not be reached ({at}): {detail}; check network, name resolution and proxy"
    )]
    Unreachable { at: Place, detail: String },
    /// Sent, but no answer or only server errors, several times.
    #[error("Microsoft did not answer ({at}): {detail}; it is asked again later")]
    NoAnswer { at: Place, detail: String },
    #[error(
        "Microsoft's answer could not be understood ({at}): {detail}; it is asked again later, report it if it stays"
    )]
    Malformed { at: Place, detail: String },
    #[error(
        "Microsoft refused the request ({at}): status {status}, code {code}, {message:?}; report it with this code if it stays"
    )]
    Refused {
        at: Place,
        status: u16,
        code: String,
        /// Microsoft's words with quoted parts and addresses left out.
        message: String,
    },
}

impl GraphError {
    pub fn place(&self) -> &Place {
        match self {
            Self::Credential { at, .. }
            | Self::SignIn { at, .. }
            | Self::Permission { at, .. }
            | Self::NoMailbox { at, .. }
            | Self::MailboxFull { at }
            | Self::Throttled { at, .. }
            | Self::Gone { at }
            | Self::NoGroup { at, .. }
            | Self::ManyGroups { at, .. }
            | Self::Incomplete { at, .. }
            | Self::Unreachable { at, .. }
            | Self::NoAnswer { at, .. }
            | Self::Malformed { at, .. }
            | Self::Refused { at, .. } => at,
        }
    }

    /// What kind of trouble this is for whoever has to end it.
    pub fn kind(&self) -> TroubleKind {
        match self {
            Self::Credential { .. } => TroubleKind::Credential,
            Self::SignIn { .. } => TroubleKind::SignIn,
            Self::Permission { .. } => TroubleKind::Permission,
            Self::Gone { .. } | Self::NoGroup { .. } | Self::ManyGroups { .. } => {
                TroubleKind::Policy
            }
            Self::Unreachable { .. } | Self::NoAnswer { .. } => TroubleKind::Unreachable,
            Self::NoMailbox { .. } | Self::MailboxFull { .. } => TroubleKind::Mailbox,
            Self::Refused { .. } => TroubleKind::Refused,
            Self::Throttled { .. } | Self::Incomplete { .. } | Self::Malformed { .. } => {
                TroubleKind::Passing
            }
        }
    }

    /// Would the same call be worth making again soon, without a person doing anything?
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. }
                | Self::Incomplete { .. }
                | Self::Unreachable { .. }
                | Self::NoAnswer { .. }
                | Self::Malformed { .. }
        )
    }
}

impl From<&GraphError> for Trouble {
    fn from(error: &GraphError) -> Self {
        Self {
            kind: error.kind(),
            detail: error.to_string(),
        }
    }
}

/// Why a token was not given (graph.md 1.2). The RFC 6749 error and the AADSTS number both speak.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInReason {
    /// 7000229, 700016: never consented, or consent was withdrawn.
    #[error(
        "the app is not consented in this tenant; have the client's admin open the consent link of `tenant add`"
    )]
    ConsentRequired,
    /// 90002
    #[error("there is no such tenant; check the directory id in the configuration")]
    TenantUnknown,
    /// 7000215
    #[error("the client secret is wrong; put the current one into the configuration")]
    BadSecret,
    /// 7000222
    #[error("the client secret has expired; make a new one, or better use a certificate")]
    ExpiredSecret,
    /// 700027 and other `invalid_client` answers about the assertion
    #[error(
        "our certificate is not known to the app registration; upload the one that `tenant add` made"
    )]
    BadAssertion,
    /// 700024
    #[error("our assertion is outside its time window; set this machine's clock right")]
    ClockSkew,
    /// 7000112
    #[error("the app is disabled; enable it in the enterprise applications of the tenant")]
    AppDisabled,
    /// 53003
    #[error("a Conditional Access policy blocks the app; have the client's admin exempt it")]
    BlockedByPolicy,
    /// 500011, 70011, 1002012
    #[error("the scope or resource is wrong; check the cloud that the endpoints name")]
    BadScope,
    #[error("{error} (AADSTS{code}); look the number up and correct the app registration")]
    Other { error: String, code: u64 },
}
