//! What a fill makes of a link: the venue closes or cuts the other orders in the same moment, where it is the venue that sees to the link.

use super::event::Event;
use super::link::{Enforcement, LinkRule, LinkState, OnFill, OrderLink};
use super::order::WorkingOrder;
use super::outcome::{Refusal, RefusalReason};
use super::shares::Shares;
use super::state::Group;
use crate::types::{AccountName, LinkName, OrderId};

/// An order with one more fill.
pub(super) struct Hit<'a> {
    pub(super) id: &'a OrderId,
    /// Before the fill.
    pub(super) before: &'a WorkingOrder,
    /// After it.
    pub(super) after: &'a WorkingOrder,
}

/// The working orders of a link.
pub(super) fn members<'a>(
    group: &'a Group,
    name: &'a LinkName,
) -> impl Iterator<Item = (&'a OrderId, &'a WorkingOrder)> + Clone {
    group.orders.iter().filter(move |(_, own)| own.link.as_ref().is_some_and(|own| own.name == *name))
}

/// Whether a link takes an order of an account.
pub(super) fn takes(group: &Group, link: &OrderLink, account: &AccountName) -> Result<(), Refusal> {
    let Some(state) = group.links.get(&link.name) else { return Ok(()) };
    let margin_account =
        |name: &AccountName| group.position_accounts.get(name).map(|own| &own.margin_account);
    let is_elsewhere = |(_, own): (_, &WorkingOrder)| margin_account(&own.account) != margin_account(account);
    if state.rule != link.rule
        || state.enforcement != link.enforcement
        || members(group, &link.name).any(is_elsewhere)
    {
        let detail = format!("link {} has another rule, enforcement or margin account", link.name);
        return Err(Refusal::new(RefusalReason::LinkUnlike, detail));
    }
    if state.is_exhausted {
        let detail = format!("link {} is used up until it is reset", link.name);
        return Err(Refusal::new(RefusalReason::LinkExhausted, detail));
    }
    Ok(())
}

/// A link forgets what has filled of it.
pub(super) fn reset(group: &Group, name: &LinkName) -> Result<Event, Refusal> {
    if !group.links.contains_key(name) {
        let detail = format!("link {name} has neither orders nor fills");
        return Err(Refusal::new(RefusalReason::UnknownLink, detail));
    }
    let open = members(group, name).count();
    if open > 0 {
        let detail = format!("{open} orders of link {name} work");
        return Err(Refusal::new(RefusalReason::LinkInUse, detail));
    }
    Ok(Event::LinkReset(name.clone()))
}

/// The units that a fill leaves beyond what its link allows; nothing where there is no most.
pub(super) fn beyond(group: &Group, before: &WorkingOrder, after: &WorkingOrder) -> i64 {
    let state = before.link.as_ref().and_then(|link| group.links.get(&link.name));
    match state.map(|state| (state.rule, state.filled)) {
        Some((LinkRule::MostFilled(most), filled)) => {
            filled.saturating_add(after.begun().saturating_sub(before.begun())).saturating_sub(most).max(0)
        }
        Some((LinkRule::OneCancelsOther, _)) | None => 0,
    }
}

/// What becomes of a link and its orders with a fill.
pub(super) fn hit(group: &Group, own: &Hit<'_>) -> Vec<Event> {
    let Some(link) = &own.before.link else { return Vec::new() };
    let Some(state) = group.links.get(&link.name) else { return Vec::new() };
    let count = state.filled.saturating_add(own.after.begun().saturating_sub(own.before.begun()));
    let is_exhausted = match (state.rule, state.enforcement) {
        (LinkRule::MostFilled(most), _) => count >= most,
        (
            LinkRule::OneCancelsOther,
            Enforcement::Client | Enforcement::VenueAtomic(OnFill::FirstHit | OnFill::Incremental),
        ) => true,
        (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::CompleteFill)) => own.after.is_filled(),
    };
    let mut events = Vec::new();
    if is_exhausted && !state.is_exhausted {
        events.push(Event::LinkExhausted(link.name.clone()));
    }
    let others = || members(group, &link.name).filter(|(id, _)| *id != own.id);
    match (state.rule, state.enforcement) {
        (_, Enforcement::Client) => {}
        (_, Enforcement::VenueAtomic(OnFill::FirstHit)) => {
            events.extend(others().map(|(id, _)| Event::OrderClosed(id.clone())));
            if is_exhausted && matches!(state.rule, LinkRule::MostFilled(_)) {
                events.extend(begun_only(own.id, own.after));
            }
        }
        (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::CompleteFill)) => {
            if is_exhausted {
                events.extend(others().map(|(id, _)| Event::OrderClosed(id.clone())));
            }
        }
        (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::Incremental)) => {
            events.extend(in_proportion(state, own, others()));
        }
        (LinkRule::MostFilled(_), Enforcement::VenueAtomic(OnFill::CompleteFill | OnFill::Incremental)) => {
            if is_exhausted {
                events.extend(others().flat_map(|(id, order)| begun_only(id, order)));
                events.extend(begun_only(own.id, own.after));
            }
        }
    }
    events
}

/// What is not begun of an order is not open any more: nothing of one that fills as a whole, and of others the legs that are behind.
fn begun_only(id: &OrderId, order: &WorkingOrder) -> Vec<Event> {
    let begun = order.begun();
    cut(id, order, |part| begun - order.filled_of(part))
}

/// The others are cut as far as the link is filled.
fn in_proportion<'a>(
    state: &LinkState,
    own: &'a Hit<'a>,
    others: impl Iterator<Item = (&'a OrderId, &'a WorkingOrder)> + Clone,
) -> Vec<Event> {
    let all = others.clone().map(|(_, order)| order).chain(std::iter::once(own.after));
    let shares = Shares::of(state, all);
    let cut = |(id, order): (&OrderId, &WorkingOrder)| {
        let share = order.share();
        // Without a common measure nothing is cut before one has filled as a whole.
        let left = match shares {
            Some(shares) => share.filled + shares.of_units(share.units),
            None if own.after.is_filled() => share.filled,
            None => share.units,
        };
        cut(id, order, |part| left - order.filled_of(part))
    };
    others.flat_map(cut).collect()
}

/// What is cut of an order that has been replaced, where the rest is cut in proportion.
pub(super) fn replaced(group: &Group, id: &OrderId, after: &WorkingOrder) -> Vec<Event> {
    let state = after.link.as_ref().and_then(|link| group.links.get(&link.name));
    let Some(state) = state.filter(|own| own.is_cut_in_proportion()) else { return Vec::new() };
    let Some(link) = &after.link else { return Vec::new() };
    let others = members(group, &link.name).filter(|(own, _)| *own != id).map(|(_, order)| order);
    let share = after.share();
    match Shares::of(state, others.chain(std::iter::once(after))) {
        Some(shares) => {
            cut(id, after, |part| share.filled + shares.of_units(share.units) - after.filled_of(part))
        }
        None => Vec::new(),
    }
}

/// An order whose parts have no more open than so much; one of which nothing is left works no more.
pub(super) fn cut(id: &OrderId, order: &WorkingOrder, most: impl Fn(usize) -> i64) -> Vec<Event> {
    let parts = 0..order.terms.parts();
    let open = |part: usize| order.open(part).min(most(part).max(0));
    let is_nothing = parts.clone().all(|part| most(part) <= 0);
    let is_empty = parts.clone().all(|part| open(part) == 0 && order.open_replaced(part) == 0);
    if is_nothing || is_empty {
        // One that has filled is closed by its fill.
        return if order.is_filled() { Vec::new() } else { vec![Event::OrderClosed(id.clone())] };
    }
    let less = parts.map(|part| (part, order.open(part) - open(part))).filter(|(_, less)| *less > 0);
    less.map(|(part, less)| Event::OrderCut(id.clone(), part, less)).collect()
}
