//! The policy in force as a document again, with every default written out.

use crate::document::*;
use crate::spans;
use model::tunnel::{Choice, FieldRule, Policy, Source, SourcePlace, TargetFolder, Tunnel};
use std::collections::BTreeMap;

/// Prints every tunnel with all its defaults (`validate --effective`). What it prints reads back as the same policy.
pub fn effective_yaml(policy: &Policy) -> String {
    let document = Document {
        tunnels: policy.tunnels.iter().map(tunnel).collect(),
        lists: policy
            .lists
            .iter()
            .map(|(tenant, named)| (tenant.to_string(), lists(named)))
            .collect(),
    };
    let options = serde_saphyr::ser_options! { compact_list_indent: false };
    // Plain data always prints; were it not so, the reader sees why.
    serde_saphyr::to_string_with_options(&document, options)
        .unwrap_or_else(|error| format!("# cannot be printed: {error}\n"))
}

fn lists(named: &BTreeMap<String, Choice>) -> BTreeMap<String, ChoiceDocument> {
    named
        .iter()
        .map(|(name, list)| (name.clone(), choice(list)))
        .collect()
}

fn tunnel(tunnel: &Tunnel) -> TunnelDocument {
    TunnelDocument {
        id: tunnel.id.to_string(),
        name: tunnel.name.clone(),
        tenant: tunnel.tenant.to_string(),
        owner: tunnel.owner.clone(),
        state: tunnel.state,
        copies: tunnel.copies,
        sources: tunnel.sources.iter().map(source).collect(),
        targets: targets(&tunnel.audience, &tunnel.folder),
        fields: tunnel
            .fields
            .iter()
            .map(|(field, rule)| (*field, field_rule(rule)))
            .collect(),
        options: OptionsDocument::from(&tunnel.options),
        limits: LimitsDocument {
            hold_above: HoldAboveDocument::from(&tunnel.limits),
        },
        schedule: format!("every {}", spans::print(tunnel.every)),
        stale_after: Some(spans::print(tunnel.stale_after)),
        ..TunnelDocument::default()
    }
}

fn source(source: &Source) -> SourceDocument {
    let (pick, priority) = (choice(&source.pick), source.priority);
    let only_for = source.only_for.as_ref().map(choice);
    match &source.place {
        SourcePlace::Directory {
            members,
            guests,
            org_contacts,
        } => SourceDocument {
            directory: Some(DirectoryDocument {
                people: match (members, guests) {
                    (true, true) => People::All,
                    (true, false) => People::Members,
                    (false, true) => People::Guests,
                    (false, false) => People::None,
                },
                org_contacts: *org_contacts,
                pick,
                priority,
                only_for,
            }),
            mailbox: None,
        },
        SourcePlace::Folder {
            address,
            path,
            children,
        } => SourceDocument {
            directory: None,
            mailbox: Some(FolderDocument {
                address: address.clone(),
                folder: path.clone(),
                children: *children,
                pick,
                priority,
                only_for,
            }),
        },
    }
}

fn targets(audience: &Choice, folder: &TargetFolder) -> TargetsDocument {
    TargetsDocument {
        choice: choice(audience),
        folder: (!folder.default).then(|| folder.name.to_string()),
        default: folder.default,
    }
}

fn choice(choice: &Choice) -> ChoiceDocument {
    ChoiceDocument {
        everyone: choice.everyone,
        groups: choice.groups.clone(),
        departments: choice.departments.clone(),
        mailboxes: choice.mailboxes.clone(),
        lists: choice.lists.clone(),
        where_: choice.where_.clone(),
        mailbox_kinds: choice.mailbox_kinds.clone(),
        exclude: choice
            .exclude
            .as_deref()
            .map(|exclude| ExcludeDocument::Choice(Box::new(self::choice(exclude)))),
    }
}

fn field_rule(rule: &FieldRule) -> FieldRuleDocument {
    FieldRuleDocument {
        when_present: Some(rule.when_present),
        when_blank: Some(rule.when_blank),
    }
}
