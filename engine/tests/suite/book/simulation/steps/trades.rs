//! Trades.

use plimsoll_engine::group::{Body, Clearing, Fact, Fill};

use super::super::super::desk::{code, day};
use super::super::auditor::Verdict;
use super::super::charges::fee;
use super::super::terms::Told;
use super::{Hand, shifted};

impl Hand<'_> {
    pub(super) fn trade(&mut self) -> (Body, Verdict) {
        let order = self.dice.chance(75).then(|| self.auditor.some_order(self.dice));
        // Mostly a trade of its order, sometimes of anything.
        let terms = order.as_ref().and_then(|id| self.auditor.terms_of(id));
        let terms = terms.filter(|_| self.dice.chance(90)).cloned();
        let (told, part) = match terms {
            Some(own) => {
                let part = self.dice.index(own.parts.len());
                let leg = &own.parts[part];
                let lots = leg.sign * self.dice.between(1, 2);
                let tick = self.auditor.tick();
                let away = if self.dice.chance(85) { 0 } else { self.dice.between(-3, 3) * tick };
                let agreed = own.fee.or(leg.scheduled);
                let fee = agreed.filter(|_| self.dice.chance(90)).map_or(125, |fee| fee * lots.abs());
                let price = shifted(leg.price, away);
                let closes = self.dice.chance(10);
                (Told { account: own.account, name: leg.name, lots, price, fee, closes }, part)
            }
            None => {
                let name = self.auditor.some_contract(self.dice);
                let lots = if self.dice.chance(50) { 1 } else { -1 };
                let (account, price) = (self.account(), self.price(name, 5));
                (Told { account, name, lots, price, fee: 125, closes: self.dice.chance(25) }, 0)
            }
        };
        let new = self.dice.chance(92);
        let id = if new { self.auditor.new_id("T") } else { self.auditor.some_trade(self.dice) };
        let account = self.told(told.account);
        let fill = self.desk.fill(&id, told.lots, told.name, told.price);
        let today = self.auditor.today();
        let fill = Fill {
            account: code(account),
            clearing: Clearing { date: day(today), cycle: 0 },
            due: day(today + 1),
            fee: Some(fee(&self.desk.group.currency, told.fee)),
            order: order.as_ref().map(|id| (code(id), part)),
            closes: told.closes,
            ..fill
        };
        let order = order.as_deref().map(|order| (order, part));
        let verdict = self.auditor.traded(&id, account, told, order);
        (Body::Fact(Fact::Fill(Box::new(fill))), verdict)
    }
}
