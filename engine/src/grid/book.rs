//! The positions of an account, netted by contract and sorted by price source and expiry, each with its market.

#![allow(clippy::float_arithmetic, reason = "prices and volatilities are models' inputs")]

use std::collections::BTreeMap;

use super::extent::Extent;
use crate::account::{Counted, HeldPosition, MarginAccount, Netted, Place, PositionFault, Stated};
use crate::contract::{Exercise, Instrument, OptionModel, OptionRight, Settlement};
use crate::market::{Observed, QuoteUsed, Snapshot, years_between};
use crate::marks::{FutureMark, Marks, OptionMark, PerpetualMark};
use crate::parameters::method::{Method, ValuationTerms};
use crate::scenario::OptionInputs;
use crate::types::{Currency, Decimal, Moment, Money, PriceSource, Quantity};

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
    /// What positions with an entry price have gained.
    pub(super) gained: Money,
    /// The oldest quote that its numbers rest on.
    pub(super) oldest: Option<QuoteUsed>,
    /// What each position account holds.
    pub(super) parts: Vec<(usize, Quantity)>,
    /// The first position in it.
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum RowKind {
    Asset {
        price: f64,
    },
    Perpetual {
        price: f64,
        confidence: f64,
        is_inverse: bool,
    },
    Future {
        price: f64,
        expiry: Moment,
        years: f64,
        is_inverse: bool,
        is_settled: bool,
    },
    Option {
        expiry: usize,
        strike: Decimal,
        right: OptionRight,
        model: OptionModel,
        inputs: OptionInputs,
        /// The price that its holder states, of one unit of the source.
        mark: Option<f64>,
    },
}

impl RowKind {
    /// The expiry of an option, by its place.
    pub(super) const fn option_expiry(&self) -> Option<usize> {
        match self {
            Self::Option { expiry, .. } => Some(*expiry),
            Self::Asset { .. } | Self::Perpetual { .. } | Self::Future { .. } => None,
        }
    }
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
    let look = Look { marks: Marks::of(snapshot, &source), time: snapshot.time(), valuation };
    let mut faults = Vec::new();
    let market = snapshot.of(&source);
    let (price, funding) = (look.marks.price(), market.and_then(|market| market.funding_rate));
    let mut book = SourceBook {
        price: price.unwrap_or(ONE),
        is_signed: market.is_some_and(|market| market.model() == OptionModel::Normal),
        funding_rate: funding.map_or(0.0, |rate| rate.value()),
        ..empty_book(source.clone(), ONE)
    };
    for own in netted {
        let (place, held, stated) = (own.place, own.held, own.stated);
        let mut fault = |message: String| faults.push(PositionFault { place, message });
        look.marks.price();
        if price.is_none() {
            fault(format!("no price of {source} is known"));
            continue;
        }
        let row = look.row(held, stated, &mut book).and_then(|kind| {
            let price = match kind {
                RowKind::Perpetual { price, .. } | RowKind::Future { price, .. } => Some(price),
                RowKind::Asset { .. } | RowKind::Option { .. } => None,
            };
            let gained = price.map_or(Ok(Money::ZERO), |price| own.gained(price, |gain| gain));
            gained.map(|gained| (kind, gained)).map_err(|overflow| format!("entry_price: {overflow}"))
        });
        match row {
            Ok((kind, gained)) => book.rows.push(Row {
                multiplier: multiplier(held, &kind),
                is_paid: match &held.contract.terms().settlement {
                    Settlement::Premium => true,
                    Settlement::FuturesStyle => false,
                    Settlement::Inverse { .. } => {
                        matches!(held.contract.terms().instrument, Instrument::Option { .. })
                    }
                },
                held: Extent::of(own.total),
                gained,
                oldest: look.marks.oldest_used(),
                parts: own.parts,
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
    marks: Marks<'a>,
    time: Moment,
    valuation: &'a ValuationTerms,
}

impl Look<'_> {
    fn row(&self, held: &HeldPosition, stated: Stated, book: &mut SourceBook) -> Result<RowKind, String> {
        let terms = held.contract.terms();
        let is_inverse = matches!(terms.settlement, Settlement::Inverse { .. });
        if stated.order_price.is_some() {
            return Err("order_price: a scenario grid does not use it".to_owned());
        }
        // A coin's price is divided by.
        let of_coin = |price: f64| match is_inverse && price <= 0.0 {
            true => Err(format!("price: {price}, and the contract is inverse")),
            false => Ok(price),
        };
        match &terms.instrument {
            Instrument::Asset => Ok(RowKind::Asset { price: self.marks.asset(stated)? }),
            Instrument::Perpetual => {
                let PerpetualMark { price, confidence } = self.marks.perpetual(stated)?;
                Ok(RowKind::Perpetual { price: of_coin(price)?, confidence, is_inverse })
            }
            Instrument::Future { expiry } => {
                let FutureMark { price, is_settled } = self.marks.future(stated, *expiry)?;
                let (price, years) = (of_coin(price)?, years_between(self.time, *expiry));
                Ok(RowKind::Future { price, expiry: *expiry, years, is_inverse, is_settled })
            }
            Instrument::Option { expiry, strike, right, exercise, model } => {
                if *exercise == Exercise::American {
                    return Err("options that may be exercised early have no scenario values".to_owned());
                }
                let market = self.expiry(*expiry, &terms.quote)?;
                let rate = if self.valuation.discounts { market.rate } else { 0.0 };
                let OptionMark { inputs, stated: mark, is_settled } =
                    self.marks.option(&held.contract, stated, rate)?;
                let place = book.expiries.iter().position(|own| own.expiry == *expiry);
                let place = place.unwrap_or_else(|| {
                    book.expiries.push(ExpiryMarket { is_settled, ..market });
                    book.expiries.len() - 1
                });
                let (strike, right, model) = (strike.normalized(), *right, *model);
                Ok(RowKind::Option { expiry: place, strike, right, model, inputs, mark })
            }
        }
    }

    fn expiry(&self, expiry: Moment, quote: &Currency) -> Result<ExpiryMarket, String> {
        let years = years_between(self.time, expiry);
        // Nothing is discounted over no time.
        let not_discounted = (!self.valuation.discounts || years == 0.0).then_some(0.0);
        let rate = self.marks.rate(quote, expiry).or(not_discounted);
        let rate = rate.ok_or_else(|| format!("no rate to {expiry} is known"))?;
        let confidences = self.marks.expiry(expiry).map(|known| {
            let of = |own: Option<Observed>| own.map_or(1.0, |own| own.confidence());
            let smile = known.smile.as_ref().map_or(1.0, |smile| smile.confidence);
            [of(known.forward), of(known.rate), of(known.volatility_confidence), smile]
        });
        Ok(ExpiryMarket {
            expiry,
            years,
            rate: if self.valuation.floors_rate_at_zero { rate.max(0.0) } else { rate },
            confidence: confidences.into_iter().flatten().fold(1.0, f64::min),
            is_settled: false,
        })
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
