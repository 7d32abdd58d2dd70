//! The house's schedule of fees: what it reserves for orders that state none, and how their trades are judged by it.

use plimsoll_engine::group::{
    Clearing, Composition, Fact, FeeSchedule, Fill, NewOrder, OrderLeg, Request, TradeLeg,
};
use plimsoll_engine::types::{Currency, Lots, Money};

use super::desk::{Desk, code, day, money, order, reason, text};

const FUTURE: &str = "HCL FUT 202612";
const LATER: &str = "HCL FUT 202703";
const OPTION: &str = "HCLO OOF 202612 C 70.00";

fn schedule(by_product: &[(&str, &str, &str)], by_currency: &[(&str, &str)]) -> FeeSchedule {
    let product =
        |(product, currency, amount): &(&str, &str, &str)| (code(product), (code(currency), money(amount)));
    FeeSchedule {
        by_product: by_product.iter().map(product).collect(),
        by_currency: by_currency.iter().map(|(own, amount)| (code(own), money(amount))).collect(),
    }
}

fn charging(desk: &mut Desk, fees: &FeeSchedule) {
    desk.house = desk.house.clone().with_version(desk.house.version() + 1).with_fees(fees, &desk.registry);
    desk.kept = None;
}

fn paid(currency: &str, amount: &str) -> Option<(Currency, Money)> {
    Some((code(currency), money(amount)))
}

/// What an order leaves less of the excess under a schedule than without one.
fn reserved(fees: &FeeSchedule, order: impl Fn(&mut Desk) -> NewOrder) -> String {
    let after = |fees: Option<&FeeSchedule>| {
        let mut desk = Desk::sample("1000000");
        fees.into_iter().for_each(|fees| charging(&mut desk, fees));
        let order = order(&mut desk);
        desk.order(order).checked.unwrap().after.excess
    };
    text(after(None).minus(after(Some(fees))).unwrap())
}

fn future(desk: &mut Desk, lots: i64) -> NewOrder {
    let mark = desk.mark(FUTURE);
    desk.limit("O1", lots, FUTURE, mark)
}

fn spread(desk: &mut Desk, composition: Composition) -> NewOrder {
    let legs = [(FUTURE, 2), (LATER, -3)].map(|(contract, lots)| OrderLeg {
        contract: desk.contract(contract),
        lots: Lots::new(lots).unwrap(),
        price: Some(desk.mark(contract)),
    });
    let mut spread = order("O1", legs.to_vec(), 4);
    spread.terms.composition = composition;
    spread
}

#[test]
fn an_order_without_a_fee_reserves_the_schedules() {
    let by_product = schedule(&[("HCL", "USD", "2")], &[("USD", "50")]);
    for lots in [7, -7] {
        assert_eq!(reserved(&by_product, |desk| future(desk, lots)), "14.000000");
    }
    assert_eq!(reserved(&schedule(&[], &[("USD", "3")]), |desk| future(desk, 7)), "21.000000");
    assert_eq!(
        reserved(&schedule(&[("HCLO", "USD", "2")], &[("EUR", "3")]), |desk| future(desk, 7)),
        "0.000000"
    );
    // Every leg has its lots' fee: four units of two and three lots.
    assert_eq!(reserved(&by_product, |desk| spread(desk, Composition::Together)), "40.000000");
    // What the order states goes before.
    let stating = |desk: &mut Desk| {
        let mut order = future(desk, 7);
        order.terms.fee = paid("USD", "0");
        order
    };
    assert_eq!(reserved(&by_product, stating), "0.000000");
}

#[test]
fn a_trade_above_the_schedule_is_an_item() {
    let fees = schedule(&[("HCL", "USD", "2")], &[]);
    for (fee, queue) in [
        (None, vec![]),
        (paid("USD", "5.99"), vec![]),
        (paid("USD", "6"), vec![]),
        (paid("USD", "6.01"), vec!["fee_unlike_order"]),
        (paid("EUR", "1"), vec!["fee_unlike_order"]),
        (paid("EUR", "-1"), vec![]),
    ] {
        let mut desk = Desk::sample("1000000");
        charging(&mut desk, &fees);
        let own = future(&mut desk, 3);
        assert_eq!(reason(&desk.order(own)), "granted");
        let mark = desk.mark(FUTURE);
        let trade =
            Fill { fee: fee.clone(), order: Some((code("O1"), 0)), ..desk.fill("T1", 3, FUTURE, mark) };
        desk.fact(Fact::Fill(Box::new(trade)));
        assert_eq!(desk.queue(), queue, "{fee:?}");
    }
    // A leg that fills by itself is judged by its own.
    let mut desk = Desk::sample("1000000");
    charging(&mut desk, &fees);
    let legged = spread(&mut desk, Composition::Legged);
    assert_eq!(reason(&desk.order(legged)), "granted");
    for (part, contract, lots, fee, items) in
        [(0, FUTURE, 2, "4", 0), (1, LATER, -3, "6", 0), (0, FUTURE, 2, "4.01", 1), (1, LATER, -3, "6.01", 2)]
    {
        let mark = desk.mark(contract);
        let own = desk.contract(contract);
        let trade = Fill {
            fee: paid("USD", fee),
            order: Some((code("O1"), part)),
            units: 1,
            legs: vec![TradeLeg { contract: own, lots, price: mark }],
            clearing: Clearing { date: day(18), cycle: 0 },
            ..desk.fill(&format!("T{part}{fee}"), lots, contract, mark)
        };
        desk.fact(Fact::Fill(Box::new(trade)));
        assert_eq!(desk.queue(), vec!["fee_unlike_order"; items], "{part} {fee}");
    }
}

#[test]
fn where_the_schedule_lacks_a_leg_it_judges_nothing_of_the_whole() {
    let mut desk = Desk::sample("1000000");
    charging(&mut desk, &schedule(&[("HCL", "USD", "2")], &[]));
    let legs = [FUTURE, OPTION].map(|contract| OrderLeg {
        contract: desk.contract(contract),
        lots: Lots::new(1).unwrap(),
        price: Some(desk.mark(contract)),
    });
    assert_eq!(reason(&desk.order(order("O1", legs.to_vec(), 1))), "granted");
    let prices = [FUTURE, OPTION].map(|contract| desk.mark(contract));
    let mut trade = desk.fill("T1", 1, FUTURE, prices[0]);
    let option = desk.contract(OPTION);
    trade.legs.push(TradeLeg { contract: option, lots: 1, price: prices[1] });
    desk.fact(Fact::Fill(Box::new(Fill { fee: paid("USD", "9"), order: Some((code("O1"), 0)), ..trade })));
    assert_eq!(desk.queue(), Vec::<&str>::new());
}

#[test]
fn an_order_keeps_the_fees_that_it_was_accepted_with() {
    let mut desk = Desk::sample("1000000");
    charging(&mut desk, &schedule(&[("HCL", "USD", "2")], &[]));
    let own = future(&mut desk, 3);
    let before = desk.order(own.clone()).checked.unwrap().after;
    charging(&mut desk, &schedule(&[("HCL", "USD", "100")], &[]));
    assert_eq!(desk.standing().with_orders.excess, before.excess);
    let mark = desk.mark(FUTURE);
    let fill = |desk: &mut Desk, trade: &str, fee: &str| {
        let plain = desk.fill(trade, 1, FUTURE, mark);
        let trade = Fill { fee: paid("USD", fee), order: Some((code("O1"), 0)), ..plain };
        desk.fact(Fact::Fill(Box::new(trade)));
        desk.queue().len()
    };
    assert_eq!((fill(&mut desk, "T1", "2"), fill(&mut desk, "T2", "2.01")), (0, 1));
    // A replacement has the fees of when it was asked for, and while it waits either may be what fills.
    let asked = desk.request(Request::Replace(code("O1"), Box::new(own.terms)));
    assert_eq!(reason(&asked), "granted");
    assert_eq!(fill(&mut desk, "T3", "100"), 1);
}

#[test]
fn orders_that_only_the_venue_knew_have_the_fees_of_then() {
    let mut desk = Desk::sample("1000000");
    charging(&mut desk, &schedule(&[("HCL", "USD", "2")], &[]));
    let own = future(&mut desk, 3);
    desk.fact(Fact::WorkingOrders(vec![(own, vec![3])]));
    let scheduled = desk.group.orders[&code("O1")].terms.scheduled_fees.clone();
    assert_eq!(scheduled, [paid("USD", "2")]);
}
