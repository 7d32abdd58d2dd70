//! What is printed: deltas of every source, whatever the method needs; parts that add up to the whole, for random accounts under every
//! preset; as many places as the smallest lot of the cheapest coin needs.

use std::fmt::Write as _;

use plimsoll_engine::parameters::method::PRESETS;
use serde_json::{Value, json};

use super::{calc, is_near, number, one};
use crate::program::{file, run};

const GRIDS: [&str; 8] = [
    "derive-pm2",
    "derive-pm1",
    "deribit-pm-btc",
    "paradex-pm",
    "okx-pm",
    "us-pm-broad-index",
    "us-pm-other-broad-index",
    "us-pm-equity",
];

/// Bitcoin with an expiry in thirty days, at whose forward options have a volatility of a half.
fn bitcoin() -> Value {
    let expiry = json!({"seconds": 2_592_000, "forward": 60_000, "rate": 0, "volatility": 0.5});
    json!({"sources": [{"source": "BTC", "price": 60_000, "expiries": [expiry]}]})
}

#[test]
fn deltas_are_told_whatever_the_method_needs() {
    for name in GRIDS {
        // Of a coin's method what is held is settled in it.
        let inverse = name == "deribit-pm-btc";
        let option = |strike: i64, right: &str, quantity: f64, expiry: i64| {
            json!({"type": "option", "source": "BTC", "expiry_seconds": expiry, "strike": strike,
                   "right": right, "quantity": quantity, "inverse": inverse})
        };
        let perpetual = json!({"type": "perpetual", "quantity": 1, "inverse": inverse});
        let future =
            json!({"type": "future", "expiry_seconds": 2_592_000, "quantity": -3, "inverse": inverse});
        let call = option(60_000, "C", 2.0, 2_592_000);
        // N(d1) of the call: d1 = 0.5 sqrt(30 / 365) / 2.
        let of_call = 2.0 * 0.528_568_837_5;
        for (place, (positions, net, gross)) in [
            (vec![perpetual.clone()], 1.0, 1.0),
            (vec![future.clone()], -3.0, 3.0),
            (vec![call.clone()], of_call, of_call),
            (vec![perpetual.clone(), future, call], of_call - 2.0, of_call + 4.0),
            (vec![perpetual, json!({"type": "perpetual", "quantity": -1, "inverse": inverse})], 0.0, 0.0),
        ]
        .into_iter()
        .enumerate()
        {
            let line = json!({"account": "A", "positions": positions});
            let result = one(&format!("deltas-{name}-{place}"), &format!("preset:{name}"), &bitcoin(), &line);
            let source = &result["sources"]["BTC"];
            is_near(&source["net_delta"], net, 1e-9);
            is_near(&source["gross_delta"], gross, 1e-9);
        }
    }
}

/// A printed number in units of 1e-18, exactly.
fn exact(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    let (whole, places) = text.split_once('.').unwrap();
    format!("{whole}{places:0<18}").parse().unwrap()
}

fn sum(list: &Value, key: &str) -> i128 {
    list.as_array().map_or(0, |list| list.iter().map(|own| exact(&own[key])).sum())
}

/// Every sum and difference that a result states, of whatever kind it is.
fn adds_up(name: &str, own: &Value) {
    for level in ["maintenance", "initial"] {
        let required = exact(&own[format!("{level}_requirement")]);
        let headroom = exact(&own[format!("{level}_headroom")]);
        assert_eq!(exact(&own["equity"]) - required, headroom, "{name} {level} headroom");
        if let Some(rest) = own.get("unallocated") {
            assert_eq!(sum(&own["shares"], level) + exact(&rest[level]), required, "{name} {level} shares");
        }
        if own.get("contingencies").is_some() {
            let charges = exact(&own[format!("{level}_contingency")]);
            assert_eq!(sum(&own["contingencies"], level), charges, "{name} {level} contingencies");
        }
        if let Some(positions) = own.get("positions") {
            let spreads = own["spreads"].as_array().unwrap();
            let paired =
                spreads.iter().map(|own| exact(&own["required"][level]) - exact(&own["alone"][level]));
            let more = own.get("additional").map_or(0, |own| exact(&own[level]));
            assert_eq!(
                sum(positions, level) + paired.sum::<i128>() + more,
                required,
                "{name} {level} positions"
            );
        }
    }
    if let Some(parts) = own["equity_parts"].as_object() {
        assert_eq!(parts.values().map(exact).sum::<i128>(), exact(&own["equity"]), "{name} equity");
    }
    for group in own["offsets"].as_array().into_iter().flatten() {
        let benefit = exact(&group["diversification_benefit"]);
        assert_eq!(exact(&group["sum"]) - exact(&group["amount"]), benefit, "{name} offset");
    }
    let parts: Vec<&Value> = ["assets", "position_accounts", "accounts", "isolated"]
        .iter()
        .filter_map(|key| own.get(key))
        .flat_map(|part| part.as_array().map_or_else(|| vec![part], |all| all.iter().collect()))
        .collect();
    parts.iter().for_each(|part| adds_up(name, part));
    if own.get("position_accounts").is_some() {
        for key in ["equity", "maintenance_requirement", "initial_requirement"] {
            let of_parts: i128 = parts.iter().map(|part| exact(&part[key])).sum();
            assert_eq!(of_parts, exact(&own[key]), "{name} {key} of clients");
        }
    }
}

/// Numbers without a pattern (Knuth's multiplier).
struct Rolls(u64);

impl Rolls {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    /// From `-most` to `most`, in thousandths, as text.
    fn thousandths(&mut self, most: usize) -> String {
        let size = self.below(most * 1_000);
        let sign = ["-", ""][self.below(2)];
        format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
    }
}

const SOURCES: [(&str, f64); 3] = [("BTC", 61_234.567), ("ETH", 3_210.123), ("DOGE", 0.4217)];

/// Prices with places; a coin among them of which a thousandth is a lot.
fn coins() -> Value {
    let source = |(name, price): (&str, f64)| {
        let expiry = |seconds: i64, rate: f64| json!({"seconds": seconds, "forward": price * 1.0123, "rate": rate, "volatility": 0.61});
        json!({"source": name, "price": price, "confidence": 0.93, "funding_rate": 0.000_013,
               "expiries": [expiry(90_000, 0.031), expiry(5_184_000, 0.047)]})
    };
    json!({"sources": SOURCES.map(source)})
}

fn rolled(rolls: &mut Rolls, in_coin: bool, has_options: bool) -> Value {
    let (name, price) = SOURCES[if in_coin { 0 } else { rolls.below(3) }];
    let expiry = [90_000, 5_184_000][rolls.below(2)];
    let strike = price * (0.7 + 0.1 * f64::from(u8::try_from(rolls.below(7)).unwrap()));
    let right = ["C", "P"][rolls.below(2)];
    let kind = rolls.below(if has_options { 4 } else { 2 });
    let mut own = json!({"source": name, "quantity": rolls.thousandths(9)});
    let more = match kind {
        0 => json!({"type": "perpetual"}),
        1 => json!({"type": "future", "expiry_seconds": expiry}),
        _ => {
            json!({"type": "option", "expiry_seconds": expiry, "strike": format!("{strike:.4}"), "right": right})
        }
    };
    own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    own["multiplier"] = [json!(1), json!("0.001"), json!("0.1")][rolls.below(3)].clone();
    if in_coin {
        own["inverse"] = true.into();
    }
    own
}

fn account(place: usize, rolls: &mut Rolls, in_coin: bool, has_options: bool) -> Value {
    let positions = |rolls: &mut Rolls| {
        let count = rolls.below(5);
        (0..count).map(|_| rolled(rolls, in_coin, has_options)).collect::<Vec<_>>()
    };
    let parts: Vec<Value> = (0..1 + rolls.below(3))
        .map(|own| json!({"account": format!("P{own}"), "positions": positions(rolls)}))
        .collect();
    let additional = json!({"initial": "0.7", "maintenance": "0.123"});
    let mut own = json!({"account": format!("A{place}"), "cash": rolls.thousandths(900),
                         "position_accounts": parts, "additional": additional});
    if rolls.below(3) == 0 {
        own["margining"] = "gross_by_client".into();
    }
    if rolls.below(2) == 0 {
        own["collateral"] = json!([{"asset": "BTC", "amount": "1.003", "price": 61_234.567, "cancels_risk": true,
                                    "maintenance_haircut": 0.013, "initial_haircut": 0.007}]);
    }
    own
}

#[test]
fn printed_parts_add_up_to_the_printed_whole_under_every_preset() {
    for (name, text) in PRESETS {
        let in_coin = text.contains("\ncurrency = \"BTC\"");
        let has_options = !text.contains("kind = \"linear\"");
        let mut rolls = Rolls(u64::try_from(name.len()).unwrap());
        let lines: Vec<Value> =
            (0..40).map(|place| account(place, &mut rolls, in_coin, has_options)).collect();
        let run = calc(&format!("printed-{name}"), &format!("preset:{name}"), &coins(), &lines);
        let results = run.json();
        let told: Vec<&Value> = results.iter().filter(|own| own.get("error").is_none()).collect();
        assert!(told.len() > 30, "{name}: {}", run.out);
        told.into_iter().for_each(|own| adds_up(name, own));
    }
}

#[test]
fn a_table_adds_up_as_it_is_shown() {
    let mut rolls = Rolls(7);
    let lines =
        (0..20).map(|place| account(place, &mut rolls, false, true)).fold(String::new(), |mut all, own| {
            writeln!(all, "{own}").unwrap();
            all
        });
    let market = file("printed-table.market.json", coins().to_string());
    let portfolios = file("printed-table.accounts.jsonl", lines);
    let arguments =
        ["calc", "--method", "preset:derive-pm2", "--market", &market, "--portfolios", &portfolios];
    let run = run(&[&arguments[..], &["--format", "table"]].concat());
    // The numbers of a row behind its name, in millionths.
    let numbers = |row: &str| -> Vec<i128> {
        let cells = row.split_whitespace().filter(|cell| cell.contains('.'));
        cells
            .map(|cell| {
                let (whole, places) = cell.split_once('.').unwrap();
                format!("{}{places:0<6}", whole.replace(',', "")).parse().unwrap()
            })
            .collect()
    };
    let (mut required, mut shared, mut compared) = ([0; 2], [0; 2], 0);
    for row in run.out.lines().map(str::trim_start) {
        let own = numbers(row);
        if row.starts_with("initial ") || row.starts_with("maintenance ") {
            assert_eq!(own[0] - own[1], own[2], "{row}");
            required[usize::from(row.starts_with("initial"))] = own[1];
            shared = [0; 2];
        } else if own.len() == 2 && (row.starts_with('P') || row.starts_with("(nobody's)")) {
            shared = [shared[0] + own[0], shared[1] + own[1]];
            if row.starts_with('(') {
                assert_eq!(shared, required, "{row}");
                compared += 1;
            }
        }
    }
    assert!(compared > 5, "{}", run.out);
}

#[test]
fn the_smallest_lot_of_the_cheapest_coin_has_its_value() {
    let near = |value: &Value, expected: f64| is_near(value, expected, expected.abs() * 1e-9);
    let expiry = json!({"seconds": 2_592_000, "forward": 0.42, "rate": 0.05, "volatility": 0.8});
    let market = json!({"sources": [{"source": "DOGE", "price": 0.42, "expiries": [expiry]}]});
    for (place, multiplier) in ["0.001", "1", "1000000000"].into_iter().enumerate() {
        let size: f64 = multiplier.parse().unwrap();
        let held = |more: Value| {
            let mut own = json!({"source": "DOGE", "quantity": 1, "multiplier": multiplier});
            own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"account": "A", "positions": [own]})
        };
        let asset = one(
            &format!("lot-asset-{place}"),
            "preset:us-pm-equity",
            &market,
            &held(json!({"type": "asset"})),
        );
        near(&asset["equity"], 0.42 * size);
        near(&asset["scenario_pnl"][0], -0.15 * 0.42 * size);
        let perpetual = one(
            &format!("lot-perpetual-{place}"),
            "preset:derive-pm2",
            &market,
            &held(json!({"type": "perpetual"})),
        );
        let notional = number(&perpetual["contingencies"][0]["maintenance"]) / 0.03;
        assert!((notional / (0.42 * size) - 1.0).abs() < 1e-9, "{perpetual}");
        // A call at 0.5: Black-76, calculated apart.
        let call =
            held(json!({"type": "option", "expiry_seconds": 2_592_000, "strike": "0.5", "right": "C"}));
        let call = one(&format!("lot-call-{place}"), "preset:derive-pm2", &market, &call);
        near(&call["equity"], 0.013_437_846_970_578_02 * size);
    }
}
