//! Option prices of the sample exchange, in whole millionths.
//!
//! With forward `F`, strike `K` and width `s = 0.8 * F * volatility * sqrt(T)`:
//!
//! ```text
//! call  = ((F - K) + sqrt((F - K)^2 + s^2)) / 2          put = call - (F - K)
//! delta = (1 + (F - K) / sqrt((F - K)^2 + s^2)) / 2      of the call
//! ```
//!
//! The price is convex in the strike, obeys put-call parity and lies near the usual models at the money, and needs no
//! function beyond the integer square root: the same on every machine.

use crate::contract::OptionRight;

/// One, in millionths.
pub(super) const ONE: i128 = 1_000_000;

/// What an option is priced from; all numbers in millionths.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) right: OptionRight,
    pub(super) strike: i128,
    pub(super) years: i128,
}

/// Price of an option, in millionths, rounded down.
pub(super) fn price(terms: Terms, forward: i128, volatility: i128) -> i128 {
    let moneyness = forward - terms.strike;
    let call = (moneyness + root(terms, forward, volatility)) / 2;
    match terms.right {
        OptionRight::Call => call,
        OptionRight::Put => call - moneyness,
    }
}

/// Delta of an option, in millionths, rounded towards zero.
pub(super) fn delta(terms: Terms, forward: i128, volatility: i128) -> i128 {
    let root = root(terms, forward, volatility).max(1);
    let call = (ONE + (forward - terms.strike) * ONE / root) / 2;
    match terms.right {
        OptionRight::Call => call,
        OptionRight::Put => call - ONE,
    }
}

fn root(terms: Terms, forward: i128, volatility: i128) -> i128 {
    let root_of_time = (terms.years * ONE).isqrt();
    let width = forward * volatility / ONE * root_of_time / ONE * 8 / 10;
    let moneyness = forward - terms.strike;
    (moneyness * moneyness + width * width).isqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(right: OptionRight, strike: i128) -> Terms {
        Terms { right, strike: strike * ONE, years: 250_000 }
    }

    #[test]
    fn parity_convexity_and_limits() {
        let (forward, volatility) = (80 * ONE, 300_000);
        let call = |strike| price(terms(OptionRight::Call, strike), forward, volatility);
        let put = |strike| price(terms(OptionRight::Put, strike), forward, volatility);
        for strike in 60..=100 {
            assert_eq!(call(strike) - put(strike), forward - strike * ONE);
            assert!(call(strike - 1) + call(strike + 1) >= 2 * call(strike) - 2);
            assert!(call(strike) >= 0 && put(strike) >= 0);
        }
        let delta = |right, strike| delta(terms(right, strike), forward, volatility);
        assert_eq!(delta(OptionRight::Call, 80), ONE / 2);
        assert_eq!(delta(OptionRight::Put, 80), -ONE / 2);
        assert!(delta(OptionRight::Call, 60) > 900_000 && delta(OptionRight::Call, 100) < 100_000);
    }
}
