//! A contract as a house has it today: how it is margined under the active set, its price, and what a price is in money.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::awaiting::{Ending, last_day};
use crate::contract::{Instrument, Registry, Settlement, SpecificationTerms};
use crate::parameters::{CommodityIndex, Listing, ParameterSet, Quoted, Valuation};
use crate::scenario::Row;
use crate::span::UnmatchedReason;
use crate::types::{Currency, Decimal, Money, Overflow};

/// The rows of a set that one lot is a lot of.
pub type SetRows = SmallVec<[(CommodityIndex, Row); 1]>;

/// What a price is in money.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceMoney {
    /// So much for a point.
    Point(Decimal),
    /// Coins: a lot is worth so much of the price's currency, bought for `m / price` coins, so its money is `-m / price`.
    Inverse(Decimal),
}

impl PriceMoney {
    /// The money of so many lots at a price: what is paid for them, or what variation is measured from.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn of(self, price: Decimal, lots: i64) -> Result<Money, Overflow> {
        match self {
            Self::Point(factor) => Money::from_decimal(price)?.times_half_away(factor)?.times_whole(lots),
            Self::Inverse(multiplier) => {
                Ok(Money::from_decimal(multiplier)?.times_whole(lots)?.over_half_away(price)?.negated())
            }
        }
    }
}

/// A contract as its house has it.
#[derive(Clone, Debug)]
pub struct ListedContract {
    /// The rows of the active set that one lot is a lot of, or why there are none.
    pub rows: Result<SetRows, UnmatchedReason>,
    /// Its price.
    pub price: Option<Decimal>,
    /// What a price is in money.
    pub money: Option<PriceMoney>,
    /// The currency of its money.
    pub currency: Currency,
    /// Whether its price is paid when it is traded; else gains and losses are settled.
    pub is_paid: bool,
    /// Whether it is an option.
    pub is_option: bool,
    /// When it ends and what it ends at, as the active set says.
    pub ending: Ending,
    /// What it had before it ended, as far as the active set still says it.
    pub(super) before: Option<BeforeEnd>,
}

/// What a contract that has ended was priced and margined at.
#[derive(Clone, Debug)]
pub(super) struct BeforeEnd {
    pub(super) price: Option<Decimal>,
    pub(super) rows: Option<SetRows>,
}

impl ListedContract {
    /// As a set lists it.
    pub(super) fn of_set(set: &ParameterSet, quoted: &Quoted, registry: &Registry) -> Self {
        let rows: Result<SetRows, UnmatchedReason> = match quoted.listing {
            Listing::Row(commodity, row) => Ok(SmallVec::from_slice(&[(commodity, row)])),
            Listing::Split(split) => Ok(SmallVec::from_slice(set.listings().split(split))),
            Listing::NoArray => Err(UnmatchedReason::NoRiskArray),
            Listing::NoPrice => Err(UnmatchedReason::NoPrice),
            Listing::NotCalculated => Err(UnmatchedReason::ProductNotCalculated),
        };
        let own = rows.as_ref().ok().and_then(|rows| rows.first()).map(|(commodity, _)| *commodity);
        let own = own.map(|commodity| set.commodities()[commodity.index()].currency());
        Self {
            rows,
            price: quoted.price,
            money: quoted.factor.map(PriceMoney::Point),
            currency: quoted.currency.as_ref().or(own).unwrap_or(set.base_currency()).clone(),
            is_option: quoted.key.product_type.is_option(),
            is_paid: quoted.valuation == Valuation::PremiumStyle,
            ending: Ending {
                day: last_day(&quoted.key, quoted.ends),
                source: quoted.source.as_ref().and_then(|source| registry.id(source)),
                option: quoted.key.option,
                strike_factor: quoted.strike_factor,
            },
            before: None,
        }
    }

    /// As its specification has it, with a price; rows are those of the set that lists it too.
    pub(super) fn of_specification(
        terms: &SpecificationTerms,
        price: Option<Decimal>,
        listed: Option<Self>,
    ) -> Self {
        let is_option = matches!(terms.instrument, Instrument::Option { .. });
        let (currency, is_paid) = match &terms.settlement {
            Settlement::Premium => (&terms.quote, true),
            Settlement::FuturesStyle => (&terms.quote, false),
            Settlement::Inverse { coin } => (coin, is_option),
        };
        let is_inverse = matches!(terms.settlement, Settlement::Inverse { .. }) && !is_option;
        let money = if is_inverse { PriceMoney::Inverse } else { PriceMoney::Point };
        let of_set = listed.as_ref().and_then(|own| own.price);
        Self {
            rows: listed.map_or(Err(UnmatchedReason::UnknownContract), |own| own.rows),
            price: price.or(of_set),
            money: Some(money(terms.multiplier)),
            currency: currency.clone(),
            is_paid,
            is_option,
            // By the market.
            ending: Ending::default(),
            before: None,
        }
    }

    /// It has ended: what it was priced and margined at says nothing any more.
    pub(super) fn lose_price(&mut self) {
        let before = self.before.take();
        let price = self.price.take().or(before.as_ref().and_then(|own| own.price));
        let rows = match &self.rows {
            Ok(rows) => Some(rows.clone()),
            Err(_) => before.and_then(|own| own.rows),
        };
        if rows.is_some() {
            self.rows = Err(UnmatchedReason::NoPrice);
        }
        self.before = Some(BeforeEnd { price, rows });
    }

    /// Whether its positions have a price in money.
    #[must_use]
    pub const fn is_priced(&self) -> bool {
        self.price.is_some() && self.money.is_some()
    }

    /// The money of so many lots at a price: what is paid for them, or what variation is measured from.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit, or nothing says what a price is in money.
    pub fn money_at(&self, price: Decimal, lots: i64) -> Result<Money, Overflow> {
        self.money.ok_or(Overflow)?.of(price, lots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Code, PriceSource};

    #[test]
    fn coins_are_gained_as_the_price_rises() {
        let terms = SpecificationTerms {
            price_source: PriceSource::new("BTC").unwrap(),
            instrument: Instrument::Perpetual,
            multiplier: Decimal::whole(10),
            quote: Code::new("USD").unwrap(),
            settlement: Settlement::Inverse { coin: Code::new("BTC").unwrap() },
        };
        let own = ListedContract::of_specification(&terms, None, None);
        let at = |price: i64, lots: i64| own.money_at(Decimal::whole(price), lots).unwrap();
        // 1,000 lots of 10 dollars: 10,000 (1/40,000 - 1/50,000) coins.
        let gain = at(50_000, 1_000).minus(at(40_000, 1_000)).unwrap();
        assert_eq!(gain, Money::from_decimal("0.05".parse().unwrap()).unwrap());
        assert_eq!((own.currency.as_str(), own.is_paid), ("BTC", false));
        assert!(own.money_at(Decimal::ZERO, 1).is_err());
    }
}
