//! Risk arrays of one commodity as a contiguous matrix, and the sums over it.

use ndarray::Array2;

use super::sums::{self, SPAN_SCENARIOS, ScenarioSums};
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
/// A loss is positive (SPAN's sign). Values are integers at `10^-places` of the file's money unit, as published. They are
/// kept in 32 bits where all of them fit: a contract's sixteen are one cache line then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RiskArrays {
    losses: Losses,
    places: u8,
    largest: u64,
}

/// A matrix of contracts x scenarios in standard (row-major) layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Losses {
    /// All values have 32 bits.
    Narrow(Array2<i32>),
    /// Some value needs more.
    Wide(Array2<i64>),
}

impl RiskArrays {
    /// Takes a matrix of contracts x scenarios of values at `10^-places`.
    #[must_use]
    pub fn new(losses: &Array2<i64>, places: u8) -> Self {
        let largest = losses.iter().map(|loss| loss.unsigned_abs()).max().unwrap_or(0);
        let narrow = losses.iter().map(|&loss| i32::try_from(loss).ok()).collect::<Option<Vec<i32>>>();
        let narrow = narrow.and_then(|values| Array2::from_shape_vec(losses.raw_dim(), values).ok());
        let losses =
            narrow.map_or_else(|| Losses::Wide(losses.as_standard_layout().into_owned()), Losses::Narrow);
        Self { losses, places, largest }
    }

    /// The matrix: contracts x scenarios.
    #[must_use]
    pub const fn losses(&self) -> &Losses {
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
    /// bits, where [`Lots::MAX`] proves it for up to 100,000 positions. They do not depend on the order of the positions.
    #[must_use]
    #[inline]
    pub fn scenario_sums(&self, positions: &[(Row, Lots)]) -> ScenarioSums {
        let fits = |size: u64| i64::try_from(u128::from(size) * u128::from(self.largest)).is_ok();
        // Mostly so many positions of the largest size would fit too.
        let most = (positions.len() as u64).saturating_mul(Lots::MAX.unsigned_abs());
        let sizes = positions.iter().map(|(_, lots)| lots.get().unsigned_abs());
        let fits = fits(most) || fits(sizes.fold(0_u64, u64::saturating_add));
        match &self.losses {
            Losses::Narrow(losses) => match losses.as_slice() {
                Some(values) if fits && losses.ncols() == SPAN_SCENARIOS => {
                    ScenarioSums::sixteen(sums::of_narrow(values, positions))
                }
                _ => ScenarioSums::any(sums::in_128_bits(losses, positions)),
            },
            Losses::Wide(losses) => match losses.as_slice() {
                Some(values) if fits && losses.ncols() == SPAN_SCENARIOS => {
                    ScenarioSums::sixteen(sums::of_wide(values, positions))
                }
                _ => ScenarioSums::any(sums::in_128_bits(losses, positions)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::super::sums::in_128_bits;
    use super::*;

    fn sums(arrays: &RiskArrays, positions: &[(Row, Lots)]) -> Vec<i128> {
        arrays.scenario_sums(positions).iter().collect()
    }

    fn position(row: u32, lots: i64) -> (Row, Lots) {
        (Row::new(row), Lots::new(lots).unwrap())
    }

    #[test]
    fn losses_add_up_by_scenario() {
        let arrays = RiskArrays::new(&array![[0, -10, 10], [5, 7, -9]], 0);
        assert_eq!(sums(&arrays, &[position(0, 3), position(1, -2)]), [-10, -44, 48]);
        assert_eq!(sums(&arrays, &[]), [0, 0, 0]);
    }

    #[test]
    fn sums_beyond_64_bits_are_exact() {
        let arrays = RiskArrays::new(&array![[i64::MAX, i64::MIN], [i64::MAX, 1]], 6);
        let most = Lots::MAX;
        let expected =
            [2 * i128::from(i64::MAX) * i128::from(most), i128::from(most) * (i128::from(i64::MIN) + 1)];
        assert_eq!(sums(&arrays, &[position(0, most), position(1, most)]), expected);
    }

    #[test]
    fn the_lowest_of_equal_losses_is_the_largest() {
        let arrays = RiskArrays::new(&array![[-3, -1, -7, -1]], 0);
        assert_eq!(arrays.scenario_sums(&[position(0, 2)]).largest().number(), 2);
    }

    proptest! {
        #[test]
        fn sixteen_sums_are_the_wide_sums(
            values in prop::collection::vec(prop_oneof![any::<i32>().prop_map(i64::from), any::<i64>()
                .prop_map(|value| value >> 12)], 64),
            is_narrow in any::<bool>(),
            lots in prop::collection::vec((0_u32..4, -100_i64..100), 0..20),
        ) {
            let values: Vec<i64> =
                values.into_iter().map(|value| if is_narrow { value >> 20 } else { value }).collect();
            let losses = Array2::from_shape_vec((4, 16), values).unwrap();
            let arrays = RiskArrays::new(&losses, 6);
            let lots = lots.iter().filter(|(_, lots)| *lots != 0);
            let positions: Vec<_> = lots.map(|&(row, lots)| position(row, lots)).collect();
            let sums = arrays.scenario_sums(&positions);
            prop_assert!(sums.has_64_bits());
            prop_assert_eq!(sums.iter().collect::<Vec<_>>(), in_128_bits(&losses, &positions));
            prop_assert!(sums.iter().all(|sum| sum <= sums.get(sums.largest())));
        }
    }

    #[test]
    fn thirty_two_bits_hold_their_extremes() {
        let row = |loss| Array2::from_elem((1, 16), loss);
        for loss in [i64::from(i32::MIN), i64::from(i32::MAX), i64::from(i32::MAX) + 1] {
            for lots in [Lots::MAX, -Lots::MAX] {
                let arrays = RiskArrays::new(&row(loss), 0);
                let is_narrow = matches!(arrays.losses(), Losses::Narrow(_));
                assert_eq!(is_narrow, loss <= i64::from(i32::MAX));
                let expected = i128::from(loss) * i128::from(lots);
                assert_eq!(sums(&arrays, &[position(0, lots)]), [expected; 16], "{loss} {lots}");
            }
        }
    }
}
