//! Fills against what their orders say: price, fee, date, and the side that they close.

use plimsoll_engine::group::{
    Clearing, CollateralSchedule, Composition, Fact, Fill, HouseSnapshot, NewOrder, OrderKind, OrderLeg,
    OrderTerms, Request, TimeInForce, TradeLeg,
};
use plimsoll_engine::types::{Currency, Decimal, Lots, Money, Ratio};

use super::desk::{Desk, code, day, money, order, reason, sample_set, text};
use super::takas::{BANK, takas};

const FUTURE: &str = "HCL FUT 202612";
const LATER: &str = "HCL FUT 202703";

fn fee(currency: &str, amount: &str) -> Option<(Currency, Money)> {
    Some((code(currency), money(amount)))
}

fn shifted(price: Decimal, points: &str) -> Decimal {
    price.plus(points.parse().unwrap()).unwrap()
}

#[test]
fn a_trade_at_a_hundred_times_the_mark_is_an_item_and_booked() {
    // What the house states, the trade's price in marks, and whether it is an item.
    for (stated, percent, is_named) in [
        (None, 10_000, true),
        (None, 1_001, true),
        (None, 1_000, false),
        (None, 100, false),
        (None, 10, false),
        (None, 9, true),
        (Some("200"), 10_000, false),
        (Some("2"), 201, true),
        (Some("2"), 199, false),
    ] {
        let mut desk = Desk::sample("1000000");
        let ratio = stated.map(|text: &str| Ratio::from_decimal(text.parse().unwrap()).unwrap());
        let schedule = CollateralSchedule { most_price_ratio: ratio, ..CollateralSchedule::default() };
        let set = std::sync::Arc::new(sample_set());
        desk.house = HouseSnapshot::new(2, set, &desk.registry, Default::default(), schedule);
        let mark = desk.mark(FUTURE);
        let price = Decimal::new(mark.mantissa() * percent, mark.places() + 2).unwrap();
        desk.trade("T1", 2, FUTURE, price);
        let expected = if is_named { vec!["implausible_price"] } else { Vec::new() };
        assert_eq!(desk.queue(), expected, "{stated:?} {percent}");
        let contract = desk.contract(FUTURE);
        assert_eq!(desk.group.holding(&code("A"), contract).net(), 2, "{stated:?} {percent}");
    }
}

#[test]
fn a_rebate_pays_for_no_order() {
    let mut desk = Desk::sample("1");
    let mark = desk.mark(FUTURE);
    let mut order = desk.limit("O1", 1_000, FUTURE, mark);
    order.terms.fee = fee("USD", "-1000000");
    assert_eq!(reason(&desk.order(order.clone())), "insufficient_margin");
    desk.fact(Fact::Deposit(code("D1"), code("USD"), money("100000000")));
    let with_rebate = desk.order(order.clone()).checked.unwrap();
    desk.fact(Fact::Cancelled(code("O1")));
    let plain = NewOrder { id: code("O2"), terms: OrderTerms { fee: None, ..order.terms }, ..order };
    assert_eq!(desk.order(plain).checked.unwrap().after, with_rebate.after);
    let Some(mut desk) = takas("1") else { return };
    let mark = desk.mark(BANK);
    let mut order = desk.limit("O1", 1_000, BANK, mark);
    order.terms.fee = fee("TRY", "-90");
    assert_eq!(reason(&desk.order(order)), "insufficient_margin");
}

/// A trade that fills an order of two lots at the mark or near it.
struct Case {
    what: &'static str,
    lots: i64,
    kind: OrderKind,
    limit: Option<&'static str>,
    stated: Option<&'static str>,
    price: &'static str,
    fee: Option<(&'static str, &'static str)>,
    date: u8,
    queue: Vec<&'static str>,
}

const fn plain(what: &'static str, queue: Vec<&'static str>) -> Case {
    Case {
        what,
        lots: 2,
        kind: OrderKind::Limit,
        limit: Some("0"),
        stated: None,
        price: "0",
        fee: None,
        date: 18,
        queue,
    }
}

fn cases() -> Vec<Case> {
    let through = || vec!["through_limit"];
    let unlike = || vec!["fee_unlike_order"];
    vec![
        plain("at its limit", vec![]),
        Case { price: "-0.5", ..plain("bought for less", vec![]) },
        Case { price: "0.01", ..plain("bought for more", through()) },
        Case { price: "0.01", lots: -2, ..plain("sold for more", vec![]) },
        Case { price: "-0.01", lots: -2, ..plain("sold for less", through()) },
        Case { price: "3", kind: OrderKind::Market, limit: None, ..plain("a market order", vec![]) },
        Case { price: "3", kind: OrderKind::Stop, limit: None, ..plain("a stop", vec![]) },
        Case { price: "3", kind: OrderKind::Stop, ..plain("a stop with a limit", through()) },
        Case { fee: Some(("USD", "7")), ..plain("no fee was stated", vec![]) },
        Case { stated: Some("1.5"), fee: Some(("USD", "3")), ..plain("the stated fee", vec![]) },
        Case { stated: Some("1.5"), fee: Some(("USD", "3.01")), ..plain("a higher fee", unlike()) },
        Case { stated: Some("1.5"), fee: Some(("USD", "1.5")), ..plain("a lower fee", unlike()) },
        Case { stated: Some("1.5"), fee: Some(("EUR", "3")), ..plain("in another currency", unlike()) },
        Case { stated: Some("1.5"), ..plain("without the fee", unlike()) },
        Case { stated: Some("-1.5"), fee: Some(("USD", "-3")), ..plain("the stated rebate", vec![]) },
        Case { date: 19, ..plain("on its last date", vec![]) },
        Case { date: 20, ..plain("after its last date", vec!["after_last_date"]) },
        Case {
            price: "1",
            stated: Some("1"),
            fee: Some(("USD", "9")),
            date: 21,
            ..plain("everything", vec!["through_limit", "fee_unlike_order", "after_last_date"])
        },
    ]
}

#[test]
fn a_fill_is_judged_by_its_orders_terms_and_booked() {
    for case in cases() {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(FUTURE);
        desk.with(&[(FUTURE, "1", "200")], &[], &[]);
        let mut order = desk.limit("O1", case.lots, FUTURE, mark);
        order.terms.kind = case.kind;
        order.terms.time_in_force = TimeInForce::GoodTillDate(day(19));
        order.terms.legs[0].price = case.limit.map(|points| shifted(mark, points));
        order.terms.fee = case.stated.and_then(|amount| fee("USD", amount));
        assert_eq!(reason(&desk.order(order)), "granted", "{}", case.what);
        let trade = desk.fill("T1", case.lots, FUTURE, shifted(mark, case.price));
        let paid = case.fee.and_then(|(currency, amount)| fee(currency, amount));
        let trade = Fill {
            order: Some((code("O1"), 0)),
            fee: paid,
            clearing: Clearing { date: day(case.date), cycle: 0 },
            ..trade
        };
        desk.fact(Fact::Fill(Box::new(trade)));
        assert_eq!(desk.queue(), case.queue, "{}", case.what);
        let contract = desk.contract(FUTURE);
        assert_eq!(desk.group.holding(&code("A"), contract).net(), case.lots, "{}", case.what);
        assert!(desk.group.orders.is_empty(), "{}: the order is filled", case.what);
    }
}

#[test]
fn a_combination_is_judged_by_its_net_price() {
    // The later month is sold: the spread costs the difference of the two.
    for (net, of_later, queue) in [
        ("0.54", "0", vec![]),
        ("0.54", "0.5", vec![]),
        ("0.54", "-0.01", vec!["through_limit"]),
        ("0.55", "-0.01", vec![]),
        ("-1", "0", vec!["through_limit"]),
    ] {
        let mut desk = Desk::sample("1000000");
        let marks = [FUTURE, LATER].map(|contract| desk.mark(contract));
        let legs = [(FUTURE, 1), (LATER, -1)].map(|(contract, lots)| OrderLeg {
            contract: desk.contract(contract),
            lots: Lots::new(lots).unwrap(),
            price: None,
        });
        let mut spread = order("O1", legs.to_vec(), 3);
        spread.terms.net_price = Some(net.parse().unwrap());
        assert_eq!(spread.terms.composition, Composition::Together);
        assert_eq!(reason(&desk.order(spread)), "granted");
        let mut trade = desk.fill("T1", 3, FUTURE, marks[0]);
        let later = desk.contract(LATER);
        trade.legs.push(TradeLeg { contract: later, lots: -3, price: shifted(marks[1], of_later) });
        trade.order = Some((code("O1"), 0));
        desk.fact(Fact::Fill(Box::new(trade)));
        assert_eq!(desk.queue(), queue, "{net} {of_later}");
    }
}

#[test]
fn while_a_replacement_waits_either_limit_is_allowed() {
    for (points, queue) in [("0.2", vec![]), ("0.21", vec!["through_limit"])] {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(FUTURE);
        let order = desk.limit("O1", 2, FUTURE, mark);
        let mut terms = order.terms.clone();
        desk.order(order);
        terms.legs[0].price = Some(shifted(mark, "0.2"));
        assert_eq!(reason(&desk.request(Request::Replace(code("O1"), Box::new(terms)))), "granted");
        let trade = desk.fill("T1", 1, FUTURE, shifted(mark, points));
        desk.fact(Fact::Fill(Box::new(Fill { order: Some((code("O1"), 0)), ..trade })));
        assert_eq!(desk.queue(), queue, "{points}");
    }
}

#[test]
fn an_order_good_till_a_date_in_the_past_is_refused() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    let mut sent = 0;
    let mut till = |desk: &mut Desk, date: u8| {
        sent += 1;
        let mut order = desk.limit(&format!("O{sent}"), 1, FUTURE, mark);
        order.terms.time_in_force = TimeInForce::GoodTillDate(day(date));
        reason(&desk.order(order))
    };
    // The parameter set is of the 18th.
    assert_eq!((till(&mut desk, 17), till(&mut desk, 18)), ("date_passed", "granted"));
    let run = desk.run("R1", 20, &[(FUTURE, mark)]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    assert_eq!((till(&mut desk, 19), till(&mut desk, 20)), ("date_passed", "granted"));
    desk.fact(Fact::DayEnded(day(20)));
    assert_eq!((till(&mut desk, 20), till(&mut desk, 21)), ("date_passed", "granted"));
    let mut terms = desk.limit("O9", 1, FUTURE, mark).terms;
    terms.time_in_force = TimeInForce::GoodTillDate(day(20));
    assert_eq!(reason(&desk.request(Request::Replace(code("O6"), Box::new(terms)))), "date_passed");
}

#[test]
fn closing_more_than_the_other_side_has_opens_the_rest() {
    for (account, trade, sides, queue) in [
        ("B", -2, (1, 0), vec![]),
        ("B", -5, (0, 2), vec!["closes_beyond"]),
        ("A", -5, (0, 2), vec!["closes_beyond"]),
        ("B", 1, (4, 0), vec!["closes_beyond"]),
    ] {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(FUTURE);
        let first = Fill { account: code(account), ..desk.fill("T1", 3, FUTURE, mark) };
        desk.fact(Fact::Fill(Box::new(first)));
        let second = Fill { account: code(account), closes: true, ..desk.fill("T2", trade, FUTURE, mark) };
        desk.fact(Fact::Fill(Box::new(second)));
        let contract = desk.contract(FUTURE);
        let held = desk.group.holding(&code(account), contract);
        assert_eq!((desk.queue(), (held.long, held.short)), (queue, sides), "{account} {trade}");
        // What was booked is taken back whole.
        desk.fact(Fact::Bust(code("T2"), day(18)));
        let held = desk.group.holding(&code(account), contract);
        assert_eq!((held.long, held.short, text(held.basis)), (3, 0, text(desk.worth(FUTURE, 3))), "{trade}");
    }
}
