//! `"margining": "gross_by_client"` on a line: every position account by itself, then the sums.

use serde_json::{Value, json};

use super::{calc, is_near, market, number, one};

/// A tenth of the value either way; nothing nets over an account's end.
const TENTH: &str = "schema = 1\nname = \"tenth\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n[[grids]]\nmoves = [-0.1, 0.1]\n\
                     volatilities = [\"none\"]\n[margin]\nmaintenance_factor = 0.5\ninitial_factor = 1\n";

fn client(account: &str, quantity: i64) -> Value {
    json!({"account": account, "positions": [{"type": "perpetual", "quantity": quantity, "unrealised_profit": 5}]})
}

fn line(margining: &str) -> Value {
    json!({"account": "A", "cash": 1000, "margining": margining,
           "position_accounts": [client("C1", 10), client("C2", -10), client("C3", 2)]})
}

#[test]
fn every_position_account_is_margined_by_itself() {
    let netted = one("clients-net", TENTH, &market(100.0), &line("net"));
    is_near(&netted["initial_requirement"], 20.0, 1e-9);
    let gross = one("clients-gross", TENTH, &market(100.0), &line("gross_by_client"));
    is_near(&gross["initial_requirement"], 220.0, 1e-9);
    is_near(&gross["maintenance_requirement"], 110.0, 1e-9);
    is_near(&gross["equity"], 1015.0, 1e-9);
    is_near(&gross["initial_headroom"], 795.0, 1e-9);
    assert_eq!(gross["margining"], "gross_by_client");
    let clients = gross["position_accounts"].as_array().unwrap();
    let listed: Vec<(&str, f64)> = clients
        .iter()
        .map(|own| (own["account"].as_str().unwrap(), number(&own["initial_requirement"])))
        .collect();
    assert_eq!(listed, [("C1", 100.0), ("C2", 100.0), ("C3", 20.0)]);
    is_near(&clients[1]["sources"]["X"]["worst"], -100.0, 1e-9);
    is_near(&gross["assets"]["equity"], 1000.0, 1e-9);
}

#[test]
fn a_pools_account_may_be_gross() {
    let account = |margining: &str| {
        let mut own = line(margining);
        own["account"] = margining.into();
        own
    };
    let pool = json!({"pool": "P", "cash": 1, "accounts": [account("gross_by_client"), account("net")]});
    let own = one("clients-pool", TENTH, &market(100.0), &pool);
    is_near(&own["initial_requirement"], 240.0, 1e-9);
    assert_eq!(own["accounts"][0]["position_accounts"].as_array().unwrap().len(), 3);
}

#[test]
fn a_way_of_margining_that_a_method_has_not_is_refused() {
    let plain = json!({"account": "A", "margining": "gross_by_client", "positions": [{"type": "perpetual", "quantity": 1}]});
    let lines = [line("gross_sides"), line("gross"), line("by_client"), plain];
    let run = calc("clients-refused", TENTH, &market(100.0), &lines);
    let errors: Vec<String> =
        run.json().iter().map(|own| own["error"].as_str().unwrap().to_owned()).collect();
    for (error, expected) in
        errors.iter().zip(["nets the longs", "nets the longs", "net or gross_by_client", "position_accounts"])
    {
        assert!(error.contains("margining") && error.contains(expected), "{error}");
    }
    assert_eq!((errors.len(), run.status), (4, 1));
}
