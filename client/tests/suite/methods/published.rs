//! Published numbers, retyped with their source.

use serde_json::{Value, json};

use super::{calc, is_near, market, number, one};
use crate::program::{file, run};

/// A source with one expiry on the day counted in seconds.
fn with_expiry(spot: f64, seconds: f64, forward: f64, rate: f64) -> Value {
    json!({"sources": [{"source": "X", "price": spot, "expiries": [
        {"seconds": seconds, "forward": forward, "rate": rate},
    ]}]})
}

fn option(strike: f64, right: &str, quantity: f64, volatility: f64, seconds: f64) -> Value {
    json!({
        "type": "option", "expiry_seconds": seconds, "strike": strike, "right": right,
        "quantity": quantity, "volatility": volatility,
    })
}

/// Days, options (strike, right, quantity, volatility), then equity, basis contingency, worst, and both headrooms.
type DeriveCase = (f64, &'static [(f64, &'static str, f64, f64)], u64, [f64; 5]);

/// Derive's live parameters, spot 60,000, forward 60,000 (1 + 0.06 days / 365), rate 5 %: calculated independently of this project.
#[rustfmt::skip]
const DERIVE: [DeriveCase; 6] = [
    (30.0, &[(60e3, "C", -1.0, 0.6)], 0, [-4254.610626, -1069.867761, -9456.509223, -11999.818005, -14011.119850]),
    (7.0, &[(60e3, "P", -1.0, 0.65)], 22, [-2118.787168, -838.672935, -9075.928120, -9559.529663, -11494.715287]),
    (7.0, &[(66e3, "C", -1.0, 0.68), (54e3, "P", -1.0, 0.72)], 30, [-907.351913, -213.350043, -8136.011120, -7776.160809, -9643.363033]),
    (30.0, &[(60e3, "C", -1.0, 0.6), (66e3, "C", 1.0, 0.61)], 3, [-2142.235101, -385.181014, -2138.661202, -4033.164063, -4580.896304]),
    (0.25, &[(61e3, "C", -1.0, 0.7)], 0, [-111.300743, -814.334189, -9691.850426, -8044.781084, -10103.151169]),
    (14.0, &[(150e3, "C", -10.0, 1.2)], 30, [-2.572276, -1.875369, -58532.317986, -48628.426664, -61534.890261]),
];

#[test]
fn derive_portfolio_margin_2() {
    for (place, (days, options, index, numbers)) in DERIVE.into_iter().enumerate() {
        let seconds = days * 86_400.0;
        let market = with_expiry(60e3, seconds, 60e3 * (1.0 + 0.06 * days / 365.0), 0.05);
        let positions: Vec<Value> = options
            .iter()
            .map(|(strike, right, quantity, volatility)| {
                option(*strike, right, *quantity, *volatility, seconds)
            })
            .collect();
        let line = json!({"account": "A", "positions": positions});
        let result = one(&format!("derive-{place}"), "preset:derive-pm2", &market, &line);
        let keys = ["equity", "basis_contingency", "worst", "maintenance_headroom", "initial_headroom"];
        for (key, expected) in keys.into_iter().zip(numbers) {
            is_near(&result[key], expected, 1e-6);
        }
        assert_eq!(result["worst_index"], index);
    }
    let cash = one("derive-cash", "preset:derive-pm2", &market(60e3), &json!({"account": "A", "cash": 1000}));
    is_near(&cash["initial_headroom"], 1000.0, 0.0);
    assert_eq!(cash["worst_index"], 33);
    let perpetual = json!({"type": "perpetual", "quantity": 1, "price": 60030});
    let line = json!({"account": "A", "positions": [perpetual]});
    let perpetual = one("derive-perpetual", "preset:derive-pm2", &market(60e3), &line);
    is_near(&perpetual["maintenance_headroom"], -10444.32, 1e-9);
    is_near(&perpetual["initial_headroom"], -13205.4, 1e-9);
}

/// Derive's own cases of portfolio margin 1 (derivexyz/v2-core, test-cases-portfolio-pm.json, whole numbers): its test configuration,
/// spot 2,000, the expiry in seventeen days and eight hours.
#[test]
fn derive_portfolio_margin_1() {
    let method = "schema = 1\nname = \"pm1\"\nkind = \"scenario-grid\"\ncurrency = \"USDC\"\n\
        [[grids]]\nmoves = [-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15]\nvolatilities = [\"up\", \"none\", \"down\"]\n\
        [volatility_shock]\nrange_up = 0.45\nrange_down = 0.3\nshort_term_power = 0.3\nlong_term_power = 0.13\n\
        [margin]\nmaintenance_factor = 1\ninitial_factor = 1.3\nfactors_multiply = \"scan_and_contingencies\"\n\
        long_discount = 0.95\nlong_rate_multiplier = 4\nlong_rate_add = 0.12\n\
        [basis]\nup_factor = 1.05\ndown_factor = 0.95\nadd = 0.25\nmultiplier = 0.01\n\
        [contingency]\nperp_maintenance = 0.025\noption_maintenance = 0.01\n\
        [valuation]\ndiscounts = false\n";
    let seconds = (17.0 * 24.0 + 8.0) * 3600.0;
    let market = with_expiry(2000.0, seconds, 2004.7545, 0.02);
    for (strike, right, quantity, initial, maintenance) in
        [(1400.0, "C", -1.0, -1021.0, -925.0), (3000.0, "P", -1.5, -2118.0, -1973.0)]
    {
        let line = json!({"account": "A", "positions": [option(strike, right, quantity, 0.5, seconds)]});
        let result = one(&format!("pm1-{strike}"), method, &market, &line);
        let printed = |key: &str| number(&result[key]).trunc();
        assert_eq!((printed("initial_headroom"), printed("maintenance_headroom")), (initial, maintenance));
    }
}

/// FINRA Rule 4210(g): ten valuation points over -8 to +6 percent for a broad index, the least $0.375 a contract and unit of its multiplier.
#[test]
fn united_states_portfolio_margin() {
    let future = |quantity: i64| json!({"type": "future", "expiry_seconds": 86_400, "multiplier": 50, "quantity": quantity});
    let market = with_expiry(5000.0, 86_400.0, 5000.0, 0.0);
    for (quantity, required) in [(1, 50.0 * 5000.0 * 0.08), (-1, 50.0 * 5000.0 * 0.06)] {
        let line = json!({"account": "A", "positions": [future(quantity)]});
        let result = one(&format!("us-{quantity}"), "preset:us-pm-broad-index", &market, &line);
        is_near(&result["initial_requirement"], required, 1e-6);
        assert_eq!(result["scenario_pnl"].as_array().unwrap().len(), 10);
    }
    // Ten OEX are worth as much as five SPX: of the gain 90 percent count.
    let indexes = json!({"sources": [{"source": "SPX", "price": 5000}, {"source": "OEX", "price": 2500}, {"source": "GLD", "price": 200}]});
    let held = |source: &str, quantity: i64| json!({"type": "asset", "source": source, "quantity": quantity});
    let line = json!({"account": "A", "positions": [held("SPX", 5), held("OEX", -10), held("GLD", 1)]});
    let result = one("us-group", "preset:us-pm-broad-index", &indexes, &line);
    is_near(&result["market_risk"], 25_000.0 * 0.08 * 0.1 + 200.0 * 0.08, 1e-6);
    is_near(&result["offsets"][0]["sum"], 25_000.0 * (0.08 + 0.06), 1e-6);
    let far = [option(9000.0, "C", -10.0, 0.2, 86_400.0), option(9500.0, "C", 4.0, 0.2, 86_400.0)];
    let line = json!({"account": "A", "positions": far});
    let result = one("us-minimum", "preset:us-pm-broad-index", &market, &line);
    // Ten shorts at the least; the longs are worth nothing.
    is_near(&result["initial_requirement"], 3.75, 1e-6);
}

/// Deribit's API reference, simulate portfolio margin, example answer of 17 June 2024 (printed with nine to twelve places).
#[test]
fn deribit_portfolio_margin() {
    let held = |kind: &str, quantity: f64| json!({"type": kind, "inverse": true, "quantity": quantity, "price": 65666.19});
    let mut future = held("future", -0.001187534);
    future["expiry"] = "2024-06-28T08:00:00Z".into();
    // Eleven days before, the annual move is below the least.
    let mut market = market(65666.19);
    market["time"] = "2024-06-17T08:00:00Z".into();
    let line = json!({
        "account": "A", "positions": [held("perpetual", 0.314538364), future],
        "additional": {"initial": "0.060018212"},
    });
    let result = one("deribit", "preset:deribit-pm-btc", &market, &line);
    is_near(&result["worst"], -0.05968587238, 1e-11);
    is_near(&result["sources"]["X"]["roll"], 0.00315725898, 1e-12);
    is_near(&result["initial_requirement"], 0.122861343, 1e-9);
    is_near(&result["maintenance_requirement"], 0.050274504784, 1e-12);
}

/// bit.com and Bybit, examples of their help pages: a short put each.
#[test]
fn standard_margin_of_short_options() {
    let put = |strike: f64, mark: f64, quantity: f64| json!({"type": "option", "expiry": "2026-12-25T08:00:00Z", "strike": strike, "right": "P", "mark": mark, "quantity": quantity});
    let line = json!({"account": "A", "positions": [put(1850.0, 2.4, -50.0)]});
    let own = &one("bit-com", "preset:bit-com-standard", &market(2098.0), &line)["positions"][0];
    is_near(&own["out_of_the_money"], 248.0, 0.0);
    is_near(&own["maintenance_per_contract"], 159.75, 0.0);
    is_near(&own["initial_per_contract"], 212.2, 0.0);
    is_near(&own["maintenance"], 7987.5, 0.0);
    is_near(&own["initial"], 10610.0, 0.0);
    let mut short = put(18500.0, 290.0, -1.0);
    short["order_price"] = 280.into();
    let line = json!({"account": "A", "positions": [short, put(17000.0, 100.0, 3.0)]});
    let result = one("bybit", "preset:bybit-cross", &market(20250.0), &line);
    is_near(&result["maintenance_requirement"], 938.0, 0.0);
    is_near(&result["initial_requirement"], 2315.0, 0.0);
    is_near(&result["equity"], 0.0, 0.0);
}

/// docs.paradex.trade: one perpetual against five calls of delta 0.3, net 0.5 and hedged 1.0, needs 1,400.
#[test]
fn paradex_minimum_by_delta() {
    // A forward on the strike and the volatility and time of a delta of 0.3, which is N(-0.5244) out of the money.
    let (strike, seconds) = (70e3, 31_536_000.0);
    let volatility = 0.5;
    let forward = strike * f64::exp(-0.524_400_512_708_041 * volatility - 0.5 * volatility * volatility);
    let mut market = with_expiry(70e3, seconds, forward, 0.0);
    market["sources"][0]["perpetual"] = json!({"price": 70e3});
    let calls = option(strike, "C", -5.0, volatility, seconds);
    let line = json!({"account": "A", "positions": [{"type": "perpetual", "quantity": 1}, calls]});
    let result = one("paradex", "preset:paradex-pm", &market, &line);
    let source = &result["sources"]["X"];
    is_near(&source["net_delta"], -0.5, 1e-9);
    is_near(&source["gross_delta"], 2.5, 1e-9);
    is_near(&source["floor"], 1400.0, 1e-5);
}

/// Hypercall's and Dederi's documentation: a floor by net short options, a charge on futures.
#[test]
fn floors_and_charges_of_others() {
    let method = |more: &str| {
        format!(
            "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n[[scenarios]]\nspot_factor = 1\n\
             [margin]\nmaintenance_factor = 1\ninitial_factor = 1\n{more}"
        )
    };
    let month = 2_592_000.0;
    let market = with_expiry(100e3, month, 100e3, 0.0);
    let floor = method("[floor]\nshort_option = 0.015\n");
    let spread = [option(100e3, "C", -10.0, 0.5, month), option(105e3, "C", 5.0, 0.5, month)];
    let strangle = [option(110e3, "C", -1.0, 0.5, month), option(90e3, "P", -1.0, 0.5, month)];
    for (name, positions, floor_of) in [("spread", spread, 7500.0), ("strangle", strangle, 3000.0)] {
        let line = json!({"account": "A", "positions": positions});
        let result = one(&format!("hypercall-{name}"), &floor, &market, &line);
        is_near(&result["market_risk"], floor_of, 0.0);
    }
    let charge = method("[contingency]\nfuture_maintenance = 0.006\n");
    let future = json!({"type": "future", "expiry_seconds": 1_728_000, "price": 2253.2, "quantity": 10});
    let line = json!({"account": "A", "positions": [future]});
    let result = one("dederi", &charge, &with_expiry(2243.3, 1_728_000.0, 2253.2, 0.0), &line);
    is_near(&result["maintenance_contingency"], 134.6, 0.05);
}

/// OKX's help, the example of its stepped charge: 1M at 0.75 %, 4M at 1.75 % and 5M at 2.5 % are 202,500.
#[test]
fn notional_is_charged_by_steps() {
    let method = "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n[[scenarios]]\nspot_factor = 1\n\
        [margin]\nmaintenance_factor = 1\ninitial_factor = 1\n[[concentration]]\nabove = 0\nfraction = 0.0075\n\
        [[concentration]]\nabove = 1_000_000\nfraction = 0.0175\n[[concentration]]\nabove = 5e6\nfraction = 0.025\n";
    let line = json!({"account": "A", "positions": [{"type": "perpetual", "quantity": -100}]});
    let result = one("steps", method, &market(100e3), &line);
    is_near(&result["maintenance_contingency"], 202_500.0, 0.0);
    assert_eq!(result["contingencies"][0]["kind"], "concentration");
}

#[test]
fn accounts_under_one_pool_and_positions_that_stand_alone() {
    let perpetual = |quantity: i64| json!({"type": "perpetual", "quantity": quantity, "collateral": 10});
    let fixed = |more: &str| {
        format!(
            "schema = 1\nname = \"fixed\"\nkind = \"static\"\ncurrency = \"USD\"\ninitial = 0.1\nmaintenance = 0.05\n{more}"
        )
    };
    let account =
        |name: &str, quantity: i64| json!({"account": name, "cash": 5, "positions": [perpetual(quantity)]});
    let pool = json!({"pool": "P", "cash": 100, "accounts": [account("a", 3), account("b", -3)]});
    let result = one("pool", &fixed(""), &market(100.0), &pool);
    is_near(&result["equity"], 110.0, 0.0);
    is_near(&result["initial_requirement"], 60.0, 0.0);
    is_near(&result["accounts"][1]["maintenance_requirement"], 15.0, 0.0);
    let line = json!({"account": "A", "cash": 5, "positions": [perpetual(3), perpetual(-3)]});
    let netted = one("netted", &fixed(""), &market(100.0), &line);
    is_near(&netted["initial_requirement"], 0.0, 0.0);
    let alone = one("alone", &fixed("isolated = true\n"), &market(100.0), &line);
    is_near(&alone["initial_requirement"], 60.0, 0.0);
    is_near(&alone["equity"], 25.0, 0.0);
    assert_eq!(alone["isolated"].as_array().unwrap().len(), 2);
    is_near(&alone["isolated"][0]["initial_headroom"], -20.0, 0.0);
}

#[test]
fn an_account_in_two_position_accounts_says_what_falls_on_each() {
    let held = |name: &str, quantity: i64| json!({"account": name, "positions": [{"type": "perpetual", "quantity": quantity, "price": 60030}]});
    let line = json!({"account": "M", "position_accounts": [held("long", 3), held("short", -1)]});
    let result = one("shares", "preset:derive-pm2", &market(60e3), &line);
    is_near(&result["initial_requirement"], 2.0 * 13205.4, 1e-9);
    is_near(&result["shares"][0]["initial"], 3.0 * 13205.4, 1e-6);
    is_near(&result["shares"][1]["initial"], -13205.4, 1e-6);
    is_near(&result["unallocated"]["initial"], 0.0, 1e-6);
    assert!(number(&result["market_risk"]) > 0.0);
}

#[test]
fn results_have_the_keys_of_the_contract_in_their_order() {
    let line = json!({"account": "A", "positions": [{"type": "perpetual", "quantity": 1}]});
    let run = calc("keys-method", "preset:derive-pm2", &market(60e3), &[line]);
    let keys: Vec<String> = run.json()[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        [
            "account",
            "method",
            "currency",
            "rests_on",
            "equity",
            "maintenance_requirement",
            "initial_requirement",
            "maintenance_headroom",
            "initial_headroom",
            "scenario_pnl",
            "basis_contingency",
            "worst",
            "worst_index",
            "market_risk",
            "maintenance_contingency",
            "initial_contingency",
            "initial_factor",
            "equity_parts",
            "contingencies",
            "sources",
            "offsets",
        ]
    );
}

#[test]
fn tables_show_what_a_person_asks_for() {
    let method = file(
        "tables.toml",
        "schema = 1\nname = \"m\"\nkind = \"static\"\ncurrency = \"USD\"\ninitial = 0.1\nmaintenance = 0.05\n",
    );
    let quoted = file("tables.market.json", market(60e3).to_string());
    let held = |name: &str, quantity: i64| json!({"account": name, "positions": [{"type": "perpetual", "quantity": quantity}]});
    let lines = [
        json!({"account": "A", "position_accounts": [held("long", 3), held("short", -1)]}),
        json!({"pool": "P", "accounts": [held("in pool", 2)]}),
        json!({"account": "B", "colour": 1}),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let accounts = file("tables.jsonl", lines);
    let shown = |method: &str| {
        let arguments = [
            "calc",
            "--method",
            method,
            "--market",
            &quoted,
            "--portfolios",
            &accounts,
            "--format",
            "table",
            "--scenarios",
        ];
        let run = run(&arguments);
        assert_eq!((run.status, run.errors.as_str()), (1, ""));
        assert!(run.out.lines().all(|line| line.len() < 200 && line.trim_end() == line), "{}", run.out);
        run.out
    };
    let grid = shown("preset:derive-pm2");
    for wanted in [
        "Account A\n",
        "Method derive-pm2 2026-09, in USDC",
        "Equity and requirements",
        "Price sources",
        " *\n",
        "perpetual",
        "Shares of the requirements",
        "(nobody's)",
        "Pool P\n",
        "Account in pool\n",
        "Account B: error: line 3: colour: unknown key",
    ] {
        assert!(grid.contains(wanted), "{wanted} in\n{grid}");
    }
    let rules = shown(&method);
    assert!(rules.contains("Positions\n") && rules.contains("120,000.00"), "{rules}");
}
