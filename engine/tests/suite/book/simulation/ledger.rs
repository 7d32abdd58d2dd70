//! What the naive book was told.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use plimsoll_engine::types::Decimal;

use super::filling::Orders;
use super::terms::{Account, Told};

/// What a booking comes from.
#[derive(Clone, PartialEq)]
pub(super) enum Origin {
    /// A trade, with the lots that it opens though it closes.
    Trade(i64),
    /// What took the place of options.
    Exercise,
    /// Options that were exercised or assigned: they ended at the price, and took so much of the basis with them.
    Ended(BigRational),
}

#[derive(Clone, PartialEq)]
pub(super) struct Booking {
    pub(super) told: Told,
    pub(super) day: u8,
    pub(super) order: Option<(String, usize)>,
    pub(super) busted: bool,
    pub(super) origin: Origin,
}

impl Booking {
    pub(super) fn is_trade(&self) -> bool {
        matches!(self.origin, Origin::Trade(_))
    }

    /// Whether it was bought or sold: options that ended were not.
    pub(super) fn is_bought_or_sold(&self) -> bool {
        !matches!(self.origin, Origin::Ended(_))
    }
}

/// Something to be delivered.
#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) account: Account,
    pub(super) name: &'static str,
    pub(super) lots: i64,
    pub(super) amount: BigRational,
    pub(super) is_done: bool,
}

/// An item of the exceptions queue.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) kind: &'static str,
    /// The trade or run.
    pub(super) about: String,
    pub(super) is_open: bool,
}

/// Lots bought and sold of a contract in an account.
pub(super) type Sides = BTreeMap<(Account, &'static str), [i64; 2]>;

/// What it knows.
#[derive(Clone, Default)]
pub(super) struct Book {
    pub(super) orders: Orders,
    pub(super) bookings: BTreeMap<String, Booking>,
    pub(super) sides: Sides,
    /// Trades that were cancelled before they were told.
    pub(super) early: BTreeSet<String>,
    pub(super) deposits: BTreeMap<String, i64>,
    /// Exercises by their ids, as they were told.
    pub(super) exercises: BTreeMap<String, String>,
    pub(super) deliveries: Vec<Delivery>,
    /// By number.
    pub(super) queue: BTreeMap<u64, Item>,
    pub(super) withdrawn: i64,
    /// Runs by their ids.
    pub(super) runs: Vec<String>,
    /// The day of the last run, and its prices.
    pub(super) run: Option<(u8, BTreeMap<&'static str, Decimal>)>,
    pub(super) day: u8,
}

/// Whether an account keeps both sides of a contract.
pub(super) fn keeps_both(account: Account) -> bool {
    account == "B"
}

pub(super) fn sides_of(sides: &Sides, account: Account, name: &'static str) -> [i64; 2] {
    sides.get(&(account, name)).copied().unwrap_or_default()
}

/// The lots that a trade of a direction may close.
pub(super) fn other_side(sides: [i64; 2], lots: i64) -> i64 {
    if lots > 0 { sides[1] } else { sides[0] }
}

/// Lots that an order of a direction may take from a position.
pub(super) fn reducible(sides: [i64; 2], account: Account, sign: i64) -> i64 {
    if keeps_both(account) { other_side(sides, sign) } else { ((sides[0] - sides[1]) * -sign).max(0) }
}

/// What a trade makes of a position.
pub(super) fn traded(sides: &mut Sides, account: Account, name: &'static str, lots: i64, closes: bool) {
    let own = sides.entry((account, name)).or_default();
    let closed = if closes || !keeps_both(account) { lots.abs().min(other_side(*own, lots)) } else { 0 };
    let (same, other) = if lots > 0 { (0, 1) } else { (1, 0) };
    own[other] -= closed;
    own[same] += lots.abs() - closed;
}

impl Book {
    pub(super) fn held(&self, account: Account, name: &'static str) -> [i64; 2] {
        sides_of(&self.sides, account, name)
    }

    pub(super) fn valid(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values().filter(|own| !own.busted)
    }

    pub(super) fn has_open(&self, kind: &str, about: &str) -> bool {
        self.queue.values().any(|own| own.is_open && own.kind == kind && own.about == about)
    }

    /// Closes what is open of a kind.
    pub(super) fn close_items(&mut self, kind: &str, about: &str) {
        let meant = self.queue.values_mut().filter(|own| own.kind == kind && own.about == about);
        meant.for_each(|own| own.is_open = false);
    }

    /// Takes the lots of a trade back: the opposite of opening is closing.
    pub(super) fn take_back(&mut self, id: &str) {
        let own = self.bookings.get_mut(id).unwrap();
        own.busted = true;
        let Origin::Trade(opened) = own.origin else { panic!("{id} is no trade") };
        let told = own.told.clone();
        if opened != 0 {
            traded(&mut self.sides, told.account, told.name, -opened, true);
        }
        if opened != told.lots {
            traded(&mut self.sides, told.account, told.name, opened - told.lots, !told.closes);
        }
    }

    /// Everything that is margined: sides, and what is to be delivered.
    pub(super) fn pieces(&self) -> Vec<(Account, &'static str, i64)> {
        let mut pieces = of_sides(&self.sides);
        let open = self.deliveries.iter().filter(|own| !own.is_done);
        pieces.extend(open.map(|own| (own.account, own.name, own.lots)));
        pieces
    }
}

/// Longs and shorts apart where an account keeps both.
pub(super) fn of_sides(sides: &Sides) -> Vec<(Account, &'static str, i64)> {
    let each = sides.iter().flat_map(|((account, name), [long, short])| {
        let own = if keeps_both(account) { [*long, -short] } else { [long - short, 0] };
        own.map(|lots| (*account, *name, lots))
    });
    each.filter(|(_, _, lots)| *lots != 0).collect()
}
