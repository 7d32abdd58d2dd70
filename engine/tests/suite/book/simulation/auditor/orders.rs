//! What becomes of orders that are sent, cancelled or forced, and of their links.

use num_traits::Signed;

use super::super::ledger::{Book, reducible};
use super::super::terms::Order;
use super::{Auditor, Margin, Verdict};

impl Auditor {
    /// Why an order is refused whatever it costs.
    fn inadmissible(&self, id: &str, account: &str, order: &Order) -> Option<&'static str> {
        let orders = &self.book.orders;
        if account == "Z" {
            return Some("unknown_account");
        }
        if orders.working.contains_key(id) || orders.dead.contains(id) {
            return Some("order_exists");
        }
        if order.link.and_then(|link| orders.links.get(link)).is_some_and(|own| own.is_exhausted) {
            return Some("link_exhausted");
        }
        let is_larger = order.parts.iter().any(|own| {
            let held = self.book.held(order.account, own.name);
            order.lots > reducible(held, order.account, own.sign)
        });
        (order.may_reduce_only && is_larger).then_some("not_reducing")
    }

    pub(in super::super) fn ordered(&mut self, id: &str, account: &str, order: &Order) -> Verdict {
        self.next = None;
        if let Some(reason) = self.inadmissible(id, account, order) {
            return Verdict::of(reason);
        }
        self.then(|book| book.orders.accept(id, order));
        let after = self.next.clone().unwrap();
        let [before, then] = [self.worst_excess(&self.book), self.worst_excess(&after)];
        let margin = if before.is_negative() {
            let improves = self.after_its_fill(&after, id) > self.excess(&self.book);
            Margin {
                granted: !then.is_negative() || (then >= before && improves),
                refusal: "deepens_deficit",
            }
        } else {
            Margin { granted: !then.is_negative(), refusal: "insufficient_margin" }
        };
        Verdict { margin: Some(margin), ..Verdict::of("granted") }
    }

    /// An order that can only make positions smaller, whatever the other orders of its account fill that close.
    pub(in super::super) fn forced(&mut self, id: &str, account: &str, order: &Order) -> Verdict {
        self.next = None;
        if let Some(reason) = self.inadmissible(id, account, order) {
            return Verdict::of(reason);
        }
        let is_smaller = order.parts.iter().all(|own| {
            let held = self.book.held(order.account, own.name);
            let working = self.book.orders.working.values();
            let closing = working.filter(|other| {
                other.account == order.account
                    && (other.is_closing() || !super::super::ledger::keeps_both(other.account))
            });
            let taken = closing.flat_map(|other| {
                let parts = other.parts.iter().enumerate();
                let alike = parts.filter(|(_, part)| (part.name, part.sign) == (own.name, own.sign));
                alike.map(|(part, _)| other.open(part))
            });
            order.lots + taken.sum::<i64>() <= reducible(held, order.account, own.sign)
        });
        if !is_smaller {
            return Verdict::of("not_reducing");
        }
        self.then(|book| book.orders.accept(id, &Order { closes: true, ..order.clone() }));
        Verdict::raised("forced_close")
    }

    /// A link is to take orders again.
    pub(in super::super) fn link_reset(&mut self, link: &'static str) -> Verdict {
        self.next = None;
        if self.book.orders.working.values().any(|own| own.link == Some(link)) {
            return Verdict::of("link_in_use");
        }
        if self.book.orders.links.get(link).is_none_or(|own| own.is_untouched()) {
            return Verdict::of("unknown_link");
        }
        self.then(|book| {
            book.orders.links.remove(link);
        });
        Verdict::of("granted")
    }

    pub(in super::super) fn cancelled(&mut self, id: &str) -> Verdict {
        self.next = None;
        if self.book.orders.dead.contains(id) {
            return Verdict::of("granted");
        }
        if !self.book.orders.working.contains_key(id) {
            return Verdict::raised("unknown_order");
        }
        self.then(|book| book.orders.close(id));
        Verdict { closed: vec![id.to_owned()], ..Verdict::of("granted") }
    }

    pub(in super::super) fn day_ended(&mut self) -> Verdict {
        self.next = None;
        let closed: Vec<String> = self.book.orders.working.keys().cloned().collect();
        self.then(|book: &mut Book| closed.iter().for_each(|id| book.orders.close(id)));
        Verdict { closed, ..Verdict::of("granted") }
    }
}
