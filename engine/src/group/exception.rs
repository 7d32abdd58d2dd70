//! Facts that did not fit: booked all the same, and kept until somebody has looked at them.

use serde::{Deserialize, Serialize};

use crate::types::{OrderId, Reference, TradeId};

/// In which way a fact did not fit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// A trade filled an order that nobody had asked for.
    FillWithoutOrder,
    /// A trade filled more than was open.
    Overfill,
    /// A trade filled an order that had been closed.
    FillAfterClose,
    /// A trade is in another contract, account or direction than its order.
    FillUnlikeOrder,
    /// The account of a fact is not known: nothing of it could be booked.
    UnknownAccount,
    /// Nothing says what a price of the contract is in money: nothing of it is booked.
    NotPriced,
    /// A trade was told again with other content: the second is in suspense.
    TradeIdReused,
    /// A trade that is to be cancelled is not known.
    UnknownTrade,
    /// A trade that is to be cancelled has been given up: it is to be cancelled where it went.
    GivenUp,
    /// A deposit, exercise or run was told again with other content: the second is in suspense.
    ReferenceReused,
    /// A cancellation or replacement of an order that does not work.
    UnknownOrder,
    /// A settlement run has no price for a position.
    NoSettlementPrice,
    /// More was exercised or assigned than the account has: the rest is in suspense.
    BeyondPosition,
    /// A delivery that is done is not known.
    UnknownDelivery,
    /// The venue works an order, or so many units of one, that nobody had reserved.
    Unreserved,
    /// A number leaves the exact range: the fact is in suspense.
    TooLarge,
    /// A trade is at a worse price than its order allows.
    ThroughLimit,
    /// A trade is at a price that is many times the last accepted mark, or a small part of it.
    ImplausiblePrice,
    /// A trade has another fee than its order states, or one above what the house had scheduled for it.
    FeeUnlikeOrder,
    /// A trade is of a later date than its order is good for.
    AfterLastDate,
    /// A trade closes more than the other side has: the rest opens.
    ClosesBeyond,
    /// A trade fills more than the orders of its link may fill together.
    BeyondLink,
    /// A trade of a reduce-only order opens a position or makes it larger.
    FillIncreases,
    /// An order that makes a position smaller was reserved by force.
    ForcedClose,
    /// A trade of a contract that the house never knew: in suspense until it does.
    PendingContract,
    /// A trade, or its cancellation, of a contract that has become a delivery or another contract.
    LateAfterExpiry,
    /// A settlement run of an earlier cycle than the last.
    RunOutOfOrder,
    /// A correction of a settlement run that is not known, is of another cycle, or has not settled the position.
    UnknownRun,
    /// A fact without an id of its own came under a command id that had been used: it is in suspense.
    CommandIdReused,
}

impl ExceptionKind {
    /// Every kind, with its name and what explains it.
    pub const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::FillWithoutOrder, "fill_without_order", "the trade names no order of the group; it is booked"),
        (Self::Overfill, "overfill", "the trade fills more than the order has open; it is booked"),
        (Self::FillAfterClose, "fill_after_close", "the order works no more; the trade is booked"),
        (
            Self::FillUnlikeOrder,
            "fill_unlike_order",
            "the trade is unlike its order; it is booked and reduces nothing",
        ),
        (Self::UnknownAccount, "unknown_account", "no such position account: nothing is booked"),
        (
            Self::NotPriced,
            "not_priced",
            "nothing says what the contract's price is in money: nothing of it is booked",
        ),
        (Self::TradeIdReused, "trade_id_reused", "the trade id has other content already: nothing is booked"),
        (Self::GivenUp, "given_up", "the trade was given up: nothing is cancelled here"),
        (Self::UnknownTrade, "unknown_trade", "no such trade: nothing is cancelled"),
        (
            Self::ReferenceReused,
            "reference_reused",
            "the reference has other content already: nothing is booked",
        ),
        (Self::UnknownOrder, "unknown_order", "no such working order: nothing is released"),
        (
            Self::NoSettlementPrice,
            "no_settlement_price",
            "the run has no price for the position: it is not settled",
        ),
        (Self::BeyondPosition, "beyond_position", "more than the account has: the rest is not booked"),
        (Self::UnknownDelivery, "unknown_delivery", "no such delivery: nothing is booked"),
        (Self::Unreserved, "unreserved", "the venue works more than was reserved; it is reserved now"),
        (Self::TooLarge, "too_large", "a number leaves the exact range: nothing is booked"),
        (
            Self::ThroughLimit,
            "through_limit",
            "the price is worse than the order allows; the trade is booked",
        ),
        (
            Self::ImplausiblePrice,
            "implausible_price",
            "the price is too many times the last accepted mark, or too small a part of it; the trade is booked",
        ),
        (
            Self::FeeUnlikeOrder,
            "fee_unlike_order",
            "the fee is not the one that the order states, or is above the house's schedule; it is booked",
        ),
        (Self::AfterLastDate, "after_last_date", "the order is not good for that date; the trade is booked"),
        (Self::ClosesBeyond, "closes_beyond", "more than the other side has is closed; the rest opens"),
        (
            Self::BeyondLink,
            "beyond_link",
            "more is filled than the link allows its orders together; it is booked",
        ),
        (
            Self::FillIncreases,
            "fill_increases",
            "the order may only reduce and the trade increases; it is booked",
        ),
        (
            Self::ForcedClose,
            "forced_close",
            "an order that makes a position smaller is reserved by force, for the reason that is told",
        ),
        (
            Self::PendingContract,
            "pending_contract",
            "nothing says what the contract's price is in money: the trade is booked once the house knows",
        ),
        (
            Self::LateAfterExpiry,
            "late_after_expiry",
            "the contract has become something else: nothing is booked, whose lots were exercised is to be told",
        ),
        (
            Self::RunOutOfOrder,
            "run_out_of_order",
            "a run of a later cycle has been told before it: nothing is booked",
        ),
        (
            Self::UnknownRun,
            "unknown_run",
            "no such run has settled what is to be corrected: nothing of it is booked",
        ),
        (
            Self::CommandIdReused,
            "command_id_reused",
            "the command id had been used, and nothing else tells whether this is new: nothing is released",
        ),
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|own| own.0 == self).map_or("", |own| own.1)
    }

    /// What it means.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        Self::ALL.iter().find(|own| own.0 == self).map_or("", |own| own.2)
    }
}

/// What a fact that did not fit is about.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct About {
    /// The order.
    pub order: Option<OrderId>,
    /// The trade.
    pub trade: Option<TradeId>,
    /// The deposit, exercise, run or delivery.
    pub reference: Option<Reference>,
    /// More, for a person: account, contract, numbers.
    pub detail: String,
}

/// One of them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ExceptionItem {
    /// In which way it did not fit.
    pub kind: ExceptionKind,
    /// What it is about.
    pub about: About,
    /// What somebody wrote who has looked at it; `None` while it is open.
    pub resolution: Option<String>,
}
