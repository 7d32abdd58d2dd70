//! What stands twice is a fault, wherever it stands: every key of a market and of an account, and every entry of a market's lists.

use serde_json::{Value, json};

use crate::program::{file, run};

/// A text for every key of a value, which stands twice in it, with the key's path.
fn repeated_keys(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(object) => {
            let mut found = Vec::new();
            for (place, (key, own)) in object.iter().enumerate() {
                let text = |own_text: &str, again: bool| {
                    let mut parts: Vec<String> =
                        object.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
                    parts[place] = format!("{}:{own_text}", json!(key));
                    if again {
                        parts.push(parts[place].clone());
                    }
                    format!("{{{}}}", parts.join(","))
                };
                found.push((key.clone(), text(&own.to_string(), true)));
                for (path, inner) in repeated_keys(own) {
                    let dot = if path.starts_with('[') { "" } else { "." };
                    found.push((format!("{key}{dot}{path}"), text(&inner, false)));
                }
            }
            found
        }
        Value::Array(list) => {
            let mut found = Vec::new();
            for (place, own) in list.iter().enumerate() {
                for (path, inner) in repeated_keys(own) {
                    let mut parts: Vec<String> = list.iter().map(Value::to_string).collect();
                    parts[place] = inner;
                    found.push((format!("[{place}].{path}"), format!("[{}]", parts.join(","))));
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

fn market() -> Value {
    json!({
        "time": "2026-09-18T08:00:00Z",
        "stable_price": 1,
        "rates": [{"expiry": "2026-12-18T08:00:00Z", "rate": 0.01}],
        "exchange": [{"from": "EUR", "to": "USD", "rate": 1.1}],
        "sources": [{
            "source": "BTC", "price": 60000, "confidence": 1, "perpetual": {"price": 60010},
            "expiries": [{
                "expiry": "2026-10-18T08:00:00Z", "forward": 60100, "rate": 0.01,
                "smile": [{"strike": 50000, "volatility": 0.7}, {"strike": 70000, "volatility": 0.6}]
            }]
        }]
    })
}

fn account() -> Value {
    json!({
        "account": "A", "cash": 1000,
        "positions": [{
            "type": "option", "source": "BTC", "expiry": "2026-10-18T08:00:00Z", "strike": "60000", "right": "C",
            "quantity": 1
        }]
    })
}

fn calc(name: &str, market: &str, line: &str) -> crate::program::Run {
    let (market, lines) = (file(&format!("{name}.json"), market), file(&format!("{name}.jsonl"), line));
    run(&["calc", "--method", "preset:derive-pm2", "--market", &market, "--portfolios", &lines])
}

#[test]
fn a_key_that_stands_twice_is_named_by_its_path() {
    let (market, account) = (market().to_string(), account().to_string());
    let whole = calc("once", &market, &account);
    assert_eq!((whole.status, whole.errors.as_str()), (0, ""), "{}", whole.out);
    let repeated = repeated_keys(&self::market());
    assert!(repeated.len() > 20);
    for (path, text) in repeated {
        let run = calc("twice", &text, &account);
        assert_eq!((run.status, run.out.as_str()), (3, ""), "{path}: {}", run.errors);
        assert!(run.errors.contains(&format!("{path}: stands here a second time")), "{path}: {}", run.errors);
    }
    for (path, text) in repeated_keys(&self::account()) {
        let run = calc("twice", &market, &text);
        assert_eq!(run.status, 1, "{path}");
        assert!(run.out.contains(&format!("{path}: stands here a second time")), "{path}: {}", run.out);
    }
}

#[test]
fn an_entry_that_stands_twice_is_named_even_with_other_numbers() {
    for (list, key, change) in [
        ("/rates", "rates[1].expiry", "rate"),
        ("/exchange", "exchange[1].to", "rate"),
        ("/sources", "sources[1].source", "price"),
        ("/sources/0/expiries", "sources[0].expiries[1].expiry", "forward"),
        ("/sources/0/expiries/0/smile", "sources[0].expiries[0].smile[2].strike", "volatility"),
    ] {
        let mut market = market();
        let entries = market.pointer_mut(list).unwrap().as_array_mut().unwrap();
        let mut again = entries[0].clone();
        again[change] = json!(again[change].as_f64().unwrap() * 1.01);
        if key.contains("smile") {
            entries.push(again)
        } else {
            entries.insert(1, again)
        }
        let run = calc("entry-twice", &market.to_string(), &account().to_string());
        assert_eq!(run.status, 3, "{key}: {}", run.out);
        assert!(run.errors.contains(&format!("{key}: stands here a second time")), "{key}: {}", run.errors);
    }
}

#[test]
fn an_account_on_several_lines_is_told_or_added_up() {
    let perpetual = |account: &str, quantity: i64| json!({ "account": account, "cash": 1000, "positions": [{ "type": "perpetual", "source": "BTC", "quantity": quantity }] });
    let pool = json!({ "pool": "P", "cash": 1, "accounts": [perpetual("A", 1)] });
    let lines = [perpetual("A", 3), pool, perpetual("B", 1), perpetual("A", -2)];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let apart = calc("several", &market().to_string(), &text);
    assert_eq!((apart.status, apart.json().len()), (0, 4));
    assert!(apart.errors.starts_with("line 4: account A stands on line 1 too: "), "{}", apart.errors);
    let market = file("several.json", market().to_string());
    let merged = |text: &str| {
        let lines = file("merged.jsonl", text);
        run(&[
            "calc",
            "--method",
            "preset:derive-pm2",
            "--market",
            &market,
            "--portfolios",
            &lines,
            "--merge-accounts",
        ])
    };
    let all = merged(&text);
    let mut whole = perpetual("A", 1);
    whole["cash"] = json!(2000);
    let alone = calc("merged-alone", &self::market().to_string(), &format!("{whole}\n"));
    assert_eq!((all.status, all.errors.as_str(), all.json().len()), (0, "", 3));
    for key in ["equity", "initial", "maintenance"] {
        assert_eq!(all.json()[0][key], alone.json()[0][key], "{key}");
    }
    assert_eq!(all.json()[0]["account"], "A");
    let faulty = merged(&text.replacen("\"quantity\":-2", "\"quantity\":\"x\",\"size\":1", 1));
    let error = faulty.json()[0]["error"].as_str().unwrap().to_owned();
    assert!(
        error.starts_with("line 4: positions[0].quantity: ")
            && error.contains("; positions[0].size: unknown key"),
        "{error}"
    );
}
