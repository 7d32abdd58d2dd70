//! The live book: margin groups behind one lock each, and what their houses fix.
//!
//! What happens is written down under the lock of what it concerns (`chronicle`), and answered when it is durable. A command locks its
//! group only, in its turn (`turns`); the map's own locks are held while an entry is found, never while one is used. Commands over
//! several groups lock them in ascending order of their keys. A house's snapshot is made anew when another set has become active
//! or its terms have been stated, and readers keep the one that they have. Whatever may wait for a lock that work holds is done on a
//! worker: on a thread of the runtime it says that it [`Waits`].

mod ageing;
mod asked;
mod chronicle;
mod cutting;
mod deciding;
mod desk;
mod entry;
mod groups;
mod house;
mod indivisible;
mod past;
mod recovery;
mod runs;
mod settling;
mod turns;
mod uses;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use plimsoll_engine::grid::NotForBooks;
use plimsoll_engine::group::{Depth, Group, GroupKey, HouseSnapshot};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::record::{Opened, RecordBody};
use plimsoll_engine::types::{GroupName, House, MethodName, Reference};
use plimsoll_journal::Sequence;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::registry::{AccountScope, Registry};
use crate::until::Until;
use ageing::Ageing;
pub(crate) use ageing::old_before;
pub(crate) use asked::{Asked, NewContracts};
pub(crate) use chronicle::{Chronicle, Room, stored};
pub(crate) use desk::{Desk, NotStated, Stands, Unfit, Unnamed};
pub(crate) use entry::{Answer, Entry};
use groups::Groups;
pub(crate) use house::{HouseState, Methods, StatedMethod, Terms};
pub(crate) use indivisible::indivisible;
pub(crate) use past::{PastFault, Then, told_from};
pub(crate) use recovery::{CutKey, Recovered, Restored};
pub(crate) use settling::Settled;
pub(crate) use turns::{Turn, Turns, locked, open};

/// Where work is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// On a thread of the runtime, which never waits for a lock that work holds.
    Runtime,
    /// On a thread that may wait.
    Worker,
}

impl Place {
    /// How far numbers may be looked for there.
    pub(crate) const fn depth(self) -> Depth {
        match self {
            Self::Runtime => Depth::Bound,
            Self::Worker => Depth::Search,
        }
    }
}

/// Work on a thread of the runtime would have to wait: it is to be done on a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Waits;

/// Why the book does not answer: the caller's fault.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum BookFault {
    /// No such group.
    #[error("house {house} has no margin group {group}")]
    UnknownGroup { house: House, group: GroupName },
    /// The group has been closed.
    #[error("margin group {group} of house {house} is closed")]
    GroupClosed { house: House, group: GroupName },
    /// The group is open, or has been closed.
    #[error("house {house} has, or had, a margin group {group}")]
    GroupExists { house: House, group: GroupName },
    /// The house has neither a set nor contracts.
    #[error("house {0} has neither an active parameter set nor contracts with specifications")]
    UnknownHouse(House),
    /// The set that the house used last could not be made active again, and no other is.
    #[error(
        "house {house} used parameter set {id:?} last, which is not there after a start ({reason}), and no other is active"
    )]
    LostSet { house: House, id: String, reason: String },
    /// A method that the house stated cannot margin its book any more.
    #[error("method {method} of house {house} cannot margin its book: {reason}")]
    Method { house: House, method: MethodName, reason: NotForBooks },
    /// As many houses as there may be.
    #[error("the book has {} houses, all that it keeps", Book::MOST_HOUSES)]
    TooManyHouses,
    /// As many contracts as there may be.
    #[error("the house knows {} contracts, all that it keeps", Desk::MOST_CONTRACTS)]
    TooManyContracts,
    /// So much waits to be written that nothing more is decided.
    #[error("too many records wait to be written")]
    JournalFull,
    /// A settlement run of this id has been told with other content.
    #[error("house {house} has been told settlement run {run} with other content")]
    OtherRun { house: House, run: Reference },
    /// What would be dropped is in use: each of what.
    #[error("in use: {}", .0.join("; "))]
    InUse(Vec<String>),
    /// As many groups as there may be.
    #[error("the book has {} margin groups, all that it keeps", Groups::MOST)]
    TooManyGroups,
    /// As many calls as may wait for the group do.
    #[error("as many calls as may wait for the group are waiting")]
    GroupBusy,
    /// The call's time was over before it was decided: nothing of it is applied.
    #[error("the call's time was over before it was decided")]
    Late,
    /// It is to be done on a worker.
    #[error("it would have to wait")]
    Waits,
}

impl From<Waits> for BookFault {
    fn from(_: Waits) -> Self {
        Self::Waits
    }
}

/// All groups of all houses.
#[derive(Debug)]
pub(crate) struct Book {
    registry: Arc<Registry>,
    chronicle: Arc<Chronicle>,
    houses: DashMap<House, Arc<Desk>>,
    groups: Groups,
    /// A pass over all for cuts has begun and not ended.
    is_cutting: AtomicBool,
    /// What passes over the archive have seen.
    ageing: Mutex<Ageing>,
    /// Sets that houses used last and that the start could not make active.
    lost: Mutex<BTreeMap<House, LostSet>>,
}

/// A set that a house used last and that is not there any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LostSet {
    pub(crate) id: String,
    /// Why it could not be made active.
    pub(crate) reason: String,
}

impl Book {
    /// The most houses.
    const MOST_HOUSES: usize = 1_024;

    pub(crate) fn new(registry: Arc<Registry>, chronicle: Arc<Chronicle>) -> Self {
        let is_cutting = AtomicBool::new(false);
        Self {
            registry,
            chronicle,
            houses: DashMap::new(),
            groups: Groups::default(),
            is_cutting,
            ageing: Mutex::default(),
            lost: Mutex::default(),
        }
    }

    /// What is written down.
    pub(crate) const fn chronicle(&self) -> &Arc<Chronicle> {
        &self.chronicle
    }

    /// The desk of a house, with its snapshot for the set that is active now; `None` where that has to be made first.
    pub(crate) fn current(&self, house: &House) -> Option<(Arc<Desk>, Arc<HouseSnapshot>)> {
        let active = self.active(house);
        let desk = self.found(house)?;
        let snapshot = desk.current(active.as_ref())?;
        Some((desk, snapshot))
    }

    /// The desk of a house, with its snapshot for the set that is active now. It may wait until that is made.
    pub(crate) fn desk(&self, house: &House) -> Result<(Arc<Desk>, Arc<HouseSnapshot>), BookFault> {
        let active = self.active(house);
        let unknown = || match self.lost_sets().remove(house) {
            Some(LostSet { id, reason }) => BookFault::LostSet { house: house.clone(), id, reason },
            None => BookFault::UnknownHouse(house.clone()),
        };
        let desk = self.known(house)?;
        let snapshot = desk.snapshot(active.as_ref())?.ok_or_else(unknown)?;
        Ok((desk, snapshot))
    }

    /// Writes down which set a house uses now; the record that has to be durable before that is said.
    pub(crate) fn follow_set(&self, house: &House) -> Result<Sequence, BookFault> {
        self.desk(house).map(|(desk, _)| desk.last())
    }

    /// Books the trades that waited for contracts that the house knows now, in every group of the house; the record that has to be durable
    /// before that is said.
    pub(crate) fn book_pending(&self, house: &House) -> Result<Sequence, BookFault> {
        let (desk, snapshot) = self.desk(house)?;
        let mut last = Sequence::NONE;
        for key in self.keys(Some(house), None, usize::MAX) {
            let entry = self.entry(&key)?;
            if !locked(&entry).group().pending.is_empty() {
                let room = self.chronicle.room_waiting()?;
                last = last.max(locked(&entry).book_pending((&desk, &snapshot), room));
            }
        }
        Ok(last)
    }

    /// The set that is active for a house.
    pub(crate) fn active(&self, house: &House) -> Option<Arc<ParameterSet>> {
        let state = self.registry.snapshot();
        state.active(house, &AccountScope::default()).map(|own| Arc::clone(&own.set))
    }

    /// The desk of a house that has one.
    pub(crate) fn found(&self, house: &House) -> Option<Arc<Desk>> {
        self.houses.get(house).map(|own| Arc::clone(own.value()))
    }

    /// The desk of a house that has one or an active set.
    pub(crate) fn known(&self, house: &House) -> Result<Arc<Desk>, BookFault> {
        match self.found(house) {
            Some(desk) => Ok(desk),
            None if self.active(house).is_some() => self.opened(house),
            None => Err(BookFault::UnknownHouse(house.clone())),
        }
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
    pub(crate) fn open(&self, group: Group, until: &Until) -> Result<Sequence, BookFault> {
        let room = self.chronicle.room()?;
        if !until.decides() {
            return Err(BookFault::Late);
        }
        self.groups.open(group.key.clone(), || {
            let Group { key, member, origin, currency, .. } = group.clone();
            let opened = RecordBody::Opened(Opened { key, member, origin, currency });
            room.commit(opened, |sequence| (Entry::new(group, sequence), sequence))
        })
    }

    /// Takes houses and groups as they were found, before anybody uses the book.
    pub(crate) fn restore(&self, restored: Restored) -> Result<(), BookFault> {
        let Restored { houses, groups } = restored;
        for (house, state) in houses {
            let desk = Desk::new(house.clone(), Arc::clone(&self.chronicle), state);
            self.houses.insert(house, Arc::new(desk));
        }
        for (group, last) in groups {
            self.groups.open(group.key.clone(), || (Entry::new(group, last), last))?;
        }
        Ok(())
    }

    /// Forms the data of houses by the sets that they used last, then by those that are active: what a later set lacks is remembered, whether it
    /// comes now or has come while nothing ran.
    pub(crate) fn form_houses(&self) {
        let desks: Vec<_> =
            self.houses.iter().map(|own| (own.key().clone(), Arc::clone(own.value()))).collect();
        let sets = self.registry.snapshot();
        for (house, desk) in desks {
            let last = desk.set().and_then(|id| sets.get(&id).map(|own| Arc::clone(&own.set)));
            let Some(last) = last else { continue };
            let active = self.active(&house).filter(|set| set.id() != last.id());
            for set in std::iter::once(last).chain(active) {
                if let Err(fault) = desk.snapshot(Some(&set)) {
                    tracing::warn!(%house, %fault, "the data of a house are formed later");
                }
            }
        }
    }

    /// The ids of the sets that houses used last.
    pub(crate) fn sets(&self) -> Vec<(House, String)> {
        self.houses.iter().filter_map(|own| Some((own.key().clone(), own.value().set()?))).collect()
    }

    /// Notes that the set that a house used last could not be made active.
    pub(crate) fn lose_set(&self, house: House, lost: LostSet) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(house, lost);
    }

    /// The houses whose last set could not be made active, and for which no other is.
    pub(crate) fn lost_sets(&self) -> BTreeMap<House, LostSet> {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lost.retain(|house, _| self.active(house).is_none());
        lost
    }

    /// The turns at a group; its map is free again when this returns.
    pub(crate) fn entry(&self, key: &GroupKey) -> Result<Arc<Turns>, BookFault> {
        self.groups.get(key)
    }

    /// The keys of the groups of a house or of all, ascending, behind a key.
    pub(crate) fn keys(
        &self,
        house: Option<&House>,
        behind: Option<&GroupKey>,
        most: usize,
    ) -> Vec<GroupKey> {
        self.groups.keys(house, behind, most)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::group::{Body, Command, Fact, MarginTerms, Origin, Request};
    use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
    use plimsoll_engine::span::Margining;
    use plimsoll_engine::types::{Code, Currency, Money};

    use super::*;

    #[test]
    fn of_a_late_request_nothing_is_applied_and_a_late_fact_is_booked() {
        let registry = Arc::new(Registry::new(1));
        let digest = Digest([1; 32]);
        let set = build(&sample::definition(), digest, RoundingProfile::Exact, Default::default()).unwrap().0;
        let (house, id) = (set.house().clone(), set.id().to_owned());
        registry.insert(set, Default::default()).unwrap();
        registry.activate(&id, AccountScope::default(), false).unwrap();
        let book = Book::new(registry, Arc::default());
        let key = GroupKey { house, name: Code::new("G").unwrap() };
        let currency = Currency::new("USD").unwrap();
        let group = Group::new(key.clone(), Code::new("M").unwrap(), Origin::Client, currency.clone());
        let over = || Until::at(tokio::time::Instant::now());
        assert_eq!(book.open(group.clone(), &over()), Err(BookFault::Late));
        book.open(group, &Until::NEVER).unwrap();
        let submit = |command: &Command, until: &Until| {
            let (desk, house) = book.desk(&key.house).unwrap();
            let mut entry = book.entry(&key).unwrap().now().unwrap();
            book.submit(&mut entry, &desk, &house, command, (Place::Worker, until)).map(|own| own.outcome)
        };
        let command =
            |id: &str, body| Command { principal: Code::new("p").unwrap(), id: Code::new(id).unwrap(), body };
        let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
        let open = command("1", Body::Request(Request::OpenMarginAccount(Code::new("A").unwrap(), terms)));
        assert_eq!(submit(&open, &over()), Err(BookFault::Late));
        assert_eq!(book.entry(&key).unwrap().now().unwrap().group().sequence, 0);
        let one = Money::from_decimal(plimsoll_engine::types::Decimal::ONE).unwrap();
        let deposit = command("2", Body::Fact(Fact::Deposit(Code::new("D").unwrap(), currency, one)));
        assert_eq!(submit(&deposit, &over()).unwrap().refused, None);
        // Of what a caller has been told that its time is over nothing is applied: a fact is told again.
        let told = over();
        assert!(told.ends());
        let later = command("3", deposit.body);
        assert_eq!(submit(&later, &told), Err(BookFault::Late));
        // The same id, in time.
        assert_eq!(submit(&open, &Until::NEVER).unwrap().refused, None);
    }
}
