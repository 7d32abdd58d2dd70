//! One state of the registry, which never changes: what a call works with from its beginning to its end.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::parameters::{Diagnostics, ParameterSet, Vintage};
use plimsoll_engine::types::House;

use super::scope::AccountScope;

/// A parameter set with the warnings about its file.
#[derive(Debug)]
pub(crate) struct LoadedSet {
    pub(crate) set: Arc<ParameterSet>,
    pub(crate) warnings: Diagnostics,
}

/// Where a set stands in lists: newest first, of one vintage by id. It means the same whether the set is there or not.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct ListPlace {
    pub(crate) vintage: Reverse<Vintage>,
    pub(crate) id: String,
}

impl LoadedSet {
    /// Its place in lists.
    pub(crate) fn place(&self) -> ListPlace {
        ListPlace { vintage: Reverse(self.set.vintage().clone()), id: self.set.id().to_owned() }
    }
}

/// The sets that are loaded, and which of them are active.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(super) sets: BTreeMap<String, Arc<LoadedSet>>,
    pub(super) active: BTreeMap<House, BTreeMap<AccountScope, Arc<LoadedSet>>>,
}

impl Snapshot {
    /// The set with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<LoadedSet>> {
        self.sets.get(id)
    }

    /// The set that is active for a house and an account scope.
    pub(crate) fn active(&self, house: &House, scope: &AccountScope) -> Option<&Arc<LoadedSet>> {
        self.active.get(house)?.get(scope)
    }

    /// The sets of one house or of all, in the order of lists.
    pub(crate) fn newest_first(&self, house: Option<&House>) -> Vec<&Arc<LoadedSet>> {
        let wanted = |loaded: &&Arc<LoadedSet>| house.is_none_or(|house| house == loaded.set.house());
        let mut sets: Vec<_> = self.sets.values().filter(wanted).collect();
        sets.sort_by_cached_key(|loaded| loaded.place());
        sets
    }

    /// The oldest set that is active for no scope.
    pub(super) fn oldest_inactive(&self) -> Option<&Arc<LoadedSet>> {
        let inactive = self.sets.values().filter(|loaded| self.active_scopes(&loaded.set).next().is_none());
        inactive.min_by_key(|loaded| loaded.set.vintage())
    }

    /// The account scopes of its house for which a set is active.
    pub(crate) fn active_scopes(&self, set: &ParameterSet) -> impl Iterator<Item = &AccountScope> {
        let scopes = self.active.get(set.house()).into_iter().flatten();
        scopes.filter(|(_, active)| active.set.id() == set.id()).map(|(scope, _)| scope)
    }

    pub(super) fn scopes(&self) -> usize {
        self.active.values().map(BTreeMap::len).sum()
    }
}
