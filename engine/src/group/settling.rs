//! Settlement runs.
//!
//! A run is applied to a group once, in the order of cycles, and varies what clears in its cycle or before. With `P` its price of a
//! contract, and `long`, `short` and `basis` without what clears later:
//!
//! ```text
//! variation:   cash  += value(P, long - short) - basis,   basis = value(P, long - short)
//! premiums:    cash  += what is due by the run's date
//! ```
//!
//! A correction varies the same at its own price. What a later run has settled since it leaves alone: with `S` settled first, `S'` the
//! price that is right and `P` the later one, `(S' - S)` and `(P - S') - (P - S)` come to nothing.

use std::sync::Arc;

use super::clearing::{Clearing, Misplaced, Settlement};
use super::command::{Becomes, Expiry, SettlementRun};
use super::ending::expire;
use super::event::{CashReason, Event};
use super::exception::{About, ExceptionKind};
use super::house::HouseSnapshot;
use super::position::{Holding, Unsettled};
use super::state::Group;
use super::trading::{Books, raised};
use crate::contract::ContractId;
use crate::types::{AccountName, Overflow};

/// Why a run books nothing. A run that was in order when the house heard of it is in order for a group that could not apply it then,
/// whatever that group has settled since: what ended in it ends here too.
pub(super) fn misplaced(house: &HouseSnapshot, run: &SettlementRun) -> Option<(ExceptionKind, String)> {
    let clearing = run.clearing();
    Some(match house.settlements().misplaced(run)? {
        Misplaced::After(last) => {
            (ExceptionKind::RunOutOfOrder, format!("{clearing} is settled after {last}"))
        }
        Misplaced::NothingToCorrect => {
            let corrected = run.corrects.as_ref().map_or("", |own| own.as_str());
            (ExceptionKind::UnknownRun, format!("{clearing} has no run {corrected} to correct"))
        }
    })
}

/// Applies a run.
pub(super) fn settle(
    group: &Group,
    house: &HouseSnapshot,
    run: &Arc<SettlementRun>,
) -> Result<Vec<Event>, Overflow> {
    let mut books = Books::new(group, house);
    books.run = Some(run);
    for (account, own) in &group.position_accounts {
        for (contract, holding) in &own.holdings {
            Varied { house, run, account, contract: *contract }.vary(holding, &mut books)?;
        }
    }
    if run.corrects.is_none() {
        for payable in group.payables.iter().filter(|own| own.due <= run.date) {
            books.events.push(Event::PayableRemoved(payable.clone()));
            books.move_cash(payable.currency.clone(), payable.amount, CashReason::Premium);
        }
    }
    // What expires into another contract is traded at the run's date, behind its own settlement.
    for expiry in &run.expiries {
        if run.corrects.is_some() && amend(group, house, run, expiry, &mut books)? {
            continue;
        }
        for account in group.position_accounts.keys() {
            expire(run, account, expiry, &mut books)?;
        }
    }
    let mut events = books.finished();
    if run.corrects.is_none() {
        events.push(Event::Settled(run.id.clone(), run.clearing()));
    }
    Ok(events)
}

/// A position that a run varies. A correction settles what the run that it corrects could not settle in the group, too.
struct Varied<'a> {
    house: &'a HouseSnapshot,
    run: &'a SettlementRun,
    account: &'a AccountName,
    contract: ContractId,
}

impl Varied<'_> {
    fn vary(&self, holding: &Holding, books: &mut Books<'_>) -> Result<(), Overflow> {
        let Self { house, run, contract, .. } = *self;
        let clearing = Some(run.clearing());
        let until = holding.until(clearing)?;
        // What clears later is no business of this run, and what a later one has settled it leaves alone.
        let is_later = |last: Clearing| last > run.clearing();
        let last = house.settlements().settlement(contract);
        // Parts that add up to nothing are settled too: one of them may be cancelled later.
        let is_nothing = until == Unsettled::default();
        let has_parts = holding.unsettled.keys().any(|own| *own <= run.clearing());
        if (is_nothing && !has_parts) || last.is_some_and(|own| is_later(own.clearing)) {
            return Ok(());
        }
        let Some(own) = house.known(contract) else {
            self.raise(ExceptionKind::NotPriced, until, books);
            return Ok(());
        };
        if own.is_paid {
            return Ok(());
        }
        let Some(price) = run.prices.get(&contract) else {
            // What ends says its last price, but a future that becomes another contract.
            let says_last = |becomes: &Becomes| match becomes {
                Becomes::Cash(_) | Becomes::Delivery(_) => true,
                Becomes::Contract(..) => own.is_option,
            };
            let mut expiries = run.expiries.iter();
            let has_last = expiries.any(|own| own.contract == contract && says_last(&own.becomes));
            if !has_last && !is_nothing && run.corrects.is_none() {
                self.raise(ExceptionKind::NoSettlementPrice, until, books);
            }
            return Ok(());
        };
        // Of its cycle another run may have said more since the house heard of this one.
        let is_same = |own: &Settlement| own.clearing == run.clearing();
        let price = last.filter(is_same).map_or(*price, |own| own.price);
        let worth = own.money_at(price, until.lots)?;
        let reason = if run.corrects.is_none() { CashReason::Variation } else { CashReason::Correction };
        books.move_cash(own.currency.clone(), worth.minus(until.basis)?, reason);
        books.change(self.account, contract, holding.clone().settled(clearing, worth)?);
        Ok(())
    }

    fn raise(&self, kind: ExceptionKind, until: Unsettled, books: &mut Books<'_>) {
        let (lots, contract) = (until.lots, self.contract);
        let detail = format!("{lots} lots of contract {contract} in {}", self.account);
        let about = About { reference: Some(self.run.id.clone()), detail, ..About::default() };
        books.events.push(raised(kind, about));
    }
}

/// Corrects what became of a contract that has ended: the difference of what its lots were paid out at. Whether it had ended here.
fn amend(
    group: &Group,
    house: &HouseSnapshot,
    run: &SettlementRun,
    expiry: &Expiry,
    books: &mut Books<'_>,
) -> Result<bool, Overflow> {
    let contract = expiry.contract;
    let is_delivered = group.deliveries.values().any(|own| own.contract == contract);
    let paid_out = group.paid_out.get(&contract);
    let amended = match (&expiry.becomes, paid_out, house.known(contract)) {
        (Becomes::Cash(points), Some(paid_out), Some(own)) => Some((*points, *paid_out, own)),
        _ => None,
    };
    if let Some((points, before, own)) = amended {
        let worth = own.money_at(points, before.lots)?;
        let difference = worth.minus(own.money_at(before.points, before.lots)?)?;
        books.move_cash(own.currency, difference, CashReason::Correction);
        books.pay_out(contract, 0, points)?;
        return Ok(true);
    }
    let has_ended = paid_out.is_some() || is_delivered;
    if has_ended {
        let detail = format!("contract {contract}: what it became is not corrected");
        let about = About { reference: Some(run.id.clone()), detail, ..About::default() };
        books.events.push(raised(ExceptionKind::UnknownRun, about));
    }
    Ok(has_ended)
}
