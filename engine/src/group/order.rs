//! Working orders.

use serde::{Deserialize, Serialize};

use crate::contract::ContractId;
use crate::types::{
    AccountName, BusinessDate, Currency, Decimal, LinkName, Lots, Money, OrderId, SessionName,
};

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
    /// What a unit costs besides.
    pub fee: Option<(Currency, Money)>,
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

    /// The legs of a part.
    #[must_use]
    pub fn legs_of(&self, part: usize) -> &[OrderLeg] {
        match self.composition {
            Composition::Together => &self.legs,
            Composition::Legged => self.legs.get(part).map_or(&[], std::slice::from_ref),
        }
    }
}

/// How the orders of a link group limit each other.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRule {
    /// One that fills cancels the others.
    OneCancelsOther,
    /// Together they fill up to so many units: a market maker's quotes.
    MostFilled(i64),
}

/// An order that works.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorkingOrder {
    /// Its position account.
    pub account: AccountName,
    /// The session that sent it.
    pub session: Option<SessionName>,
    /// The orders that it is linked with.
    pub link: Option<(LinkName, LinkRule)>,
    /// What it says.
    pub terms: OrderTerms,
    /// What is to replace it: both are reserved, the worse of them, until the venue has confirmed one.
    pub replacement: Option<OrderTerms>,
    /// Units filled of each part.
    pub filled: Vec<i64>,
}

impl WorkingOrder {
    /// Units of a part that may still fill under some terms.
    #[must_use]
    pub fn open(&self, terms: &OrderTerms, part: usize) -> i64 {
        (terms.units - self.filled.get(part).copied().unwrap_or_default()).max(0)
    }

    /// Whether nothing of it is open.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        let is_open = |terms: &OrderTerms| (0..terms.parts()).any(|part| self.open(terms, part) > 0);
        !is_open(&self.terms) && !self.replacement.as_ref().is_some_and(is_open)
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
    pub link: Option<(LinkName, LinkRule)>,
    /// What it says.
    pub terms: OrderTerms,
}
