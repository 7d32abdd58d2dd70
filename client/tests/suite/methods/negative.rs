//! Prices of 0 and below: crude oil for May settled at -37.63 dollars a barrel on 20 April 2020.

use serde_json::{Value, json};

use super::{calc, is_near, number, one};
use crate::program::{file, run};

const EXPIRY: &str = "2020-05-20T00:00:00Z";
/// Thirty days.
const YEARS: f64 = 30.0 / 365.0;
const OIL: f64 = -37.63;

/// Oil with a month of options, at 60 dollars a year.
fn market(price: f64, terms: &Value) -> Value {
    let mut own = json!({
        "source": "CL", "price": price, "perpetual": {"price": price},
        "expiries": [{"expiry": EXPIRY, "forward": price, "rate": 0, "volatility": 60, "model": "normal"}],
    });
    own.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    json!({"time": "2020-04-20T00:00:00Z", "sources": [own]})
}

fn normal() -> Value {
    json!({"currency": "USD", "model": "normal"})
}

/// Down by ten dollars, up by ten dollars, down and up by a tenth of the price's size.
fn grid(more: &str) -> String {
    format!(
        "schema = 1\nname = \"oil\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n[[scenarios]]\nspot_shift = -10\n[[scenarios]]\nspot_shift = 10\n\
         [[scenarios]]\nspot_factor = 0.9\n[[scenarios]]\nspot_factor = 1.1\n[margin]\nmaintenance_factor = 1\ninitial_factor = 1\n{more}"
    )
}

fn held(more: &Value) -> Value {
    let mut own = json!({"type": "future", "expiry": EXPIRY, "multiplier": 1000, "quantity": 2});
    own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    own.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({"account": "A", "positions": [own]})
}

fn option(strike: f64, right: &str) -> Value {
    held(&json!({"type": "option", "strike": strike, "right": right, "quantity": -1}))
}

/// Bachelier's price of a call at the forward.
fn at_the_forward(volatility: f64) -> f64 {
    volatility * YEARS.sqrt() / (2.0 * std::f64::consts::PI).sqrt()
}

#[test]
fn moves_below_zero_are_absolute_or_parts_of_the_size_of_the_price() {
    let results = |line: &Value| -> Vec<f64> {
        let result = one("oil", &grid(""), &market(OIL, &normal()), line);
        result["scenario_pnl"].as_array().unwrap().iter().map(number).collect()
    };
    for (kind, more) in [("future", json!({})), ("perpetual", json!({"type": "perpetual", "expiry": null}))] {
        for (place, expected) in [-20_000.0, 20_000.0, -7_526.0, 7_526.0].into_iter().enumerate() {
            let actual = results(&held(&more))[place];
            assert!((actual - expected).abs() < 1e-6, "{kind} {place}: {actual}");
        }
    }
    // A short put at the forward loses more where oil falls, by the same number below 0 as above.
    let below = results(&option(OIL, "P"));
    let above: Vec<f64> = {
        let market = market(-OIL, &normal());
        let result = one("oil-above", &grid(""), &market, &option(-OIL, "P"));
        result["scenario_pnl"].as_array().unwrap().iter().map(number).collect()
    };
    assert!(below[0] < below[2] && below[2] < 0.0 && below[3] > 0.0, "{below:?}");
    assert!(
        below.iter().zip(&above).all(|(below, above)| (below - above).abs() < 1e-6),
        "{below:?} {above:?}"
    );
    let short = one("oil-value", &grid(""), &market(OIL, &normal()), &option(OIL, "C"));
    is_near(&short["equity"], -1000.0 * at_the_forward(60.0), 1e-3);
}

#[test]
fn at_zero_a_part_of_the_price_is_nothing_and_an_absolute_move_is_not() {
    let result = one("oil-zero", &grid(""), &market(0.0, &normal()), &held(&json!({})));
    let results: Vec<f64> = result["scenario_pnl"].as_array().unwrap().iter().map(number).collect();
    assert_eq!(results, [-20_000.0, 20_000.0, 0.0, 0.0]);
}

#[test]
fn parts_of_the_notional_are_parts_of_its_size() {
    let charges = "[contingency]\nfuture_maintenance = 0.1\noption_maintenance = 0.01\nfee = 0.001\n[[concentration]]\nabove = 0\nfraction = 0.01\n";
    let result = one("oil-charges", &grid(charges), &market(OIL, &normal()), &held(&json!({})));
    is_near(&result["maintenance_contingency"], 75_260.0 * (0.1 + 0.001 + 0.01), 1e-6);
    let fixed = "schema = 1\nname = \"m\"\nkind = \"static\"\ncurrency = \"USD\"\ninitial = 0.1\nmaintenance = 0.05\n";
    for quantity in [2, -2] {
        let result = one("oil-static", fixed, &market(OIL, &normal()), &held(&json!({"quantity": quantity})));
        is_near(&result["initial_requirement"], 7_526.0, 1e-9);
    }
    let stressed = format!(
        "{}[liquidation]\nbankruptcy_adjustment = 1\nspread_to_maintenance = 1\n",
        fixed
            .replace("static", "linear")
            .replace("initial = 0.1\nmaintenance = 0.05\n", "[linear]\ninitial = 0.1\nmaintenance = 0.05\n")
    );
    let result =
        one("oil-stress", &stressed, &market(OIL, &normal()), &held(&json!({"unrealised_profit": -10})));
    // A long may be taken over below its price, however low that is.
    assert!(number(&result["positions"][0]["fillable_price"]) < OIL * 1000.0, "{result}");
    // Short options by formula: ten dollars out of the money, parts of 37.63.
    let standard = "schema = 1\nname = \"m\"\nkind = \"standard\"\ncurrency = \"USD\"\n[option]\nmaintenance_spot_call = 0.1\nmaintenance_spot_put = 0.1\n\
                    initial_spot = 0.5\nminimum_spot = 0.2\n[linear]\ninitial = 0.1\nmaintenance = 0.05\n[spread]\nunpaired_initial = 1\nunpaired_maintenance = 1\n";
    let put = held(&json!({"type": "option", "strike": OIL - 10.0, "right": "P", "quantity": -1, "mark": 2}));
    let result = one("oil-standard", standard, &market(OIL, &normal()), &put);
    is_near(&result["positions"][0]["out_of_the_money"], 10.0, 1e-9);
    is_near(&result["initial_requirement"], 1000.0 * (0.5 * 37.63 - 10.0 + 2.0), 1e-6);
    is_near(&result["maintenance_requirement"], 1000.0 * (3.763 + 2.0), 1e-6);
}

#[test]
fn a_source_moves_normally_where_it_says_so_or_where_all_its_volatilities_do() {
    for terms in [normal(), json!({"model": "normal"}), json!({"currency": "USD"}), json!({})] {
        let result = one("oil-terms", &grid(""), &market(OIL, &terms), &held(&json!({"price": -40})));
        is_near(&result["initial_requirement"], 20_000.0, 0.0);
    }
}

#[test]
fn other_sources_have_prices_above_zero() {
    let lognormal = json!({"currency": "USD", "model": "lognormal"});
    for price in [OIL, 0.0] {
        let run = calc("oil-lognormal", &grid(""), &market(price, &lognormal), &[held(&json!({}))]);
        for path in ["sources[0].price", "sources[0].perpetual.price", "sources[0].expiries[0].forward"] {
            let message =
                format!("{path}: expected a number above 0, as the source does not move normally (model)");
            assert!(run.status == 3 && run.errors.contains(&message), "{path}: {}", run.errors);
        }
        for (more, message) in [
            (json!({"price": price}), "where CL does not move normally"),
            (json!({"type": "perpetual", "expiry": null, "price": price}), "where CL does not move normally"),
        ] {
            for method in [grid(""), "schema = 1\nname = \"m\"\nkind = \"static\"\ncurrency = \"USD\"\ninitial = 0.1\nmaintenance = 0.05\n".to_owned()] {
                let run = calc("oil-position", &method, &market(30.0, &lognormal), &[held(&more)]);
                assert!(run.status == 1 && run.out.contains(message), "{more}: {}", run.out);
            }
        }
    }
    let moved = calc("oil-moved", &grid(""), &market(5.0, &lognormal), &[held(&json!({}))]);
    assert!(moved.out.contains("its price in some scenario is not positive"), "{}", moved.out);
}

#[test]
fn what_divides_by_a_price_or_takes_its_logarithm_is_refused() {
    let coin = grid("").replace("\"USD\"", "\"OIL\"\nprice_currencies = [\"USD\"]");
    let terms = json!({"currency": "USD", "model": "normal", "base": "OIL"});
    for price in [OIL, 37.63] {
        let run = calc("oil-inverse", &coin, &market(price, &terms), &[held(&json!({"inverse": true}))]);
        assert!(
            run.status == 1 && run.out.contains("is inverse, and the price of CL moves normally"),
            "{}",
            run.out
        );
        let lognormal = held(&json!({"type": "option", "strike": 40, "right": "C", "model": "lognormal"}));
        let run = calc("oil-black", &grid(""), &market(price, &normal()), &[lognormal]);
        assert!(
            run.status == 1 && run.out.contains("is a lognormal option, and the price of CL moves normally"),
            "{}",
            run.out
        );
    }
    let asset = json!({"account": "A", "positions": [], "collateral": [{
        "asset": "CL", "amount": 1, "maintenance_haircut": 0, "initial_haircut": 0,
    }]});
    let run = calc("oil-collateral", &grid(""), &market(OIL, &normal()), &[asset]);
    assert!(run.status == 1 && run.out.contains("collateral[0]: no price of"), "{}", run.out);
}

#[test]
fn no_scan_range_is_a_part_of_a_price_below_zero() {
    let method = file(
        "oil-span16.toml",
        "schema = 1\nname = \"house\"\nkind = \"span16\"\ncurrency = \"USD\"\nhouse = \"H\"\n[[products]]\nsource = \"CL\"\nprice_scan = 0.1\nvolatility_scan = 0.1\n",
    );
    let market = file("oil-span16.json", market(OIL, &normal()).to_string());
    let arguments = ["params", "build", "--method", &method, "--market", &market, "--output", "/dev/null"];
    let run = run(&arguments);
    assert!(
        run.status != 0 && run.errors.contains("the price of CL is -37.63: a scan range"),
        "{}",
        run.errors
    );
}
