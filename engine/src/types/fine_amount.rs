//! Numbers for people and for the wire where six places are too few: twelve, half away from zero.

use std::fmt;

use super::fixed::Fixed;

/// A number with twelve places after the point, for reports whose money may be a coin. It prints as decimal text and never as
/// `-0.000000000000`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct FineAmount(i128);

const UNIT: u128 = 1_000_000_000_000;

impl FineAmount {
    /// Rounds an exact number half away from zero to twelve places.
    #[must_use]
    pub const fn rounded_half_away<U>(exact: Fixed<U>) -> Self {
        const STEP: i128 = 1_000_000;
        let (quotient, rest) = (exact.raw() / STEP, exact.raw() % STEP);
        Self(quotient + rest / (STEP / 2))
    }
}

impl fmt::Display for FineAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        f.pad_integral(self.0 >= 0, "", &format!("{}.{:012}", size / UNIT, size % UNIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Money;

    #[test]
    fn prints_twelve_places_half_away() {
        for (raw, text) in [
            (0, "0.000000000000"),
            (499_999, "0.000000000000"),
            (-499_999, "0.000000000000"),
            (500_000, "0.000000000001"),
            (-1_500_000, "-0.000000000002"),
            (1_234_567_890_123_456_789, "1.234567890123"),
        ] {
            assert_eq!(FineAmount::rounded_half_away(Money::from_raw(raw)).to_string(), text);
        }
    }
}
