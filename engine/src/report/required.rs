//! What a margin account has to have in every currency, at the levels of its account type.

use super::request::CalculationError;
use super::totals::sums;
use crate::parameters::{Commodity, ParameterSet, RoundingProfile};
use crate::span::{CommodityMargin, Portfolio, SpanMargin, TooLarge, level_amount, margin};
use crate::types::{Currency, Money, Overflow};

/// The levels of a set that an account has to have: to take on risk, and not to be called. Where a set has none of a kind, the risk
/// itself is the initial requirement, and the initial one that of maintenance.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AccountLevels {
    /// The place of the initial level.
    pub initial: Option<usize>,
    /// The place of the maintenance level.
    pub maintenance: Option<usize>,
}

impl AccountLevels {
    /// The core levels of an account type of a set, as the set codes it; `None`: those of hedgers, else of its first type.
    ///
    /// # Errors
    /// [`CalculationError::AccountType`] for a type that the set has no levels for.
    pub fn of(set: &ParameterSet, account_type: Option<&str>) -> Result<Self, CalculationError> {
        let places = match account_type {
            None => set.levels().usual(),
            Some(wanted) => set.levels().of(wanted).ok_or_else(|| CalculationError::AccountType {
                wanted: wanted.to_owned(),
                known: set.levels().account_types().join(", "),
            })?,
        };
        let of = |is_maintenance| {
            let level = |place: &&usize| &set.levels().all()[**place];
            let core =
                |place: &&usize| !level(place).is_reserve && level(place).is_maintenance == is_maintenance;
            places.iter().find(core).copied()
        };
        let initial = of(false);
        Ok(Self { initial, maintenance: of(true).or(initial) })
    }
}

/// What an account has to have in one currency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CurrencyRequirement {
    /// The currency.
    pub currency: Currency,
    /// Sum of the commodities' risk.
    pub risk: Money,
    /// Long less short option value.
    pub net_option_value: Money,
    /// To take on risk, after option value; never negative.
    pub initial: Money,
    /// Not to be called, after option value; never negative.
    pub maintenance: Money,
}

/// What an account has to have, by currency, ascending.
///
/// # Errors
/// [`TooLarge`] as the method.
pub fn required(
    set: &ParameterSet,
    portfolio: &Portfolio,
    profile: RoundingProfile,
    levels: AccountLevels,
) -> Result<Vec<CurrencyRequirement>, TooLarge> {
    let margin = margin(set, portfolio, profile)?;
    of_margin(set, &margin, profile, levels)
        .map_err(|overflow| TooLarge { commodity: "of the totals".to_owned(), overflow })
}

fn of_margin(
    set: &ParameterSet,
    margin: &SpanMargin,
    profile: RoundingProfile,
    levels: AccountLevels,
) -> Result<Vec<CurrencyRequirement>, Overflow> {
    let at = |level: Option<usize>| {
        move |own: &CommodityMargin, commodity: &Commodity| match level {
            None => Ok(own.risk),
            Some(level) => level_amount(own.risk, &commodity.level_factors()[level], profile),
        }
    };
    let risk = sums(set, margin, at(None))?;
    let (initial, maintenance) =
        (sums(set, margin, at(levels.initial))?, sums(set, margin, at(levels.maintenance))?);
    let levels = initial.iter().zip(&maintenance);
    let required = risk.iter().zip(levels).map(|((currency, sum), ((_, initial), (_, maintenance)))| {
        Ok(CurrencyRequirement {
            currency: (*currency).clone(),
            risk: sum.risk,
            net_option_value: sum.net_option_value,
            initial: initial.requirement()?,
            maintenance: maintenance.requirement()?,
        })
    });
    required.collect()
}
