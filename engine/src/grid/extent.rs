//! How much is held: one quantity, or anything between two. Charges are made of the most that it may be; one quantity is a special case.

use super::whole::{Scale, Scales, Sum};
use crate::types::{Money, Overflow, Quantity};

/// From `low` to `high`; the same where it is one quantity.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Extent {
    low: Quantity,
    high: Quantity,
}

impl Extent {
    pub(super) const NOTHING: Self = Self::of(Quantity::ZERO);

    /// One quantity.
    pub(super) const fn of(quantity: Quantity) -> Self {
        Self { low: quantity, high: quantity }
    }

    /// Anything between two.
    pub(super) fn between(one: Quantity, other: Quantity) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    /// The least; the quantity itself where it is one.
    pub(super) const fn low(self) -> Quantity {
        self.low
    }

    /// The most.
    pub(super) const fn high(self) -> Quantity {
        self.high
    }

    pub(super) fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self { low: self.low.plus(other.low)?, high: self.high.plus(other.high)? })
    }

    /// The largest size.
    pub(super) fn size(self) -> Quantity {
        self.low.magnitude().max(self.high.magnitude())
    }

    /// The part that is short.
    pub(super) fn shorts(self) -> Self {
        Self { low: self.low.min(Quantity::ZERO), high: self.high.min(Quantity::ZERO) }
    }

    /// The part that is long.
    pub(super) fn longs(self) -> Self {
        Self { low: self.low.max(Quantity::ZERO), high: self.high.max(Quantity::ZERO) }
    }

    /// Whether there is none for certain.
    pub(super) fn is_nothing(self) -> bool {
        self.low.is_zero() && self.high.is_zero()
    }

    /// Whether there is some for certain.
    pub(super) fn is_certain(self) -> bool {
        self.high.is_short() || self.low > Quantity::ZERO
    }
}

/// A sum of whole quantities of whole units, from the least to the most.
#[derive(Clone, Copy, Default)]
pub(super) struct SumExtent(Sum, Sum);

impl SumExtent {
    pub(super) fn add(&mut self, held: Extent, units: i64, scale: Scale) -> Result<(), Overflow> {
        let (least, most) = if units < 0 { (held.high, held.low) } else { (held.low, held.high) };
        self.0.add(least, units, scale)?;
        self.1.add(most, units, scale)
    }

    pub(super) fn money(self, scales: Scales) -> Result<MoneyExtent, Overflow> {
        Ok(MoneyExtent { low: self.0.money(scales)?, high: self.1.money(scales)? })
    }
}

/// Money from the least to the most.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct MoneyExtent {
    pub(super) low: Money,
    pub(super) high: Money,
}

impl MoneyExtent {
    pub(super) fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self { low: self.low.plus(other.low)?, high: self.high.plus(other.high)? })
    }

    /// The largest size.
    pub(super) fn size(self) -> Money {
        self.low.magnitude().max(self.high.magnitude())
    }

    /// The smallest size.
    pub(super) fn least_size(self) -> Money {
        self.low.max(self.high.negated()).max(Money::ZERO)
    }
}
