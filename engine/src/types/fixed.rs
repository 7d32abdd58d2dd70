//! Exact fixed-point numbers at 1e-18, and the one way in which a quotient is formed.
//!
//! Sums and products with whole lots are exact. A quotient multiplies first, in 256 bits, and rounds once to 1e-18, half
//! away from zero. Nothing wraps: what does not fit is an [`Overflow`].

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use ethnum::I256;
use thiserror::Error;

use super::decimal::Decimal;
use super::lots::Lots;

pub(super) const PLACES: u8 = 18;
pub(super) const ONE: i128 = 10_i128.pow(PLACES as u32);
/// The zeros that a number of at most six places ends in.
const ZEROS: u32 = 12;
/// What is left of `10^12` without the twos.
const FIVES: u128 = 5_u128.pow(ZEROS);
/// The inverse of [`FIVES`] modulo `2^128`: each step of Newton's doubles the bits that are right, from three.
const INVERSE: u128 = {
    let (mut inverse, mut step) = (FIVES, 0);
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u128.wrapping_sub(FIVES.wrapping_mul(inverse)));
        step += 1;
    }
    assert!(FIVES.wrapping_mul(inverse) == 1);
    inverse
};
/// The powers of ten that 128 bits hold.
const POWERS_OF_TEN: [i128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

fn power_of_ten(exponent: u32) -> Option<i128> {
    POWERS_OF_TEN.get(exponent as usize).copied()
}

/// A number does not fit into 38 digits, 18 of them after the point.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a number on the way exceeds 1.7e20")]
pub struct Overflow;

/// The unit of [`Money`].
#[derive(Clone, Copy, Debug)]
pub enum MoneyUnit {}

/// The unit of [`Delta`].
#[derive(Clone, Copy, Debug)]
pub enum DeltaUnit {}

/// A fixed-point number at 1e-18 of one unit; numbers of different units do not mix.
pub struct Fixed<U>(i128, PhantomData<U>);

/// An amount of money in one currency. Losses, charges and requirements are positive.
pub type Money = Fixed<MoneyUnit>;

/// A delta, or a number of spreads formed from deltas. Long is positive.
pub type Delta = Fixed<DeltaUnit>;

impl<U> Fixed<U> {
    /// Nothing.
    pub const ZERO: Self = Self(0, PhantomData);
    /// The largest number.
    pub const MOST: Self = Self(i128::MAX, PhantomData);

    pub(crate) const fn from_raw(raw: i128) -> Self {
        Self(raw, PhantomData)
    }

    pub(crate) const fn raw(self) -> i128 {
        self.0
    }

    /// What integers at `places` are multiplied by to become numbers of this type; `places` may be negative.
    pub(crate) fn scale(places: i32) -> Result<i128, Overflow> {
        let shift = u32::try_from(i32::from(PLACES) - places).map_err(|_| Overflow)?;
        power_of_ten(shift).ok_or(Overflow)
    }

    /// An integer times the [`scale`](Self::scale) of its places.
    pub(crate) fn from_scale(value: i128, scale: i128) -> Result<Self, Overflow> {
        match (i64::try_from(value), i64::try_from(scale)) {
            // Two numbers of 64 bits: one multiplication, and it always fits.
            (Ok(value), Ok(scale)) => Ok(Self::from_raw(i128::from(value).wrapping_mul(i128::from(scale)))),
            _ => value.checked_mul(scale).map(Self::from_raw).ok_or(Overflow),
        }
    }

    /// `value / 10^places`, exactly; `places` may be negative.
    pub(crate) fn from_scaled(value: i128, places: i32) -> Result<Self, Overflow> {
        Self::from_scale(value, Self::scale(places)?)
    }

    /// A decimal number as it is.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn from_decimal(value: Decimal) -> Result<Self, Overflow> {
        Self::from_scaled(i128::from(value.mantissa()), i32::from(value.places()))
    }

    /// The exact product of decimal numbers.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or has more than 18 places.
    pub fn from_product(factors: &[Decimal]) -> Result<Self, Overflow> {
        let (mut product, mut places) = (1_i128, 0);
        for factor in factors {
            let factor = factor.normalized();
            product = product.checked_mul(i128::from(factor.mantissa())).ok_or(Overflow)?;
            places += i32::from(factor.places());
        }
        Self::from_scaled(product, places)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self::from_raw).ok_or(Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self::from_raw).ok_or(Overflow)
    }

    /// The product with a whole number of lots.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn times_lots(self, lots: Lots) -> Result<Self, Overflow> {
        self.0.checked_mul(i128::from(lots.get())).map(Self::from_raw).ok_or(Overflow)
    }

    /// The product with a whole number of lots, of a number that [`fits_lots`](Self::fits_lots).
    pub(crate) const fn times_bounded_lots(self, lots: Lots) -> Self {
        Self::from_raw(self.0.wrapping_mul(lots.get() as i128))
    }

    /// The product with a sum of lots.
    pub(crate) fn times_whole(self, whole: i64) -> Result<Self, Overflow> {
        self.0.checked_mul(i128::from(whole)).map(Self::from_raw).ok_or(Overflow)
    }

    /// Whether the product with the largest number of lots fits.
    pub(crate) const fn fits_lots(self) -> bool {
        self.0.unsigned_abs() <= i128::MAX.unsigned_abs() / Lots::MAX.unsigned_abs() as u128
    }

    /// The product with a decimal factor, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn times_half_away(self, factor: Decimal) -> Result<Self, Overflow> {
        let product = [self.0, i128::from(factor.mantissa())];
        quotient_half_away(product, 1, -i32::from(factor.places())).map(Self::from_raw)
    }

    /// The quotient by a decimal divisor, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the divisor is zero.
    pub fn over_half_away(self, divisor: Decimal) -> Result<Self, Overflow> {
        if divisor.is_one() {
            return Ok(self);
        }
        let bottom = i128::from(divisor.mantissa());
        quotient_half_away([self.0], bottom, i32::from(divisor.places())).map(Self::from_raw)
    }

    /// `self * numerator / denominator`, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the denominator is zero.
    pub fn scaled_half_away(self, numerator: Decimal, denominator: Decimal) -> Result<Self, Overflow> {
        if numerator.is_written_as(denominator) && !denominator.is_zero() {
            return Ok(self);
        }
        let shift = i32::from(denominator.places()) - i32::from(numerator.places());
        let top = [self.0, i128::from(numerator.mantissa())];
        quotient_half_away(top, i128::from(denominator.mantissa()), shift).map(Self::from_raw)
    }

    /// Half of it, rounded half away from zero to 1e-18 (exact unless the last of 18 places is odd).
    #[must_use]
    pub const fn half_away(self) -> Self {
        Self::from_raw(self.0 / 2 + self.0 % 2)
    }

    /// Rounded half away from zero to `places` after the point.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn rounded_half_away(self, places: u8) -> Result<Self, Overflow> {
        let shift = i32::from(PLACES.saturating_sub(places));
        let rounded = quotient_half_away([self.0], 1, -shift)?;
        Self::from_scaled(rounded, i32::from(places))
    }

    /// The greater of the two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// The lesser of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The size without the sign; of the one number whose size does not fit, the largest that does.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self::from_raw(self.0.saturating_abs())
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is greater than zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is less than zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl Delta {
    /// One unit.
    pub const ONE: Self = Self(ONE, PhantomData);
}

impl Money {
    /// Money for each unit of delta: `self / |delta|`, rounded half away from zero to 1e-18.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the delta is zero.
    pub fn per_delta_half_away(self, delta: Delta) -> Result<Self, Overflow> {
        quotient_half_away([self.0], delta.magnitude().0, i32::from(PLACES)).map(Self::from_raw)
    }

    /// `self * part / whole * rate`: the money that falls on a part of a delta, rounded once, half away from zero.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the whole is zero.
    pub fn share_half_away(self, part: Delta, whole: Delta, rate: Decimal) -> Result<Self, Overflow> {
        if part == whole && !whole.is_zero() {
            return self.times_half_away(rate);
        }
        let ((money, over), (part, also), (whole, under)) =
            (without_zeros(self.0), without_zeros(part.0), without_zeros(whole.0));
        let top = [money, part, i128::from(rate.mantissa())];
        let shift = over + also - under - i32::from(rate.places());
        quotient_half_away(top, whole, shift).map(Self::from_raw)
    }

    /// `self * delta`, where no rounding is needed and 128 bits show it.
    pub(crate) fn exact_for_delta(self, delta: Delta) -> Option<Self> {
        let ((money, places), (delta, zeros)) = (without_zeros(self.0), without_zeros(delta.0));
        exact_product(money, delta, places + zeros - i32::from(PLACES)).map(Self::from_raw)
    }

    /// `self * delta / ratio`: a rate for every `ratio` of delta, rounded once, half away from zero.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit or the ratio is zero.
    pub fn for_delta_half_away(self, delta: Delta, ratio: Decimal) -> Result<Self, Overflow> {
        if delta.is_zero() && !ratio.is_zero() {
            return Ok(Self::ZERO);
        }
        let ((money, places), (delta, zeros)) = (without_zeros(self.0), without_zeros(delta.0));
        let shift = places + zeros - i32::from(PLACES);
        if ratio.is_one()
            && let Some(product) = exact_product(money, delta, shift)
        {
            return Ok(Self::from_raw(product));
        }
        let shift = shift + i32::from(ratio.places());
        quotient_half_away([money, delta], i128::from(ratio.mantissa()), shift).map(Self::from_raw)
    }
}

/// `a * b * 10^shift` where 128 bits and no quotient do.
fn exact_product(a: i128, b: i128, shift: i32) -> Option<i128> {
    let (a, b) = (i64::try_from(a).ok()?, i64::try_from(b).ok()?);
    let (product, power) =
        (i128::from(a).wrapping_mul(i128::from(b)), power_of_ten(u32::try_from(shift).ok()?)?);
    let bits = |number: i128| i128::BITS - number.unsigned_abs().leading_zeros();
    (bits(product) + bits(power) < i128::BITS).then(|| product.wrapping_mul(power))
}

/// A number of at most six places without the twelve zeros that it ends in, and how many that were; others as they are.
/// Numbers of files have few places: without their zeros, 128 or 64 bits are mostly enough for a quotient.
const fn without_zeros(raw: i128) -> (i128, i32) {
    // An exact quotient by an odd number is the product with its inverse modulo 2^128, and no other product is so small.
    let size = raw.unsigned_abs();
    let quotient = (size >> ZEROS).wrapping_mul(INVERSE);
    if size.trailing_zeros() < ZEROS || quotient > u128::MAX / FIVES {
        return (raw, 0);
    }
    #[expect(clippy::cast_possible_wrap, reason = "a quotient by five and more is below 2^127")]
    let quotient = quotient as i128;
    (if raw < 0 { -quotient } else { quotient }, ZEROS.cast_signed())
}

/// Product of `top` over `bottom`, times `10^shift`, rounded once, half away from zero.
pub(super) fn quotient_half_away<const N: usize>(
    top: [i128; N],
    bottom: i128,
    shift: i32,
) -> Result<i128, Overflow> {
    match narrow_quotient_half_away(top, bottom, shift) {
        Some(quotient) => Ok(quotient),
        None => wide_quotient_half_away(&top, bottom, shift).ok_or(Overflow),
    }
}

/// In 128 bits without sign; `None` where they might not do.
#[inline]
fn narrow_quotient_half_away<const N: usize>(top: [i128; N], bottom: i128, shift: i32) -> Option<i128> {
    let (mut numerator, mut denominator) = (1, bottom.unsigned_abs());
    for factor in top {
        numerator = narrow_product(numerator, factor.unsigned_abs())?;
    }
    if shift != 0 {
        let power = power_of_ten(shift.unsigned_abs())?.unsigned_abs();
        let side = if shift < 0 { &mut denominator } else { &mut numerator };
        *side = narrow_product(*side, power)?;
    }
    let (quotient, rest) = match (u64::try_from(numerator), u64::try_from(denominator)) {
        (_, Ok(1)) => (numerator, 0),
        (Ok(numerator), Ok(denominator)) => {
            let quotient = numerator.checked_div(denominator)?;
            (u128::from(quotient), u128::from(numerator - quotient * denominator))
        }
        _ => {
            let quotient = numerator.checked_div(denominator)?;
            (quotient, numerator - quotient * denominator)
        }
    };
    let rounded = i128::try_from(if rest >= denominator - rest { quotient + 1 } else { quotient }).ok()?;
    let is_negative = top.into_iter().fold(bottom < 0, |negative, factor| negative != (factor < 0));
    Some(if is_negative { -rounded } else { rounded })
}

/// The product of two numbers of which one has 64 bits; `None` where it does not fit or both have more.
const fn narrow_product(a: u128, b: u128) -> Option<u128> {
    const LOW: u128 = u64::MAX as u128;
    let (long, short) = if a > b { (a, b) } else { (b, a) };
    if short > LOW {
        return None;
    }
    let (high, low) = ((long >> 64) * short, (long & LOW) * short);
    if high > LOW { None } else { (high << 64).checked_add(low) }
}

fn wide_quotient_half_away(top: &[i128], bottom: i128, shift: i32) -> Option<i128> {
    let (over, under) = if shift < 0 { (0, shift.unsigned_abs()) } else { (shift.unsigned_abs(), 0) };
    let numerator = wide_product(top, over)?;
    let denominator = wide_product(&[bottom], under)?;
    let quotient = numerator.checked_div(denominator)?;
    let rest = (numerator - quotient * denominator).unsigned_abs();
    let size = denominator.unsigned_abs();
    let step = if numerator.is_negative() == denominator.is_negative() { I256::ONE } else { I256::MINUS_ONE };
    let rounded = if rest >= size - rest { quotient.checked_add(step)? } else { quotient };
    i128::try_from(rounded).ok()
}

/// The product of the factors and of a power of ten. A product of numbers of `a` and `b` bits has at most `a + b` bits: the
/// sum of the bits shows that nothing is lost before anything is multiplied.
fn wide_product(factors: &[i128], power: u32) -> Option<I256> {
    let scale = power_of_ten(power)?;
    let bits = |factor: i128| i128::BITS - factor.unsigned_abs().leading_zeros();
    if factors.iter().map(|&factor| bits(factor)).sum::<u32>() + bits(scale) >= I256::BITS {
        return None;
    }
    Some(factors.iter().fold(I256::from(scale), |product, &factor| product.wrapping_mul(I256::from(factor))))
}

impl<U> Clone for Fixed<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Fixed<U> {}

impl<U> Default for Fixed<U> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<U> PartialEq for Fixed<U> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<U> Eq for Fixed<U> {}

impl<U> PartialOrd for Fixed<U> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<U> Ord for Fixed<U> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<U> fmt::Debug for Fixed<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:018}", size / ONE.unsigned_abs(), size % ONE.unsigned_abs())
    }
}

#[cfg(test)]
#[path = "fixed/tests.rs"]
mod tests;
