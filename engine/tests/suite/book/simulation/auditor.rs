//! A second book, naive on purpose: it keeps what it was told and forms every number from that anew, with fractions.
//!
//! Equity needs no settlement: whatever runs there were, a future's gain is its lots times mark less trade price.

mod agreeing;
pub(super) mod exercises;
mod money;
mod numbers;
mod orders;
mod trades;

use super::charges::Charges;
use super::ledger::{Book, Item};
use super::terms::{Account, Order};
use super::world::World;
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
    /// What its items are about.
    about: String,
}

impl Verdict {
    fn of(reason: &'static str) -> Self {
        Self { reason, raised: Vec::new(), closed: Vec::new(), margin: None, about: String::new() }
    }

    fn raised(kind: &'static str) -> Self {
        Self { raised: vec![kind], ..Self::of("granted") }
    }
}

pub(super) struct Auditor {
    book: Book,
    /// What it knows once the step is granted.
    next: Option<Book>,
    first: i64,
    number: u64,
    pub(super) world: World,
    /// What the house charges now.
    pub(super) charges: Charges,
}

impl Auditor {
    pub(super) fn new(world: World, first: i64) -> Self {
        let book = Book { day: 18, ..Book::default() };
        Self { book, next: None, first, number: 0, world, charges: Charges::default() }
    }

    pub(super) fn some_contract(&self, dice: &mut Dice) -> &'static str {
        dice.pick::<&str>(&self.contracts())
    }

    /// The steps of prices, in tenths.
    pub(super) fn tick(&self) -> i64 {
        if self.world.counts_value { 100 } else { 1 }
    }

    pub(super) fn contracts(&self) -> Vec<&'static str> {
        self.world.contracts.keys().copied().collect()
    }

    /// How many outcomes the working orders have, at most.
    pub(super) fn outcomes(&self) -> i64 {
        let orders = self.book.orders.working.values();
        let parts = orders.flat_map(|own| (0..own.parts.len()).map(|part| own.open(part) + 1));
        parts.product()
    }

    pub(super) fn today(&self) -> u8 {
        self.book.day
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    pub(super) fn new_id(&mut self, kind: &str) -> String {
        format!("{kind}{}", self.next_number())
    }

    pub(super) fn some_order(&self, dice: &mut Dice) -> String {
        let known: Vec<&String> = self.book.orders.working.keys().chain(&self.book.orders.dead).collect();
        if known.is_empty() || dice.chance(5) { "O-none".to_owned() } else { (*dice.pick(&known)).clone() }
    }

    pub(super) fn some_trade(&self, dice: &mut Dice) -> String {
        let trades = self.book.bookings.iter().filter(|(_, own)| own.is_trade());
        let known: Vec<&String> = trades.map(|(id, _)| id).collect();
        if known.is_empty() || dice.chance(5) { "T-none".to_owned() } else { (*dice.pick(&known)).clone() }
    }

    /// The items that an answer names, of which the new ones are in the queue from now on.
    pub(super) fn queued(&mut self, numbers: &[u64], verdict: &Verdict) {
        for (number, kind) in numbers.iter().zip(&verdict.raised) {
            let item = Item { kind, about: verdict.about.clone(), is_open: true };
            self.book.queue.entry(*number).or_insert(item);
        }
    }

    pub(super) fn some_item(&self, dice: &mut Dice) -> u64 {
        let open: Vec<u64> =
            self.book.queue.iter().filter(|(_, own)| own.is_open).map(|own| *own.0).collect();
        if open.is_empty() || dice.chance(20) { 1 } else { *dice.pick(&open) }
    }

    /// Somebody has looked at an item.
    pub(super) fn resolved(&mut self, number: u64) -> Verdict {
        self.next = None;
        if self.book.queue.get(&number).is_none_or(|own| !own.is_open) {
            return Verdict::of("unknown_exception");
        }
        self.then(|book| book.queue.get_mut(&number).unwrap().is_open = false);
        Verdict::of("granted")
    }

    pub(super) fn some_run(&self, dice: &mut Dice) -> Option<String> {
        let runs = &self.book.runs;
        (!runs.is_empty()).then(|| dice.pick(runs).clone())
    }

    pub(super) fn terms_of(&self, id: &str) -> Option<&Order> {
        self.book.orders.working.get(id)
    }

    pub(super) fn held(&self, account: Account, name: &'static str) -> [i64; 2] {
        self.book.held(account, name)
    }

    pub(super) fn deliveries(&self) -> usize {
        self.book.deliveries.len()
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
}
