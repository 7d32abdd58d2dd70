//! From a command to events and an answer.

use std::sync::Arc;

use super::command::{Body, Command, Fact, SettlementRun};
use super::content::content_of;
use super::event::Event;
use super::house::HouseSnapshot;
use super::outcome::{Outcome, Refusal, RefusalReason};
use super::requests::Granted;
use super::standing::{Depth, Standing};
use super::state::{Answered, Group};
use super::suspense::book_pending;
use super::{facts, requests};

/// What a command comes to.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// What happens, in order; nothing where it is refused or was answered before.
    pub events: Vec<Event>,
    /// The answer.
    pub outcome: Outcome,
    /// Whether it was answered before: the answer is the one of then, in the record of then.
    pub is_repeated: bool,
    /// The record of the journal that has the answer of then; 0 where nothing is written down, or it was not answered before.
    pub record: u64,
    /// The group's standing once the events are applied, where it was formed on the way.
    pub standing: Option<Standing>,
}

/// Decides a command on a group; the caller applies the events.
///
/// Requests are refused with a reason from the closed list; facts are always booked, and what does not fit raises an item of the
/// exceptions queue. A command id with the same content gets the same answer within [`Group::WINDOW`] commands of the group that
/// changed something; refusals are not remembered, and decided anew. With other content, and for the next [`Group::EXPIRED_IDS`] commands,
/// a request is refused; a fact has happened all the same, and is told from those booked by its own id. Settlement runs are told apart by
/// their own ids, without end. `known` is the standing of the group as it is, if the caller has it.
#[must_use]
pub fn decide(group: &Group, house: &HouseSnapshot, command: &Command, known: Option<&Standing>) -> Decision {
    let decision = decide_within(group, house, command, known, Depth::Search);
    decision.unwrap_or_else(|| unreachable!("a search tells"))
}

/// The same without more work than wanted: `None` where only a search would tell, or where orders and positions are many. What is decided without one is what would be decided
/// with it.
#[must_use]
pub fn decide_within(
    group: &Group,
    house: &HouseSnapshot,
    command: &Command,
    known: Option<&Standing>,
    depth: Depth,
) -> Option<Decision> {
    let due = book_pending(group, house);
    if due.is_empty() {
        return decide_now(group, house, command, known, depth);
    }
    // Trades that waited for their contracts come before what is decided now.
    let mut now = group.clone();
    now.apply_all(&due).unwrap_or_else(|_| unreachable!("what is due fits"));
    let mut decision = decide_now(&now, house, command, None, depth)?;
    if decision.events.is_empty() {
        decision.outcome.sequence = decision.outcome.sequence.min(group.sequence);
    } else {
        decision.events.splice(0..0, due);
    }
    Some(decision)
}

fn decide_now(
    group: &Group,
    house: &HouseSnapshot,
    command: &Command,
    known: Option<&Standing>,
    depth: Depth,
) -> Option<Decision> {
    // A run is known by its own id, in its house and in each group: no command's id stands in its way.
    if let Body::Fact(Fact::Settle(run)) = &command.body {
        return Some(decide_run(group, house, run, &content_of(run)));
    }
    let content = command.content();
    let earlier = earlier(group, command, &content);
    let decided = match (&command.body, &earlier) {
        (_, Earlier::Same(answer)) => {
            let (outcome, record) = (answer.outcome.clone(), answer.record);
            return Some(Decision { outcome, is_repeated: true, record, ..Decision::default() });
        }
        (Body::Request(_), Earlier::Other | Earlier::Forgotten) => Err(unusable(command, &earlier)),
        (Body::Request(_), Earlier::Nothing) if depth == Depth::Bound && group.is_large() => return None,
        (Body::Request(request), Earlier::Nothing) => requests::decide(group, house, request, known, depth),
        (Body::Fact(fact), Earlier::Nothing) => Ok(Some(facts::book(group, house, fact).into())),
        (Body::Fact(fact), Earlier::Forgotten) => {
            Ok(Some(facts::book_by_own_id(group, house, fact, &command.id).into()))
        }
        (Body::Fact(fact), Earlier::Other) => {
            let (events, outcome) = facts::book_by_own_id(group, house, fact, &command.id);
            return Some(of_other(group, events, outcome));
        }
    };
    match decided {
        Ok(None) => None,
        Ok(Some(Granted { mut events, mut outcome, standing })) => {
            outcome.exceptions = numbered(group, &events);
            // The answer is the last of the events.
            outcome.sequence = group.sequence + events.len() as u64 + 1;
            let answer = Box::new(outcome.clone());
            let (principal, id) = (command.principal.clone(), command.id.clone());
            events.push(Event::Answered(principal, id, content, answer));
            Some(Decision { events, outcome, standing, ..Decision::default() })
        }
        Err(refusal) => {
            Some(Decision { outcome: Outcome::refused(refusal, group.sequence), ..Decision::default() })
        }
    }
}

/// Decides a settlement run of a content ([`RunKey`](crate::record::RunKey)); one that has been applied, or whose item is still open,
/// changes nothing when it is told again.
#[must_use]
pub fn decide_run(
    group: &Group,
    house: &HouseSnapshot,
    run: &Arc<SettlementRun>,
    content: &[u8; 32],
) -> Decision {
    let (events, mut outcome) = facts::book_run(group, house, run, content);
    outcome.exceptions = numbered(group, &events);
    outcome.sequence = group.sequence + events.len() as u64;
    Decision { events, outcome, ..Decision::default() }
}

impl From<(Vec<Event>, Outcome)> for Granted {
    fn from((events, outcome): (Vec<Event>, Outcome)) -> Self {
        Self { events, outcome, standing: None }
    }
}

/// What a command id was used for before.
enum Earlier<'a> {
    /// For nothing that is known.
    Nothing,
    /// For the same content.
    Same(&'a Answered),
    /// For other content.
    Other,
    /// For something that is forgotten.
    Forgotten,
}

fn earlier<'a>(group: &'a Group, command: &Command, content: &[u8; 32]) -> Earlier<'a> {
    match group.answered.get(&(command.principal.clone(), command.id.clone())) {
        Some(answer) if answer.content == *content => Earlier::Same(answer),
        Some(_) => Earlier::Other,
        None if group.has_expired(&command.principal, &command.id) => Earlier::Forgotten,
        None => Earlier::Nothing,
    }
}

fn unusable(command: &Command, earlier: &Earlier<'_>) -> Refusal {
    let Command { principal, id, .. } = command;
    if matches!(earlier, Earlier::Forgotten) {
        let detail = format!("command id {id} of {principal} was used too long ago");
        return Refusal::new(RefusalReason::IdExpired, detail);
    }
    Refusal::new(RefusalReason::CommandIdReused, format!("command id {id} of {principal} has other content"))
}

/// A fact under the id of another command, whose answer stays the one that is remembered: told again it is decided again, and items
/// that it raised are not raised twice.
fn of_other(group: &Group, events: Vec<Event>, outcome: Outcome) -> Decision {
    let raised_before = |event: &Event| {
        let Event::ExceptionRaised(item) = event else { return None };
        let mut known = group.exceptions.iter().rev();
        known.find(|(_, own)| (own.kind, &own.about) == (item.kind, &item.about)).map(|(number, _)| *number)
    };
    let before: Option<Vec<u64>> = events.iter().map(raised_before).collect();
    if let Some(exceptions) = before {
        let outcome = Outcome { exceptions, is_known: true, sequence: group.sequence, ..outcome };
        return Decision { outcome, ..Decision::default() };
    }
    let (exceptions, sequence) = (numbered(group, &events), group.sequence + events.len() as u64);
    Decision { outcome: Outcome { exceptions, sequence, ..outcome }, events, ..Decision::default() }
}

/// The numbers that the items raised will have.
fn numbered(group: &Group, events: &[Event]) -> Vec<u64> {
    let raised = events.iter().filter(|event| matches!(event, Event::ExceptionRaised(_)));
    (group.next_exception..).zip(raised).map(|(number, _)| number).collect()
}
