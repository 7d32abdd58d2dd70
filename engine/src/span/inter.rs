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
    let mut left = vec![Left::default(); set.commodities().len()];
    for (place, commodity) in own.iter().enumerate() {
        left[commodity.commodity.index()] = Left { delta: commodity.scan.net_delta, place };
    }
    for spread in set.inter_spreads() {
        if signs_fit(spread, &left) {
            formed.push(form_one(spread, &mut left, own)?);
        }
    }
    Ok(formed)
}

/// What is left of a commodity's net delta, and where the commodity stands in the portfolio; nothing is left of those
/// that do not.
#[derive(Clone, Copy, Default)]
struct Left {
    delta: Delta,
    place: usize,
}

fn signs_fit(spread: &InterSpread, left: &[Left]) -> bool {
    let side_a_long = |leg: &InterLeg| {
        let delta = left[leg.commodity.index()].delta;
        (!delta.is_zero()).then(|| delta.is_positive() == (leg.side == Side::A))
    };
    let first = spread.legs.first().and_then(side_a_long);
    first.is_some() && spread.legs.iter().all(|leg| side_a_long(leg) == first)
}

fn form_one(
    spread: &InterSpread,
    left: &mut [Left],
    own: &mut [CommodityMargin],
) -> Result<InterFormed, Overflow> {
    let mut limiting: Option<(Delta, Delta, Decimal)> = None;
    for leg in &spread.legs {
        let available = left[leg.commodity.index()].delta.magnitude();
        let count = available.over_half_away(leg.ratio)?;
        if limiting.is_none_or(|(least, _, _)| count < least) {
            limiting = Some((count, available, leg.ratio));
        }
    }
    let (count, available, ratio) = limiting.unwrap_or((Delta::ZERO, Delta::ZERO, Decimal::ONE));
    let mut legs = Vec::with_capacity(spread.legs.len());
    for leg in &spread.legs {
        let Left { delta, place } = &mut left[leg.commodity.index()];
        let consumed = available.scaled_half_away(leg.ratio, ratio)?.min(delta.magnitude());
        let commodity = &mut own[*place];
        let scan = &commodity.scan;
        let credit = scan.price_risk.share_half_away(consumed, scan.net_delta.magnitude(), spread.rate)?;
        commodity.inter_credit = commodity.inter_credit.plus(credit)?;
        *delta = if delta.is_positive() { delta.minus(consumed)? } else { delta.plus(consumed)? };
        legs.push(InterFormedLeg { commodity: leg.commodity, consumed, credit });
    }
    Ok(InterFormed { priority: spread.priority, count, legs })
}
