//! Equity, its parts, what is required, and the least that the venue may leave of it.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use num_traits::Zero;
use plimsoll_engine::types::Decimal;

use super::super::charges::of_hundredths;
use super::super::filling::Orders;
use super::super::ledger::{self, Book, Booking, Origin, Sides, keeps_both, of_sides, reducible, sides_of};
use super::super::terms::{Account, Order};
use super::super::world::{exact, whole};
use super::Auditor;

/// A book that is filled lot by lot.
#[derive(Clone)]
struct Outcome {
    orders: Orders,
    sides: Sides,
    equity: BigRational,
    fills: BTreeMap<(u64, usize), i64>,
}

/// The lots that have filled, what is open of every order, and the positions.
type Seen = (BTreeMap<(u64, usize), i64>, Vec<(String, Vec<i64>)>, Sides);

impl Auditor {
    /// Lots of a contract at a price.
    pub(super) fn value(&self, name: &str, lots: i64, price: Decimal) -> BigRational {
        exact(price) * exact(self.world.contracts[name].factor) * whole(lots)
    }

    fn is_paid(&self, name: &str) -> bool {
        self.world.contracts[name].is_paid
    }

    fn at_mark(&self, name: &str, lots: i64) -> BigRational {
        self.value(name, lots, self.world.contracts[name].mark)
    }

    /// What is to be delivered.
    fn to_deliver(book: &Book) -> impl Iterator<Item = &ledger::Delivery> {
        book.deliveries.iter().filter(|own| !own.is_done)
    }

    pub(super) fn equity(&self, book: &Book) -> BigRational {
        let paid_in: i64 = book.deposits.values().sum();
        let mut equity = whole(self.first + paid_in - book.withdrawn);
        for own in book.valid() {
            let told = &own.told;
            // What is paid counts in the requirement, or in equity.
            let counts = !self.is_paid(told.name) || self.world.counts_value;
            let worth = if counts { self.at_mark(told.name, told.lots) } else { BigRational::zero() };
            equity += worth - self.value(told.name, told.lots, told.price) - of_hundredths(told.fee);
        }
        for own in book.deliveries.iter().filter(|own| own.is_done) {
            equity += &own.amount;
        }
        equity + self.deliverable_value(book)
    }

    /// What is to be delivered of contracts that are paid, where their value is equity.
    fn deliverable_value(&self, book: &Book) -> BigRational {
        let counted = Self::to_deliver(book).filter(|own| self.is_paid(own.name) && self.world.counts_value);
        counted.fold(BigRational::zero(), |sum, own| sum + self.at_mark(own.name, own.lots))
    }

    /// What a booking that is settled cost: since the last run what it was settled at.
    pub(super) fn base(&self, book: &Book, own: &Booking) -> BigRational {
        match (&book.run, &own.origin) {
            (Some((day, prices)), _) if own.day <= *day => {
                self.value(own.told.name, own.told.lots, prices[own.told.name])
            }
            (_, Origin::Ended(basis)) => basis.clone(),
            (_, Origin::Trade(_) | Origin::Exercise) => {
                self.value(own.told.name, own.told.lots, own.told.price)
            }
        }
    }

    /// Gains since the last run: from its price for trades of its day and before.
    pub(super) fn variation(&self, book: &Book) -> BigRational {
        let settled = book.valid().filter(|own| !self.is_paid(own.told.name));
        settled.fold(BigRational::zero(), |sum, own| {
            sum + self.at_mark(own.told.name, own.told.lots) - self.base(book, own)
        })
    }

    /// Premiums that are not due before the next run; what ends is paid at once.
    pub(super) fn due(&self, book: &Book) -> BigRational {
        let is_due = |own: &&Booking| {
            own.is_bought_or_sold() && book.run.as_ref().is_none_or(|(day, _)| own.day + 1 > *day)
        };
        let paid = book.valid().filter(|own| self.is_paid(own.told.name)).filter(is_due);
        paid.fold(BigRational::zero(), |sum, own| {
            sum - self.value(own.told.name, own.told.lots, own.told.price)
        })
    }

    /// What is held of contracts that are paid, where that is equity.
    pub(super) fn position_value(&self, book: &Book) -> BigRational {
        let paid = book.valid().filter(|own| self.is_paid(own.told.name) && self.world.counts_value);
        let held =
            paid.fold(BigRational::zero(), |sum, own| sum + self.at_mark(own.told.name, own.told.lots));
        held + self.deliverable_value(book)
    }

    pub(super) fn cash(&self, book: &Book) -> BigRational {
        self.equity(book) - self.variation(book) - self.due(book) - self.position_value(book)
    }

    /// Equity less the initial requirement, from a calculation.
    pub(super) fn excess(&self, book: &Book) -> BigRational {
        self.equity(book) - self.world.initial(&book.pieces())
    }

    /// The excess once an order alone has filled as a whole.
    pub(super) fn after_its_fill(&self, book: &Book, id: &str) -> BigRational {
        let order = &book.orders.working[id];
        let mut alone = self.outcome(book);
        for part in 0..order.parts.len() {
            self.take(&mut alone, order, part, order.lots);
        }
        self.left(book, &alone)
    }

    fn outcome(&self, book: &Book) -> Outcome {
        let (orders, sides) = (book.orders.clone(), book.sides.clone());
        Outcome { orders, sides, equity: self.equity(book), fills: BTreeMap::new() }
    }

    fn left(&self, book: &Book, outcome: &Outcome) -> BigRational {
        let mut pieces = of_sides(&outcome.sides);
        pieces.extend(Self::to_deliver(book).map(|own| (own.account, own.name, own.lots)));
        &outcome.equity - self.world.initial(&pieces)
    }

    /// A fill at the price that is reserved: the worse of limit and mark.
    fn take(&self, outcome: &mut Outcome, order: &Order, part: usize, lots: i64) {
        let own = &order.parts[part];
        let mark = self.world.contracts[own.name].mark;
        let worse = if own.sign > 0 { own.price.max(mark) } else { own.price.min(mark) };
        let counts = !self.is_paid(own.name) || self.world.counts_value;
        let signed = lots * own.sign;
        if counts {
            outcome.equity += self.at_mark(own.name, signed);
        }
        outcome.equity -= self.value(own.name, signed, worse);
        outcome.equity -= of_hundredths(order.most_fee(part) * lots);
        ledger::traded(&mut outcome.sides, order.account, own.name, signed, order.is_closing());
        *outcome.fills.entry((order.accepted, part)).or_default() += lots;
    }

    /// The least excess over all that the venue may fill of the orders, lot by lot.
    pub(super) fn worst_excess(&self, book: &Book) -> BigRational {
        let mut seen = BTreeSet::new();
        self.least(book, &self.outcome(book), &mut seen).unwrap()
    }

    /// The least excess from an outcome on; nothing of one that was seen, as what has filled and what is open tell.
    fn least(&self, book: &Book, outcome: &Outcome, seen: &mut BTreeSet<Seen>) -> Option<BigRational> {
        let open = |own: &Order| (0..own.parts.len()).map(|part| own.open(part)).collect();
        let open = outcome.orders.working.iter().map(|(id, own)| (id.clone(), open(own))).collect();
        if !seen.insert((outcome.fills.clone(), open, outcome.sides.clone())) {
            return None;
        }
        let mut least = self.left(book, outcome);
        for (id, order) in &outcome.orders.working {
            for part in 0..order.parts.len() {
                let own = &order.parts[part];
                let account: Account = order.account;
                // The venue fills no more of what may reduce only than there is to reduce.
                let held = sides_of(&outcome.sides, account, own.name);
                if order.open(part) == 0 || order.reduced_by_venue && reducible(held, account, own.sign) == 0
                {
                    continue;
                }
                let mut with = outcome.clone();
                self.take(&mut with, order, part, 1);
                with.orders.fill(id, part, 1);
                // It cuts what is left of that, after a fill of such an order in all of its contracts.
                let legs = order.parts.iter().enumerate();
                for (_, leg) in legs.filter(|(leg, _)| order.reduced_by_venue || *leg == part) {
                    let now = sides_of(&with.sides, account, leg.name);
                    let reducible = [1, -1].map(|sign| reducible(now, account, sign));
                    with.orders.reduce(account, leg.name, reducible);
                }
                let other = self.least(book, &with, seen);
                least = other.map_or(least.clone(), |other| other.min(least));
            }
        }
        Some(least)
    }

    /// What is bought less what is sold of a contract in an account, and what that cost.
    pub(super) fn basis(&self, book: &Book, account: Account, name: &str) -> BigRational {
        let own = book.valid().filter(|own| own.told.account == account && own.told.name == name);
        own.fold(BigRational::zero(), |sum, own| sum + self.base(book, own))
    }

    /// The part of the basis that so many lots have: of one side it is theirs, of both what they were settled at last, else nothing less
    /// than what they end at.
    pub(super) fn share(
        &self,
        account: Account,
        name: &'static str,
        lots: i64,
        last: BigRational,
    ) -> BigRational {
        let [long, short] = self.book.held(account, name);
        let net = long - short;
        if net.signum() == lots.signum() && lots.abs() <= net.abs() {
            return self.basis(&self.book, account, name) * whole(lots) / whole(net);
        }
        assert!(keeps_both(account));
        self.book.run.as_ref().map_or(last, |(_, prices)| self.value(name, lots, prices[name]))
    }
}
