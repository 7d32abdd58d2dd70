//! What may be refused: accounts, withdrawals, orders. Checks come in the order of the functions, the margin last.

use super::command::Request;
use super::event::{CashReason, Event};
use super::exposure::{self, Trial};
use super::house::HouseSnapshot;
use super::order::{NewOrder, OrderTerms, WorkingOrder};
use super::outcome::{Checked, Outcome, Refusal, RefusalReason, WorstScenario};
use super::position::{Keeping, PositionAccount};
use super::pricing::too_large;
use super::standing::{AccountStanding, Standing, with_trial};
use super::state::{Group, MarginTerms};
use crate::fills::Effort;
use crate::report::AccountLevels;
use crate::span::{self, margin};
use crate::types::{AccountName, AssetCode, Currency, Money, OrderId, Quantity};

type Decided = Result<(Vec<Event>, Outcome), Refusal>;

/// Where the bound decides otherwise than the worst outcome found, and where two bounds are compared: they are to be closer.
const MORE_EFFORT: Effort = Effort { regions: 2_048, one_part_in: 1_000_000 };

fn refused<T>(reason: RefusalReason, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(reason, detail))
}

pub(super) fn decide(group: &Group, house: &HouseSnapshot, request: &Request) -> Decided {
    match request {
        Request::OpenMarginAccount(name, terms) => open_margin_account(group, house, name, terms),
        Request::CloseMarginAccount(name) => close_margin_account(group, name),
        Request::OpenPositionAccount(name, margin_account, keeping) => {
            open_position_account(group, name, margin_account, *keeping)
        }
        Request::ClosePositionAccount(name) => close_position_account(group, name),
        Request::MovePositionAccount(name, margin_account) => {
            move_account(group, house, name, margin_account)
        }
        Request::Withdraw(currency, amount) => withdraw(group, house, currency, *amount),
        Request::WithdrawAsset(asset, quantity) => withdraw_asset(group, house, asset, *quantity),
        Request::Order(order) => {
            let checked = check(group, house, order)?;
            let working = working(order);
            let accepted = Event::OrderAccepted(order.id.clone(), Box::new(working));
            Ok((vec![accepted], Outcome { checked: Some(Box::new(checked)), ..Outcome::default() }))
        }
        Request::Replace(id, terms) => replace(group, house, id, terms),
        Request::Resolve(number, text) => {
            if group.exceptions.get(number).is_none_or(|item| item.resolution.is_some()) {
                return refused(RefusalReason::UnknownException, format!("no open item {number}"));
            }
            Ok((vec![Event::ExceptionResolved(*number, text.clone())], Outcome::default()))
        }
    }
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
    if let Err(error) = AccountLevels::of(house.set(), terms.account_type.as_deref()) {
        return refused(RefusalReason::UnknownAccountType, error.to_string());
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
) -> Decided {
    known_position_account(group, name)?;
    known_margin_account(group, margin_account)?;
    let is_linked = |own: &WorkingOrder| own.account == *name && own.link.is_some();
    if group.orders.values().any(is_linked) {
        return refused(RefusalReason::AccountNotEmpty, format!("{name} has orders of a link group"));
    }
    granted(group, house, vec![Event::PositionAccountMoved(name.clone(), margin_account.clone())])
}

fn withdraw(group: &Group, house: &HouseSnapshot, currency: &Currency, amount: Money) -> Decided {
    let balance = group.cash.get(currency).copied().unwrap_or_default();
    if balance < amount {
        let detail =
            format!("the balance is {} {currency}", crate::types::Amount::rounded_half_away(balance));
        return refused(RefusalReason::InsufficientBalance, detail);
    }
    granted(group, house, vec![Event::CashMoved(currency.clone(), amount.negated(), CashReason::Withdrawal)])
}

fn withdraw_asset(group: &Group, house: &HouseSnapshot, asset: &AssetCode, quantity: Quantity) -> Decided {
    let balance = group.assets.get(asset).copied().unwrap_or_default();
    if balance < quantity {
        return refused(RefusalReason::InsufficientBalance, format!("the balance is {balance} of {asset}"));
    }
    granted(group, house, vec![Event::AssetMoved(asset.clone(), quantity.negated())])
}

/// Grants changes after which the worst of the working orders can still be paid for.
fn granted(group: &Group, house: &HouseSnapshot, events: Vec<Event>) -> Decided {
    let mut after = group.clone();
    events.iter().for_each(|event| after.apply(event));
    let checked = covered(&known(group, house)?, &known(&after, house)?)?;
    Ok((events, Outcome { checked: Some(Box::new(checked)), ..Outcome::default() }))
}

/// The standing of a group all of whose positions are margined.
pub(super) fn known(group: &Group, house: &HouseSnapshot) -> Result<Standing, Refusal> {
    let mut standing = with_trial(group, house, None, Effort::default())?;
    all_margined(&standing)?;
    if is_open(&standing) {
        standing = with_trial(group, house, None, MORE_EFFORT)?;
    }
    Ok(standing)
}

fn all_margined(standing: &Standing) -> Result<(), Refusal> {
    let Some(first) = standing.unmargined.first() else { return Ok(()) };
    let detail = format!(
        "{} positions; the first: {} lots of contract {} in {}: {}",
        standing.unmargined.len(),
        first.lots,
        first.contract.number(),
        first.account,
        first.reason.name()
    );
    refused(RefusalReason::PositionNotMarginable, detail)
}

/// Nothing that takes money or positions away may leave a deficit.
pub(super) fn covered(before: &Standing, after: &Standing) -> Result<Checked, Refusal> {
    let checked = Checked {
        currency: after.currency.clone(),
        before: before.with_orders,
        after: after.with_orders,
        worst: Vec::new(),
        version: after.version,
    };
    if checked.after.is_deficit() { Err(insufficient(&checked)) } else { Ok(checked) }
}

fn insufficient(checked: &Checked) -> Refusal {
    let lacking = crate::types::Amount::rounded_half_away(checked.after.excess.negated());
    let detail = format!("{lacking} {} are lacking", checked.currency);
    Refusal::new(RefusalReason::InsufficientMargin, detail)
}

fn working(order: &NewOrder) -> WorkingOrder {
    WorkingOrder {
        account: order.account.clone(),
        session: order.session.clone(),
        link: order.link.clone(),
        terms: order.terms.clone(),
        replacement: None,
        filled: vec![0; order.terms.parts()],
    }
}

/// Checks an order without reserving it.
///
/// # Errors
/// The [`Refusal`] that it would get.
pub fn check(group: &Group, house: &HouseSnapshot, order: &NewOrder) -> Result<Checked, Refusal> {
    let account = known_position_account(group, &order.account)?;
    let is_used =
        group.orders.contains_key(&order.id) || group.closed_orders.iter().any(|(id, _)| *id == order.id);
    if is_used {
        return refused(RefusalReason::OrderExists, format!("order {} has been used", order.id));
    }
    if group.orders.len() >= Group::MOST_ORDERS {
        return refused(RefusalReason::TooMany, format!("at most {} working orders", Group::MOST_ORDERS));
    }
    if let Some((name, rule)) = &order.link {
        let others =
            group.orders.values().filter(|own| own.link.as_ref().is_some_and(|(own, _)| own == name));
        for other in others {
            let margin_account = group.position_accounts.get(&other.account).map(|own| &own.margin_account);
            if margin_account != Some(&account.margin_account)
                || group.links.get(name).is_some_and(|own| own.0 != *rule)
            {
                let detail = format!("link group {name} has another rule or another margin account");
                return refused(RefusalReason::LinkUnlike, detail);
            }
        }
    }
    reduces(account, &order.terms, None)?;
    tried(group, house, &order.id, &working(order))
}

/// A reduce-only order is against the position in every contract, and no larger.
fn reduces(account: &PositionAccount, terms: &OrderTerms, filled: Option<&[i64]>) -> Result<(), Refusal> {
    if !terms.reduce_only {
        return Ok(());
    }
    let open = terms.units - filled.and_then(|filled| filled.first()).copied().unwrap_or_default();
    for leg in &terms.legs {
        let net = account.holdings.get(&leg.contract).map_or(0, |own| own.net());
        let lots = leg.lots.get().saturating_mul(open);
        if net.signum() != -lots.signum() || lots.saturating_abs() > net.saturating_abs() {
            let detail = format!("{net} lots of contract {} are held", leg.contract.number());
            return refused(RefusalReason::NotReducing, detail);
        }
    }
    Ok(())
}

fn replace(group: &Group, house: &HouseSnapshot, id: &OrderId, terms: &OrderTerms) -> Decided {
    let Some(order) = group.orders.get(id) else {
        return refused(RefusalReason::UnknownOrder, format!("order {id} does not work"));
    };
    if order.replacement.is_some() {
        return refused(RefusalReason::ReplacementPending, format!("a replacement of {id} is not confirmed"));
    }
    let legs = |own: &OrderTerms| own.legs.iter().map(|leg| (leg.contract, leg.lots)).collect::<Vec<_>>();
    if legs(terms) != legs(&order.terms) || terms.composition != order.terms.composition {
        return refused(RefusalReason::ReplacementUnlike, format!("order {id} has other legs"));
    }
    reduces(known_position_account(group, &order.account)?, terms, Some(&order.filled))?;
    let both = WorkingOrder { replacement: Some(terms.clone()), ..order.clone() };
    let checked = tried(group, house, id, &both)?;
    let asked = Event::ReplacementAsked(id.clone(), Some(Box::new(terms.clone())));
    Ok((vec![asked], Outcome { checked: Some(Box::new(checked)), ..Outcome::default() }))
}

/// The numbers without an order (or its replacement) and with it, and whether it can be paid for.
fn tried(
    group: &Group,
    house: &HouseSnapshot,
    id: &OrderId,
    order: &WorkingOrder,
) -> Result<Checked, Refusal> {
    let trial = Trial { id, order };
    let mut before = with_trial(group, house, None, Effort::default())?;
    all_margined(&before)?;
    let mut after = with_trial(group, house, Some(trial), Effort::default())?;
    if after.with_orders.is_deficit() && (is_open(&after) || before.with_orders.is_deficit()) {
        before = with_trial(group, house, None, MORE_EFFORT)?;
        after = with_trial(group, house, Some(trial), MORE_EFFORT)?;
    }
    let in_deficit = before.with_orders.is_deficit();
    let checked = Checked {
        currency: after.currency.clone(),
        before: before.with_orders,
        after: after.with_orders,
        worst: worst_scenarios(group, house, trial, &after)?,
        version: after.version,
    };
    if !checked.after.is_deficit() {
        return Ok(checked);
    }
    if !in_deficit {
        return Err(insufficient(&checked));
    }
    let deepens = checked.after.millionths() < checked.before.millionths();
    if deepens || !improves(group, house, order, &before)? {
        let detail = if deepens {
            "the worst case would be worse"
        } else {
            "its own fill would not improve the excess"
        };
        return refused(RefusalReason::DeepensDeficit, detail);
    }
    Ok(checked)
}

/// Whether the bound lacks money where the worst outcome found does not.
fn is_open(standing: &Standing) -> bool {
    standing.with_orders.is_deficit() && !standing.found.is_deficit()
}

fn own_account<'a>(
    group: &Group,
    order: &WorkingOrder,
    standing: &'a Standing,
) -> Option<&'a AccountStanding> {
    let name = &group.position_accounts.get(&order.account)?.margin_account;
    standing.accounts.iter().find(|own| own.name == *name)
}

/// Whether the whole fill of an order, alone, leaves more than there was.
fn improves(
    group: &Group,
    house: &HouseSnapshot,
    order: &WorkingOrder,
    before: &Standing,
) -> Result<bool, Refusal> {
    let Some(account) = own_account(group, order, before) else { return Ok(false) };
    let terms = order.replacement.as_ref().unwrap_or(&order.terms);
    let units = super::pricing::units(terms, house)?;
    let open: Vec<i64> = (0..units.len()).map(|part| order.open(terms, part)).collect();
    let own = crate::report::AccountOrders {
        set: house.set(),
        portfolio: &account.portfolio,
        orders: &units,
        open: &crate::fills::OpenFills::new(open.clone(), Vec::new()),
        profile: house.set().rounding(),
        levels: account.levels,
        currency: &group.currency,
    };
    let large = |error: span::TooLarge| Refusal::new(RefusalReason::TooLarge, error.to_string());
    let nothing = crate::report::weighed_outcome(own, &vec![0; open.len()]).map_err(large)?;
    let whole = crate::report::weighed_outcome(own, &open).map_err(large)?;
    Ok(whole < nothing)
}

/// What decides in the commodities of an order in the worst outcome that was found.
fn worst_scenarios(
    group: &Group,
    house: &HouseSnapshot,
    trial: Trial<'_>,
    after: &Standing,
) -> Result<Vec<WorstScenario>, Refusal> {
    let Some(account) = own_account(group, trial.order, after) else { return Ok(Vec::new()) };
    let orders = exposure::orders(group, house, &account.name, Some(trial))?;
    let mut rows = Vec::new();
    for (unit, filled) in orders.units.iter().zip(&account.worst).filter(|(_, filled)| **filled > 0) {
        rows.extend(
            unit.legs
                .iter()
                .map(|(commodity, row, lots)| (*commodity, *row, lots.get().saturating_mul(*filled))),
        );
    }
    let portfolio = account.portfolio.with(house.set(), rows.into_iter());
    let portfolio = portfolio.map_err(|error| Refusal::new(RefusalReason::TooLarge, error.to_string()))?;
    let margin = margin(house.set(), &portfolio, house.set().rounding())
        .map_err(|error| Refusal::new(RefusalReason::TooLarge, error.to_string()))?;
    let traded = super::pricing::units(&trial.order.terms, house)?;
    let is_traded = |index| traded.iter().any(|unit| unit.legs.iter().any(|(own, ..)| *own == index));
    let own = margin.commodities.iter().filter(|own| is_traded(own.commodity));
    Ok(own
        .map(|own| WorstScenario {
            commodity: house.set().commodities()[own.commodity.index()].code().clone(),
            scenario: own.scan.active_scenario.number(),
            risk: own.risk,
        })
        .collect())
}

impl From<crate::types::Overflow> for Refusal {
    fn from(overflow: crate::types::Overflow) -> Self {
        too_large(overflow)
    }
}
