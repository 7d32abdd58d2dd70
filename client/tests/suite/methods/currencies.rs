//! Coins and dollars: what a contract is settled in and what its price is in are money of the method, or a fault says which is not.

use serde_json::{Value, json};

use super::{calc, is_near, one};

const EXPIRY: &str = "2026-12-25T08:00:00Z";

/// One source at 60,000 with a month of options.
fn market(source: &str, terms: &Value) -> Value {
    let mut own = json!({
        "source": source, "price": 60_000, "open_interest": 1e9,
        "expiries": [{"expiry": EXPIRY, "forward": 60_000, "rate": 0, "volatility": 0.6}],
    });
    for (key, value) in terms.as_object().unwrap() {
        own[key] = value.clone();
    }
    json!({"time": "2026-11-25T08:00:00Z", "sources": [own]})
}

fn put(more: &Value) -> Value {
    let mut own = json!({"type": "option", "expiry": EXPIRY, "strike": 60_000, "right": "P", "quantity": -1});
    for (key, value) in more.as_object().unwrap() {
        own[key] = value.clone();
    }
    own
}

fn custom(currency: &str) -> String {
    format!(
        "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"{currency}\"\n[[scenarios]]\nspot_factor = 0.9\n\
         [margin]\nmaintenance_factor = 1\ninitial_factor = 1\n"
    )
}

const NO_COIN: &str = "neither the currency of its price nor a token of it";
const INVERSE: &str = r#"{"inverse": true}"#;
const USD: &str = r#"{"currency": "USD"}"#;
const EUR: &str = r#"{"currency": "EUR"}"#;

/// Method (a currency is a method of our own in it), source, its terms, what the position says, and the fault.
#[rustfmt::skip]
const MISFITS: [(&str, &str, &str, &str, &str); 19] = [
    ("preset:deribit-pm-btc", "BTC", "{}", "{}", "the price of BTC is in USD, the method in BTC"),
    ("preset:deribit-pm-btc", "X", "{}", "{}", "the price of X is in USD, the method in BTC"),
    ("preset:deribit-pm-btc", "BTC", USD, "{}", "the price of BTC is in USD, the method in BTC"),
    ("preset:deribit-pm-btc", "BTC", EUR, INVERSE, "the price of BTC is in EUR, and the method does not take that"),
    ("preset:deribit-pm-btc", "ETH", USD, INVERSE, "ETH does not say that a unit of it is BTC"),
    ("preset:deribit-standard", "BTC", "{}", "{}", "the price of BTC is in USD, the method in BTC"),
    ("preset:derive-pm2", "BTC", "{}", INVERSE, NO_COIN),
    ("preset:derive-pm2", "BTC", USD, INVERSE, NO_COIN),
    ("preset:derive-pm2", "BTC", EUR, "{}", "the price of BTC is in EUR, the method in USDC"),
    ("preset:bybit-cross", "BTC", EUR, INVERSE, "is inverse, and USDC is no coin"),
    ("preset:okx-pm", "BTC", EUR, INVERSE, "is inverse, and USD is no coin"),
    ("preset:okx-pm", "BTC", EUR, "{}", "the price of BTC is in EUR, the method in USD"),
    ("BTC", "BTC", "{}", "{}", "the price of BTC is in no BTC"),
    ("BTC", "BTC-USD", "{}", "{}", "the price of BTC-USD is in no BTC"),
    ("BTC", "BTC", USD, "{}", "the price of BTC is in USD, the method in BTC"),
    ("USD", "BTC", EUR, INVERSE, "BTC does not say that a unit of it is USD"),
    ("USD", "BTC", r#"{"currency": "USDC"}"#, "{}", "the price of BTC is in USDC, the method in USD"),
    ("USD", "BTC", USD, r#"{"quote": "EUR"}"#, "is settled in EUR, the method in USD"),
    ("USD", "BTC", "{}", INVERSE, NO_COIN),
];

#[test]
fn what_is_no_money_of_the_method_is_a_fault_that_names_it() {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for (method, source, terms, more, message) in MISFITS {
        let text = if method.starts_with("preset:") { method.to_owned() } else { custom(method) };
        let line = json!({"account": "A", "cash": 10, "positions": [put(&parsed(more))]});
        let run = calc("misfit", &text, &market(source, &parsed(terms)), &[line]);
        let error = run.json()[0]["error"].as_str().unwrap_or_default().to_owned();
        assert!(run.status == 1 && error.contains(message), "{method} {terms} {more}: {}", run.out);
        assert!(error.contains("positions[0]"), "{error}");
    }
}

#[test]
fn what_is_money_of_the_method_is_margined() {
    let inverse = json!({"inverse": true});
    let usd = json!({"currency": "USD"});
    for (method, source, terms, more) in [
        ("preset:deribit-pm-btc", "BTC", json!({}), &inverse),
        ("preset:deribit-pm-btc", "BTC-USD", usd.clone(), &inverse),
        ("preset:deribit-pm-btc", "INDEX", json!({"currency": "USD", "base": "BTC"}), &inverse),
        ("preset:deribit-pm-btc", "ETH-BTC", json!({"currency": "BTC"}), &json!({})),
        ("preset:derive-pm2", "BTC", usd, &json!({})),
        ("preset:derive-pm2", "BTC", json!({"currency": "USDC"}), &json!({})),
    ] {
        let line = json!({"account": "A", "positions": [put(more)]});
        let result = one("fit", method, &market(source, &terms), &line);
        assert!(super::number(&result["initial_requirement"]) > 0.0, "{method} {terms}");
    }
}

#[test]
fn collateral_is_worth_the_price_of_its_source_in_money_of_the_method_only() {
    let held = |price: Option<i64>| {
        json!({"account": "A", "positions": [], "collateral": [{
            "asset": "BTC", "amount": 1, "price": price, "maintenance_haircut": 0, "initial_haircut": 0,
        }]})
    };
    for method in ["preset:deribit-pm-btc", "preset:deribit-standard"] {
        let run = calc("collateral-coin", method, &market("BTC", &json!({})), &[held(None)]);
        let error = run.json()[0]["error"].to_string();
        assert!(error.contains("collateral[0]: the price of BTC is in USD, the method in BTC"), "{error}");
        let stated = one("collateral-stated", method, &market("BTC", &json!({})), &held(Some(1)));
        is_near(&stated["equity"], 1.0, 0.0);
    }
    let dollars =
        one("collateral", "preset:derive-pm2", &market("BTC", &json!({"currency": "USD"})), &held(None));
    is_near(&dollars["equity"], 60_000.0, 0.0);
}

#[test]
fn sizes_in_units_of_the_quote_are_coins_at_the_price_of_the_contract() {
    for (kind, method) in [
        ("perpetual", "preset:deribit-pm-btc"),
        ("future", "preset:deribit-pm-btc"),
        ("perpetual", "preset:deribit-standard"),
    ] {
        let market = market("BTC", &json!({"currency": "USD"}));
        let held = |more: Value| {
            let mut own = json!({"type": kind, "inverse": true, "price": 50_000});
            if kind == "future" {
                own["expiry"] = EXPIRY.into();
            }
            own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            own
        };
        let line = |held: Value| json!({"account": "A", "positions": [held]});
        let coins = one("coins", method, &market, &line(held(json!({"quantity": -2}))));
        for (contracts, multiplier) in [(-100_000, 1), (-10_000, 10)] {
            let sized = held(json!({"contracts": contracts, "multiplier": multiplier}));
            let own = one("contracts", method, &market, &line(sized));
            for key in ["initial_requirement", "maintenance_requirement", "equity"] {
                is_near(&own[key], super::number(&coins[key]), 2e-7);
            }
        }
        assert!(super::number(&coins["initial_requirement"]) > 0.03);
    }
    // 60,000 contracts of 1 dollar at 60,000 are one coin: 10 % less is 1/9 of it.
    let method = "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"BTC\"\nprice_currencies = [\"USD\"]\n\
                  [[scenarios]]\nspot_factor = 0.9\n[margin]\nmaintenance_factor = 1\ninitial_factor = 1\n";
    let perpetual = json!({"type": "perpetual", "inverse": true, "contracts": 60_000});
    let line = json!({"account": "A", "positions": [perpetual]});
    is_near(
        &one("one-coin", method, &market("BTC", &json!({})), &line)["initial_requirement"],
        1.0 / 9.0,
        1e-7,
    );
    let both = json!({"account": "A", "positions": [{"type": "perpetual", "inverse": true, "contracts": 1, "quantity": 1}]});
    let run = calc("both-sizes", method, &market("BTC", &json!({})), &[both]);
    assert!(run.out.contains("positions[0].contracts: stands beside quantity"), "{}", run.out);
}

#[test]
fn terms_of_prices_are_checked_with_the_market_and_the_method() {
    let line = json!({"account": "A"});
    for (terms, message) in [
        (
            json!({"currency": "DOLLARS AND CENTS"}),
            "sources[0].currency: a currency has at most 8 characters",
        ),
        (json!({"base": "BTC"}), "sources[0].base: stands without the currency of the price"),
        (json!({"currency": "BTC", "base": "BTC"}), "price_terms.base: is the currency of the prices"),
    ] {
        let run = calc("terms", "preset:derive-pm2", &market("BTC", &terms), std::slice::from_ref(&line));
        assert!(run.status == 3 && run.errors.contains(message), "{terms}: {}", run.errors);
    }
    let twice = custom("USD").replace("[[scen", "price_currencies = [\"USD\", \"USD\", \"\"]\n[[scen");
    let run = calc("terms-method", &twice, &market("BTC", &json!({})), &[line]);
    for message in ["price_currencies: USD stands there a second time", "a currency is missing"] {
        assert!(run.status == 3 && run.errors.contains(message), "{}", run.errors);
    }
}

#[test]
fn a_set_is_made_of_prices_in_its_own_currency_only() {
    let method = "schema = 1\nname = \"house\"\nkind = \"span16\"\ncurrency = \"USD\"\nhouse = \"H\"\n\
                  [[products]]\nsource = \"BTC\"\nprice_scan = 0.1\nvolatility_scan = 0.1\nstrikes = [60000]\n";
    let line = json!({"account": "A", "positions": []});
    let run = calc("span16-eur", method, &market("BTC", &json!({"currency": "EUR"})), &[line]);
    assert!(
        run.status == 3 && run.errors.contains("the price of BTC is in EUR, the method in USD"),
        "{}",
        run.errors
    );
}
