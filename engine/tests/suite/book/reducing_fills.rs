//! Every sequence in which a venue that sees to reduce-only orders may fill them and others, told as facts: the group that accepted them
//! with nothing to spare can pay after each, and no fill is an item.
//!
//! `PLIMSOLL_SEED=7` replays one seed; a failure names its seed.

use std::collections::BTreeSet;

use plimsoll_engine::group::{Fact, Fill, NewOrder, OrderTerms};
use plimsoll_engine::types::Decimal;

use super::desk::{Desk, code, money, reason, text};
use crate::generate::Dice;

const SEEDS: u64 = 25;
const FUTURE: &str = "HCL FUT 202612";

/// An order as the venue has it.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
struct Open {
    /// Lots that are left, bought positive.
    lots: i64,
    may_reduce_only: bool,
}

#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
struct Venue {
    held: i64,
    /// The oldest first.
    orders: Vec<Open>,
}

impl Venue {
    /// Lots of an order that may fill now.
    fn most(&self, place: usize) -> i64 {
        let own = &self.orders[place];
        let closable = if own.lots > 0 { (-self.held).max(0) } else { self.held.max(0) };
        if own.may_reduce_only { own.lots.abs().min(closable) } else { own.lots.abs() }
    }

    fn fill(&mut self, place: usize, lots: i64) {
        self.orders[place].lots -= lots;
        self.held += lots;
        for is_sale in [false, true] {
            let mut left = if is_sale { self.held.max(0) } else { (-self.held).max(0) };
            let is_meant = |own: &&mut Open| own.may_reduce_only && (own.lots < 0) == is_sale;
            for own in self.orders.iter_mut().filter(is_meant) {
                let kept = own.lots.abs().min(left);
                left -= kept;
                own.lots = kept * own.lots.signum();
            }
        }
    }
}

struct Walk<'a> {
    seed: u64,
    prices: &'a [Decimal],
    seen: BTreeSet<Venue>,
    trades: usize,
}

impl Walk<'_> {
    fn on(&mut self, desk: &mut Desk, venue: &Venue) {
        if !self.seen.insert(venue.clone()) {
            return;
        }
        let (standing, seed) = (desk.standing(), self.seed);
        for own in [standing.initial, standing.found] {
            assert!(!own.is_deficit(), "seed {seed}: {} held leaves {}", venue.held, text(own.excess));
        }
        assert!(desk.queue().is_empty(), "seed {seed}: {:?}", desk.group.exceptions);
        for place in 0..venue.orders.len() {
            let most = venue.most(place);
            for size in BTreeSet::from([1, most]).into_iter().filter(|size| (1..=most).contains(size)) {
                let (group, kept) = (desk.group.clone(), desk.kept.take());
                let lots = size * venue.orders[place].lots.signum();
                self.trades += 1;
                let fill = desk.fill(&format!("T{}", self.trades), lots, FUTURE, self.prices[place]);
                let order = Some((code(&format!("O{place}")), 0));
                desk.fact(Fact::Fill(Box::new(Fill { order, ..fill })));
                let mut after = venue.clone();
                after.fill(place, lots);
                self.on(desk, &after);
                (desk.group, desk.kept) = (group, kept);
            }
        }
    }
}

fn some_orders(desk: &mut Desk, dice: &mut Dice, held: i64) -> Vec<NewOrder> {
    let count = dice.between(2, 4);
    (0..count)
        .map(|number| {
            let may_reduce_only = dice.chance(65);
            let size = dice.between(1, if may_reduce_only { held.abs() } else { 3 });
            let is_sale = if may_reduce_only { held > 0 } else { dice.chance(40) };
            let shift = Decimal::new(dice.between(-5, 5), 1).unwrap();
            let price = desk.mark(FUTURE).plus(shift).unwrap();
            let order = desk.limit(&format!("O{number}"), if is_sale { -size } else { size }, FUTURE, price);
            let terms =
                OrderTerms { reduce_only: may_reduce_only, reduced_by_venue: may_reduce_only, ..order.terms };
            NewOrder { terms, ..order }
        })
        .collect()
}

/// All fills of one position's orders; how many states it came through.
fn walk(seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let held = if dice.chance(50) { dice.between(1, 4) } else { -dice.between(1, 4) };
    let mut rich = Desk::sample("10000000");
    let mark = rich.mark(FUTURE);
    let orders = some_orders(&mut rich, &mut dice, held);
    let send = |desk: &mut Desk| {
        desk.trade("T", held, FUTURE, mark);
        orders.iter().all(|own| reason(&desk.order(own.clone())) == "granted")
    };
    assert!(send(&mut rich), "seed {seed}");
    // The same with nothing to spare.
    let cash = money("10000000").minus(rich.standing().with_orders.excess).unwrap();
    let mut desk = Desk::sample("0");
    desk.fact(Fact::Deposit(code("D"), code("USD"), cash));
    assert!(send(&mut desk), "seed {seed}");
    let open = orders.iter().map(|own| {
        let lots = own.terms.units * own.terms.legs[0].lots.get();
        Open { lots, may_reduce_only: own.terms.reduce_only }
    });
    let venue = Venue { held, orders: open.collect() };
    let prices: Vec<Decimal> = orders.iter().map(|own| own.terms.legs[0].price.unwrap()).collect();
    let mut walk = Walk { seed, prices: &prices, seen: BTreeSet::new(), trades: 0 };
    walk.on(&mut desk, &venue);
    walk.seen.len()
}

#[test]
fn whatever_the_venue_lets_fill_can_be_paid_for() {
    let one = std::env::var("PLIMSOLL_SEED").ok().map(|seed| seed.parse().unwrap());
    let states: usize = one.map_or(0..SEEDS, |seed: u64| seed..seed + 1).map(walk).sum();
    println!("{states} states");
    assert!(one.is_some() || states > 300, "{states}");
}
