//! Needs: which collections a book's tunnels read, as policy says it.

use model::person::FolderSource;
use model::tunnel::{Book, Choice, SourcePlace};
use planner::select::{SelectError, Selector};
use std::collections::{BTreeMap, BTreeSet};

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
    pub(crate) fn of(book: &Book, lists: &BTreeMap<String, Choice>) -> Result<Self, SelectError> {
        let mut needs = Self::default();
        for tunnel in &book.tunnels {
            needs.photos |= tunnel.options.photos;
            needs.managers |= tunnel.fields.contains_key(&model::Field::Manager);
            needs.choice(&tunnel.audience, lists)?;
            for source in &tunnel.sources {
                needs.place(&source.place);
                needs.choice(&source.pick, lists)?;
                if let Some(only_for) = &source.only_for {
                    needs.choice(only_for, lists)?;
                }
            }
        }
        Ok(needs)
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

    /// Every group that the choice names, in its lists and expressions too.
    fn choice(
        &mut self,
        choice: &Choice,
        lists: &BTreeMap<String, Choice>,
    ) -> Result<(), SelectError> {
        self.groups
            .extend(Selector::compile(choice, lists)?.groups());
        Ok(())
    }
}
