//! What a house fixes for its book: the active parameter set by contract number, price bands, what collateral counts for.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::contract::{ContractId, Registry};

use crate::parameters::{CommodityIndex, Listing, ParameterSet, Valuation};
use crate::scenario::Row;
use crate::span::UnmatchedReason;
use crate::types::{AssetCode, Currency, Decimal, House, Money, Overflow, Ratio};

/// A contract as the active set has it.
#[derive(Clone, Debug)]
pub struct ListedContract {
    /// The rows that one lot is a lot of, or why there are none.
    pub rows: Result<SmallVec<[(CommodityIndex, Row); 1]>, UnmatchedReason>,
    /// Its price.
    pub price: Option<Decimal>,
    /// Money for one point of price.
    pub factor: Option<Decimal>,
    /// The currency of its price.
    pub currency: Currency,
    /// Whether its price is paid when it is traded; else gains and losses are settled.
    pub is_paid: bool,
    /// Whether it is an option.
    pub is_option: bool,
}

impl ListedContract {
    /// The money of so many lots at a price: what is paid for them, or what variation is measured from.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the set states no money for a point of price.
    pub fn money_at(&self, price: Decimal, lots: i64) -> Result<Money, Overflow> {
        let factor = self.factor.ok_or(Overflow)?;
        Money::from_decimal(price)?.times_half_away(factor)?.times_whole(lots)
    }
}

/// The prices between which a contract may trade.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Band {
    /// The lowest.
    pub low: Decimal,
    /// The highest.
    pub high: Decimal,
}

/// What an asset counts for.
#[derive(Clone, Debug, Eq, PartialEq)]
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
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CollateralSchedule {
    /// The part of a currency's value that does not count where it covers another, from 0 to 1.
    pub currency_haircuts: BTreeMap<Currency, Ratio>,
    /// The assets that count.
    pub assets: BTreeMap<AssetCode, AssetTerms>,
}

/// Everything of a house that decisions use; immutable.
#[derive(Clone, Debug)]
pub struct HouseSnapshot {
    version: u64,
    set: Arc<ParameterSet>,
    contracts: Vec<Option<ListedContract>>,
    bands: BTreeMap<ContractId, Band>,
    schedule: CollateralSchedule,
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
            let rows: Result<SmallVec<[(CommodityIndex, Row); 1]>, UnmatchedReason> = match quoted.listing {
                Listing::Row(commodity, row) => Ok(SmallVec::from_slice(&[(commodity, row)])),
                Listing::Split(split) => Ok(SmallVec::from_slice(set.listings().split(split))),
                Listing::NoArray => Err(UnmatchedReason::NoRiskArray),
                Listing::NoPrice => Err(UnmatchedReason::NoPrice),
                Listing::NotCalculated => Err(UnmatchedReason::ProductNotCalculated),
            };
            let own = rows.as_ref().ok().and_then(|rows| rows.first()).map(|(commodity, _)| *commodity);
            let own = own.map(|commodity| set.commodities()[commodity.index()].currency());
            let currency = quoted.currency.as_ref().or(own).unwrap_or(set.base_currency()).clone();
            let id = registry.id(&quoted.key);
            if let Some(place) = id.and_then(|id| contracts.get_mut(id.number() as usize)) {
                *place = Some(ListedContract {
                    rows,
                    price: quoted.price,
                    factor: quoted.factor,
                    currency,
                    is_option: quoted.key.product_type.is_option(),
                    is_paid: quoted.valuation == Valuation::PremiumStyle,
                });
            }
        }
        Self { version, set, contracts, bands, schedule }
    }

    /// Its number: a later one is greater.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The house.
    #[must_use]
    pub fn house(&self) -> &House {
        self.set.house()
    }

    /// The active set.
    #[must_use]
    pub fn set(&self) -> &ParameterSet {
        &self.set
    }

    /// A contract of the active set.
    #[must_use]
    pub fn contract(&self, id: ContractId) -> Option<&ListedContract> {
        self.contracts.get(id.number() as usize)?.as_ref()
    }

    /// The prices between which a contract may trade, where they are known.
    #[must_use]
    pub fn band(&self, id: ContractId) -> Option<Band> {
        self.bands.get(&id).copied()
    }

    /// What counts of collateral.
    #[must_use]
    pub const fn schedule(&self) -> &CollateralSchedule {
        &self.schedule
    }
}
