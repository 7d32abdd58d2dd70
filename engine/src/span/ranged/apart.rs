//! A commodity in which longs and shorts stand apart: formed anew for each region, in which every side lies between two linear numbers.

use super::commodity::{Month, RangedCommodity, Terms};
use super::inside::OptionRow;
use crate::fills::{LinearDelta, OpenFills, Places, Region};
use crate::parameters::ContractKind;
use crate::scenario::Row;
use crate::span::sides::{Side, SideLeg, Sides};
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

impl<'a> RangedCommodity<'a> {
    /// A commodity in which longs and shorts stand apart, in a region; without what orders pay.
    pub(super) fn of_sides(
        terms: &Terms<'a>,
        sides: &Sides,
        fills: &OpenFills,
        region: &Region,
    ) -> Result<Self, Overflow> {
        let held: Vec<usize> =
            (0..sides.pockets.len()).filter(|own| sides.pockets[*own].commodity == terms.index).collect();
        let trades = |legs: &[SideLeg]| legs.iter().any(|leg| held.contains(&leg.pocket));
        let orders = sides.orders.iter().enumerate().filter(|(_, legs)| trades(legs));
        let mut commodity = Self::empty(terms, orders.map(|(order, _)| order).collect());
        for pocket in held {
            let places = Places::clone(commodity.cash.places());
            let row = sides.pockets[pocket].row;
            let value = commodity.own.contract(row).option_value;
            let worth =
                sides.net(pocket, &places)?.map(|lots| value.for_delta_half_away(lots, Decimal::ONE))?;
            commodity.outlay = commodity.outlay.minus(&worth)?;
            for side in sides.of_region(pocket, &places, fills, region)? {
                commodity.add_side(row, &side)?;
            }
        }
        commodity.scale(commodity.factors)?;
        Ok(commodity)
    }

    /// Adds a side of a row, which lies between two linear numbers of lots.
    fn add_side(&mut self, row: Row, side: &Side) -> Result<(), Overflow> {
        let contract = self.own.contract(row);
        let one = Lots::new(if side.is_short { -1 } else { 1 }).map_err(|_| Overflow)?;
        let (part, scale) = (self.part(contract.period, one), self.loss_scale()?);
        let losses = self.own.arrays().scenario_sums(&[(row, one)]);
        for (linear, loss) in self.parts[part].iter_mut().zip(losses.iter()) {
            let loss = Money::from_scale(loss, scale)?;
            let lots = if loss.is_positive() { &side.most } else { &side.least };
            *linear = linear.plus(&lots.map(|lots| loss.for_delta_half_away(lots, Decimal::ONE))?)?;
        }
        let delta = Delta::from_scaled(i128::from(contract.delta), i32::from(self.own.delta_places()))?;
        let delta = delta.times_lots(one)?;
        let of = |lots: &LinearDelta| lots.map(|lots| lots.prorated_half_away(delta, Delta::ONE));
        let (low, high) =
            if delta.is_negative() { (&side.most, &side.least) } else { (&side.least, &side.most) };
        let (low, high) = (of(low)?, of(high)?);
        let same = |own: &&mut Month| own.period == contract.period && own.is_short == side.is_short;
        match self.months.iter_mut().find(same) {
            Some(own) => {
                own.least = Some(own.least.as_ref().unwrap_or(&own.delta).plus(&low)?);
                own.delta = own.delta.plus(&high)?;
            }
            None => {
                let (period, is_short) = (contract.period, side.is_short);
                self.months.push(Month { period, is_short, delta: high, least: Some(low) });
            }
        }
        let longs = &mut self.longs[usize::from(side.is_short)];
        if side.is_short || contract.kind == ContractKind::Plain {
            let lots = if side.is_short { side.most.negated() } else { side.most.clone() };
            longs.add_side(row, &lots, None)?;
        } else {
            let worth = |lots| contract.option_value.for_delta_half_away(lots, Decimal::ONE);
            longs.add_side(row, &side.most, Some(&side.most.map(worth)?))?;
        }
        if side.is_short && contract.kind != ContractKind::Plain && contract.option_count != 0 {
            let count = self.own.option_counts()[usize::from(contract.option_count)];
            let count = side.most.map(|lots| lots.prorated_half_away(count, Delta::ONE))?.negated();
            let (kind, period) = (contract.kind, contract.period);
            self.options.push(OptionRow { row, is_short: true, kind, period, count });
        }
        Ok(())
    }
}
