//! What happened to a group: its state is a fold of these.

use serde::{Deserialize, Serialize};

use super::clearing::Clearing;
use super::exception::ExceptionItem;
use super::order::{OrderTerms, WorkingOrder};
use super::outcome::Outcome;
use super::position::{Delivery, Holding, PaidOut, Payable, PositionAccount, Trade};
use super::state::{MarginTerms, ReferenceOf};
use crate::contract::ContractId;
use crate::types::{
    AccountName, AssetCode, BusinessDate, CommandId, Currency, LinkName, Money, OrderId, Principal, Quantity,
    Reference, TradeId,
};

/// Why cash moved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CashReason {
    /// Paid in.
    Deposit,
    /// Paid out.
    Withdrawal,
    /// Gains and losses settled.
    Variation,
    /// A premium that was due.
    Premium,
    /// A fee.
    Fee,
    /// An option exercised for cash.
    Exercise,
    /// A delivery.
    Delivery,
    /// A trade cancelled, or told after its day had been settled.
    Correction,
}

/// One change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A margin account was opened.
    MarginAccountOpened(AccountName, MarginTerms),
    /// A margin account is margined by other terms: its house moved it.
    MarginTermsChanged(AccountName, MarginTerms),
    /// A margin account was closed.
    MarginAccountClosed(AccountName),
    /// A position account was opened, or came from another group with what it holds.
    PositionAccountOpened(AccountName, PositionAccount),
    /// A position account was closed, or went to another group.
    PositionAccountClosed(AccountName),
    /// A position account is netted in another margin account.
    PositionAccountMoved(AccountName, AccountName),
    /// Cash moved; received positive.
    CashMoved(Currency, Money, CashReason),
    /// Assets moved; received positive, with what is left.
    AssetMoved(AssetCode, Quantity),
    /// Money is due on a later date.
    PayableAdded(Payable),
    /// Money that was due has been paid or is not due any more: the first that is equal.
    PayableRemoved(Payable),
    /// An order works.
    OrderAccepted(OrderId, Box<WorkingOrder>),
    /// An order is to be replaced, or its replacement has been refused (`None`).
    ReplacementAsked(OrderId, Option<Box<OrderTerms>>),
    /// An order has been replaced.
    OrderReplaced(OrderId, Box<OrderTerms>),
    /// So many units of a part of an order were filled.
    OrderFilled(OrderId, usize, i64),
    /// So many units of a part of an order are not open any more though they have not filled; negative where more is open.
    OrderCut(OrderId, usize, i64),
    /// A link takes no more orders until it is reset.
    LinkExhausted(LinkName),
    /// A link without orders has forgotten what has filled of it.
    LinkReset(LinkName),
    /// An order works no more.
    OrderClosed(OrderId),
    /// A trade that nobody has told is cancelled.
    BustAwaited(TradeId, BusinessDate),
    /// What has been paid out of a contract that ended in cash.
    PaidOutChanged(ContractId, PaidOut),
    /// A trade was booked, put in suspense, or cancelled.
    TradeKept(TradeId, Box<Trade>),
    /// What an account holds of a contract now.
    HoldingChanged(AccountName, ContractId, Holding),
    /// A delivery is to be made.
    DeliveryOpened(Delivery),
    /// A delivery is done.
    DeliveryClosed(u64),
    /// A day is over.
    DayEnded(BusinessDate),
    /// Something was told that is told once, with the digest of what was said of it.
    ReferenceKept(ReferenceOf, Reference, [u8; 32]),
    /// A settlement run was applied, which settled what clears in its cycle or before.
    Settled(Reference, Clearing),
    /// A fact did not fit.
    ExceptionRaised(ExceptionItem),
    /// Somebody has looked at a fact that did not fit.
    ExceptionResolved(u64, String),
    /// The group was closed, which had nothing any more.
    GroupClosed,
    /// A command got its answer.
    Answered(Principal, CommandId, [u8; 32], Box<Outcome>),
}
