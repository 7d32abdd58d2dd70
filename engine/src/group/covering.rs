//! Whether what a group has covers what it has to have with the worst of its working orders.
//!
//! What the bound proves is granted without a search. Everything else is by the searched number, the one that a group is told.

use super::changes::{Changes, renewed};
use super::event::Event;
use super::house::HouseSnapshot;
use super::outcome::{Checked, Refusal, RefusalReason};
use super::standing::{Depth, Missing, Standing, bounded, searched};
use super::state::Group;
use crate::types::{Amount, Currency};

/// The standing of a group by the bound, from one that is known if there is one.
pub(super) fn before(
    group: &Group,
    house: &HouseSnapshot,
    known: Option<&Standing>,
) -> Result<Standing, Refusal> {
    Ok(match known {
        Some(known) => known.by_bound(group, house)?,
        None => bounded(group, house)?,
    })
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
        changed.apply(event)?;
    }
    let after = renewed(&changed, house, &before, &changes)?;
    // Without events nothing is taken away.
    if events.is_empty() {
        return Ok(Some(numbers(&before, &after)));
    }
    shown(&after)?;
    if !after.payable.is_deficit() {
        return Ok(Some(numbers(&before, &after)));
    }
    if depth == Depth::Bound && !(before.is_searched() && after.is_searched()) {
        return Ok(None);
    }
    let (before, after) = (searched(group, house, &before)?, searched(&changed, house, &after)?);
    let checked = numbers(&before, &after);
    if after.payable.is_deficit() {
        return Err(insufficient(&Checked { after: after.payable, ..checked }));
    }
    Ok(Some(checked))
}

/// Whether numbers of the whole can be shown, which everything needs that takes money away.
pub(super) fn shown(standing: &Standing) -> Result<(), Refusal> {
    match standing.missing.iter().find(|own| !own.is_bounded) {
        Some(first) => Err(first.refusal()),
        None => Ok(()),
    }
}

/// Whether something lacks no more than before: where no number of the whole can be shown, neither the rest nor any currency is worse off,
/// and nothing else is without a number.
pub(super) fn lacks_no_more(before: &Standing, after: &Standing) -> Result<bool, Refusal> {
    let is_known = |own: &Missing| {
        let is_same = |other: &&Missing| {
            (other.kind, other.contract.map(|own| own.0), &other.currency, &other.order)
                == (own.kind, own.contract.map(|own| own.0), &own.currency, &own.order)
        };
        before.missing.iter().filter(|own| !own.is_bounded).any(|own| is_same(&own))
    };
    if !after.missing.iter().filter(|own| !own.is_bounded).all(is_known) {
        return Ok(false);
    }
    let left = |standing: &Standing, currency: &Currency| {
        let own = standing.currencies.get(currency).cloned().unwrap_or_default();
        own.equity(own.assets_with_orders)?.minus(own.with_orders)
    };
    for currency in after.missing.iter().filter_map(|own| own.currency.as_ref()) {
        if left(after, currency)? < left(before, currency)? {
            return Ok(false);
        }
    }
    Ok(after.with_orders.millionths() >= before.with_orders.millionths())
}

/// The numbers before and after.
pub(super) fn numbers(before: &Standing, after: &Standing) -> Checked {
    Checked {
        currency: after.currency.clone(),
        before: before.with_orders,
        after: after.with_orders,
        before_is_searched: before.is_searched(),
        after_is_searched: after.is_searched(),
        before_is_shown: before.is_shown(),
        after_is_shown: after.is_shown(),
        is_complete: after.is_complete(),
        work: after.work,
        worst: Vec::new(),
        version: after.version,
        rests_on: after.rests_on.clone(),
    }
}

pub(super) fn insufficient(checked: &Checked) -> Refusal {
    let lacking = Amount::rounded_half_away(checked.after.excess.negated());
    let detail = format!("{lacking} {} are lacking", checked.currency);
    Refusal::new(RefusalReason::InsufficientMargin, detail).resting_on(&checked.rests_on)
}
