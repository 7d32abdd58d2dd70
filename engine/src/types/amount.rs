//! Numbers for people and for the wire: six places, half away from zero.

use std::fmt;
use std::str::FromStr;

use super::decimal::DecimalError;
use super::fixed::Fixed;

/// A number with six places after the point, for a report. It prints as decimal text and never as `-0.000000`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Amount(i128);

const UNIT: u128 = 1_000_000;

impl Amount {
    /// Places after the point.
    pub const PLACES: u8 = 6;

    /// Rounds an exact number half away from zero to six places.
    #[must_use]
    pub const fn rounded_half_away<U>(exact: Fixed<U>) -> Self {
        const STEP: i128 = 1_000_000_000_000;
        let raw = exact.raw();
        let rest = raw % STEP;
        let quotient = raw / STEP;
        if rest >= STEP / 2 {
            Self(quotient + 1)
        } else if rest <= -STEP / 2 {
            Self(quotient - 1)
        } else {
            Self(quotient)
        }
    }

    /// What is left of it, as printed, less what is printed of another.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        // Either is far from the ends: it was a number at 1e-18.
        Self(self.0 - other.0)
    }

    /// The number of millionths.
    #[must_use]
    pub const fn millionths(self) -> i128 {
        self.0
    }
}

impl FromStr for Amount {
    type Err = DecimalError;

    /// Reads what an amount prints, over its whole range, which is wider than a decimal's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (size, sign) = text.strip_prefix('-').map_or((text, 1), |size| (size, -1));
        let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
        let wrong = whole.chars().chain(fraction.chars()).find(|digit| !digit.is_ascii_digit());
        if let Some(wrong) = wrong {
            return Err(DecimalError::Character(wrong));
        }
        if whole.is_empty() {
            return Err(DecimalError::Empty);
        }
        if fraction.len() > usize::from(Self::PLACES) {
            return Err(DecimalError::TooLong);
        }
        let millionths =
            format!("{whole}{fraction:0<6}").parse::<i128>().map_err(|_| DecimalError::TooLong)?;
        Ok(Self(sign * millionths))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        f.pad_integral(self.0 >= 0, "", &format!("{}.{:06}", size / UNIT, size % UNIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Money;

    #[test]
    fn prints_six_places_half_away_and_no_negative_zero() {
        let cases: [(i128, &str); 5] = [
            (1_500_000_000_000, "0.000002"),
            (-1_500_000_000_000, "-0.000002"),
            (-499_999_999_999, "0.000000"),
            (8_360_384_615_384_615_384_615, "8360.384615"),
            (-6_175_130_000_000_000_000, "-6.175130"),
        ];
        for (raw, text) in cases {
            let amount = Amount::rounded_half_away(Money::from_raw(raw));
            assert_eq!(amount.to_string(), text);
            assert_eq!(text.parse::<Amount>().unwrap(), amount);
        }
    }

    #[test]
    fn reads_its_whole_range_and_nothing_else() {
        for text in ["170141183460469231731.687303", "-170141183460469231731.687303", "0.000000"] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), text);
        }
        assert_eq!("5.25".parse::<Amount>().unwrap().to_string(), "5.250000");
        let too_long = "9".repeat(40);
        for wrong in ["", "-", ".", "1e6", "1,5", "1.2345678", "+1", "--1", "1.-5", "1.2.3", &too_long] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }
}
