//! Steps 2 and 6: spreads between commodities by their deltas.
//!
//! A spread forms when the net delta left in every leg is not zero and the signs fit (all A legs one sign, all B legs the
//! other):
//!
//! ```text
//! n             = min over the legs of |delta left| / ratio
//! credit of leg = weighted price risk * n * ratio * rate      or n * amount
//! left         -= n * ratio        on every leg
//! ```
//!
//! The credit is one quotient, `price risk * consumed delta * rate / |net delta|`: neither `n` nor the weighted price risk
//! is rounded on the way, unless the profile says so.

use smallvec::SmallVec;

use super::commodities::Commodities;
use super::rounding::Rounding;
use super::weighted::WeightedRisk;
use crate::parameters::{CommodityIndex, DeltaSpread, InterLeg, LegCredit, Side, TierIndex};
use crate::types::{Decimal, Delta, Money, Overflow};

/// Where a leg's commodity stands, and what is left of its delta.
struct Place {
    place: usize,
    left: Delta,
}

type Places = SmallVec<[Place; 4]>;

/// Inter-commodity spreads formed.
#[derive(Clone, Debug)]
pub struct InterFormed {
    /// The spread's priority.
    pub priority: u32,
    /// Whether it came before the intra-commodity spreads.
    pub is_super: bool,
    /// How many were formed.
    pub count: Delta,
    /// What each leg gave and got.
    pub legs: SmallVec<[InterFormedLeg; 2]>,
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

/// Forms a spread if it can, and adds each leg's credit to its commodity.
pub(super) fn form(
    spread: &DeltaSpread,
    is_super: bool,
    own: &mut Commodities<'_>,
) -> Result<Option<InterFormed>, Overflow> {
    let Some(places) = fitting(spread, own)? else { return Ok(None) };
    let (count, available, ratio) = limit(spread, &places, own.rounding)?;
    let mut legs = SmallVec::new();
    for (leg, &Place { place, left }) in spread.legs.iter().zip(&places) {
        let used = if own.rounding.is_whole() {
            own.rounding.delta(count.times_half_away(leg.ratio)?)?
        } else {
            available.scaled_half_away(leg.ratio, ratio)?
        };
        let used = used.min(left.magnitude());
        let credit = credit(leg, place, count, used, is_super, own)?;
        let margin = &mut own.margins[place];
        margin.inter_credit = margin.inter_credit.plus(credit)?;
        own.use_up(place, leg.tier, left.is_positive(), used, is_super)?;
        legs.push(InterFormedLeg { commodity: leg.commodity, consumed: used, credit });
    }
    Ok(Some(InterFormed { priority: spread.priority, is_super, count, legs }))
}

/// The places of the legs' commodities, if all are there and their signs fit.
fn fitting(spread: &DeltaSpread, own: &mut Commodities<'_>) -> Result<Option<Places>, Overflow> {
    let mut places = Places::new();
    let mut first = None;
    for leg in &spread.legs {
        let Some(place) = own.place(leg.commodity) else { return Ok(None) };
        let left = own.left_in(place, leg.tier)?;
        let side_a_long = left.is_positive() == (leg.side == Side::A);
        if left.is_zero() || first.is_some_and(|first| first != side_a_long) {
            return Ok(None);
        }
        first = Some(side_a_long);
        places.push(Place { place, left });
    }
    Ok(first.map(|_| places))
}

/// How many spreads can form, and which delta and ratio limit them.
fn limit(
    spread: &DeltaSpread,
    places: &[Place],
    rounding: Rounding,
) -> Result<(Delta, Delta, Decimal), Overflow> {
    let mut limiting: Option<(Delta, Delta, Decimal)> = None;
    for (leg, place) in spread.legs.iter().zip(places) {
        let available = place.left.magnitude();
        let count = available.over_half_away(leg.ratio)?;
        if limiting.is_none_or(|(least, _, _)| count < least) {
            limiting = Some((count, available, leg.ratio));
        }
    }
    let (count, available, ratio) = limiting.unwrap_or((Delta::ZERO, Delta::ZERO, Decimal::ONE));
    Ok((rounding.delta(count)?, available, ratio))
}

fn credit(
    leg: &InterLeg,
    place: usize,
    count: Delta,
    used: Delta,
    is_super: bool,
    own: &Commodities<'_>,
) -> Result<Money, Overflow> {
    let rate = match leg.credit {
        LegCredit::Flat(amount) => {
            return own.rounding.risk(amount.for_delta_half_away(count, Decimal::ONE)?);
        }
        LegCredit::Weighted(rate) => rate,
    };
    let (rounding, commodity) = (own.rounding, own.working(place).own);
    if leg.tier == TierIndex::WHOLE {
        let scan = &own.margins[place].scan;
        return WeightedRisk::of(commodity, leg.tier, scan, is_super, rounding)?.credit(used, rate);
    }
    let scan = own.tier_scan(place, leg.tier)?;
    let weighted = WeightedRisk::of(commodity, leg.tier, &scan, is_super, rounding)?;
    if rounding.is_whole() {
        weighted.stepwise_credit(used, rate, rounding)
    } else {
        weighted.credit(used, rate)
    }
}
