//! What futures and perpetuals have gained since they were traded is equity, and follows the market.

use serde_json::{Value, json};

use super::{calc, is_near, number, one};

const DAY: i64 = 86_400;
/// A tenth of the price either way.
const GRID: &str = "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n\
                    [[grids]]\nmoves = [-0.1, 0.1]\nvolatilities = [\"none\"]\n\
                    [margin]\nmaintenance_factor = 1\ninitial_factor = 1\n";
const STATIC: &str =
    "schema = 1\nname = \"m\"\nkind = \"static\"\ncurrency = \"USD\"\ninitial = 0.1\nmaintenance = 0.05\n";

fn market(price: f64) -> Value {
    json!({"sources": [{"source": "X", "price": price, "perpetual": {"price": price + 30.0}, "expiries": [
        {"seconds": 30 * DAY, "forward": price + 100.0},
    ]}]})
}

fn line(positions: &Value) -> Value {
    json!({"account": "A", "cash": 10_000, "positions": positions})
}

#[test]
fn gains_since_entry_are_equity_under_every_method() {
    let perpetual = |quantity: f64, entry: Value| json!({"type": "perpetual", "quantity": quantity, "entry_price": entry});
    let future = |quantity: f64, entry: f64| json!({"type": "future", "expiry_seconds": 30 * DAY, "multiplier": "0.1", "quantity": quantity, "entry_price": entry});
    for (positions, price, gain) in [
        (json!([perpetual(2.0, json!(58_030))]), 60_000.0, 4_000.0),
        (json!([perpetual(-2.0, json!("58030.5"))]), 60_000.0, -3_999.0),
        // A tenth of a unit for each of five.
        (json!([future(5.0, 61_000.0)]), 60_000.0, -450.0),
        // Two entries of one contract, which nets; the third position states its gain itself.
        (
            json!([perpetual(3.0, json!(50_030)), perpetual(-2.0, json!(55_030)),
                {"type": "perpetual", "quantity": 1, "unrealised_profit": 7}]),
            60_000.0,
            30_000.0 - 10_000.0 + 7.0,
        ),
        // Its own price comes first.
        (
            json!([{"type": "perpetual", "quantity": 1, "price": 61_000, "entry_price": 60_000}]),
            60_000.0,
            1_000.0,
        ),
    ] {
        for method in [GRID, STATIC, "preset:derive-pm2", "preset:derive-standard", "preset:dydx-large"] {
            let own = one("entries", method, &market(price), &line(&positions));
            is_near(&own["equity"], 10_000.0 + gain, 1e-9);
            if let Some(parts) = own["equity_parts"].as_object() {
                is_near(&parts["unrealised_profit"], gain, 1e-9);
            }
        }
    }
}

#[test]
fn coins_are_gained_where_a_contract_is_settled_in_them() {
    // A coin's worth at 50,000 was 1.2 of them at 60,000: a coin at today's price is 50,000 contracts of a dollar.
    let held = json!([{"type": "future", "expiry_seconds": 30 * DAY, "inverse": true, "quantity": 1, "entry_price": 60_000}]);
    let market = json!({"sources": [{"source": "X", "price": 50_000, "expiries": [{"seconds": 30 * DAY, "forward": 50_000}]}]});
    let own =
        one("entry-coin", "preset:deribit-pm-btc", &market, &json!({"account": "A", "positions": held}));
    is_near(&own["equity"], 50_000.0 * (1.0 / 60_000.0 - 1.0 / 50_000.0), 1e-12);
}

#[test]
fn a_search_for_the_price_of_liquidation_goes_the_right_way() {
    // A perpetual bought at 60,030 with 10,000 in cash: at p + 30 it has 10,000 + p - 60,000, and needs a tenth of p + 30.
    let held = json!([{"type": "perpetual", "quantity": 1, "entry_price": 60_030}]);
    let headroom =
        |price: f64| number(&one("search", GRID, &market(price), &line(&held))["maintenance_headroom"]);
    let (mut low, mut high) = (40_000.0, 80_000.0);
    assert!(headroom(low) < 0.0 && headroom(high) > 0.0);
    while high - low > 1e-3 {
        let middle = 0.5 * (low + high);
        if headroom(middle) < 0.0 { low = middle } else { high = middle }
    }
    assert!((low - 50_003.0 / 0.9).abs() < 1e-2, "{low}");
}

#[test]
fn only_losses_count_where_the_method_says_so() {
    let method = format!("{STATIC}counts_gains = false\n");
    let held = json!([
        {"type": "perpetual", "quantity": 1, "entry_price": 60_000},
        {"type": "perpetual", "quantity": 1, "entry_price": 60_040},
    ]);
    is_near(&one("losses", &method, &market(60_000.0), &line(&held))["equity"], 10_000.0 - 10.0, 1e-9);
}

#[test]
fn an_entry_price_beside_its_gain_or_of_what_is_paid_is_named() {
    let option = json!({"type": "option", "expiry_seconds": 30 * DAY, "strike": 1, "right": "C", "quantity": 1, "entry_price": 1});
    for (position, message) in [
        (
            json!({"type": "perpetual", "quantity": 1, "entry_price": 1, "unrealised_profit": 0}),
            "unrealised_profit: stands beside an entry_price",
        ),
        (
            json!({"type": "perpetual", "quantity": 1, "entry_price": 0}),
            "entry_price: expected a number above 0",
        ),
        (
            json!({"type": "asset", "quantity": 1, "entry_price": 1}),
            "entry_price: only perpetuals and futures have one",
        ),
        (option, "entry_price: only perpetuals and futures have one"),
    ] {
        let run = calc("entry-refused", GRID, &market(60_000.0), &[line(&json!([position]))]);
        assert!(run.status == 1 && run.out.contains(message), "{message} in {}", run.out);
    }
}
