//! `plimsoll params` without a server.

use std::fs;

use serde_json::Value;

use crate::book::{portfolios, sample_set};
use crate::program::{file, run, sample_bytes, sample_file};

#[test]
fn inspect_shows_what_a_file_holds() {
    let set = sample_set();
    let table = run(&["params", "inspect", sample_file()]).well();
    let digest = set.digest().to_string();
    for wanted in
        [set.id(), set.house().as_str(), digest.as_str(), "exact", "Scan points", "Conversion rates"]
    {
        assert!(table.contains(wanted), "{wanted} in\n{table}");
    }
    for commodity in set.commodities() {
        assert!(table.contains(&format!(" {} ", commodity.code())), "{}", commodity.code());
    }
    let json =
        run(&["params", "inspect", sample_file(), "--format", "json", "--rounding", "takasbank"]).well();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["id"], &json["rounding"]), (&set.id().into(), &"takasbank".into()));
    assert_eq!(json["summary"]["arrays"], set.summary().arrays);
    assert_eq!(json["commodities"].as_array().unwrap().len(), set.commodities().len());
    assert_eq!(json["points"].as_array().unwrap().len(), set.points().count());
    assert_eq!(json["warnings"], Value::Array(Vec::new()));
}

#[test]
fn inspect_prints_everything_that_is_wrong() {
    let text = String::from_utf8(sample_bytes()).unwrap();
    let broken = text.replacen("<date>20", "<date>99", 1).replacen("<factor>", "<factor>x", 1);
    assert_ne!(broken, text);
    let path = file("broken.spn", broken.replacen("<date>", "<date>x", 1));
    let run = run(&["params", "inspect", &path]);
    assert_eq!((run.status, run.out.as_str()), (3, ""));
    let findings =
        run.errors.lines().filter(|line| line.starts_with(&format!("{path}: error: line "))).count();
    assert!(findings >= 2, "{}", run.errors);
}

#[test]
fn the_sample_is_the_same_file_every_time() {
    let path = file("written.spn", "");
    let arguments = ["params", "sample", "--output", &path];
    assert_eq!(run(&arguments).well(), "");
    assert_eq!(fs::read(&path).unwrap(), sample_bytes());
    let nowhere = format!("{path}/nowhere/sample.spn");
    assert_eq!(run(&["params", "sample", "--output", &nowhere]).status, 2);
}

#[test]
fn the_sample_in_either_format_gives_the_same_results() {
    let sample = |name: &str| {
        let path = file(name, "");
        let run = run(&["params", "sample", "--output", &path]);
        assert_eq!((run.status, run.errors.as_str()), (0, ""));
        path
    };
    let book = file("either.jsonl", portfolios(20));
    let results = [sample("either.spn"), sample("either.pa2")].map(|set| {
        let arguments = ["calc", "--params", &set, "--portfolios", &book];
        let mut lines = run(&arguments).json();
        // The sets are named by the digests of their files.
        for line in &mut lines {
            line["parameter_set"].take();
        }
        lines
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0].len(), 20);
}
