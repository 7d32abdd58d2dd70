//! Recovery: cuts of a thousand groups and a million records behind them, until the server could serve.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use plimsoll_engine::contract::{ContractId, Registry};
use plimsoll_engine::group::{
    Body, Clearing, CollateralSchedule, Command, Composition, Fact, Fill, Group, GroupKey, HouseSnapshot,
    Keeping, MarginTerms, NewOrder, OrderKind, OrderLeg, OrderTerms, Origin, Request, TimeInForce, TradeLeg,
    decide,
};
use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
use plimsoll_engine::record::{GroupChange, HouseChange, Record, RecordBody, encoded};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{BusinessDate, Code, Decimal, Kind, Lots, Moment, Money};
use plimsoll_journal::{Cut, Cuts, Disk, Log as _, Passing, RealDisk, Segments, Sequence};
use plimsoll_server::{App, Settings};

use crate::{Goal, Wanted};

const GROUPS: usize = 1_000;
const RECORDS: usize = 1_000_000;
const BATCH: usize = 500;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/recover-{}", std::process::id()))
}

fn code<K: Kind>(text: &str) -> Code<K> {
    Code::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn failed<T>(error: impl std::fmt::Display) -> T {
    panic!("{error}")
}

/// Groups at work, and what is written down of them.
struct Book {
    house: HouseSnapshot,
    groups: Vec<Group>,
    contract: ContractId,
    price: Decimal,
    number: usize,
}

impl Book {
    fn command(&mut self, body: Body) -> Command {
        self.number += 1;
        let (principal, id) = (code("local"), code(&format!("C{}", self.number)));
        Command { principal, id, body }
    }

    /// Decides a command on a group and applies it; its record.
    fn give(&mut self, group: usize, body: Body) -> Vec<u8> {
        let command = self.command(body);
        let own = &mut self.groups[group];
        let decision = decide(own, &self.house, &command, None);
        let change = GroupChange::new(&own.key, &decision.events, self.house.version(), Some(&command));
        own.apply_all(&decision.events).unwrap_or_else(failed);
        record(RecordBody::Groups(vec![change.unwrap_or_else(failed)]))
    }

    /// Two trades, an order, and its cancellation, in turn.
    fn next(&mut self, number: usize) -> Vec<u8> {
        let (group, turn) = (number / 4 % GROUPS, number % 4);
        let lots = if (number / 8).is_multiple_of(2) { 1 } else { -1 };
        let order = format!("O{}", number / 4);
        let leg = OrderLeg {
            contract: self.contract,
            lots: Lots::new(lots).unwrap_or_else(failed),
            price: Some(self.price),
        };
        let date = BusinessDate::new(2026, 9, 18).unwrap_or_else(|_| failed("a date"));
        let body = match turn {
            0 => Body::Request(Request::Order(Box::new(NewOrder {
                id: code(&order),
                account: code("A"),
                session: None,
                link: None,
                terms: OrderTerms {
                    kind: OrderKind::Limit,
                    composition: Composition::Together,
                    time_in_force: TimeInForce::Day,
                    legs: vec![leg],
                    units: 1,
                    net_price: None,
                    reduce_only: false,
                    reduced_by_venue: false,
                    closes: false,
                    fee: None,
                    scheduled_fees: Vec::new(),
                },
            }))),
            1 => Body::Fact(Fact::Cancelled(code(&order))),
            _ => Body::Fact(Fact::Fill(Box::new(Fill {
                trade: code(&format!("T{number}")),
                account: code("A"),
                order: None,
                units: 1,
                legs: vec![TradeLeg { contract: self.contract, lots, price: self.price }],
                closes: false,
                fee: None,
                clearing: Clearing { date, cycle: 0 },
                due: date,
            }))),
        };
        self.give(group, body)
    }
}

fn record(body: RecordBody) -> Vec<u8> {
    let record = Record { time: Moment::EPOCH, program: "0.1.0".to_owned(), body };
    encoded(&record).unwrap_or_else(failed)
}

/// Writes cuts of groups with an account and cash each, and the records behind them; the bytes of the records.
fn write(folder: &Path) -> usize {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(folder).unwrap_or_else(failed));
    let log = Segments::open(Arc::clone(&disk), Segments::SEGMENT_BYTES, Sequence(1), &mut |_, _| {
        ControlFlow::Continue(())
    });
    let mut log = log.unwrap_or_else(failed);
    let set = build(&sample::definition(), Digest([7; 32]), RoundingProfile::Exact, Default::default());
    let (set, _) = set.unwrap_or_else(|_| failed("the sample exchange"));
    let mut registry = Registry::default();
    let keys: Vec<_> = set.listings().iter().map(|(key, _)| key).collect();
    for key in &keys {
        let _ = registry.intern(key.clone(), None);
    }
    let name = set.house().clone();
    let future = |own: &&plimsoll_engine::contract::ContractKey| own.product.as_str() == "HCL";
    let future = keys.iter().find(future).and_then(|key| registry.id(key));
    let contract = future.unwrap_or_else(|| failed("no future"));
    let house =
        HouseSnapshot::new(1, Arc::new(set), &registry, BTreeMap::new(), CollateralSchedule::default());
    let price = house.contract(contract).and_then(|own| own.price).unwrap_or(Decimal::ONE);
    let mut book = Book { house, groups: Vec::new(), contract, price, number: 0 };
    let mut cuts = Vec::new();
    for number in 0..GROUPS {
        let key = GroupKey { house: name.clone(), name: code(&format!("G{number}")) };
        let stored = [b"k".as_slice(), name.as_str().as_bytes(), &[0], key.name.as_str().as_bytes()].concat();
        book.groups.push(Group::new(key, code("M"), Origin::Client, code("USD")));
        let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
        let cash = Money::from_decimal(Decimal::whole(1_000_000)).unwrap_or_else(failed);
        for body in [
            Body::Request(Request::OpenMarginAccount(code("M"), terms)),
            Body::Request(Request::OpenPositionAccount(code("A"), code("M"), Keeping::Net)),
            Body::Fact(Fact::Deposit(code("D"), code("USD"), cash)),
        ] {
            book.give(number, body);
        }
        let state = encoded(&book.groups[number]);
        cuts.push(Cut { key: stored, at: Sequence(1), state: state.unwrap_or_else(failed) });
    }
    let known = keys.into_iter().map(|key| (key, None)).collect();
    let first = registry.id(&registry.contracts()[0].key).unwrap_or_else(|| failed("no contract"));
    let contracts = record(RecordBody::House(name, HouseChange::Contracts(first, known)));
    log.append(Sequence(1), &[contracts]).unwrap_or_else(failed);
    let store = Cuts::open(&disk).unwrap_or_else(failed);
    store
        .keep(&cuts)
        .and_then(|()| store.set_floor(Sequence(1), Passing { own: 0, wall: 0 }))
        .unwrap_or_else(failed);
    let mut bytes = 0;
    for batch in 0..RECORDS / BATCH {
        let records: Vec<Vec<u8>> = (0..BATCH).map(|number| book.next(batch * BATCH + number)).collect();
        bytes += records.iter().map(Vec::len).sum::<usize>();
        log.append(log.end().0, &records).unwrap_or_else(failed);
    }
    bytes
}

pub(crate) fn goals() -> Vec<Goal> {
    let folder = folder();
    let bytes = write(&folder);
    println!("recover: {RECORDS} records of {} bytes, {GROUPS} groups", bytes / RECORDS);
    let mut times = Vec::new();
    for _ in 0..3 {
        let settings = Settings { data_directory: Some(folder.clone()), ..Settings::default() };
        let begun = Instant::now();
        let app = App::build(settings).unwrap_or_else(failed);
        times.push(begun.elapsed().as_secs_f64());
        drop(app);
    }
    times.sort_by(f64::total_cmp);
    let _ = std::fs::remove_dir_all(folder);
    let (measured, wanted) = (times[1], Wanted::AtMost(10.0));
    vec![Goal { name: "recover_million_s", measured, unit: "s", wanted }]
}
