//! The models as they are defined, by numbers that anybody can follow: the expectation of the payoff, and differences of prices.

use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::pricing::RightSign;

use super::{Model, Options, named};
use crate::generate::Dice;

/// The discounted expectation of the payoff, by Simpson's rule over ten standard deviations on either side of the kink.
fn expectation(model: Model, [forward, strike, volatility, time, discount]: [f64; 5], sign: f64) -> f64 {
    let s = volatility * time.sqrt();
    let at = |z: f64| match model {
        Model::Black76 => forward * (s * z - 0.5 * s * s).exp(),
        Model::Bachelier => forward + s * z,
    };
    let kink = match model {
        Model::Black76 => ((strike / forward).ln() + 0.5 * s * s) / s,
        Model::Bachelier => (strike - forward) / s,
    };
    let value =
        |z: f64| (sign * (at(z) - strike)).max(0.0) * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let simpson = |from: f64, to: f64| {
        let steps = 4_000;
        let width = (to - from) / f64::from(steps);
        let weight = |step: i32| match step {
            0 => 1.0,
            step if step == steps => 1.0,
            step if step % 2 == 1 => 4.0,
            _ => 2.0,
        };
        (0..=steps).map(|step| weight(step) * value(from + width * f64::from(step))).sum::<f64>() * width
            / 3.0
    };
    let kink = kink.clamp(-12.0, 12.0);
    discount * (simpson(-12.0, kink) + simpson(kink, 12.0))
}

fn ordinary(dice: &mut Dice, model: Model, count: usize) -> Options {
    let mut between = |least: f64, most: f64| {
        least + (most - least) * f64::from(i32::try_from(dice.between(0, 1_000_000)).unwrap()) * 1e-6
    };
    let mut options = Options::default();
    for place in 0..count {
        let (forward, strike) = (between(50.0, 150.0), between(40.0, 200.0));
        let (shift, volatility) = match model {
            Model::Black76 => (0.0, between(0.05, 1.5)),
            Model::Bachelier => (100.0, between(2.0, 60.0)),
        };
        let right = if place % 2 == 0 { RightSign::CALL } else { RightSign::PUT };
        let time = between(0.05, 2.0);
        options.push([forward - shift, strike - shift, volatility, time, between(0.8, 1.0)], right);
    }
    options
}

#[test]
fn prices_are_expectations_of_the_payoff() {
    for (seed, model) in [(11, Model::Black76), (12, Model::Bachelier)] {
        let options = ordinary(&mut Dice::new(seed), model, 300);
        let prices = options.prices(model, Instructions::best());
        for (place, price) in prices.iter().enumerate() {
            let terms = options.terms(place);
            let expected = expectation(model, terms, if place % 2 == 0 { 1.0 } else { -1.0 });
            assert!((price - expected).abs() < 1e-7, "seed {seed} {place} {terms:?}: {price} not {expected}");
        }
    }
}

#[test]
fn sensitivities_are_differences() {
    for (seed, model) in [(13, Model::Black76), (14, Model::Bachelier)] {
        let options = ordinary(&mut Dice::new(seed), model, 300);
        let greeks = options.greeks(model, Instructions::best());
        let moved = |column: usize, step: f64| {
            let mut moved = options.clone();
            let values = [&mut moved.forwards, &mut moved.volatilities, &mut moved.times];
            for value in values.into_iter().nth(column).unwrap() {
                *value += step;
            }
            moved.greeks(model, Instructions::best())
        };
        let (forward, time) = (1e-3, 1e-6);
        let volatility = if matches!(model, Model::Black76) { 1e-5 } else { 1e-3 };
        let around = |column, step| (moved(column, step), moved(column, -step));
        let (by_forward, by_volatility, by_time) =
            (around(0, forward), around(1, volatility), around(2, time));
        let slope = |up: &[f64], down: &[f64], step: f64| -> Vec<f64> {
            up.iter().zip(down).map(|(up, down)| (up - down) / (2.0 * step)).collect()
        };
        let theta = slope(&by_time.1.prices, &by_time.0.prices, time);
        let expected = [
            greeks.prices.clone(),
            slope(&by_forward.0.prices, &by_forward.1.prices, forward),
            slope(&by_forward.0.deltas, &by_forward.1.deltas, forward),
            slope(&by_volatility.0.prices, &by_volatility.1.prices, volatility),
            theta,
            slope(&by_volatility.0.deltas, &by_volatility.1.deltas, volatility),
            slope(&by_volatility.0.vegas, &by_volatility.1.vegas, volatility),
        ];
        for ((name, own), expected) in named(&greeks).into_iter().zip(expected) {
            for (place, (actual, expected)) in own.iter().zip(expected).enumerate() {
                let error = (actual - expected).abs();
                assert!(
                    error <= 2e-5 * (1.0 + expected.abs()),
                    "{model:?} {name} {place}: {actual} not {expected}"
                );
            }
        }
    }
}
