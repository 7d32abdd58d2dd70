//! Money that is paid in and out, and settlement runs.

use std::sync::Arc;

use plimsoll_engine::group::{Body, Fact, Request, SettlementRun};
use plimsoll_engine::types::Decimal;

use super::super::super::desk::{code, money};
use super::super::auditor::Verdict;
use super::Hand;

impl Hand<'_> {
    pub(super) fn deposit(&mut self) -> (Body, Verdict) {
        let (reference, amount) = (format!("D{}", self.dice.between(1, 30)), self.dice.between(1, 4) * 2_500);
        let verdict = self.auditor.deposited(&reference, amount);
        let currency = self.desk.group.currency.clone();
        (Body::Fact(Fact::Deposit(code(&reference), currency, money(&amount.to_string()))), verdict)
    }

    pub(super) fn withdrawal(&mut self) -> (Body, Verdict) {
        let amount = self.dice.between(1, 5) * 3_000;
        let verdict = self.auditor.withdrawn(amount);
        let currency = self.desk.group.currency.clone();
        (Body::Request(Request::Withdraw(currency, money(&amount.to_string()))), verdict)
    }

    pub(super) fn run(&mut self) -> (Body, Verdict) {
        let date = self.auditor.today();
        let names = self.auditor.contracts().into_iter();
        let prices: Vec<(&str, Decimal)> = names.map(|name| (name, self.price(name, 30))).collect();
        let id = format!("R{date}");
        let run = self.desk.run(&id, date, &prices);
        let verdict = self.auditor.settled(&id, &prices);
        (Body::Fact(Fact::Settle(Arc::new(run))), verdict)
    }

    /// The id of a run again, with other prices or another date, or as a correction of itself.
    pub(super) fn run_otherwise(&mut self) -> (Body, Verdict) {
        let Some(id) = self.auditor.some_run(self.dice) else { return self.deposit() };
        let name = self.auditor.some_contract(self.dice);
        let price = self.price(name, 30);
        let date = u8::try_from(self.dice.between(10, 30)).unwrap();
        let run = self.desk.run(&id, date, &[(name, price)]);
        let corrects = self.dice.chance(30).then(|| code(&id));
        let run = SettlementRun { corrects, cycle: 2, ..run };
        (Body::Fact(Fact::Settle(Arc::new(run))), self.auditor.settled_otherwise(&id))
    }

    pub(super) fn resolution(&mut self) -> (Body, Verdict) {
        let number = self.auditor.some_item(self.dice);
        (Body::Request(Request::Resolve(number, "seen".to_owned())), self.auditor.resolved(number))
    }
}
