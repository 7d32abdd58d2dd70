//! Product families, contracts and combination legs, each as its record says.

use super::columns::{Columns, combination_leg as z, contract as b, product as p};
use super::price::{Alignment, Quotation, is_none};
use super::record::Record;
use crate::contract::{Period, ProductType};
use crate::parameters::definition::{ScanRange, Side, Valuation};
use crate::parameters::diagnostic::Diagnostics;
use crate::types::{Currency, Decimal, ExchangeCode, ProductCode};

/// The name of a family in the file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct FamilyName {
    pub(super) exchange: ExchangeCode,
    pub(super) product: ProductCode,
    pub(super) kind: ProductType,
}

impl FamilyName {
    /// Reads a name from the three fields that hold it.
    pub(super) fn read(
        record: &Record<'_>,
        fields: [Columns; 3],
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let [exchange, product, kind] = fields;
        let (exchange, product) = (record.code(exchange, diagnostics), record.code(product, diagnostics));
        let kind = record.kind(kind, diagnostics);
        Some(Self { exchange: exchange?, product: product?, kind: kind? })
    }
}

impl std::fmt::Display for FamilyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.exchange, self.product, self.kind)
    }
}

/// Record `P`.
pub(super) struct Product {
    pub(super) line: u64,
    pub(super) name: FamilyName,
    pub(super) title: String,
    pub(super) currency: Option<Currency>,
    pub(super) factor: Option<Decimal>,
    pub(super) price: Quotation,
    pub(super) strike: Quotation,
    /// `None` where the combined commodity says it.
    pub(super) valuation: Option<Valuation>,
    pub(super) settlement: String,
    pub(super) exercise: String,
    pub(super) has_variable_tick: bool,
}

pub(super) fn product(record: &Record<'_>, diagnostics: &mut Diagnostics) -> Option<Product> {
    if !record.check(p::ALL, 0, diagnostics) {
        return None;
    }
    let name = FamilyName::read(record, [p::EXCHANGE, p::PRODUCT, p::KIND], diagnostics);
    let valuation = match record.text(p::VALUATION).as_str() {
        "EQTY" => Some(Valuation::PremiumStyle),
        "FUT" | "FUTDA" | "FWD" => Some(Valuation::FuturesStyle),
        "" => None,
        _ => {
            record.error(p::VALUATION, "expected FUT, FUTDA, FWD or EQTY", diagnostics);
            None
        }
    };
    let currency = match record.is_blank(p::CURRENCY) {
        true => None,
        false => record.code(p::CURRENCY, diagnostics),
    };
    let price = quotation(record, p::PRICE_LOCATOR, p::PRICE_ALIGNMENT, diagnostics);
    let strike = quotation(record, p::STRIKE_LOCATOR, p::STRIKE_ALIGNMENT, diagnostics);
    let name = name?;
    let factor = record.number(p::FACTOR, 7);
    let factor = factor.and_then(|own| record.raised(own, p::FACTOR_EXPONENT, p::FACTOR_SIGN, diagnostics));
    let exercise = match record.text(p::EXERCISE) {
        text if text.is_empty() && name.kind.is_option() => "AMER".to_owned(),
        text => text,
    };
    let title = match record.text(p::NAME) {
        text if text.is_empty() => record.text(p::SHORT_NAME),
        text => text,
    };
    Some(Product {
        line: record.line,
        name,
        title,
        currency,
        factor: factor.filter(|factor| factor.is_positive()),
        price,
        strike,
        valuation,
        settlement: record.text(p::SETTLEMENT),
        exercise,
        has_variable_tick: record.letter(p::VARIABLE_TICK) == '1',
    })
}

fn quotation(
    record: &Record<'_>,
    locator: Columns,
    alignment: Columns,
    diagnostics: &mut Diagnostics,
) -> Quotation {
    let text = record.text(locator);
    let places = if text.is_empty() { Ok(0) } else { text.parse() };
    let known = Alignment::from_letter(record.letter(alignment));
    if known.is_none() {
        record.error(alignment, "expected a blank, 0, C or K", diagnostics);
    }
    if places.is_err() {
        record.error(locator, "is no number", diagnostics);
    }
    Quotation { locator: places.unwrap_or(0), alignment: known.unwrap_or_default() }
}

/// Record `B`.
pub(super) struct Terms {
    pub(super) line: u64,
    pub(super) name: FamilyName,
    pub(super) future: Option<Period>,
    pub(super) option: Option<Period>,
    pub(super) scan: Option<ScanRange>,
    /// Multiplier and covered part of the extreme moves.
    pub(super) extreme: (Decimal, Decimal),
    pub(super) scaling: Decimal,
    pub(super) years: Option<Decimal>,
    pub(super) expiration: String,
    pub(super) underlying: Option<ProductCode>,
    pub(super) model: String,
    pub(super) factor: Option<Decimal>,
}

pub(super) fn terms(record: &Record<'_>, diagnostics: &mut Diagnostics) -> Option<Terms> {
    if !record.check(b::ALL, 0, diagnostics) {
        return None;
    }
    let name = FamilyName::read(record, [b::EXCHANGE, b::PRODUCT, b::KIND], diagnostics);
    let future = record.period(b::FUTURE_MONTH, b::FUTURE_DAY, diagnostics);
    let option = record.period(b::OPTION_MONTH, b::OPTION_DAY, diagnostics);
    let underlying = match record.is_blank(b::UNDERLYING) {
        true => None,
        false => record.code(b::UNDERLYING, diagnostics),
    };
    let factor = record.number(b::FACTOR, 7);
    let factor = factor.and_then(|own| record.raised(own, b::FACTOR_EXPONENT, b::FACTOR_SIGN, diagnostics));
    let expiration = record.text(b::EXPIRATION);
    let extreme = |columns, places, standard: i64| {
        let own = record.number(columns, places).filter(|own| own.is_positive());
        own.or(Decimal::new(standard, places)).unwrap_or_default()
    };
    Some(Terms {
        line: record.line,
        name: name?,
        future: future?,
        option: option?,
        scan: scan_range(record, diagnostics),
        extreme: (extreme(b::EXTREME, 3, 3_000), extreme(b::COVER, 4, 3_300)),
        scaling: record.number(b::SCALING, 4).unwrap_or(Decimal::ONE),
        years: record.number(b::YEARS, 6),
        expiration: if expiration.bytes().all(|digit| digit == b'0') { String::new() } else { expiration },
        underlying,
        model: record.text(b::MODEL),
        factor: factor.filter(|factor| factor.is_positive()),
    })
}

/// The scan ranges in money and volatility; `None` for a price range that is a part of the contract's value.
fn scan_range(record: &Record<'_>, diagnostics: &mut Diagnostics) -> Option<ScanRange> {
    let price = record.number(b::PRICE_RANGE, 0)?;
    let price = record.raised(price, b::PRICE_RANGE_EXPONENT, b::PRICE_RANGE_SIGN, diagnostics)?;
    let volatility = record.number(b::VOLATILITY_RANGE, 6);
    let volatility = volatility.filter(|_| !is_none(record.bytes(b::VOLATILITY_RANGE)));
    let (exponent, sign) = (b::VOLATILITY_RANGE_EXPONENT, b::VOLATILITY_RANGE_SIGN);
    let volatility = record.raised(volatility.unwrap_or_default(), exponent, sign, diagnostics)?;
    let volatility_is_relative = record.letter(b::VOLATILITY_RANGE_KIND) == 'P';
    let volatility =
        if volatility_is_relative { super::record::times_power_of_ten(volatility, -2)? } else { volatility };
    let is_money = record.letter(b::PRICE_RANGE_KIND) != 'P';
    is_money.then_some(ScanRange { price, volatility, volatility_is_relative })
}

/// Record `Z`.
pub(super) struct CombinationPart {
    pub(super) line: u64,
    pub(super) combination: FamilyName,
    pub(super) period: Period,
    pub(super) number: u32,
    pub(super) side: Side,
    pub(super) ratio: Decimal,
    pub(super) leg: FamilyName,
    pub(super) leg_period: Period,
}

pub(super) fn combination_part(
    record: &Record<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<CombinationPart> {
    if !record.check(z::ALL, 0, diagnostics) {
        return None;
    }
    let exchange = record.code(z::EXCHANGE, diagnostics);
    let product = record.code(z::PRODUCT, diagnostics);
    let leg = FamilyName::read(record, [z::EXCHANGE, z::LEG_PRODUCT, z::LEG_KIND], diagnostics);
    let side = record.side(z::SIDE, diagnostics);
    let period = needed_period(record, z::MONTH, z::DAY, diagnostics);
    let leg_period = needed_period(record, z::LEG_MONTH, z::LEG_DAY, diagnostics);
    // What is no number counts as nothing in either part.
    let ratio = record.digits(z::RATIO).unwrap_or(0) * 10_000 + record.digits(z::RATIO_FRACTION).unwrap_or(0);
    if ratio == 0 {
        record.error(z::RATIO, "a leg's ratio is to be greater than zero", diagnostics);
    }
    Some(CombinationPart {
        line: record.line,
        combination: FamilyName { exchange: exchange?, product: product?, kind: ProductType::Combination },
        period: period?,
        number: record.small(z::NUMBER).unwrap_or(0),
        side: side?,
        ratio: Decimal::new(ratio, 4)?,
        leg: leg?,
        leg_period: leg_period?,
    })
}

fn needed_period(
    record: &Record<'_>,
    month: Columns,
    day: Columns,
    diagnostics: &mut Diagnostics,
) -> Option<Period> {
    let period = record.period(month, day, diagnostics)?;
    if period.is_none() {
        record.error(month, "a month CCYYMM is missing", diagnostics);
    }
    period
}
