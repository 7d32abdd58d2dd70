//! A signed number of contracts.

use std::fmt;

use thiserror::Error;

/// A position in whole contracts: long positive, short negative, never zero, at most [`Lots::MAX`] either way.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Lots(i64);

/// Why a number is not a position.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum LotsError {
    /// A position of nothing.
    #[error("quantity is zero")]
    Zero,
    /// More than any market has.
    #[error("quantity is beyond {} lots", Lots::MAX)]
    TooLarge,
}

impl Lots {
    /// The largest position accepted, a thousand times the largest in use. With it and [`i64`] arrays every scenario
    /// sum of up to 100,000 positions fits into 128 bits: `1e9 * 9.3e18 * 1e5 < 1.7e38`.
    pub const MAX: i64 = 1_000_000_000;

    /// Checks a number of contracts.
    ///
    /// # Errors
    /// [`LotsError`] for zero or a size beyond [`Lots::MAX`].
    pub const fn new(lots: i64) -> Result<Self, LotsError> {
        if lots == 0 {
            Err(LotsError::Zero)
        } else if lots.unsigned_abs() > Self::MAX.unsigned_abs() {
            Err(LotsError::TooLarge)
        } else {
            Ok(Self(lots))
        }
    }

    /// The signed number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether the position is short.
    #[must_use]
    pub const fn is_short(self) -> bool {
        self.0 < 0
    }

    /// The number in 32 bits, which hold the largest.
    #[must_use]
    pub(crate) const fn get_32(self) -> i32 {
        const { assert!(Self::MAX <= i32::MAX as i64) };
        #[expect(clippy::cast_possible_truncation, reason = "never beyond MAX")]
        let narrow = self.0 as i32;
        narrow
    }

    /// The size without the sign.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self(self.0.abs())
    }
}

impl fmt::Display for Lots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_scenario_sum_fits() {
        assert!(i128::from(Lots::MAX) * i128::from(i64::MAX) < i128::MAX / 100_000);
    }

    #[test]
    fn zero_and_absurd_sizes_are_refused() {
        assert_eq!(Lots::new(0), Err(LotsError::Zero));
        assert_eq!(Lots::new(Lots::MAX + 1), Err(LotsError::TooLarge));
        assert_eq!(Lots::new(i64::MIN), Err(LotsError::TooLarge));
        assert!(Lots::new(-Lots::MAX).unwrap().is_short());
    }
}
