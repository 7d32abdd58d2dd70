//! The one way from positions to a report.

use super::numbers::Numbers;
use super::request::{CalculationError, CalculationOptions, PortfolioRequest};
use super::required::AccountLevels;
use super::totals::{Converter, Totals};
use super::{MarginReport, SetReference};
use crate::parameters::ParameterSet;
use crate::span::{Portfolio, TooLarge, margin};
use crate::types::{Amount, Currency, Money, Overflow};

/// What one account must pay, exact, in one currency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirement {
    /// The currency.
    pub currency: Currency,
    /// Sum of the commodities' risk.
    pub risk: Money,
    /// Long less short option value.
    pub net_option_value: Money,
    /// What must be paid after option value; never negative.
    pub requirement: Money,
}

/// Calculates the margin of one account and reports every number on the way.
///
/// The checks come in the order of [`CalculationError`].
///
/// # Errors
/// [`CalculationError`] as documented there.
pub fn calculate(set: &ParameterSet, request: &PortfolioRequest) -> Result<MarginReport, CalculationError> {
    let portfolio = Portfolio::resolve(set, &request.positions, &request.away, request.options.margining)
        .map_err(CalculationError::Entries)?;
    report(set, &portfolio, &request.options)
}

/// Calculates what one account must pay, and nothing that only a report shows: the same numbers as [`report`].
///
/// # Errors
/// [`CalculationError`] as documented there.
pub fn requirement(
    set: &ParameterSet,
    portfolio: &Portfolio,
    options: &CalculationOptions,
) -> Result<Requirement, CalculationError> {
    let (converter, _) = checked(set, portfolio, options)?;
    let margin = margin(set, portfolio, options.rounding.unwrap_or_else(|| set.rounding()))?;
    let Totals { risk, net_option_value, requirement, .. } = converter.totals(&margin).map_err(of_totals)?;
    Ok(Requirement { currency: converter.into_currency(), risk, net_option_value, requirement })
}

/// As [`calculate`], for positions that are found already.
///
/// # Errors
/// [`CalculationError`] as documented there.
pub fn report(
    set: &ParameterSet,
    portfolio: &Portfolio,
    options: &CalculationOptions,
) -> Result<MarginReport, CalculationError> {
    let (converter, levels) = checked(set, portfolio, options)?;
    let rounding = options.rounding.unwrap_or_else(|| set.rounding());
    let margin = margin(set, portfolio, rounding)?;
    let totals = converter.totals(&margin).map_err(of_totals)?;
    let numbers = Numbers { set, converter: &converter, rounding };
    let commodities = margin.commodities.iter().map(|own| numbers.commodity(own));
    let requirement = Amount::rounded_half_away(totals.requirement);
    let own = AccountLevels::of(set, options.account_type.as_deref())?;
    let amounts = converter.levels(&margin, levels, rounding).map_err(of_totals)?;
    let at = |level: Option<usize>| {
        let place = level.and_then(|level| levels.iter().position(|known| *known == level));
        place.map_or(requirement, |place| amounts[place].requirement)
    };
    let of_risk = levels.iter().zip(&amounts).filter(|(level, _)| converter.asks_for_risk(&margin, **level));
    Ok(MarginReport {
        parameter_set: SetReference {
            id: set.id().to_owned(),
            business_date: set.vintage().business_date,
            digest: set.digest(),
        },
        rounding,
        risk: Amount::rounded_half_away(totals.risk),
        net_option_value: Amount::rounded_half_away(totals.net_option_value),
        requirement,
        requirement_levels: of_risk.map(|(_, own)| own.level.clone()).collect(),
        initial_requirement: at(own.initial),
        maintenance_requirement: at(own.maintenance),
        by_currency: totals.by_currency().map_err(of_totals)?,
        levels: amounts,
        commodities: commodities.collect::<Result<_, _>>().map_err(of_totals)?,
        scanning_spreads: numbers.scanning_spreads(&margin).map_err(of_totals)?,
        inter_spreads: numbers.inter_spreads(&margin).map_err(of_totals)?,
        unmatched: portfolio.unmatched().to_vec(),
        conversions: converter.steps(),
        currency: converter.into_currency(),
    })
}

/// The checks behind those of the positions: the way to the currency, the levels, what is unmatched.
fn checked<'a>(
    set: &'a ParameterSet,
    portfolio: &Portfolio,
    options: &CalculationOptions,
) -> Result<(Converter<'a>, &'a [usize]), CalculationError> {
    let currency = options.currency.clone().unwrap_or_else(|| set.base_currency().clone());
    let converter = Converter::new(set, portfolio, currency)?;
    let levels = levels(set, options.account_type.as_deref())?;
    if !portfolio.unmatched().is_empty() && !options.allow_unmatched {
        return Err(CalculationError::Unmatched(portfolio.unmatched().to_vec()));
    }
    Ok((converter, levels))
}

fn of_totals(overflow: Overflow) -> TooLarge {
    TooLarge { commodity: "of the totals".to_owned(), overflow }
}

/// The indexes of the levels to report.
fn levels<'a>(set: &'a ParameterSet, wanted: Option<&str>) -> Result<&'a [usize], CalculationError> {
    let Some(wanted) = wanted else { return Ok(set.levels().usual()) };
    set.levels().of(wanted).ok_or_else(|| CalculationError::AccountType {
        wanted: wanted.to_owned(),
        known: set.levels().account_types().join(", "),
    })
}
