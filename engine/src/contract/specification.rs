//! What a contract is, for whoever has to price it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::OptionRight;
use crate::types::{Currency, Decimal, Moment, PriceSource};

/// How the holder of an option may exercise it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exercise {
    /// At expiry.
    European,
    /// At any time.
    American,
}

/// How the forward of an option moves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionModel {
    /// Lognormally: Black-76. Forwards and strikes are positive.
    Lognormal,
    /// Normally: Bachelier. Forwards and strikes have any sign.
    Normal,
}

/// What is traded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// The price source itself, held outright: a currency, a coin, a share; also as collateral.
    Asset,
    /// A future without end.
    Perpetual,
    /// A future.
    Future {
        /// When it settles.
        expiry: Moment,
    },
    /// An option on the forward to its expiry.
    Option {
        /// When it ends.
        expiry: Moment,
        /// In units of the price.
        strike: Decimal,
        /// Call or put.
        right: OptionRight,
        /// When it may be exercised.
        exercise: Exercise,
        /// How its forward moves.
        model: OptionModel,
    },
}

/// How gains and losses become money. `p` is the price in the quote currency, `m` the multiplier.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// The price is paid in full when it is traded, and the value `m p` is the holder's (assets, most options).
    Premium,
    /// Nothing is paid; `m (p1 - p0)` is settled as the price moves (futures, and options like them).
    FuturesStyle,
    /// As futures, in a coin: a future gains `m (1/p0 - 1/p1)` of it, an option's price is stated in it.
    Inverse {
        /// The coin.
        coin: Currency,
    },
}

/// The terms of a contract as somebody states them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SpecificationTerms {
    /// What moves its price.
    pub price_source: PriceSource,
    /// What is traded.
    pub instrument: Instrument,
    /// Units of the price source, or of the quote currency if it is inverse, in one contract; greater than zero.
    pub multiplier: Decimal,
    /// The currency of its price.
    pub quote: Currency,
    /// How gains and losses become money.
    pub settlement: Settlement,
}

/// The terms of a contract, which fit together.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "SpecificationTerms", into = "SpecificationTerms")]
pub struct Specification(SpecificationTerms);

impl TryFrom<SpecificationTerms> for Specification {
    type Error = String;

    fn try_from(terms: SpecificationTerms) -> Result<Self, String> {
        let named = |faults: Vec<SpecificationFault>| {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        terms.check().map_err(named)
    }
}

impl From<Specification> for SpecificationTerms {
    fn from(own: Specification) -> Self {
        own.0
    }
}

/// Why terms do not fit together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpecificationFault {
    /// The multiplier is zero or less.
    Multiplier,
    /// A lognormal option has a strike of zero or less.
    Strike,
    /// An asset is not paid in full.
    AssetNotPaid,
    /// A future or perpetual is paid in full.
    FuturePaid,
    /// The coin of an inverse contract is the currency of its price, or a token of it: its code begins with the currency's (USDC, USD).
    Coin,
}

impl fmt::Display for SpecificationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Multiplier => "multiplier: expected a number greater than zero",
            Self::Strike => "strike: expected a number greater than zero where the forward moves lognormally",
            Self::AssetNotPaid => "settlement: an asset is paid in full",
            Self::FuturePaid => "settlement: a future is not paid in full",
            Self::Coin => "settlement: the coin of an inverse contract is neither the currency of its price nor a token of it",
        })
    }
}

impl SpecificationTerms {
    /// Checks that the terms fit together.
    ///
    /// # Errors
    /// Every [`SpecificationFault`].
    pub fn check(self) -> Result<Specification, Vec<SpecificationFault>> {
        let is_future = matches!(self.instrument, Instrument::Perpetual | Instrument::Future { .. });
        let is_low = |instrument: &Instrument| match instrument {
            Instrument::Option { strike, model, .. } => {
                *model == OptionModel::Lognormal && !strike.is_positive()
            }
            Instrument::Asset | Instrument::Perpetual | Instrument::Future { .. } => false,
        };
        let is_paid = self.settlement == Settlement::Premium;
        let same_coin = matches!(
            &self.settlement,
            Settlement::Inverse { coin } if coin.as_str().starts_with(self.quote.as_str())
        );
        let checks = [
            (!self.multiplier.is_positive(), SpecificationFault::Multiplier),
            (is_low(&self.instrument), SpecificationFault::Strike),
            (self.instrument == Instrument::Asset && !is_paid, SpecificationFault::AssetNotPaid),
            (is_future && is_paid, SpecificationFault::FuturePaid),
            (same_coin, SpecificationFault::Coin),
        ];
        let faults: Vec<_> = checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault).collect();
        if faults.is_empty() { Ok(Specification(self)) } else { Err(faults) }
    }
}

impl Specification {
    /// The terms.
    #[must_use]
    pub const fn terms(&self) -> &SpecificationTerms {
        &self.0
    }

    /// The currency that its gains and losses are in.
    #[must_use]
    pub const fn settled_in(&self) -> &Currency {
        match &self.0.settlement {
            Settlement::Inverse { coin } => coin,
            Settlement::Premium | Settlement::FuturesStyle => &self.0.quote,
        }
    }

    /// Whether it has ended by a time.
    #[must_use]
    pub fn has_ended(&self, time: Moment) -> bool {
        self.expiry().is_some_and(|expiry| expiry <= time)
    }

    /// When the contract ends, if it does.
    #[must_use]
    pub const fn expiry(&self) -> Option<Moment> {
        match self.0.instrument {
            Instrument::Asset | Instrument::Perpetual => None,
            Instrument::Future { expiry } | Instrument::Option { expiry, .. } => Some(expiry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(strike: &str, model: OptionModel) -> Instrument {
        Instrument::Option {
            expiry: "2026-12-25T08:00:00Z".parse().unwrap(),
            strike: strike.parse().unwrap(),
            right: OptionRight::Call,
            exercise: Exercise::European,
            model,
        }
    }

    fn terms(instrument: Instrument, multiplier: &str, settlement: Settlement) -> SpecificationTerms {
        SpecificationTerms {
            price_source: PriceSource::new("BTC").unwrap(),
            instrument,
            multiplier: multiplier.parse().unwrap(),
            quote: Currency::new("USD").unwrap(),
            settlement,
        }
    }

    #[test]
    fn terms_that_do_not_fit_are_all_named() {
        use SpecificationFault as Fault;
        let inverse = |coin: &str| Settlement::Inverse { coin: Currency::new(coin).unwrap() };
        let (lognormal, normal) = (OptionModel::Lognormal, OptionModel::Normal);
        for (instrument, multiplier, settlement, faults) in [
            (Instrument::Asset, "1", Settlement::Premium, vec![]),
            (Instrument::Perpetual, "10", inverse("BTC"), vec![]),
            (option("60000", lognormal), "0.01", Settlement::Premium, vec![]),
            (option("-5", normal), "1", Settlement::FuturesStyle, vec![]),
            (Instrument::Asset, "0", Settlement::FuturesStyle, vec![Fault::Multiplier, Fault::AssetNotPaid]),
            (Instrument::Perpetual, "-1", Settlement::Premium, vec![Fault::Multiplier, Fault::FuturePaid]),
            (option("0", lognormal), "1", inverse("USD"), vec![Fault::Strike, Fault::Coin]),
            (Instrument::Perpetual, "1", inverse("USDC"), vec![Fault::Coin]),
        ] {
            let checked = terms(instrument.clone(), multiplier, settlement).check();
            assert_eq!(checked.err().unwrap_or_default(), faults, "{instrument:?}");
        }
    }

    #[test]
    fn what_ends_says_when() {
        let ending = terms(option("1", OptionModel::Normal), "1", Settlement::Premium).check().unwrap();
        assert_eq!(ending.expiry().unwrap().to_string(), "2026-12-25T08:00:00Z");
        assert_eq!(terms(Instrument::Asset, "1", Settlement::Premium).check().unwrap().expiry(), None);
    }
}
