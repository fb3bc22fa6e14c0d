//! Shows: what a story asks to see, from the store, the wire and the truth.

use super::stage::{Names, Said, Stage};
use super::verb::Show;
use super::work::{run_line, word, words};
use crate::charter::TENANT;
use crate::checks::end_state;
use crate::ground::Inner;
use engine::block::{Block, Line};
use futures::executor::block_on;
use model::plan::Note;
use model::{MemberId, RunId, TenantName};
use std::collections::{BTreeMap, BTreeSet};
use store::{LedgerFilter, LedgerRow, Phase, RunFilter};

impl Stage {
    pub fn show(&mut self, show: &Show) -> Said {
        match show {
            Show::Folder(mailbox, folder) => self.show_folder(mailbox, folder.as_deref()),
            Show::Run => self.show_run(),
            Show::Holds => self.show_holds(),
            Show::Requests => Ok(self.show_requests()),
            Show::Ledger => self.show_ledger(),
            Show::Why(person, mailbox) => self.why(person, mailbox),
            Show::Check => Ok(self.check()),
        }
    }

    /// The last run of each book with its plan.
    fn show_run(&self) -> Said {
        let runs = block_on(self.world.store.runs(&RunFilter::default())).map_err(words)?;
        let mut last = BTreeMap::new();
        for run in runs {
            let newest = last.entry(run.book).or_insert(run.id);
            *newest = run.id.max(*newest);
        }
        if last.is_empty() {
            return Ok(vec!["there was no run yet".to_owned()]);
        }
        let mut said = Vec::new();
        for run in last.into_values() {
            said.extend(self.plan_lines(run)?);
        }
        Ok(said)
    }

    /// A run and what its plan says for whom.
    pub fn plan_lines(&self, run: RunId) -> Said {
        let store = &self.world.store;
        let found = block_on(store.run(run)).map_err(words)?;
        let members = block_on(store.run_members(run)).map_err(words)?;
        let blocks = block_on(store.blocks(run)).map_err(words)?;
        let mut said: Vec<String> = found.iter().map(run_line).collect();
        for row in blocks {
            let same = members
                .iter()
                .filter(|m| m.block.as_ref() == Some(&row.fingerprint));
            let whose: BTreeSet<&str> = same.map(|m| self.names.member(m.member)).collect();
            let block: Block = serde_json::from_slice(&row.bytes).map_err(|e| e.to_string())?;
            let lines = self.block_lines(&block);
            if !lines.is_empty() {
                let whose: Vec<&str> = whose.into_iter().collect();
                said.push(format!("  for {}:", whose.join(", ")));
                said.extend(lines);
            }
        }
        let waits = members.iter().filter(|m| !m.reason.is_empty());
        said.extend(waits.map(|m| {
            let state = word(&m.state);
            format!("  {} is {state}: {}", self.names.member(m.member), m.reason)
        }));
        Ok(said)
    }

    fn block_lines(&self, block: &Block) -> Vec<String> {
        let mut lines: Vec<String> = block.lines.iter().map(step).collect();
        lines.sort();
        let mut notes: Vec<String> = block.notes.iter().map(|n| self.note(n)).collect();
        notes.sort();
        let halt = block.halt.iter().map(|h| format!("    halt: {}", h.detail));
        lines.extend(notes);
        lines.extend(halt);
        lines
    }

    fn note(&self, note: &Note) -> String {
        let whose = note.entry.map(|e| format!(" {}", self.names.entry(e)));
        let detail = match note.detail.is_empty() {
            true => String::new(),
            false => format!(" ({})", note.detail),
        };
        let whose = whose.unwrap_or_default();
        format!("    left alone{whose}: {}{detail}", word(&note.reason))
    }

    fn show_holds(&self) -> Said {
        let holds = block_on(self.world.store.waiting_holds(None)).map_err(words)?;
        if holds.is_empty() {
            return Ok(vec!["nothing waits for anybody".to_owned()]);
        }
        let mut said = Vec::new();
        for hold in holds {
            let (run, book, at) = (hold.run, hold.book, hold.held_at);
            said.push(format!("run {run} of {book} waits since {at}"));
            let halts: BTreeSet<String> = hold
                .halts
                .iter()
                .map(|h| format!("  {}: {}", word(&h.reason), h.detail))
                .collect();
            said.extend(halts);
        }
        Ok(said)
    }

    /// Calls since they were last shown.
    fn show_requests(&mut self) -> Vec<String> {
        let counted = self.armed(|armed| std::mem::take(&mut armed.counted));
        if counted.is_empty() {
            return vec!["no calls".to_owned()];
        }
        let each = counted
            .iter()
            .map(|(kind, n)| format!("{n} {}", kind.word()));
        vec![each.collect::<Vec<_>>().join(", ")]
    }

    /// What was written down since it was last shown: what became of each write, and decisions.
    fn show_ledger(&mut self) -> Said {
        let filter = LedgerFilter {
            after: self.ledger_shown,
            ..LedgerFilter::default()
        };
        let rows = block_on(self.world.store.ledger(&filter)).map_err(words)?;
        self.ledger_shown = rows.last().map_or(self.ledger_shown, |row| row.seq);
        let open: Vec<&LedgerRow> = rows.iter().filter(|row| is_open(row, &rows)).collect();
        let told = rows.iter().filter(|row| row.phase != Phase::Before);
        let mut said: Vec<String> = told.map(|row| self.ledger_line(row, &row.detail)).collect();
        said.extend(
            open.iter()
                .map(|row| self.ledger_line(row, "its fate is not known yet")),
        );
        if said.is_empty() {
            said.push("nothing new".to_owned());
        }
        Ok(said)
    }

    fn ledger_line(&self, row: &LedgerRow, detail: &str) -> String {
        let run = row
            .run
            .map_or_else(String::new, |run| format!(" run {run}"));
        let whose = row.member.map(|m| format!(", {}", self.names.member(m)));
        let what = row.entry.map(|e| format!(" {}", self.names.entry(e)));
        let (whose, what) = (whose.unwrap_or_default(), what.unwrap_or_default());
        let line = format!(
            "{}{run}{whose}: {}{what}: {}",
            row.at,
            row.act,
            plain(detail)
        );
        line.trim_end_matches(": ").to_owned()
    }

    fn why(&mut self, person: &str, mailbox: &str) -> Said {
        let (name, address) = {
            let ground = self.world.ground.lock();
            let known = ground.town.called(person);
            let owner = ground.town.called(mailbox)?;
            let owner = ground.town.people.get(&owner).map(|p| p.mail.clone());
            let name = known.map_or(person.to_owned(), |id| self.names.person(&id).to_owned());
            (name, owner.unwrap_or_default())
        };
        let engine = self.engine();
        let tenant = TenantName::from(TENANT);
        let answers = match block_on(engine.why(&tenant, &name, &address)) {
            Ok(answers) => answers,
            Err(error) => return Ok(vec![error.to_string()]),
        };
        let lines = answers.into_iter().flat_map(|why| {
            let head = format!("{}: {}", why.book, word(&why.answer));
            std::iter::once(head).chain(why.chain.into_iter().map(|fact| format!("  {fact}")))
        });
        Ok(lines.collect())
    }

    /// What every mailbox shows against what it ought to: a difference breaks a promise.
    fn check(&mut self) -> Vec<String> {
        let now = self.world.now();
        let mut ground = self.world.ground.lock();
        let Inner {
            monitor,
            cloud,
            town,
            ..
        } = &mut *ground;
        let difference = end_state(monitor, cloud, town, &self.world.policy);
        let holds = difference.is_none();
        monitor.check("I23", holds, now, || difference.unwrap_or_default());
        match holds {
            true => vec!["every mailbox shows what it ought to".to_owned()],
            false => Vec::new(),
        }
    }
}

/// A write that was to be sent, and whose end no later row tells.
fn is_open(row: &LedgerRow, rows: &[LedgerRow]) -> bool {
    let ends = |other: &LedgerRow| {
        other.phase == Phase::After
            && other.seq > row.seq
            && (other.member, other.entry, other.part) == (row.member, row.entry, row.part)
    };
    row.phase == Phase::Before && !rows.iter().any(ends)
}

/// A detail without what says nothing to people: fingerprints, and an answer that only repeats the fate.
fn plain(detail: &str) -> String {
    let hash = |w: &str| w.len() == 64 && w.chars().all(|c| c.is_ascii_hexdigit());
    let mut words: Vec<&str> = detail.split(' ').collect();
    words.dedup();
    let words = words
        .into_iter()
        .map(|w| if hash(w) { "the plan" } else { w });
    words.collect::<Vec<_>>().join(" ")
}

fn step(line: &Line) -> String {
    let shown = |value: &Option<String>| match value {
        Some(text) => format!("\"{text}\""),
        None => "blank".to_owned(),
    };
    let fields = line
        .fields
        .iter()
        .filter(|_| line.act == engine::block::Act::Update);
    let fields: Vec<String> = fields
        .map(|(field, (from, to))| format!("{field} {} -> {}", shown(from), shown(to)))
        .collect();
    let why = match line.why.is_empty() {
        true => String::new(),
        false => format!(" ({})", line.why),
    };
    let said = match fields.is_empty() {
        true => String::new(),
        false => format!(": {}", fields.join(", ")),
    };
    format!("    {} {}{said}{why}", word(&line.act), line.label)
}

impl Names {
    pub fn person(&self, id: &str) -> &str {
        self.people.get(id).map_or("somebody", String::as_str)
    }

    pub fn member(&self, id: MemberId) -> &str {
        self.members
            .get(&id)
            .map_or("a mailbox", |owner| self.person(owner))
    }

    pub fn entry(&self, id: model::EntryId) -> &str {
        self.entries.get(&id).map_or("somebody", String::as_str)
    }

    /// By what the card says now, else by what it last said.
    pub fn item(&self, ground: &Inner, mailbox: &str, item: &str) -> String {
        let view = ground.cloud.contact(&ground.town.tenant, mailbox, item);
        let now = view.and_then(|v| Some(v.properties.get("displayName")?.as_str()?.to_owned()));
        let before = || {
            self.items
                .get(&(mailbox.to_owned(), item.to_owned()))
                .cloned()
        };
        now.or_else(before).unwrap_or_else(|| "a card".to_owned())
    }
}
