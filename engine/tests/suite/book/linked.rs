//! Linked orders: who sees to the link decides what is reserved; every way in which a venue may fill them can be paid for.

use plimsoll_engine::group::{
    Composition, Enforcement, Fact, Fill, LinkRule, NewOrder, OnFill, OrderLeg, OrderLink, OrderTerms,
    Request,
};
use plimsoll_engine::types::{Decimal, Lots};

use super::desk::{Desk, code, day, money, order, reason, text};
use super::takas::{BANK, takas};

const FUTURE: &str = "HCL FUT 202612";
const ONE: LinkRule = LinkRule::OneCancelsOther;
const VENUE: [OnFill; 3] = [OnFill::FirstHit, OnFill::CompleteFill, OnFill::Incremental];

fn linked(order: NewOrder, rule: LinkRule, enforcement: Enforcement) -> NewOrder {
    NewOrder { link: Some(OrderLink { name: code("L"), rule, enforcement }), ..order }
}

/// A trade that fills lots of an order at a price.
fn hit(desk: &mut Desk, trade: &str, id: &str, part: usize, lots: i64, contract: &str, price: Decimal) {
    let fill = desk.fill(trade, lots, contract, price);
    desk.fact(Fact::Fill(Box::new(Fill { order: Some((code(id), part)), ..fill })));
}

fn excess(desk: &Desk) -> String {
    text(desk.standing().with_orders.excess)
}

fn working(desk: &Desk) -> Vec<(String, i64)> {
    desk.group.orders.iter().map(|(id, own)| (id.to_string(), own.open(0))).collect()
}

fn open(own: &[(&str, i64)]) -> Vec<(String, i64)> {
    own.iter().map(|(id, open)| ((*id).to_owned(), *open)).collect()
}

#[test]
fn one_cancels_the_other_and_is_paid_for_after_every_partial_fill() {
    let Some(mut desk) = takas("450") else { return };
    let mark = desk.mark(BANK);
    for id in ["O1", "O2"] {
        let order = desk.limit(id, 5, BANK, mark);
        let outcome = desk.order(linked(order, ONE, Enforcement::VenueAtomic(OnFill::FirstHit)));
        assert_eq!((reason(&outcome), excess(&desk)), ("granted", "0.000000".to_owned()));
    }
    hit(&mut desk, "T1", "O1", 0, 2, BANK, mark);
    assert_eq!((excess(&desk), working(&desk)), ("0.000000".to_owned(), open(&[("O1", 3)])));
    hit(&mut desk, "T2", "O1", 0, 3, BANK, mark);
    assert_eq!((excess(&desk), desk.queue()), ("0.000000".to_owned(), vec![]));
    hit(&mut desk, "T3", "O2", 0, 1, BANK, mark);
    assert_eq!((excess(&desk), desk.queue()), ("-90.000000".to_owned(), vec!["fill_after_close"]));
}

#[test]
fn what_two_orders_of_five_lots_need_depends_on_who_sees_to_the_link() {
    // Lots that are reserved of 5 and 5, after 2 of the first are filled, and after all of it.
    for (enforcement, lots, rest) in [
        (Enforcement::VenueAtomic(OnFill::FirstHit), [5, 5, 5], [("O2", None), ("O2", None)]),
        (Enforcement::VenueAtomic(OnFill::CompleteFill), [9, 9, 5], [("O2", Some(5)), ("O2", None)]),
        (Enforcement::VenueAtomic(OnFill::Incremental), [5, 5, 5], [("O2", Some(3)), ("O2", None)]),
        (Enforcement::Client, [10, 10, 10], [("O2", Some(5)), ("O2", Some(5))]),
    ] {
        let Some(mut desk) = takas("900") else { return };
        let mark = desk.mark(BANK);
        let needed = |desk: &Desk| text(desk.standing().with_orders.requirement);
        let all = |lots: i64| format!("{}.000000", lots * 90);
        for id in ["O1", "O2"] {
            let order = desk.limit(id, 5, BANK, mark);
            desk.order(linked(order, ONE, enforcement));
        }
        assert_eq!(needed(&desk), all(lots[0]), "{enforcement:?}");
        for (place, filled) in [(0, 2), (1, 3)] {
            hit(&mut desk, &format!("T{place}"), "O1", 0, filled, BANK, mark);
            assert_eq!(needed(&desk), all(lots[place + 1]), "{enforcement:?}");
            let (id, left) = rest[place];
            let other = desk.group.orders.get(&code(id)).map(|own| own.open(0));
            assert_eq!((other, desk.queue()), (left, vec![]), "{enforcement:?}");
        }
        let third = desk.limit("O3", 1, BANK, mark);
        assert_eq!(reason(&desk.order(linked(third, ONE, enforcement))), "link_exhausted");
    }
}

#[test]
fn a_used_up_link_takes_no_orders_until_it_is_reset() {
    let three = LinkRule::MostFilled(3);
    for enforcement in VENUE.map(Enforcement::VenueAtomic).into_iter().chain([Enforcement::Client]) {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(FUTURE);
        let reset = |desk: &mut Desk| reason(&desk.request(Request::ResetLink(code("L"))));
        assert_eq!(reset(&mut desk), "unknown_link");
        for id in ["O1", "O2"] {
            let order = desk.limit(id, 3, FUTURE, mark);
            assert_eq!(reason(&desk.order(linked(order, three, enforcement))), "granted");
        }
        assert_eq!(reset(&mut desk), "link_in_use");
        hit(&mut desk, "T1", "O1", 0, 3, FUTURE, mark);
        let large = desk.limit("O3", 1_000, FUTURE, mark);
        let large = linked(large, three, enforcement);
        assert_eq!(reason(&desk.order(large.clone())), "link_exhausted", "{enforcement:?}");
        if enforcement == Enforcement::Client {
            // The other still works, and is reserved, until its end is confirmed.
            assert_eq!((working(&desk), reset(&mut desk)), (open(&[("O2", 3)]), "link_in_use"));
            hit(&mut desk, "T2", "O2", 0, 1, FUTURE, mark);
            assert_eq!(desk.queue(), ["beyond_link"]);
            desk.fact(Fact::Cancelled(code("O2")));
        }
        assert_eq!((working(&desk), reset(&mut desk)), (vec![], "granted"), "{enforcement:?}");
        // It begins anew: a thousand lots are three at most, where the venue sees to that.
        let expected = if enforcement == Enforcement::Client { "insufficient_margin" } else { "granted" };
        assert_eq!(reason(&desk.order(large)), expected, "{enforcement:?}");
        assert!(!desk.standing().with_orders.is_deficit());
    }
}

#[test]
fn what_has_filled_of_a_link_outlives_its_orders() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    let (three, enforcement) = (LinkRule::MostFilled(3), Enforcement::VenueAtomic(OnFill::CompleteFill));
    let order = desk.limit("O1", 5, FUTURE, mark);
    desk.order(linked(order, three, enforcement));
    hit(&mut desk, "T1", "O1", 0, 2, FUTURE, mark);
    desk.fact(Fact::Cancelled(code("O1")));
    let order = desk.limit("O2", 5, FUTURE, mark);
    let outcome = desk.order(linked(order, three, enforcement));
    let of_three = text(outcome.checked.unwrap().after.requirement);
    let mut other = Desk::sample("1000000");
    other.trade("T1", 3, FUTURE, mark);
    assert_eq!(of_three, text(other.standing().initial.requirement));
    // More than is left of the most is told, and the order closes.
    hit(&mut desk, "T2", "O2", 0, 2, FUTURE, mark);
    assert_eq!((desk.queue(), working(&desk)), (vec!["beyond_link"], vec![]));
    // A link that nothing has filled of is forgotten with its orders.
    let order = NewOrder { id: code("O3"), ..desk.limit("O3", 5, FUTURE, mark) };
    let link = OrderLink { name: code("M"), rule: three, enforcement };
    desk.order(NewOrder { link: Some(link), ..order });
    desk.fact(Fact::Cancelled(code("O3")));
    assert_eq!(reason(&desk.request(Request::ResetLink(code("M")))), "unknown_link");
}

#[test]
fn a_cancelled_trade_stays_in_the_count_until_the_link_is_reset() {
    for (rule, left) in [(ONE, 0), (LinkRule::MostFilled(3), 1)] {
        for enforcement in VENUE.map(Enforcement::VenueAtomic).into_iter().chain([Enforcement::Client]) {
            let mut desk = Desk::sample("1000000");
            let mark = desk.mark(FUTURE);
            let order = desk.limit("O1", 2, FUTURE, mark);
            desk.order(linked(order, rule, enforcement));
            hit(&mut desk, "T1", "O1", 0, 2, FUTURE, mark);
            let before = desk.group.links[&code("L")].clone();
            desk.fact(Fact::Bust(code("T1"), day(18)));
            assert!(text(desk.standing().initial.requirement) == "0.000000" && desk.queue().is_empty());
            assert_eq!(desk.group.links[&code("L")], before, "{rule:?} {enforcement:?}");
            let second = desk.limit("O2", 2, FUTURE, mark);
            let second = linked(second, rule, enforcement);
            if left == 0 {
                assert_eq!(reason(&desk.order(second.clone())), "link_exhausted");
            } else {
                // What is beyond the count is told, although nothing is held.
                assert_eq!(reason(&desk.order(second.clone())), "granted");
                hit(&mut desk, "T2", "O2", 0, 2, FUTURE, mark);
                assert_eq!(desk.queue(), ["beyond_link"], "{enforcement:?}");
            }
            assert_eq!(reason(&desk.request(Request::ResetLink(code("L")))), "granted");
            assert_eq!(reason(&desk.order(NewOrder { id: code("O3"), ..second })), "granted");
        }
    }
}

#[test]
fn the_orders_of_a_link_are_alike() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    let first = Enforcement::VenueAtomic(OnFill::FirstHit);
    let order = desk.limit("O1", 3, FUTURE, mark);
    desk.order(linked(order, ONE, first));
    for (rule, enforcement) in [
        (LinkRule::MostFilled(3), first),
        (ONE, Enforcement::VenueAtomic(OnFill::Incremental)),
        (ONE, Enforcement::Client),
    ] {
        let order = desk.limit("O2", 1, FUTURE, mark);
        assert_eq!(reason(&desk.order(linked(order, rule, enforcement))), "link_unlike");
    }
}

/// An order of two contracts whose legs fill by themselves.
fn legged(desk: &mut Desk, id: &str, names: [&str; 2], units: i64) -> NewOrder {
    let legs = names.map(|name| OrderLeg {
        contract: desk.contract(name),
        lots: Lots::new(1).unwrap(),
        price: Some(desk.mark(name)),
    });
    let order = order(id, legs.to_vec(), units);
    NewOrder { terms: OrderTerms { composition: Composition::Legged, ..order.terms }, ..order }
}

#[test]
fn a_link_binds_orders_and_not_the_legs_of_one() {
    // Eleven lots of two legs against one order of eight.
    let Some(mut desk) = takas("989.99") else { return };
    let mark = desk.mark(BANK);
    let mut both = legged(&mut desk, "O1", [BANK, BANK], 1);
    both.terms.legs[0].lots = Lots::new(5).unwrap();
    both.terms.legs[1].lots = Lots::new(6).unwrap();
    let single = desk.limit("O2", 8, BANK, mark);
    let first = Enforcement::VenueAtomic(OnFill::FirstHit);
    assert_eq!(reason(&desk.order(linked(single, ONE, first))), "granted");
    let both = linked(both, ONE, first);
    assert_eq!(reason(&desk.order(both.clone())), "insufficient_margin");
    desk.fact(Fact::Deposit(code("D1"), code("TRY"), money("0.01")));
    assert_eq!((reason(&desk.order(both)), excess(&desk)), ("granted", "0.000000".to_owned()));
    // One leg fills: the other order is closed, the other leg works on.
    for (trade, part, lots, working) in [("T1", 1, 6, vec!["O1"]), ("T2", 0, 5, vec![])] {
        let fill = Fill { units: 1, order: Some((code("O1"), part)), ..desk.fill(trade, lots, BANK, mark) };
        desk.fact(Fact::Fill(Box::new(fill)));
        let orders: Vec<String> = desk.group.orders.keys().map(ToString::to_string).collect();
        assert_eq!(
            (excess(&desk), orders, desk.queue()),
            ("0.000000".to_owned(), working.into_iter().map(str::to_owned).collect(), vec![])
        );
    }
}

#[test]
fn the_venues_list_does_not_bring_an_order_into_a_used_up_link() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    let (rule, enforcement) = (LinkRule::MostFilled(3), Enforcement::VenueAtomic(OnFill::CompleteFill));
    let order = desk.limit("O1", 3, FUTURE, mark);
    desk.order(linked(order, rule, enforcement));
    hit(&mut desk, "T1", "O1", 0, 3, FUTURE, mark);
    let before = money(&text(desk.standing().with_orders.requirement));
    let order = desk.limit("O2", 3, FUTURE, mark);
    desk.fact(Fact::WorkingOrders(vec![(linked(order, rule, enforcement), vec![3])]));
    // Three are held and three more are reserved.
    let doubled = text(before.plus(before).unwrap());
    assert_eq!((desk.queue(), text(desk.standing().with_orders.requirement)), (vec!["unreserved"], doubled));
}
