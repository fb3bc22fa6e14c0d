//! Fleets: read from a file, drawn from a seed, imported from a client's exports.

use crate::cli::{SimGenerate, SimImport};
use crate::command::Context;
use crate::exit::{Ended, Exit, Failure};
use crate::files;
use graph_sim::Fleet;
use graph_sim::fleet::csv::users_from_csv;
use graph_sim::fleet::vcard::contacts_from_vcard;
use graph_sim::fleet::{
    Contact, FolderContent, OrgContact, Person, PersonKind, Size, Tenant, generate as draw,
};
use std::path::Path;

/// The fleet of a file, or the default one of a seed.
///
/// # Errors
/// The file cannot be read or is no fleet.
pub fn chosen(file: Option<&Path>, seed: u64) -> Result<Fleet, Failure> {
    let Some(path) = file else {
        return Ok(draw(seed, &Size::default()));
    };
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    Fleet::from_yaml(&text).map_err(|e| {
        let first = e.to_string();
        let first = first.lines().next().unwrap_or("not a fleet").to_owned();
        Failure::configuration(
            format!("{}: {first}", path.display()),
            "correct the file; `almanac sim generate` prints one to start from",
        )
    })
}

pub fn generate(context: &Context, wanted: &SimGenerate) -> Ended {
    let size = match wanted.people {
        25 => Size::default(),
        people => Size::of(people as usize, people as usize),
    };
    deliver(context, &draw(wanted.seed, &size), wanted.out.as_deref())
}

pub fn import(context: &Context, wanted: &SimImport) -> Ended {
    let mut gathered = Gathered::default();
    for path in &wanted.files {
        let bytes = std::fs::read(path).map_err(|e| Failure::file("read", path, &e))?;
        gathered.read(path, &bytes)?;
    }
    for left_out in &gathered.left_out {
        eprintln!("left out: {}", crate::output::printable(left_out));
    }
    let mut fleet = gathered.into_fleet(wanted);
    fleet.complete().map_err(|e| {
        let remedy = "correct the export, or leave the file out";
        Failure::configuration(format!("the exports contradict each other: {e}"), remedy)
    })?;
    deliver(context, &fleet, wanted.out.as_deref())
}

/// What the exports say together.
#[derive(Default)]
struct Gathered {
    tenant: Tenant,
    cards: Vec<Contact>,
    left_out: Vec<String>,
}

impl Gathered {
    fn read(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        if bytes
            .windows(11)
            .any(|w| w.eq_ignore_ascii_case(b"BEGIN:VCARD"))
        {
            let cards = contacts_from_vcard(bytes);
            self.left_out.extend(cards.left_out);
            self.cards.extend(cards.contacts);
            return Ok(());
        }
        let users = users_from_csv(bytes).map_err(|e| {
            let remedy =
                "export it again (Users > Active users > Export users), or name a vCard file";
            Failure::configuration(format!("{}: {e}", path.display()), remedy)
        })?;
        self.left_out.extend(users.left_out.iter().cloned());
        let tenant = users.into_tenant();
        if self.tenant.domain.is_empty() {
            self.tenant.domain = tenant.domain;
        }
        self.tenant.people.extend(tenant.people);
        Ok(())
    }

    fn into_fleet(self, wanted: &SimImport) -> Fleet {
        let mut tenant = self.tenant;
        if let Some(domain) = &wanted.domain {
            tenant.domain.clone_from(domain);
        } else if tenant.domain.is_empty() {
            "contoso.example".clone_into(&mut tenant.domain);
        }
        match &wanted.cards_to {
            None => tenant.org_contacts = self.cards.into_iter().map(OrgContact::from).collect(),
            Some(address) => put_into(&mut tenant, address, self.cards),
        }
        Fleet {
            tenants: vec![tenant],
            ..Fleet::default()
        }
    }
}

/// Puts contacts into a shared mailbox, which is made if the export does not know it.
fn put_into(tenant: &mut Tenant, address: &str, contacts: Vec<Contact>) {
    if tenant.person(address).is_none() {
        tenant.people.push(Person {
            name: address.split('@').next().unwrap_or(address).to_owned(),
            upn: address.to_owned(),
            kind: PersonKind::Shared,
            ..Person::default()
        });
    }
    tenant.content.push(FolderContent {
        mailbox: address.to_owned(),
        folder: String::new(),
        contacts,
    });
}

fn deliver(context: &Context, fleet: &Fleet, out: Option<&Path>) -> Ended {
    if context.voice.json && out.is_none() {
        crate::output::json::print(fleet);
        return Ok(Exit::Done);
    }
    let text = fleet
        .to_yaml()
        .map_err(|e| Failure::new(Exit::Failed, e.to_string(), ""))?;
    match out {
        None => crate::output::line(text.trim_end()),
        Some(path) => {
            files::create(path, text.as_bytes())?;
            context.voice.say(format!("Wrote {}.", path.display()));
        }
    }
    Ok(Exit::Done)
}
