//! What the book holds, in pages.

use std::collections::BTreeSet;
use std::ops::Bound;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Group, GroupKey};
use plimsoll_engine::types::{AccountName, Code};
use plimsoll_proto::v1;

use super::super::to_proto::book as words;
use super::super::violations::Violations;
use super::pages::{Page, group_text};
use super::work::known;
use super::{Fault, house_of, names};
use crate::book::{Book, Place, Turn};

/// Entries that are gone through at once.
const FEW: usize = 1_000;

fn bad_token() -> Violations {
    Violations::one("page_token", "not a token from the answer to this request's first page")
}

/// What comes behind the last entry of the page before.
fn behind<K: Ord>(last: Option<K>) -> (Bound<K>, Bound<K>) {
    (last.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

/// Whether a page of a group's trades is little work: its legs are named.
pub(super) fn has_few_trades(group: &Group) -> bool {
    group.trades.len() <= FEW
}

/// The same of its exceptions: those that are resolved are passed over.
pub(super) fn has_few_exceptions(group: &Group) -> bool {
    group.exceptions.len() <= FEW
}

pub(super) async fn groups(
    book: &Book,
    request: &v1::ListGroupsRequest,
) -> Result<v1::ListGroupsResponse, Fault> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let house = match request.house.as_str() {
        "" => None,
        text => Some(house_of("house", text)?),
    };
    let last = match page.last().map(|last| last.split_once('\n')) {
        None => None,
        Some(None) => return Err(bad_token().into()),
        Some(Some((house, name))) => Some(GroupKey {
            house: house_of("page_token", house)?,
            name: Code::new(name).map_err(|_| bad_token())?,
        }),
    };
    let (mut groups, mut last) = (Vec::new(), last);
    while groups.len() < page.wanted() {
        let keys = book.keys(house.as_ref(), last.as_ref(), page.wanted() - groups.len());
        if keys.is_empty() {
            break;
        }
        for key in &keys {
            let turn = book.entry(key)?.awaited().await;
            if !turn.group().is_closed {
                groups.push(words::group(turn.group()));
            }
        }
        last = keys.into_iter().next_back();
    }
    let (groups, next_page_token) =
        page.cut(groups, |own| own.name.as_ref().map(group_text).unwrap_or_default());
    Ok(v1::ListGroupsResponse { groups, next_page_token })
}

pub(super) fn positions(
    book: &Book,
    held: Turn,
    place: Place,
    request: &v1::ListPositionsRequest,
) -> Result<v1::ListPositionsResponse, Fault> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let last = match page.last().map(|last| last.split_once('\n')) {
        None => None,
        Some(None) => return Err(bad_token().into()),
        Some(Some((account, contract))) => {
            let account: AccountName = Code::new(account).map_err(|_| bad_token())?;
            let contract: u32 = contract.parse().map_err(|_| bad_token())?;
            Some((account, contract))
        }
    };
    let is_behind = |account: &AccountName, contract: &ContractId| {
        last.as_ref().is_none_or(|last| (account, contract.number()) > (&last.0, last.1))
    };
    let (desk, _) = known(book, &held.group().key.house.clone(), place)?;
    let entries = {
        let all = held.group().position_accounts.iter().flat_map(|(account, own)| {
            own.holdings.iter().map(move |(contract, holding)| (account.clone(), *contract, holding.clone()))
        });
        let behind = all.filter(|(account, contract, _)| is_behind(account, contract));
        behind.take(page.wanted()).collect::<Vec<_>>()
    };
    drop(held);
    let (entries, next_page_token) =
        page.cut(entries, |(account, contract, _)| format!("{account}\n{}", contract.number()));
    let names = names(&desk, place, entries.iter().map(|(_, contract, _)| *contract))?;
    let positions =
        entries.iter().map(|(account, contract, own)| words::position(&names, account, *contract, own));
    Ok(v1::ListPositionsResponse { positions: positions.collect(), next_page_token })
}

pub(super) fn orders(
    book: &Book,
    held: Turn,
    place: Place,
    request: &v1::ListOrdersRequest,
) -> Result<v1::ListOrdersResponse, Fault> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let last = page.last().map(Code::new).transpose().map_err(|_| bad_token())?;
    let (desk, _) = known(book, &held.group().key.house.clone(), place)?;
    let found = held.group().orders.range(behind(last)).take(page.wanted());
    let entries: Vec<_> = found.map(|(id, own)| (id.clone(), own.clone())).collect();
    drop(held);
    let (entries, next_page_token) = page.cut(entries, |(id, _)| id.to_string());
    let ids: BTreeSet<ContractId> = entries
        .iter()
        .flat_map(|(_, own)| std::iter::once(&own.terms).chain(&own.replacement))
        .flat_map(|terms| terms.legs.iter().map(|leg| leg.contract))
        .collect();
    let names = names(&desk, place, ids.into_iter())?;
    let orders = entries.iter().map(|(id, own)| words::order(&names, id, own)).collect();
    Ok(v1::ListOrdersResponse { orders, next_page_token })
}

pub(super) fn deliveries(
    book: &Book,
    held: Turn,
    place: Place,
    request: &v1::ListDeliveriesRequest,
) -> Result<v1::ListDeliveriesResponse, Fault> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let last = page.last().map(str::parse::<u64>).transpose().map_err(|_| bad_token())?;
    let (desk, _) = known(book, &held.group().key.house.clone(), place)?;
    let found = held.group().deliveries.range(behind(last)).take(page.wanted());
    let entries: Vec<_> = found.map(|(number, own)| (*number, own.clone())).collect();
    drop(held);
    let (entries, next_page_token) = page.cut(entries, |(number, _)| number.to_string());
    let ids: BTreeSet<ContractId> = entries.iter().map(|(_, own)| own.contract).collect();
    let names = names(&desk, place, ids.into_iter())?;
    let deliveries = entries.iter().map(|(number, own)| words::delivery(&names, *number, own)).collect();
    Ok(v1::ListDeliveriesResponse { deliveries, next_page_token })
}

pub(super) fn trades(
    book: &Book,
    held: Turn,
    place: Place,
    request: &v1::ListTradesRequest,
) -> Result<v1::ListTradesResponse, Fault> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let last = page.last().map(Code::new).transpose().map_err(|_| bad_token())?;
    let (desk, _) = known(book, &held.group().key.house.clone(), place)?;
    let found = held.group().trades.range(behind(last)).take(page.wanted());
    let entries: Vec<_> = found.map(|(id, own)| (id.clone(), own.clone())).collect();
    drop(held);
    let (entries, next_page_token) = page.cut(entries, |(id, _)| id.to_string());
    let ids: BTreeSet<ContractId> =
        entries.iter().flat_map(|(_, own)| own.legs.iter().map(|leg| leg.contract)).collect();
    let names = names(&desk, place, ids.into_iter())?;
    let trades = entries.iter().map(|(id, own)| words::trade(&names, id, own)).collect();
    Ok(v1::ListTradesResponse { trades, next_page_token })
}

pub(super) fn exceptions(
    held: Turn,
    request: &v1::ListExceptionsRequest,
) -> Result<v1::ListExceptionsResponse, Fault> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let last: Option<u64> = page.last().map(str::parse).transpose().map_err(|_| bad_token())?;
    let found = held.group().exceptions.range(behind(last));
    let wanted = found.filter(|(_, own)| request.all || own.resolution.is_none()).take(page.wanted());
    let items: Vec<_> = wanted.map(|(number, own)| words::exception(*number, own)).collect();
    let (items, next_page_token) = page.cut(items, |own| own.number.to_string());
    Ok(v1::ListExceptionsResponse { items, next_page_token })
}
