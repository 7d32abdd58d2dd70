//! Risk arrays of a price source: contracts, market and moves in, whole losses out.

use plimsoll_engine::contract::{
    ContractId, ContractKey, Exercise, Instrument, OptionModel, OptionRight, Period, ProductType, Registry,
    Settlement, Specification, SpecificationTerms,
};
use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::market::{Observed, Quote, Smile, Snapshot, years_between};
use plimsoll_engine::pricing::{Columns, JointMove, Moves, NoLosses, RightSign};
use plimsoll_engine::scenario::{ArraySettings, Losses, PricedArrays, Unpriced, priced_arrays};
use plimsoll_engine::types::{Code, Currency, Moment, PriceSource};

fn at(day: u32) -> Moment {
    format!("2026-12-{day:02}T08:00:00Z").parse().unwrap()
}

fn btc() -> PriceSource {
    Code::new("BTC").unwrap()
}

fn seen(value: f64) -> Observed {
    Observed::new(value, at(1), 1.0).unwrap()
}

/// Bitcoin at 90,000, to 25 December at 91,000 with 60 % volatility and 5 % interest; nothing to 30 December.
fn market() -> Snapshot {
    let flat = Smile::Flat { model: OptionModel::Lognormal, volatility: 0.6 };
    let quotes = [
        Quote::Price { source: btc(), price: seen(90_000.0) },
        Quote::Forward { source: btc(), expiry: at(25), forward: seen(91_000.0) },
        Quote::Smile { source: btc(), expiry: at(25), smile: flat, source_time: at(1), confidence: 1.0 },
        Quote::Rate { currency: Code::new("USD").unwrap(), until: at(25), rate: seen(0.05) },
    ];
    Snapshot::empty(at(1)).next(at(1), &quotes).unwrap()
}

fn specification(instrument: Instrument, multiplier: &str, settlement: Settlement) -> Specification {
    let terms = SpecificationTerms {
        price_source: btc(),
        instrument,
        multiplier: multiplier.parse().unwrap(),
        quote: Code::new("USD").unwrap(),
        settlement,
    };
    terms.check().unwrap()
}

fn option(day: u32, strike: &str, right: OptionRight, exercise: Exercise, model: OptionModel) -> Instrument {
    Instrument::Option { expiry: at(day), strike: strike.parse().unwrap(), right, exercise, model }
}

fn in_coin() -> Settlement {
    Settlement::Inverse { coin: Currency::new("BTC").unwrap() }
}

/// Numbers for so many contracts.
fn ids(count: usize) -> Vec<ContractId> {
    let mut registry = Registry::default();
    let key = |place: usize| ContractKey {
        house: Code::new("H").unwrap(),
        exchange: Code::new("X").unwrap(),
        product: Code::new("BTC").unwrap(),
        product_type: ProductType::Future,
        period: Period::new(&format!("2027{:02}", place + 1)).unwrap(),
        underlying_period: None,
        option: None,
    };
    (0..count).map(|place| registry.intern(key(place), None).unwrap()).collect()
}

fn arrays(
    snapshot: &Snapshot,
    specifications: &[Specification],
    moves: &Moves,
) -> Result<PricedArrays, NoLosses> {
    let ids = ids(specifications.len());
    let contracts: Vec<(ContractId, &Specification)> = ids.into_iter().zip(specifications).collect();
    let settings =
        ArraySettings { moves, term_scaling: |_| 1.0, places: 8, instructions: Instructions::best() };
    priced_arrays(snapshot, &btc(), &contracts, &settings)
}

fn rows(arrays: &PricedArrays) -> Vec<Vec<i64>> {
    match arrays.arrays.losses() {
        Losses::Narrow(losses) => {
            losses.outer_iter().map(|row| row.iter().copied().map(i64::from).collect()).collect()
        }
        Losses::Wide(losses) => losses.outer_iter().map(|row| row.to_vec()).collect(),
    }
}

fn price(forward: f64, strike: f64, volatility: f64, right: RightSign) -> f64 {
    let years = years_between(at(1), at(25));
    let discount = (-0.05 * years).exp();
    let columns = Columns {
        forwards: &[forward],
        strikes: &[strike],
        volatilities: &[volatility],
        times: &[years],
        discounts: &[discount],
        rights: &[right],
    };
    let mut prices = [0.0];
    columns.black76().unwrap().prices_into(&mut prices, Instructions::best());
    prices[0]
}

#[test]
fn every_kind_of_contract_loses_what_its_price_loses() {
    let european = |strike, right| option(25, strike, right, Exercise::European, OptionModel::Lognormal);
    let specifications = [
        specification(Instrument::Asset, "1", Settlement::Premium),
        specification(Instrument::Perpetual, "10", in_coin()),
        specification(Instrument::Future { expiry: at(25) }, "0.1", Settlement::FuturesStyle),
        specification(european("95000", OptionRight::Call), "0.01", Settlement::Premium),
        specification(european("80000", OptionRight::Put), "1", in_coin()),
    ];
    let down = JointMove { price_factor: 0.9, volatility_range: 0.5, ..JointMove::NOTHING };
    let moves = Moves::new(vec![JointMove::NOTHING, down]).unwrap();
    let found = arrays(&market(), &specifications, &moves).unwrap();
    assert_eq!((found.contracts.len(), found.unpriced.len(), found.findings.len()), (5, 0, 0));
    let call =
        price(91_000.0, 95_000.0, 0.6, RightSign::CALL) - price(81_900.0, 95_000.0, 0.9, RightSign::CALL);
    let put = price(91_000.0, 80_000.0, 0.6, RightSign::PUT) / 90_000.0
        - price(81_900.0, 80_000.0, 0.9, RightSign::PUT) / 81_000.0;
    let expected = [9_000.0, 10.0 / 81_000.0 - 10.0 / 90_000.0, 910.0, 0.01 * call, put];
    for (place, (row, expected)) in rows(&found).iter().zip(expected).enumerate() {
        assert_eq!(row[0], 0, "{place}");
        let error = (row[1] as f64 - expected * 1e8).abs();
        assert!(error <= 0.6 + 1e-12 * expected.abs() * 1e8, "{place}: {} not {}", row[1], expected * 1e8);
    }
}

#[test]
fn what_has_no_price_is_named_and_the_others_are_calculated() {
    use OptionModel::{Lognormal, Normal};
    let call = |day, exercise, model| option(day, "95000", OptionRight::Call, exercise, model);
    let paid = |instrument| specification(instrument, "1", Settlement::Premium);
    let specifications = [
        paid(Instrument::Asset),
        specification(Instrument::Future { expiry: at(30) }, "1", Settlement::FuturesStyle),
        paid(call(25, Exercise::American, Lognormal)),
        paid(call(25, Exercise::European, Normal)),
        paid(call(30, Exercise::European, Lognormal)),
        specification(Instrument::Future { expiry: "2026-11-30T08:00:00Z".parse().unwrap() }, "1", in_coin()),
    ];
    let moves = Moves::new(vec![JointMove { price_factor: 1.5, ..JointMove::NOTHING }]).unwrap();
    let found = arrays(&market(), &specifications, &moves).unwrap();
    let ids = ids(6);
    assert_eq!((found.contracts, found.arrays.places()), (vec![ids[0]], 8));
    let expected = [
        (ids[1], Unpriced::NoForward),
        (ids[2], Unpriced::American),
        (ids[3], Unpriced::OtherModel),
        (ids[4], Unpriced::NoForward),
        (ids[5], Unpriced::Expired),
    ];
    assert_eq!(found.unpriced, expected);
    // Nothing is known of the market: everything is named.
    let nothing = arrays(&Snapshot::empty(at(1)), &specifications[..1], &moves).unwrap();
    assert_eq!(nothing.unpriced, [(ids[0], Unpriced::NoPrice)]);
    assert_eq!(rows(&nothing), Vec::<Vec<i64>>::new());
    // A move that leaves no price is the caller's fault.
    let fall = Moves::new(vec![JointMove { price_shift: -95_000.0, ..JointMove::NOTHING }]).unwrap();
    let inverse = [specification(Instrument::Perpetual, "10", in_coin())];
    let refused = arrays(&market(), &inverse, &fall).unwrap_err();
    assert_eq!(refused, NoLosses::Forward { scenario: 0, option: 0 });
}
