//! What is used and doubted: volatilities and prices that are hardly meant, quotes that have something for nothing.

use serde_json::{Value, json};

use super::{calc, one};
use crate::program::{file, folder, run, text};

/// The kinds and places of the warnings of a result.
fn warned(result: &Value) -> Vec<(String, String)> {
    let of = |own: &Value, key: &str| own[key].as_str().unwrap().to_owned();
    let all = result["warnings"].as_array();
    all.map_or_else(Vec::new, |all| all.iter().map(|own| (of(own, "kind"), of(own, "place"))).collect())
}

/// Bitcoin with the volatilities of two expiries.
fn market(near: Value, far: Value) -> Value {
    let expiry = |seconds: i64, smile: Value| {
        let mut own = json!({"seconds": seconds, "forward": 60_000, "rate": 0});
        own.as_object_mut().unwrap().extend(smile.as_object().unwrap().clone());
        own
    };
    json!({"sources": [{"source": "BTC", "price": 60_000, "expiries": [expiry(604_800, near), expiry(5_184_000, far)]}]})
}

fn call(more: Value) -> Value {
    let mut own =
        json!({"type": "option", "expiry_seconds": 604_800, "strike": 60_000, "right": "C", "quantity": -1});
    own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"account": "A", "positions": [own]})
}

#[test]
fn a_volatility_of_sixty_is_named_by_every_kind_of_method_and_used() {
    let flat = |volatility: f64| json!({"volatility": volatility});
    let near = "BTC 1970-01-08T00:00:00Z".to_owned();
    for (place, method) in
        ["derive-pm2", "us-pm-broad-index", "derive-standard", "bybit-cross"].into_iter().enumerate()
    {
        let told = |name: &str, market: &Value, more: Value| {
            one(&format!("doubted-{name}-{place}"), &format!("preset:{method}"), market, &call(more))
        };
        let plain = told("plain", &market(flat(0.6), flat(0.6)), json!({}));
        assert_eq!((warned(&plain), plain.get("warnings")), (Vec::new(), None), "{method}");
        let quoted = told("quoted", &market(flat(60.0), flat(60.0)), json!({}));
        let expected = [near.clone(), "BTC 1970-03-02T00:00:00Z".to_owned()];
        let expected = expected.map(|place| ("implausible_volatility".to_owned(), place));
        assert_eq!(warned(&quoted), expected, "{method}");
        let stated = told("stated", &market(flat(0.6), flat(0.6)), json!({"volatility": 60}));
        assert_eq!(
            warned(&stated),
            [("implausible_volatility".to_owned(), "positions[0]".to_owned())],
            "{method}"
        );
        assert_eq!(stated["initial_requirement"], quoted["initial_requirement"], "{method}: it is used");
    }
}

#[test]
fn bounds_are_data_of_the_method() {
    let head = "schema = 1\nname = \"m\"\nkind = \"linear\"\ncurrency = \"USD\"\n";
    let terms = "[linear]\ninitial = 0.1\nmaintenance = 0.05\n";
    let market = json!({"sources": [{"source": "BTC", "price": 60_000, "perpetual": {"price": 61_000}}]});
    for (place, (plausible, price, is_named)) in [
        ("", "6000000", true),
        ("", "600", true),
        ("", "599999", false),
        ("[plausible]\nmost_price_ratio = 200\n", "6000000", false),
        ("[plausible]\nmost_price_ratio = 1.01\n", "59000", true),
    ]
    .into_iter()
    .enumerate()
    {
        let position = json!({"type": "perpetual", "quantity": 1, "price": price});
        let line = json!({"account": "A", "positions": [position]});
        let method = format!("{head}{terms}{plausible}");
        let result = one(&format!("doubted-bound-{place}"), &method, &market, &line);
        let of_position =
            warned(&result).contains(&("implausible_price".to_owned(), "positions[0]".to_owned()));
        assert_eq!(of_position, is_named, "{plausible:?} {price}: {result}");
    }
    let wrong =
        calc("doubted-wrong", &format!("{head}{terms}[plausible]\nmost_price_ratio = 0\n"), &market, &[]);
    assert!(wrong.status == 3 && wrong.errors.contains("plausible.most_price_ratio"), "{}", wrong.errors);
}

#[test]
fn what_quotes_have_for_nothing_is_named() {
    let node = |strike: f64, volatility: f64| json!({"strike": strike, "volatility": volatility});
    // The volatility at the forward is far above both sides: a butterfly that costs less than nothing.
    let bent = json!({"smile": [node(50_000.0, 0.3), node(60_000.0, 2.5), node(70_000.0, 0.3)]});
    let flat = |volatility: f64| json!({"volatility": volatility});
    let of = |result: &Value, kind: &str| warned(result).into_iter().filter(|own| own.0 == kind).count();
    let bent = one("doubted-butterfly", "preset:derive-pm2", &market(bent, flat(0.9)), &call(json!({})));
    assert_eq!(of(&bent, "butterfly"), 1, "{bent}");
    // 1.5 over a week is more variance than 0.4 over two months.
    let falling = market(flat(1.5), flat(0.4));
    for (place, method) in ["derive-pm2", "okx-pm", "derive-standard"].into_iter().enumerate() {
        let own = one(
            &format!("doubted-calendar-{place}"),
            &format!("preset:{method}"),
            &falling,
            &call(json!({})),
        );
        assert_eq!(
            warned(&own),
            [("calendar".to_owned(), "BTC 1970-03-02T00:00:00Z".to_owned())],
            "{method}"
        );
    }
    let mut accounts = [call(json!({})), call(json!({"volatility": 61}))];
    for (own, name) in accounts.iter_mut().zip(["A", "B"]) {
        own["account"] = name.into();
    }
    let pool = json!({"pool": "P", "cash": 1, "accounts": accounts});
    let pool = one("doubted-pool", "preset:derive-pm2", &falling, &pool);
    let places: Vec<String> = warned(&pool).into_iter().map(|own| own.1).collect();
    assert_eq!(places, ["BTC 1970-03-02T00:00:00Z", "accounts[1].positions[0]"], "of the market once");
}

#[test]
fn a_set_that_is_made_of_doubted_quotes_says_so() {
    let method = "schema = 1\nname = \"own\"\nkind = \"span16\"\ncurrency = \"USD\"\nhouse = \"OWN\"\n\
        [[products]]\nsource = \"BTC\"\nprice_scan = 0.1\nvolatility_scan = 0.2\nstrikes = [60000]\n";
    let method = file("doubted-build.toml", method);
    let mut falling = market(json!({"volatility": 60}), json!({"volatility": 0.4}));
    falling["time"] = "2026-09-18T00:00:00Z".into();
    let market = file("doubted-build.market.json", falling.to_string());
    let output = text(&folder().join("doubted.spn"));
    let built = run(&["params", "build", "--method", &method, "--market", &market, "--output", &output]);
    assert_eq!(built.status, 0, "{}", built.errors);
    let lines: Vec<&str> = built.errors.lines().collect();
    assert!(lines.len() == 2, "{lines:?}");
    assert!(lines[0].starts_with("warning: implausible_volatility: BTC 2026-09-25"), "{lines:?}");
    assert!(lines[1].starts_with("warning: calendar: BTC 2026-11-17"), "{lines:?}");
}
