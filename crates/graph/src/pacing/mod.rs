//! How fast we may ask: four slots and a budget per mailbox, a ceiling for the app, and obedience to
//! every throttle (graph.md 5.2, 5.3).
//!
//! [`window`] and [`lane`] are pure state machines that are told the time; [`pacer`] lets futures wait
//! for them, first come, first served.

pub mod lane;
pub mod pacer;
pub mod window;
