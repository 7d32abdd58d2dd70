//! 600 portfolios on a real exchange's file against an independent calculator: every number.

use std::fs::File;
use std::io::{BufRead, BufReader};

use plimsoll_engine::contract::{ContractQuery, ContractText};
use plimsoll_engine::parameters::{ParameterSet, RoundingProfile, build, spn};
use plimsoll_engine::report::{
    CalculationOptions, CommodityReport, MarginReport, PortfolioRequest, calculate,
};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::{Amount, Lots};
use serde_json::Value;

use crate::shared::shared;

fn real_set() -> Option<ParameterSet> {
    let file = File::open(shared("data/span/takas.spn")?).unwrap();
    let reading = spn::read(BufReader::new(file)).unwrap();
    let (set, diagnostics) =
        build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics).unwrap();
    assert_eq!(diagnostics.as_slice(), &[]);
    Some(set)
}

fn position(json: &Value) -> Position {
    let text = |key: &str| json[key].as_str().unwrap_or("");
    let contract = ContractQuery::parse(&ContractText {
        product: text("product"),
        product_type: text("type"),
        period: text("period"),
        right: text("right"),
        strike: text("strike"),
        ..ContractText::default()
    });
    Position { contract: contract.unwrap(), lots: Lots::new(json["quantity"].as_i64().unwrap()).unwrap() }
}

fn report(set: &ParameterSet, line: &Value, rounding: RoundingProfile) -> MarginReport {
    let positions = line["positions"].as_array().unwrap().iter().map(position).collect();
    let options = CalculationOptions { rounding: Some(rounding), ..CalculationOptions::default() };
    calculate(set, &PortfolioRequest { positions, away: Vec::new(), options }).unwrap()
}

/// Compares at a tolerance in millionths.
fn close(what: &str, actual: Amount, expected: &Value, tolerance: i128) {
    let expected: Amount = expected.as_str().unwrap().parse().unwrap();
    let difference = (actual.millionths() - expected.millionths()).abs();
    assert!(difference <= tolerance, "{what}: {actual} instead of {expected}");
}

fn commodity_agrees(account: &str, own: &CommodityReport, expected: &Value) {
    let what = |key: &str| format!("{account} {} {key}", own.commodity);
    assert_eq!(
        u64::from(own.active_scenario),
        expected["active_scenario"].as_u64().unwrap(),
        "{}",
        what("active")
    );
    for (key, actual) in [
        ("scan_risk", own.scan_risk),
        ("time_risk", own.time_risk),
        ("volatility_risk", own.volatility_risk),
        ("price_risk", own.price_risk),
        ("weighted_price_risk", own.weighted_price_risk),
        ("net_delta", own.net_delta),
        ("intra_charge", own.intra_charge),
        ("inter_credit", own.inter_credit),
        ("short_option_minimum", own.short_option_minimum),
        ("long_option_value", own.long_option_value),
        ("short_option_value", own.short_option_value),
        ("risk", own.risk),
    ] {
        close(&what(key), actual, &expected[key], 2);
    }
}

#[test]
fn the_golden_portfolios_agree_in_both_profiles() {
    let (Some(set), Some(golden)) = (real_set(), shared("data/span/golden.jsonl")) else { return };
    let mut lines = 0;
    for line in BufReader::new(File::open(golden).unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let account = line["account"].as_str().unwrap();
        let exact = report(&set, &line, RoundingProfile::Exact);
        let expected = &line["expected"]["exact"];
        close(&format!("{account} risk"), exact.risk, &expected["risk"], 2);
        close(&format!("{account} NOV"), exact.net_option_value, &expected["net_option_value"], 2);
        let commodities = expected["commodities"].as_object().unwrap();
        assert_eq!(commodities.len(), exact.commodities.len(), "{account}");
        for own in &exact.commodities {
            commodity_agrees(account, own, &commodities[own.commodity.as_str()]);
        }
        // The risk of this house is its initial margin.
        assert_eq!(exact.requirement_levels.first().map(String::as_str), Some("initial"), "{account}");
        assert_eq!(exact.initial_requirement, exact.requirement, "{account}");
        let maintenance = exact.risk.millionths() * 3 / 4 - exact.net_option_value.millionths();
        let off = exact.maintenance_requirement.millionths() - maintenance.max(0);
        assert!(off.abs() <= 2, "{account}: off by {off}");
        let takasbank = report(&set, &line, RoundingProfile::Takasbank);
        let expected = &line["expected"]["takasbank"];
        close(&format!("{account} takasbank risk"), takasbank.risk, &expected["risk"], 1_000);
        close(
            &format!("{account} takasbank NOV"),
            takasbank.net_option_value,
            &expected["net_option_value"],
            1_000,
        );
        lines += 1;
    }
    assert_eq!(lines, 600);
}

#[test]
fn the_real_file_has_the_sizes_that_were_counted() {
    let Some(set) = real_set() else { return };
    let summary = set.summary();
    assert_eq!((summary.commodities, summary.products, summary.arrays), (40, 98, 2_811));
    assert_eq!((summary.contracts, summary.scenarios), (2_811, 16));
    assert_eq!((summary.intra_spreads, summary.inter_spreads), (40, 56));
    assert_eq!(set.base_currency().as_str(), "TRY");
    assert_eq!(set.id(), "TAKASBANK-20160517-final-41f46cbc07ac");
    let digest = "41f46cbc07acf814f20b6045e5c25fed2c1e3a42257b5bbf4aa8b58761c90ef4";
    assert_eq!(set.digest().to_string(), digest);
}
