//! Money that is paid in and out, and settlement runs.

use num_traits::Signed;
use plimsoll_engine::types::Decimal;

use super::super::world::whole;
use super::{Auditor, Margin, Verdict};

impl Auditor {
    pub(in super::super) fn deposited(&mut self, reference: &str, amount: i64) -> Verdict {
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

    pub(in super::super) fn withdrawn(&mut self, amount: i64) -> Verdict {
        self.next = None;
        if self.cash(&self.book) < whole(amount) {
            return Verdict::of("insufficient_balance");
        }
        self.then(|book| book.withdrawn += amount);
        let granted = !self.worst_excess(self.next.as_ref().unwrap()).is_negative();
        Verdict { margin: Some(Margin { granted, refusal: "insufficient_margin" }), ..Verdict::of("granted") }
    }

    pub(in super::super) fn settled(&mut self, id: &str, prices: &[(&'static str, Decimal)]) -> Verdict {
        self.next = None;
        let prices = prices.iter().copied().collect();
        self.then(|book| {
            book.runs.push(id.to_owned());
            book.run = Some((book.day, prices));
            book.day += 1;
        });
        Verdict::of("granted")
    }

    /// Something else under the id of a run: one open item says so, whatever it says.
    pub(in super::super) fn settled_otherwise(&mut self, id: &str) -> Verdict {
        self.next = None;
        if self.book.has_open("reference_reused", id) {
            return Verdict::of("granted");
        }
        Verdict { about: id.to_owned(), ..Verdict::raised("reference_reused") }
    }
}
