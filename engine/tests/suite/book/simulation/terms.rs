//! What the orders and trades of the simulation say, and how a trade fits its order.

use std::collections::BTreeMap;

use num_rational::BigRational;
use plimsoll_engine::group::{Enforcement, FeeSchedule, LinkRule, NewOrder, OnFill, OrderLink};
use plimsoll_engine::types::{Currency, Decimal, Money};

use super::super::desk::{Desk, code};
use super::world::{exact, whole};
use crate::generate::Dice;

/// The links of orders.
pub(super) const LINKS: [&str; 6] = ["L1", "L2", "WHOLE", "SHARES", "CLIENT", "MOST"];

/// How the orders of a link limit each other, and who sees to it.
pub(super) fn rule_of(link: &str) -> (LinkRule, Enforcement) {
    let venue = Enforcement::VenueAtomic;
    match link {
        "WHOLE" => (LinkRule::OneCancelsOther, venue(OnFill::CompleteFill)),
        "SHARES" => (LinkRule::OneCancelsOther, venue(OnFill::Incremental)),
        "CLIENT" => (LinkRule::OneCancelsOther, Enforcement::Client),
        "MOST" => (LinkRule::MostFilled(3), venue(OnFill::CompleteFill)),
        _ => (LinkRule::OneCancelsOther, venue(OnFill::FirstHit)),
    }
}

#[derive(Clone)]
pub(super) struct Order {
    pub(super) name: &'static str,
    pub(super) lots: i64,
    pub(super) price: Decimal,
    pub(super) filled: i64,
    /// Lots that are not open any more though they have not filled.
    pub(super) cut: i64,
    /// Its place among all orders in time.
    pub(super) accepted: u64,
    /// Of a lot, in hundredths; paid positive.
    pub(super) fee: Option<i64>,
    /// What the house charges for a lot by its schedule of the day, where the order states no fee.
    pub(super) scheduled: Option<i64>,
    pub(super) link: Option<&'static str>,
    pub(super) may_reduce_only: bool,
    /// Whether the venue sees to that.
    pub(super) reduced_by_venue: bool,
}

/// A trade as it is told.
#[derive(Clone, PartialEq)]
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) lots: i64,
    pub(super) price: Decimal,
    /// In hundredths; paid positive.
    pub(super) fee: i64,
}

pub(super) fn fee(currency: &Currency, hundredths: i64) -> (Currency, Money) {
    (currency.clone(), Money::from_decimal(Decimal::new(hundredths, 2).unwrap()).unwrap())
}

pub(super) fn of_hundredths(amount: i64) -> BigRational {
    whole(amount) / whole(100)
}

/// What the house charges for a lot of its contracts, in hundredths.
#[derive(Clone, Default)]
pub(super) struct Charges {
    by_product: BTreeMap<String, i64>,
    otherwise: Option<i64>,
}

fn product(name: &str) -> &str {
    name.split(' ').next().unwrap()
}

impl Charges {
    pub(super) fn new(names: &[&'static str], dice: &mut Dice) -> Self {
        let products = names.iter().map(|name| product(name).to_owned());
        let by_product = products.filter(|_| dice.chance(50)).collect::<Vec<_>>();
        let by_product = by_product.into_iter().map(|name| (name, dice.between(0, 400))).collect();
        Self { by_product, otherwise: dice.chance(50).then(|| dice.between(0, 400)) }
    }

    pub(super) fn of(&self, name: &str) -> Option<i64> {
        self.by_product.get(product(name)).copied().or(self.otherwise)
    }

    /// The house charges that from now on.
    pub(super) fn impose(&self, desk: &mut Desk) {
        let currency = desk.group.currency.clone();
        let by_product = self.by_product.iter().map(|(name, own)| (code(name), fee(&currency, *own)));
        let by_product = by_product.collect();
        let by_currency = self.otherwise.map(|own| fee(&currency, own)).into_iter().collect();
        let schedule = FeeSchedule { by_product, by_currency };
        let house = desk.house.clone();
        desk.house = house.with_version(desk.house.version() + 1).with_fees(&schedule, &desk.registry);
        desk.kept = None;
    }
}

/// The lots that a trade opens where so many are held.
pub(super) fn opened(held: i64, lots: i64) -> i64 {
    let closable = if lots > 0 { (-held).max(0) } else { held.max(0) };
    (lots.abs() - closable).max(0)
}

impl Order {
    pub(super) fn open(&self) -> i64 {
        self.lots.abs() - self.filled - self.cut
    }

    /// With so many lots open at most; whether any are.
    pub(super) fn keep(&mut self, most: i64) -> bool {
        self.cut += (self.open() - most.max(0)).max(0);
        self.open() > 0
    }

    /// Whether a trade is of its contract and direction.
    pub(super) fn is_like(&self, told: &Told) -> bool {
        self.name == told.name && self.lots.signum() == told.lots.signum()
    }

    /// How a trade that is like it does not fit; `is_beyond` where its link allows less.
    pub(super) fn misfits(&self, told: &Told, is_beyond: bool) -> Vec<&'static str> {
        let (limit, price) = (exact(self.price), exact(told.price));
        let is_through = if told.lots > 0 { price > limit } else { price < limit };
        let is_other_fee = match self.fee {
            Some(fee) => fee * told.lots.abs() != told.fee,
            None => self.scheduled.is_some_and(|most| told.fee > most * told.lots.abs()),
        };
        [
            (told.lots.abs() > self.open(), "overfill"),
            (is_beyond, "beyond_link"),
            (is_through, "through_limit"),
            (is_other_fee, "fee_unlike_order"),
        ]
        .into_iter()
        .filter_map(|(is_so, kind)| is_so.then_some(kind))
        .collect()
    }

    /// The order in the engine's words.
    pub(super) fn told(&self, desk: &mut Desk, id: &str, account: &str) -> NewOrder {
        let mut order = desk.limit(id, self.lots, self.name, self.price);
        order.account = code(account);
        order.terms.fee = self.fee.map(|own| fee(&desk.group.currency, own));
        order.terms.reduce_only = self.may_reduce_only;
        order.terms.reduced_by_venue = self.reduced_by_venue;
        order.link = self.link.map(|name| {
            let (rule, enforcement) = rule_of(name);
            OrderLink { name: code(name), rule, enforcement }
        });
        order
    }
}
