//! Orders that may reduce a position only: what is accepted of them, and what the venue cuts of them when the position is smaller.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::limits::reducible;
use super::link::{Enforcement, LinkRule};
use super::linking::cut;
use super::order::{OrderTerms, WorkingOrder};
use super::outcome::{Refusal, RefusalReason};
use super::state::Group;
use crate::contract::ContractId;
use crate::types::{AccountName, LinkName, OrderId, Overflow};

/// A reduce-only order is against the position in every contract, and no larger.
pub(super) fn fits(
    group: &Group,
    account: &AccountName,
    terms: &OrderTerms,
    filled: impl Fn(usize) -> i64,
) -> Result<(), Refusal> {
    let parts = if terms.reduce_only { 0..terms.parts() } else { 0..0 };
    for part in parts {
        let open = terms.units.saturating_sub(filled(part)).max(0);
        let mut lots: BTreeMap<(ContractId, bool), i64> = BTreeMap::new();
        for leg in terms.legs_of(part) {
            let own = lots.entry((leg.contract, leg.lots.is_short())).or_default();
            *own = own.saturating_add(leg.lots.get().saturating_abs().saturating_mul(open));
        }
        for ((contract, is_short), lots) in lots {
            let held = reducible(group, account, contract, is_short);
            if lots > held {
                let (number, side) = (contract, if is_short { "long" } else { "short" });
                let detail = format!("{held} lots of contract {number} are {side}, {lots} would fill");
                return Err(Refusal::new(RefusalReason::NotReducing, detail));
            }
        }
    }
    Ok(())
}

/// What the venue cuts of its reduce-only orders after events that have changed positions or orders: the newest first.
///
/// # Errors
/// As [`Group::apply`].
pub(super) fn cuts(group: &Group, events: &[Event]) -> Result<Vec<Event>, Overflow> {
    let is_meant = |own: &WorkingOrder| own.terms.reduced_by_venue;
    if !group.orders.values().any(is_meant) {
        return Ok(Vec::new());
    }
    let mut after = group.present();
    after.orders.retain(|_, own| is_meant(own));
    let mut touched: BTreeSet<(AccountName, ContractId)> = BTreeSet::new();
    for event in events {
        let held = |group: &Group| {
            let Event::HoldingChanged(account, contract, _) = event else { return None };
            Some([false, true].map(|is_short| reducible(group, account, *contract, is_short)))
        };
        let before = held(&after);
        if let Event::OrderFilled(id, ..) | Event::OrderReplaced(id, _) = event
            && let Some(own) = after.orders.get(id)
        {
            touched.extend(own.terms.legs.iter().map(|leg| (own.account.clone(), leg.contract)));
        }
        after.apply(event)?;
        // A settlement run changes what a position is worth, not its size: the venue has cut nothing.
        if let Event::HoldingChanged(account, contract, _) = event
            && held(&after) != before
        {
            touched.insert((account.clone(), *contract));
        }
    }
    after.orders.retain(|_, own| is_meant(own));
    let mut cuts = Vec::new();
    for (account, contract) in touched {
        for is_short in [false, true] {
            let more = of_position(&after, &account, contract, is_short);
            after.apply_all(&more)?;
            cuts.extend(more);
        }
    }
    Ok(cuts)
}

/// Orders of one direction may fill as much as the position has: the oldest keep what they have open. Of orders of which the venue lets
/// one fill only, what one keeps the others keep too.
fn of_position(group: &Group, account: &AccountName, contract: ContractId, is_short: bool) -> Vec<Event> {
    let mut left = reducible(group, account, contract, is_short);
    let mut of_links: BTreeMap<&LinkName, i64> = BTreeMap::new();
    let mut orders: Vec<(&OrderId, &WorkingOrder)> =
        group.orders.iter().filter(|(_, own)| own.account == *account).collect();
    orders.sort_by_key(|(id, own)| (own.accepted, *id));
    let mut cuts = Vec::new();
    for (id, order) in orders {
        let mut shared = exclusive(order).map(|name| of_links.entry(name).or_default());
        let mut most = Vec::new();
        for part in 0..order.terms.parts() {
            let weight = lots(order, part, contract, is_short);
            if weight == 0 {
                most.push(i64::MAX);
                continue;
            }
            let kept = shared.as_deref().copied().unwrap_or_default();
            let units = left.saturating_add(kept) / weight;
            let taken = order.open(part).min(units).saturating_mul(weight);
            left = left.saturating_sub((taken - kept).max(0)).max(0);
            if let Some(shared) = shared.as_deref_mut() {
                *shared = kept.max(taken);
            }
            most.push(units);
        }
        cuts.extend(cut(id, order, |part| most.get(part).copied().unwrap_or_default()));
    }
    cuts
}

/// The lots of one direction that a unit of a part trades in a contract.
fn lots(order: &WorkingOrder, part: usize, contract: ContractId, is_short: bool) -> i64 {
    let legs = order.terms.legs_of(part).iter();
    let own = legs.filter(|leg| leg.contract == contract && leg.lots.is_short() == is_short);
    own.map(|leg| leg.lots.get().saturating_abs()).fold(0, i64::saturating_add)
}

/// The link of an order of which the venue lets one fill only.
fn exclusive(order: &WorkingOrder) -> Option<&LinkName> {
    let link = order.link.as_ref()?;
    match (link.rule, link.enforcement) {
        (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(_)) => Some(&link.name),
        (LinkRule::OneCancelsOther, Enforcement::Client) | (LinkRule::MostFilled(_), _) => None,
    }
}
