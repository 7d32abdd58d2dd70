//! Files in fixed columns: what their records mean, what is said about faulty ones, and margins of a whole file.

use std::fs;

use plimsoll_engine::parameters::pa2::{ReadError, Reading, read};
use plimsoll_engine::parameters::{
    ChargeMethod, Definition, Diagnostics, LegPlace, OptionMinimumMethod, ParameterSet, Refused,
    RoundingProfile, ScanTiers, Side, Valuation, WeightedRiskMethod, build,
};
use plimsoll_engine::types::Decimal;

use crate::shared::shared;
use crate::steps::{expect, margin};

// CME early settlement of 2025-06-20 and final settlement of 2019-01-02, NYMEX 2018: lines as printed in the format's pages.
pub(crate) const HEADER: &str =
    "0 CME   20250620SE     202506201407U2YNCLR        C CUST  H HEDGE 1 CORE  M MAINT ";
pub(crate) const ES_PRODUCT: &str = "P CMEES        FUTE-MINI S&P 500 002000  000005000000000000000001USD$IDX 00    E-MINI S&P 500 FUTURES             YFFUT  CASH                  0000001000000000  ";
pub(crate) const ES_TERMS: &str = "B CMEES        FUT201903            000000003500000006000030000330000000019726000000000200020190315ES          00000000         0000050000000000 00 00 010000000";
pub(crate) const ES_FIRST: &str = "81CMEES        ES        FUT 201903            000000000000+00000+02000-02000-02000+02000+04000-04000-04000+00000000251100N";
pub(crate) const ES_SECOND: &str = "82CMEES        ES        FUT 201903            000000004000+06000-06000-06000+06000+05940-05940+10000+000000000251100++10000+C";
pub(crate) const ES_COMMODITY: &str = "2 CME SP    0USD$PN   ES        FUT";

pub(crate) fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn file(lines: &[&str]) -> Vec<u8> {
    let mut text = format!("{HEADER}\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

pub(crate) fn reading(bytes: &[u8]) -> Result<Reading, Diagnostics> {
    read(bytes).map_err(|error| match error {
        ReadError::Refused(diagnostics) => diagnostics,
        ReadError::Io(error) => panic!("a slice is always readable: {error}"),
    })
}

fn definition(lines: &[&str]) -> Definition {
    reading(&file(lines)).map_err(|refused| said(&refused)).unwrap().definition
}

pub(crate) fn load(bytes: &[u8]) -> Result<(ParameterSet, Diagnostics), Diagnostics> {
    let reading = reading(bytes)?;
    let built = build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics);
    built.map_err(|Refused(diagnostics)| diagnostics)
}

pub(crate) fn said(diagnostics: &Diagnostics) -> Vec<String> {
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

pub(crate) const NG_LINES: &[&str] = &[
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
