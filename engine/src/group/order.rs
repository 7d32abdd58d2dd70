//! Working orders.

use serde::{Deserialize, Serialize};

use super::link::{OrderLink, Share};
use crate::contract::ContractId;
use crate::types::{AccountName, BusinessDate, Currency, Decimal, Lots, Money, OrderId, SessionName};

/// How an order finds its price.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At its price or better.
    Limit,
    /// At any price within the band.
    Market,
    /// At any price within the band, or at its limit, once a price has been reached.
    Stop,
}

/// How the legs of an order fill.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Composition {
    /// All legs together: one contract, or a combination.
    Together,
    /// Each leg by itself.
    Legged,
}

/// How long an order works.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the end of the day.
    Day,
    /// Until it is cancelled.
    GoodTillCancel,
    /// Until the end of a date.
    GoodTillDate(BusinessDate),
    /// At once or not at all, in part.
    ImmediateOrCancel,
    /// At once or not at all, as a whole.
    FillOrKill,
}

/// One contract of an order.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OrderLeg {
    /// The contract.
    pub contract: ContractId,
    /// Lots of one unit of the order, bought positive.
    pub lots: Lots,
    /// The limit.
    pub price: Option<Decimal>,
}

/// What an order says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OrderTerms {
    /// How it finds its price.
    pub kind: OrderKind,
    /// How its legs fill.
    pub composition: Composition,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// What it trades.
    pub legs: Vec<OrderLeg>,
    /// Units of its legs, all that it ever fills.
    pub units: i64,
    /// The most that a unit of a combination costs, in points of price; else every leg has its own limit.
    pub net_price: Option<Decimal>,
    /// Whether it may reduce positions only.
    pub reduce_only: bool,
    /// Whether the venue sees to that: it fills no more than the position then, and with every fill cuts what is left, the newest first.
    pub reduced_by_venue: bool,
    /// Whether it closes the other side in an account that keeps both; what is beyond it opens.
    #[serde(default)]
    pub closes: bool,
    /// What a unit costs besides.
    pub fee: Option<(Currency, Money)>,
    /// What the house's schedule has for each leg of a unit, as it was when the order was accepted; empty where the order states a fee of
    /// its own and where the house has no schedule. No caller says it.
    #[serde(default)]
    pub scheduled_fees: Vec<Option<(Currency, Money)>>,
}

impl OrderTerms {
    /// The most legs.
    pub const MOST_LEGS: usize = 16;
    /// The most units.
    pub const MOST_UNITS: i64 = Lots::MAX;

    /// What fills by itself: the order, or each of its legs.
    #[must_use]
    pub fn parts(&self) -> usize {
        match self.composition {
            Composition::Together => 1,
            Composition::Legged => self.legs.len(),
        }
    }

    /// Whether it closes the other side in an account that keeps both: it says so, or reduces only.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.closes || self.reduce_only
    }

    /// What a unit of a part costs besides, at most: the fee that the order states, else those that are scheduled for its legs.
    pub fn fees_of(&self, part: usize) -> impl Iterator<Item = &(Currency, Money)> {
        let scheduled = match (self.fee.is_some(), self.composition) {
            (true, _) => &[],
            (false, Composition::Together) => self.scheduled_fees.as_slice(),
            (false, Composition::Legged) => {
                self.scheduled_fees.get(part).map_or(&[][..], std::slice::from_ref)
            }
        };
        self.fee.iter().chain(scheduled.iter().flatten())
    }

    /// The legs of a part.
    #[must_use]
    pub fn legs_of(&self, part: usize) -> &[OrderLeg] {
        match self.composition {
            Composition::Together => &self.legs,
            Composition::Legged => self.legs.get(part).map_or(&[], std::slice::from_ref),
        }
    }
}

/// An order that works.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorkingOrder {
    /// Its position account.
    pub account: AccountName,
    /// The session that sent it.
    pub session: Option<SessionName>,
    /// The orders that it is linked with.
    pub link: Option<OrderLink>,
    /// What it says.
    pub terms: OrderTerms,
    /// What is to replace it: both are reserved, the worse of them, until the venue has confirmed one.
    pub replacement: Option<OrderTerms>,
    /// The number of events that the group had seen when it was accepted: a later order has a greater one.
    pub accepted: u64,
    /// Units filled of each part.
    pub filled: Vec<i64>,
    /// Units of each part that are not open any more though they have not filled; negative where more is open.
    pub cut: Vec<i64>,
}

impl WorkingOrder {
    /// An order of which nothing has filled, accepted after so many events.
    #[must_use]
    pub fn new(order: &NewOrder, accepted: u64) -> Self {
        let nothing = vec![0; order.terms.parts()];
        Self {
            account: order.account.clone(),
            session: order.session.clone(),
            link: order.link.clone(),
            terms: order.terms.clone(),
            replacement: None,
            accepted,
            filled: nothing.clone(),
            cut: nothing,
        }
    }

    /// Units filled of a part.
    #[must_use]
    pub fn filled_of(&self, part: usize) -> i64 {
        self.filled.get(part).copied().unwrap_or_default()
    }

    /// Units of a part that may still fill.
    #[must_use]
    pub fn open(&self, part: usize) -> i64 {
        let cut = self.cut.get(part).copied().unwrap_or_default();
        self.terms.units.saturating_sub(self.filled_of(part)).saturating_sub(cut).max(0)
    }

    /// Units of a part that may still fill once it is replaced; nothing without a replacement. What was cut of it does not count then.
    #[must_use]
    pub fn open_replaced(&self, part: usize) -> i64 {
        let units = self.replacement.as_ref().map_or(0, |terms| terms.units);
        units.saturating_sub(self.filled_of(part)).max(0)
    }

    /// Units of which some leg has filled.
    #[must_use]
    pub fn begun(&self) -> i64 {
        self.filled.iter().copied().max().unwrap_or_default().max(0)
    }

    /// What has filled of it, of the most that it may come to.
    #[must_use]
    pub fn share(&self) -> Share {
        let replaced = self.replacement.as_ref().map_or(0, |terms| terms.units);
        let filled = self.filled.iter().copied().min().unwrap_or_default().max(0);
        Share { filled, units: self.terms.units.max(replaced).max(1) }
    }

    /// With so many more units of a part filled.
    #[must_use]
    pub fn with_fill(&self, part: usize, units: i64) -> Self {
        let mut after = self.clone();
        if let Some(filled) = after.filled.get_mut(part) {
            *filled = filled.saturating_add(units);
        }
        after
    }

    /// Under other terms, which the venue has confirmed.
    #[must_use]
    pub fn replaced(&self, terms: &OrderTerms) -> Self {
        let cut = vec![0; self.cut.len()];
        Self { terms: terms.clone(), replacement: None, cut, ..self.clone() }
    }

    /// Whether nothing of it is open.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        (0..self.terms.parts()).all(|part| self.open(part) == 0 && self.open_replaced(part) == 0)
    }
}

/// An order that a caller wants to work.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NewOrder {
    /// Its id, never used before in the group.
    pub id: OrderId,
    /// Its position account.
    pub account: AccountName,
    /// The session that sends it.
    pub session: Option<SessionName>,
    /// The orders that it is linked with.
    pub link: Option<OrderLink>,
    /// What it says.
    pub terms: OrderTerms,
}
