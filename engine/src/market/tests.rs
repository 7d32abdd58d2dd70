use super::*;
use crate::contract::OptionModel;
use crate::market::{ObservationError, Svi};
use crate::types::Code;

fn at(hour: u32) -> Moment {
    format!("2026-11-25T{hour:02}:00:00Z").parse().unwrap()
}

fn seen(value: f64, hour: u32) -> Observed {
    Observed::new(value, at(hour), 1.0).unwrap()
}

fn btc() -> PriceSource {
    Code::new("BTC").unwrap()
}

fn price(value: f64, hour: u32) -> Quote {
    Quote::Price { source: btc(), price: seen(value, hour) }
}

fn smile(smile: Smile) -> Quote {
    Quote::Smile { source: btc(), expiry: at(20), smile, source_time: at(1), confidence: 0.5 }
}

#[test]
fn what_did_not_change_is_shared() {
    let eth = Quote::Price { source: Code::new("ETH").unwrap(), price: seen(3_000.0, 1) };
    let first = Snapshot::empty(at(0)).next(at(1), &[price(90_000.0, 1), eth]).unwrap();
    let forward = Quote::Forward { source: btc(), expiry: at(20), forward: seen(91_000.0, 2) };
    let second = first.next(at(2), &[price(90_500.0, 2), forward]).unwrap();
    assert_eq!((first.version(), second.version(), second.time()), (1, 2, at(2)));
    let known = |snapshot: &Snapshot| snapshot.of(&btc()).unwrap().price.unwrap().value();
    assert_eq!((known(&first), known(&second)), (90_000.0, 90_500.0));
    assert_eq!(second.of(&btc()).unwrap().expiries[&at(20)].forward.unwrap().value(), 91_000.0);
    let eth = Code::new("ETH").unwrap();
    assert!(Arc::ptr_eq(first.of(&eth).unwrap(), second.of(&eth).unwrap()));
    assert_eq!(second.sources().count(), 2);
}

#[test]
fn rates_are_linear_between_dates_and_exchange_goes_both_ways() {
    let (usd, eur) = (Currency::new("USD").unwrap(), Currency::new("EUR").unwrap());
    let rate = |hour, value| Quote::Rate { currency: usd.clone(), until: at(hour), rate: seen(value, 0) };
    let fx = Quote::Exchange { from: eur.clone(), to: usd.clone(), rate: seen(1.25, 0) };
    let known = Snapshot::empty(at(0)).next(at(1), &[rate(10, 0.04), rate(20, 0.06), fx]).unwrap();
    for (hour, expected) in [(5, 0.04), (10, 0.04), (15, 0.05), (20, 0.06), (23, 0.06)] {
        let rate = known.rate(&usd, at(hour)).unwrap();
        assert!((rate - expected).abs() < 1e-15, "{hour}: {rate}");
    }
    assert_eq!(known.rate(&eur, at(5)), None);
    assert_eq!(known.exchange(&eur, &usd), Some(1.25));
    assert_eq!(known.exchange(&usd, &eur), Some(0.8));
    assert_eq!(known.exchange(&usd, &usd), Some(1.0));
    assert_eq!(known.exchange(&usd, &Currency::new("TRY").unwrap()), None);
}

#[test]
fn every_fault_is_named_and_nothing_is_applied() {
    let known = Snapshot::empty(at(0)).next(at(5), &[price(1.0, 4)]).unwrap();
    let (usd, eur) = (Currency::new("USD").unwrap(), Currency::new("EUR").unwrap());
    let quotes = [
        price(2.0, 3),
        price(2.0, 9),
        Quote::Rate { currency: usd.clone(), until: at(9), rate: seen(50.0, 1) },
        Quote::Exchange { from: eur, to: usd, rate: seen(-1.0, 1) },
        smile(Smile::Flat { model: OptionModel::Lognormal, volatility: 0.0 }),
        smile(Smile::Strikes { model: OptionModel::Lognormal, nodes: vec![(90.0, 0.5), (80.0, 1e9)] }),
        smile(Smile::Deltas(vec![(0.2, 0.5), (0.5, 0.4), (1.5, 0.4)])),
        smile(Smile::Strikes { model: OptionModel::Normal, nodes: Vec::new() }),
        smile(Smile::Svi(Svi { a: -1.0, b: 0.1, rho: 0.0, m: 0.0, sigma: 0.1 })),
    ];
    let faults = known.next(at(4), &quotes).unwrap_err();
    let texts: Vec<String> =
        faults.iter().map(|fault| format!("{}: {}", fault.quote, fault.message)).collect();
    let expected = [
        "0: source_time: 2026-11-25T03:00:00Z is before the known 2026-11-25T04:00:00Z",
        "1: source_time: 2026-11-25T09:00:00Z is after the snapshot's 2026-11-25T04:00:00Z",
        "2: rate: expected a number up to 10 either way (0.05 is 5 %)",
        "3: rate: expected a positive number between two currencies",
        "4: smile.nodes[0].volatility: expected a positive number up to 1,000",
        "5: smile.nodes[1]: strikes ascend, deltas descend between 1 and 0",
        "5: smile.nodes[1].volatility: expected a positive number up to 1,000",
        "6: smile.nodes[1]: strikes ascend, deltas descend between 1 and 0",
        "6: smile.nodes[2]: strikes ascend, deltas descend between 1 and 0",
        "7: smile.nodes: expected 1 to 200",
        "8: smile.svi: expected b >= 0, -1 < rho < 1, sigma > 0 and a variance that is nowhere negative",
        "9: time: 2026-11-25T04:00:00Z is before the last snapshot's 2026-11-25T05:00:00Z",
    ];
    assert_eq!(texts, expected);
    assert_eq!(known.of(&btc()).unwrap().price.unwrap().value(), 1.0);
    assert_eq!(Observed::new(f64::NAN, at(0), 1.0), Err(ObservationError::Value));
    assert_eq!(Observed::new(1.0, at(0), 1.5), Err(ObservationError::Confidence));
}

#[test]
fn years_have_365_days() {
    let from: Moment = "2026-01-01T00:00:00Z".parse().unwrap();
    let to: Moment = "2027-01-01T12:00:00Z".parse().unwrap();
    assert!((years_between(from, to) - 365.5 / 365.0).abs() < 1e-15);
    assert_eq!(years_between(to, from), 0.0);
}
