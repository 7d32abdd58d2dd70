//! The lowest that positions and working orders may come to that nothing prices or margins today.
//!
//! ```text
//! position, settled:   risk + add-on                       its gain since the last settlement counts where it is a loss
//! paid, long:          nothing, and its value is nothing
//! paid, short:         |value at the last mark| + risk + add-on
//! risk    = lots * the most that a lot required when it was margined last, of its side
//! add-on  = |value at the last mark| * the house's rate
//! orders: for every contract of a position account the worst of the corners of what buys and what sells, charged as above with what it
//!         costs: the price where it is paid, else the loss against the last mark, and the fee
//! ```
//!
//! A contract that has ended awaits its settlement price: it is charged with its risk, of what is held no more than its worth, without an add-on,
//! and valued at the lesser (held) or the greater (sold) of its last mark and its intrinsic value.
//!
//! No offset counts. Where a mark or a risk was never known, nothing bounds it.

use std::collections::BTreeMap;

use super::house::{Awaiting, HouseSnapshot, LastKnown};
use super::missing::{Missing, MissingKind};
use super::order::{OrderTerms, WorkingOrder};
use super::outcome::{Refusal, RefusalReason};
use super::position::Keeping;
use super::pricing::worst_price;
use super::state::Group;
use crate::contract::ContractId;
use crate::types::{AccountName, Currency, Money, OrderId, Overflow};

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

/// Working orders of a margin account that nothing prices or margins.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct UnpricedOrders {
    /// What they have to have at most, with what they cost.
    pub(super) charged: Amounts,
    /// Each of them.
    pub(super) missing: Vec<Missing>,
}

/// What orders may trade of a contract in a position account.
#[derive(Clone, Debug, Default)]
struct Traded {
    bought: i64,
    sold: i64,
    /// What that costs.
    costs: [Amounts; 2],
}

/// Gathers such orders.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    traded: BTreeMap<(AccountName, ContractId), Traded>,
    apart: Amounts,
    missing: Vec<Missing>,
}

impl Gathering {
    /// Takes an order, and why it is not priced.
    pub(super) fn add(
        &mut self,
        id: &OrderId,
        order: &WorkingOrder,
        house: &HouseSnapshot,
        why: &Refusal,
    ) -> Result<(), Overflow> {
        let mut is_bounded = self.add_terms(order, &order.terms, &|part| order.open(part), house)?;
        if let Some(terms) = &order.replacement {
            is_bounded &= self.add_terms(order, terms, &|part| order.open_replaced(part), house)?;
        }
        let kind =
            if why.reason == RefusalReason::NoPriceBand { MissingKind::Band } else { MissingKind::Order };
        self.missing.push(Missing {
            order: Some(id.clone()),
            account: Some(order.account.clone()),
            ..Missing::new(kind, why.detail.clone(), is_bounded)
        });
        Ok(())
    }

    /// Whether something bounds what it costs.
    fn add_terms(
        &mut self,
        order: &WorkingOrder,
        terms: &OrderTerms,
        open: &dyn Fn(usize) -> i64,
        house: &HouseSnapshot,
    ) -> Result<bool, Overflow> {
        let mut is_bounded = true;
        for part in 0..terms.parts() {
            let open = open(part);
            let is_single = terms.legs_of(part).len() == 1 && terms.net_price.is_none();
            for leg in terms.legs_of(part) {
                let lots = leg.lots.get().checked_mul(open).ok_or(Overflow)?;
                let cost = match terms.net_price {
                    None => leg_cost(terms, leg, lots, house)?,
                    Some(_) => Some(Amounts::new()),
                };
                is_bounded &= cost.is_some();
                let own = self.traded.entry((order.account.clone(), leg.contract)).or_default();
                let (sum, side) = if lots > 0 { (&mut own.bought, 0) } else { (&mut own.sold, 1) };
                *sum = sum.checked_add(lots).ok_or(Overflow)?;
                let costs = if is_single { &mut own.costs[side] } else { &mut self.apart };
                added(costs, &cost.unwrap_or_default())?;
            }
            if terms.net_price.is_some() {
                let cost = net_cost(terms, part, open, house)?;
                is_bounded &= cost.is_some();
                added(&mut self.apart, &cost.unwrap_or_default())?;
            }
            for (currency, fee) in terms.fees_of(part).filter(|(_, fee)| fee.is_positive()) {
                add(&mut self.apart, currency, fee.times_whole(open)?)?;
            }
        }
        Ok(is_bounded)
    }

    /// What they come to at worst.
    pub(super) fn finished(
        mut self,
        group: &Group,
        house: &HouseSnapshot,
        is_margined: impl Fn(ContractId) -> bool,
    ) -> Result<UnpricedOrders, Overflow> {
        let mut charged = self.apart;
        for ((account, contract), own) in &self.traded {
            // What is margined is in the requirement already: what is traded of it counts by itself.
            let is_net = group.position_accounts.get(account).is_some_and(|own| own.keeping == Keeping::Net);
            let counts = is_net && !is_margined(*contract);
            let held = if counts { group.holding(account, *contract).net() } else { 0 };
            match worst_corner(house, *contract, held, own)? {
                Some(extra) => added(&mut charged, &extra)?,
                None => self.missing.iter_mut().for_each(|own| own.is_bounded = false),
            }
        }
        Ok(UnpricedOrders { charged, missing: self.missing })
    }
}

/// What is charged more than without the orders, at the worst of what buys and what sells.
fn worst_corner(
    house: &HouseSnapshot,
    contract: ContractId,
    held: i64,
    own: &Traded,
) -> Result<Option<Amounts>, Overflow> {
    let base = charge(house, contract, held)?;
    let mut worst = Amounts::new();
    for (bought, sold) in [(true, false), (false, true), (true, true)] {
        let mut lots = held;
        let mut corner = Amounts::new();
        for (is_in, more, costs) in [(bought, own.bought, &own.costs[0]), (sold, own.sold, &own.costs[1])] {
            if is_in {
                lots = lots.checked_add(more).ok_or(Overflow)?;
                added(&mut corner, costs)?;
            }
        }
        // What makes a position smaller adds nothing to it, whether anything bounds it or not.
        let is_smaller = lots.signum() * held.signum() >= 0 && lots.unsigned_abs() <= held.unsigned_abs();
        let charged = charge(house, contract, lots)?;
        match (&base, charged) {
            (Some(base), Some(charged)) => {
                added(&mut corner, &charged)?;
                for (currency, amount) in base {
                    add(&mut corner, currency, amount.negated())?;
                }
            }
            (None, _) | (_, None) if is_smaller => {}
            (None, _) | (_, None) => return Ok(None),
        }
        for (currency, amount) in corner {
            let most = worst.entry(currency).or_default();
            *most = (*most).max(amount);
        }
    }
    Ok(Some(worst))
}

/// What lots of a leg cost at their worst price: the price where it is paid, else the loss against the last mark.
fn leg_cost(
    terms: &OrderTerms,
    leg: &super::order::OrderLeg,
    lots: i64,
    house: &HouseSnapshot,
) -> Result<Option<Amounts>, Overflow> {
    let (Some(price), Some(known)) = (worst_price(terms.kind, leg, house), house.known(leg.contract)) else {
        return Ok(None);
    };
    let paid = known.money_at(price, lots)?;
    let cost = if known.is_paid {
        paid
    } else {
        let Some(mark) = known.mark else { return Ok(None) };
        paid.minus(known.money_at(mark, lots)?)?
    };
    let mut amounts = Amounts::new();
    add(&mut amounts, &known.currency, cost.max(Money::ZERO))?;
    Ok(Some(amounts))
}

/// The same of units of a combination that is priced as one.
fn net_cost(
    terms: &OrderTerms,
    part: usize,
    open: i64,
    house: &HouseSnapshot,
) -> Result<Option<Amounts>, Overflow> {
    let legs = terms.legs_of(part);
    let (Some(net_price), Some(first)) = (terms.net_price, legs.first()) else { return Ok(None) };
    let Some(known) = house.known(first.contract) else { return Ok(None) };
    let mut cost = known.money_at(net_price, open)?;
    if !known.is_paid {
        for leg in legs {
            let Some((own, mark)) = house.known(leg.contract).and_then(|own| Some((own.clone(), own.mark?)))
            else {
                return Ok(None);
            };
            let lots = leg.lots.get().checked_mul(open).ok_or(Overflow)?;
            cost = cost.minus(own.money_at(mark, lots)?)?;
        }
    }
    let mut amounts = Amounts::new();
    add(&mut amounts, &known.currency, cost.max(Money::ZERO))?;
    Ok(Some(amounts))
}
