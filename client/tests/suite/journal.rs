//! A data directory: verified, inspected, copied, and served again from the copy.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_server::Settings;
use serde_json::{Value, json};

use crate::program::{Run, file, run, sample_file};
use crate::server::TestServer;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-cli-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn start(&self) -> TestServer {
        TestServer::with(Settings { data_directory: Some(self.0.clone()), ..Settings::default() })
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|own| (own.path(), own.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(path, to.join(name)).unwrap();
        }
    }
}

fn book(server: &TestServer, arguments: &[&str]) -> Run {
    run(&[&["book"], arguments, &["--house", "HARBOR", "--group", "POOL", "--server", server.url()]].concat())
}

fn filled(server: &TestServer) {
    run(&["params", "load", sample_file(), "--activate", "--server", server.url()]).well();
    book(server, &["open", "--member", "ACME", "--origin", "client", "--currency", "USD"]).well();
    let trade = json!({ "id": "T1", "account": "A", "date": "2026-09-18", "legs": [
        { "contract": { "product": "HCL", "type": "FUT", "period": "202612", "quantity": 2 }, "price": "70.86" }] });
    let commands = [
        json!({ "open_margin_account": { "account": "M" } }),
        json!({ "open_position_account": { "account": "A", "margin_account": "M" } }),
        json!({ "deposit": { "reference": "D1", "assets": { "currency": "USD", "amount": "30000" } } }),
        json!({ "trade": trade }),
    ];
    let lines: String = commands.iter().map(|own| format!("{own}\n")).collect();
    book(server, &["submit", &file("journal-commands.jsonl", lines)]).well();
}

#[test]
fn a_copy_is_verified_inspected_and_served() {
    let (folder, backup) = (Folder::new("original"), Folder::new("backup"));
    let server = folder.start();
    filled(&server);
    let margin = book(&server, &["margin"]).json().remove(0);
    let at = margin["log_sequence"].to_string();
    let explained = book(&server, &["explain", "--at", &at]).json().remove(0);
    assert_eq!(explained["margin"]["currencies"], margin["currencies"]);
    assert_eq!(explained["margin"]["accounts"], margin["accounts"]);
    let in_use = run(&["journal", "verify", folder.text()]);
    assert_eq!((in_use.status, in_use.errors.contains("another process")), (3, true), "{}", in_use.errors);
    drop(server);
    copy(&folder.0, &backup.0);
    drop(folder);
    let sound = run(&["journal", "verify", backup.text()]).json().remove(0);
    assert_eq!((&sound["oldest"], &sound["unreadable"]), (&json!(1), &json!([])));
    assert_eq!(sound["next"].as_u64().unwrap(), sound["records"].as_u64().unwrap() + 1);
    let records = run(&["journal", "inspect", backup.text(), "--group", "POOL"]).json();
    let commands: Vec<&Value> =
        records.iter().map(|own| &own["body"]["groups"][0]["command"]["body"]).collect();
    assert_eq!(records.len(), 5, "the group and four commands");
    assert_eq!(commands[3]["fact"]["deposit"], json!(["D1", "USD", "30000"]));
    assert_eq!(commands[4]["fact"]["fill"]["trade"], json!("T1"), "{}", commands[4]);
    let one = run(&["journal", "inspect", backup.text(), "--from", "2", "--to", "2"]).json();
    assert_eq!((one.len(), &one[0]["sequence"]), (1, &json!(2)));
    let server = backup.start();
    let again = book(&server, &["margin"]).json().remove(0);
    assert_eq!((&again["currencies"], &again["accounts"]), (&margin["currencies"], &margin["accounts"]));
}

#[test]
fn what_is_damaged_is_named() {
    let folder = Folder::new("damaged");
    drop(folder.start());
    let missing = run(&["journal", "verify", "/nonexistent"]);
    assert_eq!((missing.status, missing.errors.contains("not a data directory")), (2, true));
    let server = folder.start();
    filled(&server);
    drop(server);
    let log = folder.0.join("log/00000000000000000001.redb");
    let mut bytes = fs::read(&log).unwrap();
    let place = bytes.windows(5).position(|own| own == b"30000").unwrap();
    bytes[place] = b'9';
    fs::write(&log, bytes).unwrap();
    let found = run(&["journal", "verify", folder.text()]);
    assert_eq!(
        (found.status, found.errors.contains("log/00000000000000000001.redb is damaged")),
        (3, true),
        "{}",
        found.errors
    );
    // A copy without its last records is missed by the witness of its end.
    let cut = Folder::new("cut");
    copy(&folder.0, &cut.0);
    fs::remove_file(cut.0.join("log/00000000000000000001.redb")).unwrap();
    let found = run(&["journal", "verify", cut.text()]);
    assert_eq!((found.status, found.errors.contains("were durable")), (3, true), "{}", found.errors);
}
