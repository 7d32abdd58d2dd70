//! The scenario-grid method: from positions, market and method to every number on the way.
//!
//! `book` nets positions by contract and finds their market; `values` prices each contract in every cell; `scan` makes scenario
//! results of them; `charges` are what is added and what the scan is at least; `sources` joins the price sources by the method's
//! offsets; `equity` is what the account has; `shares` is what falls on each position account. Gains are positive, requirements too.
//! A live book prices its contracts once, in a `catalogue`; `ranged` bounds what an account of it may have to have while orders fill.

mod basis;
mod book;
mod catalogue;
mod charges;
mod equity;
mod extent;
mod ranged;
mod scan;
mod shares;
mod sources;
mod values;
mod whole;

pub use catalogue::{Catalogue, GridContract, GridRow, NotForBooks};
pub use charges::{Charge, ChargeKind, Deltas};
pub use equity::Equity;
pub use ranged::{GridFill, GridOrders, weighed_outcome, worst_required};
pub use shares::Share;
pub use sources::{GroupResult, SourceResult};

use crate::account::{AccountError, MarginAccount};
use crate::market::{QuoteUsed, Snapshot};
use crate::parameters::method::{FactorScope, GridMethod, Method};
use crate::types::{Money, Overflow, Ratio};

/// Every number of a margin account under a scenario-grid method.
#[derive(Clone, Debug)]
pub struct GridResult {
    /// By price source, in the order of their codes.
    pub sources: Vec<SourceResult>,
    /// What offsets took away, by product group.
    pub groups: Vec<GroupResult>,
    /// What the account has.
    pub equity: Equity,
    /// What the sources have to cover together.
    pub market_risk: Money,
    /// What is added, of all sources and of collateral.
    pub charges: Vec<Charge>,
    /// The initial factor, with what a lost peg adds to it.
    pub initial_factor: Ratio,
    /// Both requirements.
    pub requirement: Requirement,
    /// What falls on each position account.
    pub shares: Vec<Share>,
    /// The initial requirement that falls on none, and the maintenance requirement.
    pub unallocated: (Money, Money),
    /// The oldest quote that the numbers rest on.
    pub oldest_quote: Option<QuoteUsed>,
}

/// What an account has to have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Requirement {
    /// Charges in both requirements.
    pub maintenance_contingency: Money,
    /// Charges in the initial requirement besides.
    pub initial_contingency: Money,
    /// To take on risk.
    pub initial: Money,
    /// Not to be called.
    pub maintenance: Money,
}

/// Margins an account.
///
/// # Errors
/// [`AccountError`] with everything that has no price, or that the numbers do not fit.
pub fn margin(
    method: &Method,
    grid: &GridMethod,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<GridResult, AccountError> {
    let priced = sources::price(method, grid, snapshot, account)?;
    let stable = Ratio::from_f64_half_away(snapshot.peg(&method.currency))?;
    let mut result = assembled(grid, stable, account, &priced)?;
    let (shares, unallocated) =
        shares::shares(method, grid, account, &priced, &result.requirement, result.initial_factor)?;
    (result.shares, result.unallocated) = (shares, unallocated);
    Ok(result)
}

fn assembled(
    grid: &GridMethod,
    stable: Ratio,
    account: &MarginAccount,
    priced: &sources::Priced,
) -> Result<GridResult, AccountError> {
    let sources = sources::results(grid, priced)?;
    let (groups, market_risk, _) = sources::combined(grid, &sources)?;
    let mut charges: Vec<Charge> = Vec::new();
    let own = sources.iter().flat_map(|source| source.charges.iter().copied());
    let [initial, maintenance] = [account.additional.0, account.additional.1];
    let additional =
        Charge { kind: ChargeKind::Additional, maintenance, initial: initial.minus(maintenance)? };
    for charge in own.chain(equity::charges(grid, priced)?).chain([additional]) {
        match charges.iter_mut().find(|known| known.kind == charge.kind) {
            Some(known) => {
                known.maintenance = known.maintenance.plus(charge.maintenance)?;
                known.initial = known.initial.plus(charge.initial)?;
            }
            None if charge.maintenance.is_zero() && charge.initial.is_zero() => {}
            None => charges.push(charge),
        }
    }
    let initial_factor = initial_factor(grid, stable)?;
    let requirement = requirement(grid, market_risk, &charges, initial_factor)?;
    Ok(GridResult {
        equity: equity::equity(account, priced)?,
        sources,
        groups,
        market_risk,
        charges,
        initial_factor,
        requirement,
        shares: Vec::new(),
        unallocated: (Money::ZERO, Money::ZERO),
        oldest_quote: {
            let rows = priced.sources.iter().flat_map(|(book, _)| &book.rows);
            let of_rows = rows.map(|row| &row.oldest);
            let all = of_rows.chain(priced.collateral.iter().map(|own| &own.used));
            all.fold(None, |oldest, own| QuoteUsed::older(oldest, own.clone()))
        },
    })
}

/// The initial factor grows as the settlement currency falls below its peg.
fn initial_factor(grid: &GridMethod, stable: Ratio) -> Result<Ratio, Overflow> {
    let Some(peg) = &grid.contingency.peg else { return Ok(grid.margin.initial_factor) };
    let below = peg.threshold.minus(stable)?.max(Ratio::ZERO);
    grid.margin.initial_factor.plus(below.times_ratio_half_away(peg.factor)?)
}

fn requirement(
    grid: &GridMethod,
    market_risk: Money,
    charges: &[Charge],
    initial_factor: Ratio,
) -> Result<Requirement, Overflow> {
    let (mut maintenance, mut initial) = (Money::ZERO, Money::ZERO);
    for charge in charges {
        maintenance = maintenance.plus(charge.maintenance)?;
        initial = initial.plus(charge.initial)?;
    }
    let required = |factor: Ratio| match grid.margin.scope {
        FactorScope::Scan => market_risk.times_ratio_half_away(factor)?.plus(maintenance),
        FactorScope::ScanAndContingencies => market_risk.plus(maintenance)?.times_ratio_half_away(factor),
    };
    Ok(Requirement {
        maintenance_contingency: maintenance,
        initial_contingency: initial,
        initial: required(initial_factor)?.plus(initial)?,
        maintenance: required(grid.margin.maintenance_factor)?,
    })
}
