//! A server that is stopped and started again on its data directory: everything that was said is still so.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::submit_request::Command;
use plimsoll_server::Settings;
use tonic::Code;
use tonic::transport::Channel;

use crate::sample::{HOUSE, active, file, future, of_day, report, request};
use crate::served::Served;

pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-data-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    /// A server on it; cuts are kept as often as can be, or not at all.
    pub(crate) async fn start(&self, cuts: bool) -> Served {
        Served::with(|settings: &mut Settings| {
            settings.data_directory = Some(self.0.clone());
            settings.snapshot_interval = Duration::from_millis(if cuts { 10 } else { 86_400_000 });
        })
        .await
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn book(served: &Served) -> BookServiceClient<Channel> {
    BookServiceClient::new(served.channel.clone())
}

pub(crate) fn name() -> Option<v1::GroupName> {
    Some(v1::GroupName { house: HOUSE.to_owned(), group: "POOL".to_owned() })
}

pub(crate) async fn submit(served: &Served, id: &str, command: Command) -> v1::SubmitResponse {
    let request = v1::SubmitRequest { name: name(), command_id: id.to_owned(), command: Some(command) };
    book(served).submit(request).await.unwrap().into_inner()
}

fn leg(lots: i64) -> v1::OrderLeg {
    v1::OrderLeg { contract: Some(future("202612", lots)), price: "70.86".to_owned() }
}

fn order(id: &str, lots: i64) -> v1::Order {
    let kind = v1::OrderKind::Limit.into();
    let terms =
        v1::OrderTerms { kind, legs: vec![leg(lots.signum())], units: lots.abs(), ..Default::default() };
    v1::Order { id: id.to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() }
}

pub(crate) fn trade(id: &str, lots: i64) -> v1::Trade {
    let legs = vec![v1::TradeLeg { contract: Some(future("202612", lots)), price: "70.86".to_owned() }];
    let (id, account, date) = (id.to_owned(), "A".to_owned(), "2026-09-18".to_owned());
    v1::Trade { id, account, legs, date, ..Default::default() }
}

pub(crate) async fn margin(served: &Served) -> v1::GetMarginResponse {
    book(served).get_margin(v1::GetMarginRequest { name: name() }).await.unwrap().into_inner()
}

fn run(price: &str) -> v1::SettleHouseRequest {
    let prices = vec![v1::SettlementPrice { contract: Some(future("202612", 0)), price: price.to_owned() }];
    let (house, run_id, date) = (HOUSE.to_owned(), "R1".to_owned(), "2026-09-18".to_owned());
    v1::SettleHouseRequest { house, run_id, date, prices, ..Default::default() }
}

/// A group with an order, a trade and a settlement run; its margin on the way.
pub(crate) async fn first_day(served: &Served) -> Vec<v1::GetMarginResponse> {
    let mut seen = Vec::new();
    let id = served.load(&file()).await.id;
    let request = v1::ActivateParameterSetRequest { id, ..Default::default() };
    served.parameters().activate_parameter_set(request).await.unwrap();
    let group = v1::CreateGroupRequest {
        name: name(),
        member: "MEMBER".to_owned(),
        origin: v1::Origin::Client.into(),
        currency: "USD".to_owned(),
    };
    book(served).create_group(group).await.unwrap();
    let assets = v1::Assets { currency: "USD".to_owned(), amount: "100000".to_owned(), ..Default::default() };
    let account = v1::OpenPositionAccount {
        account: "A".to_owned(),
        margin_account: "M".to_owned(),
        ..Default::default()
    };
    let open = v1::OpenMarginAccount { account: "M".to_owned(), ..Default::default() };
    let deposit = v1::Deposit { reference: "D1".to_owned(), assets: Some(assets) };
    for (id, command) in [
        ("C1", Command::OpenMarginAccount(open)),
        ("C2", Command::OpenPositionAccount(account)),
        ("C3", Command::Deposit(deposit)),
        ("C4", Command::Order(order("O1", 3))),
        ("C5", Command::Trade(trade("T1", -2))),
    ] {
        assert_eq!(submit(served, id, command).await.refused, None);
        seen.push(margin(served).await);
    }
    book(served).settle_house(run("71.36")).await.unwrap();
    seen.push(margin(served).await);
    let band =
        v1::PriceBand { contract: Some(future("202612", 0)), low: "60".to_owned(), high: "80".to_owned() };
    let terms = v1::SetHouseTermsRequest { house: HOUSE.to_owned(), bands: vec![band], ..Default::default() };
    book(served).set_house_terms(terms).await.unwrap();
    seen.push(margin(served).await);
    seen
}

/// What was said then is said again.
async fn explained(served: &Served, seen: &[v1::GetMarginResponse]) {
    for own in seen {
        let log_sequence = own.log_sequence;
        let request = v1::ExplainMarginRequest { name: name(), log_sequence, version: own.version };
        let told = book(served).explain_margin(request).await.unwrap().into_inner().margin.unwrap();
        let then = v1::GetMarginResponse { durable_log_sequence: log_sequence, ..own.clone() };
        assert_eq!(told, then, "sequence {log_sequence}");
    }
}

/// Everything that can be asked about the group.
async fn asked(served: &Served) -> (v1::GetMarginResponse, v1::ListOrdersResponse, v1::ListTradesResponse) {
    let margin = margin(served).await;
    let orders = v1::ListOrdersRequest { name: name(), ..Default::default() };
    let orders = book(served).list_orders(orders).await.unwrap().into_inner();
    let trades = v1::ListTradesRequest { name: name(), ..Default::default() };
    (margin, orders, book(served).list_trades(trades).await.unwrap().into_inner())
}

async fn a_restart_changes_nothing(cuts: bool) {
    let folder = Folder::new(if cuts { "cuts" } else { "records" });
    let served = folder.start(cuts).await;
    let seen = first_day(&served).await;
    explained(&served, &seen).await;
    let before = asked(&served).await;
    let answer = submit(&served, "C6", Command::Order(order("O2", 1))).await;
    drop(served.channel);
    served.running.drain().await;
    let served = folder.start(cuts).await;
    let after = asked(&served).await;
    assert_eq!(after.2, before.2);
    assert_eq!(after.1.orders.len(), 2);
    // The same command gets the same answer, whatever has happened since.
    assert!(answer.log_sequence > 0 && !answer.repeated);
    let repeated = v1::SubmitResponse { repeated: true, ..answer };
    assert_eq!(submit(&served, "C6", Command::Order(order("O2", 1))).await, repeated);
    let other = submit(&served, "C6", Command::Order(order("O3", 1))).await.refused.unwrap();
    assert_eq!(other.reason(), v1::RefusalReason::CommandIdReused);
    let cancel =
        v1::OrderConfirmation { order_id: "O2".to_owned(), change: v1::OrderChange::Cancelled.into() };
    submit(&served, "C7", Command::OrderConfirmation(cancel)).await;
    // Also behind newer records.
    assert_eq!(submit(&served, "C6", Command::Order(order("O2", 1))).await, repeated);
    let again = asked(&served).await;
    let numbers =
        |own: &v1::GetMarginResponse| (own.currencies.clone(), own.with_orders.clone(), own.version);
    assert_eq!(numbers(&again.0), numbers(&before.0));
    // The run is known, and no other may have its id.
    let settled = book(&served).settle_house(run("71.36")).await.unwrap().into_inner();
    assert_eq!((settled.groups, settled.known), (0, 1));
    assert_eq!(book(&served).settle_house(run("71.37")).await.unwrap_err().code(), Code::AlreadyExists);
    // A trade told late is booked at the price of the run that was before the restart.
    let late = submit(&served, "C8", Command::Trade(trade("T2", 1))).await;
    assert_eq!((late.refused, late.exceptions), (None, Vec::new()));
    let cash = asked(&served).await.0.currencies[0].cash.clone();
    assert_eq!(cash, "99500.000000", "500 for each point of half: 2 lots short, 1 long");
    drop(served.channel);
    served.running.drain().await;
    // And once more, from what the second start wrote.
    let served = folder.start(cuts).await;
    explained(&served, &seen).await;
    let request = v1::ExplainMarginRequest { name: name(), log_sequence: 1_000_000, version: 0 };
    let status = book(&served).explain_margin(request).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
    assert!(status.message().contains("records 1 to "), "{status:?}");
    assert_eq!(asked(&served).await.0.currencies[0].cash, cash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_from_records_changes_nothing() {
    a_restart_changes_nothing(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_from_cuts_changes_nothing() {
    a_restart_changes_nothing(true).await;
}

/// An answer that was given from a house's data while newer data were being written down.
#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_told_from_the_data_that_an_answer_was_given_from() {
    let folder = Folder::new("versions");
    let served = folder.start(true).await;
    first_day(&served).await;
    let before = margin(&served).await;
    let id = served.load(&of_day(21)).await.id;
    let request = v1::ActivateParameterSetRequest { id, ..Default::default() };
    served.parameters().activate_parameter_set(request).await.unwrap();
    let after = margin(&served).await;
    assert!(after.log_sequence > before.log_sequence && after.accounts != before.accounts);
    for (version, given) in [(before.version, &before), (after.version, &after), (0, &after)] {
        let request = v1::ExplainMarginRequest { name: name(), log_sequence: after.log_sequence, version };
        let told = book(&served).explain_margin(request).await.unwrap().into_inner().margin.unwrap();
        let given = v1::GetMarginResponse { durable_log_sequence: after.log_sequence, ..given.clone() };
        assert_eq!(told, given, "version {version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_outlives_the_server() {
    let folder = Folder::new("activation");
    let served = folder.start(false).await;
    let older = served.load(&of_day(18)).await.id;
    let newer = served.load(&of_day(21)).await.id;
    for (id, force) in [(&newer, false), (&older, true)] {
        let request = v1::ActivateParameterSetRequest { id: id.clone(), force, ..Default::default() };
        served.parameters().activate_parameter_set(request).await.unwrap();
    }
    drop(served.channel);
    served.running.drain().await;
    let served = folder.start(false).await;
    let request = v1::CalculateRequest { parameter_set: active(HOUSE, ""), ..request("A", "") };
    let answer = served.margin().calculate(request).await.unwrap().into_inner();
    assert_eq!(report(answer).parameter_set.unwrap().id, older);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_refused_by_name() {
    let folder = Folder::new("damaged");
    let served = folder.start(false).await;
    first_day(&served).await;
    drop(served.channel);
    served.running.drain().await;
    let log = folder.0.join("log/00000000000000000001.redb");
    let mut bytes = std::fs::read(&log).unwrap();
    let place = bytes.windows(5).position(|own| own == b"POOL\xa6").unwrap_or(20_000);
    bytes[place] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let settings = Settings { data_directory: Some(folder.0.clone()), ..Settings::default() };
    let Err(error) = plimsoll_server::App::build(settings) else { panic!("it starts") };
    assert!(error.to_string().contains("damaged"), "{error}");
}

/// A set whose file is gone at a start is told to callers, until another is active.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_a_start_does_not_find_is_told() {
    let folder = Folder::new("lost");
    let served = folder.start(false).await;
    let whole = first_day(&served).await.pop().unwrap();
    let listed = |house: &str| v1::ListParameterSetsRequest { house: house.to_owned(), ..Default::default() };
    let list = served.parameters().list_parameter_sets(listed("")).await.unwrap().into_inner();
    assert_eq!(list.lost, []);
    let id = list.parameter_sets[0].id.clone();
    drop(served.channel);
    served.running.drain().await;
    let sets = folder.0.join("sets");
    let kept = std::fs::read_dir(&sets).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(&kept).unwrap();
    let served = folder.start(false).await;
    for (house, count) in [("", 1), (HOUSE, 1), ("ELSEWHERE", 0)] {
        let list = served.parameters().list_parameter_sets(listed(house)).await.unwrap().into_inner();
        assert_eq!(list.lost.len(), count, "{house:?}");
        assert!(list.lost.iter().all(|own| own.house == HOUSE && own.id == id && !own.reason.is_empty()));
    }
    // The group is answered with what is missing, or the refusal names the set.
    match book(&served).get_margin(v1::GetMarginRequest { name: name() }).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            assert!(whole.complete && !answer.complete && !answer.missing.is_empty(), "{answer:?}");
        }
        Err(status) => assert!(status.message().contains(&id), "{status:?}"),
    }
    let again = served.load(&file()).await.id;
    assert_eq!(again, id);
    let request = v1::ActivateParameterSetRequest { id, ..Default::default() };
    served.parameters().activate_parameter_set(request).await.unwrap();
    let list = served.parameters().list_parameter_sets(listed("")).await.unwrap().into_inner();
    assert_eq!(list.lost, []);
    assert!(margin(&served).await.complete);
}

/// A directory is verified as a start reads it, with the files of the sets that the book used.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_verified_as_a_start_reads_it() {
    let folder = Folder::new("verified");
    let served = folder.start(true).await;
    first_day(&served).await;
    drop(served.channel);
    served.running.drain().await;
    let sound = plimsoll_server::verify(&folder.0).unwrap();
    assert_eq!((sound.faults.clone(), sound.houses, sound.groups, sound.set_files), (Vec::new(), 1, 1, 1));
    let sets = folder.0.join("sets");
    let file = std::fs::read_dir(&sets).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&file).unwrap();
    let mut damaged = bytes.clone();
    let place =
        damaged.windows(4).rposition(|own| own == b"</r>" || own == b"<r>1").unwrap_or(bytes.len() / 2);
    damaged[place + 1] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let found = plimsoll_server::verify(&folder.0).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(found.faults.len() == 2 && found.faults[0].contains(name), "{:?}", found.faults);
    std::fs::remove_file(&file).unwrap();
    let found = plimsoll_server::verify(&folder.0).unwrap();
    assert!(found.faults.len() == 1 && found.faults[0].contains("missing"), "{:?}", found.faults);
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(plimsoll_server::verify(&folder.0).unwrap(), sound);
    let cuts = folder.0.join("state/cuts.redb");
    let mut bytes = std::fs::read(&cuts).unwrap();
    bytes[..64].fill(0x55);
    std::fs::write(&cuts, bytes).unwrap();
    let error = plimsoll_server::verify(&folder.0).unwrap_err().to_string();
    assert!(error.contains("state/cuts.redb"), "{error}");
    // The log replaces them at the next start.
    let served = folder.start(true).await;
    assert_eq!(asked(&served).await.2.trades.len(), 1);
}
