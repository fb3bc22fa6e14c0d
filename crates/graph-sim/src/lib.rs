//! Microsoft's cloud in a box: Graph and Entra as we believe they behave, over raw JSON.
//!
//! It knows the wire and nothing of ours: no crate of the workspace is imported here, so that a mistake in
//! our reading of Graph cannot hide on both sides. It never reads a clock, never does I/O (except `serve`)
//! and draws all chance from its seed: the same requests at the same instants give the same answers.
//!
//! The way of a [`Request`]: [`Cloud::answer`] lets late writes happen first, `entra` answers sign-in, else
//! the bearer token says who calls and `call` turns every wire form into one [`Call`]. `cloud/perform`
//! takes the budget (`throttle`) and the time; `cloud/trouble` puts the faults in its way; the `directory`
//! or a `mailbox` does the work and gives a [`Done`]; `cloud/dress` makes a response of it. `cloud/batch` runs
//! the steps of a `$batch` through the same gates. What people and admins do enters by `Cloud::act`; what
//! really happened comes out as [`Event`]s and by the views (`Cloud::contacts`, `Cloud::folders`).
//!
//! Where a change goes: an odd behaviour of Microsoft's is a switch in `quirk` with its source and a test;
//! a way to fail is a rate in `fault`, drawn through `Scene::strikes`, so that calm ends it; an error body is
//! a constructor in `error`. Invariants: ids are computed and never stored (`mailbox/id`), equal content lies
//! once (`shelf`), every change of a mailbox passes through `mailbox/store` and its log.

pub mod app;
pub mod call;
pub mod chance;
pub mod cloud;
pub mod directory;
pub mod done;
pub mod entra;
pub mod error;
pub mod event;
pub mod fault;
pub mod fleet;
pub mod http;
pub mod instant;
pub mod mailbox;
pub mod odata;
pub mod quirk;
pub mod scene;
#[cfg(feature = "serve")]
pub mod serve;
pub mod settings;
pub mod shelf;
pub mod tenant;
pub mod throttle;

pub use call::{Bearer, Call};
pub use chance::Chance;
pub use cloud::{Answer, Cloud, Reply};
pub use done::{Body, Done};
pub use event::{Actor, Event, Operation};
pub use fault::Faults;
pub use fleet::Fleet;
pub use http::{Request, Response};
pub use quirk::Quirks;
pub use scene::Scene;
pub use settings::Settings;
