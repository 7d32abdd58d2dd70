//! Margin by formula: venues' standard margin for options, parts of the notional for everything else.
//!
//! `options` are short options; `linear` is everything else; `spreads` caps an expiry by its largest loss at settlement. Premium
//! that was paid is gone here: a long option is worth nothing, a short one's mark is in its requirement, once.

mod linear;
mod options;
mod spreads;

pub use spreads::SpreadResult;

use std::collections::BTreeMap;

use crate::account::{AccountError, AccountFault, MarginAccount, Netted, Place};
use crate::contract::{Instrument, Settlement};
use crate::market::{QuoteUsed, Snapshot};
use crate::marks::{self, CollateralMark, Marks};
use crate::parameters::method::{LinearMethod, Method, OptionRule, SpreadRule, StandardMethod};
use crate::types::{Money, Overflow, PriceSource, Quantity, Ratio};

/// Every number of an account under a method by formula.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RulesResult {
    /// By contract.
    pub positions: Vec<PositionResult>,
    /// Expiries whose requirement is capped by their largest loss.
    pub spreads: Vec<SpreadResult>,
    /// What the venue asks besides: initial and maintenance.
    pub additional: (Money, Money),
    /// Cash, collateral, unrealised gains, and assets held.
    pub equity: Money,
    /// To take on risk.
    pub initial: Money,
    /// Not to be called.
    pub maintenance: Money,
    /// How hard the account is pressed, from 0 to 1, where the method has liquidation prices.
    pub stress: Option<Ratio>,
    /// The oldest quote that the numbers rest on.
    pub oldest_quote: Option<QuoteUsed>,
}

/// The numbers of one contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionResult {
    /// The first position in it.
    pub place: Place,
    /// Its price source.
    pub source: PriceSource,
    /// What is held of it.
    pub quantity: Quantity,
    /// Its size in money.
    pub notional: Money,
    /// For one contract: initial and maintenance; none where only the whole has a number.
    pub per_contract: Option<(Money, Money)>,
    /// Of an option: how far it is out of the money.
    pub out_of_the_money: Option<Money>,
    /// The initial fraction of the notional, before rounding.
    pub initial_fraction: Option<Ratio>,
    /// The weight of a spot asset or debt.
    pub weight: Option<Ratio>,
    /// To take it on.
    pub initial: Money,
    /// Not to be called for it.
    pub maintenance: Money,
    /// The price at which it may be taken over, and what closing all of it must bring in (or may cost).
    pub liquidation: Option<(Money, Money)>,
    /// What it is worth in equity.
    value: Money,
    /// What it is worth at its price: its notional, with the sign of what is held and of the price.
    signed: Money,
    /// What its positions with an entry price have gained, as far as it counts.
    gained: Money,
}

/// Margins an account by formula.
///
/// # Errors
/// [`AccountError`] with everything that has no price or no rule, or that the numbers do not fit.
pub fn standard(
    method: &Method,
    rules: &StandardMethod,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<RulesResult, AccountError> {
    let by = By { option: Some(&rules.option), spread: rules.spread.as_ref(), linear: &rules.linear };
    margin(method, by, snapshot, account)
}

/// Margins an account by parts of the notional; options have none.
///
/// # Errors
/// As [`standard`].
pub fn linear(
    method: &Method,
    rules: &LinearMethod,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<RulesResult, AccountError> {
    margin(method, By { option: None, spread: None, linear: rules }, snapshot, account)
}

#[derive(Clone, Copy)]
struct By<'a> {
    option: Option<&'a OptionRule>,
    spread: Option<&'a SpreadRule>,
    linear: &'a LinearMethod,
}

fn margin(
    method: &Method,
    by: By<'_>,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<RulesResult, AccountError> {
    let mut faults = Vec::new();
    let (mut positions, mut options) = (Vec::new(), Vec::new());
    let mut marks: BTreeMap<PriceSource, Marks<'_>> = BTreeMap::new();
    for own in account.netted()? {
        let source = &own.held.contract.terms().price_source;
        let marks = marks.entry(source.clone()).or_insert_with(|| Marks::of(snapshot, source));
        match position(method, by, snapshot, marks, &own)? {
            Ok(position) => {
                if matches!(own.held.contract.terms().instrument, Instrument::Option { .. }) {
                    options.push((positions.len(), own));
                }
                positions.push(position);
            }
            Err(message) => faults.push(AccountFault { place: own.place.to_string(), message }),
        }
    }
    let (collateral, of_collateral) = collateral(method, snapshot, account)?;
    if !faults.is_empty() {
        return Err(AccountError::Account(faults));
    }
    let spreads = match by.spread {
        Some(rule) => spreads::spreads(rule, snapshot, &options, &positions)?,
        None => Vec::new(),
    };
    let (mut initial, mut maintenance) = account.additional;
    let mut equity = account.cash.plus(collateral)?;
    for own in &positions {
        initial = initial.plus(own.initial)?;
        maintenance = maintenance.plus(own.maintenance)?;
        equity = equity.plus(own.value)?.plus(own.gained)?;
    }
    for own in &spreads {
        initial = initial.minus(own.alone.0)?.plus(own.required.0)?;
        maintenance = maintenance.minus(own.alone.1)?.plus(own.required.1)?;
    }
    for (_, held) in account.positions() {
        let profit = counted(method, held.unrealised_profit);
        equity = equity.plus(profit)?.plus(held.unrealised_funding)?;
    }
    let stress = linear::stressed(by.linear, &mut positions, equity, maintenance)?;
    let oldest_quote =
        marks.values().fold(of_collateral, |oldest, own| QuoteUsed::older(oldest, own.oldest_used()));
    Ok(RulesResult {
        positions,
        spreads,
        additional: account.additional,
        equity,
        initial,
        maintenance,
        stress,
        oldest_quote,
    })
}

/// What counts of a gain.
fn counted(method: &Method, gain: Money) -> Money {
    if method.counts_gains { gain } else { gain.min(Money::ZERO) }
}

type Stated<T> = Result<Result<T, String>, Overflow>;

fn position(
    method: &Method,
    by: By<'_>,
    snapshot: &Snapshot,
    marks: &Marks<'_>,
    own: &Netted<'_>,
) -> Stated<PositionResult> {
    let terms = own.held.contract.terms();
    let market = snapshot.of(&terms.price_source).map(AsRef::as_ref);
    if let Some(message) = method.misfit(&own.held.contract, market) {
        return Ok(Err(message));
    }
    let Some(price) = marks.price().map(|price| price.value()) else {
        return Ok(Err(format!("no price of {} is known", terms.price_source)));
    };
    match (&terms.instrument, by.option) {
        (Instrument::Option { .. }, Some(rule)) => options::option(rule, marks, own, price),
        (Instrument::Option { .. }, None) => Ok(Err("the method has no rule for options".to_owned())),
        (Instrument::Asset | Instrument::Perpetual | Instrument::Future { .. }, _) => {
            linear::linear((method, by.linear), snapshot, marks, own)
        }
    }
}

/// Collateral after its maintenance haircut.
fn collateral(
    method: &Method,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<(Money, Option<QuoteUsed>), AccountError> {
    let stable = Ratio::from_f64_half_away(snapshot.peg(&method.currency))?;
    let (mut sum, mut oldest, mut faults) = (Money::ZERO, None, Vec::new());
    for (place, own) in account.collateral.iter().enumerate() {
        let CollateralMark { source, price, used, .. } = marks::collateral(snapshot, own, None);
        oldest = QuoteUsed::older(oldest, used);
        let other = source.as_ref().filter(|_| own.price.is_none() && price.is_some());
        let terms = source.as_ref().and_then(|source| snapshot.of(source)?.terms.as_ref());
        let other = other.and_then(|source| method.other_price(source, terms));
        let Some(price) = price.filter(|price| *price >= 0.0 && other.is_none()) else {
            let message = other.unwrap_or_else(|| format!("no price of {:?} is known", own.asset));
            faults.push(AccountFault { place: format!("collateral[{place}]"), message });
            continue;
        };
        let value = Money::from_f64_half_away(price)?.times_quantity_half_away(own.amount)?;
        let value = value.prorated_half_away(Ratio::ONE, stable)?;
        let haircut = own.haircuts.map_or(Ratio::ZERO, |haircuts| haircuts.0);
        sum = sum.plus(value.minus(value.times_ratio_half_away(haircut)?)?)?;
    }
    if faults.is_empty() { Ok((sum, oldest)) } else { Err(AccountError::Account(faults)) }
}

/// Whether money of a contract is counted in the coin that its price is the price of.
fn is_in_coin(own: &Netted<'_>) -> bool {
    matches!(own.held.contract.terms().settlement, Settlement::Inverse { .. })
}
