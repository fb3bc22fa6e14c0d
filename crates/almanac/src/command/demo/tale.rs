//! The story itself: plan, apply, change, run again, ask why, and a quiet third run.

use super::TUNNEL;
use super::cloud::Box365;
use crate::cli::Selection;
use crate::command::{apply, why, work};
use crate::exit::{Exit, Failure};
use crate::output::table::Mood;
use crate::output::{self, Voice, json, paint};
use crate::plan::print::{self, Detail};
use crate::plan::saved::SavedPlan;
use crate::plan::{BookPlan, totals};
use crate::wiring::{House, store_failure};
use crate::words::count;
use engine::Ask;
use graph_sim::cloud::Act;
use graph_sim::directory::DirectoryAct;
use graph_sim::fleet::{OrgContact, Person, PersonKind};
use graph_sim::mailbox::MailboxAct;
use graph_sim::{Actor, Fleet};
use model::catalog::EntryState;
use model::link::Part;
use model::member::Member;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use store::StoreError;

/// Lines of each block that the story shows.
const LINES: usize = 6;

pub struct Tale {
    voice: Voice,
    house: House,
    cloud: Arc<Box365>,
    tenant: String,
    /// People with mailbox and mobile phone.
    people: Vec<Person>,
    /// A partner with a phone, who will go.
    partner: Option<OrgContact>,
    mailboxes: usize,
    directory: usize,
}

/// What happened beside us between the runs.
struct Happened {
    moved_number: String,
    left: Option<String>,
    owner: Member,
    edited: String,
}

impl Tale {
    pub fn new(voice: Voice, house: House, cloud: Arc<Box365>, fleet: &Fleet) -> Self {
        let tenant = fleet.tenants.first();
        let usable = |p: &&Person| {
            p.kind == PersonKind::User
                && !p.guest
                && p.enabled != Some(false)
                && !p.hidden
                && p.mobile_phone.is_some()
        };
        let people = tenant
            .iter()
            .flat_map(|t| t.mailboxes())
            .filter(usable)
            .cloned()
            .collect();
        Self {
            voice,
            house,
            cloud,
            tenant: tenant.map(|t| t.id.clone()).unwrap_or_default(),
            people,
            partner: tenant.and_then(|t| t.org_contacts.iter().find(|c| has_phone(c)).cloned()),
            mailboxes: tenant.map_or(0, |t| t.mailboxes().count()),
            directory: tenant.map_or(0, |t| t.people.len() + t.org_contacts.len()),
        }
    }

    /// Tells all of it.
    ///
    /// # Errors
    /// The store fails, or the drawn client is too small for the story.
    pub async fn tell(self) -> Result<(), Failure> {
        self.introduce();
        let first = self.first_fill().await?;
        let happened = self.change_things().await?;
        let second = self.second_run(&happened).await?;
        let why = self.ask_why(&happened).await?;
        let third = self.quiet_run().await?;
        if self.voice.json {
            json::print(&json!({ "first": first, "second": second, "why": why, "third": third }));
        }
        self.what_next();
        Ok(())
    }

    fn chapter(&self, title: &str) {
        self.voice
            .say(format!("\n{}\n", paint(title, Mood::Strong)));
    }

    fn introduce(&self) {
        self.chapter("A client, simulated on this machine");
        self.voice.say(format!(
            "Contoso has {} and {} in its directory. Nothing leaves this machine: Microsoft's side is\nthe simulator that comes with Almanac. This tunnel is all that was written for it:\n",
            count(self.mailboxes as u64, "mailbox"),
            count(self.directory as u64, "object"),
        ));
        for line in TUNNEL.lines() {
            self.voice.say(paint(&format!("    {line}"), Mood::Faint));
        }
    }

    async fn first_fill(&self) -> Result<Vec<BookPlan>, Failure> {
        self.chapter("1. almanac plan: nothing is written before it can be shown");
        let plans = self.plan().await?;
        self.show(&plans);
        self.voice.say(print::summary(&totals(&plans)));
        self.chapter("2. almanac apply: exactly that plan is carried out");
        let done = self.apply(&plans).await?;
        self.report(&done);
        let (_, writes) = self.cloud.requests();
        self.voice.say(format!(
            "{} carried the writes, up to twenty in each.",
            count(writes, "request")
        ));
        Ok(done)
    }

    /// A new number, a leaver, an edit in a copy and a card of a user's own.
    async fn change_things(&self) -> Result<Happened, Failure> {
        let Some(moved) = self.people.first() else {
            return Err(too_small());
        };
        let number = Map::from_iter([("mobilePhone".to_owned(), Value::from("+49 151 23456789"))]);
        self.admin(DirectoryAct::EditUser {
            id: moved.id.clone(),
            properties: number,
        });
        if let Some(partner) = &self.partner {
            self.admin(DirectoryAct::DeleteOrgContact {
                id: partner.id.clone(),
            });
        }
        let (owner, edited) = self.edit_a_copy(moved).await?;
        let happened = Happened {
            moved_number: moved.name.clone(),
            left: self.partner.as_ref().map(|p| p.name.clone()),
            owner,
            edited,
        };
        self.tell_what_happened(&happened);
        Ok(happened)
    }

    fn tell_what_happened(&self, happened: &Happened) {
        self.chapter("3. Meanwhile, at the client");
        let address = &happened.owner.address;
        self.voice.say(format!(
            "  * {} gets a new mobile number in the directory",
            happened.moved_number
        ));
        if let Some(left) = &happened.left {
            self.voice.say(format!(
                "  * {left} is no longer a partner: an admin deletes the contact"
            ));
        }
        self.voice.say(format!(
            "  * in {address}, somebody overwrites {}'s number on our copy and adds a note to it\n  * in {address}, somebody adds a card of their own to our folder",
            happened.edited
        ));
    }

    fn admin(&self, act: DirectoryAct) {
        self.cloud.act(&Act::Directory {
            tenant: self.tenant.clone(),
            act,
        });
    }

    /// Somebody works in the first mailbox: on a copy of ours, and beside it.
    async fn edit_a_copy(&self, not: &Person) -> Result<(Member, String), Failure> {
        let found = self.find_a_copy(not).await.map_err(|e| store_failure(&e))?;
        let Some((owner, item, name)) = found else {
            return Err(too_small());
        };
        let edit = Map::from_iter([
            ("mobilePhone".to_owned(), Value::from("my own digits")),
            (
                "personalNotes".to_owned(),
                Value::from("Met at the fair. Likes tea."),
            ),
        ]);
        let own = Map::from_iter([
            ("displayName".to_owned(), Value::from("The plumber")),
            ("businessPhones".to_owned(), json!(["+49 30 5550199"])),
        ]);
        self.owner_does(
            &owner,
            MailboxAct::EditContact {
                item,
                properties: edit,
            },
        );
        let folder = owner.folder.as_ref().map(|f| f.0.clone());
        self.owner_does(
            &owner,
            MailboxAct::CreateContact {
                folder,
                properties: own,
            },
        );
        Ok((owner, name))
    }

    fn owner_does(&self, owner: &Member, act: MailboxAct) {
        self.cloud.act(&Act::Mailbox {
            tenant: self.tenant.clone(),
            mailbox: owner.mailbox.0.clone(),
            by: Actor::User,
            act,
        });
    }

    async fn find_a_copy(
        &self,
        not: &Person,
    ) -> Result<Option<(Member, String, String)>, StoreError> {
        let store = self.house.store();
        let is_person = |name: &str| self.people.iter().any(|p| p.name == name) && not.name != name;
        for book in self.house.engine.books() {
            let members = store.members(&book.tenant, book.catalog).await?;
            let owned = |m: &&Member| {
                self.people.iter().any(|p| p.id == m.mailbox.0) && not.id != m.mailbox.0
            };
            let Some(owner) = members.iter().find(owned) else {
                continue;
            };
            let view = store
                .view(&book.tenant, book.catalog, &owner.view, 0)
                .await?;
            for ((entry, part), link) in store.links(owner.id).await? {
                let (Part::Core, Some(item)) = (part, link.item) else {
                    continue;
                };
                let Some(EntryState::Live { item: content, .. }) =
                    view.entries.get(&entry).map(|e| &e.state)
                else {
                    continue;
                };
                if is_person(&content.label()) {
                    return Ok(Some((owner.clone(), item.0, content.label())));
                }
            }
        }
        Ok(None)
    }

    async fn second_run(&self, happened: &Happened) -> Result<Vec<BookPlan>, Failure> {
        self.chapter("4. almanac plan: what that means for the mailboxes");
        let plans = self.plan().await?;
        self.show(&plans);
        self.voice.say(print::summary(&totals(&plans)));
        if let Some(left) = &happened.left {
            self.voice.say(format!("\n{left} is not taken away yet: who goes is removed once a second complete look agrees."));
        }
        self.chapter("5. almanac run --full: look again, list every folder, and do it");
        let ask = Ask {
            full: true,
            ..Ask::default()
        };
        let done =
            work::ask_and_work(&self.house, &Selection::default(), &ask, self.voice.json).await?;
        self.show(&done);
        self.report(&done);
        let removed = happened.left.as_ref().map_or_else(String::new, |left| {
            format!("\n{left}'s card was removed, and is kept for `almanac restore`;")
        });
        self.voice.say(format!(
            "\n{}'s new number went to every mailbox;{removed}\nthe copy of {} has its number back and keeps the note; the plumber was not touched.",
            happened.moved_number, happened.edited
        ));
        Ok(done)
    }

    async fn ask_why(&self, happened: &Happened) -> Result<Vec<Value>, Failure> {
        let address = &happened.owner.address;
        self.chapter(&format!(
            "6. almanac why --person \"{}\" --mailbox {address}",
            happened.edited
        ));
        let answers = why::ask(&self.house, &happened.edited, address).await?;
        if !self.voice.json {
            answers
                .iter()
                .for_each(|(tenant, answer)| why::print(tenant, answer));
        }
        Ok(answers.iter().map(|(_, answer)| json!(answer)).collect())
    }

    async fn quiet_run(&self) -> Result<Value, Failure> {
        self.chapter("7. almanac run: nothing changed, so nothing is written");
        self.cloud.requests();
        let done = work::ask_and_work(
            &self.house,
            &Selection::default(),
            &Ask::default(),
            self.voice.json,
        )
        .await?;
        self.report(&done);
        let (reads, writes) = self.cloud.requests();
        self.voice.say(format!(
            "{} asked what changed at the sources, {} went to the mailboxes.",
            count(reads, "request"),
            count(writes, "write"),
        ));
        Ok(json!({ "runs": done, "reads": reads, "writes": writes }))
    }

    async fn plan(&self) -> Result<Vec<BookPlan>, Failure> {
        let ask = Ask {
            plan_only: true,
            ..Ask::default()
        };
        work::ask_and_work(&self.house, &Selection::default(), &ask, self.voice.json).await
    }

    async fn apply(&self, plans: &[BookPlan]) -> Result<Vec<BookPlan>, Failure> {
        let saved = SavedPlan::of(plans, &Selection::default());
        self.cloud.requests();
        apply::carry_out(&self.house, &saved, self.voice.json).await
    }

    fn show(&self, plans: &[BookPlan]) {
        if !self.voice.json {
            plans
                .iter()
                .for_each(|plan| print::print(plan, Detail::First(LINES)));
            output::line("");
        }
    }

    fn report(&self, done: &[BookPlan]) {
        if !self.voice.json {
            done.iter().for_each(apply::report_one);
        }
    }

    fn what_next(&self) {
        self.chapter("What to try next");
        self.voice.say(
            "  almanac demo --mailboxes 200 --seed 7       another, larger client
  almanac sim serve                           the same cloud on a port, for your own experiments
  almanac sim import users.csv --out us.yaml  rehearse with a client's real directory
  almanac init                                begin in earnest: settings, keys, an example tunnel
  almanac help                                everything else",
        );
    }
}

fn has_phone(contact: &OrgContact) -> bool {
    contact.mobile_phone.is_some() || contact.business_phone.is_some()
}

fn too_small() -> Failure {
    Failure::new(
        Exit::Failed,
        "the drawn client is too small for the story",
        "try more --mailboxes or another --seed",
    )
}
