//! A house at work: what it stated, written down before it is used, and the snapshot that decisions use.

mod dropping;
mod naming;
mod restating;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwapOption;
use plimsoll_engine::contract::{ContractId, ContractKey, Specification};
use plimsoll_engine::grid::NotForBooks;
use plimsoll_engine::group::{GroupKey, HouseMethods, HouseSnapshot, LastKnown, SettlementRun};
use plimsoll_engine::market::{MarketFault, Quote, Snapshot};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::record::{HouseChange, RecordBody, RunKey, Unreadable};
use plimsoll_engine::types::{House, MethodName, Moment, Reference};
use plimsoll_journal::{Cut, Sequence};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::chronicle::Chronicle;
use super::house::{Contracts, HouseState, Methods, Stated, priced};
use super::recovery::house_key;
use super::{BookFault, indivisible};
use crate::until::Until;

use dropping::Dropping;
pub(crate) use dropping::{Dropped, Stands};
pub(crate) use naming::Unnamed;

/// The most contracts of one record.
const RECORD_CONTRACTS: usize = 10_000;
/// Contracts of a set that are made known at a time: names are looked up in between.
const CONTRACTS_AT_ONCE: usize = 1_000;

/// What is wrong with one of the contracts that are stated.
#[derive(Debug)]
pub(crate) struct ContractFault {
    /// Its place among them.
    pub(crate) place: usize,
    pub(crate) message: String,
}

/// A method that cannot margin a book.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub(crate) method: MethodName,
    pub(crate) reason: NotForBooks,
}

impl From<Unfit> for NotStated {
    fn from(unfit: Unfit) -> Self {
        Self::Method(unfit)
    }
}

/// Why something is not stated.
#[derive(Debug)]
pub(crate) enum NotStated {
    Contracts(Vec<ContractFault>),
    /// Of so many quotes.
    Market(usize, Vec<MarketFault>),
    Method(Unfit),
    /// Groups that may have come to use what would be dropped since they were looked at.
    Reached(BTreeSet<GroupKey>),
    Book(BookFault),
}

impl From<BookFault> for NotStated {
    fn from(fault: BookFault) -> Self {
        Self::Book(fault)
    }
}

/// What takes too long is not stated.
fn in_time(until: &Until) -> Result<(), BookFault> {
    if until.decides() { Ok(()) } else { Err(BookFault::Late) }
}

/// A house.
#[derive(Debug)]
pub(crate) struct Desk {
    house: House,
    chronicle: Arc<Chronicle>,
    contracts: RwLock<Contracts>,
    /// Held while a snapshot is made, so that versions follow each other; orders do not wait for it.
    stated: Mutex<Stated>,
    /// Who has it states something of the house, or makes its snapshot, on a worker: one worker at a time for a house.
    turn: Arc<AsyncMutex<()>>,
    /// The same of settlement runs, which go over all groups.
    run_turn: Arc<AsyncMutex<()>>,
    snapshot: ArcSwapOption<HouseSnapshot>,
    /// Held while a settlement run is told to groups.
    settling: Mutex<()>,
    /// Held while it is seen that what is about to be dropped is not in use.
    restating: Mutex<()>,
    /// What that is.
    dropping: ArcSwapOption<Dropping>,
    /// The last record of the house.
    last: AtomicU64,
    /// The last record that a cut has.
    cut: AtomicU64,
}

/// A snapshot and the record that has to be durable before it is spoken of.
pub(crate) type Renewed = (Arc<HouseSnapshot>, Sequence);

impl Desk {
    /// The most contracts that are known.
    pub(crate) const MOST_CONTRACTS: usize = 10_000_000;

    pub(crate) fn new(house: House, chronicle: Arc<Chronicle>, state: HouseState) -> Self {
        Self {
            house,
            chronicle,
            contracts: RwLock::new(state.contracts),
            stated: Mutex::new(state.stated),
            turn: Arc::default(),
            run_turn: Arc::default(),
            snapshot: ArcSwapOption::default(),
            settling: Mutex::default(),
            restating: Mutex::default(),
            dropping: ArcSwapOption::default(),
            last: AtomicU64::new(state.last.0),
            cut: AtomicU64::new(0),
        }
    }

    fn contracts(&self) -> RwLockReadGuard<'_, Contracts> {
        self.contracts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self) -> RwLockWriteGuard<'_, Contracts> {
        self.contracts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held while the house prices, and while contracts get numbers.
    #[cfg(test)]
    pub(crate) fn at_work(&self) -> impl Sized {
        (self.stated(), self.writable())
    }

    /// Waits, as a task, until nobody else states something of the house.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Waits, as a task, until no other settlement run is told to the house.
    pub(crate) async fn run_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.run_turn).lock_owned().await
    }

    fn stated(&self) -> MutexGuard<'_, Stated> {
        self.stated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what the house states; the caller holds the lock of it, and changes it indivisibly with this.
    fn write(&self, change: HouseChange) -> Result<Sequence, BookFault> {
        let room = self.chronicle.room_waiting()?;
        Ok(room.commit(RecordBody::House(self.house.clone(), change), |sequence| {
            self.last.fetch_max(sequence.0, Ordering::SeqCst);
            sequence
        }))
    }

    /// The last record of the house.
    pub(crate) fn last(&self) -> Sequence {
        Sequence(self.last.load(Ordering::SeqCst))
    }

    /// The snapshot for a set, if it has been made.
    pub(crate) fn current(&self, set: Option<&Arc<ParameterSet>>) -> Option<Arc<HouseSnapshot>> {
        let is_current =
            |known: &Arc<HouseSnapshot>| known.set().map(|own| own.id()) == set.map(|set| set.id());
        // With a market alone nothing is margined.
        let is_known = |known: &Arc<HouseSnapshot>| known.set().is_some() || known.has_contracts();
        self.snapshot.load_full().filter(is_current).filter(is_known)
    }

    /// The snapshot for a set; `None` while the house has neither a set nor contracts. It may wait until it is made.
    pub(crate) fn snapshot(
        &self,
        set: Option<&Arc<ParameterSet>>,
    ) -> Result<Option<Arc<HouseSnapshot>>, BookFault> {
        if let Some(known) = self.current(set) {
            return Ok(Some(known));
        }
        if set.is_none() && self.contracts().all.contracts().is_empty() {
            return Ok(None);
        }
        let mut stated = self.stated();
        // Another may have made it while this one waited.
        if let Some(known) = self.current(set) {
            return Ok(Some(known));
        }
        let sequence = self.use_set(&mut stated, set)?;
        let renewed = self.renewed(&mut stated, set, sequence);
        // Methods have been found fit when they were stated, with another set or before a start.
        let unfit =
            |Unfit { method, reason }| BookFault::Method { house: self.house.clone(), method, reason };
        renewed.map(|own| Some(own.0)).map_err(unfit)
    }

    /// Notes which set the house uses from now on, and its contracts.
    fn use_set(&self, stated: &mut Stated, set: Option<&Arc<ParameterSet>>) -> Result<Sequence, BookFault> {
        let id = set.map(|set| set.id().to_string());
        if let Some(set) = set {
            let mut listed = set.listings().iter().map(|(key, _)| key).peekable();
            while listed.peek().is_some() {
                let mut contracts = self.writable();
                let first = contracts.all.contracts().len();
                indivisible(|| {
                    for key in listed.by_ref().take(CONTRACTS_AT_ONCE) {
                        // Contracts of sets have no specification that could differ.
                        let _ = contracts.know(key, None);
                    }
                    self.write_known(&contracts, first)
                })?;
            }
        }
        if stated.set != id {
            let lost = self.snapshot.load_full().map(|before| {
                let methods = before.methods().cloned().unwrap_or_else(HouseMethods::none);
                stated.snapshot(&self.house, &self.contracts(), set, methods).lost_since(&before)
            });
            indivisible(|| {
                self.retain(stated, lost.unwrap_or_default())?;
                let sequence = self.write(HouseChange::Set(id.clone()))?;
                stated.renewed_by(sequence);
                stated.set = id;
                Ok::<_, BookFault>(())
            })?;
        }
        // What has not changed has the version that it had.
        Ok(Sequence(stated.version))
    }

    /// Writes down what a change leaves without a price or a margin, before the change itself.
    fn retain(&self, stated: &mut Stated, lost: Vec<(ContractId, LastKnown)>) -> Result<(), BookFault> {
        for part in lost.chunks(RECORD_CONTRACTS) {
            self.write(HouseChange::Retained(part.to_vec()))?;
        }
        stated.retain(lost);
        Ok(())
    }

    /// Writes down a change and makes it, with what it leaves without a price or a margin.
    fn changed(
        &self,
        stated: &mut Stated,
        set: Option<&Arc<ParameterSet>>,
        priced: HouseMethods,
        (change, make): (HouseChange, impl FnOnce(&mut Stated)),
    ) -> Result<Renewed, NotStated> {
        indivisible(|| {
            make(stated);
            let snapshot = stated.snapshot(&self.house, &self.contracts(), set, priced);
            let lost = self.snapshot.load_full().map(|before| snapshot.lost_since(&before));
            self.retain(stated, lost.unwrap_or_default())?;
            // Written last, so that decisions before the record use what was before it.
            let sequence = self.write(change)?;
            stated.renewed_by(sequence);
            let retained = Arc::clone(&stated.retained);
            let snapshot = Arc::new(snapshot.with_version(stated.version).with_retained(retained));
            self.snapshot.store(Some(Arc::clone(&snapshot)));
            Ok((snapshot, sequence))
        })
    }

    /// Writes down the contracts from a number on.
    fn write_known(&self, contracts: &Contracts, first: usize) -> Result<Sequence, BookFault> {
        let mut sequence = Sequence::NONE;
        let new = &contracts.all.contracts()[first..];
        for part in new.chunks(RECORD_CONTRACTS) {
            let Some(id) = contracts.all.id(&part[0].key) else { continue };
            let known = part.iter().map(|own| (own.key.clone(), own.specification.clone()));
            sequence = self.write(HouseChange::Contracts(id, known.collect()))?;
        }
        Ok(sequence)
    }

    /// States what contracts are, all or none.
    pub(crate) fn state_contracts(
        &self,
        set: Option<&Arc<ParameterSet>>,
        contracts: Vec<(ContractKey, Specification)>,
        until: &Until,
    ) -> Result<Renewed, NotStated> {
        let mut stated = self.stated();
        self.use_set(&mut stated, set)?;
        let mut sequence = self.take(&mut stated, contracts, until)?;
        if sequence == Sequence::NONE && self.chronicle.journal().is_some() {
            // All of them were known: nothing has changed.
            sequence = Sequence(stated.version);
        }
        Ok(self.renewed(&mut stated, set, sequence)?)
    }

    fn take(
        &self,
        renewed: &mut Stated,
        contracts: Vec<(ContractKey, Specification)>,
        until: &Until,
    ) -> Result<Sequence, NotStated> {
        let mut own = self.writable();
        let mut faults = Vec::new();
        let mut stated = BTreeSet::new();
        for (place, (key, specification)) in contracts.iter().enumerate() {
            let known = own.all.id(key).and_then(|id| own.all.get(id)?.specification.as_ref());
            if known.is_some_and(|known| known != specification) {
                let message = "is known with another specification: a contract's terms do not change";
                faults.push(ContractFault { place, message: format!("{key} {message}") });
            }
            if !stated.insert(key) {
                faults.push(ContractFault { place, message: format!("{key} is stated a second time") });
            }
        }
        if own.all.contracts().len() + contracts.len() > Self::MOST_CONTRACTS {
            faults.push(ContractFault { place: 0, message: "no more contracts can be known".to_owned() });
        }
        if !faults.is_empty() {
            return Err(NotStated::Contracts(faults));
        }
        in_time(until)?;
        indivisible(|| {
            let sequence = self.specify(&mut own, contracts)?;
            if sequence != Sequence::NONE {
                renewed.renewed_by(sequence);
            }
            Ok(sequence)
        })
    }

    /// Notes contracts with their specifications; the last record of it.
    fn specify(
        &self,
        own: &mut Contracts,
        contracts: Vec<(ContractKey, Specification)>,
    ) -> Result<Sequence, BookFault> {
        let first = own.all.contracts().len();
        let mut before = Vec::new();
        for (key, specification) in contracts {
            let is_bare =
                own.all.id(&key).and_then(|id| own.all.get(id)).map(|own| own.specification.is_none());
            if let Ok(id) = own.know(key, Some(specification.clone()))
                && is_bare == Some(true)
            {
                before.push((id, specification));
            }
        }
        let mut sequence = Sequence::NONE;
        if !before.is_empty() {
            sequence = self.write(HouseChange::Specified(before))?;
        }
        Ok(sequence.max(self.write_known(own, first)?))
    }

    /// How many contracts have a specification.
    pub(crate) fn specified(&self) -> usize {
        self.contracts().specified.values().map(Vec::len).sum()
    }

    /// Applies quotes to the market of the house, all or none; the market's version.
    pub(crate) fn update_market(
        &self,
        set: Option<&Arc<ParameterSet>>,
        time: Moment,
        quotes: &[Quote],
        until: &Until,
    ) -> Result<(Renewed, u64), NotStated> {
        let mut stated = self.stated();
        self.use_set(&mut stated, set)?;
        let next = stated.market.next(time, quotes);
        let next = next.map_err(|faults| NotStated::Market(quotes.len(), faults))?;
        let priced = self.priced(&stated.methods, &next)?;
        in_time(until)?;
        let market = next.version();
        let change = HouseChange::Market(time, quotes.to_vec());
        let made = (change, |stated: &mut Stated| stated.market = next);
        Ok((self.changed(&mut stated, set, priced, made)?, market))
    }

    /// Whether a settlement run of an id has been told.
    pub(super) fn has_run(&self, id: &Reference) -> bool {
        self.stated().runs.known(id).is_some()
    }

    /// The turn of a settlement run: one at a time is told to the groups of the house.
    pub(super) fn settles(&self) -> MutexGuard<'_, ()> {
        self.settling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a settlement run, which groups settle by from now on; its key, and the record that told it first. Of one id there is one run,
    /// for ever.
    pub(super) fn told(
        &self,
        known: &Arc<HouseSnapshot>,
        run: &Arc<SettlementRun>,
    ) -> Result<(RunKey, Sequence), BookFault> {
        let mut stated = self.stated();
        let key = RunKey::of(run).unwrap_or_else(|error| unreachable!("a settlement run: {error}"));
        if let Some(known) = stated.runs.known(&run.id) {
            let other = || BookFault::OtherRun { house: self.house.clone(), run: run.id.clone() };
            return if known.key == key { Ok((key, known.at())) } else { Err(other()) };
        }
        let room = self.chronicle.room_waiting()?;
        let newest = self.newest().unwrap_or_else(|| Arc::clone(known));
        room.commit(RecordBody::Run(self.house.clone(), Arc::clone(run)), |sequence| {
            self.last.fetch_max(sequence.0, Ordering::SeqCst);
            stated.runs.told(sequence, key, run);
            stated.renewed_by(sequence);
            let settlements = Arc::clone(stated.runs.settlements());
            let settled = (*newest).clone().with_settlements(stated.version, settlements);
            self.snapshot.store(Some(Arc::new(settled)));
            Ok((key, sequence))
        })
    }

    fn priced(&self, methods: &Methods, market: &Snapshot) -> Result<HouseMethods, Unfit> {
        // Pricing takes long: names are looked up meanwhile.
        let owned = |(id, own): (ContractId, &Specification)| (id, own.clone());
        let specified: Vec<(ContractId, Specification)> =
            self.contracts().all.specified().map(owned).collect();
        let specified = specified.iter().map(|(id, own)| (*id, own));
        priced(methods, market, specified).map_err(|(method, reason)| Unfit { method, reason })
    }

    fn renewed(
        &self,
        stated: &mut Stated,
        set: Option<&Arc<ParameterSet>>,
        sequence: Sequence,
    ) -> Result<Renewed, Unfit> {
        let priced = self.priced(&stated.methods, &stated.market)?;
        Ok(self.publish(stated, set, sequence, priced))
    }

    fn publish(
        &self,
        stated: &mut Stated,
        set: Option<&Arc<ParameterSet>>,
        sequence: Sequence,
        priced: HouseMethods,
    ) -> Renewed {
        stated.renewed_by(sequence);
        let snapshot = Arc::new(stated.snapshot(&self.house, &self.contracts(), set, priced));
        self.snapshot.store(Some(Arc::clone(&snapshot)));
        (snapshot, sequence)
    }

    /// The id of the set that its book used last.
    pub(crate) fn set(&self) -> Option<String> {
        self.stated().set.clone()
    }

    /// The newest snapshot, if there is one.
    pub(super) fn newest(&self) -> Option<Arc<HouseSnapshot>> {
        self.snapshot.load_full()
    }

    /// What cuts have is not known any more.
    pub(super) fn forget_cut(&self) {
        self.cut.store(0, Ordering::SeqCst);
    }

    /// The state of the house as of its last record; nothing where a cut has it.
    pub(super) fn cut(&self) -> Result<Option<Cut>, Unreadable> {
        let (stated, contracts) = (self.stated(), self.contracts());
        let at = self.last();
        if self.cut.swap(at.0, Ordering::SeqCst) == at.0 {
            return Ok(None);
        }
        let (key, state) = (house_key(&self.house), HouseState::stored(&contracts, &stated)?);
        Ok(Some(Cut { key, at, state }))
    }
}
