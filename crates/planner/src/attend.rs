//! Attendance: which mailboxes join a book, change their view, are seen leaving, or leave.

use crate::audience::{Audience, NO_MAILBOX, Sight, audience_key, only_for_key};
use crate::compile::CompileInput;
use crate::judge::BY_RULE;
use crate::rank::{tunnel_of, view_id, whole_key};
use crate::round::is_account;
use model::catalog::{GoneCause, Leaving, MemberChange, MemberWish};
use model::member::{Member, MemberState};
use model::person::Person;
use model::plan::{Note, Reason};
use model::tunnel::{Copies, TunnelState};
use model::{Field, MailboxId, Value, ViewId};
use std::collections::{BTreeMap, BTreeSet};

/// What the audiences ask for.
#[derive(Debug, Default)]
pub struct Attendance {
    pub change: MemberChange,
    /// The views that members need after this, with their sources.
    pub views: BTreeMap<ViewId, BTreeSet<String>>,
    /// View changes by which members lose sight of something: (from, to) with the cause.
    pub moves: BTreeMap<(ViewId, ViewId), GoneCause>,
    pub rules: BTreeMap<String, String>,
    pub notes: Vec<Note>,
}

/// Judges every account of the tenant and every member of the book.
pub fn attend(input: &CompileInput, audience: &Audience) -> Attendance {
    let mut all = Attendance::default();
    let members: BTreeMap<&MailboxId, &Member> =
        input.members.iter().map(|m| (&m.mailbox, m)).collect();
    let (mut unsure, mut partly) = (false, false);
    for (id, person) in input.facts.users.iter().filter(|(_, p)| is_account(p)) {
        let mailbox = MailboxId(id.clone());
        let sight = audience.sight(person, input.facts);
        match members.get(&mailbox) {
            Some(member) if member.state == MemberState::Active => {
                unsure |= !sight.maybe.is_empty();
                all.stay_or_go(input, audience, member, &sight);
            }
            _ => {
                let unknown = !sight.maybe.is_empty();
                partly |= all.welcome(input, mailbox, person, sight.sure) && unknown;
            }
        }
    }
    for member in input
        .members
        .iter()
        .filter(|m| m.state == MemberState::Active)
    {
        if !input
            .facts
            .users
            .get(member.mailbox.as_str())
            .is_some_and(|p| is_account(p))
        {
            all.vanished(input, audience, member);
        }
    }
    all.let_go(input);
    let sure = complete(input, audience) && !unsure;
    let fresh = audience.rules.iter().filter(|(key, rule)| {
        // The first rule holds at once: the next edit must be known as one.
        let before = input.catalog.rules.get(*key);
        before.is_none() || (sure && before != Some(rule))
    });
    all.rules = fresh.map(|(k, v)| (k.clone(), v.clone())).collect();
    if sure && !partly && !input.facts.doubts_a_group() {
        all.rules.extend(wholes(input, audience));
    }
    all
}

/// From now on it is known of every mailbox what it may see: a card that is in no view may be nobody's.
fn wholes(input: &CompileInput, audience: &Audience) -> BTreeMap<String, String> {
    let keys = audience.rules.keys().map(|key| whole_key(key));
    let new = keys.filter(|key| !input.catalog.rules.contains_key(key));
    new.map(|key| (key, String::new())).collect()
}

/// Was everything read that a departure rests on?
fn complete(input: &CompileInput, audience: &Audience) -> bool {
    input.complete.users && (input.complete.groups || audience.groups.is_empty())
}

impl Attendance {
    /// Somebody new, or back again, with what is certain; more may follow when it is known. A stray joins with a
    /// view of nothing: whatever it holds of ours is nobody's, and a person decides about it. Does it join?
    fn welcome(
        &mut self,
        input: &CompileInput,
        mailbox: MailboxId,
        person: &Person,
        sources: BTreeSet<String>,
    ) -> bool {
        if sources.is_empty() && !input.strays.contains(&mailbox) {
            return false;
        }
        let view = view_id(&sources);
        self.views.insert(view.clone(), sources);
        let address = address(person);
        self.change
            .join
            .insert(mailbox, MemberWish { address, view });
        true
    }

    /// The directory does not know the account any more.
    fn vanished(&mut self, input: &CompileInput, audience: &Audience, member: &Member) {
        let mut sight = Sight::default();
        for source in current(input, member) {
            sight.out.insert(source, NO_MAILBOX.to_owned());
        }
        self.stay_or_go(input, audience, member, &sight);
    }

    /// Copies that were to be taken back from a mailbox whose account is gone by now: there is nobody to take
    /// them from.
    fn let_go(&mut self, input: &CompileInput) {
        let leaving = |m: &&Member| m.state == MemberState::LeavingRemove;
        let gone = |m: &&Member| !input.facts.users.contains_key(m.mailbox.as_str());
        let members = input.members.iter().filter(leaving).filter(gone);
        if input.complete.users {
            self.change
                .leave
                .extend(members.map(|m| (m.id, Copies::Keep)));
        }
    }

    /// A member: growth at once; loss by a changed rule at once; loss by a fact when two rounds agree.
    fn stay_or_go(
        &mut self,
        input: &CompileInput,
        audience: &Audience,
        member: &Member,
        sight: &Sight,
    ) {
        let loss = Loss::of(input, audience, member, sight);
        let mut sources = loss.kept.clone();
        let confirmed = member.leaving.as_ref().is_some_and(|l| input.confirms(l));
        // What a paused tunnel holds in a mailbox that is none holds the rest there, too: nothing can be taken from it.
        let none = loss.by_fact.values().any(|fact| fact == NO_MAILBOX);
        let agreed = loss.complete && confirmed && (!none || loss.kept.is_empty());
        if !loss.by_fact.is_empty() && !agreed {
            sources.extend(loss.by_fact.keys().cloned());
            if loss.complete && member.leaving.is_none() {
                self.change
                    .doubt
                    .insert(member.id, leaving(input, loss.fact()));
            }
            self.note(Reason::LeavingUnconfirmed, loss.fact());
        } else if member.leaving.is_some() {
            self.change.stay.push(member.id);
        }
        if sources.is_empty() {
            return self.leave(input, member, &loss);
        }
        let view = view_id(&sources);
        self.views.insert(view.clone(), sources);
        if view != member.view {
            let cause = if loss.by_rule.is_empty() {
                GoneCause::Fact
            } else {
                GoneCause::Rule
            };
            let moved = self
                .moves
                .entry((member.view.clone(), view.clone()))
                .or_insert(cause);
            if cause == GoneCause::Rule {
                *moved = cause;
            }
            let address = member.address.clone();
            self.change
                .join
                .insert(member.mailbox.clone(), MemberWish { address, view });
        }
    }

    fn leave(&mut self, input: &CompileInput, member: &Member, loss: &Loss) {
        self.change.stay.retain(|id| *id != member.id);
        // A stray of an earlier store sees nothing and so loses nothing: no fact says why its copies should go.
        if !loss.by_rule.is_empty() || loss.by_fact.is_empty() {
            let tunnel = loss.by_rule.iter().next().map(|s| tunnel_of(s));
            let fact = format!("{BY_RULE}{}", tunnel.unwrap_or("copies of a lost store"));
            self.change.doubt.insert(member.id, leaving(input, fact));
        }
        self.change
            .leave
            .insert(member.id, copies(input, member, loss));
    }

    fn note(&mut self, reason: Reason, detail: String) {
        self.notes.push(Note {
            entry: None,
            item: None,
            reason,
            detail,
        });
    }
}

/// What a member keeps and loses.
struct Loss {
    /// What it sees now and what it gains; unknown answers and stopped tunnels change nothing.
    kept: BTreeSet<String>,
    /// Lost because a rule changed, or a tunnel or a source was removed.
    by_rule: BTreeSet<String>,
    /// Lost by a fact, with it.
    by_fact: BTreeMap<String, String>,
    complete: bool,
}

impl Loss {
    fn of(input: &CompileInput, audience: &Audience, member: &Member, sight: &Sight) -> Self {
        let mut loss = Self {
            kept: sight.sure.clone(),
            by_rule: BTreeSet::new(),
            by_fact: BTreeMap::new(),
            complete: complete(input, audience),
        };
        for source in current(input, member) {
            let state = input
                .book
                .tunnels
                .iter()
                .find(|t| t.id.as_str() == tunnel_of(&source))
                .map(|t| t.state);
            match (state, sight.out.get(&source)) {
                // No document, or a paused one: nothing moves.
                (None | Some(TunnelState::Paused), _) => {
                    loss.kept.insert(source);
                }
                (Some(TunnelState::Removed), _) => {
                    loss.by_rule.insert(source);
                }
                (Some(TunnelState::Active), Some(fact)) => {
                    if loss.complete && rule_changed(input, audience, &source) {
                        loss.by_rule.insert(source);
                    } else {
                        loss.by_fact.insert(source, fact.clone());
                    }
                }
                (Some(TunnelState::Active), None) if sight.sure.contains(&source) => {}
                (Some(TunnelState::Active), None) if sight.maybe.contains(&source) => {
                    loss.kept.insert(source);
                }
                // The document names this source no more.
                (Some(TunnelState::Active), None) => {
                    loss.by_rule.insert(source);
                }
            }
        }
        loss
    }

    fn fact(&self) -> String {
        self.by_fact.values().next().cloned().unwrap_or_default()
    }
}

/// The sources that a member sees so far.
fn current(input: &CompileInput, member: &Member) -> Vec<String> {
    input
        .catalog
        .views
        .get(&member.view)
        .map(|v| v.sources.clone())
        .unwrap_or_default()
}

fn rule_changed(input: &CompileInput, audience: &Audience, source: &str) -> bool {
    [audience_key(tunnel_of(source)), only_for_key(source)]
        .iter()
        .any(|key| {
            let before = input.catalog.rules.get(key);
            before.is_some() && before != audience.rules.get(key)
        })
}

fn leaving(input: &CompileInput, fact: String) -> Leaving {
    Leaving {
        since: input.now,
        round: input.round,
        fact,
    }
}

/// What the tunnels say of copies left behind; one that keeps them is enough. A mailbox that cannot be reached
/// keeps what it has: there is nobody to take it from.
fn copies(input: &CompileInput, member: &Member, loss: &Loss) -> Copies {
    let sources = current(input, member);
    let tunnels = input
        .book
        .tunnels
        .iter()
        .filter(|t| sources.iter().any(|s| tunnel_of(s) == t.id.as_str()));
    let keeps = tunnels.into_iter().any(|t| t.copies == Copies::Keep);
    let unreachable = loss.by_fact.values().any(|fact| fact == NO_MAILBOX);
    if keeps || unreachable {
        Copies::Keep
    } else {
        Copies::Remove
    }
}

/// An address to show to people.
fn address(person: &Person) -> String {
    let first = match person.item.get(Field::Emails) {
        Some(Value::Mails(mails)) => mails.first().map(|m| m.address.clone()),
        _ => None,
    };
    first.unwrap_or_else(|| person.upn.clone())
}
