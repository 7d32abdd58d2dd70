//! Quotes for a market in the engine's words.

use plimsoll_engine::market::{Observed, PriceTerms, Quote, Smile, Svi};
use plimsoll_engine::types::{Currency, Decimal, Moment, PriceSource};
use plimsoll_proto::v1;
use plimsoll_proto::v1::market_quote::Value;

use super::methods::{MOST_ENTRIES, MethodReader};

/// One quote, where it stands.
struct Quoted<'a> {
    path: String,
    wire: &'a v1::MarketQuote,
    time: Moment,
}

impl MethodReader {
    /// A time and quotes.
    pub(in crate::grpc) fn quotes(
        &mut self,
        time: &str,
        wire: &[v1::MarketQuote],
    ) -> Option<(Moment, Vec<Quote>)> {
        let stated = self.moment("time", time);
        let time = stated.unwrap_or(Moment::EPOCH);
        if wire.len() > MOST_ENTRIES {
            return self.fault("quotes", format!("at most {MOST_ENTRIES}"));
        }
        let mut quotes = Vec::with_capacity(wire.len());
        for (place, own) in wire.iter().enumerate() {
            let quoted = Quoted { path: format!("quotes[{place}]"), wire: own, time };
            quotes.extend(self.quote(&quoted));
        }
        stated.map(|time| (time, quotes))
    }

    /// A number as the model's inputs are.
    fn number(&mut self, path: &str, text: &str) -> Option<f64> {
        self.faults.keep(path, Decimal::parse(text)).map(Decimal::to_f64)
    }

    fn confidence(&mut self, quoted: &Quoted<'_>) -> Option<f64> {
        match quoted.wire.confidence.as_str() {
            "" => Some(1.0),
            text => self.number(&format!("{}.confidence", quoted.path), text),
        }
    }

    fn source_time(&mut self, quoted: &Quoted<'_>) -> Option<Moment> {
        match quoted.wire.source_time.as_str() {
            "" => Some(quoted.time),
            text => self.moment(&format!("{}.source_time", quoted.path), text),
        }
    }

    fn observed(&mut self, quoted: &Quoted<'_>, key: &str, text: &str) -> Option<Observed> {
        let path = format!("{}.{key}", quoted.path);
        let value = self.number(&path, text);
        let (time, confidence) = (self.source_time(quoted), self.confidence(quoted));
        self.faults.keep(&path, Observed::new(value?, time?, confidence?))
    }

    fn source(&mut self, quoted: &Quoted<'_>) -> Option<PriceSource> {
        self.code(&format!("{}.price_source", quoted.path), &quoted.wire.price_source)
    }

    fn currency(&mut self, quoted: &Quoted<'_>) -> Option<Currency> {
        self.code(&format!("{}.currency", quoted.path), &quoted.wire.currency)
    }

    fn expiry(&mut self, quoted: &Quoted<'_>) -> Option<Moment> {
        self.moment(&format!("{}.expiry", quoted.path), &quoted.wire.expiry)
    }

    fn quote(&mut self, quoted: &Quoted<'_>) -> Option<Quote> {
        let Some(value) = &quoted.wire.value else { return self.fault(&quoted.path, "has no value") };
        match value {
            Value::Price(text) => {
                let (source, price) = (self.source(quoted), self.observed(quoted, "price", text));
                Some(Quote::Price { source: source?, price: price? })
            }
            Value::Perpetual(text) => {
                let (source, price) = (self.source(quoted), self.observed(quoted, "perpetual", text));
                Some(Quote::Perpetual { source: source?, price: price? })
            }
            Value::FundingRate(text) => {
                let (source, rate) = (self.source(quoted), self.observed(quoted, "funding_rate", text));
                Some(Quote::FundingRate { source: source?, rate: rate? })
            }
            Value::OpenInterest(text) => {
                let (source, money) = (self.source(quoted), self.observed(quoted, "open_interest", text));
                Some(Quote::OpenInterest { source: source?, money: money? })
            }
            Value::Rate(text) => {
                let (currency, until) = (self.currency(quoted), self.expiry(quoted));
                let rate = self.observed(quoted, "rate", text);
                Some(Quote::Rate { currency: currency?, until: until?, rate: rate? })
            }
            Value::Peg(text) => {
                let (currency, price) = (self.currency(quoted), self.observed(quoted, "peg", text));
                Some(Quote::Peg { currency: currency?, price: price? })
            }
            Value::Exchange(own) => {
                let from = self.currency(quoted);
                let to = self.code(&format!("{}.exchange.to_currency", quoted.path), &own.to_currency);
                let rate = self.observed(quoted, "exchange.rate", &own.rate);
                Some(Quote::Exchange { from: from?, to: to?, rate: rate? })
            }
            Value::PriceTerms(own) => {
                let (source, terms) = (self.source(quoted), self.price_terms(quoted, own));
                Some(Quote::PriceTerms { source: source?, terms: terms? })
            }
            Value::Forward(text) => {
                let (source, expiry) = (self.source(quoted), self.expiry(quoted));
                let forward = self.observed(quoted, "forward", text);
                Some(Quote::Forward { source: source?, expiry: expiry?, forward: forward? })
            }
            Value::SourceRate(text) => {
                let (source, expiry) = (self.source(quoted), self.expiry(quoted));
                let rate = self.observed(quoted, "source_rate", text);
                Some(Quote::SourceRate { source: source?, expiry: expiry?, rate: rate? })
            }
            Value::VolatilityConfidence(_) => self.volatility_confidence(quoted),
            Value::Smile(own) => self.quoted_smile(quoted, own),
        }
    }

    fn price_terms(&mut self, quoted: &Quoted<'_>, own: &v1::PriceTerms) -> Option<PriceTerms> {
        let path = format!("{}.price_terms", quoted.path);
        let currency = self.code(&format!("{path}.currency"), &own.currency);
        let base = match own.base.as_str() {
            "" => None,
            text => Some(self.code(&format!("{path}.base"), text)?),
        };
        let model = match v1::VolatilityModel::try_from(own.model) {
            Ok(v1::VolatilityModel::Unspecified) => None,
            Ok(v1::VolatilityModel::Lognormal | v1::VolatilityModel::Normal) | Err(_) => {
                Some(self.model(&format!("{path}.model"), own.model)?)
            }
        };
        Some(PriceTerms { currency: Some(currency?), base, model })
    }

    fn volatility_confidence(&mut self, quoted: &Quoted<'_>) -> Option<Quote> {
        let (source, expiry) = (self.source(quoted), self.expiry(quoted));
        let confidence = self.observed(quoted, "volatility_confidence", "1");
        Some(Quote::VolatilityConfidence { source: source?, expiry: expiry?, confidence: confidence? })
    }

    fn quoted_smile(&mut self, quoted: &Quoted<'_>, wire: &v1::Smile) -> Option<Quote> {
        let (source, expiry) = (self.source(quoted), self.expiry(quoted));
        let smile = self.smile(&format!("{}.smile", quoted.path), wire);
        let (source_time, confidence) = (self.source_time(quoted), self.confidence(quoted));
        Some(Quote::Smile {
            source: source?,
            expiry: expiry?,
            smile: smile?,
            source_time: source_time?,
            confidence: confidence?,
        })
    }

    fn smile(&mut self, path: &str, wire: &v1::Smile) -> Option<Smile> {
        let model = self.model(&format!("{path}.model"), wire.model);
        let is_stated = [
            !wire.volatility.is_empty(),
            !wire.strikes.is_empty(),
            !wire.deltas.is_empty(),
            wire.svi.is_some(),
        ];
        if is_stated.iter().filter(|own| **own).count() != 1 {
            return self.fault(path, "expected one volatility, strikes, deltas or svi");
        }
        if let Some(own) = &wire.svi {
            let mut number = |key: &str, text: &str| self.number(&format!("{path}.svi.{key}"), text);
            let (a, b) = (number("a", &own.a), number("b", &own.b));
            let (rho, m) = (number("rho", &own.rho), number("m", &own.m));
            let sigma = number("sigma", &own.sigma);
            return Some(Smile::Svi(Svi { a: a?, b: b?, rho: rho?, m: m?, sigma: sigma? }));
        }
        if !wire.deltas.is_empty() {
            return self.nodes(&format!("{path}.deltas"), &wire.deltas).map(Smile::Deltas);
        }
        if !wire.strikes.is_empty() {
            let nodes = self.nodes(&format!("{path}.strikes"), &wire.strikes);
            return Some(Smile::Strikes { model: model?, nodes: nodes? });
        }
        let volatility = self.number(&format!("{path}.volatility"), &wire.volatility);
        Some(Smile::Flat { model: model?, volatility: volatility? })
    }

    fn nodes(&mut self, path: &str, wire: &[v1::SmileNode]) -> Option<Vec<(f64, f64)>> {
        if wire.len() > Smile::MOST_NODES {
            return self.fault(path, format!("at most {}", Smile::MOST_NODES));
        }
        let mut nodes = Vec::with_capacity(wire.len());
        for (place, own) in wire.iter().enumerate() {
            let at = self.number(&format!("{path}[{place}].at"), &own.at);
            let volatility = self.number(&format!("{path}[{place}].volatility"), &own.volatility);
            nodes.extend(at.zip(volatility));
        }
        (nodes.len() == wire.len()).then_some(nodes)
    }
}
