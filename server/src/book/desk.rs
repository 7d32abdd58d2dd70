//! What a house fixes, and the numbers of its contracts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use arc_swap::ArcSwapOption;
use plimsoll_engine::contract::{ContractId, ContractKey, ContractQuery, Registry, Specification};
use plimsoll_engine::grid::NotForBooks;
use plimsoll_engine::group::{Band, CollateralSchedule, HouseMethods, HouseSnapshot};
use plimsoll_engine::market::{MarketFault, Quote, Snapshot};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::types::{House, MethodName, Moment};

/// What somebody stated for a house.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) bands: BTreeMap<ContractId, Band>,
    pub(crate) schedule: CollateralSchedule,
}

/// Methods by the names that accounts know them by.
pub(crate) type Methods = BTreeMap<MethodName, Arc<Method>>;

#[derive(Debug)]
struct Stated {
    terms: Terms,
    methods: Methods,
    market: Snapshot,
    version: u64,
}

/// What is wrong with one of the contracts that are stated.
#[derive(Debug)]
pub(crate) struct ContractFault {
    /// Its place among them.
    pub(crate) place: usize,
    pub(crate) message: String,
}

/// A house.
#[derive(Debug)]
pub(crate) struct Desk {
    house: House,
    registry: RwLock<Contracts>,
    /// Held while a snapshot is made, so that versions follow each other; orders do not wait for it.
    stated: Mutex<Stated>,
    snapshot: ArcSwapOption<HouseSnapshot>,
}

/// All contracts that are known, and those with a specification as callers name them without an exchange.
#[derive(Debug, Default)]
struct Contracts {
    all: Registry,
    specified: BTreeMap<ContractQuery, Vec<ContractId>>,
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

impl Desk {
    /// The most contracts that are known.
    const MOST_CONTRACTS: usize = 10_000_000;

    pub(crate) fn new(house: House) -> Self {
        let stated = Stated {
            terms: Terms::default(),
            methods: Methods::new(),
            market: Snapshot::empty(Moment::EPOCH),
            version: 0,
        };
        Self {
            house,
            registry: RwLock::default(),
            stated: Mutex::new(stated),
            snapshot: ArcSwapOption::default(),
        }
    }

    fn contracts(&self) -> RwLockReadGuard<'_, Contracts> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn stated(&self) -> MutexGuard<'_, Stated> {
        self.stated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The snapshot for a set; `None` while the house has neither a set nor contracts.
    pub(crate) fn snapshot(&self, set: Option<&Arc<ParameterSet>>) -> Option<Arc<HouseSnapshot>> {
        let is_current =
            |known: &Arc<HouseSnapshot>| known.set().map(|own| own.id()) == set.map(|set| set.id());
        if let Some(known) = self.snapshot.load_full().filter(is_current) {
            return Some(known);
        }
        if set.is_none() && self.contracts().specified.is_empty() {
            return None;
        }
        let mut stated = self.stated();
        // Another may have made it while this one waited.
        if let Some(known) = self.snapshot.load_full().filter(is_current) {
            return Some(known);
        }
        // Methods have been found fit when they were stated.
        self.renewed(&mut stated, set).ok()
    }

    /// States the terms of the house; the snapshot that has them.
    pub(crate) fn state_terms(
        &self,
        set: Option<&Arc<ParameterSet>>,
        terms: Terms,
    ) -> Option<Arc<HouseSnapshot>> {
        let mut stated = self.stated();
        stated.terms = terms;
        self.renewed(&mut stated, set).ok()
    }

    /// States what contracts are, all or none.
    pub(crate) fn state_contracts(
        &self,
        set: Option<&Arc<ParameterSet>>,
        contracts: Vec<(ContractKey, Specification)>,
    ) -> Result<Arc<HouseSnapshot>, Vec<ContractFault>> {
        let mut stated = self.stated();
        self.take(contracts)?;
        let unfit = |(_, reason): (MethodName, NotForBooks)| {
            vec![ContractFault { place: 0, message: reason.to_string() }]
        };
        self.renewed(&mut stated, set).map_err(unfit)
    }

    fn take(&self, contracts: Vec<(ContractKey, Specification)>) -> Result<(), Vec<ContractFault>> {
        let mut own = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        let mut stated: BTreeMap<&ContractKey, &Specification> = BTreeMap::new();
        for (place, (key, specification)) in contracts.iter().enumerate() {
            let before = stated.insert(key, specification);
            let known = own.all.id(key).and_then(|id| own.all.get(id)?.specification.as_ref());
            if known.or(before).is_some_and(|known| known != specification) {
                let message = "is known with another specification: a contract's terms do not change";
                faults.push(ContractFault { place, message: message.to_owned() });
            }
        }
        if own.all.contracts().len() + contracts.len() > Self::MOST_CONTRACTS {
            faults.push(ContractFault { place: 0, message: "no more contracts can be known".to_owned() });
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        for (key, specification) in contracts {
            let query = query_of(&key);
            if let Ok(id) = own.all.intern(key, Some(specification)) {
                let ids = own.specified.entry(query).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        Ok(())
    }

    /// How many contracts have a specification.
    pub(crate) fn specified(&self) -> usize {
        self.contracts().specified.values().map(Vec::len).sum()
    }

    /// States the methods of the house.
    pub(crate) fn state_methods(
        &self,
        set: Option<&Arc<ParameterSet>>,
        methods: Methods,
    ) -> Result<Arc<HouseSnapshot>, (MethodName, NotForBooks)> {
        let mut stated = self.stated();
        let before = std::mem::replace(&mut stated.methods, methods);
        let renewed = self.renewed(&mut stated, set);
        if renewed.is_err() {
            stated.methods = before;
        }
        renewed
    }

    /// Applies quotes to the market of the house, all or none; the market's version.
    pub(crate) fn update_market(
        &self,
        set: Option<&Arc<ParameterSet>>,
        time: Moment,
        quotes: &[Quote],
    ) -> Result<(Arc<HouseSnapshot>, u64), Vec<MarketFault>> {
        let mut stated = self.stated();
        stated.market = stated.market.next(time, quotes)?;
        let market = stated.market.version();
        let renewed = self.renewed(&mut stated, set);
        let unfit = |(_, reason): (MethodName, NotForBooks)| {
            vec![MarketFault { quote: quotes.len(), message: reason.to_string() }]
        };
        renewed.map(|own| (own, market)).map_err(unfit)
    }

    fn renewed(
        &self,
        stated: &mut Stated,
        set: Option<&Arc<ParameterSet>>,
    ) -> Result<Arc<HouseSnapshot>, (MethodName, NotForBooks)> {
        let known = self.snapshot.load_full();
        let is_known = known.is_some_and(|known| known.set().map(|own| own.id()) == set.map(|set| set.id()));
        if let Some(set) = set.filter(|_| !is_known) {
            let mut own = self.registry.write().unwrap_or_else(PoisonError::into_inner);
            for (key, _) in set.listings().iter() {
                // Contracts of sets have no specification that could differ.
                let _ = own.all.intern(key, None);
            }
        }
        // Pricing takes long: names are looked up meanwhile.
        let owned = |(id, own): (ContractId, &Specification)| (id, own.clone());
        let specified: Vec<(ContractId, Specification)> =
            self.contracts().all.specified().map(owned).collect();
        let specified = specified.iter().map(|(id, own)| (*id, own));
        let methods = HouseMethods::new(stated.market.clone(), &stated.methods, specified)?;
        let contracts = self.contracts();
        stated.version += 1;
        let (version, Terms { bands, schedule }) = (stated.version, stated.terms.clone());
        let snapshot = match set {
            Some(set) => HouseSnapshot::new(version, Arc::clone(set), &contracts.all, bands, schedule),
            None => HouseSnapshot::without_set(version, self.house.clone(), &contracts.all, bands, schedule),
        };
        let snapshot = Arc::new(snapshot.with_methods(methods, &contracts.all));
        self.snapshot.store(Some(Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// The number of a contract of the active set or with a specification, or of one that the caller names in full.
    pub(crate) fn contract(
        &self,
        set: Option<&Arc<ParameterSet>>,
        query: &ContractQuery,
    ) -> Result<ContractId, String> {
        let mut keys = set.map(|set| set.listings().find_keys(query)).unwrap_or_default();
        if keys.is_empty() {
            let own = self.contracts();
            let without_exchange = ContractQuery { exchange: None, ..query.clone() };
            let found = own.specified.get(&without_exchange).into_iter().flatten();
            let found = found.filter_map(|id| own.all.get(*id)).map(|own| own.key.clone());
            keys.extend(found.filter(|key| query.exchange.as_ref().is_none_or(|own| *own == key.exchange)));
        }
        let key = match keys.as_slice() {
            [key] => key.clone(),
            [] => self.key(query).ok_or("is not listed: name its exchange")?,
            several => {
                let names: Vec<String> = several.iter().take(10).map(ToString::to_string).collect();
                return Err(format!("may be any of {}", names.join("; ")));
            }
        };
        if let Some(id) = self.contracts().all.id(&key) {
            return Ok(id);
        }
        let mut own = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        if own.all.contracts().len() >= Self::MOST_CONTRACTS {
            return Err("no more contracts can be known".to_owned());
        }
        own.all.intern(key, None).map_err(|error| error.to_string())
    }

    /// The key of a contract that is named in full.
    pub(crate) fn key(&self, query: &ContractQuery) -> Option<ContractKey> {
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
    pub(crate) fn keys(&self, ids: impl Iterator<Item = ContractId>) -> BTreeMap<ContractId, ContractKey> {
        let own = self.contracts();
        ids.filter_map(|id| Some((id, own.all.get(id)?.key.clone()))).collect()
    }
}
