//! Step 6: inter-commodity spreads.
//!
//! By priority, a spread forms when the net delta left in every leg is not zero and the signs fit (all A legs one sign,
//! all B legs the other):
//!
//! ```text
//! n             = min over the legs of |delta left| / ratio
//! credit of leg = weighted price risk * n * ratio * rate
//! left         -= n * ratio        on every leg
//! ```
//!
//! The credit is one quotient, `price risk * consumed delta * rate / |net delta|`: neither `n` nor the weighted price risk
//! is rounded on the way.

use super::CommodityMargin;
use crate::parameters::{CommodityIndex, InterLeg, InterSpread, ParameterSet, Side};
use crate::types::{Decimal, Delta, Money, Overflow};

/// Inter-commodity spreads formed.
#[derive(Clone, Debug)]
pub struct InterFormed {
    /// The spread's priority.
    pub priority: u32,
    /// How many were formed.
    pub count: Delta,
    /// What each leg gave and got.
    pub legs: Vec<InterFormedLeg>,
}

/// A leg of inter-commodity spreads formed.
#[derive(Clone, Debug)]
pub struct InterFormedLeg {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// The delta used up; positive.
    pub consumed: Delta,
    /// The credit; positive, in the commodity's currency.
    pub credit: Money,
}

/// Forms all spreads and adds each leg's credit to its commodity.
pub(super) fn form(set: &ParameterSet, own: &mut [CommodityMargin]) -> Result<Vec<InterFormed>, Overflow> {
    let mut formed = Vec::new();
    if own.len() < 2 {
        return Ok(formed);
    }
    let mut left: Vec<Delta> = own.iter().map(|commodity| commodity.scan.net_delta).collect();
    for spread in set.inter_spreads() {
        let Some(places) = places(spread, own) else { continue };
        if signs_fit(spread, &places, &left) {
            formed.push(form_one(spread, &places, &mut left, own)?);
        }
    }
    Ok(formed)
}

/// Where the legs' commodities stand in the portfolio; `None` if one is not there.
fn places(spread: &InterSpread, own: &[CommodityMargin]) -> Option<Vec<usize>> {
    let place =
        |leg: &InterLeg| own.binary_search_by(|commodity| commodity.commodity.cmp(&leg.commodity)).ok();
    spread.legs.iter().map(place).collect()
}

fn signs_fit(spread: &InterSpread, places: &[usize], left: &[Delta]) -> bool {
    let mut legs = spread.legs.iter().zip(places).map(|(leg, &place)| {
        let delta = left[place];
        (!delta.is_zero()).then(|| delta.is_positive() == (leg.side == Side::A))
    });
    let Some(Some(first)) = legs.next() else { return false };
    legs.all(|side_a_long| side_a_long == Some(first))
}

fn form_one(
    spread: &InterSpread,
    places: &[usize],
    left: &mut [Delta],
    own: &mut [CommodityMargin],
) -> Result<InterFormed, Overflow> {
    let mut limiting: Option<(Delta, Delta, Decimal)> = None;
    for (leg, &place) in spread.legs.iter().zip(places) {
        let available = left[place].magnitude();
        let count = available.over_half_away(leg.ratio)?;
        if limiting.is_none_or(|(least, _, _)| count < least) {
            limiting = Some((count, available, leg.ratio));
        }
    }
    let (count, available, ratio) = limiting.unwrap_or((Delta::ZERO, Delta::ZERO, Decimal::ONE));
    let mut legs = Vec::with_capacity(places.len());
    for (leg, &place) in spread.legs.iter().zip(places) {
        let delta = left[place];
        let consumed = available.scaled_half_away(leg.ratio, ratio)?.min(delta.magnitude());
        let commodity = &mut own[place];
        let scan = &commodity.scan;
        let credit = scan.price_risk.share_half_away(consumed, scan.net_delta.magnitude(), spread.rate)?;
        commodity.inter_credit = commodity.inter_credit.plus(credit)?;
        left[place] = if delta.is_positive() { delta.minus(consumed)? } else { delta.plus(consumed)? };
        legs.push(InterFormedLeg { commodity: leg.commodity, consumed, credit });
    }
    Ok(InterFormed { priority: spread.priority, count, legs })
}
