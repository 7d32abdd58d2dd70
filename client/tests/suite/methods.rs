//! `plimsoll calc --method`: published numbers, the reference vectors, hostile files.

mod clients;
mod currencies;
mod doubted;
mod entries;
mod negative;
mod printed;
mod published;
mod refused;
mod settled;
mod sources;
mod span16;
mod twice;
mod vectors;

use serde_json::{Value, json};

use crate::program::{Run, file, run};

/// Runs lines through a method and a market; every test has its own name.
pub(crate) fn calc(name: &str, method: &str, market: &Value, lines: &[Value]) -> Run {
    let method =
        if method.starts_with("preset:") { method.to_owned() } else { file(&format!("{name}.toml"), method) };
    let market = file(&format!("{name}.market.json"), market.to_string());
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let portfolios = file(&format!("{name}.accounts.jsonl"), lines);
    run(&["calc", "--method", &method, "--market", &market, "--portfolios", &portfolios])
}

/// One line's result.
pub(crate) fn one(name: &str, method: &str, market: &Value, line: &Value) -> Value {
    let run = calc(name, method, market, std::slice::from_ref(line));
    assert_eq!((run.status, run.errors.as_str()), (0, ""), "{name}: {}", run.out);
    run.json().remove(0)
}

/// A number that is printed as text.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

#[track_caller]
pub(crate) fn is_near(value: &Value, expected: f64, tolerance: f64) {
    let actual = number(value);
    assert!((actual - expected).abs() <= tolerance, "{actual} instead of {expected}");
}

/// A market of one source.
pub(crate) fn market(price: f64) -> Value {
    json!({"sources": [{"source": "X", "price": price}]})
}
