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
    /// Q17: `GET contactFolders` omits the default Contacts folder (Graph known issues, 2021; still so in
    /// third-party documentation of 2026).
    default_folder_unlisted: true;
    /// The alias `contactFolders/contacts` reaches the default folder (Power Automate's connector uses it;
    /// others call it invalid: graph.md 2.3).
    contacts_alias: true;
    /// Q15: a PATCH of a name part regenerates displayName unless it is in the same body (Graph:
    /// contact-update).
    display_name_regenerated: true;
    /// Q15: fileAs is derived on create, and again when names change and it was derived before
    /// (graph.md 2.2, common knowledge).
    file_as_derived: true;
    /// When a body has `emailAddresses` and typed slots, the slots win (undocumented, graph.md 2.2).
    email_slots_win: true;
    /// An e-mail address with a comma, blank or bracket is accepted and missing on read
    /// (`"A@msn.com,"`, microsoft-graph-docs#2186).
    invalid_address_vanishes: true;
    /// A birthday is kept as a date and read back at 11:59 UTC (graph.md 2.2, common knowledge).
    birthday_at_noon: true;
    /// Line ends of personalNotes come back as CRLF: PR_BODY is text with CRLF (reliability.md 4.3).
    notes_crlf: true;
    /// Blanks at the end of single-line texts are cut (reliability.md 4.3, "trailing blanks").
    text_trimmed: false;
    /// A write that changes no value still gives a new change key and a delta echo (reliability.md 4.3).
    touch_bumps_change_key: true;
    /// `If-Match` on PATCH and DELETE of contacts is honoured with 412 (seen in several fakes; to be
    /// confirmed on a tenant: graph.md 13 no. 5).
    if_match_honoured: true;
    /// A photo alone changes the change key and echoes in delta (graph.md 2.7; to be confirmed: 13 no. 6).
    photo_echoes_in_delta: true;
    /// An extended property alone echoes in delta (to be confirmed: graph.md 13 no. 6).
    extended_echoes_in_delta: true;
    /// Items and folders in Deleted Items are still reached by immutable id, with the parentFolderId of
    /// Deleted Items (follows from "immutable ids keep the id across folder moves", graph.md 2.8).
    deleted_items_reachable: true;
    /// Q7: the delete that empties a folder has no delta event (msgraph-sdk-dotnet#1310, title only).
    last_delete_missing_in_delta: false;
    /// Q8: with immutable ids a contact moved away and back is reported as removed only
    /// (microsoft-graph-docs#21752).
    return_shown_as_removed: true;
    /// Q24: the first page of a contact delta is empty and has a nextLink (Graph: contact-delta).
    contact_delta_first_page_empty: false;
    /// Links of lists go on with `$skip` and not with `$skiptoken` (Outlook lists, common knowledge).
    skip_in_next_links: false;
    /// Q16: deleting a folder fails when Deleted Items has one of that name (msgraph-sdk-powershell#2743).
    folder_delete_name_clash: true;
    /// Q16, the other report: that delete answers 204 and does nothing (beta-sdk-php#300).
    folder_delete_clash_silent: false;
    /// Hidden system folders (Recipient Cache, GAL Contacts, ...) are listed (graph.md 2.3); their extended
    /// property `Boolean 0x10F4` is true.
    hidden_folders_listed: false;
    /// Ids of neighbouring items differ in case only: ids are case-sensitive (graph.md 2.8, F28).
    ids_differ_in_case: false;
    /// Q31: `Retry-After` is a fraction such as `2.128` (Graph throttling sample, 2021).
    retry_after_fraction: false;
    /// `Retry-After` is an HTTP date, as RFC 9110 allows (graph.md 5.3).
    retry_after_date: false;
    /// Outlook throttles concurrency with 503 and not with 429 (keeper.sh, graph.md 5.3).
    concurrency_is_503: false;
    /// Graph 1.1: Entra draws each token's life between 60 and 90 minutes; off: always `limits.token_s`.
    token_life_varies: true;
    /// Q27: for minutes after consent, tokens still carry the roles from before (`bounds.consent_ms`).
    roles_spread_late: false;
    /// Graph 4.1: Exchange's hidden flag of cloud mailboxes does not show in `showInAddressList`.
    hidden_flag_unmirrored: true;
    /// Q24: the first page of a directory delta is empty and has a nextLink.
    delta_first_page_empty: false;
    /// Graph 4.2: a lost directory token is answered 400 `Directory_ResyncRequired`, not 410.
    directory_resync_as_400: false;
}
