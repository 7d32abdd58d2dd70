//! What happened to a group: its state is a fold of these, and nothing is decided while they are applied.

use serde::{Deserialize, Serialize};

use super::clearing::Clearing;
use super::exception::ExceptionItem;
use super::link::LinkState;
use super::order::{OrderTerms, WorkingOrder};
use super::outcome::Outcome;
use super::position::{Delivery, Holding, PaidOut, Payable, PositionAccount, Suspense, Trade};
use super::state::{Group, MarginTerms, ReferenceOf};
use crate::contract::ContractId;
use crate::types::{
    AccountName, AssetCode, BusinessDate, CommandId, Currency, LinkName, Money, OrderId, Principal, Quantity,
    Reference, TradeId,
};

/// Why cash moved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CashReason {
    /// Paid in.
    Deposit,
    /// Paid out.
    Withdrawal,
    /// Gains and losses settled.
    Variation,
    /// A premium that was due.
    Premium,
    /// A fee.
    Fee,
    /// An option exercised for cash.
    Exercise,
    /// A delivery.
    Delivery,
    /// A trade cancelled, or told after its day had been settled.
    Correction,
}

/// One change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A margin account was opened.
    MarginAccountOpened(AccountName, MarginTerms),
    /// A margin account is margined by other terms: its house moved it.
    MarginTermsChanged(AccountName, MarginTerms),
    /// A margin account was closed.
    MarginAccountClosed(AccountName),
    /// A position account was opened, or came from another group with what it holds.
    PositionAccountOpened(AccountName, PositionAccount),
    /// A position account was closed, or went to another group.
    PositionAccountClosed(AccountName),
    /// A position account is netted in another margin account.
    PositionAccountMoved(AccountName, AccountName),
    /// Cash moved; received positive.
    CashMoved(Currency, Money, CashReason),
    /// Assets moved; received positive, with what is left.
    AssetMoved(AssetCode, Quantity),
    /// Money is due on a later date.
    PayableAdded(Payable),
    /// Money that was due has been paid or is not due any more: the first that is equal.
    PayableRemoved(Payable),
    /// An order works.
    OrderAccepted(OrderId, Box<WorkingOrder>),
    /// An order is to be replaced, or its replacement has been refused (`None`).
    ReplacementAsked(OrderId, Option<Box<OrderTerms>>),
    /// An order has been replaced.
    OrderReplaced(OrderId, Box<OrderTerms>),
    /// So many units of a part of an order were filled.
    OrderFilled(OrderId, usize, i64),
    /// So many units of a part of an order are not open any more though they have not filled; negative where more is open.
    OrderCut(OrderId, usize, i64),
    /// A link takes no more orders until it is reset.
    LinkExhausted(LinkName),
    /// A link without orders has forgotten what has filled of it.
    LinkReset(LinkName),
    /// An order works no more.
    OrderClosed(OrderId),
    /// A trade that nobody has told is cancelled.
    BustAwaited(TradeId, BusinessDate),
    /// What has been paid out of a contract that ended in cash.
    PaidOutChanged(ContractId, PaidOut),
    /// A trade was booked, put in suspense, or cancelled.
    TradeKept(TradeId, Box<Trade>),
    /// What an account holds of a contract now.
    HoldingChanged(AccountName, ContractId, Holding),
    /// A delivery is to be made.
    DeliveryOpened(Delivery),
    /// A delivery is done.
    DeliveryClosed(u64),
    /// A day is over.
    DayEnded(BusinessDate),
    /// Something was told that is told once, with the digest of what was said of it.
    ReferenceKept(ReferenceOf, Reference, [u8; 32]),
    /// A settlement run was applied, which settled what clears in its cycle or before.
    Settled(Reference, Clearing),
    /// A fact did not fit.
    ExceptionRaised(ExceptionItem),
    /// Somebody has looked at a fact that did not fit.
    ExceptionResolved(u64, String),
    /// The group was closed, which had nothing any more.
    GroupClosed,
    /// A command got its answer.
    Answered(Principal, CommandId, [u8; 32], Box<Outcome>),
}

impl Group {
    /// Applies a change. What an event says is true: it never fails, and numbers stay where arithmetic would leave the range.
    pub fn apply(&mut self, event: &Event) {
        self.sequence += 1;
        match event {
            Event::CashMoved(currency, amount, _) => {
                let balance = self.cash.entry(currency.clone()).or_default();
                *balance = balance.plus(*amount).unwrap_or(*balance);
            }
            Event::AssetMoved(asset, quantity) => {
                let own = self.assets.entry(asset.clone()).or_default();
                *own = own.plus(*quantity).unwrap_or(*own);
            }
            Event::PayableAdded(payable) => self.payables.push(payable.clone()),
            Event::PayableRemoved(payable) => {
                if let Some(place) = self.payables.iter().position(|own| own == payable) {
                    self.payables.remove(place);
                }
            }
            Event::BustAwaited(id, date) => {
                self.early_busts.insert(id.clone(), *date);
            }
            Event::PaidOutChanged(contract, own) => {
                self.paid_out.insert(*contract, *own);
            }
            Event::TradeKept(id, trade) => {
                self.early_busts.remove(id);
                if trade.suspense == Some(Suspense::PendingContract) && !trade.is_busted {
                    self.pending.insert(id.clone());
                } else {
                    self.pending.remove(id);
                }
                self.trades.insert(id.clone(), (**trade).clone());
            }
            Event::HoldingChanged(account, contract, holding) => {
                if let Some(own) = self.position_accounts.get_mut(account) {
                    if holding.is_nothing() {
                        own.holdings.remove(contract);
                    } else {
                        own.holdings.insert(*contract, holding.clone());
                    }
                }
            }
            Event::DeliveryOpened(delivery) => {
                self.deliveries.insert(self.next_delivery, delivery.clone());
                self.next_delivery += 1;
            }
            Event::DeliveryClosed(number) => {
                self.deliveries.remove(number);
            }
            Event::ReferenceKept(of, reference, content) => {
                self.references.insert((*of, reference.clone()), *content);
            }
            Event::Settled(_, clearing) => self.settled = self.settled.max(Some(*clearing)),
            Event::DayEnded(date) => self.ended = self.ended.max(Some(*date)),
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
                self.remember(principal, id, *content, outcome);
            }
            other => {
                self.apply_to_account(other);
                self.apply_to_order(other);
            }
        }
    }

    fn apply_to_account(&mut self, event: &Event) {
        match event {
            Event::MarginAccountOpened(name, terms) | Event::MarginTermsChanged(name, terms) => {
                self.margin_accounts.insert(name.clone(), terms.clone());
            }
            Event::MarginAccountClosed(name) => {
                self.margin_accounts.remove(name);
            }
            Event::PositionAccountOpened(name, account) => {
                self.position_accounts.insert(name.clone(), account.clone());
            }
            Event::PositionAccountClosed(name) => {
                self.position_accounts.remove(name);
            }
            Event::PositionAccountMoved(name, margin_account) => {
                if let Some(own) = self.position_accounts.get_mut(name) {
                    own.margin_account = margin_account.clone();
                }
            }
            _ => {}
        }
    }

    fn apply_to_order(&mut self, event: &Event) {
        match event {
            Event::OrderAccepted(id, order) => {
                if let Some(link) = &order.link {
                    let new = || LinkState::new(link.rule, link.enforcement);
                    self.links.entry(link.name.clone()).or_insert_with(new);
                    self.idle_links.retain(|own| *own != link.name);
                }
                self.orders.insert(id.clone(), (**order).clone());
            }
            Event::ReplacementAsked(id, terms) => {
                if let Some(own) = self.orders.get_mut(id) {
                    own.replacement = terms.as_deref().cloned();
                }
            }
            Event::OrderReplaced(id, terms) => {
                if let Some(own) = self.orders.get_mut(id) {
                    own.terms = (**terms).clone();
                    own.replacement = None;
                    own.cut.fill(0);
                }
            }
            Event::OrderFilled(id, part, units) => {
                let Some(own) = self.orders.get_mut(id) else { return };
                let after = own.with_fill(*part, *units);
                let more = after.begun() - own.begun();
                if let Some(link) = own.link.as_ref().and_then(|link| self.links.get_mut(&link.name)) {
                    link.filled = link.filled.saturating_add(more);
                }
                *own = after;
            }
            Event::OrderCut(id, part, units) => {
                if let Some(cut) = self.orders.get_mut(id).and_then(|own| own.cut.get_mut(*part)) {
                    *cut = cut.saturating_add(*units);
                }
            }
            Event::OrderClosed(id) => {
                let Some(own) = self.orders.remove(id) else { return };
                if let Some(link) = &own.link {
                    self.leave_link(&link.name, &own);
                }
                self.remember_closed(id);
            }
            Event::LinkExhausted(name) => {
                if let Some(own) = self.links.get_mut(name) {
                    own.is_exhausted = true;
                }
            }
            Event::LinkReset(name) => {
                self.links.remove(name);
                self.idle_links.retain(|own| own != name);
            }
            _ => {}
        }
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
        let answer = super::state::Answered { content, outcome: outcome.clone(), record: 0 };
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
