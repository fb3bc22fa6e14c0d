//! Work: commands and workers under way, with crashes where the story laid them, and what came of the runs.

use super::stage::{Said, Stage};
use super::verb::Work;
use crate::executor::{Stepped, TaskId};
use engine::{Ask, Engine, Stop, Until};
use futures::executor::block_on;
use graph_sim::Operation;
use model::run::{Account, MemberRunState, Run, RunState, Trigger};
use model::{Millis, RunId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::{RunFilter, StoreError};

/// A command that has not ended by then hangs.
const PATIENCE: Millis = Millis::days(2);

impl Stage {
    pub fn work(&mut self, work: &Work) -> Said {
        match work {
            Work::Run { full, workers } => self.run(*full, *workers),
            Work::Plan => self.plan(),
            Work::Approve => self.decide(true),
            Work::Reject => self.decide(false),
            Work::Start(worker) => {
                if self.world.workers[*worker].is_none() {
                    self.world.start(*worker);
                }
                Ok(Vec::new())
            }
            Work::Wait(span) => Ok(self.wait(*span)),
        }
    }

    /// Goes on with what is open, then looks at everything anew: as `almanac run` does.
    fn run(&mut self, full: bool, workers: usize) -> Said {
        let mark = self.writes();
        let open = self.open_runs()?;
        let mut said = self.work_on(&open, workers);
        if !said.is_empty() {
            return self.tell(said, &open, mark);
        }
        let ask = Ask {
            full,
            ..Ask::default()
        };
        let asked = self.ask(&ask)?;
        said.extend(self.work_on(&asked, workers));
        let runs: Vec<RunId> = open.into_iter().chain(asked).collect();
        self.tell(said, &runs, mark)
    }

    fn plan(&mut self) -> Said {
        let ask = Ask {
            plan_only: true,
            ..Ask::default()
        };
        let runs = self.ask(&ask)?;
        let mut said = self.work_on(&runs, 1);
        for run in runs {
            said.extend(self.plan_lines(run)?);
        }
        Ok(said)
    }

    /// A person decides about everything that waits, and it is carried out. Where nothing waits, a yes is to what they
    /// rejected last.
    fn decide(&mut self, approve: bool) -> Said {
        let mark = self.writes();
        let holds = block_on(self.world.store.waiting_holds(None)).map_err(words)?;
        if holds.is_empty() {
            let again = match approve {
                true => self.world.reconsider(),
                false => Vec::new(),
            };
            if again.is_empty() {
                return Ok(vec!["nothing waits for anybody".to_owned()]);
            }
            let said = self.work_on(&again, 1);
            return self.tell(said, &again, mark);
        }
        let engine = self.engine();
        let runs: Vec<RunId> = holds.iter().map(|h| h.run).collect();
        for run in &runs {
            let decided = match approve {
                true => block_on(engine.approve(*run, "operator")),
                false => block_on(engine.reject(*run, "operator")),
            };
            decided.map_err(words)?;
        }
        let said = self.work_on(&runs, 1);
        self.tell(said, &runs, mark)
    }

    fn wait(&mut self, span: Millis) -> Vec<String> {
        let (mark, until) = (self.writes(), self.world.now() + span);
        let mut said = Vec::new();
        while self.step(until, &mut said) != Stepped::Idle {}
        // Nothing is left to do before: time goes on to its end.
        self.world.executor.run_until(until);
        said.push(format!("it is {}", self.world.now()));
        said.extend(self.written(mark));
        said
    }

    /// Opens a run of every book; of a book that has one under way, that.
    fn ask(&mut self, ask: &Ask) -> Result<Vec<RunId>, String> {
        let engine = self.engine();
        let mut runs = Vec::new();
        for book in engine.books() {
            let asked = block_on(engine.ask(&book, Trigger::Command, ask)).map_err(words)?;
            runs.push(asked.run);
        }
        Ok(runs)
    }

    /// What an earlier command left unfinished. A plan that waits for a person is overtaken by the next ask.
    fn open_runs(&self) -> Result<Vec<RunId>, String> {
        let filter = RunFilter {
            open: true,
            ..RunFilter::default()
        };
        let open = block_on(self.world.store.runs(&filter)).map_err(words)?;
        let mut open: Vec<RunId> = open
            .iter()
            .filter(|run| !matches!(run.state, RunState::Planned | RunState::Held))
            .map(|run| run.id)
            .collect();
        open.sort();
        Ok(open)
    }

    /// Works until these runs stand still: by commands of its own, or by the workers that were started.
    fn work_on(&mut self, runs: &[RunId], workers: usize) -> Vec<String> {
        let mut said = Vec::new();
        if runs.is_empty() {
            return said;
        }
        let started = self.world.workers.iter().any(Option::is_some);
        for number in 0..if started { 0 } else { workers } {
            let engine: Engine = self.world.engine(number);
            let until = Until::Settled(runs.to_vec(), Stop::default());
            let task = self.world.spawn(engine, number, until, false);
            self.commands.insert(number, task);
        }
        let limit = self.world.now() + PATIENCE;
        while self.goes_on(started, runs) && !self.is_broken() {
            if self.step(limit, &mut said) == Stepped::Idle {
                said.push(format!("nothing moved for {PATIENCE}: given up"));
                break;
            }
        }
        for (_, task) in std::mem::take(&mut self.commands) {
            self.world.executor.kill(task);
        }
        self.learn_names();
        said
    }

    fn goes_on(&mut self, started: bool, runs: &[RunId]) -> bool {
        let executor = &self.world.executor;
        self.commands.retain(|_, task| executor.is_alive(*task));
        let works = started && self.world.workers.iter().any(Option::is_some);
        !self.commands.is_empty() || (works && !self.is_settled(runs))
    }

    fn is_settled(&self, runs: &[RunId]) -> bool {
        runs.iter().all(|run| {
            let run = block_on(self.world.store.run(*run)).ok().flatten();
            run.is_none_or(|r| r.state.ended() || r.state == RunState::Held)
        })
    }

    /// One step of the world; who comes to a crash that was laid dies, and who is to freeze stands still.
    fn step(&mut self, limit: Timestamp, said: &mut Vec<String>) -> Stepped {
        let stepped = self.world.executor.step(limit);
        for worker in self.armed(|armed| std::mem::take(&mut armed.fallen)) {
            self.kill(worker, said);
        }
        for (worker, span) in self.armed(|armed| std::mem::take(&mut armed.frozen)) {
            self.freeze(worker, span, said);
        }
        if let (Stepped::Polled(task), Some(left)) = (stepped, self.crash_in) {
            self.crash_in = (left > 1).then(|| left - 1);
            if left == 1
                && let Some(worker) = self.worker_of(task)
            {
                self.kill(worker, said);
            }
        }
        stepped
    }

    fn freeze(&mut self, worker: usize, span: Millis, said: &mut Vec<String>) {
        let running = self.world.workers[worker].as_ref().map(|w| w.task);
        let until = self.world.now() + span;
        if let Some(task) = self.commands.get(&worker).copied().or(running) {
            self.world.executor.freeze(task, until);
        }
        said.push(format!("worker {} stands still until {until}", worker + 1));
    }

    fn worker_of(&self, task: TaskId) -> Option<usize> {
        let command = self.commands.iter().find(|(_, t)| **t == task);
        let running = |n: &usize| {
            self.world.workers[*n]
                .as_ref()
                .is_some_and(|w| w.task == task)
        };
        command.map(|(n, _)| *n).or_else(|| (0..2).find(running))
    }

    fn kill(&mut self, worker: usize, said: &mut Vec<String>) {
        match self.commands.remove(&worker) {
            Some(task) => self.world.executor.kill(task),
            None => self.world.crash(worker),
        }
        said.push(format!(
            "worker {} crashes at {}",
            worker + 1,
            self.world.now()
        ));
    }
}

impl Stage {
    /// What was said on the way, what became of the runs, and what they wrote.
    fn tell(&self, mut said: Vec<String>, runs: &[RunId], mark: usize) -> Said {
        for run in runs {
            let run = block_on(self.world.store.run(*run)).map_err(words)?;
            if let Some(run) = run {
                said.push(run_line(&run));
                said.extend(self.left_out(&run)?);
            }
        }
        said.extend(self.written(mark));
        Ok(said)
    }

    /// Mailboxes that a run could not finish.
    fn left_out(&self, run: &Run) -> Said {
        let members = block_on(self.world.store.run_members(run.id)).map_err(words)?;
        let out = |s: MemberRunState| matches!(s, MemberRunState::Deferred | MemberRunState::Stale);
        let out = members.iter().filter(|m| out(m.state));
        let line = |m: &store::RunMember| {
            format!(
                "  {} is left for later: {}",
                self.names.member(m.member),
                m.reason
            )
        };
        Ok(out.map(line).collect())
    }

    fn writes(&self) -> usize {
        self.world.ground.lock().monitor.cards.writes.len()
    }

    /// What we wrote since, by mailbox.
    fn written(&self, mark: usize) -> Vec<String> {
        let ground = self.world.ground.lock();
        let writes = &ground.monitor.cards.writes;
        let mut all: BTreeMap<&str, BTreeMap<&'static str, Vec<String>>> = BTreeMap::new();
        for (mailbox, item, operation, _) in writes.iter().skip(mark) {
            let name = self.names.item(&ground, mailbox, item);
            let word = match operation {
                Operation::Create => "created",
                Operation::Delete => "deleted",
                Operation::Purge => "deleted for good",
                Operation::Touch => "wrote what was there already on",
                _ => "updated",
            };
            let of = all.entry(self.names.person(mailbox)).or_default();
            of.entry(word).or_default().push(name);
        }
        let line = |(mailbox, acts): (&str, BTreeMap<&str, Vec<String>>)| {
            let acts = acts
                .into_iter()
                .map(|(word, names)| format!("{word} {}", listed(names)));
            format!("  in {mailbox}: {}", acts.collect::<Vec<_>>().join("; "))
        };
        all.into_iter().map(line).collect()
    }
}

/// Each name once, with how often where that is more.
fn listed(names: Vec<String>) -> String {
    let distinct: BTreeSet<&String> = names.iter().collect();
    let times = |name: &String| names.iter().filter(|n| *n == name).count();
    let each = distinct.into_iter().map(|name| match times(name) {
        1 => name.clone(),
        n => format!("{name} ({n} times)"),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A run in one line.
pub fn run_line(run: &Run) -> String {
    let state = word(&run.state);
    let account = account(&run.account);
    let reason = match run.reason.as_str() {
        "" => String::new(),
        reason if reason == account => String::new(),
        reason => format!("; {reason}"),
    };
    format!(
        "run {} of {} is {state}: {account}{reason}",
        run.id, run.book
    )
}

fn account(account: &Account) -> String {
    if account.planned == 0 {
        return "nothing to do".to_owned();
    }
    let parts = [
        (account.done, "done"),
        (account.deferred, "deferred"),
        (account.quarantined, "quarantined"),
        (account.held, "held"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, word)| format!("{n} {word}")).collect();
    let planned = format!("{} planned", account.planned);
    [planned]
        .into_iter()
        .chain(parts)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The word that the model writes a code with.
pub fn word(code: &impl serde::Serialize) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}

pub fn words(error: StoreError) -> String {
    error.to_string()
}
