//! The least weighted price risk in a region.
//!
//! With `a` the active scenario and `d` the net delta, price risk over `|d|` is a quotient of two numbers linear in what is filled:
//!
//! ```text
//! P[a] / |d| = ((S[a] + S[pair of a]) / 2 - (S[1] + S[2]) / 2) / |d|
//! ```
//!
//! Its minimum over a region is where `P - t |d|` is nowhere negative and somewhere 0 (Dinkelbach 1967). Every scenario that may be the
//! active one somewhere in the region counts.

use super::Ranged;
use super::commodity::RangedCommodity;
use crate::fills::{LinearDelta, LinearMoney, OpenFills, Region};
use crate::parameters::{TierIndex, WeightedRiskMethod};
use crate::scenario::ScenarioIndex;
use crate::types::{Decimal, Money, Overflow};

/// Each step of the minimum of a quotient moves to another corner; so many are always enough in practice, and if not there is no credit.
const MOST_STEPS: usize = 16;

impl Ranged<'_> {
    /// For spreads between commodities, and for super-spreads; `is_long` is the sign of the net delta everywhere in the region.
    pub(super) fn weighted_least(
        &self,
        own: &RangedCommodity<'_>,
        is_long: bool,
        is_super: bool,
        region: &Region,
    ) -> Result<Money, Overflow> {
        let range = own.own.inter_tiers().get(TierIndex::WHOLE.index()).and_then(|tier| tier.scan_range);
        let method = own.own.weighted_risk_method();
        if let (WeightedRiskMethod::ScanRange, Some(range), false) = (method, range, is_super) {
            return Ok(range);
        }
        let [scenarios] = own.parts.as_slice() else { return Ok(Money::ZERO) };
        let delta = if is_long { own.net_delta.clone() } else { own.net_delta.negated() };
        let candidates = active(scenarios, self.fills, region)?;
        let Some(candidates) = candidates else { return Ok(Money::ZERO) };
        let half = |own: &LinearMoney| own.map(|amount| Ok(amount.half_away()));
        let of = |scenario: ScenarioIndex| &scenarios[scenario.index()];
        let time = half(&of(ScenarioIndex::FIRST).plus(of(ScenarioIndex::SECOND))?)?;
        let mut least: Option<Money> = None;
        for active in candidates {
            let paired = of(self.set.points().paired(active));
            let mut price_risk = half(&of(active).plus(paired)?)?.minus(&time)?;
            if self.rounding.is_whole() {
                // Scan, volatility and time risk are rounded by half a unit each.
                price_risk.base = price_risk.base.minus(Money::from_decimal(Decimal::whole(2))?)?;
            }
            let mut weighted = least_quotient(&price_risk, &delta, self.fills, region)?;
            if is_super {
                weighted = weighted.min(least_quotient(of(active), &delta, self.fills, region)?);
                if self.rounding.caps_long_options() && own.may_be_long_options(self.fills, region)? {
                    // Then scan risk is at most what the options are worth.
                    weighted = weighted.min(least_quotient(own.long_value(), &delta, self.fills, region)?);
                }
            }
            least = Some(least.map_or(weighted, |least| least.min(weighted)));
        }
        let mut least = least.unwrap_or_default();
        if let (WeightedRiskMethod::ScanRange | WeightedRiskMethod::ScanRangeCap, Some(range)) =
            (method, range)
        {
            least = if method == WeightedRiskMethod::ScanRange { range.min(least) } else { least.min(range) };
        }
        if self.rounding.is_whole() {
            least = least.minus(Money::from_decimal(Decimal::ONE)?.over_half_away(Decimal::whole(100))?)?;
        }
        Ok(least.max(Money::ZERO))
    }
}

/// The scenarios that may be the active one; `None` where all may be gains, so that nothing is known of price risk.
fn active(
    scenarios: &[LinearMoney],
    fills: &OpenFills,
    region: &Region,
) -> Result<Option<Vec<ScenarioIndex>>, Overflow> {
    let middle: Vec<i64> =
        region.ranges().iter().map(|range| range.low + (range.high - range.low) / 2).collect();
    let losses = scenarios.iter().map(|own| own.at(&middle)).collect::<Result<Vec<_>, _>>()?;
    let usual = ScenarioIndex::of_largest(&losses);
    if scenarios[usual.index()].least(fills, region)?.is_negative() {
        return Ok(None);
    }
    let mut active = vec![usual];
    for (scenario, own) in ScenarioIndex::all(scenarios.len()).zip(scenarios) {
        let ahead = scenarios[usual.index()].minus(own)?.least(fills, region)?;
        // Of equals the lowest is active.
        let never = if scenario > usual { !ahead.is_negative() } else { ahead.is_positive() };
        if scenario != usual && !never {
            active.push(scenario);
        }
    }
    Ok(Some(active))
}

/// At most the quotient anywhere in the region, and not negative; the denominator is positive there.
fn least_quotient(
    top: &LinearMoney,
    bottom: &LinearDelta,
    fills: &OpenFills,
    region: &Region,
) -> Result<Money, Overflow> {
    let mut corner = top.negated().corner(fills, region)?;
    for _ in 0..MOST_STEPS {
        let (above, below) = (top.at(&corner)?, bottom.at(&corner)?);
        if above.is_negative() || !below.is_positive() {
            return Ok(Money::ZERO);
        }
        // A little less, so that rounding does not hide a corner with a smaller quotient.
        let quotient = above.per_delta_half_away(below)?;
        let quotient = Money::from_raw(quotient.raw() - quotient.raw() / 1_000_000_000_000 - 1);
        let rest = top.minus(&bottom.map(|delta| quotient.for_delta_half_away(delta, Decimal::ONE))?)?;
        if !rest.least(fills, region)?.is_negative() {
            return Ok(quotient.max(Money::ZERO));
        }
        corner = rest.negated().corner(fills, region)?;
    }
    Ok(Money::ZERO)
}
