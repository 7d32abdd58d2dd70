//! Files in fixed columns: what their records mean, what is said about faulty ones, and margins of a whole file.

use std::fs;

use plimsoll_engine::parameters::pa2::{ReadError, Reading, WriteError, read, write};
use plimsoll_engine::parameters::{
    ChargeMethod, Definition, Diagnostics, LegPlace, OptionMinimumMethod, ParameterSet, Refused,
    RoundingProfile, ScanTiers, Side, Valuation, WeightedRiskMethod, build, sample, spn,
};
use plimsoll_engine::types::{Code, Decimal};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::shared::shared;
use crate::steps::{expect, margin};

// CME early settlement of 2025-06-20 and final settlement of 2019-01-02, NYMEX 2018: lines as printed in the format's pages.
const HEADER: &str = "0 CME   20250620SE     202506201407U2YNCLR        C CUST  H HEDGE 1 CORE  M MAINT ";
const ES_PRODUCT: &str = "P CMEES        FUTE-MINI S&P 500 002000  000005000000000000000001USD$IDX 00    E-MINI S&P 500 FUTURES             YFFUT  CASH                  0000001000000000  ";
const ES_TERMS: &str = "B CMEES        FUT201903            000000003500000006000030000330000000019726000000000200020190315ES          00000000         0000050000000000 00 00 010000000";
const ES_FIRST: &str = "81CMEES        ES        FUT 201903            000000000000+00000+02000-02000-02000+02000+04000-04000-04000+00000000251100N";
const ES_SECOND: &str = "82CMEES        ES        FUT 201903            000000004000+06000-06000-06000+06000+05940-05940+10000+000000000251100++10000+C";
const ES_COMMODITY: &str = "2 CME SP    0USD$PN   ES        FUT";

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn file(lines: &[&str]) -> Vec<u8> {
    let mut text = format!("{HEADER}\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn reading(bytes: &[u8]) -> Result<Reading, Diagnostics> {
    read(bytes).map_err(|error| match error {
        ReadError::Refused(diagnostics) => diagnostics,
        ReadError::Io(error) => panic!("a slice is always readable: {error}"),
    })
}

fn definition(lines: &[&str]) -> Definition {
    reading(&file(lines)).map_err(|refused| said(&refused)).unwrap().definition
}

fn load(bytes: &[u8]) -> Result<(ParameterSet, Diagnostics), Diagnostics> {
    let reading = reading(bytes)?;
    let built = build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics);
    built.map_err(|Refused(diagnostics)| diagnostics)
}

fn said(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.as_slice().iter().map(ToString::to_string).collect()
}

fn array(definition: &Definition, index: u32) -> Vec<i64> {
    definition.arrays.values(index).to_vec()
}

#[test]
fn header_and_conversion() {
    let own = definition(&["T CLPCUSD$0000001063", "T USD$USD$0001000000"]);
    assert_eq!(own.house.as_ref().unwrap().as_str(), "CME");
    assert_eq!(own.business_date.unwrap().compact(), "20250620");
    assert!(own.is_settlement && !own.cap_option_value);
    assert_eq!((own.settlement_qualifier.as_str(), own.created.as_str()), ("early", "202506201407"));
    let levels: Vec<_> = own
        .levels
        .iter()
        .map(|l| (l.level, l.account_type.as_str(), l.is_maintenance, l.is_customer, l.class.as_str()))
        .collect();
    assert_eq!(levels[0], (1, "H", true, true, "CORE"));
    assert_eq!(levels[3], (4, "S", false, true, "CORE"));
    assert_eq!((levels.len(), own.base_level), (6, 1));
    let [conversion] = own.conversions.as_slice() else { panic!("{:?}", own.conversions) };
    assert_eq!((conversion.from.as_str(), conversion.to.as_str()), ("CLP", "USD"));
    assert_eq!(conversion.factor, number("0.001063"));
    let final_one = String::from_utf8(file(&[])).unwrap().replace("SE ", "SF ");
    assert_eq!(reading(final_one.as_bytes()).unwrap().definition.settlement_qualifier, "final");
}

#[test]
fn a_commodity_and_its_products() {
    let line = "2 CBT 26    0USD$PN   26        FUT   26        OOF   59        OOF   WT1       OOF   VT1       OOF   GT1       OOF";
    let own = definition(&[line, "2 CBT 26    0USD$PN   HT1       OOF"]);
    let [commodity] = own.commodities.as_slice() else { panic!("{:?}", own.commodities) };
    let terms = &commodity.terms;
    assert_eq!(commodity.code.as_str(), "26");
    assert_eq!(terms.currency.as_ref().unwrap().as_str(), "USD");
    assert_eq!((terms.risk_exponent, terms.cap_option_value), (0, Some(false)));
    let links: Vec<_> =
        terms.links.iter().map(|l| format!("{} {}", l.family.product, l.family.product_type)).collect();
    assert_eq!(links, ["26 FUT", "26 OOF", "59 OOF", "WT1 OOF", "VT1 OOF", "GT1 OOF", "HT1 OOF"]);
}

#[test]
fn tiers_charges_and_spreads_of_a_commodity() {
    let own = definition(&[
        "2 CBT 06    0USD$PN   06        FUT",
        "3 06    1001202507202507022025082025080320250920250904202510202511  100010001100",
        "C 06    1001030000100011401A021502B031601A",
        "2 CBT YM    0USD$PN   YM        FUT",
        "4 YM    10010120250600000010000000                            00001701001001001",
        "2 CBT 17    0USD$PN   17        FUT",
        "E 17    0000100002502509   010000A2512   020000B2603   010000A",
        "C 17    1001020000100010101A020101B",
        "2 CBT 07    0USD$PN   07        FUT",
        "S 07    20020120250720250702202508202812                                          2",
        "5 CME       06    07    14    31    3CC   71    76    7CC   AUW   BCF   ",
        "X M31        0000000",
        "Y 31        31 ",
    ]);
    let terms = |code: &str| &own.commodities.iter().find(|c| c.code.as_str() == code).unwrap().terms;
    let tiers: Vec<_> = terms("06").intra_tiers.iter().map(|t| (t.number, t.first, t.last)).collect();
    assert_eq!(
        format!("{tiers:?}"),
        "[(0, None, None), (1, Some(202507), Some(202507)), (2, Some(202508), Some(202508)), (3, Some(202509), Some(202509)), (4, Some(202510), Some(202511))]"
    );
    let factors: Vec<_> =
        terms("06").adjustments.iter().map(|a| (a.level, a.base, a.factor.to_string())).collect();
    // The order of the file is member, hedger, speculator.
    assert_eq!(factors[1], (2, 1, "1.000".to_owned()));
    assert_eq!(factors[3], (4, 3, "1.100".to_owned()));
    let [butterfly] = terms("06").spreads.as_slice() else { panic!() };
    let legs: Vec<_> =
        butterfly.legs.iter().map(|l| (l.place.clone(), l.ratio.to_string(), l.side)).collect();
    assert_eq!(
        (butterfly.priority, butterfly.charge, butterfly.rates[0].value),
        (1, ChargeMethod::Flat, number("100"))
    );
    let leg = |tier, ratio: &str, side| (LegPlace::Tier(tier), ratio.to_owned(), side);
    assert_eq!(legs, [leg(14, "1", Side::A), leg(15, "2", Side::B), leg(16, "1", Side::A)]);

    let [delivery] = terms("YM").delivery.as_slice() else { panic!() };
    assert_eq!(delivery.period.as_str(), "202506");
    assert_eq!((delivery.spread, delivery.outright), (number("1"), number("0")));
    assert_eq!(terms("YM").option_minimum_method, OptionMinimumMethod::Greater);
    assert_eq!(terms("YM").option_minimum_tiers[0].rates[0].value, number("170"));

    // The spread of series comes first though both have priority 1.
    let [series, tier] = terms("17").spreads.as_slice() else { panic!() };
    assert_eq!((series.priority, tier.priority), (1, 2));
    assert_eq!(series.rates[0].value, number("250"));
    let legs: Vec<_> = series.legs.iter().map(|l| (format!("{:?}", l.place), l.ratio, l.side)).collect();
    assert_eq!(legs[1], ("Period(202512)".to_owned(), number("2"), Side::B));
    assert_eq!(legs.len(), 3);

    assert!(matches!(terms("07").scan_tiers, ScanTiers::Whole));
    assert_eq!(terms("07").weighted_risk_method, WeightedRiskMethod::ScanRangeCap);
    let tiers: Vec<_> = terms("07").inter_tiers.iter().map(|t| (t.number, t.first, t.last)).collect();
    assert_eq!(
        format!("{tiers:?}"),
        "[(0, None, None), (1, Some(202507), Some(202507)), (2, Some(202508), Some(202812))]"
    );
}

#[test]
fn spreads_between_commodities() {
    let own = definition(&[
        "6 ALL00010980000NYMNNY-HH 0010000ANYMNNY-HP 0010000B                                    04NYMNNY-NG          S00100000001",
        "6 ALL00020550000CBT C     0020000ACBT S     0010000B                                    01           0000",
        "6 ALL00030012500CBT C     0020000ACBT S     0010000B                                    20           0102                Y05000000600000",
        "6 ALL00040012550CBT C     0020000ACBT S     0010000B                                    01          F        S",
    ]);
    let [scanning] = own.scanning_spreads.as_slice() else { panic!() };
    assert!(scanning.is_super && !scanning.is_target_required);
    assert_eq!((scanning.priority, scanning.minimum_legs), (1, 1));
    assert_eq!(scanning.rates[0].value, number("0.98"));
    let legs: Vec<_> =
        scanning.legs.iter().map(|l| (l.commodity.as_str(), l.is_target, l.is_required, l.ratio)).collect();
    let one = number("1");
    assert_eq!(
        legs,
        [("NY-HH", false, false, one), ("NY-HP", false, false, one), ("NY-NG", true, false, one)]
    );
    let [regular, tiered] = own.inter_spreads.as_slice() else { panic!() };
    assert_eq!((regular.charge, regular.rates[0].value), (ChargeMethod::WeightedPriceRisk, number("0.55")));
    assert_eq!((regular.legs[0].ratio, regular.legs[1].side), (number("2"), Side::B));
    let places: Vec<_> = tiered.legs.iter().map(|l| (l.place.clone(), l.rates[0].value)).collect();
    assert_eq!(places, [(LegPlace::Tier(1), number("0.5")), (LegPlace::Tier(2), number("0.6"))]);
    let [flat] = own.super_spreads.as_slice() else { panic!() };
    assert_eq!((flat.charge, flat.rates[0].value), (ChargeMethod::Flat, number("125.50")));
}

#[test]
fn a_future_with_its_array() {
    let own = definition(&[ES_SECOND, ES_FIRST, ES_TERMS, ES_PRODUCT, ES_COMMODITY]);
    let [family] = own.families.as_slice() else { panic!("{:?}", own.families) };
    assert_eq!((family.name.as_str(), family.settlement.as_str()), ("E-MINI S&P 500 FUTURES", "CASH"));
    assert_eq!(family.valuation, Valuation::FuturesStyle);
    let [contract] = family.contracts.as_slice() else { panic!() };
    assert_eq!((contract.period.as_str(), contract.price), ("201903", Some(number("2511"))));
    assert_eq!(contract.contract_value_factor, Some(number("50")));
    assert_eq!((contract.scaling, contract.scan.unwrap().price), (number("0.2"), number("6000")));
    assert_eq!((contract.years, contract.settlement_date.as_str()), (Some(number("0.197260")), "20190315"));
    let values = array(&own, contract.array.unwrap().array);
    assert_eq!(
        values,
        [0, 0, -2000, -2000, 2000, 2000, -4000, -4000, 4000, 4000, -6000, -6000, 6000, 6000, -5940, 5940]
    );
    assert_eq!(contract.array.unwrap().delta, number("1"));
    assert_eq!(own.points[14].weight, number("0.33"));
    assert_eq!((own.points[15].price.multiplier, own.points[15].paired), (number("-3"), 16));
}

const NG_LINES: &[&str] = &[
    "2 NYM NG    0USD$PN   NG        FUT   ON        OOF",
    "P NYMNG        FUTNATURAL GAS    005000  000100000000000000000001USD$STD 00    HENRY HUB NATURAL GAS FUTURES      YFFUT  DELIV",
    "P NYMON        OOFNATURAL GAS OPT003003  000100000000000000000001USD$STD 00AMERHENRY HUB NATURAL GAS OPTIONS      YFEQTY DELIV",
    "B NYMNG        FUT201810            000000000900000001100030000330000000021643800000001000020180926NG          00000000         0010000000000000 00 00 010000000000P 00 ",
    "B NYMON        OOF201810   201810   002093720900000001100030000330000000021369900000001000020180925NG        M 00000000N0280500+0010000000000000 00 00 010000000000P 00 ",
    "81NYMNG        NG        FUT 201810            000000000000+00000+00367-00367-00367+00367+00733-00733-00733+00000000280500N ",
    "82NYMNG        NG        FUT 201810            000000000733+01100-01100-01100+01100+01089-01089+10000+000000000280500++10000+C",
    "81NYMON        NG        OOFC201810   201810   000275000087-00100+00314-00133-00123+00311+00558-00386-00314+00000000000820N ",
    // Invented: the published lines have no second half.
    "82NYMON        NG        OOFC201810   201810   000275000470+00821-00700-00500+00650+00900-00800+05600+002093720000820++05600+C",
];

#[test]
fn an_option_with_its_series() {
    let own = definition(NG_LINES);
    let [futures, options] = own.families.as_slice() else { panic!() };
    assert_eq!((futures.family_id, options.family_id), (1, 2));
    assert_eq!(options.valuation, Valuation::PremiumStyle);
    assert_eq!(futures.contracts[0].price, Some(number("2.805")));
    assert_eq!(futures.contracts[0].scan.unwrap().volatility, number("0.09"));
    assert!(futures.contracts[0].scan.unwrap().volatility_is_relative);
    let values = array(&own, futures.contracts[0].array.unwrap().array);
    assert_eq!(values[..9], [0, 0, -367, -367, 367, 367, -733, -733, 733]);
    let [series] = options.series.as_slice() else { panic!() };
    assert_eq!((series.period.as_str(), series.years), ("201810", Some(number("0.213699"))));
    assert_eq!(options.pricing_model, "M");
    assert_eq!(series.underlying.as_ref().unwrap().family_id, 1);
    assert_eq!(options.underlying.as_ref().unwrap().product_type, "FUT");
    let [option] = series.options.as_slice() else { panic!() };
    assert_eq!((option.terms.right.code(), option.terms.strike), ("C", number("2.75")));
    assert_eq!((option.price, option.volatility), (Some(number("0.82")), Some(number("0.209372"))));
    // The sign follows the digits.
    let values = array(&own, option.array.unwrap().array);
    assert_eq!(values[..9], [-87, 100, -314, -133, 123, 311, -558, -386, 314]);
    assert_eq!(option.array.unwrap().delta, number("0.56"));
}

#[test]
fn a_combination_and_an_option_on_it() {
    let own = definition(&[
        "2 CBT 31    0USD$PNS  S         FUT   31        CMB   ZSC       OOC",
        "P CBTS         FUTSOYBEANS       0030000 000050000000000000000001USD$STD 00    SOYBEAN FUTURES                    YFFUT  DELIV",
        "P CBT31        CMBCALENDAR       0030000 000050000000000000000001USD$STD 00    SOYBEAN CALENDARS                  YFFUT  DELIV",
        "P CBTZSC       OOCCALENDAR OPT   0030000 000050000000000000000001USD$STD 00AMERSOYBEAN CALENDAR OPTIONS           YFEQTY DELIV",
        "X M31        0000000",
        "B CBTZSC       OOC202507   202507   999999992500000000600030000330000000000000000000001000020250620ZSC       BC00000000Y0000035-0005000000000000 00 00 010000000000P 00",
        "Z CBT31        I/C  202507         001B010S         FUT202507  0000NL 0000000+",
        "Z CBT31        I/C  202507         002A001S         FUT202511  5000NL 0000000+",
        "81CBTZSC       31        OOCC202507   202507   000005000000+00000+00200-00200-00200+00200+00400-00400-00400+00000000001000N",
        "82CBTZSC       31        OOCC202507   202507   000005000400+00600-00600-00600+00600+00594-00594+05000+999999999999999+-05000+C",
    ]);
    let [soybeans, calendars, options] = own.families.as_slice() else { panic!() };
    let [calendar] = calendars.contracts.as_slice() else { panic!() };
    assert_eq!(calendar.period.as_str(), "202507");
    let legs: Vec<_> = calendar
        .legs
        .iter()
        .map(|l| (l.contract.family_id, l.contract.contract_id, l.side, l.ratio))
        .collect();
    // The legs are listed though no record of their own names them.
    assert_eq!(legs, [(1, 1, Side::B, number("10")), (1, 2, Side::A, number("1.5"))]);
    assert_eq!(soybeans.contracts[1].period.as_str(), "202511");
    let series = &options.series[0];
    assert_eq!(series.underlying.as_ref().unwrap().family_id, 2);
    assert_eq!((series.scaling, series.settlement_date.as_str()), (number("1"), "20250620"));
    assert_eq!(
        (series.scan.unwrap().price, series.scan.unwrap().volatility),
        (number("600"), number("0.25"))
    );
    assert_eq!(series.contract_value_factor, Some(number("50")));
    // All nines are no price; the strike's sign stands in the second record.
    assert_eq!((series.options[0].price, series.options[0].terms.strike), (None, number("-50")));
}

/// The price that a future's 82 record gives with this locator and alignment.
fn decoded(raw: &str, locator: &str, alignment: &str, sign: &str) -> Decimal {
    let product = ES_PRODUCT.replace("002000  ", &format!("{locator:0>3}000{alignment} "));
    let second = ES_SECOND.replace("0251100+", &format!("{raw}{sign}"));
    let own = definition(&[&product, ES_TERMS, ES_FIRST, &second, ES_COMMODITY]);
    own.families[0].contracts[0].price.unwrap()
}

#[test]
fn prices_in_decimals_and_fractions() {
    for (raw, locator, alignment, sign, expected) in [
        ("0251100", "2", " ", "+", "2511.00"),
        ("0091905", "7", " ", "+", "0.0091905"),
        ("0122060", "3", "C", "+", "122.1875"),
        ("0106053", "3", "C", "+", "106.16796875"),
        ("0003757", "3", "0", "+", "375.75"),
        ("0003763", "2", " ", "-", "-37.63"),
        ("0000025", "-2", " ", "+", "2500"),
    ] {
        let locator = if locator == "-2" { "-02" } else { locator };
        assert_eq!(decoded(raw, locator, alignment, sign), number(expected), "{raw}");
    }
    // 5,000 bushels at 3.7575 dollars are 50 times 375.75 cents.
    let corn = ES_PRODUCT.replace("002000  00000500", "0030000 00050000");
    let own = definition(&[&corn, ES_FIRST, &ES_SECOND.replace("0251100+", "0003757+"), ES_COMMODITY]);
    assert_eq!(own.families[0].contract_value_factor, Some(number("50")));
    let Some(path) = shared("data/span/price_decode_cases_real.csv") else { return };
    let text = fs::read_to_string(path).unwrap();
    for row in text.lines().skip(1) {
        let cells: Vec<_> = row.split(',').collect();
        assert_eq!(decoded(cells[0], cells[1], cells[2], cells[3]), number(cells[4]), "{row}");
    }
}

#[test]
fn a_price_of_high_precision_and_large_arrays() {
    let first = format!("83{}{}00000001234567Y", &ES_FIRST[2..54], "00123456-".repeat(9));
    let second =
        format!("84{}{}", &ES_SECOND[2..54], "00000001+".repeat(7)) + "10000+000000009999999++10000+C";
    let commodity = format!("{ES_COMMODITY}2-");
    let own = definition(&[ES_PRODUCT, ES_TERMS, &first, &second, &commodity]);
    let contract = &own.families[0].contracts[0];
    assert_eq!(contract.price, Some(number("12345.67")));
    let values = array(&own, contract.array.unwrap().array);
    // A negative locator multiplies.
    assert_eq!((values[0], values[15]), (-12_345_600, 100));
    let places = definition(&[ES_PRODUCT, ES_TERMS, ES_FIRST, ES_SECOND, &format!("{ES_COMMODITY}2+")]);
    assert_eq!(places.arrays.places(), 2);
}

fn synthetic() -> Option<(ParameterSet, Diagnostics)> {
    let path = shared("data/span/riskkit_span_synthetic.pa2")?;
    Some(load(&fs::read(path).unwrap()).map_err(|refused| said(&refused)).unwrap())
}

#[test]
fn a_whole_file_is_calculated() {
    let Some((set, diagnostics)) = synthetic() else { return };
    // Weekly options and one product have no record B; its group is no ALL.
    let warnings = said(&diagnostics);
    assert!(warnings.iter().all(|warning| warning.starts_with("warning")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("spreads of group SYN")), "{warnings:?}");
    assert_eq!(set.id(), "SYN-20250912-complete-".to_owned() + &set.digest().to_string()[..12]);
    let summary = set.summary();
    assert_eq!((summary.commodities, summary.products, summary.arrays), (2, 3, 12));
    for (positions, expected) in [
        (&["1 ZZ FUT 202509"][..], "scan=12000 active=13 intra=0 risk=12000 delta=1"),
        (&["1 ZZ FUT 202509", "-1 ZZ FUT 202510"], "scan=0 intra=250 risk=250"),
        (&["-1 ZZ FUT 202510", "1 ZZ FUT 202512"], "scan=0 intra=300 risk=300"),
        (&["1 ZZ FUT 202509", "-1 ZZ FUT 202512"], "scan=0 intra=400 risk=400"),
        (&["-1 ZZ FUT 202509", "1 ZZ FUT 202602"], "scan=0 intra=700 risk=700"),
        (&["-1 OZ OOF 202512 C 3600"], "scan=11300 active=15 som=50 sov=12000 delta=-0.55 risk=11300"),
        (&["1 OZ OOF 20251112 C 3700"], "lov=4100 delta=0.38 scan=4400 active=14"),
        (&["1 OZ OOF 20251119 C 3700"], "lov=5250 delta=0.39 scan=4900 active=14"),
    ] {
        expect(&margin(&set, positions), "CC-ZZ", expected);
    }
    // Ten long against ten short at one to one: half the price risk of each leg is credited.
    let report = margin(&set, &["10 ZZ FUT 202512", "-10 YY FUT 202512"]);
    expect(&report, "CC-ZZ", "scan=120000 wfpr=12000 inter=60000 risk=60000");
    expect(&report, "CC-YY", "scan=30000 wfpr=3000 inter=15000 risk=15000");
}

/// Rows of lines added to a sound file, and the error that they give.
fn check(cases: &[(&str, &str)]) {
    let sound = [ES_COMMODITY, ES_PRODUCT, ES_TERMS, ES_FIRST, ES_SECOND];
    assert!(load(&file(&sound)).is_ok());
    for (line, expected) in cases {
        let lines = [&sound[..], &[line]].concat();
        let errors = said(&load(&file(&lines)).map(|_| ()).expect_err(line));
        assert!(
            errors.iter().any(|error| error.contains(expected)),
            "{line:?} gives {errors:?}, not {expected:?}"
        );
    }
}

/// Rows of edits of a sound file and the error that they give.
fn check_edits(cases: &[(&str, &str, &str)]) {
    let sound = String::from_utf8(file(&[ES_COMMODITY, ES_PRODUCT, ES_TERMS, ES_FIRST, ES_SECOND])).unwrap();
    for (from, to, expected) in cases {
        assert!(sound.contains(from), "no {from:?}");
        let errors = said(&load(sound.replacen(from, to, 1).as_bytes()).map(|_| ()).expect_err(to));
        assert!(
            errors.iter().any(|error| error.contains(expected)),
            "{to:?} gives {errors:?}, not {expected:?}"
        );
    }
}

#[test]
fn faulty_fields_are_named_with_record_and_columns() {
    check_edits(&[
        ("20250620SE", "2O250620SE", "line 1: 0: columns 9-16: \"2O250620\": expected digits"),
        ("20250620SE", "20250631SE", "0: columns 9-16: \"20250631\": expected a date CCYYMMDD"),
        ("20250620SE", "20250620XE", "0: column 17: \"X\": expected S settlement or I intraday"),
        ("0 CME", "0    ", "0: columns 3-8: \"\": a house is missing"),
        ("U2YN", "UPYN", "0: columns 36-37: \"UP\": the Paris variant is not read"),
        ("U2YN", "U YN", "only the expanded unpacked format U2 is read"),
        ("M MAINT", "I INIT ", "0: column 75: \"I\": arrays for initial requirements"),
        ("81CMEES", "81C\u{e9}ES", "81: columns 3-5:"),
        (
            "FUT 201903            000000000000+",
            "FUT 201903            00000000000x+",
            "81: columns 55-59: \"0000x\": expected digits",
        ),
        ("+02000-02000-", "+02000*02000-", "81: column 72: \"*\": expected + or -"),
        ("+10000+0000", "+     +0000", "82: columns 97-101: \"\": the composite delta is missing"),
        ("000000004000+", "0000000     +", "82: columns 55-59: \"\": a value of the array is missing"),
        (
            "500 002000",
            "500 0-2000",
            "P: columns 34-36: \"0-2\": expected digits, of which the first may be a minus sign",
        ),
        ("002000  ", "002000Q ", "P: column 40: \"Q\": expected a blank, 0, C or K"),
        (
            "002000  ",
            "002000C ",
            "81: CME ES FUT 201903: price: a quotation in fractions with this decimal locator is not known",
        ),
        ("YFFUT", "YFSWP", "P: columns 117-121: \"SWP\": expected FUT, FUTDA, FWD or EQTY"),
        ("P CMEES        FUT", "P CMEES        FUX", "P: columns 16-18: \"FUX\": is no product type"),
        ("P CMEES        FUT", "P CMEEX        FUT", "B: CME ES FUT: no record P of the product"),
        ("FUT201903", "FUT2019  ", "B: columns 19-24: \"2019\": expected a month CCYYMM"),
        (
            "0000050000000000 00",
            "0000050000000099 00",
            "B: columns 143-144: \"99\": the number is too large or has more than 18 places",
        ),
        ("0USD$PN", "XUSD$PN", "2: column 13: \"X\": expected digits"),
        ("0USD$PN", "0   $PN", "2: columns 14-16: \"\": a currency is missing"),
        ("0USD$PN", "0USD$QN", "2: column 18: \"Q\": expected P premium or F futures"),
        ("0USD$PN ", "0USD$PNT", "2: column 20: \"T\": expected S, D or M"),
        ("ES        FUT\r", "ES        OOF\r", "pfCode: ES FUT belongs to no combined commodity"),
    ]);
}

#[test]
fn records_that_do_not_fit_together_are_named() {
    let other_month = |line: &str| line.replace("201903", "201906");
    check(&[
        (HEADER, "0: a second header"),
        (ES_PRODUCT, "P: CME ES FUT: a second record of the product"),
        (ES_TERMS, "B: CME ES FUT: a second record of the contract"),
        (&other_month(ES_FIRST), "81: CME ES FUT 201906: half an array, without its record 82 or 84"),
        (&other_month(ES_SECOND), "82: CME ES FUT 201906: half an array, without its record 81 or 83"),
        (ES_SECOND, "82: CME ES FUT 201903: half an array, without its record 81 or 83"),
        ("3 XX    01", "2: XX is no combined commodity of the file: it has no record 2"),
        ("2 CME SP    0EUR$PN", "2: columns 14-16: \"EUR\": another currency"),
        (ES_COMMODITY, "ES FUT is linked a second time"),
        (
            "Z CME31        I/C  202507         001B010S         FUT202507  0000",
            "Z: CME 31 CMB: no record P of the product",
        ),
        ("S SP    1002012025072025070220250820281", "S: columns 35-40: \"20281\": expected a month CCYYMM"),
        ("S SP    100201202507202507", "S: SP: 2 tiers are announced and 1 stand in the file"),
        ("4 SP    11ZN        0000100", "4: SP: the spot product ZN is none of its products"),
        ("T USDEUR$          ", "T: columns 11-20: \"\": a factor greater than zero is missing"),
        ("C SP    1001020000400010101A020201B", "tn: SP has no intra tier 1"),
    ]);
}

#[test]
fn what_changes_margins_and_is_not_calculated_is_refused_by_name() {
    let spread = "6 ALL00010500000CME SP    0010000ACME SP    0010000B";
    let with = |columns: usize, text: &str| format!("{spread:<width$}{text}", width = columns - 1);
    check(&[
        (&with(89, "02"), "6: columns 89-90: \"02\": this method is not calculated"),
        (&with(89, "10"), "6: columns 89-90: \"10\": this method is not calculated"),
        (&with(101, "Q"), "6: column 101: \"Q\": expected a blank, W or F"),
        (&with(110, "Q"), "6: column 110: \"Q\": expected a blank, N or S"),
        (&with(151, "N"), "6: column 151: \"N\": credits of some accounts only"),
        (&with(151, "H"), "6: column 151: \"H\": credits of some accounts only"),
        (&with(122, "Y"), "6: columns 123-129: \"\": the leg's own rate is missing"),
        ("4 SP    12", "4: columns 9-10: \"12\": this delivery method is not calculated"),
        ("3 SP    20", "3: columns 9-10: \"20\": this method is not calculated"),
        ("S SP    40", "S: columns 9-10: \"40\": this method is not calculated"),
        ("C SP    2001020000400", "C: columns 9-10: \"20\": this method is not calculated"),
        (
            "6 ALL00010500000CME AB    0010000ACME CD    0010000B",
            "AB is not a combined commodity of the file",
        ),
        ("E SP    0000100002501903   010000A", "dSpread: a spread needs legs of both sides"),
        ("E SP    0000100002501903   010000A1906   010000C", "E: column 48: \"C\": expected A or B"),
    ]);
}

#[test]
fn what_is_not_used_is_a_warning() {
    let sound = [ES_COMMODITY, ES_PRODUCT, ES_TERMS, ES_FIRST, ES_SECOND];
    for (line, expected) in [
        (
            "V CMEGA        202506  202506200000000000000+P0000000000000+P 100100Y100100Y100100GSCIER",
            "V: value maintenance: not used (1 records)",
        ),
        ("91CBT  21        201903   US   912828XX0", "91 and 92: debt instruments: not used"),
        ("R CMEES        SP    CMEEX        SP", "R: aliases of products: not used"),
        ("Q whatever", "Q: this kind of record is not known: not used"),
        ("X ?31        0000000", "X: 31: the method is neither S, D nor M: not used"),
        (
            "6 XYZ00010500000CME SP    0010000ACME SP    0010000B",
            "6: spreads of group XYZ are given to every account",
        ),
    ] {
        let reading =
            reading(&file(&[&sound[..], &[line]].concat())).map_err(|refused| said(&refused)).unwrap();
        let warnings = said(&reading.diagnostics);
        assert!(warnings.len() == 1 && warnings[0].contains(expected), "{warnings:?}");
    }
}

#[test]
fn what_is_no_such_file_is_refused_at_once() {
    let refused = |bytes: &[u8]| said(&load(bytes).map(|_| ()).unwrap_err());
    assert!(refused(b"")[0].contains("the file holds no header"));
    assert!(refused(b"<?xml version=\"1.0\"?>\n<spanFile>")[0].contains("starts with its header, record 0"));
    assert!(refused(b"\xFF\xFE0\x00 \x00")[0].contains("starts with its header, record 0"));
    let endless = std::io::BufReader::new(std::io::Read::chain(HEADER.as_bytes(), std::io::repeat(b'7')));
    let Err(ReadError::Refused(diagnostics)) = read(endless) else { panic!("an endless line is refused") };
    assert!(said(&diagnostics)[0].contains("a line is longer than 1024 bytes"));
}

#[test]
fn mutated_bytes_never_panic() {
    let mut whole = file(&[ES_COMMODITY, ES_PRODUCT, ES_TERMS, ES_FIRST, ES_SECOND]);
    for line in NG_LINES {
        whole.extend_from_slice(line.as_bytes());
        whole.push(b'\n');
    }
    for path in ["riskkit_span_synthetic.pa2", "cme_20250620_one_line_per_record_type.pa2"] {
        if let Some(path) = shared(&format!("data/span/{path}")) {
            let text = fs::read(path).unwrap();
            whole.extend(text.split(|byte| *byte == b'\n').skip(1).flat_map(|line| [line, b"\n"].concat()));
        }
    }
    let config = Config { cases: 3_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let edit = (0..whole.len(), prop_oneof![any::<u8>(), b' '..=b'Z', Just(b'9'), Just(b'\n')]);
    let edits = (prop::collection::vec(edit, 1..40), 0..whole.len() * 4);
    runner
        .run(&edits, |(edits, end)| {
            let mut bytes = whole.clone();
            for (place, byte) in edits {
                bytes[place] = byte;
            }
            bytes.truncate(end.max(85));
            if let Err(diagnostics) = load(&bytes) {
                prop_assert!(diagnostics.refuses());
            }
            Ok(())
        })
        .unwrap();
}

fn written(definition: &Definition) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(definition, &mut bytes).unwrap();
    bytes
}

#[test]
fn the_sample_is_the_same_set_in_both_formats() {
    let positional = written(&sample::definition());
    let mut xml = Vec::new();
    spn::write(&sample::definition(), &mut xml).unwrap();
    let [positional_reading, xml_reading] =
        [reading(&positional).unwrap(), spn::read(xml.as_slice()).unwrap()];
    // The digest names the bytes; all else is the same.
    let built = [&positional_reading, &xml_reading].map(|reading| {
        let digest = xml_reading.digest;
        build(&reading.definition, digest, RoundingProfile::Exact, reading.diagnostics.clone()).unwrap()
    });
    assert_eq!(said(&built[0].1), Vec::<String>::new());
    let [own, xml] = [&built[0].0, &built[1].0];
    assert_eq!(own.levels(), xml.levels());
    for (own, xml) in own.commodities().iter().zip(xml.commodities()) {
        assert_eq!(own, xml);
    }
    assert!(own.listings() == xml.listings() && own == xml);
    // What was read is written as it was.
    let again = written(&positional_reading.definition);
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(positional).unwrap());
}

#[test]
fn what_the_format_cannot_hold_is_listed_at_once() {
    let mut own = sample::definition();
    own.house = Code::new("HARBOUR").ok();
    own.run = 3;
    own.inter_spreads[0].rates[0].value = number("0.1234567");
    own.commodities[0].terms.spreads[0].charge = ChargeMethod::PerMonth;
    own.families[0].contracts[0].scaling = number("0.00001");
    own.levels.pop();
    own.points[15].weight = number("0.5");
    let mut target = Vec::new();
    let Err(WriteError::Inexpressible(faults)) = write(&own, &mut target) else {
        panic!("it is not expressible")
    };
    assert!(target.is_empty());
    for expected in [
        "header: \"HARBOUR\" does not fit columns 3-8",
        "header: a number of the run",
        "requirement levels: others than",
        "scan points: others than the sixteen",
        "spread: \"0.1234567\" does not fit columns 10-16",
        "CRUDE: a spread inside a commodity that is not charged flat",
        "HCL FUT 202611: \"0.00001\" does not fit columns 86-91",
    ] {
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{faults:?} without {expected:?}");
    }
}

#[test]
fn what_was_read_is_written_and_read_as_the_same() {
    let Some(path) = shared("data/span/riskkit_span_synthetic.pa2") else { return };
    let [ng, synthetic] = [file(NG_LINES), fs::read(path).unwrap()].map(|bytes| reading(&bytes).unwrap());
    for own in [ng, synthetic] {
        let once = written(&own.definition);
        let again = reading(&once).map_err(|refused| said(&refused)).unwrap();
        let sets = [&own, &again].map(|reading| {
            let diagnostics = Diagnostics::default();
            build(&reading.definition, own.digest, RoundingProfile::Exact, diagnostics).unwrap().0
        });
        assert!(sets[0] == sets[1]);
    }
}
