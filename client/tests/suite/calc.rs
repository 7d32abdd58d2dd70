//! `plimsoll calc` without a server.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::Value;

use crate::book::{self, contracts, line, portfolios, position, sample_set};
use crate::program::{Run, command, file, run, run_with_input, sample_file};

fn calc(portfolios: &str, more: &[&str]) -> Run {
    run(&[&["calc", "--params", sample_file(), "--portfolios", portfolios], more].concat())
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_result_has_the_keys_of_the_contract_in_their_order() {
    let contracts = contracts();
    let input = line("A1", &[position(&contracts[0], 2), position(&contracts[contracts.len() - 1], -3)]);
    let run = calc(&file("keys.jsonl", input), &[]);
    let result = &run.json()[0];
    assert_eq!(
        keys(result),
        [
            "account",
            "parameter_set",
            "currency",
            "risk",
            "net_option_value",
            "requirement",
            "requirement_levels",
            "initial_requirement",
            "maintenance_requirement",
            "by_currency",
            "levels",
            "commodities",
            "unmatched"
        ]
    );
    let set = sample_set();
    assert_eq!(keys(&result["parameter_set"]), ["id", "business_date", "digest"]);
    assert_eq!(result["parameter_set"]["id"], set.id());
    assert_eq!(result["parameter_set"]["digest"], set.digest().to_string());
    assert_eq!(keys(&result["by_currency"][0]), ["currency", "risk", "net_option_value", "requirement"]);
    assert_eq!(keys(&result["levels"][0]), ["level", "amount", "requirement"]);
    let commodities = result["commodities"].as_object().unwrap();
    assert_eq!(commodities.len(), 2);
    for own in commodities.values() {
        assert_eq!(
            keys(own),
            [
                "currency",
                "active_scenario",
                "scenario_losses",
                "scan_risk",
                "time_risk",
                "volatility_risk",
                "price_risk",
                "weighted_price_risk",
                "net_delta",
                "intra_charge",
                "delivery_charge",
                "inter_credit",
                "short_option_minimum",
                "long_option_value",
                "short_option_value",
                "risk"
            ]
        );
        assert_eq!(own["scenario_losses"].as_array().unwrap().len(), 16);
        assert!(own["risk"].is_string() && own["active_scenario"].is_u64());
    }
    run.well();
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_the_others_are_calculated() {
    let good = line("G", &[position(&contracts()[0], 5)]);
    let wrong = book::wrong_lines();
    let mut input = good.clone().into_bytes();
    for (bytes, ..) in &wrong {
        input.extend_from_slice(bytes);
        input.extend_from_slice(good.as_bytes());
    }
    let run = calc(&file("wrong.jsonl", input), &[]);
    assert_eq!(run.status, 1);
    let is_told = |line: &str| line.contains(": account G stands on line 1 too: ");
    assert_eq!(run.errors.lines().filter(|line| is_told(line)).count(), wrong.len(), "{}", run.errors);
    assert!(run.errors.lines().all(is_told), "{}", run.errors);
    let results = run.json();
    assert_eq!(results.len(), 2 * wrong.len() + 1);
    for (index, (_, account, message)) in wrong.iter().enumerate() {
        let result = &results[2 * index + 1];
        assert_eq!(keys(result), ["account", "error"]);
        assert_eq!(result["account"].as_str(), *account);
        assert!(result["error"].as_str().unwrap().contains(message), "{result}");
    }
    assert!(results.iter().step_by(2).all(|result| *result == results[0] && result["account"] == "G"));
}

#[test]
fn standard_input_is_read_as_json_lines_and_answered_line_by_line() {
    let arguments = ["calc", "--params", sample_file(), "--portfolios", "-"];
    let mut command = command(&arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for number in 0..3 {
        let account = format!("A{number}");
        input.write_all(line(&account, &[position(&contracts()[number], 1)]).as_bytes()).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["account"], account);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn csv_and_json_lines_give_the_same_results() {
    let lines = portfolios(20);
    let mut csv = "account,quantity,type,product,period,strike,right,margining\n".to_owned();
    for portfolio in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for position in portfolio["positions"].as_array().unwrap() {
            let text = |key: &str| position[key].as_str().unwrap_or_default().to_owned();
            let (account, quantity) = (portfolio["account"].as_str().unwrap(), &position["quantity"]);
            let [kind, product, period] = ["type", "product", "period"].map(text);
            let [strike, right] = ["strike", "right"].map(text);
            let margining = portfolio["margining"].as_str().unwrap_or_default();
            csv.push_str(&format!(
                "{account},{quantity},{kind},{product},{period},{strike},{right},{margining}\n"
            ));
        }
    }
    let from_lines = calc(&file("same.jsonl", &lines), &[]);
    assert_eq!(calc(&file("same.csv", csv), &[]), from_lines);
    assert_eq!(
        run_with_input(&["calc", "--params", sample_file(), "--portfolios", "-"], lines.as_bytes()),
        from_lines
    );
    assert_eq!(from_lines.well().lines().count(), 20);
}

#[test]
fn csv_faults_name_their_rows() {
    let key = &contracts()[0];
    let good = format!("{},{},{}", key.product, key.product_type, key.period);
    let rows =
        format!("account,product,type,period,quantity\nA,{good},1\nB,{good},x\n,{good},1\nB,{good},0\n");
    let run = calc(&file("faults.csv", rows), &[]);
    let results = run.json();
    assert_eq!((run.status, results.len()), (1, 3));
    assert_eq!(results[0]["account"], "A");
    let error = "line 3: quantity: expected a whole number of lots; line 5: quantity: quantity is zero";
    assert_eq!(results[1]["error"], error);
    assert_eq!(
        (&results[2]["account"], &results[2]["error"]),
        (&Value::Null, &"line 4: account: is missing".into())
    );
    let run = calc(&file("header.csv", "account,products\n"), &[]);
    assert_eq!(run.status, 1);
    assert!(
        run.json()[0]["error"]
            .as_str()
            .unwrap()
            .starts_with("line 1: unknown column \"products\"; product: ")
    );
}

#[test]
fn options_reach_the_calculation() {
    let contracts = contracts();
    let input = line(
        "A",
        &[
            position(&contracts[0], 9),
            r#"{"product":"X","type":"FUT","period":"202612","quantity":1}"#.to_owned(),
            r#"{"product":"X","type":"OOF","period":"202612","exchange":"HBX","underlying_period":"202703","right":"C","strike":"52.50","quantity":-2}"#.to_owned(),
        ],
    );
    let path = file("options.jsonl", input);
    let base = calc(&path, &["--allow-unmatched"]);
    let result = base.json().remove(0);
    let unmatched = r#""unmatched":[{"position":1,"product":"X","type":"FUT","period":"202612","quantity":1,"reason":"unknown_contract"},{"position":2,"product":"X","type":"OOF","period":"202612","exchange":"HBX","underlying_period":"202703","right":"C","strike":"52.50","quantity":-2,"reason":"unknown_contract"}]"#;
    assert!(base.out.contains(unmatched), "{}", base.out);
    let other = if result["currency"] == "EUR" { "USD" } else { "EUR" };
    let converted = calc(&path, &["--allow-unmatched", "--currency", other]).json().remove(0);
    assert_eq!(converted["currency"], other);
    assert_ne!(converted["risk"], result["risk"]);
    assert_eq!(converted["by_currency"], result["by_currency"]);
    let rounded = calc(&path, &["--allow-unmatched", "--rounding", "takasbank"]).json().remove(0);
    let scan = rounded["commodities"].as_object().unwrap().values().next().unwrap()["scan_risk"].clone();
    assert!(scan.as_str().unwrap().ends_with(".000000"));
    let run = calc(&path, &["--allow-unmatched", "--currency", "JPY"]);
    let error = run.json()[0]["error"].as_str().unwrap().to_owned();
    assert!(run.status == 1 && error.starts_with("currency: no conversion from "), "{error}");
}

#[test]
fn tables_show_what_a_person_asks_for() {
    let path = file("table.jsonl", portfolios(1) + "nonsense\n");
    let run = calc(&path, &["--format", "table", "--scenarios"]);
    assert_eq!((run.status, run.errors.as_str()), (1, ""));
    let set = sample_set();
    for wanted in [
        "Account A0\n",
        set.id(),
        "Requirement levels",
        "maintenance",
        "Scenario losses, the worst marked with *",
        " *\n",
        "Net deltas by period",
        "Intra-commodity spreads formed",
        "error: line 2: not JSON: ",
    ] {
        assert!(run.out.contains(wanted), "{wanted} in\n{}", run.out);
    }
    let longest = run.out.lines().map(str::len).max().unwrap();
    assert!(longest < 200 && run.out.lines().all(|line| line.trim_end() == line), "{longest}");
    let without = calc(&path, &["--format", "table"]);
    assert!(!without.out.contains("Scenario losses"));
}

#[test]
fn a_parameter_file_that_is_refused_ends_it_with_every_finding() {
    let spn = file("refused.spn", "<spanFile><fileFormat>4.00</fileFormat></spanFile>");
    let portfolios = file("unused.jsonl", "");
    let run = run(&["calc", "--params", &spn, "--portfolios", &portfolios]);
    assert_eq!((run.status, run.out.as_str()), (3, ""));
    assert!(
        run.errors.starts_with(&format!("{spn}: error: line 1: pointInTime: is missing\n")),
        "{}",
        run.errors
    );
    assert!(run.errors.ends_with(&format!("error: {spn}: the file is refused\n")), "{}", run.errors);
}

#[test]
fn usage_and_files_that_are_absent() {
    let portfolios = file("nothing.jsonl", "\n \n");
    let absent = format!("{portfolios}.absent.jsonl");
    let cases: [(&[&str], i32); 8] = [
        (&["calc", "--portfolios", &portfolios], 2),
        (&["calc", "--params", sample_file(), "--portfolios", &absent], 2),
        (&["calc", "--params", sample_file(), "--portfolios", "book.xlsx"], 2),
        (&["calc", "--params", sample_file(), "--portfolios", &portfolios, "--scenarios"], 2),
        (&["calc", "--params", sample_file(), "--portfolios", &portfolios, "--rounding", "rough"], 2),
        (&["calc", "--params", &absent, "--portfolios", &portfolios], 3),
        (&["calc", "--params", env!("CARGO_TARGET_TMPDIR"), "--portfolios", &portfolios], 3),
        (&["calc", "--params", sample_file(), "--portfolios", &portfolios], 0),
    ];
    for (arguments, status) in cases {
        let run = run(arguments);
        assert_eq!((run.status, run.out.as_str()), (status, ""), "{arguments:?} {}", run.errors);
        assert_eq!(run.errors.is_empty(), status == 0, "{arguments:?} {}", run.errors);
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let path = file("pipe.jsonl", portfolios(200));
    let mut command = command(&["calc", "--params", sample_file(), "--portfolios", &path]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"account\":\"A0\""));
    drop(output);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn an_account_on_several_lines_is_told_or_added_up() {
    let contracts = contracts();
    let own = |account: &str, quantity: i64| line(account, &[position(&contracts[0], quantity)]);
    let input = file("several.jsonl", [own("A", 50), own("B", 2), own("A", -50)].concat());
    let apart = calc(&input, &[]);
    assert_eq!((apart.status, apart.json().len()), (0, 3));
    let told = "line 3: account A stands on line 1 too: each line has an answer of its own, --merge-accounts adds them up";
    assert_eq!(apart.errors.trim_end(), told);
    let merged = calc(&input, &["--merge-accounts"]);
    let requirements: Vec<_> = merged.json().iter().map(|own| own["requirement"].clone()).collect();
    let alone = calc(&file("alone.jsonl", own("B", 2)), &[]).json()[0]["requirement"].clone();
    assert_eq!(
        (merged.status, merged.errors.as_str(), requirements),
        (0, "", vec!["0.000000".into(), alone])
    );
    // As rows of CSV are.
    let csv = format!(
        "account,product,type,period,quantity\nA,{0},FUT,{1},50\nB,{0},FUT,{1},2\nA,{0},FUT,{1},-50\n",
        contracts[0].product, contracts[0].period
    );
    assert_eq!(calc(&file("several.csv", csv), &[]).out, merged.out);
    let contradicting = own("A", 1).replace("}\n", ",\"margining\":\"gross\"}\n")
        + &own("A", 1).replace("}\n", ",\"margining\":\"net\"}\n");
    let refused = calc(&file("contradicting.jsonl", contradicting), &["--merge-accounts"]);
    assert_eq!(refused.status, 1);
    assert_eq!(refused.json()[0]["error"], "line 2: margining: line 1 has gross_sides");
}
