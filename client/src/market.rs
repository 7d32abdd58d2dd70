//! The market of a file: one JSON object (`docs/methods.md` has its keys).

use std::collections::BTreeSet;

use plimsoll_engine::contract::OptionModel;
use plimsoll_engine::market::{Observed, PriceTerms, Quote, Smile, Snapshot};
use plimsoll_engine::types::{Currency, Moment, PriceSource};

use crate::document::{Faults, Node, Range};
use crate::json;

const PRICE: Range = (1e-12, 1e12);
const SIGNED: Range = (-1e12, 1e12);
const MODELS: [(&str, OptionModel); 2] =
    [("lognormal", OptionModel::Lognormal), ("normal", OptionModel::Normal)];
const CONFIDENCE: Range = (0.0, 1.0);
const RATE: Range = (-10.0, 10.0);
const VOLATILITY: Range = (1e-9, 1e3);
const MOST_SOURCES: usize = 10_000;
const MOST_EXPIRIES: usize = 1_000;

/// Reads a market; `currency` is that of the method, whose peg `stable_price` is.
///
/// # Errors
/// Everything that is wrong, each with its path.
pub fn read_market(bytes: &[u8], currency: &Currency) -> Result<Snapshot, Vec<String>> {
    let (time, quotes) = read_quotes(bytes, currency)?;
    let named = |fault: plimsoll_engine::market::MarketFault| fault.message;
    Snapshot::empty(time).next(time, &quotes).map_err(|faults| faults.into_iter().map(named).collect())
}

/// Reads a market as its time and quotes.
///
/// # Errors
/// Everything that is wrong, each with its path.
pub fn read_quotes(bytes: &[u8], currency: &Currency) -> Result<(Moment, Vec<Quote>), Vec<String>> {
    let json::Read { value, faults } = json::read(bytes).map_err(|fault| vec![fault.to_string()])?;
    let faults = Faults::new(faults);
    let mut quotes = Vec::new();
    let time = Node::root(&value, &faults).map_or(Moment::EPOCH, |root| {
        let time = market(&root, currency, &mut quotes);
        root.finish();
        time
    });
    let faults = faults.finish();
    if faults.is_empty() {
        return Ok((time, quotes));
    }
    let with_line = |(line, fault): (u64, json::Fault)| format!("line {line}: {fault}");
    Err(json::located(bytes, faults).into_iter().map(with_line).collect())
}

/// Reads everything into quotes of one time, which it returns.
fn market(root: &Node<'_>, currency: &Currency, quotes: &mut Vec<Quote>) -> Moment {
    let time = if root.has("time") { root.moment("time", "time", Moment::EPOCH) } else { None };
    let time = time.unwrap_or(Moment::EPOCH);
    let observed = |value: f64, confidence: f64| Observed::new(value, time, confidence).ok();
    if let Some(price) = root.number("stable_price", (1e-6, 1e6)).and_then(|own| observed(own, 1.0)) {
        quotes.push(Quote::Peg { currency: currency.clone(), price });
    }
    let mut rates = BTreeSet::new();
    for node in root.children("rates", MOST_EXPIRIES) {
        let code = if node.has("currency") { node.currency("currency") } else { Some(currency.clone()) };
        let until = node.moment("expiry", "seconds", time);
        let rate = node.required_number("rate", RATE).and_then(|own| observed(own, 1.0));
        if let (Some(currency), Some(until), Some(rate)) = (code, until, rate) {
            node.once("expiry", &mut rates, (currency.clone(), until));
            quotes.push(Quote::Rate { currency, until, rate });
        }
        node.finish();
    }
    let mut pairs = BTreeSet::new();
    for node in root.children("exchange", MOST_SOURCES) {
        let code = |key: &'static str| {
            node.required_text(key)?;
            node.currency(key)
        };
        let (from, to) = (code("from"), code("to"));
        let rate = node.required_number("rate", PRICE).and_then(|own| observed(own, 1.0));
        if let (Some(from), Some(to), Some(rate)) = (from, to, rate) {
            node.once("to", &mut pairs, (from.clone(), to.clone()));
            quotes.push(Quote::Exchange { from, to, rate });
        }
        node.finish();
    }
    if !root.has("sources") {
        root.fault("sources", "is missing");
    }
    let mut sources = BTreeSet::new();
    for node in root.children("sources", MOST_SOURCES) {
        let stated = node.required_text("source").and_then(|_| node.source("source"));
        if let Some(source) = &stated {
            node.once("source", &mut sources, source.clone());
        }
        // Without a name that can be read the rest is read for its faults.
        if let Some(source) = stated.or_else(|| PriceSource::new("-").ok()) {
            one_source(&node, &source, time, quotes);
        }
        node.finish();
    }
    time
}

fn one_source(node: &Node<'_>, source: &PriceSource, time: Moment, quotes: &mut Vec<Quote>) {
    let observed = |value: Option<f64>, confidence: Option<f64>| {
        Observed::new(value?, time, confidence.unwrap_or(1.0)).ok()
    };
    let source = || source.clone();
    let nodes = node.children("expiries", MOST_EXPIRIES);
    let (terms, moves_normally) = terms(node, &nodes);
    quotes.extend(terms.map(|terms| Quote::PriceTerms { source: source(), terms }));
    node.required("price");
    let price = observed(price(node, "price", moves_normally), node.number("confidence", CONFIDENCE));
    quotes.extend(price.map(|price| Quote::Price { source: source(), price }));
    if let Some(own) = node.child("perpetual") {
        own.required("price");
        let price =
            observed(self::price(&own, "price", moves_normally), own.number("confidence", CONFIDENCE));
        quotes.extend(price.map(|price| Quote::Perpetual { source: source(), price }));
        own.finish();
    }
    let funding = observed(node.number("funding_rate", RATE), None);
    quotes.extend(funding.map(|rate| Quote::FundingRate { source: source(), rate }));
    let interest = observed(node.number("open_interest", (0.0, 1e18)), None);
    quotes.extend(interest.map(|money| Quote::OpenInterest { source: source(), money }));
    let mut expiries = BTreeSet::new();
    for own in nodes {
        let stated = own.moment("expiry", "seconds", time);
        if let Some(expiry) = stated {
            own.once("expiry", &mut expiries, expiry);
        }
        let expiry = stated.unwrap_or(time);
        let forward = observed(
            self::price(&own, "forward", moves_normally),
            own.number("forward_confidence", CONFIDENCE),
        );
        quotes.extend(forward.map(|forward| Quote::Forward { source: source(), expiry, forward }));
        let rate = observed(own.number("rate", RATE), own.number("rate_confidence", CONFIDENCE));
        quotes.extend(rate.map(|rate| Quote::SourceRate { source: source(), expiry, rate }));
        let trust = own.number("volatility_confidence", CONFIDENCE).unwrap_or(1.0);
        let confidence = observed(Some(1.0), Some(trust));
        quotes.extend(confidence.map(|confidence| Quote::VolatilityConfidence {
            source: source(),
            expiry,
            confidence,
        }));
        // Volatilities of what has expired are of no use, and nothing about them is wrong.
        let smile = if stated.is_none_or(|expiry| expiry > time) {
            smile(&own)
        } else {
            own.pass_over(&["volatility", "smile", "model"])
        };
        quotes.extend(smile.map(|smile| Quote::Smile {
            source: source(),
            expiry,
            smile,
            source_time: time,
            confidence: trust,
        }));
        own.finish();
    }
}

/// What the prices of a source are, if it says, and whether they may be 0 or below.
fn terms(node: &Node<'_>, expiries: &[Node<'_>]) -> (Option<PriceTerms>, bool) {
    let (currency, base) = (node.currency("currency"), node.currency("base"));
    if node.has("base") && !node.has("currency") {
        node.fault("base", "stands without the currency of the price");
    }
    let model = node.choice("model", &MODELS);
    let by_volatilities = || {
        let mut with = expiries.iter().filter(|own| own.has("volatility") || own.has("smile")).peekable();
        with.peek().is_some() && with.all(|own| own.says("model", "normal"))
    };
    let moves_normally = model.map_or_else(by_volatilities, |model| model == OptionModel::Normal);
    let says_something = currency.is_some() || model.is_some();
    (says_something.then_some(PriceTerms { currency, base, model }), moves_normally)
}

/// A price, which is above 0 where its source does not move normally.
fn price(node: &Node<'_>, key: &'static str, moves_normally: bool) -> Option<f64> {
    let price = node.number(key, SIGNED)?;
    if !moves_normally && price <= 0.0 {
        node.fault(key, "expected a number above 0, as the source does not move normally (model)");
        return None;
    }
    node.number(key, if moves_normally { SIGNED } else { PRICE })
}

/// One volatility for all strikes, or one for each of some.
fn smile(node: &Node<'_>) -> Option<Smile> {
    let model = node.choice("model", &MODELS).unwrap_or(OptionModel::Lognormal);
    let range = if model == OptionModel::Normal { (1e-12, 1e12) } else { VOLATILITY };
    let flat = node.number("volatility", range);
    let (mut nodes, mut strikes) = (Vec::new(), BTreeSet::new());
    for own in node.children("smile", Smile::MOST_NODES) {
        let strike = own.required_number("strike", (-1e12, 1e12));
        if let Some(strike) = strike {
            // Adding nothing makes one number of the two zeros.
            own.once("strike", &mut strikes, (strike + 0.0).to_bits());
        }
        nodes.extend(strike.zip(own.required_number("volatility", range)));
        own.finish();
    }
    if flat.is_some() && !nodes.is_empty() {
        node.fault("smile", "stands beside one volatility for all strikes");
    }
    match flat {
        Some(volatility) => Some(Smile::Flat { model, volatility }),
        None => (!nodes.is_empty()).then_some(Smile::Strikes { model, nodes }),
    }
}
