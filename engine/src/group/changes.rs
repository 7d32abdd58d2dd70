//! From a known standing to that after some events: positions of net accounts are moved, sums of losses added up, and only accounts
//! whose positions or orders have changed are looked at. An audit forms everything anew and has to find the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::event::Event;
use super::exposure;
use super::house::HouseSnapshot;
use super::linking::members;
use super::netted::Netted;
use super::reserved::Shares;
use super::standing::{AccountStanding, Depth, Standing, StandingError, assembled, balances, bounded};
use super::state::Group;
use crate::contract::ContractId;
use crate::types::AccountName;

/// What events have changed of what a standing is formed from.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Lots that came to position accounts.
    moved: Vec<(AccountName, ContractId, i64)>,
    /// Position accounts whose orders have changed.
    ordered: BTreeSet<AccountName>,
    /// Whether everything is to be formed anew.
    is_everything: bool,
}

impl Changes {
    /// So many moves are dearer to follow than positions to read.
    const MOST_MOVES: usize = 1_000;

    /// Notes an event that is about to be applied to a group.
    pub fn note(&mut self, before: &Group, event: &Event) {
        match event {
            Event::HoldingChanged(account, contract, holding) => {
                let known = before.holding(account, *contract);
                let lots = holding.net() - known.net();
                // The sides of an account that keeps both may change with the same lots in all.
                self.is_everything |= lots == 0 && (known.long, known.short) != (holding.long, holding.short);
                self.moved.push((account.clone(), *contract, lots));
                self.is_everything |= self.moved.len() > Self::MOST_MOVES;
            }
            Event::OrderAccepted(_, order) => {
                self.ordered.insert(order.account.clone());
            }
            Event::OrderFilled(id, ..)
            | Event::OrderCut(id, ..)
            | Event::OrderClosed(id)
            | Event::OrderReplaced(id, _)
            | Event::ReplacementAsked(id, _) => {
                let order = before.orders.get(id);
                self.ordered.extend(order.map(|order| order.account.clone()));
                // What has filled of a link binds the orders of it in other accounts too.
                if let Some(link) = order.and_then(|order| order.link.as_ref()) {
                    self.ordered.extend(members(before, &link.name).map(|(_, own)| own.account.clone()));
                }
            }
            Event::MarginAccountOpened(..)
            | Event::MarginTermsChanged(..)
            | Event::MarginAccountClosed(_)
            | Event::PositionAccountOpened(..)
            | Event::PositionAccountClosed(_)
            | Event::PositionAccountMoved(..)
            | Event::DeliveryOpened(_)
            | Event::DeliveryClosed(_) => self.is_everything = true,
            Event::CashMoved(..)
            | Event::AssetMoved(..)
            | Event::PayableAdded(_)
            | Event::PayableRemoved(_)
            | Event::TradeKept(..)
            | Event::BustAwaited(..)
            | Event::PaidOutChanged(..)
            | Event::ReferenceKept(..)
            | Event::Settled(..)
            | Event::DayEnded(_)
            | Event::LinkExhausted(_)
            | Event::LinkReset(_)
            | Event::ExceptionRaised(_)
            | Event::ExceptionResolved(..)
            | Event::GroupClosed
            | Event::Answered(..) => {}
        }
    }
}

/// The standing of a group by the bound, after changes to one whose standing is known, with the same data of its house. Accounts that have
/// not changed keep what the search found.
///
/// # Errors
/// [`StandingError`] as documented there.
pub fn renewed(
    group: &Group,
    house: &HouseSnapshot,
    known: &Standing,
    changes: &Changes,
) -> Result<Standing, StandingError> {
    if changes.is_everything || !known.is_complete() {
        return bounded(group, house);
    }
    let shares = Shares::among(group, None);
    let moved = moved(group, changes);
    let mut accounts = Vec::with_capacity(known.accounts.len());
    for own in &known.accounts {
        let has_new_orders = changes.ordered.iter().any(|name| own.netted.has(group, name));
        let held = match moved.get(&own.netted) {
            None if !has_new_orders && own.is_of(shares) => {
                accounts.push(Arc::clone(own));
                continue;
            }
            None => own.held.clone(),
            Some(more) => match own.held.moved(house, more)? {
                Some(held) => held,
                None => return bounded(group, house),
            },
        };
        let orders = exposure::orders(group, house, &own.netted, None).map_err(StandingError::Order)?;
        accounts.push(Arc::new(AccountStanding::new(group, house, &own.netted, held, &orders, shares)?));
    }
    assembled(group, house, balances(group, house)?, accounts, Vec::new(), Depth::Bound)
}

/// The lots that have moved, by what is netted as one.
fn moved(group: &Group, changes: &Changes) -> BTreeMap<Netted, Vec<(ContractId, i64)>> {
    let mut moved: BTreeMap<Netted, Vec<(ContractId, i64)>> = BTreeMap::new();
    for (account, contract, lots) in changes.moved.iter().filter(|(_, _, lots)| *lots != 0) {
        // Accounts come and go by events after which everything is formed anew.
        if let Some(own) = Netted::of(group, account) {
            moved.entry(own).or_default().push((*contract, *lots));
        }
    }
    moved
}
