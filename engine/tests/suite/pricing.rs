//! Option prices and sensitivities: reference values, a naive twin, the extremes, and the same bits from every instruction set.

#![allow(
    clippy::disallowed_methods,
    reason = "twins are the more independent for using the platform's functions"
)]

mod american;
mod far_strikes;
mod implied;
mod losses;
mod reference;
mod surface;
mod twin;

use plimsoll_engine::instruction_set::{InstructionSet, Instructions};
use plimsoll_engine::pricing::{Columns, Greeks, RightSign};

use crate::generate::Dice;

/// Options in columns that own their values.
#[derive(Clone, Debug, Default)]
struct Options {
    forwards: Vec<f64>,
    strikes: Vec<f64>,
    volatilities: Vec<f64>,
    times: Vec<f64>,
    discounts: Vec<f64>,
    rights: Vec<RightSign>,
}

#[derive(Clone, Copy, Debug)]
enum Model {
    Black76,
    Bachelier,
}

impl Options {
    fn push(&mut self, [forward, strike, volatility, time, discount]: [f64; 5], right: RightSign) {
        self.forwards.push(forward);
        self.strikes.push(strike);
        self.volatilities.push(volatility);
        self.times.push(time);
        self.discounts.push(discount);
        self.rights.push(right);
    }

    /// Forward, strike, volatility, time and discount of one.
    fn terms(&self, place: usize) -> [f64; 5] {
        let columns = [&self.forwards, &self.strikes, &self.volatilities, &self.times, &self.discounts];
        columns.map(|column| column[place])
    }

    fn columns(&self) -> Columns<'_> {
        Columns {
            forwards: &self.forwards,
            strikes: &self.strikes,
            volatilities: &self.volatilities,
            times: &self.times,
            discounts: &self.discounts,
            rights: &self.rights,
        }
    }

    fn first(&self, count: usize) -> Self {
        Self {
            forwards: self.forwards[..count].to_vec(),
            strikes: self.strikes[..count].to_vec(),
            volatilities: self.volatilities[..count].to_vec(),
            times: self.times[..count].to_vec(),
            discounts: self.discounts[..count].to_vec(),
            rights: self.rights[..count].to_vec(),
        }
    }

    fn greeks(&self, model: Model, instructions: Instructions) -> Greeks {
        match model {
            Model::Black76 => self.columns().black76().unwrap().greeks(instructions),
            Model::Bachelier => self.columns().bachelier().unwrap().greeks(instructions),
        }
    }

    fn prices(&self, model: Model, instructions: Instructions) -> Vec<f64> {
        let mut prices = vec![f64::NAN; self.forwards.len()];
        match model {
            Model::Black76 => self.columns().black76().unwrap().prices_into(&mut prices, instructions),
            Model::Bachelier => self.columns().bachelier().unwrap().prices_into(&mut prices, instructions),
        }
        prices
    }
}

/// The columns of sensitivities by name.
fn named(greeks: &Greeks) -> [(&'static str, &[f64]); 7] {
    [
        ("price", &greeks.prices),
        ("delta", &greeks.deltas),
        ("gamma", &greeks.gammas),
        ("vega", &greeks.vegas),
        ("theta", &greeks.thetas),
        ("vanna", &greeks.vannas),
        ("volga", &greeks.volgas),
    ]
}

/// The instruction sets that this machine can be asked for; those that it lacks are named.
fn instructions() -> Vec<Instructions> {
    let of = |set| Instructions::of(set).map_err(|unavailable| eprintln!("skipped: {unavailable}")).ok();
    InstructionSet::ALL.into_iter().filter_map(of).collect()
}

/// Anything that the model takes, the extremes too.
fn any(dice: &mut Dice, model: Model, count: usize) -> Options {
    let mut options = Options::default();
    let digits =
        |dice: &mut Dice| f64::from(i32::try_from(dice.between(1_000_000, 9_999_999)).unwrap()) * 1e-6;
    let power = |dice: &mut Dice, least, most| 10_f64.powi(i32::try_from(dice.between(least, most)).unwrap());
    for _ in 0..count {
        let ordinary = dice.chance(60);
        let forward = digits(dice) * if ordinary { 10.0 } else { power(dice, -58, 58) };
        let away = if ordinary { digits(dice) / 5.0 } else { power(dice, -20, 20) };
        let (forward, strike) = match model {
            Model::Black76 => (forward, if dice.chance(10) { forward } else { forward * away }),
            Model::Bachelier if dice.chance(50) => (forward, forward + digits(dice)),
            Model::Bachelier => (-forward, if dice.chance(20) { 0.0 } else { forward * away - forward }),
        };
        let volatility = match dice.between(0, 9) {
            0 => 0.0,
            1 => power(dice, -40, 2),
            _ => digits(dice) / 10.0,
        };
        let time = match dice.between(0, 9) {
            0 => 0.0,
            1 => power(dice, -40, 2),
            _ => digits(dice) / 3.0,
        };
        let strike = strike.clamp(-9e59, 9e59);
        let strike = if matches!(model, Model::Black76) { strike.max(1e-59) } else { strike };
        let right = if dice.chance(50) { RightSign::CALL } else { RightSign::PUT };
        options.push([forward, strike, volatility, time, 0.5 + digits(dice) / 10.0], right);
    }
    options
}

#[test]
fn every_instruction_set_gives_the_same_bits_whatever_the_length() {
    let sets = instructions();
    for (seed, model) in [(1, Model::Black76), (2, Model::Bachelier)] {
        let all = any(&mut Dice::new(seed), model, 20_000);
        let baseline = all.greeks(model, sets[0]);
        assert!(named(&baseline).iter().all(|(_, column)| column.iter().all(|value| value.is_finite())));
        for instructions in &sets {
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            let own = all.greeks(model, *instructions);
            for ((name, own), (_, expected)) in named(&own).into_iter().zip(named(&baseline)) {
                assert!(
                    bits(own) == bits(expected),
                    "{model:?} {name} {:?}, seed {seed}",
                    instructions.set()
                );
            }
            assert!(bits(&all.prices(model, *instructions)) == bits(&baseline.prices));
            for length in 0..=65 {
                let some = all.first(length).prices(model, *instructions);
                assert!(bits(&some) == bits(&baseline.prices[..length]), "{length}");
            }
        }
    }
}

#[test]
fn calls_less_puts_are_forwards_and_nothing_is_below_intrinsic_value() {
    for (seed, model) in [(3, Model::Black76), (4, Model::Bachelier)] {
        let calls =
            Options { rights: vec![RightSign::CALL; 5_000], ..any(&mut Dice::new(seed), model, 5_000) };
        let puts = Options { rights: vec![RightSign::PUT; 5_000], ..calls.clone() };
        let (call, put) =
            (calls.greeks(model, Instructions::best()), puts.greeks(model, Instructions::best()));
        for place in 0..5_000 {
            let (forward, strike, discount) =
                (calls.forwards[place], calls.strikes[place], calls.discounts[place]);
            let size = discount * forward.abs().max(strike.abs());
            let parity = call.prices[place] - put.prices[place] - discount * (forward - strike);
            assert!(parity.abs() <= 4e-16 * size.max(call.prices[place]), "{place} seed {seed}: {parity:e}");
            assert!(call.prices[place] >= discount * (forward - strike).max(0.0));
            assert!(put.prices[place] >= discount * (strike - forward).max(0.0));
            assert!((call.deltas[place] - put.deltas[place] - discount).abs() <= 4e-16 * discount);
            assert_eq!((call.gammas[place], call.vegas[place]), (put.gammas[place], put.vegas[place]));
        }
    }
}

#[test]
fn without_time_or_volatility_there_is_intrinsic_value() {
    let mut options = Options::default();
    for (volatility, time) in [(0.0, 1.0), (0.5, 0.0), (0.0, 0.0), (1e-60, 1e-60)] {
        for (forward, strike) in [(100.0, 90.0), (90.0, 100.0), (100.0, 100.0)] {
            options.push([forward, strike, volatility, time, 0.9], RightSign::CALL);
        }
    }
    for model in [Model::Black76, Model::Bachelier] {
        let greeks = options.greeks(model, Instructions::best());
        for place in 0..options.forwards.len() {
            let expected = [(9.0, 0.9), (0.0, 0.0), (0.0, 0.45)][place % 3];
            assert!((greeks.prices[place] - expected.0).abs() < 1e-12, "{model:?} {place}");
            assert!((greeks.deltas[place] - expected.1).abs() < 1e-15, "{model:?} {place}");
            if place % 3 < 2 {
                let rest =
                    [greeks.gammas[place], greeks.vegas[place], greeks.thetas[place], greeks.volgas[place]];
                assert!(rest.iter().all(|value| *value == 0.0), "{model:?} {place} {rest:?}");
            }
        }
    }
}

#[test]
fn what_has_no_price_is_named_with_everything_else() {
    let right = [100.0, 90.0, 0.5, 1.0, 0.9];
    let mut options = Options::default();
    options.push(right, RightSign::CALL);
    for (place, value) in
        [(0, 0.0), (0, f64::NAN), (1, -5.0), (2, -0.1), (2, 1e4), (3, -1e-9), (4, 0.0), (4, f64::INFINITY)]
    {
        let mut wrong = right;
        wrong[place] = value;
        options.push(wrong, RightSign::PUT);
    }
    let text = options.columns().black76().unwrap_err().to_string();
    for expected in [
        "8 values have no price",
        "option 1: Forward 0: expected a number from 1e-60 to 1e60",
        "option 2: Forward NaN",
        "option 3: Strike -5",
        "option 4: Volatility -0.1: expected 0 or a number from 1e-60 to 1e3",
        "option 5: Volatility 10000",
        "option 6: Time -0.000000001",
        "option 7: Discount 0",
        "option 8: Discount inf",
    ] {
        assert!(text.contains(expected), "{text} lacks {expected}");
    }
    // Bachelier's forwards and strikes may be anything but NaN.
    let text = options.columns().bachelier().unwrap_err().to_string();
    assert!(text.starts_with("5 values have no price, as option 2: Forward NaN"), "{text}");
    let uneven = Columns { strikes: &[1.0], ..options.columns() };
    let text = uneven.black76().unwrap_err().to_string();
    assert_eq!(text, "the columns have different lengths: [9, 1, 9, 9, 9, 9]");
    let many = Options { forwards: vec![-1.0; 5_000], ..any(&mut Dice::new(5), Model::Black76, 5_000) };
    assert!(many.columns().black76().unwrap_err().to_string().starts_with("5000 values have no price"));
}
