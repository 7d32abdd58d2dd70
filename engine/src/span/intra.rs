//! Step 4: intra-commodity spreads.
//!
//! Scan risk assumes that all months move together. For long against short in different months each spread that can be
//! formed is charged, by priority, in two passes (side A long, then side A short):
//!
//! ```text
//! n       = min over the legs of (delta left on the leg's side / ratio)
//! charge += n * rate
//! left   -= n * ratio        on every leg, its months front to back
//! ```
//!
//! A charge by months adds a rate for every month between the legs; where a leg draws on several months, each stretch of the
//! spreads is charged for its own.

use smallvec::SmallVec;

use super::rounding::Rounding;
use crate::contract::{Period, YearMonth};
use crate::parameters::{Commodity, IntraCharge, IntraLeg, IntraSpread, Side};
use crate::types::{Decimal, Delta, Money, Overflow};

/// Intra-commodity spreads formed in one pass.
#[derive(Clone, Debug)]
pub struct IntraFormed {
    /// The spread's priority.
    pub priority: u32,
    /// Whether side A was long.
    pub side_a_long: bool,
    /// How many were formed.
    pub count: Delta,
    /// The charge for them.
    pub charge: Money,
}

/// Forms all spreads from what is left in the months, and leaves what they did not use.
pub(super) fn form(
    commodity: &Commodity,
    left: &mut [Delta],
    rounding: Rounding,
) -> Result<SmallVec<[IntraFormed; 1]>, Overflow> {
    let mut formed = SmallVec::new();
    if !can_form(left) {
        return Ok(formed);
    }
    for spread in commodity.intra_spreads() {
        for side_a_long in [true, false] {
            formed.extend(form_one(spread, side_a_long, commodity.periods(), left, rounding)?);
        }
    }
    Ok(formed)
}

/// Whether there are long and short months at all.
pub(super) fn can_form(left: &[Delta]) -> bool {
    left.iter().any(|delta| delta.is_positive()) && left.iter().any(|delta| delta.is_negative())
}

fn form_one(
    spread: &IntraSpread,
    side_a_long: bool,
    periods: &[Period],
    left: &mut [Delta],
    rounding: Rounding,
) -> Result<Option<IntraFormed>, Overflow> {
    let mut limiting: Option<Limit> = None;
    for leg in &spread.legs {
        let available = available(leg, side_a_long, left)?;
        if available.is_zero() {
            return Ok(None);
        }
        let count = available.over_half_away(leg.ratio)?;
        if limiting.is_none_or(|least| count < least.count) {
            limiting = Some(Limit { count, available, ratio: leg.ratio });
        }
    }
    let Some(mut limit) = limiting else { return Ok(None) };
    if rounding.is_whole() {
        limit.count = rounding.delta(limit.count)?;
        limit.available = limit.count.times_half_away(limit.ratio)?.min(limit.available);
    }
    let mut stretches = Stretches::default();
    let needs_months = matches!(spread.charge, IntraCharge::PerMonth { .. });
    for leg in &spread.legs {
        let used = limit.available.scaled_half_away(leg.ratio, limit.ratio)?;
        let mut months = Vec::new();
        take(leg.periods.indexes(), is_long(leg, side_a_long), used, left, |period, taken| {
            if needs_months {
                months.push((period, taken));
            }
        })?;
        if needs_months {
            stretches.legs.push(months);
        }
    }
    let charge = match spread.charge {
        IntraCharge::Flat(rate) => rate.for_delta_half_away(limit.available, limit.ratio)?,
        IntraCharge::PerMonth { spread: rate, month } => {
            let ratios: Vec<Decimal> = spread.legs.iter().map(|leg| leg.ratio).collect();
            stretches.charge(&ratios, periods, rate, month)?
        }
    };
    let charge = rounding.risk(charge)?;
    Ok(Some(IntraFormed { priority: spread.priority, side_a_long, count: limit.count, charge }))
}

/// The leg with the least for its ratio, and how many spreads that makes.
#[derive(Clone, Copy)]
struct Limit {
    count: Delta,
    available: Delta,
    ratio: Decimal,
}

/// For each leg the months that it drew on, front to back, and how much from each.
#[derive(Default)]
struct Stretches {
    legs: Vec<Vec<(usize, Delta)>>,
}

impl Stretches {
    /// Walks all legs front to back together: in each stretch every leg stands in one month, and the months between the
    /// earliest and the latest are charged.
    fn charge(
        mut self,
        ratios: &[Decimal],
        periods: &[Period],
        rate: Money,
        month_rate: Money,
    ) -> Result<Money, Overflow> {
        let mut total = Money::ZERO;
        for leg in &mut self.legs {
            leg.reverse();
        }
        loop {
            let mut least: Option<Limit> = None;
            let mut months = Vec::with_capacity(self.legs.len());
            for (leg, &ratio) in self.legs.iter().zip(ratios) {
                let Some(&(period, amount)) = leg.last() else { return Ok(total) };
                months.extend(periods[period].year_month().map(YearMonth::months));
                let count = amount.over_half_away(ratio)?;
                if least.is_none_or(|least| count < least.count) {
                    least = Some(Limit { count, available: amount, ratio });
                }
            }
            let Some(least) = least else { return Ok(total) };
            let apart = match (months.iter().min(), months.iter().max()) {
                (Some(first), Some(last)) => i64::from(last - first),
                _ => 0,
            };
            let each = month_rate.times_half_away(Decimal::whole(apart))?.plus(rate)?;
            total = total.plus(each.for_delta_half_away(least.available, least.ratio)?)?;
            for (leg, &ratio) in self.legs.iter_mut().zip(ratios) {
                let used = least.available.scaled_half_away(ratio, least.ratio)?;
                if let Some((_, amount)) = leg.last_mut() {
                    *amount = amount.minus(used)?;
                    // A remainder of the last place is what rounding left.
                    if *amount <= SMALLEST {
                        leg.pop();
                    }
                }
            }
        }
    }
}

/// What is left of a month after so many quotients may be off by this much.
const SMALLEST: Delta = Delta::from_raw(1_000);

const fn is_long(leg: &IntraLeg, side_a_long: bool) -> bool {
    matches!(leg.side, Side::A) == side_a_long
}

/// What is left on the leg's side of its months; positive.
fn available(leg: &IntraLeg, side_a_long: bool, left: &[Delta]) -> Result<Delta, Overflow> {
    let long = is_long(leg, side_a_long);
    let mut months = left[leg.periods.indexes()].iter().copied();
    if long {
        months.try_fold(Delta::ZERO, |sum, delta| sum.plus(delta.max(Delta::ZERO)))
    } else {
        months.try_fold(Delta::ZERO, |sum, delta| sum.minus(delta.min(Delta::ZERO)))
    }
}

/// Takes delta from the long or the short ones of some months, front to back, and says what came from which.
pub(super) fn take(
    range: std::ops::Range<usize>,
    from_long: bool,
    used: Delta,
    left: &mut [Delta],
    mut took: impl FnMut(usize, Delta),
) -> Result<(), Overflow> {
    let mut wanted = used;
    for place in range {
        let month = &mut left[place];
        if wanted.is_zero() {
            break;
        }
        if if from_long { month.is_positive() } else { month.is_negative() } {
            let taken = wanted.min(month.magnitude());
            *month = if from_long { month.minus(taken)? } else { month.plus(taken)? };
            wanted = wanted.minus(taken)?;
            took(place, taken);
        }
    }
    Ok(())
}
