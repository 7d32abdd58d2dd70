//! Positional files that cannot be trusted: what is said about them, and that nothing breaks the reader.

use std::fs;

use plimsoll_engine::parameters::pa2::{ReadError, read};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::pa2::{
    ES_COMMODITY, ES_FIRST, ES_PRODUCT, ES_SECOND, ES_TERMS, HEADER, NG_LINES, file, load, reading, said,
};
use crate::shared::shared;

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
        (
            "2 CME SP    1USD$PN",
            "2: column 13: \"1\": something else than the commodity's first record states",
        ),
        (
            "2 CME SP    0USD$FN",
            "2: column 18: \"F\": something else than the commodity's first record states",
        ),
        (
            "2 CME SP    0USD$PY",
            "2: column 19: \"Y\": something else than the commodity's first record states",
        ),
        (
            "2 CME SP    0USD$PNS",
            "2: column 20: \"S\": something else than the commodity's first record states",
        ),
        ("X S31\nX D31", "X: another method than an earlier record of the product states"),
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
