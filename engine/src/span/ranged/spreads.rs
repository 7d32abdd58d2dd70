//! What spreads between commodities credit for certain in a region.
//!
//! The spreads are followed in their order with ranges of what they leave. In a spread that forms everywhere in the region, a leg is used
//! up by at least what the other legs have for certain (`b`), or has nothing left. So after the k-th the delta used is at least
//! `min(|d|, b1 + ... + bk)`, and with rates that do not grow from spread to spread (a lower one replaces those before):
//!
//! ```text
//! credit >= sum over k of (rate k - rate k+1) * min(|d|, b1 + ... + bk)
//! ```
//!
//! which is concave in the delta: every piece of it is linear where the sign of the delta is known.

use super::Ranged;
use super::commodity::scaled;
use crate::fills::{LinearDelta, LinearMoney, Region};
use crate::parameters::{CommodityIndex, DeltaSpread, InterSpread, LegCredit, Side, TierIndex};
use crate::types::{Decimal, Delta, Money, Overflow};

/// The credit of a commodity, as far as it is certain.
#[derive(Clone, Debug, Default)]
pub(super) struct Credit {
    is_long: bool,
    /// For each spread what its leg is used up by at least, and what a unit of that is credited.
    steps: Vec<(Delta, Money)>,
}

impl Credit {
    /// Linear numbers, the least of which is at most the credit at the level.
    pub(super) fn pieces(
        &self,
        net_delta: &LinearDelta,
        factors: &[Decimal],
    ) -> Result<Vec<LinearMoney>, Overflow> {
        let size = if self.is_long { net_delta.clone() } else { net_delta.negated() };
        let mut lowest = Money::MOST;
        let mut rates = Vec::with_capacity(self.steps.len());
        for (_, rate) in &self.steps {
            lowest = lowest.min(scaled(*rate, factors)?);
            rates.push(lowest);
        }
        let (mut reach, mut sums) = (Delta::ZERO, Vec::with_capacity(self.steps.len()));
        for (place, (used, _)) in self.steps.iter().enumerate() {
            reach = reach.plus(*used)?;
            let next = rates.get(place + 1).copied().unwrap_or(Money::ZERO);
            sums.push((reach, rates[place].minus(next)?));
        }
        let mut pieces = Vec::with_capacity(sums.len() + 1);
        for place in 0..=sums.len() {
            let (mut fixed, mut slope) = (Money::ZERO, Money::ZERO);
            for (own, (reach, rate)) in sums.iter().enumerate() {
                if own < place {
                    fixed = fixed.plus(rate.for_delta_half_away(*reach, Decimal::ONE)?)?;
                } else {
                    slope = slope.plus(*rate)?;
                }
            }
            let mut piece = size.map(|delta| slope.for_delta_half_away(delta, Decimal::ONE))?;
            piece.base = piece.base.plus(fixed)?;
            pieces.push(piece);
        }
        Ok(pieces)
    }
}

/// What may be left of a commodity's delta, in size; the sign where it is known.
#[derive(Clone, Copy)]
struct Left {
    low: Delta,
    high: Delta,
    is_long: Option<bool>,
}

impl Left {
    /// Nothing is known of it.
    const UNKNOWN: Self = Self { low: Delta::ZERO, high: Delta::MOST, is_long: None };
}

impl Ranged<'_> {
    /// The certain credits of all commodities, in their order.
    pub(super) fn credits(&self, region: &Region) -> Result<Vec<Credit>, Overflow> {
        let mut left =
            self.commodities.iter().map(|own| self.left(own, region)).collect::<Result<Vec<_>, _>>()?;
        let mut credits = vec![Credit::default(); left.len()];
        for (credit, own) in credits.iter_mut().zip(&left) {
            credit.is_long = own.is_long == Some(true);
        }
        let books = [
            (self.set.super_spreads(), &self.super_spreads, true),
            (self.set.inter_spreads(), &self.inter_spreads, false),
        ];
        for (book, candidates, is_super) in books {
            for candidate in candidates {
                match &book.as_slice()[candidate.spread()] {
                    InterSpread::Delta(spread) => {
                        self.form(spread, is_super, region, &mut left, &mut credits)?
                    }
                    // The commodities are scanned as one: by itself each of them is a bound without credits.
                    InterSpread::Scanning(spread) => {
                        let legs = spread.legs.iter().map(|leg| leg.commodity).chain([spread.target]);
                        for place in legs.filter_map(|commodity| self.place(commodity)) {
                            (left[place], credits[place].steps) = (Left::UNKNOWN, Vec::new());
                        }
                    }
                }
            }
        }
        Ok(credits)
    }

    pub(super) fn place(&self, commodity: CommodityIndex) -> Option<usize> {
        self.commodities.binary_search_by_key(&commodity, |own| own.index).ok()
    }

    fn left(&self, own: &super::RangedCommodity<'_>, region: &Region) -> Result<Left, Overflow> {
        let low = own.net_delta.least(self.fills, region)?;
        let high = own.net_delta.most(self.fills, region)?;
        Ok(if low.is_positive() {
            Left { low, high, is_long: Some(true) }
        } else if high.is_negative() {
            Left { low: high.magnitude(), high: low.magnitude(), is_long: Some(false) }
        } else {
            Left { low: Delta::ZERO, high: low.magnitude().max(high.magnitude()), is_long: None }
        })
    }

    fn form(
        &self,
        spread: &DeltaSpread,
        is_super: bool,
        region: &Region,
        left: &mut [Left],
        credits: &mut [Credit],
    ) -> Result<(), Overflow> {
        let places: Option<Vec<usize>> = spread.legs.iter().map(|leg| self.place(leg.commodity)).collect();
        let Some(places) = places else { return Ok(()) };
        // Deltas held elsewhere are not known to the book: such spreads do not form.
        if !spread.away.is_empty() {
            return Ok(());
        }
        let sides = spread
            .legs
            .iter()
            .zip(&places)
            .map(|(leg, place)| left[*place].is_long.map(|is_long| is_long == (leg.side == Side::A)));
        let sides: Vec<Option<bool>> = sides.collect();
        let known = || sides.iter().flatten();
        if known().any(|side| *side) && known().any(|side| !*side) {
            return Ok(());
        }
        let by_tier = spread.legs.iter().any(|leg| leg.tier != TierIndex::WHOLE);
        let mut distinct = places.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let is_certain = sides.iter().all(Option::is_some) && !by_tier && distinct.len() == places.len();
        let mut after = Vec::with_capacity(places.len());
        for (leg, &place) in spread.legs.iter().zip(&places) {
            let own = left[place];
            let (mut low, mut high) = (Delta::MOST, Delta::MOST);
            for (other, &elsewhere) in spread.legs.iter().zip(&places) {
                if elsewhere == place {
                    continue;
                }
                let share = |delta: Delta| match delta.over_half_away(other.ratio) {
                    Ok(count) => count.times_half_away(leg.ratio).unwrap_or(Delta::MOST),
                    Err(Overflow) => Delta::MOST,
                };
                low = low.min(share(left[elsewhere].low));
                high = high.min(share(left[elsewhere].high));
            }
            let low = if is_certain {
                low.min(own.high).minus(self.delta_slack())?.max(Delta::ZERO)
            } else {
                Delta::ZERO
            };
            let high =
                if by_tier { Delta::MOST } else { high.plus(self.delta_slack()).unwrap_or(Delta::MOST) };
            after.push(Left {
                low: if high >= own.low { Delta::ZERO } else { own.low.minus(high)? },
                high: if own.high == Delta::MOST { own.high } else { own.high.minus(low)? },
                is_long: own.is_long,
            });
            if is_certain {
                let rate = match leg.credit {
                    LegCredit::Flat(amount) => amount.over_half_away(leg.ratio)?,
                    LegCredit::Weighted(rate) => {
                        let own = &self.commodities[place];
                        let is_long = left[place].is_long == Some(true);
                        self.weighted_least(own, is_long, is_super, region)?.times_half_away(rate)?
                    }
                };
                credits[place].steps.push((low, rate));
            }
        }
        for (place, own) in places.into_iter().zip(after) {
            left[place] = own;
        }
        Ok(())
    }

    /// What quotients of deltas are rounded by on the way.
    fn delta_slack(&self) -> Delta {
        if self.rounding.is_whole() {
            Delta::from_raw(1_000_000_000_000_000)
        } else {
            Delta::from_raw(1_000_000)
        }
    }
}
