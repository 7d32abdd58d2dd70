//! Numbers for people and for the wire where six places are too few: as they are, so that printed parts add up to the printed whole.

use std::fmt;

use super::fixed::Fixed;

/// An exact number, for reports whose money may be a coin. It prints as decimal text with twelve places, and with up to eighteen where
/// it has more; nothing is rounded.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct FineAmount(i128);

const UNIT: u128 = 1_000_000_000_000_000_000;
/// The places that every number is printed with.
const LEAST_PLACES: usize = 12;

impl FineAmount {
    /// The number as it is.
    #[must_use]
    pub const fn exact<U>(exact: Fixed<U>) -> Self {
        Self(exact.raw())
    }
}

impl fmt::Display for FineAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let fraction = format!("{:018}", size % UNIT);
        let (printed, beyond) = fraction.split_at(LEAST_PLACES);
        f.pad_integral(self.0 >= 0, "", &format!("{}.{printed}{}", size / UNIT, beyond.trim_end_matches('0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Money;

    #[test]
    fn prints_all_of_its_places_and_at_least_twelve() {
        for (raw, text) in [
            (0, "0.000000000000"),
            (1, "0.000000000000000001"),
            (-500_000, "-0.0000000000005"),
            (2_000_000, "0.000000000002"),
            (1_234_567_890_123_456_789, "1.234567890123456789"),
            (-60_000_000_000_000_000_000_000, "-60000.000000000000"),
            (i128::MIN, "-170141183460469231731.687303715884105728"),
        ] {
            assert_eq!(FineAmount::exact(Money::from_raw(raw)).to_string(), text);
        }
    }
}
