//! Reports as JSON lines: the keys and their order are a contract.

use std::fmt::Display;
use std::io::{self, Write};

use plimsoll_engine::report::{CommodityReport, MarginReport, ScanningSpreadReport};
use plimsoll_engine::span::Unmatched;
use serde::{Serialize, Serializer};

pub(super) fn report(out: &mut impl Write, account: &str, report: &MarginReport) -> io::Result<()> {
    line(out, &report_line(account, report))
}

pub(super) fn error(out: &mut impl Write, account: Option<&str>, error: &str) -> io::Result<()> {
    line(out, &ErrorLine { account, error })
}

pub(super) fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Anything that prints itself, as JSON text: money and codes.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

type Money = Text<plimsoll_engine::types::Amount>;

#[derive(Serialize)]
struct ErrorLine<'a> {
    account: Option<&'a str>,
    error: &'a str,
}

#[derive(Serialize)]
struct ReportLine<'a> {
    account: &'a str,
    parameter_set: SetLine<'a>,
    currency: &'a str,
    risk: Money,
    net_option_value: Money,
    requirement: Money,
    requirement_levels: &'a [String],
    initial_requirement: Money,
    maintenance_requirement: Money,
    by_currency: Vec<CurrencyLine<'a>>,
    levels: Vec<LevelLine<'a>>,
    commodities: Commodities<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scanning_spreads: Vec<ScanningSpreadLine<'a>>,
    unmatched: Vec<UnmatchedLine<'a>>,
}

#[derive(Serialize)]
struct SetLine<'a> {
    id: &'a str,
    business_date: Text<plimsoll_engine::types::BusinessDate>,
    digest: Text<plimsoll_engine::parameters::Digest>,
}

#[derive(Serialize)]
struct CurrencyLine<'a> {
    currency: &'a str,
    risk: Money,
    net_option_value: Money,
    requirement: Money,
}

#[derive(Serialize)]
struct LevelLine<'a> {
    level: &'a str,
    amount: Money,
    requirement: Money,
}

/// The commodities as one object, by code.
struct Commodities<'a>(&'a [CommodityReport]);

impl Serialize for Commodities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|own| (own.commodity.as_str(), commodity_line(own))))
    }
}

#[derive(Serialize)]
struct CommodityLine<'a> {
    currency: &'a str,
    active_scenario: u8,
    scenario_losses: Vec<Money>,
    scan_risk: Money,
    time_risk: Money,
    volatility_risk: Money,
    price_risk: Money,
    weighted_price_risk: Money,
    net_delta: Money,
    intra_charge: Money,
    delivery_charge: Money,
    inter_credit: Money,
    short_option_minimum: Money,
    long_option_value: Money,
    short_option_value: Money,
    risk: Money,
}

/// Only where one was formed: its legs are not among the commodities.
#[derive(Serialize)]
struct ScanningSpreadLine<'a> {
    priority: u32,
    target: &'a str,
    legs: Vec<ScanningLegLine<'a>>,
}

#[derive(Serialize)]
struct ScanningLegLine<'a> {
    commodity: &'a str,
    added_delta: Money,
    #[serde(flatten)]
    own: CommodityLine<'a>,
}

#[derive(Serialize)]
struct UnmatchedLine<'a> {
    position: usize,
    product: &'a str,
    #[serde(rename = "type")]
    product_type: &'static str,
    period: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    underlying_period: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strike: Option<Text<plimsoll_engine::types::Decimal>>,
    quantity: i64,
    reason: &'static str,
}

fn report_line<'a>(account: &'a str, report: &'a MarginReport) -> ReportLine<'a> {
    let set = &report.parameter_set;
    let totals = report.by_currency.iter().map(|totals| CurrencyLine {
        currency: totals.currency.as_str(),
        risk: Text(totals.risk),
        net_option_value: Text(totals.net_option_value),
        requirement: Text(totals.requirement),
    });
    let levels = report.levels.iter().map(|own| LevelLine {
        level: &own.level,
        amount: Text(own.amount),
        requirement: Text(own.requirement),
    });
    ReportLine {
        account,
        parameter_set: SetLine {
            id: &set.id,
            business_date: Text(set.business_date),
            digest: Text(set.digest),
        },
        currency: report.currency.as_str(),
        risk: Text(report.risk),
        net_option_value: Text(report.net_option_value),
        requirement: Text(report.requirement),
        requirement_levels: &report.requirement_levels,
        initial_requirement: Text(report.initial_requirement),
        maintenance_requirement: Text(report.maintenance_requirement),
        by_currency: totals.collect(),
        levels: levels.collect(),
        commodities: Commodities(&report.commodities),
        scanning_spreads: report.scanning_spreads.iter().map(scanning_spread_line).collect(),
        unmatched: report.unmatched.iter().map(unmatched_line).collect(),
    }
}

fn commodity_line(own: &CommodityReport) -> CommodityLine<'_> {
    CommodityLine {
        currency: own.currency.as_str(),
        active_scenario: own.active_scenario,
        scenario_losses: own.scenario_losses.iter().copied().map(Text).collect(),
        scan_risk: Text(own.scan_risk),
        time_risk: Text(own.time_risk),
        volatility_risk: Text(own.volatility_risk),
        price_risk: Text(own.price_risk),
        weighted_price_risk: Text(own.weighted_price_risk),
        net_delta: Text(own.net_delta),
        intra_charge: Text(own.intra_charge),
        delivery_charge: Text(own.delivery_charge),
        inter_credit: Text(own.inter_credit),
        short_option_minimum: Text(own.short_option_minimum),
        long_option_value: Text(own.long_option_value),
        short_option_value: Text(own.short_option_value),
        risk: Text(own.risk),
    }
}

fn scanning_spread_line(spread: &ScanningSpreadReport) -> ScanningSpreadLine<'_> {
    let legs = spread.legs.iter().map(|leg| ScanningLegLine {
        commodity: leg.own.commodity.as_str(),
        added_delta: Text(leg.added_delta),
        own: commodity_line(&leg.own),
    });
    ScanningSpreadLine { priority: spread.priority, target: spread.target.as_str(), legs: legs.collect() }
}

fn unmatched_line(unmatched: &Unmatched) -> UnmatchedLine<'_> {
    let contract = &unmatched.contract;
    UnmatchedLine {
        position: unmatched.position,
        product: contract.product.as_str(),
        product_type: contract.product_type.code(),
        period: contract.period.as_str(),
        exchange: contract.exchange.as_ref().map(plimsoll_engine::types::ExchangeCode::as_str),
        underlying_period: contract.underlying_period.as_ref().map(plimsoll_engine::contract::Period::as_str),
        right: contract.option.map(|terms| terms.right.code()),
        strike: contract.option.map(|terms| Text(terms.strike)),
        quantity: unmatched.lots.get(),
        reason: unmatched.reason.name(),
    }
}
