//! Settlement runs, exercise and assignment, deliveries.
//!
//! A run is applied to a group once. With `P` the run's price of a contract:
//!
//! ```text
//! variation:   cash  += value(P, long - short) - basis,   basis = value(P, long - short)
//! premiums:    cash  += what is due by the run's date
//! expiry:      cash  += value(v, long - short)                     in cash at v points (a future's last variation: less its basis)
//!              a trade of (long - short) * n lots at a price       into another contract
//!              cash  -= value(v, long - short), once it is done    by delivery, margined until then
//! ```

use std::sync::Arc;

use super::command::{Becomes, Exercise, Expiry, SettlementRun};
use super::event::{CashReason, Event};
use super::exception::{About, ExceptionKind};
use super::house::{HouseSnapshot, ListedContract};
use super::position::{Delivery, Holding, TradeLeg};
use super::state::Group;
use super::trading::{Books, Terms, raised};
use crate::contract::ContractId;
use crate::types::{AccountName, BusinessDate, Money, Overflow, Reference};

/// Applies a run.
pub(super) fn settle(
    group: &Group,
    house: &HouseSnapshot,
    run: &Arc<SettlementRun>,
) -> Result<Vec<Event>, Overflow> {
    let mut books = Books::new(group, house);
    books.run = Some(run);
    for (account, own) in &group.position_accounts {
        for contract in own.holdings.keys() {
            vary(house, run, account, *contract, &mut books)?;
        }
    }
    for payable in group.payables.iter().filter(|own| own.due <= run.date) {
        books.events.push(Event::PayableRemoved(payable.clone()));
        books.move_cash(payable.currency.clone(), payable.amount, CashReason::Premium);
    }
    // What expires into another contract is traded at the run's date, behind its own settlement.
    for expiry in &run.expiries {
        for account in group.position_accounts.keys() {
            expire(run, account, expiry, &mut books)?;
        }
    }
    let mut events = books.finished();
    events.push(Event::Settled(Arc::clone(run)));
    Ok(events)
}

/// Settles the variation of a position.
fn vary(
    house: &HouseSnapshot,
    run: &SettlementRun,
    account: &AccountName,
    contract: ContractId,
    books: &mut Books<'_>,
) -> Result<(), Overflow> {
    let holding = books.holding(account, contract);
    let about = || About {
        reference: Some(run.id.clone()),
        detail: format!("{} lots of contract {} in {account}", holding.net(), contract.number()),
        ..About::default()
    };
    let Some(own) = house.contract(contract).filter(|own| own.money.is_some()) else {
        books.events.push(raised(ExceptionKind::NotPriced, about()));
        return Ok(());
    };
    if own.is_paid {
        return Ok(());
    }
    let Some(price) = run.prices.get(&contract) else {
        let has_last = run
            .expiries
            .iter()
            .any(|own| own.contract == contract && matches!(own.becomes, Becomes::Cash(_)));
        if !has_last {
            books.events.push(raised(ExceptionKind::NoSettlementPrice, about()));
        }
        return Ok(());
    };
    let basis = own.money_at(*price, holding.net())?;
    books.move_cash(own.currency.clone(), basis.minus(holding.basis)?, CashReason::Variation);
    books.change(account, contract, Holding { basis, ..holding });
    Ok(())
}

/// Ends a position.
fn expire(
    run: &SettlementRun,
    account: &AccountName,
    expiry: &Expiry,
    books: &mut Books<'_>,
) -> Result<(), Overflow> {
    let holding = books.holding(account, expiry.contract);
    if holding.is_nothing() {
        return Ok(());
    }
    let lots = holding.net();
    let ended = Ended { reference: &run.id, date: run.date, account, contract: expiry.contract, lots };
    let Some(own) = books.priced(&ended) else { return Ok(()) };
    // What is not paid for is settled to its last price; an option that becomes something else ends at nothing.
    let last = match &expiry.becomes {
        Becomes::Cash(points) => own.money_at(*points, lots)?,
        Becomes::Delivery(points) if !own.is_option => own.money_at(*points, lots)?,
        Becomes::Contract(..) | Becomes::Delivery(_) => Money::ZERO,
    };
    if !own.is_paid {
        let currency = own.currency.clone();
        books.move_cash(currency, last.minus(holding.basis)?, CashReason::Variation);
    }
    books.change(account, expiry.contract, Holding::default());
    ended.become_of(&expiry.becomes, books)
}

/// Lots (long positive) that end.
struct Ended<'a> {
    reference: &'a Reference,
    date: BusinessDate,
    account: &'a AccountName,
    contract: ContractId,
    lots: i64,
}

impl<'a> Books<'a> {
    /// What the active set has of a contract that ends; else an item is raised.
    fn priced(&mut self, ended: &Ended<'_>) -> Option<&'a ListedContract> {
        let own = self.house().contract(ended.contract).filter(|own| own.money.is_some());
        if own.is_none() {
            let detail =
                format!("{} lots of contract {} in {}", ended.lots, ended.contract.number(), ended.account);
            let about = About { reference: Some(ended.reference.clone()), detail, ..About::default() };
            self.events.push(raised(ExceptionKind::NotPriced, about));
        }
        own
    }
}

impl Ended<'_> {
    /// What takes the place of the lots.
    fn become_of(&self, becomes: &Becomes, books: &mut Books<'_>) -> Result<(), Overflow> {
        let Some(own) = books.priced(self) else { return Ok(()) };
        match becomes {
            Becomes::Cash(points) if own.is_paid => {
                books.move_cash(
                    own.currency.clone(),
                    own.money_at(*points, self.lots)?,
                    CashReason::Exercise,
                );
            }
            Becomes::Cash(_) => {}
            Becomes::Contract(other, each, price) => {
                let lots = self.lots.checked_mul(each.get()).ok_or(Overflow)?;
                let Self { reference, date, account, .. } = *self;
                let terms = Terms { account, closes: false, date, due: date, reference };
                if lots != 0 {
                    books.book(&terms, &TradeLeg { contract: *other, lots, price: *price })?;
                }
            }
            Becomes::Delivery(points) if self.lots != 0 => {
                books.events.push(Event::DeliveryOpened(Delivery {
                    account: self.account.clone(),
                    contract: self.contract,
                    lots: self.lots,
                    currency: own.currency.clone(),
                    amount: own.money_at(*points, self.lots)?.negated(),
                }));
            }
            Becomes::Delivery(_) => {}
        }
        Ok(())
    }
}

/// Exercises long lots or assigns short ones. What is not paid for stays in the basis until the next run.
pub(super) fn exercise(group: &Group, house: &HouseSnapshot, own: &Exercise) -> Result<Vec<Event>, Overflow> {
    let Exercise { id, date, account, contract, lots, becomes } = own;
    let about = |detail: String| About { reference: Some(id.clone()), detail, ..About::default() };
    if !group.position_accounts.contains_key(account) {
        let detail = format!("position account {account}");
        return Ok(vec![raised(ExceptionKind::UnknownAccount, about(detail))]);
    }
    let mut books = Books::new(group, house);
    let mut holding = books.holding(account, *contract);
    let side = if lots.is_short() { &mut holding.short } else { &mut holding.long };
    let wanted = lots.magnitude().get();
    let size = wanted.min(*side);
    *side -= size;
    if size < wanted {
        let detail = format!("{lots} lots of contract {} in {account}, {size} are held", contract.number());
        books.events.push(raised(ExceptionKind::BeyondPosition, about(detail)));
    }
    let signed = if lots.is_short() { -size } else { size };
    let ended = Ended { reference: id, date: *date, account, contract: *contract, lots: signed };
    let listed = if size > 0 { books.priced(&ended) } else { None };
    if let Some(listed) = listed {
        if let (Becomes::Cash(points), false) = (becomes, listed.is_paid) {
            holding.basis = holding.basis.minus(listed.money_at(*points, signed)?)?;
        }
        books.change(account, *contract, holding);
        ended.become_of(becomes, &mut books)?;
    }
    Ok(books.finished())
}

/// A delivery is done: its money moves.
pub(super) fn delivered(group: &Group, number: u64) -> Vec<Event> {
    let Some(own) = group.deliveries.get(&number) else {
        let about = About { detail: format!("delivery {number}"), ..About::default() };
        return vec![raised(ExceptionKind::UnknownDelivery, about)];
    };
    let mut events = vec![Event::DeliveryClosed(number)];
    if !own.amount.is_zero() {
        events.push(Event::CashMoved(own.currency.clone(), own.amount, CashReason::Delivery));
    }
    events
}
