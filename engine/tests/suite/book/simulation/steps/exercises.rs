//! Exercises, assignments and deliveries.

use plimsoll_engine::group::{Becomes, Body, Exercise, Fact};
use plimsoll_engine::types::Lots;

use super::super::super::desk::{code, day};
use super::super::auditor::Verdict;
use super::super::auditor::exercises::{Exercised, Into};
use super::Hand;

impl Hand<'_> {
    pub(super) fn exercise(&mut self) -> (Body, Verdict) {
        let name = *self.dice.pick::<&str>(&self.auditor.world.options());
        let account = self.account();
        let [long, short] = self.auditor.held(account, name);
        let is_long = if self.dice.chance(80) { long >= short } else { self.dice.chance(50) };
        let lots = self.dice.between(1, 2) * if is_long { 1 } else { -1 };
        let into = match (self.dice.between(0, 3), self.auditor.world.becomes(name)) {
            (0 | 1, Some((other, each))) => Into::Contract(other, each, self.price(other, 20)),
            (2, _) => Into::Delivery(self.price(name, 5)),
            _ => Into::Cash(self.price(name, 5)),
        };
        let own = Exercised { account, name, lots, into };
        let id = if self.dice.chance(90) { self.auditor.new_id("X") } else { "X-again".to_owned() };
        let account = self.told(account);
        let becomes = match &own.into {
            Into::Cash(points) => Becomes::Cash(*points),
            Into::Delivery(points) => Becomes::Delivery(*points),
            Into::Contract(other, each, price) => {
                Becomes::Contract(self.desk.contract(other), Lots::new(*each).unwrap(), *price)
            }
        };
        let exercise = Exercise {
            id: code(&id),
            date: day(self.auditor.today()),
            account: code(account),
            contract: self.desk.contract(name),
            lots: Lots::new(lots).unwrap(),
            becomes,
        };
        let verdict = self.auditor.exercised(&id, account, &own);
        (Body::Fact(Fact::Exercise(Box::new(exercise))), verdict)
    }

    pub(super) fn delivery(&mut self) -> (Body, Verdict) {
        let most = i64::try_from(self.auditor.deliveries()).unwrap() + 1;
        let number = usize::try_from(self.dice.between(1, most)).unwrap();
        let verdict = self.auditor.delivered(number);
        (Body::Fact(Fact::Delivered(u64::try_from(number).unwrap())), verdict)
    }
}
