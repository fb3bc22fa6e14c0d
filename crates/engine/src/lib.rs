//! The shell: the only loop. Schedule, claim, observe, plan, perform, settle.
//!
//! This crate knows the order of things and nothing else: what should be done is the `planner`'s word, how it
//! is sent is `graph`'s, what is remembered is `store`'s. It decides nothing about items and knows no SQL, no
//! JSON and no policy syntax. Time, chance, keys and the network come through the seams of `model`.
//!
//! If you read one file: [`worker`] claims a lane and runs its jobs. A job has no payload; it says "look at
//! this book again" (`job::book`) or "look at this member again" (`job::member`), and what is then done
//! follows from what the store remembers. So a job that runs twice, late, or after a crash does no harm.

pub mod ask;
mod bell;
pub mod block;
mod desk;
mod facts;
mod initials;
mod job;
mod look;
mod needs;
mod notice;
mod observe;
mod past;
mod recover;
mod schedule;
pub mod settings;
pub mod why;
pub mod worker;
mod world;

pub use ask::{Ask, Asked};
pub use settings::{Bounds, Settings};
pub use worker::{Stop, Until};
pub use world::{Engine, Tenant, World};
