//! Numbers that grow by the same amount with every unit filled.

use super::region::{Link, OpenFills, Range, Region};
use crate::types::{DeltaUnit, Fixed, MoneyUnit, Overflow};

/// `base + sum of units[i] * filled[i]`.
#[derive(Debug)]
pub struct Linear<U> {
    /// What there is without any fill.
    pub base: Fixed<U>,
    /// What one unit of every order adds.
    pub units: Vec<Fixed<U>>,
}

/// Money that grows with every unit filled.
pub type LinearMoney = Linear<MoneyUnit>;

/// A delta that grows with every unit filled.
pub type LinearDelta = Linear<DeltaUnit>;

impl<U> Clone for Linear<U> {
    fn clone(&self) -> Self {
        Self { base: self.base, units: self.units.clone() }
    }
}

impl<U> Linear<U> {
    /// Nothing, whatever is filled of so many orders.
    #[must_use]
    pub fn nothing(orders: usize) -> Self {
        Self { base: Fixed::ZERO, units: vec![Fixed::ZERO; orders] }
    }

    /// Every number through a function that keeps it linear.
    ///
    /// # Errors
    /// [`Overflow`] when one does not fit.
    pub fn map<V>(
        &self,
        change: impl Fn(Fixed<U>) -> Result<Fixed<V>, Overflow>,
    ) -> Result<Linear<V>, Overflow> {
        let units = self.units.iter().map(|unit| change(*unit)).collect::<Result<_, _>>()?;
        Ok(Linear { base: change(self.base)?, units })
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        let units = self.units.iter().zip(&other.units).map(|(a, b)| a.plus(*b));
        Ok(Self { base: self.base.plus(other.base)?, units: units.collect::<Result<_, _>>()? })
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn minus(&self, other: &Self) -> Result<Self, Overflow> {
        let units = self.units.iter().zip(&other.units).map(|(a, b)| a.minus(*b));
        Ok(Self { base: self.base.minus(other.base)?, units: units.collect::<Result<_, _>>()? })
    }

    /// The number at an outcome.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn at(&self, filled: &[i64]) -> Result<Fixed<U>, Overflow> {
        let units = self.units.iter().zip(filled);
        units.into_iter().try_fold(self.base, |sum, (unit, filled)| sum.plus(unit.times_whole(*filled)?))
    }

    /// The most that it is in a region.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn most(&self, fills: &OpenFills, region: &Region) -> Result<Fixed<U>, Overflow> {
        let mut sum = self.base;
        for (place, (unit, range)) in self.units.iter().zip(region.ranges()).enumerate() {
            if !fills.is_linked(place) && !unit.is_zero() {
                sum = sum.plus(unit.times_whole(best_end(*unit, *range))?)?;
            }
        }
        for link in fills.links() {
            for (place, filled) in self.best_of_link(link, region)? {
                sum = sum.plus(self.units[place].times_whole(filled)?)?;
            }
        }
        Ok(sum)
    }

    /// The least that it is in a region.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn least(&self, fills: &OpenFills, region: &Region) -> Result<Fixed<U>, Overflow> {
        let other =
            Self { base: self.base.negated(), units: self.units.iter().map(|unit| unit.negated()).collect() };
        Ok(other.most(fills, region)?.negated())
    }

    /// An outcome of a region in which it is the most.
    ///
    /// # Errors
    /// [`Overflow`] when a number on the way does not fit.
    pub fn corner(&self, fills: &OpenFills, region: &Region) -> Result<Vec<i64>, Overflow> {
        let ends = self.units.iter().zip(region.ranges()).map(|(unit, range)| best_end(*unit, *range));
        let mut corner: Vec<i64> = ends.collect();
        for link in fills.links() {
            for place in link.members() {
                corner[*place] = region.ranges()[*place].low;
            }
            for (place, filled) in self.best_of_link(link, region)? {
                corner[place] = filled;
            }
        }
        Ok(corner)
    }

    /// What of the members of a link makes the number the largest.
    fn best_of_link(&self, link: &Link, region: &Region) -> Result<Vec<(usize, i64)>, Overflow> {
        let range = |place: &usize| region.ranges()[*place];
        match link {
            Link::OneOf(members) => {
                // Where one is filled for certain, the others cannot be.
                let certain = members.iter().find(|place| range(place).low > 0);
                let mut best: Option<(Fixed<U>, usize, i64)> = None;
                for &place in certain.map_or(members.as_slice(), std::slice::from_ref) {
                    let filled = best_end(self.units[place], range(&place));
                    let amount = self.units[place].times_whole(filled)?;
                    if best.is_none_or(|(most, ..)| amount > most) {
                        best = Some((amount, place, filled));
                    }
                }
                Ok(best.map(|(_, place, filled)| (place, filled)).into_iter().collect())
            }
            Link::AtMost(members, most) => {
                let mut left = most - members.iter().map(|place| range(place).low).sum::<i64>();
                let mut ordered = members.clone();
                ordered.sort_by_key(|place| std::cmp::Reverse(self.units[*place]));
                let filled = ordered.into_iter().map(|place| {
                    let Range { low, high } = range(&place);
                    let more = if self.units[place].is_positive() { (high - low).min(left) } else { 0 };
                    left -= more;
                    (place, low + more)
                });
                Ok(filled.collect())
            }
        }
    }
}

fn best_end<U>(unit: Fixed<U>, range: Range) -> i64 {
    if unit.is_positive() { range.high } else { range.low }
}
