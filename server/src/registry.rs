//! The parameter sets that the server holds, and which of them is active for whom.
//!
//! Readers take a [`Snapshot`] and never wait; a writer copies the snapshot (which holds the sets by reference), changes
//! the copy and swaps it in, one writer at a time. A set is never changed, and who works with a set that is given up keeps
//! it to the end of the work.
//!
//! Rules of loading: an id names one file with one rounding profile. The same file with the same profile is answered with
//! the set that is there; with another profile it is refused, because what an id has meant in a report it must go on to
//! mean (a calculation may name another profile for itself).
//!
//! Rule of giving up: a set that finds the registry full takes the place of the oldest set (by vintage) that is active for
//! no scope, if that is older than it; else it is refused. So a server that is sent a file a day goes on for ever, and what
//! is active stays.
//!
//! Rules of activation: a set replaces the active one of its house and account scope unless that one is newer by vintage
//! (business date, stage, run, creation time); force replaces a newer one too. Of one vintage the later request wins.

mod scope;
mod snapshot;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use plimsoll_engine::parameters::{Diagnostics, ParameterSet, RoundingProfile};
use thiserror::Error;

pub(crate) use scope::AccountScope;
pub(crate) use snapshot::{ListPlace, LoadedSet, Snapshot};

/// The sets, and who may change which are there.
#[derive(Debug)]
pub(crate) struct Registry {
    state: ArcSwap<Snapshot>,
    /// Held by the one who changes the state; readers do not take it.
    writer: Mutex<()>,
    capacity: usize,
}

/// A set that is in the registry.
#[derive(Clone, Debug)]
pub(crate) struct Inserted {
    pub(crate) loaded: Arc<LoadedSet>,
    /// Whether the same set was there before.
    pub(crate) already_loaded: bool,
    /// The set that was given up for it.
    pub(crate) given_up: Option<Arc<LoadedSet>>,
    /// The state that holds it.
    pub(crate) snapshot: Arc<Snapshot>,
}

/// Why a set is not taken.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum InsertRefusal {
    /// The same file with another profile: an id names one set, so the profile of a loaded set stays.
    #[error("{id} is loaded with the {} rounding profile: name another profile in a calculation instead", .loaded.name())]
    OtherRounding { id: String, loaded: RoundingProfile },
    /// Another file whose digest begins alike.
    #[error("{id} is loaded from a file with another digest")]
    OtherFile { id: String },
    /// No room, and nothing to give up.
    #[error(
        "the server holds {capacity} parameter sets, all that it is set to hold, and each is active or no older than this one"
    )]
    Full { capacity: usize },
}

/// A set that was made the active one.
#[derive(Clone, Debug)]
pub(crate) struct Activated {
    pub(crate) loaded: Arc<LoadedSet>,
    /// The one that was active before.
    pub(crate) replaced: Option<Arc<LoadedSet>>,
    /// The state in which it is active.
    pub(crate) snapshot: Arc<Snapshot>,
}

/// Why a set is not made the active one.
#[derive(Clone, Debug, Error)]
pub(crate) enum ActivationRefusal {
    /// No set has this id.
    #[error("no parameter set has the id {id:?}")]
    UnknownSet { id: String },
    /// The active set is newer.
    #[error("{} ({}) is active and newer than {wanted}", .active.set.id(), .active.set.vintage())]
    OlderThanActive { active: Arc<LoadedSet>, wanted: String },
    /// No room for another scope.
    #[error(
        "sets are active for {} account scopes, which is all that the server keeps",
        Registry::MOST_SCOPES
    )]
    TooManyScopes,
}

impl Registry {
    /// The most pairs of house and account scope with an active set.
    pub(crate) const MOST_SCOPES: usize = 1024;

    /// An empty registry for so many sets.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: ArcSwap::default(), writer: Mutex::new(()), capacity }
    }

    /// How many sets it holds at most.
    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// The present state.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.state.load_full()
    }

    /// Takes a set in; one that is there already is answered with the one that is there.
    pub(crate) fn insert(&self, set: ParameterSet, warnings: Diagnostics) -> Result<Inserted, InsertRefusal> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.load_full();
        if let Some(loaded) = before.get(set.id()) {
            let id = set.id().to_owned();
            return if loaded.set.digest() != set.digest() {
                Err(InsertRefusal::OtherFile { id })
            } else if loaded.set.rounding() != set.rounding() {
                Err(InsertRefusal::OtherRounding { id, loaded: loaded.set.rounding() })
            } else {
                let loaded = Arc::clone(loaded);
                Ok(Inserted { loaded, already_loaded: true, given_up: None, snapshot: before })
            };
        }
        let given_up = if before.sets.len() < self.capacity {
            None
        } else {
            let oldest = before.oldest_inactive().filter(|oldest| oldest.set.vintage() < set.vintage());
            Some(Arc::clone(oldest.ok_or(InsertRefusal::Full { capacity: self.capacity })?))
        };
        let loaded = Arc::new(LoadedSet { set: Arc::new(set), warnings });
        let mut after = Snapshot::clone(&before);
        if let Some(given_up) = &given_up {
            after.sets.remove(given_up.set.id());
        }
        after.sets.insert(loaded.set.id().to_owned(), Arc::clone(&loaded));
        Ok(Inserted { loaded, already_loaded: false, given_up, snapshot: self.publish(after) })
    }

    /// Makes a set the active one of its house for an account scope.
    pub(crate) fn activate(
        &self,
        id: &str,
        scope: AccountScope,
        force: bool,
    ) -> Result<Activated, ActivationRefusal> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.load_full();
        let Some(loaded) = before.get(id).cloned() else {
            return Err(ActivationRefusal::UnknownSet { id: id.to_owned() });
        };
        let house = loaded.set.house();
        let replaced = before.active(house, &scope).cloned();
        match &replaced {
            Some(active) if !force && active.set.vintage() > loaded.set.vintage() => {
                let active = Arc::clone(active);
                return Err(ActivationRefusal::OlderThanActive { active, wanted: id.to_owned() });
            }
            None if before.scopes() >= Self::MOST_SCOPES => return Err(ActivationRefusal::TooManyScopes),
            _ => {}
        }
        let mut after = Snapshot::clone(&before);
        after.active.entry(house.clone()).or_default().insert(scope, Arc::clone(&loaded));
        Ok(Activated { loaded, replaced, snapshot: self.publish(after) })
    }

    fn publish(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot);
        self.state.store(Arc::clone(&snapshot));
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::parameters::{Digest, build, sample};
    use plimsoll_engine::types::BusinessDate;

    use super::*;

    fn set(day: u8) -> ParameterSet {
        let mut definition = sample::definition();
        definition.business_date = BusinessDate::new(2026, 9, day).ok();
        let digest = Digest([day; 32]);
        build(&definition, digest, RoundingProfile::Exact, Diagnostics::default()).unwrap().0
    }

    #[test]
    fn who_works_with_a_set_that_is_given_up_keeps_it() {
        let registry = Registry::new(1);
        let first = registry.insert(set(1), Diagnostics::default()).unwrap().loaded;
        let reading = registry.snapshot();
        let second = registry.insert(set(2), Diagnostics::default()).unwrap();
        assert_eq!(second.given_up.unwrap().set.id(), first.set.id());
        assert!(registry.snapshot().get(first.set.id()).is_none());
        assert!(reading.get(first.set.id()).is_some());
        // Nothing is given up for an equal or an older one, nor what is active.
        let full = registry.insert(set(1), Diagnostics::default()).unwrap_err();
        assert_eq!(full, InsertRefusal::Full { capacity: 1 });
        registry.activate(second.loaded.set.id(), AccountScope::default(), false).unwrap();
        assert!(registry.insert(set(3), Diagnostics::default()).is_err());
    }
}
