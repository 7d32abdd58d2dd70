//! Right requests of every kind, of a group that has everything that they speak of.

use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::submit_request::Command;
use prost::Message;

use crate::sample::{self, HOUSE, future};
use crate::served::Served;

/// A right request.
pub(super) struct Template {
    pub(super) path: &'static str,
    pub(super) message: Vec<u8>,
}

fn text(text: &str) -> String {
    text.to_owned()
}

pub(super) fn name(group: &str) -> Option<v1::GroupName> {
    Some(v1::GroupName { house: text(HOUSE), group: text(group) })
}

fn terms() -> v1::OrderTerms {
    v1::OrderTerms {
        kind: v1::OrderKind::Limit.into(),
        time_in_force: v1::TimeInForce::Day.into(),
        legs: vec![v1::OrderLeg { contract: Some(future("202612", 1)), price: text("70") }],
        units: 2,
        fee: Some(v1::Fee { currency: text("USD"), amount: text("1") }),
        ..Default::default()
    }
}

fn order(id: &str) -> v1::Order {
    let link = Some(v1::OrderLink {
        name: text("L"),
        most_filled: 10,
        enforced_by: v1::LinkEnforcer::Client.into(),
        ..Default::default()
    });
    v1::Order { id: text(id), account: text("A"), link, terms: Some(terms()), ..Default::default() }
}

fn trade(id: &str) -> v1::Trade {
    v1::Trade {
        id: text(id),
        account: text("A"),
        order_id: text("O1"),
        units: 1,
        legs: vec![v1::TradeLeg { contract: Some(future("202612", 1)), price: text("70") }],
        fee: Some(v1::Fee { currency: text("USD"), amount: text("1") }),
        date: text("2026-09-18"),
        due: text("2026-09-20"),
        ..Default::default()
    }
}

fn assets(amount: &str) -> v1::Assets {
    v1::Assets { currency: text("USD"), amount: text(amount), ..Default::default() }
}

/// A group with cash, accounts, a position and a working order.
pub(super) async fn begun(served: &Served, group: &str) {
    let mut book = BookServiceClient::new(served.channel.clone());
    let origin = v1::Origin::Client.into();
    let opened =
        v1::CreateGroupRequest { name: name(group), member: text("M"), origin, currency: text("USD") };
    book.create_group(opened).await.unwrap();
    let open = v1::OpenMarginAccount { account: text("M"), ..Default::default() };
    let account =
        v1::OpenPositionAccount { account: text("A"), margin_account: text("M"), ..Default::default() };
    let commands = [
        Command::OpenMarginAccount(open),
        Command::OpenPositionAccount(account),
        Command::Deposit(v1::Deposit { reference: text("D"), assets: Some(assets("1000000")) }),
        Command::Order(order("O1")),
        Command::Trade(v1::Trade { order_id: String::new(), units: 0, ..trade("T") }),
    ];
    for (place, command) in commands.into_iter().enumerate() {
        let command_id = format!("begun {place}");
        let request = v1::SubmitRequest { name: name(group), command_id, command: Some(command) };
        let answer = book.submit(request).await.unwrap().into_inner();
        assert_eq!(answer.refused, None);
    }
}

fn commands() -> Vec<Command> {
    let exercise = v1::Exercise {
        reference: text("E"),
        date: text("2026-09-18"),
        account: text("A"),
        contract: Some(future("202612", 1)),
        becomes: Some(v1::Becomes { becomes: Some(v1::becomes::Becomes::Cash(text("1"))) }),
    };
    let leg = v1::TradeLeg { contract: Some(future("202701", 1)), price: text("70") };
    let into = Some(v1::Becomes { becomes: Some(v1::becomes::Becomes::Contract(leg)) });
    let delivered = Some(v1::Becomes { becomes: Some(v1::becomes::Becomes::Delivery(text("70"))) });
    let net = v1::OrderTerms {
        legs: ["202612", "202701"]
            .map(|period| v1::OrderLeg { contract: Some(future(period, 1)), price: String::new() })
            .to_vec(),
        net_price: text("140"),
        ..terms()
    };
    vec![
        Command::OpenMarginAccount(v1::OpenMarginAccount { account: text("N"), ..Default::default() }),
        Command::Withdraw(assets("10")),
        Command::Order(order("O2")),
        Command::Order(v1::Order { terms: Some(net), link: None, ..order("O3") }),
        Command::ReplaceOrder(v1::ReplaceOrder { order_id: text("O1"), terms: Some(terms()) }),
        Command::ResolveException(v1::ResolveException { number: 1, resolution: text("seen") }),
        Command::Deposit(v1::Deposit { reference: text("D2"), assets: Some(assets("10")) }),
        Command::Deposit(v1::Deposit {
            reference: text("D3"),
            assets: Some(v1::Assets { asset: text("BOND"), quantity: text("10"), ..Default::default() }),
        }),
        Command::Trade(trade("T2")),
        Command::EndDay(text("2026-09-18")),
        Command::WorkingOrders(v1::WorkingOrders {
            orders: vec![v1::VenueOrder { order: Some(order("O4")), open: vec![1] }],
        }),
        Command::Bust(v1::Bust { trade_id: text("T"), date: text("2026-09-18") }),
        Command::Exercise(exercise.clone()),
        Command::Exercise(v1::Exercise { reference: text("E2"), becomes: into, ..exercise.clone() }),
        Command::Exercise(v1::Exercise { reference: text("E3"), becomes: delivered, ..exercise }),
        Command::Delivered(1),
        Command::ResetLink(text("L")),
    ]
}

type Made = Box<dyn Fn(&str) -> Template>;

fn of(path: &'static str, made: impl Fn(&str) -> Vec<u8> + 'static) -> Made {
    Box::new(move |group| Template { path, message: made(group) })
}

fn submitted(command: Command) -> Made {
    of("/plimsoll.v1.BookService/Submit", move |group| {
        let command = Some(command.clone());
        v1::SubmitRequest { name: name(group), command_id: text("C"), command }.encode_to_vec()
    })
}

/// What concerns a group besides its commands.
fn of_groups() -> Vec<Made> {
    vec![
        of("/plimsoll.v1.BookService/CheckOrder", |group| {
            let order = Some(order("O9"));
            v1::CheckOrderRequest { name: name(group), order, validate_only: true, ..Default::default() }
                .encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/CreateGroup", |group| {
            let (name, origin) = (name(&format!("{group}-2")), v1::Origin::House.into());
            v1::CreateGroupRequest { name, member: text("M"), origin, currency: text("USD") }.encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/Transfer", |group| {
            let positions = v1::TransferPositions {
                from_account: text("A"),
                to_account: text("A"),
                legs: vec![v1::TradeLeg { contract: Some(future("202612", 1)), price: text("70") }],
            };
            v1::TransferRequest {
                house: text(HOUSE),
                from_group: text(group),
                to_group: text("G0"),
                trade_id: text("X"),
                date: text("2026-09-18"),
                body: Some(v1::transfer_request::Body::Positions(positions)),
            }
            .encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/ImportTrades", |group| {
            let trade = v1::Trade { order_id: String::new(), ..trade("I") };
            let trades = vec![v1::ImportedTrade { group: text(group), trade: Some(trade) }];
            v1::ImportTradesRequest { house: text(HOUSE), trades, ..Default::default() }.encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/ListTrades", |group| {
            v1::ListTradesRequest { name: name(group), page_size: 1, ..Default::default() }.encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/ListDeliveries", |group| {
            v1::ListDeliveriesRequest { name: name(group), page_size: 1, ..Default::default() }
                .encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/ListExceptions", |group| {
            v1::ListExceptionsRequest { name: name(group), page_size: 1, ..Default::default() }
                .encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/ExplainMargin", |group| {
            v1::ExplainMarginRequest { name: name(group), log_sequence: 1, version: 1 }.encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/SettleHouse", |group| {
            // Requests trade others: they are made after this one too.
            let contract = Some(future("202712", 1));
            v1::SettleHouseRequest {
                corrects: String::new(),
                house: text(HOUSE),
                run_id: text(group),
                date: text("2026-09-18"),
                cycle: 1,
                prices: vec![v1::SettlementPrice { contract: contract.clone(), price: text("70") }],
                expiries: vec![v1::ContractExpiry {
                    contract,
                    becomes: Some(v1::Becomes { becomes: Some(v1::becomes::Becomes::Cash(text("70"))) }),
                }],
            }
            .encode_to_vec()
        }),
    ]
}

/// What a house states.
fn of_houses() -> Vec<Made> {
    vec![
        of("/plimsoll.v1.BookService/SetHouseTerms", |_| {
            let band =
                v1::PriceBand { contract: Some(future("202612", 1)), low: text("60"), high: text("80") };
            let asset = v1::AssetTerms {
                asset: text("BOND"),
                currency: text("USD"),
                price: text("100"),
                haircut: text("0.1"),
                most_of_pool: text("0.5"),
            };
            let currency_haircuts = vec![v1::CurrencyHaircut { currency: text("EUR"), haircut: text("0.1") }];
            let (bands, assets) = (vec![band], vec![asset]);
            v1::SetHouseTermsRequest {
                house: text(HOUSE),
                bands,
                assets,
                currency_haircuts,
                unpriced_add_on: text("0.1"),
                most_price_ratio: text("10"),
                fees: vec![v1::HouseFee { product: text("HCL"), currency: text("USD"), per_lot: text("1") }],
            }
            .encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/SetContracts", |_| {
            let contract = v1::Position { exchange: text("X"), product: text("BTC"), ..future("202612", 1) };
            let contracts = vec![v1::ContractSpecification {
                contract: Some(contract),
                price_source: text("BTC"),
                instrument: v1::Instrument::Future.into(),
                expiry: text("2026-12-25T08:00:00Z"),
                multiplier: text("0.1"),
                quote: text("USD"),
                settlement: v1::Settlement::Futures.into(),
                ..Default::default()
            }];
            v1::SetContractsRequest { house: text(HOUSE), contracts }.encode_to_vec()
        }),
        of("/plimsoll.v1.BookService/UpdateMarket", |_| {
            let quotes = vec![v1::MarketQuote {
                price_source: text("BTC"),
                confidence: text("1"),
                value: Some(v1::market_quote::Value::Price(text("60000"))),
                ..Default::default()
            }];
            let time = text("2026-09-18T08:00:00Z");
            v1::UpdateMarketRequest { house: text(HOUSE), time, quotes }.encode_to_vec()
        }),
    ]
}

/// Requests of every kind.
pub(super) fn templates(set: &str) -> Vec<Made> {
    let set = set.to_owned();
    let calculated = of("/plimsoll.v1.MarginService/Calculate", move |_| {
        let away =
            vec![v1::AwayDelta { house: text("AWAY"), commodity: text("HCL"), tier: 1, delta: text("1") }];
        let options = Some(v1::CalculationOptions::default());
        v1::CalculateRequest { away, options, ..sample::request("A", &set) }.encode_to_vec()
    });
    let listed = of("/plimsoll.v1.ParameterService/ListParameterSets", |_| {
        v1::ListParameterSetsRequest { page_size: 1, ..Default::default() }.encode_to_vec()
    });
    let mut all: Vec<Made> = commands().into_iter().map(submitted).collect();
    all.extend(of_groups());
    all.extend([calculated, listed]);
    all.extend(of_houses());
    all
}
