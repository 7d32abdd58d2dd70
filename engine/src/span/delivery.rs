//! Step 5: charges for months in delivery, and for spot products against the others.
//!
//! For each period of a delivery month, after super-spreads and intra-commodity spreads:
//!
//! ```text
//! charge += |delta used by spreads| * spread rate + |delta left| * outright rate
//! ```
//!
//! Basis risk: what of the spot product's net delta is offset by the others is charged the basis rate; known from the layouts
//! of files only.

use super::rounding::Rounding;
use crate::parameters::Commodity;
use crate::scenario::Row;
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

/// The charge for one period of a delivery month.
#[derive(Clone, Debug)]
pub struct DeliveryFormed {
    /// The place of the period in the commodity.
    pub period: usize,
    /// Delta that spreads have used; positive.
    pub used: Delta,
    /// Delta that is left; positive.
    pub left: Delta,
    /// The charge.
    pub charge: Money,
}

/// The charges of all delivery months with delta.
pub(super) fn form(
    commodity: &Commodity,
    period_deltas: &[Delta],
    left: &[Delta],
    rounding: Rounding,
) -> Result<Vec<DeliveryFormed>, Overflow> {
    let mut formed = Vec::new();
    for month in commodity.delivery() {
        for period in month.periods.indexes() {
            let (Some(delta), Some(left)) = (period_deltas.get(period), left.get(period)) else { continue };
            if delta.is_zero() {
                continue;
            }
            let left = left.magnitude();
            let used = delta.magnitude().minus(left)?;
            let spread = month.spread.for_delta_half_away(used, Decimal::ONE)?;
            let outright = month.outright.for_delta_half_away(left, Decimal::ONE)?;
            let charge = rounding.risk(spread.plus(outright)?)?;
            formed.push(DeliveryFormed { period, used, left, charge });
        }
    }
    Ok(formed)
}

/// The charge for spot delta that the others offset.
pub(super) fn basis(
    commodity: &Commodity,
    positions: &[(Row, Lots)],
    rounding: Rounding,
) -> Result<Money, Overflow> {
    let Some(rate) = commodity.basis_rate() else { return Ok(Money::ZERO) };
    let (mut spot, mut others) = (Delta::ZERO, Delta::ZERO);
    let places = i32::from(commodity.delta_places());
    for &(row, lots) in positions {
        let contract = commodity.contract(row);
        let delta = Delta::from_scaled(i128::from(contract.delta), places)?.times_lots(lots)?;
        let side = if contract.is_spot { &mut spot } else { &mut others };
        *side = side.plus(delta)?;
    }
    let is_offset = spot.is_positive() && others.is_negative() || spot.is_negative() && others.is_positive();
    if !is_offset {
        return Ok(Money::ZERO);
    }
    let offset = spot.magnitude().min(others.magnitude());
    rounding.risk(rate.for_delta_half_away(offset, Decimal::ONE)?)
}
