//! The SPAN method: parameters and positions in, every number on the way out.
//!
//! The steps, each a file, in the order of the method (CME, *SPAN technical specifications*; see `docs/span.md`):
//! `portfolio` finds the contracts, `scan` sums the arrays, `intra` charges calendar spreads, `inter` credits spreads
//! between commodities, `options` values options and sets the floor for short ones. `rounding` holds what the profiles do
//! differently. All numbers are exact in the commodity's own currency; `report` totals, converts and rounds them.

mod inter;
mod intra;
mod options;
mod portfolio;
mod rounding;
mod scan;

use thiserror::Error;

pub use inter::{InterFormed, InterFormedLeg};
pub use intra::IntraFormed;
pub use options::OptionTotals;
pub use portfolio::{Holding, Portfolio, Position, PositionFault, Unmatched, UnmatchedReason};
pub use scan::Scan;

use crate::parameters::{CommodityIndex, ParameterSet, RoundingProfile};
use crate::types::{Delta, Money, Overflow};

/// The requirement of one commodity with every number that formed it, in the commodity's currency.
#[derive(Clone, Debug)]
pub struct CommodityMargin {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// Scenario losses, active scenario and the parts of scan risk.
    pub scan: Scan,
    /// Net delta of each period, front month first.
    pub period_deltas: Vec<Delta>,
    /// Intra-commodity spreads formed, in order.
    pub intra_spreads: Vec<IntraFormed>,
    /// Sum of their charges.
    pub intra_charge: Money,
    /// Sum of the credits from inter-commodity spreads; positive.
    pub inter_credit: Money,
    /// Option values and the floor for short options.
    pub options: OptionTotals,
    /// `max(scan risk + intra charge - inter credit, short option minimum)`.
    pub risk: Money,
}

/// The result of the method: commodities by code, and the spreads formed between them.
#[derive(Clone, Debug)]
pub struct SpanMargin {
    /// The commodities with positions, by code.
    pub commodities: Vec<CommodityMargin>,
    /// Inter-commodity spreads formed, in order.
    pub inter_spreads: Vec<InterFormed>,
}

/// A portfolio so large that its numbers leave the exact range.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("combined commodity {commodity}: {overflow}")]
pub struct TooLarge {
    /// Where.
    pub commodity: String,
    /// What.
    pub overflow: Overflow,
}

/// Calculates the margin of one net account.
///
/// # Errors
/// [`TooLarge`] when a number on the way exceeds the exact range; positions within [`Lots`](crate::types::Lots) on a
/// real exchange's parameters stay far from it.
pub fn margin(
    set: &ParameterSet,
    portfolio: &Portfolio,
    rounding: RoundingProfile,
) -> Result<SpanMargin, TooLarge> {
    let mut commodities = Vec::with_capacity(portfolio.holdings().len());
    for holding in portfolio.holdings() {
        let name = || set.commodities()[holding.commodity.index()].code().to_string();
        let own =
            outright(set, holding, rounding).map_err(|overflow| TooLarge { commodity: name(), overflow })?;
        commodities.push(own);
    }
    let overflow = |overflow| TooLarge { commodity: "of an inter-commodity spread".to_owned(), overflow };
    let inter_spreads = inter::form(set, &mut commodities).map_err(overflow)?;
    for own in &mut commodities {
        own.risk = risk(own).map_err(overflow)?;
    }
    Ok(SpanMargin { commodities, inter_spreads })
}

/// Everything about one commodity that does not depend on the others.
fn outright(
    set: &ParameterSet,
    holding: &Holding,
    rounding: RoundingProfile,
) -> Result<CommodityMargin, Overflow> {
    let commodity = &set.commodities()[holding.commodity.index()];
    let period_deltas = scan::period_deltas(commodity, &holding.positions)?;
    let options = options::totals(commodity, &holding.positions)?;
    let scan = scan::scan(set.points(), commodity, &holding.positions, &period_deltas, &options, rounding)?;
    let intra_spreads = intra::form(commodity, &period_deltas)?;
    let intra_charge = intra_spreads.iter().try_fold(Money::ZERO, |sum, formed| sum.plus(formed.charge))?;
    Ok(CommodityMargin {
        commodity: holding.commodity,
        scan,
        period_deltas,
        intra_spreads,
        intra_charge,
        inter_credit: Money::ZERO,
        options,
        risk: Money::ZERO,
    })
}

fn risk(own: &CommodityMargin) -> Result<Money, Overflow> {
    let spread_risk = own.scan.scan_risk.plus(own.intra_charge)?.minus(own.inter_credit)?;
    Ok(spread_risk.max(own.options.short_option_minimum))
}
