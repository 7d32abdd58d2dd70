//! The book service: commands, checks, queries and imports through a real client.

use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use crate::sample::{HOUSE, future};
use crate::served::Served;

/// The price of the December crude future in the sample.
pub(crate) const MARK: &str = "70.86";

pub(crate) struct Desk {
    served: Served,
    next: u32,
}

pub(crate) fn name(group: &str) -> Option<v1::GroupName> {
    Some(v1::GroupName { house: HOUSE.to_owned(), group: group.to_owned() })
}

impl Desk {
    /// A server with the sample active, and groups `POOL` and `OTHER` with so much cash and an account `A` each.
    pub(crate) async fn new(cash: &str) -> Self {
        let (served, id) = Served::with_sample().await;
        let request = v1::ActivateParameterSetRequest { id, ..Default::default() };
        served.parameters().activate_parameter_set(request).await.unwrap();
        let mut desk = Self { served, next: 0 };
        for group in ["POOL", "OTHER"] {
            let request = v1::CreateGroupRequest {
                name: name(group),
                member: "MEMBER".to_owned(),
                origin: v1::Origin::Client.into(),
                currency: "USD".to_owned(),
            };
            desk.book().create_group(request).await.unwrap();
            let account =
                |account: &str| v1::OpenMarginAccount { account: account.to_owned(), ..Default::default() };
            desk.granted(group, Command::OpenMarginAccount(account("M"))).await;
            let open = v1::OpenPositionAccount {
                account: "A".to_owned(),
                margin_account: "M".to_owned(),
                ..Default::default()
            };
            desk.granted(group, Command::OpenPositionAccount(open)).await;
            let assets = Some(v1::Assets {
                currency: "USD".to_owned(),
                amount: cash.to_owned(),
                ..Default::default()
            });
            let deposit = v1::Deposit { reference: "D1".to_owned(), assets };
            desk.granted(group, Command::Deposit(deposit)).await;
        }
        desk
    }

    pub(crate) fn book(&self) -> BookServiceClient<Channel> {
        BookServiceClient::new(self.served.channel.clone())
    }

    pub(crate) fn submission(&mut self, group: &str, command: Command) -> v1::SubmitRequest {
        self.next += 1;
        v1::SubmitRequest { name: name(group), command_id: format!("C{}", self.next), command: Some(command) }
    }

    pub(crate) async fn submit(&mut self, group: &str, command: Command) -> v1::SubmitResponse {
        let request = self.submission(group, command);
        self.book().submit(request).await.unwrap().into_inner()
    }

    pub(crate) async fn granted(&mut self, group: &str, command: Command) -> v1::SubmitResponse {
        let answer = self.submit(group, command).await;
        assert_eq!(answer.refused, None);
        answer
    }

    async fn margin(&self, group: &str) -> v1::GetMarginResponse {
        let request = v1::GetMarginRequest { name: name(group) };
        self.book().get_margin(request).await.unwrap().into_inner()
    }
}

pub(crate) fn order(id: &str, lots: i64, price: &str) -> v1::Order {
    let leg = v1::OrderLeg { contract: Some(future("202612", lots.signum())), price: price.to_owned() };
    let terms = v1::OrderTerms {
        kind: v1::OrderKind::Limit.into(),
        legs: vec![leg],
        units: lots.abs(),
        ..Default::default()
    };
    v1::Order { id: id.to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() }
}

pub(crate) fn trade(id: &str, lots: i64, order: &str) -> v1::Trade {
    let leg = v1::TradeLeg { contract: Some(future("202612", lots)), price: MARK.to_owned() };
    v1::Trade {
        id: id.to_owned(),
        account: "A".to_owned(),
        order_id: order.to_owned(),
        units: lots.abs(),
        legs: vec![leg],
        date: "2026-09-18".to_owned(),
        ..Default::default()
    }
}

fn room(room: Option<v1::Room>) -> (String, String) {
    room.map(|room| (room.requirement, room.excess)).unwrap()
}

#[tokio::test]
async fn an_order_is_checked_reserved_filled_and_shown() {
    let mut desk = Desk::new("100000").await;
    let request = |id: &str, validate_only| v1::CheckOrderRequest {
        name: name("POOL"),
        command_id: id.to_owned(),
        order: Some(order("O1", 3, MARK)),
        validate_only,
    };
    let preview = desk.book().check_order(request("", true)).await.unwrap().into_inner();
    let reserved = desk.book().check_order(request("X1", false)).await.unwrap().into_inner();
    // A preview says what the real check says.
    assert_eq!((preview.accepted, &preview.checked), (true, &reserved.checked));
    assert!(reserved.sequence > preview.sequence);
    let again = desk.book().check_order(request("X1", false)).await.unwrap().into_inner();
    assert_eq!(again, v1::CheckOrderResponse { repeated: true, ..reserved.clone() });
    let checked = reserved.checked.unwrap();
    assert_eq!(checked.worst[0].commodity, "CRUDE");
    let margin = desk.margin("POOL").await;
    assert_eq!(room(margin.with_orders), room(checked.after));
    assert_eq!(room(margin.initial), ("0.000000".to_owned(), "100000.000000".to_owned()));
    let answer = desk.granted("POOL", Command::Trade(trade("T1", 3, "O1"))).await;
    assert_eq!(answer.closed_orders, ["O1"]);
    let margin = desk.margin("POOL").await;
    assert_eq!(room(margin.with_orders.clone()), room(margin.initial.clone()));
    let Some(v1::account_margin::By::Report(report)) = &margin.accounts[0].by else { panic!("no report") };
    let initial = report.levels.iter().find(|level| level.level == "initial").unwrap();
    assert_eq!(room(margin.initial).0, initial.amount, "the report is the one of a calculation");
    let positions = v1::ListPositionsRequest { name: name("POOL"), ..Default::default() };
    let held = desk.book().list_positions(positions).await.unwrap().into_inner().positions;
    assert_eq!((held.len(), held[0].long, held[0].short), (1, 3, 0));
    assert_eq!(held[0].contract.as_ref().unwrap().period, "202612");
    let audit = v1::AuditGroupRequest { name: name("POOL") };
    assert!(desk.book().audit_group(audit).await.unwrap().into_inner().differences.is_empty());
}

#[tokio::test]
async fn concurrent_orders_never_take_the_same_money() {
    // Four lots can be paid for, whoever asks.
    let one = {
        let desk = Desk::new("100000").await;
        let request = v1::CheckOrderRequest {
            name: name("POOL"),
            order: Some(order("O1", 1, MARK)),
            validate_only: true,
            ..Default::default()
        };
        let checked = desk.book().check_order(request).await.unwrap().into_inner().checked.unwrap();
        room(checked.after).0.parse::<f64>().unwrap()
    };
    let desk = Desk::new(&(one * 4.0).to_string()).await;
    let calls = (0..24).map(|number| {
        let mut book = desk.book();
        let request = v1::CheckOrderRequest {
            name: name("POOL"),
            command_id: format!("X{number}"),
            order: Some(order(&format!("O{number}"), 1, MARK)),
            ..Default::default()
        };
        tokio::spawn(async move { book.check_order(request).await.unwrap().into_inner() })
    });
    let mut accepted = 0;
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap();
        accepted += usize::from(answer.accepted);
        let reason = answer.refused.map(|refused| refused.reason());
        assert_eq!(reason.is_some(), !answer.accepted);
        assert!(reason.is_none_or(|reason| reason == v1::RefusalReason::InsufficientMargin));
    }
    assert_eq!(accepted, 4);
    let orders = v1::ListOrdersRequest { name: name("POOL"), page_size: 3, ..Default::default() };
    let first = desk.book().list_orders(orders.clone()).await.unwrap().into_inner();
    assert_eq!(first.orders.len(), 3);
    let rest = v1::ListOrdersRequest { page_token: first.next_page_token, ..orders };
    let rest = desk.book().list_orders(rest).await.unwrap().into_inner();
    assert_eq!((rest.orders.len(), rest.next_page_token.as_str()), (1, ""));
    assert_eq!(room(desk.margin("POOL").await.with_orders).1, "0.000000");
}

#[tokio::test]
async fn facts_that_do_not_fit_are_listed_and_resolved() {
    let mut desk = Desk::new("100000").await;
    let answer = desk.granted("POOL", Command::Trade(trade("T1", 2, "O9"))).await;
    assert_eq!(answer.exceptions, [1]);
    let list = |all| v1::ListExceptionsRequest { name: name("POOL"), all, ..Default::default() };
    let items = desk.book().list_exceptions(list(false)).await.unwrap().into_inner().items;
    assert_eq!((items[0].kind.as_str(), items[0].trade_id.as_str()), ("fill_without_order", "T1"));
    assert!(items[0].explanation.contains("booked"));
    let resolve = v1::ResolveException { number: 1, resolution: "a block trade".to_owned() };
    desk.granted("POOL", Command::ResolveException(resolve)).await;
    assert!(desk.book().list_exceptions(list(false)).await.unwrap().into_inner().items.is_empty());
    let items = desk.book().list_exceptions(list(true)).await.unwrap().into_inner().items;
    assert_eq!(items[0].resolution, "a block trade");
    let groups = desk.book().list_groups(v1::ListGroupsRequest::default()).await.unwrap().into_inner().groups;
    assert_eq!(
        groups.iter().map(|own| own.name.as_ref().unwrap().group.as_str()).collect::<Vec<_>>(),
        ["OTHER", "POOL"]
    );
}

#[tokio::test]
async fn a_house_is_settled_once_and_transfers_balance() {
    let mut desk = Desk::new("100000").await;
    desk.granted("POOL", Command::Trade(trade("T1", 2, ""))).await;
    let price = v1::SettlementPrice { contract: Some(future("202612", 0)), price: "71.86".to_owned() };
    let run = v1::SettleHouseRequest {
        house: HOUSE.to_owned(),
        run_id: "R1".to_owned(),
        date: "2026-09-18".to_owned(),
        cycle: 1,
        prices: vec![price],
        ..Default::default()
    };
    for (groups, known) in [(2, 0), (0, 2)] {
        let settled = desk.book().settle_house(run.clone()).await.unwrap().into_inner();
        assert_eq!((settled.groups, settled.known), (groups, known));
        assert_eq!(settled.repeated, known == 2);
        assert!(settled.with_exceptions.is_empty() && settled.not_applied.is_empty());
        let balance = desk.margin("POOL").await.currencies.remove(0);
        assert_eq!((balance.cash.as_str(), balance.variation.as_str()), ("102000.000000", "-2000.000000"));
    }
    let leg = v1::TradeLeg { contract: Some(future("202612", 1)), price: MARK.to_owned() };
    let positions =
        v1::TransferPositions { from_account: "A".to_owned(), to_account: "A".to_owned(), legs: vec![leg] };
    let transfer = v1::TransferRequest {
        house: HOUSE.to_owned(),
        from_group: "POOL".to_owned(),
        to_group: "OTHER".to_owned(),
        trade_id: "X1".to_owned(),
        date: "2026-09-21".to_owned(),
        body: Some(v1::transfer_request::Body::Positions(positions)),
    };
    let answer = desk.book().transfer(transfer.clone()).await.unwrap().into_inner();
    assert_eq!(answer.refused, None);
    let excess = [desk.margin("POOL").await, desk.margin("OTHER").await].map(|own| {
        let balance = &own.currencies[0];
        let number = |text: &str| text.parse::<f64>().unwrap();
        number(&balance.cash) + number(&balance.variation)
    });
    assert!((excess[0] + excess[1] - 200_000.0).abs() < 1e-6, "{excess:?}");
    // The same again is done already; the id with another date is not.
    let again = desk.book().transfer(transfer.clone()).await.unwrap().into_inner();
    assert_eq!(again, v1::TransferResponse { repeated: true, ..answer.clone() });
    let other = v1::TransferRequest { date: "2026-09-22".to_owned(), ..transfer };
    let other = desk.book().transfer(other).await.unwrap().into_inner();
    assert_eq!(other.refused.unwrap().reason(), v1::RefusalReason::TradeExists);
}

#[tokio::test]
async fn an_import_is_all_or_nothing() {
    let mut desk = Desk::new("100000").await;
    let imported = |group: &str, trade| v1::ImportedTrade { group: group.to_owned(), trade: Some(trade) };
    let import = |trades| v1::ImportTradesRequest { house: HOUSE.to_owned(), trades, ..Default::default() };
    let good = vec![imported("POOL", trade("T1", 2, "")), imported("OTHER", trade("T1", -2, ""))];
    let unknown = v1::Trade { account: "Z".to_owned(), ..trade("T2", 1, "") };
    let mut bad = good.clone();
    bad.extend([
        imported("POOL", unknown),
        imported("NONE", trade("T3", 1, "")),
        imported("POOL", trade("T1", 2, "")),
    ]);
    let answer = desk.book().import_trades(import(bad)).await.unwrap().into_inner();
    let fields: Vec<&str> = answer.faults.iter().map(|fault| fault.field.as_str()).collect();
    let expected = ["trades[3].group", "trades[2].trade.account", "trades[4].trade.id"];
    assert_eq!((answer.booked, fields), (0, expected.to_vec()));
    // A fault in a field hides neither the group, nor the account, nor that a trade stands twice.
    let faulty = |own: v1::Trade| v1::Trade { date: "soon".to_owned(), ..own };
    let bad = vec![
        imported("POOL", faulty(trade("T1", 2, ""))),
        imported("NONE", faulty(trade("T3", 1, ""))),
        imported("POOL", v1::Trade { account: "Z".to_owned(), ..faulty(trade("T1", 2, "")) }),
    ];
    let answer = desk.book().import_trades(import(bad)).await.unwrap().into_inner();
    let mut fields: Vec<&str> = answer.faults.iter().map(|fault| fault.field.as_str()).collect();
    fields.sort_unstable();
    let expected = [
        "trades[0].trade.date",
        "trades[1].group",
        "trades[1].trade.date",
        "trades[2].trade.account",
        "trades[2].trade.date",
        "trades[2].trade.id",
    ];
    assert_eq!(fields, expected);
    // What is only to be checked is not booked.
    let only = v1::ImportTradesRequest { validate_only: true, ..import(good.clone()) };
    assert_eq!(
        desk.book().import_trades(only).await.unwrap().into_inner(),
        v1::ImportTradesResponse::default()
    );
    assert_eq!(room(desk.margin("POOL").await.initial).0, "0.000000");
    let answer = desk.book().import_trades(import(good.clone())).await.unwrap().into_inner();
    assert_eq!((answer.booked, answer.known, answer.faults.len()), (2, 0, 0));
    assert!(!answer.repeated);
    let answer = desk.book().import_trades(import(good.clone())).await.unwrap().into_inner();
    assert_eq!((answer.booked, answer.known, answer.repeated), (0, 2, true));
    // With another fee, another due date or another order it is another trade.
    let fee = Some(v1::Fee { currency: "USD".to_owned(), amount: "1".to_owned() });
    for other in [
        v1::Trade { fee, ..trade("T1", 2, "") },
        v1::Trade { due: "2026-09-30".to_owned(), ..trade("T1", 2, "") },
        trade("T1", 2, "O9"),
    ] {
        let answer = desk.book().import_trades(import(vec![imported("POOL", other)])).await.unwrap();
        assert_eq!(answer.into_inner().faults[0].field, "trades[0].trade.id");
    }
    desk.granted(
        "OTHER",
        Command::Bust(v1::Bust { trade_id: "T1".to_owned(), date: "2026-09-18".to_owned() }),
    )
    .await;
    let trades = v1::ListTradesRequest { name: name("OTHER"), ..Default::default() };
    let trades = desk.book().list_trades(trades).await.unwrap().into_inner().trades;
    assert_eq!((trades.len(), trades[0].busted, trades[0].legs[0].price.as_str()), (1, true, MARK));
}

#[tokio::test]
async fn what_is_told_again_says_so() {
    let mut desk = Desk::new("100000").await;
    let deposit = |amount: &str| {
        let (currency, amount) = ("USD".to_owned(), amount.to_owned());
        let assets = Some(v1::Assets { currency, amount, ..Default::default() });
        Command::Deposit(v1::Deposit { reference: "D2".to_owned(), assets })
    };
    let first = desk.submission("POOL", deposit("5"));
    let answer = desk.book().submit(first.clone()).await.unwrap().into_inner();
    assert!(!answer.repeated);
    let again = desk.book().submit(first).await.unwrap().into_inner();
    assert_eq!(again, v1::SubmitResponse { repeated: true, ..answer });
    let known = desk.submit("POOL", deposit("5.00")).await;
    assert_eq!((known.repeated, known.exceptions.len()), (true, 0));
    let other = desk.submit("POOL", deposit("6")).await;
    assert_eq!((other.repeated, other.exceptions.len()), (false, 1));
    // An order that is refused, sent again, and as a check with a reservation: the content is what it says.
    let large = desk.submission("POOL", Command::Order(order("O1", 10_000, MARK)));
    let refused = desk.book().submit(large.clone()).await.unwrap().into_inner();
    assert_eq!((refused.refused.is_some(), refused.repeated), (true, false));
    let again = desk.book().submit(large.clone()).await.unwrap().into_inner();
    assert_eq!(again, v1::SubmitResponse { repeated: true, ..refused.clone() });
    let check = v1::CheckOrderRequest {
        name: name("POOL"),
        command_id: large.command_id.clone(),
        order: Some(order("O1", 10_000, "70.860")),
        validate_only: false,
    };
    let checked = desk.book().check_order(check).await.unwrap().into_inner();
    assert_eq!((checked.refused, checked.repeated), (refused.refused, true));
    // A fact under the id of that order, and of one that is working.
    for (id, number) in [(large.command_id, "T1"), ("C1".to_owned(), "T2")] {
        let command = Some(Command::Trade(trade(number, 1, "")));
        let told = v1::SubmitRequest { name: name("POOL"), command_id: id, command };
        let answer = desk.book().submit(told.clone()).await.unwrap().into_inner();
        assert_eq!((answer.refused, answer.repeated), (None, false));
        assert!(desk.book().submit(told).await.unwrap().into_inner().repeated);
    }
    let trades = v1::ListTradesRequest { name: name("POOL"), ..Default::default() };
    assert_eq!(desk.book().list_trades(trades).await.unwrap().into_inner().trades.len(), 2);
}

#[tokio::test]
async fn deliveries_that_are_not_done_are_listed_with_their_numbers() {
    let mut desk = Desk::new("100000").await;
    for (group, lots) in [("POOL", 2), ("OTHER", -1)] {
        desk.granted(group, Command::Trade(trade("T1", lots, ""))).await;
    }
    let december = Some(future("202612", 0));
    let price = v1::SettlementPrice { contract: december.clone(), price: MARK.to_owned() };
    let becomes = v1::Becomes { becomes: Some(v1::becomes::Becomes::Delivery("70.50".to_owned())) };
    let run = v1::SettleHouseRequest {
        house: HOUSE.to_owned(),
        run_id: "R1".to_owned(),
        date: "2026-09-18".to_owned(),
        prices: vec![price],
        expiries: vec![v1::ContractExpiry { contract: december, becomes: Some(becomes) }],
        ..Default::default()
    };
    assert_eq!(desk.book().settle_house(run).await.unwrap().into_inner().groups, 2);
    let asked = |group: &str, page_size, page_token: &str| v1::ListDeliveriesRequest {
        name: name(group),
        page_size,
        page_token: page_token.to_owned(),
    };
    for (group, lots, amount) in [("POOL", 2, "-141000.000000"), ("OTHER", -1, "70500.000000")] {
        let answer = desk.book().list_deliveries(asked(group, 1, "")).await.unwrap().into_inner();
        let expected = v1::PendingDelivery {
            number: 1,
            account: "A".to_owned(),
            contract: Some(v1::Position { exchange: "HBX".to_owned(), ..future("202612", lots) }),
            currency: "USD".to_owned(),
            amount: amount.to_owned(),
        };
        assert_eq!((answer.deliveries, answer.next_page_token.as_str()), (vec![expected], ""));
    }
    let status = desk.book().list_deliveries(asked("POOL", 1, "first")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    // Late trades are no positions, and orders have nothing to trade.
    let late = desk.granted("POOL", Command::Trade(trade("T2", 1, ""))).await;
    assert_eq!(late.exceptions.len(), 1);
    let request = v1::ListTradesRequest { name: name("POOL"), ..Default::default() };
    let trades = desk.book().list_trades(request).await.unwrap().into_inner().trades;
    let suspense: Vec<&str> = trades.iter().map(|own| own.suspense.as_str()).collect();
    assert_eq!(suspense, ["", "late_after_expiry"]);
    let refused = desk.submit("POOL", Command::Order(order("O1", 1, MARK))).await.refused.unwrap();
    assert_eq!(refused.reason(), v1::RefusalReason::ContractEnded);
    desk.granted("POOL", Command::Delivered(1)).await;
    let answer = desk.book().list_deliveries(asked("POOL", 0, "")).await.unwrap().into_inner();
    assert_eq!(answer, v1::ListDeliveriesResponse::default());
}

#[tokio::test]
async fn malformed_commands_name_every_field() {
    let mut desk = Desk::new("100000").await;
    let mut bad = order("", 1, "seventy");
    bad.terms.as_mut().unwrap().units = 0;
    bad.account = "A".repeat(65);
    let request = desk.submission("POOL", Command::Order(bad));
    let status =
        desk.book().submit(v1::SubmitRequest { command_id: String::new(), ..request }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let fields: Vec<&str> =
        details.bad_request().unwrap().field_violations.iter().map(|own| own.field.as_str()).collect();
    assert_eq!(
        fields,
        ["command_id", "order.id", "order.account", "order.terms.units", "order.terms.legs[0].price"]
    );
    let missing = desk.submission("NONE", Command::EndDay("2026-09-18".to_owned()));
    assert_eq!(desk.book().submit(missing).await.unwrap_err().code(), Code::NotFound);
    let group = v1::CreateGroupRequest {
        name: name("POOL"),
        member: "M".to_owned(),
        origin: v1::Origin::House.into(),
        currency: "USD".to_owned(),
    };
    assert_eq!(desk.book().create_group(group.clone()).await.unwrap_err().code(), Code::AlreadyExists);
    let unknown = v1::CreateGroupRequest { origin: 9, ..group };
    assert_eq!(desk.book().create_group(unknown).await.unwrap_err().code(), Code::InvalidArgument);
    let elsewhere = v1::SetHouseTermsRequest { house: "NOWHERE".to_owned(), ..Default::default() };
    assert_eq!(desk.book().set_house_terms(elsewhere).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn bands_and_collateral_are_the_houses() {
    let mut desk = Desk::new("100000").await;
    let mut market = order("O1", 1, "");
    market.terms.as_mut().unwrap().kind = v1::OrderKind::Market.into();
    let refused = desk.submit("POOL", Command::Order(market.clone())).await.refused.unwrap();
    assert_eq!(refused.reason(), v1::RefusalReason::NoPriceBand);
    let terms = v1::SetHouseTermsRequest {
        house: HOUSE.to_owned(),
        bands: vec![v1::PriceBand {
            contract: Some(future("202612", 0)),
            low: "60".to_owned(),
            high: "80".to_owned(),
        }],
        assets: vec![v1::AssetTerms {
            asset: "BOND".to_owned(),
            currency: "USD".to_owned(),
            price: "99.5".to_owned(),
            haircut: "0.1".to_owned(),
            most_of_pool: String::new(),
        }],
        currency_haircuts: Vec::new(),
        ..Default::default()
    };
    let version = desk.book().set_house_terms(terms).await.unwrap().into_inner().version;
    assert_eq!(version, 2);
    desk.granted("POOL", Command::Order(market)).await;
    let assets =
        Some(v1::Assets { asset: "BOND".to_owned(), quantity: "10".to_owned(), ..Default::default() });
    desk.granted("POOL", Command::Deposit(v1::Deposit { reference: "D2".to_owned(), assets })).await;
    let margin = desk.margin("POOL").await;
    assert_eq!(
        (margin.assets[0].value.as_str(), margin.assets[0].counted.as_str()),
        ("995.000000", "895.500000")
    );
    assert_eq!(margin.currencies[0].assets, "895.500000");
}
