//! A group in the book, with its standing while nothing has changed.

use std::sync::Arc;

use plimsoll_engine::group::{
    Checked, Command, Event, Group, HouseSnapshot, NewOrder, Outcome, Refusal, Standing, StandingError,
    check, decide, standing,
};

/// A group.
#[derive(Debug)]
pub(crate) struct Entry {
    group: Group,
    /// The standing, and of which sequence and version of the house's data.
    known: Option<((u64, u64), Arc<Standing>)>,
}

impl Entry {
    pub(crate) const fn new(group: Group) -> Self {
        Self { group, known: None }
    }

    pub(crate) const fn group(&self) -> &Group {
        &self.group
    }

    /// Decides a command and applies what happens.
    pub(crate) fn submit(&mut self, house: &HouseSnapshot, command: &Command) -> Outcome {
        let known = self.kept(house);
        let decision = decide(&self.group, house, command, known.as_deref());
        self.apply(&decision.events);
        if let Some(standing) = decision.standing {
            self.known = Some(((self.group.sequence, house.version()), Arc::new(standing)));
        }
        decision.outcome
    }

    pub(crate) fn apply(&mut self, events: &[Event]) {
        events.iter().for_each(|event| self.group.apply(event));
    }

    /// The numbers of an order that is not reserved.
    pub(crate) fn check(&mut self, house: &HouseSnapshot, order: &NewOrder) -> Result<Checked, Refusal> {
        let known = self.standing(house)?;
        check(&self.group, house, order, Some(&known))
    }

    /// The standing that is kept, if nothing has changed since.
    fn kept(&self, house: &HouseSnapshot) -> Option<Arc<Standing>> {
        let now = (self.group.sequence, house.version());
        self.known.as_ref().filter(|(of, _)| *of == now).map(|(_, known)| Arc::clone(known))
    }

    /// What differs between the standing that is kept and one that is formed anew.
    pub(crate) fn audit(&mut self, house: &HouseSnapshot) -> Vec<String> {
        let (kept, anew) = (self.standing(house), standing(&self.group, house));
        let (Ok(kept), Ok(anew)) = (kept, anew) else { return Vec::new() };
        let rooms = [
            ("initial", kept.initial, anew.initial),
            ("maintenance", kept.maintenance, anew.maintenance),
            ("with orders", kept.with_orders, anew.with_orders),
        ];
        let rooms = rooms.into_iter().filter(|(_, kept, anew)| kept != anew);
        let mut differences: Vec<String> =
            rooms.map(|(what, kept, anew)| format!("{what}: {kept:?} is kept, {anew:?} is right")).collect();
        if kept.currencies != anew.currencies {
            differences.push("balances by currency".to_owned());
        }
        differences
    }

    /// The group's standing.
    pub(crate) fn standing(&mut self, house: &HouseSnapshot) -> Result<Arc<Standing>, StandingError> {
        if let Some(known) = self.kept(house) {
            return Ok(known);
        }
        let standing = Arc::new(standing(&self.group, house)?);
        self.known = Some(((self.group.sequence, house.version()), Arc::clone(&standing)));
        Ok(standing)
    }
}
