//! Volatilities from prices.

use plimsoll_engine::contract::OptionModel;
use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::market::Smile;
use plimsoll_engine::pricing::{
    Columns, InvalidColumns, NoVolatility, QuotedExpiry, QuotedPrice, RightSign, bachelier_volatilities,
    black76_volatilities, smile_of_prices,
};

use super::{Model, Options, instructions};
use crate::generate::Dice;

fn volatilities(
    model: Model,
    options: &Options,
    prices: &[f64],
    instructions: Instructions,
) -> Vec<Result<f64, NoVolatility>> {
    let solve = match model {
        Model::Black76 => black76_volatilities,
        Model::Bachelier => bachelier_volatilities,
    };
    solve(options.columns(), prices, instructions).unwrap()
}

/// Options whose prices tell something of their volatility.
fn telling(dice: &mut Dice, model: Model, count: usize) -> Options {
    let mut options = Options::default();
    for _ in 0..count {
        let part = |dice: &mut Dice| f64::from(i32::try_from(dice.between(1, 1_000_000)).unwrap()) * 1e-6;
        let s = 10_f64.powf(-3.0 + 3.7 * part(dice));
        let time = 10_f64.powf(-4.0 + 5.0 * part(dice));
        let away = (12.0 * part(dice) - 6.0) * s;
        let (forward, strike, volatility) = match model {
            Model::Black76 => (100.0, 100.0 * away.clamp(-7.0, 7.0).exp(), s / time.sqrt()),
            Model::Bachelier => (-3.0, -3.0 + 100.0 * away, 100.0 * s / time.sqrt()),
        };
        let right = if dice.chance(50) { RightSign::CALL } else { RightSign::PUT };
        options.push([forward, strike, volatility, time, 0.9], right);
    }
    options
}

#[test]
fn a_price_gives_back_its_volatility_as_well_as_it_knows_it() {
    for (seed, model) in [(21, Model::Black76), (22, Model::Bachelier)] {
        let options = telling(&mut Dice::new(seed), model, 20_000);
        let greeks = options.greeks(model, Instructions::best());
        let solved = volatilities(model, &options, &greeks.prices, Instructions::best());
        let mut unknown = 0;
        for (place, solved) in solved.iter().enumerate() {
            // In the money a price is mostly intrinsic value, of which the last place is all that there may be.
            let (forward, strike) = (options.forwards[place], options.strikes[place]);
            let lost = 4e-16 * (forward.abs() + strike.abs() + greeks.prices[place]) / greeks.vegas[place];
            let expected = options.volatilities[place];
            match solved {
                Ok(solved) => {
                    let error = (solved - expected).abs();
                    let allowed = 1e-12 * expected + 4.0 * lost;
                    assert!(error <= allowed, "{model:?} seed {seed} {place}: {solved} not {expected}");
                }
                Err(_) if lost > 0.01 * expected => unknown += 1,
                Err(error) => panic!("{model:?} seed {seed} {place}: {error} instead of {expected}"),
            }
        }
        assert!(unknown < 5_000, "{model:?}: {unknown} unknown");
    }
}

#[test]
fn every_instruction_set_finds_the_same_bits() {
    for (seed, model) in [(23, Model::Black76), (24, Model::Bachelier)] {
        let options = telling(&mut Dice::new(seed), model, 777);
        let prices = options.prices(model, Instructions::best());
        let all: Vec<_> =
            instructions().into_iter().map(|set| volatilities(model, &options, &prices, set)).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        // What an option implies does not depend on those beside it.
        let alone = |place: usize| {
            let mut one = Options::default();
            let terms = options.terms(place);
            one.push(terms, options.rights[place]);
            volatilities(model, &one, &prices[place..=place], Instructions::best())[0]
        };
        assert!((0..777).all(|place| alone(place) == all[0][place]), "{model:?} seed {seed}");
    }
}

#[test]
fn prices_that_imply_none_say_why() {
    let mut options = Options::default();
    let right = [100.0, 90.0, 0.5, 1.0, 0.5];
    for _ in 0..6 {
        options.push(right, RightSign::CALL);
    }
    options.times[5] = 0.0;
    let prices = [f64::NAN, 5.0, 4.9, 50.0, 6.0, 6.0];
    let solved = volatilities(Model::Black76, &options, &prices, Instructions::best());
    let expected = [
        Err(NoVolatility::NotANumber),
        Err(NoVolatility::NotAboveIntrinsic),
        Err(NoVolatility::NotAboveIntrinsic),
        Err(NoVolatility::NotBelowMaximum),
    ];
    assert_eq!(solved[..4], expected);
    assert!(solved[4].is_ok());
    assert_eq!(solved[5], Err(NoVolatility::NoTime));
    let refused = black76_volatilities(options.columns(), &prices[1..], Instructions::best());
    assert_eq!(refused, Err(InvalidColumns::Lengths([6, 6, 5, 6, 6, 6])));
    let wrong = Columns { forwards: &[-1.0; 6], ..options.columns() };
    assert!(matches!(
        black76_volatilities(wrong, &prices, Instructions::best()),
        Err(InvalidColumns::Values(..))
    ));
}

#[test]
fn option_prices_become_volatilities_by_strike() {
    let mut options = Options::default();
    for (strike, volatility, right) in [
        (110.0, 0.55, RightSign::CALL),
        (90.0, 0.7, RightSign::PUT),
        (90.0, 0.8, RightSign::CALL),
        (100.0, 0.6, RightSign::PUT),
    ] {
        options.push([100.0, strike, volatility, 0.25, 0.98], right);
    }
    let mut prices = options.prices(Model::Black76, Instructions::best());
    prices.push(1e9);
    let strikes = [110.0, 90.0, 90.0, 100.0, 120.0];
    let rights = [&options.rights[..], &[RightSign::CALL]].concat();
    let quotes: Vec<QuotedPrice> = (0..5)
        .map(|place| QuotedPrice { strike: strikes[place], right: rights[place], price: prices[place] })
        .collect();
    let expiry = QuotedExpiry { model: OptionModel::Lognormal, forward: 100.0, discount: 0.98, years: 0.25 };
    let (smile, none) = smile_of_prices(&expiry, &quotes, Instructions::best()).unwrap();
    let Some(Smile::Strikes { model: OptionModel::Lognormal, nodes }) = smile else { panic!("{smile:?}") };
    // Of the two at 90 the put is out of the money.
    for ((strike, volatility), expected) in nodes.iter().zip([(90.0, 0.7), (100.0, 0.6), (110.0, 0.55)]) {
        assert!(*strike == expected.0 && (volatility - expected.1).abs() < 1e-12, "{nodes:?}");
    }
    assert_eq!((nodes.len(), none), (3, vec![(4, NoVolatility::NotBelowMaximum)]));
    let wrong = QuotedExpiry { forward: -1.0, ..expiry };
    assert!(smile_of_prices(&wrong, &quotes, Instructions::best()).is_err());
}
