//! Options that are exercised or assigned, and what is delivered.

use std::collections::BTreeSet;

use num_rational::BigRational;
use num_traits::Zero;
use plimsoll_engine::types::Decimal;

use super::super::ledger::{self, Booking, Delivery, Origin};
use super::super::terms::{Account, Told};
use super::{Auditor, Verdict};

/// What options become.
#[derive(Clone, Debug)]
pub(in super::super) enum Into {
    Cash(Decimal),
    /// So many lots of another contract for a long lot, at a price.
    Contract(&'static str, i64, Decimal),
    Delivery(Decimal),
}

/// Long lots that are exercised, or short ones (negative) that are assigned.
#[derive(Clone, Debug)]
pub(in super::super) struct Exercised {
    pub(in super::super) account: Account,
    pub(in super::super) name: &'static str,
    pub(in super::super) lots: i64,
    pub(in super::super) into: Into,
}

impl Auditor {
    pub(in super::super) fn exercised(&mut self, id: &str, account: &str, own: &Exercised) -> Verdict {
        self.next = None;
        let content = format!("{account} {} {own:?}", self.book.day);
        match self.book.exercises.get(id) {
            Some(known) if *known == content => return Verdict::of("granted"),
            Some(_) => return Verdict::raised("reference_reused"),
            None => {}
        }
        if account == "Z" {
            return Verdict::raised("unknown_account");
        }
        let mut verdict = Verdict::of("granted");
        let [long, short] = self.book.held(own.account, own.name);
        let size = own.lots.abs().min(if own.lots > 0 { long } else { short });
        if size < own.lots.abs() {
            verdict.raised.push("beyond_position");
        }
        let mut next = self.book.clone();
        next.exercises.insert(id.to_owned(), content);
        if size > 0 {
            self.ended(&mut next, id, &Exercised { lots: size * own.lots.signum(), ..own.clone() });
        }
        verdict.closed = self.reduced(&mut next, BTreeSet::new());
        self.next = Some(next);
        verdict
    }

    fn ended(&self, next: &mut ledger::Book, id: &str, own: &Exercised) {
        let Exercised { account, name, lots, into } = own;
        let (account, name, lots) = (*account, *name, *lots);
        let nothing = Decimal::whole(0);
        let price = if let Into::Cash(points) = into { *points } else { nothing };
        let told = Told { account, name, lots: -lots, price, fee: 0, closes: true };
        let basis = if self.world.contracts[name].is_paid {
            BigRational::zero()
        } else {
            -self.share(account, name, lots, self.value(name, lots, price))
        };
        let day = self.book.day;
        let booking = Booking { told, day, order: None, busted: false, origin: Origin::Ended(basis) };
        next.bookings.insert(format!("{id} ended"), booking);
        let side = usize::from(lots < 0);
        next.sides.get_mut(&(account, name)).unwrap()[side] -= lots.abs();
        match into {
            Into::Cash(_) => {}
            Into::Contract(other, each, price) => {
                let told =
                    Told { account, name: other, lots: lots * each, price: *price, fee: 0, closes: false };
                ledger::traded(&mut next.sides, account, other, lots * each, false);
                let booking = Booking { told, day, order: None, busted: false, origin: Origin::Exercise };
                next.bookings.insert(format!("{id} became"), booking);
            }
            Into::Delivery(points) => {
                let amount = -self.value(name, lots, *points);
                next.deliveries.push(Delivery { account, name, lots, amount, is_done: false });
            }
        }
    }

    /// A delivery is done, by its number from 1 on.
    pub(in super::super) fn delivered(&mut self, number: usize) -> Verdict {
        self.next = None;
        let Some(own) = number.checked_sub(1).and_then(|place| self.book.deliveries.get(place)) else {
            return Verdict::raised("unknown_delivery");
        };
        if !own.is_done {
            self.then(|book| book.deliveries[number - 1].is_done = true);
        }
        Verdict::of("granted")
    }
}
