//! What a house fixes, and the numbers of its contracts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use plimsoll_engine::contract::{ContractId, ContractKey, ContractQuery, Registry};
use plimsoll_engine::group::{Band, CollateralSchedule, HouseSnapshot};
use plimsoll_engine::parameters::ParameterSet;

/// What somebody stated for a house.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) bands: BTreeMap<ContractId, Band>,
    pub(crate) schedule: CollateralSchedule,
}

#[derive(Debug, Default)]
struct State {
    registry: Registry,
    terms: Terms,
    version: u64,
}

/// A house.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
    snapshot: ArcSwapOption<HouseSnapshot>,
}

impl Desk {
    /// The most contracts that are known.
    const MOST_CONTRACTS: usize = 10_000_000;

    /// The snapshot for a set.
    pub(crate) fn snapshot(&self, set: &Arc<ParameterSet>) -> Arc<HouseSnapshot> {
        match self.snapshot.load_full() {
            Some(known) if known.set().id() == set.id() => known,
            _ => self.renewed(set, None),
        }
    }

    /// States the terms of the house; the snapshot that has them.
    pub(crate) fn state(&self, set: &Arc<ParameterSet>, terms: Terms) -> Arc<HouseSnapshot> {
        self.renewed(set, Some(terms))
    }

    fn renewed(&self, set: &Arc<ParameterSet>, terms: Option<Terms>) -> Arc<HouseSnapshot> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Another may have made it while this one waited.
        if let (Some(known), None) = (self.snapshot.load_full(), &terms)
            && known.set().id() == set.id()
        {
            return known;
        }
        if let Some(terms) = terms {
            state.terms = terms;
        }
        for (key, _) in set.listings().iter() {
            // Contracts of sets have no specification that could differ.
            let _ = state.registry.intern(key, None);
        }
        state.version += 1;
        let Terms { bands, schedule } = state.terms.clone();
        let snapshot =
            Arc::new(HouseSnapshot::new(state.version, Arc::clone(set), &state.registry, bands, schedule));
        self.snapshot.store(Some(Arc::clone(&snapshot)));
        snapshot
    }

    /// The number of a contract of the active set, or of one that the caller names in full.
    pub(crate) fn contract(&self, set: &ParameterSet, query: &ContractQuery) -> Result<ContractId, String> {
        let keys = set.listings().find_keys(query);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match keys.as_slice() {
            [key] => key.clone(),
            [] => {
                let exchange =
                    query.exchange.clone().ok_or("the active set does not list it: name its exchange")?;
                ContractKey {
                    house: set.house().clone(),
                    exchange,
                    product: query.product.clone(),
                    product_type: query.product_type,
                    period: query.period,
                    underlying_period: query.underlying_period,
                    option: query.option,
                }
            }
            several => {
                let names: Vec<String> = several.iter().take(10).map(ToString::to_string).collect();
                return Err(format!("may be any of {}", names.join("; ")));
            }
        };
        if state.registry.contracts().len() >= Self::MOST_CONTRACTS && state.registry.id(&key).is_none() {
            return Err("no more contracts can be known".to_owned());
        }
        state.registry.intern(key, None).map_err(|error| error.to_string())
    }

    /// The names of contracts.
    pub(crate) fn keys(&self, ids: impl Iterator<Item = ContractId>) -> BTreeMap<ContractId, ContractKey> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        ids.filter_map(|id| Some((id, state.registry.get(id)?.key.clone()))).collect()
    }
}
