//! What lines become, right ones and wrong ones.

use std::io::{BufReader, Read};

use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_engine::report::CalculationOptions;
use plimsoll_engine::span::{Margining, Portfolio};
use plimsoll_engine::types::Currency;

use super::*;
use crate::portfolio::Faults;

const FUTURE: &str = r#"{"product":"F","type":"FUT","period":"202506","quantity":2}"#;

fn read(text: &[u8]) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    JsonLines::new(text).collect()
}

fn one(text: &str) -> Result<AccountPortfolio, BadPortfolio> {
    let mut read = read(text.as_bytes());
    assert_eq!(read.len(), 1, "{read:?}");
    read.remove(0)
}

/// The error of a line with this one position.
fn fault(position: &str) -> String {
    one(&format!(r#"{{"account":"A","positions":[{FUTURE},{position}]}}"#)).unwrap_err().to_string()
}

#[test]
fn a_line_with_everything_is_read() {
    let line = r#"{"kind":{"x":[1]},"account":"A1","account_type":"member","positions":[
        {"product":"O","type":"OOF","right":"P","period":"202506","strike":"-52.50","quantity":-3,
         "exchange":"XMIN","underlying_period":"202509"}]}"#;
    let portfolio = one(&line.replace('\n', "")).unwrap();
    assert_eq!((portfolio.account.as_str(), portfolio.options.account_type.as_deref()), ("A1", Some("M")));
    let position = &portfolio.positions[0];
    assert_eq!(position.contract.to_string(), "XMIN/O OOF 202506 on 202509 P -52.50");
    assert_eq!(position.lots.get(), -3);
}

#[test]
fn a_line_states_its_own_options() {
    let with = |keys: &str| one(&format!(r#"{{"account":"A","positions":[],{keys}}}"#));
    let stated = r#""currency":"EUR","rounding":"cme","allow_unmatched":true,"margining":"gross","account_type":"hedger""#;
    let caller = CalculationOptions {
        currency: Some(Currency::new("USD").unwrap()),
        account_type: Some("M".to_owned()),
        ..CalculationOptions::default()
    };
    let options = with(stated).unwrap().options.over(&caller);
    let expected = CalculationOptions {
        rounding: Some(RoundingProfile::Cme),
        currency: Some(Currency::new("EUR").unwrap()),
        account_type: Some("H".to_owned()),
        margining: Margining::GrossSides,
        allow_unmatched: true,
    };
    assert_eq!(options, expected);
    for silent in
        [r#""x_desk":{"a":[1]}"#, r#""kind":"general","expected":{"total":1}"#, r#""currency":null"#]
    {
        assert_eq!(with(silent).unwrap().options.over(&caller), caller, "{silent}");
    }
    let caller = CalculationOptions { allow_unmatched: true, ..caller };
    assert!(!with(r#""allow_unmatched":false"#).unwrap().options.over(&caller).allow_unmatched);
}

#[test]
fn no_key_of_a_line_is_ignored() {
    let with =
        |keys: &str| one(&format!(r#"{{"account":"A","positions":[],{keys}}}"#)).unwrap_err().to_string();
    for (keys, expected) in [
        (r#""margning":"gross""#, r#"unknown key "margning": keys of your own begin with x_"#),
        (r#""accountType":"member""#, r#"unknown key "accountType": keys of your own begin with x_"#),
        (r#""a":1,"a":2"#, r#"unknown key "a": keys of your own begin with x_"#),
        (r#""margining":"long""#, "margining: expected net or gross_sides"),
        (r#""rounding":"down""#, "rounding: expected one of exact, takasbank, cme"),
        (r#""allow_unmatched":"true""#, "allow_unmatched: expected true or false, found text"),
        (r#""currency":7"#, "currency: expected text, found a number"),
        (r#""currency":"US","currency":"EUR""#, "currency: stands here a second time"),
        (
            r#""rounding":"down","rounding":"cme""#,
            "rounding: expected one of exact, takasbank, cme; rounding: stands here a second time",
        ),
    ] {
        assert_eq!(with(keys), format!("line 1: {expected}"), "{keys}");
    }
}

#[test]
fn absent_things_may_be_null_or_empty() {
    let portfolio = one(
        r#"{"account":"A","account_type":null,"positions":[{"product":"F","type":"FUT","right":null,"strike":"","period":"202506","quantity":1}]}"#,
    );
    assert_eq!(portfolio.unwrap().positions[0].contract.to_string(), "F FUT 202506");
    assert_eq!(one(r#"{"account":"A","positions":[]}"#).unwrap().positions, []);
}

#[test]
fn deltas_held_elsewhere_are_read_with_all_their_faults() {
    let with = |away: &str| one(&format!(r#"{{"account":"A","positions":[],"away":{away}}}"#));
    let away = with(r#"[{"house":"OTHER","commodity":"OIL","tier":2,"delta":"-12.50"}]"#).unwrap().away;
    assert_eq!((away[0].house.as_str(), away[0].commodity.as_str(), away[0].tier), ("OTHER", "OIL", 2));
    assert_eq!(away[0].delta.to_string(), "-12.50");
    assert_eq!((with("[]").unwrap().away, with("null").unwrap().away), (vec![], vec![]));
    for (away, expected) in [
        (r#"7"#, "line 1: away: expected a list, found a number"),
        (r#"["x"]"#, "line 1: away[0]: expected an object, found text"),
        (
            r#"[{"house":"","commodity":"OIL","tier":1.5,"delta":-2,"colour":1}]"#,
            "line 1: away[0]: unknown key \"colour\"; away[0].house: a house is missing; \
             away[0].tier: expected a whole number, found a number; away[0].delta: expected text, found a number",
        ),
        (
            r#"[{"house":"H","house":"I"}]"#,
            "line 1: away[0].house: stands here a second time; away[0].commodity: is missing; \
             away[0].tier: is missing; away[0].delta: is missing",
        ),
    ] {
        assert_eq!(with(away).unwrap_err().to_string(), expected);
    }
    let many = vec!["{}"; 1_001].join(",");
    assert!(with(&format!("[{many}]")).unwrap_err().faults.as_slice().len() == Faults::MOST);
}

#[test]
fn every_fault_of_a_line_is_named_at_once() {
    let line = r#"{"account":"A","account_type":7,"positions":[
        {"product":"O","type":"OOP","right":"X","period":"202506","strike":52.5,"quantity":1.5,"colour":"red"},
        {"product":"","type":"FUT","period":"202506","quantity":0},
        {"type":"FUT","product":"F","type":"FUT","period":"2025-06","quantity":"1"},
        "F"]}"#;
    let bad = one(&line.replace('\n', "")).unwrap_err();
    assert_eq!(bad.account.as_deref(), Some("A"));
    let expected = [
        "line 1: account_type: expected text, found a number",
        "positions[0]: unknown key \"colour\"",
        "positions[0].strike: expected decimal text such as \"52.5\", found a number",
        "positions[0].quantity: expected a whole number of lots",
        "positions[0].right: an option needs \"C\" or \"P\"",
        "positions[1].product: a product is missing",
        "positions[1].quantity: quantity is zero",
        "positions[2].type: stands here a second time",
        "positions[2].quantity: expected a whole number, found text",
        "positions[2].period: expected a period such as 201606 or 201606S0: 1 to 12 letters and digits",
        "positions[3]: expected an object, found text",
    ];
    assert_eq!(bad.to_string(), expected.join("; "));
}

#[test]
fn a_position_has_its_own_keys_once_and_no_others() {
    let cases = [
        (r#"{"product":"F","type":"FUT","period":"202506"}"#, "quantity: is missing"),
        (
            r#"{"product":"F","type":"FUT","period":"202506","quantity":1e2}"#,
            "quantity: expected a whole number of lots",
        ),
        (
            r#"{"product":"F","type":"FUT","period":"202506","quantity":99999999999999999999}"#,
            "quantity: expected a whole",
        ),
        (
            r#"{"product":"F","type":"FUT","period":"202506","quantity":18446744073709551615}"#,
            "quantity: quantity is beyond",
        ),
        (
            r#"{"product":"F","type":"FUT","period":"202506","quantity":null}"#,
            "quantity: expected a whole number, found null",
        ),
        (
            r#"{"product":["F"],"type":"FUT","period":"202506","quantity":1}"#,
            "product: expected text, found a list",
        ),
        (
            r#"{"product":"F","type":"FUT","period":"202506","quantity":1,"quantity":2}"#,
            "quantity: stands here a second",
        ),
        (
            r#"{"product":"F","type":"FUT","period":"202506","quantity":1,"strike":"1"}"#,
            "strike: only options have it",
        ),
    ];
    for (position, expected) in cases {
        let message = fault(position);
        assert!(message.starts_with(&format!("line 1: positions[1].{expected}")), "{position}: {message}");
        assert_eq!(message.matches("; ").count(), 0, "{message}");
    }
}

#[test]
fn lines_that_are_no_portfolio_keep_what_account_they_have() {
    let cases: [(&[u8], Option<&str>, &str); 10] = [
        (b"{\"account\":\"A\",\"positions\":[{]}", Some("A"), "not JSON: key must be a string at column 30"),
        (b"{\"positions\":[]", None, "not JSON: EOF while parsing an object at column 15"),
        (b"{\"account\":\"A\",\"positions\":[]} x", Some("A"), "not JSON: trailing characters at column 32"),
        (b"[]", None, "expected an object with account and positions, found a list"),
        (b"null", None, "expected an object with account and positions, found null"),
        (b"{}", None, "account: is missing; positions: is missing"),
        (b"{\"account\":\"A\",\"positions\":{}}", Some("A"), "positions: expected a list, found an object"),
        (b"{\"account\":\"\",\"positions\":[]}", None, "account: is missing"),
        (
            b"{\"account\":\"A\",\"account\":\"B\",\"positions\":[]}",
            Some("A"),
            "account: stands here a second time",
        ),
        (b"{\"account\":\"A\xff\"}", None, "not UTF-8 after 13 bytes"),
    ];
    for (line, account, message) in cases {
        let bad = read(line).remove(0).unwrap_err();
        assert_eq!((bad.account.as_deref(), bad.to_string()), (account, format!("line 1: {message}")));
    }
}

#[test]
fn blank_lines_and_a_byte_order_mark_are_passed_over() {
    let line = format!(r#"{{"account":"A","positions":[{FUTURE}]}}"#);
    let text = format!("\u{feff}{line}\r\n\n \t\r\nnonsense\n{line}");
    let read = read(text.as_bytes());
    assert_eq!(read.len(), 3);
    assert!(read[0].is_ok() && read[2].is_ok());
    assert!(read[1].as_ref().unwrap_err().to_string().starts_with("line 4: not JSON: "));
}

#[test]
fn an_overlong_line_is_passed_over_in_bounded_memory() {
    let good = format!("{{\"account\":\"A\",\"positions\":[{FUTURE}]}}\n");
    let long = std::io::repeat(b' ').take(MOST_LINE_BYTES + 1);
    let source = good.as_bytes().chain(long).chain(&b"\n"[..]).chain(good.as_bytes());
    let mut lines = JsonLines::new(BufReader::new(source));
    assert!(lines.next().unwrap().is_ok());
    let bad = lines.next().unwrap().unwrap_err();
    assert_eq!(bad.to_string(), "line 2: a line has at most 33554432 bytes");
    assert!(lines.next().unwrap().is_ok());
    assert!(lines.next().is_none());
    let unended = BufReader::new(std::io::repeat(b'x').take(3 * MOST_LINE_BYTES));
    assert_eq!(JsonLines::new(unended).filter(Result::is_err).count(), 1);
}

#[test]
fn positions_beyond_the_most_are_counted_and_not_kept() {
    let positions = vec!["{}"; Portfolio::MOST_POSITIONS + 3].join(",");
    let bad = one(&format!(r#"{{"account":"A","positions":[{positions}]}}"#)).unwrap_err();
    assert_eq!(bad.faults.as_slice().len(), Faults::MOST);
    assert_eq!(bad.faults.dropped(), 4 * Portfolio::MOST_POSITIONS + 1 - Faults::MOST);
    let positions = vec![FUTURE; Portfolio::MOST_POSITIONS + 1].join(",");
    let bad = one(&format!(r#"{{"account":"A","positions":[{positions}]}}"#)).unwrap_err();
    assert_eq!(bad.to_string(), "line 1: positions: 25001 positions: at most 25000 are calculated");
}

#[test]
fn a_source_that_fails_ends_the_reading() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut lines = JsonLines::new(BufReader::new(Broken));
    let bad = lines.next().unwrap().unwrap_err();
    assert_eq!(bad.to_string(), "line 1: the input could not be read: the disk is gone");
    assert!(lines.next().is_none());
}
