//! One seed of the simulation.

use plimsoll_engine::group::{Body, Command, Event, Fact, Group, Outcome, Request, decide};
use plimsoll_engine::record::{decoded, encoded};
use plimsoll_engine::span::Margining;

use super::super::desk::{Desk, code, reason};
use super::auditor::Auditor;
use super::charges::Charges;
use super::compare;
use super::steps::{Hand, step};
use super::world::World;
use crate::generate::Dice;

/// What was decided, of how many steps.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) steps: usize,
    /// Decisions by margin.
    pub(super) decisions: usize,
    pub(super) refused: usize,
    /// Those that are stricter than the worst outcome.
    pub(super) loose: usize,
    /// Steps after which a standing is kept.
    pub(super) kept: usize,
}

pub(super) struct Play {
    desk: Desk,
    auditor: Auditor,
    dice: Dice,
    ids: Dice,
    house: Dice,
    /// The group as it was opened, and everything that has happened to it since.
    opened: Group,
    log: Vec<Event>,
    sent: Vec<(Command, Outcome)>,
    reused: Vec<Command>,
    pub(super) count: Count,
}

impl Play {
    pub(super) fn new(seed: u64, of_venue: bool) -> Self {
        let first = if of_venue { 3_000 } else { 20_000 };
        let cash = first.to_string();
        let margining = match seed % 4 {
            0 => Margining::GrossByClient,
            1 if !of_venue => Margining::GrossSides,
            _ => Margining::Net,
        };
        let (desk, world) =
            if of_venue { World::venue(&cash, margining) } else { World::sample(&cash, margining) };
        let dice = |turn: u64| Dice::new(seed.wrapping_add(turn << 32));
        Self {
            auditor: Auditor::new(world, first),
            opened: desk.group.clone(),
            desk,
            dice: dice(0),
            ids: dice(1),
            house: dice(2),
            log: Vec::new(),
            sent: Vec::new(),
            reused: Vec::new(),
            count: Count::default(),
        }
    }

    pub(super) fn step(&mut self) {
        if self.house.chance(5) {
            self.auditor.charges = Charges::new(&self.auditor.contracts(), &mut self.house);
            self.auditor.charges.impose(&mut self.desk);
        }
        if self.house.chance(3) {
            self.restart();
        }
        if !self.sent.is_empty() && self.dice.chance(8) {
            self.repeat();
        } else {
            self.send();
        }
    }

    fn give(&mut self, command: &Command) -> (Outcome, Vec<Event>) {
        let (outcome, events) = self.desk.give(command);
        self.log.extend(events.iter().cloned());
        (outcome, events)
    }

    fn send(&mut self) {
        let Self { desk, auditor, dice, .. } = self;
        let settlements = desk.house.settlements().clone();
        let (body, verdict) = step(&mut Hand { desk, auditor, dice });
        let mut command = self.desk.command(body);
        let is_new_id = self.take_used_id(&mut command);
        let (outcome, events) = self.give(&command);
        let raised: Vec<&str> =
            outcome.exceptions.iter().map(|number| self.desk.group.exceptions[number].kind.name()).collect();
        self.count.steps += 1;
        self.count.decisions += usize::from(verdict.margin.is_some());
        self.count.refused += usize::from(verdict.margin.is_some() && outcome.refused.is_some());
        compare(&outcome, &raised, &verdict, &mut self.count.loose);
        let is_run = matches!(command.body, Body::Fact(Fact::Settle(_)));
        let has_settled = events.iter().any(|event| matches!(event, Event::Settled(..)));
        assert!(!is_run || has_settled || settlements == *self.desk.house.settlements(), "a run is known");
        if reason(&outcome) == "granted" {
            self.auditor.confirm();
            self.auditor.queued(&outcome.exceptions, &verdict);
            if is_new_id && (!is_run || has_settled) {
                self.sent.push((command, outcome));
            }
        }
        self.count.kept += usize::from(self.desk.kept.is_some());
        self.auditor.agree(&self.desk);
    }

    /// What a fact tells has happened, whatever its command's id was used for. Whether the id is new.
    fn take_used_id(&mut self, command: &mut Command) -> bool {
        let is_fact =
            matches!(&command.body, Body::Fact(own) if !matches!(own, Fact::Settle(_) | Fact::DayEnded(_)));
        let others: Vec<&Command> =
            self.sent.iter().map(|own| &own.0).filter(|own| own.body != command.body).collect();
        if !is_fact || others.is_empty() || !self.ids.chance(25) {
            return true;
        }
        let id = others[self.ids.index(others.len())].id.clone();
        // Told twice under one id it would be known.
        let with_it = Command { id, ..command.clone() };
        if !self.reused.contains(&with_it) {
            self.reused.push(with_it.clone());
            *command = with_it;
        }
        false
    }

    /// A command that was given before changes nothing.
    fn repeat(&mut self) {
        let (command, outcome) = self.sent[self.dice.index(self.sent.len())].clone();
        let before = self.desk.group.clone();
        if matches!(command.body, Body::Fact(Fact::Settle(_))) {
            // A run is known by its own id, not by its command's.
            let again = Command { id: code("again"), ..command };
            assert_eq!(self.give(&again).1, Vec::new(), "a repeated run");
        } else {
            assert_eq!(self.give(&command), (outcome.clone(), Vec::new()), "a repeated command");
            self.told_otherwise(&command, &outcome);
        }
        assert_eq!(self.desk.group, before);
    }

    /// Something else under the id of a command, and a fact under another id: neither changes anything.
    fn told_otherwise(&mut self, command: &Command, outcome: &Outcome) {
        let opened = Body::Request(Request::CloseMarginAccount(code("never opened")));
        let other = Command { body: opened, ..command.clone() };
        assert_eq!(reason(&self.give(&other).0), "command_id_reused");
        let is_told_once =
            matches!(command.body, Body::Fact(Fact::Fill(_) | Fact::Deposit(..) | Fact::Exercise(_)));
        if is_told_once && outcome.exceptions.is_empty() {
            let again = self.desk.command(command.body.clone());
            let decision = decide(&self.desk.group, &self.desk.house, &again, None);
            let is_answer = matches!(decision.events.as_slice(), [Event::Answered(..)]);
            assert!(decision.outcome.is_known && is_answer, "{:?} for {command:?}", decision.events);
        }
    }

    /// The server starts again: a cut of the group is the group, and so is what its records fold to; the house is what it had stated.
    fn restart(&mut self) {
        let before = self.desk.standing();
        let cut: Group = decoded(&encoded(&self.desk.group).unwrap()).unwrap();
        assert_eq!(cut, self.desk.group, "a cut");
        let mut folded = self.opened.clone();
        folded.apply_all(&self.log).unwrap();
        assert_eq!(folded, self.desk.group, "what is logged");
        self.desk.group = cut;
        let settlements = decoded(&encoded(self.desk.house.settlements()).unwrap()).unwrap();
        assert_eq!(&settlements, self.desk.house.settlements());
        self.desk.house = self.auditor.world.stated(&self.desk, settlements, &self.auditor.charges);
        self.desk.kept = None;
        let after = self.desk.standing();
        assert_eq!((after.currencies, after.with_orders), (before.currencies, before.with_orders));
    }

    pub(super) fn finish(mut self) -> Count {
        self.restart();
        self.count
    }
}
