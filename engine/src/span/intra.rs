//! Step 4: intra-commodity spreads.
//!
//! Scan risk assumes that all months move together. For long against short in different months each spread that can be
//! formed is charged, by priority, in two passes (side A long, then side A short):
//!
//! ```text
//! n       = min over the legs of (delta left on the leg's side / ratio)
//! charge += n * rate
//! left   -= n * ratio        on every leg, its months front to back
//! ```

use crate::parameters::{Commodity, IntraLeg, IntraSpread, Side};
use crate::types::{Decimal, Delta, Money, Overflow};

/// Intra-commodity spreads formed in one pass.
#[derive(Clone, Debug)]
pub struct IntraFormed {
    /// The spread's priority.
    pub priority: u32,
    /// Whether side A was long.
    pub side_a_long: bool,
    /// How many were formed.
    pub count: Delta,
    /// The charge for them.
    pub charge: Money,
}

pub(super) fn form(commodity: &Commodity, period_deltas: &[Delta]) -> Result<Vec<IntraFormed>, Overflow> {
    let mut left = period_deltas.to_vec();
    let mut formed = Vec::new();
    let spreads_can_form =
        left.iter().any(|delta| delta.is_positive()) && left.iter().any(|delta| delta.is_negative());
    if !spreads_can_form {
        return Ok(formed);
    }
    for spread in commodity.intra_spreads() {
        for side_a_long in [true, false] {
            formed.extend(form_one(spread, side_a_long, &mut left)?);
        }
    }
    Ok(formed)
}

fn form_one(
    spread: &IntraSpread,
    side_a_long: bool,
    left: &mut [Delta],
) -> Result<Option<IntraFormed>, Overflow> {
    let mut limiting: Option<(Delta, Delta, Decimal)> = None;
    for leg in &spread.legs {
        let available = available(leg, side_a_long, left)?;
        let count = available.over_half_away(leg.ratio)?;
        if limiting.is_none_or(|(least, _, _)| count < least) {
            limiting = Some((count, available, leg.ratio));
        }
    }
    let Some((count, available, ratio)) = limiting else { return Ok(None) };
    if available.is_zero() {
        return Ok(None);
    }
    for leg in &spread.legs {
        let consumed = available.scaled_half_away(leg.ratio, ratio)?;
        consume(leg, side_a_long, consumed, left)?;
    }
    let charge = spread.rate.for_delta_half_away(available, ratio)?;
    Ok(Some(IntraFormed { priority: spread.priority, side_a_long, count, charge }))
}

const fn is_long(leg: &IntraLeg, side_a_long: bool) -> bool {
    matches!(leg.side, Side::A) == side_a_long
}

/// What is left on the leg's side of its months; positive.
fn available(leg: &IntraLeg, side_a_long: bool, left: &[Delta]) -> Result<Delta, Overflow> {
    let long = is_long(leg, side_a_long);
    let months = left[leg.periods.indexes()].iter();
    let mut own_side = months.filter(|delta| if long { delta.is_positive() } else { delta.is_negative() });
    own_side.try_fold(Delta::ZERO, |sum, delta| sum.plus(delta.magnitude()))
}

fn consume(leg: &IntraLeg, side_a_long: bool, consumed: Delta, left: &mut [Delta]) -> Result<(), Overflow> {
    let long = is_long(leg, side_a_long);
    let mut wanted = consumed;
    for month in &mut left[leg.periods.indexes()] {
        if if long { month.is_positive() } else { month.is_negative() } {
            let taken = wanted.min(month.magnitude());
            *month = if long { month.minus(taken)? } else { month.plus(taken)? };
            wanted = wanted.minus(taken)?;
        }
    }
    Ok(())
}
