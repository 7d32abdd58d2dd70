//! The live book: margin groups behind one lock each, and what their houses fix.
//!
//! What happens is written down under the lock of what it concerns (`chronicle`), and answered when it is durable. A command locks its
//! group only; the map's own locks are held while an entry is found, never while one is used. Commands over
//! several groups lock them in ascending order of their keys. A house's snapshot is made anew when another set has become active
//! or its terms have been stated, and readers keep the one that they have.

mod chronicle;
mod cutting;
mod desk;
mod entry;
mod house;
mod past;
mod recovery;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use plimsoll_engine::group::{
    Body, Command, Fact, Group, GroupKey, HouseSnapshot, NewOrder, Outcome, Refusal, RefusalReason,
    SettlementRun, Transfer, Transferred, decide_transfer,
};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::record::{Opened, RecordBody, Unreadable};
use plimsoll_engine::types::{GroupName, House};
use plimsoll_journal::Sequence;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::registry::{AccountScope, Registry};
pub(crate) use chronicle::{Chronicle, Room};
pub(crate) use desk::{Desk, NotStated};
pub(crate) use entry::Entry;
pub(crate) use house::{HouseState, Methods, StatedMethod, Terms};
pub(crate) use past::{PastFault, Then};
pub(crate) use recovery::Recovered;

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
    /// So much waits to be written that nothing more is decided.
    #[error("too many records wait to be written")]
    JournalFull,
    /// A settlement run of this id has been told with other content.
    #[error("house {0} has been told a settlement run of this id with other content")]
    OtherRun(House),
    /// As many groups as there may be.
    #[error("the book has {} margin groups, all that it keeps", Book::MOST_GROUPS)]
    TooManyGroups,
}

/// All groups of all houses.
#[derive(Debug)]
pub(crate) struct Book {
    registry: Arc<Registry>,
    chronicle: Arc<Chronicle>,
    houses: DashMap<House, Arc<Desk>>,
    groups: DashMap<GroupKey, Arc<Mutex<Entry>>>,
    /// A pass over all for cuts has begun and not ended.
    is_cutting: AtomicBool,
}

impl Book {
    /// The most houses.
    const MOST_HOUSES: usize = 1_024;
    /// The most groups.
    pub(crate) const MOST_GROUPS: usize = 1_000_000;

    pub(crate) fn new(registry: Arc<Registry>, chronicle: Arc<Chronicle>) -> Self {
        let is_cutting = AtomicBool::new(false);
        Self { registry, chronicle, houses: DashMap::new(), groups: DashMap::new(), is_cutting }
    }

    /// What is written down.
    pub(crate) const fn chronicle(&self) -> &Arc<Chronicle> {
        &self.chronicle
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
        let snapshot = desk.snapshot(active.as_ref())?.ok_or_else(unknown)?;
        Ok((desk, snapshot))
    }

    /// Writes down which set a house uses now; the record that has to be durable before that is said.
    pub(crate) fn follow_set(&self, house: &House) -> Result<Sequence, BookFault> {
        // Without a journal the first command finds it early enough.
        if self.chronicle.journal().is_none() {
            return Ok(Sequence::NONE);
        }
        self.desk(house).map(|(desk, _)| desk.last())
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
        let new = || Arc::new(Desk::new(house.clone(), Arc::clone(&self.chronicle), HouseState::default()));
        let desk = self.houses.entry(house.clone()).or_insert_with(new);
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

    /// Opens a group; the record that has to be durable before that is said.
    pub(crate) fn open(&self, group: Group) -> Result<Sequence, BookFault> {
        if self.groups.len() >= Self::MOST_GROUPS {
            return Err(BookFault::TooManyGroups);
        }
        let room = self.chronicle.room()?;
        match self.groups.entry(group.key.clone()) {
            dashmap::Entry::Occupied(known) => {
                let GroupKey { house, name } = known.key().clone();
                Err(BookFault::GroupExists { house, group: name })
            }
            dashmap::Entry::Vacant(free) => {
                let Group { key, member, origin, currency, .. } = group.clone();
                let sequence = room.write(RecordBody::Opened(Opened { key, member, origin, currency }));
                free.insert(Arc::new(Mutex::new(Entry::new(group, sequence))));
                Ok(sequence)
            }
        }
    }

    /// Takes houses and groups as they were found, before anybody uses the book.
    pub(crate) fn restore(&self, recovered: Recovered) -> Result<(), Unreadable> {
        let (houses, groups) = recovered.finished()?;
        for (house, state) in houses {
            let desk = Desk::new(house.clone(), Arc::clone(&self.chronicle), state);
            self.houses.insert(house, Arc::new(desk));
        }
        for (group, last) in groups {
            self.groups.insert(group.key.clone(), Arc::new(Mutex::new(Entry::new(group, last))));
        }
        Ok(())
    }

    /// Forms the data of houses whose last set is active again: what a later set lacks is remembered from them.
    pub(crate) fn form_houses(&self) {
        let desks: Vec<_> =
            self.houses.iter().map(|own| (own.key().clone(), Arc::clone(own.value()))).collect();
        for (house, desk) in desks {
            let active = self.active(&house).filter(|set| desk.set().as_deref() == Some(set.id()));
            if active.is_some()
                && let Err(fault) = desk.snapshot(active.as_ref())
            {
                tracing::warn!(%house, %fault, "the data of a house are formed later");
            }
        }
    }

    /// The ids of the sets that houses used last.
    pub(crate) fn sets(&self) -> Vec<String> {
        self.houses.iter().filter_map(|desk| desk.value().set()).collect()
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

    /// Decides a command; its answer, and the record that has to be durable before it is given.
    pub(crate) fn submit(
        &self,
        key: &GroupKey,
        command: &Command,
        is_late: impl Fn() -> bool,
    ) -> Result<(Outcome, Sequence), BookFault> {
        let entry = self.entry(key)?;
        let (desk, house) = self.desk(&key.house)?;
        let room = self.chronicle.room()?;
        let mut entry = locked(&entry);
        // What the house has stated while this command waited for its group.
        let house = desk.newest().unwrap_or(house);
        // Facts have happened, however late they are told.
        if matches!(command.body, Body::Request(_)) && is_late() {
            let refusal = Refusal::new(RefusalReason::DeadlinePassed, "its deadline had passed");
            let refused =
                Outcome { refused: Some(refusal), sequence: entry.group().sequence, ..Outcome::default() };
            return Ok((refused, entry.last()));
        }
        let outcome = entry.submit(&house, command, room);
        Ok((outcome, self.rests_on(&entry, &house)))
    }

    /// The last record that what is said of a group depends on: its own, or its house's, whose version is one.
    fn rests_on(&self, entry: &Entry, house: &HouseSnapshot) -> Sequence {
        let is_kept = self.chronicle.journal().is_some();
        if is_kept { entry.last().max(Sequence(house.version())) } else { Sequence::NONE }
    }

    /// The numbers of an order that is not reserved.
    pub(crate) fn check(
        &self,
        key: &GroupKey,
        order: &NewOrder,
    ) -> Result<(Result<plimsoll_engine::group::Checked, Refusal>, u64, Sequence), BookFault> {
        let entry = self.entry(key)?;
        let (_, house) = self.desk(&key.house)?;
        let mut entry = locked(&entry);
        let checked = entry.check(&house, order);
        Ok((checked, entry.group().sequence, self.rests_on(&entry, &house)))
    }

    /// Applies a settlement run to every group of a house; the groups that it raised items in.
    pub(crate) fn settle(
        &self,
        house: &House,
        run: &Arc<SettlementRun>,
        command: impl Fn(Fact) -> Command,
    ) -> Result<((usize, Vec<GroupKey>), Sequence), BookFault> {
        let (desk, snapshot) = self.desk(house)?;
        desk.told(run)?;
        let command = command(Fact::Settle(Arc::clone(run)));
        let keys = self.keys(Some(house), None, usize::MAX);
        let (mut raised, mut last) = (Vec::new(), desk.last());
        for key in &keys {
            let entry = self.entry(key)?;
            let room = self.chronicle.room_waiting()?;
            let mut entry = locked(&entry);
            let outcome = entry.submit(&snapshot, &command, room);
            last = last.max(entry.last());
            if !outcome.exceptions.is_empty() {
                raised.push(key.clone());
            }
        }
        Ok(((keys.len(), raised), last))
    }

    /// Moves something from one group to another.
    pub(crate) fn transfer(
        &self,
        keys: [&GroupKey; 2],
        transfer: &Transfer,
    ) -> Result<(Result<[plimsoll_engine::group::Checked; 2], Refusal>, Sequence), BookFault> {
        let room = self.chronicle.room()?;
        let entries = [self.entry(keys[0])?, self.entry(keys[1])?];
        let (_, house) = self.desk(&keys[0].house)?;
        let is_ascending = keys[0] < keys[1];
        let [first, second] =
            if is_ascending { [&entries[0], &entries[1]] } else { [&entries[1], &entries[0]] };
        let (mut first, mut second) = (locked(first), locked(second));
        let [from, to] = if is_ascending { [&mut first, &mut second] } else { [&mut second, &mut first] };
        let decided = decide_transfer(from.group(), to.group(), &house, transfer);
        let moved = decided.map(|(events, checked): Transferred| {
            if events.iter().any(|own| !own.is_empty()) {
                let told = vec![from.told(&house, &events[0], None), to.told(&house, &events[1], None)];
                let sequence = room.write(RecordBody::Groups(told));
                from.apply(&events[0], sequence);
                to.apply(&events[1], sequence);
            }
            checked
        });
        Ok((moved, self.rests_on(from, &house).max(self.rests_on(to, &house))))
    }
}

/// A poisoned lock is a panic between two states of a group, which are applied event by event without one.
pub(crate) fn locked(entry: &Mutex<Entry>) -> MutexGuard<'_, Entry> {
    entry.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::group::{Fact, MarginTerms, Origin, Request};
    use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
    use plimsoll_engine::span::Margining;
    use plimsoll_engine::types::{Code, Currency, Money};

    use super::*;

    #[test]
    fn a_late_request_is_refused_and_a_late_fact_is_booked() {
        let registry = Arc::new(Registry::new(1));
        let digest = Digest([1; 32]);
        let set = build(&sample::definition(), digest, RoundingProfile::Exact, Default::default()).unwrap().0;
        let (house, id) = (set.house().clone(), set.id().to_owned());
        registry.insert(set, Default::default()).unwrap();
        registry.activate(&id, AccountScope::default(), false).unwrap();
        let book = Book::new(registry, Arc::default());
        let key = GroupKey { house, name: Code::new("G").unwrap() };
        let currency = Currency::new("USD").unwrap();
        book.open(Group::new(key.clone(), Code::new("M").unwrap(), Origin::Client, currency.clone()))
            .unwrap();
        let command = |id: &str, body| Command {
            principal: Code::new("p").unwrap(),
            id: Code::new(id).unwrap(),
            content: [1; 32],
            body,
        };
        let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
        let open = command("1", Body::Request(Request::OpenMarginAccount(Code::new("A").unwrap(), terms)));
        let refused = book.submit(&key, &open, || true).unwrap().0.refused.unwrap();
        assert_eq!(refused.reason, RefusalReason::DeadlinePassed);
        assert_eq!(locked(&book.entry(&key).unwrap()).group().sequence, 0);
        let one = Money::from_decimal(plimsoll_engine::types::Decimal::ONE).unwrap();
        let deposit = command("2", Body::Fact(Fact::Deposit(Code::new("D").unwrap(), currency, one)));
        assert_eq!(book.submit(&key, &deposit, || true).unwrap().0.refused, None);
        // The same id, in time: a refusal is not remembered.
        assert_eq!(book.submit(&key, &open, || false).unwrap().0.refused, None);
    }
}
