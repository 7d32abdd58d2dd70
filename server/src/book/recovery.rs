//! From what was written down to what it said: cuts first, then the records behind them. Nothing is decided here.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use plimsoll_engine::group::{Event, Group, GroupKey, SettlementRun};
use plimsoll_engine::record::{
    GroupChange, HouseChange, Opened, Record, RecordBody, RunKey, StoredEvent, StoredGroup, Unreadable,
    decoded,
};
use plimsoll_engine::types::{Code, House};
use plimsoll_journal::{Cut, Cuts, JournalError, Sequence};
use thiserror::Error;

use super::house::HouseState;
use super::runs::run_key;

/// A group as records have made it.
struct Replayed {
    group: Group,
    /// Runs before those in the group: how many of them are still needed is known at the end.
    runs: Vec<RunKey>,
    /// What its cut has already.
    cut: Sequence,
    last: Sequence,
}

/// Why what was written down is not what somebody said.
#[derive(Debug, Error)]
pub(crate) enum ReplayFault {
    /// Bytes that say nothing.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A cut that cannot be trusted.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A settlement run that a group settled by is in no record and no cut.
    #[error("a settlement run of house {house} that groups settled by is missing, which record {at} told")]
    RunMissing {
        house: House,
        /// None where the house does not know it either.
        at: Sequence,
    },
}

/// Whole settlement runs: those that records told, and those that cuts have.
struct WholeRuns<'a> {
    found: BTreeMap<RunKey, Arc<SettlementRun>>,
    cuts: &'a Cuts,
}

impl WholeRuns<'_> {
    /// A run that a group names; the house knows which record told it.
    fn find(
        &mut self,
        house: &House,
        key: RunKey,
        known: Option<&HouseState>,
    ) -> Result<Arc<SettlementRun>, ReplayFault> {
        if let Some(run) = self.found.get(&key) {
            return Ok(Arc::clone(run));
        }
        let at = known.and_then(|own| own.runs().told_at(key)).unwrap_or(Sequence::NONE);
        let missing = || ReplayFault::RunMissing { house: house.clone(), at };
        let cut = self.cuts.before(&run_key(house, key), Sequence(u64::MAX))?.ok_or_else(missing)?;
        let run: Arc<SettlementRun> = decoded(&cut.state)?;
        self.found.insert(key, Arc::clone(&run));
        Ok(run)
    }
}

/// Houses and groups as records have made them.
pub(crate) struct Recovered<'a> {
    houses: BTreeMap<House, HouseState>,
    groups: HashMap<GroupKey, Replayed>,
    runs: WholeRuns<'a>,
    /// The only group that is wanted, if not all are, and the last record whose data of its house are.
    only: Option<(GroupKey, Sequence)>,
    /// Records that were read.
    pub(crate) records: u64,
}

/// Houses, and groups with their last records.
pub(crate) struct Restored {
    pub(crate) houses: BTreeMap<House, HouseState>,
    pub(crate) groups: Vec<(Group, Sequence)>,
}

/// The keys of cuts: houses come before groups.
pub(crate) fn house_key(house: &House) -> Vec<u8> {
    [b"h".as_slice(), house.as_str().as_bytes()].concat()
}

/// The same of a group.
pub(crate) fn group_key(key: &GroupKey) -> Vec<u8> {
    [b"k".as_slice(), key.house.as_str().as_bytes(), &[0], key.name.as_str().as_bytes()].concat()
}

/// What is known of a house before its newer data count: which numbers contracts have.
fn named(change: HouseChange) -> Option<HouseChange> {
    let HouseChange::Contracts(first, contracts) = change else { return None };
    let names = contracts.into_iter().map(|(key, _)| (key, None));
    Some(HouseChange::Contracts(first, names.collect()))
}

impl<'a> Recovered<'a> {
    /// Of everything.
    pub(crate) fn new(cuts: &'a Cuts) -> Self {
        let runs = WholeRuns { found: BTreeMap::new(), cuts };
        Self { houses: BTreeMap::new(), groups: HashMap::new(), runs, only: None, records: 0 }
    }

    /// Of one group, and its house as of a record.
    pub(crate) fn only(cuts: &'a Cuts, key: GroupKey, house: Sequence) -> Self {
        Self { only: Some((key, house)), ..Self::new(cuts) }
    }

    fn wants(&self, key: &GroupKey) -> bool {
        self.only.as_ref().is_none_or(|(only, _)| only == key)
    }

    fn wants_house(&self, house: &House) -> bool {
        self.only.as_ref().is_none_or(|(only, _)| only.house == *house)
    }

    /// Takes a cut.
    pub(crate) fn cut(&mut self, cut: Cut) -> Result<(), Unreadable> {
        let Cut { key, at, state } = cut;
        let text = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).map_err(|error| Unreadable(error.to_string()))?;
            Code::new(text).map_err(|error| Unreadable(error.to_string()))
        };
        match key.split_first() {
            Some((b'h', house)) => {
                self.houses.insert(text(house)?, HouseState::restored(&state, at)?);
            }
            Some((b'k', _)) => {
                let StoredGroup { group, runs } = decoded(&state)?;
                self.groups.insert(group.key.clone(), Replayed { group, runs, cut: at, last: at });
            }
            // Runs are read when a group names them.
            Some((b'r', _)) => {}
            _ => return Err(Unreadable("a cut of something unknown".to_owned())),
        }
        Ok(())
    }

    /// Applies a record.
    pub(crate) fn record(&mut self, sequence: Sequence, payload: &[u8]) -> Result<(), ReplayFault> {
        self.records += 1;
        let record: Record = decoded(payload)?;
        match record.body {
            RecordBody::Opened(Opened { key, .. }) if !self.wants(&key) => {}
            RecordBody::Opened(Opened { key, member, origin, currency }) => {
                self.groups.entry(key.clone()).or_insert_with(|| {
                    let group = Group::new(key, member, origin, currency);
                    Replayed { group, runs: Vec::new(), cut: sequence, last: sequence }
                });
            }
            RecordBody::Groups(changes) => {
                let wanted: Vec<GroupChange> =
                    changes.into_iter().filter(|change| self.wants(&change.key)).collect();
                wanted.into_iter().try_for_each(|change| self.changed(sequence, change))?;
            }
            RecordBody::Run(house, _) | RecordBody::House(house, _) if !self.wants_house(&house) => {}
            RecordBody::Run(house, run) => {
                self.runs.found.insert(RunKey::of(&run)?, Arc::clone(&run));
                let own = self.houses.entry(house).or_default();
                if sequence > own.last() {
                    own.told(sequence, &run)?;
                }
            }
            RecordBody::House(house, change) => {
                let is_of_then = self.only.as_ref().is_none_or(|(_, last)| sequence <= *last);
                let own = self.houses.entry(house).or_default();
                match if is_of_then { Some(change) } else { named(change) } {
                    Some(change) if sequence > own.last() => own.apply(sequence, change)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn changed(&mut self, sequence: Sequence, change: GroupChange) -> Result<(), ReplayFault> {
        let GroupChange { key, events, .. } = change;
        let own = self.groups.get_mut(&key);
        let own = own.ok_or_else(|| Unreadable(format!("group {} was never opened", key.name)))?;
        if sequence <= own.cut {
            return Ok(());
        }
        let house = self.houses.get(&key.house);
        for event in events {
            let event = match event {
                StoredEvent::Event(event) => event,
                StoredEvent::Settled(run) => Event::Settled(self.runs.find(&key.house, run, house)?),
            };
            own.group.apply(&event);
        }
        own.last = sequence;
        Ok(())
    }

    /// Everything, once all records are applied.
    pub(crate) fn finished(self) -> Result<Restored, ReplayFault> {
        let Self { houses, groups: replayed, runs: mut whole, .. } = self;
        let mut groups = Vec::with_capacity(replayed.len());
        for Replayed { mut group, runs, last, .. } in replayed.into_values() {
            let own = group.key.house.clone();
            let house = houses.get(&own);
            // Of those before, only as many are needed as have not been forgotten since.
            let wanted = Group::KEPT_RUNS.saturating_sub(group.runs.len());
            let forgotten = runs.len().saturating_sub(wanted);
            let before = runs.into_iter().skip(forgotten).map(|key| whole.find(&own, key, house));
            let mut all = before.collect::<Result<VecDeque<Arc<_>>, _>>()?;
            all.append(&mut group.runs);
            group.runs = all;
            groups.push((group, last));
        }
        Ok(Restored { houses, groups })
    }
}
