//! What a group is told: requests, which may be refused, and facts, which are always booked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clearing::Clearing;
use super::order::{NewOrder, OrderTerms};
use super::position::{Keeping, TradeLeg};
use super::state::MarginTerms;
use crate::contract::ContractId;
use crate::types::{
    AccountName, AssetCode, BusinessDate, CommandId, Currency, Decimal, LinkName, Lots, Member, Money,
    OrderId, Principal, Quantity, Reference, SessionName, TradeId,
};

/// A command.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Command {
    /// Who gives it.
    pub principal: Principal,
    /// Its id: the same id with the same content gets the same answer.
    pub id: CommandId,
    /// What is to be done.
    pub body: Body,
}

/// What is to be done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// May be refused.
    Request(Request),
    /// Is always booked.
    Fact(Fact),
}

/// What may be refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Opens a margin account.
    OpenMarginAccount(AccountName, MarginTerms),
    /// Closes a margin account without position accounts.
    CloseMarginAccount(AccountName),
    /// Opens a position account in a margin account.
    OpenPositionAccount(AccountName, AccountName, Keeping),
    /// Closes an empty position account.
    ClosePositionAccount(AccountName),
    /// Nets a position account in another margin account.
    MovePositionAccount(AccountName, AccountName),
    /// Pays cash out; the amount is positive.
    Withdraw(Currency, Money),
    /// Gives an asset back; the quantity is positive.
    WithdrawAsset(AssetCode, Quantity),
    /// Checks an order, and reserves it if it fits.
    Order(Box<NewOrder>),
    /// Reserves an order that can only make positions smaller, whatever it costs and whatever cannot be priced; and why.
    ForceClose(Box<NewOrder>, String),
    /// Replaces an order: the worse of both is reserved until the venue confirms.
    Replace(OrderId, Box<OrderTerms>),
    /// Lets a link that has no working orders begin anew.
    ResetLink(LinkName),
    /// Resolves an item of the exceptions queue.
    Resolve(u64, String),
}

/// Which orders are meant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderFilter {
    /// Of an account.
    Account(AccountName),
    /// Of the member: all.
    Member(Member),
    /// Of a session.
    Session(SessionName),
}

/// A trade as it is told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Fill {
    /// The trade.
    pub trade: TradeId,
    /// The position account.
    pub account: AccountName,
    /// The order that it fills, and which part of one that fills by legs.
    pub order: Option<(OrderId, usize)>,
    /// Units of the order.
    pub units: i64,
    /// What was traded: all lots, not those of one unit.
    pub legs: Vec<TradeLeg>,
    /// Whether it closes the other side in an account that keeps both.
    pub closes: bool,
    /// What was paid for it besides; positive is paid.
    pub fee: Option<(Currency, Money)>,
    /// The cycle that it clears in.
    pub clearing: Clearing,
    /// When premiums are due.
    pub due: BusinessDate,
}

/// What becomes of an option that is exercised, and of a contract that expires.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// So much for a long lot, in points of price: the last variation of a future, the value of an option.
    Cash(Decimal),
    /// So many lots of another contract for a long lot, at a price; bought positive.
    Contract(ContractId, Lots, Decimal),
    /// A delivery: so many points of price are paid for a long lot when it is done.
    Delivery(Decimal),
}

/// A contract that expires in a settlement run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Expiry {
    /// The contract.
    pub contract: ContractId,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// A settlement run of a house.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SettlementRun {
    /// Its id.
    pub id: Reference,
    /// The business date.
    pub date: BusinessDate,
    /// The cycle of the day.
    pub cycle: u32,
    /// The run of the same cycle whose prices it amends; what it does not name stays as it is.
    pub corrects: Option<Reference>,
    /// Prices, by contract.
    pub prices: std::collections::BTreeMap<ContractId, Decimal>,
    /// Contracts that expire, after their last variation.
    pub expiries: Vec<Expiry>,
}

impl SettlementRun {
    /// What it settles: trades that clear in this cycle or before.
    #[must_use]
    pub const fn clearing(&self) -> Clearing {
        Clearing { date: self.date, cycle: self.cycle }
    }
}

/// An exercise or an assignment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Exercise {
    /// Its id.
    pub id: Reference,
    /// The business date.
    pub date: BusinessDate,
    /// The account.
    pub account: AccountName,
    /// The option.
    pub contract: ContractId,
    /// Long lots that are exercised (positive), or short ones that are assigned (negative).
    pub lots: Lots,
    /// What becomes of them.
    pub becomes: Becomes,
}

/// What is always booked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A trade.
    Fill(Box<Fill>),
    /// The venue has cancelled an order, or what was left of it.
    Cancelled(OrderId),
    /// The venue has replaced an order.
    Replaced(OrderId),
    /// The venue has refused a replacement.
    NotReplaced(OrderId),
    /// The venue has cancelled all orders of an account, member or session.
    MassCancelled(OrderFilter),
    /// The day is over: orders for the day, and those good till it, work no more.
    DayEnded(BusinessDate),
    /// The venue's working orders with their open units by part: the group's become these.
    WorkingOrders(Vec<(NewOrder, Vec<i64>)>),
    /// A trade was cancelled on a date.
    Bust(TradeId, BusinessDate),
    /// Cash was received; the amount is positive.
    Deposit(Reference, Currency, Money),
    /// An asset was received; the quantity is positive.
    DepositAsset(Reference, AssetCode, Quantity),
    /// A settlement run.
    Settle(Arc<SettlementRun>),
    /// Options were exercised or assigned.
    Exercise(Box<Exercise>),
    /// A delivery, by its number, is done.
    Delivered(u64),
}
