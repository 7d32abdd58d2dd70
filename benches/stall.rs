//! A group near its limit: what a check costs there, and whether anybody else notices.
//!
//! A market maker has orders on both sides of all months of three products, and cash for not much more than their worst outcome, so that a
//! bound does not suffice and every check searches. Several clients ask about it at once, while `grpc.health.v1` is asked without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use plimsoll_client::client::{Client, ClientSettings};
use plimsoll_engine::contract::Registry;
use plimsoll_engine::group::{CollateralSchedule, HouseSnapshot};
use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample, spn};
use plimsoll_proto::v1;
use plimsoll_proto::v1::submit_request::Command;
use plimsoll_server::{App, Running, Settings};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::{Goal, Wanted};

const HOUSE: &str = "HARBOR";
const PRODUCTS: [&str; 3] = ["HCL", "HRB", "HGO"];
/// How long every crowd asks.
const ASKING: Duration = Duration::from_secs(4);

fn failed<T>(error: impl std::fmt::Display) -> T {
    panic!("{error}")
}

/// A future of the sample, and its price there.
#[derive(Clone)]
struct Future {
    product: String,
    period: String,
    price: String,
}

fn futures() -> Vec<Future> {
    let set = build(&sample::definition(), Digest([7; 32]), RoundingProfile::Exact, Default::default());
    let (set, _) = set.unwrap_or_else(|_| failed("the sample exchange"));
    let mut registry = Registry::default();
    let keys: Vec<_> = set.listings().iter().map(|(key, _)| key).collect();
    for key in &keys {
        let _ = registry.intern(key.clone(), None);
    }
    let house = HouseSnapshot::new(
        1,
        Arc::new(set),
        &registry,
        std::collections::BTreeMap::new(),
        CollateralSchedule::default(),
    );
    let priced = keys.iter().filter(|key| PRODUCTS.contains(&key.product.as_str())).filter_map(|key| {
        let price = house.contract(registry.id(key)?)?.price?;
        let (product, period) = (key.product.as_str().to_owned(), key.period.to_string());
        Some(Future { product, period, price: price.to_string() })
    });
    priced.collect()
}

fn name() -> Option<v1::GroupName> {
    Some(v1::GroupName { house: HOUSE.to_owned(), group: "POOL".to_owned() })
}

/// The order of a number: a side, a month and a size of its own.
fn order(futures: &[Future], number: usize) -> v1::Order {
    let own = &futures[number % futures.len()];
    let side = if (number / futures.len()).is_multiple_of(2) { 1 } else { -1 };
    let contract = v1::Position {
        product: own.product.clone(),
        r#type: v1::ProductType::Future.into(),
        period: own.period.clone(),
        quantity: side,
        ..Default::default()
    };
    let leg = v1::OrderLeg { contract: Some(contract), price: own.price.clone() };
    let units = 1 + i64::try_from(number * 7 % 13).unwrap_or_else(failed);
    let kind = v1::OrderKind::Limit.into();
    let terms = v1::OrderTerms { kind, legs: vec![leg], units, ..Default::default() };
    v1::Order { id: format!("O{number}"), account: "A".to_owned(), terms: Some(terms), ..Default::default() }
}

/// A server with such a group, and a client of it.
struct Venue {
    /// Serves as long as it is there.
    _running: Running,
    client: Client,
    health: HealthClient<Channel>,
    futures: Vec<Future>,
    orders: usize,
}

impl Venue {
    /// With so many working orders.
    async fn new(orders: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(failed);
        let app = App::build(Settings::default()).unwrap_or_else(failed);
        let running = app.spawn(listener).await.unwrap_or_else(failed);
        let url = format!("http://{}", running.address());
        let client = Client::connect(&ClientSettings::new(&url)).await.unwrap_or_else(failed);
        let endpoint = Endpoint::from_shared(url).unwrap_or_else(failed);
        let health = HealthClient::new(endpoint.connect().await.unwrap_or_else(failed));
        let mut file = Vec::new();
        spn::write(&sample::definition(), &mut file).unwrap_or_else(failed);
        let loaded = client.load_parameter_set(std::io::Cursor::new(file), None, |_| ()).await;
        let id = loaded.unwrap_or_else(failed).set.id;
        client.activate(&id, "", false).await.unwrap_or_else(failed);
        let venue = Self { _running: running, client, health, futures: futures(), orders };
        venue.set_up().await;
        venue
    }

    async fn set_up(&self) {
        let group = v1::CreateGroupRequest {
            name: name(),
            member: "MEMBER".to_owned(),
            origin: v1::Origin::Client.into(),
            currency: "USD".to_owned(),
        };
        self.client.create_group(group).await.unwrap_or_else(failed);
        let account = v1::OpenMarginAccount { account: "M".to_owned(), ..Default::default() };
        self.submit("S1", Command::OpenMarginAccount(account)).await;
        let (account, margin_account) = ("A".to_owned(), "M".to_owned());
        let account = v1::OpenPositionAccount { account, margin_account, ..Default::default() };
        self.submit("S2", Command::OpenPositionAccount(account)).await;
        let assets = |amount: &str| {
            Some(v1::Assets { currency: "USD".to_owned(), amount: amount.to_owned(), ..Default::default() })
        };
        let deposit = v1::Deposit { reference: "D".to_owned(), assets: assets("1000000000") };
        self.submit("S3", Command::Deposit(deposit)).await;
        for number in 0..self.orders {
            self.submit(&format!("P{number}"), Command::Order(order(&self.futures, number))).await;
        }
        let margin = self.client.get_margin(v1::GetMarginRequest { name: name() }).await;
        let room = margin.unwrap_or_else(failed).with_orders;
        let excess = room.map(|own| own.excess).unwrap_or_else(|| failed("no excess"));
        self.submit("S4", Command::Withdraw(assets(&excess).unwrap_or_default())).await;
    }

    async fn submit(&self, id: &str, command: Command) {
        let request = v1::SubmitRequest { name: name(), command_id: id.to_owned(), command: Some(command) };
        let answer = self.client.submit(request).await.unwrap_or_else(failed);
        assert!(answer.refused.is_none(), "{id}: {:?}", answer.refused);
    }

    /// Asks whether one more order fits; it is never reserved.
    async fn check(&self, number: usize) {
        let order = Some(order(&self.futures, self.orders + number));
        let request =
            v1::CheckOrderRequest { name: name(), order, validate_only: true, ..Default::default() };
        self.client.check_order(request).await.unwrap_or_else(failed);
    }

    /// What a check takes that nobody else asks for, in milliseconds, over both sides of every future: half are faster, and none is slower.
    async fn alone(&self) -> (f64, f64) {
        let mut times = Vec::new();
        for number in 0..2 * self.futures.len() {
            let begun = Instant::now();
            self.check(number).await;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        (times[times.len() / 2], times[times.len() - 1])
    }

    /// What health takes while so many clients ask about the group, in milliseconds: half of its answers are faster, and none is slower; and
    /// how many checks were answered a second.
    async fn crowded(self: &Arc<Self>, clients: usize) -> Crowded {
        let ends = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let asking: Vec<_> = (0..clients)
            .map(|own| {
                let (venue, ends, answered) = (Arc::clone(self), Arc::clone(&ends), Arc::clone(&answered));
                tokio::spawn(async move {
                    while !ends.load(Ordering::Relaxed) {
                        let number = answered.fetch_add(1, Ordering::Relaxed);
                        venue.check(own + number * clients).await;
                    }
                })
            })
            .collect();
        let mut health = self.health.clone();
        let (begun, mut times) = (Instant::now(), Vec::new());
        while begun.elapsed() < ASKING {
            let own = Instant::now();
            health.check(HealthCheckRequest::default()).await.unwrap_or_else(failed);
            times.push(own.elapsed().as_secs_f64() * 1e3);
        }
        ends.store(true, Ordering::Relaxed);
        for own in asking {
            own.await.unwrap_or_else(failed);
        }
        times.sort_by(f64::total_cmp);
        let checks = answered.load(Ordering::Relaxed) as f64 / ASKING.as_secs_f64();
        Crowded { median: times[times.len() / 2], longest: times[times.len() - 1], checks }
    }
}

struct Crowded {
    median: f64,
    longest: f64,
    checks: f64,
}

pub(crate) fn goals() -> Vec<Goal> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap_or_else(failed);
    let mut goals = Vec::new();
    for (orders, check_goal, health_goal) in [
        (100, "longest_check_near_limit_100_ms", "health_beside_16_of_100_ms"),
        (1_000, "longest_check_near_limit_1000_ms", "health_beside_16_of_1000_ms"),
    ] {
        let (alone, crowds) = runtime.block_on(async {
            let venue = Arc::new(Venue::new(orders).await);
            let (median, alone) = venue.alone().await;
            println!("stall: {orders} orders, a check alone: median {median:.2} ms, longest {alone:.1} ms");
            let mut crowds = Vec::new();
            for clients in [0, 4, 16] {
                let own = venue.crowded(clients).await;
                println!(
                    "stall: {orders} orders, {clients} clients: {:.0} checks a second; health: median {:.2} ms, longest {:.1} ms",
                    own.checks, own.median, own.longest
                );
                crowds.push(own);
            }
            (alone, crowds)
        });
        let goal =
            |name, measured, wanted| Goal { name, measured, unit: "ms", wanted: Wanted::AtMost(wanted) };
        goals.push(goal(check_goal, alone, 50.0));
        goals.push(goal(health_goal, crowds[2].longest, 100.0));
    }
    goals
}
