//! Published worked examples, and every rule of a step, on exchanges of a few lines.
//!
//! Sources: McMillan, *Options as a Strategic Investment*, pp. 668-670 (S&P 500); CME, "How SPAN works", page spread-calc
//! (corn and soybeans; series spreads with unequal outrights); JSCC, SPAN outline (studylib.net/doc/8697055); KDPW, SPAN
//! presentation of 2011-03-29 (slideplayer.pl/slide/832807); Takasbank, parameter file of 2016-05-17 (XU030 and GARANE).

use plimsoll_engine::contract::{ContractQuery, ContractText};
use plimsoll_engine::parameters::{Definition, Digest, ParameterSet, RoundingProfile, build, sample};
use plimsoll_engine::report::{CalculationOptions, MarginReport, PortfolioRequest, calculate};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::{Amount, Lots};

use crate::exchange::{Exchange, array_of_range};

pub(crate) fn set(definition: &Definition) -> ParameterSet {
    build(definition, Digest([0; 32]), RoundingProfile::Exact, Default::default()).unwrap().0
}

/// `"-3 SP FUT 201606"` or `"10 SP OOF 201612 C 410"`.
pub(crate) fn position(text: &str) -> Position {
    let words: Vec<&str> = text.split(' ').collect();
    let word = |index: usize| words.get(index).copied().unwrap_or("");
    let contract = ContractQuery::parse(&ContractText {
        product: word(1),
        product_type: word(2),
        period: word(3),
        right: word(4),
        strike: word(5),
        ..ContractText::default()
    });
    Position { contract: contract.unwrap(), lots: Lots::new(word(0).parse().unwrap()).unwrap() }
}

pub(crate) fn margin_as(set: &ParameterSet, positions: &[&str], rounding: RoundingProfile) -> MarginReport {
    let options = CalculationOptions { rounding: Some(rounding), ..CalculationOptions::default() };
    calculate(
        set,
        &PortfolioRequest {
            positions: positions.iter().map(|text| position(text)).collect(),
            away: Vec::new(),
            options,
        },
    )
    .unwrap()
}

pub(crate) fn margin(set: &ParameterSet, positions: &[&str]) -> MarginReport {
    margin_as(set, positions, RoundingProfile::Exact)
}

/// Expected numbers of one commodity as `name=value` words; amounts without trailing zeros.
pub(crate) fn expect(report: &MarginReport, commodity: &str, expected: &str) {
    let own = report.commodities.iter().find(|own| own.commodity.as_str() == commodity).unwrap();
    for word in expected.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        let actual = match name {
            "active" => own.active_scenario.to_string(),
            "scan" => own.scan_risk.to_string(),
            "time" => own.time_risk.to_string(),
            "vol" => own.volatility_risk.to_string(),
            "price" => own.price_risk.to_string(),
            "wfpr" => own.weighted_price_risk.to_string(),
            "delta" => own.net_delta.to_string(),
            "intra" => own.intra_charge.to_string(),
            "inter" => own.inter_credit.to_string(),
            "som" => own.short_option_minimum.to_string(),
            "lov" => own.long_option_value.to_string(),
            "sov" => own.short_option_value.to_string(),
            "risk" => own.risk.to_string(),
            _ => panic!("no number is called {name}"),
        };
        let actual =
            if actual.contains('.') { actual.trim_end_matches('0').trim_end_matches('.') } else { &actual };
        assert_eq!(actual, value, "{commodity} {name}");
    }
}

#[test]
fn mcmillan_s_and_p_500() {
    let mut exchange = Exchange::new();
    // Printed as profit; SPAN has losses positive.
    let loss = |profit: [i64; 16]| profit.map(|profit| (-profit).to_string());
    let future =
        [0, 0, 3330, 3330, -3330, -3330, 6670, 6670, -6670, -6670, 10000, 10000, -10000, -10000, 7000, -7000];
    let call = [
        460, -610, 2640, 1730, -1270, -2340, 5210, 4540, -2540, -3430, 8060, 7640, -3380, -3990, 3130, -1500,
    ];
    exchange.commodity("SP", "USD").future("SP", "199112", &loss(future), "1");
    exchange.option("SPO", "199112", "C", "410", &loss(call), "0.5", "0");
    let set = set(&exchange.definition());
    for (positions, expected) in [
        (&["1 SP FUT 199112"][..], "active=13 scan=10000"),
        (&["1 SPO OOP 199112 C 410"], "active=14 scan=3990"),
        (&["1 SP FUT 199112", "-1 SPO OOP 199112 C 410"], "active=13 scan=6620"),
    ] {
        expect(&margin(&set, positions), "SP", expected);
    }
}

#[test]
fn cme_corn_against_soybeans() {
    let mut exchange = Exchange::new();
    exchange.commodity("CORN", "USD").future("CORN", "202612", &array_of_range(1750), "1");
    exchange.commodity("SOY", "USD").future("SOY", "202611", &array_of_range(2500), "1");
    exchange.inter(1, "0.55", &[("CORN", "A", "2"), ("SOY", "B", "1")]);
    let report = margin(&set(&exchange.definition()), &["2 CORN FUT 202612", "-1 SOY FUT 202611"]);
    expect(&report, "CORN", "scan=3500 inter=1925 risk=1575");
    expect(&report, "SOY", "scan=2500 inter=1375 risk=1125");
    assert_eq!(report.risk.to_string(), "2700.000000");
    assert_eq!(report.inter_spreads[0].count.to_string(), "1.000000");
}

#[test]
fn cme_series_spreads_with_unequal_outrights() {
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("CC", "USD");
    for (period, range) in [("202602", 500), ("202603", 500), ("202604", 750)] {
        commodity.future("CC", period, &array_of_range(range), "1");
    }
    commodity.series_spread(1, "200", "202602", "202603");
    commodity.series_spread(2, "50", "202602", "202604");
    commodity.series_spread(3, "0", "202603", "202604");
    let set = set(&exchange.definition());
    for (positions, risk) in [
        (["1 CC FUT 202602", "-1 CC FUT 202603"], "scan=0 intra=200 risk=200"),
        (["1 CC FUT 202602", "-1 CC FUT 202604"], "scan=250 intra=50 risk=300"),
        (["1 CC FUT 202603", "-1 CC FUT 202604"], "scan=250 intra=0 risk=250"),
    ] {
        expect(&margin(&set, &positions), "CC", risk);
    }
}

#[test]
fn jscc_outright_future() {
    let mut exchange = Exchange::new();
    exchange.commodity("NK", "JPY").future("NK", "202612", &array_of_range(570_000), "1");
    let report = margin(&set(&exchange.definition()), &["3 NK FUT 202612"]);
    expect(&report, "NK", "scan=1710000 risk=1710000");
}

#[test]
fn kdpw_delta_scaling_of_ten() {
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("W20", "PLN");
    commodity.scaling = "10";
    commodity.future("FW20", "201109", &array_of_range(10), "1");
    for (strike, right, delta) in [("2700", "C", "0.7028"), ("2750", "C", "0.6151"), ("2760", "P", "-0.3032")]
    {
        commodity.option("OW20", "201106", right, strike, &array_of_range(10), delta, "0");
    }
    commodity.option_minimum = "3";
    let set = set(&exchange.definition());
    for (own, expected) in [
        ("-2 FW20 FUT 201109", "delta=-20 som=0"),
        ("1 OW20 OOP 201106 C 2700", "delta=7.028 som=0"),
        ("2 OW20 OOP 201106 C 2750", "delta=12.302 som=0"),
        ("-1 OW20 OOP 201106 P 2760", "delta=3.032 som=30"),
    ] {
        expect(&margin(&set, &[own]), "W20", expected);
    }
}

/// The arrays of the XU030 and GARANE contracts and the numbers of five portfolios and of a spread between them.
#[test]
fn takasbank_index_and_bank() {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let index = words(
        "0 0 -318.333008 -318.333008 318.333008 318.333008 -636.666992 -636.666992 636.666992 636.666992 \
         -955 -955 955 955 -916.799988 916.799988",
    );
    let bank = words(
        "0 0 -29.999969 -29.999969 29.999969 29.999969 -60.000031 -60.000031 60.000031 60.000031 \
         -90 -90 90 90 -86.400002 86.400002",
    );
    let call = words(
        "-58.250561 70.600822 -243.384872 -125.460716 77.452339 186.120422 -472.84201 -386.932892 165.730316 \
         235.320908 -736.952637 -685.132202 215.465347 249.336716 -828.275635 80.667511",
    );
    let put = words(
        "-62.045307 66.806076 71.153397 189.077545 -244.675415 -136.007339 160.030243 245.939331 -474.731415 \
         -405.140839 214.252594 266.073059 -743.329407 -709.458008 87.310066 -837.346802",
    );
    let mut exchange = Exchange::new();
    let xu030 = exchange.commodity("XU030", "TRY");
    xu030.option_minimum = "130";
    xu030.future("XU030", "201606S0", &index, "1").future("XU030", "201608S0", &index, "1");
    xu030.option("XU030", "201606S0", "C", "96", &call, "0.494932", "252");
    xu030.option("XU030", "201606S0", "P", "96", &put, "-0.505068", "273");
    xu030.tier_spread(1, "955");
    exchange.commodity("GARANE", "TRY").future("GARANE", "201605S0", &bank, "1");
    exchange.inter(1, "0.6", &[("XU030", "A", "1"), ("GARANE", "B", "12.48")]);
    let set = set(&exchange.definition());
    for (positions, expected, takasbank) in [
        (
            &["1 XU030 FUT 201606S0"][..],
            "active=13 scan=955 time=0 vol=0 price=955 delta=1 wfpr=955 intra=0 inter=0 som=0 risk=955",
            "risk=955",
        ),
        (
            &["1 XU030 FUT 201606S0", "-1 XU030 FUT 201608S0"],
            "active=1 scan=0 price=0 delta=0 wfpr=0 intra=955 risk=955",
            "risk=955",
        ),
        (
            &["-1 XU030 OOP 201606S0 C 96"],
            "active=15 scan=828.275635 time=-6.175131 vol=0 price=834.450766 delta=-0.494932 wfpr=1685.990733 som=130 \
             risk=828.275635 lov=0 sov=252",
            "risk=828",
        ),
        (
            &["10 XU030 OOP 201606S0 C 96"],
            "active=14 scan=2493.36716 time=61.751305 vol=169.356845 price=2262.25901 delta=4.94932 \
             wfpr=457.084814 som=0 risk=2493.36716 lov=2520",
            "risk=2493",
        ),
        (
            &["-10 XU030 OOP 201606S0 P 96", "-5 XU030 FUT 201606S0"],
            "active=16 scan=3789.46808 time=-23.803845 vol=0 price=3813.271925 delta=0.05068 wfpr=75242.145324 \
             som=1300 risk=3789.46808 sov=2730",
            "risk=3789",
        ),
        (
            &["10 XU030 FUT 201606S0", "-120 GARANE FUT 201605S0"],
            "scan=9550 inter=5509.615385 risk=4040.384615",
            "risk=4040.384615",
        ),
    ] {
        expect(&margin(&set, positions), "XU030", expected);
        expect(&margin_as(&set, positions, RoundingProfile::Takasbank), "XU030", takasbank);
    }
    let report = margin(&set, &["10 XU030 FUT 201606S0", "-120 GARANE FUT 201605S0"]);
    expect(&report, "GARANE", "scan=10800 inter=6480 risk=4320");
    assert_eq!(report.risk.to_string(), "8360.384615");
    assert_eq!(report.inter_spreads[0].count.to_string(), "9.615385");
}

#[test]
fn a_gain_in_every_scenario() {
    let gain: Vec<String> = (1..=16).map(|point| (-10 - point).to_string()).collect();
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("CC", "USD");
    commodity.option("CC", "202612", "C", "5", &gain, "0.5", "7").future("CC", "202612", &gain, "1");
    let set = set(&exchange.definition());
    let exact = "active=1 scan=0 time=-11.5 vol=0.5 price=11 risk=0";
    expect(&margin(&set, &["1 CC FUT 202612"]), "CC", exact);
    // Not floored; half the distance to the paired scenario; the floor of the commodity is the option minimum.
    let takasbank = "active=1 scan=-11 time=-11.5 vol=0.5 price=0 risk=0";
    expect(&margin_as(&set, &["1 CC FUT 202612"], RoundingProfile::Takasbank), "CC", takasbank);
}

#[test]
fn a_short_option_minimum_floors_the_commodity_and_a_long_option_caps_under_takasbank() {
    let mut exchange = Exchange::new();
    let commodity = exchange.commodity("CC", "USD");
    commodity.option_minimum = "50";
    commodity.option("CC", "202612", "C", "5", &array_of_range(20), "0.5", "7.25");
    commodity.option("CC", "202612", "P", "5", &array_of_range(-20), "-0.5", "1");
    let set = set(&exchange.definition());
    let (call, put) = ("CC OOP 202612 C 5", "CC OOP 202612 P 5");
    expect(&margin(&set, &[&format!("-1 {call}")]), "CC", "scan=20 som=50 risk=50 sov=7.25");
    expect(&margin(&set, &[&format!("-1 {call}"), &format!("-3 {put}")]), "CC", "som=200 risk=200");
    expect(&margin(&set, &[&format!("2 {call}")]), "CC", "scan=40 risk=40 lov=14.5");
    let long_only = margin_as(&set, &[&format!("2 {call}")], RoundingProfile::Takasbank);
    // min(40, 14.5) to whole units, half away from zero; the option value then pays for it.
    expect(&long_only, "CC", "scan=15 risk=15 lov=14.5");
    assert_eq!(long_only.requirement.to_string(), "0.500000");
}

#[test]
fn a_risk_exponent_scales_arrays_and_rates_and_no_option_value() {
    for (exponent, expected) in [
        (0, "scan=20 som=50 intra=3 risk=50 sov=7.25"),
        (2, "scan=2000 som=5000 intra=300 risk=5000 sov=7.25"),
        (-1, "scan=2 som=5 intra=0.3 risk=5 sov=7.25"),
    ] {
        let mut exchange = Exchange::new();
        let commodity = exchange.commodity("CC", "USD");
        (commodity.option_minimum, commodity.risk_exponent) = ("50", exponent);
        commodity.option("CC", "202612", "C", "5", &array_of_range(20), "0.5", "7.25");
        commodity.future("CC", "202703", &array_of_range(0), "0.5").tier_spread(1, "6");
        let report = margin(&set(&exchange.definition()), &["-1 CC OOP 202612 C 5", "1 CC FUT 202703"]);
        expect(&report, "CC", expected);
    }
}

#[test]
fn a_cap_keeps_option_value_inside_its_commodity() {
    for (capped, requirement) in [(false, "0.000000"), (true, "100.000000")] {
        let mut exchange = Exchange::new();
        for code in ["AA", "BB"] {
            let commodity = exchange.commodity(code, "USD");
            commodity.cap_option_value = capped;
            commodity.option(code, "202612", "C", "5", &array_of_range(100), "0.5", "250");
            commodity.future(code, "202612", &array_of_range(100), "1");
        }
        // Option value 250 against a risk of 100 in AA; BB has a risk of 100 and no option.
        let report = margin(&set(&exchange.definition()), &["1 AA OOP 202612 C 5", "1 BB FUT 202612"]);
        assert_eq!(report.requirement.to_string(), requirement);
        assert_eq!(
            (report.risk.to_string(), report.net_option_value.to_string()),
            ("200.000000".into(), "250.000000".into())
        );
    }
}

#[test]
fn option_value_in_one_currency_never_pays_risk_in_another() {
    let definition = sample::definition();
    let report = margin(&set(&definition), &["5 HX30 OOP 202612S0 C 4800", "-3 HRB FUT 202612"]);
    let [euro, dollar] = report.by_currency.as_slice() else { panic!("two currencies") };
    assert_eq!((euro.currency.as_str(), dollar.currency.as_str()), ("EUR", "USD"));
    assert!(euro.net_option_value > euro.risk && euro.requirement.millionths() == 0);
    assert_eq!(dollar.requirement, report.requirement);
    assert_eq!(report.currency.as_str(), "USD");
    let [step] = report.conversions.as_slice() else { panic!("one rate") };
    assert_eq!(
        (step.from.as_str(), step.rate.to_string().as_str(), step.divides),
        ("EUR", "1.085000", false)
    );
}

#[test]
fn levels_scale_risk_and_never_option_value() {
    let set = set(&sample::definition());
    let positions = vec![position("-10 HCLO OOF 202612 C 72.5")];
    let paid = |amount: Amount, report: &MarginReport| {
        (amount.millionths() - report.net_option_value.millionths()).max(0)
    };
    let mut options = CalculationOptions::default();
    for (account_type, initial) in
        [(None, "1.10"), (Some("H"), "1.10"), (Some("S"), "1.35"), (Some("M"), "1.00")]
    {
        options.account_type = account_type.map(str::to_owned);
        let request =
            PortfolioRequest { positions: positions.clone(), away: Vec::new(), options: options.clone() };
        let report = calculate(&set, &request).unwrap();
        let levels: Vec<_> = report.levels.iter().map(|level| (level.level.as_str(), level.amount)).collect();
        let percent: i128 = initial.replace('.', "").parse().unwrap();
        let [("initial", initial), ("maintenance", maintenance)] = levels[..] else { panic!("two levels") };
        assert_eq!(maintenance, report.risk);
        assert_eq!(initial.millionths() * 100, report.risk.millionths() * percent);
        // What is paid at a level is its amount and the options that were sold, whose value no factor scales.
        assert_eq!(report.initial_requirement.millionths(), paid(initial, &report));
        assert_eq!(report.maintenance_requirement, report.requirement);
        let of_levels: Vec<_> = report.levels.iter().map(|level| level.requirement).collect();
        assert_eq!(of_levels, [report.initial_requirement, report.maintenance_requirement]);
        // The risk of this house is maintenance, and for members the initial margin too.
        let of_risk: &[&str] = if percent == 100 { &["initial", "maintenance"] } else { &["maintenance"] };
        assert_eq!(report.requirement_levels, of_risk);
    }
    options.account_type = Some("X".to_owned());
    let refused =
        calculate(&set, &PortfolioRequest { positions, away: Vec::new(), options }).unwrap_err().to_string();
    assert_eq!(
        refused,
        "account_type: the parameter set has no levels for \"X\", only for H, M, S (H hedger, M member, S speculator)"
    );
}
