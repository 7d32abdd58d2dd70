//! From a command to events and an answer.

use super::command::{Body, Command, Fact};
use super::event::Event;
use super::house::HouseSnapshot;
use super::outcome::{Outcome, Refusal, RefusalReason};
use super::requests::Granted;
use super::standing::{Depth, Standing};
use super::state::Group;
use super::{facts, requests};

/// What a command comes to.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// What happens, in order; nothing where it is refused or was answered before.
    pub events: Vec<Event>,
    /// The answer.
    pub outcome: Outcome,
    /// Whether it was answered before: the answer is the one of then.
    pub is_repeated: bool,
    /// The group's standing once the events are applied, where it was formed on the way.
    pub standing: Option<Standing>,
}

/// Decides a command on a group; the caller applies the events.
///
/// Requests are refused with a reason from the closed list; facts are always booked, and what does not fit raises an item of the
/// exceptions queue. A command id with the same content gets the same answer within [`Group::WINDOW`] commands of the group that
/// changed something, a refusal for the next [`Group::EXPIRED_IDS`]; refusals are not remembered, and decided anew. Settlement runs
/// are told apart by their own ids, without end. `known` is the standing of the group as it is, if the caller has it.
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
    // A run is known by its own id, in its house and in each group: no command's id stands in its way.
    if let Body::Fact(fact @ Fact::Settle(_)) = &command.body {
        return Some(settled(group, house, fact, &command.content));
    }
    if let Some(before) = answered_before(group, command) {
        return Some(before);
    }
    let decided = match &command.body {
        Body::Request(_) if depth == Depth::Bound && group.is_large() => return None,
        Body::Request(request) => requests::decide(group, house, request, known, depth),
        Body::Fact(fact) => {
            let (events, outcome) = facts::book(group, house, fact, &command.content);
            Ok(Some(Granted { events, outcome, standing: None }))
        }
    };
    match decided {
        Ok(None) => None,
        Ok(Some(Granted { mut events, mut outcome, standing })) => {
            outcome.exceptions = numbered(group, &events);
            // The answer is the last of the events.
            outcome.sequence = group.sequence + events.len() as u64 + 1;
            let answer = Box::new(outcome.clone());
            events.push(Event::Answered(
                command.principal.clone(),
                command.id.clone(),
                command.content,
                answer,
            ));
            Some(Decision { events, outcome, is_repeated: false, standing })
        }
        Err(refusal) => {
            Some(Decision { outcome: Outcome::refused(refusal, group.sequence), ..Decision::default() })
        }
    }
}

/// A settlement run; one that has been applied, or whose item is still open, changes nothing when it is told again.
fn settled(group: &Group, house: &HouseSnapshot, fact: &Fact, content: &[u8; 32]) -> Decision {
    let (events, mut outcome) = facts::book(group, house, fact, content);
    outcome.exceptions = numbered(group, &events);
    outcome.sequence = group.sequence + events.len() as u64;
    Decision { is_repeated: events.is_empty(), events, outcome, standing: None }
}

/// The answer to a command whose id has been used.
fn answered_before(group: &Group, command: &Command) -> Option<Decision> {
    let key = (command.principal.clone(), command.id.clone());
    let outcome = if let Some(answer) = group.answered.get(&key) {
        if answer.content == command.content {
            answer.outcome.clone()
        } else {
            let detail = format!("command id {} of {} has other content", command.id, command.principal);
            Outcome::refused(Refusal::new(RefusalReason::CommandIdReused, detail), group.sequence)
        }
    } else if group.has_expired(&command.principal, &command.id) {
        let detail = format!("command id {} of {} was used too long ago", command.id, command.principal);
        Outcome::refused(Refusal::new(RefusalReason::IdExpired, detail), group.sequence)
    } else {
        return None;
    };
    Some(Decision { outcome, is_repeated: true, ..Decision::default() })
}

/// The numbers that the items raised will have.
fn numbered(group: &Group, events: &[Event]) -> Vec<u64> {
    let raised = events.iter().filter(|event| matches!(event, Event::ExceptionRaised(_)));
    (group.next_exception..).zip(raised).map(|(number, _)| number).collect()
}
