//! Values that were calculated with many digits elsewhere.

use std::fs;

use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::pricing::RightSign;

use super::{Model, Options, instructions, named};
use crate::shared::shared;

/// Forward, strike, volatility, time, discount, 1 for a call, and price, delta, gamma, vega, theta, vanna, volga.
type Case = (f64, f64, f64, f64, f64, i8, [f64; 7]);

// The formulas of the modules at 60 digits (Python's mpmath), rounded once.
#[rustfmt::skip]
const BLACK76: [Case; 7] = [
    (100.0, 100.0, 0.2, 1.0, 0.95, 1, [7.567289082635506, 0.5128364454131775, 0.018855246005158057, 37.710492010316116, -3.771049201031612, 0.18855246005158058, -1.885524600515806]),
    (100.0, 120.0, 0.35, 0.25, 1.0, 1, [1.4703123505525753, 0.1699564241557443, 0.014457826063121149, 12.650597805231005, -8.855418463661703, 0.8163882335074294, 38.95549395878817]),
    (100.0, 120.0, 0.35, 0.25, 1.0, -1, [21.470312350552575, -0.8300435758442557, 0.014457826063121149, 12.650597805231005, -8.855418463661703, 0.8163882335074294, 38.95549395878817]),
    (60000.0, 20000.0, 0.8, 0.01, 0.99, -1, [6.393042017765904e-41, -1.8428020879449326e-43, 5.3151461228444506e-46, 1.530762083379202e-38, -6.123048333516808e-37, -4.366707284272852e-41, 3.608468810121282e-36]),
    (1.0, 1.0000001, 0.5, 1e-10, 1.0, 1, [1.9451104306748394e-06, 0.4920226838335776, 79772.50397468565, 3.988625198734283e-06, -9971.562996835706, 0.01595649431912682, 3.1908997937657475e-09]),
    (50.0, 5000.0, 3.0, 2.0, 0.9, -1, [4490.22382321312, -0.13511798039106243, 0.000989785178003114, 14.84677767004671, -11.135083252535033, 0.22443659657168138, -16.43934409947647]),
    (0.01, 0.02, 0.1, 0.5, 1.0, 1, [5.483499212765195e-27, 7.782770978803057e-23, 1.0860738362815306e-18, 5.430369181407654e-24, -5.430369181407654e-25, 7.555242020891704e-20, 5.2180066001768785e-21]),
];
#[rustfmt::skip]
const BACHELIER: [Case; 5] = [
    (-37.63, -37.63, 27.0, 0.5, 1.0, 1, [7.61655937789471, 0.5, 0.02089591050176875, 0.28209479177387814, -7.61655937789471, 0.0, 0.0]),
    (0.0, 1.0, 2.0, 0.25, 0.98, 1, [0.08164916117593257, 0.1554821488528279, 0.23713131002876048, 0.11856565501438024, -0.47426262005752096, 0.11856565501438024, 0.05928282750719012]),
    (-5.0, 10.0, 20.0, 1.0, 0.95, -1, [16.74217143957091, -0.7347040152419752, 0.014304028027353208, 0.28608056054706416, -2.8608056054706417, 0.010728021020514907, 0.00804601576538618]),
    (3.0, 2.0, 0.1, 1.0, 1.0, 1, [1.0, 1.0, 7.694598626706462e-22, 7.694598626706462e-23, -3.847299313353231e-24, -7.694598626706462e-21, 7.694598626706461e-20]),
    (2.0, 3.0, 0.1, 1.0, 1.0, 1, [7.47456025458937e-26, 7.619853024160568e-24, 7.694598626706462e-22, 7.694598626706462e-23, -3.847299313353231e-24, 7.694598626706462e-21, 7.694598626706461e-20]),
];

fn options(cases: &[Case]) -> Options {
    let mut options = Options::default();
    for &(forward, strike, volatility, time, discount, sign, _) in cases {
        let right = if sign > 0 { RightSign::CALL } else { RightSign::PUT };
        options.push([forward, strike, volatility, time, discount], right);
    }
    options
}

#[test]
fn prices_and_sensitivities_agree_with_many_digits() {
    for (model, cases) in [(Model::Black76, &BLACK76[..]), (Model::Bachelier, &BACHELIER[..])] {
        let greeks = options(cases).greeks(model, Instructions::best());
        for (column, (name, own)) in named(&greeks).into_iter().enumerate() {
            for (place, (actual, case)) in own.iter().zip(cases).enumerate() {
                let expected = case.6[column];
                // Where the square of a large number is an exponent, digits go; a price near the money is what is left of
                // numbers of the size of the forward.
                let lost = if column == 0 { 2e-16 * case.0.abs() } else { 0.0 };
                let error = (actual - expected).abs();
                let message = || format!("{model:?} {name} {place}: {actual:e} not {expected:e}");
                assert!(error <= 2e-12 * expected.abs() + lost, "{}", message());
            }
        }
    }
}

/// The largest size of the price and of each sensitivity, as the reference's tolerances have it.
fn sizes(model: Model, forward: f64, strike: f64, volatility: f64, time: f64, discount: f64) -> [f64; 5] {
    let (root, s) = (time.sqrt(), volatility * time.sqrt());
    let price = 0.1 * discount * forward.abs().max(strike.abs()).max(s);
    match model {
        Model::Black76 => [
            price,
            discount,
            discount / (forward * s),
            discount * forward * root,
            discount * forward * volatility / root,
        ],
        Model::Bachelier => [price, discount, discount / s, discount * root, discount * volatility / root],
    }
}

#[test]
fn five_hundred_cases_of_each_model_agree_with_every_instruction_set() {
    for (model, file) in [(Model::Black76, "black76.csv"), (Model::Bachelier, "bachelier.csv")] {
        let Some(path) = shared(&format!("data/pricing/{file}")) else { continue };
        let text = fs::read_to_string(path).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 500);
        let number = |row: &Vec<&str>, column: usize| row[column].parse::<f64>().unwrap();
        let mut options = Options::default();
        for row in &rows {
            let right = if row[5] == "C" { RightSign::CALL } else { RightSign::PUT };
            options.push([0, 1, 2, 3, 4].map(|column| number(row, column)), right);
        }
        for instructions in instructions() {
            let greeks = options.greeks(model, instructions);
            for (place, row) in rows.iter().enumerate() {
                let [forward, strike, volatility, time, discount] =
                    [0, 1, 2, 3, 4].map(|column| number(row, column));
                let sizes = sizes(model, forward, strike, volatility, time, discount);
                for (column, (name, own)) in named(&greeks).into_iter().enumerate().take(5) {
                    let (actual, expected) = (own[place], number(row, 6 + column));
                    let error = (actual - expected).abs();
                    let message = || format!("{model:?} {name} {place}: {actual:e} instead of {expected:e}");
                    assert!(error == 0.0 || error <= 1e-13 * sizes[column], "{}", message());
                }
            }
        }
    }
}
