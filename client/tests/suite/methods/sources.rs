//! Where a number comes from: the position's own statement, the market's quote, a model; and what contradicts.

use serde_json::{Value, json};

use super::{calc, is_near, number, one};

const DAY: i64 = 86_400;

/// Half the price either way and as it is, nothing discounted.
const GRID: &str = "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n\
                    [[grids]]\nmoves = [-0.5, 0.0, 0.5]\nvolatilities = [\"none\"]\n[valuation]\ndiscounts = false\n\
                    [margin]\nmaintenance_factor = 1\ninitial_factor = 1\n";
const TENTH: &str =
    "schema = 1\nname = \"m\"\nkind = \"static\"\ncurrency = \"USD\"\ninitial = 0.1\nmaintenance = 0.05\n";

fn market() -> Value {
    json!({"sources": [{"source": "X", "price": 1500, "perpetual": {"price": 1505}, "expiries": [
        {"seconds": 30 * DAY, "forward": 1510, "volatility": 0.6},
    ]}]})
}

fn position(more: Value) -> Value {
    let mut own =
        json!({"type": "option", "expiry_seconds": 30 * DAY, "strike": 1500, "right": "C", "quantity": -2});
    for (key, value) in more.as_object().unwrap() {
        own[key] = value.clone();
    }
    if own["type"] != "option" {
        for key in ["strike", "right"] {
            own.as_object_mut().unwrap().remove(key);
        }
        if own["type"] != "future" {
            own.as_object_mut().unwrap().remove("expiry_seconds");
        }
    }
    own
}

fn line(positions: &[Value]) -> Value {
    json!({"account": "A", "positions": positions})
}

#[test]
fn the_perpetual_has_the_price_that_is_stated_or_quoted_under_every_method() {
    let mut unquoted = market();
    unquoted["sources"][0].as_object_mut().unwrap().remove("perpetual");
    let (own, bare) =
        (position(json!({"type": "perpetual", "price": 1520})), position(json!({"type": "perpetual"})));
    for (name, market, position, price) in [
        ("stated", market(), &own, 1520.0),
        ("quoted", market(), &bare, 1505.0),
        ("source", unquoted, &bare, 1500.0),
    ] {
        for (method, part) in
            [(GRID, 0.5), (TENTH, 0.1), ("preset:derive-standard", 0.066), ("preset:dydx-large", 0.02)]
        {
            let own = one(
                &format!("perpetual-{name}-{part}"),
                method,
                &market,
                &line(std::slice::from_ref(position)),
            );
            is_near(&own["initial_requirement"], 2.0 * price * part, 1e-9);
        }
    }
}

#[test]
fn futures_and_assets_have_the_price_that_is_stated_or_quoted() {
    for (kind, more, price) in [
        ("future", json!({}), 1510.0),
        ("future", json!({"price": 1490}), 1490.0),
        ("future", json!({"mark": 1490}), 1490.0),
        ("asset", json!({}), 1500.0),
        ("asset", json!({"price": 1490}), 1490.0),
    ] {
        let mut own = position(json!({"type": kind}));
        more.as_object().unwrap().iter().for_each(|(key, value)| own[key] = value.clone());
        for (method, part) in [(GRID, 0.5), (TENTH, 0.1)] {
            let own = one(
                &format!("priced-{kind}-{price}-{part}"),
                method,
                &market(),
                &line(std::slice::from_ref(&own)),
            );
            is_near(&own["initial_requirement"], 2.0 * price * part, 1e-9);
        }
    }
    let mut unknown = market();
    unknown["sources"][0]["expiries"] = json!([]);
    for method in [GRID, TENTH] {
        let run = calc("no-forward", method, &unknown, &[line(&[position(json!({"type": "future"}))])]);
        assert!(run.out.contains("no forward is known"), "{}", run.out);
    }
}

#[test]
fn a_stated_mark_is_what_an_option_is_worth_and_says_its_volatility() {
    let of = |more: Value| one("marked", GRID, &market(), &line(&[position(more)]));
    // Undiscounted at 65 in the hundred: 117.52.
    let by_volatility = of(json!({"volatility": 0.65}));
    let mark = -number(&by_volatility["equity"]) / 2.0;
    let by_mark = of(json!({"mark": mark}));
    for (own, expected) in by_mark["scenario_pnl"]
        .as_array()
        .unwrap()
        .iter()
        .zip(by_volatility["scenario_pnl"].as_array().unwrap())
    {
        is_near(own, number(expected), 1e-6);
    }
    is_near(&by_mark["equity"], -2.0 * mark, 1e-9);
    is_near(&by_mark["scenario_pnl"][1], 0.0, 1e-9);
    assert!(number(&by_mark["initial_requirement"]) != number(&of(json!({}))["initial_requirement"]));
    // Both are told, and agree as venues round them: each is used for what it states.
    let both = of(json!({"mark": mark + 0.1, "volatility": 0.65}));
    is_near(&both["equity"], -2.0 * (mark + 0.1), 1e-9);
    is_near(&both["scenario_pnl"][2], number(&by_volatility["scenario_pnl"][2]) + 0.2, 1e-9);
    // A mark that implies no volatility leaves the quoted one.
    let least = of(json!({"mark": 5}));
    is_near(&least["equity"], -10.0, 1e-9);
    is_near(&least["scenario_pnl"][1], 10.0 + number(&of(json!({}))["equity"]), 1e-9);
    // In coins: two of a tenth.
    let coin = GRID.replace("\"USD\"", "\"X\"");
    let position = position(json!({"inverse": true, "mark": 0.1}));
    let own = one("marked-coin", &coin, &market(), &line(&[position]));
    is_near(&own["equity"], -0.2, 1e-9);
    is_near(&own["scenario_pnl"][1], 0.0, 1e-9);
}

#[test]
fn what_one_position_states_holds_for_all_in_the_contract() {
    let (long, short) = (
        json!({"type": "perpetual", "quantity": 3, "price": 1520}),
        json!({"type": "perpetual", "quantity": -2}),
    );
    for (method, part) in [(GRID, 0.5), (TENTH, 0.1)] {
        let own = one(&format!("holds-{part}"), method, &market(), &line(&[long.clone(), short.clone()]));
        is_near(&own["initial_requirement"], 1520.0 * part, 1e-9);
    }
}

#[test]
fn what_contradicts_or_says_nothing_is_named() {
    let option = |more: Value| position(more);
    let perpetual = |more: Value| {
        let mut own = position(json!({"type": "perpetual"}));
        more.as_object().unwrap().iter().for_each(|(key, value)| own[key] = value.clone());
        own
    };
    let standard = "preset:bit-com-standard";
    for (method, positions, message) in [
        (
            GRID,
            vec![option(json!({"mark": 150, "volatility": 0.6}))],
            "mark: 150 is stated, and the stated volatility makes it 108.",
        ),
        (
            standard,
            vec![option(json!({"mark": 150, "volatility": 0.6}))],
            "mark: 150 is stated, and the stated volatility makes it 108.",
        ),
        (
            GRID,
            vec![option(json!({"mark": 150})), option(json!({"mark": 151}))],
            "positions[1]: mark: 151 is stated here, and 150 by positions[0]",
        ),
        (
            standard,
            vec![option(json!({"mark": 150})), option(json!({"mark": 151}))],
            "positions[1]: mark: 151 is stated here, and 150 by positions[0]",
        ),
        (
            TENTH,
            vec![perpetual(json!({"price": 1})), perpetual(json!({"price": 2}))],
            "positions[1]: price: 2 is stated here, and 1 by positions[0]",
        ),
        (
            TENTH,
            vec![perpetual(json!({"price": 1500, "mark": 1501}))],
            "mark: 1501 is stated beside a price of 1500",
        ),
        (GRID, vec![perpetual(json!({"volatility": 1}))], "positions[0].volatility: only options have one"),
        (GRID, vec![option(json!({"price": 1}))], "positions[0].price: of an option its mark is stated"),
        (
            GRID,
            vec![option(json!({"confidence": 1}))],
            "positions[0].confidence: only that of a perpetual is stated",
        ),
        (GRID, vec![option(json!({"order_price": 1}))], "order_price: a scenario grid does not use it"),
        (TENTH, vec![perpetual(json!({"order_price": 1}))], "order_price: only options have a rule with it"),
    ] {
        let run = calc("contradicts", method, &market(), &[line(&positions)]);
        assert!(run.status == 1 && run.out.contains(message), "{message} in {}", run.out);
    }
    // What is settled has its price.
    let mut settled = market();
    settled["sources"][0]["expiries"] = json!([{"seconds": -60, "forward": 1510}]);
    for (more, message) in [
        (json!({"mark": 15}), "mark: 15 is stated, and the settlement price makes it 10"),
        (json!({"type": "future", "price": 1500}), "price: 1500 is stated of what was settled at 1510"),
    ] {
        let mut own = position(more);
        own["expiry_seconds"] = json!(-60);
        for method in [GRID, standard] {
            let run = calc("contradicts", method, &settled, &[line(std::slice::from_ref(&own))]);
            assert!(run.status == 1 && run.out.contains(message), "{message} in {}", run.out);
        }
    }
}

/// Derive's own cases (derivexyz/v2-core, StandardManager/test-cases.json, printed with 18 places), with its test parameters.
#[test]
fn derive_standard_margin() {
    let method = "schema = 1\nname = \"srm\"\nkind = \"standard\"\ncurrency = \"USDC\"\n\
        [option]\ninitial_spot = 0.15\nminimum_spot = 0.1\nmaintenance_spot_call = 0.075\nmaintenance_spot_put = 0.075\n\
        maintenance_mark_put = 0.075\nover_maintenance_call = 0\nover_maintenance_put = 0\n\
        [spread]\nunpaired_initial = 1.1\nunpaired_maintenance = 1.1\n[linear]\ninitial = 0.065\nmaintenance = 0.05\n";
    let mut market = market();
    market["sources"][0]["expiries"] = json!([{"seconds": 500_400, "forward": 1_500.833_279_310_993_8}]);
    let of = |strike: i64, right: &str, quantity: f64, volatility: f64| json!({"type": "option", "expiry_seconds": 500_400, "strike": strike, "right": right, "quantity": quantity, "volatility": volatility});
    let cases = [
        (vec![of(1500, "C", -1.0, 1.047_884_494_084_986_2)], 191.871_585_189_059_95, 304.371_585_189_059_95),
        (vec![of(1500, "C", 1.0, 1.047_884_494_084_986_2)], 0.0, 0.0),
        (vec![of(1900, "C", -1.0, 1.179_993_832_279_113_2)], 118.508_261_835_426_66, 156.008_261_835_426_66),
        (vec![of(1300, "P", -1.0, 1.083_189_415_509_876_5)], 126.822_794_294_374_04, 164.322_794_294_374_04),
        (
            vec![of(1100, "C", -1.0, 1.198_874_027_186_882), of(1300, "C", 1.0, 1.083_189_415_509_876_5)],
            200.0,
            200.0,
        ),
        (
            vec![of(1900, "C", 1.0, 1.179_993_832_279_113_2), of(1700, "C", -1.0, 1.116_354_471_205_355_6)],
            135.604_014_466_582_45,
            173.104_014_466_582_45,
        ),
    ];
    for (place, (positions, maintenance, initial)) in cases.into_iter().enumerate() {
        let own = one(&format!("srm-{place}"), method, &market, &line(&positions));
        is_near(&own["maintenance_requirement"], maintenance, 1e-6);
        is_near(&own["initial_requirement"], initial, 1e-6);
    }
    // Parts of the perpetual's own price, which the market quotes.
    let own = one("srm-perpetual", method, &market, &line(&[json!({"type": "perpetual", "quantity": -2})]));
    is_near(&own["initial_requirement"], 2.0 * 1505.0 * 0.065, 1e-9);
}

#[test]
fn every_result_says_what_it_rests_on() {
    let mut market = market();
    market["time"] = "2026-09-18T08:00:00Z".into();
    let option = position(json!({}));
    let lines = [
        line(&[option]),
        json!({"account": "B"}),
        json!({"pool": "P", "accounts": [line(&[position(json!({"type": "perpetual"}))])]}),
    ];
    let run = calc("rests", GRID, &market, &lines);
    let results = run.json();
    let quote = json!({"kind": "price", "of": "X", "time": "2026-09-18T08:00:00Z"});
    for (result, oldest) in results.iter().zip([quote.clone(), Value::Null, quote]) {
        assert_eq!(
            result["rests_on"],
            json!({"market_time": "2026-09-18T08:00:00Z", "oldest_quote": oldest})
        );
    }
}
