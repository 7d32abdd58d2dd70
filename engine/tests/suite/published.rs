//! Published worked examples of spreads that scan commodities as one, of combinations, and of options.
//!
//! Sources: CME, "How SPAN works", page spread-calc (30-year against 10-year, example rates); CME, "Modified split calculation
//! example" (CS on CL); charlieyanhx/riskkit, tests/test_span_private.py (MIT), from CME's file of 2025-09-12 (GC and OG; the
//! published maintenance rate of GC is 16,000); JSCC, SPAN outline (studylib.net/doc/8697055).

use plimsoll_engine::contract::ProductType;
use plimsoll_engine::parameters::{
    CombinationLeg, CombinationMethod, ContractReference, Definition, LevelRate, RoundingProfile,
    ScanningLegDefinition, ScanningSpreadDefinition, Side,
};
use plimsoll_engine::types::Code;

use crate::exchange::{Exchange, array_of_range};
use crate::steps::{expect, margin, margin_as, set};

fn words(values: &[i64]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn scanning_leg(code: &str, is_target: bool) -> ScanningLegDefinition {
    ScanningLegDefinition {
        line: 0,
        commodity: Code::new(code).unwrap(),
        is_target,
        is_required: false,
        ratio: "1".parse().unwrap(),
        rates: Vec::new(),
    }
}

/// 30-year and 10-year notes, one contract's losses rounded to whole dollars, as the page has them.
fn treasuries() -> Definition {
    let long_bond =
        [0, 0, -1033, -1033, 1033, 1033, -2067, -2067, 2067, 2067, -3100, -3100, 3100, 3100, -3069, 3069];
    let note = [0, 0, -533, -533, 533, 533, -1067, -1067, 1067, 1067, -1600, -1600, 1600, 1600, -1584, 1584];
    let mut exchange = Exchange::new();
    exchange.commodity("30Y", "USD").future("30Y", "202612", &words(&long_bond), "1");
    exchange.commodity("10Y", "USD").future("10Y", "202612", &words(&note), "1");
    exchange.commodity("RATES", "USD");
    let mut definition = exchange.definition();
    definition.scanning_spreads.push(ScanningSpreadDefinition {
        line: 0,
        is_super: true,
        priority: 1,
        minimum_legs: 2,
        is_target_required: false,
        rates: vec![LevelRate { level: 1, value: "0.70".parse().unwrap() }],
        legs: vec![scanning_leg("RATES", true), scanning_leg("30Y", false), scanning_leg("10Y", false)],
    });
    definition
}

#[test]
fn cme_scanning_based_super_spread() {
    let set = set(&treasuries());
    let report = margin(&set, &["2 30Y FUT 202612", "-3 10Y FUT 202612"]);
    expect(&report, "RATES", "active=13 scan=2840 delta=-1 risk=2840");
    let combined = [
        "0", "0", "152.8", "152.8", "946.7", "946.7", "307.2", "307.2", "1893.3", "1893.3", "460", "460",
        "2840", "2840", "455.4", "2811.6",
    ];
    let [own] = report.commodities.as_slice() else { panic!("the legs disappear") };
    let losses = own.scenario_losses.clone();
    assert_eq!(losses, combined.map(|loss| loss.parse().unwrap()));
    let [formed] = report.scanning_spreads.as_slice() else { panic!("one spread") };
    let added: Vec<_> = formed.legs.iter().map(|leg| leg.added_delta.to_string()).collect();
    assert_eq!(added, ["2.000000", "-3.000000"]);
    // One leg alone is not enough: the spread does not form.
    let alone = margin(&set, &["2 30Y FUT 202612"]);
    expect(&alone, "30Y", "scan=6200 risk=6200");
}

/// CS is a swap on the average of two crude months.
fn average_swap(method: CombinationMethod) -> Definition {
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("CL", "USD");
    commodity.future("CL", "201609", &array_of_range(3350), "1");
    commodity.future("CL", "201610", &array_of_range(3325), "1");
    commodity.future("CS", "201608", &array_of_range(0), "1");
    let mut definition = exchange.definition();
    let futures = definition.families[0].family_id;
    let legs = [("0.696", 0), ("0.304", 1)].map(|(ratio, contract_id)| CombinationLeg {
        line: 0,
        contract: ContractReference { exchange: Code::new("X").unwrap(), family_id: futures, contract_id },
        side: Side::A,
        ratio: ratio.parse().unwrap(),
    });
    let swap = &mut definition.families[1];
    swap.product_type = ProductType::Combination;
    swap.contracts[0].legs = legs.to_vec();
    let link = &mut definition.commodities[0].terms.links[1];
    link.family.product_type = "CMB".to_owned();
    link.combination_method = Some(method);
    definition
}

#[test]
fn cme_modified_split() {
    let set = set(&average_swap(CombinationMethod::ModifiedSplit));
    let position = ["1 CS CMB 201608"];
    expect(&margin(&set, &position), "CL", "active=13 scan=3342.4 delta=1 risk=3342.4");
    expect(&margin_as(&set, &position, RoundingProfile::Cme), "CL", "scan=3342 risk=3342");
    // A thousand swaps against their legs: what is left is nothing.
    let hedged = ["1000 CS CMB 201608", "-696 CL FUT 201609", "-304 CL FUT 201610"];
    expect(&margin(&set, &hedged), "CL", "scan=0 delta=0 risk=0");
}

/// Gold and an option on it; of the option's array the two largest numbers are known.
fn gold() -> Definition {
    let future = [
        0, 0, -5333, -5333, 5333, 5333, -10667, -10667, 10667, 10667, -16000, -16000, 16000, 16000, -15840,
        15840,
    ];
    let put = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7597, 0, 0, 0, -12878];
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("GC", "USD");
    commodity.option_minimum = "35";
    for period in ["202509", "202510", "202606"] {
        commodity.future("GC", period, &words(&future), "1");
    }
    commodity.option("OG", "202512", "P", "3700", &words(&put), "-0.5", "10740");
    commodity.series_spread(1, "300", "202509", "202510");
    commodity.tier_spread(2, "1000");
    exchange.definition()
}

#[test]
fn cme_gold_and_options_on_it() {
    let set = set(&gold());
    for (positions, expected, requirement) in [
        (&["1 GC FUT 202509"][..], "active=13 scan=16000 risk=16000", "16000.000000"),
        (&["-1 GC FUT 202509"], "active=11 scan=16000 risk=16000", "16000.000000"),
        (&["-1 OG OOP 202512 P 3700"], "active=16 scan=12878 som=35 sov=10740", "23618.000000"),
        // 7,597 - 10,740 = -3,143: nothing is required.
        (&["1 OG OOP 202512 P 3700"], "active=12 scan=7597 som=0 lov=10740", "0.000000"),
        (&["1 GC FUT 202509", "-1 GC FUT 202510"], "scan=0 intra=300 risk=300", "300.000000"),
        (&["1 GC FUT 202509", "-1 GC FUT 202606"], "scan=0 intra=1000 risk=1000", "1000.000000"),
    ] {
        for rounding in [RoundingProfile::Exact, RoundingProfile::Cme] {
            let report = margin_as(&set, positions, rounding);
            expect(&report, "GC", expected);
            assert_eq!(report.requirement.to_string(), requirement, "{positions:?}");
        }
    }
    let long = margin(&set, &["1 OG OOP 202512 P 3700"]);
    assert_eq!(long.risk.millionths() - long.net_option_value.millionths(), -3_143_000_000);
}

#[test]
fn jscc_short_puts() {
    let put = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -570_100, 0, 0];
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("NK", "JPY");
    commodity.option_minimum = "29400";
    commodity.option("NK", "202612", "P", "30000", &words(&put), "-0.5", "3200000");
    let report = margin(&set(&exchange.definition()), &["-10 NK OOP 202612 P 30000"]);
    expect(&report, "NK", "scan=5701000 som=294000 risk=5701000 sov=32000000");
    assert_eq!(report.net_option_value.to_string(), "-32000000.000000");
    assert_eq!(report.requirement.to_string(), "37701000.000000");
}
