//! The writing protocol: what must be durable before a request is sent, and after its answer.

use crate::db::{Db, args_of};
use crate::error::{Result, StoreError};
use crate::handle::Store;
use crate::lane::{Lease, check_lease};
use crate::ledger::{NewRow, Pen, Phase};
use crate::link::{forget_link, part_number, save_link, sent_args};
use crate::member::catalog_of;
use crate::written::{Counted, count};
use crate::{prior, tunnel};
use model::link::{Link, Op, Part, Sent};
use model::mutant::{self, Mutant};
use model::{EntryId, ItemId, MemberId, RunId, TenantName, Timestamp};
use serde::{Deserialize, Serialize};

/// A write that is about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    pub entry: EntryId,
    pub part: Part,
    pub sent: Sent,
    /// The item it touches; `None` for a create.
    pub item: Option<ItemId>,
    /// The prior image. An update or a delete without one is refused.
    pub prior: Option<Vec<u8>>,
    /// What guards count it as. The first fill of a member is not counted.
    pub counts: Option<Counted>,
    /// For the ledger: ids and field names, never values.
    pub detail: String,
}

/// What is known of a write after its answer, or after a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Done,
    /// A definite no: nothing happened.
    NotDone,
    /// It may still arrive.
    Unknown,
}

impl Fate {
    /// The word of the ledger, which is the serde name: written once per item of a fill.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::Unknown => "unknown",
        }
    }
}

/// A write whose answer was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub entry: EntryId,
    pub part: Part,
    pub op: Op,
    pub fate: Fate,
    /// The link from now on; `None`: the pair is over and its row goes.
    pub link: Option<Link>,
    /// The item it touched or made.
    pub item: Option<ItemId>,
    /// For the ledger: status and request id, never values.
    pub detail: String,
}

/// How far a member has come at the end of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The catalog version up to which everything is settled.
    pub through: i64,
    pub cursor: Option<String>,
    /// A complete listing with stamps was settled.
    pub looked_full: bool,
    /// Cards that are not copies of ours were seen.
    pub strangers: bool,
}

impl Store {
    /// Makes intents durable before they are sent, in one transaction: the lease still holds, nobody paused or
    /// cancelled, each link has nothing unsettled, prior images are stored and the ledger says so.
    /// `false` at a place: that link has something unsettled; send nothing for it.
    pub async fn intend(
        &self,
        lease: &Lease,
        run: RunId,
        member: MemberId,
        intents: Vec<Intent>,
        now: Timestamp,
    ) -> Result<Vec<bool>> {
        let lease = lease.clone();
        self.write(move |db| {
            check_lease(db, &lease)?;
            tunnel::check_going(db, &lease.tenant, run)?;
            let desk = Desk::new(db, &lease.tenant, Some(run), member, now)?;
            desk.intend(run, &intents)
        })
        .await
    }

    /// Records what became of writes, in one transaction: links as the server showed them, the fate of prior
    /// images, and the ledger.
    pub async fn settle(
        &self,
        lease: &Lease,
        run: RunId,
        member: MemberId,
        settled: Vec<Settled>,
        now: Timestamp,
    ) -> Result<()> {
        let lease = lease.clone();
        self.write(move |db| {
            check_lease(db, &lease)?;
            let desk = Desk::new(db, &lease.tenant, Some(run), member, now)?;
            desk.settle(&settled)
        })
        .await
    }

    /// Records what a search found out about writes that got no answer, as [`Store::settle`] does with answers.
    /// `run`: the one that sent them and is still going, which counts what was done; what an earlier run left open is
    /// in that one's account, as deferred.
    pub async fn resolve(
        &self,
        lease: &Lease,
        run: Option<RunId>,
        member: MemberId,
        found_out: Vec<Settled>,
        now: Timestamp,
    ) -> Result<()> {
        let lease = lease.clone();
        self.write(move |db| {
            check_lease(db, &lease)?;
            let desk = Desk::new(db, &lease.tenant, run, member, now)?;
            desk.settle(&found_out)
        })
        .await
    }

    /// Ends a look at a member: what it has come through, and the cursor to go on from. Saying the same again
    /// changes no row.
    pub async fn finish_member(
        &self,
        lease: &Lease,
        member: MemberId,
        finished: Finished,
        now: Timestamp,
    ) -> Result<()> {
        let lease = lease.clone();
        self.write(move |db| {
            check_lease(db, &lease)?;
            let looked = finished.looked_full.then_some(now);
            let cursor = finished.cursor.as_ref();
            db.run(
                FINISH,
                args![
                    member,
                    &lease.tenant,
                    finished.through,
                    cursor,
                    looked,
                    i64::from(finished.strangers)
                ],
            )
            .map(|_| ())
        })
        .await
    }
}

/// One member in one run, where intents and answers are written down.
struct Desk<'a> {
    db: &'a Db<'a>,
    tenant: &'a TenantName,
    catalog: model::CatalogId,
    /// In whose name it is written down; `None`: in nobody's any more.
    run: Option<RunId>,
    member: MemberId,
    now: Timestamp,
}

impl<'a> Desk<'a> {
    fn new(
        db: &'a Db<'a>,
        tenant: &'a TenantName,
        run: Option<RunId>,
        member: MemberId,
        now: Timestamp,
    ) -> Result<Self> {
        Ok(Self {
            catalog: catalog_of(db, tenant, member)?,
            db,
            tenant,
            run,
            member,
            now,
        })
    }

    fn intend(&self, run: RunId, intents: &[Intent]) -> Result<Vec<bool>> {
        let mut pen = Pen::take(self.db)?;
        let mut taken = Vec::with_capacity(intents.len());
        for intent in intents {
            let free = self.claim_link(intent)?;
            if free {
                self.keep_prior(run, intent)?;
                pen.append(&self.before(intent))?;
                if let Some(kind) = intent.counts {
                    count(
                        self.db,
                        self.catalog,
                        self.member,
                        intent.entry,
                        kind,
                        self.now,
                    )?;
                }
            }
            taken.push(free);
        }
        pen.lift()?;
        Ok(taken)
    }

    /// Puts the write into the link's `sent`, unless something is in there.
    fn claim_link(&self, intent: &Intent) -> Result<bool> {
        let place = [
            self.member.into(),
            intent.entry.into(),
            part_number(intent.part).into(),
        ];
        if mutant::on(Mutant::A15) && intent.sent.op == Op::Create {
            return Ok(true);
        }
        let args = args_of(place, sent_args(Some(&intent.sent)));
        Ok(self.db.run(CLAIM, &args)? > 0)
    }

    fn keep_prior(&self, run: RunId, intent: &Intent) -> Result<()> {
        match (&intent.prior, intent.sent.op) {
            (Some(bytes), _) => prior::keep(
                self.db,
                self.tenant,
                run,
                self.member,
                intent,
                bytes,
                self.now,
            ),
            (None, Op::Update | Op::Delete) => Err(StoreError::Refused {
                what: "intend an update or a delete without its prior image".to_owned(),
            }),
            (None, Op::Create | Op::Photo) => Ok(()),
        }
    }

    fn before<'b>(&'b self, intent: &'b Intent) -> NewRow<'b> {
        NewRow {
            tenant: self.tenant,
            at: self.now,
            run: self.run,
            member: Some(self.member),
            entry: Some((intent.entry, intent.part)),
            act: act(intent.sent.op),
            phase: Phase::Before,
            item: intent.item.as_ref(),
            detail: &intent.detail,
        }
    }

    fn settle(&self, settled: &[Settled]) -> Result<()> {
        let mut pen = Pen::take(self.db)?;
        for one in settled {
            match &one.link {
                Some(link) => save_link(self.db, self.tenant, self.member, link)?,
                None => forget_link(self.db, self.member, one.entry, one.part)?,
            }
            if one.fate != Fate::Unknown && one.op != Op::Create {
                prior::settle(self.db, self.member, one.entry, one.part, one.fate)?;
            }
            let detail = format!("{} {}", one.fate.as_str(), one.detail);
            pen.append(&self.after(one, detail.trim_end()))?;
        }
        pen.lift()?;
        let done = settled.iter().filter(|one| one.fate == Fate::Done).count() as u64;
        if done > 0 {
            self.db.run(WRITTEN, args![self.member, self.now])?;
        }
        if let Some(run) = self.run.filter(|_| done > 0) {
            self.db.run(ADD_DONE, args![run, self.member, done])?;
        }
        Ok(())
    }

    fn after<'b>(&'b self, one: &'b Settled, detail: &'b str) -> NewRow<'b> {
        NewRow {
            tenant: self.tenant,
            at: self.now,
            run: self.run,
            member: Some(self.member),
            entry: Some((one.entry, one.part)),
            act: act(one.op),
            phase: Phase::After,
            item: one.item.as_ref(),
            detail,
        }
    }
}

fn act(op: Op) -> &'static str {
    match op {
        Op::Create => "create",
        Op::Update => "update",
        Op::Delete => "delete",
        Op::Photo => "photo",
    }
}

statements! {
    CLAIM = "INSERT INTO link (member, entry, part, generation, origin, tugs, refused, \
        sent_op, sent_deadline, sent_content, sent_attempt, sent_generation) \
        VALUES ($1, $2, $3, 0, 0, 0, 0, $4, $5, $6, $7, $8) \
        ON CONFLICT (member, entry, part) DO UPDATE SET sent_op = excluded.sent_op, \
        sent_deadline = excluded.sent_deadline, sent_content = excluded.sent_content, \
        sent_attempt = excluded.sent_attempt, sent_generation = excluded.sent_generation \
        WHERE link.sent_op IS NULL";
    /// Accounts come from answers: what is done is counted where it is recorded.
    ADD_DONE = "UPDATE run_member SET done = done + $3 WHERE run = $1 AND member = $2";
    WRITTEN = "UPDATE member SET written_at = $2 WHERE id = $1 AND written_at IS DISTINCT FROM $2";
    /// Only a full look shows that there are no strangers.
    FINISH = "UPDATE member SET through = $3, cursor = $4, looked_full_at = coalesce($5, looked_full_at), \
        strangers = CASE WHEN $6 = 1 OR CAST($5 AS bigint) IS NOT NULL THEN $6 ELSE strangers END \
        WHERE id = $1 AND tenant = $2 AND (through <> $3 OR cursor IS DISTINCT FROM $4 OR strangers < $6 \
        OR (CAST($5 AS bigint) IS NOT NULL AND looked_full_at IS DISTINCT FROM $5))";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_has_one_word() {
        for fate in [Fate::Done, Fate::NotDone, Fate::Unknown] {
            assert_eq!(fate.as_str(), crate::db::word(&fate));
        }
    }
}
