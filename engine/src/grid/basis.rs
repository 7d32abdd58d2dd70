//! The basis contingency: what forwards of every expiry lose by themselves, options and futures together, while the spot stays.
//!
//! ```text
//! sum over expiries of min(gain in the move up, gain in the move down, 0) (add + multiplier T)
//! ```
//!
//! A spread of futures of two expiries has no delta, and two moves against each other.

#![allow(clippy::float_arithmetic, reason = "weights are models'; money is summed as whole numbers")]

use super::book::{RowKind, SourceBook};
use super::scan::ExpiryScan;
use super::values::Values;
use super::whole::Sum;
use crate::parameters::method::{BasisContingency, GridMethod};
use crate::types::{Moment, Money, Overflow, Ratio};

/// The two moves.
pub(super) const MOVES: usize = 2;

/// What one expiry has of the basis contingency.
#[derive(Clone, Copy, Debug)]
pub(super) struct BasisMove {
    pub(super) expiry: Moment,
    /// The move that loses more: its cell, behind the scenarios; `None` where neither loses.
    pub(super) cell: Option<usize>,
    /// What counts of it.
    pub(super) weight: Ratio,
    /// What it gains then, before the weight; not positive.
    pub(super) gain: Money,
}

/// When the futures of a book expire: each once, with the years until then.
pub(super) fn future_expiries(book: &SourceBook) -> Vec<(Moment, f64)> {
    let mut expiries: Vec<(Moment, f64)> = Vec::new();
    for row in &book.rows {
        if let RowKind::Future { expiry, years, .. } = row.kind
            && expiries.iter().all(|own| own.0 != expiry)
        {
            expiries.push((expiry, years));
        }
    }
    expiries
}

/// What counts of the move of an expiry in so many years; `None` where the method has no basis contingency.
pub(super) fn weight(method: &GridMethod, years: f64) -> Result<Option<Ratio>, Overflow> {
    let weight = |basis: BasisContingency| basis.multiplier.mul_add(years, basis.add);
    method.basis.map(|basis| Ratio::from_f64_half_away(weight(basis))).transpose()
}

/// The moves of every expiry of options or futures.
pub(super) fn moves(
    book: &SourceBook,
    values: &Values,
    options: &[ExpiryScan],
    method: &GridMethod,
) -> Result<Vec<BasisMove>, Overflow> {
    let first = method.scenarios.len();
    let mut gains: Vec<(Moment, f64, [Money; MOVES])> = Vec::new();
    if method.basis.is_none() {
        return Ok(Vec::new());
    }
    for (market, own) in book.expiries.iter().zip(options) {
        let both = [own.moved_by(first)?, own.moved_by(first + 1)?];
        gains.push((market.expiry, market.years, both));
    }
    for (expiry, years) in future_expiries(book) {
        let mut sums = [Sum::default(); MOVES];
        let scaled = values.cells.outer_iter().zip(&values.row_scales);
        for (row, (units, scale)) in book.rows.iter().zip(scaled) {
            if matches!(row.kind, RowKind::Future { expiry: own, .. } if own == expiry) {
                for (place, sum) in sums.iter_mut().enumerate() {
                    sum.add(row.held.low(), units[first + place], *scale)?;
                }
            }
        }
        let [up, down] = sums;
        let (up, down) = (up.money(values.scales)?, down.money(values.scales)?);
        match gains.iter_mut().find(|own| own.0 == expiry) {
            Some((.., both)) => *both = [both[0].plus(up)?, both[1].plus(down)?],
            None => gains.push((expiry, years, [up, down])),
        }
    }
    let one = |(expiry, years, [up, down]): (Moment, f64, [Money; MOVES])| {
        let (gain, cell) = if down < up { (down, first + 1) } else { (up, first) };
        let weight = weight(method, years)?.unwrap_or(Ratio::ZERO);
        let cell = gain.is_negative().then_some(cell);
        Ok(BasisMove { expiry, cell, weight, gain: gain.min(Money::ZERO) })
    };
    gains.into_iter().map(one).collect()
}

/// The basis contingency; not positive.
pub(super) fn contingency(moves: &[BasisMove]) -> Result<Money, Overflow> {
    moves.iter().try_fold(Money::ZERO, |sum, own| {
        sum.plus(own.gain.times_ratio_half_away(own.weight)?.min(Money::ZERO))
    })
}
