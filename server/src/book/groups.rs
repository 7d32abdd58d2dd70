//! The groups of a book by their keys. Nothing of it is locked while a group is used.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use plimsoll_engine::group::GroupKey;
use plimsoll_engine::types::{GroupName, House};
use plimsoll_journal::Sequence;

use super::BookFault;
use super::entry::Entry;
use super::turns::Turns;

/// Keys that are copied at a time: the order of keys is locked for no longer.
const KEYS_AT_ONCE: usize = 1_000;

type Names = BTreeMap<House, BTreeSet<GroupName>>;

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_key: DashMap<GroupKey, Arc<Turns>>,
    /// The same keys in their order.
    names: Mutex<Names>,
}

impl Groups {
    /// The most groups.
    pub(super) const MOST: usize = 1_000_000;

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group.
    pub(super) fn get(&self, key: &GroupKey) -> Result<Arc<Turns>, BookFault> {
        let found = self.by_key.get(key).map(|turns| Arc::clone(turns.value()));
        found.ok_or_else(|| BookFault::UnknownGroup { house: key.house.clone(), group: key.name.clone() })
    }

    /// A new group, once its opening is written; its record.
    pub(super) fn open(
        &self,
        key: GroupKey,
        opened: impl FnOnce() -> (Entry, Sequence),
    ) -> Result<Sequence, BookFault> {
        if self.by_key.len() >= Self::MOST {
            return Err(BookFault::TooManyGroups);
        }
        match self.by_key.entry(key.clone()) {
            dashmap::Entry::Occupied(_) => Err(BookFault::GroupExists { house: key.house, group: key.name }),
            dashmap::Entry::Vacant(free) => {
                let (entry, sequence) = opened();
                free.insert(Arc::new(Turns::new(entry)));
                self.names().entry(key.house).or_default().insert(key.name);
                Ok(sequence)
            }
        }
    }

    /// The keys of the groups of a house or of all, ascending, behind a key.
    pub(super) fn keys(
        &self,
        house: Option<&House>,
        behind: Option<&GroupKey>,
        most: usize,
    ) -> Vec<GroupKey> {
        let mut keys: Vec<GroupKey> = Vec::new();
        while keys.len() < most {
            let wanted = KEYS_AT_ONCE.min(most - keys.len());
            let next = next_keys(&self.names(), house, keys.last().or(behind), wanted);
            let is_last = next.len() < wanted;
            keys.extend(next);
            if is_last {
                break;
            }
        }
        keys
    }
}

fn next_keys(
    names: &Names,
    house: Option<&House>,
    behind: Option<&GroupKey>,
    wanted: usize,
) -> Vec<GroupKey> {
    let first = behind.map(|key| &key.house).into_iter().chain(house).max();
    let houses = (first.map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded);
    let houses =
        names.range::<House, _>(houses).take_while(|(own, _)| house.is_none_or(|house| *own == house));
    let groups = houses.flat_map(|(house, names)| {
        let last = behind.filter(|key| key.house == *house).map(|key| &key.name);
        let behind = (last.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        names.range::<GroupName, _>(behind).map(|name| GroupKey { house: house.clone(), name: name.clone() })
    });
    groups.take(wanted).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::types::Code;

    use super::*;

    #[test]
    fn keys_come_in_their_order_behind_a_key() {
        let key = |house: &str, name: &str| GroupKey {
            house: Code::new(house).unwrap(),
            name: Code::new(name).unwrap(),
        };
        let all = [key("A", "x"), key("B", "a"), key("B", "b"), key("B", "c"), key("C", "a")];
        let mut names = Names::new();
        for key in &all {
            names.entry(key.house.clone()).or_default().insert(key.name.clone());
        }
        let keys = |house: Option<&GroupKey>, behind, wanted| {
            next_keys(&names, house.map(|key| &key.house), behind, wanted)
        };
        assert_eq!(keys(None, None, 9), all);
        assert_eq!(keys(None, None, 2), all[..2]);
        assert_eq!(keys(None, Some(&all[1]), 2), all[2..4]);
        let between = key("B", "bb");
        assert_eq!(keys(None, Some(&between), 9), all[3..]);
        assert_eq!(keys(Some(&all[1]), None, 9), all[1..4]);
        assert_eq!(keys(Some(&all[1]), Some(&all[2]), 9), all[3..4]);
        // A key of another house: of an earlier one all follow, of a later one none.
        assert_eq!(keys(Some(&all[1]), Some(&all[0]), 9), all[1..4]);
        assert_eq!(keys(Some(&all[1]), Some(&all[4]), 9), []);
        let last = key("D", "a");
        assert_eq!(keys(None, Some(&last), 9), []);
    }
}
