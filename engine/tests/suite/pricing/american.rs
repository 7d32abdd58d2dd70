//! American options against a binomial lattice.

use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::pricing::{RightSign, american_prices};

use super::{Model, Options};
use crate::generate::Dice;

/// J. Cox, S. Ross and M. Rubinstein's lattice on a forward, which has no drift, averaged over two neighbouring numbers of steps.
fn lattice([forward, strike, volatility, time, discount]: [f64; 5], sign: f64) -> f64 {
    let of = |steps: i32| {
        let step = volatility * (time / f64::from(steps)).sqrt();
        let (up, down) = (step.exp(), (-step).exp());
        let (chance, each) = ((1.0 - down) / (up - down), discount.powf(1.0 / f64::from(steps)));
        let payoff = |price: f64| (sign * (price - strike)).max(0.0);
        let at = |ups: i32, steps: i32| forward * (step * f64::from(2 * ups - steps)).exp();
        let mut values: Vec<f64> = (0..=steps).map(|ups| payoff(at(ups, steps))).collect();
        for left in (0..steps).rev() {
            for (place, ups) in (0..=left).enumerate() {
                let waiting = each * (chance * values[place + 1] + (1.0 - chance) * values[place]);
                values[place] = waiting.max(payoff(at(ups, left)));
            }
        }
        values[0]
    };
    0.5 * (of(400) + of(401))
}

#[test]
fn the_approximation_is_near_a_lattice() {
    let mut dice = Dice::new(41);
    let mut options = Options::default();
    let mut between = |least: f64, most: f64| {
        least + (most - least) * f64::from(i32::try_from(dice.between(0, 1_000_000)).unwrap()) * 1e-6
    };
    for place in 0..120 {
        let time = if place % 3 == 0 { between(0.02, 0.5) } else { between(0.5, 2.0) };
        let discount = (-between(0.0, 0.12) * time).exp();
        let right = if place % 2 == 0 { RightSign::CALL } else { RightSign::PUT };
        options.push([between(60.0, 140.0), 100.0, between(0.1, 0.8), time, discount], right);
    }
    let prices = american_prices(options.columns()).unwrap();
    let european = options.prices(Model::Black76, Instructions::best());
    let (mut short, mut long) = (0.0_f64, 0.0_f64);
    for (place, price) in prices.iter().enumerate() {
        let terms = options.terms(place);
        let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
        let error = (price - lattice(terms, sign)).abs() / 100.0;
        let worst = if options.times[place] <= 0.5 { &mut short } else { &mut long };
        *worst = worst.max(error);
        assert!(*price >= european[place] - 1e-12, "{terms:?}");
        assert!(*price >= sign * (terms[0] - 100.0), "{terms:?}");
    }
    assert!(short < 0.0015 && long < 0.006, "{short:e} up to half a year, {long:e} up to two");
}

#[test]
fn nobody_exercises_early_where_waiting_costs_nothing() {
    let mut options = Options::default();
    for (forward, discount) in [(80.0, 1.0), (120.0, 1.0), (120.0, 1.02)] {
        options.push([forward, 100.0, 0.4, 1.0, discount], RightSign::CALL);
    }
    let european = options.prices(Model::Black76, Instructions::best());
    assert_eq!(american_prices(options.columns()).unwrap(), european);
    // Far in the money one does, and at once without volatility or time.
    let mut now = Options::default();
    now.push([300.0, 100.0, 0.2, 1.0, 0.9], RightSign::CALL);
    now.push([10.0, 100.0, 0.2, 1.0, 0.9], RightSign::PUT);
    now.push([120.0, 100.0, 0.0, 1.0, 0.9], RightSign::CALL);
    now.push([120.0, 100.0, 0.5, 0.0, 0.9], RightSign::CALL);
    assert_eq!(american_prices(now.columns()).unwrap(), [200.0, 90.0, 20.0, 20.0]);
    now.push([-1.0, 100.0, 0.5, 0.0, 0.9], RightSign::CALL);
    assert!(american_prices(now.columns()).is_err());
}
