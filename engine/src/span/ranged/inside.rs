//! Bounds of what a commodity is charged by itself: months in delivery, basis risk, short options.

use super::commodity::RangedCommodity;
use crate::fills::{LinearDelta, OpenFills, Region};
use crate::parameters::{ContractKind, OptionMinimumMethod, PeriodIndex};
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

fn ends(delta: &LinearDelta, fills: &OpenFills, region: &Region) -> Result<Ends, Overflow> {
    Ok(Ends { low: delta.least(fills, region)?, high: delta.most(fills, region)? })
}
