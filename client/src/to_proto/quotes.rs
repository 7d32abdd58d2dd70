//! Quotes in the words of the wire: doubles as the shortest text that means them.

use plimsoll_engine::contract::OptionModel;
use plimsoll_engine::market::{Observed, Quote, Smile};
use plimsoll_engine::types::{Currency, Moment, PriceSource};
use plimsoll_proto::v1;
use plimsoll_proto::v1::market_quote::Value;

pub(crate) fn quote(own: &Quote) -> v1::MarketQuote {
    match own {
        Quote::Price { source, price } => of_source(source, price, Value::Price),
        Quote::Perpetual { source, price } => of_source(source, price, Value::Perpetual),
        Quote::FundingRate { source, rate } => of_source(source, rate, Value::FundingRate),
        Quote::OpenInterest { source, money } => of_source(source, money, Value::OpenInterest),
        Quote::Forward { source, expiry, forward } => {
            of_expiry(of_source(source, forward, Value::Forward), *expiry)
        }
        Quote::SourceRate { source, expiry, rate } => {
            of_expiry(of_source(source, rate, Value::SourceRate), *expiry)
        }
        Quote::VolatilityConfidence { source, expiry, confidence } => {
            of_expiry(of_source(source, confidence, |_| Value::VolatilityConfidence(true)), *expiry)
        }
        Quote::Smile { source, expiry, smile, source_time, confidence } => v1::MarketQuote {
            price_source: source.to_string(),
            expiry: expiry.to_string(),
            source_time: source_time.to_string(),
            confidence: confidence.to_string(),
            value: Some(Value::Smile(smile_of(smile))),
            ..v1::MarketQuote::default()
        },
        Quote::Rate { currency, until, rate } => v1::MarketQuote {
            currency: currency.to_string(),
            expiry: until.to_string(),
            ..observed(rate, Value::Rate)
        },
        Quote::Peg { currency, price } => {
            v1::MarketQuote { currency: currency.to_string(), ..observed(price, Value::Peg) }
        }
        Quote::Exchange { from, to, rate } => {
            let to_currency = to.to_string();
            let own = |rate| Value::Exchange(v1::ExchangeRate { to_currency, rate });
            v1::MarketQuote { currency: from.to_string(), ..observed(rate, own) }
        }
        Quote::PriceTerms { source, terms } => {
            let text = |own: &Option<Currency>| own.as_ref().map(ToString::to_string).unwrap_or_default();
            let own = v1::PriceTerms {
                currency: text(&terms.currency),
                base: text(&terms.base),
                model: terms.model.map_or_else(|| v1::VolatilityModel::Unspecified.into(), model_of),
            };
            v1::MarketQuote {
                price_source: source.to_string(),
                value: Some(Value::PriceTerms(own)),
                ..v1::MarketQuote::default()
            }
        }
    }
}

fn observed(own: &Observed, value: impl FnOnce(String) -> Value) -> v1::MarketQuote {
    v1::MarketQuote {
        source_time: own.source_time().to_string(),
        confidence: own.confidence().to_string(),
        value: Some(value(own.value().to_string())),
        ..v1::MarketQuote::default()
    }
}

fn of_source(source: &PriceSource, own: &Observed, value: impl FnOnce(String) -> Value) -> v1::MarketQuote {
    v1::MarketQuote { price_source: source.to_string(), ..observed(own, value) }
}

fn of_expiry(quote: v1::MarketQuote, expiry: Moment) -> v1::MarketQuote {
    v1::MarketQuote { expiry: expiry.to_string(), ..quote }
}

fn model_of(own: OptionModel) -> i32 {
    match own {
        OptionModel::Lognormal => v1::VolatilityModel::Lognormal.into(),
        OptionModel::Normal => v1::VolatilityModel::Normal.into(),
    }
}

fn smile_of(own: &Smile) -> v1::Smile {
    let nodes = |own: &[(f64, f64)]| {
        let node = |(at, volatility): &(f64, f64)| v1::SmileNode {
            at: at.to_string(),
            volatility: volatility.to_string(),
        };
        own.iter().map(node).collect()
    };
    match own {
        Smile::Flat { model: own, volatility } => {
            v1::Smile { model: model_of(*own), volatility: volatility.to_string(), ..v1::Smile::default() }
        }
        Smile::Strikes { model: own, nodes: strikes } => {
            v1::Smile { model: model_of(*own), strikes: nodes(strikes), ..v1::Smile::default() }
        }
        Smile::Deltas(deltas) => v1::Smile { deltas: nodes(deltas), ..v1::Smile::default() },
        Smile::Svi(own) => {
            let svi = v1::Svi {
                a: own.a.to_string(),
                b: own.b.to_string(),
                rho: own.rho.to_string(),
                m: own.m.to_string(),
                sigma: own.sigma.to_string(),
            };
            v1::Smile { svi: Some(svi), ..v1::Smile::default() }
        }
    }
}
