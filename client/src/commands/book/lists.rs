//! The lists of a book: their entries, a line each, over all pages.

use std::io::{self, Write};

use plimsoll_client::client::Client;
use plimsoll_client::error::ClientError;
use plimsoll_proto::v1;
use prost::Message;
use serde_json::Value;

use super::words::Words;
use super::{Calls, name_of};
use crate::arguments::GroupArgument;
use crate::commands::{CommandError, Exit};

/// The entries of a page.
const PAGE_SIZE: u32 = 1_000;

/// One page of a list.
trait Page: Message {
    /// The message's name.
    const NAME: &'static str;
    /// The field that has the entries.
    const ENTRIES: &'static str;

    /// Where the next page begins; empty behind the last.
    fn next(&self) -> &str;
}

macro_rules! pages {
    ($($page:ident: $entries:ident),+ $(,)?) => {
        $(impl Page for v1::$page {
            const NAME: &'static str = stringify!($page);
            const ENTRIES: &'static str = stringify!($entries);

            fn next(&self) -> &str {
                &self.next_page_token
            }
        })+
    };
}

pages! {
    ListGroupsResponse: groups,
    ListPositionsResponse: positions,
    ListOrdersResponse: orders,
    ListTradesResponse: trades,
    ListDeliveriesResponse: deliveries,
    ListExceptionsResponse: items,
}

pub(super) fn groups(url: &str, house: &str) -> Result<Exit, CommandError> {
    let call = |client: Client, page_token| async move {
        let request = v1::ListGroupsRequest { house: house.to_owned(), page_size: PAGE_SIZE, page_token };
        client.list_groups(request).await
    };
    entries(url, call)
}

pub(super) fn positions(group: &GroupArgument) -> Result<Exit, CommandError> {
    let call = |client: Client, page_token| async move {
        let request = v1::ListPositionsRequest { name: name_of(group), page_size: PAGE_SIZE, page_token };
        client.list_positions(request).await
    };
    entries(&group.server.url, call)
}

pub(super) fn orders(group: &GroupArgument) -> Result<Exit, CommandError> {
    let call = |client: Client, page_token| async move {
        let request = v1::ListOrdersRequest { name: name_of(group), page_size: PAGE_SIZE, page_token };
        client.list_orders(request).await
    };
    entries(&group.server.url, call)
}

pub(super) fn trades(group: &GroupArgument) -> Result<Exit, CommandError> {
    let call = |client: Client, page_token| async move {
        let request = v1::ListTradesRequest { name: name_of(group), page_size: PAGE_SIZE, page_token };
        client.list_trades(request).await
    };
    entries(&group.server.url, call)
}

pub(super) fn deliveries(group: &GroupArgument) -> Result<Exit, CommandError> {
    let call = |client: Client, page_token| async move {
        let request = v1::ListDeliveriesRequest { name: name_of(group), page_size: PAGE_SIZE, page_token };
        client.list_deliveries(request).await
    };
    entries(&group.server.url, call)
}

/// The items that are open, or all.
pub(super) fn exceptions(group: &GroupArgument, all: bool) -> Result<Exit, CommandError> {
    let call = |client: Client, page_token| async move {
        let name = name_of(group);
        let request = v1::ListExceptionsRequest { name, all, page_size: PAGE_SIZE, page_token };
        client.list_exceptions(request).await
    };
    entries(&group.server.url, call)
}

fn entries<P: Page, F: Future<Output = Result<P, ClientError>>>(
    url: &str,
    call: impl Fn(Client, String) -> F,
) -> Result<Exit, CommandError> {
    let calls = Calls::new(url)?;
    let words = Words::of(P::NAME, P::NAME).map_err(CommandError::Own)?;
    let mut token = String::new();
    let mut out = io::stdout().lock();
    loop {
        let page = calls.runtime.block_on(call(calls.client.clone(), std::mem::take(&mut token)))?;
        let value = words.write(&page).map_err(CommandError::Own)?;
        for entry in value.get(P::ENTRIES).and_then(Value::as_array).into_iter().flatten() {
            writeln!(out, "{entry}")?;
        }
        if page.next().is_empty() {
            return Ok(Exit::Done);
        }
        page.next().clone_into(&mut token);
    }
}
