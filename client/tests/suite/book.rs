//! Portfolios over the sample exchange: right ones, and every kind of wrong one.

use std::fmt::Write as _;

use plimsoll_engine::contract::ContractKey;
use plimsoll_engine::parameters::{Listing, ParameterSet, RoundingProfile, build, spn};

use crate::program::sample_bytes;

/// The sample exchange.
pub(crate) fn sample_set() -> ParameterSet {
    let reading = spn::read(sample_bytes().as_slice()).unwrap();
    build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics).unwrap().0
}

/// The contracts of the sample exchange that are margined.
pub(crate) fn contracts() -> Vec<ContractKey> {
    let set = sample_set();
    let margined = set.listings().iter().filter(|(_, listing)| matches!(listing, Listing::Row(..)));
    margined.map(|(key, _)| key).collect()
}

/// A position as JSON.
pub(crate) fn position(key: &ContractKey, quantity: i64) -> String {
    let mut text = format!(
        r#"{{"product":"{}","type":"{}","period":"{}","quantity":{quantity}"#,
        key.product, key.product_type, key.period
    );
    if let Some(terms) = key.option {
        write!(text, r#","right":"{}","strike":"{}""#, terms.right.code(), terms.strike).unwrap();
    }
    text + "}"
}

/// A portfolio as a JSON line.
pub(crate) fn line(account: &str, positions: &[String]) -> String {
    format!(r#"{{"account":"{account}","positions":[{}]}}"#, positions.join(",")) + "\n"
}

/// Portfolios of many shapes: every fifth contract from a different start each, long and short; every fourth a gross account.
pub(crate) fn portfolios(count: usize) -> String {
    let contracts = contracts();
    let portfolio = |number: usize| {
        let positions = contracts.iter().enumerate().skip(number % 50).step_by(5 + number % 7);
        let quantity = |index: usize| [3, -2, 7, -11, 1][(index * 7 + number) % 5];
        let positions: Vec<String> = positions.map(|(index, key)| position(key, quantity(index))).collect();
        let line = line(&format!("A{number}"), &positions);
        if number % 4 == 3 { line.replace("}\n", ",\"margining\":\"gross\"}\n") } else { line }
    };
    (0..count).map(portfolio).collect()
}

/// Lines that are each wrong in one way, with their accounts as far as they can be read, and what is said of them.
pub(crate) fn wrong_lines() -> Vec<(Vec<u8>, Option<&'static str>, &'static str)> {
    let contracts = contracts();
    let future = position(&contracts[0], 1);
    let of =
        |account: &str, position: &str| line(account, &[future.clone(), position.to_owned()]).into_bytes();
    vec![
        (b"{\"account\":\"W1\",\"positions\":[\n".to_vec(), Some("W1"), "not JSON: "),
        (b"{\"account\":\"W2\xff\",\"positions\":[]}\n".to_vec(), None, "not UTF-8 after "),
        (b"[1,2]\n".to_vec(), None, "expected an object with account and positions, found a list"),
        (line("", &[]).into_bytes(), None, "account: is missing"),
        (line(&"x".repeat(65), &[]).into_bytes(), None, "account: at most 64 bytes, found 65"),
        (of("W5", "7"), Some("W5"), "positions[1]: expected an object, found a number"),
        (
            of("W6", r#"{"product":"X","type":"FUT","period":"202612","quantity":1,"side":"B"}"#),
            Some("W6"),
            "positions[1]: unknown key \"side\"",
        ),
        (
            of("W7", r#"{"product":"X","type":"OOP","right":"C","strike":5,"period":"202612","quantity":1}"#),
            Some("W7"),
            "positions[1].strike: expected decimal text such as \"52.5\", found a number",
        ),
        (
            of("W8", r#"{"product":"X","type":"FUT","period":"202612","quantity":0}"#),
            Some("W8"),
            "positions[1].quantity: quantity is zero",
        ),
        (
            of("W9", &position(&contracts[0], 1_000_000_000)),
            Some("W9"),
            "positions[1].quantity: all positions in the contract together: quantity is beyond 1000000000 lots",
        ),
        (
            of("W10", r#"{"product":"X","type":"FUT","period":"202612","quantity":1}"#),
            Some("W10"),
            "unmatched: positions[1] X FUT 202612 (unknown_contract)",
        ),
        (
            line("W12", &[]).replace("}\n", ",\"margining\":\"both\"}\n").into_bytes(),
            Some("W12"),
            "margining: expected net or gross_sides",
        ),
        (
            line("W11", &[future]).replace("}\n", ",\"account_type\":\"Z\"}\n").into_bytes(),
            Some("W11"),
            "account_type: the parameter set has no levels for \"Z\", only for ",
        ),
    ]
}
