//! Risk arrays from prices against prices of moved options, one cell at a time.

use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::pricing::{InvalidMoves, JointMove, Moves, NoLosses, RightSign, Stakes};

use super::{Model, Options, instructions};
use crate::generate::Dice;

fn part(dice: &mut Dice) -> f64 {
    f64::from(i32::try_from(dice.between(0, 1_000_000)).unwrap()) * 1e-6
}

fn book(dice: &mut Dice, model: Model, count: usize) -> (Options, Vec<f64>, Vec<f64>) {
    let mut options = Options::default();
    for _ in 0..count {
        let (forward, strike) = (60.0 + 80.0 * part(dice), 50.0 + 100.0 * part(dice));
        let volatility = (0.05 + part(dice)) * if matches!(model, Model::Black76) { 1.0 } else { 80.0 };
        let time = if dice.chance(5) { 0.0 } else { 1.5 * part(dice) };
        let right = if dice.chance(50) { RightSign::CALL } else { RightSign::PUT };
        options.push([forward, strike, volatility, time, 0.8 + 0.2 * part(dice)], right);
    }
    let multipliers = (0..count).map(|_| (1000.0 * part(dice) - 200.0).round()).collect();
    let terms = (0..count).map(|_| 0.5 + 2.0 * part(dice)).collect();
    (options, multipliers, terms)
}

fn moves(dice: &mut Dice, count: usize) -> Moves {
    let own = |dice: &mut Dice| JointMove {
        price_factor: 0.4 + 1.5 * part(dice),
        price_shift: if dice.chance(30) { 20.0 * part(dice) - 10.0 } else { 0.0 },
        volatility_range: if dice.chance(70) { 1.4 * part(dice) - 0.7 } else { 0.0 },
        volatility_shift: if dice.chance(30) { 0.4 * part(dice) - 0.2 } else { 0.0 },
        volatility_floor: if dice.chance(30) { 0.3 } else { 0.0 },
        years: if dice.chance(30) { 0.5 * part(dice) } else { 0.0 },
        rate_shift: if dice.chance(30) { 0.1 * part(dice) - 0.05 } else { 0.0 },
    };
    Moves::new((0..count).map(|_| own(dice)).collect()).unwrap()
}

/// The options after a move, as the definition of the move has it.
fn moved(options: &Options, terms: &[f64], own: &JointMove) -> Options {
    let mut moved = options.clone();
    for (place, term) in terms.iter().enumerate() {
        let time = options.times[place];
        let left = (time - own.years).max(0.0);
        let factor = (1.0 + own.volatility_range * term).max(0.0);
        moved.forwards[place] = options.forwards[place] * own.price_factor + own.price_shift;
        moved.volatilities[place] =
            (options.volatilities[place] * factor + own.volatility_shift).max(own.volatility_floor);
        moved.times[place] = left;
        let share = if time > 0.0 { left / time } else { 1.0 };
        let is_aged = own.years != 0.0 || own.rate_shift != 0.0;
        if is_aged {
            moved.discounts[place] = options.discounts[place].powf(share) * (-own.rate_shift * left).exp();
        }
    }
    moved
}

#[test]
fn every_cell_is_the_difference_of_two_prices() {
    for (seed, model) in [(31, Model::Black76), (32, Model::Bachelier)] {
        let mut dice = Dice::new(seed);
        let (options, multipliers, terms) = book(&mut dice, model, 333);
        let moves = moves(&mut dice, 40);
        let stakes =
            Stakes { multipliers: &multipliers, term_scalings: &terms, coin_prices: None, places: 6 };
        let all: Vec<_> = instructions()
            .into_iter()
            .map(|set| match model {
                Model::Black76 => options.columns().black76().unwrap().losses(&stakes, &moves, set).unwrap(),
                Model::Bachelier => {
                    options.columns().bachelier().unwrap().losses(&stakes, &moves, set).unwrap()
                }
            })
            .collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{model:?}: instruction sets differ");
        let before = options.prices(model, Instructions::best());
        for (scenario, own) in moves.as_slice().iter().enumerate() {
            let after = moved(&options, &terms, own).prices(model, Instructions::best());
            for place in 0..333 {
                let expected = (before[place] - after[place]) * multipliers[place] * 1e6;
                let actual = all[0][[place, scenario]];
                let error = (actual as f64 - expected).abs();
                let allowed = 0.51 + 1e-12 * multipliers[place].abs() * 1e6 * 300.0;
                assert!(error <= allowed, "{model:?} seed {seed} {place} {own:?}: {actual} not {expected}");
            }
        }
    }
}

#[test]
fn nothing_moves_nothing_and_longs_lose_what_the_price_loses() {
    let mut options = Options::default();
    options.push([100.0, 100.0, 0.2, 1.0, 1.0], RightSign::CALL);
    options.push([100.0, 90.0, 0.0, 1.0, 0.5], RightSign::CALL);
    let stakes =
        Stakes { multipliers: &[10.0, -2.0], term_scalings: &[1.0, 1.0], coin_prices: None, places: 2 };
    let down = JointMove { price_factor: 0.95, ..JointMove::NOTHING };
    let moves = Moves::new(vec![JointMove::NOTHING, down]).unwrap();
    let losses = options.columns().black76().unwrap().losses(&stakes, &moves, Instructions::best()).unwrap();
    assert_eq!(losses.row(0)[0], 0);
    // The call falls from 7.9656 to 5.4427 (to 50 digits 7.96556745540580 and 5.44243...): ten of them lose 25.2...
    assert!((2_400..2_600).contains(&losses.row(0)[1]), "{losses}");
    // Intrinsic value falls by 5, discounted by half, and the multiplier is short two.
    assert_eq!(losses.row(1).to_vec(), [0, -500]);
}

#[test]
fn what_cannot_be_calculated_says_where() {
    let mut dice = Dice::new(33);
    let (options, multipliers, terms) = book(&mut dice, Model::Black76, 70);
    let black76 = options.columns().black76().unwrap();
    let stakes = Stakes { multipliers: &multipliers, term_scalings: &terms, coin_prices: None, places: 6 };
    let moves = |moves: Vec<JointMove>| Moves::new(moves).unwrap();
    let losses = |stakes: &Stakes<'_>, moves: &Moves| black76.losses(stakes, moves, Instructions::best());
    let short = Stakes { multipliers: &multipliers[1..], ..stakes };
    assert_eq!(losses(&short, &moves(vec![])), Err(NoLosses::Stakes(70)));
    assert_eq!(losses(&Stakes { places: 13, ..stakes }, &moves(vec![])), Err(NoLosses::Stakes(70)));
    let fall = JointMove { price_shift: -75.0, ..JointMove::NOTHING };
    let option = options.forwards.iter().position(|forward| *forward < 75.0).unwrap();
    let refused = losses(&stakes, &moves(vec![JointMove::NOTHING, fall]));
    assert_eq!(refused, Err(NoLosses::Forward { scenario: 1, option }));
    let mut huge = multipliers.clone();
    huge[66] = 1e12;
    let double = JointMove { price_factor: 3.0, ..JointMove::NOTHING };
    let refused = losses(&Stakes { multipliers: &huge, ..stakes }, &moves(vec![double]));
    assert!(matches!(refused, Err(NoLosses::TooLarge { scenario: 0, option: 66, .. })), "{refused:?}");
    assert_eq!(losses(&stakes, &moves(vec![])).unwrap().dim(), (70, 0));

    let wrong = JointMove { price_factor: 0.0, years: -1.0, rate_shift: f64::NAN, ..JointMove::NOTHING };
    let Err(InvalidMoves(faults)) = Moves::new(vec![JointMove::NOTHING, wrong]) else { panic!("refused") };
    assert_eq!(faults.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(
        InvalidMoves(faults).to_string().starts_with("moves[1].price_factor: expected a number from 1e-6")
    );
    assert!(Moves::new(vec![JointMove::NOTHING; Moves::MOST + 1]).is_err());
}
