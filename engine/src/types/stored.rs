//! Stored forms: every number and code as the text that it is read from, so that journals can be read by people and by other versions.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::fixed::PLACES;
use super::{BusinessDate, Code, Decimal, Fixed, Kind, Lots, Moment, Overflow, Quantity};

/// Reads a text.
struct Text<T, E>(&'static str, fn(&str) -> Result<T, E>);

impl<T, E: fmt::Display> Visitor<'_> for Text<T, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<D: de::Error>(self, text: &str) -> Result<T, D> {
        (self.1)(text).map_err(D::custom)
    }
}

/// A type that is stored as it prints.
macro_rules! as_text {
    ($($type:ty, $what:literal, $read:expr;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text($what, $read))
            }
        }
    )*};
}

/// Stored with all its places, as it was told; in forms for people, which contents are formed from, without the zeros that it ends in.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own = if serializer.is_human_readable() { self.normalized() } else { *self };
        serializer.collect_str(&own)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text("a decimal number", Self::parse))
    }
}

as_text! {
    BusinessDate, "a date", BusinessDate::from_str;
    Moment, "a moment", Moment::from_str;
    Quantity, "a quantity", quantity;
    crate::contract::Period, "a period", crate::contract::Period::new;
}

fn quantity(text: &str) -> Result<Quantity, String> {
    let decimal = Decimal::parse(text).map_err(|error| error.to_string())?;
    Quantity::from_decimal_half_away(decimal).map_err(|error| error.to_string())
}

impl<K> Serialize for Code<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, K: Kind> Deserialize<'de> for Code<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(K::NAME, Self::new))
    }
}

impl Serialize for Lots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.get())
    }
}

impl<'de> Deserialize<'de> for Lots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// All digits of a number at 1e-18, without the zeros it ends in.
struct Exact(i128);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, unit) = (self.0.unsigned_abs(), 10_u128.pow(u32::from(PLACES)));
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, mut rest, mut places) = (size / unit, size % unit, usize::from(PLACES));
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        while rest.is_multiple_of(10) {
            (rest, places) = (rest / 10, places - 1);
        }
        write!(f, "{sign}{whole}.{rest:0places$}")
    }
}

fn exact(text: &str) -> Result<i128, Overflow> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > usize::from(PLACES) {
        return Err(Overflow);
    }
    let mut raw = 0_i128;
    let zeros = std::iter::repeat_n(b'0', usize::from(PLACES) - part.len());
    for digit in whole.bytes().chain(part.bytes()).chain(zeros) {
        // Downwards: there is one more number below nothing than above.
        raw =
            raw.checked_mul(10).and_then(|raw| raw.checked_sub(i128::from(digit - b'0'))).ok_or(Overflow)?;
    }
    if sign < 0 { Ok(raw) } else { raw.checked_neg().ok_or(Overflow) }
}

impl<U> Serialize for Fixed<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Exact(self.raw()))
    }
}

impl<'de, U> Deserialize<'de> for Fixed<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text("a number with at most 18 places", exact)).map(Self::from_raw)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Money;

    #[test]
    fn numbers_are_stored_with_all_their_digits() {
        for (raw, text) in [
            (0, "0"),
            (-1, "-0.000000000000000001"),
            (1_500_000_000_000_000_000, "1.5"),
            (i128::MIN, "-170141183460469231731.687303715884105728"),
        ] {
            assert_eq!((Exact(raw).to_string().as_str(), exact(text)), (text, Ok(raw)));
        }
        for wrong in [
            "",
            "-",
            ".5",
            "1.",
            "1e5",
            "+1",
            "1.0000000000000000001",
            "170141183460469231731.687303715884105728",
        ] {
            assert!(exact(wrong) == Err(Overflow) || wrong == "1.", "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_again(raw in any::<i128>()) {
            let bytes = rmp_serde::to_vec_named(&Money::from_raw(raw)).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Money>(&bytes).unwrap(), Money::from_raw(raw));
        }
    }
}
