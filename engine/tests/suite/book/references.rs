//! What is told once: references by kind, contents that are bodies, and facts whose command id belongs to something else.

use plimsoll_engine::group::{Becomes, Body, Command, Exercise, Fact, Group, Keeping, OrderFilter, Request};
use plimsoll_engine::record::RunKey;
use plimsoll_engine::types::{Decimal, Lots};

use super::desk::{Desk, code, day, money, reason, text};

const FUTURE: &str = "HCL FUT 202612";

fn deposit(reference: &str, amount: &str) -> Fact {
    Fact::Deposit(code(reference), code("USD"), money(amount))
}

fn asset(reference: &str, quantity: &str) -> Fact {
    let quantity =
        plimsoll_engine::types::Quantity::from_decimal_half_away(quantity.parse().unwrap()).unwrap();
    Fact::DepositAsset(code(reference), code("BOND"), quantity)
}

/// A body under an id.
fn under(id: &str, body: Body) -> Command {
    Command { principal: code("local"), id: code(id), body }
}

/// What a fact comes to under an id: known by its own id, and the kinds of its items.
fn told(desk: &mut Desk, id: &str, fact: Fact) -> (bool, Vec<&'static str>) {
    let (outcome, _) = desk.give(&under(id, Body::Fact(fact)));
    assert_eq!(outcome.refused, None, "a fact is never refused");
    let kind = |number: &u64| desk.group.exceptions[number].kind.name();
    (outcome.is_known, outcome.exceptions.iter().map(kind).collect())
}

fn cash(group: &Group) -> String {
    text(group.cash.get(&code("USD")).copied().unwrap_or_default())
}

#[test]
fn a_deposit_told_again_under_another_command_id_is_known() {
    let mut desk = Desk::sample("0");
    assert_eq!(told(&mut desk, "C1", deposit("D1", "1000")), (false, vec![]));
    assert_eq!(told(&mut desk, "C2", deposit("D1", "1000.00")), (true, vec![]));
    assert_eq!(cash(&desk.group), "1000.000000");
    // Of another amount, or of an asset, it is another deposit of the same reference.
    assert_eq!(told(&mut desk, "C3", deposit("D1", "1001")), (false, vec!["reference_reused"]));
    assert_eq!(told(&mut desk, "C4", asset("D1", "1")), (false, vec!["reference_reused"]));
    assert_eq!((cash(&desk.group), desk.group.assets.len()), ("1000.000000".to_owned(), 0));
    assert_eq!(told(&mut desk, "C5", asset("A1", "5")), (false, vec![]));
    assert_eq!(told(&mut desk, "C6", asset("A1", "5.0")), (true, vec![]));
    assert_eq!(desk.group.assets[&code("BOND")].to_string(), "5");
}

#[test]
fn an_exercise_that_could_not_be_booked_is_booked_once_it_can_be() {
    let mut desk = Desk::sample("100000");
    let option = "HCLO OOF 202612 C 70.00";
    let mark = desk.mark(option);
    let mut fill = desk.fill("T", 2, option, mark);
    let exercise = |desk: &mut Desk, id: &str, account: &str| {
        let becomes = Becomes::Cash("3".parse().unwrap());
        let (contract, lots) = (desk.contract(option), Lots::new(1).unwrap());
        let own = Exercise { id: code("X"), date: day(18), account: code(account), contract, lots, becomes };
        told(desk, id, Fact::Exercise(Box::new(own)))
    };
    assert_eq!(exercise(&mut desk, "C1", "LATE"), (false, vec!["unknown_account"]));
    let opening = Request::OpenPositionAccount(code("LATE"), code("M"), Keeping::Net);
    assert_eq!(reason(&desk.request(opening)), "granted");
    fill.account = code("LATE");
    desk.fact(Fact::Fill(Box::new(fill)));
    // Its id is nobody's as long as nothing of it is booked.
    let before = cash(&desk.group);
    assert_eq!(exercise(&mut desk, "C2", "LATE"), (false, vec![]));
    assert_eq!((before.as_str(), cash(&desk.group).as_str()), ("100000.000000", "103000.000000"));
    assert_eq!(exercise(&mut desk, "C3", "LATE"), (true, vec![]));
}

#[test]
fn deposits_exercises_and_runs_have_references_of_their_own() {
    let mut desk = Desk::sample("100000");
    let mark = desk.mark(FUTURE);
    desk.trade("X", 2, FUTURE, mark.plus("-1".parse().unwrap()).unwrap());
    let before = desk.group.cash[&code("USD")];
    assert_eq!(told(&mut desk, "C1", deposit("X", "5")), (false, vec![]));
    // A run that is named like a deposit settles all the same.
    let run = std::sync::Arc::new(desk.run("X", 18, &[(FUTURE, mark)]));
    assert_eq!(told(&mut desk, "C2", Fact::Settle(run.clone())), (false, vec![]));
    let gained = desk.group.cash[&code("USD")].minus(before).unwrap();
    assert_eq!(text(gained), "2005.000000");
    let (account, contract) = (code("A"), desk.contract(FUTURE));
    let (lots, becomes) = (Lots::new(1).unwrap(), Becomes::Cash(Decimal::ONE));
    let exercise = Exercise { id: code("X"), date: day(18), account, contract, lots, becomes };
    assert_eq!(told(&mut desk, "C3", Fact::Exercise(Box::new(exercise.clone()))), (false, vec![]));
    assert_eq!(told(&mut desk, "C4", Fact::Exercise(Box::new(exercise))), (true, vec![]));
    assert_eq!(told(&mut desk, "C5", Fact::Settle(run)), (true, vec![]));
    assert_eq!(told(&mut desk, "C6", deposit("X", "5")), (true, vec![]));
    assert_eq!(desk.group.holding(&code("A"), contract).long, 1);
}

/// An order that works, then what is not an order under its command id, or under one that has expired.
fn with_order(is_expired: bool) -> (Desk, Command) {
    let mut desk = Desk::sample("100000");
    let mark = desk.mark(FUTURE);
    let order = Body::Request(Request::Order(Box::new(desk.limit("O1", 1, FUTURE, mark))));
    let command = under("USED", order);
    assert_eq!(reason(&desk.give(&command).0), "granted");
    for number in 0..if is_expired { Group::WINDOW } else { 0 } {
        let nothing = Fact::MassCancelled(OrderFilter::Session(code("none")));
        desk.give(&under(&format!("N{number}"), Body::Fact(nothing)));
    }
    let is_gone = !desk.group.answered.contains_key(&(code("local"), code("USED")));
    assert_eq!(is_gone, is_expired);
    (desk, command)
}

#[test]
fn facts_under_a_used_or_expired_command_id_are_booked_by_their_own() {
    for is_expired in [false, true] {
        let (mut desk, order) = with_order(is_expired);
        let mark = desk.mark(FUTURE);
        let fill = Fact::Fill(Box::new(desk.fill("T1", 2, FUTURE, mark)));
        let contract = desk.contract(FUTURE);
        let held = |desk: &Desk| desk.group.holding(&code("A"), contract).net();
        assert_eq!(told(&mut desk, "USED", fill.clone()), (false, vec![]));
        assert_eq!((held(&desk), desk.group.orders.len()), (2, 1));
        let refused = reason(&desk.give(&order).0);
        assert_eq!(refused, if is_expired { "command_id_reused" } else { "granted" });
        assert_eq!(told(&mut desk, "C1", fill), (true, vec![]));
        assert_eq!(told(&mut desk, "USED", deposit("D1", "7")), (false, vec![]));
        assert_eq!(told(&mut desk, "USED", deposit("D1", "7")), (true, vec![]));
        assert_eq!(told(&mut desk, "USED", Fact::Bust(code("T1"), day(18))), (false, vec![]));
        assert_eq!((held(&desk), cash(&desk.group)), (0, "100007.000000".to_owned()));
        assert_eq!(told(&mut desk, "USED", Fact::Cancelled(code("O1"))), (false, vec![]));
        assert_eq!(told(&mut desk, "USED", Fact::Cancelled(code("O1"))), (true, vec![]));
        assert_eq!(desk.group.orders.len(), 0);
        // An item is raised once.
        assert_eq!(told(&mut desk, "USED", Fact::Bust(code("T9"), day(18))), (false, vec!["unknown_trade"]));
        assert_eq!(told(&mut desk, "USED", Fact::Bust(code("T9"), day(18))), (true, vec![]));
        assert_eq!(desk.queue(), ["unknown_trade"]);
    }
}

#[test]
fn what_would_release_orders_under_a_used_command_id_is_an_item() {
    for is_expired in [false, true] {
        let (mut desk, _) = with_order(is_expired);
        let mark = desk.mark(FUTURE);
        let larger = desk.limit("O1", 2, FUTURE, mark).terms;
        assert_eq!(reason(&desk.request(Request::Replace(code("O1"), Box::new(larger)))), "granted");
        let before = (desk.group.orders.clone(), desk.standing().with_orders);
        let facts = [
            Fact::MassCancelled(OrderFilter::Account(code("A"))),
            Fact::DayEnded(day(18)),
            Fact::WorkingOrders(Vec::new()),
            Fact::Replaced(code("O1")),
            Fact::NotReplaced(code("O1")),
        ];
        for (number, fact) in facts.into_iter().enumerate() {
            // Every one under an id of its own that has been used: of the expired only the first is.
            let id = if is_expired { format!("N{number}") } else { "USED".to_owned() };
            let is_used = desk.group.answered.contains_key(&(code("local"), code(&id)));
            assert!(is_used || desk.group.has_expired(&code("local"), &code(&id)));
            assert_eq!(told(&mut desk, &id, fact.clone()), (false, vec!["command_id_reused"]), "{fact:?}");
            told(&mut desk, &id, fact);
            assert_eq!(desk.queue().len(), number + 1, "told again it is the same item");
        }
        assert_eq!((desk.group.orders.clone(), desk.standing().with_orders), before);
        let item = desk.group.exceptions.values().next_back().unwrap();
        assert_eq!(item.about.order.as_ref().map(ToString::to_string), Some("O1".to_owned()));
        // Under a new id it is what the venue says.
        assert_eq!(told(&mut desk, "NEW", Fact::Replaced(code("O1"))), (false, vec![]));
        assert_eq!(desk.group.orders[&code("O1")].terms.units, 2);
    }
}

#[test]
fn equal_numbers_are_equal_contents() {
    let mut desk = Desk::sample("100000");
    let mut filled = |price: &str| Box::new(desk.fill("T1", 2, FUTURE, price.parse().unwrap()));
    let [short, long, other] = ["70.5", "70.500", "70.51"].map(|price| Body::Fact(Fact::Fill(filled(price))));
    assert_eq!(short.content(), long.content());
    assert_ne!(short.content(), other.content());
    let run = |desk: &mut Desk, price: &str| desk.run("R1", 18, &[(FUTURE, price.parse().unwrap())]);
    let [short, long, other] =
        ["71", "71.0", "71.01"].map(|price| RunKey::of(&run(&mut desk, price)).unwrap());
    assert!(short == long && short != other);
}

#[test]
fn an_answer_keeps_the_record_that_has_it() {
    let mut desk = Desk::sample("0");
    let first = under("C1", Body::Fact(deposit("D1", "1")));
    desk.give(&first);
    desk.group.recorded(7);
    desk.give(&under("C2", Body::Fact(deposit("D2", "1"))));
    desk.group.recorded(9);
    let of = |desk: &Desk, own: &Command| {
        let decision = plimsoll_engine::group::decide(&desk.group, &desk.house, own, None);
        (decision.is_repeated, decision.record)
    };
    assert_eq!(of(&desk, &first), (true, 7));
    assert_eq!(of(&desk, &under("C2", Body::Fact(deposit("D2", "1.000")))), (true, 9));
    assert_eq!(of(&desk, &under("C3", Body::Fact(deposit("D2", "1")))), (false, 0));
}
