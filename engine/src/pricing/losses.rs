//! Risk arrays from prices: what one long option loses in every joint move, as one matrix of contracts x moves.
//!
//! Logarithms and square roots are taken once for each option, not once for each cell. A cell is rounded once to a whole number of
//! `10^-places`, half away from zero; the rows are then summed as integers, like those of a file.

use ndarray::Array2;
use thiserror::Error;

use super::bachelier;
use super::black76;
use super::columns::{Bachelier, Black76, Columns};
use super::elementary::{exp, greater, lesser, ln_ratio};
use super::moves::{JointMove, Moves, by_size};
use crate::instruction_set::{Instructions, Kernel};

/// Options whose cells are calculated together; their numbers stay in the first cache.
const BLOCK: usize = 64;
/// Moves whose losses are written together, so that each line of the matrix is visited once.
const STRIP: usize = 8;

/// Losses are kept in 64 bits.
const MOST: f64 = 9.0e18;
const POWERS: [f64; 13] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

/// What an option is worth to a contract.
#[derive(Clone, Copy, Debug)]
pub struct Stakes<'a> {
    /// Money for one point of the option's price, for each contract.
    pub multipliers: &'a [f64],
    /// How much of a relative move of volatility an option's term takes: 1 for all of it.
    pub term_scalings: &'a [f64],
    /// Of options that are settled in a coin, its price in the currency of theirs: their value is divided by it, and it moves as
    /// the forward does. `None` where none is.
    pub coin_prices: Option<&'a [f64]>,
    /// Places after the point that losses are rounded to.
    pub places: u8,
}

/// Why there is no matrix.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NoLosses {
    /// Multipliers, scalings or coin prices are not as many as the options, are no numbers or beyond 1e12 (a coin's price also
    /// below 1e-12), or places are more than 12.
    #[error(
        "stakes do not fit {0} options: expected as many finite multipliers, scalings and coin prices, at most 12 places"
    )]
    Stakes(usize),
    /// A move leaves an option of a lognormal model no positive forward, or its coin no positive price.
    #[error("moves[{scenario}] leaves option {option} a forward or coin price that is not positive")]
    Forward {
        /// The move, from 0.
        scenario: usize,
        /// The option, from 0.
        option: usize,
    },
    /// A loss has more digits than 64 bits.
    #[error("option {option} loses too much in moves[{scenario}]: {loss:e} units")]
    TooLarge {
        /// The move, from 0.
        scenario: usize,
        /// The option, from 0.
        option: usize,
        /// The loss in units of the last place.
        loss: f64,
    },
}

/// A model's value out of the money after a move, for a block of options.
trait Model {
    const IS_LOGNORMAL: bool;
    fn time_value(forward: f64, strike: f64, x: f64, s: f64) -> f64;
}

struct Lognormal;
struct Normal;

impl Model for Lognormal {
    const IS_LOGNORMAL: bool = true;

    #[inline(always)]
    fn time_value(forward: f64, strike: f64, x: f64, s: f64) -> f64 {
        black76::time_value(forward, strike, x, s)
    }
}

impl Model for Normal {
    const IS_LOGNORMAL: bool = false;

    #[inline(always)]
    fn time_value(forward: f64, strike: f64, _: f64, s: f64) -> f64 {
        bachelier::time_value(forward - strike, s)
    }
}

/// On a cache line's limit, as the widest vectors like it; so is the stack then on which they are put aside.
#[repr(align(64))]
struct Aligned<T>(T);

/// One block of options, each number in its own lane.
#[repr(align(64))]
struct Block {
    forwards: [f64; BLOCK],
    strikes: [f64; BLOCK],
    volatilities: [f64; BLOCK],
    times: [f64; BLOCK],
    discounts: [f64; BLOCK],
    signs: [f64; BLOCK],
    terms: [f64; BLOCK],
    /// Units of the last place for one point of price.
    units: [f64; BLOCK],
    /// `ln(F/K)`, where the model has it.
    logarithms: [f64; BLOCK],
    roots: [f64; BLOCK],
    log_discounts: [f64; BLOCK],
    coins: [f64; BLOCK],
    prices: [f64; BLOCK],
}

impl Block {
    /// The options from `start`; lanes behind the last hold the first again.
    #[inline(always)]
    fn load<M: Model>(columns: &Columns<'_>, stakes: &Stakes<'_>, scale: f64, start: usize) -> Self {
        let count = columns.forwards.len();
        let place = |lane: usize| if start + lane < count { start + lane } else { start };
        let column = |values: &[f64]| -> [f64; BLOCK] { std::array::from_fn(|lane| values[place(lane)]) };
        let mut block = Self {
            forwards: column(columns.forwards),
            strikes: column(columns.strikes),
            volatilities: column(columns.volatilities),
            times: column(columns.times),
            discounts: column(columns.discounts),
            signs: std::array::from_fn(|lane| columns.rights[place(lane)].get()),
            terms: column(stakes.term_scalings),
            units: column(stakes.multipliers),
            logarithms: [0.0; BLOCK],
            roots: [0.0; BLOCK],
            log_discounts: [0.0; BLOCK],
            coins: stakes.coin_prices.map_or([1.0; BLOCK], column),
            prices: [0.0; BLOCK],
        };
        for lane in 0..BLOCK {
            let (forward, strike) = (block.forwards[lane], block.strikes[lane]);
            let x = if M::IS_LOGNORMAL { ln_ratio(forward, strike) } else { 0.0 };
            let root = block.times[lane].sqrt();
            let value = M::time_value(forward, strike, x, block.volatilities[lane] * root);
            let intrinsic = greater(block.signs[lane] * (forward - strike), 0.0);
            block.units[lane] *= scale;
            block.logarithms[lane] = x;
            block.roots[lane] = root;
            block.log_discounts[lane] = ln_ratio(block.discounts[lane], 1.0);
            block.prices[lane] = block.discounts[lane] * (intrinsic + value) / block.coins[lane];
        }
        block
    }

    /// The losses of the block in one move, in units of the last place, not rounded yet.
    #[inline(always)]
    fn losses<M: Model>(&self, own: &JointMove, in_coins: bool, losses: &mut [f64; BLOCK]) {
        // Most moves leave time and rates alone and scale prices: what does not move is not calculated again for every cell.
        if own.price_shift == 0.0 && own.years == 0.0 && own.rate_shift == 0.0 && !in_coins {
            self.of_move::<M, true>(own, in_coins, losses);
        } else {
            self.of_move::<M, false>(own, in_coins, losses);
        }
    }

    #[inline(always)]
    fn of_move<M: Model, const IS_PLAIN: bool>(
        &self,
        own: &JointMove,
        in_coins: bool,
        losses: &mut [f64; BLOCK],
    ) {
        let log_factor = ln_ratio(own.price_factor, 1.0);
        for lane in 0..BLOCK {
            let strike = self.strikes[lane];
            let scaled = self.forwards[lane]
                * if M::IS_LOGNORMAL {
                    own.price_factor
                } else {
                    by_size(self.forwards[lane], own.price_factor)
                };
            let factor = greater(own.volatility_range.mul_add(self.terms[lane], 1.0), 0.0);
            let moved = self.volatilities[lane].mul_add(factor, own.volatility_shift);
            let volatility = greater(moved, own.volatility_floor);
            let (forward, x, root, discount) = if IS_PLAIN {
                (scaled, self.logarithms[lane] + log_factor, self.roots[lane], self.discounts[lane])
            } else {
                let forward = scaled + own.price_shift;
                let time = greater(self.times[lane] - own.years, 0.0);
                let whole = self.times[lane];
                let left = if whole > 0.0 { time / greater(whole, 1e-60) } else { 1.0 };
                let exponent = self.log_discounts[lane] * left - own.rate_shift * time;
                let discount = exp(lesser(greater(exponent, -700.0), 700.0));
                let x = if M::IS_LOGNORMAL { ln_ratio(forward, strike) } else { 0.0 };
                (forward, x, time.sqrt(), discount)
            };
            let value = M::time_value(forward, strike, x, volatility * root);
            let intrinsic = greater(self.signs[lane] * (forward - strike), 0.0);
            let price = discount * (intrinsic + value);
            let price = if !IS_PLAIN && in_coins {
                price / (self.coins[lane] * own.price_factor + own.price_shift)
            } else {
                price
            };
            losses[lane] = (self.prices[lane] - price) * self.units[lane];
        }
    }
}

struct Fill<'a, M> {
    columns: &'a Columns<'a>,
    stakes: &'a Stakes<'a>,
    moves: &'a [JointMove],
    scale: f64,
    matrix: &'a mut [i64],
    model: std::marker::PhantomData<M>,
}

impl<M: Model> Kernel for Fill<'_, M> {
    type Output = Result<(), NoLosses>;

    #[inline(always)]
    fn run(self) -> Result<(), NoLosses> {
        let (count, width) = (self.columns.forwards.len(), self.moves.len());
        let (mut losses, mut rounded) = (Aligned([0.0; BLOCK]), Aligned([[0_i64; BLOCK]; STRIP]));
        let in_coins = self.stakes.coin_prices.is_some();
        for start in (0..count).step_by(BLOCK) {
            let block = Block::load::<M>(self.columns, self.stakes, self.scale, start);
            let rows = &mut self.matrix[start * width..(start + BLOCK).min(count) * width];
            for (strip, moves) in self.moves.chunks(STRIP).enumerate() {
                for (place, own) in moves.iter().enumerate() {
                    block.losses::<M>(own, in_coins, &mut losses.0);
                    if !round(&losses.0, &mut rounded.0[place]) {
                        return Err(too_large(&losses.0, start, strip * STRIP + place));
                    }
                }
                let first = strip * STRIP;
                for (lane, row) in rows.chunks_exact_mut(width).enumerate() {
                    for (cell, column) in row[first..first + moves.len()].iter_mut().zip(&rounded.0) {
                        *cell = column[lane];
                    }
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn too_large(losses: &[f64; BLOCK], start: usize, scenario: usize) -> NoLosses {
    let lane = losses.iter().position(|loss| loss.abs() > MOST).unwrap_or(0);
    NoLosses::TooLarge { scenario, option: start + lane, loss: losses[lane] }
}

/// Rounds a block; false where a number is beyond what 64 bits hold.
#[inline(always)]
fn round(losses: &[f64; BLOCK], rounded: &mut [i64; BLOCK]) -> bool {
    let any_beyond = |limit: f64| {
        let mut beyond = 0_u64;
        for lane in 0..BLOCK {
            beyond |= if losses[lane].abs() > limit { 1 } else { 0 };
        }
        beyond != 0
    };
    if !any_beyond(SMALL) {
        for lane in 0..BLOCK {
            rounded[lane] = small_half_away(losses[lane]);
        }
        return true;
    }
    for lane in 0..BLOCK {
        rounded[lane] = whole_half_away(losses[lane]);
    }
    !any_beyond(MOST)
}

/// Adding it to a whole number up to [`SMALL`] leaves the number in the low bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;
const SMALL: f64 = 2_251_799_813_685_247.0;

/// Without the part behind the point, after a half was added away from zero.
#[inline(always)]
fn half_added(value: f64) -> f64 {
    // One less than a half in the last place, so that what lies just below a half is not lifted over it.
    (value + f64::from_bits(0x3FDF_FFFF_FFFF_FFFF).copysign(value)).trunc()
}

/// The nearest whole number, half away from zero, of a number up to [`SMALL`].
#[inline(always)]
fn small_half_away(value: f64) -> i64 {
    (half_added(value) + WHOLE).to_bits().wrapping_sub(WHOLE.to_bits()).cast_signed()
}

/// The nearest whole number, half away from zero, of a number up to 9e18. The language's own conversion is done one number at a time;
/// this one a vector at a time.
#[inline(always)]
fn whole_half_away(value: f64) -> i64 {
    const WORD: f64 = 4_294_967_296.0;
    let whole = half_added(value);
    let high = (whole * (1.0 / WORD) + WHOLE) - WHOLE;
    let low = high.mul_add(-WORD, whole);
    let bits = |part: f64| (part + WHOLE).to_bits().wrapping_sub(WHOLE.to_bits());
    (bits(high) << 32).wrapping_add(bits(low)).cast_signed()
}

fn fill<M: Model>(
    columns: &Columns<'_>,
    stakes: &Stakes<'_>,
    moves: &Moves,
    instructions: Instructions,
    losses: &mut Array2<i64>,
) -> Result<(), NoLosses> {
    let count = columns.forwards.len();
    let fits = |values: &[f64]| values.len() == count && values.iter().all(|value| value.abs() <= 1e12);
    let Some(&scale) = POWERS.get(usize::from(stakes.places)) else { return Err(NoLosses::Stakes(count)) };
    let is_price = |price: &f64| 1e-12 <= *price && *price <= 1e12;
    let are_coins = |coins: &[f64]| coins.len() == count && coins.iter().all(is_price);
    if !fits(stakes.multipliers) || !fits(stakes.term_scalings) || !stakes.coin_prices.is_none_or(are_coins) {
        return Err(NoLosses::Stakes(count));
    }
    let moves = moves.as_slice();
    let forwards = if M::IS_LOGNORMAL { columns.forwards } else { &[] };
    for (scenario, own) in moves.iter().enumerate().filter(|(_, own)| own.price_shift < 0.0) {
        let is_lost = |price: &f64| price * own.price_factor + own.price_shift < 1e-60;
        let coins = stakes.coin_prices.unwrap_or_default();
        let lost = forwards.iter().position(is_lost).or_else(|| coins.iter().position(is_lost));
        if let Some(option) = lost {
            return Err(NoLosses::Forward { scenario, option });
        }
    }
    assert_eq!(losses.dim(), (count, moves.len()), "a row for every option, a column for every move");
    let matrix = losses.as_slice_mut().expect("Invariant: whoever calls gives a matrix in standard layout");
    if !matrix.is_empty() {
        let model = std::marker::PhantomData::<M>;
        instructions.run(Fill { columns, stakes, moves, scale, matrix, model })?;
    }
    Ok(())
}

/// What one long contract without an option loses in every move: `m (p0 - p1)`, or of an inverse one `m (1/p1 - 1/p0)` in its coin.
/// One row, in units of `10^-places`.
///
/// # Errors
/// [`NoLosses`] as for options; this is option 0.
pub fn linear_losses(
    price: f64,
    multiplier: f64,
    is_inverse: bool,
    moves: &Moves,
    places: u8,
) -> Result<Vec<i64>, NoLosses> {
    let scale = POWERS.get(usize::from(places)).ok_or(NoLosses::Stakes(1))?;
    if !(price.abs() <= 1e12 && multiplier.abs() <= 1e12) {
        return Err(NoLosses::Stakes(1));
    }
    let loss = |(scenario, own): (usize, &JointMove)| {
        let moved = price * by_size(price, own.price_factor) + own.price_shift;
        if is_inverse && !(price > 1e-12 && moved > 1e-12) {
            return Err(NoLosses::Forward { scenario, option: 0 });
        }
        let lost = if is_inverse { 1.0 / moved - 1.0 / price } else { price - moved };
        let loss = lost * multiplier * scale;
        if loss.abs() > MOST {
            Err(NoLosses::TooLarge { scenario, option: 0, loss })
        } else {
            Ok(whole_half_away(loss))
        }
    };
    moves.as_slice().iter().enumerate().map(loss).collect()
}

macro_rules! losses_of {
    ($model:ident, $value:ident) => {
        impl $model<'_> {
            /// What one long contract of every option loses in every move: contracts x moves, loss positive, in units of
            /// `10^-places`.
            ///
            /// # Errors
            /// [`NoLosses`], which names the first cell that has none.
            pub fn losses(
                &self,
                stakes: &Stakes<'_>,
                moves: &Moves,
                instructions: Instructions,
            ) -> Result<Array2<i64>, NoLosses> {
                let mut losses = Array2::zeros((self.len(), moves.as_slice().len()));
                self.losses_into(stakes, moves, instructions, &mut losses)?;
                Ok(losses)
            }

            /// As `losses`, into a matrix that is there already: a large one costs a fifth of the time to be had anew.
            ///
            /// # Errors
            /// [`NoLosses`], which names the first cell that has none; the matrix holds nothing of use then.
            ///
            /// # Panics
            /// If the matrix is not contracts x moves in standard layout.
            pub fn losses_into(
                &self,
                stakes: &Stakes<'_>,
                moves: &Moves,
                instructions: Instructions,
                losses: &mut Array2<i64>,
            ) -> Result<(), NoLosses> {
                fill::<$value>(self.columns(), stakes, moves, instructions, losses)
            }
        }
    };
}

losses_of!(Black76, Lognormal);
losses_of!(Bachelier, Normal);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SMALL, small_half_away, whole_half_away};

    #[test]
    fn halves_go_away_from_zero() {
        for (value, expected) in [
            (0.0, 0),
            (0.5, 1),
            (-0.5, -1),
            (0.499_999_999_999_999_94, 0),
            (2.5, 3),
            (-3.499_999, -3),
            (4_294_967_295.5, 4_294_967_296),
            (-2_147_483_648.5, -2_147_483_649),
            (9.0e18, 9_000_000_000_000_000_000),
            (-9.0e18, -9_000_000_000_000_000_000),
        ] {
            assert_eq!(whole_half_away(value), expected, "{value}");
            if value.abs() <= SMALL {
                assert_eq!(small_half_away(value), expected, "{value}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_what_the_language_rounds_to(mantissa in -1.0_f64..1.0, power in 0_u32..63) {
            let value = mantissa * (1_u64 << power) as f64;
            #[expect(clippy::cast_possible_truncation, reason = "the conversion it is compared with")]
            let expected = value.round() as i64;
            prop_assert_eq!(whole_half_away(value), expected);
            if value.abs() <= SMALL {
                prop_assert_eq!(small_half_away(value), expected);
            }
        }
    }
}
