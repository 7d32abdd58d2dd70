//! Scenario methods in the book, through a real client: a venue without a parameter set.

use plimsoll_engine::parameters::method::preset;
use plimsoll_proto::v1;
use plimsoll_proto::v1::book_service_client::BookServiceClient;
use plimsoll_proto::v1::market_quote::Value;
use plimsoll_proto::v1::submit_request::Command;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use crate::served::Served;

pub(crate) const VENUE: &str = "VENUE";
const NOW: &str = "2026-11-25T08:00:00Z";
const EXPIRY: &str = "2026-12-25T08:00:00Z";

pub(crate) struct Venue {
    served: Served,
    next: u32,
}

pub(crate) fn name() -> Option<v1::GroupName> {
    Some(v1::GroupName { house: VENUE.to_owned(), group: "POOL".to_owned() })
}

fn contract(period: &str, right: v1::OptionRight, quantity: i64) -> v1::Position {
    let is_option = right != v1::OptionRight::Unspecified;
    v1::Position {
        exchange: "X".to_owned(),
        product: "BTC".to_owned(),
        r#type: if is_option { v1::ProductType::OptionOnFuture } else { v1::ProductType::Future }.into(),
        period: period.to_owned(),
        right: right.into(),
        strike: if is_option { "60000".to_owned() } else { String::new() },
        quantity,
        ..Default::default()
    }
}

pub(crate) fn perpetual(quantity: i64) -> v1::Position {
    contract("PERP", v1::OptionRight::Unspecified, quantity)
}

fn specification(contract: v1::Position, instrument: v1::Instrument) -> v1::ContractSpecification {
    let is_option = instrument == v1::Instrument::Option;
    v1::ContractSpecification {
        contract: Some(contract),
        price_source: "BTC".to_owned(),
        instrument: instrument.into(),
        expiry: if is_option { EXPIRY.to_owned() } else { String::new() },
        multiplier: "0.1".to_owned(),
        quote: "USDC".to_owned(),
        settlement: if is_option { v1::Settlement::Premium } else { v1::Settlement::Futures }.into(),
        ..Default::default()
    }
}

pub(crate) fn contracts() -> v1::SetContractsRequest {
    let option = |right| specification(contract("202612", right, 0), v1::Instrument::Option);
    let contracts = vec![
        specification(perpetual(0), v1::Instrument::Perpetual),
        option(v1::OptionRight::Call),
        option(v1::OptionRight::Put),
    ];
    v1::SetContractsRequest { house: VENUE.to_owned(), contracts }
}

pub(crate) fn method(preset_name: &str) -> v1::SetMethodsRequest {
    let text = preset(preset_name).unwrap().to_owned();
    let methods = vec![v1::HouseMethod { name: String::new(), text }];
    v1::SetMethodsRequest { house: VENUE.to_owned(), methods, ..Default::default() }
}

pub(crate) fn market(price: &str, perpetual: &str, forward: &str) -> v1::UpdateMarketRequest {
    let of = |value: Value| v1::MarketQuote {
        price_source: "BTC".to_owned(),
        expiry: EXPIRY.to_owned(),
        value: Some(value),
        ..Default::default()
    };
    let smile = v1::Smile { volatility: "0.6".to_owned(), ..Default::default() };
    let quotes = vec![
        of(Value::Price(price.to_owned())),
        of(Value::Perpetual(perpetual.to_owned())),
        of(Value::Forward(forward.to_owned())),
        of(Value::SourceRate("0.05".to_owned())),
        of(Value::Smile(smile)),
    ];
    v1::UpdateMarketRequest { house: VENUE.to_owned(), time: NOW.to_owned(), quotes }
}

impl Venue {
    async fn new() -> Self {
        let venue = Self { served: Served::start().await, next: 0 };
        let stated = venue.book().set_contracts(contracts()).await.unwrap().into_inner();
        assert_eq!(stated.contracts, 3);
        let methods = venue.book().set_methods(method("derive-pm2")).await.unwrap().into_inner().methods;
        // Nobody has said what anything costs.
        assert_eq!((methods[0].name.as_str(), methods[0].priced, methods[0].unpriced), ("derive-pm2", 0, 3));
        venue.book().update_market(market("60000", "60050", "60600")).await.unwrap();
        let request = v1::CreateGroupRequest {
            name: name(),
            member: "MEMBER".to_owned(),
            origin: v1::Origin::Client.into(),
            currency: "USDC".to_owned(),
        };
        venue.book().create_group(request).await.unwrap();
        venue
    }

    /// With the margin account `M`, the position account `A`, and so much cash.
    pub(crate) async fn with_cash(cash: &str) -> Self {
        let mut venue = Self::new().await;
        let account = v1::OpenMarginAccount {
            account: "M".to_owned(),
            method: "derive-pm2".to_owned(),
            ..Default::default()
        };
        let position = v1::OpenPositionAccount {
            account: "A".to_owned(),
            margin_account: "M".to_owned(),
            ..Default::default()
        };
        let assets =
            v1::Assets { currency: "USDC".to_owned(), amount: cash.to_owned(), ..Default::default() };
        let deposit = v1::Deposit { reference: "D1".to_owned(), assets: Some(assets) };
        for command in [
            Command::OpenMarginAccount(account),
            Command::OpenPositionAccount(position),
            Command::Deposit(deposit),
        ] {
            assert_eq!(venue.submit(command).await.refused, None);
        }
        venue
    }

    pub(crate) fn book(&self) -> BookServiceClient<Channel> {
        BookServiceClient::new(self.served.channel.clone())
    }

    pub(crate) async fn submit(&mut self, command: Command) -> v1::SubmitResponse {
        self.next += 1;
        let command_id = format!("C{}", self.next);
        let request = v1::SubmitRequest { name: name(), command_id, command: Some(command) };
        self.book().submit(request).await.unwrap().into_inner()
    }

    async fn order(
        &mut self,
        id: &str,
        contract: v1::Position,
        units: i64,
        price: &str,
    ) -> v1::SubmitResponse {
        self.order_in("A", id, contract, units, price).await
    }

    pub(crate) async fn order_in(
        &mut self,
        account: &str,
        id: &str,
        contract: v1::Position,
        units: i64,
        price: &str,
    ) -> v1::SubmitResponse {
        let leg = v1::OrderLeg { contract: Some(contract), price: price.to_owned() };
        let kind = v1::OrderKind::Limit.into();
        let terms = v1::OrderTerms { kind, legs: vec![leg], units, ..Default::default() };
        let (id, account) = (id.to_owned(), account.to_owned());
        self.submit(Command::Order(v1::Order { id, account, terms: Some(terms), ..Default::default() })).await
    }

    pub(crate) async fn trade(&mut self, id: &str, contract: v1::Position, price: &str) {
        self.trade_in("A", id, contract, price).await;
    }

    pub(crate) async fn trade_in(&mut self, account: &str, id: &str, contract: v1::Position, price: &str) {
        let leg = v1::TradeLeg { contract: Some(contract), price: price.to_owned() };
        let trade = v1::Trade {
            id: id.to_owned(),
            account: account.to_owned(),
            legs: vec![leg],
            date: "2026-11-25".to_owned(),
            ..Default::default()
        };
        let answer = self.submit(Command::Trade(trade)).await;
        assert_eq!((answer.refused, answer.exceptions), (None, Vec::new()));
    }

    pub(crate) async fn margin(&self) -> v1::GetMarginResponse {
        let request = v1::GetMarginRequest { name: name() };
        self.book().get_margin(request).await.unwrap().into_inner()
    }
}

pub(crate) fn room(room: Option<v1::Room>) -> [String; 2] {
    room.map(|room| [room.requirement, room.excess]).unwrap()
}

/// One BTC of perpetuals needs 18 % of 60,050 and 4 % of 60,000 (`derive-pm2`).
#[tokio::test]
async fn an_account_under_a_method_is_checked_filled_and_shown() {
    let mut venue = Venue::with_cash("13209").await;
    let answer = venue.order("O1", perpetual(1), 10, "60050").await;
    let checked = answer.checked.unwrap();
    assert_eq!((answer.refused, room(checked.after)[0].as_str()), (None, "13209.000000"));
    let worst = &checked.worst[0];
    assert_eq!((worst.price_source.as_str(), worst.commodity.as_str()), ("BTC", ""));
    let refused = venue.order("O2", perpetual(1), 1, "60050").await.refused.unwrap();
    assert_eq!(refused.reason(), v1::RefusalReason::InsufficientMargin);
    let cancel =
        v1::OrderConfirmation { order_id: "O1".to_owned(), change: v1::OrderChange::Cancelled.into() };
    venue.submit(Command::OrderConfirmation(cancel)).await;
    venue.trade("T1", perpetual(10), "60050").await;
    let margin = venue.margin().await;
    assert_eq!(room(margin.initial), ["13209.000000", "0.000000"]);
    let Some(v1::account_margin::By::MethodReport(report)) = &margin.accounts[0].by else {
        panic!("{:?}", margin.accounts)
    };
    assert_eq!((report.method.as_str(), report.market_version), ("derive-pm2", 1));
    assert_eq!(report.market_risk, "10809.000000000000");
    let source = &report.sources[0];
    assert_eq!(source.results[source.worst_scenario as usize], source.worst);
    // The method needs no deltas; they are told.
    assert_eq!([&source.net_delta, &source.gross_delta], ["1.000000000000"; 2]);
    assert_eq!(report.warnings, []);
    let charge = &report.contingencies[0];
    assert_eq!((charge.kind.as_str(), charge.maintenance.as_str()), ("perpetual", "1800.000000000000"));
    // Volatilities of 6000 % are used, and named where they are stated and where they are answered with; so is a trade far from the mark.
    let mut moved = market("60000", "60050", "60600");
    let smile = v1::Smile { volatility: "60".to_owned(), ..Default::default() };
    moved.quotes[4].value = Some(Value::Smile(smile));
    let doubted = venue.book().update_market(moved).await.unwrap().into_inner().warnings;
    let kinds = |all: &[v1::Warning]| all.iter().map(|own| own.kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&doubted), ["implausible_volatility"]);
    assert!(doubted[0].place.starts_with("BTC 2026-12-25"), "{doubted:?}");
    let margin = venue.margin().await;
    let Some(v1::account_margin::By::MethodReport(report)) = &margin.accounts[0].by else {
        panic!("{:?}", margin.accounts)
    };
    assert_eq!(report.warnings, doubted);
    // The market falls: the group is called.
    venue.book().update_market(market("50000", "50050", "50500")).await.unwrap();
    let margin = venue.margin().await;
    assert_eq!(margin.currencies[0].variation, "-10000.000000");
    assert_eq!(room(margin.initial), ["11009.000000", "-7800.000000"]);
    let audit = v1::AuditGroupRequest { name: name() };
    assert!(venue.book().audit_group(audit).await.unwrap().into_inner().differences.is_empty());
}

#[tokio::test]
async fn contracts_that_come_later_are_a_new_version() {
    let venue = Venue::with_cash("20000").await;
    let before = venue.margin().await;
    let mut more = contracts();
    let spot = v1::Position { period: "SPOT".to_owned(), ..perpetual(0) };
    let mut own = specification(spot, v1::Instrument::Asset);
    own.settlement = v1::Settlement::Premium.into();
    more.contracts = vec![own];
    let stated = venue.book().set_contracts(more).await.unwrap().into_inner();
    assert!(stated.version > before.version && stated.contracts == 4);
    let after = venue.margin().await;
    assert_eq!((after.version, after.initial), (stated.version, before.initial));
    // Nothing is written down: there is no past.
    let request = v1::ExplainMarginRequest { name: name(), log_sequence: 1, version: 0 };
    let status = venue.book().explain_margin(request).await.unwrap_err();
    assert_eq!((status.code(), after.log_sequence), (Code::FailedPrecondition, 0));
}

#[tokio::test]
async fn an_option_is_worth_something_once() {
    let mut venue = Venue::with_cash("20000").await;
    venue.trade("T1", contract("202612", v1::OptionRight::Put, -5), "4000").await;
    let own = venue.margin().await.currencies[0].clone();
    assert_eq!((own.due.as_str(), own.cash.as_str()), ("2000.000000", "20000.000000"));
    assert!(own.position_value.starts_with('-'), "{own:?}");
    let order = venue.order("O1", contract("202612", v1::OptionRight::Put, 1), 5, "4000").await;
    assert_eq!(order.refused, None);
}

pub(crate) fn violations(status: &tonic::Status) -> Vec<(String, String)> {
    let details = status.get_details_bad_request().unwrap();
    details.field_violations.into_iter().map(|own| (own.field, own.description)).collect()
}

#[tokio::test]
async fn faults_are_named_all_at_once_and_nothing_changes() {
    let venue = Venue::new().await;
    let mut wrong = contracts();
    wrong.contracts[0].multiplier = "10".to_owned();
    wrong.contracts[1].expiry = "soon".to_owned();
    wrong.contracts[2].settlement = 0;
    let status = venue.book().set_contracts(wrong).await.unwrap_err();
    let named: Vec<String> = violations(&status).into_iter().map(|own| own.0).collect();
    assert_eq!(named, ["contracts[1].expiry", "contracts[2].settlement"]);
    let mut other = contracts();
    other.contracts[0].multiplier = "10".to_owned();
    let status = venue.book().set_contracts(other).await.unwrap_err();
    assert_eq!(
        (status.code(), violations(&status)[0].0.as_str()),
        (Code::InvalidArgument, "contracts[0].contract")
    );
    let status = venue.book().set_methods(method("dydx-large")).await.unwrap_err();
    assert!(status.message().contains("dydx-large: the method has no scenario grid"), "{status:?}");
    let text = "schema = 1\nkind = \"scenario-grid\"\nlevy = 1\n".to_owned();
    let methods = vec![v1::HouseMethod { name: "m".to_owned(), text }];
    let request = v1::SetMethodsRequest { house: VENUE.to_owned(), methods, ..Default::default() };
    let status = venue.book().set_methods(request).await.unwrap_err();
    assert!(violations(&status).iter().any(|own| own.1.contains("levy")), "{status:?}");
    let mut quotes = market("60000", "-1", "60600");
    quotes.quotes[0].confidence = "2".to_owned();
    quotes.quotes[4].value = Some(Value::Smile(v1::Smile::default()));
    let status = venue.book().update_market(quotes).await.unwrap_err();
    let named: Vec<String> = violations(&status).into_iter().map(|own| own.0).collect();
    assert_eq!(named, ["quotes[0].price", "quotes[4].smile"]);
    let mut quotes = market("60000", "60050", "60600");
    (quotes.time, quotes.quotes[0].price_source) = ("soon".to_owned(), String::new());
    let status = venue.book().update_market(quotes).await.unwrap_err();
    let named: Vec<String> = violations(&status).into_iter().map(|own| own.0).collect();
    assert_eq!(named, ["time", "quotes[0].price_source"]);
    let mut twice = contracts();
    twice.contracts.push(twice.contracts[0].clone());
    let status = venue.book().set_contracts(twice).await.unwrap_err();
    let (field, message) = violations(&status).remove(0);
    assert!(
        field == "contracts[3].contract" && message.ends_with("PERP is stated a second time"),
        "{message}"
    );
    let mut earlier = market("60000", "60050", "60600");
    earlier.time = "2026-11-24T08:00:00Z".to_owned();
    let status = venue.book().update_market(earlier).await.unwrap_err();
    assert!(violations(&status).iter().any(|own| own.0 == "time"), "{status:?}");
    // What was stated stands.
    let stated = venue.book().set_methods(method("derive-pm2")).await.unwrap().into_inner();
    assert_eq!((stated.methods[0].priced, stated.methods[0].unpriced), (3, 0));
}

#[tokio::test]
async fn a_method_that_accounts_are_margined_by_is_dropped_only_with_what_they_move_to() {
    let mut venue = Venue::with_cash("20000").await;
    venue.trade("T1", perpetual(10), "60050").await;
    let margin = |venue: &Venue| {
        let mut book = venue.book();
        async move {
            let request = v1::GetMarginRequest { name: name() };
            book.get_margin(request).await.unwrap().into_inner()
        }
    };
    let before = margin(&venue).await;
    assert!(before.complete && before.missing.is_empty());
    let renamed = |moves: &[(&str, &str)]| {
        let mut request = method("derive-pm2");
        request.methods[0].name = "pm3".to_owned();
        request.move_accounts =
            moves.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        request
    };
    let status = venue.book().set_methods(renamed(&[])).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let named = "method derive-pm2 by margin account M of group POOL";
    assert!(status.message().contains(named), "{status:?}");
    let status = venue.book().set_methods(renamed(&[("derive-pm2", "pm4")])).await.unwrap_err();
    assert_eq!(violations(&status)[0].0, "move_accounts[derive-pm2]");
    assert_eq!(margin(&venue).await.initial, before.initial, "nothing has changed");
    let moved = venue.book().set_methods(renamed(&[("derive-pm2", "pm3")])).await.unwrap().into_inner();
    assert_eq!((moved.moved_accounts, moved.methods.len(), moved.methods[0].name.as_str()), (1, 1, "pm3"));
    let after = margin(&venue).await;
    assert_eq!((after.complete, after.initial), (true, before.initial));
    // Nobody is margined by the first any more.
    assert!(venue.book().set_methods(renamed(&[])).await.is_ok());
}

#[tokio::test]
async fn what_is_missing_is_listed_and_the_way_out_is_open() {
    let mut venue = Venue::with_cash("20000").await;
    let assets = v1::Assets { currency: "JPY".to_owned(), amount: "500".to_owned(), ..Default::default() };
    let deposit = v1::Deposit { reference: "D2".to_owned(), assets: Some(assets) };
    assert_eq!(venue.submit(Command::Deposit(deposit)).await.refused, None);
    venue.trade("T1", perpetual(10), "60050").await;
    let request = || v1::GetMarginRequest { name: name() };
    let margin = venue.book().get_margin(request()).await.unwrap().into_inner();
    assert!(!margin.complete && margin.initial.is_some());
    let [missing] = <[v1::Missing; 1]>::try_from(margin.missing).unwrap();
    assert_eq!(
        (missing.kind(), missing.currency.as_str(), missing.bounded),
        (v1::MissingKind::Conversion, "JPY", true)
    );
    // More is owed than there is: no number.
    let fee = v1::Fee { currency: "JPY".to_owned(), amount: "800".to_owned() };
    let leg = v1::TradeLeg { contract: Some(perpetual(1)), price: "60050".to_owned() };
    let trade = v1::Trade {
        id: "T2".to_owned(),
        account: "A".to_owned(),
        legs: vec![leg],
        date: "2026-11-25".to_owned(),
        fee: Some(fee),
        ..Default::default()
    };
    venue.submit(Command::Trade(trade)).await;
    let margin = venue.book().get_margin(request()).await.unwrap().into_inner();
    assert_eq!((margin.initial, margin.with_orders, margin.payable), (None, None, None));
    assert!(!margin.missing[0].bounded);
    let one = v1::Assets { currency: "USDC".to_owned(), amount: "1".to_owned(), ..Default::default() };
    let refused = venue.submit(Command::Withdraw(one)).await.refused.unwrap();
    assert_eq!(refused.reason(), v1::RefusalReason::NoConversion);
    let leg = v1::OrderLeg { contract: Some(perpetual(-1)), price: "50000".to_owned() };
    let kind = v1::OrderKind::Limit.into();
    let terms = v1::OrderTerms { kind, legs: vec![leg], units: 11, ..Default::default() };
    let order =
        v1::Order { id: "O1".to_owned(), account: "A".to_owned(), terms: Some(terms), ..Default::default() };
    let force = v1::ForceClose { order: Some(order), reason: "the rate is gone".to_owned() };
    let answer = venue.submit(Command::ForceClose(force)).await;
    assert_eq!((answer.refused, answer.exceptions.len()), (None, 1));
    let checked = answer.checked.unwrap();
    assert_eq!((checked.complete, checked.after, checked.after_at_least), (false, None, None));
}

#[tokio::test]
async fn a_house_of_which_nothing_is_known_is_named() {
    let served = Served::start().await;
    let mut book = BookServiceClient::new(served.channel.clone());
    let group = v1::CreateGroupRequest {
        name: name(),
        member: "MEMBER".to_owned(),
        origin: v1::Origin::Client.into(),
        currency: "USDC".to_owned(),
    };
    let status = book.create_group(group.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("neither an active parameter set nor contracts"), "{status:?}");
    // A market alone margins nothing.
    book.update_market(market("1", "1", "1")).await.unwrap();
    let open = v1::OpenMarginAccount { account: "M".to_owned(), ..Default::default() };
    let request = |id: &str, command| v1::SubmitRequest {
        name: name(),
        command_id: id.to_owned(),
        command: Some(command),
    };
    assert_eq!(book.create_group(group.clone()).await.unwrap_err().code(), Code::FailedPrecondition);
    book.set_contracts(contracts()).await.unwrap();
    let other = v1::CreateGroupRequest { currency: "XYZ".to_owned(), ..group.clone() };
    let status = book.create_group(other).await.unwrap_err();
    assert_eq!(violations(&status)[0].0, "currency");
    book.create_group(group).await.unwrap();
    let answer = book.submit(request("C1", Command::OpenMarginAccount(open.clone()))).await.unwrap();
    let refused = answer.into_inner().refused.unwrap();
    assert_eq!(refused.message, "no parameter set is active for the house");
    let by_method = v1::OpenMarginAccount { method: "none".to_owned(), ..open };
    let answer = book.submit(request("C2", Command::OpenMarginAccount(by_method))).await.unwrap();
    assert_eq!(answer.into_inner().refused.unwrap().message, "the house has no method none");
}
