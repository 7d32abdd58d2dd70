//! The volatility that a price implies.
//!
//! What is solved for is the standard deviation `s = vol sqrt(T)`, from the undiscounted value of the option out of the money, which
//! intrinsic value leaves. That value rises with `s`, from nothing to the forward or the strike (Black-76) or without end
//! (Bachelier). Newton's steps are taken on its logarithm, or on that of what lacks to the most there can be where that is less,
//! and every step stays inside a bracket that shrinks: a step out of it is replaced by its middle. Blocks of options take their
//! steps together until all stand still.
//!
//! A volatility is as certain as its price: an error of `e` in the price is one of `e / vega` in the volatility.

use super::bachelier;
use super::black76;
use super::columns::{Columns, InvalidColumns};
use super::elementary::{FAR, greater, lesser, ln_ratio, normal_density};
use crate::instruction_set::{Instructions, Kernel};
use thiserror::Error;

/// Why a price implies no volatility.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NoVolatility {
    /// It is no finite number.
    #[error("the price is not a finite number")]
    NotANumber,
    /// It is intrinsic value or less, by more than rounding: no volatility is so small.
    #[error("the price is not above intrinsic value")]
    NotAboveIntrinsic,
    /// It is as much as the forward (a call) or the strike (a put), discounted, or more: no volatility is so large.
    #[error("the price is not below the forward (a call) or the strike (a put)")]
    NotBelowMaximum,
    /// The option expires now.
    #[error("there is no time left")]
    NoTime,
    /// It would lie outside 1e-8 to 1,000 (Black-76), or outside 1e-60 to 1e60 (Bachelier).
    #[error("the volatility is beyond what options have")]
    Beyond,
}

/// Options that take their steps together.
const BLOCK: usize = 64;
/// Bisection alone would need no more than this.
const MOST_STEPS: usize = 200;

/// A model's value of the option out of the money, and its slope, both undiscounted.
trait Value: Copy {
    /// The value and its derivative to `s`, at `s > 0`.
    fn at(self, s: f64) -> (f64, f64);
}

#[derive(Clone, Copy)]
struct Lognormal {
    forward: f64,
    strike: f64,
    x: f64,
}

impl Value for Lognormal {
    #[inline(always)]
    fn at(self, s: f64) -> (f64, f64) {
        let d1 = lesser((self.x / s + 0.5 * s).abs(), FAR);
        (black76::time_value(self.forward, self.strike, self.x, s), self.forward * normal_density(d1))
    }
}

#[derive(Clone, Copy)]
struct Normal {
    moneyness: f64,
}

impl Value for Normal {
    #[inline(always)]
    fn at(self, s: f64) -> (f64, f64) {
        let d = lesser((self.moneyness / s).abs(), FAR);
        (bachelier::time_value(self.moneyness, s), normal_density(d))
    }
}

/// One search.
#[derive(Clone, Copy)]
struct Search<V> {
    value: V,
    wanted: f64,
    /// The most that the value can be.
    most: f64,
    low: f64,
    high: f64,
    s: f64,
    moved: f64,
}

impl Search<Lognormal> {
    /// For a value out of the money between nothing and the lesser of forward and strike.
    fn lognormal(forward: f64, strike: f64, wanted: f64) -> Self {
        let (x, most) = (ln_ratio(forward, strike), lesser(forward, strike));
        // Where the value's slope turns: Newton's method gets from there to either side.
        let s = greater((2.0 * x.abs()).sqrt(), wanted / most);
        let value = Lognormal { forward, strike, x };
        Self { value, wanted, most, low: 1e-12, high: 100.0, s, moved: f64::MAX }
    }
}

impl Search<Normal> {
    /// For a value out of the money greater than nothing.
    fn normal(moneyness: f64, wanted: f64) -> Self {
        // At the money the value is `s / sqrt(2 pi)`, elsewhere less; and never more than `s`.
        let low = greater(2.5 * wanted, moneyness.abs() / 40.0);
        let high = 2.6 * (wanted + moneyness.abs());
        let (value, s) = (Normal { moneyness }, (low * high).sqrt());
        Self { value, wanted, most: f64::MAX, low, high, s, moved: f64::MAX }
    }
}

/// The standard deviation of one lognormal value out of the money, where it has one.
pub(super) fn lognormal_deviation(forward: f64, strike: f64, wanted: f64) -> Option<f64> {
    let is_inside = wanted > 1e-290 && wanted < lesser(forward, strike);
    is_inside.then(|| Search::lognormal(forward, strike, wanted).alone())
}

/// The standard deviation of one normal value out of the money, where it has one.
pub(super) fn normal_deviation(moneyness: f64, wanted: f64) -> Option<f64> {
    (wanted > 1e-290).then(|| Search::normal(moneyness, wanted).alone())
}

impl<V: Value> Search<V> {
    fn alone(mut self) -> f64 {
        for _ in 0..MOST_STEPS {
            self.step();
            if self.stands() {
                break;
            }
        }
        self.s
    }

    /// One step: narrows the bracket and moves inside it.
    #[inline(always)]
    fn step(&mut self) {
        let (value, slope) = self.value.at(self.s);
        let is_low = value < self.wanted;
        let (low, high) = (if is_low { self.s } else { self.low }, if is_low { self.high } else { self.s });
        // Near the most there can be, what lacks to it is the number with digits.
        let lacks = self.wanted > 0.5 * self.most;
        let (is, wanted) =
            if lacks { (self.most - value, self.most - self.wanted) } else { (value, self.wanted) };
        let step = is * ln_ratio(greater(is, 1e-290), wanted) / slope;
        // Far from the money the logarithm of the value is nearly linear in `1 / s^2`, so steps are taken in that.
        let stretch = 1.0 + 2.0 * step / self.s;
        let to = if lacks {
            self.s + step
        } else if stretch > 0.25 {
            self.s / stretch.sqrt()
        } else {
            self.s - step
        };
        // Also where the slope is 0 and the step no number.
        let inside = to > low && to < high;
        // Of a wide bracket the geometric middle halves the digits.
        let middle = if high > 4.0 * low { (low * high).sqrt() } else { 0.5 * (low + high) };
        let next = if inside { to } else { middle };
        self.moved = (next - self.s).abs();
        (self.low, self.high, self.s) = (low, high, next);
    }

    #[inline(always)]
    fn stands(&self) -> bool {
        self.moved <= 1e-16 * self.s || self.high - self.low <= 2.5e-16 * self.s
    }
}

struct Solve<'a, V>(&'a mut [Search<V>]);

impl<V: Value> Kernel for Solve<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for block in self.0.chunks_mut(BLOCK) {
            for _ in 0..MOST_STEPS {
                for search in block.iter_mut() {
                    search.step();
                }
                if block.iter().all(Search::stands) {
                    break;
                }
            }
        }
    }
}

/// The undiscounted value above intrinsic value, where there is any.
fn above_intrinsic(price: f64, discount: f64, intrinsic: f64, most: f64) -> Result<f64, NoVolatility> {
    if !price.is_finite() {
        return Err(NoVolatility::NotANumber);
    }
    let value = price / discount - intrinsic;
    if value <= greater(4e-16 * intrinsic, 1e-290) {
        Err(NoVolatility::NotAboveIntrinsic)
    } else if value >= most {
        Err(NoVolatility::NotBelowMaximum)
    } else {
        Ok(value)
    }
}

/// The Black-76 volatility that each price implies; the columns' own volatilities are not looked at but for their faults.
///
/// # Errors
/// [`InvalidColumns`] for columns that have no price or are not as many as the prices. What is wrong with one price stands in
/// its place.
pub fn black76_volatilities(
    columns: Columns<'_>,
    prices: &[f64],
    instructions: Instructions,
) -> Result<Vec<Result<f64, NoVolatility>>, InvalidColumns> {
    let checked = Columns { volatilities: columns.times, ..columns };
    checked.black76()?;
    let search = |place: usize| {
        let (forward, strike) = (columns.forwards[place], columns.strikes[place]);
        let intrinsic = greater(columns.rights[place].get() * (forward - strike), 0.0);
        // The call is out of the money below the strike and is worth the forward at most, the put the strike.
        let most = lesser(forward, strike);
        let wanted = above_intrinsic(prices[place], columns.discounts[place], intrinsic, most)?;
        Ok(Search::lognormal(forward, strike, wanted))
    };
    solved(columns, prices, search, (1e-8, 1e3), instructions)
}

/// The Bachelier volatility that each price implies; the columns' own volatilities are not looked at but for their faults.
///
/// # Errors
/// [`InvalidColumns`] for columns that have no price or are not as many as the prices. What is wrong with one price stands in
/// its place.
pub fn bachelier_volatilities(
    columns: Columns<'_>,
    prices: &[f64],
    instructions: Instructions,
) -> Result<Vec<Result<f64, NoVolatility>>, InvalidColumns> {
    let checked = Columns { volatilities: columns.times, ..columns };
    checked.bachelier()?;
    let search = |place: usize| {
        let moneyness = columns.forwards[place] - columns.strikes[place];
        let intrinsic = greater(columns.rights[place].get() * moneyness, 0.0);
        let wanted = above_intrinsic(prices[place], columns.discounts[place], intrinsic, f64::MAX)?;
        Ok(Search::normal(moneyness, wanted))
    };
    solved(columns, prices, search, (1e-60, 1e60), instructions)
}

fn solved<V: Value>(
    columns: Columns<'_>,
    prices: &[f64],
    search: impl Fn(usize) -> Result<Search<V>, NoVolatility>,
    (least, greatest): (f64, f64),
    instructions: Instructions,
) -> Result<Vec<Result<f64, NoVolatility>>, InvalidColumns> {
    let count = columns.forwards.len();
    if prices.len() != count {
        return Err(InvalidColumns::Lengths([count, count, prices.len(), count, count, count]));
    }
    let found =
        |place: usize| if columns.times[place] > 0.0 { search(place) } else { Err(NoVolatility::NoTime) };
    let found: Vec<Result<Search<V>, NoVolatility>> = (0..count).map(found).collect();
    let mut searches: Vec<Search<V>> =
        found.iter().filter_map(|search| search.as_ref().ok().copied()).collect();
    instructions.run(Solve(&mut searches));
    let mut solved = searches.into_iter();
    let volatility = |(found, time): (&Result<Search<V>, NoVolatility>, &f64)| {
        found.as_ref().map_err(|none| *none)?;
        let volatility = solved.next().map_or(0.0, |search| search.s) / time.sqrt();
        if least <= volatility && volatility <= greatest { Ok(volatility) } else { Err(NoVolatility::Beyond) }
    };
    Ok(found.iter().zip(columns.times).map(volatility).collect())
}
