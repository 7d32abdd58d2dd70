//! What may be refused besides orders: accounts, withdrawals, items. Checks come first, the margin last.

use super::checking;
use super::command::Request;
use super::event::{CashReason, Event};
use super::house::HouseSnapshot;
use super::order::WorkingOrder;
use super::outcome::{Checked, Outcome, Refusal, RefusalReason};
use super::position::{Keeping, PositionAccount};
use super::pricing::too_large;
use super::standing::{Standing, StandingError, standing};
use super::state::{Group, MarginTerms};
use crate::report::AccountLevels;
use crate::types::{AccountName, AssetCode, Currency, Money, Overflow, Quantity};

/// A request that is granted.
pub(super) struct Granted {
    pub(super) events: Vec<Event>,
    pub(super) outcome: Outcome,
    /// The group's standing once the events are applied, where it was formed.
    pub(super) standing: Option<Standing>,
}

type Decided = Result<(Vec<Event>, Outcome), Refusal>;

pub(super) fn refused<T>(reason: RefusalReason, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(reason, detail))
}

pub(super) fn decide(
    group: &Group,
    house: &HouseSnapshot,
    request: &Request,
    known: Option<&Standing>,
) -> Result<Granted, Refusal> {
    let decided = match request {
        Request::OpenMarginAccount(name, terms) => open_margin_account(group, house, name, terms),
        Request::CloseMarginAccount(name) => close_margin_account(group, name),
        Request::OpenPositionAccount(name, margin_account, keeping) => {
            open_position_account(group, name, margin_account, *keeping)
        }
        Request::ClosePositionAccount(name) => close_position_account(group, name),
        Request::MovePositionAccount(name, margin_account) => {
            move_account(group, house, name, margin_account, known)
        }
        Request::Withdraw(currency, amount) => withdraw(group, house, currency, *amount, known),
        Request::WithdrawAsset(asset, quantity) => withdraw_asset(group, house, asset, *quantity, known),
        Request::Order(order) => return checking::accept(group, house, order, known),
        Request::Replace(id, terms) => return checking::replace(group, house, id, terms, known),
        Request::Resolve(number, text) => {
            if group.exceptions.get(number).is_none_or(|item| item.resolution.is_some()) {
                return refused(RefusalReason::UnknownException, format!("no open item {number}"));
            }
            Ok((vec![Event::ExceptionResolved(*number, text.clone())], Outcome::default()))
        }
    };
    decided.map(|(events, outcome)| Granted { events, outcome, standing: None })
}

fn open_margin_account(
    group: &Group,
    house: &HouseSnapshot,
    name: &AccountName,
    terms: &MarginTerms,
) -> Decided {
    if group.margin_accounts.contains_key(name) {
        return refused(RefusalReason::AccountExists, format!("margin account {name} is open"));
    }
    if group.margin_accounts.len() >= Group::MOST_ACCOUNTS {
        return refused(RefusalReason::TooMany, format!("at most {} margin accounts", Group::MOST_ACCOUNTS));
    }
    match terms {
        MarginTerms::Span { account_type, .. } => {
            let set = house.set().ok_or(StandingError::NoSet)?;
            if let Err(error) = AccountLevels::of(set, account_type.as_deref()) {
                return refused(RefusalReason::UnknownAccountType, error.to_string());
            }
        }
        MarginTerms::Method(method) => {
            house.catalogue(method).ok_or_else(|| StandingError::NoMethod(method.clone()))?;
        }
    }
    Ok((vec![Event::MarginAccountOpened(name.clone(), terms.clone())], Outcome::default()))
}

fn known_margin_account(group: &Group, name: &AccountName) -> Result<(), Refusal> {
    if group.margin_accounts.contains_key(name) {
        Ok(())
    } else {
        refused(RefusalReason::UnknownAccount, format!("no margin account {name}"))
    }
}

fn close_margin_account(group: &Group, name: &AccountName) -> Decided {
    known_margin_account(group, name)?;
    if group.position_accounts.values().any(|own| own.margin_account == *name) {
        return refused(
            RefusalReason::AccountNotEmpty,
            format!("margin account {name} has position accounts"),
        );
    }
    Ok((vec![Event::MarginAccountClosed(name.clone())], Outcome::default()))
}

fn open_position_account(
    group: &Group,
    name: &AccountName,
    margin_account: &AccountName,
    keeping: Keeping,
) -> Decided {
    if group.position_accounts.contains_key(name) {
        return refused(RefusalReason::AccountExists, format!("position account {name} is open"));
    }
    known_margin_account(group, margin_account)?;
    if group.position_accounts.len() >= Group::MOST_ACCOUNTS {
        return refused(
            RefusalReason::TooMany,
            format!("at most {} position accounts", Group::MOST_ACCOUNTS),
        );
    }
    let account =
        PositionAccount { margin_account: margin_account.clone(), keeping, holdings: Default::default() };
    Ok((vec![Event::PositionAccountOpened(name.clone(), account)], Outcome::default()))
}

pub(super) fn known_position_account<'a>(
    group: &'a Group,
    name: &AccountName,
) -> Result<&'a PositionAccount, Refusal> {
    group
        .position_accounts
        .get(name)
        .ok_or_else(|| Refusal::new(RefusalReason::UnknownAccount, format!("no position account {name}")))
}

/// Whether nothing works or waits for an account besides what it holds.
pub(super) fn is_quiet(group: &Group, name: &AccountName) -> bool {
    group.orders.values().all(|own| own.account != *name)
        && group.deliveries.values().all(|own| own.account != *name)
}

fn close_position_account(group: &Group, name: &AccountName) -> Decided {
    let own = known_position_account(group, name)?;
    if !own.holdings.is_empty() || !is_quiet(group, name) {
        return refused(
            RefusalReason::AccountNotEmpty,
            format!("{name} has positions, orders or deliveries"),
        );
    }
    Ok((vec![Event::PositionAccountClosed(name.clone())], Outcome::default()))
}

fn move_account(
    group: &Group,
    house: &HouseSnapshot,
    name: &AccountName,
    margin_account: &AccountName,
    known: Option<&Standing>,
) -> Decided {
    known_position_account(group, name)?;
    known_margin_account(group, margin_account)?;
    let is_linked = |own: &WorkingOrder| own.account == *name && own.link.is_some();
    if group.orders.values().any(is_linked) {
        return refused(RefusalReason::AccountNotEmpty, format!("{name} has orders of a link group"));
    }
    granted(group, house, vec![Event::PositionAccountMoved(name.clone(), margin_account.clone())], known)
}

fn withdraw(
    group: &Group,
    house: &HouseSnapshot,
    currency: &Currency,
    amount: Money,
    known: Option<&Standing>,
) -> Decided {
    let balance = group.cash.get(currency).copied().unwrap_or_default();
    if balance < amount {
        let detail =
            format!("the balance is {} {currency}", crate::types::Amount::rounded_half_away(balance));
        return refused(RefusalReason::InsufficientBalance, detail);
    }
    granted(
        group,
        house,
        vec![Event::CashMoved(currency.clone(), amount.negated(), CashReason::Withdrawal)],
        known,
    )
}

fn withdraw_asset(
    group: &Group,
    house: &HouseSnapshot,
    asset: &AssetCode,
    quantity: Quantity,
    known: Option<&Standing>,
) -> Decided {
    let balance = group.assets.get(asset).copied().unwrap_or_default();
    if balance < quantity {
        return refused(RefusalReason::InsufficientBalance, format!("the balance is {balance} of {asset}"));
    }
    granted(group, house, vec![Event::AssetMoved(asset.clone(), quantity.negated())], known)
}

/// Grants changes after which the worst of the working orders can still be paid for.
fn granted(group: &Group, house: &HouseSnapshot, events: Vec<Event>, known: Option<&Standing>) -> Decided {
    let mut after = group.present();
    events.iter().for_each(|event| after.apply(event));
    let formed = match known {
        Some(_) => None,
        None => Some(standing(group, house)?),
    };
    // One of the two is there.
    let before = known.or(formed.as_ref()).ok_or_else(|| too_large(Overflow))?;
    all_margined(before)?;
    let checked = covered(before, &whole(&after, house)?)?;
    Ok((events, Outcome { checked: Some(Box::new(checked)), ..Outcome::default() }))
}

/// The standing of a group all of whose positions are margined.
pub(super) fn whole(group: &Group, house: &HouseSnapshot) -> Result<Standing, Refusal> {
    let standing = standing(group, house)?;
    all_margined(&standing)?;
    Ok(standing)
}

pub(super) fn all_margined(standing: &Standing) -> Result<(), Refusal> {
    let Some(first) = standing.unmargined.first() else { return Ok(()) };
    let detail = format!(
        "{} positions; the first: {} lots of contract {} in {}: {}{}{}",
        standing.unmargined.len(),
        first.lots,
        first.contract.number(),
        first.account,
        first.reason.name(),
        if first.detail.is_empty() { "" } else { ", " },
        first.detail
    );
    refused(RefusalReason::PositionNotMarginable, detail)
}

/// The numbers before and after.
pub(super) fn numbers(before: &Standing, after: &Standing) -> Checked {
    Checked {
        currency: after.currency.clone(),
        before: before.with_orders,
        after: after.with_orders,
        worst: Vec::new(),
        version: after.version,
    }
}

/// Nothing that takes money or positions away may leave a deficit.
pub(super) fn covered(before: &Standing, after: &Standing) -> Result<Checked, Refusal> {
    let checked = numbers(before, after);
    if checked.after.is_deficit() { Err(insufficient(&checked)) } else { Ok(checked) }
}

pub(super) fn insufficient(checked: &Checked) -> Refusal {
    let lacking = crate::types::Amount::rounded_half_away(checked.after.excess.negated());
    let detail = format!("{lacking} {} are lacking", checked.currency);
    Refusal::new(RefusalReason::InsufficientMargin, detail)
}

impl From<Overflow> for Refusal {
    fn from(overflow: Overflow) -> Self {
        too_large(overflow)
    }
}
