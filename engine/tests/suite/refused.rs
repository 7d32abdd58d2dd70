//! Files that cannot be trusted: what is said about them, and that nothing of them is kept.

use plimsoll_engine::parameters::spn::{ReadError, read, write};
use plimsoll_engine::parameters::{
    Diagnostics, ParameterSet, Refused, RoundingProfile, Severity, build, sample,
};
use plimsoll_engine::types::Money;

pub(crate) fn sample_text() -> String {
    let mut bytes = Vec::new();
    write(&sample::definition(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn load(bytes: &[u8]) -> Result<(ParameterSet, Diagnostics), Diagnostics> {
    let reading = match read(bytes) {
        Ok(reading) => reading,
        Err(ReadError::Refused(diagnostics)) => return Err(diagnostics),
        Err(ReadError::Io(error)) => panic!("a slice is always readable: {error}"),
    };
    let built = build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics);
    built.map_err(|Refused(diagnostics)| diagnostics)
}

pub(crate) fn errors(diagnostics: &Diagnostics) -> Vec<String> {
    let errors = diagnostics.as_slice().iter().filter(|found| found.severity == Severity::Error);
    errors.map(ToString::to_string).collect()
}

/// The errors of the sample with the first `from` replaced by `to`.
fn edited(from: &str, to: &str) -> Vec<String> {
    let text = sample_text();
    assert!(text.contains(from), "the sample has no {from:?}");
    errors(&load(text.replacen(from, to, 1).as_bytes()).expect_err(to))
}

/// Rows of an edit of the sample (text, its replacement) and the error that names it.
fn check(cases: &[(&str, &str, &str)]) {
    for (from, to, expected) in cases {
        let errors = edited(from, to);
        assert!(
            errors.iter().any(|error| error.contains(expected)),
            "{to:?} gives {errors:?}, not {expected:?}"
        );
    }
}

const FIRST_FUTURE: &str = "<fut>\n<cId>1</cId>\n<pe>202611</pe>";
const FIRST_LEG: &str = "<pLeg>\n<cc>CRUDE</cc>\n<pe>202611</pe>\n<rs>A</rs>\n<i>1</i>";

#[test]
fn the_stated_value_of_an_option_decides_where_it_is_another() {
    // The first option's factor is 10.
    let (text, option) = (sample_text(), "<p>");
    let start = text.find("<oopPf>").unwrap();
    let place = start + text[start..].find("<opt>").unwrap();
    let price_at = place + text[place..].find(option).unwrap() + option.len();
    let price_end = price_at + text[price_at..].find('<').unwrap();
    let with = |price: &str, value: &str| {
        format!("{}{price}</p><val>{value}</val>{}", &text[..price_at], &text[price_end + "</p>".len()..])
    };
    let values = |price: &str, value: &str| {
        let (set, diagnostics) = load(with(price, value).as_bytes()).unwrap();
        let named: Vec<String> = diagnostics.as_slice().iter().map(ToString::to_string).collect();
        let rows = set.commodities().iter().flat_map(|own| own.contracts());
        (
            rows.map(|own| own.option_value).collect::<Vec<_>>(),
            named.into_iter().filter(|text| text.contains("val")).collect::<Vec<_>>(),
        )
    };
    let differing = |a: &[Money], b: &[Money]| -> Vec<(Money, Money)> {
        a.iter().zip(b).filter(|(a, b)| a != b).map(|(a, b)| (*a, *b)).collect()
    };
    let money = |text: &str| Money::from_decimal(text.parse().unwrap()).unwrap();
    let (plain, named) = values("6.25", "62.50");
    assert_eq!(named, Vec::<String>::new(), "price times factor, as printed");
    let (cabinet, named) = values("6.25", "6.25");
    assert_eq!(differing(&plain, &cabinet), [(money("62.5"), money("6.25"))]);
    assert!(named.len() == 1 && named[0].contains("stated value 6.25"), "{named:?}");
    assert_eq!(values("6.254", "62"), (values("6.254", "62.54").0, Vec::new()), "within its last place");
    assert!(load(with("6.25", "-1").as_bytes()).is_err());
}

#[test]
fn a_faulty_value_is_named_with_its_line_and_element() {
    check(&[
        ("<fileFormat>4.00", "<fileFormat>5.00", "line 3: fileFormat: only file format 4.00 is read"),
        ("<date>20260918</date>", "<date>20260931</date>", "line 41: date: \"20260931\": expected a date"),
        ("<date>20260918</date>", "", "line 40: pointInTime: date is missing or faulty"),
        ("<ec>HARBOR</ec>", "", "clearingOrg: ec is missing or faulty"),
        ("<isSetl>1<", "<isSetl>yes<", "isSetl: \"yes\": expected 0 or 1"),
        (
            "<factor>1.085000<",
            "<factor>1,085<",
            "factor: \"1,085\": expected a decimal number such as \"52.5\", found ','",
        ),
        ("<factor>1.085000<", "<factor>-1<", "curConv: the factor is to be greater than zero"),
        (
            "<pairedPoint>2<",
            "<pairedPoint>3<",
            "line 95: pointDef: scan point 1 is paired with 3, which is not paired with it",
        ),
        ("<point>16<", "<point>17<", "found 17 in place of 16"),
        ("<a>-1433.33</a>\n", "", "ra: 15 values for 16 scan points"),
        ("<a>-1433.33</a>", "<a>-1433.3333333333</a>", "a: more than nine places after the point"),
        ("<a>-1433.33</a>", "<a>NaN</a>", "a: \"NaN\": expected a decimal number"),
        ("<d>1.0000</d>\n</ra>", "</ra>", "ra: d is missing or faulty"),
        (FIRST_FUTURE, "<fut>\n<cId>1</cId>\n<pe>2026-11</pe>", "pe: \"2026-11\": expected a period"),
        (FIRST_FUTURE, "<fut>\n<cId>1</cId>", "fut: needs cId and pe"),
        ("<o>C</o>", "<o>X</o>", "o: \"X\": expected C or P"),
        ("<valueMeth>FUT", "<valueMeth>SWAP", "valueMeth: \"SWAP\": expected EQTY, FUT, FUTDA or FWD"),
        ("<procMeth>NORMAL", "<procMeth>LIQRISK", "procMeth: \"LIQRISK\" is not calculated (only NORMAL)"),
        ("<somMeth>GROSS", "<somMeth>NET", "somMeth: \"NET\": expected GROSS or MAX"),
        ("<chargeMeth>F", "<chargeMeth>P", "dSpread: expected one pmpsRate for level 1"),
        ("<chargeMeth>F", "<chargeMeth>Q", "chargeMeth: \"Q\": this charge method is not calculated"),
        (
            "<wfprMeth>NORMAL",
            "<wfprMeth>MEAN",
            "wfprMeth: \"MEAN\": expected NORMAL, SCANRANGE_CAP or SCANRANGE",
        ),
    ]);
}

#[test]
fn what_does_not_fit_together_is_named() {
    let three_legged =
        "<dSpread>\n<spread>1</spread>\n<chargeMeth>W</chargeMeth>\n<rate>\n<r>1</r>\n<val>0.85</val>";
    check(&[
        (FIRST_FUTURE, "<fut>\n<cId>1</cId>\n<pe>202612</pe>", "HCL FUT 202612 stands here a second time"),
        ("<pfId>21</pfId>", "<pfId>11</pfId>", "pfId: a second FUT family with pfId 11"),
        (
            "<pfLink>\n<exch>HBX</exch>\n<pfId>21",
            "<pfLink>\n<exch>HBX</exch>\n<pfId>22",
            "HGO FUT belongs to no combined commodity",
        ),
        (
            "<pfId>12</pfId>\n<pfCode>HCLO</pfCode>\n<pfType>OOF",
            "<pfId>11</pfId>\n<pfCode>HCL</pfCode>\n<pfType>FUT",
            "is linked a second time",
        ),
        ("<cc>GASOIL</cc>", "<cc>CRUDE</cc>", "ccDef: a second combined commodity CRUDE"),
        (
            "<currency>USD</currency>\n<riskExponent>",
            "<riskExponent>",
            "CRUDE: currency is missing or faulty",
        ),
        (
            "<curConv>",
            "<curConv>\n<fromCur>EUR</fromCur>\n<toCur>USD</toCur>\n<factor>1.1</factor>\n</curConv>\n<curConv>",
            "curConv: a second rate from EUR to USD",
        ),
        ("<tn>2</tn>\n<sPe>", "<tn>1</tn>\n<sPe>", "tn: CRUDE: a second tier 1"),
        ("<pe>202611</pe>", "<pe>202613</pe>", "ccDef: CRUDE: period 202613 has no month that exists"),
        ("<riskExponent>0", "<riskExponent>12", "riskExponent: beyond 10^9"),
        ("<sc>1</sc>\n<t>", "<sc>0</sc>\n<t>", "sc: delta scaling is to be greater than zero"),
        (
            "<undC>\n<exch>HBX</exch>\n<pfId>11",
            "<undC>\n<exch>HBX</exch>\n<pfId>99",
            "undC: HCLO OOF: the underlying contract is not in the file",
        ),
        (
            FIRST_LEG,
            "<pLeg>\n<cc>GOLD</cc>\n<pe>202611</pe>\n<rs>A</rs>\n<i>1</i>",
            "cc: a leg of GOLD inside CRUDE",
        ),
        (
            FIRST_LEG,
            "<pLeg>\n<cc>CRUDE</cc>\n<pe>202611</pe>\n<rs>A</rs>\n<i>0</i>",
            "i: a leg's ratio is to be greater than zero",
        ),
        (
            FIRST_LEG,
            "<pLeg>\n<cc>CRUDE</cc>\n<pe>202611</pe>\n<rs>B</rs>\n<i>1</i>",
            "dSpread: a spread needs legs of both sides",
        ),
        ("<tLeg>\n<cc>CRUDE</cc>\n<tn>3", "<tLeg>\n<cc>CRUDE</cc>\n<tn>7", "tn: CRUDE has no intra tier 7"),
        (
            "<cc>GASOIL</cc>\n<tn>0</tn>\n<rs>B",
            "<cc>LEAD</cc>\n<tn>0</tn>\n<rs>B",
            "cc: LEAD is not a combined commodity of the file",
        ),
        (three_legged, &three_legged.replace("0.85", "85"), "a credit rate is a fraction"),
        (three_legged, &three_legged.replace("<r>1</r>", "<r>2</r>"), "dSpread: no rate for level 1"),
    ]);
}

#[test]
fn what_changes_margins_and_is_not_calculated_is_refused_by_name() {
    check(&[
        (
            "<interSpreads>",
            "<cdsMarginParams>\n<x>1</x>\n</cdsMarginParams>\n<interSpreads>",
            "cdsMarginParams: changes margins in a way that is not calculated",
        ),
        (
            "<interSpreads>",
            "<interSpreads>\n<sSpread>\n<spread>1</spread>\n<sPointDef>\n<point>1</point>\n</sPointDef>\n</sSpread>",
            "sPointDef: changes margins",
        ),
        (
            "<chargeMeth>F",
            "<chargeMeth>W",
            "dSpread: inside a commodity charges by weighted price risk (W) are not calculated",
        ),
        ("<procMeth>NORMAL", "<procMeth>LIQRISK", "procMeth: \"LIQRISK\" is not calculated"),
        (
            "<intraTiers>",
            "<rateTiers>\n<tier>\n<tn>1</tn>\n</tier>\n</rateTiers>\n<intraTiers>",
            "rateTiers: changes margins",
        ),
        (
            "</pointInTime>",
            "</pointInTime>\n<pointInTime>\n</pointInTime>",
            "pointInTime: a second point in time",
        ),
    ]);
}

#[test]
fn what_is_empty_or_impossible_is_named() {
    check(&[
        (
            "<date>20260918</date>",
            "<date>20260917</date>\n<date>20260918</date>",
            "date: stands here a second time",
        ),
        ("<a>-1433.33</a>", "<a> </a>", "a: is empty"),
        ("<a>-1433.33</a>", "<a/>", "a: is empty"),
        ("<ra>\n<r>1</r>", "<ra>", "ra: r is missing or faulty"),
        ("<sc>1</sc>\n<t>", "<sc/>\n<t>", "sc: is empty"),
        ("<riskExponent>0</riskExponent>", "", "ccDef: riskExponent is missing or faulty"),
        ("<spotMeth>NORMAL", "<spotMeth>BASIS", "spotMeth: \"BASIS\" is not calculated"),
        ("<k>60.00</k>\n<p>12.30", "<k>60.00</k>\n<p>-12.30", "p: an option's price is not to be negative"),
    ]);
}

#[test]
fn what_stands_twice_in_a_wrong_place_or_not_at_all_is_named() {
    let first_array = "<ra>\n<r>1</r>\n<a>0.00</a>";
    let option_minimum = "<somTiers>\n<tier>\n<tn>0</tn>\n<rate>\n<r>1</r>\n<val>45</val>\n</rate>\n</tier>";
    check(&[
        (
            "<currency>USD</currency>\n<riskExponent>",
            "<currency>EUR</currency>\n<currency>USD</currency>\n<riskExponent>",
            "currency: stands here a second time",
        ),
        (
            first_array,
            &format!("<ra>\n<r>1</r>\n{}<d>1</d>\n</ra>\n{first_array}", "<a>0</a>\n".repeat(16)),
            "ra: stands here a second time",
        ),
        (
            "<rate>\n<r>1</r>\n<val>90</val>\n</rate>",
            "<rate>\n<r>1</r>\n<val>90</val>\n</rate>\n<rate>\n<r>1</r>\n<val>91</val>\n</rate>",
            "dSpread: a second rate for level 1",
        ),
        (
            "<adjRate>",
            "<adjRate>\n<r>2</r>\n<baseR>1</baseR>\n<val>1.2</val>\n</adjRate>\n<adjRate>",
            "adjRate: a second factor for the same levels",
        ),
        ("<pbRateDef>\n<r>1</r>", "<pbRateDef>\n<r>2</r>", "pbRateDef: a second level 2"),
        (
            "<cId>2</cId>\n<pe>202612</pe>",
            "<cId>1</cId>\n<pe>202612</pe>",
            "cId: HCL FUT: a second contract 1",
        ),
        (
            "<procMeth>NORMAL",
            "<pointDef>\n<r>1</r>\n</pointDef>\n<procMeth>NORMAL",
            "pointDef: does not belong here",
        ),
        (
            "<tn>1</tn>\n<sPe>",
            "<tn>1</tn>\n<tne>3</tne>\n<sPe>",
            "tne: changes margins in a way that is not calculated",
        ),
        (
            "<capAnov>0</capAnov>",
            "<capAnov>0</capAnov>\n<isContractScale>1</isContractScale>",
            "isContractScale: changes margins",
        ),
        (
            "<oopDeltaMeth>PERIOD",
            "<oopDeltaMeth>OTHER",
            "oopDeltaMeth: \"OTHER\": expected PERIOD or UNDERLYING",
        ),
        (
            "<strikeDl>2</strikeDl>\n<valueMeth>EQTY</valueMeth>",
            "<strikeDl>2</strikeDl>",
            "valueMeth: options HCLO: whether they have a market value is missing",
        ),
        (
            "<undC>\n<exch>HBX</exch>\n<pfId>11</pfId>\n<cId>1</cId>\n</undC>",
            "",
            "undC: the underlying contract, whose month has the delta, is missing",
        ),
        (option_minimum, "<somTiers>\n<tier>\n<tn>0</tn>\n</tier>", "somTiers: no rate for level 1"),
        (
            option_minimum,
            &format!(
                "{option_minimum}\n<tier>\n<tn>1</tn>\n<sPe>202612</sPe>\n<rate>\n<r>1</r>\n<val>1</val>\n</rate>\n</tier>"
            ),
            "somTiers: CRUDE: tier 1 shares periods with another",
        ),
    ]);
}

/// A tier from one period to another.
fn tier(number: u32, first: &str, last: &str) -> String {
    format!("<tier>\n<tn>{number}</tn>\n<sPe>{first}</sPe>\n<ePe>{last}</ePe>\n</tier>")
}

#[test]
fn spreads_tiers_and_charges_that_cannot_be_are_named() {
    let leg = |code: &str, more: &str| format!("<sLeg>\n<cc>{code}</cc>\n<i>1</i>\n{more}</sLeg>\n");
    let scanning = |legs: &str| {
        format!(
            "<superSpreads>\n<sSpread>\n<spread>1</spread>\n<rate>\n<r>1</r>\n<val>0.7</val>\n</rate>\n{legs}</sSpread>\n\
             </superSpreads>\n<interSpreads>"
        )
    };
    let target = leg("CRUDE", "<isTarget>1</isTarget>\n");
    let spot = |month: &str, rate: &str| {
        format!("<spotRate>\n<r>1</r>\n<pe>{month}</pe>\n<sprd>{rate}</sprd>\n<outr>2</outr>\n</spotRate>\n")
    };
    let tiers = tier(1, "202611", "202701") + &tier(2, "202612", "202712");
    check(&[
        (
            "<interSpreads>",
            &scanning(&leg("GASOIL", "")),
            "sSpread: a scanning-based spread needs one target",
        ),
        (
            "<interSpreads>",
            &scanning(&(target.clone() + &leg("LEAD", ""))),
            "cc: LEAD is not a combined commodity",
        ),
        (
            "<interSpreads>",
            &scanning(&(target.clone() + &target)),
            "sSpread: a scanning-based spread needs one target",
        ),
        (
            "<interSpreads>",
            &scanning(&(target.clone() + &leg("HX30", ""))),
            "over several currencies are not calculated",
        ),
        (
            "<interSpreads>",
            &scanning(&(target + &leg("GASOIL", "<rate>\n<r>1</r>\n<val>70</val>\n</rate>\n"))),
            "rate: a credit rate is a fraction",
        ),
        (
            "<intraTiers>",
            &format!("{}<intraTiers>", spot("000000", "1")),
            "pe: a delivery month is to have a year",
        ),
        ("<intraTiers>", &format!("{}<intraTiers>", spot("202611", "-1")), "spotRate: a rate is negative"),
        (
            "<intraTiers>",
            &format!("{}{}<intraTiers>", spot("202611", "1"), spot("202611", "1")),
            "spotRate: CRUDE: 202611 stands here a second time",
        ),
        (
            "<intraTiers>",
            &format!("<scanTiers>\n{tiers}\n</scanTiers>\n<intraTiers>"),
            "scanTiers: CRUDE: tier 2 shares periods with another",
        ),
        (
            "<intraTiers>",
            "<basisRates>\n<rate>\n<r>1</r>\n<val>5</val>\n</rate>\n</basisRates>\n<intraTiers>",
            "basisRates: CRUDE: a basis rate, but no product with basis risk",
        ),
    ]);
}

#[test]
fn what_people_should_know_is_a_warning() {
    for (from, to, expected) in [
        (
            "<pLeg>\n<cc>CRUDE</cc>\n<pe>202611<",
            "<pLeg>\n<cc>CRUDE</cc>\n<pe>202610<",
            "pe: CRUDE has no contract of 202610: the spread never forms",
        ),
        (
            "<procMeth>NORMAL",
            "<marginMeth>NET</marginMeth>\n<procMeth>NORMAL",
            "marginMeth: \"NET\" is not used",
        ),
        (
            "<somTiers>\n<tier>\n<tn>0</tn>",
            "<somTiers>\n<tier>\n<tn>0</tn>\n<sPe>202701</sPe>",
            "somTiers: CRUDE: options of 202611 are in no tier",
        ),
        (
            "<adjRate>\n<r>2</r>\n<baseR>1</baseR>",
            "<adjRate>\n<r>2</r>\n<baseR>9</baseR>",
            "pbRateDef: level 2 has no adjustment in CRUDE: not reported",
        ),
        (
            "<setlQualifier>final",
            "<setlQualifier>late",
            "setlQualifier: \"late\" is not known, taken as final",
        ),
    ] {
        let text = sample_text();
        assert!(text.contains(from), "the sample has no {from:?}");
        let (_, diagnostics) = load(text.replacen(from, to, 1).as_bytes()).unwrap();
        let [warning] = diagnostics.as_slice() else { panic!("{to:?} gives {diagnostics:?}") };
        assert!(warning.severity == Severity::Warning && warning.to_string().contains(expected), "{warning}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let text = sample_text().replace("<rs>B</rs>", "<rs>Q</rs>").replacen("4.00", "4.01", 1);
    let found = errors(&load(text.as_bytes()).unwrap_err());
    assert!(found.len() > 20 && found[0].contains("fileFormat"), "{found:?}");
    let many = sample_text().replace("<a>", "<a>x");
    let diagnostics = load(many.as_bytes()).unwrap_err();
    assert_eq!(diagnostics.as_slice().len(), Diagnostics::MOST);
    assert!(diagnostics.dropped() > 1_000);
}

#[test]
fn what_people_write_by_hand_is_read() {
    let text = sample_text();
    let plain = load(text.as_bytes()).unwrap().0;
    let crlf = text.replace('\n', "\r\n");
    let one_line = text.replace('\n', "");
    let empty_tags =
        text.replacen("<name>US dollar</name>", "<name/>", 1).replacen("<symbol>$<", "<symbol> <", 1);
    let commented = text.replacen("<definitions>", "<!-- a -- comment --><?pi?><definitions>", 1);
    let escaped = text.replacen("US dollar", "US &amp; &#8364; <![CDATA[<dollar>]]>", 1);
    let zero_factor = text.replacen("<o>C</o>", "<o>C</o>\n<cvf>0.0000000</cvf>", 1);
    let leg = "<cc>GASOIL</cc>\n<tn>0</tn>\n<rs>B</rs>\n<i>1</i>\n";
    let bare_rate = text.replacen(leg, &format!("{leg}<rate>0.85</rate>\n"), 1);
    let level_rate = text.replacen(leg, &format!("{leg}<rate>\n<r>1</r>\n<val>0.85</val>\n</rate>\n"), 1);
    assert!(bare_rate != text && level_rate != text);
    let unknown = text.replacen("<definitions>", "<novelty><a>1</a></novelty><definitions>", 1);
    for (name, text, warnings) in [
        ("CRLF", crlf, 0),
        ("one line", one_line, 0),
        ("empty tags", empty_tags, 0),
        ("comments", commented, 0),
        ("escapes", escaped, 0),
        ("a factor of 0 that stands elsewhere", zero_factor, 0),
        ("a bare rate of a leg", bare_rate, 0),
        ("a rate of a leg and level", level_rate, 0),
        ("unknown elements", unknown, 1),
    ] {
        let (set, diagnostics) = load(text.as_bytes()).unwrap_or_else(|found| panic!("{name}: {found:?}"));
        assert_eq!(set.summary(), plain.summary(), "{name}");
        assert_eq!(diagnostics.as_slice().len(), warnings, "{name}");
    }
}
