//! A group in the book, with its standing, which is kept and moved on as events come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use plimsoll_engine::group::{
    Body, Changes, Checked, Command, Decision, Event, Fact, Group, HouseSnapshot, NewOrder, Outcome, Refusal,
    RefusalReason, SettlementRun, Standing, StandingError, book_pending, bounded, check_within, decide,
    decide_run, decide_within, differences, renewed, searched, standing,
};
use plimsoll_engine::record::{GroupChange, RecordBody, RunKey};
use plimsoll_engine::types::{CommandId, Principal};
use plimsoll_journal::Sequence;

use super::chronicle::Room;
use super::settling::{RunOutcome, WhyNot};
use super::{BookFault, Desk, Place, Stands, Waits};
use crate::until::Until;

/// A group.
#[derive(Debug)]
pub(crate) struct Entry {
    group: Group,
    kept: Option<Kept>,
    /// The last record of the group.
    last: Sequence,
    /// The last record that a cut has.
    cut: Sequence,
    refusals: Refusals,
}

/// The answer to a command.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Whether nothing was done again.
    pub(crate) is_repeated: bool,
    /// The last record that it depends on; of one that is repeated, as it was answered first.
    pub(crate) rests_on: Sequence,
}

/// A refusal that was given.
#[derive(Debug)]
struct Refused {
    content: [u8; 32],
    outcome: Outcome,
    rests_on: Sequence,
}

/// The last refusals, by who asked and the id: a repeated request gets the same answer. They are not written down.
#[derive(Debug, Default)]
struct Refusals {
    known: BTreeMap<(Principal, CommandId), Refused>,
    order: VecDeque<(Principal, CommandId)>,
}

impl Refusals {
    /// The answer to a request that has been refused.
    fn answer(&self, command: &Command, now: (u64, Sequence)) -> Option<Answer> {
        let Refused { content, outcome, rests_on } =
            self.known.get(&(command.principal.clone(), command.id.clone()))?;
        if *content == command.content() {
            return Some(Answer { outcome: outcome.clone(), is_repeated: true, rests_on: *rests_on });
        }
        let detail = format!("command id {} of {} has other content", command.id, command.principal);
        let refused = Some(Refusal::new(RefusalReason::CommandIdReused, detail));
        let (sequence, rests_on) = now;
        let outcome = Outcome { refused, sequence, ..Outcome::default() };
        // What a fact tells has happened, whatever was refused under its id.
        let is_request = matches!(command.body, Body::Request(_));
        is_request.then_some(Answer { outcome, is_repeated: false, rests_on })
    }

    fn remember(&mut self, command: &Command, outcome: &Outcome, rests_on: Sequence) {
        let key = (command.principal.clone(), command.id.clone());
        let refused = Refused { content: command.content(), outcome: outcome.clone(), rests_on };
        if self.known.insert(key.clone(), refused).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > Group::WINDOW
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// A standing, the group and the house's data that it is of, and what has changed since.
#[derive(Debug)]
struct Kept {
    sequence: u64,
    version: u64,
    standing: Arc<Standing>,
    since: Changes,
}

impl Entry {
    pub(crate) fn new(group: Group, last: Sequence) -> Self {
        Self { group, kept: None, last, cut: Sequence::NONE, refusals: Refusals::default() }
    }

    /// The last record of the group: what is said of it is durable when this is.
    pub(crate) const fn last(&self) -> Sequence {
        self.last
    }

    pub(crate) const fn group(&self) -> &Group {
        &self.group
    }

    /// Whether there is something that no cut has; it has from now on.
    pub(crate) fn takes_cut(&mut self) -> bool {
        let is_new = self.last > self.cut;
        self.cut = self.last;
        is_new
    }

    /// What cuts have is not known any more.
    pub(crate) fn forget_cut(&mut self) {
        self.cut = Sequence::NONE;
    }

    /// The answer to a request that is refused as it stands; `None` where it is accepted. Nothing is applied or remembered: what names a contract
    /// that the house does not know is decided anew by the next that asks it.
    pub(crate) fn refuses(&self, house: &HouseSnapshot, command: &Command) -> Option<Answer> {
        let rests_on = self.rests_on(house);
        if let Some(answer) = self.refusals.answer(command, (self.group.sequence, rests_on)) {
            return Some(answer);
        }
        let Decision { outcome, .. } = decide(&self.group, house, command, None);
        outcome.refused.is_some().then_some(Answer { outcome, is_repeated: false, rests_on })
    }

    /// Decides a command; what it comes to is written down and applied, unless its time is over before that.
    pub(crate) fn submit(
        &mut self,
        (desk, known): (&Desk, &Arc<HouseSnapshot>),
        command: &Command,
        room: Room<'_>,
        (place, until): (Place, &Until),
    ) -> Result<Answer, BookFault> {
        // What the house has stated while this command waited for its group.
        let mut house = desk.newest().unwrap_or_else(|| Arc::clone(known));
        let rests_on = self.rests_on(&house);
        if let Some(answer) = self.refusals.answer(command, (self.group.sequence, rests_on)) {
            return Ok(answer);
        }
        // Facts have happened, however late they are told.
        let is_request = matches!(command.body, Body::Request(_));
        if (is_request && until.is_over()) || (!is_request && !until.decides_fact()) {
            return Err(BookFault::Late);
        }
        let mut decision = self.decide_at(place, &house, command)?;
        while desk.notes(place, &self.group, &decision.events)? == Stands::No {
            // A fact is booked all the same; it is decided by what is stated now, too.
            house = desk.newest().unwrap_or(house);
            decision = self.decide_at(place, &house, command)?;
        }
        let house = &*house;
        if is_request && !until.decides() {
            return Err(BookFault::Late);
        }
        if decision.is_repeated {
            let (outcome, rests_on) = (decision.outcome, Sequence(decision.record));
            return Ok(Answer { outcome, is_repeated: true, rests_on });
        }
        // What is refused for its id is not an answer to the command that has it.
        if decision.outcome.refused.as_ref().is_some_and(|own| !own.reason.is_of_command_id()) {
            self.refusals.remember(command, &decision.outcome, rests_on);
        }
        self.take(house, Some(command), &decision.events, room);
        if let Some(standing) = decision.standing {
            self.keep(house, Arc::new(standing));
        }
        let is_repeated = decision.outcome.is_known;
        Ok(Answer { outcome: decision.outcome, is_repeated, rests_on: self.rests_on(house) })
    }

    /// The last record that what is said of the group depends on: its own, or its house's, whose version is one.
    pub(crate) fn rests_on(&self, house: &HouseSnapshot) -> Sequence {
        let is_kept = self.last != Sequence::NONE;
        if is_kept { self.last.max(Sequence(house.version())) } else { Sequence::NONE }
    }

    /// Writes down and applies what a command came to.
    fn take(&mut self, house: &HouseSnapshot, command: Option<&Command>, events: &[Event], room: Room<'_>) {
        if !events.is_empty() {
            let told = self.told(house, events, command);
            room.commit(RecordBody::Groups(vec![told]), |sequence| self.apply(events, sequence));
        }
    }

    /// Books the trades that waited for contracts that the house knows now; the last record of the group.
    pub(crate) fn book_pending(
        &mut self,
        (desk, known): (&Desk, &Arc<HouseSnapshot>),
        room: Room<'_>,
    ) -> Sequence {
        // What the house has stated while this waited for the group.
        let house = &*desk.newest().unwrap_or_else(|| Arc::clone(known));
        let events = book_pending(&self.group, house);
        if !events.is_empty() {
            desk.notes_facts(&self.group, &events);
            let told = self.told(house, &events, None);
            room.commit(RecordBody::Groups(vec![told]), |sequence| self.apply(&events, sequence));
        }
        self.last
    }

    /// Applies a settlement run of a content.
    pub(crate) fn settle(
        &mut self,
        (desk, house): (&Desk, &HouseSnapshot),
        run: &Arc<SettlementRun>,
        content: RunKey,
        room: Room<'_>,
    ) -> RunOutcome {
        if self.group.has_run(&run.id, &content.0) {
            return RunOutcome::Known;
        }
        let Decision { events, outcome, .. } = decide_run(&self.group, house, run, &content.0);
        desk.notes_facts(&self.group, &events);
        self.take(house, None, &events, room);
        let is_applied = |event: &Event| matches!(event, Event::Settled(..) | Event::ReferenceKept(..));
        if events.iter().any(is_applied) {
            return RunOutcome::Applied { exceptions: outcome.exceptions.len() };
        }
        let items = self.group.open_items(&run.id).map(|(number, item)| (number, item.clone()));
        RunOutcome::NotApplied(WhyNot { items: items.collect(), refused: outcome.refused })
    }

    /// Decides a fact; nothing is applied.
    pub(crate) fn decide(&self, house: &HouseSnapshot, command: &Command) -> Decision {
        decide(&self.group, house, command, None)
    }

    /// Decides a command; nothing is applied. What takes a search waits for a worker.
    fn decide_at(
        &mut self,
        place: Place,
        house: &HouseSnapshot,
        command: &Command,
    ) -> Result<Decision, Waits> {
        // Facts need no standing; without one the decision forms it, or finds what is wrong.
        let is_request = matches!(command.body, Body::Request(_));
        if is_request && place == Place::Runtime && self.group.is_large() {
            return Err(Waits);
        }
        let known = if is_request && self.kept.is_some() { self.known(house).ok() } else { None };
        decide_within(&self.group, house, command, known.as_deref(), place.depth()).ok_or(Waits)
    }

    /// What is written down of events of this group. A settlement run is told once for all groups: its command is not repeated.
    pub(crate) fn told(
        &self,
        house: &HouseSnapshot,
        events: &[Event],
        command: Option<&Command>,
    ) -> GroupChange {
        let is_run = |own: &&Command| matches!(&own.body, Body::Fact(Fact::Settle(_)));
        let command = command.filter(|own| !is_run(own));
        let told = GroupChange::new(&self.group.key, events, house.version(), command);
        // Everything that an event is made of can be stored.
        told.unwrap_or_else(|error| unreachable!("events: {error}"))
    }

    pub(crate) fn apply(&mut self, events: &[Event], sequence: Sequence) {
        for event in events {
            if let Some(kept) = &mut self.kept {
                kept.since.note(&self.group, event);
            }
            let applied = self.group.apply(event);
            applied.unwrap_or_else(|overflow| unreachable!("what was decided fits: {overflow}"));
        }
        self.last = self.last.max(sequence);
        if sequence != Sequence::NONE {
            self.group.recorded(sequence.0);
        }
    }

    fn keep(&mut self, house: &HouseSnapshot, standing: Arc<Standing>) {
        let (sequence, version) = (self.group.sequence, house.version());
        self.kept = Some(Kept { sequence, version, standing, since: Changes::default() });
    }

    /// The numbers of an order that is not reserved.
    pub(crate) fn check(
        &mut self,
        place: Place,
        house: &HouseSnapshot,
        order: &NewOrder,
    ) -> Result<Result<Checked, Refusal>, Waits> {
        if place == Place::Runtime && self.group.is_large() {
            return Err(Waits);
        }
        let checked = self.known(house).map_err(Refusal::from);
        let checked =
            checked.and_then(|known| check_within(&self.group, house, order, Some(&known), place.depth()));
        checked.transpose().ok_or(Waits)
    }

    /// What differs between the standing that is kept and one that is formed anew.
    pub(crate) fn audit(&mut self, house: &HouseSnapshot) -> Vec<String> {
        let (kept, anew) = (self.standing(house), standing(&self.group, house));
        let (kept, anew) = match (kept, anew) {
            (Ok(kept), Ok(anew)) => (kept, anew),
            (Err(_), Err(_)) => return Vec::new(),
            _ => return vec!["the group has a standing only one way".to_owned()],
        };
        let differences = differences(&kept, &anew);
        if !differences.is_empty() {
            self.keep(house, Arc::new(anew));
        }
        differences
    }

    /// The group's standing by the search: what it may be asked, and may pay out.
    pub(crate) fn standing(&mut self, house: &HouseSnapshot) -> Result<Arc<Standing>, StandingError> {
        let known = self.known(house)?;
        if known.is_searched() {
            return Ok(known);
        }
        let standing = Arc::new(searched(&self.group, house, &known)?);
        self.keep(house, Arc::clone(&standing));
        Ok(standing)
    }

    /// The same where no search is needed for it; else it waits for a worker.
    pub(crate) fn standing_at(
        &mut self,
        place: Place,
        house: &HouseSnapshot,
    ) -> Result<Result<Arc<Standing>, StandingError>, Waits> {
        match place {
            Place::Worker => Ok(self.standing(house)),
            Place::Runtime if self.group.is_large() => Err(Waits),
            Place::Runtime => match self.known(house) {
                Ok(known) if !known.is_searched() => Err(Waits),
                known => Ok(known),
            },
        }
    }

    /// The group's standing as far as it is known, by the bound at least.
    fn known(&mut self, house: &HouseSnapshot) -> Result<Arc<Standing>, StandingError> {
        let standing = match self.kept.as_ref().filter(|kept| kept.version == house.version()) {
            Some(kept) if kept.sequence == self.group.sequence => return Ok(Arc::clone(&kept.standing)),
            Some(kept) => renewed(&self.group, house, &kept.standing, &kept.since),
            None => bounded(&self.group, house),
        };
        let standing = Arc::new(standing?);
        self.keep(house, Arc::clone(&standing));
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::contract::Registry;
    use plimsoll_engine::group::{CollateralSchedule, GroupKey, Origin, Room};
    use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
    use plimsoll_engine::types::{Code, Money};

    use super::*;

    #[test]
    fn an_audit_names_what_differs_and_puts_it_right() {
        let digest = Digest([1; 32]);
        let set = build(&sample::definition(), digest, RoundingProfile::Exact, Default::default()).unwrap().0;
        let key = GroupKey { house: set.house().clone(), name: Code::new("G").unwrap() };
        let group = Group::new(key, Code::new("M").unwrap(), Origin::Client, set.base_currency().clone());
        let (registry, schedule) = (Registry::default(), CollateralSchedule::default());
        let house = HouseSnapshot::new(1, Arc::new(set), &registry, Default::default(), schedule);
        let mut entry = Entry::new(group, Sequence::NONE);
        assert_eq!(entry.audit(&house), Vec::<String>::new());
        let mut wrong = (*entry.standing(&house).unwrap()).clone();
        wrong.initial = Room { requirement: Money::MOST, ..wrong.initial };
        entry.keep(&house, Arc::new(wrong));
        let differences = entry.audit(&house);
        assert!(differences.len() == 1 && differences[0].starts_with("initial: "), "{differences:?}");
        assert_eq!(entry.audit(&house), Vec::<String>::new());
    }
}
