//! Orders.

use plimsoll_engine::group::{Body, Request};

use super::super::auditor::Verdict;
use super::super::terms::{LINKS, Order, Part};
use super::Hand;

impl Hand<'_> {
    fn part(&mut self, fee: Option<i64>) -> Part {
        let name = self.auditor.some_contract(self.dice);
        let sign = if self.dice.chance(50) { 1 } else { -1 };
        let price = self.price(name, 5);
        let scheduled = self.auditor.charges.of(name).filter(|_| fee.is_none());
        Part { name, sign, price, filled: 0, cut: 0, scheduled }
    }

    fn order_id(&mut self) -> String {
        if self.dice.chance(90) { self.auditor.new_id("O") } else { self.auditor.some_order(self.dice) }
    }

    pub(super) fn new_order(&mut self) -> (Body, Verdict) {
        let fee = self.dice.chance(40).then(|| self.dice.between(-400, 400));
        let mut parts = vec![self.part(fee)];
        if self.dice.chance(12) {
            // It fills leg by leg.
            let other = self.part(fee);
            parts.extend((other.name != parts[0].name).then_some(other));
        }
        let may_reduce_only = self.dice.chance(15);
        let order = Order {
            account: self.account(),
            parts,
            lots: self.dice.between(1, 2),
            accepted: 0,
            fee,
            link: self.dice.chance(35).then(|| *self.dice.pick::<&str>(&LINKS)),
            may_reduce_only,
            reduced_by_venue: may_reduce_only && self.dice.chance(60),
            closes: self.dice.chance(15),
        };
        let (id, account) = (self.order_id(), self.told(order.account));
        let verdict = self.auditor.ordered(&id, account, &order);
        (Body::Request(Request::Order(Box::new(order.told(self.desk, &id, account)))), verdict)
    }

    /// An order that is reserved by force, mostly against a position.
    pub(super) fn forced_close(&mut self) -> (Body, Verdict) {
        let account = self.account();
        let mut part = self.part(None);
        let [long, short] = self.auditor.held(account, part.name);
        if self.dice.chance(85) {
            part.sign = if long > short { -1 } else { 1 };
        }
        let may_reduce_only = self.dice.chance(20);
        let order = Order {
            account,
            parts: vec![part],
            lots: self.dice.between(1, 2),
            accepted: 0,
            fee: None,
            link: self.dice.chance(15).then(|| *self.dice.pick::<&str>(&LINKS)),
            may_reduce_only,
            reduced_by_venue: may_reduce_only && self.dice.chance(60),
            closes: self.dice.chance(50),
        };
        let (id, account) = (self.order_id(), self.told(account));
        let verdict = self.auditor.forced(&id, account, &order);
        let order = order.told(self.desk, &id, account);
        (Body::Request(Request::ForceClose(Box::new(order), "a way out".to_owned())), verdict)
    }
}
