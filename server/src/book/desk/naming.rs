//! Numbers of contracts for their names, and names for their numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLockReadGuard, TryLockError};

use plimsoll_engine::contract::{ContractId, ContractKey, ContractQuery};
use plimsoll_engine::parameters::ParameterSet;

use super::super::{BookFault, NewContracts, Place, Waits, indivisible};
use super::{Contracts, Desk};

/// Why a contract has no number.
#[derive(Debug)]
pub(crate) enum Unnamed {
    /// It cannot be looked up now.
    Waits,
    /// What is wrong with how it is named.
    Fault(String),
}

impl From<Waits> for Unnamed {
    fn from(_: Waits) -> Self {
        Self::Waits
    }
}

impl Desk {
    /// The contracts, on whatever thread.
    fn contracts_at(&self, place: Place) -> Result<RwLockReadGuard<'_, Contracts>, Waits> {
        match place {
            Place::Worker => Ok(self.contracts()),
            Place::Runtime => match self.contracts.try_read() {
                Ok(contracts) => Ok(contracts),
                Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => Err(Waits),
            },
        }
    }

    /// The number of a contract of the active set or with a specification, or of one that the caller names in full; nothing is written down.
    pub(crate) fn contract(
        &self,
        place: Place,
        set: Option<&Arc<ParameterSet>>,
        query: &ContractQuery,
        new: &mut NewContracts,
    ) -> Result<ContractId, Unnamed> {
        let mut keys = set.map(|set| set.listings().find_keys(query)).unwrap_or_default();
        let own = self.contracts_at(place)?;
        if keys.is_empty() {
            let without_exchange = ContractQuery { exchange: None, ..query.clone() };
            let found = own.specified.get(&without_exchange).into_iter().flatten();
            let found = found.filter_map(|id| own.all.get(*id)).map(|own| own.key.clone());
            keys.extend(found.filter(|key| query.exchange.as_ref().is_none_or(|own| *own == key.exchange)));
        }
        let key = match keys.as_slice() {
            [key] => key.clone(),
            [] => {
                let missing = || Unnamed::Fault("is not listed: name its exchange".to_owned());
                self.key(query).ok_or_else(missing)?
            }
            several => {
                let names: Vec<String> = several.iter().take(10).map(ToString::to_string).collect();
                return Err(Unnamed::Fault(format!("may be any of {}", names.join("; "))));
            }
        };
        Ok(own.all.id(&key).unwrap_or_else(|| new.number(key)))
    }

    /// Makes contracts known that what is accepted names; their numbers, by the provisional ones.
    pub(crate) fn make_known(
        &self,
        new: &NewContracts,
    ) -> Result<BTreeMap<ContractId, ContractId>, BookFault> {
        if new.is_nothing() {
            return Ok(BTreeMap::new());
        }
        let mut own = self.writable();
        let first = own.all.contracts().len();
        if first.saturating_add(new.iter().len()) > Self::MOST_CONTRACTS {
            return Err(BookFault::TooManyContracts);
        }
        indivisible(|| {
            // Without a specification none can differ from what is known.
            let numbers = new.iter().filter_map(|(id, key)| Some((id, own.know(key.clone(), None).ok()?)));
            let numbers = numbers.collect();
            self.write_known(&own, first)?;
            Ok(numbers)
        })
    }

    /// The key of a contract that is named in full.
    fn key(&self, query: &ContractQuery) -> Option<ContractKey> {
        Some(ContractKey {
            house: self.house.clone(),
            exchange: query.exchange.clone()?,
            product: query.product.clone(),
            product_type: query.product_type,
            period: query.period,
            underlying_period: query.underlying_period,
            option: query.option,
        })
    }

    /// The names of contracts.
    pub(crate) fn keys(
        &self,
        place: Place,
        ids: impl Iterator<Item = ContractId>,
    ) -> Result<BTreeMap<ContractId, ContractKey>, Waits> {
        let own = self.contracts_at(place)?;
        Ok(ids.filter_map(|id| Some((id, own.all.get(id)?.key.clone()))).collect())
    }
}
