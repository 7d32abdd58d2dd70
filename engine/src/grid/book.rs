//! The positions of an account, netted by contract and sorted by price source and expiry, each with its market.

#![allow(clippy::float_arithmetic, reason = "prices and volatilities are models' inputs")]

use std::collections::BTreeMap;

use super::extent::Extent;
use crate::account::{Counted, HeldPosition, MarginAccount, Netted, Place, PositionFault};
use crate::contract::{Exercise, Instrument, OptionModel, OptionRight, Settlement};
use crate::market::{Observed, Snapshot, SourceMarket, years_between};
use crate::parameters::method::{Method, ValuationTerms};
use crate::pricing::{RightSign, Surface};
use crate::scenario::OptionInputs;
use crate::types::{Currency, Decimal, Moment, PriceSource, Quantity};

/// The positions on one price source.
#[derive(Clone, Debug)]
pub(super) struct SourceBook {
    pub(super) source: PriceSource,
    pub(super) price: Observed,
    /// Whether prices may be 0 or below.
    pub(super) is_signed: bool,
    pub(super) funding_rate: f64,
    pub(super) expiries: Vec<ExpiryMarket>,
    /// Contracts, linear ones first, then options by expiry.
    pub(super) rows: Vec<Row>,
}

/// The market of one expiry in which options are held.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpiryMarket {
    pub(super) expiry: Moment,
    pub(super) years: f64,
    /// The rate of the feed, floored where the method says so.
    pub(super) rate: f64,
    /// The least confidence of its forward, rate and volatilities.
    pub(super) confidence: f64,
    /// Whether its settlement price is known: options are worth what they pay, whatever moves.
    pub(super) is_settled: bool,
}

/// One contract, with what all position accounts hold of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) kind: RowKind,
    pub(super) multiplier: f64,
    /// Whether its value is equity: paid in full when it was traded.
    pub(super) is_paid: bool,
    pub(super) held: Extent,
    /// What each position account holds.
    pub(super) parts: Vec<(usize, Quantity)>,
    /// The first position in it.
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum RowKind {
    Asset { price: f64 },
    Perpetual { price: f64, confidence: f64, is_inverse: bool },
    Future { price: f64, expiry: Moment, years: f64, is_inverse: bool, is_settled: bool },
    Option { expiry: usize, strike: Decimal, right: OptionRight, model: OptionModel, inputs: OptionInputs },
}

/// Nets the positions and finds the market of each.
pub(super) fn books(
    account: &MarginAccount,
    snapshot: &Snapshot,
    method: &Method,
    valuation: &ValuationTerms,
) -> Result<Vec<SourceBook>, Vec<PositionFault>> {
    let mut faults = Vec::new();
    let mut by_source: BTreeMap<PriceSource, Vec<Netted<'_>>> = BTreeMap::new();
    for own in account.netted()? {
        let contract = &own.held.contract;
        let market = snapshot.of(&contract.terms().price_source).map(AsRef::as_ref);
        if let Some(message) = method.misfit(contract, market) {
            faults.push(PositionFault { place: own.place, message });
            continue;
        }
        by_source.entry(contract.terms().price_source.clone()).or_default().push(own);
    }
    let mut books = Vec::new();
    for (source, rows) in by_source {
        match book(source, rows, snapshot, valuation) {
            Ok(book) => books.push(book),
            Err(own) => faults.extend(own),
        }
    }
    if faults.is_empty() { Ok(books) } else { Err(faults) }
}

/// A price source without positions, whose price collateral follows.
pub(super) fn empty_book(source: PriceSource, price: Observed) -> SourceBook {
    let is_signed = price.value() <= 0.0;
    SourceBook { source, price, is_signed, funding_rate: 0.0, expiries: Vec::new(), rows: Vec::new() }
}

fn book(
    source: PriceSource,
    netted: Vec<Netted<'_>>,
    snapshot: &Snapshot,
    valuation: &ValuationTerms,
) -> Result<SourceBook, Vec<PositionFault>> {
    let market = snapshot.of(&source).cloned().unwrap_or_default();
    let (surface, _) = Surface::of(&market, snapshot.time());
    let mut faults = Vec::new();
    let price = market.price.filter(|price| market.admits(price.value()));
    let rate = market.funding_rate.map_or(0.0, |rate| rate.value());
    let mut book = SourceBook {
        price: price.unwrap_or(ONE),
        is_signed: market.model() == OptionModel::Normal,
        funding_rate: rate,
        ..empty_book(source.clone(), ONE)
    };
    let look = Look { snapshot, market: &market, surface: surface.as_ref(), valuation };
    for Netted { place, held, parts, total } in netted {
        let mut fault = |message: String| faults.push(PositionFault { place, message });
        if price.is_none() {
            fault(format!("no price of {source} is known"));
            continue;
        }
        match look.row(held, &mut book) {
            Ok(kind) => book.rows.push(Row {
                multiplier: multiplier(held, &kind),
                is_paid: match &held.contract.terms().settlement {
                    Settlement::Premium => true,
                    Settlement::FuturesStyle => false,
                    Settlement::Inverse { .. } => {
                        matches!(held.contract.terms().instrument, Instrument::Option { .. })
                    }
                },
                held: Extent::of(total),
                parts,
                place,
                kind,
            }),
            Err(message) => fault(message),
        }
    }
    if faults.is_empty() { Ok(book) } else { Err(faults) }
}

/// Stands for a price that is not there while faults are gathered.
const ONE: Observed = Observed::UNIT;

/// Where the market of a position is looked up.
struct Look<'a> {
    snapshot: &'a Snapshot,
    market: &'a SourceMarket,
    surface: Option<&'a Surface>,
    valuation: &'a ValuationTerms,
}

impl Look<'_> {
    fn row(&self, held: &HeldPosition, book: &mut SourceBook) -> Result<RowKind, String> {
        let terms = held.contract.terms();
        let is_inverse = matches!(terms.settlement, Settlement::Inverse { .. });
        let admitted = |price: Option<f64>, what: &str| match price {
            Some(price) if self.market.admits(price) && !(is_inverse && price <= 0.0) => Ok(price),
            Some(price) => {
                Err(format!("{what}: {price}, where {} does not move normally", terms.price_source))
            }
            None => Err(format!("no {what} is known")),
        };
        match &terms.instrument {
            Instrument::Asset => Ok(RowKind::Asset { price: book.price.value() }),
            Instrument::Perpetual => {
                let known = self.market.perpetual.or(self.market.price);
                let price = admitted(held.stated.price.or(known.map(|own| own.value())), "price")?;
                let of_market = self.market.perpetual.map_or(1.0, |own| own.confidence());
                let confidence = held.stated.confidence.unwrap_or(of_market);
                Ok(RowKind::Perpetual { price, confidence, is_inverse })
            }
            Instrument::Future { expiry } => {
                let known = self.market.expiries.get(expiry).and_then(|own| own.forward);
                let price = admitted(held.stated.price.or(known.map(|own| own.value())), "forward")?;
                let years = years_between(self.snapshot.time(), *expiry);
                // What its holder states of a future that has ended is what it was settled at.
                let has_ended = held.contract.has_ended(self.snapshot.time());
                let is_settled =
                    has_ended && (held.stated.price.is_some() || self.settlement(*expiry).is_some());
                Ok(RowKind::Future { price, expiry: *expiry, years, is_inverse, is_settled })
            }
            Instrument::Option { expiry, strike, right, exercise, model } => {
                if *exercise == Exercise::American {
                    return Err("options that may be exercised early have no scenario values".to_owned());
                }
                let market = self.expiry(*expiry, &terms.quote)?;
                let forward = self.forward(*expiry)?;
                let volatility =
                    self.volatility(held, *expiry, forward, strike.to_f64(), *model, market.years)?;
                let place = book.expiries.iter().position(|own| own.expiry == *expiry);
                let place = place.unwrap_or_else(|| {
                    book.expiries.push(market);
                    book.expiries.len() - 1
                });
                let inputs = OptionInputs {
                    forward,
                    strike: strike.to_f64(),
                    right: RightSign::from(*right),
                    volatility,
                    years: market.years,
                    rate: if self.valuation.discounts { market.rate } else { 0.0 },
                    multiplier: terms.multiplier.to_f64(),
                    // What is paid in coins is so many of them at the settlement price, for good.
                    coin: is_inverse.then(|| if market.is_settled { forward } else { book.price.value() }),
                };
                let (strike, right, model) = (*strike, *right, *model);
                Ok(RowKind::Option { expiry: place, strike: strike.normalized(), right, model, inputs })
            }
        }
    }

    fn settlement(&self, expiry: Moment) -> Option<f64> {
        self.market.expiries.get(&expiry)?.settlement(expiry)
    }

    fn forward(&self, expiry: Moment) -> Result<f64, String> {
        let known = self.market.expiries.get(&expiry).and_then(|own| own.forward);
        known.map(|own| own.value()).ok_or_else(|| format!("no forward to {expiry} is known"))
    }

    fn expiry(&self, expiry: Moment, quote: &Currency) -> Result<ExpiryMarket, String> {
        let known = self.market.expiries.get(&expiry);
        let own = known.and_then(|own| own.rate);
        let rate = own.map(|rate| rate.value()).or_else(|| self.snapshot.rate(quote, expiry));
        let years = years_between(self.snapshot.time(), expiry);
        // Nothing is discounted over no time.
        let rate = rate.or((!self.valuation.discounts || years == 0.0).then_some(0.0));
        let rate = rate.ok_or_else(|| format!("no rate to {expiry} is known"))?;
        let confidences = known.map(|known| {
            let of = |own: Option<Observed>| own.map_or(1.0, |own| own.confidence());
            let smile = known.smile.as_ref().map_or(1.0, |smile| smile.confidence);
            [of(known.forward), of(own), of(known.volatility_confidence), smile]
        });
        Ok(ExpiryMarket {
            expiry,
            years,
            rate: if self.valuation.floors_rate_at_zero { rate.max(0.0) } else { rate },
            confidence: confidences.into_iter().flatten().fold(1.0, f64::min),
            is_settled: self.settlement(expiry).is_some(),
        })
    }

    fn volatility(
        &self,
        held: &HeldPosition,
        expiry: Moment,
        forward: f64,
        strike: f64,
        model: OptionModel,
        years: f64,
    ) -> Result<f64, String> {
        // An option that has expired is worth what it pays, whatever its volatility was.
        if years == 0.0 {
            return Ok(0.0);
        }
        if let Some(stated) = held.stated.volatility {
            return Ok(stated);
        }
        let surface = self.surface.filter(|surface| surface.model() == model);
        let known = surface.and_then(|surface| surface.volatility(expiry, forward, strike));
        known.ok_or_else(|| "no volatility is known".to_owned())
    }
}

/// Units of the source in what the quantity counts: of an inverse future its coins, at its price where contracts are counted.
fn multiplier(held: &HeldPosition, kind: &RowKind) -> f64 {
    let multiplier = held.contract.terms().multiplier.to_f64();
    match (kind, held.counted) {
        (
            RowKind::Perpetual { is_inverse: true, .. } | RowKind::Future { is_inverse: true, .. },
            Counted::Coins,
        ) => 1.0,
        (
            RowKind::Perpetual { price, is_inverse: true, .. }
            | RowKind::Future { price, is_inverse: true, .. },
            Counted::Contracts,
        ) => multiplier / price,
        (
            RowKind::Asset { .. }
            | RowKind::Perpetual { .. }
            | RowKind::Future { .. }
            | RowKind::Option { .. },
            Counted::Contracts | Counted::Coins,
        ) => multiplier,
    }
}

impl SourceBook {
    /// Its market alone.
    pub(super) fn without_rows(&self) -> Self {
        Self { source: self.source.clone(), expiries: self.expiries.clone(), rows: Vec::new(), ..*self }
    }

    /// Whether the settlement price of a contract is known, so that nothing moves what it is worth.
    pub(super) fn is_settled(&self, row: &Row) -> bool {
        match row.kind {
            RowKind::Asset { .. } | RowKind::Perpetual { .. } => false,
            RowKind::Future { is_settled, .. } => is_settled,
            RowKind::Option { expiry, .. } => self.expiries[expiry].is_settled,
        }
    }

    /// The size of what one unit of the source is worth in the money of the results: of its price, or one coin. Parts of it are never negative.
    pub(super) fn unit_price(&self) -> f64 {
        if self.is_in_coin() { 1.0 } else { self.price.value().abs() }
    }

    /// Whether its results are in the coin that its price is the price of.
    pub(super) fn is_in_coin(&self) -> bool {
        self.rows.iter().any(|row| match &row.kind {
            RowKind::Asset { .. } => false,
            RowKind::Perpetual { is_inverse, .. } | RowKind::Future { is_inverse, .. } => *is_inverse,
            RowKind::Option { inputs, .. } => inputs.coin.is_some(),
        })
    }
}
