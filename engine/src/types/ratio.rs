//! Factors without a unit, and what they do to money.

use ethnum::I256;

use super::decimal::Decimal;
use super::fixed::{Fixed, Money, ONE, Overflow, PLACES, quotient_half_away};
use super::quantity::Quantity;

/// The unit of [`Ratio`]: none.
#[derive(Clone, Copy, Debug)]
pub enum RatioUnit {}

/// What a decimal of few places that reads back as a double is at 1e-18.
#[allow(clippy::float_arithmetic, reason = "a decimal of a double is tried: a wrong one does not read back")]
fn written(value: f64) -> Option<i128> {
    /// Whole numbers up to this are doubles.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    const STEPS: [(f64, i128); 4] =
        [(1e6, ONE / 1_000_000), (1e9, ONE / 1_000_000_000), (1e12, 1_000_000), (1e15, 1_000)];
    STEPS.iter().find_map(|(power, step)| {
        let units = (value * power).round();
        // A quotient of two doubles is the double nearest to the decimal.
        let is_read_back = units.abs() <= WHOLE && units / power == value;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 54 bits")]
        let raw = is_read_back.then_some(i128::from(units as i64) * step);
        raw
    })
}

/// A factor at 1e-18: a discount, a dampening, a percentage.
pub type Ratio = Fixed<RatioUnit>;

impl<U> Fixed<U> {
    /// The decimal number that a double stands for: what somebody wrote, where at most fifteen places read back as the same double; else the
    /// number nearest to it, half away from zero, from its binary digits, without floating point.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or is no number.
    pub fn from_f64_half_away(value: f64) -> Result<Self, Overflow> {
        /// Bits of a double behind its leading one.
        const BITS: i32 = 52;
        if let Some(raw) = written(value) {
            return Ok(Self::from_raw(raw));
        }
        let (bits, magnitude) = (value.to_bits(), value.abs().to_bits());
        let exponent = i32::try_from(magnitude >> BITS).map_err(|_| Overflow)?;
        if exponent == 0x7FF {
            return Err(Overflow);
        }
        let fraction = magnitude & ((1 << BITS) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | (1 << BITS) };
        let power = exponent.max(1) - 1023 - BITS;
        let product = I256::from(mantissa) * I256::from(ONE);
        let size = match u32::try_from(power) {
            // 113 bits of the product and these stay below 256.
            Ok(left) if left <= 120 => product << left,
            Ok(_) => return Err(Overflow),
            Err(_) if power < -120 => I256::ZERO,
            Err(_) => (product + (I256::ONE << (power.unsigned_abs() - 1))) >> power.unsigned_abs(),
        };
        let raw = i128::try_from(size).map_err(|_| Overflow)?;
        Ok(Self::from_raw(if bits >> 63 == 1 { -raw } else { raw }))
    }

    /// The double nearest to it, for a model that needs one.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // Text that reads back to the nearest double, on every machine.
        format!("{self:?}").parse().unwrap_or(f64::NAN)
    }

    /// The product with a factor, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn times_ratio_half_away(self, ratio: Ratio) -> Result<Self, Overflow> {
        if ratio == Ratio::ONE {
            return Ok(self);
        }
        quotient_half_away([self.raw(), ratio.raw()], ONE, 0).map(Self::from_raw)
    }

    /// `self * part / whole`, rounded once, half away from zero.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the whole is zero.
    pub fn prorated_half_away<V>(self, part: Fixed<V>, whole: Fixed<V>) -> Result<Self, Overflow> {
        quotient_half_away([self.raw(), part.raw()], whole.raw(), 0).map(Self::from_raw)
    }

    /// The product with a quantity, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn times_quantity_half_away(self, quantity: Quantity) -> Result<Self, Overflow> {
        let shift = -i32::from(Quantity::PLACES);
        quotient_half_away([self.raw(), i128::from(quantity.units())], 1, shift).map(Self::from_raw)
    }

    /// The number with the other sign; of the one whose size does not fit, the largest that does.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self::from_raw(self.raw().saturating_neg())
    }
}

impl Ratio {
    /// All of it.
    pub const ONE: Self = Self::from_raw(ONE);
    /// A tenth of it.
    pub const TENTH: Self = Self::from_raw(ONE / 10);
    /// Ten times all of it.
    pub const TEN: Self = Self::from_raw(10 * ONE);
}

impl Money {
    /// `sum / 10^places`, rounded half away from zero to 1e-18 where it has more places.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub(crate) fn from_sum_half_away(sum: i128, places: u8) -> Result<Self, Overflow> {
        let shift = i32::from(PLACES) - i32::from(places);
        if shift >= 0 {
            Self::from_scaled(sum, i32::from(places))
        } else {
            quotient_half_away([sum], 1, shift).map(Self::from_raw)
        }
    }

    /// The sum of `sum / 10^places` over all, each of at most 27 places, rounded once, half away from zero, to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub(crate) fn from_sums_half_away(sums: impl IntoIterator<Item = (i128, u8)>) -> Result<Self, Overflow> {
        /// Beyond the places of money.
        const BEYOND: u8 = 9;
        let mut all = sums.into_iter().filter(|(sum, _)| *sum != 0);
        let Some((first, places)) = all.next() else { return Ok(Self::ZERO) };
        let mut rest = all.peekable();
        if rest.peek().is_none() {
            return Self::from_sum_half_away(first, places);
        }
        let mut exact = I256::ZERO;
        for (sum, places) in [(first, places)].into_iter().chain(rest) {
            let shift = (PLACES + BEYOND).checked_sub(places).ok_or(Overflow)?;
            let power = 10_i128.pow(u32::from(shift));
            exact = I256::from(sum)
                .checked_mul(I256::from(power))
                .and_then(|own| exact.checked_add(own))
                .ok_or(Overflow)?;
        }
        let step = I256::from(10_i128.pow(u32::from(BEYOND)));
        let (quotient, left) = (exact / step, exact % step);
        let raw = quotient + left / (step / I256::from(2));
        i128::try_from(raw).map(Self::from_raw).map_err(|_| Overflow)
    }

    /// Rounded up, away from nothing for what is positive, to `places` after the point.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn rounded_up(self, places: u8) -> Result<Self, Overflow> {
        let step = Self::scale(i32::from(places))?;
        let whole = self.raw().div_euclid(step) + i128::from(self.raw().rem_euclid(step) != 0);
        whole.checked_mul(step).map(Self::from_raw).ok_or(Overflow)
    }

    /// Rounded half away from zero to `places` after the point, or to as many as 64 bits have room for.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub(crate) fn to_decimal_half_away(self, places: u8) -> Result<Decimal, Overflow> {
        for places in (0..=places.min(PLACES)).rev() {
            let shift = i32::from(PLACES) - i32::from(places);
            let mantissa = i64::try_from(quotient_half_away([self.raw()], 1, -shift)?);
            if let Some(decimal) = mantissa.ok().and_then(|mantissa| Decimal::new(mantissa, places)) {
                return Ok(decimal.normalized());
            }
        }
        Err(Overflow)
    }

    /// Money as a part of other money.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the whole is zero.
    pub fn ratio_to_half_away(self, whole: Self) -> Result<Ratio, Overflow> {
        quotient_half_away([self.raw()], whole.raw(), i32::from(PLACES)).map(Ratio::from_raw)
    }
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "what doubles are compared with")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Decimal;

    #[test]
    fn doubles_become_the_nearest_numbers() {
        for (value, raw) in [
            (0.0, 0),
            (1.0, ONE),
            (-2.5, -5 * ONE / 2),
            (0.1, ONE / 10),
            (-0.1, -ONE / 10),
            (0.42, 42 * ONE / 100),
            (60_000.1, 600_001 * ONE / 10),
            (0.000_000_123_4, 123_400_000_000),
            // Neither of these is a decimal of fifteen places.
            (1.0 / 3.0, 333_333_333_333_333_315),
            (1.0 - 0.95, 50_000_000_000_000_044),
            (5e-19, 1),
            (4.9e-19, 0),
            (1e-300, 0),
            (f64::from_bits(1), 0),
            (1e20, 100 * ONE * ONE),
        ] {
            assert_eq!(Ratio::from_f64_half_away(value).unwrap().raw(), raw, "{value:e}");
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e21, f64::MAX] {
            assert_eq!(Ratio::from_f64_half_away(value), Err(Overflow), "{value:e}");
        }
    }

    #[test]
    fn products_are_rounded_once() {
        let third = Ratio::from_raw(333_333_333_333_333_333);
        let money = Money::from_decimal("3".parse::<Decimal>().unwrap()).unwrap();
        assert_eq!(money.times_ratio_half_away(third).unwrap().raw(), 999_999_999_999_999_999);
        assert_eq!(money.ratio_to_half_away(money.negated()).unwrap(), Ratio::ONE.negated());
        assert_eq!(Money::from_sum_half_away(1_500, 21).unwrap().raw(), 2);
        assert_eq!(Money::from_sum_half_away(-1_500, 21).unwrap().raw(), -2);
    }

    proptest! {
        #[test]
        fn a_double_survives_the_way_there_and_back(value in -1e9_f64..1e9) {
            let back = Money::from_f64_half_away(value).unwrap().to_f64();
            prop_assert!((back - value).abs() <= 5e-19 + value.abs() * f64::EPSILON);
        }
    }
}
