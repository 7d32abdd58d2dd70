//! The command line and the library against a server.

use std::fs;
use std::io::{self, Read};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_client::answer::{Activation, ActivationRefusal, CalculationFailure, SetDetail};
use plimsoll_client::client::{Client, ClientSettings};
use plimsoll_client::error::ClientError;
use plimsoll_client::portfolio::{self, InputFormat};
use plimsoll_client::request::{CalculationRequest, SetSelector};
use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_engine::report::{CalculationOptions, PortfolioRequest, calculate};
use plimsoll_engine::span::Portfolio;
use plimsoll_server::Settings;
use tonic::Code;

use crate::book::{line, portfolios, sample_set, wrong_lines};
use crate::program::{file, folder, run, run_with_input, sample_bytes, sample_file};
use crate::server::TestServer;

/// The sample exchange a day earlier.
fn older_bytes() -> Vec<u8> {
    let text = String::from_utf8(sample_bytes()).unwrap();
    let date = sample_set().vintage().business_date;
    let day_before = date.compact().replace("18", "17");
    text.replacen(&format!("<date>{}", date.compact()), &format!("<date>{day_before}"), 1).into_bytes()
}

fn requests(text: &str) -> Vec<CalculationRequest> {
    let id = sample_set().id().to_owned();
    let request = |read: Result<portfolio::AccountPortfolio, _>| {
        let read = read.unwrap_or_else(|bad: portfolio::BadPortfolio| panic!("{bad}"));
        CalculationRequest {
            account: read.account,
            parameter_set: SetSelector::Id(id.clone()),
            portfolio: PortfolioRequest {
                positions: read.positions,
                away: Vec::new(),
                options: CalculationOptions::default(),
            },
        }
    };
    portfolio::read(text.as_bytes(), InputFormat::JsonLines).map(request).collect()
}

#[test]
fn the_largest_portfolio_fits_the_wire() {
    let server = TestServer::start();
    let long = "W".repeat(32);
    let position = |number: usize| {
        format!(
            r#"{{"exchange":"{long}","product":"{long}","type":"OOC","period":"202612000000","underlying_period":"202612000000","right":"P","strike":"-0.0000000000{number:08}","quantity":-999999999}}"#
        )
    };
    let positions: Vec<String> = (0..Portfolio::MOST_POSITIONS).map(position).collect();
    let largest = file("largest.jsonl", line("LARGEST", &positions));
    let arguments = ["calc", "--params", sample_file(), "--portfolios", &largest, "--allow-unmatched"];
    let here = run(&arguments);
    assert_eq!(here.out.matches("unknown_contract").count(), Portfolio::MOST_POSITIONS);
    assert_eq!(here, run(&[&arguments[..], &["--server", server.url()]].concat()));
}

#[test]
fn here_and_there_give_the_same_bytes() {
    let server = TestServer::start();
    let mut input = portfolios(300).into_bytes();
    input.extend(wrong_lines().into_iter().flat_map(|(bytes, ..)| bytes));
    let lines = file("everywhere.jsonl", &input);
    let csv =
        "account,account_type,product,type,period,quantity\nA,member,HCL,FUT,202612,5\nB,,X,FUT,202612,1\n";
    let csv = file("everywhere.csv", csv);
    let cases: [(&str, &[&str]); 7] = [
        (&lines, &[]),
        (&lines, &["--rounding", "takasbank"]),
        (&lines, &["--currency", "EUR", "--allow-unmatched"]),
        (&lines, &["--currency", "JPY"]),
        (&lines, &["--format", "table", "--scenarios"]),
        (&csv, &[]),
        (&csv, &["--allow-unmatched", "--format", "table"]),
    ];
    for (portfolios, more) in cases {
        let arguments = [&["calc", "--params", sample_file(), "--portfolios", portfolios], more].concat();
        let here = run(&arguments);
        let there = run(&[&arguments[..], &["--server", server.url()]].concat());
        assert_eq!(here, there, "{portfolios} {more:?}");
        assert!(!here.out.is_empty());
    }
    let arguments = ["calc", "--params", sample_file(), "--portfolios", "-", "--server", server.url()];
    assert_eq!(
        run_with_input(&arguments, &input),
        run(&["calc", "--params", sample_file(), "--portfolios", &lines])
    );
    let nothing = file("nothing-there.jsonl", "\n");
    let arguments = ["calc", "--params", sample_file(), "--portfolios", &nothing, "--server", server.url()];
    assert_eq!(run(&arguments).well(), "");
    assert_eq!(server.with_client(|client| async move { client.list(None).await.unwrap().len() }), 1);
}

#[test]
fn deltas_held_elsewhere_count_here_and_there() {
    const SPREADS: &str = "<interClearSpreads><clearSpread><spread>1</spread>\
        <homeLeg><cc>CRUDE</cc><tn>0</tn><rs>A</rs><i>1</i><rate>0.5</rate></homeLeg>\
        <awayLeg><ec>OTHER</ec><cc>WTI</cc><tn>1</tn><rs>B</rs><i>1</i></awayLeg>\
        </clearSpread></interClearSpreads></clearingOrg>";
    let text = String::from_utf8(sample_bytes()).unwrap().replacen("</clearingOrg>", SPREADS, 1);
    let params = file("elsewhere.spn", text);
    let line = |account: &str, away: &str| {
        format!(
            r#"{{"account":"{account}","positions":[{{"product":"HCL","type":"FUT","period":"202612","quantity":4}}]{away}}}"#
        ) + "\n"
    };
    let lines = [
        line("NONE", ""),
        line("SOME", r#","away":[{"house":"OTHER","commodity":"WTI","tier":1,"delta":"-2"}]"#),
        line("WRONG", r#","away":[{"house":"OTHER","commodity":"BRENT","tier":1,"delta":"-2"}]"#),
    ]
    .concat();
    let portfolios = file("elsewhere.jsonl", lines);
    let arguments = ["calc", "--params", &params, "--portfolios", &portfolios];
    let here = run(&arguments);
    let results = here.json();
    let credit =
        |index: usize| results[index]["commodities"]["CRUDE"]["inter_credit"].as_str().unwrap().to_owned();
    let risk = results[0]["commodities"]["CRUDE"]["weighted_price_risk"].as_str().unwrap();
    // Two of the four deltas at half of the weighted price risk.
    assert_eq!((credit(0).as_str(), credit(1).as_str()), ("0.000000", risk));
    assert!(results[2]["error"].as_str().unwrap().contains("away[0]: no spread of the parameter set"));
    let server = TestServer::start();
    assert_eq!(run(&[&arguments[..], &["--server", server.url()]].concat()), here);
    let table = run(&[&arguments[..], &["--format", "table"]].concat());
    assert!(table.out.contains("OTHER/WTI tier 1"), "{}", table.out);
}

#[test]
fn a_set_with_another_rounding_of_its_own_gives_the_same_bytes_too() {
    let server = TestServer::start();
    let loaded = run(&["params", "load", sample_file(), "--server", server.url(), "--rounding", "takasbank"]);
    assert!(loaded.well().ends_with(&format!(": loaded {}\n", sample_set().id())));
    let portfolios = file("rounding.jsonl", portfolios(20));
    let arguments = ["calc", "--params", sample_file(), "--portfolios", &portfolios];
    let exact = run(&arguments);
    assert_eq!(run(&[&arguments[..], &["--server", server.url()]].concat()), exact);
    let set = sample_set();
    let by_id = ["calc", "--set", set.id(), "--portfolios", &portfolios, "--server", server.url()];
    let takasbank = run(&[&arguments[..], &["--rounding", "takasbank"]].concat());
    assert_eq!(run(&by_id), takasbank);
    assert_eq!(run(&[&by_id[..], &["--rounding", "exact"]].concat()), exact);
    assert_ne!(exact, takasbank);
}

#[test]
fn sets_are_loaded_listed_activated_and_used() {
    let server = TestServer::start();
    let url = ["--server", server.url()];
    let (new, old) = (sample_set().id().to_owned(), file("older.spn", older_bytes()));
    let portfolios = file("active.jsonl", portfolios(3));
    let house = ["calc", "--house", "HARBOR", "--portfolios", &portfolios];
    let run = |arguments: &[&str]| run(&[arguments, &url].concat());

    let none = run(&house);
    assert_eq!((none.status, none.json().len()), (1, 3));
    assert!(none.out.contains("no parameter set is active for house"), "{}", none.out);

    let loaded = run(&["params", "load", sample_file(), &old, "--activate"]).well();
    let lines: Vec<&str> = loaded.lines().collect();
    let old_id = lines[1].rsplit(' ').next().unwrap();
    assert_eq!(lines[0], format!("{}: loaded {new}", sample_file()));
    assert_eq!(lines[2], format!("active for HARBOR: {old_id}"));
    assert_eq!(lines[3], format!("active for HARBOR: {new} in place of {old_id}"));
    assert!(run(&["params", "load", &old]).well().contains(": already loaded "));
    let here = crate::program::run(&["calc", "--params", sample_file(), "--portfolios", &portfolios]).well();
    assert_eq!(run(&house).well(), here);

    let older = run(&["params", "activate", old_id]);
    assert_eq!((older.status, older.out.as_str()), (1, ""));
    assert!(older.errors.starts_with(&format!("error: {old_id} is not activated: ")), "{}", older.errors);
    assert_eq!(run(&["params", "activate", "NO-SUCH-SET"]).status, 1);
    let forced = run(&["params", "activate", old_id, "--scope", "desk", "--force"]).well();
    assert_eq!(forced, format!("active for HARBOR account scope desk: {old_id}\n"));
    let scoped = run(&[&house[..], &["--scope", "desk"]].concat());
    assert!(scoped.out.contains(old_id) && scoped.status == 0, "{}", scoped.errors);

    let table = run(&["params", "list"]).well();
    assert!(
        table.contains("(default)") && table.contains("desk") && table.contains("2 parameter sets"),
        "{table}"
    );
    let json = run(&["params", "list", "--format", "json", "--house", "HARBOR"]);
    let ids: Vec<_> =
        json.json().iter().map(|set| (set["id"].clone(), set["active_scopes"].clone())).collect();
    assert_eq!(ids, [(new.into(), [""][..].into()), (old_id.into(), ["desk"][..].into())]);
    assert_eq!(run(&["params", "list", "--format", "json", "--house", "ELSEWHERE"]).well(), "");
}

#[test]
fn refused_and_absent_files_do_not_stop_the_others() {
    let server = TestServer::start();
    let bad = file("bad.spn", "<spanFile></spanFile>");
    let absent = format!("{bad}.absent");
    let run = run(&["params", "load", &bad, &absent, sample_file(), "--server", server.url()]);
    assert_eq!((run.status, run.out.lines().count()), (3, 1));
    assert!(
        run.errors.contains(&format!("{bad}: error: line 1, fileFormat: is missing\n")),
        "{}",
        run.errors
    );
    assert!(run.errors.contains(&format!("error: {bad}: the file is refused\n")), "{}", run.errors);
    assert!(run.errors.contains(&format!("error: {absent}: ")), "{}", run.errors);
}

#[test]
fn the_servers_own_directory_is_loaded() {
    let directory = folder().join("directory");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let settings = Settings { parameter_directory: Some(directory.clone()), ..Settings::default() };
    let server = TestServer::with(settings);
    fs::write(directory.join("good.spn"), sample_bytes()).unwrap();
    fs::write(directory.join("bad.spn"), "<spanFile></spanFile>").unwrap();
    let load =
        |more: &[&str]| run(&[&["params", "load", "--server", server.url(), "--directory"], more].concat());
    assert_eq!(load(&["good.spn", "--activate"]).well().lines().count(), 2);
    let all = load(&[]);
    assert_eq!((all.status, all.out), (3, format!("good.spn: loaded {}\n", sample_set().id())));
    assert!(
        all.errors.contains("bad.spn: error: line 1: ")
            && all.errors.ends_with("bad.spn: the file is refused\n")
    );
    let absent = load(&["absent.spn"]);
    assert_eq!((absent.status, absent.out.as_str()), (4, ""));
    let none = TestServer::start();
    assert_eq!(run(&["params", "load", "--directory", "--server", none.url()]).status, 4);
}

#[test]
fn a_server_that_is_not_there_is_status_4() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let portfolios = file("nobody.jsonl", portfolios(1));
    let cases: [&[&str]; 4] = [
        &["calc", "--params", sample_file(), "--portfolios", &portfolios],
        &["params", "list"],
        &["params", "load", sample_file()],
        &["params", "activate", "ID"],
    ];
    for arguments in cases {
        let run = run(&[arguments, &["--server", &address]].concat());
        assert_eq!((run.status, run.out.as_str()), (4, ""));
        assert!(
            run.errors.starts_with(&format!("error: could not connect to http://{address}: ")),
            "{}",
            run.errors
        );
    }
    let refused = file("judged-first.spn", "<spanFile></spanFile>");
    let arguments = ["calc", "--params", &refused, "--portfolios", &portfolios, "--server", &address];
    assert_eq!(run(&arguments).status, 3);
}

#[test]
fn the_library_speaks_the_engines_words() {
    let server = TestServer::start();
    let set = sample_set();
    server.with_client(|client| async move {
        let read = Arc::new(AtomicU64::new(0));
        let progress = Arc::clone(&read);
        let source = io::Cursor::new(sample_bytes());
        let told = move |bytes| progress.store(bytes, Ordering::Relaxed);
        let loaded = client.load_parameter_set(source, None, told).await.unwrap();
        assert_eq!(read.load(Ordering::Relaxed), sample_bytes().len() as u64);
        assert!(!loaded.already_loaded && loaded.diagnostics.is_empty());
        assert_eq!(loaded.set, SetDetail::from(&set).set);
        assert_eq!(client.get(set.id()).await.unwrap(), SetDetail::from(&set));
        assert_eq!(client.list(Some("HARBOR")).await.unwrap(), std::slice::from_ref(&loaded.set));

        let requests = requests(&portfolios(40));
        let own: Vec<_> =
            requests.iter().map(|request| calculate(&set, &request.portfolio).unwrap()).collect();
        for (request, own) in requests.iter().zip(&own).take(3) {
            let answer = client.calculate(request.clone()).await.unwrap();
            assert_eq!((&answer.account, *answer.outcome.unwrap()), (&request.account, own.clone()));
        }
        let batch = client.calculate_batch(requests.clone()).await.unwrap();
        let outcomes: Vec<_> = batch.into_iter().map(|answer| *answer.outcome.unwrap()).collect();
        assert_eq!(outcomes, own);
        let mut answers = client.calculate_stream(tokio_stream::iter(requests)).await.unwrap();
        for own in own {
            assert_eq!(*answers.next().await.unwrap().unwrap().outcome.unwrap(), own);
        }
        assert!(answers.next().await.is_none() && answers.next().await.is_none());

        let activation = client.activate(set.id(), "", false).await.unwrap();
        let Activation::Activated { set: active, replaced_id: None } = activation else {
            panic!("{activation:?}")
        };
        assert_eq!(active.active_scopes, [""]);
        let refused = client.activate("NO-SUCH-SET", "", true).await.unwrap();
        assert!(
            matches!(refused, Activation::Refused { reason: ActivationRefusal::UnknownSet, .. }),
            "{refused:?}"
        );
    });
}

#[test]
fn more_than_the_window_streams_through_in_order() {
    let server = TestServer::start();
    let requests = requests(&portfolios(1_000));
    let accounts: Vec<String> = requests.iter().map(|request| request.account.clone()).collect();
    server.with_client(|client| async move {
        client.load_parameter_set(io::Cursor::new(sample_bytes()), None, |_| {}).await.unwrap();
        let mut answers = client.calculate_stream(tokio_stream::iter(requests)).await.unwrap();
        for account in accounts {
            let answer = answers.next().await.unwrap().unwrap();
            assert_eq!(answer.account, account);
            assert!(answer.outcome.is_ok());
        }
        assert!(answers.next().await.is_none());
    });
}

#[test]
fn failures_are_typed() {
    let server = TestServer::start();
    server.with_client(|client| async move {
        let unknown = client.get("NO-SUCH-SET").await.unwrap_err();
        assert!(matches!(unknown, ClientError::Status { code: Code::NotFound, .. }), "{unknown}");
        let bad = client.load_parameter_set(&b"<spanFile/>"[..], None, |_| {}).await.unwrap_err();
        let ClientError::Status { code: Code::InvalidArgument, violations, .. } = bad else {
            panic!("{bad}")
        };
        assert!(
            violations.iter().any(|violation| violation.field == "line 1, pointInTime"),
            "{violations:?}"
        );

        let mut request = requests(&portfolios(1)).remove(0);
        let answer = client.calculate_batch(vec![request.clone()]).await.unwrap().remove(0);
        let Err(CalculationFailure::Invalid { violations, .. }) = answer.outcome else { panic!() };
        assert_eq!(violations[0].field, "parameter_set.id");
        request.account = "x".repeat(65);
        let ClientError::Status { violations, .. } = client.calculate(request).await.unwrap_err() else {
            panic!()
        };
        assert_eq!(violations[0].field, "account");
    });
}

#[test]
fn of_a_source_that_fails_the_server_keeps_nothing() {
    /// A whole file, and then not its end but a failure.
    struct Failing(io::Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            match self.0.read(target)? {
                0 => Err(io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }
    let server = TestServer::start();
    server.with_client(|client| async move {
        let source = Failing(io::Cursor::new(sample_bytes()));
        let failed =
            client.load_parameter_set(source, Some(RoundingProfile::Exact), |_| {}).await.unwrap_err();
        assert!(
            matches!(&failed, ClientError::Source(error) if error.to_string() == "the disk is gone"),
            "{failed}"
        );
        let loaded = client.load_parameter_set(io::Cursor::new(sample_bytes()), None, |_| {}).await.unwrap();
        assert!(!loaded.already_loaded);
    });
}

#[test]
fn an_address_that_is_none_is_not_connected_to() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for url in
        ["http://", "https://127.0.0.1:1", "ftp://127.0.0.1:1", "http://a b", "http://127.0.0.1:1/path"]
    {
        let error = runtime.block_on(Client::connect(&ClientSettings::new(url))).unwrap_err();
        assert!(matches!(error, ClientError::Address { .. }), "{url}: {error}");
    }
}
