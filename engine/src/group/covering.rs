//! Whether what a group has covers what it has to have with the worst of its working orders.
//!
//! What the bound proves is granted without a search. Everything else is by the searched number, the one that a group is told.

use super::changes::{Changes, renewed};
use super::event::Event;
use super::house::HouseSnapshot;
use super::outcome::{Checked, Refusal, RefusalReason};
use super::requests::refused;
use super::standing::{Depth, Standing, bounded, searched};
use super::state::Group;
use crate::types::Amount;

/// The standing of a group by the bound, from one that is known if there is one.
pub(super) fn before(
    group: &Group,
    house: &HouseSnapshot,
    known: Option<&Standing>,
) -> Result<Standing, Refusal> {
    let standing = match known {
        Some(known) => known.by_bound(group, house)?,
        None => bounded(group, house)?,
    };
    all_margined(&standing)?;
    Ok(standing)
}

/// The numbers of a group before events and after them, which may take money or positions away but leave no deficit. `None` where only a
/// search would tell, and none is wanted.
pub(super) fn covered(
    group: &Group,
    house: &HouseSnapshot,
    events: &[Event],
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Checked>, Refusal> {
    let before = before(group, house, known)?;
    let (mut changed, mut changes) = (group.present(), Changes::default());
    for event in events {
        changes.note(&changed, event);
        changed.apply(event);
    }
    let after = renewed(&changed, house, &before, &changes)?;
    all_margined(&after)?;
    // Without events nothing is taken away.
    if events.is_empty() || !after.with_orders.is_deficit() {
        return Ok(Some(numbers(&before, &after)));
    }
    if depth == Depth::Bound && !(before.is_searched() && after.is_searched()) {
        return Ok(None);
    }
    let (before, after) = (searched(group, house, &before)?, searched(&changed, house, &after)?);
    let checked = numbers(&before, &after);
    if checked.after.is_deficit() { Err(insufficient(&checked)) } else { Ok(Some(checked)) }
}

pub(super) fn all_margined(standing: &Standing) -> Result<(), Refusal> {
    let Some(first) = standing.unmargined.first() else { return Ok(()) };
    let detail = format!(
        "{} positions; the first: {} lots of contract {} in {}: {}{}{}",
        standing.unmargined.len(),
        first.lots,
        first.contract.number(),
        first.account,
        first.reason.name(),
        if first.detail.is_empty() { "" } else { ", " },
        first.detail
    );
    refused(RefusalReason::PositionNotMarginable, detail)
}

/// The numbers before and after.
pub(super) fn numbers(before: &Standing, after: &Standing) -> Checked {
    Checked {
        currency: after.currency.clone(),
        before: before.with_orders,
        after: after.with_orders,
        before_is_searched: before.is_searched(),
        after_is_searched: after.is_searched(),
        work: after.work,
        worst: Vec::new(),
        version: after.version,
    }
}

pub(super) fn insufficient(checked: &Checked) -> Refusal {
    let lacking = Amount::rounded_half_away(checked.after.excess.negated());
    let detail = format!("{lacking} {} are lacking", checked.currency);
    Refusal::new(RefusalReason::InsufficientMargin, detail)
}
