//! What may be refused besides orders: accounts, withdrawals, items. Checks come first, the margin last.

use super::command::Request;
use super::event::{CashReason, Event};
use super::house::HouseSnapshot;
use super::order::WorkingOrder;
use super::outcome::{Outcome, Refusal, RefusalReason};
use super::position::{Keeping, PositionAccount};
use super::pricing::too_large;
use super::standing::{Depth, Standing};
use super::state::{Group, MarginTerms};
use super::{checking, covering, linking};
use crate::types::{AccountName, AssetCode, Currency, Money, Overflow, Quantity};

/// A request that is granted.
pub(super) struct Granted {
    pub(super) events: Vec<Event>,
    pub(super) outcome: Outcome,
    /// The group's standing once the events are applied, where it was formed.
    pub(super) standing: Option<Standing>,
}

type Decided = (Vec<Event>, Outcome);

pub(super) fn refused<T>(reason: RefusalReason, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(reason, detail))
}

/// Decides a request; `None` where only a search would tell, and none is wanted.
pub(super) fn decide(
    group: &Group,
    house: &HouseSnapshot,
    request: &Request,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Granted>, Refusal> {
    let decided = match request {
        Request::OpenMarginAccount(name, terms) => open_margin_account(group, house, name, terms).map(Some),
        Request::CloseMarginAccount(name) => close_margin_account(group, name).map(Some),
        Request::OpenPositionAccount(name, margin_account, keeping) => {
            open_position_account(group, name, margin_account, *keeping).map(Some)
        }
        Request::ClosePositionAccount(name) => close_position_account(group, name).map(Some),
        Request::MovePositionAccount(name, margin_account) => {
            let moved = move_account(group, name, margin_account)?;
            granted(group, house, moved, known, depth)
        }
        Request::Withdraw(currency, amount) => {
            let paid = withdraw(group, currency, *amount)?;
            granted(group, house, paid, known, depth)
        }
        Request::WithdrawAsset(asset, quantity) => {
            let given = withdraw_asset(group, asset, *quantity)?;
            granted(group, house, given, known, depth)
        }
        Request::Order(order) => return checking::accept(group, house, order, known, depth),
        Request::ForceClose(order, why) => {
            return checking::force(group, house, order, why, known).map(Some);
        }
        Request::Replace(id, terms) => return checking::replace(group, house, id, terms, known, depth),
        Request::ResetLink(name) => {
            linking::reset(group, name).map(|event| Some((vec![event], Outcome::default())))
        }
        Request::Resolve(number, text) => resolve(group, *number, text).map(Some),
    };
    let granted = |(events, outcome)| Granted { events, outcome, standing: None };
    decided.map(|decided| decided.map(granted))
}

fn resolve(group: &Group, number: u64, text: &str) -> Result<Decided, Refusal> {
    if group.exceptions.get(&number).is_none_or(|item| item.resolution.is_some()) {
        return refused(RefusalReason::UnknownException, format!("no open item {number}"));
    }
    Ok((vec![Event::ExceptionResolved(number, text.to_owned())], Outcome::default()))
}

fn open_margin_account(
    group: &Group,
    house: &HouseSnapshot,
    name: &AccountName,
    terms: &MarginTerms,
) -> Result<Decided, Refusal> {
    if group.margin_accounts.contains_key(name) {
        return refused(RefusalReason::AccountExists, format!("margin account {name} is open"));
    }
    if group.margin_accounts.len() >= Group::MOST_ACCOUNTS {
        return refused(RefusalReason::TooMany, format!("at most {} margin accounts", Group::MOST_ACCOUNTS));
    }
    if let Some(lack) = house.lacks(terms) {
        return refused(RefusalReason::UnknownAccountType, lack.detail);
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

fn close_margin_account(group: &Group, name: &AccountName) -> Result<Decided, Refusal> {
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
) -> Result<Decided, Refusal> {
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
        && group.pending.iter().filter_map(|id| group.trades.get(id)).all(|own| own.account != *name)
}

fn close_position_account(group: &Group, name: &AccountName) -> Result<Decided, Refusal> {
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
    name: &AccountName,
    margin_account: &AccountName,
) -> Result<Vec<Event>, Refusal> {
    known_position_account(group, name)?;
    known_margin_account(group, margin_account)?;
    let is_linked = |own: &WorkingOrder| own.account == *name && own.link.is_some();
    if group.orders.values().any(is_linked) {
        return refused(RefusalReason::AccountNotEmpty, format!("{name} has orders of a link group"));
    }
    Ok(vec![Event::PositionAccountMoved(name.clone(), margin_account.clone())])
}

fn withdraw(group: &Group, currency: &Currency, amount: Money) -> Result<Vec<Event>, Refusal> {
    let balance = group.cash.get(currency).copied().unwrap_or_default();
    if balance < amount {
        let detail =
            format!("the balance is {} {currency}", crate::types::Amount::rounded_half_away(balance));
        return refused(RefusalReason::InsufficientBalance, detail);
    }
    Ok(vec![Event::CashMoved(currency.clone(), amount.negated(), CashReason::Withdrawal)])
}

fn withdraw_asset(group: &Group, asset: &AssetCode, quantity: Quantity) -> Result<Vec<Event>, Refusal> {
    let balance = group.assets.get(asset).copied().unwrap_or_default();
    if balance < quantity {
        return refused(RefusalReason::InsufficientBalance, format!("the balance is {balance} of {asset}"));
    }
    Ok(vec![Event::AssetMoved(asset.clone(), quantity.negated())])
}

/// Grants changes after which the worst of the working orders can still be paid for.
fn granted(
    group: &Group,
    house: &HouseSnapshot,
    events: Vec<Event>,
    known: Option<&Standing>,
    depth: Depth,
) -> Result<Option<Decided>, Refusal> {
    let checked = covering::covered(group, house, &events, known, depth)?;
    Ok(checked.map(|checked| (events, Outcome { checked: Some(Box::new(checked)), ..Outcome::default() })))
}

impl From<Overflow> for Refusal {
    fn from(overflow: Overflow) -> Self {
        too_large(overflow)
    }
}
