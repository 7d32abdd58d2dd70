//! Requests that are refused, and what the refusal says.

use plimsoll_engine::parameters::{Definition, Digest, ParameterSet, RoundingProfile, build, sample};
use plimsoll_engine::report::{CalculationError, CalculationOptions, PortfolioRequest, calculate};
use plimsoll_engine::span::{Portfolio, Position};
use plimsoll_engine::types::{Code, Lots};

use crate::exchange::{Exchange, array_of_range};
use crate::steps::position;

fn set(definition: &Definition) -> ParameterSet {
    build(definition, Digest([0; 32]), RoundingProfile::Exact, Default::default()).unwrap().0
}

/// The sample exchange with two options without a price, one future without an array and a combination.
fn patchy() -> ParameterSet {
    let mut definition = sample::definition();
    for family in &mut definition.families {
        match family.product.as_str() {
            "HCLO" => {
                family.series[0].options[0].price = None;
                // Nines only, as some files write where they have no price.
                family.series[0].options[1].price = "99999.99".parse().ok();
            }
            "HRB" => family.contracts[0].array = None,
            "HAUM" => family.product_type = plimsoll_engine::contract::ProductType::Combination,
            _ => {}
        }
    }
    for commodity in &mut definition.commodities {
        for link in &mut commodity.terms.links {
            if link.family.product.as_str() == "HAUM" {
                link.family.product_type = "CMB".to_owned();
            }
        }
    }
    set(&definition)
}

fn request(positions: &[&str], options: CalculationOptions) -> PortfolioRequest {
    PortfolioRequest {
        positions: positions.iter().map(|text| position(text)).collect(),
        away: Vec::new(),
        options,
    }
}

#[test]
fn every_contract_that_cannot_be_margined_is_named() {
    let set = patchy();
    let positions = [
        "1 HCL FUT 202611",
        "2 HCL FUT 203001",
        "-3 HCLO OOF 202611 C 61.08",
        "-3 HCLO OOF 202611 C 60.00",
        "4 HRB FUT 202611",
        "5 HAUM CMB 202612",
        "6 HCLO OOF 202611 P 60.00",
    ];
    let refused = calculate(&set, &request(&positions, CalculationOptions::default())).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "unmatched: positions[1] HCL FUT 203001 (unknown_contract); positions[2] HCLO OOF 202611 C 61.08 \
         (unknown_contract); positions[3] HCLO OOF 202611 C 60.00 (no_price); positions[4] HRB FUT 202611 \
         (no_risk_array); positions[5] HAUM CMB 202612 (product_not_calculated); positions[6] HCLO OOF 202611 P 60.00 (no_price)"
    );
    let allowed = CalculationOptions { allow_unmatched: true, ..CalculationOptions::default() };
    let report = calculate(&set, &request(&positions, allowed)).unwrap();
    let alone = calculate(&set, &request(&positions[..1], CalculationOptions::default())).unwrap();
    assert_eq!(report.commodities, alone.commodities);
    let left_out: Vec<_> = report.unmatched.iter().map(|unmatched| unmatched.position).collect();
    assert_eq!(left_out, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn several_positions_in_one_contract_are_one() {
    let set = patchy();
    let several = [
        "1 HCL FUT 202611",
        "-4 HCL FUT 202612",
        "3 HCL FUT 202611",
        "2 HCL FUT 202612",
        "-2 HCL FUT 202612",
    ];
    let report =
        |positions: &[&str]| calculate(&set, &request(positions, CalculationOptions::default())).unwrap();
    assert_eq!(report(&several), report(&["4 HCL FUT 202611", "-4 HCL FUT 202612"]));
    assert_eq!(report(&["1 HCL FUT 202611", "-1 HCL FUT 202611"]).commodities, []);
}

#[test]
fn faults_of_positions_come_before_everything_else_and_all_at_once() {
    let set = patchy();
    let most = format!("{} HCL FUT 202611", Lots::MAX);
    let other = format!("-{} HCL FUT 202612", Lots::MAX);
    let positions = [most.as_str(), "2 HCL FUT 203001", "3 HCL FUT 202611", &other, "-1 HCL FUT 202612"];
    let refused = calculate(&set, &request(&positions, CalculationOptions::default())).unwrap_err();
    let beyond = "all positions in the contract together: quantity is beyond 1000000000 lots";
    assert_eq!(
        refused.to_string(),
        format!("positions[2].quantity: {beyond}; positions[4].quantity: {beyond}")
    );
}

#[test]
fn an_ambiguous_name_asks_for_the_missing_field() {
    let mut definition = sample::definition();
    // The mini contract takes the code of the large one on another exchange.
    let families = definition.families.iter_mut().filter(|family| family.product.as_str() == "HAUM");
    for family in families {
        (family.product, family.exchange) = (Code::new("HAU").unwrap(), Code::new("HBY").unwrap());
    }
    for link in definition.commodities.iter_mut().flat_map(|commodity| &mut commodity.terms.links) {
        if link.family.product.as_str() == "HAUM" {
            (link.family.product, link.family.exchange) =
                (Code::new("HAU").unwrap(), Code::new("HBY").unwrap());
        }
    }
    let set = set(&definition);
    let refused =
        calculate(&set, &request(&["1 HAU FUT 202612"], CalculationOptions::default())).unwrap_err();
    let expected =
        "positions[0].exchange: HAU FUT 202612 may be any of HBX/HAU FUT 202612; HBY/HAU FUT 202612";
    assert_eq!(refused.to_string(), expected);
    let mut named = request(&["1 HAU FUT 202612"], CalculationOptions::default());
    named.positions[0].contract.exchange = Some(Code::new("HBY").unwrap());
    assert_eq!(calculate(&set, &named).unwrap().commodities[0].net_delta.to_string(), "0.100000");
}

#[test]
fn a_currency_without_a_rate_is_refused() {
    let options = CalculationOptions { currency: Code::new("JPY").ok(), ..CalculationOptions::default() };
    let refused = calculate(&patchy(), &request(&["1 HCL FUT 202611"], options)).unwrap_err();
    assert_eq!(refused.to_string(), "currency: no conversion from USD to JPY in the parameter set");
}

#[test]
fn numbers_beyond_the_exact_range_are_refused_and_never_wrap() {
    let mut exchange = Exchange::new();
    exchange.commodity("BIG", "IDR").future("BIG", "202612", &array_of_range(9_000_000_000), "1");
    let mut definition = exchange.definition();
    let most = format!("{} BIG FUT 202612", Lots::MAX);
    assert!(calculate(&set(&definition), &request(&[&most], CalculationOptions::default())).is_ok());
    definition.commodities[0].terms.risk_exponent = 9;
    let refused =
        calculate(&set(&definition), &request(&[&most], CalculationOptions::default())).unwrap_err();
    assert!(matches!(refused, CalculationError::TooLarge(_)), "{refused}");
}

#[test]
fn only_so_many_faults_are_described() {
    let mut definition = sample::definition();
    // Options of one period on two futures: every position has to say which.
    let options = definition.families.iter_mut().find(|family| family.product.as_str() == "HCLO").unwrap();
    let mut second = options.series[0].clone();
    second.underlying = options.series[1].underlying.clone();
    options.series.push(second);
    let strike = options.series[0].options[0].terms.strike;
    let one = position(&format!("1 HCLO OOF 202611 C {strike}"));
    let positions: Vec<Position> = vec![one; Portfolio::MOST_POSITIONS];
    let request = PortfolioRequest { positions, away: Vec::new(), options: CalculationOptions::default() };
    let Err(CalculationError::Entries(faults)) = calculate(&set(&definition), &request) else {
        panic!("refused")
    };
    assert_eq!(faults.len(), Portfolio::MOST_FAULTS);
}

#[test]
fn too_many_positions_are_refused_before_any_work() {
    let one = position("1 HCL FUT 202611");
    let positions: Vec<Position> = vec![one; Portfolio::MOST_POSITIONS + 1];
    let request = PortfolioRequest { positions, away: Vec::new(), options: CalculationOptions::default() };
    let refused = calculate(&patchy(), &request).unwrap_err().to_string();
    assert!(refused.contains("at most 25000 are calculated"), "{refused}");
}
