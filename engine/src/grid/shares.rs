//! What falls on each position account: what it adds at the margin, or what the requirement falls without it.
//!
//! A requirement that is homogeneous in the positions is the sum of each position times what one more unit adds (Euler). In a worst
//! scenario, with the discounts, naked options and signs as they are for the whole, every row's part is a number for one unit; what
//! floors, limits, collateral and softened scenarios take or add belongs to nobody and is named.

use super::book::{RowKind, SourceBook};
use super::charges::Charge;
use super::sources::{self, Counted, Priced, SourceResult};
use super::values::Values;
use super::{Requirement, requirement};
use crate::account::MarginAccount;
use crate::offset::Weight;
use crate::parameters::method::{BasisPlace, FactorScope, GridMethod, Method, ShareRule};
use crate::types::{Money, Overflow, Ratio};

/// What falls on a position account. Negative where it lowers the requirement of the others.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Share {
    /// The position account.
    pub account: String,
    /// Of the initial requirement.
    pub initial: Money,
    /// Of the maintenance requirement.
    pub maintenance: Money,
}

type Allocation = (Vec<Share>, (Money, Money));

/// The shares of all position accounts, and what falls on none (initial and maintenance); nothing for a single one.
pub(super) fn shares(
    method: &Method,
    grid: &GridMethod,
    account: &MarginAccount,
    priced: &Priced,
    whole: &Requirement,
    initial_factor: Ratio,
) -> Result<Allocation, Overflow> {
    if account.position_accounts.len() < 2 {
        return Ok((Vec::new(), (Money::ZERO, Money::ZERO)));
    }
    let mut shares: Vec<Share> = account
        .position_accounts
        .iter()
        .map(|own| Share { account: own.name.clone(), ..Share::default() })
        .collect();
    match method.shares {
        ShareRule::Euler => by_margin(grid, priced, initial_factor, &mut shares)?,
        ShareRule::LeaveOneOut => by_leaving_out(grid, priced, initial_factor, &mut shares)?,
    }
    let mut rest = (whole.initial, whole.maintenance);
    for share in &shares {
        rest = (rest.0.minus(share.initial)?, rest.1.minus(share.maintenance)?);
    }
    Ok((shares, rest))
}

fn by_margin(
    grid: &GridMethod,
    priced: &Priced,
    initial_factor: Ratio,
    shares: &mut [Share],
) -> Result<(), Overflow> {
    let results = sources::results(grid, priced)?;
    let (_, _, counted) = sources::combined(grid, &results)?;
    let factors = (initial_factor, grid.margin.maintenance_factor);
    for (((book, values), result), counted) in priced.sources.iter().zip(&results).zip(&counted) {
        for (place, row) in book.rows.iter().enumerate() {
            let lost = unit_loss(grid, book, values, result, *counted, place)?;
            let (charge, besides) = result.marginal[place];
            let (initial, maintenance) = match grid.margin.scope {
                FactorScope::Scan => (
                    lost.times_ratio_half_away(factors.0)?.plus(charge)?,
                    lost.times_ratio_half_away(factors.1)?.plus(charge)?,
                ),
                FactorScope::ScanAndContingencies => {
                    let all = lost.plus(charge)?;
                    (all.times_ratio_half_away(factors.0)?, all.times_ratio_half_away(factors.1)?)
                }
            };
            let initial = initial.plus(besides)?;
            for (account, held) in &row.parts {
                let own = &mut shares[*account];
                own.initial = own.initial.plus(initial.times_quantity_half_away(*held)?)?;
                own.maintenance = own.maintenance.plus(maintenance.times_quantity_half_away(*held)?)?;
            }
        }
    }
    Ok(())
}

/// What one more unit of a row adds to what the sources have to cover.
fn unit_loss(
    grid: &GridMethod,
    book: &SourceBook,
    values: &Values,
    result: &SourceResult,
    counted: Counted,
    row: usize,
) -> Result<Money, Overflow> {
    let in_scenario = |cell: usize| -> Result<Money, Overflow> {
        let gain = unit_gain(grid, book, values, result, row, cell)?;
        Ok(gain.negated())
    };
    let alone = || match result.worst_index {
        // A floor or a limit that holds is nobody's.
        _ if result.floor == result.market_risk && !result.floor.is_zero() => Ok(Money::ZERO),
        worst if worst < result.results.len() => in_scenario(worst),
        _ => Ok(basis_gain(book, values, result, row)?.negated()),
    };
    let lost = match counted.weight {
        Weight::Alone => alone()?,
        Weight::InScenario(cell, part) => in_scenario(cell)?.times_ratio_half_away(part)?,
        Weight::Common(parts) => parts.into_iter().try_fold(alone()?, |sum, (cell, part)| {
            sum.plus(in_scenario(cell)?.times_ratio_half_away(part)?)
        })?,
    };
    let added = match grid.basis {
        Some(own) if own.place == BasisPlace::Added => basis_gain(book, values, result, row)?.negated(),
        _ => Money::ZERO,
    };
    lost.plus(added)?.times_ratio_half_away(counted.scale)
}

fn unit_gain(
    grid: &GridMethod,
    book: &SourceBook,
    values: &Values,
    result: &SourceResult,
    row: usize,
    cell: usize,
) -> Result<Money, Overflow> {
    let scenario = &grid.scenarios[cell];
    let value = values.in_cell(row, cell)?;
    let gain = match book.rows[row].kind.option_expiry() {
        Some(expiry) => {
            let own = &result.scan.expiries[expiry];
            let gain = value.times_ratio_half_away(own.factor(cell))?.minus(values.mark(row)?)?;
            if own.sign(cell, &scenario.shock)? < 0 { gain.negated() } else { gain }
        }
        None => value,
    };
    gain.times_ratio_half_away(scenario.dampening)
}

/// What one more unit adds to the basis contingency.
fn basis_gain(
    book: &SourceBook,
    values: &Values,
    result: &SourceResult,
    row: usize,
) -> Result<Money, Overflow> {
    let expiry = match book.rows[row].kind {
        RowKind::Option { expiry, .. } => book.expiries[expiry].expiry,
        RowKind::Future { expiry, .. } => expiry,
        RowKind::Asset { .. } | RowKind::Perpetual { .. } => return Ok(Money::ZERO),
    };
    let own = result.scan.moves.iter().find(|own| own.expiry == expiry);
    let Some((cell, weight)) = own.and_then(|own| Some((own.cell?, own.weight))) else {
        return Ok(Money::ZERO);
    };
    let gain = values.in_cell(row, cell)?.minus(values.mark(row)?)?;
    gain.times_ratio_half_away(weight)
}

fn by_leaving_out(
    grid: &GridMethod,
    priced: &Priced,
    initial_factor: Ratio,
    shares: &mut [Share],
) -> Result<(), Overflow> {
    let mut falls = Vec::with_capacity(shares.len());
    let (mut initial, mut maintenance) = (Money::ZERO, Money::ZERO);
    let all = of_positions(grid, priced, initial_factor, None)?;
    for account in 0..shares.len() {
        let without = of_positions(grid, priced, initial_factor, Some(account))?;
        let fall = (all.0.minus(without.0)?.max(Money::ZERO), all.1.minus(without.1)?.max(Money::ZERO));
        initial = initial.plus(fall.0)?;
        maintenance = maintenance.plus(fall.1)?;
        falls.push(fall);
    }
    for (share, fall) in shares.iter_mut().zip(falls) {
        if !initial.is_zero() {
            share.initial = all.0.prorated_half_away(fall.0, initial)?;
        }
        if !maintenance.is_zero() {
            share.maintenance = all.1.prorated_half_away(fall.1, maintenance)?;
        }
    }
    Ok(())
}

/// The requirements of the positions without one account's, and without what belongs to the margin account itself.
fn of_positions(
    grid: &GridMethod,
    priced: &Priced,
    initial_factor: Ratio,
    without: Option<usize>,
) -> Result<(Money, Money), Overflow> {
    let results = sources::results(grid, &priced.positions_without(without)?)?;
    let (_, market_risk, _) = sources::combined(grid, &results)?;
    let charged: Vec<Charge> = results.into_iter().flat_map(|own| own.charges).collect();
    let own = requirement(grid, market_risk, &charged, initial_factor)?;
    Ok((own.initial, own.maintenance))
}
