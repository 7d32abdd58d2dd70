//! What is always booked.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::command::{Fact, OrderFilter, SettlementRun};
use super::content::content_of;
use super::event::{CashReason, Event};
use super::exception::{About, ExceptionKind};
use super::house::HouseSnapshot;
use super::link::OrderLink;
use super::order::{NewOrder, TimeInForce, WorkingOrder};
use super::outcome::Outcome;
use super::state::{Group, ReferenceOf};
use super::trading::raised;
use super::{ending, linking, reducing, settling, trading};
use crate::types::{BusinessDate, CommandId, OrderId, Overflow, Reference};

/// Books a fact; one whose numbers do not fit goes to suspense whole.
pub(super) fn book(group: &Group, house: &HouseSnapshot, fact: &Fact) -> (Vec<Event>, Outcome) {
    booked(group, house, fact, &|| content_of(fact))
}

/// The same of a settlement run, whose content is formed once for all groups.
pub(super) fn book_run(
    group: &Group,
    house: &HouseSnapshot,
    run: &Arc<SettlementRun>,
    content: &[u8; 32],
) -> (Vec<Event>, Outcome) {
    booked(group, house, &Fact::Settle(Arc::clone(run)), &|| *content)
}

fn booked(
    group: &Group,
    house: &HouseSnapshot,
    fact: &Fact,
    content: &dyn Fn() -> [u8; 32],
) -> (Vec<Event>, Outcome) {
    let events = events(group, house, fact, content).and_then(|mut events| {
        group.takes(&events)?;
        events.extend(reducing::cuts(group, &events)?);
        Ok(events)
    });
    let events = events.unwrap_or_else(|overflow| {
        let about = About { detail: format!("{overflow}: {}", what(fact)), ..about(fact) };
        not_booked(group, fact, ExceptionKind::TooLarge, about)
    });
    let mut closed = Vec::new();
    for event in &events {
        if let Event::OrderClosed(id) = event {
            closed.push(id.clone());
        }
    }
    let is_known = has_own_id(fact) && events.is_empty();
    let outcome = Outcome { closed, is_known, ..Outcome::default() };
    (events, outcome)
}

/// Books a fact whose command id was used for something else, or so long ago that it is forgotten.
///
/// What has an id of its own is told from what was booked by that. The rest may be told late and a second time: it would release what was
/// reserved since, so that it is an item, and reservations stay.
pub(super) fn book_by_own_id(
    group: &Group,
    house: &HouseSnapshot,
    fact: &Fact,
    id: &CommandId,
) -> (Vec<Event>, Outcome) {
    if has_own_id(fact) {
        return book(group, house, fact);
    }
    let detail = format!("command id {id}: {} is not applied", what(fact));
    let about = About { detail, ..about(fact) };
    (vec![raised(ExceptionKind::CommandIdReused, about)], Outcome::default())
}

/// Whether a fact is told from others by an id of its own, whatever its command's id is; a cancelled order never works again.
const fn has_own_id(fact: &Fact) -> bool {
    match fact {
        Fact::Fill(_)
        | Fact::Bust(..)
        | Fact::Deposit(..)
        | Fact::DepositAsset(..)
        | Fact::Settle(_)
        | Fact::Exercise(_)
        | Fact::Delivered(_)
        | Fact::Cancelled(_) => true,
        Fact::Replaced(_)
        | Fact::NotReplaced(_)
        | Fact::MassCancelled(_)
        | Fact::DayEnded(_)
        | Fact::WorkingOrders(_) => false,
    }
}

const fn what(fact: &Fact) -> &'static str {
    match fact {
        Fact::Fill(_) => "a trade",
        Fact::Bust(..) => "a trade cancelled",
        Fact::Deposit(..) | Fact::DepositAsset(..) => "a deposit",
        Fact::Settle(_) => "a settlement run",
        Fact::Exercise(_) => "an exercise",
        Fact::Delivered(_) => "a delivery",
        Fact::Cancelled(_) => "a cancellation",
        Fact::Replaced(_) => "a confirmation of a replacement",
        Fact::NotReplaced(_) => "a refusal of a replacement",
        Fact::MassCancelled(_) => "a mass cancellation",
        Fact::DayEnded(_) => "the end of a day",
        Fact::WorkingOrders(_) => "the venue's list of working orders",
    }
}

fn about(fact: &Fact) -> About {
    let nothing = About::default();
    match fact {
        Fact::Fill(own) => About { trade: Some(own.trade.clone()), ..nothing },
        Fact::Bust(trade, _) => About { trade: Some(trade.clone()), ..nothing },
        Fact::Deposit(reference, ..) | Fact::DepositAsset(reference, ..) => {
            About { reference: Some(reference.clone()), ..nothing }
        }
        Fact::Exercise(own) => About { reference: Some(own.id.clone()), ..nothing },
        Fact::Settle(run) => About { reference: Some(run.id.clone()), ..nothing },
        Fact::Cancelled(id) | Fact::Replaced(id) | Fact::NotReplaced(id) => {
            About { order: Some(id.clone()), ..nothing }
        }
        Fact::MassCancelled(_) | Fact::DayEnded(_) | Fact::WorkingOrders(_) | Fact::Delivered(_) => nothing,
    }
}

/// The item of a fact that books nothing. Runs keep no answers and may be told again until they fit: one open item says that one does not.
fn not_booked(group: &Group, fact: &Fact, kind: ExceptionKind, about: About) -> Vec<Event> {
    let is_open =
        matches!(fact, Fact::Settle(run) if group.open_items(&run.id).any(|(_, own)| own.kind == kind));
    if is_open { Vec::new() } else { vec![raised(kind, about)] }
}

fn events(
    group: &Group,
    house: &HouseSnapshot,
    fact: &Fact,
    content: &dyn Fn() -> [u8; 32],
) -> Result<Vec<Event>, Overflow> {
    use ReferenceOf::{Deposit, Exercise, Run};
    // The content of a reference is the fact, whatever command told it.
    let once = |of: ReferenceOf, reference: &Reference, events: &dyn Fn() -> Result<Vec<Event>, Overflow>| {
        let content = content();
        match group.references.get(&(of, reference.clone())) {
            Some(known) if *known == content => Ok(Vec::new()),
            Some(_) => {
                let about = About {
                    reference: Some(reference.clone()),
                    detail: what(fact).to_owned(),
                    ..About::default()
                };
                Ok(not_booked(group, fact, ExceptionKind::ReferenceReused, about))
            }
            None => {
                let mut events = events()?;
                events.push(Event::ReferenceKept(of, reference.clone(), content));
                Ok(events)
            }
        }
    };
    match fact {
        Fact::Fill(fill) => trading::fill(group, house, fill),
        Fact::Bust(trade, date) => trading::bust(group, house, trade, *date),
        Fact::Deposit(reference, currency, amount) => {
            let moved = || Event::CashMoved(currency.clone(), *amount, CashReason::Deposit);
            once(Deposit, reference, &|| Ok(vec![moved()]))
        }
        Fact::DepositAsset(reference, asset, quantity) => {
            once(Deposit, reference, &|| Ok(vec![Event::AssetMoved(asset.clone(), *quantity)]))
        }
        Fact::Settle(run) => match settling::misplaced(house, run) {
            Some((kind, detail)) if !group.references.contains_key(&(Run, run.id.clone())) => {
                Ok(not_booked(group, fact, kind, About { detail, ..about(fact) }))
            }
            _ => once(Run, &run.id, &|| settling::settle(group, house, run)),
        },
        Fact::Exercise(own) => match ending::unbookable(group, house, own) {
            Some((kind, detail)) if !group.references.contains_key(&(Exercise, own.id.clone())) => {
                Ok(not_booked(group, fact, kind, About { detail, ..about(fact) }))
            }
            _ => once(Exercise, &own.id, &|| ending::exercise(group, house, own)),
        },
        Fact::Delivered(number) => Ok(ending::delivered(group, *number)),
        Fact::Cancelled(id) => Ok(of_order(group, id, |_| Some(Event::OrderClosed(id.clone())))),
        Fact::Replaced(id) => Ok(of_order(group, id, |order| {
            let terms = order.replacement.clone()?;
            Some(Event::OrderReplaced(id.clone(), Box::new(terms)))
        })),
        Fact::NotReplaced(id) => Ok(of_order(group, id, |order| {
            order.replacement.as_ref()?;
            Some(Event::ReplacementAsked(id.clone(), None))
        })),
        Fact::MassCancelled(filter) => Ok(cancelled(group, |order| is_meant(group, filter, order))),
        Fact::DayEnded(date) => {
            let mut events = cancelled(group, |order| ends(order, *date));
            events.push(Event::DayEnded(*date));
            Ok(events)
        }
        Fact::WorkingOrders(orders) => reconciled(group, house, orders),
    }
}

/// A confirmation of the venue for an order; of one that works no more it says nothing new.
fn of_order(group: &Group, id: &OrderId, event: impl Fn(&WorkingOrder) -> Option<Event>) -> Vec<Event> {
    let about = || About { order: Some(id.clone()), ..About::default() };
    let is_closed = || group.has_closed(id);
    match group.orders.get(id) {
        None if is_closed() => Vec::new(),
        None => vec![raised(ExceptionKind::UnknownOrder, about())],
        Some(order) => match event(order) {
            Some(event) => {
                let after = if let Event::OrderReplaced(_, terms) = &event {
                    Some(order.replaced(terms))
                } else {
                    None
                };
                let mut events = vec![event];
                match after {
                    Some(after) if after.is_filled() => events.push(Event::OrderClosed(id.clone())),
                    Some(after) => events.extend(linking::replaced(group, id, &after)),
                    None => {}
                }
                events
            }
            None => vec![raised(ExceptionKind::UnknownOrder, about())],
        },
    }
}

fn cancelled(group: &Group, is_meant: impl Fn(&WorkingOrder) -> bool) -> Vec<Event> {
    let meant = group.orders.iter().filter(|(_, order)| is_meant(order));
    meant.map(|(id, _)| Event::OrderClosed(id.clone())).collect()
}

fn is_meant(group: &Group, filter: &OrderFilter, order: &WorkingOrder) -> bool {
    match filter {
        OrderFilter::Account(account) => order.account == *account,
        OrderFilter::Member(member) => group.member == *member,
        OrderFilter::Session(session) => order.session.as_ref() == Some(session),
    }
}

fn ends(order: &WorkingOrder, date: BusinessDate) -> bool {
    match order.terms.time_in_force {
        TimeInForce::Day | TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => true,
        TimeInForce::GoodTillDate(last) => last <= date,
        TimeInForce::GoodTillCancel => false,
    }
}

/// The group's working orders become the venue's: what the venue does not work is released, what it works more is reserved.
fn reconciled(
    group: &Group,
    house: &HouseSnapshot,
    orders: &[(NewOrder, Vec<i64>)],
) -> Result<Vec<Event>, Overflow> {
    let stated: BTreeSet<&OrderId> = orders.iter().map(|(order, _)| &order.id).collect();
    let gone = group.orders.keys().filter(|id| !stated.contains(id));
    let mut events: Vec<Event> = gone.map(|id| Event::OrderClosed(id.clone())).collect();
    for (order, open) in orders {
        let about = |detail: String| About { order: Some(order.id.clone()), detail, ..About::default() };
        if !group.position_accounts.contains_key(&order.account) {
            let detail = format!("position account {}", order.account);
            events.push(raised(ExceptionKind::UnknownAccount, about(detail)));
            continue;
        }
        let Some(known) = group.orders.get(&order.id) else {
            events.push(raised(ExceptionKind::Unreserved, about("the whole order".to_owned())));
            // A link that does not take it cannot bind it: it is reserved by itself.
            let takes = |link: &OrderLink| linking::takes(group, link, &order.account).is_ok();
            let link = order.link.clone().filter(takes);
            let cut = open.iter().map(|open| order.terms.units - open).collect();
            let terms = house.scheduled(&order.terms)?;
            let working = WorkingOrder { link, cut, terms, ..WorkingOrder::new(order, group.sequence) };
            events.push(Event::OrderAccepted(order.id.clone(), Box::new(working)));
            continue;
        };
        for (part, open) in open.iter().enumerate().take(known.terms.parts()) {
            let ours = known.open(part);
            if *open > ours {
                events.push(raised(
                    ExceptionKind::Unreserved,
                    about(format!("{open} units, {ours} were open")),
                ));
            }
            if *open != ours {
                events.push(Event::OrderCut(order.id.clone(), part, ours - open));
            }
        }
    }
    Ok(events)
}
