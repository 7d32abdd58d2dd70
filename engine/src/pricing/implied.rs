//! The volatility that a price implies.
//!
//! What is solved for is the standard deviation `s = vol sqrt(T)`, from the undiscounted value of the option out of the money, which
//! intrinsic value leaves. That value rises with `s`, from nothing to the forward or the strike (Black-76) or without end
//! (Bachelier). Newton's steps are taken on its logarithm, or on that of what lacks to the most there can be where that is less,
//! and every step stays inside a bracket that shrinks: a step out of it is replaced by its middle. Blocks of options take their
//! steps together, in vectors, until all stand still; one that stands is left alone, so that what it finds does not depend on the others.
//!
//! A volatility is as certain as its price: an error of `e` in the price is one of `e / vega` in the volatility.

use std::marker::PhantomData;

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

/// A model's value of the option out of the money, undiscounted.
trait Value {
    /// The value and its derivative to `s`, at `s > 0`, by the model's terms.
    fn at(terms: [f64; 3], s: f64) -> (f64, f64);
}

/// Its terms are the forward, the strike, and the logarithm of the one over the other.
struct Lognormal;

impl Value for Lognormal {
    #[inline(always)]
    fn at([forward, strike, x]: [f64; 3], s: f64) -> (f64, f64) {
        let d1 = lesser((x / s + 0.5 * s).abs(), FAR);
        (black76::time_value(forward, strike, x, s), forward * normal_density(d1))
    }
}

/// Its first term is the forward less the strike.
struct Normal;

impl Value for Normal {
    #[inline(always)]
    fn at([moneyness, ..]: [f64; 3], s: f64) -> (f64, f64) {
        let d = lesser((moneyness / s).abs(), FAR);
        (bachelier::time_value(moneyness, s), normal_density(d))
    }
}

/// One search.
#[derive(Clone, Copy)]
struct Search {
    terms: [f64; 3],
    wanted: f64,
    /// The most that the value can be.
    most: f64,
    low: f64,
    high: f64,
    s: f64,
    moved: f64,
}

impl Search {
    /// For a lognormal value out of the money between nothing and the lesser of forward and strike.
    fn lognormal(forward: f64, strike: f64, wanted: f64) -> Self {
        let (x, most) = (ln_ratio(forward, strike), lesser(forward, strike));
        // Where the value's slope turns: Newton's method gets from there to either side.
        let s = greater((2.0 * x.abs()).sqrt(), wanted / most);
        Self { terms: [forward, strike, x], wanted, most, low: 1e-12, high: 100.0, s, moved: f64::MAX }
    }

    /// For a normal value out of the money greater than nothing.
    fn normal(moneyness: f64, wanted: f64) -> Self {
        // At the money the value is `s / sqrt(2 pi)`, elsewhere less; and never more than `s`.
        let low = greater(2.5 * wanted, moneyness.abs() / 40.0);
        let high = 2.6 * (wanted + moneyness.abs());
        let s = (low * high).sqrt();
        Self { terms: [moneyness, 0.0, 0.0], wanted, most: f64::MAX, low, high, s, moved: f64::MAX }
    }

    /// One step: narrows the bracket and moves inside it. A search that stands is left alone, so that what it finds does not
    /// depend on those beside it.
    #[inline(always)]
    fn stepped<V: Value>(self) -> Self {
        let (value, slope) = V::at(self.terms, self.s);
        let is_low = value < self.wanted;
        let (low, high) = (if is_low { self.s } else { self.low }, if is_low { self.high } else { self.s });
        // Near the most there can be, what lacks to it is the number with digits.
        let lacks = self.wanted > 0.5 * self.most;
        let is = if lacks { self.most - value } else { value };
        let wanted = if lacks { self.most - self.wanted } else { self.wanted };
        let step = is * ln_ratio(greater(is, 1e-290), wanted) / slope;
        // Far from the money the logarithm of the value is nearly linear in `1 / s^2`, so steps are taken in that.
        let stretch = 1.0 + 2.0 * step / self.s;
        let stretched = self.s / greater(stretch, 0.25).sqrt();
        let short = if stretch > 0.25 { stretched } else { self.s - step };
        let to = if lacks { self.s + step } else { short };
        // Of a wide bracket the geometric middle halves the digits.
        let (geometric, arithmetic) = ((low * high).sqrt(), 0.5 * (low + high));
        let middle = if high > 4.0 * low { geometric } else { arithmetic };
        // Also where the slope is 0 and the step no number.
        let next = if to > low && to < high { to } else { middle };
        let stands = self.stands();
        Self {
            low: if stands { self.low } else { low },
            high: if stands { self.high } else { high },
            s: if stands { self.s } else { next },
            moved: if stands { self.moved } else { (next - self.s).abs() },
            ..self
        }
    }

    #[inline(always)]
    fn stands(&self) -> bool {
        self.moved <= 1e-16 * self.s || self.high - self.low <= 2.5e-16 * self.s
    }

    fn alone<V: Value>(mut self) -> f64 {
        for _ in 0..MOST_STEPS {
            if self.stands() {
                break;
            }
            self = self.stepped::<V>();
        }
        self.s
    }
}

/// The standard deviation of one lognormal value out of the money, where it has one.
pub(super) fn lognormal_deviation(forward: f64, strike: f64, wanted: f64) -> Option<f64> {
    let is_inside = wanted > 1e-290 && wanted < lesser(forward, strike);
    is_inside.then(|| Search::lognormal(forward, strike, wanted).alone::<Lognormal>())
}

/// The standard deviation of one normal value out of the money, where it has one.
pub(super) fn normal_deviation(moneyness: f64, wanted: f64) -> Option<f64> {
    (wanted > 1e-290).then(|| Search::normal(moneyness, wanted).alone::<Normal>())
}

/// Searches side by side, each number in its own lane.
#[repr(align(64))]
struct Lanes {
    terms: [[f64; BLOCK]; 3],
    wanted: [f64; BLOCK],
    most: [f64; BLOCK],
    low: [f64; BLOCK],
    high: [f64; BLOCK],
    s: [f64; BLOCK],
    moved: [f64; BLOCK],
}

impl Lanes {
    /// Lanes behind the last search hold the first again.
    fn load(searches: &[Search]) -> Self {
        let lane = |lane: usize| searches.get(lane).unwrap_or(&searches[0]);
        let column =
            |number: fn(&Search) -> f64| -> [f64; BLOCK] { std::array::from_fn(|place| number(lane(place))) };
        Self {
            terms: [column(|own| own.terms[0]), column(|own| own.terms[1]), column(|own| own.terms[2])],
            wanted: column(|own| own.wanted),
            most: column(|own| own.most),
            low: column(|own| own.low),
            high: column(|own| own.high),
            s: column(|own| own.s),
            moved: column(|own| own.moved),
        }
    }

    /// One step of every search; whether all stand.
    #[inline(always)]
    fn step<V: Value>(&mut self) -> bool {
        let mut moving = 0_u64;
        for lane in 0..BLOCK {
            let search = Search {
                terms: [self.terms[0][lane], self.terms[1][lane], self.terms[2][lane]],
                wanted: self.wanted[lane],
                most: self.most[lane],
                low: self.low[lane],
                high: self.high[lane],
                s: self.s[lane],
                moved: self.moved[lane],
            };
            let next = search.stepped::<V>();
            self.low[lane] = next.low;
            self.high[lane] = next.high;
            self.s[lane] = next.s;
            self.moved[lane] = next.moved;
            moving |= if next.stands() { 0 } else { 1 };
        }
        moving == 0
    }
}

struct Solve<'a, V> {
    searches: &'a mut [Search],
    model: PhantomData<V>,
}

impl<V: Value> Kernel for Solve<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for block in self.searches.chunks_mut(BLOCK) {
            let mut lanes = Lanes::load(block);
            for _ in 0..MOST_STEPS {
                if lanes.step::<V>() {
                    break;
                }
            }
            for (search, s) in block.iter_mut().zip(&lanes.s) {
                search.s = *s;
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
    solved::<Lognormal>(columns, prices, search, (1e-8, 1e3), instructions)
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
    solved::<Normal>(columns, prices, search, (1e-60, 1e60), instructions)
}

fn solved<V: Value>(
    columns: Columns<'_>,
    prices: &[f64],
    search: impl Fn(usize) -> Result<Search, NoVolatility>,
    (least, greatest): (f64, f64),
    instructions: Instructions,
) -> Result<Vec<Result<f64, NoVolatility>>, InvalidColumns> {
    let count = columns.forwards.len();
    if prices.len() != count {
        return Err(InvalidColumns::Lengths([count, count, prices.len(), count, count, count]));
    }
    let found =
        |place: usize| if columns.times[place] > 0.0 { search(place) } else { Err(NoVolatility::NoTime) };
    let found: Vec<Result<Search, NoVolatility>> = (0..count).map(found).collect();
    let mut searches: Vec<Search> = found.iter().filter_map(|search| search.as_ref().ok().copied()).collect();
    instructions.run(Solve { searches: &mut searches, model: PhantomData::<V> });
    let mut solved = searches.into_iter();
    let volatility = |(found, time): (&Result<Search, NoVolatility>, &f64)| {
        found.as_ref().map_err(|none| *none)?;
        let volatility = solved.next().map_or(0.0, |search| search.s) / time.sqrt();
        if least <= volatility && volatility <= greatest { Ok(volatility) } else { Err(NoVolatility::Beyond) }
    };
    Ok(found.iter().zip(columns.times).map(volatility).collect())
}
