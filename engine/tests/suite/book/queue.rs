//! Facts that do not fit, repeated commands, the venue's list of working orders, and transfers between groups.

use plimsoll_engine::account::Netting;
use plimsoll_engine::group::{
    Body, Fact, Fill, Group, GroupKey, Keeping, MarginTerms, NewOrder, Origin, Request, Transfer,
    TransferBody, Transferred, decide_transfer,
};
use plimsoll_engine::span::Margining;

use super::desk::{Desk, code, day, money, reason, text};

const FUTURE: &str = "HCL FUT 202612";

/// A desk with an order `O1` to buy three lots.
fn desk() -> Desk {
    let mut desk = Desk::sample("100000");
    let mark = desk.mark(FUTURE);
    let order = desk.limit("O1", 3, FUTURE, mark);
    assert_eq!(reason(&desk.order(order)), "granted");
    desk
}

fn fill(desk: &mut Desk, trade: &str, lots: i64, order: Option<&str>) -> Fill {
    let mark = desk.mark(FUTURE);
    let fill = desk.fill(trade, lots, FUTURE, mark);
    Fill { order: order.map(|id| (code(id), 0)), ..fill }
}

fn net(desk: &mut Desk) -> i64 {
    let contract = desk.contract(FUTURE);
    desk.group.holding(&code("A"), contract).net()
}

#[test]
fn trades_are_booked_whatever_their_order_says() {
    for (what, steps, queue, lots) in [
        ("in parts", vec![("T1", 1, Some("O1")), ("T2", 2, Some("O1"))], vec![], 3),
        ("too much", vec![("T1", 2, Some("O1")), ("T2", 2, Some("O1"))], vec!["overfill"], 4),
        ("after the end", vec![("T1", 3, Some("O1")), ("T2", 1, Some("O1"))], vec!["fill_after_close"], 4),
        ("without an order", vec![("T1", 1, Some("O7"))], vec!["fill_without_order"], 1),
        ("of no order", vec![("T1", 1, None)], vec![], 1),
        ("the other side", vec![("T1", -1, Some("O1"))], vec!["fill_unlike_order"], -1),
        ("told twice", vec![("T1", 1, Some("O1")), ("T1", 1, Some("O1"))], vec![], 1),
        ("told otherwise", vec![("T1", 1, Some("O1")), ("T1", 2, Some("O1"))], vec!["trade_id_reused"], 1),
    ] {
        let mut desk = desk();
        for (trade, lots, order) in steps {
            let fill = fill(&mut desk, trade, lots, order);
            desk.fact(Fact::Fill(Box::new(fill)));
        }
        assert_eq!((desk.queue(), net(&mut desk)), (queue, lots), "{what}");
    }
}

#[test]
fn what_is_not_known_is_raised() {
    let mut desk = desk();
    let unknown = Fill { account: code("Z"), ..fill(&mut desk, "T1", 1, None) };
    for (fact, kind) in [
        (Fact::Fill(Box::new(unknown)), "unknown_account"),
        (Fact::Cancelled(code("O9")), "unknown_order"),
        (Fact::Replaced(code("O1")), "unknown_order"),
        (Fact::NotReplaced(code("O1")), "unknown_order"),
    ] {
        desk.fact(fact);
        assert_eq!(desk.queue().last(), Some(&kind));
    }
    // A confirmation that comes late says nothing new.
    desk.fact(Fact::Cancelled(code("O1")));
    desk.fact(Fact::Cancelled(code("O1")));
    assert_eq!(desk.queue().len(), 4);
    let about = &desk.group.exceptions[&2];
    assert_eq!(about.about.order.as_ref().unwrap().as_str(), "O9");
    assert!(about.kind.explanation().contains("no such working order"));
}

#[test]
fn the_same_command_gets_the_same_answer() {
    let mut desk = desk();
    let mark = desk.mark(FUTURE);
    let order = desk.limit("O2", 1, FUTURE, mark);
    let command = desk.command(Body::Request(Request::Order(Box::new(order))));
    let (first, events) = desk.give(&command);
    assert!(!events.is_empty());
    let before = desk.group.clone();
    let (second, events) = desk.give(&command);
    assert_eq!((&second, events.len()), (&first, 0));
    assert_eq!(desk.group, before);
    let two = Body::Request(Request::Order(Box::new(desk.limit("O2", 2, FUTURE, mark))));
    let other = plimsoll_engine::group::Command { body: two, ..command };
    assert_eq!(reason(&desk.give(&other).0), "command_id_reused");
    // A refusal is decided anew: the money has come since.
    let large = desk.limit("O3", 100, FUTURE, mark);
    let command = desk.command(Body::Request(Request::Order(Box::new(large))));
    assert_eq!(reason(&desk.give(&command).0), "insufficient_margin");
    desk.fact(Fact::Deposit(code("D1"), code("USD"), money("1000000")));
    assert_eq!(reason(&desk.give(&command).0), "granted");
}

#[test]
fn the_venues_list_of_orders_becomes_the_groups() {
    let mut desk = desk();
    let mark = desk.mark(FUTURE);
    let [one, two, three]: [NewOrder; 3] =
        [("O1", 3), ("O2", 2), ("O3", 4)].map(|(id, lots)| desk.limit(id, lots, FUTURE, mark));
    desk.order(two);
    let outcome = desk.fact(Fact::WorkingOrders(vec![(one.clone(), vec![1]), (three, vec![4])]));
    assert_eq!(outcome.closed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["O2"]);
    assert_eq!(desk.queue(), ["unreserved"]);
    let open = |desk: &Desk| -> Vec<(String, i64)> {
        desk.group.orders.iter().map(|(id, own)| (id.to_string(), own.open(0))).collect()
    };
    assert_eq!(open(&desk), [("O1".to_owned(), 1), ("O3".to_owned(), 4)]);
    desk.fact(Fact::WorkingOrders(vec![(one, vec![3])]));
    assert_eq!((desk.queue().len(), open(&desk)), (2, vec![("O1".to_owned(), 3)]));
}

#[test]
fn the_state_is_a_fold_of_its_events() {
    let mut desk = Desk::sample("0");
    let start = desk.group.clone();
    let mark = desk.mark(FUTURE);
    let mut events = Vec::new();
    let trade = fill(&mut desk, "T1", 2, None);
    let order = desk.limit("O1", 1, FUTURE, mark);
    let run = desk.run("R1", 18, &[(FUTURE, mark)]);
    for body in [
        Body::Fact(Fact::Deposit(code("D1"), code("USD"), money("50000"))),
        Body::Fact(Fact::Fill(Box::new(trade))),
        Body::Request(Request::Order(Box::new(order))),
        Body::Fact(Fact::Settle(std::sync::Arc::new(run))),
        Body::Fact(Fact::Bust(code("T1"), day(18))),
    ] {
        let command = desk.command(body);
        events.extend(desk.give(&command).1);
    }
    let mut again = start;
    again.apply_all(&events).unwrap();
    assert_eq!(again, desk.group);
}

fn other_group(desk: &Desk, member: &str, origin: Origin, cash: &str) -> Group {
    let key = GroupKey { house: desk.group.key.house.clone(), name: code("OTHER") };
    let mut other = Desk::sample(cash).group;
    (other.key, other.member, other.origin) = (key, code(member), origin);
    other
}

/// The groups after a transfer.
fn applied(groups: [&Group; 2], moved: &Transferred) -> [Group; 2] {
    let mut groups = groups.map(Group::clone);
    for (group, events) in groups.iter_mut().zip(&moved.events) {
        group.apply_all(events).unwrap();
    }
    groups
}

#[test]
fn transfers_leave_no_deficit_and_no_money_behind() {
    let mut desk = Desk::sample("100000");
    let mark = desk.mark(FUTURE);
    let below = mark.plus("-1".parse().unwrap()).unwrap();
    desk.trade("T1", 4, FUTURE, below);
    let contract = desk.contract(FUTURE);
    let transfer = |body| Transfer { trade: code("X1"), date: day(18), body };
    let legs = vec![(contract, 3, mark)];
    let positions = transfer(TransferBody::Positions { from: code("A"), to: code("A"), legs });
    let rich = other_group(&desk, "ELSE", Origin::Client, "100000");
    let moved = decide_transfer(&desk.group, &rich, &desk.house, &code("p"), &positions).unwrap();
    let mut groups = applied([&desk.group, &rich], &moved);
    let of = |group: &Group| {
        let own = plimsoll_engine::group::standing(group, &desk.house).unwrap();
        (group.holding(&code("A"), contract).net(), text(own.currencies[&group.currency].variation))
    };
    // The gain of a thousand a lot stays where it arose.
    assert_eq!([of(&groups[0]), of(&groups[1])], [(1, "4000.000000".to_owned()), (3, "0.000000".to_owned())]);
    let checked = moved.checked.clone().unwrap();
    assert!(checked[1].after.excess < checked[1].before.excess);
    // Told again it is answered as it was first, also once the position is gone; with another content it is refused.
    groups[0].cash.insert(code("USD"), money("-1000000"));
    let decide = |groups: &[Group; 2], own: &Transfer| {
        decide_transfer(&groups[0], &groups[1], &desk.house, &code("p"), own).map_err(|own| own.reason.name())
    };
    let again = decide(&groups, &positions).unwrap();
    assert_eq!((again.events, again.checked, again.is_repeated), (Default::default(), moved.checked, true));
    let later = Transfer { date: day(19), ..positions.clone() };
    assert_eq!(decide(&groups, &later).map(|_| ()), Err("trade_exists"));
    let elsewhere = [groups[0].clone(), Group { key: desk.group.key.clone(), ..rich.clone() }];
    assert_eq!(decide(&elsewhere, &positions).map(|_| ()), Err("trade_exists"));
    let give_up = transfer(TransferBody::GiveUp { trade: code("T1"), to: code("A") });
    let given_up = decide_transfer(&desk.group, &rich, &desk.house, &code("p"), &give_up).unwrap();
    let groups = applied([&desk.group, &rich], &given_up);
    assert_eq!([of(&groups[0]), of(&groups[1])], [(0, "0.000000".to_owned()), (4, "4000.000000".to_owned())]);
    // Given up once only, and cancelled where it went.
    let elsewhere = Transfer { trade: code("X2"), ..give_up.clone() };
    let again = decide_transfer(&groups[0], &rich, &desk.house, &code("p"), &elsewhere).map(|_| ());
    assert_eq!(again.unwrap_err().reason.name(), "unknown_trade");
    let before = std::mem::replace(&mut desk.group, groups[0].clone());
    desk.kept = None;
    desk.fact(Fact::Bust(code("T1"), day(18)));
    assert_eq!((desk.queue(), net(&mut desk)), (vec!["given_up"], 0));
    (desk.group, desk.kept) = (before, None);
    let refused = |to: &Group, transfer: &Transfer| {
        decide_transfer(&desk.group, to, &desk.house, &code("p"), transfer)
            .map(|_| ())
            .unwrap_err()
            .reason
            .name()
    };
    let poor = other_group(&desk, "ELSE", Origin::Client, "10");
    assert_eq!(refused(&poor, &positions), "insufficient_margin");
    assert_eq!(refused(&other_group(&desk, "ELSE", Origin::House, "100000"), &positions), "origins_differ");
    let legs = vec![(contract, 5, mark)];
    let too_many = transfer(TransferBody::Positions { from: code("A"), to: code("A"), legs });
    assert_eq!(refused(&rich, &too_many), "insufficient_position");
    let unknown = transfer(TransferBody::GiveUp { trade: code("T9"), to: code("A") });
    assert_eq!(refused(&rich, &unknown), "unknown_trade");
    let account = transfer(TransferBody::Account { account: code("A"), margin_account: code("M") });
    assert_eq!(refused(&rich, &account), "origins_differ");
    assert_eq!(refused(&other_group(&desk, "MEMBER", Origin::Client, "100000"), &account), "account_exists");
}

#[test]
fn accounts_are_opened_moved_and_closed() {
    let mut desk = desk();
    let terms = |account_type: Option<&str>| MarginTerms::Span {
        account_type: account_type.map(str::to_owned),
        margining: Margining::Net,
    };
    let open = |name: &str, own| Request::OpenMarginAccount(code(name), own);
    for (request, expected) in [
        (open("M", terms(None)), "account_exists"),
        (open("N", terms(Some("Q"))), "unknown_account_type"),
        (
            open("N", MarginTerms::Method { method: code("none"), netting: Netting::Net }),
            "unknown_account_type",
        ),
        (open("N", terms(Some("S"))), "granted"),
        (Request::OpenPositionAccount(code("A"), code("N"), Keeping::Net), "account_exists"),
        (Request::OpenPositionAccount(code("C"), code("Q"), Keeping::Net), "unknown_account"),
        (Request::OpenPositionAccount(code("C"), code("N"), Keeping::Net), "granted"),
        (Request::CloseMarginAccount(code("N")), "account_not_empty"),
        (Request::MovePositionAccount(code("C"), code("M")), "granted"),
        (Request::CloseMarginAccount(code("N")), "granted"),
        (Request::ClosePositionAccount(code("A")), "account_not_empty"),
        (Request::ClosePositionAccount(code("C")), "granted"),
        (Request::ClosePositionAccount(code("C")), "unknown_account"),
        (Request::Withdraw(code("USD"), money("100001")), "insufficient_balance"),
        (Request::Withdraw(code("EUR"), money("1")), "insufficient_balance"),
        (Request::Withdraw(code("USD"), money("100000")), "insufficient_margin"),
    ] {
        let what = format!("{request:?}");
        assert_eq!(reason(&desk.request(request)), expected, "{what}");
    }
}
