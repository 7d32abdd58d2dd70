//! What a command is answered.

use serde::{Deserialize, Serialize};

use super::resting::RestsOn;
use crate::types::{Amount, CommodityCode, Currency, Money, OrderId, PriceSource};

/// Why a request is refused: a normal answer, from a closed list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The excess would be negative if the worst of the working orders filled.
    InsufficientMargin,
    /// The group is in deficit, and the order would deepen it or does not improve it.
    DeepensDeficit,
    /// A cash or asset balance does not hold so much.
    InsufficientBalance,
    /// No such account.
    UnknownAccount,
    /// An account of that name is open.
    AccountExists,
    /// The account still has positions, orders, or position accounts.
    AccountNotEmpty,
    /// The active set cannot margin the contract.
    ContractNotMarginable,
    /// The group has positions that the active set cannot margin.
    PositionNotMarginable,
    /// A market or stop order needs a price band, and none is known.
    NoPriceBand,
    /// A reduce-only order would not reduce a position.
    NotReducing,
    /// The order id has been used.
    OrderExists,
    /// No such working order.
    UnknownOrder,
    /// A replacement of the order has not been confirmed yet.
    ReplacementPending,
    /// The replacement is of other contracts or legs than the order.
    ReplacementUnlike,
    /// The link has another rule or enforcement, or orders of another margin account.
    LinkUnlike,
    /// The combination has a net price, and its legs are not priced alike.
    NetPriceUnlike,
    /// There are as many orders, accounts or items as there may be.
    TooMany,
    /// No way from a currency to the group's.
    NoConversion,
    /// Numbers leave the exact range.
    TooLarge,
    /// The command id has been used with other content.
    CommandIdReused,
    /// The command id has been used so long ago that its answer is forgotten.
    IdExpired,
    /// No such trade, or it has been cancelled.
    UnknownTrade,
    /// A transfer's id has been used with other content.
    TradeExists,
    /// The groups are of different houses or origins.
    OriginsDiffer,
    /// No such item, or it has been resolved.
    UnknownException,
    /// The position does not hold so much.
    InsufficientPosition,
    /// The asset is not in the schedule.
    UnknownAsset,
    /// An account cannot be margined by these terms.
    UnknownAccountType,
    /// The contract has ended and awaits its settlement price.
    AwaitingSettlement,
    /// The group has something: it is not closed.
    GroupNotEmpty,
    /// The contract has ended in a settlement run.
    ContractEnded,
    /// The last date of the order has passed.
    DatePassed,
    /// The link is used up: it takes no orders until it is reset.
    LinkExhausted,
    /// The link has working orders: it is not reset.
    LinkInUse,
    /// No such link, or nothing has filled of it.
    UnknownLink,
}

impl RefusalReason {
    /// Every reason, with its name.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::InsufficientMargin, "insufficient_margin"),
        (Self::DeepensDeficit, "deepens_deficit"),
        (Self::InsufficientBalance, "insufficient_balance"),
        (Self::UnknownAccount, "unknown_account"),
        (Self::AccountExists, "account_exists"),
        (Self::AccountNotEmpty, "account_not_empty"),
        (Self::ContractNotMarginable, "contract_not_marginable"),
        (Self::PositionNotMarginable, "position_not_marginable"),
        (Self::NoPriceBand, "no_price_band"),
        (Self::NotReducing, "not_reducing"),
        (Self::OrderExists, "order_exists"),
        (Self::UnknownOrder, "unknown_order"),
        (Self::ReplacementPending, "replacement_pending"),
        (Self::ReplacementUnlike, "replacement_unlike"),
        (Self::LinkUnlike, "link_unlike"),
        (Self::NetPriceUnlike, "net_price_unlike"),
        (Self::TooMany, "too_many"),
        (Self::NoConversion, "no_conversion"),
        (Self::TooLarge, "too_large"),
        (Self::CommandIdReused, "command_id_reused"),
        (Self::IdExpired, "id_expired"),
        (Self::UnknownTrade, "unknown_trade"),
        (Self::TradeExists, "trade_exists"),
        (Self::OriginsDiffer, "origins_differ"),
        (Self::UnknownException, "unknown_exception"),
        (Self::InsufficientPosition, "insufficient_position"),
        (Self::UnknownAsset, "unknown_asset"),
        (Self::UnknownAccountType, "unknown_account_type"),
        (Self::AwaitingSettlement, "awaiting_settlement"),
        (Self::GroupNotEmpty, "group_not_empty"),
        (Self::ContractEnded, "contract_ended"),
        (Self::DatePassed, "date_passed"),
        (Self::LinkExhausted, "link_exhausted"),
        (Self::LinkInUse, "link_in_use"),
        (Self::UnknownLink, "unknown_link"),
    ];

    /// Whether it says that the command's id belongs to another command.
    #[must_use]
    pub fn is_of_command_id(self) -> bool {
        matches!(self, Self::CommandIdReused | Self::IdExpired)
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(reason, _)| *reason == self).map_or("", |(_, name)| name)
    }
}

/// A request that is not granted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refusal {
    /// Why.
    pub reason: RefusalReason,
    /// More, for a person.
    pub detail: String,
    /// What the numbers rest on that refuse it; `None` where it is not refused by numbers.
    #[serde(default)]
    pub rests_on: Option<Box<RestsOn>>,
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: RefusalReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), rests_on: None }
    }

    /// With what the numbers rest on.
    pub(super) fn resting_on(self, rests_on: &RestsOn) -> Self {
        Self { rests_on: Some(Box::new(rests_on.clone())), ..self }
    }
}

/// A group's initial requirement with the worst of its working orders, and what is left.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Room {
    /// What is required, in the group's currency.
    pub requirement: Money,
    /// What is left of equity after it; negative where it does not do.
    pub excess: Money,
}

impl Room {
    /// Whether equity does not do, at the six places of amounts: less is rounding of quotients.
    #[must_use]
    pub fn is_deficit(&self) -> bool {
        self.millionths() < 0
    }

    /// What is left, in millionths.
    pub(super) fn millionths(&self) -> i128 {
        Amount::rounded_half_away(self.excess).millionths()
    }
}

/// What the risk of a part of an account comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskSource {
    /// A commodity of the active set; its scenarios are numbered from 1.
    Commodity(CommodityCode),
    /// A price source of a method; its scenarios are numbered from 0, the basis contingency behind them.
    Price(PriceSource),
}

/// The scenario that decides for a commodity or a price source.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorstScenario {
    /// Whose.
    pub of: RiskSource,
    /// The scenario.
    pub scenario: u32,
    /// The risk then, in the currency of the commodity or of the method.
    pub risk: Money,
}

/// What a number was looked for with: a count, so that the same is decided again on any machine.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Work {
    /// Regions of outcomes that were looked at, each times its orders and parts; over all accounts.
    pub done: u64,
    /// The most that there might have been; one region of an account is looked at in any case.
    pub limit: u64,
}

/// The numbers of a check.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Checked {
    /// The currency of the numbers.
    pub currency: Currency,
    /// Without what was asked.
    pub before: Room,
    /// With it.
    pub after: Room,
    /// Whether `before` is the number of the group, which the search finds; else there is at least so much.
    pub before_is_searched: bool,
    /// The same of `after`: the bound may have proved enough.
    pub after_is_searched: bool,
    /// The work that `after` rests on.
    pub work: Work,
    /// What decides in the commodities or price sources of the order, if the worst of the working orders fills.
    pub worst: Vec<WorstScenario>,
    /// The version of the house's data.
    pub version: u64,
    /// Whether a number without what was asked can be shown; `before` is nothing else.
    pub before_is_shown: bool,
    /// The same with it.
    pub after_is_shown: bool,
    /// Whether nothing is missing with it: else the number is the lowest that can be shown.
    pub is_complete: bool,
    /// What the numbers rest on.
    #[serde(default)]
    pub rests_on: RestsOn,
}

/// The answer to a command.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Outcome {
    /// Why it was not done; `None` if it was.
    pub refused: Option<Refusal>,
    /// The numbers, where it was checked.
    pub checked: Option<Box<Checked>>,
    /// The numbers of the items that a fact raised.
    pub exceptions: Vec<u64>,
    /// The orders that it closed.
    pub closed: Vec<OrderId>,
    /// How many events the group had seen then, those of the command among them.
    pub sequence: u64,
    /// Whether the fact was known by its own id, and nothing was done again.
    #[serde(default)]
    pub is_known: bool,
}

impl Outcome {
    pub(super) fn refused(refusal: Refusal, sequence: u64) -> Self {
        Self { refused: Some(refusal), sequence, ..Self::default() }
    }
}
