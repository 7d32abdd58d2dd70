//! Parameter sets: what a file holds, and what a server has.

use std::io::{self, Write};

use plimsoll_engine::parameters::{Diagnostic, Summary};
use serde::Serialize;

use super::jsonl::{Text, line};
use super::printable;
use super::table::{table, write};
use crate::answer::{SetDetail, SetInfo};

/// Writes a set in detail as one JSON object, with the warnings about its file.
///
/// # Errors
/// Those of `out`.
pub fn write_set_json(out: &mut impl Write, detail: &SetDetail, warnings: &[Diagnostic]) -> io::Result<()> {
    line(out, &detail_line(detail, warnings))
}

/// Writes a set in detail as tables, with the warnings about its file.
///
/// # Errors
/// Those of `out`.
pub fn write_set_table(out: &mut impl Write, detail: &SetDetail, warnings: &[Diagnostic]) -> io::Result<()> {
    let set = &detail.set;
    writeln!(out, "Parameter set  {}", printable(&set.id))?;
    writeln!(out, "House          {}", set.house)?;
    writeln!(out, "Vintage        {}", printable(&set.vintage.to_string()))?;
    writeln!(out, "SHA-256        {}", set.digest)?;
    writeln!(out, "Rounding       {}", set.rounding.name())?;
    writeln!(out, "Base currency  {}", set.base_currency)?;
    let mut sizes = table(["Holds", "Number"]);
    for (what, count) in counts(set.summary) {
        sizes.add_row([what.to_owned(), count.to_string()]);
    }
    write(out, "Summary", &sizes, 1)?;
    let mut levels = table(["Level", "Account type"]);
    for level in &detail.levels {
        levels.add_row([printable(&level.level).to_string(), printable(&level.account_type).to_string()]);
    }
    write(out, "Requirement levels", &levels, 2)?;
    let mut conversions = table(["From", "To", "Rate"]);
    for conversion in &detail.conversions {
        conversions.add_row([
            conversion.from.to_string(),
            conversion.to.to_string(),
            conversion.rate.to_string(),
        ]);
    }
    write(out, "Conversion rates", &conversions, 2)?;
    let mut points = table(["Scenario", "Price move", "Volatility move", "Weight", "Paired"]);
    for point in &detail.points {
        let moves = [point.price_move, point.volatility_move, point.weight].map(|number| number.to_string());
        let [price, volatility, weight] = moves;
        points.add_row([point.number.to_string(), price, volatility, weight, point.paired.to_string()]);
    }
    write(out, "Scan points", &points, 0)?;
    let mut commodities =
        table(["Code", "Name", "Currency", "Exponent", "Contracts", "Periods", "Intra spreads"]);
    for own in &detail.commodities {
        commodities.add_row([
            own.code.to_string(),
            printable(&own.name).to_string(),
            own.currency.to_string(),
            own.risk_exponent.to_string(),
            own.contracts.to_string(),
            own.periods.to_string(),
            own.intra_spreads.to_string(),
        ]);
    }
    write(out, "Combined commodities", &commodities, 3)?;
    let mut found = table(["Line", "Element", "Warning"]);
    for warning in warnings {
        let texts = [&warning.element, &warning.message].map(|text| printable(text).to_string());
        let [element, message] = texts;
        found.add_row([warning.line.to_string(), element, message]);
    }
    write(out, "Warnings", &found, 3)
}

/// Writes sets as JSON, one a line.
///
/// # Errors
/// Those of `out`.
pub fn write_sets_json(out: &mut impl Write, sets: &[SetInfo]) -> io::Result<()> {
    sets.iter().try_for_each(|set| {
        let active_scopes = Some(set.active_scopes.as_slice());
        line(out, &HeadLine { active_scopes, ..head(set) })
    })
}

/// Writes sets as a table.
///
/// # Errors
/// Those of `out`.
pub fn write_sets_table(out: &mut impl Write, sets: &[SetInfo]) -> io::Result<()> {
    let mut list = table(["Id", "House", "Vintage", "Rounding", "Commodities", "Arrays", "Active for"]);
    for set in sets {
        let scope = |scope: &String| {
            if scope.is_empty() { "(default)".to_owned() } else { printable(scope).to_string() }
        };
        let scopes: Vec<String> = set.active_scopes.iter().map(scope).collect();
        list.add_row([
            printable(&set.id).to_string(),
            set.house.to_string(),
            printable(&set.vintage.to_string()).to_string(),
            set.rounding.name().to_owned(),
            set.summary.commodities.to_string(),
            set.summary.arrays.to_string(),
            scopes.join(", "),
        ]);
    }
    write(out, &format!("{} parameter sets", sets.len()), &list, 7)
}

const fn counts(summary: Summary) -> [(&'static str, usize); 7] {
    [
        ("combined commodities", summary.commodities),
        ("product families", summary.products),
        ("contracts", summary.contracts),
        ("risk arrays", summary.arrays),
        ("scenarios of an array", summary.scenarios),
        ("intra-commodity spreads", summary.intra_spreads),
        ("inter-commodity spreads", summary.inter_spreads),
    ]
}

type Number = Text<plimsoll_engine::types::Decimal>;

#[derive(Serialize)]
struct HeadLine<'a> {
    id: &'a str,
    house: &'a str,
    business_date: Text<plimsoll_engine::types::BusinessDate>,
    stage: &'static str,
    run: u32,
    created: &'a str,
    digest: Text<plimsoll_engine::parameters::Digest>,
    rounding: &'static str,
    base_currency: &'a str,
    summary: SummaryLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_scopes: Option<&'a [String]>,
}

#[derive(Serialize)]
struct SummaryLine {
    commodities: usize,
    products: usize,
    contracts: usize,
    arrays: usize,
    scenarios: usize,
    intra_spreads: usize,
    inter_spreads: usize,
}

#[derive(Serialize)]
struct DetailLine<'a> {
    #[serde(flatten)]
    head: HeadLine<'a>,
    levels: Vec<LevelLine<'a>>,
    conversions: Vec<ConversionLine<'a>>,
    points: Vec<PointLine>,
    commodities: Vec<CommodityLine<'a>>,
    warnings: Vec<WarningLine<'a>>,
}

#[derive(Serialize)]
struct LevelLine<'a> {
    level: &'a str,
    account_type: &'a str,
}

#[derive(Serialize)]
struct ConversionLine<'a> {
    from: &'a str,
    to: &'a str,
    rate: Number,
}

#[derive(Serialize)]
struct PointLine {
    number: u8,
    price_move: Number,
    volatility_move: Number,
    weight: Number,
    paired: u8,
}

#[derive(Serialize)]
struct CommodityLine<'a> {
    code: &'a str,
    name: &'a str,
    currency: &'a str,
    risk_exponent: i32,
    contracts: usize,
    periods: usize,
    intra_spreads: usize,
}

#[derive(Serialize)]
struct WarningLine<'a> {
    line: u64,
    element: &'a str,
    message: &'a str,
}

fn head(set: &SetInfo) -> HeadLine<'_> {
    let summary = set.summary;
    HeadLine {
        id: &set.id,
        house: set.house.as_str(),
        business_date: Text(set.vintage.business_date),
        stage: set.vintage.stage.name(),
        run: set.vintage.run,
        created: &set.vintage.created,
        digest: Text(set.digest),
        rounding: set.rounding.name(),
        base_currency: set.base_currency.as_str(),
        summary: SummaryLine {
            commodities: summary.commodities,
            products: summary.products,
            contracts: summary.contracts,
            arrays: summary.arrays,
            scenarios: summary.scenarios,
            intra_spreads: summary.intra_spreads,
            inter_spreads: summary.inter_spreads,
        },
        active_scopes: None,
    }
}

fn detail_line<'a>(detail: &'a SetDetail, warnings: &'a [Diagnostic]) -> DetailLine<'a> {
    DetailLine {
        head: head(&detail.set),
        levels: detail
            .levels
            .iter()
            .map(|level| LevelLine { level: &level.level, account_type: &level.account_type })
            .collect(),
        conversions: detail
            .conversions
            .iter()
            .map(|conversion| ConversionLine {
                from: conversion.from.as_str(),
                to: conversion.to.as_str(),
                rate: Text(conversion.rate),
            })
            .collect(),
        points: detail
            .points
            .iter()
            .map(|point| PointLine {
                number: point.number,
                price_move: Text(point.price_move),
                volatility_move: Text(point.volatility_move),
                weight: Text(point.weight),
                paired: point.paired,
            })
            .collect(),
        commodities: detail
            .commodities
            .iter()
            .map(|own| CommodityLine {
                code: own.code.as_str(),
                name: &own.name,
                currency: own.currency.as_str(),
                risk_exponent: own.risk_exponent,
                contracts: own.contracts,
                periods: own.periods,
                intra_spreads: own.intra_spreads,
            })
            .collect(),
        warnings: warnings
            .iter()
            .map(|warning| WarningLine {
                line: warning.line,
                element: &warning.element,
                message: &warning.message,
            })
            .collect(),
    }
}
