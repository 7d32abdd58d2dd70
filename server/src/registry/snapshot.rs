//! One state of the registry, which never changes: what a call works with from its beginning to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::parameters::{Diagnostics, ParameterSet};
use plimsoll_engine::types::House;

use super::scope::AccountScope;

/// A parameter set with the warnings about its file.
#[derive(Debug)]
pub(crate) struct LoadedSet {
    pub(crate) set: ParameterSet,
    pub(crate) warnings: Diagnostics,
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

    /// The sets of one house or of all, newest first; of one vintage by id.
    pub(crate) fn newest_first(&self, house: Option<&House>) -> Vec<&Arc<LoadedSet>> {
        let wanted = |loaded: &&Arc<LoadedSet>| house.is_none_or(|house| house == loaded.set.house());
        let mut sets: Vec<_> = self.sets.values().filter(wanted).collect();
        sets.sort_by(|a, b| b.set.vintage().cmp(a.set.vintage()).then_with(|| a.set.id().cmp(b.set.id())));
        sets
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
