//! Which orders can only make positions of their account smaller: the way out of what nothing prices.

use std::collections::BTreeMap;

use super::limits::reducible;
use super::order::{OrderTerms, WorkingOrder};
use super::position::Keeping;
use super::state::Group;
use crate::contract::ContractId;
use crate::types::OrderId;

/// Whether the fills of an order can only make positions of its account smaller, whatever its other working orders that close fill.
pub(super) fn unwinds(group: &Group, id: &OrderId, order: &WorkingOrder) -> bool {
    let Some(account) = group.position_accounts.get(&order.account) else { return false };
    let closes =
        |own: &WorkingOrder| account.keeping == Keeping::Net || either(own).any(OrderTerms::is_closing);
    if !closes(order) {
        return false;
    }
    let mut taken: BTreeMap<ContractId, [i64; 2]> = BTreeMap::new();
    let of_account = group.orders.iter().filter(|(other, own)| *other != id && own.account == order.account);
    for (_, own) in of_account.filter(|(_, own)| closes(own)) {
        for (contract, lots) in traded(own) {
            let sum = taken.entry(contract).or_default();
            for (sum, lots) in sum.iter_mut().zip(lots) {
                *sum = sum.saturating_add(lots);
            }
        }
    }
    traded(order).into_iter().all(|(contract, lots)| {
        let taken = taken.remove(&contract).unwrap_or_default();
        lots.into_iter().zip(taken).zip([false, true]).all(|((lots, taken), is_short)| {
            lots == 0 || lots.saturating_add(taken) <= reducible(group, &order.account, contract, is_short)
        })
    })
}

/// An order and what is to replace it.
fn either(order: &WorkingOrder) -> impl Iterator<Item = &OrderTerms> {
    std::iter::once(&order.terms).chain(&order.replacement)
}

/// The most lots that an order may buy and sell of each contract.
fn traded(order: &WorkingOrder) -> BTreeMap<ContractId, [i64; 2]> {
    let mut traded: BTreeMap<ContractId, [i64; 2]> = BTreeMap::new();
    for part in 0..order.terms.parts() {
        let units = order.open(part).max(order.open_replaced(part));
        for leg in order.terms.legs_of(part) {
            let lots = leg.lots.get().saturating_abs().saturating_mul(units);
            let [bought, sold] = traded.entry(leg.contract).or_default();
            let own = if leg.lots.is_short() { sold } else { bought };
            *own = own.saturating_add(lots);
        }
    }
    traded
}
