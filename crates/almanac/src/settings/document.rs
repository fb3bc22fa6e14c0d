//! `almanac.yaml`: where Microsoft is, where we keep things, how hard we work, whom we tell.

use crate::settings::span::Span;
use model::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The settings of one installation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// Which of Microsoft's clouds the tenants are in.
    pub cloud: Cloud,
    /// A simulator or another place that speaks Graph, instead of Microsoft's cloud.
    pub lab: Option<Lab>,
    /// Where the store lies; relative to this file's folder.
    pub data: PathBuf,
    /// Where the root key and the tenants' keys lie; better on another disk or a secret mount than `data`.
    pub keys: PathBuf,
    /// How late Microsoft may be.
    pub bounds: Bounds,
    /// Mailboxes worked on at once, 1 to 1024.
    pub workers: u16,
    /// Who is told of holds, failures and silence.
    pub notices: Notices,
    /// Where `almanac serve` answers health checks.
    pub listen: SocketAddr,
    /// Log filter: error, warn, info, debug, or per crate as `warn,engine=info`.
    pub log: String,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            cloud: Cloud::Global,
            lab: None,
            data: "data".into(),
            keys: "keys".into(),
            bounds: Bounds::default(),
            workers: 256,
            notices: Notices::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8780)),
            log: "warn".to_owned(),
        }
    }
}

/// Microsoft's clouds (graph.md 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    /// The worldwide cloud, with GCC.
    Global,
    /// US Government L4 (GCC High).
    UsGov,
    /// US Government L5 (DoD).
    Dod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// The hosts for sign-in and for Graph.
    pub fn endpoints(self) -> graph::Endpoints {
        let (login, graph) = match self {
            Self::Global => (
                "https://login.microsoftonline.com",
                "https://graph.microsoft.com",
            ),
            Self::UsGov => (
                "https://login.microsoftonline.us",
                "https://graph.microsoft.us",
            ),
            Self::Dod => (
                "https://login.microsoftonline.us",
                "https://dod-graph.microsoft.us",
            ),
            Self::China => (
                "https://login.chinacloudapi.cn",
                "https://microsoftgraph.chinacloudapi.cn",
            ),
        };
        graph::Endpoints::at(login, graph)
    }
}

/// A place that speaks Graph and is not Microsoft: `almanac sim serve --json` prints these three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    pub login_url: String,
    pub graph_url: String,
    /// PEM file of the only certificate authority to trust there; relative to this file's folder.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// How late Microsoft may be. Wrong values risk duplicates: change them only after measuring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// A write never goes onto the wire later than this after it was decided.
    pub request: Span,
    /// A write that was sent is carried out within this span, or never.
    pub commit: Span,
    /// A write that was carried out can be found within this span.
    pub visible: Span,
    /// A request that is not answered within this span is given up; its effect is then unknown.
    pub answer: Span,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            request: Span(Millis::seconds(30)),
            commit: Span(Millis::seconds(120)),
            visible: Span(Millis::seconds(180)),
            answer: Span(Millis::seconds(100)),
        }
    }
}

/// Who is told when something needs a person: once when it begins and once when it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    pub webhook: Option<Webhook>,
    pub smtp: Option<Smtp>,
}

/// A URL that is told by POST with a JSON body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// https, or http to this machine.
    pub url: String,
    /// A file with the key that signs each body (header `x-almanac-signature`, HMAC-SHA256 in hex).
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

/// A mail server that takes our notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub host: String,
    /// Default: 587 with `starttls`, 465 with `tls`, 25 with `none`.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub security: SmtpSecurity,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    pub from: String,
    /// Who gets every notice, beside the owner of the tunnel.
    #[serde(default)]
    pub to: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    #[default]
    Starttls,
    Tls,
    /// Only to this machine.
    None,
}
