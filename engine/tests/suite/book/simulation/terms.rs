//! What the orders and trades of the simulation say, and how a trade fits its order.

use plimsoll_engine::group::{Composition, Enforcement, LinkRule, NewOrder, OnFill, OrderLeg, OrderLink};
use plimsoll_engine::types::{Decimal, Lots};

use super::super::desk::{Desk, code, order};
use super::charges::fee;
use super::world::exact;

/// A position account: `A` keeps one side of a contract, `B` both.
pub(super) type Account = &'static str;

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

/// What fills by itself: an order, or one of its legs.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// 1 where it buys, -1 where it sells.
    pub(super) sign: i64,
    pub(super) price: Decimal,
    pub(super) filled: i64,
    /// Lots that are not open any more though they have not filled.
    pub(super) cut: i64,
    /// What the house charges for a lot by its schedule of the day, where the order states no fee.
    pub(super) scheduled: Option<i64>,
}

#[derive(Clone)]
pub(super) struct Order {
    pub(super) account: Account,
    pub(super) parts: Vec<Part>,
    /// Lots of every part.
    pub(super) lots: i64,
    /// Its place among all orders in time.
    pub(super) accepted: u64,
    /// Of a lot, in hundredths; paid positive.
    pub(super) fee: Option<i64>,
    pub(super) link: Option<&'static str>,
    pub(super) may_reduce_only: bool,
    /// Whether the venue sees to that.
    pub(super) reduced_by_venue: bool,
    /// Whether it says that it closes.
    pub(super) closes: bool,
}

/// A trade as it is told.
#[derive(Clone, PartialEq)]
pub(super) struct Told {
    pub(super) account: Account,
    pub(super) name: &'static str,
    pub(super) lots: i64,
    pub(super) price: Decimal,
    /// In hundredths; paid positive.
    pub(super) fee: i64,
    pub(super) closes: bool,
}

impl Order {
    pub(super) fn open(&self, part: usize) -> i64 {
        self.lots - self.parts[part].filled - self.parts[part].cut
    }

    pub(super) fn is_over(&self) -> bool {
        (0..self.parts.len()).all(|part| self.open(part) == 0)
    }

    /// Lots of the part that has filled most.
    pub(super) fn begun(&self) -> i64 {
        self.parts.iter().map(|own| own.filled).max().unwrap()
    }

    /// Lots of the part that has filled least.
    pub(super) fn whole(&self) -> i64 {
        self.parts.iter().map(|own| own.filled).min().unwrap()
    }

    /// With so many lots open of every part at most; whether any are.
    pub(super) fn keep(&mut self, most: impl Fn(usize) -> i64) -> bool {
        for part in 0..self.parts.len() {
            self.parts[part].cut += (self.open(part) - most(part).max(0)).max(0);
        }
        !self.is_over()
    }

    /// Whether its trades close the other side in an account that keeps both.
    pub(super) fn is_closing(&self) -> bool {
        self.closes || self.may_reduce_only
    }

    /// What it charges for a lot at most; a rebate may not come.
    pub(super) fn most_fee(&self, part: usize) -> i64 {
        self.fee.or(self.parts[part].scheduled).unwrap_or_default().max(0)
    }

    /// Whether a trade is of its account, contract and direction.
    pub(super) fn is_like(&self, part: usize, told: &Told) -> bool {
        let own = self.parts.get(part).filter(|_| self.account == told.account);
        own.is_some_and(|own| own.name == told.name && own.sign == told.lots.signum())
    }

    /// How a trade that is like it does not fit; `is_beyond` where its link allows less.
    pub(super) fn misfits(&self, part: usize, told: &Told, is_beyond: bool) -> Vec<&'static str> {
        let own = &self.parts[part];
        let (limit, price) = (exact(own.price), exact(told.price));
        let is_through = if told.lots > 0 { price > limit } else { price < limit };
        let is_other_fee = match self.fee {
            Some(fee) => fee * told.lots.abs() != told.fee,
            None => own.scheduled.is_some_and(|most| told.fee > most * told.lots.abs()),
        };
        [
            (told.lots.abs() > self.open(part), "overfill"),
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
        let legs = self.parts.iter().map(|own| OrderLeg {
            contract: desk.contract(own.name),
            lots: Lots::new(own.sign).unwrap(),
            price: Some(own.price),
        });
        let mut order = order(id, legs.collect(), self.lots);
        order.account = code(account);
        if self.parts.len() > 1 {
            order.terms.composition = Composition::Legged;
        }
        order.terms.fee = self.fee.map(|own| fee(&desk.group.currency, own));
        order.terms.reduce_only = self.may_reduce_only;
        order.terms.reduced_by_venue = self.reduced_by_venue;
        order.terms.closes = self.closes;
        order.link = self.link.map(|name| {
            let (rule, enforcement) = rule_of(name);
            OrderLink { name: code(name), rule, enforcement }
        });
        order
    }
}
