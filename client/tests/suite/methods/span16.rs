//! SPAN's arrays from a market and scan ranges.

use serde_json::json;

use super::{calc, is_near};
use crate::program::{file, folder, run, text};

const METHOD: &str = "schema = 1\nname = \"own\"\nkind = \"span16\"\ncurrency = \"USD\"\nhouse = \"OWN\"\n\
    [[products]]\nsource = \"CRUDE\"\nmultiplier = 100\nprice_scan = 0.06\nvolatility_scan = 0.25\nstrikes = [70, 75.5]\n\
    short_option_minimum = 12\nspread_charge = 35\nplaces = 3\n";

fn market() -> serde_json::Value {
    json!({"time": "2026-09-18T00:00:00Z", "rates": [{"expiry": "2027-09-18T00:00:00Z", "rate": 0.04}], "sources": [
        {"source": "CRUDE", "price": 72.0, "expiries": [
            {"expiry": "2026-12-18T08:00:00Z", "forward": 71.25, "volatility": 0.35},
            {"expiry": "2027-03-18T08:00:00Z", "forward": 70.5},
        ]},
    ]})
}

fn line(account: &str, positions: serde_json::Value) -> serde_json::Value {
    json!({"account": account, "positions": positions})
}

#[test]
fn the_set_margins_like_any_other_and_so_does_its_file_in_both_formats() {
    let future = |period: &str, quantity: i64| json!({"product": "CRUDE", "type": "FUT", "period": period, "quantity": quantity});
    let call = json!({"product": "CRUDE", "type": "OOF", "period": "20261218", "right": "C", "strike": "75.5", "quantity": -4});
    let lines = [
        line("long", json!([future("20261218", 3)])),
        line("calendar", json!([future("20261218", 2), future("20270318", -2)])),
        line("short call", json!([call])),
    ];
    let direct = calc("span16", METHOD, &market(), &lines);
    let results = direct.json();
    assert_eq!(direct.status, 0, "{}{}", direct.out, direct.errors);
    // Three contracts of a hundred, six percent of 72.
    is_near(&results[0]["risk"], 3.0 * 100.0 * 0.06 * 72.0, 1e-6);
    // A whole spread offset, two spreads of 35.
    is_near(&results[1]["risk"], 70.0, 1e-6);
    // The call at 71.25, 35 percent, 91 1/3 days and a rate of 4 percent; the worst is the move up by the range, volatility up: Black-76 by
    // an independent implementation (Python, double precision).
    let value =
        |forward: f64, volatility: f64| black(forward, 75.5, volatility, (91.0 + 1.0 / 3.0) / 365.0, 0.04);
    let loss = 400.0 * (value(71.25 + 4.32, 0.35 * 1.25) - value(71.25, 0.35));
    is_near(&results[2]["commodities"]["CRUDE"]["scan_risk"], loss, 0.01);
    let method = file("span16-build.toml", METHOD);
    let market = file("span16-build.market.json", market().to_string());
    let accounts: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let accounts = file("span16-build.jsonl", accounts);
    for name in ["span16.spn", "span16.pa2"] {
        let output = text(&folder().join(name));
        run(&["params", "build", "--method", &method, "--market", &market, "--output", &output]).well();
        let built = run(&["calc", "--params", &output, "--portfolios", &accounts]).json();
        for (own, expected) in built.iter().zip(&results) {
            assert_eq!(own["commodities"], expected["commodities"], "{name}");
            assert_eq!(own["requirement"], expected["requirement"], "{name}");
        }
    }
}

/// A call by Black's formula and a power series of the error function.
fn black(forward: f64, strike: f64, volatility: f64, years: f64, rate: f64) -> f64 {
    let normal = |x: f64| {
        let (mut term, mut sum) = (x, x);
        for step in 1..200 {
            term *= -x * x / (2.0 * f64::from(step));
            sum += term / (2.0 * f64::from(step) + 1.0);
        }
        0.5 + sum / (2.0 * std::f64::consts::PI).sqrt()
    };
    let s = volatility * years.sqrt();
    let d1 = (forward / strike).ln() / s + 0.5 * s;
    f64::exp(-rate * years) * (forward * normal(d1) - strike * normal(d1 - s))
}

#[test]
fn what_a_set_cannot_be_made_of_is_named() {
    let mut market = market();
    market["sources"][0]["expiries"][1]["forward"] = serde_json::Value::Null;
    market["rates"] = json!([]);
    let run = calc("span16-missing", METHOD, &market, &[]);
    assert_eq!(run.status, 3);
    for message in ["2026-12-18T08:00:00Z: no rate is known", "no forward to 2027-03-18T08:00:00Z is known"] {
        assert!(run.errors.contains(message), "{message} in {}", run.errors);
    }
}
