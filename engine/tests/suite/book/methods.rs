//! Accounts under methods that are data, by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::account::Netting;
use plimsoll_engine::group::{
    CollateralSchedule, Fact, HouseMethods, HouseSnapshot, Keeping, MarginTerms, NewOrder, Request,
    RiskSource, standing,
};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{Decimal, MethodName};

use super::desk::{Desk, code, money, reason, sample_set, text};
use super::venue;

const PERPETUAL: &str = "BTC FUT PERP";
const CALL: &str = "BTC OOP 202610 C 60000";
const COIN_PERPETUAL: &str = "BTCI FUT PERP";

fn in_account(account: &str, order: NewOrder) -> NewOrder {
    NewOrder { account: code(account), ..order }
}

fn buy(desk: &mut Desk, trade: &str, account: &str, lots: i64, contract: &str, price: Decimal) {
    let mut fill = desk.fill(trade, lots, contract, price);
    fill.account = code(account);
    assert_eq!(reason(&desk.fact(Fact::Fill(Box::new(fill)))), "granted");
}

/// Derive's numbers for one BTC of perpetuals: 18 % of 60,050, and 3 % and 1 % of the price.
#[test]
fn a_perpetual_needs_its_scan_and_its_charges() {
    let mut desk = venue::desk("13209");
    let mark = desk.mark(PERPETUAL);
    assert_eq!(mark.to_string(), "60050");
    let order = desk.limit("O1", 10, PERPETUAL, mark);
    let outcome = desk.order(order);
    assert_eq!(reason(&outcome), "granted", "{outcome:?}");
    let checked = outcome.checked.unwrap();
    assert_eq!(text(checked.after.requirement), "13209.000000");
    assert_eq!(text(checked.after.excess), "0.000000");
    assert_eq!((&checked.worst[0].of, checked.worst.len()), (&RiskSource::Price(code("BTC")), 1));
    assert_eq!(text(checked.worst[0].risk), "10809.000000");
    let more = desk.limit("O2", 1, PERPETUAL, mark);
    assert_eq!(reason(&desk.order(more)), "insufficient_margin");
    // What reduces the worst case of all does not reduce that of the orders: each may fill alone.
    let other_side = desk.limit("O3", -10, PERPETUAL, mark);
    assert_eq!(reason(&desk.order(other_side)), "granted");
    assert_eq!(text(desk.standing().with_orders.requirement), "13209.000000");
}

#[test]
fn an_option_is_worth_its_price_in_equity_and_its_premium_is_due() {
    let mut desk = venue::desk("20000");
    let mark = desk.mark(CALL);
    let before = desk.standing().initial.excess;
    buy(&mut desk, "T1", "A", 10, CALL, mark);
    let after = desk.standing();
    let own = &after.currencies[&code("USDC")];
    assert!(own.position_value.is_positive());
    assert_eq!(text(own.due), text(own.position_value.negated()), "bought at the mark, and paid later");
    let spent = before.minus(after.initial.excess).unwrap();
    assert_eq!(text(spent), text(own.initial), "equity is what it was");
    // The whole of it cannot be lost: a call that is held risks what it is worth.
    assert!(own.initial.is_positive() && own.initial <= own.position_value);
    let run = desk.run("R1", 21, &[]);
    desk.fact(Fact::Settle(Arc::new(run)));
    let paid = desk.standing().currencies[&code("USDC")].clone();
    assert_eq!((text(paid.due), paid.position_value), ("0.000000".to_owned(), own.position_value));
}

/// 600 lots of 10 dollars are 0.0999 coins; they lose `6,000 (1 / 0.84 - 1) / 60,050` coins, and 1 % for rolling.
#[test]
fn an_inverse_perpetual_is_margined_in_its_coin() {
    let mut desk = venue::desk("0");
    desk.fact(Fact::Deposit(code("D1"), code("BTC"), money("0.03")));
    let mark = desk.mark(COIN_PERPETUAL);
    let order = desk.limit("O1", 600, COIN_PERPETUAL, mark);
    let outcome = desk.order(in_account("C", order));
    assert_eq!(reason(&outcome), "granted", "{outcome:?}");
    buy(&mut desk, "T1", "C", 600, COIN_PERPETUAL, Decimal::whole(55_000));
    let standing = desk.standing();
    let own = &standing.currencies[&code("BTC")];
    assert_eq!(text(own.initial), "0.020031");
    // 6,000 (1 / 55,000 - 1 / 60,050) coins since the trade.
    assert_eq!(text(own.variation), "0.009174");
    assert_eq!(
        text(standing.initial.excess),
        "1148.594801",
        "(0.03 + 0.00917417 - 0.02003093) coins of 60,000"
    );
    // Settled at 50,000: 6,000 (1 / 55,000 - 1 / 50,000) coins.
    let run = desk.run("R1", 18, &[(COIN_PERPETUAL, Decimal::whole(50_000))]);
    desk.fact(Fact::Settle(Arc::new(run)));
    assert_eq!(text(desk.group.cash[&code("BTC")]), "0.019091");
}

#[test]
fn a_new_market_is_a_new_standing() {
    let mut desk = venue::desk("20000");
    let mark = desk.mark(PERPETUAL);
    buy(&mut desk, "T1", "A", 10, PERPETUAL, mark);
    assert_eq!(text(desk.standing().initial.excess), "6791.000000");
    desk.kept = None;
    desk.house = venue::house(2, 50_000.0, &desk.registry);
    let after = desk.standing();
    let own = &after.currencies[&code("USDC")];
    assert_eq!(text(own.variation), "-10000.000000");
    assert_eq!(text(own.initial), "11009.000000", "18 % of 50,050 and 4 % of 50,000");
    assert_eq!(text(after.initial.excess), "-1009.000000");
    // Out of the market again.
    let mark = desk.mark(PERPETUAL);
    let order = desk.limit("O1", -10, PERPETUAL, mark);
    assert_eq!(reason(&desk.order(order)), "granted");
    let order = desk.limit("O2", 1, PERPETUAL, mark);
    assert_eq!(reason(&desk.order(order)), "deepens_deficit");
}

#[test]
fn what_the_market_does_not_price_holds_up_orders_and_is_named() {
    let mut desk = venue::desk("20000");
    let perpetual = desk.mark(PERPETUAL);
    let order = desk.limit("O1", 1, "BTC FUT 202610", perpetual);
    assert_eq!(reason(&desk.order(order)), "granted");
    // A market of one price: no forward, no volatility, and nothing at all of the other method.
    desk.kept = None;
    let market = plimsoll_engine::market::Snapshot::empty(venue::now());
    let methods = [(code(venue::DERIVE), Arc::new(venue::method(venue::DERIVE)))].into();
    let methods = HouseMethods::new(market, &methods, desk.registry.specified()).unwrap();
    let schedule = CollateralSchedule::default();
    desk.house = HouseSnapshot::without_set(3, code("VENUE"), &desk.registry, BTreeMap::new(), schedule)
        .with_methods(methods, &desk.registry);
    let without = |desk: &Desk| -> Vec<String> {
        let standing = standing(&desk.group, &desk.house).unwrap();
        standing.missing.iter().map(|own| format!("{} {}", own.kind.name(), own.detail)).collect()
    };
    assert!(without(&desk).iter().any(|own| own.contains("the house has no method deribit-pm-btc")));
    desk.request(Request::ClosePositionAccount(code("C")));
    desk.request(Request::CloseMarginAccount(code("I")));
    let [order] = without(&desk).try_into().unwrap();
    assert!(order.starts_with("order ") && order.contains("no price of BTC is known"), "{order}");
    desk.fact(Fact::Cancelled(code("O1")));
    buy(&mut desk, "T1", "A", 2, PERPETUAL, perpetual);
    let standing = desk.standing();
    let named = &standing.unmargined[0];
    assert_eq!((named.lots, named.detail.as_str()), (2, "no price of BTC is known"));
    let order = desk.limit("O2", 1, PERPETUAL, perpetual);
    assert_eq!(reason(&desk.order(order)), "contract_not_marginable");
    // Nothing was ever known of its risk: no number can be shown, and nothing is paid out.
    assert!(!standing.is_shown());
    assert_eq!(reason(&desk.request(Request::Withdraw(code("USDC"), money("1")))), "position_not_marginable");
    assert_eq!(reason(&desk.fact(Fact::Deposit(code("D9"), code("USDC"), money("1")))), "granted");
}

#[test]
fn methods_that_margin_no_book_are_refused_by_name() {
    let names = ["derive-standard", "dydx-large"];
    for name in names {
        let methods: BTreeMap<MethodName, _> = [(code(name), Arc::new(venue::method(name)))].into();
        let desk = venue::desk("1");
        let refused = HouseMethods::new(venue::market(1.0), &methods, desk.registry.specified()).unwrap_err();
        assert_eq!(refused.0, code(name));
        assert!(refused.1.to_string().contains("no scenario grid"), "{}", refused.1);
    }
}

/// A house with a set and a method: one account under each, and one pool pays for both.
#[test]
fn both_kinds_of_accounts_stand_in_one_group() {
    let (of_set, of_venue) = (Desk::sample("0"), venue::desk("0"));
    let mut registry = of_set.registry.clone();
    for own in of_venue.registry.contracts() {
        registry.intern(own.key.clone(), own.specification.clone()).unwrap();
    }
    let methods: BTreeMap<MethodName, _> =
        [(code(venue::DERIBIT), Arc::new(venue::method(venue::DERIBIT)))].into();
    let methods = HouseMethods::new(venue::market(60_000.0), &methods, registry.specified()).unwrap();
    let schedule = CollateralSchedule::default();
    let house = HouseSnapshot::new(1, Arc::new(sample_set()), &registry, BTreeMap::new(), schedule);
    let house = house.with_methods(methods, &registry);
    let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
    let currency = of_set.group.currency.clone();
    let mut desk = Desk::open(house, registry, currency, terms, "100000");
    desk.request(Request::OpenMarginAccount(
        code("I"),
        MarginTerms::Method { method: code(venue::DERIBIT), netting: Netting::Net },
    ));
    desk.request(Request::OpenPositionAccount(code("C"), code("I"), Keeping::Net));
    let crude = desk.mark("HCL FUT 202612");
    buy(&mut desk, "T1", "A", 2, "HCL FUT 202612", crude);
    let coin = desk.mark(COIN_PERPETUAL);
    let order = desk.limit("O1", 600, COIN_PERPETUAL, coin);
    // Nobody says what a coin is worth in the group's currency.
    assert_eq!(reason(&desk.order(in_account("C", order))), "no_conversion");
    let order = desk.limit("O2", 1, "HCL FUT 202612", crude);
    assert_eq!(reason(&desk.order(order)), "granted");
    let order = desk.limit("O3", 1, COIN_PERPETUAL, coin);
    assert_eq!(reason(&desk.order(order)), "contract_not_marginable", "the set does not list it");
    let order = desk.limit("O4", 1, "HCL FUT 202612", crude);
    assert_eq!(reason(&desk.order(in_account("C", order))), "contract_not_marginable");
}
