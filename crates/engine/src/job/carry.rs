//! Carrying out steps: intent stored, sent before its deadline, answer settled. Chunk by chunk.

use crate::desk::Desk;
use crate::initials;
use crate::job::JobError;
use crate::job::stop::stopped;
use crate::world::{Engine, Tenant};
use bytes::Bytes;
use graph::{Raw, Write};
use model::link::{Link, Op, Part};
use model::mutant::{self, Mutant};
use model::plan::{Outcome, Step};
use model::run::{Run, Trouble};
use model::{EntryId, Field, FolderId, Timestamp, Value, Values};
use planner::settle::{self, Fate, Settled, Settling};
use planner::stamp;
use std::collections::{BTreeMap, BTreeSet};
use store::{Counted, Intent, Lease, LinkChange};

/// Where the steps of one member ended, each pair of entry and part counted once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    pub fates: BTreeMap<(EntryId, Part), Fate>,
    /// Items that changed under us: look at them again, then plan again.
    pub stale: BTreeSet<model::ItemId>,
    /// Nothing more can be sent here before this instant.
    pub until: Option<Timestamp>,
    /// Microsoft asked us to slow down and nothing else is wrong: worth waiting for.
    pub throttled: bool,
    /// Why.
    pub trouble: Option<Trouble>,
    /// Why nothing more may be sent: a person stopped the run, or its policy is no longer in force.
    pub stopped: Option<String>,
}

impl Carried {
    pub(crate) fn absorb(&mut self, other: Self) {
        self.fates.extend(other.fates);
        self.stale.extend(other.stale);
        self.until = self.until.max(other.until);
        self.trouble = other.trouble.or(self.trouble.take());
        self.throttled |= other.throttled;
        self.stopped = other.stopped.or(self.stopped.take());
    }

    pub(crate) fn count(&self, test: impl Fn(Fate) -> bool) -> u64 {
        self.fates.values().filter(|fate| test(**fate)).count() as u64
    }
}

/// One member's hand: what every chunk needs.
pub(crate) struct Hand<'a> {
    pub engine: &'a Engine,
    pub tenant: &'a Tenant,
    pub lease: &'a Lease,
    pub run: &'a Run,
    pub desk: &'a Desk,
    pub folder: FolderId,
    /// A person accepted this: guards do not count it.
    pub approved: bool,
}

/// Links that this plan has just agreed on: a card that is adopted and written to in one plan.
type Agreed<'a> = BTreeMap<(EntryId, Part), &'a Link>;

fn agreed(steps: &[Step]) -> Agreed<'_> {
    let links = steps.iter().filter_map(|step| match step {
        Step::Agree { link } => Some(&**link),
        _ => None,
    });
    links.map(|link| ((link.entry, link.part), link)).collect()
}

impl Hand<'_> {
    /// Carries out the steps in their order; stops early when the run is stopped or the mailbox says no.
    pub(crate) async fn carry(&self, steps: &[Step]) -> Result<Carried, JobError> {
        let mut carried = Carried::default();
        self.agree(steps).await?;
        let agreed = agreed(steps);
        let writes: Vec<&Step> = steps.iter().filter(|s| s.writes()).collect();
        for chunk in writes.chunks(self.engine.settings().batch) {
            // A stop button must stop.
            carried.stopped = stopped(self.engine, self.run, self.desk.member.catalog).await?;
            if carried.stopped.is_some() {
                break;
            }
            carried.absorb(self.chunk(chunk, &agreed).await?);
            if carried.until.is_some() {
                break;
            }
        }
        Ok(carried)
    }

    /// Steps that send nothing: recorded in one go.
    async fn agree(&self, steps: &[Step]) -> Result<(), JobError> {
        let changes: Vec<LinkChange> = steps.iter().filter_map(|step| self.unsent(step)).collect();
        if !changes.is_empty() {
            self.engine
                .store()
                .agree(self.lease, self.desk.member.id, changes)
                .await?;
        }
        Ok(())
    }

    fn unsent(&self, step: &Step) -> Option<LinkChange> {
        match step {
            Step::Agree { link } => Some(LinkChange::Agree(link.clone())),
            Step::Forget {
                entry,
                part,
                refused: false,
            } => Some(LinkChange::Forget(*entry, *part)),
            Step::Forget {
                entry,
                part,
                refused: true,
            } => {
                let before = self.desk.link(*entry, *part);
                let refused = Link {
                    item: None,
                    etag: None,
                    sent: None,
                    refused: true,
                    ..before
                };
                Some(LinkChange::Agree(Box::new(refused)))
            }
            _ => None,
        }
    }

    async fn chunk(&self, steps: &[&Step], agreed: &Agreed<'_>) -> Result<Carried, JobError> {
        let now = self.engine.store().time().await?;
        let deadline = now + self.engine.settings().bounds.request;
        let priors = self.priors(steps).await?;
        // Links are large: they stay where they are, and what is not accepted is taken out.
        let mut sent: Vec<(&Step, Link)> = Vec::with_capacity(steps.len());
        let mut writes = Vec::with_capacity(steps.len());
        let mut intents = Vec::with_capacity(steps.len());
        for step in steps {
            let Some(write) = self.write(step).await? else {
                continue;
            };
            let link = self.intend(step, agreed, now);
            let Some(intent) = self.intent(step, &link, &priors) else {
                continue;
            };
            intents.push(intent);
            sent.push((step, link));
            writes.push(write);
        }
        let member = self.desk.member.id;
        let accepted = self
            .engine
            .store()
            .intend(self.lease, self.run.id, member, intents, now)
            .await?;
        retain(&mut sent, &accepted);
        retain(&mut writes, &accepted);
        let not_after = self.engine.now() + deadline.since(self.engine.store().time().await?);
        let (at, mailbox) = (&self.tenant.at, &self.desk.member.mailbox);
        let written = self
            .engine
            .graph()
            .write(at, mailbox, writes, not_after)
            .await;
        let mut carried = self.settle(&sent, &written.outcomes).await?;
        carried.throttled = matches!(
            written.trouble,
            None | Some(graph::GraphError::Throttled { .. })
        );
        carried.trouble = written.trouble.as_ref().map(Trouble::from);
        Ok(carried)
    }

    fn intend(&self, step: &Step, agreed: &Agreed<'_>, now: Timestamp) -> Link {
        let key = (step.entry(), part_of(step));
        let link = match agreed.get(&key) {
            Some(link) => (*link).clone(),
            None => self.desk.link(key.0, key.1),
        };
        settle::intend(&link, step, now, &bounds(self.engine))
    }

    /// The whole card before a deletion; asked for because nothing else knows all of it.
    async fn priors(&self, steps: &[&Step]) -> Result<BTreeMap<model::ItemId, Bytes>, JobError> {
        let ids: Vec<_> = steps
            .iter()
            .filter_map(|s| {
                if let Step::Delete { item, .. } = s {
                    Some(item.clone())
                } else {
                    None
                }
            })
            .collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let raws = self
            .engine
            .graph()
            .raw_contacts(&self.tenant.at, &self.desk.member.mailbox, &ids)
            .await?;
        Ok(raws
            .into_iter()
            .filter_map(|(id, raw)| found(raw).map(|bytes| (id, bytes)))
            .collect())
    }

    /// `None`: a deletion whose prior image could not be read must wait.
    fn intent(
        &self,
        step: &Step,
        link: &Link,
        priors: &BTreeMap<model::ItemId, Bytes>,
    ) -> Option<Intent> {
        let prior = match step {
            Step::Delete { item, .. } => Some(priors.get(item)?.to_vec()),
            Step::Update { edit, .. } => Some(serde_json::to_vec(&edit.before).ok()?),
            _ => None,
        };
        Some(Intent {
            entry: link.entry,
            part: link.part,
            sent: link.sent.clone()?,
            // A card that is being adopted is not linked yet, and its prior image must name it.
            item: step.item().or(link.item.as_ref()).cloned(),
            prior,
            counts: self.counts(step),
            detail: detail(step),
        })
    }

    /// What guards count it as; the first fill of a member is not counted.
    fn counts(&self, step: &Step) -> Option<Counted> {
        match step {
            _ if self.approved => None,
            Step::Create { .. } if !self.desk.first_fill() => Some(Counted::Create),
            Step::Delete { .. } => Some(Counted::Delete),
            Step::Update { .. } if step.blanks() => Some(Counted::Blanking),
            _ => None,
        }
    }

    /// The request of a step. `None`: its content or photo is no longer known, so a later plan names another;
    /// or a deletion whose prior image could not be read, which then must wait.
    async fn write(&self, step: &Step) -> Result<Option<Write>, JobError> {
        Ok(match step {
            Step::Create {
                entry,
                content,
                generation,
            } => self.desk.content(*content).map(|item| Write::Create {
                folder: self.folder.clone(),
                card: self
                    .engine
                    .card(*content, &self.desk.member.view, item, &self.desk.rules),
                stamp: self.stamp(*entry, *generation),
            }),
            Step::Update {
                content,
                item,
                expect,
                edit,
                ..
            } => Some(Write::Update {
                id: item.clone(),
                expect: self.newest(item, expect.clone()).await?,
                changes: edit.changes.clone(),
                display_name: self.name(Field::DisplayName, *content, &edit.shown),
                file_as: self.name(Field::FileAs, *content, &edit.shown),
            }),
            Step::Delete { item, expect, .. } => Some(Write::Delete {
                id: item.clone(),
                expect: expect.clone(),
                permanent: self.desk.rules.options.permanent_delete,
            }),
            Step::SetPhoto { item, photo, .. } => {
                let bytes = match photo.strip_prefix(planner::photo::INITIALS) {
                    Some(letters) => initials::picture(letters),
                    None => {
                        self.engine
                            .store()
                            .blob(&self.tenant.at.name, photo)
                            .await?
                    }
                };
                bytes.map(|b| Write::SetPhoto {
                    id: item.clone(),
                    bytes: b.into(),
                })
            }
            Step::Agree { .. } | Step::Forget { .. } => None,
        })
    }

    /// The version that an update expects: the one that the decision was made from, and no younger one.
    async fn newest(
        &self,
        item: &model::ItemId,
        expect: Option<model::Etag>,
    ) -> Result<Option<model::Etag>, JobError> {
        if !mutant::on(Mutant::H2) {
            return Ok(expect);
        }
        let (at, mailbox) = (&self.tenant.at, &self.desk.member.mailbox);
        Ok(
            match self.engine.graph().contact(at, mailbox, item).await? {
                graph::Lookup::Found { here, .. } => here.etag,
                graph::Lookup::Gone => expect,
            },
        )
    }

    /// What a name field must say after the update: what deviates, else the content's.
    fn name(&self, field: Field, content: model::ContentId, shown: &Values) -> Option<String> {
        let value = match shown.get(&field) {
            Some(deviation) => deviation.as_ref(),
            None => self.desk.content(content).and_then(|item| item.get(field)),
        };
        value.and_then(Value::as_text).map(str::to_owned)
    }

    fn stamp(&self, entry: EntryId, generation: u32) -> String {
        let m = &self.desk.member;
        stamp::write(
            &self.engine.inner.keys.stamps,
            &m.mailbox,
            m.catalog,
            entry,
            generation,
        )
    }

    async fn settle(
        &self,
        sent: &[(&Step, Link)],
        outcomes: &[Outcome],
    ) -> Result<Carried, JobError> {
        let now = self.engine.store().time().await?;
        let mut carried = Carried::default();
        let mut rows = Vec::with_capacity(sent.len());
        for ((step, link), outcome) in sent.iter().zip(outcomes) {
            let settled = self.settle_one(step, link, outcome, now);
            carried.fates.insert((link.entry, link.part), settled.fate);
            if let (Fate::LookAgain, Some(item)) = (settled.fate, &link.item) {
                carried.stale.insert(item.clone());
            }
            if let Outcome::NotYet { until } = outcome {
                carried.until = carried.until.max(Some(*until));
            }
            rows.push(row(step, link, settled, outcome));
        }
        let member = self.desk.member.id;
        self.engine
            .store()
            .settle(self.lease, self.run.id, member, rows, now)
            .await?;
        Ok(carried)
    }

    fn settle_one(&self, step: &Step, link: &Link, outcome: &Outcome, now: Timestamp) -> Settled {
        settle::settle(&Settling {
            link,
            step,
            outcome,
            now,
            content: content_of(step)
                .and_then(|id| self.desk.content(id))
                .map(|item| &**item),
            rules: &self.desk.rules,
        })
    }
}

/// Keeps what the store accepted.
fn retain<T>(all: &mut Vec<T>, accepted: &[bool]) {
    let mut accepted = accepted.iter();
    all.retain(|_| accepted.next() == Some(&true));
}

/// What the store and the ledger keep of a settled step.
fn row(step: &Step, sent: &Link, settled: Settled, outcome: &Outcome) -> store::Settled {
    let item = match outcome {
        Outcome::Done {
            item: Some(item), ..
        } => Some(item.clone()),
        _ => sent.item.clone(),
    };
    store::Settled {
        entry: sent.entry,
        part: sent.part,
        op: op_of(step),
        fate: match settled.fate {
            Fate::Done | Fate::Over => store::Fate::Done,
            Fate::Unknown => store::Fate::Unknown,
            Fate::LookAgain | Fate::Later | Fate::Quarantined => store::Fate::NotDone,
        },
        link: Some(settled.link),
        item,
        detail: outcome_word(outcome).to_owned(),
    }
}

fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Stale => "changed meanwhile",
        Outcome::Gone => "not there",
        Outcome::Refused(_) => "refused",
        Outcome::NotYet { .. } => "not yet",
        Outcome::Unknown => "no answer",
    }
}

fn op_of(step: &Step) -> Op {
    match step {
        Step::Create { .. } => Op::Create,
        Step::Update { .. } => Op::Update,
        Step::SetPhoto { .. } => Op::Photo,
        Step::Delete { .. } | Step::Agree { .. } | Step::Forget { .. } => Op::Delete,
    }
}

/// Ids and field names, never values.
fn detail(step: &Step) -> String {
    match step {
        Step::Create {
            content,
            generation,
            ..
        } => format!("content {content}, generation {generation}"),
        Step::Update { content, edit, .. } => {
            let fields: Vec<&str> = edit.changes.keys().map(|f| f.as_str()).collect();
            format!("content {content}, fields {}", fields.join(" "))
        }
        Step::Delete { proof, .. } => format!("{proof:?}"),
        Step::SetPhoto { photo, .. } => format!("photo {photo}"),
        Step::Agree { .. } | Step::Forget { .. } => String::new(),
    }
}

fn found(raw: Result<Raw, graph::GraphError>) -> Option<Bytes> {
    match raw {
        Ok(Raw::Found(bytes)) => Some(bytes),
        _ => None,
    }
}

fn part_of(step: &Step) -> Part {
    match step {
        Step::SetPhoto { .. } => Part::Photo,
        Step::Forget { part, .. } => *part,
        Step::Agree { link } => link.part,
        _ => Part::Core,
    }
}

fn content_of(step: &Step) -> Option<model::ContentId> {
    match step {
        Step::Create { content, .. } | Step::Update { content, .. } => Some(*content),
        _ => None,
    }
}

pub(crate) fn bounds(engine: &Engine) -> settle::Bounds {
    let b = engine.settings().bounds;
    settle::Bounds {
        request: b.request,
        commit: b.commit,
        visible: b.visible,
    }
}
