//! A decimal number exactly as a file or a person wrote it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A decimal number: `mantissa / 10^places`.
///
/// It keeps the places it was written with, so printing gives the text back; comparison is by value (`1.5 == 1.50`).
/// There is next to no arithmetic on it: calculations use [`Money`](super::Money) and [`Delta`](super::Delta).
#[derive(Clone, Copy, Debug, Default)]
pub struct Decimal {
    mantissa: i64,
    places: u8,
}

/// What one is written as, by places.
const POWERS_OF_TEN: [i64; Decimal::MAX_PLACES as usize + 1] = {
    let mut powers = [1; Decimal::MAX_PLACES as usize + 1];
    let mut places = 1;
    while places < powers.len() {
        powers[places] = powers[places - 1] * 10;
        places += 1;
    }
    powers
};

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DecimalError {
    /// The text holds no digit.
    #[error("expected a decimal number such as \"52.5\", found no digit")]
    Empty,
    /// The text holds a character that no decimal number has.
    #[error("expected a decimal number such as \"52.5\", found {0:?}")]
    Character(char),
    /// The number needs more than 18 significant digits.
    #[error("more than 18 significant digits")]
    TooLong,
}

impl Decimal {
    /// The most places after the point.
    pub const MAX_PLACES: u8 = 18;
    /// Zero, without places.
    pub const ZERO: Self = Self { mantissa: 0, places: 0 };
    /// One, without places.
    pub const ONE: Self = Self { mantissa: 1, places: 0 };

    /// `mantissa / 10^places`; `None` for more than 18 places.
    #[must_use]
    pub const fn new(mantissa: i64, places: u8) -> Option<Self> {
        if places > Self::MAX_PLACES { None } else { Some(Self { mantissa, places }) }
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self { mantissa: value, places: 0 }
    }

    /// The digits without the point.
    #[must_use]
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// The digits after the point, as written.
    #[must_use]
    pub const fn places(self) -> u8 {
        self.places
    }

    /// The double nearest to it, for a model that needs one.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // Text that reads back to the nearest double, on every machine.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Whether the number is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether the number is one.
    #[must_use]
    pub const fn is_one(self) -> bool {
        self.mantissa == POWERS_OF_TEN[self.places as usize]
    }

    /// Whether it is the same number in the same places.
    #[must_use]
    pub const fn is_written_as(self, other: Self) -> bool {
        self.mantissa == other.mantissa && self.places == other.places
    }

    /// Whether the number is greater than zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// The same number with the other sign; of the one whose size does not fit, the largest that does.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { mantissa: self.mantissa.saturating_neg(), places: self.places }
    }

    /// The same value without trailing zeros after the point: the form that equal numbers share.
    #[must_use]
    pub const fn normalized(mut self) -> Self {
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
        self
    }

    /// The value times `10^places` as an integer; `None` if it has more places than that.
    #[must_use]
    pub fn scaled_exact(self, places: u8) -> Option<i128> {
        let reduced = if self.places > places { self.normalized() } else { self };
        let shift = places.checked_sub(reduced.places)?;
        i128::from(reduced.mantissa).checked_mul(10_i128.checked_pow(u32::from(shift))?)
    }

    /// The exact sum; `None` when it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let sum = self.scaled_exact(places)?.checked_add(other.scaled_exact(places)?)?;
        Some(Self { mantissa: i64::try_from(sum).ok()?, places })
    }

    /// Reads optional sign, digits, optional point and digits; zeros beyond the 18th significant digit are dropped.
    ///
    /// # Errors
    /// [`DecimalError`] for a text that is not such a number; exponents, blanks and separators are not.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mut mantissa: i64 = 0;
        let mut places = None::<u8>;
        let mut seen = false;
        for (index, &byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    let next = mantissa.checked_mul(10).and_then(|m| m.checked_add(i64::from(byte - b'0')));
                    match (next, places) {
                        (Some(next), None) => mantissa = next,
                        (Some(next), Some(p)) if p < Self::MAX_PLACES => {
                            mantissa = next;
                            places = Some(p + 1);
                        }
                        (_, Some(_)) if byte == b'0' => {}
                        _ => return Err(DecimalError::TooLong),
                    }
                }
                b'.' if places.is_none() => places = Some(0),
                _ => {
                    let at = text.len() - digits.len() + index;
                    return Err(DecimalError::Character(text[at..].chars().next().unwrap_or('?')));
                }
            }
        }
        if !seen {
            return Err(DecimalError::Empty);
        }
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, places: places.unwrap_or(0) })
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(u32::from(self.places));
        let size = self.mantissa.unsigned_abs();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        if self.places == 0 {
            write!(f, "{sign}{size}")
        } else {
            write!(f, "{sign}{}.{:0width$}", size / unit, size % unit, width = usize::from(self.places))
        }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Numbers of one file mostly have the same places, and 128 bits are slow.
        if self.places == other.places {
            return self.mantissa.cmp(&other.mantissa);
        }
        let places = self.places.max(other.places);
        let level = |d: &Self| i128::from(d.mantissa) * 10_i128.pow(u32::from(places - d.places));
        level(self).cmp(&level(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_was_written() {
        for text in ["0", "52.5", "-318.333008", "849.3150700", "0.000001", "-0.50", "999999999999999999"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Decimal::parse("-0.000000").unwrap().to_string(), "0.000000");
        assert_eq!(Decimal::parse(".5").unwrap().to_string(), "0.5");
    }

    #[test]
    fn compares_by_value() {
        let d = |text| Decimal::parse(text).unwrap();
        assert_eq!(d("1.5"), d("1.500"));
        assert!(d("-2") < d("-1.999"));
        assert_eq!(d("1.5000000000000000000000"), d("1.5"));
    }

    #[test]
    fn refuses_what_is_no_decimal() {
        let cases = [
            ("", DecimalError::Empty),
            ("-", DecimalError::Empty),
            (".", DecimalError::Empty),
            ("52,5", DecimalError::Character(',')),
            ("1e3", DecimalError::Character('e')),
            (" 1", DecimalError::Character(' ')),
            ("1.2.3", DecimalError::Character('.')),
            ("--1", DecimalError::Character('-')),
            ("１", DecimalError::Character('１')),
            ("99999999999999999999", DecimalError::TooLong),
            ("0.1234567890123456789", DecimalError::TooLong),
        ];
        for (text, expected) in cases {
            assert_eq!(Decimal::parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn scales_exactly_or_not_at_all() {
        let d = |text| Decimal::parse(text).unwrap();
        assert_eq!(d("1.25").scaled_exact(6), Some(1_250_000));
        assert_eq!(d("1.250000").scaled_exact(2), Some(125));
        assert_eq!(d("1.255").scaled_exact(2), None);
    }
}
