//! Longs and shorts apart: what position accounts hold of a row, and what fills make of it.
//!
//! A fill of an account that nets closes the other side first, and so does one that says that it closes; what is beyond the other side
//! opens. So a side is no linear number of what is filled. In a region it lies between two that are: where the sign of an account's net is
//! known, both are the side itself; else the part above nothing lies below the line between the ends.

use super::portfolio::{Margining, Portfolio};
use crate::fills::{Linear, LinearDelta, OpenFills, Places, Region};
use crate::parameters::{CommodityIndex, ParameterSet};
use crate::scenario::Row;
use crate::types::{Decimal, Delta, LotsError, Overflow};

/// What one position account holds of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pocket {
    /// The commodity.
    pub commodity: CommodityIndex,
    /// The row.
    pub row: Row,
    /// Lots bought.
    pub long: i64,
    /// Lots sold.
    pub short: i64,
    /// Whether the account keeps one side: every fill closes first.
    pub nets: bool,
}

/// What one unit of an order does to a pocket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SideLeg {
    /// The place of the pocket.
    pub pocket: usize,
    /// Lots of one unit, bought positive.
    pub lots: i64,
    /// Whether it closes the other side.
    pub closes: bool,
}

/// The pockets of a margin account, and what each of its orders does to them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sides {
    /// What the accounts hold.
    pub pockets: Vec<Pocket>,
    /// By order.
    pub orders: Vec<Vec<SideLeg>>,
}

/// A side of a pocket in a region: it lies between the two.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) is_short: bool,
    pub(super) least: LinearDelta,
    pub(super) most: LinearDelta,
}

/// Lots that fills of a pocket come to.
#[derive(Clone, Copy, Default)]
struct Filled {
    opened: [i64; 2],
    closing: [i64; 2],
}

impl Sides {
    /// The portfolio at an outcome, where what closes is filled before what opens.
    ///
    /// # Errors
    /// [`LotsError`] where a row has too many lots.
    pub fn portfolio(&self, set: &ParameterSet, filled: &[i64]) -> Result<Portfolio, LotsError> {
        let mut fills = vec![Filled::default(); self.pockets.len()];
        for (legs, units) in self.orders.iter().zip(filled) {
            for leg in legs {
                let lots = leg.lots.checked_mul(*units).ok_or(LotsError::TooLarge)?;
                let own = &mut fills[leg.pocket];
                let closes = leg.closes || self.pockets[leg.pocket].nets;
                let sums = if closes { &mut own.closing } else { &mut own.opened };
                let sum = &mut sums[usize::from(lots < 0)];
                *sum = sum.checked_add(lots.saturating_abs()).ok_or(LotsError::TooLarge)?;
            }
        }
        let rows = self.pockets.iter().zip(fills).flat_map(|(own, fills)| {
            let [long, short] = own.after(fills);
            [(own.commodity, own.row, long), (own.commodity, own.row, short.saturating_neg())]
        });
        Portfolio::of_rows(set, rows.filter(|(.., lots)| *lots != 0), Margining::GrossSides)
    }

    /// Lots of a pocket, bought less sold, as they grow with what is filled of the orders of some places.
    pub(super) fn net(&self, pocket: usize, places: &Places) -> Result<LinearDelta, Overflow> {
        let own = &self.pockets[pocket];
        let mut net = Linear::nothing(places);
        net.add(None, lots(own.long)?.minus(lots(own.short)?)?)?;
        for (order, leg) in self.legs(pocket) {
            net.add(Some(order), lots(leg.lots)?)?;
        }
        Ok(net)
    }

    fn legs(&self, pocket: usize) -> impl Iterator<Item = (usize, &SideLeg)> {
        let legs = self.orders.iter().enumerate();
        legs.flat_map(|(order, legs)| legs.iter().map(move |leg| (order, leg)))
            .filter(move |(_, leg)| leg.pocket == pocket)
    }

    /// Both sides of a pocket in a region.
    pub(super) fn of_region(
        &self,
        pocket: usize,
        places: &Places,
        fills: &OpenFills,
        region: &Region,
    ) -> Result<[Side; 2], Overflow> {
        let net = self.net(pocket, places)?;
        if self.pockets[pocket].nets {
            return Ok([above(false, &net, fills, region)?, above(true, &net.negated(), fills, region)?]);
        }
        let side = |is_short| self.kept_side(pocket, is_short, places, fills, region);
        Ok([side(false)?, side(true)?])
    }

    /// A side of an account that keeps both.
    fn kept_side(
        &self,
        pocket: usize,
        is_short: bool,
        places: &Places,
        fills: &OpenFills,
        region: &Region,
    ) -> Result<Side, Overflow> {
        let own = &self.pockets[pocket];
        let (held, other) = if is_short { (own.short, own.long) } else { (own.long, own.short) };
        let nothing: LinearDelta = Linear::nothing(places);
        let (mut opens, mut closes, mut beyond) = (nothing.clone(), nothing.clone(), nothing);
        opens.add(None, lots(held)?)?;
        beyond.add(None, lots(other)?.negated())?;
        for (order, leg) in self.legs(pocket) {
            let size = lots(leg.lots.saturating_abs())?;
            match ((leg.lots < 0) == is_short, leg.closes) {
                (true, false) => opens.add(Some(order), size)?,
                // What closes the other side, beyond which it opens this one.
                (true, true) => beyond.add(Some(order), size)?,
                (false, true) => closes.add(Some(order), size)?,
                (false, false) => {}
            }
        }
        let mut most = opens.clone();
        if beyond.most(fills, region)?.is_positive() {
            // As much as is told to close may open, if the other side is gone by then.
            beyond.base = Delta::ZERO;
            most = most.plus(&beyond)?;
        }
        let after = opens.minus(&closes)?;
        if closes.most(fills, region)? <= lots(held)? {
            most = most.minus(&closes)?;
            return Ok(Side { is_short, least: after, most });
        }
        let least = if after.least(fills, region)?.is_negative() { Linear::nothing(places) } else { after };
        Ok(Side { is_short, least, most })
    }
}

impl Pocket {
    fn after(&self, fills: Filled) -> [i64; 2] {
        let [bought, sold] = fills.opened;
        let [to_cover, to_sell] = fills.closing;
        if self.nets {
            let net = self.long.saturating_sub(self.short).saturating_add(to_cover).saturating_sub(to_sell);
            return [net.max(0), net.saturating_neg().max(0)];
        }
        let (covered, closed) = (to_cover.min(self.short), to_sell.min(self.long));
        [
            (self.long - closed).saturating_add(bought).saturating_add(to_cover - covered),
            (self.short - covered).saturating_add(sold).saturating_add(to_sell - closed),
        ]
    }
}

/// The part of a number above nothing.
fn above(is_short: bool, number: &LinearDelta, fills: &OpenFills, region: &Region) -> Result<Side, Overflow> {
    let (low, high) = (number.least(fills, region)?, number.most(fills, region)?);
    let nothing = || Linear::nothing(number.places());
    if !low.is_negative() {
        return Ok(Side { is_short, least: number.clone(), most: number.clone() });
    }
    if !high.is_positive() {
        return Ok(Side { is_short, least: nothing(), most: nothing() });
    }
    let width = high.minus(low)?;
    let mut most = number.clone();
    most.base = most.base.minus(low)?;
    let most = most.map(|own| own.prorated_half_away(high, width))?;
    let least = if high > low.magnitude() { number.clone() } else { nothing() };
    Ok(Side { is_short, least, most })
}

fn lots(lots: i64) -> Result<Delta, Overflow> {
    Delta::from_decimal(Decimal::whole(lots))
}
