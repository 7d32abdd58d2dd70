//! What working orders may come to at most in contracts that nothing prices or margins.
//!
//! ```text
//! charged:  for every contract of a position account, with g = what all lots of a side would be charged more or less, per lot
//!           the worse of   sum of max(0, cost + lots * g of buying)  + sum of max(0, cost - lots * g of buying)     over buys, and sells
//!           and            sum of max(0, cost + lots * g of selling) + sum of max(0, cost - lots * g of selling)    over sells, and buys
//! cost:     the price where it is paid, else the loss against the last mark
//! ```
//!
//! What lots are charged is convex in them, so no choice of fills comes to more. Where longs and shorts of an account are margined apart, what
//! closes a side and what opens one are looked at apart. Fees, and what combinations cost, are added.

use std::collections::BTreeMap;

use super::{Amounts, add, added, charge};
use crate::contract::ContractId;
use crate::group::exposure::keeps_sides;
use crate::group::house::HouseSnapshot;
use crate::group::missing::{Missing, MissingKind};
use crate::group::order::{OrderLeg, OrderTerms, WorkingOrder};
use crate::group::outcome::{Refusal, RefusalReason};
use crate::group::position::{Holding, Keeping};
use crate::group::pricing::worst_price;
use crate::group::state::{Group, MarginTerms};
use crate::types::{AccountName, Decimal, Money, OrderId, Overflow};

/// Working orders of a margin account that nothing prices or margins.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::group) struct UnpricedOrders {
    /// What they have to have at most, with what they cost.
    pub(in crate::group) charged: Amounts,
    /// Each of them.
    pub(in crate::group) missing: Vec<Missing>,
}

/// Lots of a contract that a part of an order may trade.
#[derive(Clone, Debug)]
struct Traded {
    /// Bought positive.
    lots: i64,
    /// Whether they close the other side in an account that keeps both.
    closes: bool,
    /// What they cost; nothing where a combination costs it.
    cost: Amounts,
}

/// Gathers such orders.
#[derive(Debug, Default)]
pub(in crate::group) struct Gathering {
    traded: BTreeMap<(AccountName, ContractId), Vec<Traded>>,
    apart: Amounts,
    missing: Vec<Missing>,
}

impl Gathering {
    /// Takes an order, why it is not priced, and which of its legs are priced by themselves and looked for elsewhere.
    pub(in crate::group) fn add(
        &mut self,
        (id, order): (&OrderId, &WorkingOrder),
        house: &HouseSnapshot,
        why: &Refusal,
        is_priced: impl Fn(&OrderTerms, &OrderLeg) -> bool,
    ) -> Result<(), Overflow> {
        let mut is_bounded = true;
        for part in 0..order.terms.parts() {
            is_bounded &= self.add_part(order, part, house, &is_priced)?;
        }
        let kind =
            if why.reason == RefusalReason::NoPriceBand { MissingKind::Band } else { MissingKind::Order };
        self.missing.push(Missing {
            order: Some(id.clone()),
            account: Some(order.account.clone()),
            ..Missing::new(kind, why.detail.clone(), is_bounded)
        });
        Ok(())
    }

    /// Whether something bounds what it costs. What is to replace it has the same legs: as much as either may fill costs what the dearer does.
    fn add_part(
        &mut self,
        order: &WorkingOrder,
        part: usize,
        house: &HouseSnapshot,
        is_priced: &impl Fn(&OrderTerms, &OrderLeg) -> bool,
    ) -> Result<bool, Overflow> {
        let units = order.open(part).max(order.open_replaced(part));
        if units == 0 {
            return Ok(true);
        }
        let either = || std::iter::once(&order.terms).chain(&order.replacement);
        let mut is_bounded = true;
        let is_single = order.terms.legs_of(part).len() == 1;
        for (place, leg) in order.terms.legs_of(part).iter().enumerate() {
            let mut cost = Amounts::new();
            let mut is_elsewhere = true;
            for terms in either() {
                let Some(own) = terms.legs_of(part).get(place) else { continue };
                if is_priced(terms, own) {
                    continue;
                }
                is_elsewhere = false;
                if terms.net_price.is_none() {
                    let own = leg_cost(terms, own, lots_of(leg, units)?, house)?;
                    is_bounded &= own.is_some();
                    dearer(&mut cost, own.unwrap_or_default());
                }
            }
            if is_elsewhere {
                continue;
            }
            if !is_single {
                added(&mut self.apart, &cost)?;
                cost.clear();
            }
            let own = self.traded.entry((order.account.clone(), leg.contract)).or_default();
            own.push(Traded { lots: lots_of(leg, units)?, closes: order.terms.is_closing(), cost });
        }
        let mut most = Amounts::new();
        for terms in either() {
            let mut besides = Amounts::new();
            if terms.net_price.is_some() {
                let cost = net_cost(terms, part, units, house)?;
                is_bounded &= cost.is_some();
                added(&mut besides, &cost.unwrap_or_default())?;
            }
            for (currency, fee) in terms.fees_of(part).filter(|(_, fee)| fee.is_positive()) {
                add(&mut besides, currency, fee.times_whole(units)?)?;
            }
            dearer(&mut most, besides);
        }
        added(&mut self.apart, &most)?;
        Ok(is_bounded)
    }

    /// What they come to at worst in an account of these terms.
    pub(in crate::group) fn finished(
        mut self,
        group: &Group,
        house: &HouseSnapshot,
        by: &MarginTerms,
    ) -> Result<UnpricedOrders, Overflow> {
        let mut charged = self.apart;
        for ((account, contract), traded) in &self.traded {
            let keeping = group.position_accounts.get(account).map_or(Keeping::Net, |own| own.keeping);
            // What is margined is in the requirement already: what is traded of it counts by itself.
            let is_margined = house.margins(*contract, by);
            let held = if is_margined { Holding::default() } else { group.holding(account, *contract) };
            let book = Book { house, contract: *contract, held: &held, traded };
            let most = if keeps_sides(by.margining(), keeping) && !is_margined {
                book.worst_of_sides()?
            } else {
                book.worst_of_net()?
            };
            match most {
                Some(extra) => added(&mut charged, &extra)?,
                None => self.missing.iter_mut().for_each(|own| own.is_bounded = false),
            }
        }
        Ok(UnpricedOrders { charged, missing: self.missing })
    }
}

fn lots_of(leg: &OrderLeg, units: i64) -> Result<i64, Overflow> {
    leg.lots.get().checked_mul(units).ok_or(Overflow)
}

/// In every currency the dearer of both; neither is negative.
fn dearer(most: &mut Amounts, other: Amounts) {
    for (currency, amount) in other {
        let own = most.entry(currency).or_default();
        *own = (*own).max(amount);
    }
}

/// A contract in a position account, and what may be traded of it.
struct Book<'a> {
    house: &'a HouseSnapshot,
    contract: ContractId,
    held: &'a Holding,
    traded: &'a [Traded],
}

/// What all lots of a kind change of what is charged.
struct Change {
    lots: i64,
    amounts: Amounts,
}

impl Book<'_> {
    /// What lots are charged more after a change of sides than before; `None` where nothing bounds it. Without a bound of before, nothing is released.
    fn more(&self, before: &[i64], after: &[i64]) -> Result<Option<Amounts>, Overflow> {
        let mut more = Amounts::new();
        for (before, after) in before.iter().zip(after) {
            // What makes a position smaller adds nothing to it, whether anything bounds it or not.
            let is_smaller =
                after.signum() * before.signum() >= 0 && after.unsigned_abs() <= before.unsigned_abs();
            match charge(self.house, self.contract, *after)? {
                Some(charged) => {
                    added(&mut more, &charged)?;
                    for (currency, amount) in charge(self.house, self.contract, *before)?.unwrap_or_default()
                    {
                        add(&mut more, &currency, amount.negated())?;
                    }
                }
                None if is_smaller => {}
                None => return Ok(None),
            }
        }
        Ok(Some(more))
    }

    /// The lots of one side that are meant, in all.
    fn all(&self, is_meant: impl Fn(&Traded) -> bool) -> Result<i64, Overflow> {
        let meant = self.traded.iter().filter(|own| is_meant(own));
        meant.map(|own| own.lots).try_fold(0, i64::checked_add).ok_or(Overflow)
    }

    /// Where what is bought and what is sold is one position.
    fn worst_of_net(&self) -> Result<Option<Amounts>, Overflow> {
        let held = self.held.net();
        let mut worst = Amounts::new();
        for is_short in [false, true] {
            let lots = self.all(|own| (own.lots < 0) == is_short)?;
            if lots == 0 {
                continue;
            }
            let after = held.checked_add(lots).ok_or(Overflow)?;
            let Some(amounts) = self.more(&[held], &[after])? else { return Ok(None) };
            dearer(&mut worst, self.with(&Change { lots, amounts }, |_| true)?);
        }
        Ok(Some(worst))
    }

    /// Where longs and shorts stand apart: what closes one of them takes from it first, and what is beyond opens.
    fn worst_of_sides(&self) -> Result<Option<Amounts>, Overflow> {
        let mut worst = Amounts::new();
        for (is_short, closes) in [(false, false), (true, false), (false, true), (true, true)] {
            let is_meant = |own: &Traded| (own.lots < 0, own.closes) == (is_short, closes);
            let lots = self.all(is_meant)?;
            if lots == 0 {
                continue;
            }
            let other = if is_short { self.held.long } else { -self.held.short };
            let left = other.checked_add(lots).ok_or(Overflow)?;
            let is_beyond = left != 0 && left.signum() == lots.signum();
            let (before, after) = match (closes, is_beyond) {
                (false, _) => ([0, 0], [lots, 0]),
                (true, false) => ([0, other], [0, left]),
                (true, true) => ([0, other], [left, 0]),
            };
            let Some(amounts) = self.more(&before, &after)? else { return Ok(None) };
            added(&mut worst, &self.with(&Change { lots, amounts }, is_meant)?)?;
        }
        Ok(Some(worst))
    }

    /// What is meant comes to at most: every part of an order by itself, with its share of the change; the other way round for the other side.
    fn with(&self, change: &Change, is_meant: impl Fn(&Traded) -> bool) -> Result<Amounts, Overflow> {
        let all = Decimal::whole(change.lots);
        let mut sum = Amounts::new();
        for own in self.traded.iter().filter(|own| is_meant(own)) {
            let mut amounts = own.cost.clone();
            for (currency, amount) in &change.amounts {
                add(&mut amounts, currency, amount.times_whole(own.lots)?.over_half_away(all)?)?;
            }
            for (currency, amount) in amounts {
                add(&mut sum, &currency, amount.max(Money::ZERO))?;
            }
        }
        Ok(sum)
    }
}

/// What lots of a leg cost at their worst price: the price where it is paid, else the loss against the last mark.
fn leg_cost(
    terms: &OrderTerms,
    leg: &OrderLeg,
    lots: i64,
    house: &HouseSnapshot,
) -> Result<Option<Amounts>, Overflow> {
    let (Some(price), Some(known)) = (worst_price(terms.kind, leg, house), house.known(leg.contract)) else {
        return Ok(None);
    };
    let paid = known.money_at(price, lots)?;
    let cost = if known.is_paid {
        paid
    } else {
        let Some(mark) = known.mark else { return Ok(None) };
        paid.minus(known.money_at(mark, lots)?)?
    };
    let mut amounts = Amounts::new();
    add(&mut amounts, &known.currency, cost.max(Money::ZERO))?;
    Ok(Some(amounts))
}

/// The same of units of a combination that is priced as one.
fn net_cost(
    terms: &OrderTerms,
    part: usize,
    units: i64,
    house: &HouseSnapshot,
) -> Result<Option<Amounts>, Overflow> {
    let legs = terms.legs_of(part);
    let (Some(net_price), Some(first)) = (terms.net_price, legs.first()) else { return Ok(None) };
    let Some(known) = house.known(first.contract) else { return Ok(None) };
    let mut cost = known.money_at(net_price, units)?;
    if !known.is_paid {
        for leg in legs {
            let Some((own, mark)) = house.known(leg.contract).and_then(|own| Some((own.clone(), own.mark?)))
            else {
                return Ok(None);
            };
            cost = cost.minus(own.money_at(mark, lots_of(leg, units)?)?)?;
        }
    }
    let mut amounts = Amounts::new();
    add(&mut amounts, &known.currency, cost.max(Money::ZERO))?;
    Ok(Some(amounts))
}
