//! Accounts with contracts that have expired, under the published methods.

use serde_json::{Value, json};

use super::{calc, is_near, number, one};

/// Five minutes after an expiry at 60,500, with volatilities that nobody can use.
fn market() -> Value {
    json!({"time": "2026-09-25T08:05:00Z", "sources": [{"source": "X", "price": 61_000, "expiries": [
        {"expiry": "2026-09-25T08:00:00Z", "forward": 60_500, "volatility": "n/a", "model": 7, "smile": [{"strike": 1}]},
    ]}]})
}

/// A future, three calls sold that pay 500 each, two puts held that pay 9,500 each.
fn positions(is_inverse: bool) -> Value {
    let held = |kind: &str, quantity: i64, strike: i64, right: &str, volatility: Value| {
        let mut own = json!({"type": kind, "quantity": quantity, "expiry": "2026-09-25T08:00:00Z", "inverse": is_inverse});
        if kind == "option" {
            own["strike"] = strike.into();
            own["right"] = right.into();
            own["volatility"] = volatility;
        }
        own
    };
    json!([
        held("future", 2, 0, "", Value::Null),
        held("option", -3, 60_000, "C", json!(-1)),
        held("option", 2, 70_000, "P", json!(1e9)),
    ])
}

#[test]
fn no_market_risk_once_the_settlement_price_is_stated() {
    for method in [
        "us-pm-broad-index",
        "us-pm-other-broad-index",
        "us-pm-equity",
        "okx-pm",
        "paradex-pm",
        "deribit-pm-btc",
    ] {
        let is_inverse = method == "deribit-pm-btc";
        let preset = format!("preset:{method}");
        let line = json!({"account": "A", "positions": positions(is_inverse)});
        let own = one(&format!("settled-{method}"), &preset, &market(), &line);
        let pays = if is_inverse { 17_500.0 / 60_500.0 } else { 17_500.0 };
        is_near(&own["equity"], pays, 1e-9);
        for key in ["market_risk", "initial_requirement", "maintenance_requirement"] {
            is_near(&own[key], 0.0, 0.0);
        }
        // A second before, all of it moves.
        let mut before = market();
        before["time"] = "2026-09-25T07:59:59Z".into();
        before["sources"][0]["expiries"][0] =
            json!({"expiry": "2026-09-25T08:00:00Z", "forward": 60_500, "rate": 0, "volatility": 0.5});
        let future = json!({"account": "A", "positions": [positions(is_inverse)[0]]});
        let own = one(&format!("unsettled-{method}"), &preset, &before, &future);
        assert!(number(&own["market_risk"]) > 0.05 * if is_inverse { 1.0 } else { 60_500.0 }, "{own}");
    }
}

#[test]
fn formulas_take_what_it_was_settled_at_as_the_mark() {
    // Of the short call 500, and 7.5 or 15 in the hundred of the price; a future has its parts of the settlement price.
    let line = json!({"account": "A", "positions": positions(false)});
    let own = one("settled-formula", "preset:bit-com-standard", &market(), &line);
    let [future, call] = [60_500.0 * 2.0, 3.0];
    is_near(&own["maintenance_requirement"], 0.01 * future + call * (0.075 * 61_000.0 + 500.0), 1e-6);
    is_near(&own["initial_requirement"], 0.02 * future + call * (0.15 * 61_000.0 + 500.0), 1e-6);
    // In coins: 500 / 60,500 of one.
    let line = json!({"account": "A", "positions": [positions(true)[1]]});
    let own = one("settled-coin", "preset:deribit-standard", &market(), &line);
    is_near(&own["maintenance_requirement"], 3.0 * (0.075 + 500.0 / 60_500.0), 1e-9);
}

#[test]
fn without_a_settlement_price_an_expired_contract_is_refused() {
    let mut market = market();
    market["sources"][0]["expiries"] = json!([]);
    for method in ["us-pm-equity", "bit-com-standard"] {
        let line = json!({"account": "A", "positions": positions(false)});
        let run = calc("settled-none", &format!("preset:{method}"), &market, &[line]);
        let error = run.json()[0]["error"].as_str().unwrap().to_owned();
        assert!(run.status == 1 && error.contains("positions[1]") && error.contains("no forward"), "{error}");
    }
}
