//! What houses have stated, as a fold of records: their contracts with numbers for ever, terms, methods, market and settlement runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::contract::{ContractId, ContractKey, ContractQuery, Registry, Specification};
use plimsoll_engine::grid::NotForBooks;
use plimsoll_engine::group::{
    Band, CollateralSchedule, FeeSchedule, HouseMethods, HouseSnapshot, LastKnown, Retained, SettlementRun,
    Settlements,
};
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::parameters::method::{Method, read_method};
use plimsoll_engine::record::{HouseChange, RunKey, Unreadable};
use plimsoll_engine::types::{House, MethodName, Moment, Reference};
use plimsoll_journal::Sequence;
use serde::{Deserialize, Serialize};

use super::runs::{KnownRun, Runs};

/// What somebody stated for a house.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Terms {
    pub(crate) bands: BTreeMap<ContractId, Band>,
    pub(crate) schedule: CollateralSchedule,
    pub(crate) fees: FeeSchedule,
}

/// A method with the text that it was read from.
#[derive(Clone, Debug)]
pub(crate) struct StatedMethod {
    pub(crate) text: Arc<str>,
    pub(crate) method: Arc<Method>,
}

/// Methods by the names that accounts know them by.
pub(crate) type Methods = BTreeMap<MethodName, StatedMethod>;

/// All contracts that are known, and those with a specification as callers name them without an exchange.
#[derive(Debug, Default)]
pub(super) struct Contracts {
    pub(super) all: Registry,
    pub(super) specified: BTreeMap<ContractQuery, Vec<ContractId>>,
}

fn query_of(key: &ContractKey) -> ContractQuery {
    ContractQuery {
        exchange: None,
        product: key.product.clone(),
        product_type: key.product_type,
        period: key.period,
        underlying_period: key.underlying_period,
        option: key.option,
    }
}

impl Contracts {
    /// Makes a contract known, or what it is.
    pub(super) fn know(
        &mut self,
        key: ContractKey,
        specification: Option<Specification>,
    ) -> Result<ContractId, Unreadable> {
        let query = specification.as_ref().map(|_| query_of(&key));
        let id = self.all.intern(key, specification).map_err(|error| Unreadable(error.to_string()))?;
        if let Some(query) = query {
            let ids = self.specified.entry(query).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(id)
    }
}

/// What a house stated besides its contracts.
#[derive(Debug)]
pub(super) struct Stated {
    pub(super) terms: Terms,
    pub(super) methods: Methods,
    pub(super) market: Snapshot,
    /// The id of the set that its book uses.
    pub(super) set: Option<String>,
    /// The record that changed it last; without a journal a number of its own.
    pub(super) version: u64,
    pub(super) runs: Runs,
    /// Contracts that a set, a market or a method had once, as they were then.
    pub(super) retained: Retained,
}

impl Default for Stated {
    fn default() -> Self {
        Self {
            terms: Terms::default(),
            methods: Methods::new(),
            market: Snapshot::empty(Moment::EPOCH),
            set: None,
            version: 0,
            runs: Runs::default(),
            retained: Retained::default(),
        }
    }
}

impl Stated {
    /// Remembers contracts as they were.
    pub(super) fn retain(&mut self, lost: Vec<(ContractId, LastKnown)>) {
        if !lost.is_empty() {
            Arc::make_mut(&mut self.retained).extend(lost);
        }
    }

    /// Gives it the version of the record that changed it.
    pub(super) fn renewed_by(&mut self, sequence: Sequence) {
        self.version = if sequence == Sequence::NONE { self.version + 1 } else { sequence.0 };
    }

    /// Everything that decisions use, with a set.
    pub(super) fn snapshot(
        &self,
        house: &House,
        contracts: &Contracts,
        set: Option<&Arc<ParameterSet>>,
        methods: HouseMethods,
    ) -> HouseSnapshot {
        let Terms { bands, schedule, fees } = self.terms.clone();
        let (version, all) = (self.version, &contracts.all);
        let snapshot = match set {
            Some(set) => HouseSnapshot::new(version, Arc::clone(set), all, bands, schedule),
            None => HouseSnapshot::without_set(version, house.clone(), all, bands, schedule),
        };
        let settled = snapshot.with_settlements(version, Arc::clone(self.runs.settlements()));
        let known = settled.with_methods(methods, all).with_retained(Arc::clone(&self.retained));
        known.with_fees(&fees, all)
    }
}

/// Methods, with contracts priced in a market.
pub(super) fn priced<'a>(
    methods: &Methods,
    market: &Snapshot,
    specified: impl Iterator<Item = (ContractId, &'a Specification)> + Clone,
) -> Result<HouseMethods, (MethodName, NotForBooks)> {
    let methods = methods.iter().map(|(name, own)| (name.clone(), Arc::clone(&own.method)));
    HouseMethods::new(market.clone(), &methods.collect(), specified)
}

/// A house as records have made it.
#[derive(Debug, Default)]
pub(crate) struct HouseState {
    pub(super) contracts: Contracts,
    pub(super) stated: Stated,
    /// The last record that is in it.
    pub(super) last: Sequence,
}

/// The same, as it is stored.
#[derive(Deserialize, Serialize)]
struct StoredHouse {
    contracts: Vec<(ContractKey, Option<Specification>)>,
    terms: Terms,
    methods: Vec<(MethodName, String)>,
    market: Snapshot,
    set: Option<String>,
    version: u64,
    runs: Vec<(Reference, KnownRun)>,
    settlements: Arc<Settlements>,
    retained: Retained,
}

fn methods_of(texts: Vec<(MethodName, String)>) -> Result<Methods, Unreadable> {
    let method = |(name, text): (MethodName, String)| {
        let method = read_method(text.as_bytes());
        let method = method.map_err(|_| Unreadable(format!("method {name} cannot be read any more")))?;
        Ok((name, StatedMethod { text: text.into(), method: Arc::new(method) }))
    };
    texts.into_iter().map(method).collect()
}

impl HouseState {
    /// Applies a record.
    pub(crate) fn apply(&mut self, sequence: Sequence, change: HouseChange) -> Result<(), Unreadable> {
        let mut is_renewed = true;
        match change {
            HouseChange::Contracts(first, contracts) => {
                let numbers = (first.number()..).zip(contracts);
                for (number, (key, specification)) in numbers {
                    is_renewed &= specification.is_some();
                    let id = self.contracts.know(key, specification)?;
                    if id.number() != number {
                        return Err(Unreadable(format!("contract {number} would be {}", id.number())));
                    }
                }
            }
            HouseChange::Specified(contracts) => {
                for (id, specification) in contracts {
                    let known = self.contracts.all.get(id).map(|own| own.key.clone());
                    let key = known.ok_or_else(|| Unreadable(format!("no contract {}", id.number())))?;
                    self.contracts.know(key, Some(specification))?;
                }
            }
            HouseChange::Terms(bands, schedule, fees) => {
                self.stated.terms = Terms { bands: bands.into_iter().collect(), schedule, fees };
            }
            HouseChange::Methods(texts) => self.stated.methods = methods_of(texts)?,
            HouseChange::Market(time, quotes) => {
                let next = self.stated.market.next(time, &quotes);
                self.stated.market = next.map_err(|_| Unreadable("a market does not follow".to_owned()))?;
            }
            HouseChange::Set(id) => self.stated.set = id,
            HouseChange::Retained(lost) => {
                // The change behind it is the new version.
                is_renewed = false;
                self.stated.retain(lost);
            }
        }
        if is_renewed {
            self.stated.version = sequence.0;
        }
        self.last = sequence;
        Ok(())
    }

    /// Keeps a settlement run.
    pub(crate) fn told(&mut self, sequence: Sequence, run: &SettlementRun) -> Result<(), Unreadable> {
        self.stated.runs.told(sequence, RunKey::of(run)?, run);
        self.stated.version = sequence.0;
        self.last = sequence;
        Ok(())
    }

    /// The last record that is in it.
    pub(crate) const fn last(&self) -> Sequence {
        self.last
    }

    /// The id of the set that its book uses.
    pub(crate) fn set(&self) -> Option<&str> {
        self.stated.set.as_deref()
    }

    /// Everything that decisions used.
    pub(crate) fn snapshot(
        &self,
        house: &House,
        set: Option<&Arc<ParameterSet>>,
    ) -> Result<HouseSnapshot, Unreadable> {
        let Stated { methods, market, .. } = &self.stated;
        let methods = priced(methods, market, self.contracts.all.specified());
        let methods = methods.map_err(|(name, reason)| Unreadable(format!("method {name}: {reason}")))?;
        Ok(self.stated.snapshot(house, &self.contracts, set, methods))
    }

    /// Its bytes.
    pub(super) fn stored(contracts: &Contracts, stated: &Stated) -> Result<Vec<u8>, Unreadable> {
        let known = contracts.all.contracts().iter();
        let methods = stated.methods.iter().map(|(name, own)| (name.clone(), own.text.to_string()));
        plimsoll_engine::record::encoded(&StoredHouse {
            contracts: known.map(|own| (own.key.clone(), own.specification.clone())).collect(),
            terms: stated.terms.clone(),
            methods: methods.collect(),
            market: stated.market.clone(),
            set: stated.set.clone(),
            version: stated.version,
            runs: stated.runs.stored(),
            settlements: Arc::clone(stated.runs.settlements()),
            retained: Arc::clone(&stated.retained),
        })
    }

    /// What a cut of it would have.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Unreadable> {
        Self::stored(&self.contracts, &self.stated)
    }

    /// From its bytes, as of a record.
    pub(crate) fn restored(bytes: &[u8], last: Sequence) -> Result<Self, Unreadable> {
        let stored: StoredHouse = plimsoll_engine::record::decoded(bytes)?;
        let mut contracts = Contracts::default();
        for (key, specification) in stored.contracts {
            contracts.know(key, specification)?;
        }
        let stated = Stated {
            terms: stored.terms,
            methods: methods_of(stored.methods)?,
            market: stored.market,
            set: stored.set,
            version: stored.version,
            runs: Runs::restored(stored.runs, stored.settlements),
            retained: stored.retained,
        };
        Ok(Self { contracts, stated, last })
    }
}
