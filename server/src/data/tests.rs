//! The book's state machine on a disk that loses power: what was acknowledged is there, and the state is what its commands make.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_engine::contract::{ContractId, ContractQuery, ContractText};
use plimsoll_engine::group::{
    Body, Clearing, Command, Composition, Fact, Fill, Group, GroupKey, HouseSnapshot, Keeping, MarginTerms,
    NewOrder, OrderKind, OrderLeg, OrderTerms, Origin, Request, SettlementRun, Settlements, TimeInForce,
    TradeLeg, decide,
};
use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};
use plimsoll_engine::record::encoded;
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{BusinessDate, Code, Currency, Decimal, Kind, Lots, Money};
use plimsoll_journal::{Reading, Sequence};
use simulated::{Dice, SimulatedDisk};

use super::open_on;
use crate::book::{Book, BookFault, NewContracts, PastFault, Place, Then, locked};
use crate::registry::{AccountScope, Registry};
use crate::until::Until;

#[allow(dead_code, reason = "the journal's own tests use the rest")]
#[path = "../../../journal/tests/suite/simulated.rs"]
mod simulated;

mod damaged;
mod quarantined;
mod retention;
mod verified;

const MORNING: Reading = Reading { wall: 1_790_000_000, running: 0 };

fn code<K: Kind>(text: &str) -> Code<K> {
    Code::new(text).unwrap()
}

fn money(units: i64) -> Money {
    Money::from_decimal(Decimal::whole(units)).unwrap()
}

fn registry() -> Arc<Registry> {
    let registry = Arc::new(Registry::new(1));
    let set = build(&sample::definition(), Digest([1; 32]), RoundingProfile::Exact, Default::default());
    let set = set.unwrap().0;
    let id = set.id().to_owned();
    registry.insert(set, Default::default()).unwrap();
    registry.activate(&id, AccountScope::default(), false).unwrap();
    registry
}

/// One group and the commands that it was given, each with its record.
struct Told {
    key: GroupKey,
    commands: Vec<(Command, plimsoll_journal::Sequence)>,
    /// The version of its house before any run.
    version: u64,
    /// The runs that its house was told, each with how many commands came before and the version that it made.
    runs: Vec<(usize, Arc<SettlementRun>, u64)>,
    number: usize,
}

impl Told {
    fn first() -> Self {
        let key = GroupKey { house: code("HARBOR"), name: code("POOL") };
        Self { key, commands: Vec::new(), version: 0, runs: Vec::new(), number: 0 }
    }

    fn group(&self) -> Group {
        Group::new(self.key.clone(), code("M"), Origin::Client, Currency::new("USD").unwrap())
    }

    fn command(&mut self, body: Body) -> Command {
        self.number += 1;
        Command { principal: code("local"), id: code(&format!("C{}", self.number)), body }
    }

    fn contract(&self, book: &Book) -> ContractId {
        let (desk, house) = book.desk(&self.key.house).unwrap();
        let text =
            ContractText { product: "HCL", product_type: "FUT", period: "202612", ..Default::default() };
        let query = ContractQuery::parse(&text).unwrap();
        desk.contract(Place::Worker, house.set(), &query, &mut NewContracts::default()).unwrap()
    }

    /// A settlement run at a trillion.
    fn settlement(&mut self, book: &Book, cycle: u32) -> Command {
        let (id, date) = (code(&format!("R{cycle}")), BusinessDate::new(2026, 9, 18).unwrap());
        let prices = [(self.contract(book), Decimal::whole(1_000_000_000_000))].into();
        let run = SettlementRun { id, date, cycle, corrects: None, prices, expiries: Vec::new() };
        self.command(Body::Fact(Fact::Settle(Arc::new(run))))
    }

    /// A trade of a cycle that no run at a trillion can settle.
    fn huge(&mut self, book: &Book, cycle: u32) -> Command {
        let clearing = Clearing { date: BusinessDate::new(2026, 9, 18).unwrap(), cycle };
        let leg = TradeLeg { contract: self.contract(book), lots: 1_000_000_000, price: Decimal::ONE };
        self.command(fill("HUGE", leg, clearing))
    }

    fn random(&mut self, book: &Book, dice: &mut Dice) -> Command {
        let contract = self.contract(book);
        let price: Decimal = "70.86".parse().unwrap();
        let lots = if dice.chance(50) { 1 } else { -1 };
        let (date, number) = (BusinessDate::new(2026, 9, 18).unwrap(), self.number);
        let body = match dice.below(6) {
            0 => Body::Fact(Fact::Deposit(code(&format!("D{number}")), code("USD"), money(500))),
            1 => Body::Request(Request::Withdraw(code("USD"), money(700))),
            2 => {
                let leg = OrderLeg { contract, lots: Lots::new(lots).unwrap(), price: Some(price) };
                Body::Request(Request::Order(Box::new(order(&format!("O{number}"), leg))))
            }
            3 => Body::Fact(Fact::DayEnded(date)),
            4 => Body::Fact(Fact::Settle(Arc::new(SettlementRun {
                id: code(&format!("R{number}")),
                date,
                cycle: 1,
                corrects: None,
                prices: [(contract, price)].into(),
                expiries: Vec::new(),
            }))),
            _ => fill(&format!("T{number}"), TradeLeg { contract, lots, price }, Clearing { date, cycle: 0 }),
        };
        self.command(body)
    }

    /// What the first commands make, by deciding them again.
    fn model(&self, book: &Book, count: usize) -> Group {
        let (_, house) = book.desk(&self.key.house).unwrap();
        // A house knows more runs today than when they were decided.
        let (mut house, mut settlements) = ((*house).clone(), Settlements::default());
        let (mut group, mut runs, mut version) = (self.group(), self.runs.iter().peekable(), self.version);
        for (place, (command, record)) in self.commands[..count].iter().enumerate() {
            while let Some((_, run, made)) = runs.next_if(|(before, ..)| *before <= place) {
                settlements.told(run);
                version = *made;
            }
            house = house.with_settlements(version, Arc::new(settlements.clone()));
            let events = decide(&group, &house, command, None).events;
            group.apply_all(&events).unwrap();
            group.recorded(record.0);
        }
        group
    }
}

fn fill(trade: &str, leg: TradeLeg, clearing: Clearing) -> Body {
    Body::Fact(Fact::Fill(Box::new(Fill {
        trade: code(trade),
        account: code("A"),
        order: None,
        units: 1,
        legs: vec![leg],
        closes: false,
        fee: None,
        clearing,
        due: clearing.date,
    })))
}

fn order(id: &str, leg: OrderLeg) -> NewOrder {
    let terms = OrderTerms {
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
    };
    NewOrder { id: code(id), account: code("A"), session: None, link: None, terms }
}

fn stored(group: &Group) -> Vec<u8> {
    encoded(group).unwrap()
}

fn opened(disk: &SimulatedDisk, registry: &Arc<Registry>) -> Result<Book, String> {
    open_on(disk.dynamic(), registry, 30_000, Box::new(|_| ())).map_err(|error| error.to_string())
}

fn submit(book: &Book, key: &GroupKey, command: &Command) -> Result<Sequence, BookFault> {
    let (desk, house) = book.desk(&key.house)?;
    let mut entry = book.entry(key).unwrap().now().unwrap();
    book.submit(&mut entry, &desk, &house, command, (Place::Worker, &Until::NEVER)).map(|own| own.rests_on)
}

/// Gives a command; whether it was acknowledged.
fn give(book: &Book, told: &mut Told, command: Command) -> bool {
    let sequence = match &command.body {
        Body::Fact(Fact::Settle(run)) => {
            let run = Arc::clone(run);
            let settled = book.settle(&told.key.house, &run).map(|own| own.1);
            if let Ok((_, house)) = book.desk(&told.key.house)
                && house.settlements().run(&run.id).is_some()
            {
                told.runs.push((told.commands.len(), run, house.version()));
            }
            settled
        }
        Body::Fact(_) | Body::Request(_) => submit(book, &told.key, &command),
    };
    let Ok(sequence) = sequence else { return false };
    told.commands.push((command, sequence));
    book.chronicle().reached_blocking(sequence).is_ok()
}

/// A group with an account and cash, before anything goes wrong.
fn begun(disk: &SimulatedDisk, registry: &Arc<Registry>) -> Result<Told, String> {
    let told = Told::first();
    begun_in(told, disk, registry)
}

fn begun_in(mut told: Told, disk: &SimulatedDisk, registry: &Arc<Registry>) -> Result<Told, String> {
    let book = opened(disk, registry)?;
    told.version = book.desk(&told.key.house).map_err(|fault| fault.to_string())?.1.version();
    book.open(told.group(), &Until::NEVER).map_err(|fault| fault.to_string())?;
    let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
    for body in [
        Body::Request(Request::OpenMarginAccount(code("M"), terms)),
        Body::Request(Request::OpenPositionAccount(code("A"), code("M"), Keeping::Net)),
        Body::Fact(Fact::Deposit(code("first"), code("USD"), money(10_000))),
    ] {
        let command = told.command(body);
        assert!(give(&book, &mut told, command));
    }
    Ok(told)
}

/// Lives until the power goes, four times; what is wrong with what is left.
fn lives(seed: u64, lies: bool) -> Result<(), String> {
    let (mut dice, disk, registry) = (Dice::new(seed), SimulatedDisk::new(), registry());
    let mut told = begun(&disk, &registry)?;
    if lies {
        disk.lie();
    }
    let mut acknowledged = told.commands.len();
    for life in 0..4 {
        let book = opened(&disk, &registry).map_err(|error| format!("life {life}: {error}"))?;
        let entry = book.entry(&told.key).map_err(|fault| format!("life {life}: {fault}"))?;
        let group = locked(&entry).group().clone();
        // A run may be durable while no group has settled by it.
        let (_, house) = book.desk(&told.key.house).map_err(|fault| format!("life {life}: {fault}"))?;
        told.runs.retain(|(_, run, _)| house.settlements().run(&run.id).is_some());
        let is_there = |count: &usize| stored(&told.model(&book, *count)) == stored(&group);
        let Some(found) = (acknowledged..=told.commands.len()).find(is_there) else {
            return Err(format!("life {life}: not what {acknowledged} acknowledged commands make"));
        };
        told.commands.truncate(found);
        told.runs.iter_mut().for_each(|(before, ..)| *before = found.min(*before));
        acknowledged = found;
        disk.power(i64::try_from(dice.below(900)).unwrap());
        loop {
            let command = told.random(&book, &mut dice);
            if !give(&book, &mut told, command) {
                break;
            }
            acknowledged = told.commands.len();
            if dice.chance(10) && book.keep_cuts(None, MORNING).is_err() {
                break;
            }
        }
        drop((entry, book));
        disk.cut(&mut dice);
    }
    Ok(())
}

/// What is older than is kept is gone, and said to be; what is kept is told as it was.
#[test]
fn the_past_is_told_as_far_as_it_is_kept() {
    let (mut dice, disk, registry) = (Dice::new(3), SimulatedDisk::new(), registry());
    let mut told = begun(&disk, &registry).unwrap();
    let book = opened(&disk, &registry).unwrap();
    let quiet = GroupKey { name: code("QUIET"), ..told.key.clone() };
    book.open(Group { key: quiet.clone(), ..told.group() }, &Until::NEVER).unwrap();
    let mut states = Vec::new();
    for number in 0..400 {
        let command = told.random(&book, &mut dice);
        assert!(give(&book, &mut told, command));
        let group = |key| stored(locked(&book.entry(key).unwrap()).group());
        states.push((book.chronicle().written(), group(&told.key), group(&quiet)));
        if number % 50 == 49 {
            book.keep_cuts(None, MORNING).unwrap();
        }
    }
    let then = |at| Then { at, version: at };
    let past = |at| book.past(&told.key, then(at), None).map(|past| stored(&past.group));
    for (at, state, _) in &states {
        assert_eq!(&past(*at).unwrap(), state, "{at}");
    }
    // Everything before the last cuts is too old at once.
    let said = book.keep_cuts(Some(Duration::ZERO), MORNING).unwrap();
    assert!(said.said > 0 && said.removed == 0, "it is said before it is done: {said:?}");
    let kept = book.keep_cuts(Some(Duration::ZERO), MORNING).unwrap();
    assert_eq!(kept.removed, said.said);
    let (first, last) = (&states[0], &states[states.len() - 1]);
    let Err(PastFault::OutOfRange { oldest, .. }) = past(first.0) else { panic!("it is kept") };
    assert!(first.0 < oldest && oldest <= last.0);
    // What hardly changes is told like what has.
    for (at, state, of_quiet) in states.iter().filter(|own| own.0 >= oldest) {
        assert_eq!(&past(*at).unwrap(), state, "{at}");
        assert_eq!(&stored(&book.past(&quiet, then(*at), None).unwrap().group), of_quiet, "{at}");
    }
    assert_eq!(&past(last.0).unwrap(), &last.1);
    drop(book);
    let book = opened(&disk, &registry).unwrap();
    assert_eq!(stored(locked(&book.entry(&told.key).unwrap()).group()), last.1);
}

/// A group that applies no run keeps those that it applied long ago; cuts and power cuts do not lose them.
#[test]
fn runs_of_long_ago_outlive_every_power_cut() {
    let (mut dice, disk, registry) = (Dice::new(5), SimulatedDisk::new(), registry());
    let mut told = begun(&disk, &registry).unwrap();
    let quiet = GroupKey { name: code("QUIET"), ..told.key.clone() };
    begun_in(Told { key: quiet.clone(), ..Told::first() }, &disk, &registry).unwrap();
    let stuck = |book: &Book| stored(locked(&book.entry(&quiet).unwrap()).group());
    let mut before = None;
    for number in 0..140 {
        let book = opened(&disk, &registry).unwrap();
        let now = stuck(&book);
        assert_eq!(*before.get_or_insert_with(|| now.clone()), now, "run {number}");
        let command = told.settlement(&book, number);
        assert!(give(&book, &mut told, command), "run {number}");
        if number == 20 {
            let huge = told.huge(&book, number + 1);
            let sequence = submit(&book, &quiet, &huge).unwrap();
            book.chronicle().reached_blocking(sequence).unwrap();
        }
        before = Some(stuck(&book));
        if dice.chance(30) {
            book.keep_cuts(None, MORNING).unwrap();
        }
        drop(book);
        disk.cut(&mut dice);
    }
    let book = opened(&disk, &registry).unwrap();
    let entry = book.entry(&quiet).unwrap();
    let entry = locked(&entry);
    let settled = entry.group().settled.map(|own| own.cycle);
    assert_eq!(settled, Some(20), "those before the trade that is too large");
}

/// `PLIMSOLL_SEEDS=2000` for a long run.
#[test]
fn what_was_acknowledged_outlives_every_power_cut() {
    let seeds = std::env::var("PLIMSOLL_SEEDS").ok().and_then(|own| own.parse().ok()).unwrap_or(40);
    for seed in 0..seeds {
        let outcome = std::panic::catch_unwind(|| lives(seed, false));
        assert_eq!(outcome.map_err(|_| "panicked"), Ok(Ok(())), "seed {seed}");
    }
}

/// With the sync taken out the same has to fail, or it shows nothing.
#[test]
fn without_a_sync_the_same_is_lost() {
    let lost = (0..10).filter(|seed| lives(*seed, true).is_err()).count();
    assert!(lost > 3, "{lost} of 10 histories without a sync lost something");
}
