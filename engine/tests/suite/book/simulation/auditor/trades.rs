//! What trades and their cancellations do to positions and orders.

use std::collections::BTreeSet;

use super::super::ledger::{self, Book, Booking, Origin, keeps_both, other_side, reducible};
use super::super::terms::{Account, Told};
use super::{Auditor, Verdict};

impl Auditor {
    /// A trade, of a part of an order where it names one.
    pub(in super::super) fn traded(
        &mut self,
        id: &str,
        account: &str,
        told: Told,
        order: Option<(&str, usize)>,
    ) -> Verdict {
        self.next = None;
        if account == "Z" {
            return Verdict::raised("unknown_account");
        }
        let working = order.and_then(|(order, _)| self.book.orders.working.get(order));
        let is_ordered = working.is_some_and(|own| own.account == told.account && own.is_closing());
        let closes = told.closes || is_ordered;
        let order = order.map(|(order, part)| (order.to_owned(), part));
        if let Some(known) = self.book.bookings.get(id) {
            let closes = closes || known.told.closes;
            let own = Booking { told: Told { closes, ..told }, day: self.book.day, order, ..known.clone() };
            let same = *known == own;
            return if same { Verdict::of("granted") } else { Verdict::raised("trade_id_reused") };
        }
        let mut verdict = Verdict::of("granted");
        let mut next = self.book.clone();
        let held = self.book.held(told.account, told.name);
        let told = Told { closes, ..told };
        if let Some((order, part)) = &order {
            self.filled(&mut next, &mut verdict, order, *part, &told);
        }
        let beyond = if closes { (told.lots.abs() - other_side(held, told.lots)).max(0) } else { 0 };
        let closed = if closes || !keeps_both(told.account) { other_side(held, told.lots) } else { 0 };
        let may_reduce_only = working.is_some_and(|own| own.may_reduce_only);
        if beyond > 0 && !may_reduce_only {
            verdict.raised.push("closes_beyond");
        }
        if may_reduce_only && told.lots.abs() > closed {
            verdict.raised.push("fill_increases");
        }
        let mut touched = BTreeSet::new();
        if let Some(own) = working.filter(|own| own.reduced_by_venue)
            && own.is_like(order.as_ref().unwrap().1, &told)
        {
            touched.extend(own.parts.iter().map(|part| (own.account, part.name)));
        }
        ledger::traded(&mut next.sides, told.account, told.name, told.lots, closes);
        let origin = Origin::Trade(beyond * told.lots.signum());
        let booking = Booking { told, day: self.book.day, order, busted: false, origin };
        next.bookings.insert(id.to_owned(), booking);
        // One that was cancelled before it was told is booked and cancelled.
        if self.book.early.contains(id) {
            next.take_back(id);
            next.close_items("unknown_trade", id);
        }
        verdict.closed.extend(self.reduced(&mut next, touched));
        self.next = Some(next);
        verdict
    }

    /// What a trade does to its order, and to those that it is linked with.
    fn filled(&self, next: &mut Book, verdict: &mut Verdict, id: &str, part: usize, told: &Told) {
        let orders = &self.book.orders;
        let Some(own) = orders.working.get(id) else {
            let is_dead = orders.dead.contains(id);
            verdict.raised.push(if is_dead { "fill_after_close" } else { "fill_without_order" });
            return;
        };
        if own.is_like(part, told) {
            verdict.raised.extend(own.misfits(part, told, orders.is_beyond(own, part, told)));
            verdict.closed.extend(next.orders.fill(id, part, told.lots.abs()));
        } else {
            verdict.raised.push("fill_unlike_order");
        }
    }

    /// The venue cuts its reduce-only orders in contracts of which what may be reduced has changed, and in those that are touched besides.
    pub(super) fn reduced(
        &self,
        next: &mut Book,
        mut touched: BTreeSet<(Account, &'static str)>,
    ) -> Vec<String> {
        let of = |book: &Book, account: Account, name: &'static str| {
            [1, -1].map(|sign| reducible(book.held(account, name), account, sign))
        };
        for (account, name) in next.sides.keys() {
            if of(next, account, name) != of(&self.book, account, name) {
                touched.insert((account, name));
            }
        }
        let mut closed = Vec::new();
        for (account, name) in touched {
            let reducible = of(next, account, name);
            closed.extend(next.orders.reduce(account, name, reducible));
        }
        closed
    }

    pub(in super::super) fn busted(&mut self, id: &str) -> Verdict {
        self.next = None;
        let Some(known) = self.book.bookings.get(id) else {
            if self.book.early.contains(id) {
                return Verdict::of("granted");
            }
            self.then(|book| {
                book.early.insert(id.to_owned());
            });
            return Verdict { about: id.to_owned(), ..Verdict::raised("unknown_trade") };
        };
        if known.busted {
            return Verdict::of("granted");
        }
        let mut next = self.book.clone();
        next.take_back(id);
        let closed = self.reduced(&mut next, BTreeSet::new());
        self.next = Some(next);
        Verdict { closed, ..Verdict::of("granted") }
    }
}
