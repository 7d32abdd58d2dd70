//! Trades that cannot be booked yet, or not by themselves: of contracts that the house never knew, and of contracts that became something
//! else before the trade was told. Nothing of them is booked, neither lots nor money. And trades that were cancelled before they were told.

use super::command::{Becomes, Fill};
use super::event::Event;
use super::exception::{About, ExceptionKind};
use super::house::HouseSnapshot;
use super::position::{Suspense, Trade, TradeLeg};
use super::state::Group;
use super::trading::{booked, bust, raised};
use crate::contract::ContractId;
use crate::types::{Overflow, TradeId};

/// Why legs cannot be booked, if they cannot. Of a trade with other legs too, what became something else is left out by itself.
pub(super) fn suspended(house: &HouseSnapshot, legs: &[TradeLeg]) -> Option<Suspense> {
    let is_changed = |leg: &TradeLeg| has_changed(house, leg.contract);
    if !legs.is_empty() && legs.iter().all(is_changed) {
        return Some(Suspense::LateAfterExpiry);
    }
    let is_unknown = |leg: &TradeLeg| !is_changed(leg) && house.known(leg.contract).is_none();
    legs.iter().any(is_unknown).then_some(Suspense::PendingContract)
}

/// Whether a contract has become a delivery or another contract.
pub(super) fn has_changed(house: &HouseSnapshot, contract: ContractId) -> bool {
    match house.settlements().ended(contract) {
        Some(Becomes::Contract(..) | Becomes::Delivery(_)) => true,
        Some(Becomes::Cash(_)) | None => false,
    }
}

/// What trades in suspense come to, now that the house knows their contracts.
#[must_use]
pub fn book_pending(group: &Group, house: &HouseSnapshot) -> Vec<Event> {
    if group.pending.is_empty() {
        return Vec::new();
    }
    let mut now = None;
    let mut events = Vec::new();
    for id in &group.pending {
        let before = now.as_ref().unwrap_or(group);
        let Some(trade) = group.trades.get(id) else { continue };
        // One whose numbers do not fit waits on.
        let Ok(own) = book_one(before, house, id, trade) else { continue };
        if before.takes(&own).is_err() {
            continue;
        }
        if !own.is_empty() {
            let after = now.get_or_insert_with(|| group.present());
            after.apply_all(&own).unwrap_or_else(|_| unreachable!("it fits"));
            events.extend(own);
            events.extend(closed(group, id, ExceptionKind::PendingContract, "booked"));
        }
    }
    events
}

fn book_one(
    group: &Group,
    house: &HouseSnapshot,
    id: &TradeId,
    trade: &Trade,
) -> Result<Vec<Event>, Overflow> {
    let about = |detail: String| About { trade: Some(id.clone()), detail, ..About::default() };
    let suspense = suspended(house, &trade.legs);
    match suspense {
        Some(Suspense::PendingContract) => Ok(Vec::new()),
        Some(Suspense::LateAfterExpiry) => {
            let kept = Trade { suspense, ..trade.clone() };
            let item = raised(ExceptionKind::LateAfterExpiry, about(String::new()));
            Ok(vec![item, Event::TradeKept(id.clone(), Box::new(kept))])
        }
        None => {
            let fill = Fill {
                trade: id.clone(),
                account: trade.account.clone(),
                order: None,
                units: 0,
                legs: trade.legs.clone(),
                closes: trade.closes,
                fee: trade.fee.clone(),
                clearing: trade.clearing,
                due: trade.due,
            };
            let (mut events, opened) = booked(group, house, &fill, &about)?;
            let kept = Trade { suspense: None, opened, ..trade.clone() };
            events.push(Event::TradeKept(id.clone(), Box::new(kept)));
            Ok(events)
        }
    }
}

/// A trade, whose events these are, that was cancelled before it was told: both are booked, and its item is closed.
pub(super) fn cancelled_before(
    group: &Group,
    house: &HouseSnapshot,
    id: &TradeId,
    events: Vec<Event>,
) -> Result<Vec<Event>, Overflow> {
    let Some(date) = group.early_busts.get(id) else { return Ok(events) };
    let mut after = group.present();
    after.apply_all(&events)?;
    let cancelled = bust(&after, house, id, *date)?;
    let mut all = events;
    all.extend(cancelled);
    all.extend(closed(group, id, ExceptionKind::UnknownTrade, "told since, and cancelled"));
    Ok(all)
}

/// Closes the open items of a kind about a trade.
pub(super) fn closed<'a>(
    group: &'a Group,
    id: &'a TradeId,
    kind: ExceptionKind,
    how: &'a str,
) -> impl Iterator<Item = Event> + 'a {
    let own = group.exceptions.iter().filter(move |(_, item)| {
        item.resolution.is_none() && item.kind == kind && item.about.trade.as_ref() == Some(id)
    });
    own.map(move |(number, _)| Event::ExceptionResolved(*number, how.to_owned()))
}
