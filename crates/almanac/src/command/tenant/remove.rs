//! `almanac tenant remove`: marks a tenant as removed; the copies then leave, or stay, as a plan.

use crate::cli::TenantRemove;
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use crate::output::json;
use crate::settings::tenants::{CopiesWish, TenantState, TenantsDocument};
use crate::settings::yaml;
use serde_json::json;
use std::path::Path;

pub fn remove(context: &Context, wanted: &TenantRemove) -> Ended {
    let settings = context.settings()?;
    let placed = settings.tenant(&wanted.name)?;
    if placed.tenant.state == TenantState::Removed {
        return Err(Failure::configuration(
            format!(
                "the tenant `{}` is already removed in {}",
                wanted.name,
                placed.file.display()
            ),
            "run `almanac plan` to see what is left to do",
        ));
    }
    let text = std::fs::read_to_string(&placed.file)
        .map_err(|e| Failure::file("read", &placed.file, &e))?;
    let marked = mark(&text, wanted, &placed.file)?;
    files::replace(&placed.file, marked.as_bytes())?;
    report(context, wanted, &placed.file);
    Ok(Exit::Done)
}

/// Adds the two lines behind the tenant's name, leaving every comment where it is.
fn mark(text: &str, wanted: &TenantRemove, file: &Path) -> Result<String, Failure> {
    let by_hand = || {
        Failure::configuration(
            format!(
                "{} is not written in a way that can be edited safely",
                file.display()
            ),
            format!(
                "set `state: removed` and `copies: {}` for this tenant by hand",
                wanted.copies.as_str()
            ),
        )
    };
    let marked = insert(text, wanted).ok_or_else(by_hand)?;
    let document: TenantsDocument = yaml::parse(file, &marked).map_err(|_| by_hand())?;
    let tenant = document.tenants.iter().find(|t| t.name == wanted.name);
    match tenant {
        Some(t) if t.state == TenantState::Removed && t.copies == Some(wanted.copies) => Ok(marked),
        _ => Err(by_hand()),
    }
}

fn insert(text: &str, wanted: &TenantRemove) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut found = false;
    for line in text.lines() {
        out.push_str(line);
        out.push('\n');
        if let Some(indent) = names(line, &wanted.name) {
            found = true;
            let pad = " ".repeat(indent);
            out.push_str(&format!(
                "{pad}state: removed\n{pad}copies: {}\n",
                wanted.copies.as_str()
            ));
        }
    }
    found.then_some(out)
}

/// The column of `name` in a line such as `  - name: contoso`.
fn names(line: &str, name: &str) -> Option<usize> {
    let rest = line.trim_start().strip_prefix("- ")?;
    let value = rest.trim_start().strip_prefix("name:")?;
    let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
    (value == name).then(|| line.find("name:")).flatten()
}

fn report(context: &Context, wanted: &TenantRemove, file: &Path) {
    let effect = match wanted.copies {
        CopiesWish::Keep => "its copies stay in the mailboxes and are no longer ours",
        CopiesWish::Remove => "its copies will be taken back",
    };
    if context.voice.json {
        return json::print(&json!({
            "tenant": wanted.name, "state": "removed", "copies": wanted.copies, "file": file,
        }));
    }
    context.voice.say(format!(
        "Marked `{name}` as removed in {file}: {effect}.

Nothing has been written to any mailbox. Next:
  1. almanac plan --tenant {name}
  2. almanac apply --tenant {name}
  3. delete the tenant from {file} and its tunnels, and have the client's admin delete the enterprise application",
        name = wanted.name,
        file = file.display(),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> TenantRemove {
        TenantRemove {
            name: "contoso".to_owned(),
            copies: CopiesWish::Remove,
        }
    }

    #[test]
    fn comments_and_other_tenants_stay_as_they_are() {
        let text =
            "# ours\ntenants:\n  - name: adatum\n  - name: contoso # the big one\n    region: DE\n";
        expect_test::expect![[r"
            # ours
            tenants:
              - name: adatum
              - name: contoso # the big one
                state: removed
                copies: remove
                region: DE
        "]]
        .assert_eq(&insert(text, &wanted()).unwrap());
    }

    #[test]
    fn what_cannot_be_edited_safely_is_left_alone() {
        let text = "tenants: [{ name: contoso, directory: contoso.example, client_id: x }]\n";
        assert!(mark(text, &wanted(), Path::new("tenants.yaml")).is_err());
    }
}
