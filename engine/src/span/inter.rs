//! Steps 2, 6 and 7: spreads between commodities by their deltas, some of them held at other clearing organisations.
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
use crate::parameters::{AwayIndex, CommodityIndex, DeltaSpread, InterLeg, LegCredit, Side, TierIndex};
use crate::types::{Decimal, Delta, Money, Overflow};

/// Where a leg's commodity stands, and what is left of its delta.
struct Place {
    place: usize,
    left: Delta,
}

/// What the legs of a spread can draw on.
#[derive(Default)]
struct Places {
    home: SmallVec<[Place; 4]>,
    /// What is left of the deltas held elsewhere.
    away: SmallVec<[Delta; 1]>,
}

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
    /// What legs at other clearing organisations gave.
    pub away: Vec<AwayFormedLeg>,
}

/// A leg at another clearing organisation of spreads formed.
#[derive(Clone, Debug)]
pub struct AwayFormedLeg {
    /// Where.
    pub place: AwayIndex,
    /// The delta used up; positive.
    pub consumed: Delta,
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
    let limit = limit(spread, &places, own.rounding)?;
    let mut legs = SmallVec::new();
    for (leg, &Place { place, left }) in spread.legs.iter().zip(&places.home) {
        let used = limit.used(leg.ratio, left, own.rounding)?;
        let credit = credit(leg, place, limit.count, used, is_super, own)?;
        let margin = &mut own.margins[place];
        margin.inter_credit = margin.inter_credit.plus(credit)?;
        own.use_up(place, leg.tier, left.is_positive(), used, is_super)?;
        legs.push(InterFormedLeg { commodity: leg.commodity, consumed: used, credit });
    }
    let mut away = Vec::new();
    for (leg, &left) in spread.away.iter().zip(&places.away) {
        let used = limit.used(leg.ratio, left, own.rounding)?;
        let rest = &mut own.away[leg.place.index()];
        *rest = if left.is_positive() { rest.minus(used)? } else { rest.plus(used)? };
        away.push(AwayFormedLeg { place: leg.place, consumed: used });
    }
    Ok(Some(InterFormed { priority: spread.priority, is_super, count: limit.count, legs, away }))
}

/// The places of the legs' commodities, if all are there and their signs fit.
fn fitting(spread: &DeltaSpread, own: &mut Commodities<'_>) -> Result<Option<Places>, Overflow> {
    let mut places = Places::default();
    let mut first = None;
    let mut fits = |left: Delta, side| {
        let side_a_long = left.is_positive() == (side == Side::A);
        !left.is_zero() && *first.get_or_insert(side_a_long) == side_a_long
    };
    for leg in &spread.legs {
        let Some(place) = own.place(leg.commodity) else { return Ok(None) };
        let left = own.left_in(place, leg.tier)?;
        if !fits(left, leg.side) {
            return Ok(None);
        }
        places.home.push(Place { place, left });
    }
    for leg in &spread.away {
        let left = own.away[leg.place.index()];
        if !fits(left, leg.side) {
            return Ok(None);
        }
        places.away.push(left);
    }
    Ok((!places.home.is_empty()).then_some(places))
}

/// How many spreads can form, and which delta and ratio limit them.
struct Limit {
    count: Delta,
    available: Delta,
    ratio: Decimal,
}

impl Limit {
    /// What a leg uses up of what it has left.
    fn used(&self, ratio: Decimal, left: Delta, rounding: Rounding) -> Result<Delta, Overflow> {
        let used = if rounding.is_whole() {
            rounding.delta(self.count.times_half_away(ratio)?)?
        } else {
            self.available.scaled_half_away(ratio, self.ratio)?
        };
        Ok(used.min(left.magnitude()))
    }
}

fn limit(spread: &DeltaSpread, places: &Places, rounding: Rounding) -> Result<Limit, Overflow> {
    let home = spread.legs.iter().zip(&places.home).map(|(leg, place)| (leg.ratio, place.left));
    let away = spread.away.iter().zip(&places.away).map(|(leg, left)| (leg.ratio, *left));
    let mut limiting: Option<Limit> = None;
    for (ratio, left) in home.chain(away) {
        let available = left.magnitude();
        let count = available.over_half_away(ratio)?;
        if limiting.as_ref().is_none_or(|least| count < least.count) {
            limiting = Some(Limit { count, available, ratio });
        }
    }
    let limit = limiting.unwrap_or(Limit { count: Delta::ZERO, available: Delta::ZERO, ratio: Decimal::ONE });
    Ok(Limit { count: rounding.delta(limit.count)?, ..limit })
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
