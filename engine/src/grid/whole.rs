//! Values as whole numbers: each at as many places as a double has digits for, so that cheap contracts have as many digits as dear ones,
//! and exact sums of them.

#![allow(
    clippy::float_arithmetic,
    reason = "the size of a value chooses its places; money is summed as whole numbers"
)]

use crate::scenario::whole_units;
use crate::types::{Money, Overflow, Quantity};

/// The places of values up to a size, finest first. 64 bits hold all of them, and up to twelve places no digit of a double is lost.
const SCALES: [(u8, f64); 5] = [(18, 0.009), (15, 9.0), (12, 9e6), (6, 9e12), (0, 9e18)];

/// One of a method's [`Scales`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Scale(u8);

/// The places of a method's values, by their size: at most those that the method states.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Scales {
    most: u8,
}

impl Scales {
    pub(super) const fn new(most: u8) -> Self {
        Self { most }
    }

    /// The finest scale for a contract of which no value is larger; `None` where 64 bits hold none.
    pub(super) fn of(largest: f64) -> Option<Scale> {
        let place = SCALES.iter().position(|(_, size)| largest <= *size)?;
        u8::try_from(place).ok().map(Scale)
    }

    pub(super) fn places(self, scale: Scale) -> u8 {
        SCALES[usize::from(scale.0)].0.min(self.most)
    }

    /// A value as a whole number, half away from zero.
    pub(super) fn whole(self, value: f64, scale: Scale) -> Option<i64> {
        whole_units(value, self.places(scale))
    }

    /// What a whole number stands for.
    pub(super) fn money(self, units: i64, scale: Scale) -> Result<Money, Overflow> {
        Money::from_sum_half_away(i128::from(units), self.places(scale))
    }
}

/// An exact sum of whole quantities of whole units, by their scales.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum([i128; SCALES.len()]);

impl Sum {
    pub(super) fn add(&mut self, held: Quantity, units: i64, scale: Scale) -> Result<(), Overflow> {
        let product = i128::from(held.units()) * i128::from(units);
        let sum = &mut self.0[usize::from(scale.0)];
        *sum = sum.checked_add(product).ok_or(Overflow)?;
        Ok(())
    }

    /// Rounded once.
    pub(super) fn money(&self, scales: Scales) -> Result<Money, Overflow> {
        let places = SCALES.map(|(places, _)| places.min(scales.most) + Quantity::PLACES);
        Money::from_sums_half_away(self.0.into_iter().zip(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Decimal;

    const ALL: Scales = Scales::new(18);

    #[test]
    fn values_have_the_places_that_their_size_has_digits_for() {
        for (largest, places, at_most_nine) in [
            (0.0, 18, 9),
            (0.000_42, 18, 9),
            (0.42, 15, 9),
            (9.5, 12, 9),
            (60_000.0, 12, 9),
            (9.1e6, 6, 6),
            (6e13, 0, 0),
        ] {
            let scale = Scales::of(largest).unwrap();
            assert_eq!(
                (ALL.places(scale), Scales::new(9).places(scale)),
                (places, at_most_nine),
                "{largest}"
            );
            assert!(ALL.whole(largest, scale).is_some());
        }
        assert_eq!((Scales::of(1e19), Scales::of(f64::NAN)), (None, None));
    }

    #[test]
    fn sums_over_all_scales_are_rounded_once() {
        let one = Quantity::ONE;
        let of = |value: f64| Scales::of(value).unwrap();
        let mut sum = Sum::default();
        sum.add(one, 420_000_000_000_000, of(0.000_42)).unwrap();
        sum.add(one, 60_000_000_000_000_000, of(60_000.0)).unwrap();
        sum.add(one.negated(), 1_000_000_000, of(1e9)).unwrap();
        let expected: Decimal = "59000.00042".parse().unwrap();
        assert_eq!(sum.money(ALL).unwrap(), Money::from_decimal(expected).unwrap());
        // A billionth of units at 1e-18, and a billionth of units at 1e-15 beside it: what is beyond the last place decides together.
        let billionth = Quantity::from_raw_half_away(1_000_000_000).unwrap();
        for (fine, coarse, raw) in [
            (500_000_000, 0, 1),
            (499_999_999, 0, 0),
            (499_999_999, 1, 1),
            (-500_000_000, 0, -1),
            (-500_000_000, 1, 0),
        ] {
            let mut sum = Sum::default();
            sum.add(billionth, fine, of(0.0)).unwrap();
            sum.add(billionth, coarse, of(1.0)).unwrap();
            assert_eq!(sum.money(ALL).unwrap(), Money::from_raw(raw), "{fine} {coarse}");
        }
        sum.0 = [i128::MAX, 1, 0, 0, 0];
        assert!(sum.money(ALL).is_ok());
        sum.0 = [0, 0, 0, 0, i128::MAX];
        assert_eq!(sum.money(ALL), Err(Overflow));
    }
}
