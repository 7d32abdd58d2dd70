//! The positions of a margin account by the rows of the active set, and what its working orders may add to them.

use std::collections::BTreeMap;

use super::house::HouseSnapshot;
use super::order::{LinkRule, OrderTerms, WorkingOrder};
use super::outcome::Refusal;
use super::position::Keeping;
use super::pricing;
use super::state::Group;
use crate::contract::ContractId;
use crate::fills::{Link, OpenFills};
use crate::span::{self, Margining, Portfolio, UnmatchedReason};
use crate::types::{AccountName, LinkName, LotsError, OrderId};

/// A position that the active set cannot margin.
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
}

/// The positions of a margin account, netted or not as it says.
pub(super) fn portfolio(
    group: &Group,
    house: &HouseSnapshot,
    account: &AccountName,
    margining: Margining,
    unmargined: &mut Vec<Unmargined>,
) -> Result<Portfolio, LotsError> {
    let mut rows = Vec::new();
    let mut add = |name: &AccountName, contract: ContractId, sides: [i64; 2]| {
        let own = house.contract(contract);
        let listed =
            own.map_or(Err(UnmatchedReason::UnknownContract), |own| own.rows.as_ref().map_err(|why| *why));
        // What is settled needs a price for its variation, whatever its array.
        let is_priced = own.is_none_or(|own| own.price.is_some() && own.factor.is_some());
        match listed {
            Ok(listed) if is_priced => {
                for (commodity, row) in listed {
                    rows.extend(
                        sides.iter().filter(|lots| **lots != 0).map(|lots| (*commodity, *row, *lots)),
                    );
                }
            }
            listed => {
                let reason = listed.err().unwrap_or(UnmatchedReason::NoPrice);
                let lots = sides.iter().sum();
                unmargined.push(Unmargined { account: name.clone(), contract, lots, reason });
            }
        }
    };
    for (name, own) in group.position_accounts.iter().filter(|(_, own)| own.margin_account == *account) {
        for (contract, holding) in &own.holdings {
            let is_gross = margining == Margining::Gross && own.keeping == Keeping::Gross;
            let sides = if is_gross { [holding.long, -holding.short] } else { [holding.net(), 0] };
            if sides != [0, 0] {
                add(name, *contract, sides);
            }
        }
    }
    for own in group.deliveries.values() {
        let of = group.position_accounts.get(&own.account);
        // A contract that is gone from the set is charged with its whole price instead.
        let is_listed = house.contract(own.contract).is_some_and(|own| own.rows.is_ok());
        if of.is_some_and(|of| of.margin_account == *account) && is_listed {
            add(&own.account, own.contract, [own.lots, 0]);
        }
    }
    Portfolio::of_rows(house.set(), rows.into_iter(), margining)
}

/// What working orders may do.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) units: Vec<span::Fill>,
    pub(super) open: OpenFills,
}

/// An order that is looked at as if it worked: a new one, or one with a replacement.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) id: &'a OrderId,
    pub(super) order: &'a WorkingOrder,
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
    for order in orders.into_values() {
        gathered.add(order, house)?;
    }
    Ok(gathered.finished(group))
}

#[derive(Default)]
struct Gathered {
    units: Vec<span::Fill>,
    open: Vec<i64>,
    links: Vec<Link>,
    by_name: BTreeMap<LinkName, (LinkRule, Vec<usize>)>,
}

impl Gathered {
    fn add(&mut self, order: &WorkingOrder, house: &HouseSnapshot) -> Result<(), Refusal> {
        let own = self.add_terms(order, &order.terms, house)?;
        let other = match &order.replacement {
            Some(terms) => self.add_terms(order, terms, house)?,
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
    ) -> Result<Vec<usize>, Refusal> {
        let units = pricing::units(terms, house)?;
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
