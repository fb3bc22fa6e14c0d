//! Planning one member: look, lay out, decide, write down what it amounts to. Nothing is sent.

use crate::block::Block;
use crate::desk::Desk;
use crate::job::member::{Place, done_so_far};
use crate::job::{Again, JobError, moved, resolve};
use crate::look::{self, Wanted};
use model::catalog::{EntryState, GoneCause};
use model::member::MemberState;
use model::mutant::{self, Mutant};
use model::plan::{Plan, Step};
use model::run::{Account, MemberRunState};
use model::snapshot::Reach;
use model::{EntryId, Fingerprint, Timestamp};
use planner::plan::leaves_unexplained;
use planner::tally::{self, Distinct};
use std::collections::{BTreeMap, BTreeSet};
use store::{Finished, MemberEnd};

pub(crate) async fn plan(place: &Place<'_>) -> Result<Again, JobError> {
    let engine = place.engine;
    let look = place.look().await?;
    // What can be known of unanswered writes is found out first; what cannot, waits until it is performed.
    resolve::resolve(place, &look).await?;
    let desk = Desk::lay(engine, place.tenant, &place.book, &place.member, &look).await?;
    let now = engine.store().time().await?;
    let plan = desk.plan(engine, now);
    let photos = desk.following(engine, &plan, now);
    remember(place, &desk, &plan, &photos).await?;
    let waits = desk.links.values().any(|link| link.sent.is_some());
    if plan.steps.is_empty() && plan.halt.is_none() && !waits {
        nothing_to_do(place, &look, &desk, &plan, now).await?;
    } else if !place.keeps() {
        // A mailbox that keeps its copies was not looked into: should it be back when this is performed, nothing is known.
        engine.inner.looks.keep(place.run.id, place.member.id, look);
    }
    Ok(Again::No)
}

/// Photos that follow are written in the same run, so they are counted and shown with the plan.
async fn remember(
    place: &Place<'_>,
    desk: &Desk,
    plan: &Plan,
    photos: &BTreeMap<EntryId, String>,
) -> Result<(), JobError> {
    let mut tally = tally::tally(plan, desk.held, desk.first_fill());
    tally.photos += photos.len() as u64;
    let print = print(tally::block_with(plan, photos), &tally);
    let (engine, run) = (place.engine, place.run.id);
    let known = engine.inner.blocks.knows(run, &print);
    let block = (!known).then(|| block(desk, plan, photos, &tally));
    engine
        .store()
        .planned_member(run, place.member.id, &tally, &print, block.as_deref())
        .await?;
    engine.inner.blocks.keep(run, print);
    Ok(())
}

fn block(
    desk: &Desk,
    plan: &Plan,
    photos: &BTreeMap<EntryId, String>,
    tally: &model::plan::Tally,
) -> Vec<u8> {
    let mut distinct = Distinct::default();
    distinct.add(plan, tally);
    let mut block = Block::of(plan, desk, &distinct, by_rule(plan, desk));
    block.add_photos(photos.keys(), desk);
    serde_json::to_vec(&block).unwrap_or_default()
}

/// First fills read apart from later creations: guards count them differently.
fn print(block: Fingerprint, tally: &model::plan::Tally) -> Fingerprint {
    if tally.first_fill {
        Fingerprint(format!("{block}-first"))
    } else {
        block
    }
}

fn by_rule(plan: &Plan, desk: &Desk) -> BTreeSet<EntryId> {
    let by_rule = |entry: &EntryId| {
        desk.catalog.entries.get(entry).is_some_and(|e| {
            matches!(
                e.state,
                EntryState::Gone {
                    cause: GoneCause::Rule,
                    ..
                }
            )
        })
    };
    let gone = plan
        .steps
        .iter()
        .filter(|s| matches!(s, Step::Delete { .. }))
        .map(Step::entry);
    gone.filter(|e| by_rule(e)).collect()
}

/// Up to date: recorded at once, so that the next round begins where this one ended.
async fn nothing_to_do(
    place: &Place<'_>,
    look: &look::Look,
    desk: &Desk,
    plan: &Plan,
    now: Timestamp,
) -> Result<(), JobError> {
    let store = place.engine.store();
    let finished = Finished {
        through: desk.catalog.version,
        cursor: look.cursor.clone(),
        looked_full: look.snapshot.reach == Reach::Full && !leaves_unexplained(plan),
        strangers: desk.sees_strangers(),
    };
    store
        .finish_member(place.lease, place.member.id, finished, now)
        .await?;
    // Cards with our mark that nobody's source explains yet, because not all was read: the next round looks again.
    if place.member.state != MemberState::Active && !leaves_unexplained(plan) {
        store.member_left(place.member.id).await?;
    }
    // A run may come by a second time, after a crash or a plan that moved: what it did before stays done.
    let (run, member, state) = (place.run.id, place.member.id, MemberRunState::Done);
    let done = done_so_far(place.engine, run, member).await?;
    let account = Account {
        planned: done,
        done,
        ..Account::default()
    };
    let ended = MemberEnd::new(run, member, account, state, "up to date");
    store.member_ended(place.lease, ended).await?;
    Ok(())
}

impl Place<'_> {
    /// What is in the folder now. A member that leaves and keeps its copies is not asked: nothing is done there,
    /// and its mailbox may be gone for good.
    pub(crate) async fn look(&self) -> Result<look::Look, JobError> {
        if self.keeps() {
            return Ok(look::Look::nothing());
        }
        let wanted = self.wanted().await?;
        let (tenant, book, member) = (self.tenant, &self.book, &self.member);
        let mut look = look::look(self.engine, tenant, book, member, wanted).await?;
        if self.seems_emptied(&look).await? {
            look = look::look(self.engine, tenant, book, member, Wanted::Full).await?;
        }
        moved::follow_cards(self, &look).await?;
        Ok(look)
    }

    async fn seems_emptied(&self, look: &look::Look) -> Result<bool, JobError> {
        // Nobody need count what is held where hardly anything was removed.
        let suspicious = |held| planner::plan::seems_emptied(&look.snapshot, held);
        if !suspicious(0) {
            return Ok(false);
        }
        Ok(suspicious(
            self.engine.store().count_copies(self.member.id).await?,
        ))
    }

    pub(crate) fn keeps(&self) -> bool {
        self.member.state == MemberState::LeavingKeep
    }

    /// Rules that changed, a leaving member and a week without one ask for a full look. So do people who are to be
    /// brought into a folder with cards of the user's: theirs may be among them, which only a full look shows.
    pub(crate) async fn wanted(&self) -> Result<Wanted, JobError> {
        let now = self.engine.store().time().await?;
        let old = |at: Timestamp| now.since(at) >= self.engine.settings().full_look;
        let fresh = self.member.looked_full_at.is_some_and(|at| !old(at));
        if mutant::on(Mutant::B5) && self.member.looked_full_at.is_some() {
            return Ok(Wanted::Changes);
        }
        // Copies that nobody remembers are only found by a full look, and this one is the last.
        let leaving = self.member.state == MemberState::LeavingRemove;
        if !fresh || self.member.through == 0 || self.ask.full || leaving {
            return Ok(Wanted::Full);
        }
        let store = self.engine.store();
        if self.member.strangers && store.has_newcomers(self.member.id).await? {
            return Ok(Wanted::Full);
        }
        Ok(Wanted::Changes)
    }
}
