//! What a group has, what it has to have, and what is left.
//!
//! In every currency:
//!
//! ```text
//! equity      = cash + what is due (premiums, fees) + unsettled variation + value of paid contracts + assets after haircuts and limits
//! net         = equity - requirement
//! excess      = sum over currencies of net * rate * (1 - haircut)      where net is positive
//!                                   or net * rate * (1 + haircut)      where it is negative
//! ```
//!
//! The group's own currency has no haircut. Option value stands once: under a parameter set in the requirement (SPAN), under a method
//! that is data in equity. The variation is `(long - short) * price * factor - basis`; a premium counts from the trade on, whenever it
//! is due.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

pub use super::exposure::Unmargined;
use super::exposure::{self, Orders, Trial};
use super::held::Held;
use super::house::HouseSnapshot;
use super::outcome::{Refusal, RefusalReason, Room};
use super::position::add_money;
use super::state::Group;
use crate::fills::Effort;
use crate::types::{AccountName, AssetCode, Currency, MethodName, Money, Overflow, Quantity, Ratio};

/// Where the bound decides otherwise than the worst outcome found, and where two bounds are compared: they are to be closer.
pub(super) const MORE_EFFORT: Effort = Effort { regions: 1_024, one_part_in: 1_000_000 };

/// Why a group has no standing.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum StandingError {
    /// A number leaves the exact range.
    #[error("{0}")]
    TooLarge(String),
    /// An account type that the set has no levels for.
    #[error("account type {0} has no levels in the active set")]
    AccountType(String),
    /// An account is margined by the house's set, and none is active.
    #[error("no parameter set is active for the house")]
    NoSet,
    /// A method that is not stated for the house any more.
    #[error("the house has no method {0}")]
    NoMethod(MethodName),
    /// No way from a currency to the group's.
    #[error("no conversion from {0} to {1}")]
    NoConversion(Currency, Currency),
    /// A working order that the active set cannot price any more.
    #[error("a working order cannot be margined: {}", .0.detail)]
    Order(Refusal),
}

impl From<Overflow> for StandingError {
    fn from(overflow: Overflow) -> Self {
        Self::TooLarge(overflow.to_string())
    }
}

impl From<StandingError> for Refusal {
    fn from(error: StandingError) -> Self {
        let reason = match &error {
            StandingError::TooLarge(_) => RefusalReason::TooLarge,
            StandingError::AccountType(_) | StandingError::NoSet | StandingError::NoMethod(_) => {
                RefusalReason::UnknownAccountType
            }
            StandingError::NoConversion(..) => RefusalReason::NoConversion,
            StandingError::Order(refusal) => return refusal.clone(),
        };
        Self::new(reason, error.to_string())
    }
}

/// A group in one currency.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CurrencyStanding {
    /// Settled cash.
    pub cash: Money,
    /// What is due later.
    pub due: Money,
    /// Gains since the last settlement.
    pub variation: Money,
    /// What contracts that are paid in full are worth, where that is in no requirement.
    pub position_value: Money,
    /// What counts of assets.
    pub assets: Money,
    /// To take on risk, without working orders.
    pub initial: Money,
    /// Not to be called, without working orders.
    pub maintenance: Money,
    /// To take on risk, with what the worst of the working orders costs and requires at most.
    pub with_orders: Money,
    /// The same at the worst outcome that was found.
    pub found: Money,
}

impl CurrencyStanding {
    /// What there is, without what has to be there.
    fn balances(&self) -> Self {
        Self { cash: self.cash, due: self.due, variation: self.variation, ..Self::default() }
    }

    fn equity(&self) -> Result<Money, Overflow> {
        self.cash.plus(self.due)?.plus(self.variation)?.plus(self.position_value)?.plus(self.assets)
    }
}

/// An asset of a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetStanding {
    /// The asset.
    pub asset: AssetCode,
    /// How much.
    pub quantity: Quantity,
    /// The currency of its value.
    pub currency: Currency,
    /// What it is worth.
    pub value: Money,
    /// What counts of it, after haircut and limit.
    pub counted: Money,
}

/// A margin account.
#[derive(Clone, Debug)]
pub struct AccountStanding {
    /// Its name.
    pub name: AccountName,
    /// Its positions.
    pub held: Held,
    /// The worst initial requirement with orders, with what they cost, by currency.
    pub with_orders: Vec<(Currency, Money)>,
    /// The same at the worst outcome that was found.
    pub found: Vec<(Currency, Money)>,
    /// The units of the worst outcome that was found.
    pub worst: Vec<i64>,
}

/// A group's standing.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The currency of the totals.
    pub currency: Currency,
    /// The version of the house's data.
    pub version: u64,
    /// By currency.
    pub currencies: BTreeMap<Currency, CurrencyStanding>,
    /// Its assets.
    pub assets: Vec<AssetStanding>,
    /// Its margin accounts.
    pub accounts: Vec<Arc<AccountStanding>>,
    /// Against the initial requirement, without working orders.
    pub initial: Room,
    /// Against the maintenance requirement, without working orders.
    pub maintenance: Room,
    /// Against the initial requirement, with the worst of the working orders.
    pub with_orders: Room,
    /// The same at the worst outcome that was found: the true worst lies between the two.
    pub found: Room,
    /// Positions that no number above has.
    pub unmargined: Vec<Unmargined>,
    /// Whether more effort than usual went into the bounds.
    pub(super) is_closer: bool,
}

impl Standing {
    /// Whether the bound lacks money where the worst outcome found does not.
    pub(super) fn is_open(&self) -> bool {
        self.with_orders.is_deficit() && !self.found.is_deficit()
    }
}

/// What a group has and has to have.
///
/// # Errors
/// [`StandingError`] as documented there.
pub fn standing(group: &Group, house: &HouseSnapshot) -> Result<Standing, StandingError> {
    let standing = with_trial(group, house, None, Effort::default(), None)?;
    if !standing.is_open() {
        return Ok(standing);
    }
    let closer = with_trial(group, house, None, MORE_EFFORT, None)?;
    Ok(Standing { is_closer: true, ..closer })
}

/// The standing with an order looked at as if it worked. What is known without it, of the same group and the same data of its house, is
/// not formed again.
pub(super) fn with_trial(
    group: &Group,
    house: &HouseSnapshot,
    trial: Option<Trial<'_>>,
    effort: Effort,
    known: Option<&Standing>,
) -> Result<Standing, StandingError> {
    let currencies = match known {
        Some(known) => {
            known.currencies.iter().map(|(currency, own)| (currency.clone(), own.balances())).collect()
        }
        None => balances(group, house)?,
    };
    let mut accounts = Vec::with_capacity(group.margin_accounts.len());
    let mut unmargined = known.map(|known| known.unmargined.clone()).unwrap_or_default();
    for (name, terms) in &group.margin_accounts {
        let trial = trial.filter(|trial| {
            group.position_accounts.get(&trial.order.account).is_some_and(|own| own.margin_account == *name)
        });
        let own = known.and_then(|known| known.accounts.iter().find(|own| own.name == *name));
        let held = match own {
            Some(own) if trial.is_none() => {
                accounts.push(Arc::clone(own));
                continue;
            }
            Some(own) => own.held.clone(),
            None => Held::of(group, house, name, terms, &mut unmargined)?,
        };
        let orders = exposure::orders(group, house, name, trial).map_err(StandingError::Order)?;
        accounts.push(Arc::new(account(group, house, name, held, &orders, effort)?));
    }
    assembled(group, house, currencies, accounts, unmargined)
}

/// The standing that balances and accounts make.
pub(super) fn assembled(
    group: &Group,
    house: &HouseSnapshot,
    mut currencies: BTreeMap<Currency, CurrencyStanding>,
    accounts: Vec<Arc<AccountStanding>>,
    unmargined: Vec<Unmargined>,
) -> Result<Standing, StandingError> {
    currencies.entry(group.currency.clone()).or_default();
    for own in &accounts {
        if let Some((currency, value)) = own.held.value().filter(|(_, value)| !value.is_zero()) {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.position_value = sum.position_value.plus(value)?;
        }
        for required in own.held.required() {
            let sum = currencies.entry(required.currency.clone()).or_default();
            sum.initial = sum.initial.plus(required.initial)?;
            sum.maintenance = sum.maintenance.plus(required.maintenance)?;
        }
        for (currency, amount) in &own.with_orders {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.with_orders = sum.with_orders.plus(*amount)?;
        }
        for (currency, amount) in &own.found {
            let sum = currencies.entry(currency.clone()).or_default();
            sum.found = sum.found.plus(*amount)?;
        }
    }
    for own in group.deliveries.values() {
        let account = group.position_accounts.get(&own.account);
        let terms = account.and_then(|account| group.margin_accounts.get(&account.margin_account));
        // What cannot be margined any more is charged with all its money.
        if terms.is_none_or(|terms| !house.margins(own.contract, terms)) {
            let sum = currencies.entry(own.currency.clone()).or_default();
            let amount = own.amount.magnitude();
            sum.initial = sum.initial.plus(amount)?;
            sum.maintenance = sum.maintenance.plus(amount)?;
            sum.with_orders = sum.with_orders.plus(amount)?;
            sum.found = sum.found.plus(amount)?;
        }
    }
    let assets = assets(group, house, &mut currencies)?;
    let room = |of: fn(&CurrencyStanding) -> Money| room(group, house, &currencies, of);
    Ok(Standing {
        initial: room(|own| own.initial)?,
        maintenance: room(|own| own.maintenance)?,
        with_orders: room(|own| own.with_orders)?,
        found: room(|own| own.found)?,
        currency: group.currency.clone(),
        version: house.version(),
        currencies,
        assets,
        accounts,
        unmargined,
        is_closer: false,
    })
}

pub(super) fn account(
    group: &Group,
    house: &HouseSnapshot,
    name: &AccountName,
    held: Held,
    orders: &Orders,
    effort: Effort,
) -> Result<AccountStanding, StandingError> {
    let mut with_orders: Vec<(Currency, Money)> =
        held.required().iter().map(|own| (own.currency.clone(), own.initial)).collect();
    let (mut found, mut worst) = (with_orders.clone(), Vec::new());
    if !orders.units.is_empty() {
        let (currencies, own) = held.worst(house, &group.currency, orders, effort)?;
        // Without haircuts only the sum over the currencies decides; with them every currency has to be covered by itself.
        let amounts = if has_haircut(group, house, &currencies) { own.at_most } else { own.heaviest };
        with_orders = currencies.iter().cloned().zip(amounts).collect();
        found = currencies.into_iter().zip(own.found).collect();
        worst = own.filled;
    }
    Ok(AccountStanding { name: name.clone(), held, with_orders, found, worst })
}

/// Whether some of the currencies covers others at less than its worth.
fn has_haircut(group: &Group, house: &HouseSnapshot, currencies: &[Currency]) -> bool {
    let haircuts = &house.schedule().currency_haircuts;
    let counts =
        |own: &&Currency| **own != group.currency && haircuts.get(*own).is_some_and(|cut| !cut.is_zero());
    currencies.iter().any(|own| counts(&own))
}

/// Cash, what is due, and unsettled variation.
pub(super) fn balances(
    group: &Group,
    house: &HouseSnapshot,
) -> Result<BTreeMap<Currency, CurrencyStanding>, Overflow> {
    let (mut due, mut variation) = (BTreeMap::new(), BTreeMap::new());
    for own in &group.payables {
        add_money(&mut due, &own.currency, own.amount)?;
    }
    for (contract, holding) in group.position_accounts.values().flat_map(|own| &own.holdings) {
        let Some(own) = house.contract(*contract).filter(|own| !own.is_paid) else { continue };
        if let (Some(price), Some(_)) = (own.price, own.money) {
            let gain = own.money_at(price, holding.net())?.minus(holding.basis)?;
            add_money(&mut variation, &own.currency, gain)?;
        }
    }
    let mut balances: BTreeMap<Currency, CurrencyStanding> = BTreeMap::new();
    for (currency, amount) in &group.cash {
        balances.entry(currency.clone()).or_default().cash = *amount;
    }
    for (currency, amount) in due {
        balances.entry(currency).or_default().due = amount;
    }
    for (currency, amount) in variation {
        balances.entry(currency).or_default().variation = amount;
    }
    Ok(balances)
}

/// What counts of assets, added to their currencies.
fn assets(
    group: &Group,
    house: &HouseSnapshot,
    currencies: &mut BTreeMap<Currency, CurrencyStanding>,
) -> Result<Vec<AssetStanding>, StandingError> {
    let mut standing = Vec::new();
    let mut limits = Vec::new();
    for (asset, quantity) in group.assets.iter().filter(|(_, quantity)| !quantity.is_zero()) {
        let Some(terms) = house.schedule().assets.get(asset) else {
            // An asset that left the schedule counts nothing, and is shown.
            let (currency, value) = (group.currency.clone(), Money::ZERO);
            standing.push(AssetStanding {
                asset: asset.clone(),
                quantity: *quantity,
                currency,
                value,
                counted: value,
            });
            limits.push(None);
            continue;
        };
        let value = Money::from_decimal(terms.price)?.times_quantity_half_away(*quantity)?;
        let counted = value.times_ratio_half_away(Ratio::ONE.minus(terms.haircut)?)?;
        let currency = terms.currency.clone();
        standing.push(AssetStanding { asset: asset.clone(), quantity: *quantity, currency, value, counted });
        limits.push(terms.most_of_pool);
    }
    let mut pool = Money::ZERO;
    for (currency, own) in currencies.iter() {
        pool = pool.plus(converted(group, house, currency, own.cash.max(Money::ZERO))?)?;
    }
    for own in &standing {
        pool = pool.plus(converted(group, house, &own.currency, own.counted)?)?;
    }
    for (own, limit) in standing.iter_mut().zip(limits) {
        if let Some(limit) = limit {
            let most = pool.times_ratio_half_away(limit)?;
            let counted = converted(group, house, &own.currency, own.counted)?;
            if counted > most && counted.is_positive() {
                own.counted = own.counted.prorated_half_away(most, counted)?;
            }
        }
        let sum = currencies.entry(own.currency.clone()).or_default();
        sum.assets = sum.assets.plus(own.counted)?;
    }
    Ok(standing)
}

/// An amount in the group's currency.
fn converted(
    group: &Group,
    house: &HouseSnapshot,
    currency: &Currency,
    amount: Money,
) -> Result<Money, StandingError> {
    if amount.is_zero() {
        return Ok(amount);
    }
    let converted = house.converted(amount, currency, &group.currency);
    let none = || StandingError::NoConversion(currency.clone(), group.currency.clone());
    Ok(converted.ok_or_else(none)??)
}

/// A requirement in the group's currency, and what is left of equity.
fn room(
    group: &Group,
    house: &HouseSnapshot,
    currencies: &BTreeMap<Currency, CurrencyStanding>,
    of: fn(&CurrencyStanding) -> Money,
) -> Result<Room, StandingError> {
    let mut room = Room::default();
    for (currency, own) in currencies {
        room.requirement = room.requirement.plus(converted(group, house, currency, of(own))?)?;
        let net = own.equity()?.minus(of(own))?;
        let haircut = match house.schedule().currency_haircuts.get(currency) {
            Some(haircut) if *currency != group.currency => *haircut,
            _ => Ratio::ZERO,
        };
        let factor = if net.is_negative() { Ratio::ONE.plus(haircut)? } else { Ratio::ONE.minus(haircut)? };
        let counted = converted(group, house, currency, net)?.times_ratio_half_away(factor)?;
        room.excess = room.excess.plus(counted)?;
    }
    Ok(room)
}
