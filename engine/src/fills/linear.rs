//! Numbers that grow by the same amount with every unit filled.

use std::sync::Arc;

use smallvec::SmallVec;

use super::linked::{Asked, best_end, best_of_link};
use super::region::{Link, OpenFills, Region};
use crate::types::{DeltaUnit, Fixed, MoneyUnit, Overflow};

/// The orders that a number depends on, ascending.
pub type Places = Arc<[usize]>;

/// `base + sum of units[i] * filled[places[i]]`.
#[derive(Debug)]
pub struct Linear<U> {
    /// What there is without any fill.
    pub base: Fixed<U>,
    /// What one unit of every order of its places adds.
    pub units: Vec<Fixed<U>>,
    places: Places,
}

/// Money that grows with every unit filled.
pub type LinearMoney = Linear<MoneyUnit>;

/// A delta that grows with every unit filled.
pub type LinearDelta = Linear<DeltaUnit>;

impl<U> Clone for Linear<U> {
    fn clone(&self) -> Self {
        Self { base: self.base, units: self.units.clone(), places: Arc::clone(&self.places) }
    }
}

impl<U> Linear<U> {
    /// Nothing, whatever is filled of some orders.
    #[must_use]
    pub fn nothing(places: &Places) -> Self {
        Self { base: Fixed::ZERO, units: vec![Fixed::ZERO; places.len()], places: Arc::clone(places) }
    }

    /// The orders that it depends on.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// What one unit of an order adds.
    #[must_use]
    pub fn unit(&self, order: usize) -> Fixed<U> {
        self.places.binary_search(&order).map_or(Fixed::ZERO, |place| self.units[place])
    }

    /// Adds to what there is without any fill, or to what a unit of an order adds; it depends on that order.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn add(&mut self, order: Option<usize>, amount: Fixed<U>) -> Result<(), Overflow> {
        let number = match order.map(|order| self.places.binary_search(&order)) {
            None => &mut self.base,
            Some(place) => &mut self.units[place.map_err(|_| Overflow)?],
        };
        *number = number.plus(amount)?;
        Ok(())
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
        Ok(Linear { base: change(self.base)?, units, places: Arc::clone(&self.places) })
    }

    /// The sum; both depend on the same orders.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        let units = self.units.iter().zip(&other.units).map(|(a, b)| a.plus(*b));
        let units = units.collect::<Result<_, _>>()?;
        Ok(Self { base: self.base.plus(other.base)?, units, places: Arc::clone(&self.places) })
    }

    /// The difference; both depend on the same orders.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn minus(&self, other: &Self) -> Result<Self, Overflow> {
        let units = self.units.iter().zip(&other.units).map(|(a, b)| a.minus(*b));
        let units = units.collect::<Result<_, _>>()?;
        Ok(Self { base: self.base.minus(other.base)?, units, places: Arc::clone(&self.places) })
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        let units = self.units.iter().map(|unit| unit.negated()).collect();
        Self { base: self.base.negated(), units, places: Arc::clone(&self.places) }
    }

    /// The number at an outcome of all orders.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn at(&self, filled: &[i64]) -> Result<Fixed<U>, Overflow> {
        let mut units = self.units.iter().zip(&*self.places);
        units.try_fold(self.base, |sum, (unit, place)| sum.plus(unit.times_whole(filled[*place])?))
    }

    /// The most that it is in a region.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn most(&self, fills: &OpenFills, region: &Region) -> Result<Fixed<U>, Overflow> {
        most(self.base, self.units.iter().copied(), &self.places, fills, region)
    }

    /// The most that the sum of two numbers is in a region; both depend on the same orders.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn most_with(&self, other: &Self, fills: &OpenFills, region: &Region) -> Result<Fixed<U>, Overflow> {
        let mut units = SmallVec::<[Fixed<U>; 16]>::with_capacity(self.units.len());
        for (a, b) in self.units.iter().zip(&other.units) {
            units.push(a.plus(*b)?);
        }
        most(self.base.plus(other.base)?, units.iter().copied(), &self.places, fills, region)
    }

    /// The least that it is in a region.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn least(&self, fills: &OpenFills, region: &Region) -> Result<Fixed<U>, Overflow> {
        let units = self.units.iter().map(|unit| unit.negated());
        Ok(most(self.base.negated(), units, &self.places, fills, region)?.negated())
    }

    /// An outcome of all orders in a region in which it is the most; orders that it does not depend on are not filled beyond the least.
    ///
    /// # Errors
    /// [`Overflow`] when a number on the way does not fit.
    pub fn corner(&self, fills: &OpenFills, region: &Region) -> Result<Vec<i64>, Overflow> {
        let mut corner: Vec<i64> = region.ranges().iter().map(|range| range.low).collect();
        for (unit, &place) in self.units.iter().zip(&*self.places) {
            if !fills.is_linked(place) {
                corner[place] = best_end(*unit, region.ranges()[place]);
            }
        }
        for link in linked(&self.places, fills) {
            let unit = |place| self.unit(place);
            for (place, filled, _) in best_of_link(link, unit, (fills, region), Asked::Outcome)? {
                corner[place] = filled;
            }
        }
        Ok(corner)
    }
}

fn most<U>(
    base: Fixed<U>,
    units: impl Iterator<Item = Fixed<U>> + Clone,
    places: &[usize],
    fills: &OpenFills,
    region: &Region,
) -> Result<Fixed<U>, Overflow> {
    let mut sum = base;
    for (unit, &place) in units.clone().zip(places) {
        if !fills.is_linked(place) && !unit.is_zero() {
            sum = sum.plus(unit.times_whole(best_end(unit, region.ranges()[place]))?)?;
        }
    }
    let unit = |place: usize| {
        let own = places.binary_search(&place).ok();
        own.and_then(|own| units.clone().nth(own)).unwrap_or(Fixed::ZERO)
    };
    for link in linked(places, fills) {
        for (_, filled, unit) in best_of_link(link, unit, (fills, region), Asked::Most)? {
            sum = sum.plus(unit.times_whole(filled)?)?;
        }
    }
    Ok(sum)
}

/// The links of which a number depends on some member.
fn linked<'a>(places: &'a [usize], fills: &'a OpenFills) -> impl Iterator<Item = &'a Link> {
    let depends = |link: &&Link| link.members().any(|member| places.binary_search(&member).is_ok());
    fills.links().iter().filter(depends)
}
