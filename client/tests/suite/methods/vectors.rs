//! The reference vectors beside the checkout.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use super::{calc, is_near, market, number, one};
use crate::shared::shared;

fn read(name: &str) -> Option<Value> {
    let path = shared(&format!("data/portfolio-margin/{name}"))?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

/// A parameter set as a method file: its keys are the file's.
fn toml(set: &Value) -> String {
    let mut text = "schema = 1\nname = \"vectors\"\nkind = \"scenario-grid\"\ncurrency = \"USDC\"\n\
                    [valuation]\nsettlement_average_seconds = 1800\n"
        .to_owned();
    for (key, value) in set.as_object().unwrap() {
        let tables = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
        for table in tables {
            let name = if value.is_array() { format!("[[{key}]]") } else { format!("[{key}]") };
            writeln!(text, "{name}").unwrap();
            for (key, value) in table.as_object().unwrap() {
                writeln!(text, "{key} = {value}").unwrap();
            }
        }
    }
    text
}

#[test]
fn every_number_of_the_scenario_grid_vectors() {
    let Some(vectors) = read("pm2_vectors.json") else { return };
    for case in vectors["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let set = case["parameter_set"].as_str().unwrap();
        let (given, quoted, expected) = (&case["portfolio"], &case["market"], &case["expected"]);
        let source = json!({
            "source": "X", "price": quoted["spot"], "confidence": quoted["spot_confidence"],
            "expiries": quoted["expiries"],
        });
        let market = json!({"stable_price": quoted["stable_price"], "sources": [source]});
        let mut positions = vec![given["perpetual"].clone()];
        positions[0]["type"] = "perpetual".into();
        for option in given["options"].as_array().unwrap() {
            let mut option = option.clone();
            option["type"] = "option".into();
            positions.push(option);
        }
        let line = json!({
            "account": name, "cash": given["cash"], "collateral": given["collateral"], "positions": positions,
        });
        let method = toml(&vectors["parameter_sets"][set]);
        let result = one(&format!("pm2-{name}"), &method, &market, &line);
        let numbers =
            |value: &Value| value.as_array().unwrap().iter().map(|own| own.as_f64().unwrap()).collect();
        let results: Vec<f64> = numbers(&expected["scenario_pnl"]);
        let single = expected.as_object().unwrap().iter().filter(|(_, value)| value.is_number());
        let largest = single.clone().map(|(_, own)| own.as_f64().unwrap().abs());
        let largest = largest.chain(results.iter().map(|own| own.abs())).fold(0.0, f64::max);
        for (key, value) in single.filter(|(key, _)| *key != "worst_index") {
            is_near(&result[key], value.as_f64().unwrap(), 1e-9 * largest);
        }
        assert_eq!(result["scenario_pnl"].as_array().unwrap().len(), results.len());
        for (own, expected) in result["scenario_pnl"].as_array().unwrap().iter().zip(&results) {
            is_near(own, *expected, 1e-9 * largest);
        }
        // Results that are equal but for their last digits may each be the worst.
        let worst = usize::try_from(result["worst_index"].as_u64().unwrap()).unwrap();
        let value = results.get(worst).copied().unwrap_or(0.0).min(number(&result["basis_contingency"]));
        assert!((value - expected["worst"].as_f64().unwrap()).abs() <= 1e-9 * largest, "{name}");
    }
}

#[test]
fn the_answers_of_deribit() {
    let Some(cases) = read("deribit.json") else { return };
    for case in cases["cases"].as_array().unwrap() {
        let (name, inputs, expected) = (case["name"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        let method = format!(
            "schema = 1\nname = \"deribit\"\nkind = \"scenario-grid\"\ncurrency = \"COIN\"\n\
             [price_range]\nrange = {}\nbuckets = {}\nvolatilities = [\"none\"]\nextended_moves = {}\n\
             extended_volatility = \"none\"\nextended_in_coin = true\nextended_dampener = {}\n\
             [roll]\nminimum_move = {}\n[margin]\nmaintenance_factor = {}\ninitial_factor = 1\nscan_places = 9\n",
            inputs["price_range"],
            inputs["buckets_count"],
            inputs["extended_moves"],
            inputs["extended_dampener_usd"],
            inputs["minimum_annualised_move"],
            inputs["maintenance_factor"],
        );
        let price = inputs["index_price"].as_f64().unwrap();
        let mut positions = Vec::new();
        for position in inputs["positions"].as_array().unwrap() {
            let perpetual = position["expiry"] == "perpetual";
            let mut own = json!({
                "type": if perpetual { "perpetual" } else { "future" },
                "inverse": true, "quantity": position["quantity"], "price": price,
            });
            if !perpetual {
                own["expiry"] = "2024-06-28T08:00:00Z".into();
            }
            positions.push(own);
        }
        let extra = inputs["mmp_margin"].as_f64().unwrap() + inputs["open_orders_margin"].as_f64().unwrap();
        let line = json!({"account": name, "positions": positions, "additional": {"initial": extra}});
        let result = one(&format!("deribit-{name}"), &method, &market(price), &line);
        let source = &result["sources"]["X"];
        is_near(&source["roll"], expected["roll_shock"].as_f64().unwrap(), 1e-9);
        assert!((-number(&source["worst"]) - expected["worst_case"].as_f64().unwrap()).abs() < 1e-9);
        is_near(&result["market_risk"], expected["risk_matrix_margin"].as_f64().unwrap(), 1e-9);
        is_near(&result["initial_requirement"], expected["initial_margin"].as_f64().unwrap(), 1e-9);
        is_near(&result["maintenance_requirement"], expected["maintenance_margin"].as_f64().unwrap(), 1e-9);
        // Losses count in full: the expected cells show them, gains after the offset.
        let cells = expected["standard_cells"].as_array().unwrap().iter();
        let far = expected["extended_cells"].as_array().unwrap().iter();
        for (own, cell) in result["scenario_pnl"].as_array().unwrap().iter().zip(cells.chain(far)) {
            let cell = cell.as_f64().unwrap();
            if cell < 0.0 {
                is_near(own, cell, 1e-9);
            } else {
                assert!(number(own) >= cell - 1e-9, "{own} {cell}");
            }
        }
    }
}

/// The cases of a venue, with their inputs and expected numbers.
fn standard(venue: &str) -> Vec<Value> {
    let Some(cases) = read("standard_margin.json") else { return Vec::new() };
    let of_venue = |case: &&Value| case["venue"] == venue;
    cases["cases"].as_array().unwrap().iter().filter(of_venue).cloned().collect()
}

#[test]
fn open_interest_scales_initial_fractions() {
    for case in standard("dYdX v4") {
        let (name, inputs, expected) = (case["name"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        let Some(base) = inputs["base_fraction"].as_f64() else { continue };
        let scaling = if inputs["lower"].is_null() {
            String::new()
        } else {
            format!("[linear.open_interest]\nlower = {}\nupper = {}\n", inputs["lower"], inputs["upper"])
        };
        let method = format!(
            "schema = 1\nname = \"dydx\"\nkind = \"linear\"\ncurrency = \"USDC\"\nround_initial_up_to_places = 0\n\
             [linear]\ninitial = {base}\nmaintenance = 0.1\n{scaling}"
        );
        let mut market = market(1.0);
        market["sources"][0]["open_interest"] = inputs["open_interest"].clone();
        let notional = inputs["notional"].as_i64().unwrap_or(1_000_000);
        let line = json!({"account": name, "positions": [{"type": "perpetual", "quantity": notional}]});
        let result = one(&format!("dydx-{name}"), &method, &market, &line);
        if let Some(initial) = expected["initial"].as_f64() {
            is_near(&result["initial_requirement"], initial, 0.0);
        }
        if let Some(millionths) = expected["fraction_millionths"].as_f64() {
            let fraction = number(&result["positions"][0]["initial_fraction"]) * 1e6;
            assert!((fraction.floor() - millionths).abs() < 0.5, "{name}: {fraction}");
        }
    }
}

#[test]
fn pressed_accounts_have_liquidation_prices() {
    for case in standard("dYdX v4") {
        let (name, inputs, expected) = (case["name"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        if inputs["liquidated"].is_null() {
            continue;
        }
        let method = format!(
            "schema = 1\nname = \"dydx\"\nkind = \"linear\"\ncurrency = \"USDC\"\n[linear]\ninitial = {}\nmaintenance = {}\n\
             [liquidation]\nbankruptcy_adjustment = {}\nspread_to_maintenance = {}\n",
            inputs["initial_fraction"],
            inputs["maintenance_fraction"],
            inputs["bankruptcy_adjustment"],
            inputs["spread_to_maintenance"],
        );
        let positions = inputs["positions"].as_array().unwrap();
        let sources: Vec<Value> = positions
            .iter()
            .map(|own| json!({"source": own["market"], "price": own["oracle_price"]}))
            .collect();
        // Its cash has paid for what it holds, as for assets.
        let held: Vec<Value> = positions
            .iter()
            .map(|own| json!({"type": "asset", "source": own["market"], "quantity": own["quantity"]}))
            .collect();
        let line = json!({"account": name, "cash": inputs["cash"], "positions": held});
        let result = one(&format!("stress-{name}"), &method, &json!({"sources": sources}), &line);
        is_near(&result["equity"], expected["account_value"].as_f64().unwrap(), 1e-9);
        is_near(&result["maintenance_requirement"], expected["total_maintenance"].as_f64().unwrap(), 1e-9);
        is_near(&result["stress"], expected["stress"].as_f64().unwrap(), 1e-9);
        let all = result["positions"].as_array().unwrap();
        let own = all.iter().find(|own| own["source"] == inputs["liquidated"]).unwrap();
        is_near(&own["fillable_price"], expected["fillable_price"].as_f64().unwrap(), 1e-9);
        if let Some(bankruptcy) = expected["bankruptcy_quote"].as_f64() {
            is_near(&own["bankruptcy_quote"], bankruptcy, 1e-9);
        }
    }
}

#[test]
fn large_assets_and_debts_are_weighed_by_size() {
    for case in standard("Drift") {
        let (name, inputs, expected) = (case["name"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        let method = format!(
            "schema = 1\nname = \"drift\"\nkind = \"linear\"\ncurrency = \"USDC\"\n[linear]\ninitial = 1\nmaintenance = 1\n\
             [linear.size]\nasset_weight = {}\nliability_weight = {}\nimf = {}\n",
            inputs["base_asset"], inputs["base_liability"], inputs["imf"],
        );
        for (sign, key) in [(1.0, "asset_weight"), (-1.0, "liability_weight")] {
            let quantity = sign * inputs["size"].as_f64().unwrap();
            let line = json!({"account": name, "positions": [{"type": "asset", "quantity": quantity}]});
            let result = one(&format!("drift-{name}-{key}"), &method, &market(10.0), &line);
            let weight = &result["positions"][0]["weight"];
            is_near(weight, expected[key].as_f64().unwrap() / 1e4, 1e-12);
        }
    }
}

#[test]
fn skew_scales_requirements() {
    for case in standard("Synthetix v3") {
        let (name, inputs, expected) = (case["name"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        let (mut sources, mut tables, mut held) = (Vec::new(), String::new(), Vec::new());
        for (place, own) in inputs["positions"].as_array().unwrap().iter().enumerate() {
            let price = inputs["prices"].get(place).unwrap_or(&own["oracle_price"]);
            sources.push(json!({"source": own["market"], "price": price}));
            write!(
                tables,
                "[[sources]]\nsource = {}\ninitial = {}\nmaintenance = 0\n[sources.skew]\nskew_scale = {}\nfraction = {}\n\
                 maintenance_scalar = {}\n",
                own["market"],
                own["minimum_initial_ratio"],
                own["skew_scale"],
                own["initial_fraction"],
                own["maintenance_scalar"],
            )
            .unwrap();
            held.push(json!({
                "type": "perpetual", "source": own["market"], "quantity": own["quantity"],
                "unrealised_profit": expected["profit"].get(place).unwrap_or(&json!(0)),
            }));
        }
        let method =
            format!("schema = 1\nname = \"synthetix\"\nkind = \"linear\"\ncurrency = \"USD\"\n{tables}");
        let cash = inputs["collateral"].as_f64().unwrap_or(0.0);
        let line = json!({"account": name, "cash": cash, "positions": held});
        let result = one(&format!("skew-{name}"), &method, &json!({"sources": sources}), &line);
        if let Some(available) = expected["available"].as_f64() {
            is_near(&result["equity"], available, 1e-9);
            let is_short = number(&result["maintenance_headroom"]) < 0.0;
            assert_eq!(is_short, expected["liquidatable"].as_bool().unwrap(), "{name}");
        }
        for (place, own) in expected["initial"].as_array().into_iter().flatten().enumerate() {
            let all = result["positions"].as_array().unwrap();
            let market = &inputs["positions"][place]["market"];
            let position = all.iter().find(|position| position["source"] == *market).unwrap();
            is_near(&position["initial"], own.as_f64().unwrap(), 1e-9);
            is_near(&position["maintenance"], expected["maintenance"][place].as_f64().unwrap(), 1e-9);
        }
    }
}

#[test]
fn a_flat_amount_and_losses_alone_decide() {
    for case in standard("GMX v1") {
        let (name, inputs, expected) = (case["name"].as_str().unwrap(), &case["inputs"], &case["expected"]);
        if inputs["collateral"].is_null() {
            continue;
        }
        let method = "schema = 1\nname = \"gmx\"\nkind = \"static\"\ncurrency = \"USD\"\nisolated = true\ncounts_gains = false\n\
                      initial = 0.02\nmaintenance = 0.001\nflat = 5\n";
        // Its size is money, of the price at which it was opened.
        let held = json!({
            "type": "perpetual", "quantity": inputs["size"], "price": 1, "collateral": inputs["collateral"],
            "unrealised_profit": expected["profit"],
        });
        let line = json!({"account": name, "positions": [held]});
        let result = one(&format!("gmx-{name}"), method, &market(inputs["price"].as_f64().unwrap()), &line);
        is_near(&result["equity"], expected["remaining"].as_f64().unwrap(), 1e-9);
        is_near(&result["maintenance_requirement"], expected["threshold"].as_f64().unwrap(), 1e-9);
        let is_short = number(&result["maintenance_headroom"]) < 0.0;
        assert_eq!(is_short, expected["liquidatable"].as_bool().unwrap(), "{name}");
    }
}

#[test]
fn the_lines_of_a_file_are_answered_in_their_order() {
    let lines = [json!({"account": "A", "positions": []}), json!([]), json!({"account": "C", "cash": 5})];
    let run = calc("order", "preset:derive-pm2", &market(10.0), &lines);
    let accounts: Vec<Value> = run.json().iter().map(|own| own["account"].clone()).collect();
    assert_eq!((run.status, accounts), (1, vec![json!("A"), Value::Null, json!("C")]));
}
