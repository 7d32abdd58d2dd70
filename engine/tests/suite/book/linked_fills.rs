//! Every sequence in which a venue that keeps a link may fill its orders, told as facts: the group that accepted them with nothing to
//! spare can pay after each, and no fill is an item.
//!
//! `PLIMSOLL_SEED=7` replays one seed; a failure names its seed.

use std::collections::BTreeSet;

use num_rational::Ratio;
use plimsoll_engine::group::{
    Composition, Enforcement, Fact, Fill, LinkRule, NewOrder, OnFill, OrderLeg, OrderLink, OrderTerms,
    TradeLeg,
};
use plimsoll_engine::types::{Currency, Decimal, Lots, Money};

use super::desk::{Desk, code, money, order, reason, text};
use crate::generate::Dice;

const SEEDS: u64 = 12;
const CONTRACTS: [&str; 3] = ["HCL FUT 202612", "HCL FUT 202703", "HCLO OOF 202612 C 70.00"];

/// How the venue rounds what it leaves of an order; the book does not know.
#[derive(Clone, Copy)]
enum Rounds {
    Up,
    Down,
}

/// The venue's own account of its orders, which knows nothing of the book's.
#[derive(Clone)]
struct Venue {
    rule: LinkRule,
    enforcement: Enforcement,
    rounds: Rounds,
    units: Vec<i64>,
    /// By order and part.
    filled: Vec<Vec<i64>>,
    closed: Vec<bool>,
}

impl Venue {
    fn begun(&self, own: usize) -> i64 {
        self.filled[own].iter().copied().max().unwrap()
    }

    fn is_whole(&self, own: usize) -> bool {
        self.filled[own].iter().all(|filled| *filled == self.units[own])
    }

    /// Units of a part that the venue would fill now.
    fn open(&self, own: usize, part: usize) -> i64 {
        if self.closed[own] {
            return 0;
        }
        let filled = self.filled[own][part];
        let mut most = self.units[own];
        if let (LinkRule::MostFilled(limit), Enforcement::VenueAtomic(_)) = (self.rule, self.enforcement) {
            let others: i64 =
                (0..self.units.len()).filter(|other| *other != own).map(|other| self.begun(other)).sum();
            most = most.min(limit - others);
        }
        if let (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::Incremental)) =
            (self.rule, self.enforcement)
        {
            let share =
                |other: usize| Ratio::new(*self.filled[other].iter().min().unwrap(), self.units[other]);
            let others: Ratio<i64> = (0..self.units.len()).filter(|other| *other != own).map(share).sum();
            let left = (Ratio::from_integer(1) - others) * self.units[own];
            let left = match self.rounds {
                Rounds::Up => left.ceil(),
                Rounds::Down => left.floor(),
            };
            most = most.min(left.to_integer());
        }
        (most - filled).max(0)
    }

    fn fill(&mut self, own: usize, part: usize, units: i64) {
        self.filled[own][part] += units;
        let closes = match self.enforcement {
            Enforcement::Client | Enforcement::VenueAtomic(OnFill::Incremental) => false,
            Enforcement::VenueAtomic(OnFill::FirstHit) => true,
            Enforcement::VenueAtomic(OnFill::CompleteFill) => {
                self.rule == LinkRule::OneCancelsOther && self.is_whole(own)
            }
        };
        for other in (0..self.units.len()).filter(|other| closes && *other != own) {
            self.closed[other] = true;
        }
    }
}

struct Placed {
    order: NewOrder,
    names: Vec<&'static str>,
}

fn some_order(desk: &mut Desk, dice: &mut Dice, number: usize) -> Placed {
    let is_legged = dice.chance(25);
    let names: Vec<&'static str> =
        (0..if is_legged { 2 } else { 1 }).map(|_| *dice.pick::<&str>(&CONTRACTS)).collect();
    let legs = names.iter().map(|name| {
        let lots = if dice.chance(50) { 1 } else { -1 };
        let shift = Decimal::new(dice.between(-5, 5), 1).unwrap();
        let price = desk.mark(name).plus(shift).filter(|own| own.is_positive());
        OrderLeg {
            contract: desk.contract(name),
            lots: Lots::new(lots).unwrap(),
            price: Some(price.unwrap_or_else(|| desk.mark(name))),
        }
    });
    let own = order(&format!("O{number}"), legs.collect(), dice.between(1, 3));
    let fee = (dice.chance(40)).then(|| (code::<_>("USD"), money(&dice.between(-9, 9).to_string())));
    let composition = if is_legged { Composition::Legged } else { Composition::Together };
    let terms = OrderTerms { composition, fee, ..own.terms };
    Placed { order: NewOrder { terms, ..own }, names }
}

fn times(fee: &Option<(Currency, Money)>, units: i64) -> Option<(Currency, Money)> {
    fee.as_ref().map(|(currency, amount)| {
        let sum = (0..units).try_fold(Money::ZERO, |sum, _| sum.plus(*amount)).unwrap();
        (currency.clone(), sum)
    })
}

/// Tells a fill at the order's limit.
fn tell(desk: &mut Desk, placed: &Placed, number: usize, (part, units): (usize, i64)) {
    let terms = &placed.order.terms;
    let leg = terms.legs[part];
    let mut fill =
        desk.fill(&format!("T{number}"), leg.lots.get() * units, placed.names[part], leg.price.unwrap());
    fill.legs =
        vec![TradeLeg { contract: leg.contract, lots: leg.lots.get() * units, price: leg.price.unwrap() }];
    fill.order = Some((placed.order.id.clone(), part));
    fill.fee = times(&terms.fee, units);
    desk.fact(Fact::Fill(Box::new(Fill { units, ..fill })));
}

struct Walk<'a> {
    placed: &'a [Placed],
    what: String,
    seen: BTreeSet<(Vec<Vec<i64>>, Vec<bool>)>,
    trades: usize,
}

impl Walk<'_> {
    fn on(&mut self, desk: &mut Desk, venue: &Venue) {
        if !self.seen.insert((venue.filled.clone(), venue.closed.clone())) {
            return;
        }
        let standing = desk.standing();
        for own in [standing.initial, standing.found] {
            assert!(!own.is_deficit(), "{}: {:?} leaves {}", self.what, venue.filled, text(own.excess));
        }
        assert!(desk.queue().is_empty(), "{}: {:?} {:?}", self.what, venue.filled, desk.group.exceptions);
        for own in 0..self.placed.len() {
            for part in 0..venue.filled[own].len() {
                let open = venue.open(own, part);
                for units in BTreeSet::from([1, open]).into_iter().filter(|units| (1..=open).contains(units))
                {
                    let (group, kept) = (desk.group.clone(), desk.kept.take());
                    let mut after = venue.clone();
                    after.fill(own, part, units);
                    self.trades += 1;
                    tell(desk, &self.placed[own], self.trades, (part, units));
                    self.on(desk, &after);
                    (desk.group, desk.kept) = (group, kept);
                }
            }
        }
    }
}

fn send(desk: &mut Desk, placed: &[Placed]) -> Vec<&'static str> {
    placed.iter().map(|own| reason(&desk.order(own.order.clone()))).collect()
}

/// All fills of one group of linked orders; how many states it came through.
fn walk(seed: u64, rule: LinkRule, enforcement: Enforcement, rounds: Rounds) -> usize {
    let mut dice = Dice::new(seed);
    let mut rich = Desk::sample("10000000");
    let link = || Some(OrderLink { name: code("L"), rule, enforcement });
    let count = dice.between(2, 3);
    let placed: Vec<Placed> = (0..count)
        .map(|number| {
            let own = some_order(&mut rich, &mut dice, usize::try_from(number).unwrap());
            Placed { order: NewOrder { link: link(), ..own.order }, ..own }
        })
        .collect();
    let held = *dice.pick::<&str>(&CONTRACTS);
    let lots = dice.between(-2, 2);
    let position = |desk: &mut Desk| {
        let mark = desk.mark(held);
        if lots != 0 {
            desk.trade("T", lots, held, mark);
        }
    };
    position(&mut rich);
    assert!(send(&mut rich, &placed).iter().all(|own| *own == "granted"));
    // The same orders with nothing to spare.
    let spare = rich.standing().with_orders.excess;
    let cash = money("10000000").minus(spare).unwrap();
    let mut desk = Desk::sample("0");
    if cash.is_positive() {
        desk.fact(Fact::Deposit(code("D"), code("USD"), cash));
    }
    position(&mut desk);
    let what = format!("seed {seed} {rule:?} {enforcement:?}");
    let answers = send(&mut desk, &placed);
    if answers.iter().any(|own| *own != "granted") {
        // The last order may make all of them need less than the first alone.
        return 0;
    }
    let venue = Venue {
        rule,
        enforcement,
        rounds,
        units: placed.iter().map(|own| own.order.terms.units).collect(),
        filled: placed.iter().map(|own| vec![0; own.order.terms.parts()]).collect(),
        closed: vec![false; placed.len()],
    };
    let mut walk = Walk { placed: &placed, what, seen: BTreeSet::new(), trades: 0 };
    walk.on(&mut desk, &venue);
    walk.seen.len()
}

#[test]
fn whatever_the_venue_fills_can_be_paid_for() {
    let one = std::env::var("PLIMSOLL_SEED").ok().map(|seed| seed.parse().unwrap());
    let mut states = 0;
    for seed in one.map_or(0..SEEDS, |seed: u64| seed..seed + 1) {
        for rule in [LinkRule::OneCancelsOther, LinkRule::MostFilled(2), LinkRule::MostFilled(4)] {
            for on_fill in [OnFill::FirstHit, OnFill::CompleteFill, OnFill::Incremental] {
                states += walk(seed, rule, Enforcement::VenueAtomic(on_fill), Rounds::Up);
            }
        }
        let incremental = Enforcement::VenueAtomic(OnFill::Incremental);
        states += walk(seed, LinkRule::OneCancelsOther, incremental, Rounds::Down);
        states += walk(seed, LinkRule::OneCancelsOther, Enforcement::Client, Rounds::Up);
    }
    println!("{states} states");
    assert!(one.is_some() || states > 1_000, "{states}");
}
