//! Positions and the trades that made them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clearing::Clearing;
use super::exception::ExceptionKind;
use crate::contract::ContractId;
use crate::types::{
    AccountName, BusinessDate, Currency, Decimal, Money, OrderId, Overflow, Reference, TradeId,
};

/// Which sides of a contract an account keeps.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// One: buying closes what is short first.
    Net,
    /// Both, as an omnibus account: buying closes what is short only where the trade says so.
    Gross,
}

/// What of a holding no settlement run has settled.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Unsettled {
    /// Lots bought less lots sold.
    pub lots: i64,
    /// Their part of the basis.
    pub basis: Money,
}

impl Unsettled {
    fn plus(self, other: Self) -> Result<Self, Overflow> {
        let lots = self.lots.checked_add(other.lots).ok_or(Overflow)?;
        Ok(Self { lots, basis: self.basis.plus(other.basis)? })
    }
}

/// What an account holds of a contract.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Holding {
    /// Lots bought.
    pub long: i64,
    /// Lots sold.
    pub short: i64,
    /// What the lots that are not paid for cost: variation is their worth less this. Buying adds to it.
    pub basis: Money,
    /// The parts of both that no run has settled, by the cycle that they clear in; only of contracts that are not paid for.
    pub unsettled: BTreeMap<Clearing, Unsettled>,
}

impl Holding {
    /// Adds to what is held without being settled; the lots of a side are changed apart.
    pub(super) fn add(&mut self, clearing: Clearing, part: Unsettled) -> Result<(), Overflow> {
        self.basis = self.basis.plus(part.basis)?;
        let own = self.unsettled.entry(clearing).or_default();
        *own = own.plus(part)?;
        if *own == Unsettled::default() {
            self.unsettled.remove(&clearing);
        }
        Ok(())
    }

    /// What is held less what clears behind a cycle: the lots and the basis that a run up to it varies. `None` stands before all cycles.
    pub(super) fn until(&self, clearing: Option<Clearing>) -> Result<Unsettled, Overflow> {
        let behind = self.unsettled.iter().filter(|(own, _)| Some(**own) > clearing);
        let behind = behind.map(|(_, own)| *own).try_fold(Unsettled::default(), Unsettled::plus)?;
        let lots = self.net().checked_sub(behind.lots).ok_or(Overflow)?;
        Ok(Unsettled { lots, basis: self.basis.minus(behind.basis)? })
    }

    /// With what clears in a cycle or before settled: the basis of it is what it is worth now.
    pub(super) fn settled(mut self, clearing: Option<Clearing>, worth: Money) -> Result<Self, Overflow> {
        let before = self.until(clearing)?.basis;
        self.basis = self.basis.minus(before)?.plus(worth)?;
        self.unsettled.retain(|own, _| Some(*own) > clearing);
        Ok(self)
    }

    /// What of the basis belongs to so many of the lots: their part of it. `None` where an account keeps both sides, whose basis is one.
    pub(super) fn share(&self, lots: i64) -> Result<Option<Money>, Overflow> {
        let net = self.net();
        if net.signum() != lots.signum() || lots.unsigned_abs() > net.unsigned_abs() {
            return Ok(None);
        }
        Ok(Some(self.basis.times_whole(lots)?.over_half_away(Decimal::whole(net))?))
    }

    /// Lots bought less lots sold.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.long - self.short
    }

    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.long == 0 && self.short == 0 && self.basis.is_zero() && self.unsettled.is_empty()
    }

    /// The lots of a side.
    #[must_use]
    pub const fn on_side(&self, is_short: bool) -> i64 {
        if is_short { self.short } else { self.long }
    }

    /// The lots that a trade of signed lots may close.
    #[must_use]
    pub const fn other_side(&self, lots: i64) -> i64 {
        if lots > 0 { self.short } else { self.long }
    }

    /// The lots after a trade of signed lots: (long, short).
    #[must_use]
    pub fn after(&self, lots: i64, keeping: Keeping, closes: bool) -> (i64, i64) {
        let (own, other) = if lots > 0 { (self.long, self.short) } else { (self.short, self.long) };
        let size = lots.saturating_abs();
        let closed = if keeping == Keeping::Net || closes { size.min(other) } else { 0 };
        let (own, other) = (own.saturating_add(size - closed), other - closed);
        if lots > 0 { (own, other) } else { (other, own) }
    }
}

/// A position account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PositionAccount {
    /// The margin account that it is netted in.
    pub margin_account: AccountName,
    /// Which sides it keeps.
    pub keeping: Keeping,
    /// What it holds.
    pub holdings: BTreeMap<ContractId, Holding>,
}

/// One contract of a trade.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TradeLeg {
    /// The contract.
    pub contract: ContractId,
    /// Lots, bought positive.
    pub lots: i64,
    /// The price.
    pub price: Decimal,
}

/// Why nothing of a trade is booked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspense {
    /// The house never knew what a price of one of its contracts is in money; the trade is booked once it does.
    PendingContract,
    /// One of its contracts had become a delivery or another contract: who was exercised or assigned is not inferred.
    LateAfterExpiry,
}

impl Suspense {
    /// The name on the wire: that of its exception item.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.kind().name()
    }

    /// The item that tells of it.
    pub(super) const fn kind(self) -> ExceptionKind {
        match self {
            Self::PendingContract => ExceptionKind::PendingContract,
            Self::LateAfterExpiry => ExceptionKind::LateAfterExpiry,
        }
    }
}

/// Lots of a contract that ended in cash.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PaidOut {
    /// Lots that were paid out, long less short.
    pub lots: i64,
    /// Points of price for each long lot.
    pub points: Decimal,
}

/// A trade as it was told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Trade {
    /// Its position account.
    pub account: AccountName,
    /// What was traded.
    pub legs: Vec<TradeLeg>,
    /// The cycle that it clears in.
    pub clearing: Clearing,
    /// When premiums are due.
    pub due: BusinessDate,
    /// Whether it closes the other side in an account that keeps both.
    pub closes: bool,
    /// The lots that it opens all the same, by leg: those beyond the other side. Empty for none.
    pub opened: Vec<i64>,
    /// What was paid for it besides.
    pub fee: Option<(Currency, Money)>,
    /// The order that it filled, its part and its units.
    pub order: Option<(OrderId, usize, i64)>,
    /// Whether it was cancelled.
    pub is_busted: bool,
    /// Why nothing of it is booked; `None` where all of it is.
    pub suspense: Option<Suspense>,
    /// The transfer by which it was given up to another group.
    pub given_up: Option<TradeId>,
}

/// Money that will be paid or received on a date.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Payable {
    /// The currency.
    pub currency: Currency,
    /// Received positive.
    pub amount: Money,
    /// When.
    pub due: BusinessDate,
    /// The trade, exercise or delivery that it comes from.
    pub reference: Reference,
}

/// Something to be delivered for money, margined until it is done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Delivery {
    /// The account.
    pub account: AccountName,
    /// The contract that it comes from, by which it is margined.
    pub contract: ContractId,
    /// Lots to be received positive.
    pub lots: i64,
    /// The currency.
    pub currency: Currency,
    /// Money to be received positive; it moves when the delivery is done.
    pub amount: Money,
}

/// Adds money to a map of balances.
pub(super) fn add_money(
    balances: &mut BTreeMap<Currency, Money>,
    currency: &Currency,
    amount: Money,
) -> Result<(), Overflow> {
    let balance = balances.entry(currency.clone()).or_default();
    *balance = balance.plus(amount)?;
    Ok(())
}
