//! What one unit of an order trades and costs: the rows of its contracts, and the cash at the price that is reserved.
//!
//! An order is reserved at the worse of its limit and the mark: it fills only when the market has come to its price, so a limit that is
//! better than the mark is no gain. A market order has the edge of the price band for a limit, a stop order too unless it has its own.
//! Of what is paid in full the whole price is reserved, of what is settled the loss against the mark; the fee comes on top.

use super::house::{HouseSnapshot, ListedContract};
use super::order::{OrderKind, OrderLeg, OrderTerms};
use super::outcome::{Refusal, RefusalReason};
use crate::span;
use crate::types::{Currency, Decimal, Lots, Money, Overflow};

/// What one unit of every part of an order does.
pub(super) fn units(terms: &OrderTerms, house: &HouseSnapshot) -> Result<Vec<span::Fill>, Refusal> {
    (0..terms.parts()).map(|part| unit(terms, part, house)).collect()
}

fn unit(terms: &OrderTerms, part: usize, house: &HouseSnapshot) -> Result<span::Fill, Refusal> {
    let mut fill = span::Fill::default();
    let mut contracts = Vec::new();
    for leg in terms.legs_of(part) {
        let contract = marginable(leg, house)?;
        for (commodity, row) in contract.rows.iter().flatten() {
            fill.legs.push((*commodity, *row, leg.lots));
        }
        contracts.push((leg, contract));
    }
    match terms.net_price {
        Some(net_price) => fill.cash.push(net_cost(net_price, &contracts)?),
        None => {
            for (leg, contract) in contracts {
                let mark = contract.price.unwrap_or_default();
                let limit = limit(terms.kind, leg, house)?;
                let reserved = if leg.lots.is_short() { limit.min(mark) } else { limit.max(mark) };
                let amount = cost(contract, reserved, mark, leg.lots).map_err(too_large)?;
                fill.cash.push((contract.currency.clone(), amount));
            }
        }
    }
    fill.cash.extend(terms.fee.clone());
    Ok(fill)
}

/// The contract of a leg, with rows and a price in the active set.
fn marginable<'a>(leg: &OrderLeg, house: &'a HouseSnapshot) -> Result<&'a ListedContract, Refusal> {
    let refusal = |detail: String| Refusal::new(RefusalReason::ContractNotMarginable, detail);
    let number = leg.contract.number();
    let contract = house
        .contract(leg.contract)
        .ok_or_else(|| refusal(format!("contract {number} is not in the active set")))?;
    if let Err(reason) = contract.rows {
        return Err(refusal(format!("contract {number}: {}", reason.name())));
    }
    if contract.price.is_none() || contract.factor.is_none() {
        return Err(refusal(format!("contract {number}: the active set has no price of it")));
    }
    Ok(contract)
}

/// The worst price at which a leg may trade.
fn limit(kind: OrderKind, leg: &OrderLeg, house: &HouseSnapshot) -> Result<Decimal, Refusal> {
    let of_its_own = match kind {
        OrderKind::Limit | OrderKind::Stop => leg.price,
        OrderKind::Market => None,
    };
    let edge = || house.band(leg.contract).map(|band| if leg.lots.is_short() { band.low } else { band.high });
    of_its_own.or_else(edge).ok_or_else(|| {
        let detail = format!("no price band of contract {} is known", leg.contract.number());
        Refusal::new(RefusalReason::NoPriceBand, detail)
    })
}

/// What is paid, or lost against the mark.
fn cost(contract: &ListedContract, reserved: Decimal, mark: Decimal, lots: Lots) -> Result<Money, Overflow> {
    let paid = contract.money_at(reserved, lots.get())?;
    if contract.is_paid { Ok(paid) } else { paid.minus(contract.money_at(mark, lots.get())?) }
}

/// What a combination costs that is priced as one: its legs have one money for a point of price.
fn net_cost(
    net_price: Decimal,
    contracts: &[(&OrderLeg, &ListedContract)],
) -> Result<(Currency, Money), Refusal> {
    let alike =
        |own: &ListedContract| (own.factor.map(Decimal::normalized), own.is_paid, own.currency.clone());
    let Some((_, first)) = contracts.first() else {
        return Err(Refusal::new(RefusalReason::NetPriceUnlike, "a combination without legs"));
    };
    if contracts.iter().any(|(_, own)| alike(own) != alike(first)) {
        let detail = "legs differ in currency, in money for a point of price or in how they are paid";
        return Err(Refusal::new(RefusalReason::NetPriceUnlike, detail));
    }
    let mut marks = Money::ZERO;
    for (leg, own) in contracts {
        let mark = own.money_at(own.price.unwrap_or_default(), leg.lots.get()).map_err(too_large)?;
        marks = marks.plus(mark).map_err(too_large)?;
    }
    let paid = first.money_at(net_price, 1).map_err(too_large)?.max(marks);
    let amount = if first.is_paid { paid } else { paid.minus(marks).map_err(too_large)? };
    Ok((first.currency.clone(), amount))
}

pub(super) fn too_large(overflow: Overflow) -> Refusal {
    Refusal::new(RefusalReason::TooLarge, overflow.to_string())
}
