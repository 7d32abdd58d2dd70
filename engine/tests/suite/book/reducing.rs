//! Reduce-only orders: reserved in full, or up to the position where the venue sees to that.

use plimsoll_engine::group::{Enforcement, Fact, Fill, LinkRule, NewOrder, OnFill, OrderLink, OrderTerms};

use super::desk::{Desk, code, reason, text};

const FUTURE: &str = "HCL FUT 202612";

/// Who sees to it that an order reduces only.
#[derive(Clone, Copy, Eq, PartialEq)]
enum By {
    Client,
    Venue,
}

fn reduce(desk: &mut Desk, id: &str, lots: i64, by: By) -> NewOrder {
    let mark = desk.mark(FUTURE);
    let order = desk.limit(id, lots, FUTURE, mark);
    let terms = OrderTerms { reduce_only: true, reduced_by_venue: by == By::Venue, ..order.terms.clone() };
    NewOrder { terms, ..order }
}

fn hit(desk: &mut Desk, trade: &str, id: &str, lots: i64) {
    let mark = desk.mark(FUTURE);
    let fill = desk.fill(trade, lots, FUTURE, mark);
    desk.fact(Fact::Fill(Box::new(Fill { order: Some((code(id), 0)), ..fill })));
}

fn working(desk: &Desk) -> Vec<(String, i64)> {
    desk.group.orders.iter().map(|(id, own)| (id.to_string(), own.open(0))).collect()
}

fn open(own: &[(&str, i64)]) -> Vec<(String, i64)> {
    own.iter().map(|(id, open)| ((*id).to_owned(), *open)).collect()
}

/// What a position requires.
fn required(lots: i64) -> String {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", lots, FUTURE, mark);
    text(desk.standing().initial.requirement)
}

#[test]
fn reduce_only_orders_reduce() {
    for by in [By::Client, By::Venue] {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(FUTURE);
        let early = reduce(&mut desk, "O1", -1, by);
        assert_eq!(reason(&desk.order(early)), "not_reducing");
        desk.trade("T1", 2, FUTURE, mark);
        for (id, lots, expected) in [
            ("O2", -3, "not_reducing"),
            ("O3", 1, "not_reducing"),
            ("O4", -2, "granted"),
            ("O5", -2, "granted"),
        ] {
            let order = reduce(&mut desk, id, lots, by);
            assert_eq!(reason(&desk.order(order)), expected, "{lots}");
        }
    }
}

#[test]
fn two_orders_of_the_whole_position_are_reserved_by_who_sees_to_them() {
    // Of ten lots twenty may be sold; where the venue sees to it ten.
    for (by, worst) in [(By::Client, 12), (By::Venue, 10)] {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(FUTURE);
        desk.trade("T1", 10, FUTURE, mark);
        for id in ["O1", "O2", "O3"] {
            let lots = if id == "O3" { -2 } else { -10 };
            let order = reduce(&mut desk, id, lots, by);
            assert_eq!(reason(&desk.order(order)), "granted");
        }
        assert_eq!(text(desk.standing().with_orders.requirement), required(worst), "{worst}");
    }
}

#[test]
fn what_other_orders_may_add_to_the_position_may_be_reduced_too() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 10, FUTURE, mark);
    for id in ["O1", "O2"] {
        let order = reduce(&mut desk, id, -10, By::Venue);
        desk.order(order);
    }
    let buy = desk.limit("O3", 4, FUTURE, mark);
    desk.order(buy);
    // Fourteen are held at most; and four fill at the mark before fourteen are sold.
    assert_eq!(text(desk.standing().with_orders.requirement), required(14));
    hit(&mut desk, "T2", "O3", 4);
    hit(&mut desk, "T3", "O1", -10);
    assert_eq!((desk.queue(), working(&desk)), (vec![], open(&[("O2", 4)])));
    hit(&mut desk, "T4", "O2", -4);
    assert_eq!((desk.queue(), working(&desk)), (vec![], vec![]));
}

#[test]
fn after_a_fill_the_venue_cuts_the_newest_first() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 10, FUTURE, mark);
    // The names tell nothing of the age.
    for (id, lots) in [("O9", -6), ("O5", -6), ("O1", -3)] {
        let order = reduce(&mut desk, id, lots, By::Venue);
        assert_eq!(reason(&desk.order(order)), "granted");
    }
    hit(&mut desk, "T2", "O9", -2);
    assert_eq!(working(&desk), open(&[("O5", 4), ("O9", 4)]));
    // Any trade that makes the position smaller does.
    desk.trade("T3", -3, FUTURE, mark);
    assert_eq!(working(&desk), open(&[("O5", 1), ("O9", 4)]));
    hit(&mut desk, "T4", "O5", -2);
    assert_eq!((desk.queue(), working(&desk)), (vec!["overfill"], open(&[("O9", 3)])));
    // More fills than there is: what opens is told.
    hit(&mut desk, "T5", "O9", -4);
    assert_eq!(desk.queue(), ["overfill", "overfill", "fill_increases"]);
    assert_eq!(working(&desk), vec![]);
}

#[test]
fn where_nobody_sees_to_it_a_fill_that_increases_is_told() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 3, FUTURE, mark);
    for id in ["O1", "O2"] {
        let order = reduce(&mut desk, id, -3, By::Client);
        desk.order(order);
    }
    hit(&mut desk, "T2", "O1", -3);
    assert_eq!((desk.queue(), working(&desk)), (vec![], open(&[("O2", 3)])));
    hit(&mut desk, "T3", "O2", -1);
    assert_eq!((desk.queue(), working(&desk)), (vec!["fill_increases"], open(&[("O2", 2)])));
}

#[test]
fn a_bracket_of_which_one_fills_is_cut_to_the_position_each() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 5, FUTURE, mark);
    for id in ["O1", "O2"] {
        let enforcement = Enforcement::VenueAtomic(OnFill::CompleteFill);
        let link = OrderLink { name: code("L"), rule: LinkRule::OneCancelsOther, enforcement };
        let order = reduce(&mut desk, id, -5, By::Venue);
        assert_eq!(reason(&desk.order(NewOrder { link: Some(link), ..order })), "granted");
    }
    hit(&mut desk, "T2", "O1", -2);
    assert_eq!(working(&desk), open(&[("O1", 3), ("O2", 3)]));
    hit(&mut desk, "T3", "O2", -3);
    assert_eq!((working(&desk), desk.queue()), (vec![], vec![]));
}

/// A run changes what a position is worth, and cuts nothing: two orders of the whole position may both fill once there is more to reduce.
#[test]
fn a_settlement_run_cuts_nothing() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 2, FUTURE, mark);
    for id in ["O1", "O2"] {
        let order = reduce(&mut desk, id, -2, By::Venue);
        assert_eq!(reason(&desk.order(order)), "granted");
    }
    let run = desk.run("R1", 18, &[(FUTURE, mark)]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    assert_eq!(working(&desk), open(&[("O1", 2), ("O2", 2)]));
    desk.trade("T2", 2, FUTURE, mark);
    hit(&mut desk, "T3", "O1", -2);
    hit(&mut desk, "T4", "O2", -2);
    assert_eq!((desk.queue(), working(&desk)), (vec![], vec![]));
}
