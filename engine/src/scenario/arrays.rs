//! Risk arrays of one commodity as a contiguous matrix, and the sums over it.

use ndarray::Array2;

use crate::types::Lots;

/// The dense index of a contract in one commodity's matrix.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Row(u32);

impl Row {
    pub(crate) const fn new(row: u32) -> Self {
        Self(row)
    }

    /// The place in the matrix, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What one long contract loses in every scenario, for all contracts of one commodity: contracts x scenarios.
///
/// A loss is positive (SPAN's sign). Values are integers at `10^-places` of the file's money unit, as published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RiskArrays {
    losses: Array2<i64>,
    places: u8,
    largest: u64,
}

impl RiskArrays {
    /// Takes a matrix of contracts x scenarios in standard (row-major) layout, of values at `10^-places`.
    #[must_use]
    pub fn new(losses: Array2<i64>, places: u8) -> Self {
        let largest = losses.iter().map(|loss| loss.unsigned_abs()).max().unwrap_or(0);
        Self { losses: losses.as_standard_layout().into_owned(), places, largest }
    }

    /// The matrix: contracts x scenarios.
    #[must_use]
    pub const fn losses(&self) -> &Array2<i64> {
        &self.losses
    }

    /// Places after the point of the values.
    #[must_use]
    pub const fn places(&self) -> u8 {
        self.places
    }

    /// Scenario losses of a portfolio: for every scenario the sum of lots times loss, exact, at `10^-places`.
    ///
    /// The sums are formed in 64 bits where the sum of sizes times the largest value proves that they fit, else in 128
    /// bits, where [`Lots::MAX`] proves it. They do not depend on the order of the positions.
    #[must_use]
    pub fn scenario_sums(&self, positions: &[(Row, Lots)]) -> Vec<i128> {
        let size: u128 = positions.iter().map(|(_, lots)| u128::from(lots.get().unsigned_abs())).sum();
        let bound = size.checked_mul(u128::from(self.largest));
        if bound.is_some_and(|bound| i64::try_from(bound).is_ok()) {
            self.narrow_sums(positions).into_iter().map(i128::from).collect()
        } else {
            self.wide_sums(positions)
        }
    }

    fn narrow_sums(&self, positions: &[(Row, Lots)]) -> Vec<i64> {
        let mut sums = vec![0_i64; self.losses.ncols()];
        for &(row, lots) in positions {
            let lots = lots.get();
            for (sum, &loss) in sums.iter_mut().zip(self.losses.row(row.index())) {
                // No check in the loop: the caller has proved that the whole sum fits.
                *sum = sum.wrapping_add(lots.wrapping_mul(loss));
            }
        }
        sums
    }

    fn wide_sums(&self, positions: &[(Row, Lots)]) -> Vec<i128> {
        let mut sums = vec![0_i128; self.losses.ncols()];
        for &(row, lots) in positions {
            let lots = i128::from(lots.get());
            for (sum, &loss) in sums.iter_mut().zip(self.losses.row(row.index())) {
                *sum += lots * i128::from(loss);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    fn position(row: u32, lots: i64) -> (Row, Lots) {
        (Row::new(row), Lots::new(lots).unwrap())
    }

    #[test]
    fn losses_add_up_by_scenario() {
        let arrays = RiskArrays::new(array![[0, -10, 10], [5, 7, -9]], 0);
        assert_eq!(arrays.scenario_sums(&[position(0, 3), position(1, -2)]), [-10, -44, 48]);
        assert_eq!(arrays.scenario_sums(&[]), [0, 0, 0]);
    }

    #[test]
    fn sums_beyond_64_bits_are_exact() {
        let arrays = RiskArrays::new(array![[i64::MAX, i64::MIN], [i64::MAX, 1]], 6);
        let most = Lots::MAX;
        let expected =
            [2 * i128::from(i64::MAX) * i128::from(most), i128::from(most) * (i128::from(i64::MIN) + 1)];
        assert_eq!(arrays.scenario_sums(&[position(0, most), position(1, most)]), expected);
    }

    proptest! {
        #[test]
        fn narrow_sums_are_the_wide_sums(values in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 12),
                                         lots in prop::collection::vec((0_u32..4, 1_i64..1_000_000), 0..20)) {
            let arrays = RiskArrays::new(Array2::from_shape_vec((4, 3), values).unwrap(), 6);
            let positions: Vec<_> = lots.iter().map(|&(row, lots)| position(row, lots)).collect();
            prop_assert_eq!(arrays.scenario_sums(&positions), arrays.wide_sums(&positions));
        }
    }
}
