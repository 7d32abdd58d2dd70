//! The SPAN method: parameters and positions in, every number on the way out.
//!
//! The steps, each a file, in the order of the method (CME, *SPAN technical specifications*; see `docs/span.md`):
//! `portfolio` finds the contracts; `outright` is what a commodity has by itself, of which `scan` sums the arrays and
//! `options` values options and sets the floor for short ones; `merge` scans commodities as one, `inter` credits spreads between
//! them by `weighted` price risk, `intra` charges calendar spreads, `delivery` months in delivery. `commodities` keeps what is left of
//! the deltas on the way, `rounding` holds what the profiles do differently. All numbers are exact in the commodity's own
//! currency; `report` totals, converts and rounds them.

mod away;
mod commodities;
mod delivery;
mod inter;
mod intra;
mod merge;
mod options;
mod outright;
mod portfolio;
mod ranged;
mod rounding;
mod scan;
mod sides;
mod weighted;

use thiserror::Error;

pub use away::AwayDelta;
pub use delivery::DeliveryFormed;
pub use inter::{AwayFormedLeg, InterFormed, InterFormedLeg};
pub use intra::IntraFormed;
pub use merge::{ScanningFormed, ScanningFormedLeg};
pub use options::OptionTotals;
pub use outright::{CommodityMargin, PartKind, ScanPart};
pub use portfolio::{
    EntryFault, EntryList, Holding, Margining, Portfolio, Position, Unmatched, UnmatchedReason,
};
pub use ranged::{Fill, Ranged};
pub use rounding::level_amount;
pub use scan::Scan;
pub use sides::{Pocket, SideLeg, Sides};
pub use weighted::weighted_price_risk_half_away;

use crate::parameters::{Candidate, InterSpread, ParameterSet, RoundingProfile, SpreadBook};
use crate::types::{Money, Overflow};
use commodities::Commodities;
use outright::outright;
use rounding::Rounding;

/// The result of the method: commodities by code, and the spreads formed between them.
#[derive(Clone, Debug)]
pub struct SpanMargin {
    /// The commodities with positions, by code.
    pub commodities: Vec<CommodityMargin>,
    /// The commodities that disappeared in others.
    pub merged: Vec<CommodityMargin>,
    /// Scanning-based spreads formed, in order.
    pub scanning_spreads: Vec<ScanningFormed>,
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

/// Calculates the margin of one account.
///
/// # Errors
/// [`TooLarge`] when a number on the way exceeds the exact range; positions within [`Lots`](crate::types::Lots) on a
/// real exchange's parameters stay far from it.
pub fn margin(
    set: &ParameterSet,
    portfolio: &Portfolio,
    rounding: RoundingProfile,
) -> Result<SpanMargin, TooLarge> {
    let rounding = Rounding::of(rounding);
    let mut own = Commodities::new(set, rounding, portfolio.holdings());
    for (holding, into) in portfolio.holdings().iter().zip(&mut own.margins) {
        let formed = match portfolio.margining() {
            Margining::Net | Margining::GrossByClient => {
                outright(set, &holding.positions, holding.sums.as_deref(), rounding, into)
            }
            Margining::GrossSides => gross(set, holding, rounding, into),
        };
        let name = || set.commodities()[holding.commodity.index()].code().to_string();
        formed.map_err(|overflow| TooLarge { commodity: name(), overflow })?;
    }
    let spread = match portfolio.margining() {
        Margining::Net | Margining::GrossByClient => net(own, portfolio),
        Margining::GrossSides => settled(own, Formed::default()),
    };
    spread.map_err(|overflow| TooLarge { commodity: "of a spread".to_owned(), overflow })
}

/// The spreads formed so far.
#[derive(Default)]
struct Formed {
    scanning: Vec<ScanningFormed>,
    inter: Vec<InterFormed>,
}

/// A net account: super-spreads, intra-commodity spreads and delivery, then inter-commodity spreads.
fn net(mut own: Commodities<'_>, portfolio: &Portfolio) -> Result<SpanMargin, Overflow> {
    let set = own.set;
    let mut formed = Formed::default();
    own.away = away::left(portfolio.away(), own.rounding)?;
    between(set.super_spreads(), portfolio.super_spreads(), true, &mut own, &mut formed)?;
    between(set.super_clear_spreads(), portfolio.super_clear_spreads(), true, &mut own, &mut formed)?;
    for place in 0..own.count() {
        inside(place, &mut own)?;
    }
    for merged in &formed.scanning {
        merge::fold(merged, &mut own)?;
    }
    between(set.inter_spreads(), portfolio.inter_spreads(), false, &mut own, &mut formed)?;
    between(set.clear_spreads(), portfolio.clear_spreads(), false, &mut own, &mut formed)?;
    settled(own, formed)
}

/// Spreads between commodities, in their order.
fn between(
    book: &SpreadBook,
    candidates: &[Candidate],
    is_super: bool,
    own: &mut Commodities<'_>,
    formed: &mut Formed,
) -> Result<(), Overflow> {
    if candidates.is_empty() {
        return Ok(());
    }
    let signs = own.signs()?;
    for candidate in candidates.iter().filter(|candidate| candidate.fits(&signs)) {
        match &book.as_slice()[candidate.spread()] {
            InterSpread::Delta(spread) => formed.inter.extend(inter::form(spread, is_super, own)?),
            InterSpread::Scanning(spread) => {
                let Some(merged) = merge::form(spread, is_super, own)? else { continue };
                if !is_super {
                    // The legs' own charges are known by now.
                    merge::fold(&merged, own)?;
                }
                formed.scanning.push(merged);
            }
        }
    }
    Ok(())
}

/// Spreads and charges inside one commodity.
fn inside(place: usize, own: &mut Commodities<'_>) -> Result<(), Overflow> {
    let Some(mut left) = own.months(place) else { return Ok(()) };
    let (rounding, commodity) = (own.rounding, own.working(place).own);
    let basis = delivery::basis(commodity, own.working(place).positions, rounding)?;
    let margin = &mut own.margins[place];
    margin.intra_spreads = intra::form(commodity, &mut left, rounding)?;
    for formed in &margin.intra_spreads {
        margin.intra_charge = margin.intra_charge.plus(formed.charge)?;
    }
    margin.delivery = delivery::form(commodity, &margin.period_deltas, &left, rounding)?;
    margin.delivery_charge = basis;
    for formed in &margin.delivery {
        margin.delivery_charge = margin.delivery_charge.plus(formed.charge)?;
    }
    Ok(())
}

/// A gross account: longs and shorts apart, without spreads.
fn gross(
    set: &ParameterSet,
    holding: &Holding,
    rounding: Rounding,
    total: &mut CommodityMargin,
) -> Result<(), Overflow> {
    let own = &set.commodities()[holding.commodity.index()];
    let (shorts, longs): (Vec<_>, Vec<_>) = holding.positions.iter().partition(|(_, lots)| lots.is_short());
    let mut parts = Vec::with_capacity(2);
    *total = CommodityMargin::nothing(set, holding.commodity);
    for (kind, positions) in [(PartKind::Long, longs), (PartKind::Short, shorts)] {
        if positions.is_empty() {
            continue;
        }
        let mut side = CommodityMargin::empty(holding.commodity);
        outright(set, &positions, None, rounding, &mut side)?;
        total.options = total.options.plus(&side.options)?;
        for (sum, delta) in total.period_deltas.iter_mut().zip(&side.period_deltas) {
            *sum = sum.plus(*delta)?;
        }
        let formed = delivery::form(own, &side.period_deltas, &side.period_deltas, rounding)?;
        for charge in &formed {
            total.delivery_charge = total.delivery_charge.plus(charge.charge)?;
        }
        total.delivery.extend(formed);
        parts.push(ScanPart { kind, scan: side.scan });
    }
    total.scan = Scan::total(parts.iter().map(|part| &part.scan), set.points())?;
    let prices = parts.iter().map(|part| part.scan.price_risk);
    total.scan.price_risk = prices.into_iter().try_fold(Money::ZERO, Money::plus)?;
    total.parts = parts;
    Ok(())
}

fn settled(mut own: Commodities<'_>, formed: Formed) -> Result<SpanMargin, Overflow> {
    let (set, rounding) = (own.set, own.rounding);
    for margin in &mut own.margins {
        margin.inter_credit = rounding.risk(margin.inter_credit)?;
        margin.settle(set)?;
    }
    let (commodities, merged) = own.into_margins();
    Ok(SpanMargin { commodities, merged, scanning_spreads: formed.scanning, inter_spreads: formed.inter })
}
