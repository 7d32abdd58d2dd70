//! What one unit of an order trades and costs: its contracts, and the cash at the price that is reserved.
//!
//! An order is reserved at the worse of its limit and the mark: it fills only when the market has come to its price, so a limit that is
//! better than the mark is no gain. A market order has the edge of the price band for a limit, a stop order too unless it has its own.
//! Of what is paid in full the whole price is reserved where a set has its value in the requirement; where it is equity, and of what is
//! settled, the loss against the mark. The fee that the order states, else the house's schedule
//! for its legs, comes on top; a rebate counts nothing.

use std::collections::BTreeMap;

use super::house::{HouseSnapshot, ListedContract, PriceMoney};
use super::order::{OrderKind, OrderLeg, OrderTerms, WorkingOrder};
use super::outcome::{Refusal, RefusalReason};
use super::position::add_money;
use super::state::MarginTerms;
use crate::contract::ContractId;
use crate::types::{Currency, Decimal, Lots, Money, Overflow};

/// What one unit of a part of an order does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Unit {
    /// What it trades.
    pub(super) legs: Vec<(ContractId, Lots)>,
    /// What it costs: loss against the mark, premium and fee; positive is paid.
    pub(super) cash: Vec<(Currency, Money)>,
    /// What leaves the collateral pool, at most: the same with premiums in full, whatever is got for them; by currency, not negative.
    pub(super) outlay: BTreeMap<Currency, Money>,
}

/// No leg has ended: first in a settlement run, then by its last day.
pub(super) fn lives(legs: &[OrderLeg], house: &HouseSnapshot) -> Result<(), Refusal> {
    if let Some(leg) = legs.iter().find(|leg| house.settlements().ended(leg.contract).is_some()) {
        let detail = format!("contract {} has ended in a settlement run", leg.contract);
        return Err(Refusal::new(RefusalReason::ContractEnded, detail));
    }
    if let Some(leg) = legs.iter().find(|leg| house.awaiting(leg.contract).is_some()) {
        let detail = format!("contract {} has ended", leg.contract);
        return Err(Refusal::new(RefusalReason::AwaitingSettlement, detail));
    }
    Ok(())
}

/// What one unit of every part of an order does in an account that is margined by these terms.
pub(super) fn units(
    terms: &OrderTerms,
    house: &HouseSnapshot,
    by: &MarginTerms,
) -> Result<Vec<Unit>, Refusal> {
    (0..terms.parts()).map(|part| unit(terms, part, house, by)).collect()
}

/// What one unit of every part of an order does with those of its legs that are priced, where not all of it is; `None` where none is. What
/// combinations cost that are priced as one, and fees, are no part of it.
pub(super) fn priced_legs(
    order: &WorkingOrder,
    house: &HouseSnapshot,
    by: &MarginTerms,
) -> Result<Option<[Vec<Unit>; 2]>, Refusal> {
    let units = |terms: &OrderTerms| -> Result<Vec<Unit>, Refusal> {
        (0..terms.parts()).map(|part| priced_unit(terms, part, house, by)).collect()
    };
    let units =
        [units(&order.terms)?, order.replacement.as_ref().map(units).transpose()?.unwrap_or_default()];
    Ok(units.iter().flatten().any(|own| !own.legs.is_empty()).then_some(units))
}

/// Whether a leg is margined and has a price, where its order is not priced as a whole.
pub(super) fn is_priced(terms: &OrderTerms, leg: &OrderLeg, house: &HouseSnapshot, by: &MarginTerms) -> bool {
    let has_limit = terms.net_price.is_some() || worst_price(terms.kind, leg, house).is_some();
    has_limit && house.lacks(by).is_none() && Traded::new(leg, house, by).is_ok()
}

fn priced_unit(
    terms: &OrderTerms,
    part: usize,
    house: &HouseSnapshot,
    by: &MarginTerms,
) -> Result<Unit, Refusal> {
    let (mut unit, mut premiums) = (Unit::default(), BTreeMap::new());
    for leg in terms.legs_of(part).iter().filter(|leg| is_priced(terms, leg, house, by)) {
        unit.legs.push((leg.contract, leg.lots));
        if terms.net_price.is_none() {
            let own = Traded::new(leg, house, by)?;
            own.reserve(limit(terms.kind, leg, house)?, &mut unit, &mut premiums)?;
        }
    }
    unit.pay(&premiums)?;
    Ok(unit)
}

fn unit(terms: &OrderTerms, part: usize, house: &HouseSnapshot, by: &MarginTerms) -> Result<Unit, Refusal> {
    let mut unit = Unit::default();
    let mut traded = Vec::new();
    for leg in terms.legs_of(part) {
        unit.legs.push((leg.contract, leg.lots));
        traded.push(Traded::new(leg, house, by)?);
    }
    // Premiums paid and got in one fill are due on one day.
    let mut premiums = BTreeMap::new();
    match terms.net_price {
        Some(net_price) => {
            let (cost, paid) = net_cost(net_price, &traded)?;
            let is_paid = traded.first().is_some_and(|own| own.contract.is_paid);
            add_money(if is_paid { &mut premiums } else { &mut unit.outlay }, &cost.0, paid)?;
            unit.cash.push(cost);
        }
        None => {
            for own in traded {
                own.reserve(limit(terms.kind, own.leg, house)?, &mut unit, &mut premiums)?;
            }
        }
    }
    // A rebate that the order states is not certain money.
    unit.cash.extend(terms.fees_of(part).filter(|(_, amount)| amount.is_positive()).cloned());
    unit.pay(&premiums)?;
    for (currency, amount) in terms.fees_of(part) {
        add_money(&mut unit.outlay, currency, (*amount).max(Money::ZERO))?;
    }
    Ok(unit)
}

impl Unit {
    /// Premiums leave the pool; those that are got do not come to it.
    fn pay(&mut self, premiums: &BTreeMap<Currency, Money>) -> Result<(), Overflow> {
        premiums.iter().try_for_each(|(currency, amount)| {
            add_money(&mut self.outlay, currency, (*amount).max(Money::ZERO))
        })
    }
}

/// A leg with its contract, which can be margined and has a price.
struct Traded<'a> {
    leg: &'a OrderLeg,
    contract: &'a ListedContract,
    /// What its lots are worth, where that is equity and not in the requirement.
    worth: Option<Money>,
}

impl<'a> Traded<'a> {
    fn new(leg: &'a OrderLeg, house: &'a HouseSnapshot, by: &MarginTerms) -> Result<Self, Refusal> {
        let number = leg.contract;
        let refusal = |detail: &str| {
            Refusal::new(RefusalReason::ContractNotMarginable, format!("contract {number}{detail}"))
        };
        lives(std::slice::from_ref(leg), house)?;
        let contract = house.contract(leg.contract);
        let contract = contract.ok_or_else(|| refusal(" is not in the active set"))?;
        let worth = match by {
            MarginTerms::Span { .. } => {
                if let Err(reason) = contract.rows {
                    return Err(refusal(&format!(": {}", reason.name())));
                }
                None
            }
            MarginTerms::Method { method, .. } => {
                let catalogue = house.catalogue(method);
                let catalogue = catalogue.ok_or_else(|| refusal(": the account's method is gone"))?;
                let own = catalogue.contract(leg.contract);
                let own = own.ok_or_else(|| refusal(" has no specification in the method's currency"))?;
                let own = own.map_err(|reason| refusal(&format!(": {reason}")))?;
                Some(own.value.times_lots(leg.lots).map_err(too_large)?)
            }
        };
        if !contract.is_priced() {
            return Err(refusal(": the active set has no price of it"));
        }
        Ok(Self { leg, contract, worth })
    }

    /// Adds what it costs at its limit, or at the mark where that is worse.
    fn reserve(
        &self,
        limit: Decimal,
        unit: &mut Unit,
        premiums: &mut BTreeMap<Currency, Money>,
    ) -> Result<(), Overflow> {
        let mark = self.mark();
        let reserved = if self.leg.lots.is_short() { limit.min(mark) } else { limit.max(mark) };
        let (currency, cost) = (self.contract.currency.clone(), self.cost(reserved)?);
        if self.contract.is_paid {
            add_money(premiums, &currency, self.money_at(reserved)?)?;
        } else {
            add_money(&mut unit.outlay, &currency, cost)?;
        }
        unit.cash.push((currency, cost));
        Ok(())
    }

    fn mark(&self) -> Decimal {
        self.contract.price.unwrap_or_default()
    }

    fn money_at(&self, price: Decimal) -> Result<Money, Overflow> {
        self.contract.money_at(price, self.leg.lots.get())
    }

    /// What is paid, or lost against the mark.
    fn cost(&self, reserved: Decimal) -> Result<Money, Overflow> {
        let money = self.money_at(reserved)?;
        match (self.contract.is_paid, self.worth) {
            (true, None) => Ok(money),
            // The mark is rounded: at the mark nothing is gained.
            (true, Some(worth)) => Ok(money.minus(worth)?.max(Money::ZERO)),
            (false, _) => money.minus(self.money_at(self.mark())?),
        }
    }
}

/// The worst price at which a leg may trade, where it is known.
pub(super) fn worst_price(kind: OrderKind, leg: &OrderLeg, house: &HouseSnapshot) -> Option<Decimal> {
    let of_its_own = match kind {
        OrderKind::Limit | OrderKind::Stop => leg.price,
        OrderKind::Market => None,
    };
    let edge = || house.band(leg.contract).map(|band| if leg.lots.is_short() { band.low } else { band.high });
    of_its_own.or_else(edge)
}

fn limit(kind: OrderKind, leg: &OrderLeg, house: &HouseSnapshot) -> Result<Decimal, Refusal> {
    worst_price(kind, leg, house).ok_or_else(|| {
        let detail = format!("no price band of contract {} is known", leg.contract);
        Refusal::new(RefusalReason::NoPriceBand, detail)
    })
}

/// What a combination costs that is priced as one, and what is paid for it or lost against the marks: its legs have one money for a point of
/// price.
fn net_cost(net_price: Decimal, traded: &[Traded<'_>]) -> Result<((Currency, Money), Money), Refusal> {
    let alike = |own: &Traded<'_>| match own.contract.money {
        Some(PriceMoney::Point(factor)) => {
            Some((factor.normalized(), own.contract.is_paid, own.contract.currency.clone()))
        }
        // Prices of inverse contracts do not add up.
        Some(PriceMoney::Inverse(_)) | None => None,
    };
    let Some(first) = traded.first() else {
        return Err(Refusal::new(RefusalReason::NetPriceUnlike, "a combination without legs"));
    };
    if traded.iter().any(|own| alike(own).is_none() || alike(own) != alike(first)) {
        let detail = "legs differ in currency, in money for a point of price or in how they are paid";
        return Err(Refusal::new(RefusalReason::NetPriceUnlike, detail));
    }
    let (mut marks, mut worth) = (Money::ZERO, None::<Money>);
    for own in traded {
        marks = marks.plus(own.money_at(own.mark()).map_err(too_large)?).map_err(too_large)?;
        if let Some(own) = own.worth {
            worth = Some(worth.unwrap_or_default().plus(own).map_err(too_large)?);
        }
    }
    let paid = first.contract.money_at(net_price, 1).map_err(too_large)?.max(marks);
    let amount = match (first.contract.is_paid, worth) {
        (true, None) => paid,
        (true, Some(worth)) => paid.minus(worth).map_err(too_large)?.max(Money::ZERO),
        (false, _) => paid.minus(marks).map_err(too_large)?,
    };
    let paid = if first.contract.is_paid { paid } else { amount };
    Ok(((first.contract.currency.clone(), amount), paid))
}

pub(super) fn too_large(overflow: Overflow) -> Refusal {
    Refusal::new(RefusalReason::TooLarge, overflow.to_string())
}
