//! What a standing lacks a number of, and whether what it shows holds in spite of it.

use super::exposure::Unmargined;
use super::outcome::{Refusal, RefusalReason};
use crate::contract::ContractId;
use crate::types::{AccountName, AssetCode, Currency, OrderId};

/// What is lacking.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum MissingKind {
    /// A position that nothing prices or margins.
    Position,
    /// A working order whose contract nothing prices or margins.
    Order,
    /// A working order without a limit, and no price band of its contract.
    Band,
    /// What margins an account: the house's set, its levels for the account's type, or a method.
    Margining,
    /// A rate from a currency to the group's.
    Conversion,
    /// An asset that is not in the schedule.
    Asset,
    /// The settlement price of a position that has ended.
    SettlementPrice,
    /// A trade of a contract that the house never knew.
    Trade,
}

impl MissingKind {
    /// Every kind, with its name.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Position, "position"),
        (Self::Order, "order"),
        (Self::Band, "band"),
        (Self::Margining, "margining"),
        (Self::Conversion, "conversion"),
        (Self::Asset, "asset"),
        (Self::SettlementPrice, "settlement_price"),
        (Self::Trade, "trade"),
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    const fn reason(self) -> RefusalReason {
        match self {
            Self::Position | Self::Trade => RefusalReason::PositionNotMarginable,
            Self::Order => RefusalReason::ContractNotMarginable,
            Self::Band => RefusalReason::NoPriceBand,
            Self::Margining => RefusalReason::UnknownAccountType,
            Self::Conversion => RefusalReason::NoConversion,
            Self::Asset => RefusalReason::UnknownAsset,
            Self::SettlementPrice => RefusalReason::AwaitingSettlement,
        }
    }
}

/// Something that a standing lacks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// What.
    pub kind: MissingKind,
    /// Whose, if it is of one account.
    pub account: Option<AccountName>,
    /// The contract, and its lots, long less short.
    pub contract: Option<(ContractId, i64)>,
    /// The working order.
    pub order: Option<OrderId>,
    /// The currency without a rate.
    pub currency: Option<Currency>,
    /// The asset.
    pub asset: Option<AssetCode>,
    /// More, for a person.
    pub detail: String,
    /// Whether the lowest that it may come to is in the numbers. Where it is not, no number of the whole is shown.
    pub is_bounded: bool,
}

impl Missing {
    pub(super) fn new(kind: MissingKind, detail: impl Into<String>, is_bounded: bool) -> Self {
        Self {
            kind,
            account: None,
            contract: None,
            order: None,
            currency: None,
            asset: None,
            detail: detail.into(),
            is_bounded,
        }
    }

    pub(super) fn of_position(own: &Unmargined) -> Self {
        let detail = if own.detail.is_empty() { own.reason.name().to_owned() } else { own.detail.clone() };
        let kind = if own.is_awaiting { MissingKind::SettlementPrice } else { MissingKind::Position };
        Self {
            account: Some(own.account.clone()),
            contract: Some((own.contract, own.lots)),
            ..Self::new(kind, detail, own.charged.is_some())
        }
    }

    /// Why a request that needs a number of the whole is refused.
    pub(super) fn refusal(&self) -> Refusal {
        let mut detail = format!("no number can be shown: {} {}", self.kind.name(), self.detail);
        if let Some((contract, lots)) = self.contract {
            detail += &format!(", {lots} lots of contract {contract}");
        }
        if let Some(account) = &self.account {
            detail += &format!(" in {account}");
        }
        Refusal::new(self.kind.reason(), detail)
    }
}
