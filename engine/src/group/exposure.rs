//! The positions of a margin account, and what its working orders may add to them.

use std::collections::{BTreeMap, BTreeSet};

use super::house::HouseSnapshot;
use super::limits::{self, Placed};
use super::order::{OrderTerms, WorkingOrder};
use super::outcome::Refusal;
use super::position::Keeping;
use super::pricing::{self, Unit};
use super::state::{Group, MarginTerms};
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
}

/// A position of a margin account.
pub(super) struct Position<'a> {
    account: &'a AccountName,
    pub(super) contract: ContractId,
    /// Lots that are margined apart, long positive.
    pub(super) sides: [i64; 2],
}

impl Position<'_> {
    pub(super) fn unmargined(&self, reason: UnmatchedReason, detail: String) -> Unmargined {
        let (account, lots) = (self.account.clone(), self.sides.iter().sum());
        Unmargined { account, contract: self.contract, lots, reason, detail }
    }
}

/// The positions of a margin account, netted or not as it says, and what it has to deliver.
pub(super) fn positions<'a>(
    group: &'a Group,
    house: &HouseSnapshot,
    account: &AccountName,
    terms: &MarginTerms,
    margining: Margining,
) -> Vec<Position<'a>> {
    let mut positions = Vec::new();
    for (name, own) in group.position_accounts.iter().filter(|(_, own)| own.margin_account == *account) {
        for (contract, holding) in &own.holdings {
            let is_gross = margining == Margining::Gross && own.keeping == Keeping::Gross;
            let sides = if is_gross { [holding.long, -holding.short] } else { [holding.net(), 0] };
            if sides != [0, 0] {
                positions.push(Position { account: name, contract: *contract, sides });
            }
        }
    }
    for own in group.deliveries.values() {
        let of = group.position_accounts.get(&own.account);
        // A contract that cannot be margined any more is charged with its whole price instead.
        if of.is_some_and(|of| of.margin_account == *account) && house.margins(own.contract, terms) {
            let sides = [own.lots, 0];
            positions.push(Position { account: &own.account, contract: own.contract, sides });
        }
    }
    positions
}

/// What working orders may do.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) units: Vec<Unit>,
    pub(super) open: OpenFills,
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

impl Trial<'_> {
    /// Whether it is an order of a margin account.
    pub(super) fn is_of(&self, group: &Group, margin_account: &AccountName) -> bool {
        let own = group.position_accounts.get(&self.order.account);
        own.is_some_and(|own| own.margin_account == *margin_account)
    }
}

/// The working orders of a margin account, with one more or one changed.
pub(super) fn orders(
    group: &Group,
    house: &HouseSnapshot,
    account: &AccountName,
    trial: Option<Trial<'_>>,
) -> Result<Orders, Refusal> {
    let is_own = |order: &WorkingOrder| {
        group.position_accounts.get(&order.account).is_some_and(|own| own.margin_account == *account)
    };
    // In the order of their ids, whether one is on trial or works: the search goes the same way.
    let mut orders: BTreeMap<&OrderId, &WorkingOrder> =
        group.orders.iter().filter(|(_, order)| is_own(order)).collect();
    if let Some(trial) = trial {
        orders.insert(trial.id, trial.order);
    }
    // An account of a group is margined by something.
    let Some(by) = group.margin_accounts.get(account) else { return Ok(Orders::default()) };
    let (mut units, mut open, mut placed) = (Vec::new(), Vec::new(), Vec::new());
    for order in orders.into_values() {
        let mut place = |terms: &OrderTerms, of: &dyn Fn(usize) -> i64| -> Result<Vec<usize>, Refusal> {
            let first = units.len();
            units.extend(pricing::units(terms, house, by)?);
            open.extend((0..units.len() - first).map(of));
            Ok((first..units.len()).collect())
        };
        let own = place(&order.terms, &|part| order.open(part))?;
        let other = match &order.replacement {
            Some(terms) => place(terms, &|part| order.open_replaced(part))?,
            None => Vec::new(),
        };
        placed.push(Placed { order, own, other });
    }
    let links = limits::links(group, &placed, &mut open);
    Ok(Orders { units, open: OpenFills::new(open, links) })
}
