//! What the working orders of a margin account may make of what it has to have: by the bound, and by the search.
//!
//! The search is the number of the group: what it may be asked, what it may pay out and why something is refused. It takes tens of
//! milliseconds, so an acceptance that the bound proves does without. Both depend on the group and the data of its house alone, not on
//! what was asked before.

use std::collections::BTreeMap;

use super::exposure::{self, Orders, Trial};
use super::held::Held;
use super::house::HouseSnapshot;
use super::netted::Netted;
use super::rates::has_rate;
use super::standing::StandingError;
use super::state::Group;
use super::unpriced::UnpricedOrders;
use crate::fills::Effort;
use crate::types::{Currency, Money};

/// How far a number was looked for, or may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// By the bound alone.
    Bound,
    /// By the search.
    Search,
}

impl Depth {
    const fn effort(self) -> Effort {
        match self {
            Self::Bound => Effort::BOUND,
            Self::Search => Effort::SEARCH,
        }
    }
}

/// The worst initial requirement of an account with its working orders, and what they cost, as far as it was looked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reserved {
    /// At least the worst, by currency.
    pub with_orders: Vec<(Currency, Money)>,
    /// The same at the worst outcome that was found.
    pub found: Vec<(Currency, Money)>,
    /// The units of the worst outcome that was found.
    pub worst: Vec<i64>,
    /// The work that was done.
    pub work: u64,
    /// The most that might have been done; 0 without orders.
    pub limit: u64,
    /// Whether more work would find nothing else.
    pub is_final: bool,
}

impl Reserved {
    pub(super) fn of(
        group: &Group,
        house: &HouseSnapshot,
        held: &Held,
        orders: &Orders,
        effort: Effort,
    ) -> Result<Self, StandingError> {
        if orders.units.is_empty() {
            let required: Vec<(Currency, Money)> =
                held.required().iter().map(|own| (own.currency.clone(), own.initial)).collect();
            let found = required.clone();
            return Ok(Self { with_orders: required, found, is_final: true, ..Self::default() });
        }
        let (currencies, own) = held.worst(house, &group.currency, orders, effort)?;
        // Without haircuts only the sum over the currencies decides; with them every currency has to be covered by itself.
        let amounts = if has_haircut(group, house, &currencies) { own.at_most } else { own.heaviest };
        Ok(Self {
            with_orders: currencies.iter().cloned().zip(amounts).collect(),
            found: currencies.into_iter().zip(own.found).collect(),
            worst: own.filled,
            work: own.work,
            limit: effort.work,
            is_final: own.is_final,
        })
    }
}

/// Whether some of the currencies covers others at less than its worth.
fn has_haircut(group: &Group, house: &HouseSnapshot, currencies: &[Currency]) -> bool {
    let haircuts = &house.schedule().currency_haircuts;
    let counts =
        |own: &&Currency| **own != group.currency && haircuts.get(*own).is_some_and(|cut| !cut.is_zero());
    // A currency without a rate covers nothing but itself.
    currencies.iter().any(|own| counts(&own) || !has_rate(group, house, own))
}

/// A margin account, or one of its clients.
#[derive(Clone, Debug)]
pub struct AccountStanding {
    /// Which.
    pub netted: Netted,
    /// Its positions.
    pub held: Held,
    /// The most that its orders may take out of the collateral pool, by currency.
    pub outlay: Vec<(Currency, Money)>,
    /// What its orders may make of it, by the bound.
    pub bound: Reserved,
    /// The same by the search, where the bound is not final and somebody has asked.
    pub searched: Option<Reserved>,
    /// Its orders that nothing prices.
    pub(super) unpriced: UnpricedOrders,
}

impl AccountStanding {
    /// With the bound.
    pub(super) fn new(
        group: &Group,
        house: &HouseSnapshot,
        netted: &Netted,
        held: Held,
        orders: &Orders,
        shares: Shares,
    ) -> Result<Self, StandingError> {
        let bound = Reserved::of(group, house, &held, orders, shares.of(Depth::Bound))?;
        let mut outlay: BTreeMap<Currency, Money> = orders.outlay()?.into_iter().collect();
        // What nothing prices may cost as much as is charged for it.
        for (currency, amount) in &orders.unpriced.charged {
            let sum = outlay.entry(currency.clone()).or_default();
            *sum = sum.plus((*amount).max(Money::ZERO))?;
        }
        let (outlay, unpriced) = (outlay.into_iter().collect(), orders.unpriced.clone());
        Ok(Self { netted: netted.clone(), held, outlay, bound, searched: None, unpriced })
    }

    /// Whether it is what would be formed anew where so many accounts have orders.
    pub(super) fn is_of(&self, shares: Shares) -> bool {
        self.bound.limit == 0 || self.bound.limit == shares.of(Depth::Bound).work
    }

    /// With the search, where it is needed.
    pub(super) fn searched(
        &self,
        group: &Group,
        house: &HouseSnapshot,
        trial: Option<Trial<'_>>,
        shares: Shares,
    ) -> Result<Self, StandingError> {
        let orders = exposure::orders(group, house, &self.netted, trial).map_err(StandingError::Order)?;
        let searched = Reserved::of(group, house, &self.held, &orders, shares.of(Depth::Search))?;
        Ok(Self { searched: Some(searched), ..self.clone() })
    }

    /// Whether the number of the search is known.
    pub(super) const fn is_searched(&self) -> bool {
        self.bound.is_final || self.searched.is_some()
    }

    /// What is known by the bound, or by the search where it is known.
    #[must_use]
    pub const fn reserved(&self, depth: Depth) -> &Reserved {
        match (depth, &self.searched) {
            (Depth::Search, Some(searched)) => searched,
            (Depth::Search, None) | (Depth::Bound, _) => &self.bound,
        }
    }
}

/// How many margin accounts, or clients of one, share the work of a group.
#[derive(Clone, Copy)]
pub(super) struct Shares(usize);

impl Shares {
    /// Those with working orders, one on trial among them.
    pub(super) fn among(group: &Group, trial: Option<Trial<'_>>) -> Self {
        Self(Netted::with_orders(group, trial).len().max(1))
    }

    fn of(self, depth: Depth) -> Effort {
        depth.effort().shared(self.0)
    }
}
