//! Spreads with other clearing organisations: deltas that the caller states, credits for legs here.

use plimsoll_engine::parameters::{
    AwayLegDefinition, ChargeMethod, ClearSpreadDefinition, Definition, LegDefinition, LegPlace, LevelRate,
    RoundingProfile, Side, SpreadDefinition, spn,
};
use plimsoll_engine::report::{
    CalculationError, CalculationOptions, MarginReport, PortfolioRequest, calculate,
};
use plimsoll_engine::span::{AwayDelta, Margining};
use plimsoll_engine::types::{Code, Decimal};

use crate::exchange::{Exchange, array_of_range};
use crate::refused::{errors, load, sample_text};
use crate::steps::{expect, position, set};

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A spread of CORN here, side A, with SOY at another house, side B.
fn corn_against_soy(priority: u32, rate: &str, ratios: [&str; 2], house: &str) -> ClearSpreadDefinition {
    let corn = LegDefinition {
        line: 0,
        commodity: Code::new("CORN").unwrap(),
        place: LegPlace::Tier(0),
        side: Side::A,
        ratio: number(ratios[0]),
        rates: vec![LevelRate { level: 1, value: number(rate) }],
    };
    let home = SpreadDefinition {
        line: 0,
        priority,
        charge: ChargeMethod::WeightedPriceRisk,
        rates: Vec::new(),
        month_rates: Vec::new(),
        legs: vec![corn],
    };
    let soy = AwayLegDefinition {
        line: 0,
        house: Code::new(house).unwrap(),
        commodity: Code::new("SOY").unwrap(),
        tier: 1,
        side: Side::B,
        ratio: number(ratios[1]),
    };
    ClearSpreadDefinition { is_super: false, home, away: vec![soy] }
}

/// An exchange of corn with a scan range of 1,750 and soybeans with one of 2,500.
fn grains() -> Exchange {
    let mut exchange = Exchange::new();
    exchange.commodity("CORN", "USD").future("CORN", "202612", &array_of_range(1750), "1");
    exchange.commodity("SOY", "USD").future("SOY", "202611", &array_of_range(2500), "1");
    exchange
}

fn delta(house: &str, tier: i32, delta: &str) -> AwayDelta {
    let (house, commodity) = (Code::new(house).unwrap(), Code::new("SOY").unwrap());
    AwayDelta { house, commodity, tier, delta: number(delta) }
}

fn request(positions: &[&str], away: Vec<AwayDelta>) -> PortfolioRequest {
    let positions = positions.iter().map(|text| position(text)).collect();
    PortfolioRequest { positions, away, options: CalculationOptions::default() }
}

fn margin(definition: &Definition, positions: &[&str], away: Vec<AwayDelta>) -> MarginReport {
    calculate(&set(definition), &request(positions, away)).unwrap()
}

#[test]
fn a_leg_here_is_credited_for_delta_held_elsewhere() {
    // CME's example of corn against soybeans (spread-calc), with the soybeans at another house.
    let mut definition = grains().definition();
    definition.clear_spreads.push(corn_against_soy(1, "0.55", ["2", "1"], "OTHER"));
    for (away, expected, consumed) in [
        ("-1", "scan=3500 inter=1925 risk=1575", Some("1.000000")),
        ("-0.5", "scan=3500 inter=962.5 risk=2537.5", Some("0.500000")),
        ("-7", "scan=3500 inter=1925 risk=1575", Some("1.000000")),
        ("1", "scan=3500 inter=0 risk=3500", None),
        ("0", "scan=3500 inter=0 risk=3500", None),
    ] {
        let report = margin(&definition, &["2 CORN FUT 202612"], vec![delta("OTHER", 1, away)]);
        expect(&report, "CORN", expected);
        let formed = report.inter_spreads.first().map(|formed| formed.away[0].consumed_delta.to_string());
        assert_eq!(formed.as_deref(), consumed, "{away}");
    }
    expect(&margin(&definition, &["2 CORN FUT 202612"], Vec::new()), "CORN", "inter=0 risk=3500");
    expect(&margin(&definition, &["-2 CORN FUT 202612"], vec![delta("OTHER", 1, "1")]), "CORN", "inter=1925");
}

#[test]
fn spreads_here_come_first_and_spreads_elsewhere_share_what_is_there() {
    let mut exchange = grains();
    exchange.inter(9, "0.55", &[("CORN", "A", "2"), ("SOY", "B", "1")]);
    let mut definition = exchange.definition();
    // The file's order is not the order of priority.
    definition.clear_spreads.push(corn_against_soy(2, "0.4", ["1", "1"], "OTHER"));
    definition.clear_spreads.push(corn_against_soy(1, "0.6", ["1", "1"], "THIRD"));
    let positions = ["10 CORN FUT 202612", "-2 SOY FUT 202611"];
    let away = vec![delta("OTHER", 1, "-100"), delta("THIRD", 1, "-1.5")];
    let report = margin(&definition, &positions, away);
    // Four deltas of corn go to the soybeans here, one and a half to THIRD, and OTHER gets what is left.
    let credit = 1750.0 * (4.0 * 0.55 + 1.5 * 0.6 + 4.5 * 0.4);
    expect(&report, "CORN", &format!("scan=17500 inter={credit}"));
    expect(&report, "SOY", "scan=5000 inter=2750");
    let priorities: Vec<u32> = report.inter_spreads.iter().map(|formed| formed.priority).collect();
    assert_eq!(priorities, [9, 1, 2]);
    let places: Vec<String> = report
        .inter_spreads
        .iter()
        .flat_map(|formed| &formed.away)
        .map(|leg| leg.place.to_string())
        .collect();
    assert_eq!(places, ["THIRD/SOY tier 1", "OTHER/SOY tier 1"]);
}

#[test]
fn a_super_spread_elsewhere_takes_the_delta_before_the_spreads_inside() {
    let mut exchange = Exchange::new();
    let corn = exchange.commodity("CORN", "USD");
    for period in ["202612", "202703", "202706"] {
        corn.future("CORN", period, &array_of_range(1750), "1");
    }
    corn.series_spread(1, "100", "202612", "202703");
    let positions = ["2 CORN FUT 202612", "-3 CORN FUT 202703", "3 CORN FUT 202706"];
    // The net delta of 2 has a scan risk of 3500; elsewhere both are credited at 0.5 of 1750 each.
    for (is_super, expected) in [
        // Behind the spreads inside two of them have formed.
        (false, "scan=3500 intra=200 inter=1750 risk=1950"),
        // Before them both deltas of the front month are used up, and none forms.
        (true, "scan=3500 intra=0 inter=1750 risk=1750"),
    ] {
        let mut definition = exchange.definition();
        let spread = corn_against_soy(1, "0.5", ["1", "1"], "OTHER");
        definition.clear_spreads.push(ClearSpreadDefinition { is_super, ..spread });
        let report = margin(&definition, &positions, vec![delta("OTHER", 1, "-9")]);
        expect(&report, "CORN", expected);
        let [formed] = report.inter_spreads.as_slice() else { panic!("one spread") };
        assert_eq!((formed.is_super, formed.count.to_string()), (is_super, "2.000000".to_owned()));
    }
}

#[test]
fn a_stated_delta_has_the_places_that_the_profile_gives_to_net_deltas() {
    let mut definition = grains().definition();
    definition.clear_spreads.push(corn_against_soy(1, "0.5", ["1", "1"], "OTHER"));
    let set = set(&definition);
    for (rounding, away, used) in [
        (RoundingProfile::Exact, "-0.00006", Some("0.000060")),
        (RoundingProfile::Cme, "-0.00006", Some("0.000100")),
        (RoundingProfile::Exact, "-0.00004", Some("0.000040")),
        // Nothing at four places: no spread forms.
        (RoundingProfile::Cme, "-0.00004", None),
    ] {
        let mut request = request(&["2 CORN FUT 202612"], vec![delta("OTHER", 1, away)]);
        request.options.rounding = Some(rounding);
        let report = calculate(&set, &request).unwrap();
        let formed = report.inter_spreads.first();
        let here = formed.map(|formed| formed.legs[0].consumed_delta.to_string());
        let there = formed.map(|formed| formed.away[0].consumed_delta.to_string());
        assert_eq!((here.as_deref(), there.as_deref()), (used, used), "{rounding:?} {away}");
    }
}

#[test]
fn spreads_are_written_in_the_order_of_the_format() {
    let mut exchange = grains();
    exchange.inter(1, "0.55", &[("CORN", "A", "2"), ("SOY", "B", "1")]);
    let mut definition = exchange.definition();
    definition.super_spreads.extend(definition.inter_spreads.clone());
    for is_super in [true, false] {
        let spread = corn_against_soy(1, "0.5", ["1", "1"], "OTHER");
        definition.clear_spreads.push(ClearSpreadDefinition { is_super, ..spread });
    }
    let mut bytes = Vec::new();
    spn::write(&definition, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let places = ["superSpreads", "superInterClearSpreads", "interSpreads", "interClearSpreads"]
        .map(|name| text.find(&format!("<{name}>")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn stated_deltas_that_cannot_count_are_all_named() {
    let mut definition = grains().definition();
    definition.clear_spreads.push(corn_against_soy(1, "0.55", ["2", "1"], "OTHER"));
    let set = set(&definition);
    let refused = |request: &PortfolioRequest| match calculate(&set, request) {
        Err(CalculationError::Entries(faults)) => {
            faults.iter().map(|fault| format!("{}: {}", fault.path(), fault.message)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let away = vec![
        delta("OTHER", 1, "-1"),
        delta("OTHER", 2, "-1"),
        delta("OTHER", 1, "-1"),
        delta("NOBODY", 1, "-1"),
    ];
    assert_eq!(
        refused(&request(&["2 CORN FUT 202612"], away)),
        [
            "away[1]: no spread of the parameter set has a leg at OTHER/SOY tier 2",
            "away[2]: OTHER/SOY tier 1 is stated a second time",
            "away[3]: no spread of the parameter set has a leg at NOBODY/SOY tier 1",
        ]
    );
    for size in ["1000000000000.000001", "-1000000000000.000001"] {
        assert_eq!(
            refused(&request(&["2 CORN FUT 202612"], vec![delta("OTHER", 1, size)])),
            ["away[0].delta: at most 1000000000000 either way"]
        );
    }
    let largest = vec![delta("OTHER", 1, "-1000000000000")];
    assert!(calculate(&set, &request(&["2 CORN FUT 202612"], largest)).is_ok());
    let mut gross = request(&["2 CORN FUT 202612"], vec![delta("OTHER", 1, "-1")]);
    gross.options.margining = Margining::GrossSides;
    assert_eq!(
        refused(&gross),
        ["away[0]: a gross account forms no spreads: deltas held elsewhere do not count"]
    );
    let many = vec![delta("OTHER", 1, "-1"); AwayDelta::MOST + 1];
    assert_eq!(refused(&request(&[], many)), ["away[1000]: 1001 deltas: at most 1000 are used"]);
}

#[test]
fn faulty_spreads_with_others_refuse_the_file() {
    const RIGHT: &str = "<clearSpread><spread>1</spread>\
        <homeLeg><cc>CRUDE</cc><tn>0</tn><rs>A</rs><i>1</i><rate>0.5</rate></homeLeg>\
        <awayLeg><ec>OTHER</ec><cc>WTI</cc><tn>1</tn><rs>B</rs><i>1</i></awayLeg></clearSpread>";
    let file = |spread: &str| {
        let container = format!("<interClearSpreads>{spread}</interClearSpreads></clearingOrg>");
        sample_text().replacen("</clearingOrg>", &container, 1)
    };
    load(file(RIGHT).as_bytes()).unwrap();
    for (from, to, expected) in [
        ("<spread>1</spread>", "", "clearSpread: spread is missing or faulty"),
        ("<ec>OTHER</ec>", "", "awayLeg: needs ec, cc, tn, rs and i"),
        ("<ec>OTHER</ec>", "<ec>HARBOR</ec>", "ec: HARBOR is the file's own clearing organisation"),
        ("<rs>B</rs>", "<rs>A</rs>", "a spread needs legs of both sides"),
        ("<i>1</i></awayLeg>", "<i>0</i></awayLeg>", "i: a leg's ratio is to be greater than zero"),
        ("<rate>0.5</rate>", "", "dSpread: no rate for level 1"),
        ("<rate>0.5</rate>", "<rate>50</rate>", "a credit rate is a fraction"),
        ("<cc>CRUDE</cc>", "<cc>LEAD</cc>", "cc: LEAD is not a combined commodity of the file"),
        (
            "<awayLeg>",
            "<awayLeg><ec>OTHER</ec><cc>WTI</cc><tn>1</tn><rs>B</rs><i>2</i></awayLeg><awayLeg>",
            "awayLeg: OTHER/WTI tier 1 stands in two legs",
        ),
    ] {
        let refused = errors(&load(file(&RIGHT.replacen(from, to, 1)).as_bytes()).expect_err(to));
        assert!(refused.iter().any(|error| error.contains(expected)), "{to:?} gives {refused:?}");
    }
    let away = RIGHT.find("<awayLeg>").unwrap();
    let alone = format!("{}</clearSpread>", &RIGHT[..away]);
    let refused = errors(&load(file(&alone).as_bytes()).expect_err("a leg alone"));
    assert!(refused.iter().any(|error| error.contains("needs a homeLeg and an awayLeg")), "{refused:?}");
}
