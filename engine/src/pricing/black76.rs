//! Black's model of 1976: the forward moves lognormally.
//!
//! With `s = vol sqrt(T)`, `d1 = ln(F/K)/s + s/2`, `d2 = d1 - s`, `w` 1 for a call and -1 for a put, `D` the discount factor, `N` and
//! `n` the standard normal distribution and density:
//!
//! ```text
//! price = D w (F N(w d1) - K N(w d2))      delta = w D N(w d1)        gamma = D n(d1) / (F s)
//! vega  = D F n(d1) sqrt(T)                theta = -D F n(d1) vol / (2 sqrt(T))
//! vanna = -D n(d1) d2 / vol                volga = vega d1 d2 / vol
//! ```
//!
//! Without time or volatility the price is `D max(w (F - K), 0)`, delta `w D` in the money, half of it at the money and 0 out of it;
//! of the others what has no limit is 0. The price is intrinsic value plus the value of whichever of call and put is out of the money,
//! so that far strikes keep their digits. (F. Black, The pricing of commodity contracts, J. Financial Economics 3, 1976.)

use super::columns::{Black76, Columns, Greeks, GreeksMut};
use super::elementary::{FAR, greater, lesser, ln_ratio, normal_density, tail_ratio, tail_ratios};
use crate::instruction_set::{Instructions, Kernel};

/// Stands for no standard deviation at all; far below what checked columns can make.
const LEAST: f64 = 1e-290;

/// The undiscounted value of the option out of the money, call or put, from `x = ln(F/K)` and `s`.
#[inline(always)]
pub(super) fn time_value(forward: f64, strike: f64, x: f64, s: f64) -> f64 {
    let s = greater(s, LEAST);
    let (middle, half) = (x / s, 0.5 * s);
    let (d1, d2) = (middle + half, middle - half);
    let (size1, size2) = (lesser(d1.abs(), FAR), lesser(d2.abs(), FAR));
    let (ratio1, ratio2) = tail_ratios(size1, size2);
    // F n(d1) is K n(d2).
    let peak = forward * normal_density(size1);
    let (tail1, tail2) = (peak * ratio1, peak * ratio2);
    let of_call = (if d1 < 0.0 { tail1 } else { forward - tail1 }) - tail2;
    let of_put = (if d2 > 0.0 { tail2 } else { strike - tail2 }) - tail1;
    greater(if x < 0.0 { of_call } else { of_put }, 0.0)
}

struct Prices<'a> {
    columns: &'a Columns<'a>,
    prices: &'a mut [f64],
}

impl Kernel for Prices<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let count = self.prices.len();
        let Columns { forwards, strikes, volatilities, times, discounts, rights } = *self.columns;
        let (forwards, strikes, volatilities) =
            (&forwards[..count], &strikes[..count], &volatilities[..count]);
        let (times, discounts, rights) = (&times[..count], &discounts[..count], &rights[..count]);
        for place in 0..count {
            let (forward, strike) = (forwards[place], strikes[place]);
            let s = volatilities[place] * times[place].sqrt();
            let value = time_value(forward, strike, ln_ratio(forward, strike), s);
            let intrinsic = greater(rights[place].get() * (forward - strike), 0.0);
            self.prices[place] = discounts[place] * (intrinsic + value);
        }
    }
}

struct AllGreeks<'a> {
    columns: &'a Columns<'a>,
    into: GreeksMut<'a>,
}

impl Kernel for AllGreeks<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let count = self.into.prices.len();
        let Columns { forwards, strikes, volatilities, times, discounts, rights } = *self.columns;
        let (forwards, strikes, volatilities) =
            (&forwards[..count], &strikes[..count], &volatilities[..count]);
        let (times, discounts, rights) = (&times[..count], &discounts[..count], &rights[..count]);
        let GreeksMut { prices, deltas, gammas, vegas, thetas, vannas, volgas } = self.into;
        let (deltas, gammas, vegas) = (&mut deltas[..count], &mut gammas[..count], &mut vegas[..count]);
        let (thetas, vannas, volgas) = (&mut thetas[..count], &mut vannas[..count], &mut volgas[..count]);
        for place in 0..count {
            let (forward, strike, volatility) = (forwards[place], strikes[place], volatilities[place]);
            let (root, discount, sign) = (times[place].sqrt(), discounts[place], rights[place].get());
            let x = ln_ratio(forward, strike);
            let stated = volatility * root;
            let s = greater(stated, LEAST);
            let (middle, half) = (x / s, 0.5 * s);
            let d1 = lesser(greater(middle + half, -FAR), FAR);
            let d2 = lesser(greater(middle - half, -FAR), FAR);
            let density = normal_density(d1);
            let tail = density * tail_ratio(d1.abs());
            let inside = if sign * d1 < 0.0 { tail } else { 1.0 - tail };
            let bell = discount * density;
            let vega = bell * forward * root;
            let intrinsic = greater(sign * (forward - strike), 0.0);
            prices[place] = discount * (intrinsic + time_value(forward, strike, x, stated));
            deltas[place] = sign * discount * inside;
            gammas[place] = if stated > 0.0 { bell / (forward * s) } else { 0.0 };
            vegas[place] = vega;
            thetas[place] = if root > 0.0 { -0.5 * bell * forward * volatility / root } else { 0.0 };
            vannas[place] = if volatility > 0.0 { -(bell * d2) / volatility } else { 0.0 };
            volgas[place] = if volatility > 0.0 { vega * (d1 * d2) / volatility } else { 0.0 };
        }
    }
}

impl Black76<'_> {
    /// Writes the present value of every option.
    ///
    /// # Panics
    /// If there are not as many places as options.
    pub fn prices_into(&self, prices: &mut [f64], instructions: Instructions) {
        assert_eq!(prices.len(), self.len(), "a place for every option");
        instructions.run(Prices { columns: self.columns(), prices });
    }

    /// Present values and sensitivities of every option.
    #[must_use]
    pub fn greeks(&self, instructions: Instructions) -> Greeks {
        let mut greeks = Greeks::zeroed(self.len());
        instructions.run(AllGreeks { columns: self.columns(), into: greeks.as_mut() });
        greeks
    }
}
