//! Whether a trade is what its order allows: contracts and directions, units, price, fee and date. A trade that is not is booked all the
//! same, and every way in which it does not fit is an item of its own kind.

use std::collections::BTreeMap;

use super::command::Fill;
use super::exception::ExceptionKind;
use super::house::HouseSnapshot;
use super::linking;
use super::order::{OrderKind, OrderTerms, TimeInForce, WorkingOrder};
use super::position::TradeLeg;
use super::state::Group;
use crate::contract::ContractId;
use crate::types::{Decimal, Money};

/// What a trade does to its order.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// How the trade does not fit, with a word for a person.
    pub(super) misfits: Vec<(ExceptionKind, String)>,
    /// The units that the order has less of now; `None` where the trade is not of the order's contracts and directions.
    pub(super) units: Option<i64>,
}

/// Holds a trade against the order that it names. While a replacement is not confirmed either may be what fills.
pub(super) fn judged(group: &Group, order: &WorkingOrder, fill: &Fill, part: usize) -> Judged {
    if !is_like(order, fill, part) {
        let misfits = vec![(ExceptionKind::FillUnlikeOrder, format!("{} units", fill.units))];
        return Judged { misfits, units: None };
    }
    let terms = || std::iter::once(&order.terms).chain(&order.replacement);
    let open = order.open(part).max(order.open_replaced(part));
    let mut misfits = Vec::new();
    if fill.units > open {
        misfits.push((ExceptionKind::Overfill, format!("{} units, {open} open", fill.units)));
    }
    let beyond = linking::beyond(group, order, &order.with_fill(part, fill.units));
    if beyond > 0 {
        misfits.push((ExceptionKind::BeyondLink, format!("{} units, {beyond} beyond", fill.units)));
    }
    if !terms().any(|own| is_within_limits(own, fill, part)) {
        misfits.push((ExceptionKind::ThroughLimit, limits(&order.terms, part)));
    }
    if !terms().any(|own| has_agreed_fee(own, fill, part)) {
        let detail = match &order.terms.fee {
            Some((currency, _)) => format!("{} units, a fee in {currency} was stated", fill.units),
            None => format!("{} units, above the house's schedule", fill.units),
        };
        misfits.push((ExceptionKind::FeeUnlikeOrder, detail));
    }
    if let TimeInForce::GoodTillDate(last) = order.terms.time_in_force
        && !terms().any(|own| works_on(own, fill))
    {
        misfits.push((ExceptionKind::AfterLastDate, format!("on {}, good till {last}", fill.clearing.date)));
    }
    Judged { misfits, units: Some(fill.units.min(open)) }
}

/// Whether a trade is of the account, the contracts and the directions of its order.
fn is_like(order: &WorkingOrder, fill: &Fill, part: usize) -> bool {
    let mut expected: BTreeMap<ContractId, i64> = BTreeMap::new();
    for leg in order.terms.legs_of(part) {
        let lots = expected.entry(leg.contract).or_default();
        *lots = lots.saturating_add(leg.lots.get().saturating_mul(fill.units));
    }
    let mut traded: BTreeMap<ContractId, i64> = BTreeMap::new();
    for leg in &fill.legs {
        let lots = traded.entry(leg.contract).or_default();
        *lots = lots.saturating_add(leg.lots);
    }
    order.account == fill.account && part < order.terms.parts() && expected == traded
}

/// Whether a trade is at the limits of its order or better. A market order, and a stop without a limit, has none.
fn is_within_limits(terms: &OrderTerms, fill: &Fill, part: usize) -> bool {
    if let Some(most) = terms.net_price {
        return costs_at_most(fill, most);
    }
    match terms.kind {
        OrderKind::Market => true,
        OrderKind::Limit | OrderKind::Stop => fill.legs.iter().all(|leg| {
            let alike = terms.legs_of(part).iter().filter(|own| own.contract == leg.contract);
            // Of several legs in one contract any may be what was traded.
            let mut limits = alike.filter(|own| own.lots.is_short() == (leg.lots < 0)).map(|own| own.price);
            limits.any(|limit| limit.is_none_or(|limit| is_at_least_as_good(leg.price, limit, leg.lots)))
        }),
    }
}

/// Whether a price is a limit or better for lots, bought positive.
fn is_at_least_as_good(price: Decimal, limit: Decimal, lots: i64) -> bool {
    let places = price.places().max(limit.places());
    match (price.scaled_exact(places), limit.scaled_exact(places)) {
        (Some(price), Some(limit)) => {
            if lots < 0 {
                price >= limit
            } else {
                price <= limit
            }
        }
        // What does not fit is not shown to be as good.
        _ => false,
    }
}

/// The legs of a trade whose price is too many times the last accepted mark, or too small a part of it, for a person. Where there is no mark,
/// or one of nothing, nothing can be said.
pub(super) fn implausible(house: &HouseSnapshot, fill: &Fill) -> Vec<String> {
    let most = house.most_price_ratio();
    let is_far = |one: Money, other: Money| {
        // What does not fit is not shown to be near.
        other.magnitude().times_ratio_half_away(most).is_ok_and(|bound| one.magnitude() > bound)
    };
    let named = |leg: &TradeLeg| {
        let mark = house.known(leg.contract)?.mark?;
        let (price, at_mark) = (Money::from_decimal(leg.price).ok()?, Money::from_decimal(mark).ok()?);
        let can_be_compared = !price.is_zero() && !at_mark.is_zero();
        let is_implausible = can_be_compared && (is_far(price, at_mark) || is_far(at_mark, price));
        is_implausible.then(|| format!("contract {} at {}, mark {mark}", leg.contract, leg.price))
    };
    fill.legs.iter().filter_map(named).collect()
}

/// Whether all legs together cost at most so many points for every unit.
fn costs_at_most(fill: &Fill, most: Decimal) -> bool {
    let places = fill.legs.iter().map(|leg| leg.price.places()).fold(most.places(), u8::max);
    let points = |price: Decimal, lots: i64| price.scaled_exact(places)?.checked_mul(i128::from(lots));
    let cost = fill.legs.iter().try_fold(0_i128, |sum, leg| sum.checked_add(points(leg.price, leg.lots)?));
    match (cost, points(most, fill.units)) {
        (Some(cost), Some(most)) => cost <= most,
        // What does not fit is not shown to be within.
        _ => false,
    }
}

/// Whether a trade has the fee that its order states for its units; where it states none, one of at most what was scheduled for the legs.
fn has_agreed_fee(terms: &OrderTerms, fill: &Fill, part: usize) -> bool {
    let Some((currency, of_unit)) = &terms.fee else { return is_within_schedule(terms, fill, part) };
    let stated = of_unit.times_whole(fill.units);
    match &fill.fee {
        Some((paid_in, paid)) if paid_in == currency => stated == Ok(*paid),
        Some(_) => false,
        None => of_unit.is_zero(),
    }
}

/// Whether the fee of a trade is within what was scheduled for the legs that it fills; where the schedule has nothing for one of them it
/// says nothing of the whole.
fn is_within_schedule(terms: &OrderTerms, fill: &Fill, part: usize) -> bool {
    let Some((currency, paid)) = fill.fee.as_ref().filter(|(_, paid)| paid.is_positive()) else {
        return true;
    };
    let scheduled = terms.fees_of(part);
    if scheduled.count() < terms.legs_of(part).len() {
        return true;
    }
    let alike = terms.fees_of(part).filter(|(own, _)| own == currency);
    let of_unit = alike.map(|(_, amount)| *amount).try_fold(Money::ZERO, Money::plus);
    // What does not fit is not shown to be within.
    of_unit.and_then(|own| own.times_whole(fill.units)).is_ok_and(|most| *paid <= most)
}

fn works_on(terms: &OrderTerms, fill: &Fill) -> bool {
    match terms.time_in_force {
        TimeInForce::GoodTillDate(last) => fill.clearing.date <= last,
        TimeInForce::Day
        | TimeInForce::GoodTillCancel
        | TimeInForce::ImmediateOrCancel
        | TimeInForce::FillOrKill => true,
    }
}

/// The limits of a part of an order, for a person.
fn limits(terms: &OrderTerms, part: usize) -> String {
    match terms.net_price {
        Some(price) => format!("net price {price}"),
        None => {
            let limits = terms.legs_of(part).iter().filter_map(|leg| leg.price);
            let limits: Vec<String> = limits.map(|price| price.to_string()).collect();
            format!("limit {}", limits.join(", "))
        }
    }
}
