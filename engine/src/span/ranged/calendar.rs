//! The most that spreads between months are charged in a region.
//!
//! A spread can form where every leg has a month that may be on its side; with `c` its charge and `R` what it uses on a side:
//!
//! ```text
//! charge <= sum over months of (largest c / R of those that draw on the month) * delta on the side
//! charge <= most of sum n * c        with n at most what every leg has, and sum n * R at most what the side has
//! ```
//!
//! The first holds for either side, so for any mix of the two. In a month whose sign is open, the part above nothing lies below the line
//! between its ends.

use super::commodity::{Month, RangedCommodity, scaled};
use crate::fills::{Linear, LinearDelta, LinearMoney, OpenFills, Region};
use crate::parameters::{IntraCharge, IntraLeg, IntraSpread, PeriodIndex, Side};
use crate::span::rounding::Rounding;
use crate::types::{Decimal, Delta, Money, Overflow};

const LONG: usize = 0;
const SHORT: usize = 1;

/// A month in a region: what of its delta may be long and what may be short.
struct Parts {
    period: PeriodIndex,
    sides: [Part; 2],
}

/// One side of a month.
struct Part {
    /// The most that there is.
    most: Delta,
    /// At least what there is, as it grows with what is filled.
    above: LinearDelta,
}

/// A spread that can form one way round.
struct Formable<'a> {
    spread: &'a IntraSpread,
    is_a_long: bool,
    /// What one is charged at the level.
    charge: Money,
    /// How many there may be.
    most: Delta,
    /// The delta that one uses on either side.
    uses: [Delta; 2],
}

impl Formable<'_> {
    /// What a unit of delta on a side is charged; `None` where it uses nothing there.
    fn rate(&self, side: usize) -> Result<Option<Money>, Overflow> {
        let uses = self.uses[side];
        if uses.is_zero() {
            return Ok(None);
        }
        self.charge.prorated_half_away(Delta::ONE, uses).map(Some)
    }

    fn draws_on(&self, period: PeriodIndex, side: usize) -> bool {
        let legs = self.spread.legs.iter().filter(|leg| side_of(leg, self.is_a_long) == side);
        legs.into_iter().any(|leg| leg.periods.contains(period))
    }
}

fn side_of(leg: &IntraLeg, is_a_long: bool) -> usize {
    if (leg.side == Side::A) == is_a_long { LONG } else { SHORT }
}

impl<'a> RangedCommodity<'a> {
    /// Keeps the spreads between months in all legs of which there may be deltas.
    pub(super) fn find_calendar(&mut self) {
        let has_delta = |leg: &IntraLeg| self.months.iter().any(|month| leg.periods.contains(month.period));
        let spreads = if self.is_net { self.own.intra_spreads() } else { &[] };
        self.calendar = spreads.iter().filter(|spread| spread.legs.iter().all(has_delta)).collect();
    }

    /// Linear numbers each of which is at least the charge for spreads between months, at the level; there is always one.
    pub(super) fn calendar_charges(
        &self,
        fills: &OpenFills,
        region: &Region,
        rounding: Rounding,
    ) -> Result<Vec<LinearMoney>, Overflow> {
        let nothing = Linear::nothing(self.cash.places());
        if self.calendar.is_empty() {
            return Ok(vec![nothing]);
        }
        let months = self.months.iter().map(|month| parts(month, fills, region, rounding));
        let months = months.collect::<Result<Vec<Parts>, _>>()?;
        let formable = self.formable(&months)?;
        if formable.is_empty() {
            return Ok(vec![nothing]);
        }
        let side = |side| self.on_side(side, &months, &formable);
        let (long, short) = (side(LONG)?, side(SHORT)?);
        let mut fixed = nothing;
        fixed.base = packed(&formable, &months, LONG)?.min(packed(&formable, &months, SHORT)?);
        if formable.iter().any(|own| own.uses.contains(&Delta::ZERO)) {
            return Ok(vec![long.plus(&short)?, fixed]);
        }
        let half = |charge: &LinearMoney| charge.map(|amount| Ok(amount.half_away()));
        let mixed = half(&long)?.plus(&half(&short)?)?;
        Ok(vec![long, short, mixed, fixed])
    }

    /// The spreads that can form, each way round.
    fn formable(&self, months: &[Parts]) -> Result<Vec<Formable<'a>>, Overflow> {
        let mut formable = Vec::new();
        for &spread in &self.calendar {
            for is_a_long in [true, false] {
                let (mut most, mut uses) = (Delta::MOST, [Delta::ZERO; 2]);
                for leg in &spread.legs {
                    let side = side_of(leg, is_a_long);
                    let own = months.iter().filter(|month| leg.periods.contains(month.period));
                    let sum = |sum: Delta, month: &Parts| sum.plus(month.sides[side].most);
                    let available = own.into_iter().try_fold(Delta::ZERO, sum)?;
                    most = most.min(available.over_half_away(leg.ratio)?);
                    uses[side] = uses[side].plus(Delta::from_decimal(leg.ratio)?)?;
                }
                if most.is_positive() {
                    let charge = scaled(self.dearest(spread, is_a_long, months)?, self.factors)?;
                    formable.push(Formable { spread, is_a_long, charge, most, uses });
                }
            }
        }
        Ok(formable)
    }

    /// What one spread is charged at most: for the months between the first and the last that a leg may draw on.
    fn dearest(&self, spread: &IntraSpread, is_a_long: bool, months: &[Parts]) -> Result<Money, Overflow> {
        let (rate, month_rate) = match spread.charge {
            IntraCharge::Flat(rate) => return Ok(rate),
            IntraCharge::PerMonth { spread: rate, month } => (rate, month),
        };
        let mut ends: Option<(i32, i32)> = None;
        for leg in &spread.legs {
            let side = side_of(leg, is_a_long);
            let own = months.iter().filter(|month| leg.periods.contains(month.period));
            for month in own.into_iter().filter(|month| month.sides[side].most.is_positive()) {
                let Some(number) = self.own.periods()[month.period.index()].year_month() else { continue };
                let number = number.months();
                let (first, last) = ends.unwrap_or((number, number));
                ends = Some((first.min(number), last.max(number)));
            }
        }
        let apart = ends.map_or(0, |(first, last)| i64::from(last - first));
        rate.plus(month_rate.times_whole(apart)?)
    }

    /// The charge by what there is on one side.
    fn on_side(
        &self,
        side: usize,
        months: &[Parts],
        formable: &[Formable<'_>],
    ) -> Result<LinearMoney, Overflow> {
        let mut sum = Linear::nothing(self.cash.places());
        for month in months.iter().filter(|month| month.sides[side].most.is_positive()) {
            let mut dearest = Money::ZERO;
            for own in formable.iter().filter(|own| own.draws_on(month.period, side)) {
                dearest = dearest.max(own.rate(side)?.unwrap_or(Money::ZERO));
            }
            if dearest.is_positive() {
                let charge = |delta: Delta| dearest.for_delta_half_away(delta, Decimal::ONE);
                sum = sum.plus(&month.sides[side].above.map(charge)?)?;
            }
        }
        Ok(sum)
    }
}

/// The dearest spreads for which what there is on one side is enough.
fn packed(formable: &[Formable<'_>], months: &[Parts], side: usize) -> Result<Money, Overflow> {
    let mut left = Delta::ZERO;
    for month in months {
        left = left.plus(month.sides[side].most)?;
    }
    let mut sum = Money::ZERO;
    let mut limited = Vec::with_capacity(formable.len());
    for own in formable {
        match own.rate(side)? {
            Some(rate) => limited.push((rate, own)),
            None => sum = sum.plus(own.charge.for_delta_half_away(own.most, Decimal::ONE)?)?,
        }
    }
    limited.sort_by_key(|own| std::cmp::Reverse(own.0));
    for (rate, own) in limited {
        let used = own.most.prorated_half_away(own.uses[side], Delta::ONE)?.min(left);
        sum = sum.plus(rate.for_delta_half_away(used, Decimal::ONE)?)?;
        left = left.minus(used)?;
    }
    Ok(sum)
}

/// Both sides of a month.
fn parts(month: &Month, fills: &OpenFills, region: &Region, rounding: Rounding) -> Result<Parts, Overflow> {
    let delta = &month.delta;
    let (low, high) = (delta.least(fills, region)?, delta.most(fills, region)?);
    // What a rounded delta may be more.
    let more = if rounding.is_whole() {
        Delta::from_decimal(Decimal::ONE)?.over_half_away(Decimal::whole(10_000))?
    } else {
        Delta::ZERO
    };
    let side = |delta: &LinearDelta, low: Delta, high: Delta| {
        if !high.is_positive() {
            return Ok(Part { most: Delta::ZERO, above: Linear::nothing(delta.places()) });
        }
        let mut above = delta.clone();
        if low.is_negative() {
            above.base = above.base.minus(low)?;
            above = above.map(|own| own.prorated_half_away(high, high.minus(low)?))?;
        }
        above.base = above.base.plus(more)?;
        Ok(Part { most: high.plus(more)?, above })
    };
    let sides = [side(delta, low, high)?, side(&delta.negated(), high.negated(), low.negated())?];
    Ok(Parts { period: month.period, sides })
}
