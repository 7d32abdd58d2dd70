//! The methods of a house beside its parameter set, with its contracts priced in one market.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contract::{ContractId, Specification};
use crate::grid::{Catalogue, GridContract, NotForBooks};
use crate::market::Snapshot;
use crate::parameters::method::Method;
use crate::types::{Currency, Decimal, MethodName, Moment, Money, Overflow, Ratio};

/// Methods that are data, and the market that they see.
#[derive(Clone, Debug)]
pub struct HouseMethods {
    market: Snapshot,
    catalogues: BTreeMap<MethodName, Arc<Catalogue>>,
}

impl HouseMethods {
    /// Prices contracts, once for every method that settles in their currency.
    ///
    /// # Errors
    /// The first method that margins no accounts of a book, and why.
    pub fn new<'a>(
        market: Snapshot,
        methods: &BTreeMap<MethodName, Arc<Method>>,
        contracts: impl Iterator<Item = (ContractId, &'a Specification)> + Clone,
    ) -> Result<Self, (MethodName, NotForBooks)> {
        let mut catalogues = BTreeMap::new();
        for (name, method) in methods {
            let contracts = contracts.clone().filter(|(_, own)| *own.settled_in() == method.currency);
            let catalogue = Catalogue::new(method, &market, contracts);
            let catalogue = catalogue.map_err(|reason| (name.clone(), reason))?;
            catalogues.insert(name.clone(), Arc::new(catalogue));
        }
        Ok(Self { market, catalogues })
    }

    /// No methods, and a market of which nothing is known.
    #[must_use]
    pub fn none() -> Self {
        Self { market: Snapshot::empty(Moment::EPOCH), catalogues: BTreeMap::new() }
    }

    /// The market.
    #[must_use]
    pub const fn market(&self) -> &Snapshot {
        &self.market
    }

    /// The methods by their names, each with the contracts under it.
    pub fn iter(&self) -> impl Iterator<Item = (&MethodName, &Arc<Catalogue>)> {
        self.catalogues.iter()
    }

    pub(super) fn catalogue(&self, name: &MethodName) -> Option<&Arc<Catalogue>> {
        self.catalogues.get(name)
    }

    /// The price of a contract: of several methods that price it the first by name.
    pub(super) fn price(&self, id: ContractId) -> Option<Decimal> {
        let priced = |own: &Arc<Catalogue>| -> Option<Decimal> {
            let contract: &GridContract = own.contract(id)?.ok()?;
            Some(contract.price)
        };
        self.catalogues.values().find_map(priced)
    }

    /// An amount in another currency at the market's rate of exchange, if there is one.
    pub(super) fn converted(
        &self,
        amount: Money,
        from: &Currency,
        to: &Currency,
    ) -> Option<Result<Money, Overflow>> {
        let rate = Ratio::from_f64_half_away(self.market.exchange(from, to)?);
        Some(rate.and_then(|rate| amount.times_ratio_half_away(rate)))
    }
}
