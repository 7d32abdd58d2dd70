//! Long options alone: a profile may say that they lose no more than they are worth.

use super::commodity::{RangedCommodity, RoundingOf, scaled};
use super::merged::Presence;
use crate::fills::{Linear, LinearDelta, LinearMoney, OpenFills, Places, Region};
use crate::parameters::ContractKind;
use crate::scenario::Row;
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

/// What options alone are worth, where there is nothing else.
#[derive(Debug)]
pub(super) struct Longs {
    rows: Vec<LongRow>,
    /// What the options are worth.
    value: LinearMoney,
}

/// What there may be of a row.
#[derive(Debug)]
struct LongRow {
    row: Row,
    lots: LinearDelta,
}

impl Longs {
    pub(super) fn nothing(places: &Places) -> Self {
        Self { rows: Vec::new(), value: Linear::nothing(places) }
    }

    /// Adds lots of a row, of what is held or of one unit of an order, and what they are worth where it is an option's.
    pub(super) fn add(
        &mut self,
        row: Row,
        order: Option<usize>,
        lots: Lots,
        value: Option<Money>,
    ) -> Result<(), Overflow> {
        let place = self.place(row);
        self.rows[place].lots.add(order, Delta::from_decimal(Decimal::whole(lots.get()))?)?;
        value.map_or(Ok(()), |value| self.value.add(order, value))
    }

    /// Adds the most that there may be of a long side of a row.
    pub(super) fn add_side(
        &mut self,
        row: Row,
        lots: &LinearDelta,
        value: Option<&LinearMoney>,
    ) -> Result<(), Overflow> {
        let place = self.place(row);
        self.rows[place].lots = self.rows[place].lots.plus(lots)?;
        if let Some(value) = value {
            self.value = self.value.plus(value)?;
        }
        Ok(())
    }

    fn place(&mut self, row: Row) -> usize {
        self.rows.iter().position(|own| own.row == row).unwrap_or_else(|| {
            self.rows.push(LongRow { row, lots: Linear::nothing(self.value.places()) });
            self.rows.len() - 1
        })
    }
}

impl RangedCommodity<'_> {
    /// What the part at a place may lose at most, if in a region there is nothing in its side but long options, and they are in one tier of the
    /// scan: the value of all of them caps one scan, not each of several.
    pub(super) fn capped(
        &self,
        place: usize,
        fills: &OpenFills,
        region: &Region,
        rounding: RoundingOf,
    ) -> Result<Option<LinearMoney>, Overflow> {
        if !rounding.profile.caps_long_options() || !rounding.is_cappable {
            return Ok(None);
        }
        let tiers = self.own.scan_tiers().len() + 1;
        let (longs, own_tier) = (&self.longs[place / tiers], place % tiers);
        let is_elsewhere = |own: &LongRow| {
            let contract = self.own.contract(own.row);
            contract.has_losses && self.tier(contract.period) != own_tier
        };
        if !self.are_long_options(longs, is_elsewhere, (fills, region))? {
            return Ok(None);
        }
        longs.value.map(|value| scaled(value, self.factors)).map(Some)
    }

    /// What options are worth where there is nothing but long ones; of an account that nets.
    pub(super) const fn long_value(&self) -> &LinearMoney {
        &self.longs[0].value
    }

    /// Whether somewhere in a region there may be nothing but long options; of an account that nets.
    pub(super) fn may_be_long_options(&self, fills: &OpenFills, region: &Region) -> Result<bool, Overflow> {
        for own in &self.longs[0].rows {
            let (least, most) = (own.lots.least(fills, region)?, own.lots.most(fills, region)?);
            let is_option = self.own.contract(own.row).kind != ContractKind::Plain;
            if most.is_negative() || (!is_option && least.is_positive()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether there are positions in a region; of an account that nets.
    pub(super) fn presence(&self, fills: &OpenFills, region: &Region) -> Result<Presence, Overflow> {
        let mut presence = Presence::Never;
        for own in &self.longs[0].rows {
            let (least, most) = (own.lots.least(fills, region)?, own.lots.most(fills, region)?);
            if least.is_positive() || most.is_negative() {
                return Ok(Presence::Certain);
            }
            if !(least.is_zero() && most.is_zero()) {
                presence = Presence::Possible;
            }
        }
        Ok(presence)
    }

    /// Whether in a region there is nothing in it but long options.
    pub(super) fn has_only_long_options(&self, fills: &OpenFills, region: &Region) -> Result<bool, Overflow> {
        for longs in &self.longs {
            if !self.are_long_options(longs, |_| false, (fills, region))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether what there may be in a region are long options, none of which is of another kind besides.
    fn are_long_options(
        &self,
        longs: &Longs,
        is_other: impl Fn(&LongRow) -> bool,
        (fills, region): (&OpenFills, &Region),
    ) -> Result<bool, Overflow> {
        for own in &longs.rows {
            let (least, most) = (own.lots.least(fills, region)?, own.lots.most(fills, region)?);
            let is_option = self.own.contract(own.row).kind != ContractKind::Plain;
            let is_nothing = least.is_zero() && most.is_zero();
            if !is_nothing && (!is_option || least.is_negative() || is_other(own)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
