//! Bounds of what a commodity is charged by itself: spreads between months, months in delivery, short options.

use super::commodity::{Month, RangedCommodity, scaled};
use crate::contract::Period;
use crate::fills::{Linear, LinearDelta, LinearMoney, OpenFills, Region};
use crate::parameters::{ContractKind, IntraCharge, IntraSpread, OptionMinimumMethod, PeriodIndex, Side};
use crate::scenario::Row;
use crate::types::{Decimal, Delta, Money, Overflow};

/// An option, and how much of it counts for the floor.
#[derive(Debug)]
pub(super) struct OptionRow {
    pub(super) row: Row,
    pub(super) is_short: bool,
    pub(super) kind: ContractKind,
    pub(super) period: PeriodIndex,
    pub(super) count: LinearDelta,
}

/// What a unit of delta on either side is charged at most, and whether some spread uses one side only.
struct Dearest {
    rate: Money,
    is_one_sided: bool,
}

/// A month's delta in a region: its ends.
struct Ends {
    low: Delta,
    high: Delta,
}

impl RangedCommodity<'_> {
    /// Charges for delivery and basis risk, whatever else is filled.
    pub(super) fn fixed_charges(&self, fills: &OpenFills, region: &Region) -> Result<Money, Overflow> {
        let mut sum = Money::ZERO;
        for month in self.own.delivery() {
            let rate = month.spread.max(month.outright).max(Money::ZERO);
            for own in self.months.iter().filter(|own| month.periods.contains(own.period)) {
                let low = own.least.as_ref().unwrap_or(&own.delta).least(fills, region)?;
                let high = own.delta.most(fills, region)?;
                let most = low.magnitude().max(high.magnitude());
                sum = sum.plus(rate.for_delta_half_away(most, Decimal::ONE)?)?;
            }
        }
        if let Some(rate) = self.own.basis_rate() {
            let [spot, others] = &self.spot;
            let size = |delta: &LinearDelta| {
                ends(delta, fills, region).map(|Ends { low, high }| low.magnitude().max(high.magnitude()))
            };
            sum = sum.plus(rate.for_delta_half_away(size(spot)?.min(size(others)?), Decimal::ONE)?)?;
        }
        Ok(sum)
    }

    /// Linear numbers each of which is at least the charge for spreads between months, at the level.
    ///
    /// Every spread uses delta that is long and delta that is short: the charge is at most the dearest rate for a unit of either, so at
    /// most any mix of the two. In a month whose sign is open, the part above zero lies below the line between its ends.
    pub(super) fn charge_mixes(
        &self,
        fills: &OpenFills,
        region: &Region,
    ) -> Result<Vec<LinearMoney>, Overflow> {
        let nothing = Linear::nothing(self.cash.places());
        let Some(Dearest { rate, is_one_sided }) = self.dearest_spread()? else { return Ok(vec![nothing]) };
        let rate = scaled(rate, self.factors)?;
        let (mut long, mut short) =
            (nothing.clone().map(|_| Ok(Delta::ZERO))?, nothing.map(|_| Ok(Delta::ZERO))?);
        for Month { delta, .. } in &self.months {
            let Ends { low, high } = ends(delta, fills, region)?;
            if !low.is_negative() {
                long = long.plus(delta)?;
            } else if !high.is_positive() {
                short = short.minus(delta)?;
            } else {
                let width = high.minus(low)?;
                let mut above = delta.clone();
                above.base = above.base.minus(low)?;
                long = long.plus(&above.map(|own| own.prorated_half_away(high, width))?)?;
                let mut below = delta.clone();
                below.base = below.base.minus(high)?;
                short = short.plus(&below.map(|own| own.prorated_half_away(low, width))?)?;
            }
        }
        let charge = |delta: Delta| rate.for_delta_half_away(delta, Decimal::ONE);
        let (of_long, of_short) = (long.map(charge)?, short.map(charge)?);
        if is_one_sided {
            return Ok(vec![of_long.plus(&of_short)?]);
        }
        let half = |charge: &LinearMoney| charge.map(|amount| Ok(amount.half_away()));
        let mixed = half(&of_long)?.plus(&half(&of_short)?)?;
        let least = long.most(fills, region)?.min(short.most(fills, region)?);
        let mut fixed = nothing;
        fixed.base = charge(least)?;
        Ok(vec![of_long, of_short, mixed, fixed])
    }

    /// The most that a unit of delta on either side is charged; `None` where nothing is.
    fn dearest_spread(&self) -> Result<Option<Dearest>, Overflow> {
        let mut dearest: Option<Dearest> = None;
        if !self.is_net {
            return Ok(dearest);
        }
        for spread in self.own.intra_spreads() {
            let charge = match spread.charge {
                IntraCharge::Flat(rate) => rate,
                IntraCharge::PerMonth { spread: rate, month } => {
                    rate.plus(month.times_whole(self.months_between())?)?
                }
            };
            let known = dearest.get_or_insert(Dearest { rate: Money::ZERO, is_one_sided: false });
            for side in [Side::A, Side::B] {
                let ratio = ratio_of(spread, side)?;
                if ratio.is_zero() {
                    known.is_one_sided = true;
                } else {
                    known.rate = known.rate.max(charge.prorated_half_away(Delta::ONE, ratio)?);
                }
            }
        }
        Ok(dearest)
    }

    /// Months from the first period to the last.
    fn months_between(&self) -> i64 {
        let months = self.own.periods().iter().filter_map(Period::year_month);
        let numbers: Vec<i64> = months.map(|month| i64::from(month.months())).collect();
        let (first, last) = (numbers.iter().min(), numbers.iter().max());
        first.zip(last).map_or(0, |(first, last)| last - first)
    }

    /// The floor for short options with as many of them as there may be.
    pub(super) fn option_minimum(&self, fills: &OpenFills, region: &Region) -> Result<Money, Overflow> {
        let mut counts = Vec::with_capacity(self.options.len());
        for own in &self.options {
            let least = own.count.least(fills, region)?;
            if least.is_negative() {
                counts.push((own, least.magnitude()));
            }
        }
        let rule = self.own.option_minimum();
        let mut total = Money::ZERO;
        for (rate, periods) in &rule.tiers {
            let (mut calls, mut puts) = (Delta::ZERO, Delta::ZERO);
            for (own, count) in &counts {
                if rule.is_by_period && !periods.contains(own.period) {
                    continue;
                }
                let sum = if own.kind == ContractKind::Call { &mut calls } else { &mut puts };
                *sum = sum.plus(*count)?;
            }
            let count = match rule.method {
                OptionMinimumMethod::Gross => calls.plus(puts)?,
                OptionMinimumMethod::Greater => calls.max(puts),
            };
            total = total.plus(rate.for_delta_half_away(count, Decimal::ONE)?)?;
        }
        Ok(total)
    }
}

/// Delta that one spread uses on a side.
fn ratio_of(spread: &IntraSpread, side: Side) -> Result<Delta, Overflow> {
    let mut legs = spread.legs.iter().filter(|leg| leg.side == side);
    legs.try_fold(Delta::ZERO, |sum, leg| sum.plus(Delta::from_decimal(leg.ratio)?))
}

fn ends(delta: &LinearDelta, fills: &OpenFills, region: &Region) -> Result<Ends, Overflow> {
    Ok(Ends { low: delta.least(fills, region)?, high: delta.most(fills, region)? })
}
