//! Saved plans: which run was planned, and the fingerprint that an apply must meet again.

use super::BookPlan;
use crate::cli::Selection;
use crate::exit::Failure;
use crate::files;
use model::{BookKey, Fingerprint, RunId, TenantName};
use serde::{Deserialize, Serialize};
use std::path::Path;

const VERSION: u32 = 1;

/// A plan as a file. It holds no content: that stays in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPlan {
    pub almanac_plan: u32,
    pub books: Vec<SavedBook>,
    /// Addresses it was narrowed to; empty: all.
    pub mailboxes: Vec<String>,
    pub pilot: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedBook {
    pub run: RunId,
    pub tenant: TenantName,
    pub folder: BookKey,
    pub policy_version: String,
    pub fingerprint: Fingerprint,
}

impl SavedPlan {
    pub fn of(plans: &[BookPlan], selection: &Selection) -> Self {
        // A book without anything to do has no fingerprint, and nothing to apply.
        let books = plans.iter().filter_map(|plan| {
            Some(SavedBook {
                run: plan.run,
                tenant: TenantName(plan.tenant.clone()),
                folder: BookKey(plan.folder.clone()),
                policy_version: plan.policy_version.clone(),
                fingerprint: plan.fingerprint.clone()?,
            })
        });
        Self {
            almanac_plan: VERSION,
            books: books.collect(),
            mailboxes: selection.mailbox.clone(),
            pilot: selection.pilot,
        }
    }

    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        files::replace(path, text.as_bytes())
    }

    /// # Errors
    /// The file cannot be read or is no plan of this version.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
        let plan: Option<Self> = serde_json::from_str(&text).ok();
        plan.filter(|p| p.almanac_plan == VERSION).ok_or_else(|| {
            Failure::configuration(
                format!("{} is no saved plan", path.display()),
                "make one with `almanac plan --out FILE`",
            )
        })
    }
}
