//! Files and lines that cannot be used, with everything that is wrong with them.

use serde_json::json;

use super::{calc, market};
use crate::program::{file, run};

const HEAD: &str = "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n";
const MARGIN: &str = "[margin]\nmaintenance_factor = 1\ninitial_factor = 1\n";

fn refused(name: &str, method: &str) -> String {
    let run = calc(name, method, &market(1.0), &[json!({"account": "A"})]);
    assert_eq!((run.status, run.out.as_str()), (3, ""), "{name}: {}", run.errors);
    run.errors
}

#[track_caller]
fn names(name: &str, method: &str, messages: &[&str]) {
    let errors = refused(&format!("bad-{name}"), method);
    for message in messages {
        let shown: String = errors.chars().take(3000).collect();
        assert!(errors.contains(message), "{name}: {message} in\n{shown}");
    }
}

#[test]
fn a_bad_method_is_refused_with_all_its_faults() {
    let body = format!("{HEAD}{MARGIN}");
    names(
        "empty",
        "",
        &["schema: is missing", "name: is missing", "currency: is missing", "kind: is missing"],
    );
    let several = "color = 1\n[margin]\nmaintenance_factor = -1\n[[scenarios]]\nspot_factor = 0\nvolatility = \"left\"\nspeed = 3\n";
    let messages = [
        "error: line 5: color: unknown key",
        "error: line 7: margin.maintenance_factor: expected a number from 0 to 100",
        "margin.initial_factor: is missing",
        "error: line 9: scenarios[0].spot_factor: expected a number from 0.000001 to 1000000",
        "scenarios[0].volatility: expected one of none, up, down, skew_linear, skew_absolute",
        "error: line 11: scenarios[0].speed: unknown key",
    ];
    names("several", &format!("{HEAD}{several}"), &messages);
    let hole = format!("{body}[[scenarios]]\nvolatility = \"up\"\n");
    names("hole", &hole, &["volatility_shock: is missing, and scenario 0 needs it"]);
    names("none", &body, &["scenarios: is missing: a method has at least one scenario"]);
    let syntax = format!("{HEAD}x = [1,\ny = \n");
    names("syntax", &syntax, &["line 6: file: ", "margin: is missing"]);
    let kind = HEAD.replace("scenario-grid", "grid");
    let errors = refused("bad-kind", &format!("{kind}{MARGIN}"));
    assert!(errors.contains("kind: expected one of ") && !errors.contains("unknown key"), "{errors}");
    let twice = format!(
        "{HEAD}name = \"n\"\n{MARGIN}initial_factor = 2\n[[scenarios]]\nname = \"a\"\n[[scenarios]]\nname = \"a\"\n\
         [[grids]]\nmoves = [0.1, 0.2, 0.1]\nvolatilities = [\"none\", \"none\"]\n[margin]\n"
    );
    let messages = [
        "line 5: file: duplicate key",
        "line 9: file: duplicate key",
        "scenarios[1].name: stands here a second time",
        "grids[0].moves: 0.1 stands here a second time",
        "grids[0].volatilities: none stands here a second time",
        "line 17: file: duplicate key",
    ];
    names("twice", &twice, &messages);
    let groups = "[[offsets]]\nname = \"g\"\nsources = [\"A\"]\nrule = \"gains\"\nfraction = 1\n"
        .repeat(2)
        .replacen("\"A\"", "\"B\"", 1);
    names(
        "groups",
        &format!("{body}[[scenarios]]\n{groups}"),
        &["offsets[1].name: stands here a second time"],
    );
    let number = format!("{HEAD}places = nan\n{MARGIN}[[scenarios]]\nspot_factor = inf\n");
    names("number", &number, &["places: expected a number", "spot_factor: expected a number"]);
    let run = run(&["calc", "--method", &file("utf.toml", b"\xff"), "--market", "m", "--portfolios", "p"]);
    assert!(run.status == 3 && run.errors.contains("line 1: file: not UTF-8"), "{}", run.errors);
}

#[test]
fn a_million_scenarios_are_refused_however_they_are_written() {
    let body = format!("{HEAD}{MARGIN}");
    let listed =
        format!("{body}[[grids]]\nmoves = [{}]\nvolatilities = [\"none\"]\n", "0.1, ".repeat(1_000_000));
    names("listed", &listed, &["grids[0].moves: 1000000 entries: at most 1000 are allowed"]);
    let grid = format!("[[grids]]\nmoves = [{}]\nvolatilities = [\"none\"]\n", "0.1, ".repeat(600));
    names("added", &format!("{body}{grid}{grid}"), &["grids[1].moves: more than 1000 scenarios with these"]);
    let single = "[[scenarios]]\nspot_factor = 1.1\n".repeat(300_000);
    names("single", &format!("{body}{single}"), &["scenarios: 300000 entries: at most 1000 are allowed"]);
    names("bytes", &"#\n".repeat(10_000_000), &["file: more than 16777216 bytes"]);
}

#[test]
fn a_matrix_that_is_no_correlation_is_refused() {
    let matrix = |cells: &str| {
        format!(
            "{HEAD}{MARGIN}[[scenarios]]\nspot_factor = 1.1\n[[scenarios]]\nspot_factor = 0.9\n[[offsets]]\nname = \"g\"\n\
             sources = [\"A\", \"B\", \"C\"]\nrule = \"correlation\"\nup = 0\ndown = 1\nmatrix = {cells}\n"
        )
    };
    for (name, cells, message) in [
        (
            "above",
            "[[1, 1.2, 0], [1.2, 1, 0], [0, 0, 1]]",
            "offsets[0].matrix[0][1]: expected a number from -1 to 1",
        ),
        (
            "below",
            "[[1, 1.2, 0], [1.2, 1, 0], [0, 0, 1]]",
            "offsets[0].matrix[1][0]: expected a number from -1 to 1",
        ),
        ("asymmetric", "[[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]]", "[1][0]: expected the same as in [0][1]"),
        ("diagonal", "[[0.9, 0, 0], [0, 1, 0], [0, 0, 1]]", "[0][0]: expected 1"),
        ("impossible", "[[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]", "not positive semi-definite"),
        ("ragged", "[[1, 0, 0], [0, 1], [0, 0, 1]]", "offsets[0].matrix[1]: expected 3 numbers"),
    ] {
        names(name, &matrix(cells), &[message]);
    }
}

#[test]
fn a_bad_market_is_refused_with_all_its_faults() {
    let wrong = json!({"colour": 1, "sources": [{"source": "", "price": -1}, {"source": "A"}, {"source": "B", "price": 1, "expiries": [{"forward": "x"}]}]});
    let run = calc("bad-market", "preset:derive-pm2", &wrong, &[]);
    assert_eq!(run.status, 3);
    for message in [
        "colour: unknown key",
        "sources[0].source: a price source is missing",
        "sources[1].price: is missing",
        "sources[2].expiries[0].seconds: is missing",
    ] {
        assert!(run.errors.contains(message), "{message} in {}", run.errors);
    }
    // What cannot be read hides nothing beside it, and makes nothing unknown.
    for message in
        ["sources[0].price: expected a number", "sources[2].expiries[0].forward: expected a number"]
    {
        assert!(run.errors.contains(message), "{message} in {}", run.errors);
    }
    assert_eq!(run.errors.matches("unknown key").count(), 1, "{}", run.errors);
}

#[test]
fn a_bad_line_is_answered_with_all_its_faults_and_the_others_are_calculated() {
    let good = json!({"account": "G", "cash": 1});
    let option = json!({"type": "option", "quantity": 1, "strike": 5, "right": "C", "expiry_seconds": 60});
    let cases = [
        (
            json!({"account": "A", "colour": 1, "positions": [{"type": "swap"}, {"type": "perpetual", "quantity": 1e12}]}),
            vec![
                "colour: unknown key",
                "positions[0].type: expected one of asset, perpetual, future, option",
                "positions[0].quantity: is missing",
                "positions[1].quantity: expected a number from",
            ],
        ),
        (json!({"account": "A", "positions": [option]}), vec!["positions[0]: no forward", "no rate to"]),
        (
            json!({"account": "A", "positions": [{"type": "asset", "source": "NONE", "quantity": 1}]}),
            vec!["positions[0]: no price of NONE is known"],
        ),
        (
            json!({"account": "A", "collateral": [{"asset": "gold", "amount": 1, "price": 5}]}),
            vec!["collateral[0]: no haircut of \"gold\" is stated"],
        ),
        (
            json!({"pool": "P", "accounts": [{"account": "a"}, {"cash": "x"}]}),
            vec!["accounts[1].cash: expected a number", "accounts[1].account: is missing"],
        ),
        (json!({"account": ""}), vec!["account: is missing"]),
    ];
    for (place, (line, messages)) in cases.into_iter().enumerate() {
        let run =
            calc(&format!("bad-line-{place}"), "preset:derive-pm2", &market(10.0), &[line, good.clone()]);
        let results = run.json();
        assert_eq!(
            (run.status, results.len(), &results[1]["account"]),
            (1, 2, &json!("G")),
            "{}",
            run.errors
        );
        let error = results[0]["error"].as_str().unwrap();
        let found = messages.iter().filter(|message| error.contains(**message)).count();
        assert!(found > 0 && (found == messages.len() || place == 1), "{error}");
    }
}
