//! The live book on the command line, against a server.

use serde_json::{Value, json};

use crate::program::{Run, file, folder, run, sample_file, text};
use crate::server::TestServer;

/// A server with the sample active and a group; runs `plimsoll book` on it.
struct Book(TestServer);

impl Book {
    fn new() -> Self {
        let server = TestServer::start();
        run(&["params", "load", sample_file(), "--activate", "--server", server.url()]).well();
        let book = Self(server);
        book.run(&["open", "--member", "ACME", "--origin", "client", "--currency", "USD"]).well();
        book
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let of_house = ["settle", "transfer", "terms", "import"].contains(&arguments[0]);
        let group: &[&str] = if of_house { &[] } else { &["--group", "POOL"] };
        let all = [&["book"], arguments, &["--house", "HARBOR", "--server", self.0.url()], group].concat();
        run(&all)
    }
}

fn future(quantity: i64) -> Value {
    json!({ "product": "HCL", "type": "FUT", "period": "202612", "quantity": quantity })
}

fn order(id: &str, lots: i64) -> Value {
    let legs = json!([{ "contract": future(lots.signum()), "price": "70.86" }]);
    json!({ "id": id, "account": "A", "terms": { "kind": "limit", "units": lots.abs(), "legs": legs } })
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

fn opened() -> Vec<Value> {
    vec![
        json!({ "open_margin_account": { "account": "M", "account_type": "hedger" } }),
        json!({ "open_position_account": { "account": "A", "margin_account": "M" } }),
        json!({ "deposit": { "reference": "D1", "assets": { "currency": "USD", "amount": "30000" } } }),
    ]
}

#[test]
fn a_day_of_a_group() {
    let book = Book::new();
    let mut commands = opened();
    commands.push(json!({ "order": order("O1", 4) }));
    commands.push(json!({ "order": order("O2", 40) }));
    let commands = file("live-commands.jsonl", lines(&commands));
    let answered = book.run(&["submit", &commands, "--run-name", "morning"]);
    assert_eq!(answered.status, 1);
    let answers = answered.json();
    assert_eq!(answers[3]["checked"]["after"]["requirement"], "18920.000000");
    assert_eq!(answers[4]["refused"]["reason"], "insufficient_margin");
    assert_eq!(answers[3]["command_id"], "morning:4");
    // The same run again: the same answers, and nothing is done twice.
    let mut again = book.run(&["submit", &commands, "--run-name", "morning"]).json();
    for own in &mut again {
        assert_eq!(own.as_object_mut().unwrap().remove("repeated"), Some(json!(true)), "{own}");
    }
    assert_eq!(again, answers);
    let orders = file("live-orders.jsonl", lines(&[order("O3", 1), order("O4", 9), json!({ "id": 5 })]));
    let checked = book.run(&["check", &orders]);
    let accepted: Vec<Value> = checked.json().iter().map(|own| own["accepted"].clone()).collect();
    assert_eq!((checked.status, accepted), (1, vec![json!(true), json!(false), Value::Null]));
    assert_eq!(
        book.run(&["orders"]).json()[0]["order"],
        order("O1", 4)
            .as_object()
            .map(|own| {
                let mut own = own.clone();
                own["terms"]["time_in_force"] = json!("day");
                own["terms"]["legs"][0]["contract"]["exchange"] = json!("HBX");
                Value::Object(own)
            })
            .unwrap()
    );
    let trade = json!({ "id": "T1", "account": "A", "order_id": "O1", "units": 4, "date": "2026-09-18",
        "legs": [{ "contract": future(4), "price": "70.86" }] });
    let fills = file("live-fills.jsonl", lines(&[json!({ "trade": trade })]));
    assert_eq!(book.run(&["submit", &fills]).json()[0]["closed_orders"], json!(["O1"]));
    let settlement = json!({ "run_id": "R1", "date": "2026-09-18", "cycle": 1,
        "prices": [{ "contract": { "product": "HCL", "type": "FUT", "period": "202612" }, "price": "71.36" }] });
    let settlement = file("live-run.json", settlement.to_string());
    assert_eq!(book.run(&["settle", &settlement]).well(), "{\"groups\":1}\n");
    let margin = book.run(&["margin"]).json().remove(0);
    assert_eq!(margin["currencies"][0]["cash"], "32000.000000");
    assert_eq!(margin["accounts"][0]["report"]["requirement"], "17200.000000");
    assert_eq!(book.run(&["positions"]).json()[0]["long"], 4);
    assert_eq!(book.run(&["trades"]).json()[0]["order_id"], "O1");
    assert_eq!(book.run(&["exceptions"]).well(), "");
    assert!(book.run(&["audit"]).json()[0].get("differences").is_none());
    let groups = run(&["book", "groups", "--server", book.0.url()]).json();
    assert_eq!((groups.len(), groups[0]["origin"].clone()), (1, json!("client")));
}

#[test]
fn every_run_has_ids_of_its_own() {
    let book = Book::new();
    book.run(&["submit", &file("runs-opened.jsonl", lines(&opened()))]).well();
    // The same file name on another day is another day.
    let deposit = |reference: &str| json!({ "deposit": { "reference": reference, "assets": { "currency": "USD", "amount": "5" } } });
    let cash = || book.run(&["margin"]).json()[0]["currencies"][0]["cash"].clone();
    let first = book.run(&["submit", &file("runs.jsonl", lines(&[deposit("monday")]))]);
    assert_eq!(cash(), "30005.000000");
    let second = book.run(&["submit", &file("runs.jsonl", lines(&[deposit("tuesday")]))]);
    assert_eq!(cash(), "30010.000000");
    let ids: Vec<String> =
        [&first, &second].map(|own| own.json()[0]["command_id"].as_str().unwrap().to_owned()).into();
    assert_ne!(ids[0], ids[1]);
    // Its name is printed, and sends the run again; a deposit told again under another id is known all the same.
    let name = ids[1].strip_suffix(":1").unwrap();
    assert!(second.errors.contains(&format!("--run-name '{name}'")), "{}", second.errors);
    let again = file("runs.jsonl", lines(&[deposit("tuesday")]));
    for arguments in [&["submit", again.as_str(), "--run-name", name][..], &["submit", again.as_str()][..]] {
        assert_eq!(book.run(arguments).json()[0]["repeated"], true);
    }
    assert_eq!(cash(), "30010.000000");
    assert_eq!(book.run(&["submit", &again, "--run-name", ""]).status, 2);
}

#[test]
fn an_import_of_csv_is_all_or_nothing() {
    let book = Book::new();
    book.run(&["submit", &file("import-commands.jsonl", lines(&opened()))]).well();
    let header = "group,account,trade,date,product,type,period,quantity,price";
    let good = format!(
        "{header}\nPOOL,A,T1,2026-09-18,HCL,FUT,202612,2,70.86\nPOOL,A,T2,2026-09-18,HCL,FUT,202703,-2,70.32\n"
    );
    let bad = format!("{good}POOL,Z,T3,2026-09-18,HCL,FUT,202612,1,70.86\n");
    let refused = book.run(&["import", &file("bad.csv", bad)]);
    assert_eq!(
        (refused.status, refused.json()[0]["faults"][0]["field"].clone()),
        (1, json!("trades[2].trade.account"))
    );
    assert_eq!(
        (&refused.json()[0]["faults"][0]["line"], &refused.json()[0]["faults"][0]["column"]),
        (&json!(4), &json!("account"))
    );
    // A fault that is found here hides none that only the server knows, and nothing is booked.
    let worse = format!(
        "{good}NONE,A,T3,2026-09-18,HCL,FUT,202612,1,70.86\nPOOL,A,T4,2026-09-18,HCL,FUT,209912,one,70.86\n\nPOOL,Z,T1,2026-09-18,HCL,FUT,202612,1,70.86\n"
    );
    let refused = book.run(&["import", &file("worse.csv", worse)]);
    let of = |fault: &Value| format!("{} {}: {}", fault["line"], fault["column"], fault["description"]);
    let faults: Vec<String> = refused.json()[0]["faults"].as_array().unwrap().iter().map(of).collect();
    let expected = [
        r#"4 "group": "house HARBOR has no margin group NONE""#,
        r#"5 "quantity": "HCL FUT 209912: expected a whole number""#,
        r#"5 null: "HCL FUT 209912 is not listed: name its exchange""#,
        r#"7 "trade": "T1 stands on line 2 too""#,
        r#"7 "account": "is not open in the group""#,
    ];
    assert_eq!((refused.status, faults), (1, expected.map(str::to_owned).to_vec()));
    assert_eq!(book.run(&["positions"]).well(), "");
    assert_eq!(book.run(&["import", &file("good.csv", &good)]).well(), "{\"booked\":2}\n");
    assert_eq!(book.run(&["import", &file("good.csv", good)]).well(), "{\"known\":2,\"repeated\":true}\n");
    assert_eq!(book.run(&["positions"]).json().len(), 2);
}

#[test]
fn wrong_input_is_named() {
    let book = Book::new();
    let wrong = file("wrong.jsonl", "{\"ordr\":{}}\nnot json\n{\"end_day\":\"yesterday\"}\n");
    let answered = book.run(&["submit", &wrong]);
    let errors: Vec<String> =
        answered.json().iter().map(|own| own["error"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(answered.status, 1);
    assert!(
        errors[0].contains("ordr") && errors[1].contains("expected") && errors[2].contains("end_day"),
        "{errors:?}"
    );
    // All of a document at once, each with its line, what only the server knows too.
    let terms = file(
        "wrong-terms.json",
        "{\n\"house\": \"HARBOR\",\n\"fees\": [{\"currency\": \"USD\", \"per_lot\": 1}],\n\"fees\": [],\n\"bands\": [\n\
         {\"contract\": {\"product\": \"HCL\", \"type\": \"FUTURE\", \"period\": \"202612\"}, \"low\": \"1\",\n\"lo\": \"2\", \"high\": \"3\"}]}\n",
    );
    let refused = book.run(&["terms", &terms]);
    assert_eq!(refused.status, 2);
    for message in [
        "line 4: fees: stands here a second time",
        "line 6: bands[0].contract.type: HCL FUTURE 202612: expected one of PHY",
        "line 7: bands[0].lo: HCL FUTURE 202612: unknown key",
    ] {
        assert!(refused.errors.contains(message), "{message} in {}", refused.errors);
    }
    let terms = file(
        "unknown-terms.json",
        "{\"bands\": [\n{\"contract\": {\"product\": \"HCL\", \"type\": \"FUT\"},\n\"low\": \"x\"}]}",
    );
    let refused = book.run(&["terms", &terms]);
    for message in ["bands[0].low: ", "(line 3)", "bands[0].contract.period: ", "bands[0].high: ", "(line 2)"]
    {
        assert!(refused.errors.contains(message), "{message} in {}", refused.errors);
    }
    let other = file("other-house.json", "{\"house\": \"OTHER\"}");
    let refused = book.run(&["terms", &other]);
    assert!(refused.status == 2 && refused.errors.contains("--house says"), "{}", refused.errors);
    let twice = file("check-twice.jsonl", lines(&[order("O1", 1), order("O2", 1), order("O1", 1)]));
    let answers = book.run(&["check", &twice]).json();
    assert_eq!(answers[2], json!({ "line": 3, "error": "id: O1 stands on line 1 too" }));
    let missing = book.run(&["settle", "no-such-file.json"]);
    assert_eq!(missing.status, 2);
    let nobody = run(&["book", "margin", "--house", "HARBOR", "--group", "NONE", "--server", book.0.url()]);
    assert_eq!(nobody.status, 4);
    assert!(nobody.errors.contains("no margin group NONE"), "{}", nobody.errors);
}

/// Scan ranges over a market: the set made of them margins groups like an exchange's own.
const METHOD: &str = "schema = 1\nname = \"own\"\nkind = \"span16\"\ncurrency = \"USD\"\nhouse = \"HARBOR\"\n\
    [[products]]\nsource = \"CRUDE\"\nmultiplier = 100\nprice_scan = 0.06\nvolatility_scan = 0.25\nstrikes = [70, 75.5]\n\
    short_option_minimum = 12\nspread_charge = 35\nplaces = 3\n";

#[test]
fn a_set_made_of_a_market_margins_groups() {
    let market = json!({ "time": "2026-09-19T00:00:00Z", "rates": [{ "expiry": "2027-09-18T00:00:00Z", "rate": 0.04 }],
        "sources": [{ "source": "CRUDE", "price": 72.0,
            "expiries": [{ "expiry": "2026-12-18T08:00:00Z", "forward": 71.25, "volatility": 0.35 }] }] });
    let (method, market) = (file("live-span16.toml", METHOD), file("live-span16.json", market.to_string()));
    let built = text(&folder().join("live-span16.spn"));
    run(&["params", "build", "--method", &method, "--market", &market, "--output", &built]).well();
    let server = TestServer::start();
    run(&["params", "load", &built, "--activate", "--server", server.url()]).well();
    let book = Book(server);
    book.run(&["open", "--member", "ACME", "--origin", "house", "--currency", "USD"]).well();
    let future = |quantity: i64| json!({ "product": "CRUDE", "type": "FUT", "period": "20261218", "quantity": quantity });
    let order = |id: &str, units: i64| {
        let legs = json!([{ "contract": future(-1), "price": "71.25" }]);
        json!({ "order": { "id": id, "account": "A", "terms": { "kind": "limit", "units": units, "legs": legs } } })
    };
    let mut commands = opened();
    commands[0] = json!({ "open_margin_account": { "account": "M" } });
    commands.extend([order("O1", 60), order("O2", 20)]);
    let answers = book.run(&["submit", &file("live-span16.jsonl", lines(&commands))]).json();
    // Sixty contracts of a hundred, six percent of 72.
    assert_eq!(answers[3]["checked"]["after"]["requirement"], "25920.000000");
    assert_eq!(answers[4]["refused"]["reason"], "insufficient_margin");
}

/// A venue without a parameter set: contracts, a published method, and a market file.
#[test]
fn a_venue_is_margined_by_a_method() {
    let server = TestServer::start();
    let book = |arguments: &[&str]| {
        run(&[&["book"], arguments, &["--house", "VENUE", "--server", server.url()]].concat())
    };
    let perpetual = |quantity: i64| json!({ "exchange": "X", "product": "BTC", "type": "FUT", "period": "PERP", "quantity": quantity });
    let call = json!({ "exchange": "X", "product": "BTC", "type": "OOF", "period": "202612", "right": "C", "strike": "60000" });
    let contracts = json!({ "contracts": [
        { "contract": perpetual(0), "price_source": "BTC", "instrument": "perpetual", "multiplier": "0.1", "quote": "USDC",
          "settlement": "futures" },
        { "contract": call, "price_source": "BTC", "instrument": "option", "expiry": "2026-12-25T08:00:00Z", "multiplier": "0.1",
          "quote": "USDC", "settlement": "premium" },
    ] });
    let stated = book(&["contracts", &file("venue-contracts.json", contracts.to_string())]);
    assert_eq!(stated.json()[0]["contracts"], 2);
    let market = json!({ "time": "2026-11-25T08:00:00Z", "exchange": [{ "from": "USDC", "to": "USD", "rate": 0.5 }],
        "sources": [{ "source": "BTC", "price": 60000, "perpetual": { "price": 60050 }, "expiries": [
            { "expiry": "2026-12-25T08:00:00Z", "forward": 60600, "rate": 0.05, "volatility": 0.6 }] }] });
    let market = file("venue-market.json", market.to_string());
    assert_eq!(book(&["market", &market, "--currency", "USDC"]).json()[0]["market_version"], 1);
    let methods = book(&["methods", "preset:derive-pm2"]).json().remove(0);
    assert_eq!(
        (&methods["methods"][0]["name"], &methods["methods"][0]["priced"]),
        (&json!("derive-pm2"), &json!(2))
    );
    let refused = book(&["methods", "preset:deribit-standard"]);
    assert!(refused.status > 1 && refused.errors.contains("no scenario grid"), "{}", refused.errors);
    let pool = ["--group", "POOL"];
    book(&[&["open", "--member", "M", "--origin", "house", "--currency", "USD"], &pool[..]].concat()).well();
    let trade = json!({ "id": "T1", "account": "A", "date": "2026-11-25",
        "legs": [{ "contract": perpetual(10), "price": "60050" }] });
    let commands = [
        json!({ "open_margin_account": { "account": "M", "method": "derive-pm2" } }),
        json!({ "open_position_account": { "account": "A", "margin_account": "M" } }),
        json!({ "deposit": { "reference": "D1", "assets": { "currency": "USD", "amount": "7000" } } }),
        json!({ "trade": trade }),
    ];
    book(&[&["submit", &file("venue-commands.jsonl", lines(&commands))], &pool[..]].concat()).well();
    let margin = book(&[&["margin"], &pool[..]].concat()).json().remove(0);
    // 13,209 dollar coins at half a dollar.
    assert_eq!(margin["initial"], json!({ "requirement": "6604.500000", "excess": "395.500000" }));
    let report = &margin["accounts"][0]["method_report"];
    assert_eq!(
        (&report["market_risk"], &report["sources"][0]["price_source"]),
        (&json!("10809.000000000000"), &json!("BTC"))
    );
    assert_eq!(margin["accounts"][0].get("report"), None);
}

#[test]
fn a_group_that_has_nothing_is_closed() {
    let book = Book::new();
    let assets = json!({ "currency": "USD", "amount": "10" });
    let submit = |name: &str, command: Value| {
        book.run(&["submit", &file(name, lines(&[command]))]).well();
    };
    submit("close-deposit.jsonl", json!({ "deposit": { "reference": "D1", "assets": assets } }));
    let refused = book.run(&["close"]);
    assert_eq!(refused.status, 1, "{}", refused.errors);
    assert_eq!(refused.json()[0]["refused"]["reason"], "group_not_empty");
    submit("close-withdrawal.jsonl", json!({ "withdraw": assets }));
    book.run(&["close"]).well();
    let closed = book.run(&["margin"]);
    assert!(closed.status > 1 && closed.errors.contains("is closed"), "{}", closed.errors);
}
