//! What an account has, and what does not count of its collateral.

#![allow(clippy::float_arithmetic, reason = "confidences are compared; money is multiplied exactly")]

use super::charges::{Charge, ChargeKind};
use super::sources::Priced;
use super::whole::Sum;
use crate::account::{AccountError, AccountFault, Collateral, MarginAccount};
use crate::market::{Observed, QuoteUsed, Snapshot};
use crate::marks::{self, CollateralMark};
use crate::parameters::method::{GridMethod, Method};
use crate::types::{Money, Overflow, PriceSource, Ratio};

/// What an account has. The value of options stands here, once: in no requirement.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Equity {
    /// Cash.
    pub cash: Money,
    /// Collateral at its price, before haircuts.
    pub collateral: Money,
    /// Gains since the last settlement, or since entry.
    pub unrealised_profit: Money,
    /// Funding since the last settlement.
    pub unrealised_funding: Money,
    /// What options and assets that were paid for are worth.
    pub position_value: Money,
    /// All of it.
    pub total: Money,
}

/// Collateral with its value.
#[derive(Debug)]
pub(super) struct Valued {
    pub(super) value: Money,
    /// The price source, where it has one.
    pub(super) source: Option<PriceSource>,
    /// The least confidence of its price and of its source's.
    pub(super) confidence: f64,
    pub(super) cancels_risk: bool,
    /// The quote that its value or its confidence rests on.
    pub(super) used: Option<QuoteUsed>,
    haircuts: (Ratio, Ratio),
}

/// Values the collateral. `sole` is the account's only price source, if there is one.
pub(super) fn valued(
    method: &Method,
    grid: &GridMethod,
    snapshot: &Snapshot,
    account: &MarginAccount,
    sole: Option<&PriceSource>,
) -> Result<Vec<Valued>, AccountError> {
    let stable = Ratio::from_f64_half_away(snapshot.peg(&method.currency))?;
    let (mut valued, mut faults) = (Vec::new(), Vec::new());
    for (place, own) in account.collateral.iter().enumerate() {
        match one(own, (method, grid), snapshot, sole, stable)? {
            Ok(own) => valued.push(own),
            Err(message) => {
                faults.push(AccountFault { place: format!("collateral[{place}]"), message });
            }
        }
    }
    if faults.is_empty() { Ok(valued) } else { Err(AccountError::Account(faults)) }
}

fn one(
    own: &Collateral,
    (method, grid): (&Method, &GridMethod),
    snapshot: &Snapshot,
    sole: Option<&PriceSource>,
    stable: Ratio,
) -> Result<Result<Valued, String>, Overflow> {
    let CollateralMark { source, of_source, price, used } = marks::collateral(snapshot, own, sole);
    let terms = grid.collateral.iter().find(|terms| terms.asset == own.asset);
    let cancels_risk = own.cancels_risk.or(terms.map(|terms| terms.cancels_risk)).unwrap_or(false);
    let haircuts = own.haircuts.or(terms.map(|terms| (terms.maintenance_haircut, terms.initial_haircut)));
    let other = source.as_ref().filter(|_| own.price.is_none() && price.is_some());
    let terms = source.as_ref().and_then(|source| snapshot.of(source)?.terms.as_ref());
    if let Some(message) = other.and_then(|source| method.other_price(source, terms)) {
        return Ok(Err(message));
    }
    let Some(haircuts) = haircuts else {
        return Ok(Err(format!("no haircut of {:?} is stated, here or in the method", own.asset)));
    };
    let Some(price) = price.filter(|price| *price >= 0.0) else {
        return Ok(Err(format!("no price of {:?} is known", own.asset)));
    };
    // A value cannot be in proportion to a price of 0 or below.
    if cancels_risk && of_source.is_none_or(|price| price.value() <= 0.0) {
        return Ok(Err("its value is to move with a price source, and none above 0 is known".to_owned()));
    }
    let value = Money::from_f64_half_away(price)?.times_quantity_half_away(own.amount)?;
    Ok(Ok(Valued {
        value: value.prorated_half_away(Ratio::ONE, stable)?,
        source: source.filter(|_| of_source.is_some()),
        confidence: own.confidence.min(of_source.map_or(1.0, |price: Observed| price.confidence())),
        cancels_risk,
        used,
        haircuts,
    }))
}

/// Haircuts, and charges for prices that are not to be trusted.
pub(super) fn charges(grid: &GridMethod, priced: &Priced) -> Result<Vec<Charge>, Overflow> {
    let mut charges = Vec::new();
    for own in &priced.collateral {
        charges.push(Charge {
            kind: ChargeKind::Haircut,
            maintenance: own.value.times_ratio_half_away(own.haircuts.0)?,
            initial: own.value.times_ratio_half_away(own.haircuts.1)?,
        });
        let rule = grid.contingency.confidence.filter(|rule| own.confidence < rule.threshold);
        if let Some(rule) = rule {
            let lack = Ratio::from_f64_half_away(1.0 - own.confidence)?.times_ratio_half_away(rule.factor)?;
            let initial = own.value.magnitude().times_ratio_half_away(lack)?;
            charges.push(Charge { kind: ChargeKind::Confidence, maintenance: Money::ZERO, initial });
        }
    }
    Ok(charges)
}

pub(super) fn equity(account: &MarginAccount, priced: &Priced) -> Result<Equity, Overflow> {
    let mut equity = Equity { cash: account.cash, ..Equity::default() };
    for own in &priced.collateral {
        equity.collateral = equity.collateral.plus(own.value)?;
    }
    for (_, held) in account.positions() {
        equity.unrealised_profit = equity.unrealised_profit.plus(held.unrealised_profit)?;
        equity.unrealised_funding = equity.unrealised_funding.plus(held.unrealised_funding)?;
    }
    for row in priced.sources.iter().flat_map(|(book, _)| &book.rows) {
        equity.unrealised_profit = equity.unrealised_profit.plus(row.gained)?;
    }
    for (book, values) in &priced.sources {
        let mut sum = Sum::default();
        let marks = values.marks.iter().zip(&values.row_scales);
        for (row, (mark, scale)) in book.rows.iter().zip(marks).filter(|(row, _)| row.is_paid) {
            sum.add(row.held.low(), *mark, *scale)?;
        }
        equity.position_value = equity.position_value.plus(sum.money(values.scales)?)?;
    }
    let parts = [
        equity.cash,
        equity.collateral,
        equity.unrealised_profit,
        equity.unrealised_funding,
        equity.position_value,
    ];
    equity.total = parts.into_iter().try_fold(Money::ZERO, Money::plus)?;
    Ok(equity)
}
