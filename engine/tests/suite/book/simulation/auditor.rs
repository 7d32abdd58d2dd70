//! A second book, naive on purpose: it keeps what it was told and forms every number from that anew, with fractions.
//!
//! Equity needs no settlement: whatever runs there were, a future's gain is its lots times mark less trade price.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use num_traits::{Signed, Zero};
use plimsoll_engine::group::{Group, Standing, bounded, searched};
use plimsoll_engine::types::{Amount, Decimal, Money};

use super::super::desk::{Desk, code, text};
use super::filling::Orders;
use super::terms::{Charges, Order, Told, of_hundredths, opened};
use super::world::{World, exact, whole};
use crate::generate::Dice;

/// A request that the margin decides: whether the worst outcome allows it, and the reason if not.
#[derive(Clone, Debug)]
pub(super) struct Margin {
    pub(super) granted: bool,
    pub(super) refusal: &'static str,
}

#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) reason: &'static str,
    pub(super) raised: Vec<&'static str>,
    pub(super) closed: Vec<String>,
    pub(super) margin: Option<Margin>,
}

impl Verdict {
    fn of(reason: &'static str) -> Self {
        Self { reason, raised: Vec::new(), closed: Vec::new(), margin: None }
    }

    fn raised(kind: &'static str) -> Self {
        Self { raised: vec![kind], ..Self::of("granted") }
    }
}

#[derive(Clone, PartialEq)]
struct Trade {
    told: Told,
    day: u8,
    order: Option<String>,
    busted: bool,
}

/// What it knows.
#[derive(Clone, Default)]
struct Book {
    orders: Orders,
    trades: BTreeMap<String, Trade>,
    /// Trades that were cancelled before they were told.
    early: BTreeSet<String>,
    deposits: BTreeMap<String, i64>,
    withdrawn: i64,
    /// The day of the last run, and its prices.
    run: Option<(u8, BTreeMap<&'static str, Decimal>)>,
    day: u8,
}

/// The lots that have filled, and what is open of every order.
type Seen = (Vec<String>, Vec<(String, i64)>);

pub(super) struct Auditor {
    book: Book,
    /// What it knows once the step is granted.
    next: Option<Book>,
    first: i64,
    number: u64,
    world: World,
    /// What the house charges now.
    pub(super) charges: Charges,
}

/// As the engine prints it.
fn six(value: &BigRational) -> String {
    let millionths = (value * whole(1_000_000)).round().to_integer();
    let sign = if millionths.is_negative() { "-" } else { "" };
    let size = millionths.abs();
    format!("{sign}{}.{:06}", &size / 1_000_000, i64::try_from(&size % 1_000_000).unwrap())
}

impl Auditor {
    pub(super) fn new(world: World, first: i64) -> Self {
        let book = Book { day: 18, ..Book::default() };
        Self { book, next: None, first, number: 0, world, charges: Charges::default() }
    }

    pub(super) fn some_contract(&self, dice: &mut Dice) -> &'static str {
        let names: Vec<&'static str> = self.world.contracts.keys().copied().collect();
        dice.pick::<&str>(&names)
    }

    /// The steps of prices, in tenths.
    pub(super) fn tick(&self) -> i64 {
        if self.world.counts_value { 100 } else { 1 }
    }

    pub(super) fn contracts(&self) -> Vec<&'static str> {
        self.world.contracts.keys().copied().collect()
    }

    pub(super) fn working(&self) -> usize {
        self.book.orders.working.len()
    }

    pub(super) fn today(&self) -> u8 {
        self.book.day
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    pub(super) fn new_order_id(&mut self) -> String {
        format!("O{}", self.next_number())
    }

    pub(super) fn new_trade_id(&mut self) -> String {
        format!("T{}", self.next_number())
    }

    pub(super) fn some_order(&self, dice: &mut Dice) -> String {
        let known: Vec<&String> = self.book.orders.working.keys().chain(&self.book.orders.dead).collect();
        if known.is_empty() || dice.chance(5) { "O-none".to_owned() } else { (*dice.pick(&known)).clone() }
    }

    pub(super) fn some_trade(&self, dice: &mut Dice) -> String {
        let known: Vec<&String> = self.book.trades.keys().collect();
        if known.is_empty() || dice.chance(5) { "T-none".to_owned() } else { (*dice.pick(&known)).clone() }
    }

    pub(super) fn terms_of(&self, id: &str) -> Option<&Order> {
        self.book.orders.working.get(id)
    }

    /// The step was granted.
    pub(super) fn confirm(&mut self) {
        if let Some(next) = self.next.take() {
            self.book = next;
        }
    }

    fn then(&mut self, change: impl FnOnce(&mut Book)) {
        let mut next = self.book.clone();
        change(&mut next);
        self.next = Some(next);
    }

    pub(super) fn ordered(&mut self, id: &str, account: &str, order: &Order) -> Verdict {
        self.next = None;
        if account != "A" {
            return Verdict::of("unknown_account");
        }
        let orders = &self.book.orders;
        if orders.working.contains_key(id) || orders.dead.contains(id) {
            return Verdict::of("order_exists");
        }
        if order.link.and_then(|link| orders.links.get(link)).is_some_and(|own| own.is_exhausted) {
            return Verdict::of("link_exhausted");
        }
        let held = Self::net(&self.book).get(order.name).copied().unwrap_or_default();
        if order.may_reduce_only && opened(held, order.lots) > 0 {
            return Verdict::of("not_reducing");
        }
        self.then(|book| {
            book.orders.accept(id, order);
        });
        let after = self.next.clone().unwrap();
        let [before, then] = [self.worst_excess(&self.book), self.worst_excess(&after)];
        let mut filled = self.book.clone();
        filled.orders.working.clear();
        let alone = self.excess(&filled);
        self.take(&mut filled, order, order.lots);
        let improves = self.excess(&filled) > alone;
        let margin = if before.is_negative() {
            Margin {
                granted: !then.is_negative() || (then >= before && improves),
                refusal: "deepens_deficit",
            }
        } else {
            Margin { granted: !then.is_negative(), refusal: "insufficient_margin" }
        };
        Verdict { margin: Some(margin), ..Verdict::of("granted") }
    }

    pub(super) fn traded(&mut self, id: &str, account: &str, told: Told, order: Option<&str>) -> Verdict {
        self.next = None;
        if account != "A" {
            return Verdict::raised("unknown_account");
        }
        let day = self.book.day;
        let trade = Trade { told, day, order: order.map(str::to_owned), busted: false };
        let busted = self.book.early.contains(id);
        if let Some(known) = self.book.trades.get(id) {
            let same = *known == Trade { busted: known.busted, ..trade };
            return if same { Verdict::of("granted") } else { Verdict::raised("trade_id_reused") };
        }
        let mut verdict = Verdict::of("granted");
        let mut next = self.book.clone();
        if let Some(order) = order {
            self.filled(&mut next, &mut verdict, order, &trade.told);
        }
        // One that was cancelled before it was told is booked and cancelled.
        let told = trade.told.clone();
        next.trades.insert(id.to_owned(), Trade { busted, ..trade });
        let own = order.and_then(|order| self.book.orders.working.get(order));
        let has_filled = own.is_some_and(|own| own.is_like(&told) && own.reduced_by_venue);
        verdict.closed.extend(self.reduced(&mut next, told.name, has_filled));
        self.next = Some(next);
        verdict
    }

    /// What a trade does to its order, to those that it is linked with and to those that may reduce only.
    fn filled(&self, next: &mut Book, verdict: &mut Verdict, id: &str, told: &Told) {
        let orders = &self.book.orders;
        let Some(own) = orders.working.get(id) else {
            let is_dead = orders.dead.contains(id);
            verdict.raised.push(if is_dead { "fill_after_close" } else { "fill_without_order" });
            return;
        };
        if own.is_like(told) {
            verdict.raised.extend(own.misfits(told, orders.is_beyond(own, told)));
            verdict.closed.extend(next.orders.fill(id, told.lots.abs()));
        } else {
            verdict.raised.push("fill_unlike_order");
        }
        let held = Self::net(&self.book).get(told.name).copied().unwrap_or_default();
        if own.may_reduce_only && opened(held, told.lots) > 0 {
            verdict.raised.push("fill_increases");
        }
    }

    /// The venue cuts its reduce-only orders in a contract if what is held of it has changed.
    fn reduced(&self, next: &mut Book, name: &'static str, has_filled: bool) -> Vec<String> {
        let held = |book: &Book| Self::net(book).get(name).copied().unwrap_or_default();
        let now = held(next);
        if has_filled || held(&self.book) != now { next.orders.reduce(name, now) } else { Vec::new() }
    }

    /// A link is to take orders again.
    pub(super) fn link_reset(&mut self, link: &'static str) -> Verdict {
        self.next = None;
        if self.book.orders.working.values().any(|own| own.link == Some(link)) {
            return Verdict::of("link_in_use");
        }
        if !self.book.orders.links.contains_key(link) {
            return Verdict::of("unknown_link");
        }
        self.then(|book| {
            book.orders.links.remove(link);
        });
        Verdict::of("granted")
    }

    pub(super) fn cancelled(&mut self, id: &str) -> Verdict {
        self.next = None;
        if self.book.orders.dead.contains(id) {
            return Verdict::of("granted");
        }
        if !self.book.orders.working.contains_key(id) {
            return Verdict::raised("unknown_order");
        }
        self.then(|book| {
            book.orders.close(id);
        });
        Verdict { closed: vec![id.to_owned()], ..Verdict::of("granted") }
    }

    pub(super) fn busted(&mut self, id: &str) -> Verdict {
        self.next = None;
        if !self.book.trades.contains_key(id) {
            if self.book.early.contains(id) {
                return Verdict::of("granted");
            }
            self.then(|book| {
                book.early.insert(id.to_owned());
            });
            return Verdict::raised("unknown_trade");
        }
        let mut next = self.book.clone();
        let own = next.trades.get_mut(id).unwrap();
        own.busted = true;
        let name = own.told.name;
        let closed = self.reduced(&mut next, name, false);
        self.next = Some(next);
        Verdict { closed, ..Verdict::of("granted") }
    }

    pub(super) fn deposited(&mut self, reference: &str, amount: i64) -> Verdict {
        self.next = None;
        match self.book.deposits.get(reference) {
            Some(known) if *known == amount => return Verdict::of("granted"),
            Some(_) => return Verdict::raised("reference_reused"),
            None => {}
        }
        self.then(|book| {
            book.deposits.insert(reference.to_owned(), amount);
        });
        Verdict::of("granted")
    }

    pub(super) fn withdrawn(&mut self, amount: i64) -> Verdict {
        self.next = None;
        if self.cash(&self.book) < whole(amount) {
            return Verdict::of("insufficient_balance");
        }
        self.then(|book| book.withdrawn += amount);
        let granted = !self.worst_excess(self.next.as_ref().unwrap()).is_negative();
        Verdict { margin: Some(Margin { granted, refusal: "insufficient_margin" }), ..Verdict::of("granted") }
    }

    pub(super) fn settled(&mut self, prices: &[(&'static str, Decimal)]) -> Verdict {
        self.next = None;
        let prices = prices.iter().copied().collect();
        self.then(|book| {
            book.run = Some((book.day, prices));
            book.day += 1;
        });
        Verdict::of("granted")
    }

    pub(super) fn day_ended(&mut self) -> Verdict {
        self.next = None;
        let closed: Vec<String> = self.book.orders.working.keys().cloned().collect();
        self.then(|book| closed.iter().for_each(|id| book.orders.close(id)));
        Verdict { closed, ..Verdict::of("granted") }
    }

    /// A fill at the price that is reserved: the worse of limit and mark.
    fn take(&self, book: &mut Book, order: &Order, lots: i64) {
        let mark = self.world.contracts[order.name].mark;
        let worse = if lots > 0 { order.price.max(mark) } else { order.price.min(mark) };
        let id = format!("fill {} {}", order.accepted, order.filled);
        // A rebate may not come.
        let fee = order.fee.or(order.scheduled).unwrap_or_default().max(0) * lots.abs();
        let told = Told { name: order.name, lots, price: worse, fee };
        book.trades.insert(id, Trade { told, day: book.day, order: None, busted: false });
    }

    fn valid(book: &Book) -> impl Iterator<Item = (&String, &Trade)> {
        book.trades.iter().filter(|(_, own)| !own.busted)
    }

    /// Lots and money of a trade at a price.
    fn value(&self, trade: &Trade, price: Decimal) -> BigRational {
        exact(price) * exact(self.world.contracts[trade.told.name].factor) * whole(trade.told.lots)
    }

    fn equity(&self, book: &Book) -> BigRational {
        let paid_in: i64 = book.deposits.values().sum();
        let mut equity = whole(self.first + paid_in - book.withdrawn);
        for (_, own) in Self::valid(book) {
            let contract = &self.world.contracts[own.told.name];
            // What is paid counts in the requirement, or in equity.
            let counts = !contract.is_paid || self.world.counts_value;
            let worth = if counts { self.value(own, contract.mark) } else { BigRational::zero() };
            equity += worth - self.value(own, own.told.price) - of_hundredths(own.told.fee);
        }
        equity
    }

    /// Gains since the last run: from its price for trades of its day and before.
    fn variation(&self, book: &Book) -> BigRational {
        let futures = Self::valid(book).filter(|(_, own)| !self.world.contracts[own.told.name].is_paid);
        futures.fold(BigRational::zero(), |sum, (_, own)| {
            let base = match &book.run {
                Some((day, prices)) if own.day <= *day => prices[own.told.name],
                _ => own.told.price,
            };
            sum + self.value(own, self.world.contracts[own.told.name].mark) - self.value(own, base)
        })
    }

    /// Premiums that are not due before the next run.
    fn due(&self, book: &Book) -> BigRational {
        let is_due = |own: &Trade| book.run.as_ref().is_none_or(|(day, _)| own.day + 1 > *day);
        let paid =
            Self::valid(book).filter(|(_, own)| self.world.contracts[own.told.name].is_paid && is_due(own));
        paid.fold(BigRational::zero(), |sum, (_, own)| sum - self.value(own, own.told.price))
    }

    /// What is held of contracts that are paid, where that is equity.
    fn position_value(&self, book: &Book) -> BigRational {
        let paid = Self::valid(book).filter(|(_, own)| self.world.contracts[own.told.name].is_paid);
        let paid = paid.filter(|_| self.world.counts_value);
        paid.fold(BigRational::zero(), |sum, (_, own)| {
            sum + self.value(own, self.world.contracts[own.told.name].mark)
        })
    }

    fn cash(&self, book: &Book) -> BigRational {
        self.equity(book) - self.variation(book) - self.due(book) - self.position_value(book)
    }

    fn net(book: &Book) -> BTreeMap<&'static str, i64> {
        let mut net = BTreeMap::new();
        for (_, own) in Self::valid(book) {
            *net.entry(own.told.name).or_insert(0) += own.told.lots;
        }
        net
    }

    /// Equity less the initial requirement, from a calculation.
    fn excess(&self, book: &Book) -> BigRational {
        self.equity(book) - self.world.initial(&Self::net(book))
    }

    /// The least excess over all that the venue may fill of the orders, lot by lot.
    fn worst_excess(&self, book: &Book) -> BigRational {
        let mut seen = BTreeSet::new();
        self.least(book, &mut seen).unwrap()
    }

    /// The least excess from a book on; nothing of a book that was seen, as what has filled and what is open tell.
    fn least(&self, book: &Book, seen: &mut BTreeSet<Seen>) -> Option<BigRational> {
        let fills = book.trades.keys().filter(|id| id.starts_with("fill")).cloned().collect();
        let open = book.orders.working.iter().map(|(id, own)| (id.clone(), own.open())).collect();
        if !seen.insert((fills, open)) {
            return None;
        }
        let mut least = self.excess(book);
        for (id, order) in &book.orders.working {
            let mut with = book.clone();
            let lots = order.lots.signum();
            let held = |book: &Book| Self::net(book).get(order.name).copied().unwrap_or_default();
            // The venue fills no more of what may reduce only than there is to reduce.
            if order.open() == 0 || order.reduced_by_venue && opened(held(book), lots) > 0 {
                continue;
            }
            self.take(&mut with, order, lots);
            with.orders.fill(id, 1);
            let now = held(&with);
            with.orders.reduce(order.name, now);
            least = self.least(&with, seen).map_or(least.clone(), |other| other.min(least));
        }
        Some(least)
    }

    /// Positions, balances and open orders of the group are those of the book.
    pub(super) fn agree(&self, desk: &Desk) {
        let anew = desk.standing();
        if let Some(kept) = &desk.kept {
            let bound = bounded(&desk.group, &desk.house).unwrap();
            let kept_bound = kept.by_bound(&desk.group, &desk.house).unwrap();
            assert_eq!((kept_bound.with_orders, kept_bound.work), (bound.with_orders, bound.work));
            assert!(bound.with_orders.excess <= anew.with_orders.excess, "a longer search knows no less");
            let kept = searched(&desk.group, &desk.house, kept).unwrap();
            assert_eq!(kept.currencies, anew.currencies, "what a decision left, and what is formed anew");
            assert_eq!((kept.with_orders, kept.maintenance), (anew.with_orders, anew.maintenance));
        }
        let Standing { currencies, found, with_orders, .. } = anew;
        let own = &currencies[&desk.group.currency];
        assert_eq!(text(own.cash), six(&self.cash(&self.book)), "cash");
        assert_eq!(text(own.due), six(&self.due(&self.book)), "due");
        assert_eq!(text(own.variation), six(&self.variation(&self.book)), "variation");
        assert_eq!(text(own.position_value), six(&self.position_value(&self.book)), "position value");
        assert!(with_orders.excess <= found.excess);
        self.positions_agree(&desk.group);
        let open: Vec<(String, i64)> =
            desk.group.orders.iter().map(|(id, own)| (id.to_string(), own.open(0))).collect();
        let expected: Vec<(String, i64)> =
            self.book.orders.working.iter().map(|(id, own)| (id.clone(), own.open())).collect();
        assert_eq!(open, expected, "open orders");
        let worst = self.worst_excess(&self.book);
        let bound = Amount::rounded_half_away(with_orders.excess).millionths();
        let exact = (worst * whole(1_000_000)).round().to_integer();
        assert!(num_bigint::BigInt::from(bound) <= exact + 2, "the bound leaves more than the worst outcome");
    }

    fn positions_agree(&self, group: &Group) {
        let held: i64 = group.position_accounts[&code("A")].holdings.values().map(|own| own.net()).sum();
        assert_eq!(held, Self::net(&self.book).values().sum::<i64>(), "lots");
        let basis: Money = group.position_accounts[&code("A")]
            .holdings
            .values()
            .fold(Money::ZERO, |sum, own| sum.plus(own.basis).unwrap());
        let expected =
            Self::valid(&self.book).filter(|(_, own)| !self.world.contracts[own.told.name].is_paid);
        let expected = expected.fold(BigRational::zero(), |sum, (_, own)| {
            let base = match &self.book.run {
                Some((day, prices)) if own.day <= *day => prices[own.told.name],
                _ => own.told.price,
            };
            sum + self.value(own, base)
        });
        assert_eq!(text(basis), six(&expected), "basis");
    }
}
