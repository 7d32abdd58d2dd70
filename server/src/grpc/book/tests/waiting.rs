//! Whoever waits holds up nobody else: on a runtime of one thread, with more calls waiting than it has threads, health and other groups
//! are answered.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use plimsoll_engine::group::GroupKey;
use plimsoll_engine::types::Code as Name;
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::book_service_server::BookServiceServer;
use plimsoll_proto::v1::submit_request::Command;
use tokio::task::JoinHandle;
use tonic::{Code, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::super::super::gate::{Gate, Routes};
use super::super::super::health::Health;
use super::super::{BookCalls, Threads};
use super::activate;
use crate::book::Book;
use crate::registry::Registry;
use crate::workers::Workers;

/// A book of the sample exchange, in memory, behind its gate.
#[derive(Clone)]
struct Server {
    gate: Gate,
    book: Arc<Book>,
    registry: Arc<Registry>,
}

fn name(group: &str) -> Option<v1::GroupName> {
    Some(v1::GroupName { house: "HARBOR".to_owned(), group: group.to_owned() })
}

fn key(group: &str) -> GroupKey {
    GroupKey { house: Name::new("HARBOR").unwrap(), name: Name::new(group).unwrap() }
}

fn deposit(group: &str, id: usize) -> v1::SubmitRequest {
    let (currency, amount) = ("USD".to_owned(), "1000".to_owned());
    let assets = Some(v1::Assets { currency, amount, ..Default::default() });
    let deposit = v1::Deposit { reference: format!("D{id}"), assets };
    let command = Some(Command::Deposit(deposit));
    v1::SubmitRequest { name: name(group), command_id: format!("C{id}"), command }
}

fn margin_account(group: &str, account: &str) -> v1::SubmitRequest {
    let open = v1::OpenMarginAccount { account: account.to_owned(), ..Default::default() };
    let command = Some(Command::OpenMarginAccount(open));
    v1::SubmitRequest { name: name(group), command_id: account.to_owned(), command }
}

fn check(group: &str) -> v1::CheckOrderRequest {
    let contract = v1::Position {
        product: "HCL".to_owned(),
        r#type: v1::ProductType::Future.into(),
        period: "202612".to_owned(),
        quantity: 1,
        ..Default::default()
    };
    let leg = v1::OrderLeg { contract: Some(contract), price: "70.86".to_owned() };
    let terms =
        v1::OrderTerms { kind: v1::OrderKind::Limit.into(), legs: vec![leg], units: 1, ..Default::default() };
    let order =
        v1::Order { id: "O".to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() };
    v1::CheckOrderRequest { name: name(group), order: Some(order), validate_only: true, ..Default::default() }
}

type Answer = JoinHandle<Result<Response<v1::SubmitResponse>, Status>>;

impl Server {
    /// With groups `BUSY` and `OTHER`, which have a command behind them.
    async fn new() -> Self {
        let registry = Arc::new(Registry::new(2));
        activate(&registry, 1);
        let book = Arc::new(Book::new(Arc::clone(&registry), Arc::default()));
        let calls = BookCalls::new(Arc::clone(&book), Threads::new(1, Workers::new(1, 10)), None);
        let (health, mut routes) = (Health::new(), Routes::default());
        health.serving().await;
        routes.add(BookServiceServer::new(calls));
        routes.add(health.service());
        let server = Self { gate: Gate::over(routes, 2_000, Duration::from_secs(30)), book, registry };
        for group in ["BUSY", "OTHER"] {
            let request = v1::CreateGroupRequest {
                name: name(group),
                member: "M".to_owned(),
                origin: v1::Origin::Client.into(),
                currency: "USD".to_owned(),
            };
            server.client().create_group(request).await.unwrap();
            server.client().submit(margin_account(group, "M")).await.unwrap();
        }
        server
    }

    fn client(&self) -> BookServiceClient<Gate> {
        BookServiceClient::new(self.gate.clone())
    }

    async fn is_healthy(&self) {
        let request = HealthCheckRequest { service: String::new() };
        let answer = HealthClient::new(self.gate.clone()).check(request).await.unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    }

    fn submitting(&self, request: v1::SubmitRequest) -> Answer {
        let mut client = self.client();
        tokio::spawn(async move { client.submit(request).await })
    }

    /// Until every task has come as far as it comes.
    async fn settled(&self) {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
}

/// Runs it on a runtime of one thread; a thread that waits for ever is found.
fn on_one_thread<F: Future<Output = ()>>(name: &'static str, test: impl FnOnce() -> F + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let run = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(test());
        done.send(()).unwrap();
    });
    let ended = is_done.recv_timeout(Duration::from_secs(60));
    assert!(ended != Err(mpsc::RecvTimeoutError::Timeout), "the runtime's thread waits for a lock");
    run.unwrap().join().unwrap();
}

#[test]
fn who_waits_for_a_group_holds_up_nobody_else() {
    on_one_thread("turns", || async {
        let server = Server::new().await;
        let turn = server.book.entry(&key("BUSY")).unwrap().now().unwrap();
        let waiting: Vec<Answer> = (0..50).map(|id| server.submitting(deposit("BUSY", id))).collect();
        let (mut asking, mut listing) = (server.client(), server.client());
        let asked = tokio::spawn(async move {
            asking.get_margin(v1::GetMarginRequest { name: name("BUSY") }).await.map(|_| ())
        });
        let listed = tokio::spawn(async move {
            listing
                .list_groups(v1::ListGroupsRequest::default())
                .await
                .map(|own| own.into_inner().groups.len())
        });
        server.settled().await;
        server.is_healthy().await;
        server.client().submit(deposit("OTHER", 1)).await.unwrap();
        server.client().check_order(check("OTHER")).await.unwrap();
        assert!(waiting.iter().all(|own| !own.is_finished()) && !asked.is_finished());
        drop(turn);
        let mut sequences = Vec::new();
        for answer in waiting {
            sequences.push(answer.await.unwrap().unwrap().into_inner().sequence);
        }
        assert!(sequences.is_sorted_by(|before, after| before < after), "first come, first served");
        asked.await.unwrap().unwrap();
        assert_eq!(listed.await.unwrap().unwrap(), 2);
    });
}

#[test]
fn who_waits_for_a_house_holds_up_nobody_else() {
    on_one_thread("houses", || async {
        let server = Server::new().await;
        let desk = server.book.found(&key("BUSY").house).unwrap();
        let at_work = desk.at_work();
        // Names are looked up on a worker; who needs none does not wait.
        let mut checking = server.client();
        let checked = tokio::spawn(async move { checking.check_order(check("BUSY")).await });
        server.settled().await;
        server.is_healthy().await;
        server.client().submit(deposit("OTHER", 1)).await.unwrap();
        // Another set is active: what needs the house's data waits for them.
        activate(&server.registry, 2);
        let waiting: Vec<Answer> = (0..20).map(|id| server.submitting(deposit("BUSY", id))).collect();
        server.settled().await;
        server.is_healthy().await;
        assert!(waiting.iter().all(|own| !own.is_finished()) && !checked.is_finished());
        drop(at_work);
        for answer in waiting {
            assert_eq!(answer.await.unwrap().unwrap().into_inner().refused, None);
        }
        checked.await.unwrap().unwrap();
    });
}

#[test]
fn no_more_wait_for_a_group_than_may() {
    on_one_thread("queue", || async {
        let server = Server::new().await;
        let turn = server.book.entry(&key("BUSY")).unwrap().now().unwrap();
        let waiting: Vec<Answer> = (0..501).map(|id| server.submitting(deposit("BUSY", id))).collect();
        server.settled().await;
        let refused: Vec<_> = waiting.iter().filter(|own| own.is_finished()).collect();
        assert_eq!(refused.len(), 1);
        server.client().submit(deposit("OTHER", 1)).await.unwrap();
        drop(turn);
        let mut codes = Vec::new();
        for answer in waiting {
            codes.push(answer.await.unwrap().map_or_else(|status| status.code(), |_| Code::Ok));
        }
        assert_eq!(codes.iter().filter(|own| **own == Code::Ok).count(), 500);
        assert_eq!(codes[500], Code::ResourceExhausted);
    });
}

#[test]
fn whose_deadline_passes_while_it_waits_changes_nothing() {
    on_one_thread("deadlines", || async {
        let server = Server::new().await;
        let turn = server.book.entry(&key("BUSY")).unwrap().now().unwrap();
        let sequence = turn.group().sequence;
        let waiting = server.submitting(margin_account("BUSY", "LATE"));
        let fact = server.submitting(deposit("BUSY", 1));
        // The clock moves on while all of the test waits.
        for answer in [waiting, fact] {
            assert_eq!(answer.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
        }
        drop(turn);
        let turn = server.book.entry(&key("BUSY")).unwrap().now().unwrap();
        assert_eq!(turn.group().sequence, sequence);
    });
}

#[test]
fn whose_deadline_passes_while_a_worker_has_it_changes_nothing() {
    on_one_thread("workers", || async {
        let server = Server::new().await;
        let desk = server.book.found(&key("BUSY").house).unwrap();
        let at_work = desk.at_work();
        activate(&server.registry, 2);
        let waiting = server.submitting(margin_account("BUSY", "LATE"));
        server.settled().await;
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(waiting.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
        drop(at_work);
        server.client().submit(margin_account("BUSY", "N")).await.unwrap();
        let turn = server.book.entry(&key("BUSY")).unwrap().now().unwrap();
        let accounts: Vec<&str> = turn.group().margin_accounts.keys().map(|own| own.as_str()).collect();
        assert_eq!(accounts, ["M", "N"]);
    });
}
