//! Sources as written, turned into sources as they take effect.

use crate::choices::{self, IfEmpty};
use crate::document::{ChoiceDocument, DirectoryDocument, FolderDocument, People, SourceDocument};
use crate::problem::{At, Findings};
use model::tunnel::{Choice, Source, SourcePlace};
use std::collections::BTreeMap;

/// All sources of a tunnel, each with a key of its own.
pub(crate) fn sources(written: &[SourceDocument], at: &At, findings: &mut Findings) -> Vec<Source> {
    if findings.is_empty(at) {
        findings.add(
            at,
            "`sources` names no source",
            "write `- directory: {}` or `- mailbox: { address: … }`",
        );
    }
    let written = written.iter().enumerate();
    let mut sources: Vec<Source> = written
        .map(|(n, document)| source(document, &at.index(n), findings))
        .collect();
    number_twins(&mut sources);
    sources
}

/// A source that cannot be read leaves a stand-in, so that those behind it keep their number.
fn source(written: &SourceDocument, at: &At, findings: &mut Findings) -> Source {
    match (&written.directory, &written.mailbox) {
        (Some(written), None) => directory(written, &at.key("directory"), findings),
        (None, Some(written)) => folder(written, &at.key("mailbox"), findings),
        (Some(_), Some(_)) => {
            let hint = "write two entries, each with its own `-`";
            findings.add(at, "one source names both `directory` and `mailbox`", hint);
            stand_in()
        }
        (None, None) => {
            // A misspelt key was reported already.
            if findings.is_empty(at) {
                findings.add(
                    at,
                    "a source is empty",
                    "write `directory: {}` or `mailbox: { address: … }`",
                );
            }
            stand_in()
        }
    }
}

fn stand_in() -> Source {
    Source {
        key: String::new(),
        place: SourcePlace::Directory {
            members: false,
            guests: false,
            org_contacts: false,
        },
        priority: 1,
        only_for: None,
        pick: Choice::default(),
    }
}

fn directory(written: &DirectoryDocument, at: &At, findings: &mut Findings) -> Source {
    let place = SourcePlace::Directory {
        members: matches!(written.people, People::Members | People::All),
        guests: matches!(written.people, People::Guests | People::All),
        org_contacts: written.org_contacts,
    };
    if written.people == People::None && !written.org_contacts {
        findings.add(
            at,
            "this source takes nobody: `people` is none and `org_contacts` is false",
            "remove the source or choose people",
        );
    }
    Source {
        key: "directory".to_owned(),
        place,
        priority: written.priority,
        only_for: only_for(written.only_for.as_ref(), at, findings),
        pick: choices::choice(&written.pick, at, IfEmpty::Everyone, findings),
    }
}

fn folder(written: &FolderDocument, at: &At, findings: &mut Findings) -> Source {
    let address = choices::address(&written.address, &at.key("address"), findings);
    let path = folder_path(&written.folder, &at.key("folder"), findings);
    Source {
        key: format!("mailbox:{address}/{path}"),
        place: SourcePlace::Folder {
            address,
            path,
            children: written.children,
        },
        priority: written.priority,
        only_for: only_for(written.only_for.as_ref(), at, findings),
        pick: choices::choice(&written.pick, at, IfEmpty::Everyone, findings),
    }
}

fn only_for(written: Option<&ChoiceDocument>, at: &At, findings: &mut Findings) -> Option<Choice> {
    let empty = IfEmpty::MustBeSaid("`only_for` names");
    written.map(|written| choices::choice(written, &at.key("only_for"), empty, findings))
}

fn folder_path(text: &str, at: &At, findings: &mut Findings) -> String {
    let parts: Vec<&str> = text.split('/').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        let message = format!("`{text}` is not the path of a folder");
        findings.add(
            at,
            message,
            "write folder names with `/` between them: Contacts/Suppliers",
        );
    }
    parts.join("/")
}

/// The second source of one place gets `#2`, and so on.
fn number_twins(sources: &mut [Source]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources {
        let count = seen.entry(source.key.clone()).or_default();
        *count += 1;
        if *count > 1 {
            source.key = format!("{}#{count}", source.key);
        }
    }
}
