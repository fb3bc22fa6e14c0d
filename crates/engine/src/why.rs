//! Why: one question, one chain of facts. Why is this person on that phone, why not, and since when not up to date?

use crate::facts;
use crate::job::JobError;
use crate::needs::Needs;
use crate::world::Engine;
use model::catalog::{Contribution, EntryState, Standing, ViewEntry};
use model::link::{Link, Origin, Part};
use model::member::{Member, MemberState};
use model::person::{Facts, Person};
use model::tunnel::{Book, Source, SourcePlace, Tunnel};
use model::{EntryId, MailboxId, TenantName, Timestamp};
use planner::audience::Audience;
use planner::contribute;
use planner::select::{Selected, Selector};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::LedgerRow;

/// The answer for one book: facts in the order in which one follows from the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    pub book: String,
    pub answer: Answer,
    pub chain: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The copy is there and as it should be.
    There,
    /// The copy is there and not up to date.
    Stale,
    /// It is not there, and that is right.
    Absent,
    /// It is not there yet, or is waiting for something.
    Pending,
    /// Something that is needed for the answer is not known.
    Unknown,
}

#[derive(Debug, thiserror::Error)]
pub enum WhyError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(
        "nobody in the sources of tenant {0} goes by that name or address: look at `almanac status`, or refresh with `almanac plan`"
    )]
    NoSuchPerson(TenantName),
    #[error("{0} people go by that name: use an address")]
    ManyPeople(usize),
    #[error("no mailbox of tenant {0} has that address: use the address that the directory shows")]
    NoSuchMailbox(TenantName),
    #[error("{0}")]
    Policy(String),
}

impl From<JobError> for WhyError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(e) => Self::Store(e),
            other => Self::Policy(other.to_string()),
        }
    }
}

impl Engine {
    /// Answers for every book of the tenant that has this mailbox or could have it. Reads the store alone.
    pub async fn why(
        &self,
        tenant: &TenantName,
        person: &str,
        mailbox: &str,
    ) -> Result<Vec<Why>, WhyError> {
        let mut answers = Vec::new();
        for book in self.books().iter().filter(|b| b.tenant == *tenant) {
            let needs = Needs::of(book, &self.lists(tenant))
                .map_err(|e| WhyError::Policy(e.to_string()))?;
            let facts = facts::facts(self, tenant, &needs).await?;
            let owner = owner(&facts, tenant, mailbox)?;
            let person = one_person(&facts, tenant, person)?;
            let inquiry = Inquiry {
                engine: self,
                book,
                facts: &facts,
                person,
                owner,
            };
            answers.push(inquiry.answer().await?);
        }
        Ok(answers)
    }
}

fn owner(facts: &Facts, tenant: &TenantName, mailbox: &str) -> Result<Arc<Person>, WhyError> {
    let wanted = mailbox.to_lowercase();
    let is = |p: &&Arc<Person>| {
        p.upn.to_lowercase() == wanted || p.key == wanted || p.addresses.contains(&wanted)
    };
    facts
        .users
        .values()
        .find(is)
        .cloned()
        .ok_or_else(|| WhyError::NoSuchMailbox(tenant.clone()))
}

/// By address, key or name, in every source; several records of one address are one person.
fn one_person(facts: &Facts, tenant: &TenantName, wanted: &str) -> Result<Arc<Person>, WhyError> {
    let wanted = wanted.to_lowercase();
    let folders = facts.folders.values().flat_map(BTreeMap::values);
    let all: Vec<&Arc<Person>> = facts
        .users
        .values()
        .chain(facts.org_contacts.values())
        .chain(folders)
        .collect();
    let by_address = |p: &&&Arc<Person>| {
        p.key.to_lowercase() == wanted
            || p.upn.to_lowercase() == wanted
            || p.addresses.contains(&wanted)
    };
    if let Some(person) = all.iter().find(by_address) {
        return Ok((*person).clone());
    }
    let named: Vec<_> = all
        .iter()
        .filter(|p| p.item.label().to_lowercase() == wanted)
        .collect();
    match named[..] {
        [] => Err(WhyError::NoSuchPerson(tenant.clone())),
        [one] => Ok((*one).clone()),
        _ => Err(WhyError::ManyPeople(named.len())),
    }
}

struct Inquiry<'a> {
    engine: &'a Engine,
    book: &'a Book,
    facts: &'a Facts,
    person: Arc<Person>,
    owner: Arc<Person>,
}

impl Inquiry<'_> {
    async fn answer(&self) -> Result<Why, WhyError> {
        let mut chain = Vec::new();
        let answer = match self.entry(&mut chain).await? {
            None => Answer::Absent,
            Some(entry) => self.in_mailbox(entry, &mut chain).await?,
        };
        self.pending(&mut chain).await?;
        Ok(Why {
            book: self.book.key.to_string(),
            answer,
            chain,
        })
    }

    /// What the sources say of the person. `None`: no source takes them.
    async fn entry(&self, chain: &mut Vec<String>) -> Result<Option<EntryId>, WhyError> {
        let store = self.engine.store();
        let catalog = store
            .load_catalog(&self.book.tenant, self.book.catalog)
            .await?;
        let mut found = None;
        for tunnel in &self.book.tunnels {
            for source in &tunnel.sources {
                let name = format!("{}/{}", tunnel.id, source.key);
                let key = (name.clone(), self.person.key.clone());
                match catalog.contributions.get(&key) {
                    Some(contribution) => {
                        chain.push(standing(&name, contribution));
                        found = Some(contribution.entry);
                    }
                    None => chain.push(format!(
                        "{name}: not taken, because {}",
                        self.refusal(tunnel, source)?
                    )),
                }
            }
        }
        Ok(found)
    }

    /// Why a source does not take the person.
    fn refusal(&self, tunnel: &Tunnel, source: &Source) -> Result<String, WhyError> {
        if !self.is_in_place(&source.place) {
            return Ok("the person is not in this source".to_owned());
        }
        let lists = self.engine.lists(&self.book.tenant);
        let pick =
            Selector::compile(&source.pick, &lists).map_err(|e| WhyError::Policy(e.to_string()))?;
        Ok(
            match contribute::belongs(source, &pick, &tunnel.options, &self.person, self.facts) {
                Selected::In => {
                    "it was not looked at since the person came to belong; run again".to_owned()
                }
                Selected::Out(fact) => fact,
                Selected::Unknown(missing) => format!("it is not known: {missing}"),
            },
        )
    }

    fn is_in_place(&self, place: &SourcePlace) -> bool {
        match place {
            SourcePlace::Directory { .. } => {
                self.facts.users.contains_key(&self.person.key)
                    || self.facts.org_contacts.contains_key(&self.person.key)
            }
            SourcePlace::Folder {
                address,
                path,
                children,
            } => self
                .facts
                .folders
                .get(&model::person::FolderSource {
                    address: address.clone(),
                    path: path.clone(),
                    children: *children,
                })
                .is_some_and(|people| people.contains_key(&self.person.key)),
        }
    }

    async fn in_mailbox(
        &self,
        entry: EntryId,
        chain: &mut Vec<String>,
    ) -> Result<Answer, WhyError> {
        let store = self.engine.store();
        let mailbox = MailboxId::from(self.owner.key.as_str());
        let members = store.members(&self.book.tenant, self.book.catalog).await?;
        let Some(member) = members.into_iter().find(|m| m.mailbox == mailbox) else {
            chain.push(format!(
                "the mailbox is no target: {}",
                self.not_targeted()?
            ));
            return Ok(Answer::Absent);
        };
        chain.push(membership(&member));
        let view = store
            .view_entries(&member.tenant, member.catalog, &member.view, &[entry])
            .await?;
        let links = store.links_of(member.id, &[entry]).await?;
        let link = links.get(&(entry, Part::Core));
        let writes = store.last_writes(member.id, entry, 1).await?;
        let answer = verdict(view.entries.get(&entry), link, &member, chain);
        chain.extend(writes.iter().map(last_write));
        Ok(answer)
    }

    fn not_targeted(&self) -> Result<String, WhyError> {
        let lists = self.engine.lists(&self.book.tenant);
        let audience =
            Audience::compile(self.book, &lists).map_err(|e| WhyError::Policy(e.to_string()))?;
        let reasons = self.book.tunnels.iter().map(|tunnel| {
            let said = match audience.targets(tunnel, &self.owner, self.facts) {
                Selected::In => "it belongs since the last look; run again".to_owned(),
                Selected::Out(fact) => fact,
                Selected::Unknown(missing) => format!("not known: {missing}"),
            };
            format!("{} ({})", said, tunnel.name)
        });
        Ok(reasons.collect::<Vec<_>>().join("; "))
    }

    /// What may hold everything up: a pause, a held plan, silence.
    async fn pending(&self, chain: &mut Vec<String>) -> Result<(), WhyError> {
        let store = self.engine.store();
        if let Some(run) = store.open_run(&self.book.tenant, &self.book.key).await? {
            let reason = if run.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", run.reason)
            };
            chain.push(format!("run {} is {:?}{reason}", run.id, run.state).to_lowercase());
        }
        for pause in store.pauses().await? {
            chain.push(format!(
                "{} is paused by {} since {}: {}",
                pause.scope, pause.who, pause.at, pause.reason
            ));
        }
        if let Some(state) = store
            .collection(&self.book.tenant, crate::observe::USERS)
            .await?
        {
            chain.push(format!(
                "the directory was last looked at {}",
                state.looked_at
            ));
        }
        Ok(())
    }
}

fn standing(name: &str, contribution: &Contribution) -> String {
    match &contribution.standing {
        Standing::In => format!("{name}: taken as \"{}\"", contribution.content.label()),
        Standing::Leaving(l) => {
            format!(
                "{name}: leaving since {} ({}), until a second complete look agrees",
                l.since, l.fact
            )
        }
    }
}

fn membership(member: &Member) -> String {
    let folder = if member.folder.is_some() {
        "its folder exists"
    } else {
        "its folder does not exist yet"
    };
    match (member.state, &member.leaving) {
        (MemberState::Active, None) => format!("the mailbox is a target; {folder}"),
        (MemberState::Active, Some(l)) => {
            format!("the mailbox may be leaving since {} ({})", l.since, l.fact)
        }
        (MemberState::LeavingRemove, _) => {
            "the mailbox leaves: its copies are being removed".to_owned()
        }
        (MemberState::LeavingKeep, _) => {
            "the mailbox leaves: its copies stay and are no longer ours".to_owned()
        }
        (MemberState::Left, _) => "the mailbox is no target any more".to_owned(),
    }
}

fn verdict(
    entry: Option<&ViewEntry>,
    link: Option<&Link>,
    member: &Member,
    chain: &mut Vec<String>,
) -> Answer {
    let copy = link.filter(|l| l.item.is_some());
    if let Some(link) = link {
        chain.extend(waiting(link));
    }
    let Some(entry) = entry else {
        chain.push(
            "the person comes from a source that is meant for another part of the audience"
                .to_owned(),
        );
        return if copy.is_some() {
            Answer::Stale
        } else {
            Answer::Absent
        };
    };
    match (&entry.state, copy) {
        (EntryState::Live { content, .. }, Some(link)) if link.agreed == Some(*content) => {
            let how = if link.origin == Origin::Adopted {
                "an adopted card of the user"
            } else {
                "our copy"
            };
            chain.push(format!(
                "{how} is there and says what the sources say (version {})",
                entry.version
            ));
            Answer::There
        }
        (EntryState::Live { .. }, Some(_)) => {
            chain.push(format!(
                "the copy is there and is older than version {}",
                entry.version
            ));
            Answer::Stale
        }
        (EntryState::Live { .. }, None) if link.is_some_and(|l| l.refused) => {
            chain.push("the user deleted the copy, and the tunnel respects that".to_owned());
            Answer::Absent
        }
        (EntryState::Live { .. }, None) if member.state == MemberState::Left => Answer::Absent,
        (EntryState::Live { .. }, None) => {
            chain.push(format!(
                "no copy yet: the mailbox has come through version {} of {}",
                member.through, entry.version
            ));
            Answer::Pending
        }
        (EntryState::Gone { since, .. }, copy) => {
            chain.push(format!("the person left at {since}"));
            if copy.is_some() {
                Answer::Pending
            } else {
                Answer::Absent
            }
        }
    }
}

fn waiting(link: &Link) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(sent) = &link.sent {
        lines.push(
            format!(
                "a write ({:?}) got no answer; its fate is being found out since {}",
                sent.op, sent.deadline
            )
            .to_lowercase(),
        );
    }
    if let Some(trouble) = &link.trouble {
        lines.push(match trouble.retry_at {
            Timestamp::NEVER => format!("left alone: {}", trouble.reason),
            at => format!(
                "refused {} times ({}); tried again {at}",
                trouble.attempts, trouble.reason
            ),
        });
    }
    lines
}

fn last_write(row: &LedgerRow) -> String {
    let run = row
        .run
        .map_or_else(String::new, |run| format!(" by run {run}"));
    // The detail is what became of the write, and the answer where that says more.
    let (fate, answer) = row.detail.split_once(' ').unwrap_or((&row.detail, ""));
    let answer = if answer == fate { "" } else { answer };
    let line = format!("last written {}{run}: {}, {fate} {answer}", row.at, row.act);
    line.trim_end().to_owned()
}
