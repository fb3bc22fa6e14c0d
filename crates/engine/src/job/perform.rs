//! Performing one member's plan: settle what is unknown, look, plan again, carry out, remember how far it came.

use crate::desk::Desk;
use crate::job::carry::{Carried, Hand};
use crate::job::member::{self, Place};
use crate::job::resolve::{self, Resolved};
use crate::job::stop::stopped;
use crate::job::{Again, JobError};
use crate::look::{self, Look};
use graph::{Folder, FolderOutcome};
use model::Timestamp;
use model::member::MemberState;
use model::mutant::{self, Mutant};
use model::plan::{Plan, Tally};
use model::run::{Account, MemberRunState, Trouble, TroubleKind};
use model::snapshot::{Reach, Snapshot};
use planner::settle::Fate;
use planner::tally;
use std::collections::BTreeMap;
use store::{Finished, LedgerFilter, MemberEnd};

/// Photos follow their cards, and what changed under us is planned again: a few passes are enough, and what is
/// left then waits for the next round.
const PASSES: usize = 4;

pub(crate) async fn perform(place: &Place<'_>) -> Result<Again, JobError> {
    let (engine, store) = (place.engine, place.engine.store());
    if let Some(reason) = stopped(engine, &place.run, place.member.catalog).await? {
        return member::stop(place, &reason).await;
    }
    // The look that this worker planned from is good only while nobody has written: another worker may have begun, and
    // what its lost answers made is not in it.
    let kept = engine.inner.looks.take(place.run.id, place.member.id);
    let mut look = match kept.filter(|_| place.row.state == MemberRunState::Planned) {
        Some(look) => look,
        None => place.look().await?,
    };
    let changes = match resolve::resolve(place, &look).await? {
        Resolved::TooEarly(until) => return Ok(Again::At(until)),
        Resolved::Known(changes) => changes,
    };
    if is_never_answered(place).await? {
        return member::defer(place, &passing(NEVER_ANSWERED)).await;
    }
    let Some(folder) = ensure_folder(place, &mut look).await? else {
        return member::defer(place, &passing(NO_FOLDER)).await;
    };
    let state = MemberRunState::Performing;
    store
        .run_member_state(place.run.id, place.member.id, state, "")
        .await?;
    let mut hands = Hands {
        place,
        folder,
        look,
        whole: false,
        strangers: false,
        changes,
        carried: Carried::default(),
        spent: spent(place).await?,
    };
    let end = hands.passes().await?;
    hands.finish(end).await
}

const NO_FOLDER: &str = "the target folder could not be made; it is tried again in the next round";

const NEVER_ANSWERED: &str =
    "a write got no answer again and again; it is tried again in the next round";

/// A write that got no answer so often within one run is left for the next one: a run comes to its end.
const UNANSWERED_MAX: usize = 3;

/// Is there a write of this run here that never gets an answer? Asked only when a performance goes on.
async fn is_never_answered(place: &Place<'_>) -> Result<bool, JobError> {
    if place.row.state != MemberRunState::Performing {
        return Ok(false);
    }
    let filter = LedgerFilter {
        tenant: Some(place.member.tenant.clone()),
        run: Some(place.run.id),
        member: Some(place.member.id),
        ..LedgerFilter::default()
    };
    let rows = place.engine.store().ledger(&filter).await?;
    let mut unanswered: BTreeMap<_, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_unanswered()) {
        *unanswered.entry((row.entry, row.part)).or_default() += 1;
    }
    Ok(unanswered.values().any(|times| *times >= UNANSWERED_MAX))
}

fn passing(detail: &str) -> Trouble {
    Trouble {
        kind: TroubleKind::Passing,
        detail: detail.to_owned(),
    }
}

/// Finds or makes the folder and remembers it, by id.
async fn ensure_folder(place: &Place<'_>, look: &mut Look) -> Result<Option<Folder>, JobError> {
    if place.keeps() {
        return Ok(Some(look::left_behind(&place.member)));
    }
    if look.folder.is_none() {
        look.folder = make_folder(place).await?;
    }
    let Some(folder) = look.folder.clone() else {
        return Ok(None);
    };
    let known =
        place.member.folder.as_ref() == Some(&folder.id) && place.member.folder_name == folder.name;
    if !known {
        place
            .engine
            .store()
            .set_folder(place.member.id, Some(&folder.id), &folder.name)
            .await?;
    }
    Ok(Some(folder))
}

async fn make_folder(place: &Place<'_>) -> Result<Option<Folder>, JobError> {
    let (engine, member) = (place.engine, &place.member);
    let not_after = engine.now() + engine.settings().bounds.request;
    let stamp = look::folder_stamp(engine, member);
    let detail = format!("member {}", member.id);
    engine
        .store()
        .record(&member.tenant, Some(place.run.id), "folder", &detail)
        .await?;
    let name = place.book.key.as_str();
    let made = engine
        .graph()
        .create_folder(&place.tenant.at, &member.mailbox, name, &stamp, not_after)
        .await;
    match made {
        FolderOutcome::Made(folder) => Ok(Some(folder)),
        // Someone else made it, or a write of ours that got no answer did.
        FolderOutcome::NameTaken | FolderOutcome::Unknown => {
            let wanted = look::Wanted::Full;
            let again = look::look(engine, place.tenant, &place.book, member, wanted).await?;
            Ok(again.folder)
        }
        FolderOutcome::NotYet { trouble, .. } | FolderOutcome::Refused(trouble) => {
            Err(trouble.into())
        }
    }
}

/// How the passes over one member ended.
enum End {
    /// Nothing is left to do.
    Settled { through: i64 },
    /// A write got no answer: its fate is knowable from then on.
    Wait(Timestamp),
    /// Something is left for the next round.
    Left(Trouble),
    /// The member moved since the plan was judged.
    Moved,
    /// Why.
    Stopped(String),
}

struct Hands<'a> {
    place: &'a Place<'a>,
    folder: Folder,
    look: Look,
    /// A complete listing was part of it.
    whole: bool,
    /// Cards that are not ours were seen.
    strangers: bool,
    /// Of which a search could not tell whether they arrived.
    changes: resolve::Changes,
    carried: Carried,
    /// Deletions and blankings that this run has already sent here.
    spent: Spent,
}

#[derive(Clone, Copy, Default)]
struct Spent {
    deletes: u64,
    blankings: u64,
}

/// What an interrupted performance of the same run sent before.
async fn spent(place: &Place<'_>) -> Result<Spent, JobError> {
    if place.row.state != MemberRunState::Performing {
        return Ok(Spent::default());
    }
    let (tenant, catalog) = (&place.member.tenant, place.member.catalog);
    let written = place
        .engine
        .store()
        .written_since(tenant, catalog, place.run.started_at)
        .await?;
    let counts = written
        .members
        .get(&place.member.id)
        .copied()
        .unwrap_or_default();
    Ok(Spent {
        deletes: counts.deletes,
        blankings: counts.blankings,
    })
}

impl Hands<'_> {
    async fn passes(&mut self) -> Result<End, JobError> {
        let place = self.place;
        self.whole = self.look.snapshot.reach == Reach::Full;
        for pass in 0..PASSES {
            let desk = self.desk().await?;
            self.strangers |= desk.sees_strangers();
            let now = place.engine.store().time().await?;
            let plan = desk.plan(place.engine, now);
            self.whole &= !planner::plan::leaves_unexplained(&plan);
            resolve::arrived(place, &std::mem::take(&mut self.changes), &plan).await?;
            if plan.steps.is_empty() {
                return Ok(End::Settled {
                    through: desk.catalog.version,
                });
            }
            if self.moved(&plan, &desk, pass) {
                return Ok(End::Moved);
            }
            let carried = self.hand(&desk).carry(&plan.steps).await?;
            if let Some(end) = self.after(&desk, carried).await? {
                return Ok(end);
            }
        }
        let reason = "kept changing while it was written; it is planned again in the next round";
        Ok(End::Left(passing(reason)))
    }

    async fn desk(&self) -> Result<Desk, JobError> {
        let place = self.place;
        let folder = Some(self.folder.id.clone());
        let member = model::member::Member {
            folder,
            ..place.member.clone()
        };
        Ok(Desk::lay(place.engine, place.tenant, &place.book, &member, &self.look).await?)
    }

    fn hand<'b>(&'b self, desk: &'b Desk) -> Hand<'b> {
        Hand {
            engine: self.place.engine,
            tenant: self.place.tenant,
            lease: self.place.lease,
            run: &self.place.run,
            desk,
            folder: self.folder.id.clone(),
            approved: self.place.approved,
        }
    }

    /// What a person approved must be what is done; what was only judged may shrink, never grow in harm, over
    /// all passes together.
    fn moved(&mut self, plan: &Plan, desk: &Desk, pass: usize) -> bool {
        let now = tally::tally(plan, desk.held, desk.first_fill());
        let judged = self.place.row.tally.clone().unwrap_or_default();
        if plan.halt.is_some() && !self.place.approved {
            return true;
        }
        // What a run has already done is no longer in its plan.
        let fresh = pass == 0 && self.place.row.state == MemberRunState::Planned;
        let exact = self.place.ask.plan.is_some() || self.place.approved;
        if fresh && exact && !same(&now, &judged) {
            return true;
        }
        self.spent.deletes += now.deletes;
        self.spent.blankings += now.blankings;
        self.spent.deletes > judged.deletes || self.spent.blankings > judged.blankings
    }

    /// Looks at what the pass did. `None`: plan again.
    async fn after(&mut self, desk: &Desk, carried: Carried) -> Result<Option<End>, JobError> {
        let (until, stopped, throttled) =
            (carried.until, carried.stopped.clone(), carried.throttled);
        let trouble = carried.trouble.clone();
        let stale = carried.stale.clone();
        self.carried.absorb(carried);
        if let Some(reason) = stopped {
            return Ok(Some(End::Stopped(reason)));
        }
        let unsettled = self
            .place
            .engine
            .store()
            .links_unsettled(desk.member.id)
            .await?;
        if let Some(at) = resolve::knowable(self.place.engine, &unsettled) {
            return Ok(Some(End::Wait(at)));
        }
        if let Some(at) = until.filter(|_| throttled) {
            return Ok(Some(End::Wait(at)));
        }
        if until.is_some() {
            let trouble = trouble.unwrap_or_else(|| passing("Microsoft asked us to slow down"));
            return Ok(Some(End::Left(trouble)));
        }
        self.look.snapshot = Snapshot::new(Reach::Changes);
        let place = self.place;
        let mailbox = &place.member.mailbox;
        let snapshot = &mut self.look.snapshot;
        look::prove(
            place.engine,
            place.tenant,
            mailbox,
            &self.folder.id,
            &stale,
            snapshot,
        )
        .await?;
        Ok(None)
    }

    async fn finish(&self, end: End) -> Result<Again, JobError> {
        let (store, place) = (self.place.engine.store(), self.place);
        let (state, reason) = match &end {
            End::Wait(at) => return Ok(Again::At(*at)),
            End::Settled { .. } => (MemberRunState::Done, String::new()),
            End::Left(trouble) => (MemberRunState::Deferred, trouble.detail.clone()),
            End::Moved => (
                MemberRunState::Stale,
                "changed since the plan was made".to_owned(),
            ),
            End::Stopped(reason) => (MemberRunState::Deferred, reason.clone()),
        };
        if let End::Settled { through, .. } = end {
            let now = store.time().await?;
            let cursor = self.look.cursor.clone();
            let finished = Finished {
                through,
                cursor,
                looked_full: self.whole,
                strangers: self.strangers,
            };
            store
                .finish_member(place.lease, place.member.id, finished, now)
                .await?;
            // What nobody's source explains yet is looked at once more.
            let done = match place.member.state {
                MemberState::LeavingRemove => self.whole,
                state => state != MemberState::Active,
            };
            if done {
                store.member_left(place.member.id).await?;
            }
        }
        let account = self.account(&end).await?;
        let (run, member) = (place.run.id, place.member.id);
        let ended = match &end {
            End::Left(trouble) => MemberEnd::deferred(run, member, account, trouble),
            _ => MemberEnd::new(run, member, account, state, &reason),
        };
        store.member_ended(place.lease, ended).await?;
        Ok(Again::No)
    }

    /// From what happened, not from what was meant: what this run's ledger says is done, is done.
    async fn account(&self, end: &End) -> Result<Account, JobError> {
        let place = self.place;
        let done = member::done_so_far(place.engine, place.run.id, place.member.id).await?;
        let quarantined = self.carried.count(|fate| fate == Fate::Quarantined);
        let judged = place.row.tally.as_ref().map_or(0, Tally::writes);
        let done = if mutant::on(Mutant::K18) {
            judged
        } else {
            done
        };
        let deferred = match end {
            End::Settled { .. } => 0,
            _ => judged.saturating_sub(done + quarantined),
        };
        Ok(Account {
            planned: done + quarantined + deferred,
            done,
            deferred,
            quarantined,
            held: 0,
        })
    }
}

fn same(a: &Tally, b: &Tally) -> bool {
    (a.creates, a.updates, a.deletes, a.blankings) == (b.creates, b.updates, b.deletes, b.blankings)
}
