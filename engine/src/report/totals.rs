//! Step 9: totals by currency and converted, and requirement levels.
//!
//! In each currency, with `NOV` the net option value:
//!
//! ```text
//! requirement = max(0, sum of risk - sum of NOV)             commodities whose option value is not capped
//!             + sum of max(0, risk - NOV)                    commodities whose option value is capped at their risk
//! ```
//!
//! The total in one currency is the sum of the converted totals: option value in one currency never pays risk in another.

use smallvec::SmallVec;

use super::request::CalculationError;
use super::{CurrencyTotals, LevelAmount};
use crate::parameters::{Commodity, ConversionStep, ParameterSet, RoundingProfile};
use crate::span::{CommodityMargin, Portfolio, SpanMargin, level_amount};
use crate::types::{Amount, Currency, Decimal, Money, Overflow};

/// Converts to the report's currency at the set's rates.
pub(super) struct Converter<'a> {
    set: &'a ParameterSet,
    currency: Currency,
    /// The way from each currency of the portfolio; there are few.
    paths: SmallVec<[(&'a Currency, Vec<ConversionStep>); 2]>,
}

/// Exact totals in the report's currency, and by currency, ascending.
pub(super) struct Totals<'a> {
    pub(super) risk: Money,
    pub(super) net_option_value: Money,
    pub(super) requirement: Money,
    by_currency: SmallVec<[(&'a Currency, Sums); 2]>,
}

impl Totals<'_> {
    /// The totals of each currency at six places.
    pub(super) fn by_currency(&self) -> Result<Vec<CurrencyTotals>, Overflow> {
        let rounded = |(currency, sum): &(&Currency, Sums)| {
            Ok(CurrencyTotals {
                currency: (*currency).clone(),
                risk: Amount::rounded_half_away(sum.risk),
                net_option_value: Amount::rounded_half_away(sum.net_option_value),
                requirement: Amount::rounded_half_away(sum.requirement()?),
            })
        };
        self.by_currency.iter().map(rounded).collect()
    }
}

/// Sums over the commodities of each currency, ascending; what counts as risk is the caller's.
#[inline]
pub(super) fn sums<'a>(
    set: &'a ParameterSet,
    margin: &SpanMargin,
    risk_of: impl Fn(&CommodityMargin, &Commodity) -> Result<Money, Overflow>,
) -> Result<SmallVec<[(&'a Currency, Sums); 2]>, Overflow> {
    let mut sums: SmallVec<[(&Currency, Sums); 2]> = SmallVec::new();
    for own in &margin.commodities {
        let commodity = &set.commodities()[own.commodity.index()];
        let currency = commodity.currency();
        let known = sums.iter().position(|(known, _)| *known == currency);
        let place = known.unwrap_or_else(|| {
            sums.push((currency, Sums::default()));
            sums.len() - 1
        });
        let sum = &mut sums[place].1;
        let risk = risk_of(own, commodity)?;
        let net_option_value = own.options.net_option_value()?;
        let after = risk.minus(net_option_value)?;
        sum.risk = sum.risk.plus(risk)?;
        sum.net_option_value = sum.net_option_value.plus(net_option_value)?;
        if commodity.cap_option_value() {
            sum.capped = sum.capped.plus(after.max(Money::ZERO))?;
        } else {
            sum.uncapped = sum.uncapped.plus(after)?;
        }
    }
    sums.sort_unstable_by_key(|(currency, _)| *currency);
    Ok(sums)
}

#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) risk: Money,
    pub(super) net_option_value: Money,
    /// Risk less option value of the commodities without a cap; may be negative.
    uncapped: Money,
    capped: Money,
}

impl Sums {
    pub(super) fn requirement(&self) -> Result<Money, Overflow> {
        self.uncapped.max(Money::ZERO).plus(self.capped)
    }
}

impl<'a> Converter<'a> {
    /// Finds the way from every currency of the portfolio, which is the only thing that can be missing.
    pub(super) fn new(
        set: &'a ParameterSet,
        portfolio: &Portfolio,
        currency: Currency,
    ) -> Result<Self, CalculationError> {
        let mut paths: SmallVec<[(&Currency, Vec<ConversionStep>); 2]> = SmallVec::new();
        // A target of a scanning-based spread has the currency of its legs.
        for holding in portfolio.holdings() {
            let from = set.commodities()[holding.commodity.index()].currency();
            if !paths.iter().any(|(known, _)| *known == from) {
                let no_way = || CalculationError::NoConversion { from: from.clone(), to: currency.clone() };
                paths.push((from, set.conversions().path(from, &currency).ok_or_else(no_way)?));
            }
        }
        Ok(Self { set, currency, paths })
    }

    pub(super) const fn currency(&self) -> &Currency {
        &self.currency
    }

    pub(super) fn into_currency(self) -> Currency {
        self.currency
    }

    /// The rates used, each once.
    pub(super) fn steps(&self) -> Vec<ConversionStep> {
        let mut steps: Vec<ConversionStep> = Vec::new();
        for step in self.paths.iter().flat_map(|(_, path)| path) {
            if !steps.contains(step) {
                steps.push(step.clone());
            }
        }
        steps
    }

    fn convert(&self, from: &Currency, amount: Money) -> Result<Money, Overflow> {
        let path = self.paths.iter().find(|(known, _)| *known == from).map(|(_, path)| path.as_slice());
        path.unwrap_or_default().iter().try_fold(amount, |amount, step| step.convert_half_away(amount))
    }

    /// An amount in the report's currency at six places.
    pub(super) fn amount(&self, from: &Currency, amount: Money) -> Result<Amount, Overflow> {
        self.convert(from, amount).map(Amount::rounded_half_away)
    }

    pub(super) fn totals(&self, margin: &SpanMargin) -> Result<Totals<'a>, Overflow> {
        let sums = sums(self.set, margin, |own, _| Ok(own.risk))?;
        let (mut risk, mut net_option_value, mut requirement) = (Money::ZERO, Money::ZERO, Money::ZERO);
        for (currency, sum) in &sums {
            risk = risk.plus(self.convert(currency, sum.risk)?)?;
            net_option_value = net_option_value.plus(self.convert(currency, sum.net_option_value)?)?;
            requirement = requirement.plus(self.convert(currency, sum.requirement()?)?)?;
        }
        Ok(Totals { risk, net_option_value, requirement, by_currency: sums })
    }

    /// What each level asks for: factors scale risk and never option value.
    pub(super) fn levels(
        &self,
        margin: &SpanMargin,
        levels: &[usize],
        rounding: RoundingProfile,
    ) -> Result<Vec<LevelAmount>, Overflow> {
        let of_level = |&index: &usize| {
            let sums = sums(self.set, margin, |own, commodity| {
                level_amount(own.risk, &commodity.level_factors()[index], rounding)
            })?;
            let (mut amount, mut requirement) = (Money::ZERO, Money::ZERO);
            for (currency, sum) in &sums {
                amount = amount.plus(self.convert(currency, sum.risk)?)?;
                requirement = requirement.plus(self.convert(currency, sum.requirement()?)?)?;
            }
            Ok(LevelAmount {
                level: self.set.levels().all()[index].name().to_owned(),
                amount: Amount::rounded_half_away(amount),
                requirement: Amount::rounded_half_away(requirement),
            })
        };
        levels.iter().map(of_level).collect()
    }

    /// Whether a level asks for the risk itself, of every commodity of a portfolio.
    pub(super) fn asks_for_risk(&self, margin: &SpanMargin, level: usize) -> bool {
        margin.commodities.iter().all(|own| {
            let factors = &self.set.commodities()[own.commodity.index()].level_factors()[level];
            factors.iter().all(|factor| *factor == Decimal::ONE)
        })
    }
}
