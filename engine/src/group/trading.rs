//! Trades: what they do to positions and money, to the order that they fill, and what cancelling them takes back.
//!
//! The money of a leg of `lots` (bought positive) at `price`, with the contract's money for a point of price in `value`:
//!
//! ```text
//! paid in full:            due    -= value(price, lots)                  on the premium date; in cash at once if that is settled
//! no run of its cycle yet: basis  += value(price, lots)                  variation = value(mark, long - short) - basis
//! settled at P since:      cash   += value(P, lots) - value(price, lots), basis += value(P, lots)
//! fee:                     cash   -= fee
//! ```
//!
//! Cancelling a trade books the same with the opposite lots, so equity and option value become what they would be without it.

use std::collections::BTreeMap;

use super::clearing::{Clearing, Settlement};
use super::command::{Becomes, Fill, SettlementRun};
use super::event::{CashReason, Event};
use super::exception::{About, ExceptionItem, ExceptionKind};
use super::house::{HouseSnapshot, KnownContract};
use super::judging;
use super::linking::{self, Hit};
use super::position::{Holding, Keeping, PaidOut, Payable, Trade, TradeLeg, Unsettled};
use super::state::Group;
use super::suspense::{cancelled_before, closed, has_changed, suspended};
use crate::contract::ContractId;
use crate::types::{AccountName, BusinessDate, Decimal, Money, Overflow, Reference, TradeId};

/// An item of the exceptions queue.
pub(super) fn raised(kind: ExceptionKind, about: About) -> Event {
    Event::ExceptionRaised(ExceptionItem { kind, about, resolution: None })
}

/// What legs are booked as.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) account: &'a AccountName,
    pub(super) closes: bool,
    /// The cycle that the trade clears in.
    pub(super) clearing: Clearing,
    /// When premiums are due.
    pub(super) due: BusinessDate,
    pub(super) reference: &'a Reference,
}

/// Positions while they are changed: a fact may touch one several times.
pub(super) struct Books<'a> {
    group: &'a Group,
    house: &'a HouseSnapshot,
    /// The run that is being applied.
    pub(super) run: Option<&'a SettlementRun>,
    changed: BTreeMap<(AccountName, ContractId), Holding>,
    paid_out: BTreeMap<ContractId, PaidOut>,
    pub(super) events: Vec<Event>,
}

impl<'a> Books<'a> {
    pub(super) const fn new(group: &'a Group, house: &'a HouseSnapshot) -> Self {
        Self {
            group,
            house,
            run: None,
            changed: BTreeMap::new(),
            paid_out: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub(super) const fn house(&self) -> &'a HouseSnapshot {
        self.house
    }

    pub(super) fn holding(&self, account: &AccountName, contract: ContractId) -> Holding {
        let changed = self.changed.get(&(account.clone(), contract)).cloned();
        changed.unwrap_or_else(|| self.group.holding(account, contract))
    }

    pub(super) fn change(&mut self, account: &AccountName, contract: ContractId, holding: Holding) {
        self.changed.insert((account.clone(), contract), holding);
    }

    /// The last settlement of a contract: by the house's runs, the one that is being applied among them. Of one cycle the house knows what was
    /// said last.
    pub(super) fn settlement(&self, contract: ContractId) -> Option<Settlement> {
        let now = self.run.and_then(|run| {
            Some(Settlement { clearing: run.clearing(), price: *run.prices.get(&contract)? })
        });
        let known = self.house.settlements().settlement(contract);
        now.filter(|now| known.is_none_or(|known| known.clearing < now.clearing)).or(known)
    }

    fn keeping(&self, account: &AccountName) -> Keeping {
        self.group.position_accounts.get(account).map_or(Keeping::Net, |own| own.keeping)
    }

    /// Books a leg by its own price: the house knows what it is in money, whether a set has the contract or not.
    pub(super) fn book(&mut self, terms: &Terms<'_>, leg: &TradeLeg) -> Result<(), Overflow> {
        let detail = || format!("{} lots of contract {}", leg.lots, leg.contract);
        let about =
            || About { reference: Some(terms.reference.clone()), detail: detail(), ..About::default() };
        if has_changed(self.house, leg.contract) {
            self.events.push(raised(ExceptionKind::LateAfterExpiry, about()));
            return Ok(());
        }
        let Some(own) = self.house.known(leg.contract) else {
            self.events.push(raised(ExceptionKind::NotPriced, about()));
            return Ok(());
        };
        if let Some(Becomes::Cash(points)) = self.house.settlements().ended(leg.contract) {
            return self.book_ended(terms, leg, &own, *points);
        }
        let mut holding = self.holding(terms.account, leg.contract);
        (holding.long, holding.short) = holding.after(leg.lots, self.keeping(terms.account), terms.closes);
        match own {
            own if own.is_paid => {
                let amount = own.money_at(leg.price, leg.lots)?.negated();
                self.owe(own.currency.clone(), amount, terms);
            }
            own => {
                let value = own.money_at(leg.price, leg.lots)?;
                // What a run could not settle of its cycle stays unsettled, and so does what comes to it or is taken back.
                let is_open = holding.unsettled.contains_key(&terms.clearing);
                let settled = self.settlement(leg.contract).filter(|last| terms.clearing <= last.clearing);
                match settled.filter(|_| !is_open) {
                    None => holding.add(terms.clearing, Unsettled { lots: leg.lots, basis: value })?,
                    Some(last) => {
                        let settled = own.money_at(last.price, leg.lots)?;
                        let amount = settled.minus(value)?;
                        self.move_cash(own.currency.clone(), amount, CashReason::Correction);
                        holding.basis = holding.basis.plus(settled)?;
                    }
                }
            }
        }
        self.change(terms.account, leg.contract, holding);
        Ok(())
    }

    /// Books a leg of a contract that ended in cash: its lots get what the others got, and are no position.
    fn book_ended(
        &mut self,
        terms: &Terms<'_>,
        leg: &TradeLeg,
        own: &KnownContract,
        points: Decimal,
    ) -> Result<(), Overflow> {
        let value = own.money_at(leg.price, leg.lots)?;
        let points = self.paid_out(leg.contract).map_or(points, |own| own.points);
        let worth = own.money_at(points, leg.lots)?;
        if own.is_paid {
            self.owe(own.currency.clone(), value.negated(), terms);
            self.move_cash(own.currency.clone(), worth, CashReason::Exercise);
        } else {
            self.move_cash(own.currency.clone(), worth.minus(value)?, CashReason::Correction);
        }
        self.pay_out(leg.contract, leg.lots, points)
    }

    /// What lots of a contract that ended were paid out at.
    pub(super) fn paid_out(&self, contract: ContractId) -> Option<PaidOut> {
        self.paid_out.get(&contract).or_else(|| self.group.paid_out.get(&contract)).copied()
    }

    /// Notes that so many more lots of a contract that ended are paid out, all of them at so many points.
    pub(super) fn pay_out(
        &mut self,
        contract: ContractId,
        lots: i64,
        points: Decimal,
    ) -> Result<(), Overflow> {
        let before = self.paid_out(contract).map_or(0, |own| own.lots);
        let lots = before.checked_add(lots).ok_or(Overflow)?;
        self.paid_out.insert(contract, PaidOut { lots, points });
        Ok(())
    }

    /// Money that is due: of one trade it is cancelled by its opposite, and what is due already moves at once.
    fn owe(&mut self, currency: crate::types::Currency, amount: Money, terms: &Terms<'_>) {
        let payable = Payable { currency, amount, due: terms.due, reference: terms.reference.clone() };
        let opposite = Payable { amount: amount.negated(), ..payable.clone() };
        let is_pending = self.group.payables.contains(&opposite)
            && !self.events.contains(&Event::PayableRemoved(opposite.clone()));
        if is_pending {
            self.events.push(Event::PayableRemoved(opposite));
        } else if self.group.settled.is_some_and(|last| terms.due <= last.date) {
            self.move_cash(payable.currency, amount, CashReason::Premium);
        } else if !amount.is_zero() {
            self.events.push(Event::PayableAdded(payable));
        }
    }

    pub(super) fn move_cash(&mut self, currency: crate::types::Currency, amount: Money, reason: CashReason) {
        if !amount.is_zero() {
            self.events.push(Event::CashMoved(currency, amount, reason));
        }
    }

    /// The events, with what every position has become.
    pub(super) fn finished(mut self) -> Vec<Event> {
        for (contract, own) in self.paid_out {
            self.events.push(Event::PaidOutChanged(contract, own));
        }
        for ((account, contract), holding) in self.changed {
            self.events.push(Event::HoldingChanged(account, contract, holding));
        }
        self.events
    }
}

/// Whether the same trade is booked already; `None` where none of its id is.
#[must_use]
pub fn is_known(group: &Group, fill: &Fill) -> Option<bool> {
    let known = group.trades.get(&fill.trade)?;
    let (given_up, opened) = (known.given_up.clone(), known.opened.clone());
    let told = trade_of(group, fill);
    // The order that said so may be gone.
    let closes = told.closes || known.closes;
    let (is_busted, suspense) = (known.is_busted, known.suspense);
    Some(*known == Trade { closes, is_busted, given_up, opened, suspense, ..told })
}

/// A trade as it is kept.
fn trade_of(group: &Group, fill: &Fill) -> Trade {
    Trade {
        account: fill.account.clone(),
        legs: fill.legs.clone(),
        clearing: fill.clearing,
        due: fill.due,
        closes: fill.closes || is_ordered_to_close(group, fill),
        opened: Vec::new(),
        fee: fill.fee.clone(),
        order: fill.order.as_ref().map(|(id, part)| (id.clone(), *part, fill.units)),
        is_busted: false,
        given_up: None,
        suspense: None,
    }
}

/// Books a trade.
pub(super) fn fill(group: &Group, house: &HouseSnapshot, fill: &Fill) -> Result<Vec<Event>, Overflow> {
    let about = |detail: String| About {
        order: fill.order.as_ref().map(|(id, _)| id.clone()),
        trade: Some(fill.trade.clone()),
        detail,
        ..About::default()
    };
    if !group.position_accounts.contains_key(&fill.account) {
        let detail = format!("position account {}", fill.account);
        return Ok(vec![raised(ExceptionKind::UnknownAccount, about(detail))]);
    }
    match is_known(group, fill) {
        Some(true) => return Ok(Vec::new()),
        Some(false) => {
            let detail = format!("account {}", fill.account);
            return Ok(vec![raised(ExceptionKind::TradeIdReused, about(detail))]);
        }
        None => {}
    }
    let trade = trade_of(group, fill);
    let mut events = of_order(group, fill, &about);
    let implausible = judging::implausible(house, fill);
    events.extend(implausible.into_iter().map(|own| raised(ExceptionKind::ImplausiblePrice, about(own))));
    let suspense = suspended(house, &fill.legs);
    let mut opened = Vec::new();
    match suspense {
        Some(own) if !group.early_busts.contains_key(&fill.trade) => {
            events.push(raised(own.kind(), about(format!("account {}", fill.account))));
        }
        Some(_) => {}
        None => {
            let (own, beyond) = booked(group, house, fill, &about)?;
            events.extend(own);
            opened = beyond;
        }
    }
    events.push(Event::TradeKept(fill.trade.clone(), Box::new(Trade { opened, suspense, ..trade })));
    cancelled_before(group, house, &fill.trade, events)
}

/// Books the legs and the fee of a trade; the lots that open though it closes, by leg.
pub(super) fn booked(
    group: &Group,
    house: &HouseSnapshot,
    fill: &Fill,
    about: &impl Fn(String) -> About,
) -> Result<(Vec<Event>, Vec<i64>), Overflow> {
    let mut events = Vec::new();
    let reference = reference_of(&fill.trade);
    let mut books = Books::new(group, house);
    let terms = Terms {
        account: &fill.account,
        closes: fill.closes || is_ordered_to_close(group, fill),
        clearing: fill.clearing,
        due: fill.due,
        reference: &reference,
    };
    let opened =
        legs(group, &mut books, fill, &terms, |kind, detail| events.push(raised(kind, about(detail))))?;
    if let Some((currency, amount)) = &fill.fee {
        books.move_cash(currency.clone(), amount.negated(), CashReason::Fee);
    }
    events.extend(books.finished());
    Ok((events, opened))
}

/// Books the legs of a trade; the lots that open though the trade closes, by leg, and nothing where there are none.
fn legs(
    group: &Group,
    books: &mut Books<'_>,
    fill: &Fill,
    terms: &Terms<'_>,
    mut raise: impl FnMut(ExceptionKind, String),
) -> Result<Vec<i64>, Overflow> {
    let order = fill.order.as_ref().and_then(|(id, _)| group.orders.get(id));
    let may_reduce_only = order.is_some_and(|own| own.terms.reduce_only);
    let mut opened = Vec::new();
    for leg in &fill.legs {
        // What has ended is no position: there is nothing to close or to increase.
        if books.house().settlements().ended(leg.contract).is_some() {
            opened.push(0);
            books.book(terms, leg)?;
            continue;
        }
        let other = books.holding(&fill.account, leg.contract).other_side(leg.lots);
        let beyond = leg.lots.saturating_abs().saturating_sub(other);
        // Of an order that may reduce only the item says that it increases.
        if terms.closes && beyond > 0 && !may_reduce_only {
            let number = leg.contract;
            let detail = format!("{} lots of contract {number} close {other}", leg.lots);
            raise(ExceptionKind::ClosesBeyond, detail);
        }
        let closed = if books.keeping(&fill.account) == Keeping::Net || terms.closes { other } else { 0 };
        if may_reduce_only && leg.lots.saturating_abs() > closed {
            let number = leg.contract;
            let detail = format!("{} lots of contract {number} where {closed} close", leg.lots);
            raise(ExceptionKind::FillIncreases, detail);
        }
        opened.push(if terms.closes { beyond.max(0) * leg.lots.signum() } else { 0 });
        books.book(terms, leg)?;
    }
    if opened.iter().all(|lots| *lots == 0) {
        opened.clear();
    }
    Ok(opened)
}

/// Whether the order that a trade fills closes the other side, as it was reserved.
fn is_ordered_to_close(group: &Group, fill: &Fill) -> bool {
    let order = fill.order.as_ref().and_then(|(id, _)| group.orders.get(id));
    order.is_some_and(|order| order.account == fill.account && order.terms.is_closing())
}

/// A trade as a reference.
pub(super) fn reference_of(trade: &TradeId) -> Reference {
    trade.renamed()
}

/// What a trade does to its order.
fn of_order(group: &Group, fill: &Fill, about: &impl Fn(String) -> About) -> Vec<Event> {
    let Some((id, part)) = &fill.order else { return Vec::new() };
    let Some(order) = group.orders.get(id) else {
        let kind = if group.has_closed(id) {
            ExceptionKind::FillAfterClose
        } else {
            ExceptionKind::FillWithoutOrder
        };
        return vec![raised(kind, about(format!("{} units", fill.units)))];
    };
    let judged = judging::judged(group, order, fill, *part);
    let mut events: Vec<Event> =
        judged.misfits.into_iter().map(|(kind, detail)| raised(kind, about(detail))).collect();
    if let Some(units) = judged.units {
        events.push(Event::OrderFilled(id.clone(), *part, units));
        let after = order.with_fill(*part, units);
        if after.is_filled() {
            events.push(Event::OrderClosed(id.clone()));
        }
        events.extend(linking::hit(group, &Hit { id, before: order, after: &after }));
    }
    events
}

/// Cancels a trade.
pub(super) fn bust(
    group: &Group,
    house: &HouseSnapshot,
    id: &TradeId,
    date: BusinessDate,
) -> Result<Vec<Event>, Overflow> {
    let Some(trade) = group.trades.get(id) else {
        let about = About { trade: Some(id.clone()), detail: format!("on {date}"), ..About::default() };
        // One that was never told is cancelled when it comes.
        let is_known = group.early_busts.contains_key(id);
        let awaited =
            || vec![raised(ExceptionKind::UnknownTrade, about), Event::BustAwaited(id.clone(), date)];
        return Ok(if is_known { Vec::new() } else { awaited() });
    };
    if let Some(transfer) = &trade.given_up {
        let detail = format!("given up as {transfer}");
        let about = About { trade: Some(id.clone()), detail, ..About::default() };
        return Ok(vec![raised(ExceptionKind::GivenUp, about)]);
    }
    if trade.is_busted {
        return Ok(Vec::new());
    }
    let busted = Trade { is_busted: true, ..trade.clone() };
    let kept = Event::TradeKept(id.clone(), Box::new(busted));
    let about = |detail: String| About { trade: Some(id.clone()), detail, ..About::default() };
    if let Some(own) = trade.suspense {
        return Ok(closed(group, id, own.kind(), "cancelled").chain([kept]).collect());
    }
    if suspended(house, &trade.legs).is_some() {
        return Ok(vec![raised(ExceptionKind::LateAfterExpiry, about(format!("cancelled on {date}"))), kept]);
    }
    if !group.position_accounts.contains_key(&trade.account) {
        let detail = format!("position account {}", trade.account);
        return Ok(vec![raised(ExceptionKind::UnknownAccount, about(detail))]);
    }
    let reference = reference_of(id);
    let mut books = Books::new(group, house);
    // In an account that keeps both sides the opposite of opening one is closing it.
    let terms = Terms {
        account: &trade.account,
        closes: !trade.closes,
        clearing: trade.clearing,
        due: trade.due,
        reference: &reference,
    };
    for (place, leg) in trade.legs.iter().enumerate() {
        let opened = trade.opened.get(place).copied().unwrap_or_default();
        if opened != 0 {
            let closing = Terms { closes: true, ..terms };
            books.book(&closing, &TradeLeg { lots: -opened, ..*leg })?;
        }
        if opened != leg.lots {
            books.book(&terms, &TradeLeg { lots: opened - leg.lots, ..*leg })?;
        }
    }
    if let Some((currency, amount)) = &trade.fee {
        books.move_cash(currency.clone(), *amount, CashReason::Correction);
    }
    let mut events = books.finished();
    events.push(kept);
    Ok(events)
}
