//! The lowest that positions and working orders may come to that nothing prices or margins today.
//!
//! ```text
//! position, settled:   risk + add-on                       its gain since the last settlement counts where it is a loss
//! paid, long:          nothing, and its value is nothing
//! paid, short:         |value at the last mark| + risk + add-on
//! risk    = lots * the most that a lot required when it was margined last, of its side
//! add-on  = |value at the last mark| * the house's rate
//! ```
//!
//! What working orders come to is in [`orders`].
//!
//! A contract that has ended awaits its settlement price: it is charged with its risk, of what is held no more than its worth, without an add-on,
//! and valued at the lesser (held) or the greater (sold) of its last mark and its intrinsic value.
//!
//! No offset counts. Where a mark or a risk was never known, nothing bounds it.

mod orders;

use std::collections::BTreeMap;

use super::house::{Awaiting, HouseSnapshot, LastKnown};
use super::state::Group;
use crate::contract::ContractId;
use crate::types::{Currency, Money, Overflow};
pub(super) use orders::{Gathering, UnpricedOrders};

/// Amounts by currency.
pub(super) type Amounts = BTreeMap<Currency, Money>;

fn add(sum: &mut Amounts, currency: &Currency, amount: Money) -> Result<(), Overflow> {
    if !amount.is_zero() {
        let own = sum.entry(currency.clone()).or_default();
        *own = own.plus(amount)?;
    }
    Ok(())
}

fn added(sum: &mut Amounts, more: &Amounts) -> Result<(), Overflow> {
    more.iter().try_for_each(|(currency, amount)| add(sum, currency, *amount))
}

/// What lots of a contract have to have; `None` where nothing bounds it.
pub(super) fn charge(
    house: &HouseSnapshot,
    contract: ContractId,
    lots: i64,
) -> Result<Option<Amounts>, Overflow> {
    let mut charged = Amounts::new();
    if lots == 0 {
        return Ok(Some(charged));
    }
    let Some(known) = house.last_known(contract) else { return Ok(None) };
    let own = &known.contract;
    if let Some(awaiting) = house.awaiting(contract) {
        return awaited_charge(&known, awaiting, lots);
    }
    if own.is_paid && lots > 0 {
        return Ok(Some(charged));
    }
    let Some(mark) = own.mark.filter(|_| !known.risk.is_empty()) else { return Ok(None) };
    for risk in &known.risk {
        let of_lot = if lots > 0 { risk.long } else { risk.short };
        add(&mut charged, &risk.currency, of_lot.times_whole(lots)?.magnitude())?;
    }
    let value = own.money_at(mark, lots)?.magnitude();
    add(&mut charged, &own.currency, value.times_ratio_half_away(house.unpriced_add_on())?)?;
    if own.is_paid {
        add(&mut charged, &own.currency, value)?;
    }
    Ok(Some(charged))
}

/// What lots of a contract that awaits its settlement price have to have.
fn awaited_charge(known: &LastKnown, awaiting: Awaiting, lots: i64) -> Result<Option<Amounts>, Overflow> {
    let own = &known.contract;
    let is_held_option = own.is_paid && lots > 0;
    let Some(price) = awaiting.price(own.mark, lots > 0) else {
        return Ok(is_held_option.then(Amounts::new));
    };
    let value = own.money_at(price, lots)?.magnitude();
    let mut charged = Amounts::new();
    if known.risk.is_empty() {
        if !is_held_option {
            return Ok(None);
        }
        add(&mut charged, &own.currency, value)?;
    }
    for risk in &known.risk {
        let of_lot = if lots > 0 { risk.long } else { risk.short };
        let amount = of_lot.times_whole(lots)?.magnitude();
        // What is held and paid for loses no more than it is worth.
        let is_capped = is_held_option && risk.currency == own.currency;
        add(&mut charged, &risk.currency, if is_capped { amount.min(value) } else { amount })?;
    }
    if own.is_paid && lots < 0 {
        add(&mut charged, &own.currency, value)?;
    }
    Ok(Some(charged))
}

/// What positions that await their settlement price are worth, in a currency.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Awaited {
    /// Of contracts that are paid in full.
    pub(super) paid: Money,
    /// That, and gains since the last settlement.
    pub(super) withheld: Money,
}

/// The same of a group, by currency.
pub(super) fn awaited(group: &Group, house: &HouseSnapshot) -> Result<BTreeMap<Currency, Awaited>, Overflow> {
    let mut worth: BTreeMap<Currency, Awaited> = BTreeMap::new();
    for (contract, holding) in group.position_accounts.values().flat_map(|own| &own.holdings) {
        let (contract, lots) = (*contract, holding.net());
        let Some(awaiting) = house.awaiting(contract).filter(|_| lots != 0) else { continue };
        let Some(own) = house.known(contract) else { continue };
        let Some(price) = awaiting.price(own.mark, lots > 0) else { continue };
        let value = own.money_at(price, lots)?;
        let sum = worth.entry(own.currency.clone()).or_default();
        if own.is_paid {
            sum.paid = sum.paid.plus(value.max(Money::ZERO))?;
        }
        let gain = if own.is_paid { value } else { value.minus(holding.basis)? };
        sum.withheld = sum.withheld.plus(gain.max(Money::ZERO))?;
    }
    Ok(worth)
}
