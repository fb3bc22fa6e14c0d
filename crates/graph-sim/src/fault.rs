//! Faults: how often the service and the network misbehave, as rates drawn from the seed.

use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident: $light:literal $hostile:literal;)*) => {
        /// The share of opportunities at which each fault strikes, 0.0 to 1.0. All 0 by default.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Faults { $($(#[$doc])* pub $name: f64,)* }

        impl Faults {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            pub fn none() -> Faults { Faults::default() }
            pub fn light() -> Faults { Faults { $($name: $light,)* } }
            pub fn hostile() -> Faults { Faults { $($name: $hostile,)* } }

            /// Sets one rate by name; false when there is none of that name.
            pub fn set(&mut self, name: &str, rate: f64) -> bool {
                match name { $(stringify!($name) => self.$name = rate,)* _ => return false }
                true
            }

            pub fn get(&self, name: &str) -> Option<f64> {
                match name { $(stringify!($name) => Some(self.$name),)* _ => None }
            }
        }
    };
}

faults! {
    /// F1: the write is committed, its answer is lost.
    reply_lost: 0.01 0.1;
    /// F44: a group or user list shows half of its members for one read.
    group_flaps: 0.0 0.01;
}

impl Faults {
    /// A profile by name: `none`, `light`, `hostile`.
    pub fn profile(name: &str) -> Option<Faults> {
        match name {
            "none" => Some(Faults::none()),
            "light" => Some(Faults::light()),
            "hostile" => Some(Faults::hostile()),
            _ => None,
        }
    }
}
