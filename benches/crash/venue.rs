//! A venue with one group, and its commands through a client.

use plimsoll_client::client::{Client, ClientSettings};
use plimsoll_client::error::ClientError;
use plimsoll_engine::parameters::method::preset;
use plimsoll_proto::v1;
use plimsoll_proto::v1::market_quote::Value;
use plimsoll_proto::v1::submit_request::Command;

use super::Failed;
use super::model::{Act, State};

/// Enough for every order.
pub(crate) const FIRST_CASH: i64 = 100_000_000;
const HOUSE: &str = "VENUE";
const PAGE: u32 = 1_000;

pub(crate) fn settings(url: &str) -> ClientSettings {
    ClientSettings::new(url)
}

fn name() -> Option<v1::GroupName> {
    Some(v1::GroupName { house: HOUSE.to_owned(), group: "POOL".to_owned() })
}

fn perpetual(quantity: i64) -> v1::Position {
    v1::Position {
        exchange: "X".to_owned(),
        product: "BTC".to_owned(),
        r#type: v1::ProductType::Future.into(),
        period: "PERP".to_owned(),
        quantity,
        ..Default::default()
    }
}

/// A contract, a published method, a market, and a group with cash.
pub(crate) async fn set_up(client: &Client) -> Result<(), Failed> {
    let house = || HOUSE.to_owned();
    let specification = v1::ContractSpecification {
        contract: Some(perpetual(0)),
        price_source: "BTC".to_owned(),
        instrument: v1::Instrument::Perpetual.into(),
        multiplier: "0.001".to_owned(),
        quote: "USDC".to_owned(),
        settlement: v1::Settlement::Futures.into(),
        ..Default::default()
    };
    let contracts = vec![specification];
    client.set_contracts(v1::SetContractsRequest { house: house(), contracts }).await?;
    let text = preset("derive-pm2").unwrap_or_default().to_owned();
    let methods = vec![v1::HouseMethod { name: String::new(), text }];
    client.set_methods(v1::SetMethodsRequest { house: house(), methods, ..Default::default() }).await?;
    let value = Some(Value::Price("60000".to_owned()));
    let quotes = vec![v1::MarketQuote { price_source: "BTC".to_owned(), value, ..Default::default() }];
    let time = "2026-11-25T08:00:00Z".to_owned();
    client.update_market(v1::UpdateMarketRequest { house: house(), time, quotes }).await?;
    let group = v1::CreateGroupRequest {
        name: name(),
        member: "MEMBER".to_owned(),
        origin: v1::Origin::Client.into(),
        currency: "USDC".to_owned(),
    };
    client.create_group(group).await?;
    let open = v1::OpenMarginAccount {
        account: "M".to_owned(),
        method: "derive-pm2".to_owned(),
        ..Default::default()
    };
    let account = v1::OpenPositionAccount {
        account: "A".to_owned(),
        margin_account: "M".to_owned(),
        ..Default::default()
    };
    submit(client, "S1", Command::OpenMarginAccount(open)).await?;
    submit(client, "S2", Command::OpenPositionAccount(account)).await?;
    submit(client, "S3", deposit("first", FIRST_CASH)).await
}

fn deposit(reference: &str, amount: i64) -> Command {
    let assets = v1::Assets { currency: "USDC".to_owned(), amount: amount.to_string(), ..Default::default() };
    Command::Deposit(v1::Deposit { reference: reference.to_owned(), assets: Some(assets) })
}

async fn submit(client: &Client, id: &str, command: Command) -> Result<(), Failed> {
    let request = v1::SubmitRequest { name: name(), command_id: id.to_owned(), command: Some(command) };
    let answer = client.submit(request).await?;
    match answer.refused {
        None if answer.exceptions.is_empty() => Ok(()),
        refused => Err(format!("{id}: {refused:?}, exceptions {:?}", answer.exceptions).into()),
    }
}

/// Sends a command whose id says all that it is about.
pub(crate) async fn send(client: &Client, id: &str, act: &Act) -> Result<(), Failed> {
    let account = || "A".to_owned();
    let command = match act {
        Act::Deposit => deposit(id, 1),
        Act::Trade(lots) => Command::Trade(v1::Trade {
            id: id.to_owned(),
            account: account(),
            legs: vec![v1::TradeLeg { contract: Some(perpetual(*lots)), price: "60000".to_owned() }],
            date: "2026-11-25".to_owned(),
            ..Default::default()
        }),
        Act::Order => {
            let leg = v1::OrderLeg { contract: Some(perpetual(1)), price: "60000".to_owned() };
            let kind = v1::OrderKind::Limit.into();
            let terms = v1::OrderTerms { kind, legs: vec![leg], units: 1, ..Default::default() };
            let (id, account) = (id.to_owned(), account());
            Command::Order(v1::Order { id, account, terms: Some(terms), ..Default::default() })
        }
        Act::Cancel(order) => Command::OrderConfirmation(v1::OrderConfirmation {
            order_id: order.clone(),
            change: v1::OrderChange::Cancelled.into(),
        }),
    };
    submit(client, id, command).await
}

/// Everything that can be seen of the group.
pub(crate) async fn state(client: &Client) -> Result<State, Failed> {
    let mut state = State::default();
    let margin = client.get_margin(v1::GetMarginRequest { name: name() }).await?;
    let cash = margin.currencies.iter().find(|own| own.currency == "USDC").map(|own| own.cash.as_str());
    let cash = cash.unwrap_or("0").trim_end_matches('0').trim_end_matches('.');
    state.cash = if cash.is_empty() { 0 } else { cash.parse()? };
    let audit = client.audit_group(v1::AuditGroupRequest { name: name() }).await?;
    if !audit.differences.is_empty() {
        return Err(format!("the audit found {:?}", audit.differences).into());
    }
    let mut token = String::new();
    loop {
        let request = v1::ListTradesRequest { name: name(), page_size: PAGE, page_token: token };
        let page = client.list_trades(request).await?;
        for own in page.trades {
            let lots = own.legs.iter().filter_map(|leg| leg.contract.as_ref()).map(|leg| leg.quantity).sum();
            state.trades.insert(own.id, lots);
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let request = v1::ListOrdersRequest { name: name(), page_size: PAGE, ..Default::default() };
    let orders = client.list_orders(request).await?.orders;
    state.orders = orders.into_iter().filter_map(|own| own.order).map(|own| own.id).collect();
    state.lots = lots(client).await?;
    Ok(state)
}

async fn lots(client: &Client) -> Result<i64, ClientError> {
    let request = v1::ListPositionsRequest { name: name(), page_size: PAGE, ..Default::default() };
    let held = client.list_positions(request).await?.positions;
    Ok(held.iter().map(|own| own.long - own.short).sum())
}
