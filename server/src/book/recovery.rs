//! From what was written down to what it said: cuts first, then the records behind them. Nothing is decided here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use plimsoll_engine::group::{Group, GroupKey};
use plimsoll_engine::record::{
    GroupChange, HouseChange, Opened, Record, RecordBody, Unreadable, decoded, encoded,
};
use plimsoll_engine::types::{Code, House, Kind};
use plimsoll_journal::{Cut, Sequence};

use super::house::HouseState;

/// A group as records have made it.
struct Replayed {
    group: Group,
    /// What its cut has already.
    cut: Sequence,
    last: Sequence,
}

/// Houses and groups as records have made them.
#[derive(Default)]
pub(crate) struct Recovered {
    houses: BTreeMap<House, HouseState>,
    groups: HashMap<GroupKey, Replayed>,
    /// The only group that is wanted, if not all are, and the last record whose data of its house are.
    only: Option<(GroupKey, Sequence)>,
    /// Records that are left out.
    quarantined: BTreeSet<Sequence>,
    /// Those of them that records have named.
    pub(crate) named: BTreeSet<Sequence>,
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

/// Whose state a cut has.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum CutKey {
    House(House),
    Group(GroupKey),
}

impl CutKey {
    /// From the bytes that it is stored under.
    pub(crate) fn read(key: &[u8]) -> Result<Self, Unreadable> {
        match key.split_first() {
            Some((b'h', house)) => Ok(Self::House(text(house)?)),
            Some((b'k', names)) => {
                let mut names = names.splitn(2, |byte| *byte == 0);
                let (house, name) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
                Ok(Self::Group(GroupKey { house: text(house)?, name: text(name)? }))
            }
            _ => Err(Unreadable("a cut of something unknown".to_owned())),
        }
    }
}

impl fmt::Display for CutKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House(house) => write!(f, "house {house}"),
            Self::Group(key) => write!(f, "group {} of house {}", key.name, key.house),
        }
    }
}

fn text<K: Kind>(bytes: &[u8]) -> Result<Code<K>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|error| Unreadable(error.to_string()))?;
    Code::new(text).map_err(|error| Unreadable(error.to_string()))
}

/// What is known of a house before its newer data count: which numbers contracts have.
fn named(change: HouseChange) -> Option<HouseChange> {
    let HouseChange::Contracts(first, contracts) = change else { return None };
    let names = contracts.into_iter().map(|(key, _)| (key, None));
    Some(HouseChange::Contracts(first, names.collect()))
}

impl Recovered {
    /// Of one group, and its house as of a record.
    pub(crate) fn only(key: GroupKey, house: Sequence) -> Self {
        Self { only: Some((key, house)), ..Self::default() }
    }

    /// Leaves records out.
    pub(crate) fn without(self, quarantined: BTreeSet<Sequence>) -> Self {
        Self { quarantined, ..self }
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
        match CutKey::read(&key)? {
            CutKey::House(house) => {
                self.houses.insert(house, HouseState::restored(&state, at)?);
            }
            CutKey::Group(key) => {
                let group: Group = decoded(&state)?;
                if group.key != key {
                    return Err(Unreadable(format!(
                        "the cut of {} has {}",
                        CutKey::Group(key),
                        group.key.name
                    )));
                }
                self.groups.insert(key, Replayed { group, cut: at, last: at });
            }
        }
        Ok(())
    }

    /// Applies a record.
    pub(crate) fn record(&mut self, sequence: Sequence, payload: &[u8]) -> Result<(), Unreadable> {
        self.records += 1;
        if self.quarantined.contains(&sequence) {
            return Ok(());
        }
        let record: Record = decoded(payload)?;
        self.follow(sequence, record.body)
    }

    fn follow(&mut self, sequence: Sequence, body: RecordBody) -> Result<(), Unreadable> {
        match body {
            RecordBody::Opened(Opened { key, .. }) if !self.wants(&key) => {}
            RecordBody::Opened(Opened { key, member, origin, currency }) => {
                self.groups.entry(key.clone()).or_insert_with(|| {
                    let group = Group::new(key, member, origin, currency);
                    Replayed { group, cut: sequence, last: sequence }
                });
            }
            RecordBody::Groups(changes) => {
                let wanted: Vec<GroupChange> =
                    changes.into_iter().filter(|change| self.wants(&change.key)).collect();
                wanted.into_iter().try_for_each(|change| self.changed(sequence, change))?;
            }
            RecordBody::Run(house, _) | RecordBody::House(house, _) if !self.wants_house(&house) => {}
            RecordBody::Run(house, run) => {
                let is_of_then = self.only.as_ref().is_none_or(|(_, last)| sequence <= *last);
                let own = self.houses.entry(house).or_default();
                if is_of_then && sequence > own.last() {
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
            RecordBody::Quarantined(own) => {
                self.named.insert(Sequence(own.record));
            }
        }
        Ok(())
    }

    fn changed(&mut self, sequence: Sequence, change: GroupChange) -> Result<(), Unreadable> {
        let GroupChange { key, events, .. } = change;
        let own = self.groups.get_mut(&key);
        let own = own.ok_or_else(|| Unreadable(format!("group {} was never opened", key.name)))?;
        if sequence <= own.cut {
            return Ok(());
        }
        own.group
            .apply_all(&events)
            .map_err(|overflow| Unreadable(format!("group {}: {overflow}", key.name)))?;
        own.group.recorded(sequence.0);
        own.last = sequence;
        Ok(())
    }

    /// Notes what a record says is left out, of a log that cannot be followed any more.
    pub(crate) fn heard(&mut self, payload: &[u8]) {
        if let Ok(Record { body: RecordBody::Quarantined(own), .. }) = decoded(payload) {
            self.named.insert(Sequence(own.record));
        }
    }

    /// Whether records or a cut have begun it.
    pub(crate) fn knows(&self, key: &CutKey) -> bool {
        match key {
            CutKey::House(house) => self.houses.contains_key(house),
            CutKey::Group(key) => self.groups.contains_key(key),
        }
    }

    /// Applies a record of a log that has lost its beginning: groups that were opened before it, and are not known by a cut, do not count.
    pub(crate) fn known_record(&mut self, sequence: Sequence, payload: &[u8]) -> Result<(), Unreadable> {
        if self.quarantined.contains(&sequence) {
            return Ok(());
        }
        let record: Record = decoded(payload)?;
        let body = match record.body {
            RecordBody::Groups(mut changes) => {
                changes.retain(|change| self.groups.contains_key(&change.key));
                RecordBody::Groups(changes)
            }
            other @ (RecordBody::Opened(_)
            | RecordBody::Run(..)
            | RecordBody::House(..)
            | RecordBody::Quarantined(_)) => other,
        };
        self.follow(sequence, body)
    }

    /// What records have made of a house or a group, by the key of its cuts: the last record that is in it, and its bytes.
    pub(crate) fn state(&self, key: &CutKey) -> Result<Option<(Sequence, Vec<u8>)>, Unreadable> {
        match key {
            CutKey::House(house) => {
                let own = self.houses.get(house);
                own.map(|own| Ok((own.last(), own.bytes()?))).transpose()
            }
            CutKey::Group(key) => {
                let own = self.groups.get(key);
                own.map(|own| Ok((own.last, encoded(&own.group)?))).transpose()
            }
        }
    }

    /// Everything, once all records are applied.
    pub(crate) fn finished(self) -> Restored {
        let groups = self.groups.into_values().map(|Replayed { group, last, .. }| (group, last));
        Restored { houses: self.houses, groups: groups.collect() }
    }
}
