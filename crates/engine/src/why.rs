//! Why: one question, one chain of facts. Why is this person on that phone, why not, and since when not up to date?

use crate::facts;
use crate::job::JobError;
use crate::needs::Needs;
use crate::past::{self, Past};
use crate::world::Engine;
use model::catalog::{Catalog, Contribution, EntryState, GoneCause, Standing, ViewEntry};
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
        let books = self.books();
        for book in books.iter().filter(|b| b.tenant == *tenant) {
            if let Some(inquiry) = Inquiry::of(self, book, person, mailbox).await? {
                answers.push(inquiry.answer().await?);
            }
        }
        if answers.is_empty() && books.iter().any(|b| b.tenant == *tenant) {
            return Err(WhyError::NoSuchPerson(tenant.clone()));
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

/// By address, key or name, in every source; several records of one address are one person. `None`: in no source.
fn one_person(facts: &Facts, wanted: &str) -> Result<Option<Arc<Person>>, WhyError> {
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
        return Ok(Some((*person).clone()));
    }
    let named: Vec<_> = all
        .iter()
        .filter(|p| p.item.label().to_lowercase() == wanted)
        .collect();
    match named[..] {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        _ => Err(WhyError::ManyPeople(named.len())),
    }
}

struct Inquiry<'a> {
    engine: &'a Engine,
    book: &'a Book,
    facts: Facts,
    catalog: Catalog,
    owner: Arc<Person>,
    /// The mailbox, where it takes part in the book.
    member: Option<Member>,
    /// Who is meant, where a source has them.
    person: Option<Arc<Person>>,
    /// Who is meant, where no source takes them any more.
    past: Option<Past>,
}

impl<'a> Inquiry<'a> {
    /// `None`: this book knows nobody of that name, and never did.
    async fn of(
        engine: &'a Engine,
        book: &'a Book,
        person: &str,
        mailbox: &str,
    ) -> Result<Option<Self>, WhyError> {
        let (store, tenant) = (engine.store(), &book.tenant);
        let needs =
            Needs::of(book, &engine.lists(tenant)).map_err(|e| WhyError::Policy(e.to_string()))?;
        let facts = facts::facts(engine, tenant, &needs).await?;
        let owner = owner(&facts, tenant, mailbox)?;
        let found = one_person(&facts, person)?;
        let id = MailboxId::from(owner.key.as_str());
        let members = store.members(tenant, book.catalog).await?;
        let mut inquiry = Self {
            engine,
            book,
            facts,
            catalog: store.load_catalog(tenant, book.catalog).await?,
            owner,
            member: members.into_iter().find(|m| m.mailbox == id),
            person: found,
            past: None,
        };
        inquiry.look_back(person).await?;
        let known = inquiry.person.is_some() || inquiry.past.is_some();
        Ok(known.then_some(inquiry))
    }

    /// Whom no source takes may have been here. A namesake is not meant where the person is known by address.
    async fn look_back(&mut self, wanted: &str) -> Result<(), WhyError> {
        let person = self.person.as_ref();
        let takes = |p: &Arc<Person>| self.catalog.contributions.keys().any(|(_, k)| *k == p.key);
        if person.is_some_and(takes) {
            return Ok(());
        }
        let names = match person {
            Some(person) => person.addresses.clone(),
            None => [wanted.to_lowercase()].into(),
        };
        let member = self.member.as_ref().map(|m| m.id);
        let tenant = &self.book.tenant;
        self.past = past::past(self.engine, tenant, &self.catalog, member, &names).await?;
        Ok(())
    }

    async fn answer(&self) -> Result<Why, WhyError> {
        let mut chain = Vec::new();
        let answer = match self.entry(&mut chain)? {
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

    /// What the sources say of the person. `None`: no source takes them, and none did.
    fn entry(&self, chain: &mut Vec<String>) -> Result<Option<EntryId>, WhyError> {
        let mut found = None;
        for tunnel in &self.book.tunnels {
            for source in &tunnel.sources {
                let name = format!("{}/{}", tunnel.id, source.key);
                match (self.contribution(&name), &self.person) {
                    (Some(contribution), _) => {
                        chain.push(standing(&name, contribution));
                        found = Some(contribution.entry);
                    }
                    (None, Some(person)) => chain.push(format!(
                        "{name}: not taken, because {}",
                        self.refusal(tunnel, source, person)?
                    )),
                    (None, None) => chain.push(format!("{name}: has nobody of that name")),
                }
            }
        }
        if let (None, Some(past)) = (found, &self.past) {
            chain.push(format!("\"{}\" was here before", past.name));
            found = Some(past.entry);
        }
        Ok(found)
    }

    /// What a source contributes to the person's entry.
    fn contribution(&self, source: &str) -> Option<&Contribution> {
        let all = &self.catalog.contributions;
        match (&self.person, &self.past) {
            (Some(person), _) => all.get(&(source.to_owned(), person.key.clone())),
            (None, Some(past)) => {
                let mut of = all.iter().filter(|((name, _), _)| name == source);
                of.find(|(_, c)| c.entry == past.entry).map(|(_, c)| c)
            }
            (None, None) => None,
        }
    }

    /// Why a source does not take the person.
    fn refusal(
        &self,
        tunnel: &Tunnel,
        source: &Source,
        person: &Person,
    ) -> Result<String, WhyError> {
        if !self.is_in_place(&source.place, person) {
            return Ok("the person is not in this source".to_owned());
        }
        let lists = self.engine.lists(&self.book.tenant);
        let pick =
            Selector::compile(&source.pick, &lists).map_err(|e| WhyError::Policy(e.to_string()))?;
        Ok(
            match contribute::belongs(source, &pick, &tunnel.options, person, &self.facts) {
                Selected::In => {
                    "it was not looked at since the person came to belong; run again".to_owned()
                }
                Selected::Out(fact) => fact,
                Selected::Unknown(missing) => format!("it is not known: {missing}"),
            },
        )
    }

    fn is_in_place(&self, place: &SourcePlace, person: &Person) -> bool {
        match place {
            SourcePlace::Directory { .. } => {
                self.facts.users.contains_key(&person.key)
                    || self.facts.org_contacts.contains_key(&person.key)
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
                .is_some_and(|people| people.contains_key(&person.key)),
        }
    }

    async fn in_mailbox(
        &self,
        entry: EntryId,
        chain: &mut Vec<String>,
    ) -> Result<Answer, WhyError> {
        let store = self.engine.store();
        let Some(member) = &self.member else {
            chain.push(format!(
                "the mailbox is no target: {}",
                self.not_targeted()?
            ));
            return Ok(Answer::Absent);
        };
        chain.push(membership(member));
        let view = store
            .view_entries(&member.tenant, member.catalog, &member.view, &[entry])
            .await?;
        let links = store.links_of(member.id, &[entry]).await?;
        let link = links.get(&(entry, Part::Core));
        let writes = store.last_writes(member.id, entry, 1).await?;
        let last = writes.first();
        let answer = verdict(view.entries.get(&entry), link, member, last, chain);
        chain.extend(last.map(last_write));
        Ok(answer)
    }

    fn not_targeted(&self) -> Result<String, WhyError> {
        let lists = self.engine.lists(&self.book.tenant);
        let audience =
            Audience::compile(self.book, &lists).map_err(|e| WhyError::Policy(e.to_string()))?;
        let reasons = self.book.tunnels.iter().map(|tunnel| {
            let said = match audience.targets(tunnel, &self.owner, &self.facts) {
                Selected::In => "it belongs since the last look; run again".to_owned(),
                Selected::Out(fact) => fact,
                Selected::Unknown(missing) => format!("not known: {missing}"),
            };
            format!("{} ({})", said, tunnel.name)
        });
        Ok(reasons.collect::<Vec<_>>().join("; "))
    }

    /// What may hold everything up: a held plan, a pause, trouble with the sources, silence.
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
        if let Some(trouble) = self.engine.last_trouble(self.book).await? {
            let detail = trouble.detail;
            chain.push(format!(
                "the last look at the sources did not come to its end: {detail}"
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
    last: Option<&LedgerRow>,
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
        (EntryState::Gone { since, cause }, copy) => {
            chain.push(left(*since, *cause));
            chain.push(whereabouts(copy, last).to_owned());
            if copy.is_some() {
                Answer::Pending
            } else {
                Answer::Absent
            }
        }
    }
}

/// Why nobody wants the copy any more.
fn left(since: Timestamp, cause: GoneCause) -> String {
    match cause {
        GoneCause::Fact => format!(
            "no source takes the person since {since}, and two complete looks agreed in that"
        ),
        GoneCause::Rule => format!("a changed rule leaves the person out since {since}"),
        GoneCause::Superseded => {
            format!("it was joined with another card of the same person at {since}")
        }
    }
}

/// What became of the copy of somebody who left.
fn whereabouts(copy: Option<&Link>, last: Option<&LedgerRow>) -> &'static str {
    let deleted = last.is_some_and(|row| row.act == "delete" && row.detail.starts_with("done"));
    match copy {
        Some(link) if link.origin == Origin::Adopted => {
            "the card was the user's own before: it stays, and what we added is taken back"
        }
        Some(_) => "the copy is still there, and is to be removed",
        None if deleted => "the copy was removed",
        None => "we deleted nothing: the card had gone already, or was the user's own and stays",
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
