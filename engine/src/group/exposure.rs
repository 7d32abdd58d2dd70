//! The positions of a margin account, and what its working orders may add to them.

use std::collections::{BTreeMap, BTreeSet};

use super::house::{Awaiting, HouseSnapshot};
use super::limits::{self, Placed};
use super::netted::Netted;
use super::order::{OrderLeg, OrderTerms, WorkingOrder};
use super::outcome::{Refusal, RefusalReason};
use super::position::Keeping;
use super::pricing::{self, Unit};
use super::state::{Group, MarginTerms};
use super::unpriced::{self, Amounts, Gathering, UnpricedOrders};
use super::unwinding::unwinds;
use crate::contract::ContractId;
use crate::fills::{Linear, OpenFills, Places};
use crate::span::{Margining, UnmatchedReason};
use crate::types::{AccountName, Currency, Money, OrderId, Overflow};

/// A position that cannot be margined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unmargined {
    /// Its account.
    pub account: AccountName,
    /// The contract.
    pub contract: ContractId,
    /// Lots, long less short.
    pub lots: i64,
    /// Why.
    pub reason: UnmatchedReason,
    /// More, for a person; may be empty.
    pub detail: String,
    /// Whether it has ended and awaits its settlement price.
    pub is_awaiting: bool,
    /// What it has to have at most, by currency; `None` where nothing bounds it.
    pub charged: Option<Amounts>,
}

/// A position of a margin account.
pub(super) struct Position<'a> {
    pub(super) account: &'a AccountName,
    pub(super) contract: ContractId,
    /// Whether its account keeps one side: every fill closes first.
    pub(super) nets: bool,
    /// Whether it is to be delivered: no fill closes it.
    pub(super) is_delivery: bool,
    /// Lots that are margined apart, long positive.
    pub(super) sides: [i64; 2],
}

impl Position<'_> {
    /// The position as one that nothing margins, with what is charged for it instead.
    pub(super) fn unmargined(
        &self,
        house: &HouseSnapshot,
        reason: UnmatchedReason,
        detail: String,
    ) -> Result<Unmargined, Overflow> {
        let (account, lots) = (self.account.clone(), self.sides.iter().sum());
        let mut charged = Some(Amounts::new());
        for side in self.sides {
            charged = match (charged, unpriced::charge(house, self.contract, side)?) {
                (Some(mut sum), Some(more)) => {
                    for (currency, amount) in more {
                        let own = sum.entry(currency).or_default();
                        *own = own.plus(amount)?;
                    }
                    Some(sum)
                }
                (_, None) | (None, _) => None,
            };
        }
        let awaiting = house.awaiting(self.contract);
        let is_awaiting = awaiting.is_some();
        let detail = match awaiting {
            Some(Awaiting { intrinsic: Some(price) }) => format!("it would end at {price}"),
            Some(Awaiting { intrinsic: None }) => {
                "nothing but its last mark says what it would end at".to_owned()
            }
            None => detail,
        };
        Ok(Unmargined { account, contract: self.contract, lots, reason, detail, is_awaiting, charged })
    }
}

/// Whether the longs and shorts of a position account are margined apart.
pub(super) fn keeps_sides(margining: Margining, keeping: Keeping) -> bool {
    margining == Margining::GrossSides && keeping == Keeping::Gross
}

/// The positions that are netted as one, of sides apart where the terms say so, and what is to be delivered.
pub(super) fn positions<'a>(
    group: &'a Group,
    house: &HouseSnapshot,
    netted: &Netted,
    terms: &MarginTerms,
    margining: Margining,
) -> Vec<Position<'a>> {
    let mut positions = Vec::new();
    for (name, own) in netted.accounts(group) {
        for (contract, holding) in &own.holdings {
            let is_gross = keeps_sides(margining, own.keeping);
            let sides = if is_gross { [holding.long, -holding.short] } else { [holding.net(), 0] };
            if sides != [0, 0] {
                let nets = own.keeping == Keeping::Net;
                positions.push(Position {
                    account: name,
                    contract: *contract,
                    nets,
                    is_delivery: false,
                    sides,
                });
            }
        }
    }
    for own in group.deliveries.values() {
        // A contract that cannot be margined any more is charged with its whole price instead.
        if netted.has(group, &own.account) && house.margins(own.contract, terms) {
            positions.push(Position {
                account: &own.account,
                contract: own.contract,
                nets: false,
                is_delivery: true,
                sides: [own.lots, 0],
            });
        }
    }
    positions
}

/// Where an order trades, and whether it closes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) account: AccountName,
    /// Whether the account keeps one side.
    pub(super) nets: bool,
    /// Whether the order closes the other side in an account that keeps both.
    pub(super) closes: bool,
}

impl Place {
    /// Under some terms of an order.
    pub(super) fn of(group: &Group, order: &WorkingOrder, terms: &OrderTerms) -> Self {
        let own = group.position_accounts.get(&order.account);
        let nets = own.is_some_and(|own| own.keeping == Keeping::Net);
        Self { account: order.account.clone(), nets, closes: terms.is_closing() }
    }
}

/// What working orders may do.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) units: Vec<Unit>,
    /// Where each of them trades.
    pub(super) places: Vec<Place>,
    pub(super) open: OpenFills,
    /// Those that nothing prices.
    pub(super) unpriced: UnpricedOrders,
}

impl Orders {
    /// The most that leaves the collateral pool at any outcome, by currency.
    pub(super) fn outlay(&self) -> Result<Vec<(Currency, Money)>, Overflow> {
        let region = self.open.region();
        let currencies: BTreeSet<&Currency> = self.units.iter().flat_map(|unit| unit.outlay.keys()).collect();
        let all: Places = (0..self.units.len()).collect();
        let most = |currency: &Currency| {
            let mut outlay = Linear::nothing(&all);
            for (order, unit) in self.units.iter().enumerate() {
                outlay.add(Some(order), unit.outlay.get(currency).copied().unwrap_or_default())?;
            }
            Ok((currency.clone(), outlay.most(&self.open, &region)?))
        };
        currencies.into_iter().map(most).collect()
    }
}

/// An order that is looked at as if it worked: a new one, or one with a replacement.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) id: &'a OrderId,
    pub(super) order: &'a WorkingOrder,
}

/// The working orders of what is netted as one, with one more or one changed. Links bind those of one of them: what else is linked is
/// reserved beside it, as if it could fill as well.
pub(super) fn orders(
    group: &Group,
    house: &HouseSnapshot,
    netted: &Netted,
    trial: Option<Trial<'_>>,
) -> Result<Orders, Refusal> {
    let is_own = |order: &WorkingOrder| netted.has(group, &order.account);
    // In the order of their ids, whether one is on trial or works: the search goes the same way.
    let mut orders: BTreeMap<&OrderId, &WorkingOrder> =
        group.orders.iter().filter(|(_, order)| is_own(order)).collect();
    if let Some(trial) = trial {
        orders.insert(trial.id, trial.order);
    }
    // An account of a group is margined by something.
    let Some(by) = group.margin_accounts.get(&netted.margin_account) else { return Ok(Orders::default()) };
    let lack = house.lacks(by).map(|lack| lack.refusal());
    let (mut units, mut places, mut open, mut placed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut unpriced = Gathering::default();
    for (id, order) in orders {
        let lives = pricing::lives(&order.terms.legs, house);
        let priced = lives.and_then(|()| lack.clone().map_or_else(|| priced(order, house, by), Err));
        let [own, other] = match priced {
            Ok(priced) => priced,
            Err(refusal) => {
                // What works already holds nothing up, and what makes a position smaller is welcome.
                let has_ended = has_ended(&refusal);
                let is_new = trial.is_some_and(|trial| trial.id == id);
                let is_refused = is_new && (has_ended || !unwinds(group, id, order));
                if is_refused || refusal.reason == RefusalReason::TooLarge {
                    return Err(refusal);
                }
                let is_priced =
                    |terms: &OrderTerms, leg: &OrderLeg| pricing::is_priced(terms, leg, house, by);
                unpriced.add((id, order), house, &refusal, is_priced)?;
                match pricing::priced_legs(order, house, by)? {
                    Some(legs) => legs,
                    None => continue,
                }
            }
        };
        let mut place = |more: Vec<Unit>, terms: &OrderTerms, of: &dyn Fn(usize) -> i64| -> Vec<usize> {
            let first = units.len();
            places.extend(more.iter().map(|_| Place::of(group, order, terms)));
            open.extend((0..more.len()).map(of));
            units.extend(more);
            (first..units.len()).collect()
        };
        let own = place(own, &order.terms, &|part| order.open(part));
        let replaced = order.replacement.as_ref().unwrap_or(&order.terms);
        let other = place(other, replaced, &|part| order.open_replaced(part));
        placed.push(Placed { order, own, other });
    }
    let links = limits::links(group, &placed, &mut open);
    let unpriced = unpriced.finished(group, house, by)?;
    Ok(Orders { units, places, open: OpenFills::new(open, links), unpriced })
}

/// Whether it is refused because a contract has ended: nothing is the way out of it but its settlement.
fn has_ended(refusal: &Refusal) -> bool {
    matches!(refusal.reason, RefusalReason::AwaitingSettlement | RefusalReason::ContractEnded)
}

/// The units of an order and of its replacement.
fn priced(order: &WorkingOrder, house: &HouseSnapshot, by: &MarginTerms) -> Result<[Vec<Unit>; 2], Refusal> {
    let replacement = order.replacement.as_ref().map(|terms| pricing::units(terms, house, by));
    Ok([pricing::units(&order.terms, house, by)?, replacement.transpose()?.unwrap_or_default()])
}
