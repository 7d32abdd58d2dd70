//! What events make of a group: its state is the fold of them, and nothing is decided here.

use std::collections::BTreeMap;

use super::event::Event;
use super::link::LinkState;
use super::order::{OrderTerms, WorkingOrder};
use super::outcome::Outcome;
use super::position::{Holding, Payable, Suspense, Trade};
use super::state::{Answered, Group};
use crate::contract::ContractId;
use crate::types::{
    AccountName, AssetCode, CommandId, Currency, LinkName, Money, OrderId, Overflow, Principal, Quantity,
    TradeId,
};

/// Balances after an event; it moves one of them at most.
///
/// # Errors
/// [`Overflow`] where it would leave its range: nothing has moved.
fn moved(
    cash: &mut BTreeMap<Currency, Money>,
    assets: &mut BTreeMap<AssetCode, Quantity>,
    event: &Event,
) -> Result<(), Overflow> {
    if let Event::CashMoved(currency, amount, _) = event {
        let after = cash.get(currency).copied().unwrap_or_default().plus(*amount)?;
        cash.insert(currency.clone(), after);
    }
    if let Event::AssetMoved(asset, quantity) = event {
        let after = assets.get(asset).copied().unwrap_or_default().plus(*quantity)?;
        assets.insert(asset.clone(), after);
    }
    Ok(())
}

impl Group {
    /// Whether its balances take what events move.
    ///
    /// # Errors
    /// [`Overflow`] where one would leave its range.
    pub(super) fn takes(&self, events: &[Event]) -> Result<(), Overflow> {
        let (mut cash, mut assets) = (self.cash.clone(), self.assets.clone());
        events.iter().try_for_each(|event| moved(&mut cash, &mut assets, event))
    }

    /// Applies changes, one after the other.
    ///
    /// # Errors
    /// As [`Self::apply`]: those before the first that does not fit have been applied.
    pub fn apply_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) -> Result<(), Overflow> {
        events.into_iter().try_for_each(|event| self.apply(event))
    }

    /// Applies a change. What an event says is true; what it names and the group does not have is passed over.
    ///
    /// # Errors
    /// [`Overflow`] where a balance would leave its range: nothing has changed. What was decided fits.
    pub fn apply(&mut self, event: &Event) -> Result<(), Overflow> {
        moved(&mut self.cash, &mut self.assets, event)?;
        self.sequence += 1;
        match event {
            Event::CashMoved(..) | Event::AssetMoved(..) => {}
            Event::MarginAccountOpened(name, terms) | Event::MarginTermsChanged(name, terms) => {
                self.margin_accounts.insert(name.clone(), terms.clone());
            }
            Event::MarginAccountClosed(name) => drop(self.margin_accounts.remove(name)),
            Event::PositionAccountOpened(name, account) => {
                self.position_accounts.insert(name.clone(), account.clone());
            }
            Event::PositionAccountClosed(name) => drop(self.position_accounts.remove(name)),
            Event::PositionAccountMoved(name, margin_account) => {
                if let Some(own) = self.position_accounts.get_mut(name) {
                    own.margin_account = margin_account.clone();
                }
            }
            Event::PayableAdded(payable) => self.payables.push(payable.clone()),
            Event::PayableRemoved(payable) => self.pay(payable),
            Event::OrderAccepted(id, order) => self.accept(id, order),
            Event::ReplacementAsked(id, terms) => {
                if let Some(own) = self.orders.get_mut(id) {
                    own.replacement = terms.as_deref().cloned();
                }
            }
            Event::OrderReplaced(id, terms) => self.replace(id, terms),
            Event::OrderFilled(id, part, units) => self.fill(id, *part, *units),
            Event::OrderCut(id, part, units) => {
                if let Some(cut) = self.orders.get_mut(id).and_then(|own| own.cut.get_mut(*part)) {
                    *cut = cut.saturating_add(*units);
                }
            }
            Event::LinkExhausted(name) => {
                self.links.get_mut(name).into_iter().for_each(|own| own.is_exhausted = true);
            }
            Event::LinkReset(name) => {
                self.links.remove(name);
                self.idle_links.retain(|own| own != name);
            }
            Event::OrderClosed(id) => self.close(id),
            Event::BustAwaited(id, date) => drop(self.early_busts.insert(id.clone(), *date)),
            Event::PaidOutChanged(contract, own) => drop(self.paid_out.insert(*contract, *own)),
            Event::TradeKept(id, trade) => self.keep(id, trade),
            Event::HoldingChanged(account, contract, holding) => self.hold(account, *contract, holding),
            Event::DeliveryOpened(delivery) => {
                self.deliveries.insert(self.next_delivery, delivery.clone());
                self.next_delivery += 1;
            }
            Event::DeliveryClosed(number) => drop(self.deliveries.remove(number)),
            Event::DayEnded(date) => self.ended = self.ended.max(Some(*date)),
            Event::ReferenceKept(of, reference, content) => {
                self.references.insert((*of, reference.clone()), *content);
            }
            Event::Settled(_, clearing) => self.settled = self.settled.max(Some(*clearing)),
            Event::ExceptionRaised(item) => {
                self.exceptions.insert(self.next_exception, item.clone());
                self.next_exception += 1;
            }
            Event::ExceptionResolved(number, text) => {
                if let Some(own) = self.exceptions.get_mut(number) {
                    own.resolution = Some(text.clone());
                }
            }
            Event::GroupClosed => self.is_closed = true,
            Event::Answered(principal, id, content, outcome) => {
                self.remember(principal, id, *content, outcome)
            }
        }
        Ok(())
    }

    fn pay(&mut self, payable: &Payable) {
        if let Some(place) = self.payables.iter().position(|own| own == payable) {
            self.payables.remove(place);
        }
    }

    fn hold(&mut self, account: &AccountName, contract: ContractId, holding: &Holding) {
        let Some(own) = self.position_accounts.get_mut(account) else { return };
        if holding.is_nothing() {
            own.holdings.remove(&contract);
        } else {
            own.holdings.insert(contract, holding.clone());
        }
    }

    fn keep(&mut self, id: &TradeId, trade: &Trade) {
        self.early_busts.remove(id);
        if trade.suspense == Some(Suspense::PendingContract) && !trade.is_busted {
            self.pending.insert(id.clone());
        } else {
            self.pending.remove(id);
        }
        self.trades.insert(id.clone(), trade.clone());
    }

    fn accept(&mut self, id: &OrderId, order: &WorkingOrder) {
        if let Some(link) = &order.link {
            let new = || LinkState::new(link.rule, link.enforcement);
            self.links.entry(link.name.clone()).or_insert_with(new);
            self.idle_links.retain(|own| *own != link.name);
        }
        self.orders.insert(id.clone(), order.clone());
    }

    fn replace(&mut self, id: &OrderId, terms: &OrderTerms) {
        let Some(own) = self.orders.get_mut(id) else { return };
        own.terms = terms.clone();
        own.replacement = None;
        own.cut.fill(0);
    }

    fn fill(&mut self, id: &OrderId, part: usize, units: i64) {
        let Some(own) = self.orders.get_mut(id) else { return };
        let after = own.with_fill(part, units);
        let more = after.begun() - own.begun();
        if let Some(link) = own.link.as_ref().and_then(|link| self.links.get_mut(&link.name)) {
            link.filled = link.filled.saturating_add(more);
        }
        *own = after;
    }

    fn close(&mut self, id: &OrderId) {
        let Some(own) = self.orders.remove(id) else { return };
        if let Some(link) = &own.link {
            self.leave_link(&link.name, &own);
        }
        self.remember_closed(id);
    }

    /// A link that an order has left is kept with what has filled of it; of those without orders the oldest are forgotten.
    fn leave_link(&mut self, name: &LinkName, order: &WorkingOrder) {
        let Some(own) = self.links.get_mut(name) else { return };
        if own.is_cut_in_proportion() && order.share().filled > 0 {
            own.closed.push(order.share());
        }
        let is_untouched = own.filled == 0 && !own.is_exhausted;
        if self.orders.values().any(|other| other.link.as_ref().is_some_and(|own| own.name == *name)) {
            return;
        }
        if is_untouched {
            self.links.remove(name);
            return;
        }
        self.idle_links.push_back(name.clone());
        if self.idle_links.len() > Self::IDLE_LINKS
            && let Some(oldest) = self.idle_links.pop_front()
        {
            self.links.remove(&oldest);
        }
    }

    fn remember(&mut self, principal: &Principal, id: &CommandId, content: [u8; 32], outcome: &Outcome) {
        let key = (principal.clone(), id.clone());
        let answer = Answered { content, outcome: outcome.clone(), record: 0 };
        self.answered.insert(key.clone(), answer);
        self.answered_order.push_back(key);
        if self.answered_order.len() > Self::WINDOW
            && let Some(oldest) = self.answered_order.pop_front()
        {
            self.answered.remove(&oldest);
            self.expire(&oldest.0, &oldest.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CashReason, GroupKey, Origin};
    use super::*;
    use crate::types::{Code, Decimal};

    #[test]
    fn a_balance_that_does_not_fit_is_never_kept_in_silence() {
        let currency = Currency::new("USD").unwrap();
        let key = GroupKey { house: Code::new("H").unwrap(), name: Code::new("G").unwrap() };
        let mut group = Group::new(key, Code::new("M").unwrap(), Origin::Client, currency.clone());
        let asset: AssetCode = Code::new("BTC").unwrap();
        let cash = |amount| Event::CashMoved(currency.clone(), amount, CashReason::Deposit);
        let assets = |quantity| Event::AssetMoved(asset.clone(), quantity);
        let most = Quantity::from_decimal_half_away(Decimal::whole(Quantity::MOST)).unwrap();
        for [most, more] in [[Money::MOST, Money::from_raw(1)].map(cash), [most, Quantity::ONE].map(assets)] {
            assert_eq!(group.apply(&most), Ok(()));
            let before = group.clone();
            assert_eq!(
                (group.takes(std::slice::from_ref(&more)), group.apply(&more)),
                (Err(Overflow), Err(Overflow))
            );
            assert_eq!(group, before);
        }
    }
}
