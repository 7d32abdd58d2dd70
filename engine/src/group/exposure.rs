//! The positions of a margin account, and what its working orders may add to them.

use std::collections::{BTreeMap, BTreeSet};

use super::house::HouseSnapshot;
use super::order::{LinkRule, OrderTerms, WorkingOrder};
use super::outcome::Refusal;
use super::position::Keeping;
use super::pricing::{self, Unit};
use super::state::{Group, MarginTerms};
use crate::contract::ContractId;
use crate::fills::{Linear, Link, OpenFills, Places};
use crate::span::{Margining, UnmatchedReason};
use crate::types::{AccountName, Currency, LinkName, Money, OrderId, Overflow};

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
    let mut gathered = Gathered::default();
    // An account of a group is margined by something.
    let Some(terms) = group.margin_accounts.get(account) else { return Ok(Orders::default()) };
    for order in orders.into_values() {
        gathered.add(order, house, terms)?;
    }
    Ok(gathered.finished(group))
}

#[derive(Default)]
struct Gathered {
    units: Vec<Unit>,
    open: Vec<i64>,
    links: Vec<Link>,
    by_name: BTreeMap<LinkName, (LinkRule, Vec<usize>)>,
}

impl Gathered {
    fn add(&mut self, order: &WorkingOrder, house: &HouseSnapshot, by: &MarginTerms) -> Result<(), Refusal> {
        let own = self.add_terms(order, &order.terms, house, by)?;
        let other = match &order.replacement {
            Some(terms) => self.add_terms(order, terms, house, by)?,
            None => Vec::new(),
        };
        match &order.link {
            Some((name, rule)) => {
                let members = &mut self.by_name.entry(name.clone()).or_insert((*rule, Vec::new())).1;
                members.extend(own.into_iter().chain(other));
            }
            None => {
                let pairs = own.into_iter().zip(other);
                self.links.extend(pairs.map(|(one, other)| Link::OneOf(vec![one, other])));
            }
        }
        Ok(())
    }

    fn add_terms(
        &mut self,
        order: &WorkingOrder,
        terms: &OrderTerms,
        house: &HouseSnapshot,
        by: &MarginTerms,
    ) -> Result<Vec<usize>, Refusal> {
        let units = pricing::units(terms, house, by)?;
        let first = self.units.len();
        for (part, unit) in units.into_iter().enumerate() {
            self.units.push(unit);
            self.open.push(order.open(terms, part));
        }
        Ok((first..self.units.len()).collect())
    }

    fn finished(mut self, group: &Group) -> Orders {
        for (name, (rule, members)) in self.by_name {
            self.links.push(match rule {
                LinkRule::OneCancelsOther => Link::OneOf(members),
                LinkRule::MostFilled(most) => {
                    let filled = group.links.get(&name).map_or(0, |(_, filled)| *filled);
                    Link::AtMost(members, most.saturating_sub(filled).max(0))
                }
            });
        }
        Orders { units: self.units, open: OpenFills::new(self.open, self.links) }
    }
}
