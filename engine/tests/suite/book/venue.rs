//! A crypto venue without a parameter set: contracts with specifications, a market, and methods that are data.

#![allow(clippy::float_arithmetic, reason = "prices are models' inputs")]

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::account::Netting;
use plimsoll_engine::contract::{
    ContractKey, ContractQuery, ContractText, Exercise, Instrument, OptionModel, Registry, Settlement,
    Specification, SpecificationTerms,
};
use plimsoll_engine::group::{
    CollateralSchedule, HouseMethods, HouseSnapshot, Keeping, MarginTerms, Request,
};
use plimsoll_engine::market::{Observed, Quote, Smile, Snapshot};
use plimsoll_engine::parameters::method::{Method, preset, read_method};
use plimsoll_engine::types::{Currency, Decimal, MethodName, Moment, PriceSource};

use super::desk::{Desk, code};

pub(super) const DERIVE: &str = "derive-pm2";
pub(super) const DERIBIT: &str = "deribit-pm-btc";

pub(super) fn now() -> Moment {
    Moment::from_seconds(1_790_000_000, 0).unwrap()
}

fn expiry() -> Moment {
    Moment::from_seconds(1_790_000_000 + 30 * 86_400, 0).unwrap()
}

fn source() -> PriceSource {
    PriceSource::new("BTC").unwrap()
}

/// A market at a price, with a perpetual, one expiry, and what a dollar coin is worth in dollars.
pub(super) fn market(price: f64) -> Snapshot {
    let observed = |value: f64| Observed::new(value, now(), 1.0).unwrap();
    let (source, expiry) = (source(), expiry());
    let smile = Smile::Flat { model: OptionModel::Lognormal, volatility: 0.6 };
    let quotes = [
        Quote::Price { source: source.clone(), price: observed(price) },
        Quote::Perpetual { source: source.clone(), price: observed(price + 50.0) },
        Quote::Forward { source: source.clone(), expiry, forward: observed(price * 1.01) },
        Quote::SourceRate { source: source.clone(), expiry, rate: observed(0.05) },
        Quote::Smile { source, expiry, smile, source_time: now(), confidence: 1.0 },
        Quote::Exchange { from: code("BTC"), to: code("USDC"), rate: observed(price) },
    ];
    Snapshot::empty(now()).next(now(), &quotes).unwrap()
}

pub(super) fn method(name: &str) -> Method {
    read_method(preset(name).unwrap().as_bytes()).unwrap()
}

/// What the name of a contract says of it: linear ones are settled in USDC, those of exchange `INV` in coins.
fn specification(key: &ContractKey) -> Specification {
    let is_inverse = key.exchange.as_str() == "INV";
    let instrument = match (&key.option, key.period.as_str()) {
        (Some(option), _) => Instrument::Option {
            expiry: expiry(),
            strike: option.strike,
            right: option.right,
            exercise: Exercise::European,
            model: OptionModel::Lognormal,
        },
        (None, "PERP") => Instrument::Perpetual,
        (None, "SPOT") => Instrument::Asset,
        (None, _) => Instrument::Future { expiry: expiry() },
    };
    let is_paid = matches!(instrument, Instrument::Option { .. } | Instrument::Asset);
    let settlement = match (is_inverse, is_paid) {
        (true, _) => Settlement::Inverse { coin: code("BTC") },
        (false, true) => Settlement::Premium,
        (false, false) => Settlement::FuturesStyle,
    };
    let multiplier = if is_inverse && !is_paid { Decimal::whole(10) } else { "0.1".parse().unwrap() };
    let quote = if is_inverse { code("USD") } else { Currency::new("USDC").unwrap() };
    let terms = SpecificationTerms { price_source: source(), instrument, multiplier, quote, settlement };
    terms.check().unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    for exchange in ["LIN", "INV"] {
        for name in ["BTC FUT PERP", "BTC FUT 202610", "BTC OOP 202610 C 60000", "BTC OOP 202610 P 60000"] {
            let words: Vec<&str> = name.split(' ').collect();
            let word = |place: usize| words.get(place).copied().unwrap_or("");
            let product = if exchange == "INV" { "BTCI" } else { word(0) };
            let query = ContractQuery::parse(&ContractText {
                exchange,
                product,
                product_type: word(1),
                period: word(2),
                right: word(3),
                strike: word(4),
                ..ContractText::default()
            });
            let query = query.unwrap();
            let key = ContractKey {
                house: code("VENUE"),
                exchange: query.exchange.unwrap(),
                product: query.product,
                product_type: query.product_type,
                period: query.period,
                underlying_period: None,
                option: query.option,
            };
            let own = specification(&key);
            registry.intern(key, Some(own)).unwrap();
        }
    }
    registry
}

pub(super) fn house(version: u64, price: f64, registry: &Registry) -> HouseSnapshot {
    house_with(version, price, registry, CollateralSchedule::default())
}

pub(super) fn house_with(
    version: u64,
    price: f64,
    registry: &Registry,
    schedule: CollateralSchedule,
) -> HouseSnapshot {
    let methods: BTreeMap<MethodName, Arc<Method>> =
        [DERIVE, DERIBIT].map(|name| (code(name), Arc::new(method(name)))).into();
    let methods = HouseMethods::new(market(price), &methods, registry.specified()).unwrap();
    HouseSnapshot::without_set(version, code("VENUE"), registry, BTreeMap::new(), schedule)
        .with_methods(methods, registry)
}

/// A group in USDC with the margin accounts `M` (in USDC) and `I` (in coins), and position accounts in both.
pub(super) fn desk(cash: &str) -> Desk {
    let registry = registry();
    let house = house(1, 60_000.0, &registry);
    let mut desk = Desk::open(
        house,
        registry,
        code("USDC"),
        MarginTerms::Method { method: code(DERIVE), netting: Netting::Net },
        cash,
    );
    desk.request(Request::OpenMarginAccount(
        code("I"),
        MarginTerms::Method { method: code(DERIBIT), netting: Netting::Net },
    ));
    desk.request(Request::OpenPositionAccount(code("C"), code("I"), Keeping::Net));
    desk
}
