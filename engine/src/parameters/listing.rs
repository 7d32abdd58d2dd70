//! Finding contracts by the names that callers use.

use super::commodity::CommodityIndex;
use super::definition::Valuation;
use crate::contract::{ContractKey, ContractQuery, OptionTerms, Period, ProductType};
use crate::scenario::Row;
use crate::types::{BusinessDate, Currency, Decimal, ExchangeCode, House, ProductCode};

/// What a set knows of a contract that it lists.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Listing {
    /// It is margined: its commodity and the row of its array there.
    Row(CommodityIndex, Row),
    /// It is margined as several rows, the place of which is among the listings' splits.
    Split(u32),
    /// The file has no array for it.
    NoArray,
    /// The file has no price for it, though it is a premium-style option.
    NoPrice,
    /// Its kind of product is not calculated.
    NotCalculated,
}

/// What a query finds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Match {
    /// One contract.
    One(Listing),
    /// None.
    None,
    /// Several: the query is to name exchange or underlying period.
    Several(Vec<ContractKey>),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Family {
    pub(super) exchange: ExchangeCode,
    pub(super) product: ProductCode,
    pub(super) product_type: ProductType,
    /// Of its prices; none: that of its commodity.
    pub(super) currency: Option<Currency>,
    pub(super) valuation: Valuation,
    pub(super) contracts: Vec<Entry>,
}

/// A contract with what the file says of its price.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quoted {
    /// The contract.
    pub key: ContractKey,
    /// What the set knows of it.
    pub listing: Listing,
    /// Its price.
    pub price: Option<Decimal>,
    /// Money for one point of price; greater than zero.
    pub factor: Option<Decimal>,
    /// The currency of its price; none: that of its commodity.
    pub currency: Option<Currency>,
    /// How it is paid for.
    pub valuation: Valuation,
    /// Its last day, where the file states one.
    pub ends: Option<BusinessDate>,
    /// Money for one point of strike, where the file states it.
    pub strike_factor: Option<Decimal>,
    /// The contract that it is on.
    pub source: Option<ContractKey>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Entry {
    pub(super) period: Period,
    pub(super) option: Option<OptionTerms>,
    pub(super) underlying: Option<Period>,
    pub(super) listing: Listing,
    /// As the file states it; none where it states that there is none.
    pub(super) price: Option<Decimal>,
    /// Money for one point of price, where the file says.
    pub(super) factor: Option<Decimal>,
    /// The last day, where the file states one.
    pub(super) ends: Option<BusinessDate>,
    /// Money for one point of strike, where the file says.
    pub(super) strike_factor: Option<Decimal>,
    /// What it is on.
    pub(super) source: Option<Source>,
}

/// The contract that another is on; it is no option.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Source {
    /// The place of its family.
    pub(super) family: usize,
    pub(super) period: Period,
    pub(super) underlying: Option<Period>,
}

/// All contracts of a set, sorted for look-up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listings {
    house: House,
    families: Vec<Family>,
    splits: Vec<Vec<(CommodityIndex, Row)>>,
}

impl Listings {
    pub(super) fn new(
        house: House,
        mut families: Vec<Family>,
        splits: Vec<Vec<(CommodityIndex, Row)>>,
    ) -> Self {
        let mut order: Vec<usize> = (0..families.len()).collect();
        order.sort_by(|a, b| families[*a].order().cmp(&families[*b].order()));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, before)| places[*before] = place);
        for family in &mut families {
            let sources = family.contracts.iter_mut().filter_map(|own| own.source.as_mut());
            sources.for_each(|own| own.family = places.get(own.family).copied().unwrap_or(usize::MAX));
            family.contracts.sort_unstable();
        }
        families.sort_by(|a, b| a.order().cmp(&b.order()));
        Self { house, families, splits }
    }

    /// Families and contracts.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.families.len(), self.families.iter().map(|family| family.contracts.len()).sum())
    }

    /// Every contract with what the set knows of it, by product, type, exchange, period and strike.
    pub fn iter(&self) -> impl Iterator<Item = (ContractKey, Listing)> {
        self.families
            .iter()
            .flat_map(|family| family.contracts.iter().map(|entry| (self.key(family, entry), entry.listing)))
    }

    /// Every contract with what the file says of its price, in the order of [`Listings::iter`].
    pub fn quoted(&self) -> impl Iterator<Item = Quoted> {
        self.families.iter().flat_map(|family| {
            family.contracts.iter().map(|entry| Quoted {
                key: self.key(family, entry),
                listing: entry.listing,
                price: entry.price,
                factor: entry.factor.filter(|factor| factor.is_positive()),
                currency: family.currency.clone(),
                valuation: family.valuation,
                ends: entry.ends,
                strike_factor: entry.strike_factor.filter(|factor| factor.is_positive()),
                source: entry.source.and_then(|source| self.source(&source)),
            })
        })
    }

    fn source(&self, source: &Source) -> Option<ContractKey> {
        let family = self.families.get(source.family)?;
        Some(ContractKey {
            house: self.house.clone(),
            exchange: family.exchange.clone(),
            product: family.product.clone(),
            product_type: family.product_type,
            period: source.period,
            underlying_period: source.underlying,
            option: None,
        })
    }

    /// The rows that one lot of a split contract is a lot of.
    #[must_use]
    pub fn split(&self, split: u32) -> &[(CommodityIndex, Row)] {
        self.splits.get(split as usize).map_or(&[], Vec::as_slice)
    }

    /// Finds the contract that a query names.
    #[must_use]
    pub fn find(&self, query: &ContractQuery) -> Match {
        match self.fitting(query).as_slice() {
            [] => Match::None,
            [(_, entry)] => Match::One(entry.listing),
            several => Match::Several(self.keys(several)),
        }
    }

    /// The keys of the contracts that a query may mean.
    #[must_use]
    pub fn find_keys(&self, query: &ContractQuery) -> Vec<ContractKey> {
        self.keys(&self.fitting(query))
    }

    fn keys(&self, found: &[(&Family, &Entry)]) -> Vec<ContractKey> {
        found.iter().map(|(family, entry)| self.key(family, entry)).collect()
    }

    fn fitting(&self, query: &ContractQuery) -> Vec<(&Family, &Entry)> {
        let wanted = (query.product.as_str(), query.product_type);
        let first =
            self.families.partition_point(|family| (family.product.as_str(), family.product_type) < wanted);
        let same =
            |family: &&Family| family.product == query.product && family.product_type == query.product_type;
        let mut found: Vec<(&Family, &Entry)> = Vec::new();
        for family in self.families[first..].iter().take_while(same) {
            if query.exchange.as_ref().is_none_or(|exchange| *exchange == family.exchange) {
                found.extend(family.find(query).map(|entry| (family, entry)));
            }
        }
        found
    }

    fn key(&self, family: &Family, entry: &Entry) -> ContractKey {
        ContractKey {
            house: self.house.clone(),
            exchange: family.exchange.clone(),
            product: family.product.clone(),
            product_type: family.product_type,
            period: entry.period,
            underlying_period: entry.underlying,
            option: entry.option,
        }
    }
}

impl Family {
    fn order(&self) -> (&str, ProductType, &str) {
        (self.product.as_str(), self.product_type, self.exchange.as_str())
    }

    fn find(&self, query: &ContractQuery) -> impl Iterator<Item = &Entry> {
        let wanted = (query.period, query.option);
        let underlying = query.underlying_period;
        let first = self.contracts.partition_point(|entry| (entry.period, entry.option) < wanted);
        self.contracts[first..]
            .iter()
            .take_while(move |entry| (entry.period, entry.option) == wanted)
            .filter(move |entry| underlying.is_none_or(|period| Some(period) == entry.underlying))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ContractText;

    fn listings() -> Listings {
        let family = |exchange: &str, contracts: &[(&str, &str)]| Family {
            exchange: ExchangeCode::new(exchange).unwrap(),
            product: ProductCode::new("GC").unwrap(),
            product_type: ProductType::Future,
            currency: None,
            valuation: Valuation::FuturesStyle,
            contracts: contracts
                .iter()
                .zip(0..)
                .map(|(&(period, underlying), row)| Entry {
                    period: Period::new(period).unwrap(),
                    option: None,
                    underlying: Period::new(underlying).ok(),
                    listing: Listing::Row(CommodityIndex(0), Row::new(row)),
                    price: None,
                    factor: None,
                    ends: None,
                    strike_factor: None,
                    source: None,
                })
                .collect(),
        };
        let families = vec![
            family("XMIN", &[("202506", "")]),
            family("CMX", &[("202508", "202510"), ("202506", ""), ("202508", "202512")]),
        ];
        Listings::new(House::new("CME").unwrap(), families, Vec::new())
    }

    fn find(exchange: &str, period: &str, underlying_period: &str) -> Match {
        let text = ContractText {
            exchange,
            product: "GC",
            product_type: "FUT",
            period,
            underlying_period,
            ..ContractText::default()
        };
        listings().find(&ContractQuery::parse(&text).unwrap())
    }

    #[test]
    fn one_none_or_several() {
        let row = |row| Match::One(Listing::Row(CommodityIndex(0), Row::new(row)));
        assert_eq!(find("CMX", "202506", ""), row(1));
        assert_eq!(find("", "202508", "202512"), row(2));
        assert_eq!(find("", "202509", ""), Match::None);
        assert_eq!(find("NYM", "202506", ""), Match::None);
        assert!(matches!(find("", "202506", ""), Match::Several(keys) if keys.len() == 2));
        assert!(matches!(find("CMX", "202508", ""), Match::Several(keys) if keys.len() == 2));
    }
}
