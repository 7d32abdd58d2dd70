//! Long options alone: a profile may say that they lose no more than they are worth.

use super::commodity::{RangedCommodity, scaled};
use crate::fills::{Linear, LinearDelta, LinearMoney, OpenFills, Places, Region};
use crate::scenario::Row;
use crate::span::rounding::Rounding;
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

/// What options alone are worth, where there is nothing else.
#[derive(Debug)]
pub(super) struct Longs {
    /// Whether there may be something besides options.
    pub(super) has_others: bool,
    /// Lots of every option.
    lots: Vec<(Row, LinearDelta)>,
    /// What they are worth.
    pub(super) value: LinearMoney,
}

impl Longs {
    pub(super) fn nothing(places: &Places) -> Self {
        Self { has_others: false, lots: Vec::new(), value: Linear::nothing(places) }
    }

    pub(super) fn add(
        &mut self,
        row: Row,
        order: Option<usize>,
        lots: Lots,
        value: Money,
    ) -> Result<(), Overflow> {
        let place = self.lots.iter().position(|(own, _)| *own == row).unwrap_or_else(|| {
            self.lots.push((row, Linear::nothing(self.value.places())));
            self.lots.len() - 1
        });
        self.lots[place].1.add(order, Delta::from_decimal(Decimal::whole(lots.get()))?)?;
        self.value.add(order, value)
    }

    /// Whether all that there may be in a region are long options.
    fn is_certain(&self, fills: &OpenFills, region: &Region) -> Result<bool, Overflow> {
        for (_, lots) in self.lots.iter().filter(|_| !self.has_others) {
            if lots.least(fills, region)?.is_negative() {
                return Ok(false);
            }
        }
        Ok(!self.has_others)
    }
}

impl RangedCommodity<'_> {
    /// What the part at a place may lose at most, if in a region there is nothing in it but long options.
    pub(super) fn capped(
        &self,
        place: usize,
        fills: &OpenFills,
        region: &Region,
        rounding: Rounding,
    ) -> Result<Option<LinearMoney>, Overflow> {
        if !rounding.caps_long_options() || !self.own.scan_tiers().is_empty() {
            return Ok(None);
        }
        let longs = &self.longs[place];
        if !longs.is_certain(fills, region)? {
            return Ok(None);
        }
        longs.value.map(|value| scaled(value, self.factors)).map(Some)
    }
}
