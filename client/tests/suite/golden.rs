//! 600 portfolios on a real exchange's file, through the command line: here and on a server, in both profiles.

use std::fs;

use plimsoll_engine::types::Amount;
use serde_json::Value;

use crate::program::{run, text};
use crate::server::TestServer;
use crate::shared::shared;

/// Compares at a tolerance of 0.000002.
fn close(what: &str, actual: &Value, expected: &Value) {
    let millionths = |value: &Value| value.as_str().unwrap().parse::<Amount>().unwrap().millionths();
    let difference = millionths(actual) - millionths(expected);
    assert!(difference.abs() <= 2, "{what}: {actual} instead of {expected}");
}

#[test]
fn the_golden_portfolios_give_the_same_bytes_everywhere() {
    let (Some(spn), Some(golden)) = (shared("data/span/takas.spn"), shared("data/span/golden.jsonl")) else {
        return;
    };
    let server = TestServer::start();
    let expected: Vec<Value> = fs::read_to_string(&golden)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (spn, golden) = (text(&spn), text(&golden));
    for profile in ["exact", "takasbank"] {
        let arguments = ["calc", "--params", &spn, "--portfolios", &golden, "--rounding", profile];
        let here = run(&arguments);
        let there = run(&[&arguments[..], &["--server", server.url()]].concat());
        assert!(here == there, "{profile}");
        let results = here.json();
        assert_eq!((results.len(), here.status), (600, 0), "{profile}");
        if profile == "exact" {
            for (result, line) in results.iter().zip(&expected) {
                assert_eq!(result["account"], line["account"]);
                let (account, exact) = (&result["account"], &line["expected"]["exact"]);
                for key in ["risk", "net_option_value"] {
                    close(&format!("{account} {key}"), &result[key], &exact[key]);
                }
            }
        }
    }
}
