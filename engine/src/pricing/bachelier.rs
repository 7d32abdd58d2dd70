//! Bachelier's model: the forward moves normally, and may be negative.
//!
//! With `s = vol sqrt(T)`, `d = (F - K)/s`, `w` 1 for a call and -1 for a put, `D` the discount factor, `N` and `n` the standard normal
//! distribution and density:
//!
//! ```text
//! price = D (w (F - K) N(w d) + s n(d))    delta = w D N(w d)         gamma = D n(d) / s
//! vega  = D n(d) sqrt(T)                   theta = -D n(d) vol / (2 sqrt(T))
//! vanna = -D n(d) d / vol                  volga = vega d^2 / vol
//! ```
//!
//! Without time or volatility the price is `D max(w (F - K), 0)`, delta `w D` in the money, half of it at the money and 0 out of it;
//! of the others what has no limit is 0. (L. Bachelier, Théorie de la spéculation, 1900.)

use super::columns::{Bachelier, Columns, Greeks, GreeksMut};
use super::elementary::{FAR, greater, lesser, normal_density, tail_ratio};
use crate::instruction_set::{Instructions, Kernel};

/// Stands for no standard deviation at all; far below what checked columns can make, and no quotient by it is infinite.
const LEAST: f64 = 1e-200;

/// The undiscounted value of the option out of the money, call or put.
#[inline(always)]
pub(super) fn time_value(moneyness: f64, s: f64) -> f64 {
    let s = greater(s, LEAST);
    let size = lesser((moneyness / s).abs(), FAR);
    greater(s * normal_density(size) * (-size).mul_add(tail_ratio(size), 1.0), 0.0)
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
            let moneyness = forwards[place] - strikes[place];
            let value = time_value(moneyness, volatilities[place] * times[place].sqrt());
            let intrinsic = greater(rights[place].get() * moneyness, 0.0);
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
            let (moneyness, volatility) = (forwards[place] - strikes[place], volatilities[place]);
            let (root, discount, sign) = (times[place].sqrt(), discounts[place], rights[place].get());
            let stated = volatility * root;
            let s = greater(stated, LEAST);
            let d = lesser(greater(moneyness / s, -FAR), FAR);
            let density = normal_density(d);
            let tail = density * tail_ratio(d.abs());
            let inside = if sign * d < 0.0 { tail } else { 1.0 - tail };
            let bell = discount * density;
            let vega = bell * root;
            prices[place] = discount * (greater(sign * moneyness, 0.0) + time_value(moneyness, stated));
            deltas[place] = sign * discount * inside;
            gammas[place] = if stated > 0.0 { bell / s } else { 0.0 };
            vegas[place] = vega;
            thetas[place] = if root > 0.0 { -0.5 * bell * volatility / root } else { 0.0 };
            vannas[place] = if volatility > 0.0 { -(bell * d) / volatility } else { 0.0 };
            volgas[place] = if volatility > 0.0 { vega * (d * d) / volatility } else { 0.0 };
        }
    }
}

impl Bachelier<'_> {
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
