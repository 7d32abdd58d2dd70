//! Contracts between their expiry and the settlement price that somebody states: what they are worth meanwhile.
//!
//! A contract with a specification has ended by the time of its house's market. One of a set has ended once the business date of the active set
//! is later than its last day: the day that a file stated of it last (SPAN's `setlDate`), else the day that its period is, else the last day of
//! the month that its period begins with. What it ends at is the price of the contract that it is on, as the active set has it, else as it was
//! accepted last.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{HouseMethods, HouseSnapshot, KnownContract, ListedContract, PriceMoney};
use crate::contract::{
    ContractId, ContractKey, Instrument, OptionRight, OptionTerms, ProductType, Registry, Settlement,
    SpecificationTerms,
};
use crate::market::SourceMarket;
use crate::types::{BusinessDate, Decimal, Money, Overflow};

/// Digits behind the point of a price in coins: more than any quoted one has.
const DIGITS: u8 = 12;

/// A contract that has ended and has no settlement price yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Awaiting {
    /// Points of its price that it would end at, were its source's price now the last; `None` where the source has none.
    pub intrinsic: Option<Decimal>,
}

impl Awaiting {
    /// The price for lots of a side: of what is held the lesser of the last mark and the intrinsic value, of what is sold the greater.
    pub(in crate::group) fn price(self, mark: Option<Decimal>, is_long: bool) -> Option<Decimal> {
        match (mark, self.intrinsic) {
            (Some(mark), Some(intrinsic)) if is_long => Some(mark.min(intrinsic)),
            (Some(mark), Some(intrinsic)) => Some(mark.max(intrinsic)),
            (one, other) => one.or(other),
        }
    }
}

/// When a contract of a set ends, and what it ends at.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ending {
    /// Its last day; `None` where nothing says one.
    pub day: Option<BusinessDate>,
    /// The contract whose price it ends at.
    pub source: Option<ContractId>,
    /// Right and strike of an option.
    pub option: Option<OptionTerms>,
    /// Money for one point of strike, where it is not that of a point of price.
    pub strike_factor: Option<Decimal>,
}

impl Ending {
    /// Whether its last day is before a date.
    pub(super) fn is_over(&self, today: BusinessDate) -> bool {
        self.day.is_some_and(|day| day < today)
    }

    /// What it ends at, were this the last price of its source.
    fn at(&self, price: Decimal, money: PriceMoney) -> Result<Decimal, Overflow> {
        let Some(option) = self.option else { return Ok(price) };
        let gain = gain(option, price)?;
        let gain = match (self.strike_factor, money) {
            (Some(of_strike), PriceMoney::Point(of_price)) if of_price.is_positive() => {
                gain.times_half_away(of_strike)?.over_half_away(of_price)?
            }
            (Some(_) | None, PriceMoney::Point(_) | PriceMoney::Inverse(_)) => gain,
        };
        gain.to_decimal_half_away(DIGITS)
    }
}

/// What an option gains at a price of its source, in points.
fn gain(option: OptionTerms, price: Decimal) -> Result<Money, Overflow> {
    let (high, low) = match option.right {
        OptionRight::Call => (price, option.strike),
        OptionRight::Put => (option.strike, price),
    };
    Ok(Money::from_decimal(high)?.minus(Money::from_decimal(low)?)?.max(Money::ZERO))
}

/// The last day of a contract of which a file states one or none.
pub(super) fn last_day(key: &ContractKey, stated: Option<BusinessDate>) -> Option<BusinessDate> {
    match key.product_type {
        // They do not end.
        ProductType::Physical | ProductType::Equity => None,
        ProductType::Future
        | ProductType::Forward
        | ProductType::OptionOnPhysical
        | ProductType::OptionOnFuture
        | ProductType::OptionOnEquity
        | ProductType::Combination
        | ProductType::OptionOnCombination => stated.or_else(|| key.period.last_day()),
    }
}

/// The contracts without a specification whose last day is before a business date. What is not listed has that of its period.
pub(super) fn by_date(
    registry: &Registry,
    listed: &[Option<ListedContract>],
    today: BusinessDate,
) -> BTreeSet<ContractId> {
    let bare = registry.numbered().filter(|(_, own)| own.specification.is_none());
    let ended = bare.filter(|(id, own)| {
        let ending = match listed.get(id.number() as usize).and_then(Option::as_ref) {
            Some(listed) => listed.ending,
            None => Ending { day: last_day(&own.key, None), ..Ending::default() },
        };
        ending.is_over(today)
    });
    ended.map(|(id, _)| id).collect()
}

/// The contracts that have ended by the time of a market.
pub(super) fn by_market(registry: &Registry, methods: &HouseMethods) -> BTreeMap<ContractId, Awaiting> {
    let market = methods.market();
    let ended = registry.specified().filter(|(_, own)| own.has_ended(market.time()));
    let awaiting = ended.map(|(id, own)| {
        let source = market.of(&own.terms().price_source);
        // A price in other money says nothing of it, unless a method takes one for the other.
        let fits = |source: &SourceMarket| {
            let moves_as_it_has_to = source.other_model(own.terms()).is_none();
            let fits_by_itself = moves_as_it_has_to
                && source.terms.as_ref().is_none_or(|terms| terms.misfit(own.terms()).is_none());
            fits_by_itself || methods.iter().any(|(_, by)| by.method().misfit(own, Some(source)).is_none())
        };
        let price = source.filter(|source| fits(source)).and_then(|source| source.price);
        // The shortest text that means the double is what somebody quoted.
        let price = price.and_then(|own| Decimal::parse(&own.value().to_string()).ok());
        let intrinsic = price.and_then(|price| intrinsic(own.terms(), price).ok());
        (id, Awaiting { intrinsic })
    });
    awaiting.collect()
}

/// What a contract ends at, were this the last price of its source.
fn intrinsic(terms: &SpecificationTerms, price: Decimal) -> Result<Decimal, Overflow> {
    let Instrument::Option { strike, right, .. } = &terms.instrument else { return Ok(price) };
    let gain = gain(OptionTerms { right: *right, strike: *strike }, price)?;
    let gain = match &terms.settlement {
        // Its price is in coins.
        Settlement::Inverse { .. } => gain.over_half_away(price)?,
        Settlement::Premium | Settlement::FuturesStyle => gain,
    };
    gain.to_decimal_half_away(DIGITS)
}

impl HouseSnapshot {
    /// Whether a contract has ended and has no settlement price yet, and what it would end at.
    #[must_use]
    pub fn awaiting(&self, id: ContractId) -> Option<Awaiting> {
        if self.settlements.ended(id).is_some() {
            return None;
        }
        let by_set = || self.ended.contains(&id).then(|| Awaiting { intrinsic: self.intrinsic(id) });
        self.awaiting.get(&id).copied().or_else(by_set)
    }

    /// What a contract of a set ends at, by the price that its source has in the active set, else had last.
    fn intrinsic(&self, id: ContractId) -> Option<Decimal> {
        let KnownContract { ending, money, .. } = self.known(id)?;
        let price = self.known(ending.source?)?.mark?;
        ending.at(price, money).ok()
    }

    /// What the active set does not list has the last day that was stated of it last.
    pub(super) fn end_retained(&mut self) {
        let Some(today) = self.set.as_ref().map(|set| set.vintage().business_date) else { return };
        for (id, known) in self.retained.iter() {
            let is_listed = self.contracts.get(id.number() as usize).is_some_and(Option::is_some);
            let ending = known.contract.ending;
            if is_listed || ending.day.is_none() {
                continue;
            }
            if ending.is_over(today) {
                self.ended.insert(*id);
            } else {
                self.ended.remove(id);
            }
        }
    }
}
