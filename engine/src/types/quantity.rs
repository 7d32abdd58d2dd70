//! How much of something is held, where it need not be whole.

use std::fmt;

use super::decimal::Decimal;
use super::fixed::Overflow;

/// A quantity at 1e-9 of a unit: long positive, short negative, at most [`Quantity::MOST`] either way.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quantity(i64);

impl Quantity {
    /// Places after the point.
    pub const PLACES: u8 = 9;
    /// The most units either way.
    pub const MOST: i64 = 9_000_000_000;
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One unit.
    pub const ONE: Self = Self(1_000_000_000);

    /// A decimal number, rounded half away from zero to nine places.
    ///
    /// # Errors
    /// [`Overflow`] beyond [`Quantity::MOST`] units.
    pub fn from_decimal_half_away(value: Decimal) -> Result<Self, Overflow> {
        let units = if value.places() <= Self::PLACES {
            let power = 10_i128.pow(u32::from(Self::PLACES - value.places()));
            i128::from(value.mantissa()) * power
        } else {
            let divisor = 10_i128.pow(u32::from(value.places() - Self::PLACES));
            let mantissa = i128::from(value.mantissa());
            let half = if mantissa < 0 { -divisor / 2 } else { divisor / 2 };
            (mantissa + half) / divisor
        };
        Self::from_units(units)
    }

    /// A number at 1e-18, rounded half away from zero to nine places.
    pub(crate) fn from_raw_half_away(raw: i128) -> Result<Self, Overflow> {
        const STEP: i128 = 1_000_000_000;
        let rest = raw % STEP;
        Self::from_units(raw / STEP + rest / (STEP / 2))
    }

    fn from_units(units: i128) -> Result<Self, Overflow> {
        let most = i128::from(Self::MOST) * i128::from(Self::ONE.0);
        let units = i64::try_from(units).map_err(|_| Overflow)?;
        if i128::from(units).abs() <= most { Ok(Self(units)) } else { Err(Overflow) }
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`] beyond [`Quantity::MOST`] units.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        Self::from_units(i128::from(self.0) + i128::from(other.0))
    }

    /// The number of billionths.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The other side of it.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The size without the sign.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is short.
    #[must_use]
    pub const fn is_short(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = Decimal::new(self.0, Self::PLACES).ok_or(fmt::Error)?;
        fmt::Display::fmt(&decimal.normalized(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_places_half_away() {
        for (text, printed) in [
            ("-4046.0000000000005", "-4046"),
            ("0.0000000005", "0.000000001"),
            ("-0.0000000005", "-0.000000001"),
            ("0.314538364", "0.314538364"),
            ("9000000000", "9000000000"),
        ] {
            let quantity = Quantity::from_decimal_half_away(text.parse().unwrap()).unwrap();
            assert_eq!(quantity.to_string(), printed);
        }
        assert!(Quantity::from_decimal_half_away("9000000001".parse().unwrap()).is_err());
        let most = Quantity::from_decimal_half_away(Decimal::whole(Quantity::MOST)).unwrap();
        assert_eq!(most.plus(Quantity::ONE), Err(Overflow));
    }
}
