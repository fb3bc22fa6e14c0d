//! Judging a run once every member is planned: one verdict, one fingerprint.

use crate::block::Block;
use crate::job::book::{next_round, offer_members};
use crate::job::{Again, JobError, stop};
use crate::world::{Engine, book_scope};
use model::mutant::{self, Mutant};
use model::plan::{Halt, Tally, Verdict};
use model::run::{MemberRunState, Run, RunState, Trigger};
use model::tunnel::{Book, Limits, Policy};
use model::{EntryId, Fingerprint, MemberId, RunId, TunnelId};
use planner::judge::{Counts, History, JudgeInput, left_by_rule};
use planner::tally::{self, Distinct};
use policy::Effect;
use std::collections::{BTreeMap, BTreeSet};
use store::{Counted, Decision, RunMember, Written};

pub(crate) async fn judge(engine: &Engine, book: &Book, run: &Run) -> Result<Again, JobError> {
    let members = engine.store().run_members(run.id).await?;
    let case = Case::gather(engine, book, run, &members).await?;
    let ask = engine.ask_of(run.id).await?;
    if let Some(plan) = ask.plan {
        let moved = set_moved_aside(engine, run, &members, plan).await?;
        if moved == members.len() {
            return everything_moved(engine, run, &case.fingerprint).await;
        }
    }
    // Who moved is left out; of the rest it is the very plan that the person saw.
    let approved = ask.approved.then_some(&case.fingerprint);
    let verdict = planner::judge::judge(&case.input(run, approved));
    if ask.plan_only {
        return planned(engine, book, run, &case, &verdict).await;
    }
    match verdict {
        Verdict::Go => go(engine, book, run, &case.fingerprint).await,
        Verdict::Hold(halts) => hold(engine, book, run, &case.fingerprint, &halts).await,
    }
}

/// Members whose plan is not the one that was saved are left for a later round. How many?
async fn set_moved_aside(
    engine: &Engine,
    run: &Run,
    members: &[RunMember],
    plan: RunId,
) -> Result<usize, JobError> {
    let seen: BTreeMap<MemberId, Option<Fingerprint>> = engine
        .store()
        .run_members(plan)
        .await?
        .into_iter()
        .map(|m| (m.member, m.block))
        .collect();
    let moved: Vec<&RunMember> = members
        .iter()
        .filter(|m| seen.get(&m.member) != Some(&m.block))
        .collect();
    for member in &moved {
        let reason = "changed since the plan was made";
        engine
            .store()
            .run_member_state(run.id, member.member, MemberRunState::Stale, reason)
            .await?;
    }
    Ok(moved.len())
}

async fn everything_moved(
    engine: &Engine,
    run: &Run,
    print: &Fingerprint,
) -> Result<Again, JobError> {
    let reason = "everything changed since the plan was made; plan again";
    engine
        .store()
        .set_verdict(run.id, print, RunState::Planning, reason)
        .await?;
    let now = engine.store().time().await?;
    engine
        .store()
        .finish_run(run.id, RunState::Stale, reason, now)
        .await?;
    engine.inner.bell.ring();
    Ok(Again::No)
}

/// Only a plan was asked for: what would hold it, or keep it from being written, is said with it.
async fn planned(
    engine: &Engine,
    book: &Book,
    run: &Run,
    case: &Case,
    verdict: &Verdict,
) -> Result<Again, JobError> {
    let held = match verdict {
        Verdict::Go => None,
        Verdict::Hold(halts) => Some(words(halts)),
    };
    let pause = engine.pause_of(book.catalog, Some(run.id)).await?;
    let trouble = run.trouble.as_ref().map(|trouble| trouble.detail.clone());
    let reasons = [held, pause.as_ref().map(stop::words), trouble];
    let reason = reasons.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let (store, print) = (engine.store(), &case.fingerprint);
    store
        .set_verdict(run.id, print, RunState::Planning, &reason)
        .await?;
    let now = store.time().await?;
    store
        .finish_run(run.id, RunState::Planned, &reason, now)
        .await?;
    engine.inner.bell.ring();
    Ok(Again::No)
}

pub(crate) async fn go(
    engine: &Engine,
    book: &Book,
    run: &Run,
    print: &Fingerprint,
) -> Result<Again, JobError> {
    engine
        .store()
        .set_verdict(run.id, print, RunState::Performing, "")
        .await?;
    let members = engine.store().run_members(run.id).await?;
    let ready: Vec<MemberId> = members
        .iter()
        .filter(|m| m.state == MemberRunState::Planned)
        .map(|m| m.member)
        .collect();
    offer_members(engine, book, &ready).await?;
    engine.offer_book(book).await?;
    Ok(Again::No)
}

async fn hold(
    engine: &Engine,
    book: &Book,
    run: &Run,
    print: &Fingerprint,
    halts: &[Halt],
) -> Result<Again, JobError> {
    let now = engine.store().time().await?;
    engine
        .store()
        .set_verdict(run.id, print, RunState::Planning, &words(halts))
        .await?;
    let hold = engine.store().hold(run.id, print, halts, now).await?;
    match hold.decision {
        Some((Decision::Approved, ..)) => go(engine, book, run, print).await,
        Some((Decision::Rejected, ..)) if mutant::on(Mutant::B23) => {
            go(engine, book, run, print).await
        }
        Some((Decision::Rejected, who, _)) => {
            let reason = format!("this very plan was rejected by {who}");
            engine
                .store()
                .finish_run(run.id, RunState::Rejected, &reason, now)
                .await?;
            next_round(engine, book, now).await
        }
        None => {
            engine.inner.bell.ring();
            next_round(engine, book, now).await
        }
    }
}

fn words(halts: &[Halt]) -> String {
    let all: BTreeSet<&str> = halts.iter().map(|h| h.detail.as_str()).collect();
    all.into_iter().collect::<Vec<_>>().join("; ")
}

/// Everything a verdict depends on, gathered.
struct Case {
    members: BTreeMap<MemberId, Tally>,
    halts: Vec<(MemberId, Halt)>,
    distinct: Distinct,
    by_rule: BTreeSet<EntryId>,
    left_by_rule: BTreeSet<MemberId>,
    history: History,
    catalog_size: u64,
    unapplied: BTreeSet<TunnelId>,
    limits: Limits,
    fingerprint: Fingerprint,
}

impl Case {
    async fn gather(
        engine: &Engine,
        book: &Book,
        run: &Run,
        members: &[RunMember],
    ) -> Result<Self, JobError> {
        let store = engine.store();
        let now = store.time().await?;
        let limits = strictest(book);
        let mut case = Self {
            members: BTreeMap::new(),
            halts: Vec::new(),
            distinct: Distinct::default(),
            by_rule: BTreeSet::new(),
            left_by_rule: BTreeSet::new(),
            history: history(
                store
                    .written_since(&book.tenant, book.catalog, now - limits.per)
                    .await?,
            ),
            catalog_size: store.catalog_size(book.catalog).await?,
            unapplied: unapplied(engine, book).await?,
            limits,
            fingerprint: fingerprint(members),
        };
        case.add_blocks(engine, run, members).await?;
        let leaving = store.members(&book.tenant, book.catalog).await?;
        case.left_by_rule = leaving
            .iter()
            .filter(|m| left_by_rule(m))
            .map(|m| m.id)
            .collect();
        Ok(case)
    }

    async fn add_blocks(
        &mut self,
        engine: &Engine,
        run: &Run,
        members: &[RunMember],
    ) -> Result<(), JobError> {
        let blocks: BTreeMap<Fingerprint, Block> = engine
            .store()
            .blocks(run.id)
            .await?
            .into_iter()
            .filter_map(|row| Some((row.fingerprint, serde_json::from_slice(&row.bytes).ok()?)))
            .collect();
        for member in members {
            self.members
                .insert(member.member, member.tally.clone().unwrap_or_default());
            let Some(block) = member.block.as_ref().and_then(|print| blocks.get(print)) else {
                continue;
            };
            self.halts
                .extend(block.halt.clone().map(|halt| (member.member, halt)));
        }
        for block in blocks.values() {
            self.distinct.deleted.extend(&block.deleted);
            self.distinct.blanked.extend(&block.blanked);
            self.distinct.created.extend(&block.created);
            self.by_rule.extend(&block.by_rule);
        }
        Ok(())
    }

    fn input<'a>(&'a self, run: &'a Run, approved: Option<&'a Fingerprint>) -> JudgeInput<'a> {
        JudgeInput {
            members: &self.members,
            halts: &self.halts,
            distinct: &self.distinct,
            catalog_size: self.catalog_size,
            limits: &self.limits,
            history: &self.history,
            trigger: run.trigger,
            unapplied: &self.unapplied,
            rule_changed: &self.by_rule,
            left_by_rule: &self.left_by_rule,
            fingerprint: &self.fingerprint,
            approved,
        }
    }
}

/// One name for what all members together would do; members without a block do nothing.
fn fingerprint(members: &[RunMember]) -> Fingerprint {
    let blocks = members
        .iter()
        .filter_map(|m| Some((m.member, m.block.clone()?)))
        .collect();
    tally::run(&blocks)
}

/// Tunnels of one book share its copies: the strictest limit of them holds for all.
fn strictest(book: &Book) -> Limits {
    let limits = book.tunnels.iter().map(|t| t.limits);
    limits
        .min_by_key(|l| (l.items, l.percent))
        .unwrap_or_default()
}

fn history(written: Written) -> History {
    let of = |kind: Counted| written.entries.get(&kind).cloned().unwrap_or_default();
    History {
        distinct: Distinct {
            deleted: of(Counted::Delete),
            blanked: of(Counted::Blanking),
            created: of(Counted::Create),
        },
        members: written
            .members
            .iter()
            .map(|(id, c)| {
                (
                    *id,
                    Counts {
                        deletes: c.deletes,
                        blankings: c.blankings,
                        creates: c.creates,
                    },
                )
            })
            .collect(),
    }
}

const APPLIED: &str = "applied";

/// The part of the policy that is about this book.
fn of_book(engine: &Engine, book: &Book) -> Policy {
    let policy = &engine.in_force().policy;
    let lists = policy
        .lists
        .get(&book.tenant)
        .map(|lists| (book.tenant.clone(), lists.clone()));
    Policy {
        version: String::new(),
        tunnels: book.tunnels.clone(),
        lists: lists.into_iter().collect(),
    }
}

/// Tunnels that nobody has applied yet, or that were widened since.
async fn unapplied(engine: &Engine, book: &Book) -> Result<BTreeSet<TunnelId>, JobError> {
    let text = engine.store().setting(&book_scope(book), APPLIED).await?;
    let before: Policy = text
        .and_then(|t| serde_json::from_str(&t).ok())
        .unwrap_or_default();
    let widened = policy::changes(&before, &of_book(engine, book));
    let here: BTreeSet<&TunnelId> = book.tunnels.iter().map(|t| &t.id).collect();
    let waits = widened
        .into_iter()
        .filter(|c| c.effect == Effect::Widens && here.contains(&c.tunnel));
    Ok(waits.map(|c| c.tunnel).collect())
}

/// After a run that a person asked for or approved: this is what was applied.
pub(crate) async fn note_applied(engine: &Engine, book: &Book, run: &Run) -> Result<(), JobError> {
    let ask = engine.ask_of(run.id).await?;
    // A pilot, or a few mailboxes, is not the whole that `serve` may then go on with.
    let whole = ask.mailboxes.is_empty() && ask.pilot.is_none() && ask.restore.is_empty();
    let approved =
        whole && (run.trigger == Trigger::Command || was_approved(engine, book, run).await?);
    if approved {
        let text = serde_json::to_string(&of_book(engine, book)).unwrap_or_default();
        engine
            .store()
            .set_setting(&book_scope(book), APPLIED, Some(&text))
            .await?;
    }
    Ok(())
}

/// Did a person approve the very plan of this run?
pub(crate) async fn was_approved(
    engine: &Engine,
    book: &Book,
    run: &Run,
) -> Result<bool, JobError> {
    let Some(print) = &run.fingerprint else {
        return Ok(false);
    };
    let hold = engine.store().held(&book.tenant, &book.key, print).await?;
    Ok(hold.is_some_and(|h| matches!(h.decision, Some((Decision::Approved, ..)))))
}
