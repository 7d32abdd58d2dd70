//! What ends: contracts that expire in a run, options exercised and assigned, deliveries.
//!
//! ```text
//! expiry:      cash  += value(v, long - short)                     in cash at v points (a future's last variation: less its basis)
//!              a trade of (long - short) * n lots at a price       into another contract
//!              cash  -= value(v, long - short), once it is done    by delivery, margined until then
//! ```

use super::clearing::Clearing;
use super::command::{Becomes, Exercise, Expiry, SettlementRun};
use super::event::{CashReason, Event};
use super::exception::{About, ExceptionKind};
use super::house::{HouseSnapshot, KnownContract};
use super::position::{Delivery, Holding, TradeLeg, Unsettled};
use super::state::Group;
use super::trading::{Books, Terms, raised};
use crate::contract::ContractId;
use crate::types::{AccountName, Money, Overflow, Reference};

/// Ends a position.
pub(super) fn expire(
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
    let ended =
        Ended { reference: &run.id, clearing: run.clearing(), account, contract: expiry.contract, lots };
    // Its value in cash may have been amended since the house heard of the run.
    let becomes = match (&expiry.becomes, books.house().settlements().ended(expiry.contract)) {
        (Becomes::Cash(_), Some(amended @ Becomes::Cash(_))) => amended,
        (own, _) => own,
    };
    let Some(own) = books.priced(&ended, becomes) else { return Ok(()) };
    // What is not paid for is settled to its last price; an option that becomes something else ends at nothing.
    let last = match becomes {
        Becomes::Cash(points) => own.money_at(*points, lots)?,
        Becomes::Delivery(points) if !own.is_option => own.money_at(*points, lots)?,
        Becomes::Contract(..) if !own.is_option => match books.settlement(expiry.contract) {
            Some(settled) if run.clearing() <= settled.clearing => own.money_at(settled.price, lots)?,
            // The run says no last price of it, which is an item: it ends with a correction that does.
            Some(_) | None => return Ok(()),
        },
        Becomes::Contract(..) | Becomes::Delivery(_) => Money::ZERO,
    };
    if !own.is_paid {
        let currency = own.currency.clone();
        books.move_cash(currency, last.minus(holding.basis)?, CashReason::Variation);
    }
    books.change(account, expiry.contract, Holding::default());
    if let Becomes::Cash(points) = becomes {
        books.pay_out(expiry.contract, lots, *points)?;
    }
    ended.become_of(becomes, &own, books)
}

/// Lots (long positive) that end.
struct Ended<'a> {
    reference: &'a Reference,
    clearing: Clearing,
    account: &'a AccountName,
    contract: ContractId,
    lots: i64,
}

impl Books<'_> {
    /// What the house knows of a contract that ends, and of what it becomes; else an item is raised.
    fn priced(&mut self, ended: &Ended<'_>, becomes: &Becomes) -> Option<KnownContract> {
        let own = self.house().known(ended.contract).filter(|_| match becomes {
            Becomes::Contract(other, ..) => self.house().known(*other).is_some(),
            Becomes::Cash(_) | Becomes::Delivery(_) => true,
        });
        if own.is_none() {
            let detail = format!("{} lots of contract {} in {}", ended.lots, ended.contract, ended.account);
            let about = About { reference: Some(ended.reference.clone()), detail, ..About::default() };
            self.events.push(raised(ExceptionKind::NotPriced, about));
        }
        own
    }
}

impl Ended<'_> {
    /// What takes the place of the lots.
    fn become_of(
        &self,
        becomes: &Becomes,
        own: &KnownContract,
        books: &mut Books<'_>,
    ) -> Result<(), Overflow> {
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
                let Self { reference, clearing, account, .. } = *self;
                let terms = Terms { account, closes: false, clearing, due: clearing.date, reference };
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

/// Why nothing of an exercise can be booked today: told again, it may be.
pub(super) fn unbookable(
    group: &Group,
    house: &HouseSnapshot,
    own: &Exercise,
) -> Option<(ExceptionKind, String)> {
    let Exercise { account, contract, lots, becomes, .. } = own;
    if !group.position_accounts.contains_key(account) {
        return Some((ExceptionKind::UnknownAccount, format!("position account {account}")));
    }
    let is_lacking = |contract: ContractId| house.known(contract).is_none();
    let lacking = match becomes {
        _ if group.holding(account, *contract).on_side(lots.is_short()) == 0 => false,
        Becomes::Contract(other, ..) => is_lacking(*contract) || is_lacking(*other),
        Becomes::Cash(_) | Becomes::Delivery(_) => is_lacking(*contract),
    };
    let detail = || format!("{lots} lots of contract {contract} in {account}");
    lacking.then(|| (ExceptionKind::NotPriced, detail()))
}

/// Exercises long lots or assigns short ones: what ends is settled at once, less its part of the basis.
pub(super) fn exercise(group: &Group, house: &HouseSnapshot, own: &Exercise) -> Result<Vec<Event>, Overflow> {
    let Exercise { id, date, account, contract, lots, becomes } = own;
    let about = |detail: String| About { reference: Some(id.clone()), detail, ..About::default() };
    let mut books = Books::new(group, house);
    let mut holding = books.holding(account, *contract);
    let held = holding.on_side(lots.is_short());
    let wanted = lots.magnitude().get();
    let size = wanted.min(held);
    if size < wanted {
        let detail = format!("{lots} lots of contract {contract} in {account}, {size} are held");
        books.events.push(raised(ExceptionKind::BeyondPosition, about(detail)));
    }
    let signed = if lots.is_short() { -size } else { size };
    let clearing = Clearing { date: *date, cycle: 0 };
    let ended = Ended { reference: id, clearing, account, contract: *contract, lots: signed };
    let listed = if size > 0 { books.priced(&ended, becomes) } else { None };
    if let Some(listed) = listed {
        if !listed.is_paid {
            // The option has had its last variation: to its value, to nothing where it becomes something else.
            let last = match becomes {
                Becomes::Cash(points) => listed.money_at(*points, signed)?,
                Becomes::Contract(..) | Becomes::Delivery(_) => Money::ZERO,
            };
            let settlement = books.settlement(*contract);
            let share = match (holding.share(signed)?, settlement) {
                (Some(share), _) => share,
                (None, Some(settled)) => listed.money_at(settled.price, signed)?,
                (None, None) => last,
            };
            books.move_cash(listed.currency.clone(), last.minus(share)?, CashReason::Exercise);
            if settlement.is_some_and(|settled| clearing <= settled.clearing) {
                holding.basis = holding.basis.minus(share)?;
            } else {
                holding.add(clearing, Unsettled { lots: -signed, basis: share.negated() })?;
            }
        }
        let side = if lots.is_short() { &mut holding.short } else { &mut holding.long };
        *side -= size;
        books.change(account, *contract, holding);
        ended.become_of(becomes, &listed, &mut books)?;
    }
    Ok(books.finished())
}

/// A delivery is done: its money moves.
pub(super) fn delivered(group: &Group, number: u64) -> Vec<Event> {
    // Numbers are given in order: what had one and is not open is done.
    if (1..group.next_delivery).contains(&number) && !group.deliveries.contains_key(&number) {
        return Vec::new();
    }
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
