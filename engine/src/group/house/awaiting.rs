//! Contracts between their expiry and the settlement price that somebody states: what they are worth meanwhile.

use std::collections::BTreeMap;

use super::{HouseMethods, HouseSnapshot};
use crate::contract::{ContractId, Instrument, OptionRight, Registry, Settlement, SpecificationTerms};
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

/// The contracts without a specification whose period is a day before a business date. Nothing says what they are worth but their last mark; of a
/// period that is a month nothing says the day.
pub(super) fn by_date(registry: &Registry, today: BusinessDate) -> BTreeMap<ContractId, Awaiting> {
    let bare = registry.numbered().filter(|(_, own)| own.specification.is_none());
    let ended = bare.filter(|(_, own)| own.key.period.date().is_some_and(|day| day < today));
    ended.map(|(id, _)| (id, Awaiting { intrinsic: None })).collect()
}

/// The contracts that have ended by the time of a market.
pub(super) fn by_market(registry: &Registry, methods: &HouseMethods) -> BTreeMap<ContractId, Awaiting> {
    let market = methods.market();
    let ended = registry.specified().filter(|(_, own)| own.has_ended(market.time()));
    let awaiting = ended.map(|(id, own)| {
        let source = market.of(&own.terms().price_source);
        // A price in other money says nothing of it, unless a method takes one for the other.
        let fits = |source: &SourceMarket| {
            let fits_by_itself =
                source.terms.as_ref().is_none_or(|terms| terms.misfit(own.terms()).is_none());
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
    let (high, low) = match right {
        OptionRight::Call => (price, *strike),
        OptionRight::Put => (*strike, price),
    };
    let gain = Money::from_decimal(high)?.minus(Money::from_decimal(low)?)?.max(Money::ZERO);
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
        self.awaiting.get(&id).copied().filter(|_| self.settlements.ended(id).is_none())
    }
}
