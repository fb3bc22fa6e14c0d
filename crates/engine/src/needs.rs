//! Needs: which collections a book's tunnels read, as policy says it.

use model::tunnel::{Book, Choice, SourcePlace};
use std::collections::{BTreeMap, BTreeSet};

/// A contact folder that is read as a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FolderSource {
    pub address: String,
    pub path: String,
    pub children: bool,
}

/// What has to be looked at before a book can be compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub org_contacts: bool,
    /// As the policy names them.
    pub groups: BTreeSet<String>,
    pub folders: BTreeSet<FolderSource>,
    pub photos: bool,
    pub managers: bool,
}

impl Needs {
    pub(crate) fn of(book: &Book, lists: &BTreeMap<String, Choice>) -> Self {
        let mut needs = Self::default();
        for tunnel in &book.tunnels {
            needs.photos |= tunnel.options.photos;
            needs.managers |= tunnel.fields.contains_key(&model::Field::Manager);
            needs.choice(&tunnel.audience, lists, &mut BTreeSet::new());
            for source in &tunnel.sources {
                needs.place(&source.place);
                needs.choice(&source.pick, lists, &mut BTreeSet::new());
                if let Some(only_for) = &source.only_for {
                    needs.choice(only_for, lists, &mut BTreeSet::new());
                }
            }
        }
        needs
    }

    fn place(&mut self, place: &SourcePlace) {
        match place {
            SourcePlace::Directory { org_contacts, .. } => self.org_contacts |= *org_contacts,
            SourcePlace::Folder {
                address,
                path,
                children,
            } => {
                let source = FolderSource {
                    address: address.clone(),
                    path: path.clone(),
                    children: *children,
                };
                self.folders.insert(source);
            }
        }
    }

    fn choice(
        &mut self,
        choice: &Choice,
        lists: &BTreeMap<String, Choice>,
        seen: &mut BTreeSet<String>,
    ) {
        self.groups.extend(choice.groups.iter().cloned());
        for name in &choice.lists {
            if let (true, Some(list)) = (seen.insert(name.clone()), lists.get(name)) {
                self.choice(list, lists, seen);
            }
        }
        if let Some(exclude) = &choice.exclude {
            self.choice(exclude, lists, seen);
        }
    }
}
