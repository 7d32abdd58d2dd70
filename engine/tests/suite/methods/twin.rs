//! The scenario grid once more, from its definition, in plain floating point and without any step of the engine: random methods,
//! markets and portfolios on one price source, which moves lognormally, or normally with prices of any sign.

#![allow(clippy::float_arithmetic, reason = "the plain calculator")]

mod values;
mod written;

use plimsoll_engine::account::{Collateral, Counted, HeldPosition, MarginAccount, PositionAccount, Stated};
use plimsoll_engine::contract::{
    Exercise, Instrument, OptionModel, OptionRight, Settlement, SpecificationTerms,
};
use plimsoll_engine::grid::GridResult;
use plimsoll_engine::market::{Observed, PriceTerms, Quote, Snapshot};
use plimsoll_engine::parameters::method::read_method;
use plimsoll_engine::report::{MethodResult, by_method};
use plimsoll_engine::types::{Currency, Decimal, Moment, Money, PriceSource, Quantity, Ratio};

use self::values::{value, volatility};
use self::written::toml;
use crate::generate::dice::Dice;

const YEAR: f64 = 31_536_000.0;
const WORDS: [&str; 5] = ["none", "up", "down", "skew_linear", "skew_absolute"];

/// The numbers of a method, by the names of its file.
struct Set {
    scenarios: Vec<(f64, usize, f64)>,
    volatility: [f64; 6],
    skew: [f64; 8],
    margin: [f64; 8],
    basis: [f64; 4],
    charges: [f64; 8],
    /// Seconds over which settlement prices are averaged; 0 for none.
    average: f64,
}

struct Opt {
    seconds: i64,
    strike: f64,
    is_call: bool,
    quantity: f64,
    volatility: f64,
    states: States,
}

/// What the holder of an option states of its price.
#[derive(Clone, Copy, Eq, PartialEq)]
enum States {
    Volatility,
    /// Its mark instead, which has this volatility.
    Mark,
    /// Both: the mark differs by half a hundredth, as a venue may round.
    Both,
}

struct Case {
    moves_normally: bool,
    spot: f64,
    confidence: f64,
    stable: f64,
    /// Seconds, forward, rate, confidence.
    expiries: Vec<(i64, f64, f64, f64)>,
    /// Whether the forward of what has expired is from before its expiry.
    is_unsettled: bool,
    perpetual: (f64, f64),
    /// What it was traded at.
    entry: Option<f64>,
    /// Whether the market states the price of the perpetual, not its holder.
    is_quoted: bool,
    options: Vec<Opt>,
    /// Amount, price, haircuts; the first moves with the spot.
    collateral: Vec<(f64, f64, f64, f64)>,
    cash: f64,
}

fn part(dice: &mut Dice, first: i64, last: i64) -> f64 {
    dice.between(first, last) as f64 / 1_000.0
}

fn set(dice: &mut Dice) -> Set {
    let scenarios = (0..dice.between(1, 20))
        .map(|_| (part(dice, 100, 4_000), dice.index(WORDS.len()), part(dice, 0, 2_000)))
        .collect();
    let mut roll = |ranges: &[(i64, i64)]| -> Vec<f64> {
        ranges.iter().map(|(first, last)| part(dice, *first, *last)).collect()
    };
    Set {
        scenarios,
        volatility: roll(&[(100, 900), (100, 900), (0, 600), (100, 500), (50, 300), (500, 3_000)])
            .try_into()
            .unwrap(),
        skew: roll(&[
            (50, 500),
            (-100, 50),
            (50, 500),
            (-100, 50),
            (10, 100),
            (0, 5_000),
            (0, 1_000),
            (-200, 200),
        ])
        .try_into()
        .unwrap(),
        margin: roll(&[
            (500, 1_000),
            (900, 1_400),
            (900, 1_000),
            (0, 1_000),
            (0, 100),
            (1_000, 1_100),
            (0, 1_000),
            (0, 100),
        ])
        .try_into()
        .unwrap(),
        basis: roll(&[(1_010, 1_100), (900, 990), (100, 1_000), (0, 2_500)]).try_into().unwrap(),
        charges: roll(&[
            (950, 1_000),
            (0, 4_000),
            (200, 900),
            (100, 1_000),
            (0, 50),
            (0, 20),
            (0, 10),
            (0, 5),
        ])
        .try_into()
        .unwrap(),
        average: if dice.chance(70) { 1_800.0 } else { 0.0 },
    }
}

fn case(dice: &mut Dice) -> Case {
    let moves_normally = dice.chance(40);
    let spot = if moves_normally { part(dice, -90_000, 90_000) } else { part(dice, 500, 90_000_000) };
    let seconds = [-60, 0, 1, 900, 43_200, 604_800, 2_592_000, 7_776_000];
    let expiries: Vec<(i64, f64, f64, f64)> = seconds
        .into_iter()
        .map(|own| {
            let forward =
                if moves_normally { spot + part(dice, -2_000, 2_000) } else { spot * part(dice, 980, 1_030) };
            (own, forward, part(dice, -20, 200), part(dice, 300, 1_000))
        })
        .collect();
    let option = |dice: &mut Dice| {
        let seconds = *dice.pick(&seconds);
        let most = if moves_normally { 60_000 } else { 1_500 };
        let states = *dice.pick(&[States::Volatility, States::Mark, States::Both]);
        // That of an expired option is whatever it is.
        let volatility = if seconds > 0 { part(dice, 200, most) } else { part(dice, -9, 9) * 1e9 };
        let strike =
            if moves_normally { spot + part(dice, -40_000, 40_000) } else { spot * part(dice, 500, 2_000) };
        Opt {
            seconds,
            strike: (strike * 1e4).round() / 1e4,
            is_call: dice.chance(50),
            quantity: part(dice, -9_000, 9_000),
            volatility,
            states: if seconds > 0 { states } else { States::Volatility },
        }
    };
    let mut options: Vec<Opt> = (0..dice.between(0, 12)).map(|_| option(dice)).collect();
    for own in &mut options {
        let forward = expiries.iter().find(|market| market.0 == own.seconds).unwrap().1;
        let deviation = own.volatility * (own.seconds.max(0) as f64 / YEAR).sqrt();
        // Far from the money a price has too few digits to tell its volatility.
        let distance =
            if moves_normally { (forward - own.strike).abs() } else { (forward / own.strike).ln().abs() };
        if own.states == States::Mark && distance > deviation {
            own.states = States::Volatility;
        }
    }
    let assets = |dice: &mut Dice| {
        let price = spot.abs() * part(dice, 500, 1_500);
        (part(dice, 1, 9_000), price, part(dice, 0, 200), part(dice, 0, 90))
    };
    let perpetual = if moves_normally { spot + part(dice, -500, 500) } else { spot * part(dice, 990, 1_010) };
    Case {
        moves_normally,
        spot,
        confidence: part(dice, 300, 1_000),
        stable: part(dice, 940, 1_010),
        expiries,
        is_unsettled: dice.chance(30),
        perpetual: (part(dice, -5_000, 5_000), perpetual),
        entry: dice.chance(50).then(|| (spot * part(dice, 500, 2_000) * 1e4).round() / 1e4 + 1.0),
        is_quoted: dice.chance(50),
        options,
        collateral: (0..dice.between(0, 2)).map(|_| assets(dice)).collect(),
        cash: part(dice, -900_000, 900_000),
    }
}

/// What one option is worth at the mark.
fn mark(case: &Case, option: &Opt, forward: f64, rate: f64) -> f64 {
    let own = value(case, option, forward, option.volatility, rate);
    if option.states == States::Both { own * 1.005 } else { own }
}

/// Whether what expires then has a settlement price.
fn is_settled(case: &Case, seconds: i64) -> bool {
    seconds == 0 || (seconds < 0 && !case.is_unsettled)
}

/// Whether it is charged and discounted.
fn counts(set: &Set, case: &Case, seconds: i64) -> bool {
    set.average > 0.0 || !is_settled(case, seconds)
}

fn moved(set: &Set, case: &Case, forward: f64, seconds: i64, factor: f64) -> f64 {
    let part = match seconds {
        _ if is_settled(case, seconds) => 0.0,
        ..=0 => 1.0,
        _ if seconds as f64 >= set.average => 1.0,
        _ => seconds as f64 / set.average,
    };
    // A part of the size, so that up is up.
    forward + forward.abs() * part * (factor - 1.0)
}

#[derive(Debug, Default)]
struct Expected {
    results: Vec<f64>,
    basis: f64,
    worst: f64,
    equity: f64,
    contingency: (f64, f64),
    factor: f64,
}

fn results(set: &Set, case: &Case, expected: &mut Expected) {
    let of = |expiry: i64| case.options.iter().filter(move |option| option.seconds == expiry);
    let (quantity, price) = case.perpetual;
    for (factor, word, dampening) in &set.scenarios {
        let word = WORDS[*word];
        let mut result = quantity * (factor - 1.0) * price.abs();
        if let Some((amount, price, ..)) = case.collateral.first().filter(|_| case.spot > 0.0) {
            result += amount * price / case.stable * (factor - 1.0);
        }
        for (seconds, forward, rate, _) in &case.expiries {
            let (rate, years) = (rate.max(0.0), (*seconds).max(0) as f64 / YEAR);
            let shocked = if word.starts_with("skew") {
                *forward
            } else {
                moved(set, case, *forward, *seconds, *factor)
            };
            let mark: f64 = of(*seconds).map(|own| own.quantity * mark(case, own, *forward, rate)).sum();
            let own = |own: &Opt| {
                own.quantity * value(case, own, shocked, volatility(set, own, *forward, word), rate)
            };
            let after: f64 = of(*seconds).map(own).sum();
            let [_, _, long, long_rate, long_add, short, short_rate, short_add] = set.margin;
            let counted = if !counts(set, case, *seconds) {
                after
            } else if after >= 0.0 {
                after * long * (-years * (rate * long_rate + long_add)).exp()
            } else {
                after * (short * (years * (rate * short_rate + short_add)).exp()).min((rate * years).exp())
            };
            result += if word.starts_with("skew") { -(counted - mark).abs() } else { counted - mark };
        }
        expected.results.push(result * dampening);
    }
    let [up, down, add, multiplier] = set.basis;
    for (seconds, forward, rate, _) in &case.expiries {
        let rate = rate.max(0.0);
        let at = |factor: f64| -> f64 {
            let forward = moved(set, case, *forward, *seconds, factor);
            of(*seconds).map(|own| own.quantity * value(case, own, forward, own.volatility, rate)).sum()
        };
        let mark: f64 = of(*seconds).map(|own| own.quantity * mark(case, own, *forward, rate)).sum();
        let least = (at(up) - mark).min(at(down) - mark).min(0.0);
        expected.basis += least * (add + multiplier * (*seconds).max(0) as f64 / YEAR);
        expected.equity += mark;
    }
    expected.worst = expected.results.iter().copied().fold(expected.basis, f64::min);
}

fn charges(set: &Set, case: &Case, expected: &mut Expected) {
    let [peg, peg_factor, threshold, lack, perpetual, perpetual_initial, option, option_initial] =
        set.charges;
    let (maintenance, initial) = &mut expected.contingency;
    let spot = case.spot.abs();
    let quantity = case.perpetual.0.abs() * spot;
    *maintenance += quantity * perpetual;
    *initial += quantity * perpetual_initial;
    let distrust = |confidence: f64| if confidence < threshold { (1.0 - confidence) * lack } else { 0.0 };
    *initial += quantity * distrust(case.confidence);
    for (seconds, .., confidence) in case.expiries.iter().filter(|own| counts(set, case, own.0)) {
        let own: Vec<&Opt> = case.options.iter().filter(|own| own.seconds == *seconds).collect();
        for (place, first) in own.iter().enumerate() {
            let same = |other: &&&Opt| other.strike.to_bits() == first.strike.to_bits();
            if own[..place].iter().any(|other| same(&other)) {
                continue;
            }
            let net: f64 = own.iter().filter(same).map(|other| other.quantity).sum();
            *maintenance += (-net).max(0.0) * spot * option;
            *initial += (-net).max(0.0) * spot * option_initial;
        }
        let gross: f64 = own.iter().map(|own| own.quantity.abs()).sum();
        *initial += gross * spot * distrust(confidence.min(case.confidence));
    }
    expected.equity += case.cash;
    expected.equity += case.entry.map_or(0.0, |entry| case.perpetual.0 * (case.perpetual.1 - entry));
    for (amount, price, haircut, initial_haircut) in &case.collateral {
        let worth = amount * price / case.stable;
        expected.equity += worth;
        *maintenance += worth * haircut;
        *initial += worth * (initial_haircut + distrust(case.confidence));
    }
    expected.factor = set.margin[1] + (peg - case.stable).max(0.0) * peg_factor;
}

fn decimal(value: f64) -> Decimal {
    format!("{value}").parse().unwrap()
}

fn quantity(value: f64) -> Quantity {
    Quantity::from_decimal_half_away(decimal(value)).unwrap()
}

fn now() -> Moment {
    at(0)
}

fn at(seconds: i64) -> Moment {
    Moment::from_seconds(1_000_000_000 + seconds, 0).unwrap()
}

fn source() -> PriceSource {
    PriceSource::new("X").unwrap()
}

fn market(case: &Case) -> Snapshot {
    let observed = |value: f64, confidence: f64| Observed::new(value, now(), confidence).unwrap();
    let currency = Currency::new("USD").unwrap();
    let model = Some(if case.moves_normally { OptionModel::Normal } else { OptionModel::Lognormal });
    let terms = PriceTerms { currency: Some(currency.clone()), base: None, model };
    let mut quotes = vec![
        Quote::PriceTerms { source: source(), terms },
        Quote::Price { source: source(), price: observed(case.spot, case.confidence) },
        Quote::Peg { currency, price: observed(case.stable, 1.0) },
    ];
    if case.is_quoted {
        quotes.push(Quote::Perpetual { source: source(), price: observed(case.perpetual.1, 1.0) });
    }
    for (seconds, forward, rate, confidence) in &case.expiries {
        let (expiry, rate) = (at(*seconds), observed(*rate, 1.0));
        let stated = if *seconds < 0 && case.is_unsettled { at(seconds - 1) } else { now() };
        let forward = Observed::new(*forward, stated, *confidence).unwrap();
        quotes.push(Quote::Forward { source: source(), expiry, forward });
        quotes.push(Quote::SourceRate { source: source(), expiry, rate });
    }
    Snapshot::empty(now()).next(now(), &quotes).unwrap()
}

fn engine(set: &Set, case: &Case) -> GridResult {
    let held = |instrument: Instrument, size: f64, stated: Stated| {
        let is_option = matches!(instrument, Instrument::Option { .. });
        let terms = SpecificationTerms {
            price_source: source(),
            instrument,
            multiplier: Decimal::ONE,
            quote: Currency::new("USD").unwrap(),
            settlement: if is_option { Settlement::Premium } else { Settlement::FuturesStyle },
        };
        HeldPosition {
            contract: terms.check().unwrap(),
            quantity: quantity(size),
            counted: Counted::Contracts,
            stated,
            unrealised_profit: Money::ZERO,
            unrealised_funding: Money::ZERO,
            collateral: Money::ZERO,
        }
    };
    let (size, price) = case.perpetual;
    let stated = Stated {
        price: (!case.is_quoted).then_some(price),
        entry_price: case.entry.map(decimal),
        ..Stated::default()
    };
    let mut positions = vec![held(Instrument::Perpetual, size, stated)];
    for own in &case.options {
        let instrument = Instrument::Option {
            expiry: at(own.seconds),
            strike: decimal(own.strike),
            right: if own.is_call { OptionRight::Call } else { OptionRight::Put },
            exercise: Exercise::European,
            model: if case.moves_normally { OptionModel::Normal } else { OptionModel::Lognormal },
        };
        let (_, forward, rate, _) = *case.expiries.iter().find(|market| market.0 == own.seconds).unwrap();
        let stated = Stated {
            volatility: (own.states != States::Mark).then_some(own.volatility),
            mark: (own.states != States::Volatility).then(|| mark(case, own, forward, rate.max(0.0))),
            ..Stated::default()
        };
        positions.push(held(instrument, own.quantity, stated));
    }
    let ratio = |value: f64| Ratio::from_decimal(decimal(value)).unwrap();
    let asset = |(place, own): (usize, &(f64, f64, f64, f64))| Collateral {
        asset: format!("asset {place}"),
        source: None,
        amount: quantity(own.0),
        price: Some(own.1),
        confidence: 1.0,
        cancels_risk: Some(place == 0 && case.spot > 0.0),
        haircuts: Some((ratio(own.2), ratio(own.3))),
    };
    let account = MarginAccount {
        cash: Money::from_decimal(decimal(case.cash)).unwrap(),
        collateral: case.collateral.iter().enumerate().map(asset).collect(),
        position_accounts: vec![PositionAccount { name: String::new(), positions }],
        ..MarginAccount::default()
    };
    let method = read_method(toml(set).as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"));
    match by_method(&method, &market(case), &account).unwrap() {
        MethodResult::Grid(own) => *own,
        other => panic!("{other:?}"),
    }
}

#[test]
fn random_methods_and_portfolios() {
    let mut below = 0;
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let (set, case) = (set(&mut dice), case(&mut dice));
        below += u32::from(case.spot <= 0.0);
        let mut expected = Expected::default();
        results(&set, &case, &mut expected);
        charges(&set, &case, &mut expected);
        let actual = engine(&set, &case);
        let (maintenance, initial) = expected.contingency;
        let all = [
            (actual.equity.total, expected.equity),
            (actual.sources[0].basis, expected.basis),
            (actual.sources[0].worst, expected.worst),
            (actual.requirement.maintenance_contingency, maintenance),
            (actual.requirement.initial_contingency, initial),
            (actual.requirement.maintenance, maintenance - expected.worst * set.margin[0]),
            (actual.requirement.initial, maintenance + initial - expected.worst * expected.factor),
        ];
        let cells = actual.sources[0].results.iter().copied().zip(expected.results.iter().copied());
        let pairs: Vec<(Money, f64)> = all.into_iter().chain(cells).collect();
        assert_eq!(pairs.len(), 7 + set.scenarios.len());
        let largest = pairs.iter().map(|(_, expected)| expected.abs()).fold(0.0, f64::max);
        for (place, (actual, expected)) in pairs.into_iter().enumerate() {
            let difference = (actual.to_f64() - expected).abs();
            assert!(
                difference <= 1e-9 * largest,
                "seed {seed}, number {place}: {actual:?} instead of {expected}"
            );
        }
    }
    assert!(below > 100, "{below}");
}
