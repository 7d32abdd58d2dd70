//! Scenario losses of a portfolio: sums of lots times loss over rows of a matrix.

use ndarray::Array2;

use super::arrays::Row;
use super::points::ScenarioIndex;
use crate::instruction_set::{Instructions, Kernel};
use crate::types::Lots;

/// How many scenarios SPAN has.
pub(super) const SPAN_SCENARIOS: usize = 16;

/// The loss of a portfolio in every scenario, as integers at the places of the arrays.
#[derive(Clone, Debug)]
pub struct ScenarioSums(Sums);

#[derive(Clone, Debug)]
enum Sums {
    Sixteen([i64; SPAN_SCENARIOS]),
    Any(Vec<i128>),
}

impl ScenarioSums {
    #[inline]
    pub(super) const fn sixteen(sums: [i64; SPAN_SCENARIOS]) -> Self {
        Self(Sums::Sixteen(sums))
    }

    pub(super) const fn any(sums: Vec<i128>) -> Self {
        Self(Sums::Any(sums))
    }

    #[cfg(test)]
    pub(super) const fn has_64_bits(&self) -> bool {
        matches!(self.0, Sums::Sixteen(_))
    }

    /// The sums of two portfolios together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        if let (Sums::Sixteen(own), Sums::Sixteen(other)) = (&self.0, &other.0) {
            let mut sums = *own;
            let fits = sums.iter_mut().zip(other).all(|(sum, more)| {
                let added = sum.checked_add(*more);
                *sum = added.unwrap_or_default();
                added.is_some()
            });
            if fits {
                return Self(Sums::Sixteen(sums));
            }
        }
        // At most so many positions of the largest size as 128 bits hold.
        Self(Sums::Any(self.iter().zip(other.iter()).map(|(own, more)| own + more).collect()))
    }

    /// The sum of one scenario.
    #[must_use]
    pub fn get(&self, scenario: ScenarioIndex) -> i128 {
        match &self.0 {
            Sums::Sixteen(sums) => i128::from(sums[scenario.index()]),
            Sums::Any(sums) => sums[scenario.index()],
        }
    }

    /// The sums by scenario.
    pub fn iter(&self) -> impl Iterator<Item = i128> {
        let (sixteen, any) = match &self.0 {
            Sums::Sixteen(sums) => (&sums[..], &[][..]),
            Sums::Any(sums) => (&[][..], &sums[..]),
        };
        sixteen.iter().copied().map(i128::from).chain(any.iter().copied())
    }

    /// The lowest scenario that reaches the largest sum.
    #[must_use]
    pub fn largest(&self) -> ScenarioIndex {
        match &self.0 {
            Sums::Sixteen(sums) => ScenarioIndex::of_largest(sums),
            Sums::Any(sums) => ScenarioIndex::of_largest(sums),
        }
    }
}

/// Of any matrix, whatever the values.
pub(super) fn in_128_bits<T: Copy + Into<i128>>(losses: &Array2<T>, positions: &[(Row, Lots)]) -> Vec<i128> {
    let mut sums = vec![0_i128; losses.ncols()];
    for &(row, lots) in positions {
        let lots = i128::from(lots.get());
        for (sum, &loss) in sums.iter_mut().zip(losses.row(row.index())) {
            *sum += lots * loss.into();
        }
    }
    sums
}

/// Of rows of sixteen. No check in the loop: the caller has proved that the whole sums fit.
pub(super) fn of_wide(values: &[i64], positions: &[(Row, Lots)]) -> [i64; SPAN_SCENARIOS] {
    let (rows, _) = values.as_chunks::<SPAN_SCENARIOS>();
    let mut sums = [0_i64; SPAN_SCENARIOS];
    for &(row, lots) in positions {
        for (sum, &loss) in sums.iter_mut().zip(&rows[row.index()]) {
            *sum = sum.wrapping_add(lots.get().wrapping_mul(loss));
        }
    }
    sums
}

/// As [`of_wide`], of values of 32 bits, of which vector units multiply several at once.
#[inline]
pub(super) fn of_narrow(values: &[i32], positions: &[(Row, Lots)]) -> [i64; SPAN_SCENARIOS] {
    Instructions::best().run(Narrow { values, positions })
}

struct Narrow<'a> {
    values: &'a [i32],
    positions: &'a [(Row, Lots)],
}

impl Kernel for Narrow<'_> {
    type Output = [i64; SPAN_SCENARIOS];

    #[inline(always)]
    fn run(self) -> [i64; SPAN_SCENARIOS] {
        narrow(self.values, self.positions)
    }
}

#[inline(always)]
fn narrow(values: &[i32], positions: &[(Row, Lots)]) -> [i64; SPAN_SCENARIOS] {
    let (rows, _) = values.as_chunks::<SPAN_SCENARIOS>();
    let mut sums = [0_i64; SPAN_SCENARIOS];
    for &(row, lots) in positions {
        let lots = i64::from(lots.get_32());
        for (sum, &loss) in sums.iter_mut().zip(&rows[row.index()]) {
            *sum = sum.wrapping_add(lots.wrapping_mul(i64::from(loss)));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_processor_gives_the_same(values in prop::collection::vec(any::<i32>(), 64),
                                          lots in prop::collection::vec((0_u32..4, -Lots::MAX..=Lots::MAX), 0..9)) {
            let lots = lots.into_iter().filter_map(|(row, lots)| Some((Row::new(row), Lots::new(lots).ok()?)));
            let positions: Vec<_> = lots.collect();
            prop_assert_eq!(of_narrow(&values, &positions), narrow(&values, &positions));
        }
    }
}
