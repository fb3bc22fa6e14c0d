//! Microsoft's odd behaviours, each a named switch with its source.

use serde::{Deserialize, Serialize};

macro_rules! quirks {
    ($($(#[$doc:meta])* $name:ident: $default:literal;)*) => {
        /// Every quirk and whether it is on. Defaults are what the evidence says is usual.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Quirks { $($(#[$doc])* pub $name: bool,)* }

        impl Default for Quirks {
            fn default() -> Quirks { Quirks { $($name: $default,)* } }
        }

        impl Quirks {
            /// Every quirk off: the service as the documentation wishes it.
            pub fn none() -> Quirks { Quirks { $($name: false,)* } }

            /// The names, in the order of this file.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            /// Switches one by name; false when there is none of that name.
            pub fn set(&mut self, name: &str, on: bool) -> bool {
                match name { $(stringify!($name) => self.$name = on,)* _ => return false }
                true
            }
        }
    };
}

quirks! {
    /// Q17: `GET contactFolders` omits the default Contacts folder (Graph known issues, 2021; still so in 2026).
    default_folder_unlisted: true;
    /// Graph 2.3: the alias `contactFolders/contacts` reaches the default folder (used by Power Automate).
    contacts_alias: true;
    /// Q15: a PATCH of a name part regenerates displayName unless it is in the same body (contact-update).
    display_name_regenerated: true;
    /// Q15: fileAs is derived on create, and again when names change and it was derived before.
    file_as_derived: true;
    /// Graph 1.1: Entra draws each token's life between 60 and 90 minutes; off: always `limits.token_s`.
    token_life_varies: true;
    /// Q27: for minutes after consent, tokens still carry the roles from before (`bounds.consent_ms`).
    roles_spread_late: false;
}
