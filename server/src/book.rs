//! The live book: margin groups behind one lock each, and what their houses fix.
//!
//! A command locks its group only; the map's own locks are held while an entry is found, never while one is used. Commands over
//! several groups lock them in ascending order of their keys. A house's snapshot is made anew when another set has become active
//! or its terms have been stated, and readers keep the one that they have.

mod desk;
mod entry;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use plimsoll_engine::group::{
    Command, Fact, Group, GroupKey, HouseSnapshot, NewOrder, Outcome, Refusal, SettlementRun, Transfer,
    Transferred, decide_transfer,
};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::types::{GroupName, House};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::registry::{AccountScope, Registry};
pub(crate) use desk::{Desk, Methods, Terms};
pub(crate) use entry::Entry;

/// Why the book does not answer: the caller's fault.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum BookFault {
    /// No such group.
    #[error("house {house} has no margin group {group}")]
    UnknownGroup { house: House, group: GroupName },
    /// The group is open.
    #[error("house {house} has a margin group {group}")]
    GroupExists { house: House, group: GroupName },
    /// The house has neither a set nor contracts.
    #[error("house {0} has neither an active parameter set nor contracts with specifications")]
    UnknownHouse(House),
    /// As many houses as there may be.
    #[error("the book has {} houses, all that it keeps", Book::MOST_HOUSES)]
    TooManyHouses,
    /// As many groups as there may be.
    #[error("the book has {} margin groups, all that it keeps", Book::MOST_GROUPS)]
    TooManyGroups,
}

/// All groups of all houses.
#[derive(Debug)]
pub(crate) struct Book {
    registry: Arc<Registry>,
    houses: DashMap<House, Arc<Desk>>,
    groups: DashMap<GroupKey, Arc<Mutex<Entry>>>,
}

impl Book {
    /// The most houses.
    const MOST_HOUSES: usize = 1_024;
    /// The most groups.
    pub(crate) const MOST_GROUPS: usize = 1_000_000;

    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry, houses: DashMap::new(), groups: DashMap::new() }
    }

    /// The desk of a house, with its snapshot for the set that is active now.
    pub(crate) fn desk(&self, house: &House) -> Result<(Arc<Desk>, Arc<HouseSnapshot>), BookFault> {
        let active = self.active(house);
        let known = self.houses.get(house).map(|own| Arc::clone(own.value()));
        let unknown = || BookFault::UnknownHouse(house.clone());
        let desk = match known {
            Some(desk) => desk,
            None if active.is_some() => self.opened(house)?,
            None => return Err(unknown()),
        };
        let snapshot = desk.snapshot(active.as_ref()).ok_or_else(unknown)?;
        Ok((desk, snapshot))
    }

    /// The set that is active for a house.
    pub(crate) fn active(&self, house: &House) -> Option<Arc<ParameterSet>> {
        let state = self.registry.snapshot();
        state.active(house, &AccountScope::default()).map(|own| Arc::clone(&own.set))
    }

    /// The desk of a house, known or not.
    pub(crate) fn opened(&self, house: &House) -> Result<Arc<Desk>, BookFault> {
        if self.houses.len() >= Self::MOST_HOUSES && !self.houses.contains_key(house) {
            return Err(BookFault::TooManyHouses);
        }
        let desk = self.houses.entry(house.clone()).or_insert_with(|| Arc::new(Desk::new(house.clone())));
        Ok(Arc::clone(desk.value()))
    }

    /// Forms the numbers of every group anew and compares; what differs is logged and put right. How many groups differed.
    pub(crate) fn audit(&self, stop: &CancellationToken) -> usize {
        let mut differing = 0;
        for key in self.keys(None, None, usize::MAX) {
            if stop.is_cancelled() {
                break;
            }
            let (Ok(entry), Ok((_, house))) = (self.entry(&key), self.desk(&key.house)) else { continue };
            let differences = locked(&entry).audit(&house);
            if !differences.is_empty() {
                differing += 1;
                tracing::error!(house = %key.house, group = %key.name, ?differences, "the audit found differences");
            }
        }
        differing
    }

    /// States what a house fixes.
    pub(crate) fn state_terms(&self, house: &House, terms: Terms) -> Result<Arc<HouseSnapshot>, BookFault> {
        let (desk, _) = self.desk(house)?;
        let stated = desk.state_terms(self.active(house).as_ref(), terms);
        stated.ok_or_else(|| BookFault::UnknownHouse(house.clone()))
    }

    /// Opens a group.
    pub(crate) fn open(&self, group: Group) -> Result<(), BookFault> {
        if self.groups.len() >= Self::MOST_GROUPS {
            return Err(BookFault::TooManyGroups);
        }
        match self.groups.entry(group.key.clone()) {
            dashmap::Entry::Occupied(known) => {
                let GroupKey { house, name } = known.key().clone();
                Err(BookFault::GroupExists { house, group: name })
            }
            dashmap::Entry::Vacant(free) => {
                free.insert(Arc::new(Mutex::new(Entry::new(group))));
                Ok(())
            }
        }
    }

    /// The entry of a group; its map is free again when this returns.
    pub(crate) fn entry(&self, key: &GroupKey) -> Result<Arc<Mutex<Entry>>, BookFault> {
        let found = self.groups.get(key).map(|entry| Arc::clone(entry.value()));
        found.ok_or_else(|| BookFault::UnknownGroup { house: key.house.clone(), group: key.name.clone() })
    }

    /// The keys of the groups of a house or of all, ascending, behind a key.
    pub(crate) fn keys(
        &self,
        house: Option<&House>,
        behind: Option<&GroupKey>,
        most: usize,
    ) -> Vec<GroupKey> {
        let wanted = |key: &GroupKey| {
            house.is_none_or(|house| key.house == *house) && behind.is_none_or(|behind| key > behind)
        };
        let mut keys: Vec<GroupKey> =
            self.groups.iter().map(|entry| entry.key().clone()).filter(|key| wanted(key)).collect();
        keys.sort_unstable();
        keys.truncate(most);
        keys
    }

    /// Decides a command and applies it.
    pub(crate) fn submit(&self, key: &GroupKey, command: &Command) -> Result<Outcome, BookFault> {
        let entry = self.entry(key)?;
        let (_, house) = self.desk(&key.house)?;
        let outcome = locked(&entry).submit(&house, command);
        Ok(outcome)
    }

    /// The numbers of an order that is not reserved.
    pub(crate) fn check(
        &self,
        key: &GroupKey,
        order: &NewOrder,
    ) -> Result<(Result<plimsoll_engine::group::Checked, Refusal>, u64), BookFault> {
        let entry = self.entry(key)?;
        let (_, house) = self.desk(&key.house)?;
        let mut entry = locked(&entry);
        let checked = entry.check(&house, order);
        Ok((checked, entry.group().sequence))
    }

    /// Applies a settlement run to every group of a house; the groups that it raised items in.
    pub(crate) fn settle(
        &self,
        house: &House,
        run: &Arc<SettlementRun>,
        command: impl Fn(Fact) -> Command,
    ) -> Result<(usize, Vec<GroupKey>), BookFault> {
        let (_, snapshot) = self.desk(house)?;
        let command = command(Fact::Settle(Arc::clone(run)));
        let keys = self.keys(Some(house), None, usize::MAX);
        let mut raised = Vec::new();
        for key in &keys {
            let entry = self.entry(key)?;
            let outcome = locked(&entry).submit(&snapshot, &command);
            if !outcome.exceptions.is_empty() {
                raised.push(key.clone());
            }
        }
        Ok((keys.len(), raised))
    }

    /// Moves something from one group to another.
    pub(crate) fn transfer(
        &self,
        keys: [&GroupKey; 2],
        transfer: &Transfer,
    ) -> Result<Result<[plimsoll_engine::group::Checked; 2], Refusal>, BookFault> {
        let entries = [self.entry(keys[0])?, self.entry(keys[1])?];
        let (_, house) = self.desk(&keys[0].house)?;
        let is_ascending = keys[0] < keys[1];
        let [first, second] =
            if is_ascending { [&entries[0], &entries[1]] } else { [&entries[1], &entries[0]] };
        let (mut first, mut second) = (locked(first), locked(second));
        let [from, to] = if is_ascending { [&mut first, &mut second] } else { [&mut second, &mut first] };
        let decided = decide_transfer(from.group(), to.group(), &house, transfer);
        Ok(decided.map(|(events, checked): Transferred| {
            from.apply(&events[0]);
            to.apply(&events[1]);
            checked
        }))
    }
}

/// A poisoned lock is a panic between two states of a group, which are applied event by event without one.
pub(crate) fn locked(entry: &Mutex<Entry>) -> MutexGuard<'_, Entry> {
    entry.lock().unwrap_or_else(PoisonError::into_inner)
}
