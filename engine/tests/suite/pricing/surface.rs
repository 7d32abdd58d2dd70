//! Volatilities between quotes: nodes come back, nothing between them can be bought for less than nothing.

use plimsoll_engine::contract::OptionModel;
use plimsoll_engine::market::{Observed, Quote, Smile, Snapshot, Svi, years_between};
use plimsoll_engine::pricing::{RightSign, Surface, SurfaceFinding};
use plimsoll_engine::types::{Code, Moment, PriceSource};

use super::{Model, Options};
use crate::generate::Dice;
use plimsoll_engine::instruction_set::Instructions;

const FORWARD: f64 = 100.0;

fn at(day: u32) -> Moment {
    format!("2026-12-{day:02}T08:00:00Z").parse().unwrap()
}

/// The surface of smiles by day of expiry, as of 1 December.
fn surface(forward: f64, smiles: &[(u32, Smile)]) -> (Option<Surface>, Vec<SurfaceFinding>) {
    let source: PriceSource = Code::new("BTC").unwrap();
    let mut quotes = Vec::new();
    for (day, smile) in smiles {
        let forward = Observed::new(forward, at(1), 1.0).unwrap();
        let (source, expiry) = (source.clone(), at(*day));
        quotes.push(Quote::Forward { source: source.clone(), expiry, forward });
        let smile = smile.clone();
        quotes.push(Quote::Smile { source, expiry, smile, source_time: at(1), confidence: 1.0 });
    }
    let snapshot = Snapshot::empty(at(1)).next(at(1), &quotes).unwrap();
    Surface::of(snapshot.of(&source).unwrap(), at(1))
}

const SVI: Svi = Svi { a: 0.002, b: 0.04, rho: -0.4, m: 0.02, sigma: 0.15 };

fn svi_variance(svi: &Svi, k: f64) -> f64 {
    svi.a + svi.b * (svi.rho * (k - svi.m) + ((k - svi.m).powi(2) + svi.sigma.powi(2)).sqrt())
}

/// Undiscounted calls at the surface's volatilities.
fn calls(surface: &Surface, model: Model, forward: f64, day: u32, strikes: &[f64]) -> Vec<f64> {
    let mut options = Options::default();
    for &strike in strikes {
        let volatility = surface.volatility(at(day), forward, strike).unwrap();
        let years = years_between(at(1), at(day));
        options.push([forward, strike, volatility, years, 1.0], RightSign::CALL);
    }
    options.prices(model, Instructions::best())
}

/// Second differences of prices at equal steps, where they are below nothing by more than rounding.
fn dents(prices: &[f64], size: f64) -> Vec<usize> {
    let bend = |three: &[f64]| three[0] - 2.0 * three[1] + three[2];
    (0..prices.len() - 2).filter(|place| bend(&prices[*place..place + 3]) < -1e-12 * size).collect()
}

#[test]
fn a_formula_and_a_flat_volatility_are_what_they_say() {
    let flat = Smile::Flat { model: OptionModel::Lognormal, volatility: 0.6 };
    let (surface, findings) = surface(FORWARD, &[(5, flat), (25, Smile::Svi(SVI))]);
    assert_eq!(findings, []);
    let surface = surface.unwrap();
    let years = years_between(at(1), at(25));
    for strike in [40.0, 95.0, 100.0, 130.0, 300.0] {
        let expected = (svi_variance(&SVI, (strike / FORWARD).ln()) / years).sqrt();
        let actual = surface.volatility(at(25), FORWARD, strike).unwrap();
        assert!((actual - expected).abs() < 1e-14, "{strike}: {actual} not {expected}");
        assert!((surface.volatility(at(5), FORWARD, strike).unwrap() - 0.6).abs() < 1e-15);
        assert!((surface.volatility(at(3), FORWARD, strike).unwrap() - 0.6).abs() < 1e-15);
    }
    assert_eq!(surface.volatility(at(1), FORWARD, 100.0), None);
    assert_eq!(surface.volatility(at(25), FORWARD, -1.0), None);
}

#[test]
fn nodes_come_back_and_prices_between_them_stay_convex() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let (years, count) = (years_between(at(1), at(25)), usize::try_from(dice.between(2, 12)).unwrap());
        let mut strike = 40.0;
        let mut nodes = Vec::new();
        for _ in 0..count {
            strike += f64::from(i32::try_from(dice.between(50, 250)).unwrap()) * 0.1;
            nodes.push((strike, (svi_variance(&SVI, (strike / FORWARD).ln()) / years).sqrt()));
        }
        let smile = Smile::Strikes { model: OptionModel::Lognormal, nodes: nodes.clone() };
        let (surface, findings) = surface(FORWARD, &[(25, smile)]);
        assert_eq!(findings, [], "seed {seed}");
        let surface = surface.unwrap();
        for (strike, volatility) in &nodes {
            let actual = surface.volatility(at(25), FORWARD, *strike).unwrap();
            assert!((actual - volatility).abs() < 1e-12, "seed {seed} {strike}: {actual} not {volatility}");
        }
        let (first, last) = (nodes[0].0, nodes[count - 1].0);
        let strikes: Vec<f64> =
            (0..=400).map(|step| first + (last - first) * f64::from(step) / 400.0).collect();
        let prices = calls(&surface, Model::Black76, FORWARD, 25, &strikes);
        assert_eq!(dents(&prices, FORWARD), Vec::<usize>::new(), "seed {seed} {nodes:?}");
        // Between nodes of a smooth smile the volatility is near it.
        for strike in strikes {
            let expected = (svi_variance(&SVI, (strike / FORWARD).ln()) / years).sqrt();
            let actual = surface.volatility(at(25), FORWARD, strike).unwrap();
            assert!((actual - expected).abs() < 0.12, "seed {seed} {strike}: {actual} not {expected}");
        }
    }
}

#[test]
fn normal_volatilities_by_strike_stay_convex_around_zero() {
    let nodes = vec![(-30.0, 28.0), (-10.0, 24.0), (0.0, 22.0), (5.0, 22.5), (25.0, 27.0)];
    let smile = Smile::Strikes { model: OptionModel::Normal, nodes: nodes.clone() };
    let (surface, findings) = surface(-2.0, &[(25, smile)]);
    assert_eq!(findings, []);
    let surface = surface.unwrap();
    assert_eq!(surface.model(), OptionModel::Normal);
    for (strike, volatility) in nodes {
        assert!((surface.volatility(at(25), -2.0, strike).unwrap() - volatility).abs() < 1e-12 * volatility);
    }
    let strikes: Vec<f64> = (0..=550).map(|step| -30.0 + 0.1 * f64::from(step)).collect();
    let prices = calls(&surface, Model::Bachelier, -2.0, 25, &strikes);
    assert_eq!(dents(&prices, 30.0), Vec::<usize>::new());
}

#[test]
fn deltas_stand_at_the_strikes_that_have_them() {
    let nodes = vec![(0.9, 0.7), (0.5, 0.6), (0.1, 0.65)];
    let (surface, findings) = surface(FORWARD, &[(25, Smile::Deltas(nodes.clone()))]);
    assert_eq!(findings, []);
    let (surface, years) = (surface.unwrap(), years_between(at(1), at(25)));
    for (delta, volatility) in nodes {
        // The strike at which a call of this volatility has this delta, found by halving.
        let (mut low, mut high) = (1.0, 1e4);
        for _ in 0..200 {
            let strike = 0.5 * (low + high);
            let mut options = Options::default();
            options.push([FORWARD, strike, volatility, years, 1.0], RightSign::CALL);
            let own = options.greeks(Model::Black76, Instructions::best()).deltas[0];
            if own > delta { low = strike } else { high = strike }
        }
        let actual = surface.volatility(at(25), FORWARD, low).unwrap();
        assert!((actual - volatility).abs() < 1e-9, "{delta}: {actual} not {volatility}");
    }
}

#[test]
fn total_variance_rises_between_expiries() {
    let later = Svi { a: 0.01, ..SVI };
    let (surface, findings) = surface(FORWARD, &[(10, Smile::Svi(SVI)), (25, Smile::Svi(later))]);
    assert_eq!(findings, []);
    let surface = surface.unwrap();
    for strike in [50.0, 100.0, 180.0] {
        let mut before = 0.0;
        for day in 2..=31 {
            let volatility = surface.volatility(at(day), FORWARD, strike).unwrap();
            let variance = volatility * volatility * years_between(at(1), at(day));
            assert!(variance > before, "{strike} {day}");
            before = variance;
        }
    }
}

#[test]
fn quotes_that_can_be_had_for_nothing_are_named() {
    let lognormal = |nodes: Vec<(f64, f64)>| Smile::Strikes { model: OptionModel::Lognormal, nodes };
    let dented = lognormal(vec![(90.0, 0.5), (100.0, 0.9), (110.0, 0.5)]);
    let low = Smile::Flat { model: OptionModel::Lognormal, volatility: 0.1 };
    let normal = Smile::Flat { model: OptionModel::Normal, volatility: 10.0 };
    let wild = Smile::Svi(Svi { a: 0.0, b: 1.9, rho: 0.9, m: 0.0, sigma: 0.01 });
    let smiles = [(1, low.clone()), (10, dented), (12, low), (14, normal), (30, wild)];
    let (surface, findings) = surface(FORWARD, &smiles);
    assert_eq!(findings[0], SurfaceFinding::Expired(at(1)));
    assert!(
        matches!(&findings[1], SurfaceFinding::Butterfly(expiry, places) if *expiry == at(10) && places == &[1.0])
    );
    assert!(matches!(&findings[2], SurfaceFinding::Calendar(expiry, _) if *expiry == at(12)));
    assert_eq!(findings[3], SurfaceFinding::OtherModel(at(14)));
    assert!(matches!(&findings[4], SurfaceFinding::Butterfly(expiry, _) if *expiry == at(30)));
    // What is named is used nevertheless.
    assert!((surface.unwrap().volatility(at(10), FORWARD, 100.0).unwrap() - 0.9).abs() < 1e-12);
    // Without a forward, nodes by strike have no moneyness.
    let source: PriceSource = Code::new("BTC").unwrap();
    let smile = lognormal(vec![(100.0, 0.5)]);
    let quote =
        Quote::Smile { source: source.clone(), expiry: at(9), smile, source_time: at(1), confidence: 1.0 };
    let snapshot = Snapshot::empty(at(1)).next(at(1), &[quote]).unwrap();
    let (surface, findings) = Surface::of(snapshot.of(&source).unwrap(), at(1));
    assert!(surface.is_none());
    assert_eq!(findings, [SurfaceFinding::NoForward(at(9))]);
}
