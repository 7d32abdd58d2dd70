//! What a house fixes for its book: the active parameter set and its methods, contracts by number, price bands, what collateral counts for.

mod awaiting;
mod fees;
mod known;
mod listed;
mod methods;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clearing::Settlements;
use super::missing::{Missing, MissingKind};
use super::state::MarginTerms;
use crate::contract::{ContractId, Registry};
use crate::grid::Catalogue;
use crate::parameters::{CommodityIndex, ParameterSet};
use crate::report::AccountLevels;
use crate::scenario::Row;
use crate::span::UnmatchedReason;
use crate::types::{AssetCode, BusinessDate, Currency, Decimal, House, MethodName, Money, Overflow, Ratio};
pub use awaiting::{Awaiting, Ending};
pub use fees::FeeSchedule;
pub use known::{KnownContract, LastKnown, LotRisk, Retained};
pub use listed::{ListedContract, PriceMoney, SetRows};
pub use methods::HouseMethods;

/// The prices between which a contract may trade.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Band {
    /// The lowest.
    pub low: Decimal,
    /// The highest.
    pub high: Decimal,
}

/// What an asset counts for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AssetTerms {
    /// The currency of its price.
    pub currency: Currency,
    /// The price of a unit.
    pub price: Decimal,
    /// The part of its value that does not count, from 0 to 1.
    pub haircut: Ratio,
    /// The most of a pool's value, before such limits, that it may make up; from 0 to 1.
    pub most_of_pool: Option<Ratio>,
}

/// What counts of collateral.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CollateralSchedule {
    /// The part of a currency's value that does not count where it covers another, from 0 to 1.
    pub currency_haircuts: BTreeMap<Currency, Ratio>,
    /// The assets that count.
    pub assets: BTreeMap<AssetCode, AssetTerms>,
    /// The part of the value at the last mark that is charged on top of the last risk of what cannot be priced; `None` for
    /// [`CollateralSchedule::UNPRICED_ADD_ON`].
    pub unpriced_add_on: Option<Ratio>,
    /// How many times the last accepted mark, or which part of it, the price of a trade may be before it is an item; at least 1, `None` for
    /// [`CollateralSchedule::MOST_PRICE_RATIO`].
    pub most_price_ratio: Option<Ratio>,
}

impl CollateralSchedule {
    /// What is charged on top where the house states nothing: a tenth.
    pub const UNPRICED_ADD_ON: Ratio = Ratio::TENTH;
    /// What a trade's price may be of the mark where the house states nothing: ten times.
    pub const MOST_PRICE_RATIO: Ratio = Ratio::TEN;
}

/// Everything of a house that decisions use; immutable.
#[derive(Clone, Debug)]
pub struct HouseSnapshot {
    version: u64,
    house: House,
    set: Option<Arc<ParameterSet>>,
    methods: Option<HouseMethods>,
    contracts: Vec<Option<ListedContract>>,
    bands: BTreeMap<ContractId, Band>,
    schedule: CollateralSchedule,
    retained: Retained,
    settlements: Arc<Settlements>,
    /// Those with a specification that have ended.
    awaiting: BTreeMap<ContractId, Awaiting>,
    /// The others that have.
    ended: BTreeSet<ContractId>,
    fees: BTreeMap<ContractId, (Currency, Money)>,
}

impl HouseSnapshot {
    /// Maps a set's contracts to their numbers; those that the registry does not know are left out.
    #[must_use]
    pub fn new(
        version: u64,
        set: Arc<ParameterSet>,
        registry: &Registry,
        bands: BTreeMap<ContractId, Band>,
        schedule: CollateralSchedule,
    ) -> Self {
        let mut contracts = vec![None; registry.contracts().len()];
        for quoted in set.listings().quoted() {
            let id = registry.id(&quoted.key);
            if let Some(place) = id.and_then(|id| contracts.get_mut(id.number() as usize)) {
                *place = Some(ListedContract::of_set(&set, &quoted, registry));
            }
        }
        let house = set.house().clone();
        let (retained, settlements) = (Retained::default(), Arc::default());
        let own = Self {
            version,
            house,
            set: Some(set),
            methods: None,
            contracts,
            bands,
            schedule,
            retained,
            settlements,
            awaiting: BTreeMap::new(),
            ended: BTreeSet::new(),
            fees: BTreeMap::new(),
        };
        own.specified(registry)
    }

    /// A house without a set: its accounts are margined by methods.
    #[must_use]
    pub fn without_set(
        version: u64,
        house: House,
        registry: &Registry,
        bands: BTreeMap<ContractId, Band>,
        schedule: CollateralSchedule,
    ) -> Self {
        let contracts = vec![None; registry.contracts().len()];
        let (retained, settlements) = (Retained::default(), Arc::default());
        let own = Self {
            version,
            house,
            set: None,
            methods: None,
            contracts,
            bands,
            schedule,
            retained,
            settlements,
            awaiting: BTreeMap::new(),
            ended: BTreeSet::new(),
            fees: BTreeMap::new(),
        };
        own.specified(registry)
    }

    /// With what its settlement runs have said, as of a version.
    #[must_use]
    pub fn with_settlements(self, version: u64, settlements: Arc<Settlements>) -> Self {
        Self { version, settlements, ..self }
    }

    /// With methods, whose market says the prices of contracts that have a specification.
    #[must_use]
    pub fn with_methods(self, methods: HouseMethods, registry: &Registry) -> Self {
        Self { methods: Some(methods), ..self }.specified(registry)
    }

    /// A specification goes before what a set says of a contract's money.
    fn specified(mut self, registry: &Registry) -> Self {
        let methods = self.methods.as_ref();
        self.awaiting = methods.map(|methods| awaiting::by_market(registry, methods)).unwrap_or_default();
        if let Some(set) = &self.set {
            self.ended = awaiting::by_date(registry, &self.contracts, set.vintage().business_date);
            for id in &self.ended {
                let place = self.contracts.get_mut(id.number() as usize);
                place.into_iter().flatten().for_each(ListedContract::lose_price);
            }
            self.end_retained();
        }
        for (id, specification) in registry.specified() {
            let price = self.methods.as_ref().and_then(|methods| methods.price(id));
            if let Some(place) = self.contracts.get_mut(id.number() as usize) {
                let listed = place.take();
                let mut listed = ListedContract::of_specification(specification.terms(), price, listed);
                if self.awaiting.contains_key(&id) {
                    listed.lose_price();
                }
                *place = Some(listed);
            }
        }
        self
    }

    /// As another version.
    #[must_use]
    pub fn with_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// Its number: a later one is greater.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The house.
    #[must_use]
    pub const fn house(&self) -> &House {
        &self.house
    }

    /// The business date of the active set, else the date of the market that the methods see.
    #[must_use]
    pub fn business_date(&self) -> Option<BusinessDate> {
        match (&self.set, &self.methods) {
            (Some(set), _) => Some(set.vintage().business_date),
            (None, Some(methods)) => methods.market().time().date(),
            (None, None) => None,
        }
    }

    /// The active set, if there is one.
    #[must_use]
    pub const fn set(&self) -> Option<&Arc<ParameterSet>> {
        self.set.as_ref()
    }

    /// The contracts of the house under one of its methods.
    #[must_use]
    pub fn catalogue(&self, method: &MethodName) -> Option<&Arc<Catalogue>> {
        self.methods.as_ref()?.catalogue(method)
    }

    /// The methods of the house.
    #[must_use]
    pub const fn methods(&self) -> Option<&HouseMethods> {
        self.methods.as_ref()
    }

    /// A contract of the active set or with a specification.
    #[must_use]
    pub fn contract(&self, id: ContractId) -> Option<&ListedContract> {
        self.contracts.get(id.number() as usize)?.as_ref()
    }

    /// The rows of the active set that one lot of a contract is a lot of. What is settled needs a price for its variation, whatever its
    /// array.
    ///
    /// # Errors
    /// Why there are none.
    pub fn rows(&self, id: ContractId) -> Result<&[(CommodityIndex, Row)], UnmatchedReason> {
        let own = self.contract(id).ok_or(UnmatchedReason::UnknownContract)?;
        let rows = own.rows.as_ref().map_err(|reason| *reason)?;
        if own.is_priced() { Ok(rows) } else { Err(UnmatchedReason::NoPrice) }
    }

    /// What the house lacks to margin an account of these terms.
    pub(super) fn lacks(&self, terms: &MarginTerms) -> Option<Missing> {
        let detail = match terms {
            MarginTerms::Span { account_type, .. } => match &self.set {
                None => "no parameter set is active for the house".to_owned(),
                Some(set) => AccountLevels::of(set, account_type.as_deref()).err()?.to_string(),
            },
            MarginTerms::Method { method, .. } if self.catalogue(method).is_none() => {
                format!("the house has no method {method}")
            }
            MarginTerms::Method { .. } => return None,
        };
        Some(Missing::new(MissingKind::Margining, detail, true))
    }

    /// The part of the value at the last mark that is charged on top for what cannot be priced.
    #[must_use]
    pub fn unpriced_add_on(&self) -> Ratio {
        self.schedule.unpriced_add_on.unwrap_or(CollateralSchedule::UNPRICED_ADD_ON)
    }

    /// How many times the last accepted mark a trade's price may be before it is an item.
    #[must_use]
    pub fn most_price_ratio(&self) -> Ratio {
        self.schedule.most_price_ratio.unwrap_or(CollateralSchedule::MOST_PRICE_RATIO)
    }

    /// Whether an account of these terms margins a contract.
    pub(super) fn margins(&self, id: ContractId, terms: &MarginTerms) -> bool {
        match terms {
            _ if self.lacks(terms).is_some() => false,
            MarginTerms::Span { .. } => self.rows(id).is_ok(),
            MarginTerms::Method { method, .. } => {
                self.catalogue(method).is_some_and(|own| matches!(own.contract(id), Some(Ok(_))))
            }
        }
    }

    /// The prices between which a contract may trade, where they are known.
    #[must_use]
    pub fn band(&self, id: ContractId) -> Option<Band> {
        self.bands.get(&id).copied()
    }

    /// What its settlement runs have said.
    #[must_use]
    pub fn settlements(&self) -> &Settlements {
        &self.settlements
    }

    /// What counts of collateral.
    #[must_use]
    pub const fn schedule(&self) -> &CollateralSchedule {
        &self.schedule
    }

    /// Whether any contract is of the active set or has a specification.
    #[must_use]
    pub fn has_contracts(&self) -> bool {
        self.contracts.iter().any(Option::is_some)
    }

    /// Whether the house knows a currency: one of its set, of its contracts, of its methods, or one that its market exchanges.
    #[must_use]
    pub fn knows_currency(&self, currency: &Currency) -> bool {
        let of_set = |set: &Arc<ParameterSet>| {
            set.base_currency() == currency
                || set.commodities().iter().any(|own| own.currency() == currency)
                || set.conversions().rates().any(|(from, to, _)| from == currency || to == currency)
        };
        let of_methods = |methods: &HouseMethods| {
            methods.market().exchanges(currency)
                || methods.iter().any(|(_, own)| own.method().currency == *currency)
        };
        self.set.as_ref().is_some_and(of_set)
            || self.methods.as_ref().is_some_and(of_methods)
            || self.contracts.iter().flatten().any(|own| own.currency == *currency)
    }

    /// An amount in another currency at the set's rates, else at the market's; `None` where neither has one.
    pub(super) fn converted(
        &self,
        amount: Money,
        from: &Currency,
        to: &Currency,
    ) -> Option<Result<Money, Overflow>> {
        if from == to {
            return Some(Ok(amount));
        }
        let path = self.set.as_ref().and_then(|set| set.conversions().path(from, to));
        match path {
            Some(path) => Some(path.iter().try_fold(amount, |amount, step| step.convert_half_away(amount))),
            None => self.methods.as_ref()?.converted(amount, from, to),
        }
    }
}
