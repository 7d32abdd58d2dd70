//! The check of an order: what the group has to have with it, and whether that can be paid for.

use super::covering::{self, insufficient, numbers};
use super::event::Event;
use super::exception::{About, ExceptionKind};
use super::exposure::{self, Orders, Place, Trial};
use super::house::HouseSnapshot;
use super::linking;
use super::netted::Netted;
use super::order::{NewOrder, OrderTerms, TimeInForce, WorkingOrder};
use super::outcome::{Checked, Outcome, Refusal, RefusalReason, WorstScenario};
use super::pricing;
use super::reducing;
use super::requests::{Granted, known_position_account, refused};
use super::standing::{AccountStanding, Depth, Standing, searched, searched_with, with_trial};
use super::state::{Group, MarginTerms};
use super::trading::raised;
use super::unwinding::unwinds;
use crate::fills::OpenFills;
use crate::types::OrderId;

/// Checks an order without reserving it.
///
/// # Errors
/// The [`Refusal`] that it would get.
pub fn check(
    group: &Group,
    house: &HouseSnapshot,
    order: &NewOrder,
    known: Option<&Standing>,
) -> Result<Checked, Refusal> {
    let checked = check_within(group, house, order, known, Depth::Search)?;
    Ok(checked.unwrap_or_else(|| unreachable!("a search tells")))
}

/// The same without more work than wanted; `None` where only a search would tell, or where orders and positions are many.
///
/// # Errors
/// The [`Refusal`] that it would get.
pub fn check_within(
    group: &Group,
    house: &HouseSnapshot,
    order: &NewOrder,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Checked>, Refusal> {
    if depth == Depth::Bound && group.is_large() {
        return Ok(None);
    }
    Ok(checked(group, house, order, known, depth)?.map(|(_, tried)| tried.0))
}

/// Checks an order and reserves it.
pub(super) fn accept(
    group: &Group,
    house: &HouseSnapshot,
    order: &NewOrder,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Granted>, Refusal> {
    let checked = checked(group, house, order, known, depth)?;
    Ok(checked
        .map(|(working, tried)| granted(Event::OrderAccepted(order.id.clone(), Box::new(working)), tried)))
}

fn granted(event: Event, (checked, standing): Tried) -> Granted {
    let outcome = Outcome { checked: Some(Box::new(checked)), ..Outcome::default() };
    Granted { events: vec![event], outcome, standing: Some(standing) }
}

/// The numbers of an order, and the group's standing with it.
type Tried = (Checked, Standing);

fn checked(
    group: &Group,
    house: &HouseSnapshot,
    order: &NewOrder,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<(WorkingOrder, Tried)>, Refusal> {
    admitted(group, house, order)?;
    let working = working(group, house, order)?;
    let tried = tried(group, house, &order.id, &working, known, depth)?;
    Ok(tried.map(|tried| (working, tried)))
}

/// An order as it would work, under the fees of today.
fn working(group: &Group, house: &HouseSnapshot, order: &NewOrder) -> Result<WorkingOrder, Refusal> {
    let terms = house.scheduled(&order.terms).map_err(pricing::too_large)?;
    Ok(WorkingOrder { terms, ..WorkingOrder::new(order, group.sequence) })
}

/// What an order has to be, whatever it costs.
fn admitted(group: &Group, house: &HouseSnapshot, order: &NewOrder) -> Result<(), Refusal> {
    known_position_account(group, &order.account)?;
    let is_used = group.orders.contains_key(&order.id) || group.has_closed(&order.id);
    if is_used {
        return refused(RefusalReason::OrderExists, format!("order {} has been used", order.id));
    }
    if group.orders.len() >= Group::MOST_ORDERS {
        return refused(RefusalReason::TooMany, format!("at most {} working orders", Group::MOST_ORDERS));
    }
    if let Some(link) = &order.link {
        linking::takes(group, link, &order.account)?;
    }
    is_good(group, house, &order.terms)?;
    reducing::fits(group, &order.account, &order.terms, |_| 0)
}

/// Reserves an order that can only make positions smaller, whatever can be shown and is lacking; why stands in the queue. In an account that
/// keeps both sides it closes, whether it says so or not.
pub(super) fn force(
    group: &Group,
    house: &HouseSnapshot,
    order: &NewOrder,
    why: &str,
    known: Option<&Standing>,
) -> Result<Granted, Refusal> {
    admitted(group, house, order)?;
    let mut forced = working(group, house, order)?;
    // That it closes need not be said twice.
    forced.terms.closes = true;
    if !unwinds(group, &order.id, &forced) {
        let detail = format!("order {} would not make a position of {} smaller", order.id, order.account);
        return refused(RefusalReason::NotReducing, detail);
    }
    let trial = Trial { id: &order.id, order: &forced };
    let before = covering::before(group, house, known)?;
    let checked = numbers(&before, &with_trial(group, house, Some(trial), Some(&before))?);
    let detail = format!("{}: {why}", order.account);
    let about = About { order: Some(order.id.clone()), detail, ..About::default() };
    let events = vec![
        Event::OrderAccepted(order.id.clone(), Box::new(forced)),
        raised(ExceptionKind::ForcedClose, about),
    ];
    let outcome = Outcome { checked: Some(Box::new(checked)), ..Outcome::default() };
    Ok(Granted { events, outcome, standing: None })
}

/// The last date of an order has not passed: no day has ended since, and neither the last settlement nor the house's data is later.
fn is_good(group: &Group, house: &HouseSnapshot, terms: &OrderTerms) -> Result<(), Refusal> {
    let TimeInForce::GoodTillDate(last) = terms.time_in_force else { return Ok(()) };
    let has_ended = group.ended.is_some_and(|ended| last <= ended);
    let since = group.settled.map(|last| last.date).max(house.business_date());
    if has_ended || since.is_some_and(|since| last < since) {
        let today = group.ended.max(since).map(|date| date.to_string()).unwrap_or_default();
        return refused(RefusalReason::DatePassed, format!("good till {last}, {today} has come"));
    }
    Ok(())
}

/// Checks a replacement and reserves the worse of both.
pub(super) fn replace(
    group: &Group,
    house: &HouseSnapshot,
    id: &OrderId,
    terms: &OrderTerms,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Granted>, Refusal> {
    let Some(order) = group.orders.get(id) else {
        return refused(RefusalReason::UnknownOrder, format!("order {id} does not work"));
    };
    if order.replacement.is_some() {
        return refused(RefusalReason::ReplacementPending, format!("a replacement of {id} is not confirmed"));
    }
    let legs = |own: &OrderTerms| own.legs.iter().map(|leg| (leg.contract, leg.lots)).collect::<Vec<_>>();
    if legs(terms) != legs(&order.terms) || terms.composition != order.terms.composition {
        return refused(RefusalReason::ReplacementUnlike, format!("order {id} has other legs"));
    }
    if terms.is_closing() != order.terms.is_closing() {
        return refused(RefusalReason::ReplacementUnlike, format!("one of {id} and its replacement closes"));
    }
    is_good(group, house, terms)?;
    known_position_account(group, &order.account)?;
    reducing::fits(group, &order.account, terms, |part| order.filled_of(part))?;
    let terms = house.scheduled(terms).map_err(pricing::too_large)?;
    let both = WorkingOrder { replacement: Some(terms.clone()), ..order.clone() };
    let tried = tried(group, house, id, &both, known, depth)?;
    Ok(tried.map(|tried| granted(Event::ReplacementAsked(id.clone(), Some(Box::new(terms))), tried)))
}

/// The numbers without an order (or its replacement) and with it, and whether it can be paid for; `None` where only a search would tell,
/// and none is wanted.
fn tried(
    group: &Group,
    house: &HouseSnapshot,
    id: &OrderId,
    order: &WorkingOrder,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Tried>, Refusal> {
    let trial = Trial { id, order };
    let before = covering::before(group, house, known)?;
    let after = with_trial(group, house, Some(trial), Some(&before))?;
    if after.is_shown() && !after.with_orders.is_deficit() {
        return judged(group, house, trial, &before, &after).map(|checked| Some((checked, after)));
    }
    if depth == Depth::Bound && !(before.is_searched() && after.is_searched()) {
        return Ok(None);
    }
    let before = searched(group, house, &before)?;
    let after = searched_with(group, house, Some(trial), &after)?;
    judged(group, house, trial, &before, &after).map(|checked| Some((checked, after)))
}

/// Whether an order can be paid for.
fn judged(
    group: &Group,
    house: &HouseSnapshot,
    trial: Trial<'_>,
    before: &Standing,
    after: &Standing,
) -> Result<Checked, Refusal> {
    let in_deficit = before.with_orders.is_deficit();
    let worst = worst_scenarios(group, house, trial, after)?;
    let checked = Checked { worst, ..numbers(before, after) };
    let rests_on = match own_account(group, trial.order, after) {
        Some((_, by)) => checked.rests_on.clone().with_order(house, by, trial.order),
        None => checked.rests_on.clone(),
    };
    let checked = Checked { rests_on, ..checked };
    let is_closing = !after.is_complete() && unwinds(group, trial.id, trial.order);
    if is_closing && !(before.is_shown() && after.is_shown()) && covering::lacks_no_more(before, after)? {
        return Ok(checked);
    }
    covering::shown(after)?;
    if !checked.after.is_deficit() {
        return Ok(checked);
    }
    if !in_deficit || !before.is_shown() {
        return Err(insufficient(&checked));
    }
    let deepens = checked.after.millionths() < checked.before.millionths();
    if deepens || !(is_closing || improves(group, house, trial.order, before)?) {
        let detail = if deepens {
            "the worst case would be worse"
        } else {
            "its own fill would not improve the excess"
        };
        return Err(Refusal::new(RefusalReason::DeepensDeficit, detail).resting_on(&checked.rests_on));
    }
    Ok(checked)
}

fn own_account<'a>(
    group: &'a Group,
    order: &WorkingOrder,
    standing: &'a Standing,
) -> Option<(&'a AccountStanding, &'a MarginTerms)> {
    let netted = Netted::of(group, &order.account)?;
    Some((standing.account(&netted)?, group.margin_accounts.get(&netted.margin_account)?))
}

/// Whether the whole fill of an order, alone, leaves more than there was.
fn improves(
    group: &Group,
    house: &HouseSnapshot,
    order: &WorkingOrder,
    before: &Standing,
) -> Result<bool, Refusal> {
    let Some((account, by)) = own_account(group, order, before) else { return Ok(false) };
    let terms = order.replacement.as_ref().unwrap_or(&order.terms);
    let units = pricing::units(terms, house, by)?;
    let open = |part: usize| match order.replacement {
        Some(_) => order.open_replaced(part),
        None => order.open(part),
    };
    let open: Vec<i64> = (0..units.len()).map(open).collect();
    let places = vec![Place::of(group, order, terms); units.len()];
    let open_fills = OpenFills::new(open.clone(), Vec::new());
    let alone = Orders { units, places, open: open_fills, ..Orders::default() };
    let weighed = |filled: &[i64]| account.held.weighed(house, &group.currency, &alone, filled);
    let nothing = weighed(&vec![0; open.len()])?;
    Ok(weighed(&open)? < nothing)
}

/// What decides where an order trades in the worst outcome that was found.
fn worst_scenarios(
    group: &Group,
    house: &HouseSnapshot,
    trial: Trial<'_>,
    after: &Standing,
) -> Result<Vec<WorstScenario>, Refusal> {
    let Some((account, by)) = own_account(group, trial.order, after) else { return Ok(Vec::new()) };
    let orders = exposure::orders(group, house, &account.netted, Some(trial))?;
    // Nothing decides where an order trades that nothing prices.
    let Ok(traded) = pricing::units(&trial.order.terms, house, by) else { return Ok(Vec::new()) };
    let worst = &account.reserved(after.depth).worst;
    Ok(account.held.deciding((house, &group.currency), &orders, worst, &traded)?)
}
