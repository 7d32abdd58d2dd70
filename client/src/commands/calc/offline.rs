//! Calculation on the engine at hand.

use std::io::Write;
use std::path::Path;

use plimsoll_client::answer::{Calculated, CalculationFailure};
use plimsoll_client::portfolio::{AccountPortfolio, Portfolios};
use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::report::{self, CalculationOptions, PortfolioRequest};

use super::super::CommandError;
use crate::parameter_file;
use crate::results::Results;

pub(super) fn calculate(
    file: &Path,
    options: &CalculationOptions,
    portfolios: Portfolios<'_>,
    results: &mut Results<impl Write>,
) -> Result<(), CommandError> {
    let (set, warnings) = parameter_file::read(file, options.rounding.unwrap_or_default())?;
    parameter_file::report(file, &warnings);
    with_set(&set, options, portfolios, results)
}

/// Calculates portfolios with a set.
pub(super) fn with_set(
    set: &ParameterSet,
    options: &CalculationOptions,
    portfolios: Portfolios<'_>,
    results: &mut Results<impl Write>,
) -> Result<(), CommandError> {
    for portfolio in portfolios {
        match portfolio {
            Ok(portfolio) => results.calculated(&calculated(set, portfolio, options))?,
            Err(bad) => results.bad(&bad)?,
        }
    }
    Ok(())
}

fn calculated(set: &ParameterSet, portfolio: AccountPortfolio, options: &CalculationOptions) -> Calculated {
    let AccountPortfolio { account, positions, options: stated, away, .. } = portfolio;
    let options = stated.over(options);
    let outcome = report::calculate(set, &PortfolioRequest { positions, away, options });
    Calculated { account, outcome: outcome.map(Box::new).map_err(CalculationFailure::from) }
}
